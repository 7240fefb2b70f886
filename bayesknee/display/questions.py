"""What can be asked, as text for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TextIO

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from bayesknee.display.terminal import console_for, rendered
from bayesknee.knowledge.model import Question
from bayesknee.knowledge.network import Network


def questions_text(network: Network, questions: Sequence[Question], file: TextIO | None = None) -> str:
    """`questions` by topic, each with the words that answer it."""
    return rendered(console_for(file), *_parts(network, questions))


def _parts(network: Network, questions: Sequence[Question]) -> Iterator[RenderableType]:
    if not questions:
        yield Text(f"Nothing in {network.id} fits.")
        return
    order = {topic: place for place, topic in enumerate(network.topics)}
    in_order = sorted(questions, key=lambda question: order[question.topic])
    for topic, group in groupby(in_order, key=lambda question: question.topic):
        yield Text(network.topics[topic], style="bold")
        for question in group:
            yield Padding(Text(words_of(question), style="cyan"), (0, 0, 0, 2))
            yield Padding(Text(_asked(question)), (0, 0, 0, 6))
        yield Text()
    yield Text(f"{len(questions)} of {len(network.questions)} questions")


def words_of(question: Question) -> str:
    """How an answer is typed. The space after = lets long lists of states break between words."""
    states = " | ".join(question.states)
    if question.bands:
        states = f"{question.scope} | {states}"
    return f"{question.id} = {states}"


def _asked(question: Question) -> str:
    gates = " and ".join(f"{gate} is {' or '.join(states)}" for gate, states in question.only_if.items())
    who = "" if question.asked_of == "patient" else f" [{question.asked_of}]"
    return f"{question.question}{who}{f' (only if {gates})' if gates else ''}"
