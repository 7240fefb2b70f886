"""Plots of an evaluation; drawn without pyplot, so nothing is shown and no state is shared."""

from __future__ import annotations

from bayesknee.cohort.evaluation import Evaluation
from bayesknee.display.evaluation import FORECASTERS
from bayesknee.lazy_types import Axes, Figure

SIZE = (6.4, 5.2)


def calibration_figure(evaluation: Evaluation) -> Figure:
    """What was predicted and what came true, a forecast for each condition of each case."""
    from matplotlib.figure import Figure

    from bayesknee import plots

    conditions = list(evaluation.network.conditions)
    results = evaluation.results
    figure = Figure(figsize=SIZE, layout="constrained")
    plots.calibration(
        [each.marginals for each in results],
        [[name in each.case.label for name in conditions] for each in results],
        figure.add_subplot(),
    )
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
