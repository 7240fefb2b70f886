"""Simulated interviews: what is lost of right leaders by how many questions it takes."""

from __future__ import annotations

from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, NullLocator

from bayesknee.cohort.simulated_interviews import AS_STATED, WORDS
from bayesknee.cohort.simulated_results import Results
from bayesknee.plots.canvas import Ticks, Words, axes_for, line_ticks, put_words
from bayesknee.plots.condition_styles import numbered_style

COUNTS: Final = ((1, 2, 3, 5, 7, 10, 20, 30, 50, 70, 100, 200, 300), (1, 2, 5, 10, 20, 50, 100, 200))


def interviews(results: Results, ax: Axes | None = None) -> Axes:
    """What is lost of right leaders by how many questions it takes, a point for each policy and source of patients.

    Each policy is compared with asking the same patients all; where nobody was asked all, the share of right leaders.

    Args:
        results: by source of the patients, those of each policy.
        ax: axes to draw in, in whose box the whole picture stays; new ones where left out.

    Returns:
        The axes.
    """
    ax = axes_for(ax, 8.0, 5.6)
    lost = all(result.top1_lost is not None for by_policy in results.values() for result in by_policy)
    for source, by_policy in results.items():
        for number, result in enumerate(by_policy):
            look = numbered_style(number)
            style: dict[str, Any] = {"color": look.color, "marker": look.marker, "linestyle": "none", "capsize": 3.0}
            style |= {"label": WORDS[result.policy]} if source == AS_STATED else {"markerfacecolor": "white"}
            figure = result.top1_lost if lost and result.top1_lost else result.top1
            error = [[100.0 * (figure.value - figure.low)], [100.0 * (figure.high - figure.value)]]
            ax.errorbar([result.asked.value], [100.0 * figure.value], yerr=error, **style)
    ax.set_xscale("log")
    ax.xaxis.set_minor_locator(NullLocator())
    put_words(ax, _words(ax, lost=lost))
    return ax


def _words(ax: Axes, *, lost: bool) -> Words:
    handles, _ = ax.get_legend_handles_labels()
    low, high = ax.get_xlim()
    return Words(
        "questions, the opening included, a list counting once (mean)",
        [line_ticks({float(count): str(count) for count in choice}, low, high) for choice in COUNTS],
        title="Patients of the network itself; open: of networks drawn anew",
        y_label="right leaders lost to asking all, points" if lost else "a true cause leads, %",
        y_ticks=_scale(*ax.get_ylim()),
        handles=handles,
    )


def _scale(low: float, high: float) -> Ticks:
    places = [float(place) for place in MaxNLocator(5).tick_values(low, high)]
    return line_ticks({place: f"{place:.4g}" for place in places}, low, high)
