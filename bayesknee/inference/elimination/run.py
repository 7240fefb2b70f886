"""Runs of an elimination order with the numbers of patients: forward for P(evidence), backward for all marginals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.elimination.order import KEPT_AT_MOST, EliminationOrder
from bayesknee.inference.elimination.patients import Patients
from bayesknee.inference.elimination.steps import EliminationStep, Observe, Tally

MOST_KEPT_NUMBERS: Final = KEPT_AT_MOST  # in tables kept for the backward pass, for all patients: 256 MB
# One answer lowers a table by some powers of ten and no more; what is so small beside 1 is what rounding left of a
# difference of equal numbers, and to divide by it would overflow.
NOTHING_LEFT: Final = 1e-290


class AnyRun(Protocol):
    """A run by numpy or by compiled code."""

    def log_evidence(self) -> Vector:
        """log P(evidence), shape (patients,)."""

    def log_evidence_alone(self) -> Vector:
        """The same where no `marginals` are wanted."""

    def marginals(self) -> Marginals:
        """P(condition | evidence), after `log_evidence`."""


@dataclass
class Marginals:
    """A `Tally` that turns weights into P(condition | evidence) and P(effect | evidence).

    Attributes:
        patients: of the run.
        conditions: shape (n, patients).
        effects: by number, shape (patients,).
    """

    patients: Patients
    conditions: Vector
    effects: dict[int, Vector] = field(default_factory=dict)

    def condition(self, number: int, weights: Vector) -> None:
        no, yes = weights.reshape(2, -1, weights.shape[-1]).sum(axis=1)
        self.conditions[number] = yes / (no + yes)

    def crowd(self, name: int, weights: Vector) -> None:
        crowd = self.patients.crowd(name)
        self.conditions[list(crowd.members)] = crowd.present(weights)

    def axis(self, name: int, weights: Vector) -> None:
        if name < len(self.conditions):
            self.condition(name, weights)

    def effect(self, number: int, weights: Vector) -> None:
        self.effects[number] = weights[1] / (weights[0] + weights[1])


@dataclass
class Run:
    """A run by numpy, which keeps its tables for the backward pass.

    If all tables would take too much memory, only one in `_stride` is kept, and the backward pass computes the others
    again.
    """

    plan: EliminationOrder
    patients: Patients
    _log_tops: Vector = field(init=False)
    _kept: dict[int, Vector] = field(init=False, default_factory=dict)
    _stride: int = field(init=False, default=1)

    def __post_init__(self) -> None:
        self._log_tops = self.patients.log_scale.copy()
        for crowd in self.patients.crowds.values():
            self._log_tops += crowd.log_scale
        if sum(self.plan.sizes) * self.patients.count > MOST_KEPT_NUMBERS:
            self._stride = max(2, int(np.sqrt(len(self.plan.steps))))

    def log_evidence(self) -> Vector:
        """log P(evidence), shape (patients,); keeps the tables for the backward pass."""
        x = np.ones(self.patients.count, self.patients.no.dtype)
        for number, step in enumerate(self.plan.steps):
            if number % self._stride == 0:
                self._kept[number] = x
            x, top = self._forward(step, x)
            self._log_tops += np.log(top)
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(x) + self._log_tops)

    def log_evidence_alone(self) -> Vector:
        """The same where no `marginals` are wanted: keeps no tables, beside those that another run may hold."""
        self._stride = len(self.plan.steps) + 1
        return self.log_evidence()

    def _forward(self, step: EliminationStep, x: Vector) -> tuple[Vector, Vector]:
        """The table after a step, and the factor it was divided by to stay in the range of floats."""
        x = step.forward(x, self.patients)
        if not isinstance(step, Observe):
            return x, np.ones(())
        top = x.real.max(axis=tuple(range(x.ndim - 1)))
        left = top > NOTHING_LEFT
        top = np.where(left, top, 1.0)
        return np.where(left, x / top, 0.0), top

    def marginals(self) -> Marginals:
        """P(condition | evidence), after `log_evidence`; NaN if that is minus infinity."""
        tally = Marginals(self.patients, np.full((self.patients.structure.model.n, self.patients.count), np.nan))
        self.back(tally)
        return tally

    def back(self, tally: Tally) -> None:
        """The backward pass, which puts marginals into the tally; after `log_evidence`."""
        g = np.ones(self.patients.count, self.patients.no.dtype)
        with np.errstate(invalid="ignore", divide="ignore"):
            for step, x in self.tables_backwards():
                g = step.backward(x, g, self.patients, tally)
                g = g / g.real.max(axis=tuple(range(g.ndim - 1))) if isinstance(step, Observe) else g

    def tables_backwards(self) -> Iterator[tuple[EliminationStep, Vector]]:
        """The steps with the table before each, from the last to the first; after `log_evidence`."""
        for start in sorted(self._kept, reverse=True):
            steps = self.plan.steps[start : start + self._stride]
            yield from zip(reversed(steps), reversed(self._tables(start, steps)), strict=True)

    def _tables(self, start: int, steps: Sequence[EliminationStep]) -> list[Vector]:
        """The table before each of these steps, from the kept table before the first one."""
        tables = [self._kept[start]]
        for step in steps[:-1]:
            tables.append(self._forward(step, tables[-1])[0])
        return tables
