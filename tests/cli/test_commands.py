"""What each command takes, refuses and prints, run within this process."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import click
import pytest

from bayesknee import Engine, __version__, load_network
from bayesknee.cli import main
from bayesknee.cli.group import COMMANDS
from bayesknee.interop.formats import EXPORT_FORMATS
from tests.support.paths import NETWORKS

Run: TypeAlias = Callable[..., Any]  # the fixture of conftest.py
Refused: TypeAlias = Callable[..., str]  # likewise
TINY = "tests/networks/tiny"
OF_TINY = ("--network", TINY)
FOLDER = NETWORKS / "tiny"


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """Writes a case file and gives its path."""

    def written(content: str | bytes, name: str = "case.yaml") -> str:
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(file)

    return written


# --- diagnose ------------------------------------------------------------------------------------------------------


def test_json_is_the_diagnosis(run: Run) -> None:
    ran = run("diagnose", *OF_TINY, "age=45", "tennis=yes:0.8,no:0.2", "--setting", "emergency", "--json")
    diagnosis = Engine(FOLDER, "emergency").diagnose({"age": 45, "tennis": {"yes": 0.8, "no": 0.2}})
    assert (ran.status, ran.err) == (0, "")
    assert json.loads(ran.out) == diagnosis.to_dict()


def test_case_file_and_words_together(run: Run, write: Callable[..., str]) -> None:
    case = write(f"{{network: {TINY}, setting: emergency, evidence: {{tennis: yes}}}}")
    together = json.loads(run("diagnose", "--case", case, "age=45", "--json").out)
    apart = json.loads(run("diagnose", *OF_TINY, "--setting", "emergency", "tennis=yes", "age=45", "--json").out)
    assert [each["kind"] for each in together.pop("warnings")] == ["input"]
    assert apart.pop("warnings") == []
    assert together == apart


def test_a_case_that_brings_its_own_network_says_so(run: Run, write: Callable[..., str]) -> None:
    case = write(f"{{network: {TINY}, evidence: {{tennis: yes}}}}")
    told = f"bayesknee: warning: the case brings a network of its own, '{TINY}' (tiny 0.0.1, sha256 "
    assert run("diagnose", "--case", case).err.startswith(told)
    assert run("ask", "--case", case, input="").err.startswith(told)
    assert run("diagnose", "--case", case, *OF_TINY).err == ""
    shipped = write("{network: posterior_knee, evidence: {age: 45}}")
    assert run("diagnose", "--case", shipped).err == ""


def test_options_go_before_the_case_file(run: Run, write: Callable[..., str]) -> None:
    case = write("{network: nowhere, setting: emergency, evidence: {tennis: yes}}")
    assert "Setting: Clinic" in run("diagnose", "--case", case, *OF_TINY, "--setting", "clinic").out


GIVEN = ("--base-rate", "fracture=25%", "--base-rate", "infection=0.05")


def test_base_rates_are_told_and_kept(run: Run, write: Callable[..., str]) -> None:
    """What --json prints is read again with them; the command line goes before the file."""
    lines = (
        "Base rate of Broken bone set to 25 %; the network says 10 %.",
        "Base rate of Infected joint set to 5 %; the network says 2 %.",
    )
    for command in ("diagnose", "explain", "questions", "sensitivity"):
        told = " ".join(run(command, *OF_TINY, "tennis=yes", *GIVEN).out.split())
        assert all(told.count(line) == 1 for line in lines), command
    assert lines[0] in run("plan", *OF_TINY, "-k", "2", "--details", *GIVEN).out
    printed = run("diagnose", *OF_TINY, "tennis=yes", *GIVEN, "--json").out
    case = write(printed, "case.json")
    assert run("diagnose", *OF_TINY, "--case", case, "--json").out == printed
    other = json.loads(run("diagnose", *OF_TINY, "--case", case, "--base-rate", "fracture=0.3", "--json").out)
    assert other["base_rates"] == {"fracture": 0.3, "infection": 0.05}


def test_base_rates_of_a_report_and_of_scores(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    run("diagnose", *OF_TINY, "tennis=yes", *GIVEN, "--report", str(page))
    assert "Base rate of Broken bone set to 25 %; the network says 10 %." in page.read_text(encoding="utf-8")
    table, out = tmp_path / "in.csv", tmp_path / "out.csv"
    table.write_text("tennis\nyes\n", encoding="utf-8")
    ran = run("score", str(table), "-o", str(out), *OF_TINY, *GIVEN, "--json")
    assert "warning: Base rate of Broken bone set to 25 %; the network says 10 %." in ran.err
    expected = json.loads(run("diagnose", *OF_TINY, "tennis=yes", *GIVEN, "--json").out)["posterior"]
    (scored,) = csv.DictReader(out.read_text(encoding="utf-8").splitlines())
    for each in expected:
        assert float(scored[each["condition"]]) == pytest.approx(each["probability"], abs=1e-12)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("fractur=0.1", "unknown condition 'fractur' of network tiny; did you mean fracture?"),
        ("fracture=110%", "base rate 1.1 of fracture; expected a probability inside (0, 1); correct it"),
        ("fracture", "'fracture' is no base rate; expected condition=0.1 or condition=10%; write it so"),
    ],
)
def test_base_rates_refused(refused: Refused, given: str, told: str) -> None:
    assert told in refused("diagnose", *OF_TINY, "tennis=yes", "--base-rate", given)


def test_readers_beside_an_evaluation(run: Run, refused: Refused, tmp_path: Path) -> None:
    reader = tmp_path / "reader.csv"
    ids = ("fell", "tennis", "missed", "none", "another")
    reader.write_text("id,condition,probability\n" + "".join(f"{name},strain,1\n" for name in ids), encoding="utf-8")
    evaluated = ("evaluate", "tests/networks/tiny_cases.jsonl", *OF_TINY, "--rounds", "0")
    ran = run(*evaluated, "--beside", str(reader), "--json")
    told = json.loads(ran.out)
    assert told["measures"]["reader"]["top1"]["value"] == 0.25
    assert "warning: reader rates another, not among the cases; left out" in ran.err
    assert "two forecasters are called reader" in refused(*evaluated, "--beside", str(reader), "--beside", str(reader))
    reader.write_text("id,condition,probability\nfell,strain,1\n", encoding="utf-8")
    assert "no ratings of tennis and 2 more; expected those of all" in refused(*evaluated, "--beside", str(reader))


def test_what_json_prints_is_a_case(run: Run) -> None:
    words = ("age=45", "tennis=yes:0.8,no:0.2", "onset=unknown", "--setting", "emergency")
    first = run("diagnose", *OF_TINY, *words, "--json").out
    assert run("diagnose", *OF_TINY, "--case", "-", "--json", input=first).out == first


def test_a_clash_of_case_and_word_names_both(refused: Refused, write: Callable[..., str]) -> None:
    case = write("tennis: no")
    told = refused("diagnose", *OF_TINY, "--case", case, "tennis=yes")
    assert told == "tennis is given twice: the case says no, the command line says yes; keep one of them"


def test_the_same_in_case_and_word_is_fine(run: Run, write: Callable[..., str]) -> None:
    case = write("{tennis: yes, age: 45}")
    assert run("diagnose", *OF_TINY, "--case", case, "tennis=yes", "age=under_50").status == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["age=-3"], "age -3 is outside this network's scope; expected 18 or more and below 121 years"),
        (["age=300"], "age 300 is outside"),
        (["age=8"], "There are no figures for children"),
        (["age=45,5"], "age: '45,5' is neither a number nor a state; write 45.5"),
        (["tennis=yes:-1,no:1"], "the likelihood of yes is -1"),
        (["tennis=yes:0,no:0"], "all likelihoods are zero"),
        (["tennis=yes:nan,no:1"], "the likelihood of yes is nan"),
        (["tennis=yes:inf,no:1"], "the likelihood of yes is inf"),
        (["tennis=yes:some,no:1"], "the likelihood of yes is some"),
        (["tennis=no", "backhand_pain=yes"], "backhand_pain is asked only if tennis is yes, but tennis is no"),
        (["--setting", "emergncy"], "unknown setting 'emergncy' of network tiny; did you mean emergency?"),
        (["--setting", ""], "unknown setting ''"),
        (["--case", "nowhere.yaml"], "cannot read the case file 'nowhere.yaml': No such file or directory"),
        (["--case", "tests"], "cannot read the case file 'tests': Is a directory"),
        (["--case", ""], "the name of the case file is empty; name a file, or - for standard input"),
        (["fracture=no", "infection=no", "strain=no", "other=no"], "these answers cannot all be true"),
    ],
)
def test_refusals(refused: Refused, words: list[str], told: str) -> None:
    assert told in refused("diagnose", *OF_TINY, *words)


@pytest.mark.parametrize(
    "content", ["", "- a\n", "evidence: {tennis: [yes]}", "tennis: yes\ntennis: no", b"\xff\xfe\0"]
)
def test_broken_case_files(refused: Refused, write: Callable[..., str], content: str | bytes) -> None:
    assert "case.yaml" in refused("diagnose", *OF_TINY, "--case", write(content))
    assert "standard input" in refused("diagnose", *OF_TINY, "--case", "-", input=content)


def test_a_large_case_file(refused: Refused, write: Callable[..., str]) -> None:
    content = b"#" * 10_000_000
    assert "more than 1,000,000 bytes" in refused("diagnose", *OF_TINY, "--case", write(content))
    assert "more than 1,000,000 bytes" in refused("diagnose", *OF_TINY, "--case", "-", input=content)


# --- networks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["diagnose", "findings", "export"])
def test_networks_that_are_not_there(refused: Refused, command: str, tmp_path: Path) -> None:
    words = ("export", "--format", "bif") if command == "export" else (command,)
    assert "network 'nowhere' does not exist" in refused(*words, "--network", "nowhere")
    assert "network 'pyproject.toml' is a file" in refused(*words, "--network", "pyproject.toml")
    assert "network '' does not exist" in refused(*words, "--network", "")
    assert "no network.yaml" in refused(*words, "--network", str(tmp_path))


def half_written(folder: Path) -> str:
    shutil.copytree(FOLDER, folder)
    file = folder / "network.yaml"
    text = file.read_text()
    file.write_text(text[: text.index("  backhand_pain:")].replace("value:", "val:"))
    return str(folder)


def test_a_network_half_written(refused: Refused, tmp_path: Path) -> None:
    told = refused("diagnose", "--network", half_written(tmp_path / "half"), "age=45")
    assert told.startswith("network.yaml:")
    assert told.endswith("more, which `bayesknee check` lists")


def test_check_tells_each_problem_on_its_line(run: Run, tmp_path: Path) -> None:
    ran = run("check", half_written(tmp_path / "half"))
    assert (ran.status, ran.out) == (2, "")
    assert len(ran.err.splitlines()) > 3
    assert all(line.startswith("network.yaml:") for line in ran.err.splitlines())


def test_check_refuses_what_is_not_there(refused: Refused) -> None:
    assert "network 'nowhere' does not exist" in refused("check", "nowhere")
    assert "unknown setting 'ward'" in refused("check", TINY, "--setting", "ward")


def test_check_looks_at_every_setting(run: Run, tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "sum")
    file = tmp_path / "sum" / "network.yaml"
    text = file.read_text()
    assert "emergency: {value: 0.4, low: 0.3" in text
    text = text.replace("emergency: {value: 0.4, low: 0.3", "emergency: {value: 0.01, low: 0.01")
    half = "base_rate: {any_setting: {value: 0.5, low: 0.4"
    file.write_text(text.replace(half, half.replace("0.5", "0.48")))
    ran = run("check", str(tmp_path / "sum"))
    assert (ran.status, ran.out) == (2, "")
    assert "base rates in emergency that sum to 0.99" in ran.err


def test_check_reports_on_the_setting_asked_for(run: Run) -> None:
    assert "alone in emergency" in run("check", TINY, "--setting", "emergency").out


# --- findings ------------------------------------------------------------------------------------------------------


def found(run: Run, *words: str) -> list[str]:
    ran = run("findings", *OF_TINY, *words, "--json")
    assert ran.status == 0
    return [each["finding"] for each in json.loads(ran.out)]


def test_findings_json_lists_all_in_order(run: Run) -> None:
    assert found(run) == list(load_network(FOLDER).questions)
    each = json.loads(run("findings", *OF_TINY, "--json").out)[0]
    assert list(each)[:8] == ["finding", "label", "question", "asked_of", "states", "topic", "burden", "kind"]


def test_findings_are_filtered(run: Run) -> None:
    assert found(run, "--kind", "risk_factor") == ["age", "tennis"]
    assert found(run, "--kind", "exam") == found(run, "--asked-of", "clinician") == ["effusion_felt"]
    assert found(run, "--topic", "pain") == found(run, "--topic", "PAIN")
    assert found(run, "--topic", "Examination") == ["effusion_felt"]
    assert found(run, "--search", "HURT back")[0] == "backhand_pain"
    assert found(run, "--search", "gradual") == ["onset"]
    assert found(run, "--search", "zebra") == []
    assert found(run, "--search", "elbow", "--asked-of", "clinician") == []


def test_every_answer_that_findings_shows_is_taken(run: Run) -> None:
    for each in json.loads(run("findings", *OF_TINY, "--json").out):
        for state in each["states"]:
            assert run("diagnose", *OF_TINY, f"{each['finding']}={state}").status == 0


# --- export --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [each for each in EXPORT_FORMATS if each != "uai"])
def test_export_to_standard_output_and_to_a_file(run: Run, tmp_path: Path, form: str) -> None:
    words = ("export", *OF_TINY, "--format", form, "--setting", "emergency")
    ran = run(*words)
    assert (ran.status, ran.err) == (0, "")
    assert "pain_on_grip" in ran.out
    assert run(*words, "-o", "-").out == ran.out
    file = tmp_path / "tiny"
    assert run(*words, "-o", str(file)).out == ""
    assert file.read_text() == ran.out
    assert run("export", *OF_TINY, "--format", form).out != ran.out  # the other setting


def test_export_of_uai_needs_a_file(run: Run, refused: Refused, tmp_path: Path) -> None:
    assert "expected a file to write" in refused("export", *OF_TINY, "--format", "uai")
    assert run("export", *OF_TINY, "--format", "uai", "-o", str(tmp_path / "tiny.uai")).status == 0
    assert (tmp_path / "tiny.uai").read_text().split()[0] in ("BAYES", "MARKOV")


def test_export_to_where_nothing_can_be_written(refused: Refused, tmp_path: Path) -> None:
    words = ("export", *OF_TINY, "--format", "bif", "-o")
    assert "nowhere/tiny.bif: No such file or directory" in refused(*words, str(tmp_path / "nowhere" / "tiny.bif"))
    assert str(tmp_path) in refused(*words, str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_export_refuses_an_unknown_setting(refused: Refused) -> None:
    assert "unknown setting 'ward'" in refused("export", *OF_TINY, "--format", "bif", "--setting", "ward")


# --- help and usage ------------------------------------------------------------------------------------------------


def test_version(run: Run) -> None:
    assert run("--version").out == f"bayesknee {__version__}\n"


def test_help_names_every_command(run: Run) -> None:
    assert run().out == run("--help").out == run("-h").out
    for name, text in COMMANDS.items():
        assert name in run("--help").out
        assert text in " ".join(run("--help").out.split())
        told = run(name, "--help")
        assert told.status == 0
        assert f"  Examples:\n    bayesknee {name}" in told.out


def test_every_option_has_a_help() -> None:
    context = click.Context(main)
    for name in COMMANDS:
        command = main.get_command(context, name)
        assert command is not None
        options = [each for each in command.params if isinstance(each, click.Option)]
        assert options
        assert all(each.help for each in options)


@pytest.mark.parametrize(
    "words",
    [
        ["dignose"],
        ["--nope"],
        ["diagnose", "--nope"],
        ["diagnose", "--setting"],
        ["diagnose", "--case"],
        ["findings", "--kind", "sign"],
        ["findings", "age"],
        ["check", "one", "two"],
        ["export"],
        ["export", "--format", "doc"],
    ],
)
def test_usage_errors_are_one_line(refused: Refused, words: list[str]) -> None:
    assert refused(*words)


def test_usage_errors_point_to_the_help(refused: Refused) -> None:
    assert refused("diagnose", "--nope").endswith("see `bayesknee diagnose --help`")
    assert refused("nope").endswith("see `bayesknee --help`")


def test_a_bug_keeps_its_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(Engine, "diagnose", broken)
    with pytest.raises(KeyError, match="a bug"):
        run("diagnose", *OF_TINY)


# --- explain -------------------------------------------------------------------------------------------------------


def test_explain_json_is_the_ledger(run: Run) -> None:
    document = json.loads(run("explain", "strain", *OF_TINY, "tennis=yes", "pain_on_grip=yes", "--json").out)
    diagnosis = Engine(FOLDER).diagnose({"tennis": "yes", "pain_on_grip": "yes"})
    assert {
        key: document[key] for key in ("subject", "against", "log_prior", "log_posterior", "entries")
    } == json.loads(json.dumps(diagnosis.ledger["strain"].to_dict()))
    assert document["evidence"] == {"tennis": "yes", "pain_on_grip": "yes"}
    assert document["leader"] == "strain"
    (probabilities,) = document["probabilities"].values()
    assert probabilities == {"prior": pytest.approx(0.5), "probability": diagnosis.posterior["strain"]}


def test_explain_takes_a_name_and_by_default_the_leader(run: Run) -> None:
    by_id = run("explain", "strain", *OF_TINY, "tennis=yes").out
    assert run("explain", "tendon Strain", *OF_TINY, "tennis=yes").out == by_id
    assert run("explain", *OF_TINY, "tennis=yes").out == by_id
    assert "Fracture or infection: 11.9 % before any answer" in run("explain", "bad", *OF_TINY, "onset=fall").out


def test_explain_without_evidence_is_empty(run: Run) -> None:
    ran = run("explain", "strain", *OF_TINY, "--json")
    assert (ran.status, json.loads(ran.out)["entries"]) == (0, [])


def test_explain_refusals(refused: Refused) -> None:
    assert "unknown condition 'fractur' of network tiny; did you mean fracture?" in refused(
        "explain", "strain", "--against", "fractur", *OF_TINY
    )
    assert refused("explain", "strain", "--against", "Tendon strain", *OF_TINY) == (
        "strain cannot be weighed against itself; name two different conditions"
    )
    assert (
        refused("explain", "onset", *OF_TINY) == "onset is a finding, not a condition; write onset=STATE to answer it"
    )
    assert "expected one condition" in refused("explain", "strain", "fracture", *OF_TINY)


# --- sensitivity ---------------------------------------------------------------------------------------------------


def test_sensitivity_json_is_what_python_says(run: Run) -> None:
    words = ("tennis=yes", "pain_on_grip=yes")
    document = json.loads(run("sensitivity", *OF_TINY, *words, "--condition", "fracture", "-n", "3", "--json").out)
    found = Engine(FOLDER).diagnose({"tennis": "yes", "pain_on_grip": "yes"}).sensitivity()
    assert document["tornado"] == json.loads(json.dumps([each.to_dict() for each in found.tornado("fracture", 3)]))
    assert document["flips"] == json.loads(json.dumps([each.to_dict() for each in found.flips()]))
    assert len(document["derivatives"]) == len(found.gradients.paths)
    assert (document["subject"], document["leader"]) == ("fracture", "strain")


def test_sensitivity_is_of_the_leader_by_default(run: Run) -> None:
    assert run("sensitivity", *OF_TINY, "tennis=yes").out == (
        run("sensitivity", *OF_TINY, "tennis=yes", "--condition", "Tendon strain").out
    )


def test_sensitivity_refusals(refused: Refused) -> None:
    assert refused("sensitivity", *OF_TINY, "--condition", "fractur") == (
        "unknown condition 'fractur' of network tiny; did you mean fracture?"
    )
    assert "0 is not in the range 1<=x<=1000" in refused("sensitivity", *OF_TINY, "-n", "0")
    assert "did you mean tennis?" in refused("sensitivity", *OF_TINY, "tenis=yes")


# --- warnings --------------------------------------------------------------------------------------------------------


def test_a_case_made_with_another_network_is_told(run: Run, tmp_path: Path) -> None:
    made = json.loads(run("diagnose", "--network", TINY, "tennis=yes", "--json").out)
    again = tmp_path / "again.json"
    for change, told in [
        ({}, ""),
        ({"version": "0.0.0"}, "made with tiny 0.0.0, and this is tiny 0.0.1, another version of it; figures"),
        (
            {"id": "knee"},
            "made with knee 0.0.1, and this is tiny 0.0.1, another network; figures and answers may differ",
        ),
        ({"sha256": "0"}, "made with tiny 0.0.1, and this is tiny 0.0.1, another text of the same version; figures"),
    ]:
        again.write_text(json.dumps({**made, "network": {**made["network"], **change}}), encoding="utf-8")
        ran = run("diagnose", "--network", TINY, "--case", str(again), "--json")
        assert ran.status == 0
        document = json.loads(ran.out)
        assert document["posterior"] == made["posterior"]
        if told:
            assert ran.err.startswith("bayesknee: warning: the case was ")
            assert told in ran.err
            (warning,) = document["warnings"]
            assert ran.err == f"bayesknee: warning: {warning['message']}\n"
            assert (warning["kind"], warning["answers"]) == ("input", [])
        else:
            assert (ran.err, document["warnings"]) == ("", [])


def test_an_empty_name_of_a_case_is_refused(run: Run) -> None:
    ran = run("diagnose", "--case", "")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == "bayesknee: the name of the case file is empty; name a file, or - for standard input\n"


def test_help_begins_with_ask_and_goes_from_a_patient_to_authors(run: Run) -> None:
    told = run("--help").out
    titles = ["Start here:", "For a patient:", "For tables of patients:", "For authors of networks:", "For the shell:"]
    assert [told.index(title) for title in titles] == sorted(told.index(title) for title in titles)
    assert told.index("Start here:") < told.index("  ask ") < told.index("For a patient:") < told.index("  diagnose ")


def test_options_of_experts_come_last(run: Run) -> None:
    before, _, after = run("ask", "--help").out.partition("For experts:")
    assert "--session" in before
    assert "--least-value" not in before
    assert "--least-value" in after


@pytest.mark.parametrize(
    ("scope", "told"),
    [
        ({"knwon": "nothing"}, "unknown question 'knwon' of the scope of posterior_knee; did you mean known?"),
        ({"known": "artificial"}, "unknown answer 'artificial' to scope.known; did you mean artificial_joint?"),
        (
            {"known": "whatever"},
            "unknown answer 'whatever' to scope.known; known are nothing, artificial_joint, fracture",
        ),
    ],
)
@pytest.mark.parametrize("command", ["diagnose", "explain", "questions", "plan", "ask"])
def test_an_answer_about_the_scope_that_is_not_known_is_refused(
    command: str, scope: dict[str, str], told: str, refused: Callable[..., str], tmp_path: Path
) -> None:
    """Ignored, it would be an answer that somebody gave and nobody weighed."""
    case = tmp_path / "case.json"
    case.write_text(json.dumps({"evidence": {"age": 70}, "scope": scope}), encoding="utf-8")
    assert told in refused(command, "--case", str(case))


def test_a_case_of_a_patient_who_is_outside_is_told(run: Run, tmp_path: Path) -> None:
    case = tmp_path / "patient.json"
    case.write_text(json.dumps({"scope": {"place": "behind", "known": "artificial_joint"}, "evidence": {"age": 60}}))
    ran = run("diagnose", "--case", str(case), "--json")
    assert "warning: the patient is outside what posterior_knee is for: It has an artificial joint." in ran.err
    assert json.loads(ran.out)["warnings"][0]["message"].startswith("the patient is outside")
    case.write_text(json.dumps({"scope": ["place"], "evidence": {"age": 60}}))
    assert "expected answers by question" in run("diagnose", "--case", str(case)).err


def test_diagnose_says_what_the_network_is_for(run: Run) -> None:
    told = " ".join(run("diagnose", "age=40").out.split())
    assert "For pain, swelling or other trouble behind the knee or in the upper calf" in told
    assert "It weighs 26 causes, not trouble of an artificial joint" in told
