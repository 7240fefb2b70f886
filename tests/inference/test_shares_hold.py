"""What must hold of the shares of every patient, whichever strategy finds them."""

from __future__ import annotations

import math
from random import Random
from typing import Final

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bayesknee import Engine
from bayesknee.knowledge.network import Network
from tests.support.effort import each_seed
from tests.support.exactly import exactly
from tests.support.random_networks import SMALL, Patient, patients, seeded_patient
from tests.support.shares import log_odds, shares
from tests.support.small_networks import condition, finding, network, noisy_or, reading, risk_factor, sign

pytestmark = pytest.mark.usefixtures("strategy")

A: Final = condition("a", 0.6)
B: Final = condition("b", 0.7)


@given(patients())
def test_shares_add_up_to_the_change_in_log_odds(patient: Patient) -> None:
    check_sum(patient)


@pytest.mark.parametrize("seed", each_seed(15))
def test_shares_add_up_in_larger_networks(seed: int) -> None:
    check_sum(seeded_patient(seed, SMALL))


def check_sum(patient: Patient) -> None:
    engine = Engine(patient.network, patient.setting)
    diagnosis, brute = engine.diagnose(patient.answers), engine.diagnose()
    result = engine.compiled.strategy.shares(diagnosis.evidence, engine.compiled.events)
    possible = np.isfinite(result.after)
    change = result.after[possible] - result.before[possible]
    assert result.moves.sum(axis=0)[possible] == pytest.approx(change, abs=1e-9)
    probabilities = {**diagnosis.posterior, **diagnosis.groups}
    for number, name in enumerate([*patient.network.conditions, *patient.network.groups]):
        odds = result.after[0, number] - result.after[1, number]
        assert 1.0 / (1.0 + math.exp(min(-odds, 700.0))) == pytest.approx(probabilities[name], rel=0, abs=1e-11)
        before = {**brute.posterior, **brute.groups}[name]
        assert math.exp(result.before[0, number]) == pytest.approx(before, rel=0, abs=1e-11)


@given(patients(), st.randoms(use_true_random=False))
def test_the_order_of_answers_does_not_matter(patient: Patient, rng: Random) -> None:
    engine = Engine(patient.network, patient.setting)
    shuffled = list(patient.answers.items())
    rng.shuffle(shuffled)
    one, other = shares(engine, dict(patient.answers)), shares(engine, dict(shuffled))
    assert one.answers == other.answers
    assert np.array_equal(one.moves, other.moves)


@given(patients(), st.randoms(use_true_random=False))
def test_an_answer_that_tells_nothing_brings_nothing(patient: Patient, rng: Random) -> None:
    net = patient.network
    left = [
        name for name in [*net.questions, *net.conditions] if name not in patient.answers and not is_gate(net, name)
    ]
    assume(left)
    name = rng.choice(left)
    engine = Engine(net, patient.setting)
    silent = dict.fromkeys(net.states[name], 0.7)
    result = shares(engine, {**patient.answers, name: silent})
    moves = result.moves[result.answers.index(name)]
    assert moves[0] - moves[1] == pytest.approx(np.zeros(moves.shape[1]), rel=0, abs=1e-9)


def is_gate(net: Network, name: str) -> bool:
    return any(name in each.only_if or (each.id == name and each.only_if) for each in net.findings.values())


def test_a_risk_factor_that_touches_nothing_brings_nothing() -> None:
    factors = [risk_factor(name, {"no": 0.7, "yes": 0.3}) for name in ("idle", "r", "s", "t")]
    parts = (
        condition("a", 0.6, {"r": {"yes": 3.0}, "s": {"yes": 2.0}, "t": {"yes": 5.0}}),
        B,
        finding("f", noisy_or(0.1, a=0.5)),
    )
    result = log_odds(
        shares(Engine(network(*parts, *factors)), {"idle": "yes", "r": "yes", "s": "no", "t": "yes", "f": "no"})
    )
    assert result["idle"] == exactly(0.0)
    assert abs(result["s"]) > 0.1


def test_answers_that_say_the_same_bring_the_same() -> None:
    ratios = {"r1": {"yes": 3.0}, "r2": {"yes": 3.0}}
    conditions = condition("a", 0.6, ratios), condition("b", 0.7, ratios)
    factors = [risk_factor(name, {"no": 0.7, "yes": 0.3}) for name in ("r1", "r2")]
    direct = [finding(name, noisy_or(0.1, a=0.5, b=0.3)) for name in ("f1", "f2")]
    seen = [finding(name, reading("g", 0.8, 0.9)) for name in ("o1", "o2")]
    engine = Engine(network(*conditions, *factors, sign("g", noisy_or(0.1, b=0.8)), *direct, *seen))
    result = log_odds(shares(engine, dict.fromkeys(engine.network.questions, "yes")))
    for name in ("f", "o", "r"):
        assert result[f"{name}1"] == exactly(result[f"{name}2"])
        assert abs(result[f"{name}1"]) > 0.01


def test_nothing_known_brings_nothing() -> None:
    result = shares(Engine(network(A, B)), {})
    assert result.answers == ()
    assert result.moves.shape == (0, 2, 2)
    assert result.after == pytest.approx(result.before, abs=1e-12)


def test_more_nodes_where_24_do_not_do() -> None:
    parts = [finding(f"f{i}", noisy_or(0.001, **{("a", "b")[i % 2]: 0.99})) for i in range(30)]
    engine = Engine(network(condition("a", 0.6), condition("b", 0.7), condition("c", 0.01), *parts))
    check_sum(Patient(engine.network, "ward", {part.id: ("yes", "no")[i % 3 == 0] for i, part in enumerate(parts)}))


def test_likelihoods_beyond_the_range_of_floats() -> None:
    parts = [finding(f"f{i}", noisy_or(1e-9, a=0.99)) for i in range(40)]
    engine = Engine(network(condition("a", 0.6), condition("b", 0.7), *parts))
    result = shares(engine, {part.id: "yes" for part in parts})
    assert result.moves[:, 0, 0].sum() - result.moves[:, 1, 0].sum() == pytest.approx(40 * math.log(0.99 / 1e-9))
