"""Natural frequencies: a thousand people as dots, with and without a cause, with and without a finding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from bayesknee.errors import PictureError
from bayesknee.plots.canvas import BLACK, GREY, PALE, Words, axes_for, put_words

COLUMNS, ROWS = 40, 25  # a thousand in the shape of a slide; judged: more dots cannot be told apart on one
PEOPLE: Final = COLUMNS * ROWS
WHITE: Final = "#FFFFFF"
DOT: Final = 0.68  # of the room that a person has


@dataclass(frozen=True)
class Frequencies:
    """How many people there are of each kind.

    Attributes:
        cause_only: with the cause, without the finding.
        both: with the cause and the finding.
        finding_only: with the finding, without the cause.
        neither: without the cause and without the finding.
    """

    cause_only: int
    both: int
    finding_only: int
    neither: int

    @property
    def cause(self) -> int:
        """How many have the cause."""
        return self.cause_only + self.both

    @property
    def finding(self) -> int:
        """How many have the finding."""
        return self.both + self.finding_only


def frequencies(
    prior: float,
    sensitivity: float,
    specificity: float,
    ax: Axes | None = None,
    names: tuple[str, str] = ("the cause", "the finding"),
) -> Axes:
    """Bayes' rule counted: of 1,000 people, those with a cause (full dots) and those with a finding (shaded).

    The share of full dots among the shaded ones is P(cause | finding). Counts are rounded to whole people: first those
    with the cause, then in each of the two parts those with the finding (natural frequencies: Gigerenzer and Hoffrage,
    Psychological Review, 1995). The people stand column by column.

    Args:
        prior: P(cause), from 0 to 1.
        sensitivity: P(finding | cause), from 0 to 1.
        specificity: P(no finding | no cause), from 0 to 1.
        ax: axes to draw in, in whose box the whole picture stays; new ones where left out.
        names: of the cause and of the finding, with their articles.

    Returns:
        The axes.

    Raises:
        PictureError: a share that is not from 0 to 1.
    """
    counts = frequency_counts(prior, sensitivity, specificity)
    ax = axes_for(ax, 8.0, 6.0)
    ax.set_xlim(-0.6, COLUMNS - 0.4)
    ax.set_ylim(ROWS - 0.4, -0.6)
    ax.spines[:].set_visible(False)
    _shade(ax, counts)
    _dot(ax, counts)
    cause, finding = names
    told = f"Shaded, with {finding}: {counts.finding:,}. Of them with {cause}: {counts.both:,}."
    title = f"{PEOPLE:,} people, with {cause}: {counts.cause:,}"
    put_words(ax, Words(told, [{}], title=title, handles=list(_legend(counts, names))))
    return ax


def frequency_counts(prior: float, sensitivity: float, specificity: float) -> Frequencies:
    """How many of 1,000 people are of each kind, rounded to whole people.

    Raises:
        PictureError: a share that is not from 0 to 1.
    """
    for name, share in {"prior": prior, "sensitivity": sensitivity, "specificity": specificity}.items():
        if not 0.0 <= share <= 1.0:
            raise PictureError(f"the {name} is {share}; expected a share from 0 to 1; divide a percentage by 100")
    cause = round(prior * PEOPLE)
    both, neither = round(sensitivity * cause), round(specificity * (PEOPLE - cause))
    return Frequencies(cause - both, both, PEOPLE - cause - neither, neither)


def _shade(ax: Axes, counts: Frequencies) -> None:
    """A ground behind the people with the finding, who stand one after the other: a piece for each column."""
    person, end = counts.cause_only, counts.cause_only + counts.finding
    while person < end:
        column, row = divmod(person, ROWS)
        height = min(ROWS - row, end - person)
        ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1.0, height, color=PALE, linewidth=0.0))
        person += height


def _dot(ax: Axes, counts: Frequencies) -> None:
    columns, in_column = np.divmod(np.arange(PEOPLE), ROWS)
    full = np.arange(PEOPLE) < counts.cause
    dots = EllipseCollection(
        [DOT], [DOT], [0.0], units="xy",
        offsets=np.column_stack([columns, in_column]), offset_transform=ax.transData,
        facecolors=np.where(full, BLACK, WHITE), edgecolors=np.where(full, BLACK, GREY), linewidths=0.7,
    )  # fmt: skip
    ax.add_collection(dots)


def _legend(counts: Frequencies, names: tuple[str, str]) -> Iterator[Artist]:
    """A dot for each kind, on its ground."""
    cause, finding = names
    kinds: tuple[tuple[str, str, str, Literal["-", "none"]], ...] = (
        (f"{cause} and {finding}: {counts.both:,}", BLACK, BLACK, "-"),
        (f"{cause} without {finding}: {counts.cause_only:,}", BLACK, BLACK, "none"),
        (f"{finding} without {cause}: {counts.finding_only:,}", WHITE, GREY, "-"),
        (f"neither: {counts.neither:,}", WHITE, GREY, "none"),
    )
    for label, face, edge, ground in kinds:
        yield Line2D(
            [], [], color=PALE, linewidth=9.0, linestyle=ground, solid_capstyle="butt",
            marker="o", markersize=5.0, markerfacecolor=face, markeredgecolor=edge, label=label,
        )  # fmt: skip
