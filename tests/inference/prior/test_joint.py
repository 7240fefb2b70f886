"""P(s, known risk factors), against sums over all risk factors one by one."""

from __future__ import annotations

import itertools
import math
from random import Random

import numpy as np
import pytest

from bayesknee.arrays import Vector
from bayesknee.errors import InferenceError
from bayesknee.inference.cause_sets import all_sets
from bayesknee.inference.prior.cutset import PriorTable
from bayesknee.inference.prior.factors import Factor, sum_out
from bayesknee.inference.prior.joint import Prior, absorbed
from bayesknee.inference.prior.parents import MOST_COMMON_STATES, list_parents
from bayesknee.knowledge.library import load_network
from bayesknee.knowledge.model import NO_YES
from bayesknee.knowledge.network import Network
from bayesknee.patient.evidence import Likelihood
from tests.support.effort import seeds
from tests.support.paths import KNEE_11
from tests.support.random_networks import Size, random_likelihood, random_network
from tests.support.small_networks import condition, network, risk_factor

SIZE = Size(conditions=(1, 6), risk_factors=(0, 5), signs=(0, 0), findings=(1, 1), states=3)


def by_summing(drawn: Network, prior: Prior, known: dict[str, Likelihood]) -> Vector:
    """The same by looking at every risk factor's every state."""
    factors, n = list(drawn.risk_factors.values()), len(drawn.conditions)
    joint = np.zeros((2,) * n)
    for row in itertools.product(*(range(len(each.states)) for each in factors)):
        weight = math.prod(each.prior_in(drawn.default_setting)[i] for each, i in zip(factors, row, strict=True))
        weight *= math.prod(known[each.id][i] for each, i in zip(factors, row, strict=True) if each.id in known)
        states = {each.id: each.states[i] for each, i in zip(factors, row, strict=True)}
        for present in itertools.product((0, 1), repeat=n):
            states |= {name: NO_YES[each] for name, each in zip(drawn.conditions, present, strict=True)}
            joint[present] += weight * math.prod(chance(drawn, prior, name, states) for name in drawn.conditions)
    return joint.ravel()[all_sets(tuple(drawn.conditions)).find(prior.sets.order, prior.sets.membership)]


def chance(drawn: Network, prior: Prior, name: str, states: dict[str, str]) -> float:
    """P(the state of this condition | the states of its parents)."""
    log_odds = prior.intercepts[list(drawn.conditions).index(name)]
    for parent, ratios in drawn.conditions[name].odds_ratios.items():
        log_odds += math.log(ratios[states[parent]].value) if states[parent] in ratios else 0.0
    yes = 1.0 / (1.0 + math.exp(-log_odds))
    return yes if states[name] == "yes" else 1.0 - yes


def random_known(rng: Random, drawn: Network) -> dict[str, Likelihood]:
    """What is known of half of the risk factors."""
    names = [name for name in drawn.risk_factors if rng.random() < 0.5]
    by_state = {name: random_likelihood(rng, drawn.states[name]) for name in names}
    return {name: tuple(each[state] for state in drawn.states[name]) for name, each in by_state.items()}


