"""The pages without scripts, as plain forms: the same interview as in Python, and nothing entered that nobody said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from bayesknee import Engine, Interview
from bayesknee.interview.session import to_case
from bayesknee.server.app import make_app
from bayesknee.server.limits import BUDGET
from bayesknee.server.networks import Networks
from bayesknee.server.pages.forms import SentForm
from bayesknee.server.pages.visits import POLICY, Visit, taken_up
from bayesknee.words import percent
from tests.support.paths import KNEE_11, NETWORKS
from tests.support.web_pages import Visitor, WebPage

HERE = "http://127.0.0.1"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TINY = NETWORKS / "tiny"
SCOPE = {"scope__place": "behind", "scope__known": "nothing"}
GRIP = {"age": 45, "pain_on_grip": "yes"}
WARNED = {"previous_clot": "yes", "breathless_or_chest_pain": "yes"}


@pytest.fixture
def visitor(client: TestClient) -> Visitor:
    return Visitor(client)


@pytest.fixture(scope="module")
def tiny(networks: Networks) -> TestClient:
    return TestClient(make_app(networks), base_url=HERE, raise_server_exceptions=False)


@pytest.fixture(scope="module")
def knee() -> TestClient:
    return TestClient(make_app(Networks.load([str(KNEE_11)], BUDGET)), base_url=HERE)


@pytest.fixture
def asked(knee: TestClient) -> Visitor:
    """A patient at the first list of the knee."""
    visitor = Visitor(knee)
    visitor.press("Begin", interview__who="patient", setting="primary_care", **SCOPE)
    visitor.press("Answer", number="55")
    visitor.press("Male")
    visitor.press("Running")
    return visitor


# --- the interview ---------------------------------------------------------------------------------------------------


def test_the_forms_lead_through_the_interview_of_python(visitor: Visitor) -> None:
    interview = Interview(Engine(TINY, "clinic"), policy=POLICY)
    interview.change("setting", "clinic")
    visitor.press("Begin", setting="clinic")
    while (prompt := interview.question) is not None:
        assert visitor.heading == prompt.question
        if prompt.kind == "tick_all":
            interview.answer("unknown")
            visitor.press("The others are not known")
        elif prompt.kind == "number":
            interview.answer("45")
            visitor.press("Answer", number="45")
        else:
            interview.answer(prompt.options[0].value)
            visitor.press(f"answer={prompt.options[0].value}")
    assert visitor.heading == "Result"
    assert json.loads(visitor.hidden("case"))["evidence"] == to_case(interview)["evidence"]
    for name, chance in list(interview.diagnosis.posterior.items())[:2]:
        assert f"{interview.engine.network.conditions[name].name} {percent(chance)}" in visitor.page.text


def test_what_is_left_open_on_the_first_page_is_asked(knee: TestClient) -> None:
    visitor = Visitor(knee)
    visitor.press("Begin", scope__place="behind")
    assert visitor.heading == "Who answers?"
    visitor.press("The patient alone")
    assert visitor.heading == "Is one of these known of this knee?"


def test_a_patient_outside_is_told_where_to_go_and_may_go_on(knee: TestClient) -> None:
    visitor = Visitor(knee)
    visitor.press("Begin", interview__who="patient", scope__place="elsewhere", scope__known="nothing")
    assert visitor.heading == "This is not for you"
    assert "Ask a general practice; the same day if a leg is swollen" in visitor.page.text
    visitor.press("Go on all the same")
    while visitor.heading != "Result":
        visitor.say_unknown()
    assert "The network is not for this patient" in visitor.page.text
    case = visitor.hidden("case")
    report = visitor.client.post("/report/file", data={"case": case, "do": "view"}).text
    assert "Warning: the patient is outside what posterior_knee is for" in WebPage(report).text


def test_of_a_list_nothing_is_marked_and_each_line_explains_itself(asked: Visitor) -> None:
    assert asked.heading == "Which of these do you have?"
    radios = [found for tag, found in asked.page.tags if tag == "input" and found.get("type") == "radio"]
    assert len(radios) == 4 * 16
    assert not [each for each in radios if "checked" in each]
    assert "Is there a lump, a bulge or a swelling behind the knee itself?" in asked.page.text


def test_what_is_not_marked_is_not_entered(asked: Visitor) -> None:
    asked.press("Record what is marked", line__lump_noticed="yes", line__bruising="unknown")
    evidence = json.loads(asked.hidden("case"))["evidence"]
    assert (evidence["lump_noticed"], evidence["bruising"], "locking" in evidence) == ("yes", "unknown", False)


def test_a_list_without_a_mark_is_not_taken_for_a_no(asked: Visitor) -> None:
    before = asked.hidden("case")
    assert asked.press("Record what is marked").status_code == 422
    assert "Nothing is marked" in asked.page.text
    assert asked.hidden("case") == before


def test_warning_signs_are_denied_only_when_that_is_confirmed(asked: Visitor) -> None:
    asked.press("None of the others holds", line__calf_swollen="yes")
    assert asked.heading == "Is that so, also of the warning signs?"
    assert "severe_pain" not in json.loads(asked.hidden("case"))["evidence"]
    asked.press("No, change the list")
    assert asked.heading == "Which of these do you have?"
    lines = [each for each in asked.page.button("mark")[0].fields if each[0].startswith("line.")]
    assert lines == [("line.calf_swollen", "yes")]
    asked.press("None of the others holds")
    asked.press("Yes, that is so")
    evidence = json.loads(asked.hidden("case"))["evidence"]
    assert (evidence["calf_swollen"], evidence["locking"], evidence["night_pain"]) == ("yes", "no", "no")


def test_a_red_flag_is_told_at_once_stays_and_leads_to_the_report(asked: Visitor) -> None:
    asked.press("Record what is marked", line__calf_swollen="yes")
    assert "Stop and print" not in asked.answer.text
    asked.press("Record what is marked", **{f"line__{name}": value for name, value in WARNED.items()})
    assert 'class="flags" role="alert"' in asked.answer.text
    for _ in range(3):
        assert 'class="flags"' in asked.answer.text
        assert "Emergency - be seen now" in asked.page.text
        asked.press("Later")
    asked.press("Stop and print")
    assert asked.heading == "Report"


def test_what_is_left_does_not_rise(asked: Visitor) -> None:
    told = []
    while asked.heading != "Result":
        told.append(int(asked.hidden("left")))
        asked.say_unknown()
    assert told == sorted(told, reverse=True)
    assert len(told) > 5


def test_back_asks_again_with_what_was_said(asked: Visitor) -> None:
    asked.press("Record what is marked", line__lump_noticed="yes")
    asked.press("Back")
    assert asked.heading == "Which of these do you have?"
    assert ("line.lump_noticed", "yes") in asked.page.button("mark")[0].fields
    assert "lump_noticed" not in json.loads(asked.hidden("case"))["evidence"]


def test_an_earlier_answer_is_changed_from_the_side(asked: Visitor) -> None:
    asked.press("open=sex")
    assert "(as answered)" in asked.page.text
    asked.press("Female")
    assert asked.heading == "Which of these do you have?"
    assert json.loads(asked.hidden("case"))["evidence"]["sex"] == "female"


def test_something_else_can_be_told_by_searching_for_it(asked: Visitor) -> None:
    asked.press("Search", words="fever")
    asked.press("open=fever")
    assert "fever" in asked.heading.lower()
    asked.press("Yes")
    assert json.loads(asked.hidden("case"))["evidence"]["fever"] == "yes"
    asked.press("Search", words="qqqqq")
    assert "Nothing fits" in asked.page.text


def test_the_drawing_has_a_button_for_each_of_its_regions(asked: Visitor) -> None:
    asked.press("Search", words="worst spot")
    asked.press("open=worst_spot")
    regions = {found["data-value"] for tag, found in asked.page.tags if tag == "g"}
    buttons = {found["data-value"] for tag, found in asked.page.tags if tag == "button" and "data-value" in found}
    assert "inner_back" in regions < buttons


def test_a_number_out_of_range_is_told_beside_the_field(knee: TestClient) -> None:
    visitor = Visitor(knee)
    visitor.press("Begin", interview__who="patient", **SCOPE, setting="primary_care")
    assert visitor.press("Answer", number="512").status_code == 422
    assert (visitor.heading, ("number", "512") in visitor.page.forms[0].fields) == (
        "How old are you (in whole years)?", True,
    )  # fmt: skip
    assert "512" in visitor.page.text


def test_a_clinician_sees_how_an_examination_is_done_and_why_it_is_asked(knee: TestClient) -> None:
    visitor = Visitor(knee)
    visitor.press("Begin", interview__who="clinician", **SCOPE, setting="primary_care")
    while "How it is done" not in visitor.answer.text:
        visitor.say_unknown()
    assert "The examination, in its order" in visitor.page.text
    assert "Why this question" in visitor.page.text


# --- the result ------------------------------------------------------------------------------------------------------


def test_the_result_tells_urgency_first_and_what_was_skipped(asked: Visitor) -> None:
    asked.press("Record what is marked", line__calf_swollen="yes", line__lump_noticed="yes")
    asked.press("Later")
    asked.press("End here")
    text = asked.page.text
    places = [text.index(each) for each in ("How urgent", "What is likely", "About what is likely", "Skipped")]
    assert places == sorted(places)
    assert "Not ruled out: Blood clot in a deep vein" in text
    assert "A low figure is no all-clear" in text
    assert "ended by choice" in text.lower()


def test_a_calm_level_is_not_told_without_the_warning_signs_that_were_not_asked(asked: Visitor) -> None:
    asked.press("The result so far")
    open_flags = "Not asked yet, and more urgent if so: Swollen calf and a risk of clots; "
    assert open_flags in asked.page.text
    asked.press("Work it out again", edit__sex="female")
    assert open_flags in asked.page.text


def test_another_answer_moves_the_bars_and_tells_what_they_were(asked: Visitor) -> None:
    asked.press("Record what is marked", line__calf_swollen="yes")
    asked.press("The result so far")
    before = taken(asked).interview.diagnosis.posterior["deep_vein_thrombosis"]
    urgency = taken(asked).interview.diagnosis.triage.words
    asked.press("Work it out again", edit__calf_swollen="no")
    after = taken(asked).interview.diagnosis.posterior["deep_vein_thrombosis"]
    assert after < before
    assert f"was {percent(before)}" in asked.page.text
    assert f"Before the change: {urgency}." in asked.page.text


def taken(visitor: Visitor) -> Visit:
    networks = Networks.load([str(KNEE_11)], BUDGET)
    return taken_up(networks, SentForm({"case": visitor.hidden("case")}, {}))


def test_answers_that_clash_give_way_where_that_is_wanted(visitor: Visitor) -> None:
    case = json.dumps({"evidence": {"tennis": "yes", "backhand_pain": "yes"}})
    visitor.send("/result", {"case": case})
    answer = visitor.press("Work it out again", edit__tennis="no")
    assert answer.status_code == 409
    assert "cannot be true together" in visitor.page.text
    visitor.press("Set the earlier answers aside")
    assert json.loads(visitor.hidden("case"))["evidence"] == {"tennis": "no"}
    assert "Set aside, because it clashes with the last answer: Backhand pain" in visitor.page.text


def test_a_clinician_enters_what_a_test_found_from_the_result(knee: TestClient) -> None:
    visitor = Visitor(knee)
    visitor.press("Begin", interview__who="clinician", **SCOPE, setting="primary_care")
    visitor.press("Search", words="calf swollen")
    visitor.press("open=calf_swollen")
    visitor.press("Yes")
    visitor.press("End here")
    visitor.press("enter what was found")
    question = visitor.heading
    visitor.press("Yes")
    assert visitor.heading == "Result"
    assert question not in visitor.page.text.split("About what is likely")[0].split("could change")[1]


def test_base_rates_that_were_given_are_kept_and_told(client: TestClient) -> None:
    visitor = Visitor(client)
    case = {"evidence": {"age": 45}, "base_rates": {"strain": 0.4}}
    visitor.send("/result", {"case": json.dumps(case)})
    diagnosis = Engine(TINY, base_rates={"strain": 0.4}).diagnose({"age": 45})
    name = diagnosis.network.conditions["strain"].name
    assert f"{name} {percent(diagnosis.posterior['strain'])}" in visitor.page.text
    assert diagnosis.warnings[0].message in visitor.page.text
    assert json.loads(visitor.hidden("case"))["base_rates"] == {"strain": 0.4}


# --- report and case file --------------------------------------------------------------------------------------------


def test_the_report_is_that_of_the_command_line_and_runs_nothing(asked: Visitor) -> None:
    asked.press("End here")
    asked.press("Report: print or save")
    page = asked.answer
    answer = asked.press("Save it as a page (HTML)", name="AB 12")
    assert 'filename="posterior_knee_report.html"' in answer.headers["content-disposition"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "AB 12" in answer.text
    assert "This rests on 3 answers" in answer.text
    asked.answer = page
    assert "content-disposition" not in asked.press("Show it").headers
    asked.answer = page
    assert asked.press("Show it", name="\u202e").status_code == 422


def test_a_report_as_pdf(asked: Visitor) -> None:
    pytest.importorskip("weasyprint")
    asked.press("End here")
    asked.press("Report: print or save")
    assert asked.press("Save it as PDF").content.startswith(b"%PDF-")


def test_a_case_file_opens_where_it_was_left_and_at_the_command_line(asked: Visitor, tmp_path: Path) -> None:
    asked.press("Record what is marked", line__lump_noticed="yes")
    heading, case = asked.heading, asked.hidden("case")
    saved = asked.client.post("/report/file", data={"case": case, "do": "case", "name": "AB 12"})
    assert saved.json()["id"] == "AB 12"
    opened = asked.client.post("/interview", files={"case": ("case.json", saved.content)})
    assert WebPage(opened.text).heading(opened.text) == heading
    file = tmp_path / "case.json"
    file.write_bytes(saved.content)
    from click.testing import CliRunner

    from bayesknee.cli import main

    assert (
        "Lump or fullness"
        in CliRunner().invoke(main, ["diagnose", "--network", str(KNEE_11), "--case", str(file)]).output
    )


def test_a_case_of_another_version_is_kept_as_far_as_it_fits(visitor: Visitor) -> None:
    visitor.press("Begin", setting="clinic")
    case = json.loads(visitor.hidden("case"))
    case["session"]["made_with"]["sha256"] = "0" * 64
    case["evidence"]["gone"] = "yes"
    visitor.send("/interview", {"case": json.dumps(case)})
    assert "the case is of another network" in visitor.page.text
    assert "does not fit any more: gone" in visitor.page.text


# --- what must not be ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/", "/compare"])
def test_a_page_loads_nothing_from_elsewhere_and_holds_no_script_or_style(knee: TestClient, address: str) -> None:
    answer = knee.get(address)
    assert answer.headers["content-security-policy"].startswith("default-src 'self'; ")
    assert answer.headers["cache-control"] == "no-store"
    check_tags(WebPage(answer.text))


def test_nor_do_the_pages_of_an_interview(asked: Visitor) -> None:
    check_tags(asked.page)
    asked.press("Record what is marked", line__calf_swollen="yes")
    asked.press("The result so far")
    check_tags(asked.page)
    asked.press("Report: print or save")
    check_tags(asked.page)


def check_tags(page: WebPage) -> None:
    for tag, found in page.tags:
        assert tag != "style"
        assert tag != "script" or found["src"].startswith("/static/")
        assert not [name for name in found if name == "style" or name.startswith("on")], (tag, found)
        assert found.get("href", "/").startswith(("/", "#")), found


EVIL = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>"


def test_markup_in_a_network_or_a_case_is_shown_as_text(tmp_path: Path) -> None:
    text = (TINY / "network.yaml").read_text(encoding="utf-8")
    quoted = json.dumps(EVIL)
    for plain in ("label: Pain on grip", "question: Does gripping hurt?", "question: Which of these do you have?"):
        assert plain in text
        text = text.replace(plain, f"{plain.partition(':')[0]}: {quoted}")
    text += f"""
