"""What all pictures share: colours, axes, files. Importing it loads matplotlib."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import matplotlib as mpl
import numpy as np
from immutabledict import immutabledict
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesknee.errors import PictureError
from bayesknee.files import new_content
from bayesknee.picture_formats import picture_format
from bayesknee.plots.axes_box import POINTS, box_size
from bayesknee.plots.boxed_words import SMALLEST, BoxedWords, Row, Ticks, Words, natural_height
from bayesknee.plots.text_fitting import LINE, Letters, plain

BLACK: Final = "#000000"
GREY: Final = "#8C8C8C"
PALE: Final = "#D9D9D9"
WIDTH: Final = 8.0  # inches
HIGHEST_FIGURE: Final = 400.0  # inches: 40,000 pixels; matplotlib draws at most 65,535
EDGE: Final = 9.0  # points that a constrained layout leaves free at both edges, and a little for rounding
CAPTION: Final = 7.0  # points
WORDS_AROUND: Final = 11  # lines of title, scale and legend around rows, in the smallest letters
FEWEST_ROWS: Final = 4  # that are drawn in the smallest of axes
T = TypeVar("T")


def axes_for(ax: Axes | None, width: float, height: float) -> Axes:
    """`ax`, or new axes on a figure of this size in inches.

    Where pyplot is in use - a notebook, a script that shows windows - the new figure is one of pyplot's, so that it
    is shown. Elsewhere it is a figure of its own, which needs no display and is forgotten when nobody holds it.

    Raises:
        PictureError: a picture too high to be drawn.
    """
    if ax is not None:
        return ax
    if height > HIGHEST_FIGURE:
        raise PictureError(
            f"the picture would be {height:.0f} inches high; expected at most {HIGHEST_FIGURE:.0f}; draw a part of it"
        )
    if "matplotlib.pyplot" in sys.modules or "ipykernel" in sys.modules:
        import matplotlib.pyplot as plt

        with contextlib.suppress(ImportError):  # a backend that needs a display where there is none
            return plt.figure(figsize=(width, height), layout="constrained").add_subplot()
    return Figure(figsize=(width, height), layout="constrained").add_subplot()


def rows_axes(ax: Axes | None, words: Words) -> Axes:
    """Axes with rows from the top down, 1 apart; new ones, of the height that the words take, where left out."""
    height = natural_height(words, POINTS * WIDTH - EDGE, mpl.rcParams["figure.dpi"]) + EDGE
    return _cleared(axes_for(ax, WIDTH, height / POINTS), words.span)


def _cleared(ax: Axes, span: float) -> Axes:
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_ylim(span - 0.6, -0.6)
    return ax


def put_words(ax: Axes, words: Words) -> None:
    """Writes the words of a picture, once its marks are drawn; they and the marks share the box of the axes."""
    BoxedWords(ax, words)


def most_rows(ax: Axes | None, most: int) -> int:
    """How many rows to draw: as many as wanted on new axes, on others not more than can be told apart."""
    if ax is None:
        return most
    _, height = box_size(ax)
    return max(FEWEST_ROWS, min(most, int(height / (LINE * SMALLEST)) - WORDS_AROUND))


def folded(items: Sequence[T], most: int) -> tuple[Sequence[T], Sequence[T], Sequence[T]]:
    """The first, those in the middle for which there is no row, and the last; the middle takes a row itself."""
    if len(items) <= most:
        return items, (), ()
    first = most // 2
    last = len(items) - (most - 1 - first)
    return items[:first], items[first:last], items[last:]


def percent_ticks(*steps: int) -> Sequence[Ticks]:
    """Places from 0 to 1 as percentages, so many steps of 100 % apart, for a choice."""
    return tuple(
        immutabledict({place: percent_tick(place) for place in np.linspace(0.0, 1.0, step + 1).tolist()})
        for step in (steps or (5, 4, 2, 1))
    )


def percent_tick(share: float) -> str:
    """A share as a percentage, in as few figures as tell it."""
    return f"{100 * share:.4g} %"


def line_ticks(ticks: Mapping[float, str], low: float, high: float) -> Ticks:
    """Those from `low` to `high`."""
    return immutabledict({place: text for place, text in ticks.items() if low <= place <= high})


def caption(ax: Axes, text: str) -> None:
    """Small print at the foot of the picture that holds `ax` and nothing else; the figure grows by its height."""
    figure = ax.figure.canvas.figure
    width, height = figure.get_size_inches()
    lines = Letters(CAPTION, figure.dpi).broken(text, 0.9 * (POINTS * width - EDGE))  # italics are a little wider
    figure.set_size_inches(width, height + (len(lines) * LINE * CAPTION + EDGE) / POINTS)
    figure.supxlabel(plain("\n".join(lines)), x=0.01, ha="left", fontsize=CAPTION, style="italic")


def save(ax: Axes, path: str | os.PathLike[str], dpi: int = 150) -> None:
    """Writes the picture that holds `ax` into a file, whole or not at all. The same picture gives the same bytes.

    Args:
        ax: axes of the picture.
        path: a file ending in .png, .svg or .pdf, which is replaced where it exists.
        dpi: dots per inch of a PNG.

    Raises:
        PictureError: another ending, or a file that cannot be written.
    """
    target = Path(path)
    suffix = picture_format(target)
    if target.exists() and not target.is_file():
        raise PictureError(f"{path} is not a file and cannot be replaced; name another one")
    dateless: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    figure = ax.figure.canvas.figure
    try:
        # Most pictures are of a patient.
        with mpl.rc_context({"svg.hashsalt": "bayesknee"}), new_content(target, private=True) as file:
            figure.savefig(file, format=suffix, dpi=dpi, metadata=dateless.get(suffix))
    except OSError as error:
        wanted = "a folder with room" if error.errno == errno.ENOSPC else "a file in a folder that exists"
        raise PictureError(f"cannot write {path}: {error.strerror}; expected {wanted}") from None


__all__ = [
    "BLACK",
    "GREY",
    "PALE",
    "POINTS",
    "Row",
    "Ticks",
    "Words",
    "axes_for",
    "caption",
    "folded",
    "line_ticks",
    "most_rows",
    "percent_tick",
    "percent_ticks",
    "put_words",
    "rows_axes",
    "save",
]
