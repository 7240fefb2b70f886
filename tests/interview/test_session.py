"""An interview in a file: whole after every answer, taken up where it ended, held by one process, never lost."""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bayesknee import Engine, load_network
from bayesknee.errors import SessionError
from bayesknee.files import write_file
from bayesknee.interview import Interview, Policy
from bayesknee.interview.session import SessionFile, taken_up, to_case
from bayesknee.knowledge.network import Network
from bayesknee.patient.cases import read_case
from tests.support.paths import KNEE_11, NETWORKS

NETWORK = load_network(NETWORKS / "tiny")
POLICY = Policy(threshold=1.0, least_value=0.0, ask_setting=True)


def half_way() -> Interview:
    interview = Interview(Engine(NETWORK), {"fracture": "no"}, POLICY)
    for value in ("emergency", 40, {"pain_on_grip": "yes", "swelling_noticed": "no"}):
        interview.answer(value)
    interview.change("tennis", "probably")
    interview.change("backhand_pain", "yes")
    interview.change("tennis", "no", set_aside=True)
    interview.go_on()
    interview.skip()
    return interview


def again(path: Path) -> Interview:
    with SessionFile(path) as file:
        stored = file.read()
    assert stored is not None
    assert stored.is_of(NETWORK)
    first, state, lost = taken_up(stored, NETWORK)
    assert lost == ()
    assert stored.policy == POLICY
    return Interview(Engine(NETWORK, first), policy=stored.policy, state=state)


def written(path: Path, interview: Interview) -> Path:
    with SessionFile(path) as file:
        file.write(interview)
    return path


def test_it_is_taken_up_where_it_was_left(tmp_path: Path) -> None:
    interview = half_way()
    other = again(written(tmp_path / "patient.json", interview))
    assert other.state == interview.state
    assert other.question == interview.question
    assert other.diagnosis == interview.diagnosis
    assert other.change("tennis", "yes").restored == {"backhand_pain": "yes"}


def test_the_file_is_a_case(tmp_path: Path) -> None:
    interview = half_way()
    case = read_case(written(tmp_path / "patient.json", interview))
    assert case.setting == "emergency"
    assert Engine(NETWORK, case.setting).diagnose(case.evidence, skipped=case.skipped) == interview.diagnosis


def test_base_rates_are_kept(tmp_path: Path) -> None:
    rates = {"fracture": 0.25}
    path = written(tmp_path / "patient.json", Interview(Engine(NETWORK, base_rates=rates), {"tennis": "yes"}, POLICY))
    with SessionFile(path) as file:
        stored = file.read()
    assert stored is not None
    assert stored.base_rates == read_case(path).base_rates == rates


@pytest.mark.parametrize("wrong", ["0.25", [0.25], {"fracture": "0.25"}, {"fracture": True}])
def test_base_rates_that_are_none(wrong: object, tmp_path: Path) -> None:
    path = tmp_path / "patient.json"
    path.write_text(json.dumps({**to_case(half_way()), "base_rates": wrong}), encoding="utf-8")
    with SessionFile(path) as file, pytest.raises(SessionError, match="it lacks or garbles base_rates"):
        file.read()


def test_as_a_case_it_tells_which_version_it_was_made_with(tmp_path: Path) -> None:
    case = read_case(written(tmp_path / "patient.json", half_way()))
    assert case.differences(NETWORK) == []
    (told,) = case.differences(replace(NETWORK, version="9"))
    assert told.startswith("the case was made with tiny 0.0.1, and this is tiny 9, another version of it")


def test_there_may_be_no_file_yet(tmp_path: Path) -> None:
    with SessionFile(tmp_path / "new.json") as file:
        assert file.read() is None
    with pytest.raises(SessionError, match="no folder"), SessionFile(tmp_path / "none" / "new.json"):
        pass