pictures:
  pain_on_grip:
    title: {quoted}
    views:
      side: {{label: {quoted}, width: 9, height: 9, regions: {{"yes": "M0 0 L9 9"}}}}
"""
    text = text.replace("title: ", f"title: {quoted}\n  description: ", 1).replace("reason: ", f"reason: {quoted} #", 1)
    folder = tmp_path / "evil"
    folder.mkdir()
    (folder / "network.yaml").write_text(text, encoding="utf-8")
    client = TestClient(make_app(Networks.load([str(folder)], BUDGET)), base_url=HERE)
    visitor = Visitor(client)
    pages: list[Any] = [visitor.answer, client.get("/compare")]
    pages.append(visitor.press("Begin"))
    evidence = {"pain_on_grip": "yes", "swelling_noticed": "yes", "effusion_felt": "yes", EVIL: EVIL}
    pages.append(client.post("/result", data={"case": json.dumps({"evidence": evidence})}))
    evidence.pop(EVIL)
    pages.append(client.post("/result", data={"case": json.dumps({"evidence": evidence}), "words": EVIL}))
    for name in (EVIL, "pain_on_grip"):
        sent = {"case": json.dumps({"evidence": evidence}), "do": f"open={name}"}
        pages.append(client.post("/interview", data=sent))
    assert pages[-1].text.count('class="region"') == 1
    pages.append(client.post("/report", data={"case": json.dumps({"evidence": evidence}), "name": EVIL}))
    report = client.post("/report/file", data={"case": json.dumps({"evidence": evidence}), "name": EVIL, "do": "html"})
    compared = client.post("/compare", data={"a.is.pain_on_grip": EVIL, "b.is.pain_on_grip": "yes", "subject": EVIL})
    for each in (*pages, compared):
        assert each.headers["content-type"].startswith("text/html")
        check_tags(WebPage(each.text))
        assert not [found for tag, found in WebPage(each.text).tags if tag == "img"]
        assert "alert(" in WebPage(each.text).text or "alert(" not in each.text
    assert report.status_code == 200
    assert not [tag for tag, _ in WebPage(report.text).tags if tag in ("img", "script")]


@pytest.mark.parametrize(
    ("address", "sent", "status", "told"),
    [
        ("/interview", {"case": "[]"}, 422, "no JSON object"),
        ("/interview", {"case": "{"}, 422, "no JSON object"),
        ("/interview", {"case": '{"session": 1}'}, 422, "session"),
        ("/interview", {"case": '{"evidence": {"nothing": "yes"}}'}, 422, "nothing"),
        ("/interview", {"network": "elsewhere"}, 404, "elsewhere"),
        ("/interview", {"do": "begin", "setting": "moon"}, 422, "moon"),
        ("/interview", {"do": "open=nothing"}, 422, "nothing"),
        ("/interview", {"do": "back"}, 422, "nothing to go back to"),
        ("/interview", {"do": "dance", "left": "x", "place": "elsewhere"}, 200, ""),
        ("/interview", {"changing": "nothing"}, 422, "nothing"),
        ("/report/file", {"do": "docx"}, 422, "no report as docx"),
        ("/compare", {"a.is.nothing": "yes"}, 200, "nothing"),
        ("/compare", {"setting": "moon"}, 422, "moon"),
    ],
)
def test_what_cannot_be_done_is_told_on_a_page(
    client: TestClient, address: str, sent: dict[str, str], status: int, told: str
) -> None:
    answer = client.post(address, data=sent)
    assert (answer.status_code, answer.headers["content-type"][:9]) == (status, "text/html")
    assert told in WebPage(answer.text).text


PARTS = (
    "", "yes", "no", "unknown", "answer=yes", "aside answer=no", "open=age", "open=complaints", "edit", "none", "mark",
    "confirm", "back", "skip", "stop", "go_on", "begin", "copy", "45", "-1e999", "nan", "\0", "\ud7ff\u202e", "[[",
    "complaints", "tennis", "setting", "clinic", "result", '{"evidence": {"tennis": "yes"}}',
    '{"evidence": {"age": 45}, "session": {"steps": []}}',
)  # fmt: skip
NAMES = (
    "case", "do", "left", "place", "changing", "question", "number", "words", "marked", "network", "setting", "subject",
    "name", "interview.who", "line.swelling_noticed", "line.tennis", "edit.tennis", "edit.age", "a.is.tennis",
    "a.is.age", "b.add",
)  # fmt: skip


@given(
    address=st.sampled_from(["/interview", "/result", "/report", "/report/file", "/compare"]),
    sent=st.dictionaries(st.sampled_from(NAMES), st.sampled_from(PARTS) | st.text(max_size=8), max_size=8),
)
@settings(max_examples=150, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def test_no_form_meets_a_fault(tiny: TestClient, address: str, sent: dict[str, str]) -> None:
    answer = tiny.post(address, content=urlencode(sent, errors="replace"), headers=FORM)
    assert answer.status_code in (200, 404, 409, 413, 422), (answer.status_code, sent)


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (b"\xff=\xff&case=%ff", {"Content-Type": "application/x-www-form-urlencoded"}),
        (b"{}", {"Content-Type": "application/json"}),
        (b"--x\r\n", {"Content-Type": "multipart/form-data; boundary=x"}),
        (b"--x", {"Content-Type": "multipart/form-data"}),
        (b"&".join(b"a%d=1" % number for number in range(3_000)), FORM),
    ],
)
def test_what_is_no_form_meets_no_fault(tiny: TestClient, content: bytes, headers: dict[str, str]) -> None:
    answer = tiny.post("/interview", content=content, headers=headers)
    assert answer.status_code in (200, 400, 422), answer.text


def test_a_reload_begins_anew(client: TestClient) -> None:
    answer = client.get("/interview", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_several_networks_are_offered() -> None:
    client = TestClient(make_app(Networks.load([str(TINY), "posterior_knee"], BUDGET)), base_url=HERE)
    links = [found["href"] for tag, found in Visitor(client).page.tags if tag == "a"]
    assert "/?network=posterior_knee" in links
    visitor = Visitor(client, "/?network=posterior_knee")
    visitor.press("Begin")
    assert json.loads(visitor.hidden("case"))["network"] == "posterior_knee"


# --- two patients ----------------------------------------------------------------------------------------------------


def test_the_ratios_take_the_odds_before_to_those_after(client: TestClient) -> None:
    visitor = Visitor(client, "/compare")
    visitor.press("Work it out", a__is__age="45", a__is__pain_on_grip="yes", subject="strain")
    engine = Engine(TINY)
    before, after = (engine.diagnose(each).posterior["strain"] for each in ({"age": 45}, GRIP))
    ratio = after / (1 - after) / (before / (1 - before))
    odds = f"{after / (1 - after):.3g} to 1" if after >= 0.5 else f"1 to {(1 - after) / after:.3g}"
    assert f"Pain on grip: yes \u00d7 {ratio:.3g} {odds} {percent(after)}" in visitor.page.text


def test_the_second_patient_is_made_like_the_first_and_then_differs(client: TestClient) -> None:
    visitor = Visitor(client, "/compare")
    visitor.press("Work it out", a__add="tennis")
    visitor.press("Make the second like the first", a__is__tennis="yes")
    assert visitor.page.text.count("Tennis: yes") == 2
    visitor.press("Work it out", b__is__tennis="no")
    assert visitor.page.text.count("Tennis: yes") == visitor.page.text.count("Tennis: no") == 1


# --- a network while it is written -----------------------------------------------------------------------------------


def test_an_author_sees_faults_as_the_files_are_saved_and_then_what_answers_do(
    networks: Networks, tmp_path: Path
) -> None:
    file = tmp_path / "network.yaml"
    text = (TINY / "network.yaml").read_text(encoding="utf-8")
    file.write_text(text.replace("kind: history", "kind: historie", 1), encoding="utf-8")
    client = TestClient(make_app(networks, watch=tmp_path), base_url=HERE)
    first = client.get("/author/stamp").json()
    assert "got 'historie'" in Visitor(client, "/author").page.text
    file.write_text(text.replace("id: tiny", "id: tinier", 1), encoding="utf-8")
    assert client.get("/author/stamp").json() != first
    page = Visitor(client, "/author?finding=pain_on_grip&condition=strain").page
    engine = Engine(TINY)
    before, after = (engine.diagnose(each).posterior["strain"] for each in ({}, {"pain_on_grip": "yes"}))
    ratio = after / (1 - after) / (before / (1 - before))
    assert f"Pain on grip: yes \u00d7 {ratio:.3g} {percent(after)}" in page.text
    assert f"{percent(after)} \u00d7 {ratio:.3g}" in page.text  # in the table of the finding
    check_tags(page)
    (source,) = [found["src"] for tag, found in page.tags if tag == "img"]
    graph = client.get(source)
    assert (graph.status_code, graph.headers["content-type"]) == (200, "image/svg+xml")
    assert graph.text.count("<path") > 10
    assert client.get("/author/graph.svg?condition=nothing").status_code == 422
    assert client.get("/health").json()["networks"].keys() == {"tiny", "tinier"}  # it can be tried at once


def test_without_a_folder_there_is_nothing_for_an_author(client: TestClient) -> None:
    answer = client.get("/author")
    assert (answer.status_code, "serve --watch FOLDER" in answer.text) == (404, True)


def test_general_advice_stands_below_a_calm_result() -> None:
    knee = Networks.load(["posterior_knee"], BUDGET)
    visitor = Visitor(TestClient(make_app(knee), base_url=HERE))
    visitor.press("Begin", interview__who="patient", setting="primary_care", **SCOPE)
    while "Which of these do you have" not in visitor.page.text:
        visitor.say_unknown()
    visitor.press("Record what is marked", line__lump_noticed="yes")
    visitor.press("End here")
    assert "Tai chi" in visitor.page.text
    assert "Advised against" in visitor.page.text
