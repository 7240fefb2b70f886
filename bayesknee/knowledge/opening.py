"""The questions that open every interview, and the lists of questions to tick."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from immutabledict import immutabledict

from bayesknee.errors import SEE_FINDINGS, Problem, name_hint, quoted, unknown_name

SETTING: Final = "setting"  # in an opening: where the patient is being seen


@dataclass(frozen=True)
class TickAll:
    """Several yes-or-no findings put as one question, of which those that hold are ticked; the others count as no.

    Attributes:
        members: ids of the findings, in the order in which they are shown.
        topic: id of the topic that the list belongs to; empty where to none.
    """

    id: str
    question: str
    members: tuple[str, ...]
    help: str = ""
    topic: str = ""


@dataclass(frozen=True)
class Opening:
    """The questions that an interview asks first, and its lists of questions to tick.

    Attributes:
        questions: in this order: ids of risk factors, findings and questions to tick, or `setting`.
        tick_all: questions to tick, by id; those that are not among `questions` are put when they are worth it.
    """

    questions: tuple[str, ...] = ()
    tick_all: Mapping[str, TickAll] = field(default_factory=immutabledict)


def opening_problems(
    opening: Opening,
    states: Mapping[str, tuple[str, ...]],
    gated: frozenset[str],
    topics: Collection[str],
    broken: frozenset[str],
) -> Iterator[Problem]:
    """All that is wrong with an opening and with lists to tick.

    Args:
        opening: what to check.
        states: of all questions of the network, by id.
        gated: those that are asked only if something else holds.
        topics: of the network.
        broken: ids that were defined but could not be read; to name one is no fault.
    """
    path = ("interview", "opening")
    known = {SETTING, *states, *opening.tick_all}
    for name in opening.questions:
        if name not in known | broken:
            expected = "setting, a risk factor, a finding, or a key of tick_all"
            yield unknown_name(path, name, known, expected, SEE_FINDINGS)
        elif name in gated:
            yield Problem(
                path, quoted(name), "questions that anybody can be asked", "drop it: it hangs on another answer"
            )
    if len(set(opening.questions)) < len(opening.questions):
        yield Problem(path, ", ".join(opening.questions), "each question once", "drop the repeated one")
    for name, group in opening.tick_all.items():
        at_first = gated if name in opening.questions else frozenset()
        yield from _tick_all_problems(("interview", "tick_all", name), group, states, at_first, broken)
        if name in states or name == SETTING:
            yield Problem(("interview", "tick_all", name), quoted(name), "an id that nothing else has", "rename it")
        if group.topic and group.topic not in topics:
            told = name_hint(group.topic, topics)
            yield Problem(("interview", "tick_all", name, "topic"), quoted(group.topic), "a topic of the network", told)


def _tick_all_problems(
    path: tuple[str, ...],
    group: TickAll,
    states: Mapping[str, tuple[str, ...]],
    gated: frozenset[str],
    broken: frozenset[str],
) -> Iterator[Problem]:
    path = (*path, "members")
    for member in group.members:
        if member not in states and member not in broken:
            yield unknown_name(path, member, states, "a risk factor or finding", SEE_FINDINGS)
        elif member in gated:
            told = "drop it, or the list from the opening: it hangs on another answer"
            yield Problem(path, quoted(member), "findings that anybody can be asked", told)
        elif member in states and set(states[member]) != {"no", "yes"}:
            yield Problem(path, quoted(member), "findings with the states no and yes", "ask it by itself")
    if len(set(group.members)) < max(2, len(group.members)):
        yield Problem(path, ", ".join(group.members), "two findings or more, each once", "correct the list")
