"""What a network is for, when its questions are asked, and what people call its states."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from immutabledict import immutabledict

from bayesknee import Engine, NetworkError, load_network
from bayesknee.knowledge.differences import find_differences
from bayesknee.knowledge.model import Finding, RiskFactor
from bayesknee.knowledge.scope import Scope, ScopeAnswer, ScopeQuestion
from bayesknee.patient.askable import askable, reachable
from bayesknee.patient.evidence import check_evidence
from tests.support.paths import NETWORKS
from tests.support.small_networks import condition, finding, network, noisy_or

TINY = load_network(NETWORKS / "tiny")
SCOPE = """
scope:
  purpose: For a sore elbow.
  not_for: [a broken arm]
  leaves_out: [a pinched nerve]
  questions:
    place:
      question: Where does it hurt?
      answers:
        elbow: {label: At the elbow}
        hand: {label: In the hand, reason: The figures are of elbows., go_to: Ask a hand surgeon.}
"""


def scoped(tmp_path: Path, old: str = "", new: str = "") -> Path:
    """The tiny network with a scope, of which one text is replaced by another."""
    text = (NETWORKS / "tiny" / "network.yaml").read_text(encoding="utf-8") + SCOPE
    assert old in text
    (tmp_path / "network.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    return tmp_path


def test_a_scope_is_read(tmp_path: Path) -> None:
    hand = ScopeAnswer("hand", "In the hand", "The figures are of elbows.", "Ask a hand surgeon.")
    answers = immutabledict({"elbow": ScopeAnswer("elbow", "At the elbow"), "hand": hand})
    place = ScopeQuestion("place", "Where does it hurt?", answers)
    expected = Scope("For a sore elbow.", ("a broken arm",), ("a pinched nerve",), immutabledict({"place": place}))
    assert load_network(scoped(tmp_path)).scope == expected
    assert (hand.is_outside, answers["elbow"].is_outside) == (True, False)
    assert not TINY.scope


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("  purpose: For a sore elbow.\n", "", "scope.purpose: got nothing; expected a key purpose"),
        ("go_to: Ask a hand surgeon.", "goto: Ask.", "scope.questions.place.answers.hand.goto: got 'goto'"),
        (", go_to: Ask a hand surgeon.", "", "answers.hand: got a reason and no go_to"),
        (", reason: The figures are of elbows., go_to: Ask a hand surgeon.", "", "got 0 of 2 answers with a reason"),
        ("elbow: {label: At the elbow}", "elbow: {label: At the elbow, go_to: On.}", "got go_to and no reason"),
        ("    place:\n", "    The place:\n", "expected a lower-case word"),
    ],
)
def test_a_scope_that_cannot_be_is_refused(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(NetworkError) as caught:
        load_network(scoped(tmp_path, old, new))
    assert told in str(caught.value)


def test_another_scope_is_another_wording() -> None:
    changed = replace(TINY, scope=Scope("For elbows."))
    assert find_differences(TINY, changed).reworded == (("network", "scope"),)


# --- when a question is asked -----------------------------------------------------------------------------------------


def asked(name: str, **keys: object) -> Finding:
    return replace(finding(name, noisy_or(0.1, a=0.8)), **keys)  # type: ignore[arg-type]


LUMPY = network(
    condition("a", 0.9),
    condition("b", 0.2),
    asked("seen"),
    asked("felt"),
    asked("glows", ask_once={"seen": ("yes",), "felt": ("yes",)}),
    asked("born", ask_unless={"seen": ("no",)}),
    complaint="",
)


@pytest.mark.parametrize(
    ("answers", "glows", "born"),
    [
        ({}, False, True),
        ({"seen": "yes"}, True, True),
        ({"seen": "no"}, False, False),
        ({"seen": "no", "felt": "yes"}, True, False),
        ({"seen": "unknown", "felt": "unknown"}, False, True),
        ({"seen": {"yes": 0.8, "no": 0.2}}, False, True),
    ],
)
def test_a_question_is_asked_once_or_unless_something_is_known(
    answers: dict[str, object], glows: bool, born: bool
) -> None:
    found = askable(LUMPY, check_evidence(LUMPY, answers), ("glows", "born"))
    assert [name in found for name in ("glows", "born")] == [glows, born]


def test_what_an_answer_may_open_is_within_reach() -> None:
    every = tuple(LUMPY.questions)
    assert "glows" in reachable(LUMPY, check_evidence(LUMPY, {"seen": "no"}), every)
    assert "glows" not in reachable(LUMPY, check_evidence(LUMPY, {"seen": "no", "felt": "no"}), every)
    assert "born" not in reachable(LUMPY, check_evidence(LUMPY, {"seen": "no"}), every)


def test_when_a_question_is_asked_changes_no_number() -> None:
    """An answer to `glows` counts whatever is known of a lump, and implies nothing of it."""
    plain = replace(LUMPY, findings={**LUMPY.findings, "glows": replace(LUMPY.findings["glows"], ask_once={})})
    given = {"glows": "yes", "seen": "no", "felt": "no"}
    assert Engine(LUMPY).diagnose(given).posterior == Engine(plain).diagnose(given).posterior
    assert Engine(LUMPY).diagnose({"glows": "yes"}).evidence.implied == {}


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"ask_once": {"tenis": ("yes",)}}, "unknown|'tenis'"),
        ({"ask_unless": {"tennis": ("often",)}}, "'often'"),
        ({"ask_once": {"tennis": ("no", "yes")}}, "all states of tennis"),
        ({"ask_unless": {"onset": ("fall",)}}, "the question itself"),
        ({"state_names": {"sudden": ("at once",), "slow": ("bit by bit",)}}, "'slow'"),
        ({"state_names": {"sudden": ("at once",), "gradual": ("At  once",)}}, "which is sudden already"),
        ({"state_names": {"sudden": ("gradual",)}}, "which is gradual already|'gradual', which is sudden already"),
    ],
)
def test_terms_and_names_that_cannot_be_are_refused(keys: dict[str, object], told: str) -> None:
    changed = replace(TINY.findings["onset"], **keys)  # type: ignore[arg-type]
    with pytest.raises(NetworkError, match=told):
        replace(TINY, findings={**TINY.findings, "onset": changed})


# --- what states are called -------------------------------------------------------------------------------------------


def named() -> dict[str, Finding]:
    names = {"sudden": ("at once", "in a flash"), "gradual": ("little by little",)}
    return {**TINY.findings, "onset": replace(TINY.findings["onset"], state_names=names)}


def test_the_first_name_is_shown_and_all_are_read() -> None:
    loaded = replace(TINY, findings=named())
    onset = loaded.findings["onset"]
    assert [onset.state_words(state) for state in onset.states] == ["fall", "at once", "little by little"]
    for said in ("sudden", "At once", "in_a_flash", "In a Flash"):
        assert check_evidence(loaded, {"onset": said}).answers == {"onset": "sudden"}


def test_a_state_of_a_risk_factor_has_names_too() -> None:
    tennis = replace(TINY.risk_factors["tennis"], state_names={"yes": ("every week",)})
    assert isinstance(tennis, RiskFactor)
    loaded = replace(TINY, risk_factors={**TINY.risk_factors, "tennis": tennis})
    assert tennis.state_words("yes") == "every week"
    assert check_evidence(loaded, {"tennis": "Every week"}).answers == {"tennis": "yes"}