def test_only_one_process_may_have_it(tmp_path: Path) -> None:
    path = tmp_path / "patient.json"
    told = r"'patient.json' is open in another process"
    with SessionFile(path), pytest.raises(SessionError, match=told), SessionFile(path):
        pass
    with SessionFile(path) as file:
        assert file.read() is None


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "not JSON"),
        (b'{"setting": "clinic", "evid', "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[]", "lacks or garbles session \\(a case that has none is for --case\\)"),
        (b'{"setting": "clinic", "evidence": {}}', "lacks or garbles session \\(a case that has none is for --case\\)"),
        (b'{"setting": "clinic", "evidence": {}, "session": {"steps": 3}}', "lacks or garbles session.steps"),
        (b"[" * 100_000, "too deep in each other"),
    ],
)
def test_a_broken_file_is_refused_and_a_copy_kept(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "patient.json"
    path.write_bytes(content)
    for _ in range(2):
        with SessionFile(path) as file, pytest.raises(SessionError, match=told) as caught:
            file.read()
        assert "'patient.json.bak'; mend it" in str(caught.value)
    assert path.read_bytes() == (tmp_path / "patient.json.bak").read_bytes() == content
    assert not (tmp_path / "patient.json.bak2").exists()


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ({"threshold": 2}, "threshold 2; expected a number"),
        ({"threshold": 10**400}, "too large"),
        ({"asked_of": ["nobody"]}, "unknown asked_of 'nobody'"),
        ({"asked_of": "patient"}, "session.policy.asked_of"),
        ({"haste": True}, "haste"),
        ({"look_ahead": "no"}, "session.policy.look_ahead"),
        ({"lists": 1}, "session.policy.lists"),
        ({"threshold": True}, "session.policy.threshold"),
        ({"least_value": "0.1"}, "session.policy.least_value"),
        ({"objective": 3}, "session.policy.objective"),
    ],
)
def test_a_policy_that_is_none_is_refused(tmp_path: Path, policy: dict[str, object], told: str) -> None:
    path = tmp_path / "patient.json"
    case = to_case(half_way())
    case["session"]["policy"] |= policy
    path.write_text(json.dumps(case))
    with SessionFile(path) as file, pytest.raises(SessionError, match=told):
        file.read()


@pytest.mark.parametrize("answers", ["age", [["age"]], [{"age": "under_50"}], [1]])
def test_a_step_without_names_is_refused(tmp_path: Path, answers: object) -> None:
    path = tmp_path / "patient.json"
    case = to_case(half_way())
    case["session"]["steps"][1]["answers"] = answers
    path.write_text(json.dumps(case))
    with SessionFile(path) as file, pytest.raises(SessionError, match=r"lacks or garbles session\.steps"):
        file.read()


def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "."):
        with pytest.raises(SessionError, match="is no file that a session"), SessionFile(tmp_path / name):
            pass
    assert [each.name for each in tmp_path.iterdir()] == ["pipe"]


def test_a_link_may_lead_to_the_file_but_not_round_in_a_circle(tmp_path: Path) -> None:
    path = written(tmp_path / "patient.json", half_way())
    (tmp_path / "link").symlink_to(path)
    assert again(tmp_path / "link").state == half_way().state
    (tmp_path / "circle").symlink_to("circle")
    if sys.version_info < (3, 13):  # from then on its name counts as free
        with pytest.raises(SessionError, match="leads round in a circle"):
            SessionFile(tmp_path / "circle")


def test_any_cut_of_a_file_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "patient.json", half_way())
    whole = path.read_bytes().rstrip()
    for length in range(0, len(whole), 37):
        path.write_bytes(whole[:length])
        with SessionFile(path) as file, pytest.raises(SessionError, match="cannot be taken up"):
            file.read()
        (tmp_path / "patient.json.bak").unlink()


def test_another_copy_gets_another_name(tmp_path: Path) -> None:
    path = tmp_path / "patient.json"
    with SessionFile(path) as file:
        for content, name in [(b"1", "patient.json.bak"), (b"2", "patient.json.bak2"), (b"1", "patient.json.bak")]:
            path.write_bytes(content)
            assert file.keep_copy().name == name


def test_of_another_version_what_fits_is_kept(tmp_path: Path) -> None:
    path = written(tmp_path / "patient.json", half_way())
    findings = {name: each for name, each in NETWORK.findings.items() if name != "pain_on_grip"}
    opening = replace(NETWORK.opening, questions=("setting", "age"), tick_all={})
    newer = replace(NETWORK, version="9", findings=findings, opening=opening)
    with SessionFile(path) as file:
        stored = file.read()
    assert stored is not None
    assert not stored.is_of(newer)
    first, state, lost = taken_up(stored, newer)
    assert [each.partition(":")[0] for each in lost] == ["pain_on_grip=yes"]
    assert "unknown finding" in lost[0]
    interview = Interview(Engine(newer, first), policy=POLICY, state=state)
    assert interview.engine.setting == "emergency"
    assert set(state.answers) == {"fracture", "age", "swelling_noticed", "tennis"}


