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
from bayesknee.plots.canvas import BLACK, PALE, Row, Words, most_rows, percent_ticks, put_words, rows_axes
from bayesknee.plots.condition_styles import style_of
from bayesknee.words import LEVEL_WORDS, percent

GROUP_GAP: Final = 0.6
MOST_BARS: Final = 20
_UNLIMITED: Final = 10**6  # rows: on new axes, in place of a bound, as `MOST_BARS` alone says there how many are drawn
_PRIOR: Final[dict[str, Any]] = {
    "marker": "D",
    "markersize": 5,
    "markerfacecolor": "white",
    "markeredgecolor": BLACK,
    "linestyle": "",
    "clip_on": False,
    "zorder": 4,
}
# Marks of what is not ruled out: none that a condition could have for a colour.
_OVER: Final[dict[str, Any]] = {"hatch": "////", "hatchcolor": "white", "edgecolor": BLACK, "linewidth": 1.2}
_LIMIT: Final[dict[str, Any]] = {"color": BLACK, "linewidth": 1.4, "linestyle": (0, (1.5, 1)), "zorder": 3}


def posterior(diagnosis: Diagnosis, ax: Axes | None = None, *, intervals: Intervals | None = None) -> Axes:
    """Bars of each condition's probability with its base rate, most probable first, then groups.

    Each bar has the colour of its condition, which is the same in all pictures of the network. Of a network with many
    conditions the first 20 are drawn, and all that are not ruled out; in small axes fewer, and it says so.

    A dangerous condition bears its limit; where it is at or over the limit its bar is hatched, and words say so.

    Args:
        diagnosis: what to draw.
        ax: axes to draw in, in whose box the whole picture stays; new ones where left out.
        intervals: of the diagnosis; none are drawn where left out, or where no number has a range, which it says then.

    Returns:
        The axes.
    """
    told = _not_given(diagnosis, intervals) if intervals and intervals.ranges.any else {}
    shown, left_out = _shown(diagnosis, most_rows(ax, _UNLIMITED))
    bars = list(_bars(diagnosis, shown, told))
    words = Words(
        "Probability of being a cause; more than one can be",
        percent_ticks(),
        [Row(bar.row, bar.label, bar.note, bar.brief, bold=bar.first) for bar in bars],
        "\n".join([title(diagnosis), *_remarks(diagnosis, intervals, left_out)]),
        handles=list(_legend(bars)),
    )
    ax = rows_axes(ax, words)
    ax.set_xlim(0.0, 1.0)
    for bar in bars:
        _draw(ax, bar)
    put_words(ax, words)
    return ax


def title(diagnosis: Diagnosis) -> str:
    """What the picture is of."""
    setting = diagnosis.network.settings[diagnosis.setting].name
    estimated = "" if diagnosis.exact else "; estimated"
    urgent = f"How urgent: {LEVEL_WORDS[diagnosis.triage.level]}"
    return f"{diagnosis.network.title}; {setting}, {answer_count(diagnosis)}{estimated}\n{urgent}"


def _remarks(diagnosis: Diagnosis, intervals: Intervals | None, left_out: Sequence[str]) -> Iterator[str]:
    if intervals and intervals.ranges.caution:
        yield intervals.ranges.caution
    if left_out:
        highest = percent(diagnosis.posterior[left_out[0]])
        yield f"Not drawn: {len(left_out)} more conditions, none of them above {highest}"


def _shown(diagnosis: Diagnosis, most: int) -> tuple[Sequence[str], Sequence[str]]:
    """The conditions that are drawn - what is not ruled out, then the most probable - and those for which is no room.

    Beyond the first 20 nobody looks for a condition that is ruled out; that one is missing needs no words.
    """
    over = {danger.condition for danger in diagnosis.not_ruled_out}
    wanted = [name for place, name in enumerate(diagnosis.posterior) if place < MOST_BARS or name in over]
    room = max(1, most - len(diagnosis.groups))
    chosen = set(sorted(wanted, key=lambda name: name not in over)[:room])
    return [name for name in wanted if name in chosen], [name for name in wanted if name not in chosen]


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

    @property
    def note(self) -> str:
        """What is told at its right."""
        ends = f"  [{interval_text(self.interval)}]" if self.interval else ""
        limit = f"\nnot ruled out (limit {100 * (self.limit or 0.0):.3g} %)" if self.over else ""
        return f"{self.told}{ends}{limit}"

    @property
    def brief(self) -> str:
        """The same where there is little room: a warning is never cut."""
        return f"{self.told} not ruled out" if self.over else ""


def _bars(diagnosis: Diagnosis, shown: Sequence[str], intervals: Mapping[str, Interval]) -> Iterator[_PosteriorBar]:
    row = 0.0
    for name in shown:
        probability = diagnosis.posterior[name]
        condition = diagnosis.network.conditions[name]
        limit = condition.limit.value if condition.must_not_miss else None
        color = style_of(diagnosis.network, name).color
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
    by_name = {name: ({name}, interval) for name, interval in intervals.conditions.items()}
    by_name |= {name: (set(groups[name].members), interval) for name, interval in intervals.groups.items()}
    return {name: interval for name, (members, interval) in by_name.items() if given_state(diagnosis, members) is None}


def _draw(ax: Axes, bar: _PosteriorBar) -> None:
    ax.barh(bar.row, bar.probability, height=0.62, color=bar.color, **(_OVER if bar.over else {}))
    if bar.prior is not None:
        ax.plot(bar.prior, bar.row, **_PRIOR)
    if bar.limit is not None:
        ax.plot([bar.limit, bar.limit], [bar.row - 0.45, bar.row + 0.45], **_LIMIT)
    if bar.interval is not None:
        low, high = bar.interval.low, bar.interval.high
        ax.hlines(bar.row, low, high, color=BLACK, linewidth=1.2, zorder=3)
        ax.plot([low, high], [bar.row, bar.row], color=BLACK, marker="|", markersize=7, linestyle="", zorder=3)


def _legend(bars: Sequence[_PosteriorBar]) -> Iterator[Line2D | Patch]:
    if any(bar.over for bar in bars):
        yield Patch(facecolor="white", label="not ruled out", **{**_OVER, "hatchcolor": BLACK})
    yield Line2D([], [], label="base rate", **_PRIOR)
    if any(bar.limit is not None for bar in bars):
        yield Line2D([], [], label="limit", **_LIMIT)
    if any(bar.interval is not None for bar in bars):
        yield Line2D([], [], color=BLACK, marker="|", markersize=7, label="95 % interval")
