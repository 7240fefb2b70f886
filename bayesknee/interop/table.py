"""A node of a Bayesian network as other programs know it: P(node | parents) as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.errors import ExportError

TOLERANCE: Final = 1e-9  # as for distributions in a network: far above rounding, far below a wrong figure


@dataclass(frozen=True, eq=False)
class Table:
    """P(node | parents).

    Attributes:
        values: an axis for the node's states, then one for each parent, in the order of `parents`.

    Raises:
        ExportError: a value is no probability, or a column does not sum to 1 within 1e-9.
    """

    node: str
    states: tuple[str, ...]
    parents: tuple[str, ...]
    values: Vector

    def __post_init__(self) -> None:
        off = float(np.max(np.abs(self.values.sum(axis=0) - 1.0)))
        if not (np.all(self.values >= 0.0) and off <= TOLERANCE):
            raise ExportError(
                f"the table of {self.node} is off by {off:.2g}; expected columns of probabilities that sum to 1 within "
                f"{TOLERANCE:g}; correct the numbers of {self.node}"
            )

    @property
    def rows(self) -> Vector:
        """A row for each combination of parent states, the last parent changing fastest; a column for each state."""
        return np.moveaxis(self.values, 0, -1).reshape(-1, len(self.states))