def test_a_setting_that_another_version_lacks_is_told(tmp_path: Path) -> None:
    path = tmp_path / "patient.json"
    path.write_text(json.dumps(to_case(half_way()) | {"setting": "street"}))
    with SessionFile(path) as file:
        stored = file.read()
    assert stored is not None
    first, state, (lost,) = taken_up(stored, NETWORK)
    assert (first, state.setting) == ("clinic", "")
    assert lost.startswith("setting=street: unknown setting 'street' of network tiny; known are clinic, emergency")
    assert lost.endswith("; clinic is taken instead")


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "patient.json"
    write_file(path, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_process_left_half_written_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "patient.json", half_way())
    (tmp_path / ".other.json.x.part").touch()
    with monkeypatch.context() as killed:
        killed.setattr(Path, "replace", lambda *_: None)
        write_file(path, b"half")
    assert len(list(tmp_path.glob(".patient.json.*.part"))) == 1
    assert again(path).state == half_way().state
    assert {each.name for each in tmp_path.iterdir()} == {".other.json.x.part", "patient.json"}


def test_it_names_the_network_that_was_given() -> None:
    case = to_case(half_way(), "somewhere")
    assert case["network"] == "somewhere"
    assert json.loads(json.dumps(case)) == case
    assert case["session"]["made_with"]["version"] == NETWORK.version


def test_no_lock_stays_behind(tmp_path: Path) -> None:
    path = tmp_path / "patient.json"
    with SessionFile(path) as file:
        assert (tmp_path / "patient.json.lock").exists()
        file.write(half_way())
        with pytest.raises(SessionError, match="open in another process"):
            SessionFile(path).__enter__()
    assert [each.name for each in tmp_path.iterdir()] == ["patient.json"]


def stored_of(path: Path, network: Network) -> Interview:
    with SessionFile(path) as file:
        stored = file.read()
    assert stored is not None
    first, state, lost = taken_up(stored, network)
    assert lost == ()
    return Interview(Engine(network, first), policy=stored.policy, state=state)


def test_lines_that_were_passed_over_and_what_was_asked_before_all_else_are_kept(tmp_path: Path) -> None:
    interview = Interview(Engine(NETWORK), policy=replace(POLICY, ask_who=True, ask_setting=True))
    for value in ("clinician", "emergency", 40, ["pain_on_grip"]):
        interview.answer(value)
    other = stored_of(written(tmp_path / "patient.json", interview), NETWORK)
    assert other.state == interview.state
    assert other.state.steps[-1].passed == ("swelling_noticed",)
    assert (other.asked_of, other.engine.setting) == (("patient", "clinician"), "emergency")


def test_that_the_patient_is_outside_is_kept(tmp_path: Path) -> None:
    interview = Interview(Engine(KNEE_11))
    interview.answer("behind")
    interview.answer("artificial_joint")
    interview.go_on()
    other = stored_of(written(tmp_path / "patient.json", interview), interview.engine.network)
    assert other.state == interview.state
    assert [answer.id for answer in other.outside] == ["artificial_joint"]
    assert not other.finished


def test_a_scope_that_was_edited_beside_the_interview_is_refused(tmp_path: Path) -> None:
    """Taken up in silence, the interview would go on for a patient who is outside."""
    interview = Interview(Engine(KNEE_11), {"age": 45})
    interview.change("scope.known", "nothing")
    path = written(tmp_path / "patient.json", interview)
    tree = json.loads(path.read_bytes())
    assert tree["scope"] == {"known": "nothing"}
    path.write_text(json.dumps({**tree, "scope": {"known": "fracture"}}), encoding="utf-8")
    told = r"scope \(it is not what the interview recorded; change it in the interview\)"
    with SessionFile(path) as file, pytest.raises(SessionError, match=told):
        file.read()


def write_until_killed(path: Path, told: int) -> None:
    """A process that answers 18, 19, ... and says what it has kept, until it is killed."""
    interview = Interview(Engine(NETWORK))
    with SessionFile(path) as file:
        file.read()
        for age in range(18, 120):
            interview.change("age", age)
            file.write(interview)
            os.write(told, bytes([age]))


@pytest.mark.parametrize("lot", range(4))
def test_killed_at_any_moment_it_has_lost_at_most_the_answer_in_hand(lot: int, tmp_path: Path) -> None:
    path = tmp_path / "patient.json"
    for number in range(10):
        read, write = os.pipe()
        child = os.fork()
        if not child:
            try:
                write_until_killed(path, write)
            finally:
                os._exit(1)  # whatever happens, it never comes back into the tests
        said = 0
        for _ in range(1 + (10 * lot + number) % 17):
            (said,) = os.read(read, 1)
        os.kill(child, signal.SIGKILL)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        os.close(write)
        said = max([said, *os.read(read, 200)])
        os.close(read)
        with SessionFile(path) as file:  # its lock has gone with it
            stored = file.read()
        assert stored is not None
        assert taken_up(stored, NETWORK)[2] == ()
        assert stored.evidence["age"] in {said, said + 1}  # what was said to be kept, or what was just being said
        assert {each.name for each in tmp_path.iterdir()} <= {path.name, f"{path.name}.lock"}
