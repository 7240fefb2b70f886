"""A question as it is put: what a terminal, a notebook or a web page needs to show it and to read the answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from bayesknee.knowledge.model import NO_YES, Network, RiskFactor
from bayesknee.knowledge.opening import SETTING, TickAll

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
        help: more words, for who wants them; may be empty.
        topic: id of the topic; empty for what belongs to none.
        topic_name: its name.
        unit: of a number.
        lowest, highest: the range of a number: the lowest included, the highest not.
        may_be_unsure: whether `unknown`, `probably` and `probably not` are answers.
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


def prompt_for(network: Network, name: str) -> Prompt:
    """The prompt for a finding or risk factor of the network."""
    question = network.questions[name]
    bands = question.bands if isinstance(question, RiskFactor) else {}
    return Prompt(
        id=name,
        kind="number" if bands else "choice",
        question=question.question,
        options=tuple(Option(state, state.replace("_", " ")) for state in question.states),
        help=question.help,
        topic=question.topic,
        topic_name=network.topics[question.topic],
        unit=question.unit if isinstance(question, RiskFactor) else "",
        lowest=min((low for low, _ in bands.values()), default=0.0),
        highest=max((high for _, high in bands.values()), default=0.0),
    )


def prompt_for_setting(network: Network) -> Prompt:
    """The prompt for the care setting."""
    options = tuple(Option(each.id, each.name) for each in network.settings.values())
    told = " ".join(f"{each.name}: {each.description}" for each in network.settings.values() if each.description)
    return Prompt(SETTING, "choice", "Where is this being seen?", options, help=told, may_be_unsure=False)


def prompt_to_tick(network: Network, group: TickAll, members: Iterable[str]) -> Prompt:
    """The prompt for a question to tick; `members` are those to show."""
    options = tuple(Option(name, network.questions[name].label) for name in members)
    told = [group.help, *(f"{network.questions[each.value].question}" for each in options)]
    return Prompt(group.id, "tick_all", group.question, options, " ".join(filter(None, told)), may_be_unsure=False)
