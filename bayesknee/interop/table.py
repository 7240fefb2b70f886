"""A node of a Bayesian network as other programs know it: P(node | parents), and marks."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Literal, TypeAlias

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.errors import ExportError
from bayesknee.knowledge.model import Kind

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
    def size(self) -> int:
        """How many numbers it holds."""
        return self.values.size

    @property
    def expanded(self) -> int:
        """How many numbers the table holds: as many."""
        return self.size

    def with_turned(self, turned: Container[str]) -> Table:
        """The same, where the states of these parents are told the other way round."""
        ways = [slice(None, None, -1 if parent in turned else 1) for parent in self.parents]
        return replace(self, values=self.values[(slice(None), *ways)])

    @property
    def rows(self) -> Vector:
        """A row for each combination of parent states, the last parent changing fastest; a column for each state."""
        return np.moveaxis(self.values, 0, -1).reshape(-1, len(self.states))


@dataclass(frozen=True, eq=False)
class NoisyMax:
    """P(node | parents) as a noisy-MAX: the node is the greatest of what the leak and each parent lead to.

    P(X <= k | parents) = P(leak <= k) * product over the parents of P(X <= k | the state of this one, no leak), which
    is how Diez (1993) states a noisy-MAX. Of a node with two states it is a noisy-OR.

    Attributes:
        states: from the lowest to the highest.
        parents: in any order.
        causes: by parent, P(state | state of this parent, no leak), shape (states, states of the parent).
        leak: P(state | no cause at all), shape (states,).
    """

    node: str
    states: tuple[str, ...]
    parents: tuple[str, ...]
    causes: Mapping[str, Vector]
    leak: Vector

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return int(self.leak.size) + sum(int(values.size) for values in self.causes.values())

    @property
    def expanded(self) -> int:
        """How many numbers it would hold as a table."""
        return len(self.states) * math.prod(int(values.shape[1]) for values in self.causes.values())

    def with_turned(self, turned: Container[str]) -> NoisyMax:
        """The same, where the states of these parents are told the other way round."""
        causes = {name: values[:, ::-1] if name in turned else values for name, values in self.causes.items()}
        return replace(self, causes=causes)

    @cached_property
    def values(self) -> Vector:
        """The table. Ask for `expanded` first."""
        at_most = np.cumsum(self.leak)
        for parent in self.parents:
            leads = np.cumsum(self.causes[parent], axis=0)
            at_most = at_most[..., None] * leads.reshape(len(leads), *(1,) * (at_most.ndim - 1), -1)
        return np.maximum(np.diff(at_most, axis=0, prepend=0.0), 0.0)


AnyTable: TypeAlias = Table | NoisyMax

Mark: TypeAlias = Literal["target", "observation", "auxiliary"]


@dataclass(frozen=True)
class NodeMarks:
    """What a file says of a node, beside its table.

    Attributes:
        role: what a diagnosis does with it, in GeNIe's words; None where the file does not say.
        kind: of a finding, whether it is told, examined or measured; empty where the file does not say.
        present: the state that counts as present; empty where the file does not say.
        label, question: what it is called, and how it is asked; empty where the file does not say.
        cost: of observing it; 0 where the file does not say.
        mandatory: whether it is to be asked before all others.
    """

    role: Mark | None = None
    kind: Kind | Literal[""] = ""
    present: str = ""
    label: str = ""
    question: str = ""
    cost: float = 0.0
    mandatory: bool = False
