"""The interface of an inference strategy."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import ClassVar, Final, Protocol

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.results import Approximation, Events, Gradients, Groups, Outcomes, Posteriors, Sample, Shares
from bayesknee.patient.codes import Codes
from bayesknee.patient.evidence import Evidence

# Conditions up to which all their subsets are enumerated. A table over the subsets of 20 takes 8 MB; time and memory
# double with each further condition.
MOST_CONDITIONS: Final = 20


class Inference(Protocol):
    """The posterior of one patient; `approximation` is None if it is exact."""

    @property
    def log_evidence(self) -> float: ...
    @property
    def marginals(self) -> Vector: ...
    @property
    def approximation(self) -> Approximation | None: ...
    def any_of(self, conditions: frozenset[int], /) -> float: ...


class Strategy(Protocol):
    """A method of inference; `bayesknee.inference.choose` picks one by the number of conditions.

    Attributes:
        redraws_by_patient: whether `redrawn` for each patient is less work than a strategy for each drawn network.
    """

    redraws_by_patient: ClassVar[bool]

    def infer(self, evidence: Evidence, /) -> Inference: ...

    def infer_many(
        self, codes: Codes, evidence: Evidence = ..., groups: Groups = (), refused: dict[int, str] | None = None
    ) -> Posteriors:
        """The posteriors of many patients; each row is exactly what `infer` gives.

        Args:
            codes: the answers, shape (rows, questions); see `bayesknee.patient.codes`.
            evidence: what is known of all patients besides. The codes of questions that it answers, even with
                `unknown`, are not read.
            groups: sets of conditions by number, for P(at least one member | evidence).
            refused: if given, it takes the rows that are beyond the budget: the reason by number of the row. These
                rows are NaN.

        Raises:
            InferenceError: a row is beyond the budget, and `refused` is None.
        """

    def followed(self, evidence: Evidence, names: Sequence[str], /) -> Sequence[str]:
        """As many of these questions, from the first on, as drawn patients can all answer within the time allowed.

        Args:
            evidence: what is known of all patients; it must be possible.
            names: ids of questions without an answer, best first.

        Returns:
            All of the ids, or a part of them in the same order.
        """

    def patients_in_time(self, evidence: Evidence, names: Collection[str], /) -> int:
        """How many drawn patients who answer these questions, too, can be inferred in the seconds of the budget.

        By estimate, and without limit where the strategy takes so little that none is needed.

        Args:
            evidence: what is known of all patients.
            names: ids of the questions.
        """

    def seconds_to_rank(self, evidence: Evidence, names: Collection[str], /) -> float:
        """The seconds that the outcomes of these questions take, by estimate; see `outcomes`."""

    def sample(
        self, evidence: Evidence, rows: int, rng: np.random.Generator, wanted: Collection[str] | None = None, /
    ) -> Sample:
        """Patients drawn given the evidence and the complaint.

        Args:
            evidence: what is known of all patients.
            rows: how many patients to draw.
            rng: the generator of random numbers.
            wanted: ids of the questions to draw; the codes of others may be left out. None draws all of them.

        Raises:
            ImpossibleEvidenceError: the evidence has probability 0.
            InferenceError: exact work is beyond the budget.
        """

    def shares(self, evidence: Evidence, events: Events, /) -> Shares:
        """The share of each answer in log P(e | event) and in log P(e | no event): the basis of the ledger.

        The evidence enters along a path from none to all of it, and each answer gets what it adds on the path. The
        strategy chooses the path. These properties hold:

        - The shares of a side sum to log P(e | side) within 1e-9, up to a constant that is the same for all sides.
        - The shares do not depend on the order of the answers.
        - An uninformative answer has the same share in all sides. Answers with equal likelihoods have equal shares.
        - If a side is impossible, `after` and the moves of the answers that make it so are minus infinity, and the
          other moves of that side are finite.

        Args:
            evidence: what is known; it must be possible. There is a share for each of `evidence.likelihoods`, in that
                order.
            events: sets of conditions by number; the event is that at least one member is present.
        """

    def outcomes(self, evidence: Evidence, names: Iterable[str], /) -> Outcomes:
        """The posteriors after each answer to each of these questions; see `bayesknee.inference.results.Outcomes`.

        Where all of them would take more than the seconds of the budget, by estimate, the least promising ones are left
        out. `Outcomes.left_out` names these.

        Args:
            evidence: what is known; it must be possible.
            names: ids of findings and risk factors whose gates, if any, are known to hold.
        """

    def gradients(self, evidence: Evidence, events: Events, /) -> Gradients:
        """The derivatives of P(event | e) by all numbers of the network; see `bayesknee.inference.results.Gradients`.

        Intercepts, which are solved from base rates, change along with the numbers. The other states of a distribution
        change in proportion.

        Args:
            evidence: what is known; it must be possible.
            events: sets of conditions by number; the event is that at least one member is present.

        Raises:
            InferenceError: exact work is beyond the budget.
        """

    def redrawn(self, evidence: Evidence, events: Events, draws: int, seed: int, /) -> Vector:
        """P(event | e) with all numbers of the network drawn from their ranges, shape (draws, events).

        Each row is exactly the posterior of a network drawn by `bayesknee.knowledge.ranges`, with base rates met. The
        draws depend on the seed and not on the evidence, so that a difference between two patients is not chance.

        Args:
            evidence: what is known; it must be possible.
            events: sets of conditions by number; the event is that at least one member is present.
            draws: how many networks to draw; 1 or more.
            seed: of the draws.

        Raises:
            InferenceError: the work is beyond the budget.
        """

    def usual_draws(self, evidence: Evidence, events: Events, /) -> int:
        """The default number of draws of `redrawn`.

        Raises:
            InferenceError: even the fewest useful draws are beyond the budget.
        """
