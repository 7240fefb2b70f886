"""The posterior of one patient as bars."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.explaining.intervals import Interval, Intervals
from bayesknee.diagnosis.wording import answer_count, chance_text, given_state, interval_text
from bayesknee.plots.canvas import (
    BLACK,
    PALE,
    SKY,
    SMALL,
    VERMILION,
    beside,
    legend_below,
    percent_axis,
    rows_axes,
    wrapped,
)
from bayesknee.words import LEVEL_WORDS

GROUP_GAP: Final = 0.6
MOST_BARS: Final = 20
_PRIOR: Final[dict[str, Any]] = {
    "marker": "D",
    "markersize": 5,
    "markerfacecolor": "white",
    "markeredgecolor": BLACK,
    "linestyle": "",
    "clip_on": False,
    "zorder": 4,
}
_LIMIT: Final[dict[str, Any]] = {"color": BLACK, "linewidth": 1.4, "linestyle": (0, (1.5, 1)), "zorder": 3}


def posterior(diagnosis: Diagnosis, ax: Axes | None = None, *, intervals: Intervals | None = None) -> Axes:
    """Bars of each condition's probability with its base rate, most probable first, then groups.

    Of a network with many conditions the first 20 are drawn, and all that are not ruled out.

    A dangerous condition bears its limit; where it is at or over the limit its bar is hatched, and words say so.

    Args:
        diagnosis: what to draw.
        ax: axes to draw on; new ones where left out.
        intervals: of the diagnosis; none are drawn where left out, or where no number has a range, which it says then.

    Returns:
        The axes.
    """
    bars = list(_bars(diagnosis, _not_given(diagnosis, intervals) if intervals and intervals.ranges.any else {}))
    ax = rows_axes(ax, {bar.row: bar.label for bar in bars})
    for bar in bars:
        _draw(ax, bar)
    percent_axis(ax.xaxis)
    ax.set_xlabel("Probability of being a cause; more than one can be")
    told = [title(diagnosis)]
    told += [wrapped(intervals.ranges.caution, 64)] if intervals and intervals.ranges.caution else []
    ax.set_title("\n".join(told), loc="left", fontsize=SMALL + 1)
    legend_below(ax, handles=list(_legend(bars)), columns=5)
    return ax


def title(diagnosis: Diagnosis) -> str:
    """What the picture is of."""
    setting = diagnosis.network.settings[diagnosis.setting].name
    estimated = "" if diagnosis.exact else "; estimated"
    urgent = wrapped(f"How urgent: {LEVEL_WORDS[diagnosis.triage.level]}", 64)
    return f"{wrapped(f'{diagnosis.network.title}; {setting}, {answer_count(diagnosis)}{estimated}', 64)}\n{urgent}"


@dataclass(frozen=True)
class _PosteriorBar:
    """A row of the picture; groups have no prior and no limit."""

    row: float
    label: str
    probability: float
    told: str
    color: str
    prior: float | None = None
    limit: float | None = None
    interval: Interval | None = None
    first: bool = False

    @property
    def over(self) -> bool:
        return self.limit is not None and self.probability >= self.limit


def _bars(diagnosis: Diagnosis, intervals: Mapping[str, Interval]) -> Iterator[_PosteriorBar]:
    row = 0.0
    over = {each.condition for each in diagnosis.not_ruled_out}
    for place, (name, probability) in enumerate(diagnosis.posterior.items()):
        if place >= MOST_BARS and name not in over:
            continue
        condition = diagnosis.network.conditions[name]
        limit = condition.limit.value if condition.must_not_miss else None
        color = VERMILION if limit is not None and probability >= limit else SKY
        prior, interval = diagnosis.prior[name], intervals.get(name)
        told = chance_text(diagnosis, {name}, probability)
        yield _PosteriorBar(row, condition.name, probability, told, color, prior, limit, interval, first=row == 0.0)
        row += 1.0
    for name, probability in diagnosis.groups.items():
        label = f"{diagnosis.network.groups[name].name} (at least one)"
        told = chance_text(diagnosis, set(diagnosis.network.groups[name].members), probability)
        yield _PosteriorBar(row + GROUP_GAP, label, probability, told, PALE, interval=intervals.get(name))
        row += 1.0


def _not_given(diagnosis: Diagnosis, intervals: Intervals) -> Mapping[str, Interval]:
    """The intervals of what is not certain because it was given."""
    groups = diagnosis.network.groups
    every = {name: ({name}, each) for name, each in intervals.conditions.items()}
    every |= {name: (set(groups[name].members), each) for name, each in intervals.groups.items()}
    return {name: each for name, (members, each) in every.items() if given_state(diagnosis, members) is None}


def _draw(ax: Axes, bar: _PosteriorBar) -> None:
    hatch = "////" if bar.over else ""
    ax.barh(bar.row, bar.probability, height=0.62, color=bar.color, hatch=hatch, edgecolor="white", linewidth=0.0)
    note = ""
    if bar.prior is not None:
        ax.plot(bar.prior, bar.row, **_PRIOR)
    if bar.limit is not None:
        ax.plot([bar.limit, bar.limit], [bar.row - 0.45, bar.row + 0.45], **_LIMIT)
        note = f"\nnot ruled out (limit {100 * bar.limit:.3g} %)" if bar.over else ""
    if bar.interval is not None:
        low, high = bar.interval.low, bar.interval.high
        ax.hlines(bar.row, low, high, color=BLACK, linewidth=1.2, zorder=3)
        ax.plot([low, high], [bar.row, bar.row], color=BLACK, marker="|", markersize=7, linestyle="", zorder=3)
        note = f"  [{interval_text(bar.interval)}]{note}"
    weight = "bold" if bar.first else "normal"
    beside(ax, bar.row, f"{bar.told}{note}", weight=weight)


def _legend(bars: Sequence[_PosteriorBar]) -> Iterator[Line2D | Patch]:
    yield Patch(color=SKY, label="probability")
    if any(bar.over for bar in bars):
        yield Patch(facecolor=VERMILION, hatch="////", edgecolor="white", linewidth=0, label="not ruled out")
    yield Line2D([], [], label="base rate", **_PRIOR)
    if any(bar.limit is not None for bar in bars):
        yield Line2D([], [], label="limit", **_LIMIT)
    if any(bar.interval is not None for bar in bars):
        yield Line2D([], [], color=BLACK, marker="|", markersize=7, label="95 % interval")
