"""Prompts: what a terminal, a notebook or a web page needs to show a question and to read the answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from bayesknee.knowledge.model import NO_YES
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.opening import SETTING, TickAll
from bayesknee.patient.answer_reader import UNKNOWN

PromptKind: TypeAlias = Literal["choice", "number", "tick_all"]


@dataclass(frozen=True)
class Option:
    """An option to choose or to tick.

    Attributes:
        value: what `Interview.answer` takes: a state, a setting, or the id of a line.
        label: in words.
    """

    value: str
    label: str


@dataclass(frozen=True)
class Prompt:
    """A question, ready to be shown.

    Attributes:
        id: of a finding, of a risk factor or of a checklist, or `setting`.
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

    @property
    def is_yes_no(self) -> bool:
        """Whether the answers are no and yes."""
        return {option.value for option in self.options} == set(NO_YES)

    def ticked_else_unknown(self, ticked: Iterable[str]) -> Mapping[str, str]:
        """The answers to a checklist by id, with unticked lines as `unknown` instead of no."""
        return dict.fromkeys((option.value for option in self.options), UNKNOWN) | dict.fromkeys(ticked, "yes")


def prompt_of(network: Network, name: str, members: Iterable[str] = ()) -> Prompt:
    """The prompt for a finding, a risk factor, a checklist with the lines `members`, or the care setting."""
    if name == SETTING:
        return _prompt_for_setting(network)
    if group := network.opening.tick_all.get(name):
        return _prompt_to_tick(network, group, members)
    return _prompt_for(network, name)


def _prompt_for(network: Network, name: str) -> Prompt:
    question = network.questions[name]
    options = tuple(Option(state, state.replace("_", " ")) for state in question.states)
    return Prompt(
        id=name,
        kind="number" if question.bands else "choice",
        question=question.question,
        options=options,
        help=_in_words(question.help, question.states),
        topic=question.topic,
        topic_name=network.topics[question.topic],
        unit=question.unit,
        lowest=question.lowest,
        highest=question.highest,
        named=() if question.is_named_by_bounds or not question.bands else options,
    )


def _in_words(text: str, states: Iterable[str]) -> str:
    """A text with the states worded as in the options."""
    for state in sorted(states, key=len, reverse=True):
        text = text.replace(state, state.replace("_", " "))
    return text


def _prompt_for_setting(network: Network) -> Prompt:
    options = tuple(Option(setting.id, setting.name) for setting in network.settings.values())
    descriptions = " ".join(
        f"{setting.name}: {setting.description}" for setting in network.settings.values() if setting.description
    )
    return Prompt(SETTING, "choice", "Where is this being seen?", options, help=descriptions, may_be_unsure=False)


def _prompt_to_tick(network: Network, group: TickAll, members: Iterable[str]) -> Prompt:
    options = tuple(Option(name, network.questions[name].label) for name in members)
    asked = [f"{option.label}: {network.questions[option.value].question}" for option in options]
    return Prompt(
        id=group.id,
        kind="tick_all",
        question=group.question,
        options=options,
        help="\n".join(filter(None, [group.help, *asked])),
        topic=group.topic,
        topic_name=network.topics.get(group.topic, ""),
    )
