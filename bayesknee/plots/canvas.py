"""What all pictures share: colours, axes, labels, files. Importing it loads matplotlib."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from immutabledict import immutabledict
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from matplotlib.transforms import ScaledTranslation

from bayesknee.errors import PictureError
from bayesknee.picture_formats import picture_format

# Okabe and Ito, Color Universal Design, 2008: told apart by the colour-blind, and by luminance in print.
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
BLUE, VERMILION, PURPLE = "#0072B2", "#D55E00", "#CC79A7"
GREY: Final = "#8C8C8C"
PALE: Final = "#D9D9D9"
# One after the other for lines and bars of one picture: no two share both their marker and their dashes.
STYLES: Final[Sequence[Mapping[str, Any]]] = tuple(
    immutabledict({"color": color, "marker": marker, "linestyle": dashes})
    for color, marker, dashes in (
        (BLUE, "o", "-"),
        (VERMILION, "s", "--"),
        (GREEN, "^", "-."),
        (BLACK, "D", ":"),
        (ORANGE, "v", "-"),
        (PURPLE, "P", "--"),
        (SKY, "X", "-."),
    )
)
LONGEST_LINE: Final = 34
LONGEST_LABEL: Final = 120  # of a row; what is longer is cut
LONGEST_NAME: Final = 60  # in a legend
SMALL: Final = 9.0  # points, of labels
LINE: Final = 0.155  # inches, of a line of them
WIDTH: Final = 8.0  # inches, as are these
LOWEST_ROW: Final = 0.34
HEAD_AND_FOOT: Final = 1.45  # title and axis labels
HIGHEST_FIGURE: Final = 400.0  # inches: 40,000 pixels; matplotlib draws at most 65,535


def axes_for(ax: Axes | None, width: float, height: float) -> Axes:
    """`ax`, or new axes on a figure of this size in inches, whose labels find room.

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
    return blank_axes(width, height)


def blank_axes(width: float, height: float) -> Axes:
    """Axes on a figure that pyplot does not know of."""
    return Figure(figsize=(width, height), layout="constrained").add_subplot()


def rows_axes(
    ax: Axes | None,
    labels: Mapping[float, str],
    *,
    legend: Sequence[str] = ("",),
    columns: int = 2,
) -> Axes:
    """Axes with rows from the top down.

    Args:
        ax: axes to take; new ones, high enough for the labels, where left out.
        labels: of the rows, by their place; rows are 1 apart.
        legend: labels of a legend, for which new axes leave room.
        columns: of the legend.
    """
    texts = {place: wrapped(shortened(label, LONGEST_LABEL)) for place, label in labels.items()}
    most_lines = max(text.count("\n") + 1 for text in texts.values())
    last = max(texts)
    legend_lines = sum(text.count("\n") + 1.3 for text in legend) / columns + 1.0
    height = HEAD_AND_FOOT + LINE * legend_lines + max(LOWEST_ROW, LINE * most_lines + 0.06) * (last + 1.2)
    ax = axes_for(ax, WIDTH, height)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.set_ylim(last + 0.6, -0.6)
    ax.set_yticks(list(texts), list(texts.values()), fontsize=SMALL)
    ax.tick_params(axis="y", length=0)
    return ax


def beside(ax: Axes, row: float, text: str, **style: Any) -> None:  # noqa: ANN401 (matplotlib's text properties)
    """Text at the right of a row, beyond the axes."""
    transform = ax.get_yaxis_transform()
    ax.text(1.01, row, text, transform=transform, ha="left", va="center", fontsize=SMALL, **style)


def percent_axis(axis: Axis, *, of_all: bool = True) -> None:
    """Shares as percentages, from 0 to 100 % where `of_all`."""
    axis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.4g} %"))
    if of_all and axis.axes is not None:
        (axis.axes.set_xlim if axis.axis_name == "x" else axis.axes.set_ylim)(0.0, 1.0)  # type: ignore[attr-defined]


def legend_below(ax: Axes, columns: int = 3, points: float = 36.0, **parts: Any) -> None:  # noqa: ANN401 (matplotlib's)
    """A legend under the axis labels, which take so many points of height."""
    below = ax.transAxes + ScaledTranslation(0.0, -points / 72.0, ax.figure.dpi_scale_trans)
    style: dict[str, Any] = {"frameon": False, "fontsize": SMALL, "borderaxespad": 0.0}
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0.0), bbox_transform=below, ncols=columns, **style, **parts)


def wrapped(text: str, width: int = LONGEST_LINE) -> str:
    """`text` in lines of at most `width` characters; no line ends before a percent sign, and no formula is read."""
    lines = textwrap.wrap(text.replace(" %", "\N{NO-BREAK SPACE}%"), width)
    return plain("\n".join(lines))


def shortened(text: str, most: int) -> str:
    """`text` in at most so many characters: its begin and its end, which may be an answer, with an ellipsis between."""
    if len(text) <= most:
        return text
    end = most // 3
    return f"{text[: most - end - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}{text[-end:].lstrip()}"


def plain(text: str) -> str:
    """Text that matplotlib takes as it is: it would read a formula between dollar signs."""
    return text.replace("$", r"\$")


def caption(ax: Axes, text: str) -> None:
    """Small print at the foot of the picture that holds `ax` and nothing else."""
    figure = ax.figure
    characters = int(15 * figure.bbox.width / figure.dpi)  # about as many fit into an inch
    figure.supxlabel(wrapped(text, characters), x=0.01, ha="left", fontsize=7, style="italic")


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
    part = target.resolve().with_name(f".{secrets.token_hex(8)}.part")  # a link stays a link
    dateless: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    figure = ax.figure.canvas.figure
    try:
        with mpl.rc_context({"svg.hashsalt": "bayesknee"}):
            figure.savefig(part, format=suffix, dpi=dpi, metadata=dateless.get(suffix))
        part.replace(target.resolve())
    except OSError as error:
        raise PictureError(f"cannot write {path}: {error.strerror}; expected a file in a folder that exists") from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
