"""The results of inference: plain data, the same for all strategies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import numpy as np
from immutabledict import immutabledict
from numpy.typing import NDArray

from bayesknee.arrays import Vector
from bayesknee.errors import BayeskneeError, BudgetError
from bayesknee.knowledge.model import Path
from bayesknee.patient.codes import Codes


@dataclass(frozen=True, eq=False)
class Outcomes:
    """The posteriors after all answers to some questions, a row for each answer, question after question.

    Attributes:
        names: ids of the questions, in the order of `network.questions`.
        starts: the first row of each question, then the number of rows; shape (questions + 1,).
        probabilities: P(answer | evidence), shape (rows,); those of one question sum to 1.
        joint: P(answer and condition | evidence), shape (rows, conditions).
        marginals: P(condition | evidence), shape (conditions,).
        left_out: ids of questions whose answers would take more time or memory than the budget allows.
    """

    names: tuple[str, ...]
    starts: NDArray[np.intp]
    probabilities: Vector
    joint: Vector
    marginals: Vector
    left_out: tuple[str, ...] = ()

    @cached_property
    def posteriors(self) -> Vector:
        """P(condition | evidence, answer), shape (rows, conditions); 0 for an impossible answer."""
        totals = self.probabilities[:, None]
        return np.minimum(np.divide(self.joint, totals, out=np.zeros_like(self.joint), where=totals > 0.0), 1.0)


Events = tuple[frozenset[int], ...]


class Shares(NamedTuple):
    """The shares of the answers, in natural logarithms. Side 0 is the event, side 1 its opposite.

    An event is "at least one of these conditions". If a side is impossible, its `after` is minus infinity, and so are
    the moves of the answers that make it so.

    Attributes:
        answers: ids of what is known, in the order of `Evidence.likelihoods`.
        before: log P(side | complaint), shape (2, events).
        after: log P(side, evidence), up to a constant that is the same for all sides; shape (2, events).
        moves: the share of each answer in the change, shape (answers, 2, events). Their sum is `after - before`.
    """

    answers: tuple[str, ...]
    before: Vector
    after: Vector
    moves: Vector


class Gradients(NamedTuple):
    """Derivatives of one patient's posterior by the numbers of the network.

    Attributes:
        paths: where the numbers stand. A number that is not among them changes nothing.
        slopes: d P(e) / d number, over P(e), then d P(event, e) / d number, over P(e), for each event;
            shape (numbers, 1 + events).
        posterior: P(event | e), shape (events,).
        linear: whether P(e) and P(event, e) are linear in the number, shape (numbers,). The posterior after a change is
            then exactly (P(event | e) + slope * change) / (1 + slope of P(e) * change).
    """

    paths: tuple[Path, ...]
    slopes: Vector
    posterior: Vector
    linear: NDArray[np.bool_]

    @property
    def derivatives(self) -> Vector:
        """d P(event | e) / d number, shape (numbers, events)."""
        return self.slopes[:, 1:] - self.slopes[:, :1] * self.posterior


FloatArray: TypeAlias = NDArray[np.floating]
Groups: TypeAlias = Sequence[frozenset[int]]


class Posteriors(NamedTuple):
    """The posteriors of many patients.

    A row with impossible answers has a `log_evidence` of minus infinity, and NaN elsewhere.

    Attributes:
        marginals: P(condition | evidence), shape (rows, conditions).
        groups: P(at least one member | evidence), shape (rows, groups).
        log_evidence: natural log of P(evidence | complaint, setting), shape (rows,).
    """

    marginals: FloatArray
    groups: FloatArray
    log_evidence: FloatArray


class Sample(NamedTuple):
    """Patients drawn from a network.

    Attributes:
        conditions: whether each condition is present, bool of shape (rows, conditions).
        codes: the answers to all questions, shape (rows, questions); see `bayesknee.patient.codes`. Only findings whose
            gate does not hold are not known. A question that the evidence answers with a state has that state.
    """

    conditions: NDArray[np.bool_]
    codes: Codes


DEFAULT_MEMORY: Final = 2**30  # judged: free on almost any machine; a larger one gives more patients exact posteriors
DEFAULT_SECONDS: Final = 20.0  # judged: about as long as somebody waits for a result


# The most networks or patients drawn for one result. Judged: 800 kB for each condition and group; more narrows no
# interval that a reader can see.
DEFAULT_DRAWS: Final = 100_000


@dataclass(frozen=True)
class Budget:
    """What one request may take: for a host that serves strangers, who ask for as much as they are given.

    All capabilities hold to it. What is more is refused with a `BudgetError` that names the limit; what a capability
    takes by default is cut down to it.

    Attributes:
        memory: in bytes, of exact work for one patient, by estimate; beyond it the posterior is approximated.
        seconds: of one core, of the same; what draws patients or plans questions takes as many as fit, by estimate.
        answers: the most answers of one patient; None for as many as the network has questions and conditions.
        draws: the most networks or patients drawn for one result: intervals, stop rule, surprise, plan.
        questions: the most questions of a plan; None for all.

    Raises:
        BayeskneeError: a limit below 1.
    """

    memory: int = DEFAULT_MEMORY
    seconds: float = DEFAULT_SECONDS
    answers: int | None = None
    draws: int = DEFAULT_DRAWS
    questions: int | None = None

    def __post_init__(self) -> None:
        for name in ("answers", "draws", "questions"):
            if (limit := getattr(self, name)) is not None and limit < 1:
                raise BayeskneeError(f"a budget of {limit} {name}; expected 1 or more; correct it")

    def check(self, limit: Literal["answers", "draws", "questions"], wanted: int, remedy: str) -> None:
        """Refuses more than a limit allows.

        Raises:
            BudgetError: it is more.
        """
        most = getattr(self, limit)
        if most is not None and wanted > most:
            raise BudgetError(limit, most, wanted, remedy)

    def draws_of(self, wanted: int, usual: int) -> int:
        """How many draws to take: as wanted, or of the usual number as many as the budget allows.

        Raises:
            BudgetError: another number than the usual one is wanted, and it is more than allowed.
        """
        if wanted == usual:
            return min(usual, self.draws)
        self.check("draws", wanted, "ask for fewer")
        return wanted


@dataclass(frozen=True)
class Approximation:
    """The figures of importance sampling; see `bayesknee.inference.elimination.importance`.

    Attributes:
        draws: how many sets of conditions were drawn.
        effective: the effective sample size: the number of equally weighted draws with the same variance.
        bounded: how many findings and signs the proposal distribution bounds; the weights correct for it.
        errors: half the width of the 95 % interval of each posterior, by condition id.
        log_evidence_error: half the width of the 95 % interval of log P(evidence).
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
        """As plain data, ready for JSON, without the errors of single conditions."""
        return {
            "method": "importance sampling",
            "draws": self.draws,
            "effective_draws": self.effective,
            "bounded_findings": self.bounded,
            "largest_error": self.largest_error,
            "log_evidence_error": self.log_evidence_error,
        }
