"""What several answers bring together, divided among them: helpers of the Aumann-Shapley shares."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.products import vector_product

NODES: Final = (24, 48, 96, 192, 384)  # of Gauss-Legendre; more only where these do not add up


TOLERANCE: Final = 1e-11


def divided(first: Vector, last: Vector, total: Vector) -> Vector:
    """Divides what several bring together.

    Args:
        first: what each brings alone, shape (k, ...).
        last: what each brings when all others are there.
        total: what all bring, shape (...).

    Returns:
        Shape (k, ...), of sum `total`: the mean of `first` and `last`, plus a part of the rest in proportion to its
        size. For one or two that is the Shapley value; who brings 0 in both gets 0.
    """
    if len(first) == 1:
        return total[None]
    with np.errstate(invalid="ignore"):
        mean = (first + last) / 2.0
        rest = total - mean.sum(axis=0)
    size = np.abs(mean)
    whole = size.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = np.where(whole > 0.0, size / whole, 1.0 / len(mean))
        finite = mean + parts * rest
    blame = np.isneginf(first) | np.isneginf(last) | ~np.isneginf(first + last).any(axis=0)
    return np.where(np.isneginf(total), np.where(blame, -np.inf, 0.0), finite)


def divided_by_level(first: Vector, last: Vector, total: Vector, weights: Vector) -> Vector:
    """As `divided`, for rows over subsets: means over subsets (by these weights) and deviations from them apart."""
    weights = weights / weights.sum()
    levels = [vector_product(each, weights) for each in (first, last, total)]
    around = [each - level[..., None] for each, level in zip((first, last, total), levels, strict=True)]
    return divided(*around) + divided(*levels)[:, None]


@lru_cache(maxsize=len(NODES))
def gauss_legendre(nodes: int) -> tuple[Vector, Vector]:
    """Nodes and weights on (0, 1)."""
    points, weights = np.polynomial.legendre.leggauss(nodes)
    return (points + 1.0) / 2.0, weights / 2.0
