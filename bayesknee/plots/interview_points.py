"""Simulated interviews: what is lost of right leaders by how many questions it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from matplotlib.axes import Axes

from bayesknee.cohort.simulated_interviews import OWN, WORDS
from bayesknee.cohort.simulated_results import Result
from bayesknee.plots.canvas import STYLES, blank_axes

Results: TypeAlias = Mapping[str, Sequence[Result]]


def interviews(results: Results, ax: Axes | None = None) -> Axes:
    """What is lost of right leaders by how many questions it takes, a point for each policy and source of patients.

    Each policy is compared with asking the same patients all; where nobody was asked all, the share of right leaders.
    """
    axes = ax if ax is not None else blank_axes(8.0, 4.6)
    lost = all(each.top1_lost is not None for some in results.values() for each in some)
    for source, some in results.items():
        for number, each in enumerate(some):
            style: dict[str, Any] = {**STYLES[number % len(STYLES)], "linestyle": "none", "capsize": 3.0}
            style |= {"marker": "*", "markersize": 9.0} if number >= len(STYLES) else {}
            style |= {"label": WORDS[each.policy]} if source == OWN else {"markerfacecolor": "white"}
            figure = each.top1_lost if lost and each.top1_lost else each.top1
            error = [[100.0 * (figure.value - figure.low)], [100.0 * (figure.high - figure.value)]]
            axes.errorbar([each.asked.value], [100.0 * figure.value], yerr=error, **style)
    axes.set_xscale("log")
    axes.set_xticks([5, 10, 20, 50, 100], ["5", "10", "20", "50", "100"])
    axes.set_xlabel("questions, the opening included, a list counting once (mean)")
    axes.set_ylabel("right leaders lost to asking all, points" if lost else "a true cause leads, %")
    title = "Patients of the network itself;\nopen: of networks drawn anew"
    axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False, fontsize=8, title=title, title_fontsize=8)
    return axes
