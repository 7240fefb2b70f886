"""Patients that are drawn, against the full joint."""

from __future__ import annotations

import itertools
import math
from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray

from bayesknee import Engine, ImpossibleEvidenceError, Network
from bayesknee.inference.drawn_states import draw_each
from bayesknee.inference.enumeration.strategy import Enumeration
from bayesknee.inference.results import Sample
from bayesknee.patient.evidence import NOTHING_KNOWN, check_evidence
from tests.support.answers import Answers
from tests.support.brute_force import BruteForce
from tests.support.effort import seeds
from tests.support.engines import oracle
from tests.support.random_networks import SMALL, TINY, Patient, random_network, seeded_patient
from tests.support.small_networks import condition, finding, network, noisy_or, risk_factor

pytestmark = pytest.mark.usefixtures("strategy")

ROWS = 4000
FALSE_ALARM = 1e-9
Columns = dict[str, NDArray[np.int8]]


def furthest(chance: NDArray[np.float64], rows: int, looks: int) -> NDArray[np.float64]:
    """How far a frequency may be from its chance, all looks together right but once in 1 / FALSE_ALARM (Bernstein)."""
    log = math.log(2.0 * looks / FALSE_ALARM)
    return np.sqrt(2.0 * chance * (1.0 - chance) * log / rows) + 2.0 * log / (3.0 * rows)


def columns_of(drawn: Network, sample: Sample) -> Columns:
    """What was drawn, by condition and question."""
    names = [*drawn.conditions, *drawn.questions]
    return dict(zip(names, np.hstack([sample.conditions.astype(np.int8), sample.codes]).T, strict=True))


def exact_columns(drawn: Network, brute_force: BruteForce) -> Columns:
    """The state of each variable in each entry of the full joint; -1 where a gate does not hold."""
    states = dict(zip(brute_force.ids, np.indices(brute_force.shape).reshape(len(brute_force.ids), -1), strict=True))
    columns = {name: states[name].astype(np.int8) for name in (*drawn.conditions, *drawn.questions)}
    for _ in drawn.gated:  # a gate may itself be gated
        for name in drawn.gated:
            for gate, wanted in drawn.findings[name].only_if.items():
                allowed = [drawn.states[gate].index(state) for state in wanted]
                columns[name] = np.where(np.isin(columns[gate], allowed), columns[name], -1).astype(np.int8)
    return columns


