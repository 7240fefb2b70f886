"""Next questions in words and figures."""

from __future__ import annotations

import pytest

from bayesknee import Engine, load_network
from bayesknee.diagnosis.asking.next_questions import NextQuestion
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.wording import why
from bayesknee.display.next_questions import next_questions_text
from tests.support.paths import KNEE_11, NETWORKS
from tests.support.small_networks import condition, finding, network, noisy_or, risk_factor

TINY = load_network(NETWORKS / "tiny")


def asked(diagnosis: Diagnosis, name: str) -> NextQuestion:
    return next(each for each in diagnosis.next_questions if each.finding == name)


def test_why_by_hand() -> None:
    """P(a) = 0.6; the finding is there in 0.8 of those with a, else in 0.1: 0.48 / 0.52 and 0.12 / 0.48."""
    net = network(condition("a", 0.6), condition("b", 0.6), finding("f", noisy_or(0.1, a=0.8)))
    diagnosis = Engine(net).diagnose()
    assert why(diagnosis, asked(diagnosis, "f")) == "yes would take A from 60.0 % to 92.3 %; no, to 25.0 %"


def test_why_of_many_states_tells_the_furthest_two() -> None:
    diagnosis = Engine(TINY).diagnose({"tennis": "yes"})
    onset = asked(diagnosis, "onset")
    assert onset.about == "fracture"
    assert why(diagnosis, onset) == "fall would take Broken bone from 6.9 % to 36.2 %; gradual, to 1.5 %"


def test_why_tells_bands_by_their_bounds() -> None:
    diagnosis = Engine(TINY).diagnose()
    assert "50 years or more would take Broken bone from 10.0 % to" in why(diagnosis, asked(diagnosis, "age"))


def test_why_of_what_is_left_of_a_gate() -> None:
    net = network(
        risk_factor("sport", {"none": 0.5, "run": 0.3, "bike": 0.2}),
        condition("a", 0.6, {"sport": {"run": 4.0}}),
        condition("b", 0.6),
        finding("f", noisy_or(0.1, a=0.8), only_if={"sport": ("run", "bike")}),
    )
    diagnosis = Engine(net).diagnose({"f": "no"})
    told = why(diagnosis, asked(diagnosis, "sport"))
    assert told.startswith("run would take ")
    assert "; bike, to " in told
    assert "none" not in told


@pytest.mark.parametrize("width", [40, 60, 80, 137])
def test_it_fits_any_width(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    diagnosis = Engine(KNEE_11).diagnose({"age": 52})
    text = next_questions_text(diagnosis, diagnosis.next_questions, "stakes")
    assert max(map(len, text.splitlines())) <= width
    assert text.isascii()
    assert " ".join(text.split()).count("(value ") == len(diagnosis.next_questions)
