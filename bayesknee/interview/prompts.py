"""A question as it is put: what a terminal, a notebook or a web page needs to show it and to read the answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from bayesknee.knowledge.model import NO_YES, RiskFactor
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.opening import SETTING, TickAll
from bayesknee.patient.evidence import UNKNOWN

PromptKind: TypeAlias = Literal["choice", "number", "tick_all"]


@dataclass(frozen=True)
class Option:
    """Something to choose or to tick.

    Attributes:
        value: what `Interview.answer` takes: a state, a setting, or the id of what is ticked.
        label: in words.
    """

    value: str
    label: str


@dataclass(frozen=True)
class Prompt:
    """A question as it is put.

    Attributes:
        id: of a finding, of a risk factor or of a question to tick, or `setting`.
        kind: one of several options, a number, or all that apply.
        question: in words.
        options: the states, settings or findings to choose from; for a number, its bands.
        help: more words, for who wants them; may be empty. Of a list, a line for each of its members.
        topic: id of the topic; empty for what belongs to none.
        topic_name: its name.
        unit: of a number.
        lowest, highest: the range of a number: the lowest included, the highest not.
        may_be_unsure: whether `unknown` is an answer, and, but for a list, `probably` and `probably not`.
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
    may_be_unsure: bool = True

    @property
    def is_yes_no(self) -> bool:
        """Whether the answers are no and yes."""
        return {each.value for each in self.options} == set(NO_YES)

    def ticked_else_unknown(self, ticked: Iterable[str]) -> Mapping[str, str]:
        """The answers to a list of which what is left unticked is not known, rather than no."""
        return dict.fromkeys((each.value for each in self.options), UNKNOWN) | dict.fromkeys(ticked, "yes")


def prompt_of(network: Network, name: str, members: Iterable[str] = ()) -> Prompt:
    """The prompt for a finding, a risk factor, a list of which `members` are shown, or the care setting."""
    if name == SETTING:
        return _prompt_for_setting(network)
    if group := network.opening.tick_all.get(name):
        return _prompt_to_tick(network, group, members)
    return _prompt_for(network, name)


def _prompt_for(network: Network, name: str) -> Prompt:
    question = network.questions[name]
    bands = question.bands if isinstance(question, RiskFactor) else {}
    return Prompt(
        id=name,
        kind="number" if bands else "choice",
        question=question.question,
        options=tuple(Option(state, state.replace("_", " ")) for state in question.states),
        help=_in_words(question.help, question.states),
        topic=question.topic,
        topic_name=network.topics[question.topic],
        unit=question.unit if isinstance(question, RiskFactor) else "",
        lowest=min((low for low, _ in bands.values()), default=0.0),
        highest=max((high for _, high in bands.values()), default=0.0),
    )


def _in_words(text: str, states: Iterable[str]) -> str:
    """A text in which states are called as the options are."""
    for state in sorted(states, key=len, reverse=True):
        text = text.replace(state, state.replace("_", " "))
    return text


def _prompt_for_setting(network: Network) -> Prompt:
    options = tuple(Option(each.id, each.name) for each in network.settings.values())
    told = " ".join(f"{each.name}: {each.description}" for each in network.settings.values() if each.description)
    return Prompt(SETTING, "choice", "Where is this being seen?", options, help=told, may_be_unsure=False)


def _prompt_to_tick(network: Network, group: TickAll, members: Iterable[str]) -> Prompt:
    options = tuple(Option(name, network.questions[name].label) for name in members)
    asked = [f"{each.label}: {network.questions[each.value].question}" for each in options]
    return Prompt(
        id=group.id,
        kind="tick_all",
        question=group.question,
        options=options,
        help="\n".join(filter(None, [group.help, *asked])),
        topic=group.topic,
        topic_name=network.topics.get(group.topic, ""),
    )
