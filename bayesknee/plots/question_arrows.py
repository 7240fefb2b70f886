"""The next questions: what each answer would do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import matplotlib as mpl
from matplotlib.axes import Axes

from bayesknee.diagnosis.asking.next_questions import NextQuestion, Outcome
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.plots.axes_box import box_size
from bayesknee.plots.boxed_words import LARGEST
from bayesknee.plots.canvas import (
    BLACK,
    PALE,
    POINTS,
    WIDTH,
    Row,
    Words,
    most_rows,
    percent_ticks,
    put_words,
    rows_axes,
)
from bayesknee.plots.condition_styles import style_of
from bayesknee.plots.text_fitting import Letters
from bayesknee.words import percent

FEW: Final = 5
MOST_OUTCOMES: Final = 6
_LINE: Final = 0.8  # rows, of a second line of a heading
_MIDDLING: Final = 7.5  # points


def questions(
    diagnosis: Diagnosis,
    ax: Axes | None = None,
    *,
    questions: Sequence[NextQuestion] | None = None,
    condition: str | None = None,
    most: int = FEW,
) -> Axes:
    """For each of the best next questions, how probable each answer is, and where it would take a condition.

    An arrow leads from the probability now (the upright line) to that after the answer, in the colour of the condition;
    what lowers it is dashed. The bar behind it tells how probable the answer is. In small axes fewer are drawn.

    Args:
        diagnosis: what is known.
        ax: axes to draw in, in whose box the whole picture stays; new ones where left out.
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
    parts = list(_parts(diagnosis, chosen, condition, ax))
    rows = [row for part in parts for row in part.rows] or [Row(0.0, "nothing left to ask")]
    words = Words(
        "Probability now (line) and after the answer (arrow); grey: of the answer itself", percent_ticks(), rows
    )
    ax = rows_axes(ax, words)
    ax.spines["left"].set_visible(False)  # it would cross the headings
    ax.set_xlim(0.0, 1.0)
    for part in parts:
        _draw(ax, diagnosis, part)
    put_words(ax, words)
    return ax


@dataclass(frozen=True)
class _QuestionPart:
    """A question's rows - its heading, then an answer each - with the condition that it is about."""

    rows: Sequence[Row]
    outcomes: Sequence[Outcome]
    about: str


def _parts(
    diagnosis: Diagnosis, questions: Sequence[NextQuestion], condition: str | None, ax: Axes | None
) -> Iterator[_QuestionPart]:
    """The first question, and each of the others for which there is room."""
    room = most_rows(ax, 10**6)
    top = 0.0
    for number, question in enumerate(questions):
        about = condition or question.about
        outcomes = _likeliest(question, max(2, min(MOST_OUTCOMES, room - 2)))
        cut = "" if len(outcomes) == len(question.outcomes) else f"; the {len(outcomes)} likeliest answers"
        heading = f"{question.question} [{diagnosis.network.conditions[about].name}{cut}]"
        rows = _heading_rows(heading, _heading_lines(heading, ax), top)
        first = top + rows[0].slot
        for place, outcome in enumerate(outcomes):
            after = f"{percent(diagnosis.posterior[about])} to {percent(outcome.posterior[about])}"
            rows.append(Row(first + place, question.asked.state_words(outcome.state), after))
        if number and rows[-1].place > room:
            return
        yield _QuestionPart(rows, outcomes, about)
        top = rows[-1].place + 1.3


def _heading_rows(heading: str, lines: int, top: float) -> list[Row]:
    more = _LINE * (lines - 1)
    return [Row(top + more / 2.0, heading, slot=0.9 + more, heading=True)]


def _heading_lines(heading: str, ax: Axes | None) -> int:
    """How many lines are left for it: one, or two where it is wider than the box with letters of middling size."""
    if ax is None:
        letters, width = Letters(LARGEST, mpl.rcParams["figure.dpi"]), POINTS * WIDTH
    else:
        letters, width = Letters(_MIDDLING, ax.figure.dpi), box_size(ax)[0]
    return 1 if letters.in_bold.width(heading) < 0.97 * width else 2


def _likeliest(question: NextQuestion, most: int) -> list[Outcome]:
    """The answers that are drawn, in the order of the states."""
    least = sorted((outcome.probability for outcome in question.outcomes), reverse=True)[:most][-1]
    return [outcome for outcome in question.outcomes if outcome.probability >= least][:most]


def _draw(ax: Axes, diagnosis: Diagnosis, part: _QuestionPart) -> None:
    now, color = diagnosis.posterior[part.about], style_of(diagnosis.network, part.about).color
    for row, outcome in zip(part.rows[1:], part.outcomes, strict=True):
        y, after = row.place, outcome.posterior[part.about]
        ax.barh(y, outcome.probability, height=0.7, color=PALE)
        ax.plot([now, now], [y - 0.42, y + 0.42], color=BLACK, linewidth=1.4)
        dashes, marker = ("-", ">") if after >= now else ("--", "<")
        ax.plot([now, after], [y, y], color=color, linestyle=dashes, linewidth=2.0)
        ax.plot(after, y, color=color, marker=marker, markersize=6, clip_on=False, zorder=4)
