"""The result for one patient: an immutable value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Unpack

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
from bayesknee.diagnosis.explaining.patient_warnings import PatientWarning
from bayesknee.diagnosis.explaining.sensitivity import Sensitivity
from bayesknee.diagnosis.result import PatientResult
from bayesknee.errors import InferenceError
from bayesknee.lazy_types import DataFrame
from bayesknee.markup import render
from bayesknee.patient.askable import Filters, make_filter
from bayesknee.patient.measured import Measured
from bayesknee.plain import attributes, plain

QUESTIONS: Final = 10  # in plain data by default; judged: all of them, with their posteriors, would fill megabytes


@dataclass(frozen=True, repr=False)
class Diagnosis(Belief):
    """The posterior of one patient and all that follows from it, computed on first use.

    A facade: each method calls a function of a `Belief` that stands in a separate file.
    """

    @cached_property
    def ledger(self) -> Ledger:
        """How much each answer moved each condition and group, and why; see `bayesknee.diagnosis.explaining.ledger`."""
        from bayesknee.diagnosis.explaining.ledger import ledger_of

        return ledger_of(self)

    @cached_property
    def conflict(self) -> Conflict:
        """How badly the findings fit together; see `bayesknee.diagnosis.explaining.conflict`."""
        from bayesknee.diagnosis.explaining.conflict import conflict_of

        return conflict_of(self)

    @cached_property
    def surprise(self) -> Surprise:
        """How unusual the findings are among patients drawn from this network; 1,000 are drawn on first use."""
        from bayesknee.diagnosis.explaining.conflict import surprise_of

        return surprise_of(self)

    @cached_property
    def warnings(self) -> tuple[PatientWarning, ...]:
        """What a reader must be warned of: base rates that were given, a conflict, a poor fit, red flags set aside.

        All outputs tell it.
        """
        from bayesknee.diagnosis.explaining.patient_warnings import base_rate_warnings, warnings_of

        return (*base_rate_warnings(self.compiled), *warnings_of(self, lambda: self.conflict, lambda: self.surprise))

    @cached_property
    def result(self) -> PatientResult:
        """What all outputs tell of this patient, in the order of need; see `bayesknee.diagnosis.result`."""
        from bayesknee.diagnosis.result import result_of

        return result_of(self, lambda: self.ledger, self.warnings)

    def sensitivity(self) -> Sensitivity:
        """How the posterior changes with each number of the network; see `explaining.sensitivity`.

        Raises:
            InferenceError: exact work is beyond the budget.
        """
        return self._sensitivity

    @cached_property
    def _sensitivity(self) -> Sensitivity:
        from bayesknee.diagnosis.explaining.sensitivity import sensitivity_of

        return sensitivity_of(self)

    def intervals(self, draws: int | None = None, seed: int = 0) -> Intervals:
        """95 % intervals of the posterior from the uncertainty of the network's numbers, and how stable the ranking is.

        Args:
            draws: how many networks to draw from the ranges of the numbers, 40 to 100,000. The default is 1,000. With
                more than 13 conditions, the default is as many of these as fit into the seconds of the budget, and
                fewer than 100 are refused. `Intervals.draws` has the number taken.
            seed: of the draws, 0 or more. The same seed gives the same intervals on every machine.

        Raises:
            BayeskneeError: draws or seed out of range.
            InferenceError: the work is beyond the budget.
        """
        from bayesknee.diagnosis.explaining.intervals import intervals_of

        return intervals_of(self, draws, seed)

    @cached_property
    def next_questions(self) -> NextQuestions:
        """All questions that can be asked now, the most useful first, with the posterior after each answer."""
        return self.rank_questions()

    @cached_property
    def warning_signs(self) -> tuple[str, ...]:
        """Ids of the questions about warning signs that the patient can still be asked; see `asking.warning_signs`."""
        from bayesknee.diagnosis.asking.warning_signs import warning_signs

        return warning_signs(self)

    def rank_questions(
        self, *, objective: str = DEFAULT_OBJECTIVE, look_ahead: bool = False, **filters: Unpack[Filters]
    ) -> NextQuestions:
        """The questions that can be asked now, best first; see `bayesknee.diagnosis.asking.ranking`.

        A question can be asked if it has no answer yet (`unknown` is one), if the evidence does not settle it, and if
        its gate, where it has one, is known to hold.

        Args:
            objective: stakes, information, separation or danger; see `bayesknee.diagnosis.asking.objectives`.
            look_ahead: whether the best few are ranked by their value together with the best question that may follow.
                This is exact, and some fifty times the work.
            filters: `asked_of` (patient, clinician or test), `topic` (an id) and `within` (ids of questions), each one
                word or several, and `most_burden`, the largest burden that a question may have. A filter left out
                excludes nothing.

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
        """Whether further answers would change the decision, and why; see `bayesknee.diagnosis.asking.advice`.

        Args:
            threshold: of the same-decision probability, inside (0, 1].
            least_value: the least value at which a question is asked, in bits per unit of burden; 0 or more.
            objective: what values are measured by; as for `rank_questions`.
            limits: other limits than the network's, by condition, inside (0, 1).
            samples: the most patients to draw for the same-decision probability; 1 or more.
            seed: of the draws, 0 or more. The same answers get the same advice.
            lists: whether the network's checklists can be asked, beside single questions.
            most_missed: inside [0, 1]. Asking goes on while stopping would miss a must-not-miss condition, which asking
                everything would find, with a probability over this.
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
            count: how many questions, 1 or more. The plan has fewer if no further question adds anything.
            objective: what to choose them for; as for `rank_questions`.
            patterns: the most combinations of answers that are kept before they are resampled, 1 or more. The work
                grows with it.
            patients: how many to draw for the accuracy if it is not exact; 1 or more.
            seed: of the draws.
            progress: called with the number of further questions chosen. With hundreds of questions, a plan may take a
                minute.
            filters: which questions to choose from; as for `rank_questions`.

        Raises:
            QuestionError: an unknown name, or a number out of range.
        """
        request = PlanRequest(count, objective, patterns, patients, seed)
        return make_plan(self, make_filter(self.network, **filters), request, progress)

    def to_dict(
        self, *, questions: int = QUESTIONS, asked_of: Iterable[str] = (), result: bool = True
    ) -> dict[str, Any]:
        """The diagnosis as plain data, ready for JSON.

        Args:
            questions: how many of the next questions to include; 0 or more.
            asked_of: whom these are asked of: patient, clinician, test; anybody if empty.
            result: whether to include `result`, for which the ledger is computed. The warnings are always included.

        Raises:
            QuestionError: an unknown word in `asked_of`.
        """
        ranked = NextQuestions()
        if questions and self.exact:
            ranked = self.rank_questions(asked_of=tuple(asked_of) or None).first(questions)
        told = {**self.given_dict(), **self._plain_posterior(), **self.trust_dict()}
        return {**told, **({"result": plain(self.result)} if result else {}), **ranked.plain_parts()}

    def _plain_posterior(self) -> dict[str, Any]:
        conditions = self.network.conditions
        return {
            "posterior": [
                {"condition": name, "name": conditions[name].name, "prior": self.prior[name], "probability": p}
                | ({"error": self.approximation.errors[name]} if self.approximation else {})
                | ({"forms": self._plain_forms(name)} if name in self.forms else {})
                for name, p in self.posterior.items()
            ],
            "exact": self.exact,
            **({"approximation": self.approximation.to_dict()} if self.approximation else {}),
            "groups": [
                {"group": name, "name": self.network.groups[name].name, "probability": p}
                for name, p in self.groups.items()
            ],
            "log_evidence": self.log_evidence,
            "triage": plain(self.triage),
            "not_ruled_out": plain(self.not_ruled_out),
            "scores": plain(self.scores),
        }

    def _plain_forms(self, condition: str) -> list[dict[str, Any]]:
        forms = self.network.conditions[condition].forms
        return [{"form": name, "name": forms[name].name, "probability": p} for name, p in self.forms[condition].items()]

    def trust_dict(self) -> dict[str, Any]:
        """How well the answers fit together and what to be warned of, as plain data.

        The conflict is None if it is beyond the budget.
        """
        conflict = None
        with suppress(InferenceError):
            conflict = plain(self.conflict)
        return {"conflict": conflict, "warnings": plain(self.warnings)}

    def given_dict(self) -> dict[str, Any]:
        """The network, the setting, the evidence with what was skipped and what it implies, as plain data.

        Also the base rates that were given, if any were.
        """
        given = {each.condition: each.value for each in self.compiled.base_rates}
        return {
            "network": self.network.identity,
            "setting": self.setting,
            **({"base_rates": given} if given else {}),
            "evidence": plain(self.evidence.answers),
            "skipped": list(self.skipped),
            "measured": [
                {"finding": name, **attributes(answer, ("number", "unit", "state", "cut_off"))}
                for name, answer in self.evidence.answers.items()
                if isinstance(answer, Measured)
            ],
            "implied": [
                {"finding": gate, "states": list(states), "taken_from": list(self.evidence.taken_from[gate])}
                for gate, states in self.evidence.implied.items()
            ],
        }

    def to_frame(self) -> DataFrame:
        """A row per condition, most probable first, with the columns name, prior, probability and level."""
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
