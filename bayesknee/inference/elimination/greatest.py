"""Noisy-MAX findings as noisy-ORs, which elimination takes.

With F_k(s) = P(X <= k | s), a product over conditions, the answer "from a to b" has the probability

    F_b(s) - F_{a-1}(s) = F_b(s) (1 - F_{a-1}(s) / F_b(s)).

F_b is the absence of a noisy-OR "above b", which folds into the prior. The quotient is a product over conditions, too:
the absence of a noisy-OR "from a on, given at most b", which is present.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.errors import InferenceError
from bayesknee.inference.elimination.network_arrays import NetworkArrays, level
from bayesknee.patient.evidence import Likelihood


def split_answer(name: str, likelihood: Likelihood) -> tuple[dict[str, Likelihood], float]:
    """An answer to a noisy-MAX as evidence of noisy-ORs, P(answer | absent) and P(answer | present) by id.

    Returns:
        The evidence, and the log of what it lacks.

    Raises:
        InferenceError: neither a range of equally likely states, nor one likelihood up to a state and another beyond.
    """
    last = len(likelihood) - 1
    changes = [k for k in range(last) if likelihood[k] != likelihood[k + 1]]
    if not changes:
        return {}, math.log(likelihood[0])
    if len(changes) == 1 and min(likelihood) > 0.0:
        first = changes[0] + 1
        return {level(name, first, last): (likelihood[0], likelihood[last])}, 0.0
    a, b = (
        next(place for place in order if likelihood[place] > 0.0) for order in (range(last + 1), range(last, -1, -1))
    )
    if len(set(likelihood[a : b + 1])) > 1:
        raise InferenceError(
            f"the unsure answer to {name} has likelihoods {', '.join(f'{each:g}' for each in likelihood)}; expected, "
            "with this many conditions, a state of a greatest, or a range of states that are equally likely; answer so"
        )
    above = {level(name, b + 1, last): (1.0, 0.0)} if b < last else {}
    there = {level(name, a, b): (0.0, 1.0)} if a else {}
    return {**above, **there}, math.log(likelihood[a])


def greatest_chances(model: NetworkArrays, name: str, sums: Mapping[str, Vector]) -> Vector:
    """P(state | conditions) of a noisy-MAX for patients, shape (patients, states).

    Args:
        model: of the network.
        name: of the finding.
        sums: by id of each level from a state on, log P(below it | conditions), shape (patients,).
    """
    last = len(model.network.findings[name].states) - 1
    at_most = [np.exp(sums[level(name, k + 1, last)]) for k in range(last)]
    ones = np.ones_like(at_most[0])
    return np.diff(np.stack([0.0 * ones, *at_most, ones], axis=1), axis=1)


def levels_from(model: NetworkArrays, name: str) -> list[str]:
    """The ids of "at least this state", from the second state on."""
    last = len(model.network.findings[name].states) - 1
    return [level(name, k, last) for k in range(1, last + 1)]


def by_at_most(likelihood: Likelihood) -> Iterator[tuple[int, float]]:
    """The k and d_k that are not 0 in P(answer | s) = sum over states k but the last of d_k F_k(s), and a constant."""
    for k in range(len(likelihood) - 1):
        if likelihood[k] != likelihood[k + 1]:
            yield k, likelihood[k] - likelihood[k + 1]


def changes_of_at_most(vector: Sequence[float], k: int, state: int) -> float:
    """d log P(at most k) / d P(state), the other states giving way in proportion."""
    at_most, p = math.fsum(vector[: k + 1]), vector[state]
    inside = p if state <= k else 0.0
    slope = (1.0 if state <= k else 0.0) - (at_most - inside) / (1.0 - p)
    return slope / at_most if at_most > 0.0 else 0.0