# Where the cutset is the common block alone, nothing is merged, or all is large, other parts of the sum are at work.
@pytest.mark.parametrize(
    "limits",
    [{}, {"MOST_CUTSET_STATES": 1, "MOST_MERGED_NUMBERS": 1}, {"MOST_SMALL_NUMBERS": 1}],
)
def test_joint(limits: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, limit in limits.items():
        monkeypatch.setattr(f"bayesknee.inference.prior.cutset.{name}", limit)
    for seed in seeds(40):
        rng = Random(seed)
        drawn = random_network(rng, SIZE)
        prior = Prior(drawn, drawn.default_setting)
        for _ in range(3):  # the later ones find what the first ones left
            known = random_known(rng, drawn)
            expected = by_summing(drawn, prior, known) / prior.complaint
            assert prior.joint(known).tolist() == pytest.approx(expected.tolist(), rel=1e-11), f"seed {seed}"


def test_joint_by_groups_and_by_one_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped network is large enough for several groups; what is met before gives the very same numbers."""
    drawn, rng = load_network(KNEE_11), Random(0)
    prior = Prior(drawn, drawn.default_setting)
    monkeypatch.setattr("bayesknee.inference.prior.cutset.MOST_SMALL_NUMBERS", 1)
    other = Prior(drawn, drawn.default_setting)
    for _ in range(20):
        known = random_known(rng, drawn)
        first = prior.joint(known).tolist()
        assert first == pytest.approx(other.joint(known).tolist(), rel=1e-12)
        assert prior.joint(known).tolist() == first


def test_joint_is_the_same_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bayesknee.inference.prior.cutset.MOST_SMALL_NUMBERS", 1)
    for seed in seeds(20):
        drawn = random_network(Random(seed), SIZE)
        prior = Prior(drawn, drawn.default_setting)
        whole = prior.joint({}).tolist()
        with monkeypatch.context() as patch:
            patch.setattr("bayesknee.inference.prior.joint.MOST_NUMBERS_AT_ONCE", 2 ** len(drawn.conditions) * 2)
            assert prior.joint({}).tolist() == pytest.approx(whole, rel=1e-12), f"seed {seed}"


def test_table_has_the_parents_one_by_one() -> None:
    for seed in seeds(20):
        drawn = random_network(Random(seed), SIZE)
        prior = Prior(drawn, drawn.default_setting)
        for name, each in drawn.conditions.items():
            parents, table = prior.table(name)
            assert parents == tuple(each.odds_ratios)
            for row in np.ndindex(*table.shape):
                states = {parent: drawn.states[parent][i] for parent, i in zip((name, *parents), row, strict=True)}
                assert table[row] == pytest.approx(chance(drawn, prior, name, states), rel=1e-12), f"seed {seed}"


def test_risk_factors_are_merged_into_blocks() -> None:
    two = {"no": 0.5, "yes": 0.5}
    rates = dict.fromkeys("abcdefg", 0.3)
    touched = {"a": "rst", "b": "rst", "c": "r", "d": "r", "e": "ru"}
    drawn = network(
        *(risk_factor(name, two) for name in "rstuv"),
        *(
            condition(name, rate, {each: {"yes": 2.0} for each in touched.get(name, "")})
            for name, rate in rates.items()
        ),
    )
    parents = list_parents(drawn, "ward")
    # s and t both touch a and b; u is private; v touches none; r touches most, and so goes last.
    assert [(block.ids, block.children) for block in parents.blocks] == [
        (("s", "t"), (0, 1)),
        (("u",), (4,)),
        (("v",), ()),
        (("r",), (0, 1, 2, 3, 4)),
    ]
    assert parents.private_blocks == (None, None, None, None, 8, None, None)


def test_few_enough_risk_factors_are_merged() -> None:
    eight = {f"v{i}": 1 / 8 for i in range(8)}
    names = "rst"
    ratios = {name: {"v1": 2.0} for name in names}
    parts = [condition("a", 0.5, ratios), condition("b", 0.5, {"r": {"v1": 2.0}}), condition("c", 0.5, ratios)]
    drawn = network(*(risk_factor(name, eight) for name in names), *parts)
    *_, common = list_parents(drawn, "ward").blocks
    assert common.ids == ("r",)
    assert len(common.prior) * 64 > MOST_COMMON_STATES


def test_factors_are_absorbed_by_those_that_have_all_their_variables() -> None:
    rng = np.random.default_rng(1)
    scopes = [(0, 9), (0, 1, 9), (2, 9), (1, 2, 3, 9)]
    small, wide, private, other = (Factor(scope, rng.random([2] * len(scope))) for scope in scopes)
    summed = Factor((2, 9), private.table)
    pairs = [
        PriorTable(None, small, small),
        PriorTable(None, wide, wide),
        PriorTable(7, private, summed),
        PriorTable(None, other, other),
    ]
    left = absorbed(pairs)
    # small goes into wide; what has a private block of its own is left alone, though other has all its variables.
    assert sorted(each.full.variables for each in left) == [(0, 1, 9), (1, 2, 3, 9), (2, 9)]
    for full in (True, False):
        before, after = ([each.full if full else each.summed for each in some] for some in (pairs, left))
        assert sum_out(after, []).table.ravel().tolist() == pytest.approx(sum_out(before, []).table.ravel().tolist())


def test_a_condition_with_too_many_parents_is_refused() -> None:
    names = [f"r{i}" for i in range(27)]
    parts = [risk_factor(name, {"no": 0.5, "yes": 0.5}) for name in names]
    drawn = network(*parts, condition("a", 0.5, {name: {"yes": 2.0} for name in names}), condition("b", 0.7))
    with pytest.raises(InferenceError, match="need a table of 134,217,728 numbers; at most 67,108,864 are allowed"):
        Prior(drawn, "ward")
