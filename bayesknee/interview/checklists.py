"""The checklists of an interview: those of its network, and the examination, which is put together from findings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from bayesknee.diagnosis.asking.candidates import EXAMINER, LINE, Candidate, is_examined
from bayesknee.knowledge.model import NO_YES
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.opening import TickAll

EXAMINATION: Final = "interview.examination"  # a name with a dot, which no id of a network has
_QUESTION: Final = "The examination, in its order - what is found?"
_HELP: Final = "What was not examined stays unmarked. It is not asked again."


def checklist(network: Network, name: str) -> TickAll | None:
    """The checklist of this id; None if there is none."""
    return examination(network) if name == EXAMINATION else network.opening.tick_all.get(name)


def checklists(network: Network) -> Mapping[str, TickAll]:
    """All checklists by id, the examination among them where there is one."""
    examined = examination(network)
    return {**network.opening.tick_all, **({EXAMINATION: examined} if examined else {})}


def examination(network: Network) -> TickAll | None:
    """All findings of an examination that are yes or no, by topic, and within it as the network lists them."""
    wanted = {name for name, question in network.questions.items() if _is_ticked(network, name) and question.topic}
    listed = [name for group in network.opening.tick_all.values() for name in group.members if name in wanted]
    names = tuple(dict.fromkeys([*listed, *(name for name in network.questions if name in wanted)]))
    topics = list(network.topics)
    ordered = sorted(names, key=lambda name: topics.index(network.questions[name].topic))
    return TickAll(EXAMINATION, _QUESTION, tuple(ordered), _HELP) if len(ordered) > 1 else None


def _is_ticked(network: Network, name: str) -> bool:
    question = network.questions[name]
    return question.asked_of == EXAMINER and set(question.states) == set(NO_YES)


def worth_examining(network: Network, found: Iterable[Candidate], least_value: float) -> set[str]:
    """The lines of an examination that are worth finding, alone or with the others of a list of the network.

    A further line of a list costs the share `LINE` of a question's burden, so that less is enough for it.

    Args:
        network: of the findings.
        found: what can be asked now.
        least_value: the least value at which a question is asked, in bits per unit of burden.
    """
    worth = [each for each in found if each.value >= least_value * (LINE if len(each.members) == 1 else 1.0)]
    return {name for each in worth if is_examined(network, each) for name in each.members}
