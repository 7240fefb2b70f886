"""How the questions of an interview are chosen, and when it is over."""

from __future__ import annotations

from dataclasses import dataclass

from bayesknee.diagnosis.asking.objectives import DEFAULT_OBJECTIVE, find_objective
from bayesknee.diagnosis.asking.same_decision import LEAST_VALUE, MOST_MISSED, THRESHOLD, StopRule
from bayesknee.interview.preliminaries import PATIENT
from bayesknee.patient.askable import ASKED_OF, check_name


@dataclass(frozen=True)
class Policy:
    """How questions are chosen, and when enough is known.

    Attributes:
        asked_of: whom questions may be asked of: patient, clinician, test.
        objective: the name of what questions are valued by; see `bayesknee.diagnosis.asking.objectives`.
        look_ahead: whether the best few questions are ranked two steps ahead.
        threshold: of the same-decision probability, inside (0, 1]; see `bayesknee.diagnosis.asking.advice`.
        least_value: the least value at which a question is asked, in bits per unit of burden; 0 or more.
        lists: whether the network's checklists are asked beyond the opening; otherwise one question at a time.
        most_missed: inside [0, 1]. Asking goes on while stopping would miss a must-not-miss condition, which asking
            everything would find, with a probability over this.
        ask_setting: whether the care setting is asked for, if the network's opening has it.
        ask_who: whether it is asked who answers, which then goes before `asked_of`.
        ask_scope: whether the questions of the network's scope are asked.

    Raises:
        QuestionError: an unknown name, or a number out of range.
    """

    asked_of: tuple[str, ...] = PATIENT
    objective: str = DEFAULT_OBJECTIVE
    look_ahead: bool = False
    threshold: float = THRESHOLD
    least_value: float = LEAST_VALUE
    lists: bool = True
    most_missed: float = MOST_MISSED
    ask_setting: bool = False
    ask_who: bool = False
    ask_scope: bool = True

    def __post_init__(self) -> None:
        for name in self.asked_of:
            check_name("asked_of", name, ASKED_OF)
        find_objective(self.objective)
        _ = self.rule  # a number out of range is refused now, before a session file stores it

    @property
    def rule(self) -> StopRule:
        """When to stop."""
        return StopRule(
            self.threshold, self.least_value, self.objective, lists=self.lists, most_missed=self.most_missed
        )
