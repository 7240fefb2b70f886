"""A plan: how sure the diagnosis gets with each question more."""

from __future__ import annotations

from collections.abc import Iterator

from matplotlib.axes import Axes

from bayesknee.diagnosis.asking.question_plan import QuestionPlan
from bayesknee.interval_95 import Z
from bayesknee.plots.canvas import (
    BLACK,
    PALE,
    Row,
    Words,
    folded,
    most_rows,
    percent_ticks,
    put_words,
    rows_axes,
)
from bayesknee.words import percent


def plan(plan: QuestionPlan, ax: Axes | None = None) -> Axes:
    """The probability that the leading condition is a cause, after each of the plan's questions and those above it.

    Where it was estimated from simulated patients, a line shows the 95 % interval of the estimate. In small axes the
    questions in the middle of a long plan are one row, which says how many they are.

    Args:
        plan: what to draw.
        ax: axes to draw in, in whose box the whole picture stays; new ones where left out.

    Returns:
        The axes.
    """
    points = list(_points(plan, most_rows(ax, 10**6)))
    words = Words(
        "Probability that the condition that leads then is a cause",
        percent_ticks(),
        [Row(float(row), label, percent(accuracy)) for row, (label, accuracy, _) in enumerate(points)],
    )
    ax = rows_axes(ax, words)
    accuracies, errors = [point[1] for point in points], [Z * point[2] for point in points]
    ax.errorbar(accuracies, range(len(points)), xerr=errors, color=BLACK, marker="o", markersize=5, capsize=3)
    ax.grid(axis="y", color=PALE, linewidth=0.5)
    ax.set_axisbelow(True)
    ax.set_xlim(0.0, 1.0)
    put_words(ax, words)
    return ax


def _points(plan: QuestionPlan, most: int) -> Iterator[tuple[str, float, float]]:
    """What was asked last, the accuracy with it, and its standard error."""
    first, middle, last = folded(plan.questions, most - 1)
    yield "no question", plan.accuracy, 0.0
    for step in first:
        yield step.question, step.accuracy, step.standard_error
    if middle:
        yield f"{len(middle)} questions in between", middle[-1].accuracy, middle[-1].standard_error
    for step in last:
        yield step.question, step.accuracy, step.standard_error
