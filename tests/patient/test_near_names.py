"""Which finding a wrong name may have meant."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bayesknee import load_network
from bayesknee.errors import EvidenceError, few_hints
from bayesknee.patient.evidence import check_evidence
from bayesknee.patient.near_names import finding_hint
from tests.support.paths import KNEE_11, NETWORKS

TINY = load_network(NETWORKS / "tiny")
KNEE = load_network(KNEE_11)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("grip", "did you mean pain_on_grip?"),  # a word of the label
        ("Pain grip", "did you mean pain_on_grip?"),  # in any order, in any case
        ("backhand", "did you mean backhand_pain?"),
        ("tenis", "did you mean tennis?"),  # a slip of the pen
        ("zebra", "`bayesknee findings` lists what is known"),
    ],
)
def test_a_wrong_name_is_met_by_words_then_by_spelling(name: str, hint: str) -> None:
    assert finding_hint(TINY, name) == hint


def test_a_synonym_goes_first_and_what_hangs_on_another_answer_last() -> None:
    assert finding_hint(KNEE, "lump").startswith("did you mean lump_noticed or ")
    assert finding_hint(KNEE, "pregnant") == "did you mean oestrogen_or_pregnancy?"
    assert finding_hint(KNEE, "water balloon") == "did you mean lump_water_balloon?"


def test_a_synonym_is_suggested_and_never_taken() -> None:
    tennis = replace(TINY.risk_factors["tennis"], synonyms=("racket",))
    network = replace(TINY, risk_factors={**TINY.risk_factors, "tennis": tennis})
    with pytest.raises(EvidenceError, match=r"unknown finding 'racket'; did you mean tennis\?"):
        check_evidence(network, {"racket": "yes"})


def test_hints_are_counted_and_long_words_get_none() -> None:
    with few_hints(0):
        assert finding_hint(TINY, "grip") == "`bayesknee findings` lists what is known"
    assert finding_hint(TINY, "grip " * 100) == "`bayesknee findings` lists what is known"
