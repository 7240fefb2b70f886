"""What the engine says of one patient: an immutable value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Unpack

from bayesknee.diagnosis import wording
from bayesknee.diagnosis.asking.advice import StopAdvice, stop_advice
from bayesknee.diagnosis.asking.next_questions import NextQuestions, next_questions
from bayesknee.diagnosis.asking.objectives import DEFAULT_OBJECTIVE
from bayesknee.diagnosis.asking.question_plan import MOST_PATTERNS, PATIENTS, PlanRequest, QuestionPlan, make_plan
from bayesknee.diagnosis.asking.same_decision import LEAST_VALUE, MOST_MISSED, MOST_SAMPLES, THRESHOLD, StopRule
from bayesknee.diagnosis.belief import Belief
from bayesknee.diagnosis.explaining.conflict import Conflict, Surprise
from bayesknee.diagnosis.explaining.intervals import Intervals
from bayesknee.diagnosis.explaining.ledger import Ledger
from bayesknee.diagnosis.explaining.sensitivity import Sensitivity
from bayesknee.lazy_types import DataFrame
from bayesknee.markup import render
from bayesknee.patient.askable import Filters, make_filter


@dataclass(frozen=True, repr=False)
class Diagnosis(Belief):
    """The posterior of one patient, and all that follows from it, worked out on first use.

    A thin face: each method is a function of a `Belief` that stands in a file of its own.
    """

    @cached_property
    def ledger(self) -> Ledger:
        """How much each answer moved each condition and group, and why; see `bayesknee.diagnosis.explaining.ledger`."""
        from bayesknee.diagnosis.explaining.ledger import ledger_of

        return ledger_of(self)

    @cached_property
    def conflict(self) -> Conflict:
        """How badly the findings go together; see `bayesknee.diagnosis.explaining.conflict`."""
        from bayesknee.diagnosis.explaining.conflict import conflict_of

        return conflict_of(self)

    @cached_property
    def surprise(self) -> Surprise:
        """How unusual the findings are among patients of this network: 1,000 are drawn on first use."""
        from bayesknee.diagnosis.explaining.conflict import surprise_of

        return surprise_of(self)

    def sensitivity(self) -> Sensitivity:
        """What each number of the network, were it another, would do; see `explaining.sensitivity`."""
        return self._sensitivity

    @cached_property
    def _sensitivity(self) -> Sensitivity:
        from bayesknee.diagnosis.explaining.sensitivity import sensitivity_of

        return sensitivity_of(self)

    def intervals(self, draws: int | None = None, seed: int = 0) -> Intervals:
        """95 % intervals of the posterior, from how unsure the network's numbers are, and how steady the ranking is.

        Args:
            draws: how many networks to draw from the ranges of the numbers, 1 to 100,000. Where left out, 1,000; with
                more than 20 conditions, as many of these as fit into the seconds that the engine allows, or refused
                where that is less than 100. `Intervals.draws` tells.
            seed: of the draws, from 0; the same seed gives the same intervals, everywhere.

        Raises:
            BayeskneeError: draws or seed out of range.
            InferenceError: it would take more than the engine allows.
        """
        from bayesknee.diagnosis.explaining.intervals import intervals_of

        return intervals_of(self, draws, seed)

    @cached_property
    def next_questions(self) -> NextQuestions:
        """All questions that can be asked now, the most useful first, with what each answer would lead to."""
        return self.rank_questions()

    def rank_questions(
        self, *, objective: str = DEFAULT_OBJECTIVE, look_ahead: bool = False, **filters: Unpack[Filters]
    ) -> NextQuestions:
        """The questions that can be asked now, best first; see `bayesknee.diagnosis.asking.ranking`.

        A question can be asked if it was not yet, with no matter what answer, if what is known does not settle it, and
        if its gate, where it has one, is known to hold.

        Args:
            objective: stakes, information, separation or danger; see `bayesknee.diagnosis.asking.objectives`.
            look_ahead: whether the best few are ranked by what they are worth together with the best one that may
                follow; exact, and some fifty times the work.
            filters: `asked_of` (patient, clinician or test), `topic` (an id) and `within` (ids of questions), each one
                word or several, and `most_burden`, the largest burden that a question may have; all where left out.

        Raises:
            QuestionError: an unknown name.
        """
        wanted = make_filter(self.network, **filters)
        return next_questions(self, wanted, objective, look_ahead=look_ahead)

    def stop(  # noqa: PLR0913 (the parts of a rule)
        self,
        *,
        threshold: float = THRESHOLD,
        least_value: float = LEAST_VALUE,
        objective: str = DEFAULT_OBJECTIVE,
        limits: Mapping[str, float] | None = None,
        samples: int = MOST_SAMPLES,
        seed: int = 0,
        lists: bool = True,
        most_missed: float = MOST_MISSED,
        **filters: Unpack[Filters],
    ) -> StopAdvice:
        """Whether further answers would change what is done, and why; see `bayesknee.diagnosis.asking.advice`.

        Args:
            threshold: of the same-decision probability, inside (0, 1].
            least_value: what a question must be worth to be asked, in bits for a burden of 1; 0 or more.
            objective: by which it is worth that.
            limits: other limits than the network's, by condition, inside (0, 1).
            samples: the most patients to draw for the same-decision probability.
            seed: of the draws: the same answers get the same advice.
            lists: whether the network's lists to tick can be put, beside single questions.
            most_missed: the chance of missing, by ending, a must-not-miss condition that asking all would find, over
                which asking goes on; inside [0, 1].
            filters: which questions could still be asked; as for `rank_questions`.

        Raises:
            QuestionError: an unknown name, or a number out of range.
            BayeskneeError: a limit of an unknown condition, or out of range.
        """
        rule = StopRule(threshold, least_value, objective, limits, samples, seed, lists, most_missed)
        return stop_advice(self, make_filter(self.network, **filters), rule)

    def plan(  # noqa: PLR0913 (each is an option of the command)
        self,
        count: int,
        *,
        objective: str = DEFAULT_OBJECTIVE,
        patterns: int = MOST_PATTERNS,
        patients: int = PATIENTS,
        seed: int = 0,
        progress: Callable[[int], None] = lambda _: None,
        **filters: Unpack[Filters],
    ) -> QuestionPlan:
        """Questions to ask together, such as on a form for the waiting room; see `asking.question_plan`.

        Args:
            count: how many; fewer where no other adds anything.
            objective: what to choose them for; as for `rank_questions`.
            patterns: how many combinations of answers to go through before they are thinned out, 1 or more. The work
                grows with it.
            patients: how many to draw for the accuracy, where it is not exact; 1 or more.
            seed: of the draws.
            progress: is told how many more questions have been chosen; with hundreds of questions it may take a minute.
            filters: from which questions to choose; as for `rank_questions`.

        Raises:
            QuestionError: an unknown name, or a number out of range.
        """
        request = PlanRequest(count, objective, patterns, patients, seed)
        return make_plan(self, make_filter(self.network, **filters), request, progress)

    def to_dict(self, *, questions: int = 10, asked_of: Iterable[str] = ()) -> dict[str, Any]:
        """All of it as plain data, ready for JSON.

        Args:
            questions: how many of the next questions to tell; 0 or more.
            asked_of: whom they are asked of: patient, clinician, test; all where empty.

        Raises:
            QuestionError: an unknown word for whom they are asked of.
        """
        conditions = self.network.conditions
        ranked = self.rank_questions(asked_of=tuple(asked_of) or None)[:questions] if questions and self.exact else ()
        return {
            "network": {"id": self.network.id, "version": self.network.version, "sha256": self.network.sha256},
            "setting": self.setting,
            "evidence": {
                name: answer if isinstance(answer, str) else dict(answer)
                for name, answer in self.evidence.answers.items()
            },
            "implied": [
                {"finding": gate, "states": list(states), "taken_from": list(self.evidence.taken_from[gate])}
                for gate, states in self.evidence.implied.items()
            ],
            "posterior": [
                {"condition": name, "name": conditions[name].name, "prior": self.prior[name], "probability": p}
                | ({"error": self.approximation.errors[name]} if self.approximation else {})
                for name, p in self.posterior.items()
            ],
            "exact": self.exact,
            **({"approximation": self.approximation.to_dict()} if self.approximation else {}),
            "groups": [
                {"group": name, "name": self.network.groups[name].name, "probability": p}
                for name, p in self.groups.items()
            ],
            "log_evidence": self.log_evidence,
            "triage": {"level": self.triage.level, "reasons": [each.to_dict() for each in self.triage.reasons]},
            "not_ruled_out": [
                {"condition": each.condition, "probability": each.probability, "limit": each.limit}
                for each in self.not_ruled_out
            ],
            "next_questions": [each.to_dict() for each in ranked],
        }

    def to_frame(self) -> DataFrame:
        """A row per condition, most probable first: name, prior, probability, level."""
        import pandas as pd

        rows = {
            name: {
                "name": self.network.conditions[name].name,
                "prior": self.prior[name],
                "probability": probability,
                "level": self.network.conditions[name].level,
            }
            for name, probability in self.posterior.items()
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("condition")

    def __repr__(self) -> str:
        leaders = ", ".join(f"{name} {p:.1%}" for name, p in list(self.posterior.items())[:3])
        return f"<Diagnosis {self.network.id}, {self.setting}, {len(self.evidence.answers)} answers: {leaders}>"

    def _repr_html_(self) -> str:
        return render("diagnosis", diagnosis=self, wording=wording)
