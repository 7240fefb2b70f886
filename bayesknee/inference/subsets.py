"""All subsets of n conditions as one axis of length 2**n.

Subset k holds condition c if bit n-1-c of k is set, so that an array of shape (2,) * n, one axis a condition, flattens
to that order.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.caches import keep
from bayesknee.inference.products import matrix_product

MOST_MASKS: Final = 64  # kept: those of all conditions and groups of a network, with room for a second one
LEAST_MASKS: Final = 24  # of 20 conditions and a few groups, which takes 200 MB; with fewer, each use makes all anew
MOST_MASK_NUMBERS: Final = 2**22  # 32 MB in masks, where that is more than so few
_kept_masks: dict[tuple[frozenset[int], int], Vector] = {}


def membership(n: int) -> Vector:
    """S of shape (2**n, n): 1.0 where the subset holds the condition."""
    shifts = np.arange(n - 1, -1, -1)
    return ((np.arange(2**n)[:, None] >> shifts) & 1).astype(np.float64)


def subset_sums(weights: Iterable[float] | Vector, start: float = 0.0) -> Vector:
    """start + S @ weights, of shape (2**n,); of an array of shape (..., n) with the shape (..., 2**n).

    Either half of the conditions is summed by itself: quicker than the large matrix S.
    """
    array = weights if isinstance(weights, np.ndarray) else np.array(list(weights), dtype=np.float64)
    n = array.shape[-1]
    first, second = (with_ones(size)[:, 1:].T for size in (n // 2, n - n // 2))
    sums = (start + array[..., : n // 2] @ first)[..., :, None] + (array[..., n // 2 :] @ second)[..., None, :]
    return np.asarray(sums.reshape(*array.shape[:-1], 2**n))


def marginals(weights: Vector) -> Vector:
    """The sum of the weights, shape (2**n,), of the subsets that hold each condition; shape (n,).

    That is weights @ S, but with either half of the conditions at a time: quicker, and without the large matrix S.
    """
    return sums(weights[None])[0, 1:]


def sums(rows: Vector) -> Vector:
    """The sum of each row, shape (rows, 2**n), and after it `marginals` of the row; shape (rows, 1 + n)."""
    n = rows.shape[1].bit_length() - 1
    first, second = with_ones(n // 2), with_ones(n - n // 2)
    halves = first.T @ matrix_product(rows.reshape(len(rows), len(first), len(second)), second)
    return np.concatenate([halves[:, :, 0], halves[:, 0, 1:]], axis=1)


def pair_sums(weights: Vector) -> Vector:
    """The sum of the weights, shape (2**n,), of the subsets that hold both of two conditions; shape (n, n).

    The diagonal is `marginals`.
    """
    n = len(weights).bit_length() - 1
    first, second = with_ones(n // 2), with_ones(n - n // 2)
    table = weights.reshape(len(first), len(second))
    by_first = matrix_product(
        table, second
    )  # for each subset of the first half the sum, and that by condition of the second half
    within_first = first[:, 1:].T @ (by_first[:, :1] * first[:, 1:])
    across = first[:, 1:].T @ by_first[:, 1:]
    within_second = second[:, 1:].T @ (table.sum(axis=0)[:, None] * second[:, 1:])
    return np.block([[within_first, across], [across.T, within_second]])


@lru_cache(maxsize=32)
def with_ones(n: int) -> Vector:
    """S with a column of ones before it, shape (2**n, 1 + n). Read only."""
    return np.column_stack([np.ones(2**n), membership(n)])


def holds_any(members: frozenset[int], size: int) -> Vector:
    """1.0 for those of `size` subsets that hold at least one of the conditions numbered `members`. Read only."""
    if (found := _kept_masks.get((members, size))) is None:
        found = _holds_any(members, size)
        keep(_kept_masks, (members, size), found, min(MOST_MASKS, max(LEAST_MASKS, MOST_MASK_NUMBERS // size)))
    return found


def _holds_any(members: frozenset[int], size: int) -> Vector:
    n = size.bit_length() - 1
    mask = sum(1 << (n - 1 - member) for member in members)
    return np.where(np.arange(size) & mask, 1.0, 0.0)
