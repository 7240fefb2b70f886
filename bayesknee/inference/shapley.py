"""Dividing a joint gain among several answers: helpers of the Aumann-Shapley shares."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.products import vector_product

NODES: Final = (24, 48, 96, 192, 384)  # of Gauss-Legendre, tried in turn until the shares sum to the gain; time doubles
TOLERANCE: Final = 1e-11  # what the sum may miss, relative to the shares: well within the 1e-9 promised, above rounding


def divided(first: Vector, last: Vector, total: Vector) -> Vector:
    """Divides the joint gain of k players.

    Args:
        first: the gain of each player alone, shape (k, ...).
        last: the gain of each player when all others are there, shape (k, ...).
        total: the joint gain, shape (...). It may be minus infinity.

    Returns:
        The parts, shape (k, ...), which sum to `total`: the mean of `first` and `last`, plus a part of the rest in
        proportion to the size of that mean. For one or two players this is the Shapley value. A player with gains of 0
        gets 0.
    """
    if len(first) == 1:
        return total[None]
    with np.errstate(invalid="ignore"):
        mean = (first + last) / 2.0
        rest = total - mean.sum(axis=0)
    size = np.abs(mean)
    total_size = size.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = np.where(total_size > 0.0, size / total_size, 1.0 / len(mean))
        finite = mean + parts * rest
    blame = np.isneginf(first) | np.isneginf(last) | ~np.isneginf(first + last).any(axis=0)
    return np.where(np.isneginf(total), np.where(blame, -np.inf, 0.0), finite)


def divided_by_level(first: Vector, last: Vector, total: Vector, weights: Vector) -> Vector:
    """As `divided`, for rows over subsets: the weighted means over subsets and the deviations are divided separately.

    Args:
        first: shape (k, subsets).
        last: shape (k, subsets).
        total: shape (subsets,).
        weights: 0 or more, shape (subsets,).

    Returns:
        Shape (k, subsets).
    """
    weights = weights / weights.sum()
    levels = [vector_product(gain, weights) for gain in (first, last, total)]
    around = [gain - level[..., None] for gain, level in zip((first, last, total), levels, strict=True)]
    return divided(*around) + divided(*levels)[:, None]


@lru_cache(maxsize=len(NODES))
def gauss_legendre(nodes: int) -> tuple[Vector, Vector]:
    """Nodes and weights of Gauss-Legendre quadrature on (0, 1), shape (nodes,)."""
    points, weights = np.polynomial.legendre.leggauss(nodes)
    return (points + 1.0) / 2.0, weights / 2.0
