"""All subsets of n conditions as one axis of length 2**n.

Subset k holds condition c if bit n-1-c of k is set, so that an array of shape (2,) * n, one axis a condition, flattens
to that order.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


def membership(n: int) -> Vector:
    """S of shape (2**n, n): 1.0 where the subset holds the condition."""
    shifts = np.arange(n - 1, -1, -1)
    return ((np.arange(2**n)[:, None] >> shifts) & 1).astype(np.float64)


def subset_sums(weights: Iterable[float], start: float = 0.0) -> Vector:
    """start + S @ weights, of shape (2**n,), by doubling: no matrix product."""
    sums = np.array([start])
    for weight in weights:
        sums = (sums[:, None] + np.array([0.0, weight])).ravel()
    return sums


def holds_any(members: Iterable[int], n: int) -> NDArray[np.bool_]:
    """Which subsets hold at least one of the conditions numbered `members`; shape (2**n,)."""
    mask = sum(1 << (n - 1 - member) for member in set(members))
    return np.asarray(np.arange(2**n) & mask, dtype=np.bool_)
