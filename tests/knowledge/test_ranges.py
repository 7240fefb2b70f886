"""Networks drawn from the ranges of their numbers."""

from __future__ import annotations

import subprocess
import sys
from random import Random

import numpy as np
import pytest

from bayesknee import Engine, load_network
from bayesknee.knowledge.model import (
    ANY_SETTING,
    Distribution,
    Finding,
    NoisyOr,
    OddsRatio,
    Probability,
    Reading,
    RiskFactor,
)
from bayesknee.knowledge.network import check_setting
from bayesknee.knowledge.ranges import Ranges, StatedRanges, draw_base_rates, redrawn, stream
from tests.support.effort import seeds
from tests.support.paths import KNEE_11
from tests.support.random_networks import SMALL, TINY, random_network
from tests.support.small_networks import condition, finding, network, noisy_or, risk_factor

DRAWS = 100_000
QUANTILES = (0.025, 0.5, 0.975)
# Five standard errors of a quantile of that many draws: a seeded test that fails once in a million choices of a seed.
FIVE_ERRORS = 5 * np.sqrt(np.array(QUANTILES) * (1 - np.array(QUANTILES)) / DRAWS)


def number(low: float, value: float, high: float) -> Probability:
    return Probability(value, low, high, "D", "judged", "a test")


def ratio(low: float, value: float, high: float) -> OddsRatio:
    return OddsRatio(value, low, high, "D", "judged", "a test")


def drawn(entry: object) -> dict[tuple[str, ...], np.ndarray]:
    ranges = Ranges(entry)
    return dict(zip(ranges.paths, ranges.draw(stream(0, "x"), DRAWS), strict=True))


def assert_quantiles(values: np.ndarray, low: float, value: float, high: float) -> None:
    """2.5 % lie below low, half below the value, 2.5 % above high."""
    below = [(values < each).mean() for each in (low, value, high)]
    assert below == pytest.approx(QUANTILES, rel=0, abs=FIVE_ERRORS.max())
    assert abs(below[0] - 0.025) < FIVE_ERRORS[0]
    assert abs(below[2] - 0.975) < FIVE_ERRORS[2]


@pytest.mark.parametrize("figures", [(0.2, 0.4, 0.6), (0.001, 0.01, 0.3), (0.5, 0.98, 0.99), (0.3, 0.31, 0.9)])
def test_a_probability_has_its_range_and_its_value_in_the_middle(figures: tuple[float, float, float]) -> None:
    factor = RiskFactor("r", "r", "r?", "talk", {ANY_SETTING: Distribution({"yes": number(*figures)})})
    (values,) = drawn(factor).values()
    assert_quantiles(values, *figures)
    assert values.min() > 0.0
    assert values.max() < 1.0


@pytest.mark.parametrize("figures", [(1.0, 2.0, 4.0), (1.0, 1.2, 9.0), (0.1, 0.9, 0.95)])
def test_so_has_an_odds_ratio(figures: tuple[float, float, float]) -> None:
    entry = {"r": {"yes": ratio(*figures)}}
    assert_quantiles(drawn(entry)["r", "yes"], *figures)


def test_odds_ratios_stay_in_bounds() -> None:
    values = drawn({"r": ratio(0.0002, 100.0, 9000.0)})["r",]
    assert 1e-4 < values.min() < 0.0002
    assert 9000.0 < values.max() < 1e4


def test_a_distribution_sums_to_1_and_each_state_is_as_unsure_as_its_range() -> None:
    figures = {"a": (0.4, 0.5, 0.6), "b": (0.2, 0.3, 0.42), "c": (0.13, 0.2, 0.295)}
    entry = Distribution({state: number(*each) for state, each in figures.items()})
    values = drawn(entry)
    assert sum(values.values()) == pytest.approx(np.ones(DRAWS), rel=0, abs=1e-12)
    for state, (low, value, high) in figures.items():
        below = [(values[state,] < each).mean() for each in (low, value, high)]
        assert below == pytest.approx(QUANTILES, rel=0, abs=0.03)


def test_two_states_that_are_both_stated_are_one_number() -> None:
    entry = Distribution({"no": number(0.3, 0.4, 0.5), "yes": number(0.5, 0.6, 0.7)})
    below = [(drawn(entry)["yes",] < each).mean() for each in (0.5, 0.6, 0.7)]
    assert below == pytest.approx(QUANTILES, rel=0, abs=0.01)


def test_links_stay_above_the_leak_and_readings_informative() -> None:
    rule = NoisyOr(number(0.05, 0.2, 0.5), {"a": number(0.05, 0.22, 0.5), "b": number(0.1, 0.9, 0.95)})
    values = drawn(Finding("f", "history", "f", "f?", "talk", rule))
    leak = values["noisy_or", "leak"]
    assert (values["noisy_or", "causes", "a"] > leak).all()
    assert 0.3 < (values["noisy_or", "causes", "a"] < leak + 1e-6).mean() < 0.6
    reading = Reading("g", number(0.1, 0.5, 0.9), number(0.1, 0.6, 0.9))
    values = drawn(Finding("f", "exam", "f", "f?", "talk", reading))
    total = values["reads", "sensitivity"] + values["reads", "specificity"]
    assert (total > 1.0).all()
    assert 0.2 < (total < 1.0 + 1e-6).mean() < 0.5


