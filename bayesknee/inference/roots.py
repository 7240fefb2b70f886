"""The root of a function of one number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

MOST_ROUNDS: Final = 100  # halving alone ends after about 60, as then no number lies between the two points
TOLERANCE: Final = (
    1e-14  # of the value: what is solved here are differences of chances, which rounding leaves as far off
)

Point: TypeAlias = tuple[float, float]


def find_root(function: Callable[[float], float], low: Point, high: Point) -> float:
    """The root between two points (x, value) whose values differ in sign.

    Chandrupatla (1997): inverse quadratic interpolation where the last three points allow it, otherwise bisection.
    Begins with a secant, since what is solved here is nearly straight.
    """
    newest, other = low, high
    share = low[1] / (low[1] - high[1])
    for _ in range(MOST_ROUNDS):
        x = newest[0] + share * (other[0] - newest[0])
        if x in (newest[0], other[0]):
            break
        point = x, function(x)
        if (point[1] > 0.0) == (newest[1] > 0.0):
            newest, oldest = point, newest
        else:
            newest, other, oldest = point, newest, other
        if abs(newest[1]) < TOLERANCE:
            break
        share = _interpolated(newest, other, oldest)
    return min(newest, other, key=lambda point: abs(point[1]))[0]


def _interpolated(newest: Point, other: Point, oldest: Point) -> float:
    """Where to look next, as a share of the way from the newest point to the other end."""
    (a, fa), (b, fb), (c, fc) = newest, other, oldest
    part, rise = (a - b) / (c - b), (fa - fb) / (fc - fb)
    if not (rise**2 < part and (1.0 - rise) ** 2 < 1.0 - part):
        return 0.5
    return fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
