"""A table of a finding or sign as the rule of the format that says the same, with as few numbers as will do."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import product
from typing import Final

import numpy as np
from immutabledict import immutabledict

from bayesknee.arrays import Vector
from bayesknee.inference.cause_sets import all_sets
from bayesknee.inference.cpds import mixture_table, noisy_or_table
from bayesknee.inference.rule_tables import rule_table, stated_numbers
from bayesknee.inference.strategy import MOST_CONDITIONS
from bayesknee.interop.placeholders import SOURCE, number, number_or_certain
from bayesknee.knowledge.model import (
    NO_YES,
    ConditionalTable,
    Distribution,
    FindingModel,
    Greatest,
    Mixture,
    NoisyOr,
    Weight,
    row_key,
)
from bayesknee.knowledge.rule_checks import MOST_PARENTS, ROUNDING

# A rule stands in for a table where numbers differ by rounding alone: a chance of 1e-5 that was told as the difference
# of two cumulative ones has lost five of sixteen digits.
SAME: Final = 1e-10
APART: Final = 1e-6  # two distributions from which a weight can be worked out: it loses six of sixteen digits


def fitted_rule(
    values: Vector, states: tuple[str, ...], parents: tuple[str, ...], conditions: Collection[str]
) -> tuple[FindingModel, tuple[str, ...]] | None:
    """The rule of a finding and its states, put in rising order where the rule is a `Greatest`; None if there is none.

    Args:
        values: P(state | parents), shape (states, 2, ..., 2), absent before present.
        states: of the finding.
        parents: ids of conditions and signs, an axis each.
        conditions: ids of all conditions of the network.
    """
    if states == NO_YES and (rule := _noisy_or(values, parents)):
        return rule, states
    may_have_table = len(conditions) <= MOST_CONDITIONS
    for order in (states, states[::-1]) if len(parents) > 1 or not may_have_table else ():
        if greatest := _greatest(values if order == states else values[::-1], order, parents):
            return greatest, order
    if may_have_table and (table := fitted_table(values, states, parents)):
        return table, states
    if set(parents) == set(conditions) and (mixture := _mixture(values, states, parents)):
        return mixture, states
    return None


def fitted_sign(values: Vector, parents: tuple[str, ...]) -> NoisyOr | ConditionalTable | None:
    """The rule of a sign; None if there is none. Arguments as of `fitted_rule`."""
    return _noisy_or(values, parents) or fitted_table(values, NO_YES, parents)


def is_same(one: Vector, other: Vector) -> bool:
    """Whether two arrays of probabilities differ by rounding alone, small ones in proportion."""
    return bool(np.allclose(one, other, rtol=SAME, atol=1e-14))


def is_constant(values: Vector) -> bool:
    """Whether no parent makes a difference that the format would keep."""
    flat = values.reshape(len(values), -1)
    return bool(np.all(np.abs(flat - flat[:, :1]) <= ROUNDING))


def fitted_table(values: Vector, states: tuple[str, ...], parents: tuple[str, ...]) -> ConditionalTable | None:
    """The table as it stands, where it has few enough parents."""
    return plain_table(values, states, parents) if 1 <= len(parents) <= MOST_PARENTS else None


def plain_table(values: Vector, states: tuple[str, ...], parents: tuple[str, ...]) -> ConditionalTable:
    """The table as it stands. Arguments as of `fitted_rule`."""
    rows = {
        row_key(map(bool, present)): _distribution(_column(values, present), states)
        for present in product((0, 1), repeat=len(parents))
    }
    return ConditionalTable(parents, immutabledict(rows))


def _distribution(values: Vector, states: Sequence[str]) -> Distribution:
    numbers = {state: number_or_certain(value) for state, value in zip(states, values.tolist(), strict=True)}
    return Distribution(immutabledict(numbers))


def _column(values: Vector, present: Sequence[int]) -> Vector:
    """P(state | which parents are present), 0 or 1 for each; the last one changes fastest."""
    return np.asarray(
        values.reshape(len(values), -1)[:, sum(each << place for place, each in enumerate(present[::-1]))]
    )


def _alone(values: Vector, parents: Sequence[str]) -> Iterator[tuple[str, Vector]]:
    """P(state | only this parent), for each."""
    for place, name in enumerate(parents):
        yield name, _column(values, [int(other == place) for other in range(len(parents))])


def _none(values: Vector) -> Vector:
    """P(state | no parent)."""
    return _column(values, [0] * (values.ndim - 1))


def _noisy_or(values: Vector, parents: tuple[str, ...]) -> NoisyOr | None:
    leak = float(_none(values)[1])
    causes = {name: float(alone[1]) for name, alone in _alone(values, parents)}
    if not 0.0 < leak < 1.0 or not all(leak <= value < 1.0 for value in causes.values()):
        return None
    rule = NoisyOr(number(leak), immutabledict({name: number(value) for name, value in causes.items()}))
    table = noisy_or_table(rule, all_sets(parents))
    return rule if is_same(_by_subset(values), table) else None


def _by_subset(values: Vector) -> Vector:
    """Shape (states, subsets of the parents), as `all_sets` numbers them."""
    return values.reshape(len(values), -1)


def _greatest(values: Vector, states: tuple[str, ...], parents: tuple[str, ...]) -> Greatest | None:
    none = _none(values)
    causes = dict(_alone(values, parents))
    below = [np.cumsum(alone)[:-1] - np.cumsum(none)[:-1] for alone in causes.values()]
    if none[0] <= 0.0 or np.max(below, initial=0.0) > 0.0:
        return None
    leak = None if none[0] == 1.0 else _distribution(none, states)
    rule = Greatest(immutabledict({name: _distribution(each, states) for name, each in causes.items()}), leak)
    table = rule_table(rule, states, all_sets(parents), (), stated_numbers(rule))[0]
    return rule if is_same(_by_subset(values), table) else None


def _mixture(values: Vector, states: tuple[str, ...], parents: tuple[str, ...]) -> Mixture | None:
    alone = dict(_alone(values, parents))
    weights = _weights(values, parents, alone)
    if weights is None or not all(0.0 < value < 1.0 for each in (*alone.values(), _none(values)) for value in each):
        return None
    rule = Mixture(
        immutabledict({name: _distribution(each, states) for name, each in alone.items()}),
        _distribution(_none(values), states),
        immutabledict({name: Weight(w, w, w, "D", SOURCE) for name, w in weights.items() if w != 1.0}),
    )
    return rule if is_same(_by_subset(values), mixture_table(rule, states, all_sets(parents))) else None


def _weights(values: Vector, parents: Sequence[str], alone: Mapping[str, Vector]) -> dict[str, float] | None:
    """The weights, that of the first condition being 1, from what each two conditions together do.

    P = (a D + b E) / (a + b) gives b / a = (P - D) / (E - P). Two that do the same alone are compared by a third.
    """
    found = {parents[0]: 1.0}
    waiting = [0]
    while waiting:
        first = waiting.pop()
        for second, name in enumerate(parents):
            one, other = alone[parents[first]], alone[name]
            state = int(np.argmax(np.abs(other - one)))
            if name in found or abs(other[state] - one[state]) < APART:
                continue
            both = values[(state, *(int(place in (first, second)) for place in range(len(parents))))]
            if (both - one[state]) * (other[state] - both) <= 0.0:
                return None
            ratio = float((both - one[state]) / (other[state] - both))
            found[name] = _rounded(found[parents[first]] * ratio)
            waiting.append(second)
    return found if len(found) == len(parents) else None


def _rounded(weight: float) -> float:
    """Without the digits that were lost: 0.8 and not 0.7999999999999998."""
    return float(f"{weight:.13g}")