def test_base_rates_sum_to_more_than_1_and_are_otherwise_as_stated() -> None:
    drawn_network = network(
        condition("a", {"any_setting": 0.5}),
        condition("b", {"ward": 0.55, "office": 0.9}),
        settings=("ward", "office"),
    )
    values = draw_base_rates(drawn_network, 0, DRAWS)
    a, ward, office = (
        values["conditions", name, "base_rate", setting]
        for name, setting in [("a", "any_setting"), ("b", "ward"), ("b", "office")]
    )
    assert (a + ward > 1.0).all()
    assert (a + office > 1.0).all()
    stated = drawn_network.conditions["b"].base_rate["office"]
    assert np.median(office) == pytest.approx(stated.value, abs=0.01)
    assert np.median(a) > 0.5  # those that are kept are the higher ones
    alone = network(condition("a", 0.5), condition("b", 0.2), complaint="")
    a = draw_base_rates(alone, 0, DRAWS)["conditions", "a", "base_rate", "any_setting"]
    stated = alone.conditions["a"].base_rate[ANY_SETTING]
    assert_quantiles(a, stated.low, stated.value, stated.high)


def test_a_redrawn_network_keeps_all_rules_and_all_else() -> None:
    for seed in seeds(60):
        before = random_network(Random(seed), TINY if seed % 2 else SMALL)
        after = redrawn(before, np.random.default_rng(seed))
        assert [path for path, _ in after.numbers()] == [path for path, _ in before.numbers()]
        changed = dict(after.numbers())
        for path, old in before.numbers():
            new = changed[path]
            assert type(new) is type(old)
            assert (new.grade, new.source, new.note) == (old.grade, old.source, old.note)
            assert (new == old) == (path[-1] == "limit" or old.certain)
            assert new == old or new.low == new.value == new.high
        assert (after.id, after.version, after.groups, after.sha256) == (before.id, before.version, before.groups, "")
        assert list(after.questions) == list(before.questions)
        for setting in after.settings:
            Engine(after, setting)


def test_a_network_without_doubt_is_drawn_as_it_is() -> None:
    once = redrawn(load_network(KNEE_11), np.random.default_rng(3))
    again = redrawn(once, np.random.default_rng(4))
    for (path, one), (_, other) in zip(once.numbers(), again.numbers(), strict=True):
        assert one.value == pytest.approx(other.value, rel=1e-12), path


def test_the_shipped_network_can_be_drawn_again_and_again() -> None:
    knee = load_network(KNEE_11)
    rng = np.random.default_rng(0)
    first, second = redrawn(knee, rng), redrawn(knee, rng)
    assert first != second
    for each in (first, second):
        assert all(Engine(each, check_setting(each, setting)) for setting in each.settings)


def test_an_entry_is_drawn_alike_whatever_else_there_is() -> None:
    parts = (risk_factor("r", {"no": 0.4, "yes": 0.6}), condition("a", 0.6, {"r": {"yes": 2.0}}), condition("b", 0.7))
    small = network(*parts, finding("f", noisy_or(0.1, a=0.5)))
    large = network(*parts, finding("e", noisy_or(0.2, b=0.5)), finding("f", noisy_or(0.1, a=0.5)))
    one, other = (redrawn(each, np.random.default_rng(5)) for each in (small, large))
    assert one.findings["f"] == other.findings["f"]
    assert one.conditions == other.conditions
    assert redrawn(small, np.random.default_rng(6)).findings["f"] != one.findings["f"]


PRINT = """
import numpy as np
from bayesknee import load_network
from bayesknee.knowledge.ranges import redrawn
print([number.value for _, number in redrawn(load_network("tests/networks/tiny"), np.random.default_rng(1)).numbers()])
"""


def test_the_same_seed_gives_the_same_network_in_any_process() -> None:
    told = {
        subprocess.run(
            [sys.executable, "-c", PRINT], env={"PYTHONHASHSEED": seed}, check=True, capture_output=True, text=True
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(told) == 1


def test_what_is_said_of_numbers_without_a_range() -> None:
    assert (StatedRanges(1200, 0).caution, StatedRanges(1200, 0).any) == ("", True)
    assert StatedRanges(1200, 1).caution == (
        "1 of the 1,200 numbers of this network has no range and stays as it is, so intervals may be too narrow."
    )
    assert (
        "1,199 of the 1,200 numbers of this network have no range and stay as they are"
        in StatedRanges(1200, 1199).caution
    )
    assert StatedRanges(1200, 1200).caution.startswith("None of the 1,200 numbers of this network has a range")
    assert not StatedRanges(1200, 1200).any
