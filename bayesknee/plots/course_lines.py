"""How the posterior moved, answer by answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from bayesknee.arrays import Vector
from bayesknee.diagnosis.belief import Belief
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.patient.answer_words import answer_text, label
from bayesknee.plots.canvas import (
    PALE,
    Row,
    Words,
    folded,
    most_rows,
    percent_ticks,
    put_words,
    rows_axes,
)
from bayesknee.plots.condition_styles import style_of
from bayesknee.plots.posterior_bars import title
from bayesknee.plots.text_fitting import shortened
from bayesknee.words import percent

MOST_NAMED: Final = 7  # lines of colours that are told apart at a glance
MOST_STEPS: Final = 30  # more are not followed from one end to the other
LONGEST_NAME: Final = 60  # characters, in the legend


def course(diagnosis: Diagnosis, ax: Axes | None = None) -> Axes:
    """The probabilities after each answer, from the base rates at the top down, in the order of the answers.

    The conditions that ever came highest are named, the others are thin grey lines. The order decides what a step
    looks like, not where the lines end; the ledger shares a change out without an order. Of more than 30 answers -
    fewer in small axes - those in the middle are one step, which says how many they are.

    Args:
        diagnosis: what to draw.
        ax: axes to draw in, in whose box the whole picture stays; new ones where left out.

    Returns:
        The axes.
    """
    steps, labels = _steps(diagnosis, most_rows(ax, MOST_STEPS + 1) - 1)
    course = posterior_course(diagnosis)[steps]
    lines = list(_lines(diagnosis, course))
    words = Words(
        "Probability after this answer and those above it",
        percent_ticks(),
        [Row(float(row), text) for row, text in enumerate(labels)],
        title(diagnosis),
        handles=[line for line in lines if not str(line.get_label()).startswith("_")],
    )
    ax = rows_axes(ax, words)
    for line in lines:
        ax.add_line(line)
    ax.grid(axis="y", color=PALE, linewidth=0.5)
    ax.set_axisbelow(True)
    ax.set_xlim(0.0, 1.0)
    put_words(ax, words)
    return ax


def _steps(diagnosis: Diagnosis, most: int) -> tuple[list[int], list[str]]:
    """After how many answers each row stands, and its label."""
    first, middle, last = folded(_answers(diagnosis), most)
    between = [f"{len(middle)} answers in between, not drawn singly"] if middle else []
    labels = ["base rates", *first, *between, *last]
    begun, total = len(first) + 1, len(diagnosis.evidence.answers) + 1
    return [*range(begun), *([begun + len(middle) - 1] if middle else []), *range(total - len(last), total)], labels


def _lines(diagnosis: Diagnosis, course: Vector) -> Iterator[Line2D]:
    """The lines of the conditions without a name, then of those with one in the order in which they end."""
    named = _named(diagnosis, course)
    rows = np.arange(len(course))
    for number in sorted(set(range(course.shape[1])) - set(named)):
        yield Line2D(course[:, number], rows, color=PALE, linewidth=1.0, zorder=1, label="_")
    for number in named:
        condition = list(diagnosis.posterior)[number]
        look = style_of(diagnosis.network, condition).line
        label = _label(diagnosis, condition)
        yield Line2D(course[:, number], rows, label=label, linewidth=1.6, markersize=5, clip_on=False, **look)


def posterior_course(diagnosis: Diagnosis) -> Vector:
    """P(condition | the first k answers), shape (answers + 1, conditions), the conditions as in the posterior."""
    names = list(diagnosis.evidence.answers)
    parts = (diagnosis.evidence.only(names[:count]) for count in range(len(names) + 1))
    after = [Belief.of(diagnosis.compiled, part).posterior for part in parts]
    return np.array([[posterior[name] for name in diagnosis.posterior] for posterior in after])


def _named(diagnosis: Diagnosis, course: Vector) -> list[int]:
    """The columns worth a name: what is not ruled out, and those that came highest at any step; ordered as they end."""
    names = list(diagnosis.posterior)
    dangerous = [names.index(danger.condition) for danger in diagnosis.not_ruled_out]
    by_height = np.argsort(-course.max(axis=0), kind="stable").tolist()
    return sorted(list(dict.fromkeys([*dangerous, *by_height]))[:MOST_NAMED])


def _label(diagnosis: Diagnosis, condition: str) -> str:
    name = shortened(diagnosis.network.conditions[condition].name, LONGEST_NAME)
    return f"{name}, {percent(diagnosis.posterior[condition])}"


def _answers(diagnosis: Diagnosis) -> list[str]:
    network = diagnosis.network
    answers = diagnosis.evidence.answers.items()
    return [f"{label(network, name)}: {answer_text(network, name, answer)}" for name, answer in answers]
