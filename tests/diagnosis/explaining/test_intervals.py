"""Intervals: posteriors of redrawn networks, all at once against one by one, and what they cover."""

from __future__ import annotations

import os
import subprocess
import sys
from random import Random
from typing import Final

import numpy as np
import pytest

from bayesknee import BayeskneeError, Engine, load_network
from bayesknee.arrays import Vector
from bayesknee.diagnosis.explaining.intervals import MOST_DRAWS, Intervals
from bayesknee.inference.results import Events
from bayesknee.inference.strategy import Strategy
from bayesknee.knowledge.model import Probability
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.number_words import with_number
from bayesknee.knowledge.ranges import redrawn
from bayesknee.patient.evidence import NOTHING_KNOWN, Evidence
from tests.support.effort import portions
from tests.support.paths import KNEE_11, NETWORKS
from tests.support.random_networks import SMALL, TINY, random_network, seeded_patient
from tests.support.small_networks import condition, finding, group, network, noisy_or

pytestmark = pytest.mark.usefixtures("strategy")

KNEE: Final = load_network(KNEE_11)
IN_EACH_SETTING: Final = [
    pytest.param(seed, setting, marks=pytest.mark.slow if seed else ()) for seed, setting in enumerate(KNEE.settings)
]


def one_redrawn(seed: int, drawn: Network) -> tuple[Network, int]:
    """A redrawn network, and the seed that its draws came from."""
    return redrawn(drawn, np.random.default_rng(seed)), int(np.random.default_rng(seed).integers(2**63))


@pytest.mark.parametrize("portion", portions(120))
def test_a_draw_is_exactly_what_the_redrawn_network_says(portion: range) -> None:
    for seed in portion:
        patient = seeded_patient(seed, SMALL if seed % 3 == 0 else TINY)
        truth, chance = one_redrawn(seed, patient.network)
        expected = Engine(truth, patient.setting).diagnose(patient.answers)
        engine = Engine(patient.network, patient.setting)
        (got,) = engine.compiled.strategy.redrawn(
            engine.diagnose(patient.answers).evidence, engine.compiled.events, 1, chance
        )
        wanted = [expected.posterior[name] for name in truth.conditions] + list(expected.groups.values())
        assert got.tolist() == pytest.approx(wanted, rel=0, abs=1e-8), f"seed {seed}"


@pytest.mark.parametrize(("seed", "setting"), IN_EACH_SETTING)
def test_the_shipped_network_is_redrawn_exactly(seed: int, setting: str) -> None:
    answers = {"age": 55, "lump_noticed": "yes", "calf_swollen": {"yes": 0.7, "no": 0.3}, "onset": "gradual"}
    truth, chance = one_redrawn(seed, KNEE)
    expected = Engine(truth, setting).diagnose(answers)
    engine = Engine(KNEE, setting)
    (got,) = engine.compiled.strategy.redrawn(engine.diagnose(answers).evidence, engine.compiled.events, 1, chance)
    wanted = [expected.posterior[name] for name in truth.conditions] + list(expected.groups.values())
    assert got.tolist() == pytest.approx(wanted, rel=0, abs=1e-8)


def test_every_draw_meets_its_base_rates_and_bounds() -> None:
    drawn = random_network(Random(11), SMALL)
    engine = Engine(drawn)
    chances = engine.compiled.strategy.redrawn(NOTHING_KNOWN, engine.compiled.events, 300, 4)
    assert chances.min() > 0.0
    assert chances.max() <= 1.0
    assert len(np.unique(chances[:, 0])) == 300


def without_doubt(value: float) -> Probability:
    return Probability(value, value, value, "D", "judged", "a test")


def test_numbers_that_are_certain_give_intervals_of_no_width() -> None:
    certain = redrawn(random_network(Random(2), SMALL), np.random.default_rng(0))
    diagnosis = Engine(certain).diagnose()
    intervals = diagnosis.intervals(50)
    for name, each in intervals.conditions.items():
        assert each == pytest.approx((diagnosis.posterior[name],) * 2, rel=0, abs=1e-9)
    leader = next(iter(diagnosis.posterior))
    assert intervals.first[leader] == 1.0


def test_a_worked_example() -> None:
    # With one condition, no complaint and nothing known, the posterior is the base rate, whose range is 0.35 to 0.65.
    drawn = network(condition("a", 0.5), condition("b", 0.2), group("any", "a", "b"), complaint="")
    intervals = Engine(drawn).diagnose().intervals(20_000)
    rate = drawn.conditions["a"].base_rate["any_setting"]
    assert intervals.conditions["a"] == pytest.approx((rate.low, rate.high), rel=0, abs=0.01)
    assert list(intervals.conditions) == ["a", "b"]
    assert intervals.first["a"] > 0.99
    assert sum(intervals.first.values()) == pytest.approx(1.0)
    low, high = intervals.groups["any"]
    assert intervals.conditions["a"].low < low < 0.6 < high < 1.0


