"""The next questions: what each answer would do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes

from bayesknee.diagnosis.asking.next_questions import NextQuestion, Outcome
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.plots.canvas import (
    BLACK,
    BLUE,
    PALE,
    SMALL,
    VERMILION,
    beside,
    percent_axis,
    rows_axes,
    wrapped,
)  # fmt: skip
from bayesknee.words import percent

FEW: Final = 5
MOST_OUTCOMES: Final = 6
_HEADING_WIDTH: Final = 62
_LINE: Final = 0.62  # rows


def questions(
    diagnosis: Diagnosis,
    ax: Axes | None = None,
    *,
    questions: Sequence[NextQuestion] | None = None,
    condition: str | None = None,
    most: int = FEW,
) -> Axes:
    """For each of the best next questions, how probable each answer is, and where it would take a condition.

    An arrow leads from the probability now (the upright line) to that after the answer; up is blue with a full head,
    down is red with dashes. The bar behind it tells how probable the answer is.

    Args:
        diagnosis: what is known.
        ax: axes to draw on; new ones where left out.
        questions: which; the diagnosis's own where left out.
        condition: id of the condition whose probability is shown; for each question the one it is most about.
        most: how many questions are drawn at most.

    Returns:
        The axes.

    Raises:
        ConditionError: no such condition.
    """
    if condition is not None:
        diagnosis.ledger[condition]
    chosen = (diagnosis.next_questions if questions is None else questions)[:most]
    rows = list(_rows(diagnosis, chosen, condition))
    labels = {row.place: row.label for row in rows if not row.heading} or {0.0: "nothing left to ask"}
    ax = rows_axes(ax, labels)
    for row in rows:
        _draw(ax, row)
    percent_axis(ax.xaxis)
    ax.set_xlabel("Probability now (line) and after the answer (arrow); grey: of the answer itself")
    ax.set_ylim(max(labels) + 0.6, -0.6)
    return ax


@dataclass(frozen=True)
class _AnswerRow:
    """An answer with where it leads from `now`; or the heading of a question, which has no such places."""

    place: float
    label: str
    heading: bool = False
    probability: float = 0.0
    now: float = 0.0
    after: float = 0.0


def _rows(diagnosis: Diagnosis, questions: Sequence[NextQuestion], condition: str | None) -> Iterator[_AnswerRow]:
    place = 0.0
    for question in questions:
        about = condition or question.about
        outcomes = _likeliest(question)
        cut = "" if len(outcomes) == len(question.outcomes) else f"; the {MOST_OUTCOMES} likeliest answers"
        heading = wrapped(f"{question.question} [{diagnosis.network.conditions[about].name}{cut}]", _HEADING_WIDTH)
        lines = heading.count("\n") + 1
        yield _AnswerRow(place + _LINE * (lines - 1) / 2.0, heading, heading=True)
        place += _LINE * (lines - 1) + 0.9
        for outcome in outcomes:
            now, after = diagnosis.posterior[about], outcome.posterior[about]
            state = question.asked.state_words(outcome.state)
            yield _AnswerRow(place, state, probability=outcome.probability, now=now, after=after)
            place += 1.0
        place += 0.3


def _likeliest(question: NextQuestion) -> list[Outcome]:
    """The answers that are drawn, in the order of the states."""
    least = sorted((each.probability for each in question.outcomes), reverse=True)[:MOST_OUTCOMES][-1]
    return [each for each in question.outcomes if each.probability >= least][:MOST_OUTCOMES]


def _draw(ax: Axes, row: _AnswerRow) -> None:
    if row.heading:
        ax.text(0.0, row.place, row.label, va="center", ha="left", fontsize=SMALL, weight="bold", in_layout=True)
        return
    up = row.after >= row.now
    ax.barh(row.place, row.probability, height=0.7, color=PALE)
    ax.plot([row.now, row.now], [row.place - 0.42, row.place + 0.42], color=BLACK, linewidth=1.4)
    color, dashes, marker = (BLUE, "-", ">") if up else (VERMILION, "--", "<")
    ax.plot([row.now, row.after], [row.place, row.place], color=color, linestyle=dashes, linewidth=2.0)
    ax.plot(row.after, row.place, color=color, marker=marker, markersize=6, clip_on=False, zorder=4)
    beside(ax, row.place, f"{percent(row.now)} to {percent(row.after)}", color=BLACK)