def pair_table(first: NDArray[np.int8], second: NDArray[np.int8], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """The weight of each pair of states, -1 included."""
    shares = np.bincount((first + 1) * 16 + second + 1, weights=weights, minlength=256) / weights.sum()
    return np.asarray(np.minimum(shares, 1.0))


def assert_drawn_from(patient: Patient, sample: Sample, answers: Answers) -> None:
    """All pairs of variables come together as often as they should."""
    brute_force = oracle(patient.network, patient.setting)
    exact, drawn = exact_columns(patient.network, brute_force), columns_of(patient.network, sample)
    weights, ones = brute_force.weights(answers), np.ones(len(sample.codes))
    looks = len(exact) ** 2 * 16
    for first, second in itertools.combinations_with_replacement(exact, 2):
        chance = pair_table(exact[first], exact[second], weights)
        frequency = pair_table(drawn[first], drawn[second], ones)
        assert (np.abs(frequency - chance) <= furthest(chance, len(sample.codes), looks)).all(), (first, second)
        assert not frequency[chance == 0.0].any(), (first, second)


def test_nothing_known() -> None:
    for seed in seeds(12):
        patient = seeded_patient(seed)
        drawing = Engine(patient.network, patient.setting).compiled.strategy
        sample = drawing.sample(NOTHING_KNOWN, ROWS, np.random.default_rng(seed))
        assert_drawn_from(patient, sample, {})


def test_given_evidence_hard_and_soft_and_of_conditions() -> None:
    for seed in seeds(25):
        patient = seeded_patient(seed)
        answers = {name: each for name, each in patient.answers.items() if not gates_or_is_gated(patient.network, name)}
        drawing = Engine(patient.network, patient.setting).compiled.strategy
        evidence = check_evidence(patient.network, answers)
        sample = drawing.sample(evidence, ROWS, np.random.default_rng(seed))
        assert_drawn_from(patient, sample, answers)


def gates_or_is_gated(drawn: Network, name: str) -> bool:
    gates = {gate for each in drawn.gated for gate in drawn.findings[each].only_if}
    return name in gates or name in drawn.gated


def test_marginals_of_a_larger_network() -> None:
    drawn = random_network(Random(7), SMALL)
    drawing = Engine(drawn, drawn.default_setting).compiled.strategy
    sample = drawing.sample(NOTHING_KNOWN, ROWS, np.random.default_rng(1))
    chances = drawing.infer(NOTHING_KNOWN).marginals
    assert (np.abs(sample.conditions.mean(axis=0) - chances) <= furthest(chances, ROWS, len(chances))).all()


def test_blocks_of_rows_and_of_subsets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bayesknee.inference.enumeration.sample.MOST_ROWS_AT_ONCE", 999)
    monkeypatch.setattr("bayesknee.inference.elimination.sample.MOST_ROWS_AT_ONCE", 999)
    monkeypatch.setattr("bayesknee.inference.prior.draw.MOST_NUMBERS_AT_ONCE", 50)
    patient = seeded_patient(3, TINY)
    sample = Engine(patient.network, patient.setting).compiled.strategy.sample(
        NOTHING_KNOWN, ROWS, np.random.default_rng(5)
    )
    assert sample.codes.shape == (ROWS, len(patient.network.questions))
    assert sample.codes.dtype == np.int8
    assert_drawn_from(patient, sample, {})


def test_the_same_seed_draws_the_same_patients() -> None:
    patient = seeded_patient(3)
    drawing = Engine(patient.network, patient.setting).compiled.strategy
    one, two, other = (drawing.sample(NOTHING_KNOWN, 200, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (one.codes == two.codes).all()
    assert (one.conditions == two.conditions).all()
    assert (one.codes != other.codes).any()


def test_what_is_given_stays_as_it_is_and_the_complaint_holds() -> None:
    drawn = network(
        risk_factor("r", {"no": 0.5, "yes": 0.5}),
        condition("a", 0.6, {"r": {"yes": 3.0}}),
        condition("b", 0.7),
        finding("f", noisy_or(0.1, a=0.5)),
        finding("of_r", noisy_or(0.3, b=0.5), only_if={"r": ("yes",)}),
        finding("deep", noisy_or(0.3, b=0.5), only_if={"of_r": ("no",)}),
    )
    drawing = Engine(drawn, "ward").compiled.strategy
    sample = drawing.sample(check_evidence(drawn, {"f": "yes", "b": "no"}), 500, np.random.default_rng(1))
    r, f, of_r, deep = sample.codes.T
    assert set(f) == {1}
    assert sample.conditions.tolist() == [[True, False]] * 500
    assert set(zip(r.tolist(), of_r.tolist(), strict=True)) == {(0, -1), (1, 0), (1, 1)}
    assert set(zip(of_r.tolist(), deep.tolist(), strict=True)) == {(-1, -1), (1, -1), (0, 0), (0, 1)}


@pytest.mark.parametrize("seed", seeds(6))
def test_by_enumeration_a_seed_gives_the_same_patients_whatever_is_wanted_of_them(seed: int) -> None:
    patient = seeded_patient(seed)
    drawing = Enumeration(patient.network, patient.setting)
    evidence = check_evidence(patient.network, patient.answers)
    names = list(patient.network.questions)
    wanted = Random(seed).sample(names, len(names) // 2)
    everything, some = (
        drawing.sample(evidence, 200, np.random.default_rng(seed), each).codes for each in (None, wanted)
    )
    columns = [names.index(name) for name in wanted]
    assert (everything[:, columns] == some[:, columns]).all()


def test_nobody() -> None:
    drawn = network(condition("a", 0.6), condition("b", 0.7), finding("f", noisy_or(0.1, a=0.5)))
    sample = Engine(drawn, "ward").compiled.strategy.sample(NOTHING_KNOWN, 0, np.random.default_rng(1))
    assert [each.shape for each in sample] == [(0, 2), (0, 1)]


def test_nobody_can_have_impossible_answers() -> None:
    drawn = network(condition("a", 0.6), condition("b", 0.7), finding("f", noisy_or(0.1, a=0.5)))
    impossible = check_evidence(drawn, {"a": "no", "b": "no", "f": "yes"})
    with pytest.raises(ImpossibleEvidenceError, match="cannot all be true in this network: a, b, f"):
        Engine(drawn, "ward").compiled.strategy.sample(impossible, 3, np.random.default_rng(1))


def test_a_state_without_a_chance_is_never_drawn() -> None:
    chances = np.tile([0.0, 0.5, 0.0, 1.5, 0.0], (2000, 1))
    drawn = draw_each(chances, np.random.default_rng(1))
    assert set(drawn.tolist()) == {1, 3}
    assert abs(float((drawn == 3).mean()) - 0.75) <= furthest(np.array([0.75]), 2000, 1)[0]


def test_only_some_answers_are_drawn_and_what_gates_them() -> None:
    """Where only some are wanted, these are as good as ever: `seen` is asked of those who limp, half of all."""
    engine = Engine(
        network(
            condition("a", 0.6),
            condition("b", 0.7),
            finding("limp", noisy_or(0.1, a=0.5)),
            finding("seen", noisy_or(0.2, a=0.9), only_if={"limp": ("yes",)}),
            finding("other", noisy_or(0.2, b=0.9)),
        )
    )
    names = list(engine.network.questions)
    whole, some = (
        engine.compiled.strategy.sample(NOTHING_KNOWN, ROWS, np.random.default_rng(1), wanted).codes[
            :, names.index("seen")
        ]
        for wanted in (None, ["seen"])
    )
    for code in (-1, 0, 1):
        off = abs(float((whole == code).mean() - (some == code).mean()))
        assert off < 2.0 * furthest(np.array([0.5]), ROWS, 6)[0]
