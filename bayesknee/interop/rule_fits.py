"""What a file says of a finding or sign, as the rule of the format that says the same with the fewest numbers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Final

import numpy as np
from immutabledict import immutabledict

from bayesknee.arrays import Vector
from bayesknee.inference.cause_sets import CauseSets, list_sets
from bayesknee.inference.cpds import mixture_table, noisy_or_table
from bayesknee.inference.rule_tables import rule_table, stated_numbers
from bayesknee.inference.strategy import MOST_CONDITIONS
from bayesknee.interop.chains import CauseNode
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
    condition_of,
    row_key,
)
from bayesknee.knowledge.rule_checks import MOST_PARENTS, ROUNDING

# A rule stands in for a table where numbers differ by rounding alone: a chance of 1e-5 that was told as the difference
# of two cumulative ones has lost five of sixteen digits.
SAME: Final = 1e-10
APART: Final = 1e-6  # two distributions from which a weight can be worked out: it loses six of sixteen digits


def fitted_rule(
    values: Vector, states: tuple[str, ...], parents: Sequence[CauseNode], conditions: Collection[str], *, tables: bool
) -> tuple[FindingModel, tuple[str, ...]] | None:
    """The rule of a finding and its states, put in rising order where the rule is a `Greatest`; None if there is none.

    Args:
        values: P(state | parents), an axis for each parent, its first state being absence.
        states: of the finding.
        parents: conditions, with their forms where the node tells them, and signs.
        conditions: ids of all conditions of the network.
        tables: whether the network may have tables.
    """
    if states == NO_YES and (rule := _noisy_or(values, parents)):
        return rule, states
    for order in (states, states[::-1]) if len(parents) > 1 or not tables or _tells_forms(parents) else ():
        if greatest := _greatest(values if order == states else values[::-1], order, parents):
            return greatest, order
    mixture = _mixture(values, states, parents, conditions)
    # Of two conditions a table has a distribution more than a mixture, and says what there is in plain words.
    if tables and (mixture is None or len(parents) < 3) and (table := fitted_table(values, states, parents)):
        return table, states
    return (mixture, states) if mixture else None


def may_have_tables(conditions: int, most_causes: int | None) -> bool:
    """Whether a network of so many conditions may have tables: whether it sums over sets of causes."""
    return conditions <= MOST_CONDITIONS or most_causes is not None


def fitted_sign(values: Vector, parents: Sequence[CauseNode]) -> NoisyOr | ConditionalTable | None:
    """The rule of a sign; None if there is none. Arguments as of `fitted_rule`."""
    return _noisy_or(values, parents) or fitted_table(values, NO_YES, parents)


def noisy_max_rule(states: tuple[str, ...], leak: Vector, causes: Mapping[str, Vector]) -> NoisyOr | Greatest | None:
    """The rule of a noisy-MAX; None if the format has none, as for a leak that is never in the lowest state.

    Args:
        states: in rising order.
        leak: P(state | no cause).
        causes: by condition, form or sign, P(state | it alone, no leak).
    """
    if leak[0] <= 0.0:
        return None
    below = np.concatenate([[0.0], np.cumsum(leak)[:-1]])
    # P(greatest = k) = P(cause = k) P(leak <= k) + P(cause < k) P(leak = k): no difference, which would lose digits.
    stated = {
        name: each * (below + leak) + np.concatenate([[0.0], np.cumsum(each)[:-1]]) * leak
        for name, each in causes.items()
    }
    if states == NO_YES and leak[1] > 0.0 and all(0.0 < each[1] < 1.0 for each in stated.values()):
        least = float(leak[1])
        return NoisyOr(
            number(least), immutabledict({name: number(max(least, float(each[1]))) for name, each in stated.items()})
        )
    by_cause = {name: _distribution(each / each.sum(), states) for name, each in stated.items()}
    return Greatest(immutabledict(by_cause), None if leak[0] == 1.0 else _distribution(leak, states))


def is_same(one: Vector, other: Vector) -> bool:
    """Whether two arrays of probabilities differ by rounding alone, small ones in proportion."""
    return bool(np.allclose(one, other, rtol=SAME, atol=1e-14))


def is_constant(values: Vector) -> bool:
    """Whether no parent makes a difference that the format would keep."""
    flat = values.reshape(len(values), -1)
    return bool(np.all(np.abs(flat - flat[:, :1]) <= ROUNDING))


def fitted_table(values: Vector, states: tuple[str, ...], parents: Sequence[CauseNode]) -> ConditionalTable | None:
    """The table as it stands, where it has few enough parents, and none tells forms."""
    if not 1 <= len(parents) <= MOST_PARENTS or _tells_forms(parents):
        return None
    return plain_table(values, states, tuple(parent.id for parent in parents))


def plain_table(values: Vector, states: tuple[str, ...], parents: tuple[str, ...]) -> ConditionalTable:
    """The table as it stands, for parents that are there or not."""
    rows = {
        row_key(map(bool, present)): _distribution(_column(values, dict(enumerate(present))), states)
        for present in product((0, 1), repeat=len(parents))
    }
    return ConditionalTable(parents, immutabledict(rows))


def fitted_mixture(
    states: tuple[str, ...], alone: Mapping[str, Vector], none: Vector, pair: Callable[[str, str], Vector | None]
) -> Mixture | None:
    """A mixture of these distributions, with weights that make of each two what both do together.

    Args:
        states: of the finding.
        alone: by condition or form, P(state | only that).
        none: P(state | no condition).
        pair: P(state | only these two); None where they cannot come together.
    """
    weights = _weights(alone, pair)
    if weights is None or not all(0.0 < value < 1.0 for each in (*alone.values(), none) for value in each):
        return None
    return Mixture(
        immutabledict({name: _distribution(each, states) for name, each in alone.items()}),
        _distribution(none, states),
        immutabledict({name: Weight(w, w, w, "D", SOURCE) for name, w in weights.items() if w != 1.0}),
    )


# --- parts of a table ------------------------------------------------------------------------------------------------


def _causes(parents: Sequence[CauseNode]) -> list[str]:
    return [cause for parent in parents for cause in parent.causes]


def _tells_forms(parents: Sequence[CauseNode]) -> bool:
    return any(len(parent.causes) > 1 for parent in parents)


def _sets(parents: Sequence[CauseNode]) -> CauseSets:
    return list_sets(tuple(parent.causes for parent in parents))


def _distribution(values: Vector, states: Sequence[str]) -> Distribution:
    numbers = {state: number_or_certain(value) for state, value in zip(states, values.tolist(), strict=True)}
    return Distribution(immutabledict(numbers))


def _alone(values: Vector, parents: Sequence[CauseNode]) -> Iterator[tuple[str, Vector]]:
    """P(state | only this cause), for each."""
    for axis, parent in enumerate(parents):
        for state, cause in enumerate(parent.causes, start=1):
            yield cause, _column(values, {axis: state})


def _none(values: Vector) -> Vector:
    """P(state | no cause)."""
    return _column(values, {})


def _column(values: Vector, present: Mapping[int, int]) -> Vector:
    """P(state | these parents in these states, the others absent), by axis."""
    place: tuple[slice | int, ...] = (slice(None), *(present.get(axis, 0) for axis in range(values.ndim - 1)))
    return np.asarray(values[place])


def _by_set(values: Vector) -> Vector:
    """Shape (states, sets of causes), as `list_sets` numbers them."""
    return values.reshape(len(values), -1)


# --- rules -----------------------------------------------------------------------------------------------------------


def _noisy_or(values: Vector, parents: Sequence[CauseNode]) -> NoisyOr | None:
    leak = float(_none(values)[1])
    causes = {name: float(alone[1]) for name, alone in _alone(values, parents)}
    if not 0.0 < leak < 1.0 or not all(leak <= value < 1.0 for value in causes.values()):
        return None
    rule = NoisyOr(number(leak), immutabledict({name: number(value) for name, value in causes.items()}))
    return rule if is_same(_by_set(values), noisy_or_table(rule, _sets(parents))) else None


def _greatest(values: Vector, states: tuple[str, ...], parents: Sequence[CauseNode]) -> Greatest | None:
    none = _none(values)
    causes = dict(_alone(values, parents))
    below = [np.cumsum(alone)[:-1] - np.cumsum(none)[:-1] for alone in causes.values()]
    if none[0] <= 0.0 or np.max(below, initial=0.0) > 0.0:
        return None
    leak = None if none[0] == 1.0 else _distribution(none, states)
    rule = Greatest(immutabledict({name: _distribution(each, states) for name, each in causes.items()}), leak)
    table = rule_table(rule, states, _sets(parents), (), stated_numbers(rule))[0]
    return rule if is_same(_by_set(values), table) else None


def _mixture(
    values: Vector, states: tuple[str, ...], parents: Sequence[CauseNode], conditions: Collection[str]
) -> Mixture | None:
    if {condition_of(cause) for cause in _causes(parents)} != set(conditions):
        return None
    rule = fitted_mixture(states, dict(_alone(values, parents)), _none(values), _pairs_of(values, parents))
    return rule if rule and is_same(_by_set(values), mixture_table(rule, states, _sets(parents))) else None


def _pairs_of(values: Vector, parents: Sequence[CauseNode]) -> Callable[[str, str], Vector | None]:
    places = {
        cause: (axis, state) for axis, parent in enumerate(parents) for state, cause in enumerate(parent.causes, 1)
    }

    def pair(one: str, other: str) -> Vector | None:
        (first, state), (second, other_state) = places[one], places[other]
        return None if first == second else _column(values, {first: state, second: other_state})

    return pair


def _weights(alone: Mapping[str, Vector], pair: Callable[[str, str], Vector | None]) -> dict[str, float] | None:
    """The weights, that of the first being 1, from what each two conditions together do; None where there are none.

    P = (a D + b E) / (a + b) gives b / a = (P - D) / (E - P). Of all pairs those are taken that differ most, as they
    lose the fewest digits. What is compared with nothing else weighs 1: it does the same as all others.
    """
    ratios: dict[tuple[str, str], tuple[float, float]] = {}
    for one, other in combinations(alone, 2):
        first, second = alone[one], alone[other]
        state = int(np.argmax(np.abs(second - first)))
        apart = float(abs(second[state] - first[state]))
        if apart < APART or (both := pair(one, other)) is None:
            continue
        if (both[state] - first[state]) * (second[state] - both[state]) <= 0.0:
            return None
        ratio = float((both[state] - first[state]) / (second[state] - both[state]))
        ratios[one, other], ratios[other, one] = (apart, ratio), (apart, 1.0 / ratio)
    found: dict[str, float] = {}
    for start in alone:
        found.setdefault(start, 1.0)
        while edges := [(*ratios[pair_], *pair_) for pair_ in ratios if pair_[0] in found and pair_[1] not in found]:
            _, ratio, known, new = max(edges)
            found[new] = _rounded(found[known] * ratio)
    return found


def _rounded(weight: float) -> float:
    """Without the digits that were lost: 0.8 and not 0.7999999999999998."""
    return float(f"{weight:.13g}")