def test_what_is_given_stays_given() -> None:
    drawn = network(condition("a", 0.6), condition("b", 0.7), finding("f", noisy_or(0.1, a=0.5)))
    intervals = Engine(drawn).diagnose({"a": "yes", "f": "yes"}).intervals(40)
    assert intervals.conditions["a"] == (1.0, 1.0)
    assert 0.0 < intervals.conditions["b"].low < intervals.conditions["b"].high < 1.0


def test_the_same_seed_gives_the_same_and_another_seed_nearly_so() -> None:
    def asked(draws: int, seed: int) -> Intervals:
        return Engine(load_network("tests/networks/tiny")).diagnose({"pain_on_grip": "yes"}).intervals(draws, seed)

    assert asked(100, 3) == asked(100, 3)
    one, other = asked(4000, 1), asked(4000, 2)
    assert one != other
    for name, interval in one.conditions.items():
        assert interval == pytest.approx(other.conditions[name], rel=0, abs=0.03)


def test_numbers_without_a_range_are_told() -> None:
    net = network(condition("a", 0.6), finding("f", noisy_or(0.1, a=0.5)), complaint="")  # and a limit for "a"
    intervals = Engine(net).diagnose({"f": "yes"}).intervals(40)
    assert intervals.ranges == (3, 0)
    assert (intervals.to_dict()["numbers"], intervals.to_dict()["caution"]) == (3, "")
    for path, number in list(net.numbers()):
        net = with_number(net, path, number.value) if path[2] != "limit" else net
        intervals = Engine(net).diagnose({"f": "yes"}).intervals(40)
    assert intervals.ranges == (3, 3)
    assert intervals.conditions["a"].low == pytest.approx(intervals.conditions["a"].high, rel=1e-12)
    assert "None of the 3 numbers of this network has a range" in intervals.to_dict()["caution"]


@pytest.mark.parametrize("draws", [0, -1, 1, 39, MOST_DRAWS + 1, 10**30, True, 2.5])
def test_absurd_draws_are_refused_with_the_limit(draws: int) -> None:
    diagnosis = Engine(load_network("tests/networks/tiny")).diagnose()
    expected = r"draws; expected a whole number from 40 \(fewer tell no 95 % interval\) to 100,000; 1,000 will do"
    with pytest.raises(BayeskneeError, match=expected):
        diagnosis.intervals(draws)


@pytest.mark.parametrize("seed", [-1, 2**63, 0.5])
def test_absurd_seeds_are_refused(seed: int) -> None:
    diagnosis = Engine(load_network("tests/networks/tiny")).diagnose()
    with pytest.raises(BayeskneeError, match=r"seed .*; expected a whole number from 0 to 2\*\*63 - 1"):
        diagnosis.intervals(40, seed)


PRINT = """
from bayesknee import Engine
print(Engine("tests/networks/tiny").diagnose({"pain_on_grip": "yes", "age": 60}).intervals(50, 7).to_dict())
"""


def test_the_same_seed_gives_the_same_intervals_in_any_process() -> None:
    told = {
        subprocess.run(
            [sys.executable, "-c", PRINT],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(told) == 1
    assert "'draws': 50, 'seed': 7, 'conditions': [{'condition': 'strain', 'low':" in told.pop()


def test_many_draws_are_made_in_parts_of_which_the_first_is_as_if_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosis = Engine(load_network(NETWORKS / "tiny")).diagnose({"tennis": "yes"})
    asked: list[tuple[int, int]] = []
    redrawn = type(diagnosis.compiled.strategy).redrawn

    def counted(strategy: Strategy, evidence: Evidence, events: Events, draws: int, seed: int) -> Vector:
        asked.append((draws, seed))
        return np.asarray(redrawn(strategy, evidence, events, draws, seed))

    monkeypatch.setattr(type(diagnosis.compiled.strategy), "redrawn", counted)
    monkeypatch.setattr("bayesknee.diagnosis.explaining.intervals.DRAWN_AT_ONCE", 60)
    got = diagnosis.intervals(150, seed=7)
    assert [draws for draws, _ in asked] == [60, 60, 30]
    assert asked[0][1] == 7
    assert len({seed for _, seed in asked}) == 3
    assert diagnosis.intervals(150, seed=7) == got
    for name, interval in got.conditions.items():
        assert interval.low < diagnosis.posterior[name] < interval.high
