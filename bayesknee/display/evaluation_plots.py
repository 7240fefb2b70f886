"""Plots of an evaluation; drawn without pyplot, so nothing is shown and no state is shared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayesknee.cohort.evaluation import Evaluation
from bayesknee.display.evaluation import FORECASTERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (6.4, 4.8)
DOT_AREA = 12.0


def calibration_figure(evaluation: Evaluation) -> Figure:
    """What was predicted and what came true, in ten bins; the area of a dot grows with its forecasts."""
    figure, axes = _empty("Mean probability in the bin", "Share that came true")
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1, label="perfect")
    bins = (evaluation.calibration, evaluation.baseline_calibration)
    for name, marker, each in zip(FORECASTERS.values(), "os", bins, strict=True):
        full = [one for one in each if one.count]
        x, y = [one.predicted for one in full], [one.observed for one in full]
        (line,) = axes.plot(x, y, linewidth=1)
        axes.scatter(
            x, y, s=[DOT_AREA * one.count**0.5 for one in full], marker=marker, label=name, color=line.get_color()
        )
    axes.set_xlim(0, 1)
    axes.legend(frameon=False, loc="upper left")
    return figure


def inclusion_figure(evaluation: Evaluation) -> Figure:
    """The share of cases with a true condition among the first k."""
    figure, axes = _empty("Length of the list", "Share of cases with a true condition on it")
    most = len(evaluation.network.conditions)
    for (name, shares), marker in zip(evaluation.inclusion.items(), "os", strict=True):
        axes.plot(range(1, most + 1), shares, marker=marker, markersize=4, label=FORECASTERS[name])
    axes.set_xticks(range(1, most + 1))
    axes.legend(frameon=False, loc="lower right")
    return figure


def _empty(x: str, y: str) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.set_ylim(0, 1.02)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes
