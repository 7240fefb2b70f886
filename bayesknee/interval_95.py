"""95 % intervals: their ends, as all parts of the program have them, and the interval of a share."""

from __future__ import annotations

from typing import Final

import numpy as np

from bayesknee.arrays import Vector

ENDS: Final = (0.025, 0.975)  # quantiles: as much lies below a 95 % interval as above it
Z: Final = 1.959963984540054  # the second of these of the standard normal distribution, to the last digit of a float


def wilson(share: Vector, count: Vector) -> tuple[Vector, Vector]:
    """The 95 % interval of shares (Wilson, J Am Stat Assoc 1927); it holds for few, and for shares of 0 and 1.

    Args:
        share: from 0 to 1, any shape.
        count: of how many, 1 or more, same shape.

    Returns:
        The lower ends and the upper ends, same shape.
    """
    # Written out, as scipy.stats has it for one share at a time and takes 0.4 s to import.
    spread = 1.0 + Z**2 / count
    middle = (share + Z**2 / (2.0 * count)) / spread
    half = Z / spread * np.sqrt(share * (1.0 - share) / count + Z**2 / (4.0 * count**2))
    return middle - half, middle + half
