"""The numbers that matter most: a tornado."""

from __future__ import annotations

from typing import Final

from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.explaining.sensitivity import Bar
from bayesknee.diagnosis.wording import event_name
from bayesknee.plots.canvas import (
    BLACK,
    ORANGE,
    SKY,
    SMALL,
    beside,
    legend_below,
    percent_axis,
    rows_axes,
    wrapped,
)

MOST_BARS: Final = 12


def tornado(diagnosis: Diagnosis, subject: str | None = None, ax: Axes | None = None, *, most: int = MOST_BARS) -> Axes:
    """How far one number alone, anywhere in its range, would move a probability; the widest at the top.

    The ends are computed exactly, not from a slope. The upright line is the probability with all numbers as they are.

    Args:
        diagnosis: whose probability.
        subject: id of a condition or group; the leading condition where left out.
        ax: axes to draw on; new ones where left out.
        most: how many numbers.

    Returns:
        The axes.

    Raises:
        ConditionError: no such condition or group.
    """
    sensitivity = diagnosis.sensitivity()
    subject = sensitivity.leader if subject is None else subject
    bars = sensitivity.tornado(subject, most)
    now = {**diagnosis.posterior, **diagnosis.groups}[subject]
    rows = {float(row): bar.what for row, bar in enumerate(bars)} or {0.0: "no number bears on it"}
    ax = rows_axes(ax, rows)
    for row, bar in enumerate(bars):
        _draw(ax, row, bar, now)
    ax.axvline(now, color=BLACK, linewidth=1.2)
    percent_axis(ax.xaxis, of_all=False)
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.set_xlabel(wrapped(f"Probability of: {event_name(diagnosis.network, subject)}", 56))
    ax.set_title("One number at a time, over its range", loc="left", fontsize=SMALL + 1)
    handles = [
        Patch(color=SKY, label="number at its high end"),
        Patch(facecolor=ORANGE, hatch="////", edgecolor="white", label="at its low end"),
    ]
    legend_below(ax, points=36.0 + 12.0 * ax.get_xlabel().count("\n"), handles=handles)
    return ax


def _draw(ax: Axes, row: int, bar: Bar, now: float) -> None:
    ax.barh(row, bar.at_high - now, left=now, height=0.6, color=SKY)
    ax.barh(row, bar.at_low - now, left=now, height=0.6, color=ORANGE, hatch="////", edgecolor="white")
    number = bar.number
    beside(ax, row, f"{number.low:.3g} to {number.high:.3g}  (grade {number.grade})")
