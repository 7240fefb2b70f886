"""Whether probabilities come true as often as they say."""

from __future__ import annotations

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from bayesknee.errors import PictureError
from bayesknee.plots.canvas import BLACK, GREY, PALE, Words, axes_for, percent_ticks, put_words

Z: Final = 1.959964  # 97.5 % of a standard normal


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
    predicted, observed, counts = _binned(forecasts, truths, bins)
    low, high = wilson(observed, counts)
    ax = axes_for(ax, 5.6, 5.6)
    ax.bar(
        (np.arange(bins) + 0.5) / bins,
        counts_share(forecasts, bins),
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


def _checked(probabilities: ArrayLike, outcomes: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    forecasts, truths = np.asarray(probabilities, dtype=float), np.asarray(outcomes, dtype=float)
    if forecasts.shape != truths.shape or not forecasts.size:
        shapes = f"{forecasts.shape} and {truths.shape}"
        raise PictureError(f"forecasts and outcomes have the shapes {shapes}; expected the same, and not empty")
    if not ((forecasts >= 0.0) & (forecasts <= 1.0)).all() or not np.isin(truths, (0.0, 1.0)).all():
        raise PictureError("forecasts from 0 to 1 and outcomes 0 or 1 are expected; leave out what is missing")
    return forecasts.ravel(), truths.ravel()


def _binned(
    forecasts: NDArray[np.float64], truths: NDArray[np.float64], bins: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Mean forecast, share that came true and count, of the bins that are not empty."""
    which = np.minimum((forecasts * bins).astype(int), bins - 1)
    counts = np.bincount(which, minlength=bins).astype(float)
    full = counts > 0
    sums = np.bincount(which, forecasts, bins)[full], np.bincount(which, truths, bins)[full]
    return sums[0] / counts[full], sums[1] / counts[full], counts[full]


def counts_share(forecasts: NDArray[np.float64], bins: int) -> NDArray[np.float64]:
    """The share of the forecasts that fall in each bin, shape (bins,)."""
    which = np.minimum((forecasts * bins).astype(int), bins - 1)
    return np.bincount(which, minlength=bins) / len(forecasts)


def wilson(share: NDArray[np.float64], count: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The 95 % interval of a share of so many (Wilson, JASA 1927)."""
    spread = 1.0 + Z**2 / count
    middle = (share + Z**2 / (2.0 * count)) / spread
    half = Z / spread * np.sqrt(share * (1.0 - share) / count + Z**2 / (4.0 * count**2))
    return middle - half, middle + half
