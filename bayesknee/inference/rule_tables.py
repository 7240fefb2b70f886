"""P(state | signs, s) of any rule that names its causes, with numbers as stated, drawn anew, or moved a little.

Arrays have the draws as their first axis, of length 1 for stated numbers, and the sets of causes as their last.
A noisy-OR and a noisy-MAX are products over causes,

    P(no | s) = (1 - leak) * product over present c of (1 - stated_c) / (1 - leak)
    P(X <= k | s) = P(leak <= k) * product over present c of P(X <= k | only c) / P(leak <= k)

since what is stated of a cause includes the leak (Henrion 1989; Diez 1993). Logarithms of these sum over the set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Final, TypeAlias

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.cause_sets import CauseSets
from bayesknee.knowledge.model import (
    NO_YES,
    ConditionalTable,
    Distribution,
    Finding,
    FindingModel,
    Greatest,
    NoisyOr,
    Path,
    Reading,
    Sign,
    condition_of,
    numbers_below,
    of_cause,
    parents_of,
    parts_below,
    row_key,
)
from bayesknee.knowledge.ranges import drawn_vector

# By path from the rule on, such as ("leak",); each of shape (draws,).
RuleNumbers: TypeAlias = Mapping[Path, Vector]

# In place of the logarithm of 0, which times 0 would be no number: e to the power of it is 0 in floats, and twenty of
# them are still far from where a float ends.
LOG_OF_ZERO: Final = -1e6
STEP: Final = 1e-30  # of the complex step: its square is below rounding beside any number here, and it is still a float


def stated_numbers(model: FindingModel) -> RuleNumbers:
    """The numbers of a rule as they stand."""
    return {path: np.array([number.value]) for path, number in numbers_below((), model)}


def rule_key(part: Sign | Finding) -> str:
    """The key of the format under which the model of a sign or finding stands."""
    path, _ = next(iter(numbers_below((), part)))
    return path[0]


def drawn_rule(part: Sign | Finding, drawn: Mapping[Path, Vector], draws: slice) -> RuleNumbers:
    """The numbers of its rule from those of the entire entry, in these draws."""
    key = rule_key(part)
    return {path[1:]: values[draws] for path, values in drawn.items() if path[0] == key}


def rule_table(
    model: FindingModel,
    states: tuple[str, ...],
    sets: CauseSets | None,
    signs: Sequence[str],
    numbers: RuleNumbers,
) -> Vector:
    """P(state | signs, s), shape (draws, states, 2 for each of the signs, sets).

    Args:
        model: any rule but a mixture, which `bayesknee.inference.cpds` has.
        states: of its finding or sign.
        sets: the sets of causes; None gives a last axis of length 1.
        signs: those among the parents of the rule, in the order of the axes.
        numbers: of the rule.
    """
    rows = [_rows(model, states, sets, present, numbers) for present in _sets(signs)]
    table = np.stack(np.broadcast_arrays(*rows), axis=2)
    return table.reshape(*table.shape[:2], *(2,) * len(signs), table.shape[-1])


def _sets(signs: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """All sets of these signs, the last one changing fastest."""
    for held in product((False, True), repeat=len(signs)):
        yield tuple(sign for sign, there in zip(signs, held, strict=True) if there)


def _rows(
    model: FindingModel,
    states: tuple[str, ...],
    sets: CauseSets | None,
    present: Sequence[str],
    numbers: RuleNumbers,
) -> Vector:
    """P(state | exactly these signs, s), shape (draws, states, sets)."""
    if isinstance(model, NoisyOr):
        return _noisy_or(model, sets, present, numbers)
    if isinstance(model, Greatest):
        return _greatest(model, states, sets, present, numbers)
    if isinstance(model, ConditionalTable):
        return _table(model, states, sets, present, numbers)
    if isinstance(model, Reading):
        yes = numbers["sensitivity",] if present else 1.0 - numbers["specificity",]
        return np.stack([1.0 - yes, yes], axis=1)[..., None]
    raise TypeError("a mixture is not a rule of single causes")


def _noisy_or(rule: NoisyOr, sets: CauseSets | None, present: Sequence[str], numbers: RuleNumbers) -> Vector:
    log_no_leak = np.log1p(-numbers["leak",])
    steps = {name: np.log1p(-numbers["causes", name]) - log_no_leak for name in rule.causes}
    log_no = _summed(steps, sets, present, log_no_leak)
    return np.stack([np.exp(log_no), -np.expm1(log_no)], axis=1)


def _greatest(
    rule: Greatest, states: tuple[str, ...], sets: CauseSets | None, present: Sequence[str], numbers: RuleNumbers
) -> Vector:
    """P(X = k) is P(X <= k) (1 - P(X <= k-1) / P(X <= k)), which does not cancel where it is small."""
    drawn = next(iter(numbers.values()))
    leak = log_at_most(numbers, ("leak",), states) if rule.leak else np.zeros((len(states) - 1, len(drawn)))
    steps = {name: _at_most_0(log_at_most(numbers, ("causes", name), states) - leak) for name in rule.causes}
    summed = [_summed({c: step[k] for c, step in steps.items()}, sets, present, leak[k]) for k in range(len(leak))]
    logs = np.stack([np.full_like(summed[0], LOG_OF_ZERO), *summed, np.zeros_like(summed[0])], axis=1)
    return np.asarray(-np.exp(logs[:, 1:]) * np.expm1(_at_most_0(logs[:, :-1] - logs[:, 1:])))


def _at_most_0(logs: Vector) -> Vector:
    """Without what rounding lifts above 0; an imaginary part stays."""
    return np.asarray(logs - np.maximum(logs.real, 0.0))


def log_at_most(numbers: RuleNumbers, path: Path, states: tuple[str, ...]) -> Vector:
    """log P(at most each state but the last) of a distribution, shape (states - 1, draws).

    Where that is nearer to 1, it is found from what lies above: a sum from below would have lost the digits.
    """
    each = drawn_vector(
        {state: number for state in states if (number := numbers.get((*path, state))) is not None}, states
    )
    below, above = each.cumsum(axis=0)[:-1], each[::-1].cumsum(axis=0)[::-1][1:]
    near_one = below.real > 0.5
    possible = np.where(below.real > 0.0, below, 1.0)
    logs = np.where(near_one, np.log1p(-np.where(near_one, above, 0.0)), np.log(possible))
    return np.where(below.real > 0.0, logs, LOG_OF_ZERO)


def _table(
    rule: ConditionalTable,
    states: tuple[str, ...],
    sets: CauseSets | None,
    present: Sequence[str],
    numbers: RuleNumbers,
) -> Vector:
    places = {name: 2.0 ** (len(rule.parents) - 1 - place) for place, name in enumerate(rule.parents)}
    start = sum(places[name] for name in present)
    codes = sets.sums_of([of_cause(places, cause) or 0.0 for cause in sets.names], start) if sets else np.array([start])
    keys = [row_key(held) for held in product((False, True), repeat=len(rule.parents))]
    rows = np.stack([_distribution(numbers, ("rows", key), states) for key in keys])
    return np.moveaxis(rows[codes.astype(np.intp)], (2, 1, 0), (0, 1, 2))


def _distribution(numbers: RuleNumbers, path: Path, states: tuple[str, ...]) -> Vector:
    """A distribution over all states, shape (states, draws)."""
    return drawn_vector(
        {state: number for state in states if (number := numbers.get((*path, state))) is not None}, states
    )


def _summed(steps: Mapping[str, Vector], sets: CauseSets | None, present: Iterable[str], start: Vector) -> Vector:
    """start + the steps of the signs present and of the causes of each set, shape (draws, sets)."""
    start = sum((steps[name] for name in present), start)
    if sets is None:
        return start[:, None]
    nothing = np.zeros(1)
    stated = [of_cause(steps, cause) for cause in sets.names]
    weights = np.array([np.broadcast_to(nothing if step is None else step, start.shape) for step in stated])
    if np.iscomplexobj(weights):
        return start[:, None] + sets.sums_of(weights.real.T) + 1j * sets.sums_of(weights.imag.T)
    return start[:, None] + sets.sums_of(weights.T)


# --- derivatives -----------------------------------------------------------------------------------------------------


def moved_numbers(model: FindingModel) -> tuple[list[Path], RuleNumbers]:
    """The numbers of a rule that are not certain, and all numbers with i `STEP` added to each of these in turn.

    The imaginary part of what follows from the numbers, over the step, is the derivative (the complex step of Squire
    and Trapp, SIAM Review, 1998). The other states of a distribution give way in proportion.

    Returns:
        The paths of the numbers from the rule on, and all numbers with an axis over these.
    """
    stated = dict(numbers_below((), model))
    paths = [path for path, number in stated.items() if not number.certain]
    moved: dict[Path, Vector] = {path: np.full(len(paths), number.value, complex) for path, number in stated.items()}
    for column, path in enumerate(paths):
        moved[path][column] += 1j * STEP
    for place, distribution in parts_below((), model, Distribution):
        for state, number in distribution.numbers.items():
            if not number.certain:
                column = paths.index((*place, state))
                for other in distribution.numbers:
                    if other != state:
                        moved[*place, other][column] *= 1.0 - 1j * STEP / (1.0 - number.value)
    return paths, moved


def is_linear(model: FindingModel, path: Path) -> bool:
    """Whether P(answer | s) is a straight line in this number: in all but the leak, which is divided by."""
    return not (isinstance(model, NoisyOr | Greatest) and path[0] == "leak")


def set_table(part: Finding, sets: CauseSets) -> Vector:
    """P(state | s) of a finding that hangs on conditions only, shape (states, sets)."""
    return np.asarray(rule_table(part.model, part.states, sets, (), stated_numbers(part.model))[0])


def states_of(part: Sign | Finding) -> tuple[str, ...]:
    """The states of a sign or finding."""
    return part.states if isinstance(part, Finding) else NO_YES


def has_set_table(finding: Finding) -> bool:
    """Whether a finding that hangs on conditions only has a table of its own, rather than a product or a mean."""
    return isinstance(finding.model, Greatest | ConditionalTable)


def parents_among(model: FindingModel, names: Iterable[str]) -> tuple[str, ...]:
    """Those of these names that are parents of a rule, in the order of `names`."""
    parents = frozenset(map(condition_of, parents_of(model)))
    return tuple(name for name in names if name in parents)
