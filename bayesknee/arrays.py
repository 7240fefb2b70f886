"""Types of arrays that all floors use, the order of probabilities, and their entropy."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Integers = NDArray[np.intp]
Bools = NDArray[np.bool_]

# In place of 0 as a divisor or in a logarithm: no probability in use is below it, and its inverse is still a float.
TINY: Final = 1e-300
TIE_DECIMALS: Final = 13  # sums in another order, or on another machine, differ by some 1e-15; nobody is shown 1e-13


def descending(probabilities: Vector) -> Integers:
    """The places along the last axis, the highest probability first; those equal but for rounding keep their order."""
    return np.argsort(-np.round(probabilities, TIE_DECIMALS), axis=-1, kind="stable")


def entropy(probabilities: Vector) -> Vector:
    """The entropy of binary variables from P(yes), in bits, elementwise; inside [0, 1]."""
    p = np.clip(probabilities, 0.0, 1.0)
    tiny = np.finfo(np.float64).tiny  # keeps the log of 0 finite, so that 0 log 0 is 0
    return np.asarray(-p * np.log2(np.maximum(p, tiny)) - (1.0 - p) * np.log2(np.maximum(1.0 - p, tiny)))
