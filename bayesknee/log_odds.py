"""Log odds: the scale on which answers add up."""

from __future__ import annotations

import math
from typing import Final, overload

import numpy as np

from bayesknee.arrays import Vector

DECIBANS: Final = 10.0 / math.log(10.0)  # in log odds of 1: a deciban is a tenth of a factor of ten (Good 1985)


@overload
def logit(probability: float) -> float: ...
@overload
def logit(probability: Vector) -> Vector: ...
def logit(probability: float | Vector) -> float | Vector:
    """The natural log of the odds, log p - log(1 - p), of a number or an array.

    Args:
        probability: inside (0, 1). Digits of 1 - p that rounding took from p itself are lost.
    """
    log_odds = np.log(probability) - np.log1p(-probability)
    return log_odds if isinstance(probability, np.ndarray) else float(log_odds)


@overload
def expit(log_odds: float) -> float: ...
@overload
def expit(log_odds: Vector) -> Vector: ...
def expit(log_odds: float | Vector) -> float | Vector:
    """The probability of these log odds, 1 / (1 + exp(-x)), of a number or an array; 0 and 1 where x is infinite."""
    # Written out, as scipy.special takes over 0.1 s to import, and a diagnosis is to need only numpy.
    with np.errstate(over="ignore"):  # where exp(-x) is no float, 1 / inf is what it should be: 0
        probability = 1.0 / (1.0 + np.exp(-log_odds))
    return probability if isinstance(log_odds, np.ndarray) else float(probability)
