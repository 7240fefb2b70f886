"""Prompts: what a terminal, a notebook or a web page needs to show a question and to read the answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from bayesknee.interview.checklists import EXAMINATION, checklist
from bayesknee.knowledge.model import NO_YES, Question
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.opening import TickAll

PromptKind: TypeAlias = Literal["choice", "number", "tick_all"]


@dataclass(frozen=True)
class Option:
    """An option to choose or to tick.

    Attributes:
        value: what `Interview.answer` takes: a state, a setting, an answer of the scope, or the id of a line.
        label: in words.
        names: other words for it.
        question: of the line of a checklist, the question in full.
        heading: of a line, what stands above it and those that follow with the same; empty for none.
    """

    value: str
    label: str
    names: tuple[str, ...] = ()
    question: str = ""
    heading: str = ""


@dataclass(frozen=True)
class Prompt:
    """A question, ready to be shown.

    Attributes:
        id: of a finding, of a risk factor or of a checklist, or one of `bayesknee.interview.preliminaries`.
        kind: one of several options, a number, or all that apply.
        question: its wording.
        options: the states, settings or findings to choose from; for a number, its bands.
        help: a longer explanation; may be empty. For a checklist, it has a line for each member.
        topic: id of the topic; empty if there is none.
        topic_name: the name of the topic.
        unit: of a number; may be empty.
        lowest, highest: the range of a number, [lowest, highest).
        named: of a number, the states that people may answer by instead; none where a band has no name but its bounds.
        may_be_unsure: whether `unknown` is an answer, and, except for a checklist, `probably` and `probably not`.
        warnings: of a checklist, the ids of the lines that are warning signs.
    """

    id: str
    kind: PromptKind
    question: str
    options: tuple[Option, ...]
    help: str = ""
    topic: str = ""
    topic_name: str = ""
    unit: str = ""
    lowest: float = 0.0
    highest: float = 0.0
    named: tuple[Option, ...] = ()
    may_be_unsure: bool = True
    warnings: tuple[str, ...] = ()

    @property
    def is_yes_no(self) -> bool:
        """Whether the answers are no and yes."""
        return {option.value for option in self.options} == set(NO_YES)

    def only(self, ticked: Iterable[str], rest: str = "no") -> Mapping[str, str]:
        """The answers to a checklist by id: yes for what is ticked, and `rest` for all other lines.

        Args:
            ticked: ids of the lines that hold.
            rest: `no` where somebody denied them all, or `unknown`.
        """
        return dict.fromkeys((option.value for option in self.options), rest) | dict.fromkeys(ticked, "yes")


def prompt_of(network: Network, name: str, members: Iterable[str] = ()) -> Prompt:
    """The prompt for a finding, a risk factor, or a checklist with the lines `members`."""
    if group := checklist(network, name):
        return _prompt_to_tick(network, group, members)
    return _prompt_for(network, name)


def _prompt_for(network: Network, name: str) -> Prompt:
    question = network.questions[name]
    names = question.state_names
    options = tuple(Option(state, question.state_words(state), names.get(state, ())) for state in question.states)
    return Prompt(
        id=name,
        kind="number" if question.bands else "choice",
        question=question.question,
        options=options,
        help=_in_words(question),
        topic=question.topic,
        topic_name=network.topics[question.topic],
        unit=question.unit,
        lowest=question.lowest,
        highest=question.highest,
        named=() if question.is_named_by_bounds or not question.bands else options,
    )


def _in_words(question: Question) -> str:
    """The help of a question with its states worded as in the options, where their ids are no plain words."""
    text = question.help
    for state in sorted(question.states, key=len, reverse=True):
        if "_" in state:  # others are plain words, which may mean something else in a text
            text = text.replace(state, question.state_words(state))
    return text


def _prompt_to_tick(network: Network, group: TickAll, members: Iterable[str]) -> Prompt:
    questions = [network.questions[name] for name in members]
    is_long = group.id == EXAMINATION
    options = tuple(
        Option(each.id, each.label, question=each.question, heading=network.topics[each.topic] if is_long else "")
        for each in questions
    )
    asked = [f"{option.label}: {option.question}" for option in options]
    return Prompt(
        id=group.id,
        kind="tick_all",
        question=group.question,
        options=options,
        help="\n".join(filter(None, [group.help, *asked])),
        topic=group.topic,
        topic_name=network.topics.get(group.topic, ""),
        warnings=tuple(option.value for option in options if option.value in network.warning_signs),
    )
