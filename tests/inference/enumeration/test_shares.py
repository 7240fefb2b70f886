"""What each answer brings: worked by hand, beside a slow oracle of the path, and what must hold for every patient."""

from __future__ import annotations

import math
from random import Random
from typing import Final

import numpy as np
import pytest

from bayesknee import Engine
from bayesknee.inference.enumeration import shares as module
from bayesknee.inference.shapley import divided, gauss_legendre
from tests.support import random_networks
from tests.support.answers import known
from tests.support.effort import seeds
from tests.support.engines import oracle
from tests.support.exactly import exactly
from tests.support.random_networks import SMALL, Patient, random_answers, seeded_patient
from tests.support.shares import log_odds, shares
from tests.support.small_networks import (
    condition,
    distribution,
    finding,
    mixture,
    network,
    noisy_or,
    reading,
    risk_factor,
    sign,
)

ONE: Final = condition("c", 0.2)
A: Final = condition("a", 0.6)
B: Final = condition("b", 0.7)


# --- worked by hand --------------------------------------------------------------------------------------------------


def test_one_condition_and_independent_findings_have_the_classical_weights_of_evidence() -> None:
    # ln P(answer | c) / P(answer | not c), Good's weight of evidence, whatever else is known.
    rule = mixture(distribution(v0=0.2, v1=0.3, v2=0.5), c=distribution(v0=0.6, v1=0.3, v2=0.1))
    parts = ONE, finding("f", noisy_or(0.1, c=0.7)), finding("g", noisy_or(0.4, c=0.9)), finding("m", rule, STATES)
    engine = Engine(network(*parts, complaint=""))
    result = log_odds(shares(engine, {"f": "yes", "g": "no", "m": "v2"}))
    assert result == {
        "f": exactly(math.log(0.7 / 0.1)),
        "g": exactly(math.log(0.1 / 0.6)),
        "m": exactly(math.log(0.1 / 0.5)),
    }
    unsure = log_odds(shares(engine, {"f": {"yes": 0.8, "no": 0.2}}))
    assert unsure == {"f": exactly(math.log((0.8 * 0.7 + 0.2 * 0.3) / (0.8 * 0.1 + 0.2 * 0.9)))}


STATES: Final = ("v0", "v1", "v2")


def test_one_condition_and_a_risk_factor() -> None:
    # As in test_worked_examples.py: P(c | r = yes) is 0.5, P(c) 0.26. The finding does not depend on r, given c.
    parts = risk_factor("r", {"no": 0.8, "yes": 0.2}), condition("c", 0.26, {"r": {"yes": 4.0}})
    engine = Engine(network(*parts, finding("f", noisy_or(0.1, c=0.7)), complaint=""))
    result = log_odds(shares(engine, {"r": "yes", "f": "yes"}))
    assert result == {"r": exactly(math.log(1.0 / (0.26 / 0.74))), "f": exactly(math.log(7.0))}


def test_absent_findings_of_two_conditions() -> None:
    # P(f = no | s) = 0.9 * 0.5 where a is present, 0.9 elsewhere; P(h = no | s) = 0.8 * 0.25 where b is, 0.8 elsewhere.
    # On the way p_t(s) is 0.3 * 2^-t (a alone), 0.4 * 4^-t (b alone), 0.3 * 8^-t (both).
    parts = A, B, finding("f", noisy_or(0.1, a=0.55)), finding("h", noisy_or(0.2, b=0.8))
    result = shares(Engine(network(*parts)), {"f": "no", "h": "no"})
    assert np.exp(result.before[:, 0]) == exactly_each([0.6, 0.4])
    t, weights = gauss_legendre(40)
    only_a, both = 0.3 * 2.0**-t, 0.3 * 8.0**-t
    of_b = float(weights @ (both / (only_a + both)))  # P_t(b | a), over the way; without a, b is certain
    assert result.moves[:, 0, 0] == exactly_each([math.log(0.45), math.log(0.8) + math.log(0.25) * of_b])
    assert result.moves[:, 1, 0] == exactly_each([math.log(0.9), math.log(0.2)])


def exactly_each(values: list[float]) -> object:
    return pytest.approx(np.array(values), rel=0, abs=1e-12)


def test_readings_of_one_sign_share_by_what_each_says_of_it() -> None:
    # The sign's part is ln of the ratio of likelihoods, the same time-average of P(sign) for all its readings.
    findings = [finding(name, reading("g", *two)) for name, two in READINGS.items()]
    result = shares(Engine(network(A, B, sign("g", noisy_or(0.1, a=0.9)), *findings)), {"seen": "yes", "felt": "yes"})
    brought = log_odds(result)
    assert brought["seen"] / brought["felt"] == exactly(math.log(0.7 / 0.05) / math.log(0.8 / 0.1))


READINGS: Final = {"felt": (0.8, 0.9), "seen": (0.7, 0.95)}


def test_what_is_certain_of_a_condition_comes_first() -> None:
    # a is told absent: P(b) goes from 0.7 to 1. The finding then moves nothing.
    engine = Engine(network(A, B, finding("f", noisy_or(0.1, a=0.9))))
    result = shares(engine, {"a": "no", "f": "yes"})
    assert result.moves[:, 0, 1] == exactly_each([math.log(0.4 / 0.7), math.log(0.1)])
    assert result.after[1, 1] == -math.inf
    assert result.moves[:, 1, 1].tolist() == [-math.inf, 0.0]


