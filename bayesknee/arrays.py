"""Types of arrays that all floors use."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Integers = NDArray[np.intp]
Bools = NDArray[np.bool_]
