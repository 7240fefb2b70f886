"""The text of an explanation: what is said of certain conditions, contrasts, changes and warnings."""

from __future__ import annotations

import io
import math
from typing import Final

import pytest

from bayesknee import Engine
from bayesknee.diagnosis.explaining.conflict import Conflict
from bayesknee.diagnosis.explaining.patient_warnings import PatientWarning
from bayesknee.display.explanation import effect_text, explanation_text, fit_lines
from bayesknee.display.terminal import console_for, rendered
from tests.support.small_networks import condition, finding, group, network, noisy_or, reading, sign

A: Final = condition("a", 0.6)
B: Final = condition("b", 0.7)
F: Final = finding("f", noisy_or(0.1, a=0.9))
G: Final = finding("g", noisy_or(0.1, b=0.9))
ENGINE: Final = Engine(network(A, B, F, G, group("ab", "a", "b")))


def text(answers: dict[str, object], subject: str, against: str | None = None) -> str:
    return explanation_text(ENGINE.diagnose(answers), subject, against, file=io.StringIO())


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (6.1, "6.1 times likelier"),
        (1 / 6.1, "6.1 times less likely"),
        (1.234, "1.23 times likelier"),
        (1.004, "no different"),
        (12345.0, "12,345 times likelier"),
        (math.inf, "certain"),
        (0.0, "impossible"),
    ],
)
def test_effects(factor: float, words: str) -> None:
    assert effect_text(math.log(factor) if factor else -math.inf, contrast=False) == words


def test_effects_of_a_contrast() -> None:
    assert effect_text(math.log(2.0), contrast=True) == "2.0 times for"
    assert effect_text(math.log(0.5), contrast=True) == "2.0 times against"


def test_numbers_are_shown_with_range_grade_and_source() -> None:
    shown = " ".join(text({"f": "yes"}, "a").split())
    assert "P(f | only A) 0.9 (0.63 to 0.95), grade D: judged" in shown
    assert "P(f | no listed cause) 0.1 (0.07 to 0.13), grade D: judged" in shown


def test_what_is_certain() -> None:
    shown = text({"a": "no", "f": "yes"}, "b")
    assert "B: 70.0 % before any answer, > 99.9 % now" in shown
    assert "certain" in shown
    assert "B > 99.9 %, A given: no: the only one possible" in text({"a": "no"}, "b", "a")
    assert "A given: no, B > 99.9 %: not possible; before any answer, 1.17 times less probable" in " ".join(
        text({"a": "no"}, "a", "b").split()
    )


def test_what_is_given_is_said_to_be_given() -> None:
    assert "A: 60.0 % before any answer, given: yes now" in text({"a": "yes"}, "a")
    assert "AB: 100" not in text({"a": "yes"}, "ab")
    assert "given: yes now" in text({"a": "yes"}, "ab")


def test_two_of_which_neither_is_possible() -> None:
    engine = Engine(network(A, B, condition("c", 0.5), F))
    diagnosis = engine.diagnose({"a": "no", "b": "no"})
    shown = " ".join(explanation_text(diagnosis, "a", "b", file=io.StringIO()).split())
    assert "A given: no, B given: no: neither possible; before any answer, 1.17 times less probable" in shown
    assert "nan" not in shown


def test_a_group_has_no_rival_to_turn_round() -> None:
    assert "One more answer" not in text({"f": "yes"}, "ab", "a")


def test_answers_that_turn_two_round() -> None:
    shown = " ".join(text({}, "a", "b").split())
    assert "One more answer that would put A before B f: yes (probability 58.0 %); then 93.1 % and" in shown
    assert "there is none" in text({"f": "yes", "g": "yes"}, "a", "b")


def test_many_rows_are_cut() -> None:
    parts = [finding(f"f{i}", noisy_or(0.1, a=0.9)) for i in range(8)]
    diagnosis = Engine(network(A, B, *parts)).diagnose()
    shown = explanation_text(diagnosis, "a", "b", file=io.StringIO())
    assert "and 3 more, which --json lists" in shown


def fit(conflict: Conflict, *warnings: PatientWarning) -> str:
    net = network(A, B, sign("s", noisy_or(0.1, a=0.9)), finding("r", reading("s", 0.8, 0.9)))
    return " ".join(rendered(console_for(io.StringIO()), *fit_lines(warnings, conflict, net)).split())


def test_warnings_only_where_they_matter() -> None:
    assert fit(Conflict(-1.0, ())) == ""
    told = fit(Conflict(1.0, (), ("r",)), PatientWarning("conflict", "The answers contradict each other.", ("r=yes",)))
    assert told.startswith("Warning: The answers contradict each other. The findings support each other less")
    assert told.endswith("(conflict 4.3 decibans).")
    assert fit(Conflict(1.0, ("b",))) == "The findings go together badly (conflict 4.3 decibans), unless by B."
