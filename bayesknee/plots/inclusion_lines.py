"""How long a list of conditions has to be, so that a true one is on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from matplotlib.axes import Axes

from bayesknee.errors import PictureError
from bayesknee.plots.canvas import BLACK, GREY, PALE, Ticks, Words, axes_for, percent_ticks, put_words

# Forecasters are no conditions, so they have none of their colours.
_LOOKS: Final = ((BLACK, "o", "-"), (GREY, "s", "--"), (BLACK, "^", ":"), (GREY, "D", "-."))


def inclusion(shares: Mapping[str, Sequence[float]], ax: Axes | None = None) -> Axes:
    """The share of cases with a true condition among the first k, by the length k of the list.

    Args:
        shares: by the name of a forecaster, the share for k = 1, 2, ..., from 0 to 1; `Evaluation.inclusion`, for
            instance.
        ax: axes to draw in, in whose box the whole picture stays; new ones where left out.

    Returns:
        The axes.

    Raises:
        PictureError: no forecaster, no share, or one that is not from 0 to 1.
    """
    if not shares or not all(len(by_length) for by_length in shares.values()):
        raise PictureError("no shares are given; expected those of at least one forecaster")
    if not all(0.0 <= share <= 1.0 for by_length in shares.values() for share in by_length):
        raise PictureError("shares from 0 to 1 are expected")
    ax = axes_for(ax, 6.4, 5.2)
    for number, (name, by_length) in enumerate(shares.items()):
        color, marker, dashes = _LOOKS[number % len(_LOOKS)]
        lengths = range(1, len(by_length) + 1)
        ax.plot(
            lengths, by_length, color=color, marker=marker, linestyle=dashes, markersize=4, label=name, clip_on=False
        )
    most = max(map(len, shares.values()))
    ax.set_xlim(0.7, most + 0.3)
    ax.set_ylim(0.0, 1.0)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", color=PALE, linewidth=0.5)
    put_words(ax, _words(ax, most))
    return ax


def _words(ax: Axes, most: int) -> Words:
    handles, _ = ax.get_legend_handles_labels()
    return Words(
        "Length of the list",
        [_ticks(most, step) for step in (1, 2, 5, 10, 20, 50, 100)],
        y_label="Share of cases with a true condition on it",
        y_ticks=percent_ticks(5)[0],
        handles=handles,
    )


def _ticks(most: int, step: int) -> Ticks:
    return {float(length): str(length) for length in (1, *range(step, most + 1, step))}
