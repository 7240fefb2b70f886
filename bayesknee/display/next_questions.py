"""What to ask next, as text for people: each question with what its answers would do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TextIO

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bayesknee.diagnosis.asking.next_questions import NextQuestion, Outcome
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.display.questions import words_of
from bayesknee.display.terminal import console_for, percent, rendered, sticky
from bayesknee.display.text import state_text
from bayesknee.knowledge.model import NO_YES, RiskFactor

_NUMBER: Final = 4
_INDENT: Final = 2


def next_questions_text(
    diagnosis: Diagnosis, questions: Sequence[NextQuestion], objective: str, file: TextIO | None = None
) -> str:
    """The questions, best first, with how they are answered and what they are worth."""
    return rendered(console_for(file), *_whole(diagnosis, questions, objective))


def _whole(diagnosis: Diagnosis, questions: Sequence[NextQuestion], objective: str) -> Iterator[RenderableType]:
    network = diagnosis.network
    yield Text(f"{network.title} ({network.id} {network.version})", style="bold")
    if not questions:
        yield Text("Nothing is left to ask that fits.")
        return
    yield Text(f"What to ask next, by {objective}; value in bits for a burden of 1\n")
    yield _listed(diagnosis, questions, detailed=True)


def next_questions_parts(
    diagnosis: Diagnosis, questions: Sequence[NextQuestion], heading: str = "Most useful to ask next"
) -> Iterator[RenderableType]:
    """The questions below a heading; nothing where there is none."""
    if questions:
        yield Text(f"\n{heading}", style="bold")
        yield _listed(diagnosis, questions, detailed=False)


def _listed(diagnosis: Diagnosis, questions: Sequence[NextQuestion], *, detailed: bool) -> RenderableType:
    table = Table.grid(padding=0)
    table.add_column(width=_NUMBER)
    table.add_column(overflow="fold")
    for number, each in enumerate(questions, start=1):
        table.add_row(f"{number:2}", Text(_asked(each), style="bold"))
        words = words_of(diagnosis.network.questions[each.finding])
        table.add_row("", Text(f"{words}{_worth(each) if detailed else ''}", style="cyan"))
        table.add_row("", sticky(why(diagnosis, each)))
    return Padding(table, (0, 0, 0, _INDENT))


def _asked(question: NextQuestion) -> str:
    return question.question + ("" if question.asked_of == "patient" else f" [{question.asked_of}]")


def _worth(question: NextQuestion) -> str:
    return f"  (value {question.value:.3f}, burden {question.burden:g})"


def why(diagnosis: Diagnosis, question: NextQuestion) -> str:
    """What its answers would do to the condition they tell most of.

    Such as `yes would take Broken bone from 41.0 % to 78.0 %; no, to 12.0 %`. Where there are more than two answers,
    the two that take it furthest up and down.
    """
    network, about = diagnosis.network, question.about
    first, *rest = _telling(question)
    asked = network.questions[question.finding]
    factor = asked if isinstance(asked, RiskFactor) else None
    now, to = diagnosis.posterior[about], percent(first.posterior[about])
    told = f"{state_text(factor, first.state)} would take {network.conditions[about].name} from {percent(now)} to {to}"
    return "; ".join(
        [told, *(f"{state_text(factor, each.state)}, to {percent(each.posterior[about])}" for each in rest)]
    )


def _telling(question: NextQuestion) -> list[Outcome]:
    """Yes and no, or the answers that take the condition furthest up and down."""
    outcomes = list(question.outcomes)
    if len(outcomes) > 2 or {each.state for each in outcomes} != set(NO_YES):
        outcomes.sort(key=lambda each: each.posterior[question.about])
    return outcomes if len(outcomes) == 1 else [outcomes[-1], outcomes[0]]
