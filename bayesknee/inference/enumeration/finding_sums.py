"""How sums over subsets of conditions divide among the states of signs, and of findings that depend on conditions.

With W(s) the weight of a subset, the sums are

    sum over s of W(s) P(v | s),  and the same over the subsets that hold each condition.

Both sums can be found without a table P(v | s). Of a noisy-OR, P(no | s) = f(t) g(u), with t and u the parts of s in
the two halves of the conditions, and

    P(yes | s) = (1 - f(t)) + f(t) (1 - g(u)),

where all is from 0 up, so nothing cancels; each half is summed by a matrix product. A mixture is linear in its
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
from bayesknee.inference.cpds import mixture_numbers, noisy_or_steps, total_weights
from bayesknee.inference.products import matrix_product
from bayesknee.inference.subsets import pair_sums, subset_sums, with_ones
from bayesknee.knowledge.model import Mixture, NoisyOr


class NoisyOrSums:
    """Divides sums between no and yes of several noisy-ORs. Read-only once made.

    Args:
        rules: the noisy-ORs.
        conditions: ids of the network's conditions.
    """

    def __init__(self, rules: Sequence[NoisyOr], conditions: Sequence[str]) -> None:
        half = len(conditions) // 2
        steps = np.array([noisy_or_steps(rule, conditions) for rule in rules]).reshape(len(rules), 1 + len(conditions))
        first = steps[:, :1] + subset_sums(steps[:, 1 : 1 + half])
        second = subset_sums(steps[:, 1 + half :])
        self._first = with_ones(half)
        self._second = with_ones(len(conditions) - half)
        self._no = np.exp(first), np.exp(second)
        self._yes = -np.expm1(first), -np.expm1(second)

    def of(self, weights: Vector) -> Vector:
        """The sum over all subsets, and over those with each condition, by state.

        Args:
            weights: W(s), from 0 up, shape (2**n,).

        Returns:
            For no and for yes, the sum over all subsets, then over those with each condition; shape (rules, 2, 1 + n).
        """
        table = weights.reshape(len(self._first), len(self._second))
        (no_first, no_second), (yes_first, yes_second) = self._no, self._yes
        of_second, whole = matrix_product(no_first, table), table.sum(axis=1)
        no = self._by_condition(no_first * matrix_product(no_second, table.T), of_second * no_second)
        yes = self._by_condition(
            yes_first * whole + no_first * matrix_product(yes_second, table.T),
            matrix_product(yes_first, table) + of_second * yes_second,
        )
        return np.stack([no, yes], axis=1)

    def _by_condition(self, by_first: Vector, by_second: Vector) -> Vector:
        """The sum, and its part in the subsets that hold each condition, from the sums by subset of either half."""
        of_second = matrix_product(by_second, self._second)
        return np.concatenate(
            [of_second[:, :1], matrix_product(by_first, self._first[:, 1:]), of_second[:, 1:]], axis=1
        )


class _AlikeMixtures(NamedTuple):
    """Mixtures with the same weights.

    Attributes:
        rows: of the result: the states of the first one, then those of the next.
        weights: w_c, shape (n,).
        distributions: P(v | only c), shape (rows, n).
        otherwise: P(v | no condition), shape (rows,).
    """

    rows: NDArray[np.intp]
    weights: Vector
    distributions: Vector
    otherwise: Vector

    def of(self, weights: Vector) -> Vector:
        """The sum over all subsets, and over those with each condition, by row; shape (rows, 1 + n)."""
        pairs = self.weights[:, None] * pair_sums(weights / total_weights(self.weights))
        parts = self.distributions @ np.column_stack([pairs.diagonal(), pairs])
        parts[:, 0] += self.otherwise * weights[0]
        return parts


class MixtureSums:
    """Divides sums among the states of several mixtures. Read-only once made.

    Args:
        mixtures: the mixtures, each with the states of its finding.
        conditions: ids of the network's conditions.
    """

    def __init__(self, mixtures: Sequence[tuple[Mixture, tuple[str, ...]]], conditions: Sequence[str]) -> None:
        numbers = [mixture_numbers(rule, states, conditions) for rule, states in mixtures]
        ends = np.cumsum([0, *(len(states) for _, states in mixtures)])
        self._shape = int(ends[-1]), 1 + len(conditions)
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
        """The sum over all subsets, and over those with each condition, by state.

        Args:
            weights: W(s), from 0 up, shape (2**n,).

        Returns:
            For each state, those of the first mixture first, the sum over all subsets, then over those with each
            condition; shape (states, 1 + n).
        """
        parts = np.empty(self._shape)
        for each in self._alike:
            parts[each.rows] = each.of(weights)
        return parts
