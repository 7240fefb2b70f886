"""The questions of an interview by name, the lines of its checklists, and what an answer to either says."""

from __future__ import annotations

from collections.abc import Mapping

from bayesknee.errors import SEE_FINDINGS, InterviewError, unknown_text
from bayesknee.interview.answers import read_answer, read_ticks
from bayesknee.interview.checklists import checklist, checklists
from bayesknee.interview.consequences import Consequences
from bayesknee.interview.preliminaries import check_preliminary, is_preliminary, preliminary_ids
from bayesknee.interview.state import Step
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.opening import TickAll
from bayesknee.patient.askable import askable
from bayesknee.patient.evidence import Answer


def check_question(network: Network, name: str) -> None:
    """Checks that an interview has a question: a finding, a risk factor, a checklist or a preliminary.

    Raises:
        InterviewError: there is no such question.
    """
    known = (*preliminary_ids(network), *checklists(network), *network.questions)
    if name not in known:
        raise InterviewError(unknown_text("question", name, known, otherwise=SEE_FINDINGS))


def answers_to(now: Consequences, name: str, value: object) -> Mapping[str, Answer]:
    """The answers by id that a value gives to a question; values as for `Interview.answer`.

    Raises:
        EvidenceError: an answer that the network cannot take.
        InterviewError: an answer to a preliminary that is none of its options.
    """
    network = now.engine.network
    if is_preliminary(name):
        return {name: check_preliminary(network, name, value)}
    if group := checklist(network, name):
        return read_ticks(network, group, value, lines_of(now, group))
    return {name: read_answer(network, name, value, now.state.answers)}


def lines_of(now: Consequences, group: TickAll) -> tuple[str, ...]:
    """The lines of a checklist: those asked now, else those it had when answered, else those that can be asked."""
    if (put := now.prompt) and put.id == group.id:
        return tuple(option.value for option in put.options)
    answered = tuple(name for step in now.state.steps if step.question == group.id for name in _lines_shown(step))
    return answered or askable(now.engine.network, now.diagnosis.evidence, group.members)


def _lines_shown(step: Step) -> tuple[str, ...]:
    """The lines of a checklist as it was shown; sessions of earlier versions have those that were answered."""
    return tuple(dict.fromkeys((*step.shown, *step.answers)))
