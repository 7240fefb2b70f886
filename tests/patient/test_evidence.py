"""What is taken as evidence, and what is refused and how."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from enum import Enum

import numpy as np
import pytest

from bayesknee import Evidence, EvidenceError, Network, load_network
from bayesknee.errors import MOST_JOINED
from bayesknee.patient.evidence import check_evidence, gate_holds
from tests.support.paths import NETWORKS
from tests.support.small_networks import condition, distribution, finding, mixture, network, noisy_or, risk_factor

NETWORK = network(
    risk_factor("age", {"young": 0.5, "old": 0.5}, bands={"young": (18, 50), "old": (50, 121)}),
    risk_factor("sport", {"none": 0.5, "running": 0.3, "cycling": 0.2}),
    condition("strain", 0.6),
    condition("other", 0.7),
    finding("pain", noisy_or(0.1, strain=0.9)),
    finding(
        "onset",
        mixture(
            None,
            strain=distribution(fall=0.5, sudden=0.3, slow=0.2),
            other=distribution(fall=0.1, sudden=0.2, slow=0.7),
        ),
        ("fall", "sudden", "slow"),
    ),
    finding("pain_running", noisy_or(0.1, strain=0.9), only_if={"sport": ("running", "cycling")}),
    finding("pain_at_night", noisy_or(0.2, strain=0.9), only_if={"pain": ("yes",)}),
    finding("limping_after_runs", noisy_or(0.2, strain=0.9), only_if={"pain_running": ("yes",)}),
    finding("saddle_sore", noisy_or(0.2, strain=0.9), only_if={"sport": ("cycling",)}),
    finding("stitch", noisy_or(0.2, strain=0.9), only_if={"sport": ("running",)}),
)


def checked(answers: Mapping[object, object]) -> Evidence:
    return check_evidence(NETWORK, answers)  # type: ignore[arg-type]


def refusal(answers: object) -> str:
    with pytest.raises(EvidenceError) as caught:
        check_evidence(NETWORK, answers)  # type: ignore[arg-type]
    return str(caught.value)


# --- what is taken ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "given", "answer"),
    [
        ("pain", "yes", "yes"),
        ("pain", True, "yes"),
        ("pain", np.False_, "no"),
        ("pain", np.str_("no"), "no"),
        ("pain", "unknown", "unknown"),
        ("onset", "sudden", "sudden"),
        ("strain", "no", "no"),
        ("sport", "none", "none"),
        ("age", "old", "old"),
    ],
)
def test_an_answer(name: str, given: object, answer: str) -> None:
    evidence = checked({name: given})
    assert dict(evidence.answers) == {name: answer}
    assert type(evidence.answers[name]) is str
    states = NETWORK.states[name]
    likelihoods = {} if answer == "unknown" else {name: tuple(float(state == answer) for state in states)}
    assert dict(evidence.likelihoods) == likelihoods
    assert evidence.log_scale == 0.0


def test_a_truth_value_is_yes_or_no_or_else_true_or_false() -> None:
    told = mixture(distribution(true=0.5, false=0.5), a=distribution(true=0.9, false=0.1))
    own = network(condition("a", 0.6), condition("b", 0.6), finding("told", told, ("true", "false")))
    for given, state in ((True, "true"), (False, "false"), ("TRUE", "true"), ("yes", "true"), ("No", "false")):
        assert check_evidence(own, {"told": given}).answers["told"] == state
        assert check_evidence(NETWORK, {"pain": given}).answers["pain"] == {"true": "yes", "false": "no"}[state]


class Pain(str, Enum):  # noqa: UP042 (of a StrEnum, `str` is the text)
    """Answers as many programs keep them; `str` of one is `Pain.THERE`."""

    PAIN = "pain"
    THERE = "yes"
    GONE = "no"
    NOBODY_KNOWS = "unknown"


@pytest.mark.parametrize("given", [Pain.THERE, Pain.GONE, Pain.NOBODY_KNOWS, np.str_("yes")])
def test_a_text_of_another_class_is_the_text(given: str) -> None:
    evidence = checked({Pain.PAIN: given})
    assert evidence == checked({"pain": str.__str__(given)})
    assert {type(each) for pair in evidence.answers.items() for each in pair} == {str}
    soft = checked({"pain": {Pain.THERE: 1.0, Pain.GONE: 0.5}})
    assert soft == checked({"pain": {"yes": 1.0, "no": 0.5}})


def test_more_answers_than_can_be_known_are_refused_at_once() -> None:
    many: dict[object, object] = {f"pain{number}": "yes" for number in range(1000)}
    with pytest.raises(EvidenceError) as caught:
        checked(many)
    assert str(caught.value) == (
        f"1,000 answers; expected at most {len(NETWORK.states)}, for so much can be known of a patient; leave out what "
        "is unknown, such as 'pain0'"
    )


def test_hints_are_looked_for_only_where_they_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = load_network(NETWORKS / "tiny")
    looked: list[str] = []
    find = difflib.get_close_matches

    def noted(word: str, known: list[str], n: int, cutoff: float) -> list[str]:
        looked.append(word)
        return find(word, known, n, cutoff)

    monkeypatch.setattr(difflib, "get_close_matches", noted)
    many = {f"tenis{number}": "yes" for number in range(len(tiny.states))}
    with pytest.raises(EvidenceError) as caught:
        check_evidence(tiny, many)
    assert str(caught.value).count("did you mean tennis?") == len(looked) == MOST_JOINED
    assert str(caught.value).endswith(f"; and {len(many) - MOST_JOINED} more")


def test_a_likelihood_in_any_order_is_scaled_to_a_largest_of_1() -> None:
    evidence = checked({"onset": {"slow": 1, "fall": 0, "sudden": 4.0}, "pain": {False: 0.2, True: 0.8}})
    assert evidence.answers["onset"] == {"fall": 0.0, "sudden": 4.0, "slow": 1.0}
    assert dict(evidence.likelihoods) == {"onset": (0.0, 1.0, 0.25), "pain": (0.25, 1.0)}
    assert evidence.log_scale == pytest.approx(math.log(4.0 * 0.8))


def test_likelihoods_come_sorted_and_answers_as_given() -> None:
    evidence = checked({"strain": "yes", "pain": "no", "age": "unknown", "onset": "fall"})
    assert list(evidence.answers) == ["strain", "pain", "age", "onset"]
    assert list(evidence.likelihoods) == ["onset", "pain", "strain"]


def test_evidence_is_checked_again() -> None:
    evidence = checked({"onset": {"slow": 1, "fall": 0, "sudden": 4.0}, "age": 20, "pain": "unknown"})
    assert check_evidence(NETWORK, evidence) == evidence
    tiny = load_network(NETWORKS / "tiny")
    with pytest.raises(EvidenceError, match="unknown finding 'pain'"):
        check_evidence(tiny, evidence)


def test_only_keeps_what_is_wanted() -> None:
    evidence = checked({"onset": {"slow": 1, "fall": 0, "sudden": 4.0}, "pain": "yes", "age": 20})
    assert evidence.only(["pain", "age", "strain"]) == checked({"pain": "yes", "age": 20})
    assert evidence.only(["onset"]).log_scale == math.log(4.0)


# --- what is implied -------------------------------------------------------------------------------------------------


def implied(answers: Mapping[object, object]) -> dict[str, tuple[str, ...]]:
    return dict(checked(answers).implied)


def test_an_answer_implies_that_its_gate_holds() -> None:
    evidence = checked({"pain_at_night": "no"})
    assert dict(evidence.answers) == {"pain_at_night": "no"}
    assert dict(evidence.likelihoods) == {"pain": (0.0, 1.0), "pain_at_night": (1.0, 0.0)}
    assert dict(evidence.implied) == {"pain": ("yes",)}
    assert dict(evidence.taken_from) == {"pain": ("pain_at_night",)}


def test_so_does_an_unsure_answer_and_so_do_gates_of_gates() -> None:
    evidence = checked({"limping_after_runs": {"no": 0.2, "yes": 0.8}})
    assert dict(evidence.implied) == {"pain_running": ("yes",), "sport": ("running", "cycling")}
    assert evidence.likelihoods["pain_running"] == (0.0, 1.0)
    assert evidence.likelihoods["sport"] == (0.0, 1.0, 1.0)
    assert dict(evidence.taken_from) == {"pain_running": ("limping_after_runs",), "sport": ("limping_after_runs",)}


def test_a_gate_stated_to_be_unknown_is_implied_as_well() -> None:
    evidence = checked({"pain": "unknown", "pain_at_night": "no"})
    assert evidence.answers["pain"] == "unknown"
    assert evidence.likelihoods["pain"] == (0.0, 1.0)
    assert dict(evidence.implied) == {"pain": ("yes",)}


def test_nothing_is_implied_by_unknown_nor_where_the_gate_is_stated() -> None:
    assert checked({"pain_at_night": "unknown"}).likelihoods == {}
    assert implied({"sport": "none", "pain_running": "unknown"}) == {}
    assert implied({"sport": "running", "pain_running": "yes"}) == {}
    assert implied({"sport": {"none": 0, "running": 0.2, "cycling": 0.4}, "pain_running": "yes"}) == {}


def test_an_unsure_gate_is_narrowed_and_the_log_scale_goes_with_it() -> None:
    evidence = checked({"sport": {"none": 0.9, "running": 0.1, "cycling": 0.05}, "pain_running": "yes"})
    assert evidence.answers["sport"] == {"none": 0.9, "running": 0.1, "cycling": 0.05}
    assert evidence.likelihoods["sport"] == pytest.approx((0.0, 1.0, 0.5))
    assert evidence.log_scale == pytest.approx(math.log(0.1))
    assert dict(evidence.implied) == {"sport": ("running", "cycling")}


def test_several_answers_narrow_a_gate_together() -> None:
    evidence = checked({"pain_running": "yes", "stitch": "no"})
    assert dict(evidence.implied) == {"sport": ("running",)}
    assert dict(evidence.taken_from) == {"sport": ("pain_running", "stitch")}
    assert evidence.likelihoods["sport"] == (0.0, 1.0, 0.0)


def test_what_is_implied_goes_with_the_answers_that_imply_it() -> None:
    evidence = checked({"pain_running": "yes", "stitch": "no", "sport": {"none": 0.9, "running": 0.1, "cycling": 0.05}})
    for names in (["pain_running"], ["stitch"], ["sport"], ["pain_running", "sport"], ["stitch", "pain_running"]):
        assert evidence.only(names) == checked({name: evidence.answers[name] for name in names})


@pytest.mark.parametrize(
    ("answers", "holding"),
    [
        ({}, {"pain", "age"}),
        ({"sport": "running"}, {"pain_running", "stitch"}),
        ({"sport": "none"}, set()),
        ({"sport": "unknown"}, set()),
        ({"sport": {"none": 0, "running": 0.2, "cycling": 0.4}}, {"pain_running"}),
        ({"sport": {"none": 0.1, "running": 0.2, "cycling": 0.4}}, set()),
        ({"stitch": "no"}, {"pain_running", "stitch"}),
        ({"pain_running": "yes"}, {"pain_running", "limping_after_runs"}),
        ({"limping_after_runs": "no"}, {"pain_running", "limping_after_runs"}),
        ({"pain": "yes"}, {"pain_at_night"}),
    ],
)
def test_gate_holds_where_it_is_known_to(answers: Mapping[object, object], holding: set[str]) -> None:
    evidence = checked(answers)
    gated = [name for name in NETWORK.questions if name in NETWORK.gated]
    assert {name for name in gated if gate_holds(NETWORK, evidence, name)} == holding - {"pain", "age"}
    assert gate_holds(NETWORK, evidence, "pain")
    assert gate_holds(NETWORK, evidence, "age")
    assert gate_holds(NETWORK, evidence, "strain")


def test_nothing_is_evidence_too() -> None:
    assert checked({}) == Evidence()


# --- what is refused -------------------------------------------------------------------------------------------------

UNSURE = {"yes": 0.8, "no": 0.2}
REFUSED: Mapping[str, tuple[object, str]] = {
    "no mapping": (["pain"], "evidence \"['pain']\" is not a mapping; expected finding: answer pairs"),
    "unknown finding": ({"pian": "yes"}, "unknown finding 'pian'; did you mean pain?"),
    "far from any finding": ({"zzz": 1}, "unknown finding 'zzz'; `bayesknee findings` lists what is known"),
    "unknown state": ({"pain": "yess"}, "unknown state 'yess' of pain; expected no, yes or unknown; did you mean yes?"),
    "a state far from any": ({"pain": "aye"}, "unknown state 'aye' of pain; expected no, yes or unknown"),
    "a number for a state": (
        {"onset": 1},
        "unknown state '1' of onset; expected fall, sudden, slow or unknown",
    ),
    "a list": ({"pain": ["yes"]}, "pain: got \"['yes']\"; expected a state (no, yes) or a likelihood by state"),
    "an array": ({"pain": np.zeros(2)}, "pain: got '[0. 0.]'; expected a state (no, yes) or a likelihood by state"),
    "a truth value among many states": ({"onset": True}, "unknown state 'yes' of onset; expected fall, sudden, slow"),
    "too low a number": (
        {"age": 17},
        "age 17 is outside this network's scope; expected 18 or more and below 121 years",
    ),
    "too high a number": ({"age": 121.0}, "age 121 is outside this network's scope; expected 18 or more and below 121"),
    "an infinite number": ({"age": math.inf}, "age inf is outside this network's scope"),
    "a number beyond floats": ({"age": -(10**400)}, "age -inf is outside this network's scope"),
    "a number too long to write": ({"pain": 10**5000}, "pain: got 'a int too long to show'; expected a state"),
    "a number just below the lowest": ({"age": 17.999999}, "age 17.999999 is outside this network's scope"),
    "a word for a number": ({"age": "fifty"}, "age: 'fifty' is neither a number nor a state"),
    "a comma in a number": ({"age": "45,5"}, "age: '45,5' is neither a number nor a state; write 45.5"),
    "a likelihood of an unknown state": (
        {"pain": {"yes": 1, "nope": 0}},
        "unknown state 'nope' of pain; expected no, yes; did you mean no?",
    ),
    "a likelihood that lacks a state": (
        {"onset": {"fall": 0.8}},
        "onset: 0.8 for fall alone; expected likelihoods of sudden, slow as well",
    ),
    "a negative likelihood": (
        {"pain": {**UNSURE, "no": -1}},
        "pain: the likelihood of no is -1; expected a number from 0",
    ),
    "an infinite likelihood": (
        {"pain": {**UNSURE, "no": math.inf}},
        "pain: the likelihood of no is inf; expected a number",
    ),
    "a likelihood that is no number": ({"pain": {**UNSURE, "no": math.nan}}, "the likelihood of no is nan; expected a"),
    "a word for a likelihood": (
        {"pain": {**UNSURE, "no": "low"}},
        "pain: the likelihood of no is low; expected a number",
    ),
    "a truth value for a likelihood": ({"pain": {**UNSURE, "no": True}}, "the likelihood of no is True; expected a"),
    "a comma in a likelihood": ({"pain": {**UNSURE, "no": "0,2"}}, "is 0,2; expected a number from 0 up; write 0.2"),
    "a likelihood beyond floats": (
        {"pain": {**UNSURE, "no": 10**400}},
        "pain: the likelihood of no is inf; expected a",
    ),
    "two likelihoods of a state": (
        {"pain": {True: 1, "yes": 0.5, "no": 0.2}},
        "pain: two likelihoods for yes; expected one for each state; keep one of them",
    ),
    "likelihoods of zero": (
        {"pain": {"no": 0, "yes": 0}},
        "pain: all likelihoods are zero; expected at least one above 0",
    ),
    "a broken gate": (
        {"pain_running": "yes", "sport": "none"},
        "pain_running is asked only if sport is running or cycling, but sport is none; change one of the two answers",
    ),
    "a gate broken by a finding": ({"pain_at_night": "no", "pain": "no"}, "asked only if pain is yes, but pain is no;"),
    "a gate broken by a likelihood": (
        {"pain_running": "yes", "sport": {"none": 0.5, "running": 0, "cycling": 0}},
        "pain_running is asked only if sport is running or cycling, but sport is none;",
    ),
    "a broken gate of a gate": (
        {"limping_after_runs": "no", "sport": "none"},
        "limping_after_runs is asked only if sport is running or cycling, but sport is none; change one of the two",
    ),
    "a gate of a gate that is not so": (
        {"limping_after_runs": "no", "pain_running": "no"},
        "limping_after_runs is asked only if pain_running is yes, but pain_running is no; change one of the two",
    ),
    "answers that imply different states": (
        {"saddle_sore": "no", "stitch": "yes"},
        "saddle_sore is asked only if sport is cycling, stitch is asked only if sport is running; these clash: change",
    ),
    "answers that leave nothing of an unsure gate": (
        {"saddle_sore": "no", "sport": {"none": 0.5, "running": 0.5, "cycling": 0}},
        "saddle_sore is asked only if sport is cycling, but sport is none or running; change one of the two answers",
    ),
    "three that clash": (
        {"saddle_sore": "no", "stitch": "no", "sport": {"none": 0, "running": 0.5, "cycling": 0.5}},
        "only if sport is running, and sport is running or cycling; these clash",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what: str) -> None:
    answers, text = REFUSED[what]
    assert text in refusal(answers)


def test_out_of_scope_says_why() -> None:
    tiny: Network = load_network(NETWORKS / "tiny")
    with pytest.raises(EvidenceError, match=r"below 121 years; There are no figures for children\.$"):
        check_evidence(tiny, {"age": 5})


def test_a_sign_cannot_be_answered() -> None:
    tiny = load_network(NETWORKS / "tiny")
    with pytest.raises(EvidenceError, match="unknown finding 'joint_swelling'"):
        check_evidence(tiny, {"joint_swelling": "yes"})


def test_of_very_many_problems_the_first_are_told_and_how_many_there_are() -> None:
    text = refusal({f"zzz{number}": "yes" for number in range(len(NETWORK.states))})
    assert text.count("unknown finding 'zzz") == 8
    assert text.endswith(f"; and {len(NETWORK.states) - 8} more")


def test_all_that_is_wrong_is_told() -> None:
    text = refusal({"pian": "yes", "age": 5, "pain_running": "yes", "sport": "none"})
    assert text.split("; ")[0] == "unknown finding 'pian'"
    assert "age 5 is outside" in text
    assert "pain_running is asked only if" in text
