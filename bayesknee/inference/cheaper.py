"""The strategy that takes the cheaper of two ways, for each patient and each piece of work: enumeration or elimination.

Enumeration takes time in proportion to 2**n answers by conditions, whatever the answers. Elimination takes hardly any
where few findings are present, and the more the more of them share conditions; mixtures and unknown risk factors
multiply what it takes. So between some 14 conditions and the most that can be enumerated, neither is cheaper by itself.

Both are estimated from the structure, before any work: the subsets, answers and questions for enumeration; the order of
elimination, which is found without numbers, for the other. `Effort` counts the numbers that are computed. What is
beyond the memory of the budget one way goes the other way. Both ways give the same figures but for rounding.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Final, NamedTuple

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.errors import InferenceError
from bayesknee.inference.drawn_numbers import USUAL_DRAWS
from bayesknee.inference.elimination.batch import structure_with
from bayesknee.inference.elimination.outcomes import RankingCosts
from bayesknee.inference.elimination.patients import node_evidence, one_patient
from bayesknee.inference.elimination.redraw import usual_draws
from bayesknee.inference.elimination.shares import NODES
from bayesknee.inference.elimination.strategy import Elimination
from bayesknee.inference.elimination.structure import Structure
from bayesknee.inference.enumeration.strategy import Enumeration
from bayesknee.inference.enumeration.subset_tables import MOST_CACHED_NUMBERS
from bayesknee.inference.results import Budget, Events, Gradients, Groups, Outcomes, Posteriors, Sample, Shares
from bayesknee.inference.strategy import Inference, Strategy
from bayesknee.knowledge.network import Network
from bayesknee.patient.codes import Codes, decode
from bayesknee.patient.evidence import NOTHING_KNOWN, Evidence
from bayesknee.patient.sorted_evidence import sorted_evidence

BYTES: Final = 8  # of a number
SECONDS_A_NUMBER: Final = 2e-9  # of enumeration, in arrays that a processor's cache does not hold; measured, 1 to 4
COMPLEX: Final = 3.0  # what a complex number takes, as a multiple of the time of a real one; measured, 2 to 4
ROWS_LOOKED_AT: Final = 16  # of a table, evenly spread: an order of elimination takes up to 40 ms to find. Judged


class Effort(NamedTuple):
    """What some work takes, by estimate.

    Attributes:
        seconds: of one core.
        memory: in bytes.
    """

    seconds: float
    memory: float


class Passes(NamedTuple):
    """What a kind of work takes by enumeration; measured with 16 to 20 conditions and 16 to 40 answers.

    Attributes:
        by_answer: how often all subsets are gone through for each answer.
        arrays: over all subsets that are in use at a time, beside those of the answers.
        by_event: such arrays for each condition and group.
    """

    by_answer: float
    arrays: float = 8.0
    by_event: float = 0.0


# By the measurement above, rounded: what is off by a factor of two sends patients between both ways to the slower one,
# with the same figures.
INFER: Final = Passes(15.0)
ROWS: Final = Passes(1.5)  # of each row of a table
SHARES: Final = Passes(35.0, arrays=12.0, by_event=2.0)
GRADIENTS: Final = Passes(50.0, by_event=2.0)
REDRAWN: Final = Passes(2.2 * USUAL_DRAWS)  # of each draw, its prior and its answers
QUESTIONS: Final = 0.5  # passes for each question that is asked about, as unread signs and findings fold into sums


@dataclass(frozen=True)
class PatientWork:
    """What the estimates for one patient rest on.

    Attributes:
        structure: of the elimination.
        answers: rows over all subsets: findings, signs with readings, conditions, and the prior.
        gradual: answers that are divided among in the ledger.
    """

    structure: Structure
    answers: int
    gradual: int


class Cheaper:
    """The cheaper of both ways; see `bayesknee.inference.strategy.Strategy`. Safe to share between threads.

    Args:
        network: a network with no more conditions than can be enumerated.
        setting: one of its care settings.
        budget: what exact work may take.

    Raises:
        InferenceError: tables too large, or base rates that cannot be met.
    """

    redraws_by_patient: ClassVar[bool] = True

    def __init__(self, network: Network, setting: str, budget: Budget) -> None:
        self._network, self._setting, self._budget = network, setting, budget
        self._elimination = Elimination(network, setting, budget)
        self.core = self._elimination.core
        self._subsets = 2 ** len(network.conditions)

    @cached_property
    def _enumeration(self) -> Enumeration | None:
        """None where the tables before the findings would be too large."""
        try:
            return Enumeration(self._network, self._setting)
        except InferenceError:
            return None

    # --- estimates ---------------------------------------------------------------------------------------------------

    def work_of(self, evidence: Evidence) -> PatientWork:
        known = sorted_evidence(self._network, evidence.likelihoods)
        structure = one_patient(self.core.model, node_evidence(self.core.model, evidence)).structure
        answers = 1 + len(known.conditions) + len(known.direct) + len(known.readings)
        return PatientWork(structure, answers, len(evidence.likelihoods))

    def enumeration_effort(self, patient: PatientWork, passes: Passes, events: int = 0) -> Effort:
        """What a kind of work takes by enumeration."""
        arrays = patient.answers + passes.arrays + passes.by_event * events
        kept = min(2 * MOST_CACHED_NUMBERS, 3 * patient.answers * self._subsets)
        seconds = SECONDS_A_NUMBER * passes.by_answer * patient.answers * self._subsets
        return Effort(seconds, BYTES * (arrays * self._subsets + kept))

    def elimination_effort(self, structure: Structure, runs: float, patients: float, size: float = 1.0) -> Effort:
        """What so many patients of a structure take in so many runs, each number `size` times that of a posterior."""
        seconds = size * self.core.seconds_of_runs(structure, runs, patients)
        return Effort(seconds, size * self.core.memory(structure))

    def _cheaper(self, by_elimination: Effort, by_enumeration: Effort) -> Strategy:
        fits = {
            True: by_elimination.memory <= self._budget.memory,
            False: by_enumeration.memory <= self._budget.memory,
        }
        goes_by_elimination = by_elimination.seconds <= by_enumeration.seconds
        if not fits[goes_by_elimination] and fits[not goes_by_elimination]:
            goes_by_elimination = not goes_by_elimination
        if goes_by_elimination or not fits[False] or self._enumeration is None:
            return self._elimination
        return self._enumeration

    def way_to_infer(self, evidence: Evidence) -> Strategy:
        """The strategy for one posterior, and for what takes about as much."""
        patient = self.work_of(evidence)
        by_elimination = Effort(self.core.seconds(patient.structure), self.core.memory(patient.structure))
        return self._cheaper(by_elimination, self.enumeration_effort(patient, INFER))

    def way_to_rank(self, evidence: Evidence, names: Collection[str]) -> Strategy:
        """The strategy for the outcomes of these questions."""
        return self._efforts_to_rank(evidence, names)[0]

    def _efforts_to_rank(self, evidence: Evidence, names: Collection[str]) -> tuple[Strategy, Effort]:
        patient = self.work_of(evidence)
        costs = RankingCosts(self.core, evidence)
        by_enumeration = self.enumeration_effort(patient, INFER)
        more = SECONDS_A_NUMBER * QUESTIONS * len(names) * self._subsets
        by_enumeration = by_enumeration._replace(seconds=by_enumeration.seconds + more)
        by_elimination = Effort(sum(map(costs.of, names)), self.core.memory(patient.structure))
        way = self._cheaper(by_elimination, by_enumeration)
        return way, by_elimination if way is self._elimination else by_enumeration

    def way_to_share(self, evidence: Evidence, events: Events) -> Strategy:
        """The strategy for the shares of answers."""
        patient = self.work_of(evidence)
        several = sum(len(event) > 1 for event in events)
        runs = NODES[0] * (1.0 + several)
        by_elimination = self.elimination_effort(patient.structure, runs, runs * patient.gradual, COMPLEX)
        return self._cheaper(by_elimination, self.enumeration_effort(patient, SHARES, len(events)))

    def way_to_gradients(self, evidence: Evidence, events: Events) -> Strategy:
        """The strategy for derivatives by all numbers."""
        patient = self.work_of(evidence)
        runs = 1.0 + len(patient.structure.common.effects)
        by_elimination = self.elimination_effort(patient.structure, runs, runs * (1.0 + len(events)))
        return self._cheaper(by_elimination, self.enumeration_effort(patient, GRADIENTS, len(events)))

    def way_to_redraw(self, evidence: Evidence, events: Events) -> Strategy:
        """The strategy for posteriors in redrawn networks."""
        patient = self.work_of(evidence)
        several = sum(len(event) > 1 for event in events)
        draws = USUAL_DRAWS * (1.0 + several)
        by_elimination = self.elimination_effort(patient.structure, 1.0 + several, draws)
        return self._cheaper(by_elimination, self.enumeration_effort(patient, REDRAWN, len(events)))

    def way_for_rows(self, codes: Codes, evidence: Evidence) -> Strategy:
        """The strategy for a table, by the work for some of its rows."""
        if not len(codes):
            return self._elimination
        places = np.unique(np.linspace(0, len(codes) - 1, ROWS_LOOKED_AT, dtype=np.intp)).tolist()
        efforts = [self._efforts_of_row(codes[place], evidence) for place in places]
        totals = [
            Effort(sum(effort.seconds for effort in way), max(effort.memory for effort in way))
            for way in zip(*efforts, strict=True)
        ]
        return self._cheaper(*totals)

    def _efforts_of_row(self, row: Codes, evidence: Evidence) -> tuple[Effort, Effort]:
        stated = decode(self._network, row).likelihoods
        patient = self.work_of(Evidence(likelihoods={**stated, **evidence.likelihoods}))
        structure = patient.structure
        by_elimination = Effort(self.core.seconds(structure), self.core.memory(structure))
        return by_elimination, self.enumeration_effort(patient, ROWS)

    # --- the work ----------------------------------------------------------------------------------------------------

    def infer(self, evidence: Evidence) -> Inference:
        """The posterior given a patient's evidence."""
        return self.way_to_infer(evidence).infer(evidence)

    def infer_many(
        self,
        codes: Codes,
        evidence: Evidence = NOTHING_KNOWN,
        groups: Groups = (),
        refused: dict[int, str] | None = None,
    ) -> Posteriors:
        """The exact posteriors of many patients, all of them one way."""
        return self.way_for_rows(codes, evidence).infer_many(codes, evidence, groups, refused)

    def followed(self, evidence: Evidence, names: Sequence[str]) -> Sequence[str]:
        """As many of these questions as drawn patients can answer in time."""
        return self.way_to_infer(evidence).followed(evidence, names)

    def patients_in_time(self, evidence: Evidence, names: Collection[str]) -> int:
        """As many as fit by the cheaper way, if all of these are answered so that they take longest."""
        answered = structure_with(self.core.model, evidence, list(names))
        answers = 1 + len(evidence.likelihoods) + len(names)
        by_enumeration = SECONDS_A_NUMBER * ROWS.by_answer * answers * self._subsets
        return max(1, int(self._budget.seconds / min(by_enumeration, self.core.plan(answered.shape).seconds_more)))

    def seconds_to_rank(self, evidence: Evidence, names: Collection[str]) -> float:
        """The seconds that the outcomes of these questions take, by the cheaper of both ways."""
        return self._efforts_to_rank(evidence, names)[1].seconds

    def sample(
        self, evidence: Evidence, rows: int, rng: np.random.Generator, wanted: Collection[str] | None = None
    ) -> Sample:
        """Patients drawn given evidence."""
        return self.way_to_infer(evidence).sample(evidence, rows, rng, wanted)

    def shares(self, evidence: Evidence, events: Events) -> Shares:
        """The share of each answer in each event."""
        return self.way_to_share(evidence, events).shares(evidence, events)

    def outcomes(self, evidence: Evidence, names: Iterable[str]) -> Outcomes:
        """The posteriors after each answer to each of these questions."""
        wanted = list(names)
        return self.way_to_rank(evidence, wanted).outcomes(evidence, wanted)

    def gradients(self, evidence: Evidence, events: Events) -> Gradients:
        """The derivatives of each event by all numbers."""
        return self.way_to_gradients(evidence, events).gradients(evidence, events)

    def redrawn(self, evidence: Evidence, events: Events, draws: int, seed: int) -> Vector:
        """P(event | e) with drawn numbers, shape (draws, events)."""
        return self.way_to_redraw(evidence, events).redrawn(evidence, events, draws, seed)

    def usual_draws(self, evidence: Evidence, events: Events) -> int:
        """The default number of draws."""
        way = self.way_to_redraw(evidence, events)
        if way is self._elimination:
            return way.usual_draws(evidence, events)
        seconds = self.enumeration_effort(self.work_of(evidence), REDRAWN).seconds / USUAL_DRAWS
        return usual_draws(seconds, self._budget.seconds)
