"""Types of arrays that all floors use, and the order of probabilities."""

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
