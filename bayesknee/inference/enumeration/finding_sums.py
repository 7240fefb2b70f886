"""How sums over sets of causes divide among the states of signs, and of findings that depend on conditions.

With W(s) the weight of a set, the sums are

    sum over s of W(s) P(v | s),  and the same over the sets that hold each condition.

Both sums can be found without a table P(v | s). Of a noisy-OR, P(no | s) = f(t) g(u), with t and u the parts of s in
the two halves of the causes, and

    P(yes | s) = (1 - f(t)) + f(t) (1 - g(u)),

where all is from 0 up, so nothing cancels; each half is summed by matrix products. A mixture is linear in its
distributions,

    P(v | s) = sum over c in s of w_c P(v | only c) / W_s,  W_s = sum over c in s of w_c,

so that all mixtures with the same weights w share one table of sums over pairs of conditions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesknee.arrays import Vector
from bayesknee.inference.cause_sets import CauseSets
from bayesknee.inference.cpds import mixture_numbers, noisy_or_steps, total_weights
from bayesknee.inference.products import matrix_product
from bayesknee.knowledge.model import Mixture, NoisyOr


class NoisyOrSums:
    """Divides sums between no and yes of several noisy-ORs. Read-only once made.

    Args:
        rules: the noisy-ORs.
        sets: the sets of causes.
    """

    def __init__(self, rules: Sequence[NoisyOr], sets: CauseSets) -> None:
        steps = np.array([noisy_or_steps(rule, sets.names) for rule in rules]).reshape(len(rules), 1 + len(sets.names))
        first, second = sets.half_sums(steps[:, 1:])
        first += steps[:, :1]
        self._sets = sets
        self._first = sets.first.conditions
        self._second = sets.second.conditions
        self._no = np.exp(first), np.exp(second)
        self._yes = -np.expm1(first), -np.expm1(second)

    def of(self, weights: Vector) -> Vector:
        """The sum over all sets, and over those with each condition, by state.

        Args:
            weights: W(s), from 0 up, shape (sets,).

        Returns:
            For no and for yes, the sum over all sets, then over those with each condition; shape (rules, 2, 1 + n).
        """
        sets, (no_first, no_second), (yes_first, yes_second) = self._sets, self._no, self._yes
        of_second, whole = sets.to_second(no_first, weights), sets.first_sums(weights)
        no = self._by_condition(no_first * sets.to_first(no_second, weights), of_second * no_second)
        yes = self._by_condition(
            yes_first * whole + no_first * sets.to_first(yes_second, weights),
            sets.to_second(yes_first, weights) + of_second * yes_second,
        )
        return np.stack([no, yes], axis=1)

    def _by_condition(self, by_first: Vector, by_second: Vector) -> Vector:
        """The sum, and its part in the sets that hold each condition, from the sums by set of either half."""
        of_second = matrix_product(by_second, self._second)
        return np.concatenate(
            [of_second[:, :1], matrix_product(by_first, self._first[:, 1:]), of_second[:, 1:]], axis=1
        )


class _AlikeMixtures(NamedTuple):
    """Mixtures with the same weights.

    Attributes:
        rows: of the result: the states of the first one, then those of the next.
        weights: w_c, shape (causes,).
        distributions: P(v | only c), shape (rows, causes).
        otherwise: P(v | no condition), shape (rows,).
    """

    rows: NDArray[np.intp]
    weights: Vector
    distributions: Vector
    otherwise: Vector

    def of(self, sets: CauseSets, weights: Vector) -> Vector:
        """The sum over all sets, and over those with each condition, by row; shape (rows, 1 + n)."""
        pairs = self.weights[:, None] * sets.pair_sums(weights / total_weights(self.weights, sets))
        alone = pairs[np.arange(len(pairs)), list(sets.condition_of)]
        parts = self.distributions @ np.column_stack([alone, pairs])
        parts[:, 0] += self.otherwise * weights[0]
        return parts


class MixtureSums:
    """Divides sums among the states of several mixtures. Read-only once made.

    Args:
        mixtures: the mixtures, each with the states of its finding.
        sets: the sets of causes.
    """

    def __init__(self, mixtures: Sequence[tuple[Mixture, tuple[str, ...]]], sets: CauseSets) -> None:
        numbers = [mixture_numbers(rule, states, sets.names) for rule, states in mixtures]
        self._sets = sets
        ends = np.cumsum([0, *(len(states) for _, states in mixtures)])
        self._shape = int(ends[-1]), 1 + len(sets.forms)
        alike: dict[tuple[float, ...], list[int]] = {}
        for number, each in enumerate(numbers):
            alike.setdefault(tuple(each.weights[:, 0].tolist()), []).append(number)
        self._alike = [
            _AlikeMixtures(
                np.concatenate([np.arange(ends[number], ends[number + 1]) for number in members]),
                np.array(weights),
                np.vstack([numbers[number].distributions[..., 0].T for number in members]),
                np.concatenate([numbers[number].otherwise[:, 0] for number in members]),
            )
            for weights, members in alike.items()
        ]

    def of(self, weights: Vector) -> Vector:
        """The sum over all sets, and over those with each condition, by state.

        Args:
            weights: W(s), from 0 up, shape (sets,).

        Returns:
            For each state, those of the first mixture first, the sum over all sets, then over those with each
            condition; shape (states, 1 + n).
        """
        parts = np.empty(self._shape)
        for each in self._alike:
            parts[each.rows] = each.of(self._sets, weights)
        return parts
