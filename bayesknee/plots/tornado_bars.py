"""The numbers that matter most: a tornado."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.explaining.sensitivity import Bar
from bayesknee.diagnosis.wording import event_name
from bayesknee.plots.canvas import (
    BLACK,
    Row,
    Ticks,
    Words,
    line_ticks,
    most_rows,
    percent_tick,
    put_words,
    rows_axes,
)
from bayesknee.plots.condition_styles import style_of

MOST_BARS: Final = 12


def tornado(diagnosis: Diagnosis, subject: str | None = None, ax: Axes | None = None, *, most: int = MOST_BARS) -> Axes:
    """How far one number alone, anywhere in its range, would move a probability; the widest at the top.

    The ends are computed exactly, not from a slope. The upright line is the probability with all numbers as they are.
    Bars have the colour of the subject.

    Args:
        diagnosis: whose probability.
        subject: id of a condition or group; the leading condition where left out.
        ax: axes to draw in, in whose box the whole picture stays; new ones where left out.
        most: how many numbers; in small axes fewer.

    Returns:
        The axes.

    Raises:
        ConditionError: no such condition or group.
    """
    sensitivity = diagnosis.sensitivity()
    subject = sensitivity.leader if subject is None else subject
    bars = sensitivity.tornado(subject, most_rows(ax, most))
    now = {**diagnosis.posterior, **diagnosis.groups}[subject]
    low, high = _limits([now, *(end for bar in bars for end in (bar.at_low, bar.at_high))])
    looks = _looks(style_of(diagnosis.network, subject).color)
    words = Words(
        f"Probability of: {event_name(diagnosis.network, subject)}",
        list(_ticks(low, high)),
        list(_rows(bars)) or [Row(0.0, "no number bears on it")],
        "One number at a time, over its range",
        handles=[Patch(**look) for look in looks],
    )
    ax = rows_axes(ax, words)
    for row, bar in enumerate(bars):
        for end, look in zip((bar.at_high, bar.at_low), looks, strict=True):
            ax.barh(row, end - now, left=now, height=0.6, **look)
    ax.axvline(now, color=BLACK, linewidth=1.2)
    ax.set_xlim(low, high)
    put_words(ax, words)
    return ax


def _rows(bars: Sequence[Bar]) -> Iterator[Row]:
    for row, bar in enumerate(bars):
        number = bar.number
        yield Row(float(row), bar.what, f"{number.low:.3g} to {number.high:.3g}  (grade {number.grade})")


def _looks(color: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of the bars to where a number's high end leads, and its low end."""
    hatched = {"facecolor": "white", "edgecolor": color, "hatch": "////", "hatchcolor": color}
    return {"facecolor": color, "label": "number at its high end"}, {**hatched, "label": "at its low end"}


def _limits(ends: Sequence[float]) -> tuple[float, float]:
    """The scale, a little wider than the bars; a tornado of nothing has the whole scale."""
    low, high = min(ends), max(ends)
    if high - low < 1e-12:
        return 0.0, 1.0
    return low - 0.05 * (high - low), high + 0.05 * (high - low)


def _ticks(low: float, high: float) -> Iterator[Ticks]:
    for most in (6, 5, 4, 3, 2):
        places = MaxNLocator(most).tick_values(low, high)
        yield line_ticks({float(place): percent_tick(float(place)) for place in places}, low, high)