# --- how a whole is divided ------------------------------------------------------------------------------------------


def test_one_gets_all() -> None:
    assert divided(np.array([2.0]), np.array([2.0]), np.array(2.0)).tolist() == [2.0]


def test_two_get_their_shapley_values() -> None:
    assert divided(np.array([1.0, 0.0]), np.array([2.0, 1.0]), np.array(2.0)).tolist() == [1.5, 0.5]


def test_three_with_pairs_get_their_shapley_values_and_the_rest_in_proportion() -> None:
    # Worth 1, 2, 0 alone and 1 more for the first two together; the third adds nothing to anyone.
    first, last = np.array([1.0, 2.0, 0.0]), np.array([2.0, 3.0, 0.0])
    assert divided(first, last, np.array(4.0)).tolist() == [1.5, 2.5, 0.0]
    assert divided(first, last, np.array(4.8)).tolist() == pytest.approx([1.8, 3.0, 0.0])


def test_what_is_impossible_falls_to_those_that_make_it_so() -> None:
    infinite = -math.inf
    got = divided(np.array([infinite, 1.0]), np.array([infinite, math.nan]), np.array(infinite))
    assert got.tolist() == [infinite, 0.0]
    together = divided(np.array([-1.0, 1.0]), np.array([infinite, infinite]), np.array(infinite))
    assert together.tolist() == [infinite, infinite]
    redundant = divided(np.array([-1.0, 1.0]), np.array([math.nan, math.nan]), np.array(infinite))
    assert redundant.tolist() == [infinite, infinite]


# --- beside a slow oracle --------------------------------------------------------------------------------------------


def slow_shares(patient: Patient, answers: dict[str, object]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """The path by its definition, over the full joint of conditions and signs: shape (answers, 2, conditions)."""
    net = patient.network
    full = oracle(net, patient.setting)
    axes = dict(zip(full.ids, range(len(full.ids)), strict=True))
    joint = full.weights({}).reshape(full.shape)
    kept = [*net.conditions, *net.signs]
    rest = tuple(axis for name, axis in axes.items() if name not in kept)
    prior = joint.sum(axis=rest).transpose(np.argsort(np.argsort([axes[name] for name in kept])))
    likelihoods = {}
    for name, answer in sorted(known(net, answers).items()):  # type: ignore[arg-type]
        table = joint.sum(axis=tuple(axis for axis in rest if axis != axes[name]))
        states = np.array([answer[state] for state in net.findings[name].states])
        order = sorted([*kept, name], key=axes.__getitem__)
        weighted = np.moveaxis(table, order.index(name), -1) @ states
        others = [each for each in order if each != name]
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = weighted.transpose([others.index(each) for each in kept]) / prior
            likelihoods[name] = np.where(prior > 0.0, np.log(ratio), 0.0)
    got = np.zeros((len(likelihoods), 2, len(net.conditions)))
    for t, weight in zip(*gauss_legendre(60), strict=True):
        tempered = prior * np.exp(t * sum(likelihoods.values()))
        for number, c in enumerate(net.conditions):
            for side, index in enumerate((1, 0)):
                place = tuple(index if each == c else slice(None) for each in kept)
                own = tempered[place]
                for row, log in enumerate(likelihoods.values()):
                    got[row, side, number] += weight * (own * log[place]).sum() / own.sum() if own.sum() else 0.0
    return got


@pytest.mark.parametrize("seed", seeds(12))
def test_the_path_is_as_defined(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of sets of conditions; with forms, the path runs over sets of these."""
    monkeypatch.setattr(random_networks, "FORMS", False)
    patient = seeded_patient(seed)
    answers = random_answers(Random(seed), patient.network, share=1.0, conditions=False)
    net = patient.network
    findings = {name: answer for name, answer in answers.items() if name in net.findings and answer != "unknown"}
    findings = {name: each for name, each in findings.items() if not net.findings[name].only_if}
    findings = {name: each for name, each in findings.items() if name not in net.clustered}  # divided in another way
    engine = Engine(net, patient.setting)
    got = shares(engine, dict(findings))
    slow = slow_shares(patient, dict(findings))
    scale = np.array([engine.diagnose({name: answer}).evidence.log_scale for name, answer in sorted(findings.items())])
    possible = np.isfinite(got.before[:, : slow.shape[2]])
    fast = np.where(possible, got.moves[:, :, : slow.shape[2]] + scale[:, None, None], 0.0)
    assert fast == pytest.approx(np.where(possible, slow, 0.0), rel=0, abs=1e-8)


# --- many subsets ----------------------------------------------------------------------------------------------------


def test_many_subsets_are_taken_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    patient = seeded_patient(3, SMALL)
    engine = Engine(patient.network, patient.setting)
    whole = shares(engine, dict(patient.answers))
    monkeypatch.setattr(module, "MOST_AT_ONCE", 1)
    monkeypatch.setattr(module, "LEAST_AT_ONCE", 4)
    monkeypatch.setattr(module, "MOST_KEPT", 0)
    assert shares(engine, dict(patient.answers)).moves == pytest.approx(whole.moves, rel=0, abs=1e-11)
