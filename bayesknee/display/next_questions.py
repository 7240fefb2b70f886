"""What to ask next, as text for people: each question with what its answers would do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TextIO

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from bayesknee.diagnosis.asking.next_questions import NextQuestion, NextQuestions, not_ranked
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.wording import why
from bayesknee.display.questions import words_of
from bayesknee.display.terminal import console_for, numbered, rendered, sticky, warning_lines

_NUMBER: Final = 4
_INDENT: Final = 2


def next_questions_text(
    diagnosis: Diagnosis, questions: Sequence[NextQuestion], objective: str, file: TextIO | None = None
) -> str:
    """The questions, best first, with how they are answered and what they are worth."""
    return rendered(console_for(file), *_ranking_parts(diagnosis, questions, objective))


def _ranking_parts(diagnosis: Diagnosis, questions: Sequence[NextQuestion], objective: str) -> Iterator[RenderableType]:
    network = diagnosis.network
    yield Text(f"{network.title} ({network.id} {network.version})", style="bold")
    if questions:
        yield Text(f"What to ask next, by {objective}; value in bits for a burden of 1\n")
        yield _listed(diagnosis, questions, words=True, worth=True)
    else:
        yield Text("Nothing is left to ask that fits.")
    yield from _left_out(questions)
    yield from warning_lines(each.message for each in diagnosis.warnings)


def next_questions_parts(
    diagnosis: Diagnosis, questions: Sequence[NextQuestion], *, details: bool = False
) -> Iterator[RenderableType]:
    """The questions below a heading; nothing where there is none. With `details`, their ids and states as well."""
    if questions:
        yield Text("\nMost useful to ask next", style="bold")
        yield _listed(diagnosis, questions, words=details)
        yield from _left_out(questions)


def _listed(
    diagnosis: Diagnosis, questions: Sequence[NextQuestion], *, words: bool, worth: bool = False
) -> RenderableType:
    table = numbered(_NUMBER)
    for number, each in enumerate(questions, start=1):
        table.add_row(f"{number:2}", Text(_asked(each), style="bold"))
        if words:
            told = words_of(diagnosis.network.questions[each.finding])
            table.add_row("", Text(f"{told}{_worth(each) if worth else ''}", style="cyan"))
        table.add_row("", sticky(why(diagnosis, each)))
    return Padding(table, (0, 0, 0, _INDENT))


def _left_out(questions: Sequence[NextQuestion]) -> Iterator[RenderableType]:
    """That some questions were not ranked, where that is so."""
    if isinstance(questions, NextQuestions) and questions.left_out:
        yield Text(sticky(not_ranked(len(questions.left_out))), style="dim")


def _asked(question: NextQuestion) -> str:
    return question.question + ("" if question.asked_of == "patient" else f" [{question.asked_of}]")


def _worth(question: NextQuestion) -> str:
    return f"  (value {question.value:.3f}, burden {question.burden:g})"
