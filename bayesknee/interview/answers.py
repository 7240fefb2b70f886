"""How answers are read: as a state, a number, `unknown`, or a state that the patient is not sure of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from immutabledict import immutabledict

from bayesknee.errors import EvidenceError, quoted
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.opening import TickAll
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.patient.evidence import Answer, check_evidence

NONE: Final = "none"  # of a checklist: each of its lines was denied


def read_answer(network: Network, name: str, value: object, known: Mapping[str, object] = immutabledict()) -> Answer:
    """The answer to one finding or risk factor.

    Args:
        network: the network of the question.
        name: id of the finding or risk factor.
        value: what `Engine.diagnose` takes.
        known: the patient's other answers, by id: the cut-offs of a number may hang on some of them.

    Raises:
        EvidenceError: an answer that the network cannot take, or one that says nothing, such as blanks.
    """
    hangs_on = network.questions[name].hangs_on if name in network.questions else ()
    read = read_answers(network, {**{each: known[each] for each in hangs_on if each in known}, name: value})
    if name not in read:  # a blank, which in a table of evidence is no answer
        raise EvidenceError(f"{name}: got no answer; expected a state, or unknown if it is not known; give one")
    return read[name]


def read_answers(network: Network, values: Mapping[str, object]) -> Mapping[str, Answer]:
    """The answers to several findings or risk factors by id, with values as for `read_answer`.

    Raises:
        EvidenceError: answers that the network cannot take, alone or together.
    """
    return check_evidence(network, values).answers


def read_ticks(network: Network, group: TickAll, ticked: object, asked: Iterable[str]) -> Mapping[str, Answer]:
    """The answers to a checklist by id. What nobody said anything of has none.

    Args:
        network: the network of the checklist.
        group: the checklist.
        ticked: ids of the lines that hold, or answers by id; or `none`, if all lines were denied, or `unknown` for all.
        asked: ids of the lines that were shown.

    Raises:
        EvidenceError: an id that is not on the checklist, or an answer that the network cannot take.
    """
    if isinstance(ticked, str) and ticked in (UNKNOWN, NONE):
        ticked = dict.fromkeys(asked, UNKNOWN if ticked == UNKNOWN else "no")
    if isinstance(ticked, str) or not isinstance(ticked, Iterable):
        raise EvidenceError(f"{group.id}: got {quoted(ticked)}; expected a list of what is ticked")
    given = dict(ticked) if isinstance(ticked, Mapping) else {str(name): "yes" for name in ticked}
    if wrong := [str(name) for name in given if name not in group.members]:
        raise EvidenceError(f"{group.id} has no {quoted(wrong[0])}; expected some of {', '.join(group.members)}")
    return {name: read_answer(network, name, answer) for name, answer in given.items()}
