"""How the posterior moved, answer by answer."""

from __future__ import annotations

from typing import Final

import numpy as np
from matplotlib.axes import Axes

from bayesknee.arrays import Vector
from bayesknee.diagnosis.belief import Belief
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.patient.answer_words import answer_text, label
from bayesknee.plots.canvas import (
    LONGEST_NAME,
    PALE,
    SMALL,
    STYLES,
    legend_below,
    percent_axis,
    plain,
    rows_axes,
    shortened,
)
from bayesknee.plots.posterior_bars import title
from bayesknee.words import percent

MOST_NAMED: Final = len(STYLES)
LONGEST_OF_TWO: Final = 48  # characters of a legend's label that leaves room for another beside it


def course(diagnosis: Diagnosis, ax: Axes | None = None) -> Axes:
    """The probabilities after each answer, from the base rates at the top down, in the order of the answers.

    The conditions that ever came highest are named, the others are thin grey lines. The order decides what a step
    looks like, not where the lines end; the ledger shares a change out without an order.

    Args:
        diagnosis: what to draw.
        ax: axes to draw on; new ones where left out.

    Returns:
        The axes.
    """
    course = posterior_course(diagnosis)
    named = _named(diagnosis, course)
    labels = [_label(diagnosis, name) for name in diagnosis.posterior]
    rows = {float(row): text for row, text in enumerate(["base rates", *_answers(diagnosis)])}
    columns = 2 if max(len(labels[number]) for number in named) <= LONGEST_OF_TWO else 1
    ax = rows_axes(ax, rows, legend=[labels[number] for number in named], columns=columns)
    for number in sorted(set(range(len(labels))) - set(named)):
        ax.plot(course[:, number], list(rows), color=PALE, linewidth=1.0, zorder=1)
    for number, style in zip(named, STYLES, strict=False):
        ax.plot(course[:, number], list(rows), label=labels[number], linewidth=1.6, markersize=5, **style)
    ax.grid(axis="y", color=PALE, linewidth=0.5)
    ax.set_axisbelow(True)
    percent_axis(ax.xaxis)
    ax.set_xlabel("Probability after this answer and those above it")
    ax.set_title(title(diagnosis), loc="left", fontsize=SMALL + 1)
    legend_below(ax, columns=columns)
    return ax


def posterior_course(diagnosis: Diagnosis) -> Vector:
    """P(condition | the first k answers), shape (answers + 1, conditions), the conditions as in the posterior."""
    names = list(diagnosis.evidence.answers)
    parts = (diagnosis.evidence.only(names[:count]) for count in range(len(names) + 1))
    after = [Belief.of(diagnosis.compiled, part).posterior for part in parts]
    return np.array([[posterior[name] for name in diagnosis.posterior] for posterior in after])


def _named(diagnosis: Diagnosis, course: Vector) -> list[int]:
    """The columns worth a name: what is not ruled out, and those that came highest at any step; ordered as they end."""
    names = list(diagnosis.posterior)
    dangerous = [names.index(each.condition) for each in diagnosis.not_ruled_out]
    by_height = np.argsort(-course.max(axis=0), kind="stable").tolist()
    return sorted(list(dict.fromkeys([*dangerous, *by_height]))[:MOST_NAMED])


def _label(diagnosis: Diagnosis, condition: str) -> str:
    name = shortened(diagnosis.network.conditions[condition].name, LONGEST_NAME)
    return plain(f"{name}, {percent(diagnosis.posterior[condition])}")


def _answers(diagnosis: Diagnosis) -> list[str]:
    network = diagnosis.network
    answers = diagnosis.evidence.answers.items()
    return [f"{label(network, name)}: {answer_text(network, name, answer)}" for name, answer in answers]
