"""The questions that a form asks first: what red flags read, and what points to something that must not be missed."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from bayesknee import Engine, load_network
from bayesknee.diagnosis.asking.warning_signs import MOST_FOR_DANGERS
from bayesknee.diagnosis.triage import red_flags
from bayesknee.knowledge.model import LEVELS, Level, RedFlag
from bayesknee.patient.evidence import check_evidence
from tests.support.effort import seeds
from tests.support.paths import KNEE_11, NETWORKS
from tests.support.small_networks import condition, finding, network, noisy_or

TINY = load_network(NETWORKS / "tiny")
KNEE = load_network(KNEE_11)
READ = {name for flag in KNEE.red_flags.values() for line in flag.when for name in line}


def test_by_hand() -> None:
    # The red flag of the network reads onset and swelling. Age over 50 multiplies the odds of a fracture by less than
    # 10. Tennis and pain on grip speak for the strain, which may be missed.
    assert Engine(TINY).diagnose().warning_signs == ("swelling_noticed", "onset")
    assert Engine(TINY).diagnose({"onset": "unknown", "age": 45}).warning_signs == ("swelling_noticed",)


def test_what_a_flag_needs_is_not_asked_where_its_other_line_is_denied() -> None:
    signs = Engine(KNEE).diagnose({"knee_hot": "no"}).warning_signs
    assert "fever" not in signs
    assert "fever" in Engine(KNEE).diagnose().warning_signs
    assert "fever" in Engine(KNEE).diagnose({"knee_hot": "unknown"}).warning_signs


def test_a_flag_that_holds_only_with_one_as_urgent_adds_no_question() -> None:
    def flag(name: str, level: Level, *questions: str) -> RedFlag:
        return replace(
            KNEE.red_flags["foot_drop"], id=name, level=level, when=tuple({each: ("yes",)} for each in questions)
        )

    names = ("f", "g", "h")
    findings = [finding(name, noisy_or(0.1, a=0.5)) for name in names]
    cases: list[tuple[Level, tuple[str, ...]]] = [("emergency", ("f", "h")), ("urgent", names)]
    for level, expected in cases:
        flags = {"one": flag("one", level, "f"), "both": flag("both", "same_day", "f", "g"), "h": flag("h", level, "h")}
        made = replace(
            network(condition("a", 0.6), condition("b", 0.6), *findings), red_flags=flags, references=KNEE.references
        )
        assert Engine(made).diagnose().warning_signs == expected


@pytest.mark.parametrize("seed", seeds(20))
def test_answers_to_the_form_raise_what_all_answers_of_the_patient_would(seed: int) -> None:
    """Somebody gives alarming answers to two red flags: the level is the same if only those on the form are known."""
    chance = Random(seed)
    of_patient = [name for name in KNEE.questions if KNEE.questions[name].asked_of == "patient"]
    answers: dict[str, object] = {}
    for flag in chance.sample(list(KNEE.red_flags.values()), 2):
        for line in flag.when:
            if told := [name for name in line if name in of_patient]:
                name = chance.choice(told)
                answers[name] = chance.choice(line[name])
    signs = Engine(KNEE).diagnose().warning_signs
    on_form = {name: answer for name, answer in answers.items() if name in signs}
    every, some = (
        min((LEVELS.index(flag.level) for flag in red_flags(KNEE, check_evidence(KNEE, each))), default=None)
        for each in (answers, on_form)
    )
    assert every == some


def test_all_are_asked_of_the_patient_in_order_and_gates_come_with_them() -> None:
    signs = Engine(KNEE).diagnose().warning_signs
    assert {KNEE.questions[name].asked_of for name in signs} == {"patient"}
    gates = {gate for name in signs for gate, _ in KNEE.gates.get(name, ())}
    assert gates <= set(signs)
    assert list(signs) == [name for name in KNEE.questions if name in signs]


def test_beside_red_flags_only_the_strongest_are_there() -> None:
    """A cramp on exertion is far likelier with a trapped artery than with nothing, and no red flag reads it."""
    signs = Engine(KNEE).diagnose().warning_signs
    gates = {gate for name in signs for gate, _ in KNEE.gates.get(name, ())}
    others = set(signs) - READ - gates
    assert "exertional_calf_cramp" in others
    assert "new_surface_veins" in others
    assert len(others) <= MOST_FOR_DANGERS
    assert others < set(KNEE.warning_signs)


def test_the_signs_of_a_network_are_what_red_flags_read_and_then_what_points_to_dangers_most() -> None:
    dangerous = replace(condition("danger", 0.6), must_not_miss=True)
    net = network(
        dangerous,
        condition("other", 0.6),
        finding("weak", noisy_or(0.1, danger=0.9)),  # 9 times
        finding("strong", noisy_or(0.05, danger=0.6, other=0.5)),  # 12 times
        finding("stronger", noisy_or(0.02, danger=0.9)),  # 45 times
        finding("others", noisy_or(0.02, danger=0.5, other=0.6)),  # the other condition makes it likeliest
    )
    assert net.warning_signs == ("stronger", "strong")
    assert set(KNEE.warning_signs[: len(READ)]) == READ
