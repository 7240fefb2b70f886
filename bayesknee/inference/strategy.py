"""What the engine asks of a way to do inference."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import ClassVar, Final, Protocol

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.results import Approximation, Events, Gradients, Groups, Outcomes, Posteriors, Sample, Shares
from bayesknee.patient.codes import Codes
from bayesknee.patient.evidence import Evidence

MOST_CONDITIONS: Final = 20


class Inference(Protocol):
    """What a strategy finds out about one patient; `approximation` is None where it is exact."""

    @property
    def log_evidence(self) -> float: ...
    @property
    def marginals(self) -> Vector: ...
    @property
    def approximation(self) -> Approximation | None: ...
    def any_of(self, conditions: frozenset[int], /) -> float: ...


class Strategy(Protocol):
    """A way to do exact inference; the engine chooses one by size and shape of the network.

    Attributes:
        redraws_by_patient: whether `redrawn` for each of many patients is less work than a strategy for each drawn
            network.
    """

    redraws_by_patient: ClassVar[bool]

    def infer(self, evidence: Evidence, /) -> Inference: ...

    def infer_many(
        self, codes: Codes, evidence: Evidence = ..., groups: Groups = (), refused: dict[int, str] | None = None
    ) -> Posteriors:
        """The posteriors of many patients, row by row what `infer` says.

        Args:
            codes: their answers, see `bayesknee.patient.codes`.
            evidence: what is known of all of them besides. The codes of questions that it answers, be it with unknown,
                are not read.
            groups: sets of conditions by number, of which to tell the probability of at least one.
            refused: where given, takes the rows that are too much for exact work, by number, and why; these have NaN
                throughout.

        Raises:
            InferenceError: a row that is too much for exact work, where `refused` was left out.
        """

    def followed(self, evidence: Evidence, names: Sequence[str], /) -> Sequence[str]:
        """Of some questions, best first, those whose answers can be worked out for many drawn patients in no time.

        Args:
            evidence: what is known of all of them; it must be possible.
            names: questions not answered yet. All of them are returned, or as many of the first ones as will do.
        """

    def sample(
        self, evidence: Evidence, rows: int, rng: np.random.Generator, wanted: Collection[str] | None = None, /
    ) -> Sample:
        """Patients drawn given evidence, the complaint being present.

        Args:
            evidence: what is known of all of them.
            rows: how many.
            rng: source of chance.
            wanted: findings whose answers are of interest; those of others may be left out. All where None.

        Raises:
            ImpossibleEvidenceError: nobody can have given these answers.
        """

    def shares(self, evidence: Evidence, events: Events, /) -> Shares:
        """What each answer brings to log P(e | event), and to that of the opposite: what the ledger rests on.

        The evidence, which is possible, comes in on some path from nothing to all of it; each answer gets what it adds
        on the way. The strategy chooses the path, and must see to this:

        - the shares of a side sum to log P(e | side) within 1e-9, up to a constant that is the same for all sides;
        - nothing depends on the order in which the answers were given;
        - an answer that tells nothing of the conditions brings the same to all sides, and answers that say the same of
          them all bring the same;
        - where a side is impossible, `after` and the moves of the answers that make it so are minus infinity, and the
          other moves of that side are finite.

        Args:
            evidence: what is known. There is a share for each of `evidence.likelihoods`, in that order.
            events: sets of conditions by number; the event is that at least one of them is present.
        """

    def outcomes(self, evidence: Evidence, names: Iterable[str], /) -> Outcomes:
        """What each answer to each of these questions would lead to; see `bayesknee.inference.enumeration.outcomes`.

        Args:
            evidence: what is known; it must be possible.
            names: findings and risk factors whose gates, if any, are known to hold.
        """

    def gradients(self, evidence: Evidence, events: Events, /) -> Gradients:
        """How P(event | e) changes with every number of the network; see `bayesknee.inference.results.Gradients`.

        What is solved from other numbers, as the intercepts from the base rates, is solved anew for each change. The
        states of a distribution give way in proportion.

        Args:
            evidence: what is known; it must be possible.
            events: sets of conditions by number; the event is that at least one of them is present.
        """

    def redrawn(self, evidence: Evidence, events: Events, draws: int, seed: int, /) -> Vector:
        """P(event | e) with every number of the network drawn anew from its range, shape (draws, events).

        Each row is exactly what a network drawn by `bayesknee.knowledge.ranges` says, base rates met. The draws depend
        on the seed, not on the evidence: what differs between two patients is not chance.

        Args:
            evidence: what is known; it must be possible.
            events: sets of conditions by number; the event is that at least one of them is present.
            draws: how many networks to draw; 1 or more.
            seed: of the draws.

        Raises:
            InferenceError: more than the budget allows.
        """

    def usual_draws(self, evidence: Evidence, events: Events, /) -> int:
        """How many draws `redrawn` is to take where nobody says.

        Raises:
            InferenceError: the fewest that make sense would take longer than the budget allows.
        """
