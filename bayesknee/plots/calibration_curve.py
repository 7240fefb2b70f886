"""Whether probabilities come true as often as they say."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from bayesknee.arrays import Vector
from bayesknee.cohort.measures import bin_numbers
from bayesknee.errors import PictureError
from bayesknee.interval_95 import wilson
from bayesknee.plots.canvas import BLACK, GREY, PALE, Words, axes_for, percent_ticks, put_words


def calibration(
    probabilities: ArrayLike, outcomes: ArrayLike, ax: Axes | None = None, *, bins: int = 10, label: str = "forecasts"
) -> Axes:
    """The share that came true in each bin of forecasts, with its 95 % interval (Wilson 1927), and how many there were.

    Args:
        probabilities: forecasts, from 0 to 1, any shape; all of a table's posteriors, for instance.
        outcomes: whether each came true, of the same shape: 0 or 1.
        ax: axes to draw in, in whose box the whole picture stays; new ones where left out.
        bins: how many, of equal width.
        label: name of the forecasts.

    Returns:
        The axes.

    Raises:
        PictureError: arrays of different shapes, empty ones, or with other values.
    """
    forecasts, truths = _checked(probabilities, outcomes)
    counts, predicted, observed = _binned(forecasts, truths, bins)
    low, high = wilson(observed, counts[counts > 0.0])
    ax = axes_for(ax, 5.6, 5.6)
    ax.bar(
        (np.arange(bins) + 0.5) / bins,
        counts / len(forecasts),
        width=0.9 / bins,
        color=PALE,
        label="share of them",
    )
    ax.plot([0.0, 1.0], [0.0, 1.0], color=GREY, linestyle="--", linewidth=1.0, label="as it should be")
    ax.vlines(predicted, low, high, color=BLACK, linewidth=1.2)
    ax.plot(predicted, observed, color=BLACK, marker="o", linewidth=1.4, label=f"{label} ({len(forecasts):,})")
    ax.set_xlim(0.0, 1.0)
    ax.set_ylim(0.0, 1.0)
    handles, _ = ax.get_legend_handles_labels()
    words = Words(
        "Forecast, mean of the bin", percent_ticks(), y_label="Came true", y_ticks=percent_ticks(5)[0], handles=handles
    )
    put_words(ax, words)
    return ax


def _checked(probabilities: ArrayLike, outcomes: ArrayLike) -> tuple[Vector, Vector]:
    forecasts, truths = np.asarray(probabilities, dtype=float), np.asarray(outcomes, dtype=float)
    if forecasts.shape != truths.shape or not forecasts.size:
        shapes = f"{forecasts.shape} and {truths.shape}"
        raise PictureError(f"forecasts and outcomes have the shapes {shapes}; expected the same, and not empty")
    if not ((forecasts >= 0.0) & (forecasts <= 1.0)).all() or not np.isin(truths, (0.0, 1.0)).all():
        raise PictureError("forecasts from 0 to 1 and outcomes 0 or 1 are expected; leave out what is missing")
    return forecasts.ravel(), truths.ravel()


def _binned(forecasts: Vector, truths: Vector, bins: int) -> tuple[Vector, Vector, Vector]:
    """How many are in each bin, shape (bins,); the mean forecast and the share that came true of those not empty."""
    numbers = bin_numbers(forecasts, bins)
    counts = np.bincount(numbers, minlength=bins).astype(float)
    full = counts > 0.0
    sums = np.bincount(numbers, forecasts, bins)[full], np.bincount(numbers, truths, bins)[full]
    return counts, sums[0] / counts[full], sums[1] / counts[full]
