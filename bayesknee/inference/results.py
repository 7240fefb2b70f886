"""What inference finds out: plain data, the same whichever strategy worked it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from immutabledict import immutabledict
from numpy.typing import NDArray

from bayesknee.arrays import Vector
from bayesknee.knowledge.model import Path
from bayesknee.patient.codes import Codes


@dataclass(frozen=True, eq=False)
class Outcomes:
    """The answers to some questions, in one row each: those of the first question, then those of the second, and so on.

    Attributes:
        names: the questions, in the order of `network.questions`.
        starts: the first row of each question, and the number of rows at the end; shape (questions + 1,).
        probabilities: P(answer | evidence), shape (rows,); those of one question sum to 1.
        joint: P(answer and condition | evidence), shape (rows, conditions).
        marginals: P(condition | evidence), shape (conditions,).
    """

    names: tuple[str, ...]
    starts: NDArray[np.intp]
    probabilities: Vector
    joint: Vector
    marginals: Vector

    @cached_property
    def posteriors(self) -> Vector:
        """P(condition | evidence, answer), shape (rows, conditions); 0 for an answer that cannot be."""
        totals = self.probabilities[:, None]
        return np.minimum(np.divide(self.joint, totals, out=np.zeros_like(self.joint), where=totals > 0.0), 1.0)


Events = tuple[frozenset[int], ...]


class Shares(NamedTuple):
    """What each answer brings. All are natural logarithms; side 0 is the event, side 1 its opposite.

    An event is "at least one of these conditions". Where a side is impossible, its `after` is minus infinity, and so
    are the moves of the answers that make it so.

    Attributes:
        answers: the ids of all that is known, in the order of `Evidence.likelihoods`.
        before: log P(side), the complaint being present; shape (2, events).
        after: log P(side, evidence), up to a constant that is the same for all; shape (2, events).
        moves: what each answer adds to that; shape (answers, 2, events). Their sum is `after - before`.
    """

    answers: tuple[str, ...]
    before: Vector
    after: Vector
    moves: Vector


class Gradients(NamedTuple):
    """Derivatives of what is said of one patient by each number that bears on it.

    Attributes:
        paths: where the numbers stand. A number that is not among them changes nothing.
        slopes: d P(e) / d number, over P(e), then d P(event, e) / d number, over P(e), for each event;
            shape (numbers, 1 + events).
        posterior: P(event | e), shape (events,).
        linear: whether P(e) and P(event, e) are straight lines in the number, shape (numbers,): then the posterior is
            (P(event | e) + slope * change) / (1 + slope of P(e) * change), exactly.
    """

    paths: tuple[Path, ...]
    slopes: Vector
    posterior: Vector
    linear: NDArray[np.bool_]

    @property
    def derivatives(self) -> Vector:
        """d P(event | e) / d number, shape (numbers, events)."""
        return self.slopes[:, 1:] - self.slopes[:, :1] * self.posterior


Numbers: TypeAlias = NDArray[np.floating]


Groups: TypeAlias = Sequence[frozenset[int]]


class Posteriors(NamedTuple):
    """The posteriors of many patients. A row whose answers are impossible has minus infinity, and NaN otherwise.

    Attributes:
        marginals: P(condition | evidence), shape (rows, conditions).
        groups: P(at least one member | evidence), shape (rows, groups).
        log_evidence: log P(evidence | complaint, setting), shape (rows,).
    """

    marginals: Numbers
    groups: Numbers
    log_evidence: Numbers


class Sample(NamedTuple):
    """Patients drawn from a network.

    Attributes:
        conditions: what they have, bool of shape (rows, conditions).
        codes: their answers to all questions, see `bayesknee.patient.codes`; not known are only findings whose gate
            does not hold. What the evidence answers with a state has that state.
    """

    conditions: NDArray[np.bool_]
    codes: Codes


DEFAULT_MEMORY: Final = 2**30


DEFAULT_SECONDS: Final = 20.0


@dataclass(frozen=True)
class Budget:
    """What the exact work for one patient may take, by estimate, before an approximation takes its place.

    Attributes:
        memory: bytes.
        seconds: of one core.
    """

    memory: int = DEFAULT_MEMORY
    seconds: float = DEFAULT_SECONDS


@dataclass(frozen=True)
class Approximation:
    """How a posterior came about that is not exact: weighted draws; see `bayesknee.inference.elimination.importance`.

    Attributes:
        draws: how many sets of conditions were drawn.
        effective: how many equally weighted ones they are worth.
        bounded: how many findings and signs were bounded in what was drawn from; the weights put that right.
        errors: half the width of the 95 % interval of each posterior, by condition id.
        log_evidence_error: the same of log P(evidence).
    """

    draws: int
    effective: float
    bounded: int
    errors: Mapping[str, float] = immutabledict()
    log_evidence_error: float = 0.0

    @property
    def largest_error(self) -> float:
        """The largest of the errors."""
        return max(self.errors.values(), default=0.0)

    def to_dict(self) -> dict[str, Any]:
        """All but the errors of single conditions as plain data, ready for JSON."""
        return {
            "method": "importance sampling",
            "draws": self.draws,
            "effective_draws": self.effective,
            "bounded_findings": self.bounded,
            "largest_error": self.largest_error,
            "log_evidence_error": self.log_evidence_error,
        }
