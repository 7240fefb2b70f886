"""A plan: how sure the diagnosis gets with each question more."""

from __future__ import annotations

from typing import Final

from matplotlib.axes import Axes

from bayesknee.diagnosis.asking.question_plan import QuestionPlan
from bayesknee.plots.canvas import BLUE, PALE, beside, percent_axis, rows_axes
from bayesknee.words import percent

Z: Final = 1.96


def plan(plan: QuestionPlan, ax: Axes | None = None) -> Axes:
    """The probability that the leading condition is a cause, after each of the plan's questions and those above it.

    Where it was estimated from simulated patients, a line shows the 95 % interval of the estimate.

    Args:
        plan: what to draw.
        ax: axes to draw on; new ones where left out.

    Returns:
        The axes.
    """
    labels = ["no question", *(each.question for each in plan.questions)]
    accuracy = [plan.accuracy, *(each.accuracy for each in plan.questions)]
    errors = [0.0, *(each.standard_error for each in plan.questions)]
    ax = rows_axes(ax, {float(row): label for row, label in enumerate(labels)})
    rows = list(range(len(labels)))
    ax.errorbar(accuracy, rows, xerr=[Z * each for each in errors], color=BLUE, marker="o", markersize=5, capsize=3)
    ax.grid(axis="y", color=PALE, linewidth=0.5)
    ax.set_axisbelow(True)
    for row, share in enumerate(accuracy):
        beside(ax, row, percent(share))
    percent_axis(ax.xaxis)
    ax.set_xlabel("Probability that the condition that leads then is a cause")
    return ax
