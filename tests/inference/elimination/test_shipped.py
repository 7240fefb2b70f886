"""The network that ships, forced through the strategy for many conditions, against enumeration."""

from __future__ import annotations

from random import Random

import pytest

from bayesknee import Evidence, load_network
from bayesknee.inference.elimination.strategy import Elimination
from bayesknee.inference.enumeration.strategy import Enumeration
from bayesknee.inference.results import Events
from bayesknee.inference.strategy import Strategy
from bayesknee.knowledge.model import Mixture
from bayesknee.patient.codes import encode
from bayesknee.patient.evidence import check_evidence
from tests.support.paths import KNEE_11
from tests.support.random_networks import random_answers

KNEE = load_network(KNEE_11)


SETTINGS = [KNEE.default_setting, *(setting for setting in KNEE.settings if setting != KNEE.default_setting)]


@pytest.fixture(
    scope="module", params=[SETTINGS[0], *(pytest.param(each, marks=pytest.mark.slow) for each in SETTINGS[1:])]
)
def strategies(request: pytest.FixtureRequest) -> tuple[Strategy, Strategy]:
    return Enumeration(KNEE, request.param), Elimination(KNEE, request.param)


@pytest.fixture(scope="module")
def events() -> Events:
    numbers = {name: number for number, name in enumerate(KNEE.conditions)}
    groups = (frozenset(numbers[member] for member in group.members) for group in KNEE.groups.values())
    return (*(frozenset([number]) for number in numbers.values()), *groups)


def patients(count: int) -> list[Evidence]:
    """Most risk factors, some findings, two of them mixtures: each that is present doubles the tables."""
    rng = Random(3)
    mixtures = [name for name, each in KNEE.findings.items() if isinstance(each.model, Mixture) and not each.only_if]
    made = []
    for _ in range(count):
        answers = random_answers(rng, KNEE, share=0.05, soft=False, conditions=False)
        answers = {name: each for name, each in answers.items() if name not in mixtures}
        answers |= {name: rng.choice(each.states) for name, each in KNEE.risk_factors.items() if name not in answers}
        answers |= {name: rng.choice(KNEE.findings[name].states) for name in rng.sample(mixtures, 2)}
        for name in rng.sample([*KNEE.risk_factors], 1):
            answers.pop(name, None)
        made.append(check_evidence(KNEE, answers))
    return made


def test_posteriors(strategies: tuple[Strategy, Strategy], events: Events) -> None:
    enumeration, ours = strategies
    for evidence in patients(4):
        expected, got = enumeration.infer(evidence), ours.infer(evidence)
        assert got.approximation is None
        assert got.log_evidence == pytest.approx(expected.log_evidence, abs=1e-10)
        assert got.marginals == pytest.approx(expected.marginals, abs=1e-10)
        assert [got.any_of(e) for e in events] == pytest.approx([expected.any_of(e) for e in events], abs=1e-10)


def test_a_table_of_patients(strategies: tuple[Strategy, Strategy], events: Events) -> None:
    codes = encode(KNEE, patients(4))
    expected, got = (each.infer_many(codes, groups=events) for each in strategies)
    for own, other in zip(got, expected, strict=True):
        assert own == pytest.approx(other, abs=1e-10)


def test_next_questions(strategies: tuple[Strategy, Strategy]) -> None:
    (evidence,) = patients(1)
    left = [name for name, each in KNEE.findings.items() if name not in evidence.answers and not each.only_if]
    expected, got = (each.outcomes(evidence, Random(1).sample(left, 12)) for each in strategies)
    assert got.names == expected.names
    assert got.joint == pytest.approx(expected.joint, abs=1e-10)


def test_intervals(strategies: tuple[Strategy, Strategy], events: Events) -> None:
    (evidence,) = patients(1)
    expected, got = (each.redrawn(evidence, events, 5, 11) for each in strategies)
    assert got == pytest.approx(expected, abs=1e-9)


def test_sensitivity(strategies: tuple[Strategy, Strategy], events: Events) -> None:
    (evidence,) = patients(1)
    expected, got = (each.gradients(evidence, events) for each in strategies)
    theirs = dict(zip(expected.paths, expected.derivatives, strict=True))
    for path, own in zip(got.paths, got.derivatives, strict=True):
        assert own == pytest.approx(theirs[path], abs=1e-9), path
