"""The words of a picture and where they stand: all of them, and the marks, inside the box of the picture's axes.

The axes that a picture is given are its frame. What matplotlib draws outside of axes - labels of rows, figures beside
them, the title, the legend - is measured whenever the figure is drawn, and the area of the marks is made smaller by as
much. So the picture stays in its box after the figure changes its size or its layout, and beside other pictures.
Where there is little room, letters become smaller, then names are cut.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from immutabledict import immutabledict
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.legend import Legend
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox

from bayesknee.plots.axes_box import AxesBox
from bayesknee.plots.text_fitting import ELLIPSIS, Letters, plain, shortened

Ticks: TypeAlias = Mapping[float, str]

SIZES: Final = (9.0, 8.5, 8.0, 7.5, 7.0, 6.5, 6.0)  # points; smaller letters cannot be read in print
LARGEST, SMALLEST = SIZES[0], SIZES[-1]
LOWEST_ROW: Final = 24.0  # points, where there is room
LONGEST_LABEL: Final = 120  # characters; what is longer is cut even where there is room
WIDEST_LABEL, WIDEST_NOTE = 21.0, 19.0  # of the size of the letters: about 34 characters
LABEL_SHARE, NOTE_SHARE = 0.4, 0.3  # of the width of the box, at most
LEAST_SHARE: Final = 0.4  # of the box that marks need where there are no rows
GAP: Final = 5.0  # points between marks and words
TICK: Final = 7.0  # points: a tick and the room below it
TITLE_GAP, LEGEND_GAP = 8.0, 7.0
MOST_TITLE_LINES: Final = 4
_HANDLE: Final = 2.8  # a legend's line with the room behind it, of the size of the letters
_BETWEEN: Final = 1.5  # and the room between two columns
_LEGEND_LINE: Final = 1.55
_ANY: Final = 99  # lines


@dataclass(frozen=True)
class Row:
    """A row of a picture.

    Attributes:
        place: its middle, in rows from the top.
        label: at its left; of a heading above the marks, from the left edge of the box.
        note: at its right.
        brief: in place of the note where that would be cut, which no warning may be; empty where a cut does no harm.
        bold: the note.
        slot: how many rows high its words may be.
        heading: of the rows that follow.
    """

    place: float
    label: str
    note: str = ""
    brief: str = ""
    bold: bool = False
    slot: float = 1.0
    heading: bool = False


@dataclass(frozen=True)
class Words:
    """All words of a picture.

    Attributes:
        x_label: below the marks.
        x_ticks: choices of places and words, the more first; the first that finds room is taken.
        rows: from the top down; without them the picture has a scale of its own at the left.
        title: above.
        y_label: where there are no rows.
        y_ticks: where there are no rows.
        handles: of the legend, each with its label.
    """

    x_label: str
    x_ticks: Sequence[Ticks]
    rows: Sequence[Row] = ()
    title: str = ""
    y_label: str = ""
    y_ticks: Ticks = field(default_factory=immutabledict)
    handles: Sequence[Artist] = ()

    @property
    def span(self) -> float:
        """The height of the marks, in rows."""
        return max((row.place for row in self.rows), default=0.0) + 1.2


@dataclass(frozen=True)
class RowLines:
    """The words of a row in lines."""

    label: list[str]
    note: list[str]


@dataclass(frozen=True)
class Plan:
    """Where the words stand, in points; the margins are what they take of the box."""

    letters: Letters
    title: list[str]
    x_label: list[str]
    y_label: list[str]
    columns: int
    legend: list[str]
    rows: Sequence[RowLines]
    left: float
    right: float
    top: float
    bottom: float

    @property
    def size(self) -> float:
        """Of the letters, in points."""
        return self.letters.size

    def pitch_needed(self, words: Words) -> float:
        """The least height of a row, so that no words touch those of the next."""
        pairs = zip(words.rows, self.rows, strict=True)
        heights = (max(len(lines.label), len(lines.note)) * self.letters.line / row.slot for row, lines in pairs)
        return max(heights, default=0.0)


def natural_height(words: Words, width: float, dpi: float) -> float:
    """The height in points that a picture so wide takes with letters of the largest size."""
    plan = planned(words, width, math.inf, Letters(LARGEST, dpi))
    return plan.top + plan.bottom + max(LOWEST_ROW, plan.pitch_needed(words) + 4.0) * words.span


def fitted(words: Words, width: float, height: float, dpi: float) -> Plan:
    """The words in the largest letters with which they find room; in the smallest, and cut, where there is none."""
    for size in SIZES:
        plan = planned(words, width, height, Letters(size, dpi))
        free_width, free_height = width - plan.left - plan.right, height - plan.top - plan.bottom
        if words.rows:
            fits = plan.pitch_needed(words) * words.span <= free_height
        else:
            fits = free_width >= LEAST_SHARE * width and free_height >= LEAST_SHARE * height
        if fits:
            return plan
    return planned(words, width, height, plan.letters, max(height - plan.top - plan.bottom, 0.0) / words.span)


def planned(words: Words, width: float, height: float, letters: Letters, pitch: float = math.inf) -> Plan:
    """The words in letters of one size.

    Args:
        words: which.
        width: of the box, in points.
        height: of the box.
        letters: in which they are written.
        pitch: the height of a row, for which the words of rows are cut.
    """
    title = _title_letters(letters).cut(words.title, width, MOST_TITLE_LINES) if words.title else []
    x_label = letters.cut(words.x_label, width, 3)
    columns = _columns(words.handles, width, letters)
    legend = [letters.cut(_label(handle), width - (_HANDLE + 1.0) * letters.size, 1)[0] for handle in words.handles]
    top = len(title) * _title_letters(letters).line + TITLE_GAP if title else 0.6 * letters.size
    bottom = TICK + (1 + len(x_label)) * letters.line + GAP
    if legend:
        bottom += LEGEND_GAP + math.ceil(len(legend) / columns) * _LEGEND_LINE * letters.size
    y_label = letters.cut(words.y_label, max(height - top - bottom, 40.0), 2) if words.y_label else []
    rows = [_row_lines(row, width, letters, pitch) for row in words.rows]
    left, right = _sides(words, rows, letters, len(y_label))
    overhang = letters.block_width(list(words.x_ticks[-1].values())) / 2.0 + 1.0
    margins = max(left, overhang), max(right, overhang), top, bottom
    return Plan(letters, title, x_label, y_label, columns, legend, rows, *margins)


def _title_letters(letters: Letters) -> Letters:
    return replace(letters, size=letters.size + 1.0)


def _sides(words: Words, rows: Sequence[RowLines], letters: Letters, y_label_lines: int) -> tuple[float, float]:
    """What the words at the left and at the right of the marks take."""
    if not words.rows:
        return letters.block_width(list(words.y_ticks.values())) + TICK + GAP + y_label_lines * letters.line, 0.0
    pairs = list(zip(words.rows, rows, strict=True))
    left = max((letters.block_width(lines.label) for row, lines in pairs if not row.heading), default=0.0)
    right = max((letters.in_bold if row.bold else letters).block_width(lines.note) for row, lines in pairs)
    return left + GAP + 1.0, right + GAP + 1.0


def _row_lines(row: Row, width: float, letters: Letters, pitch: float) -> RowLines:
    lines = _ANY if math.isinf(pitch) else max(1, int(row.slot * pitch / letters.line))
    if row.heading:
        return RowLines(letters.in_bold.cut(row.label, width, min(lines, 2)), [])
    label_width = min(LABEL_SHARE * width, WIDEST_LABEL * letters.size)
    note_width = min(NOTE_SHARE * width, WIDEST_NOTE * letters.size)
    in_note = letters.in_bold if row.bold else letters
    note = in_note.cut(row.note, note_width, lines) if row.note else []
    if row.brief and any(ELLIPSIS in line for line in note):
        note = in_note.broken(row.brief, max(note_width, in_note.block_width([row.brief]) / lines))[:lines]
    return RowLines(letters.cut(shortened(row.label, LONGEST_LABEL), label_width, lines), note)


def _label(handle: Artist) -> str:
    return str(handle.get_label())


def _columns(handles: Sequence[Artist], width: float, letters: Letters) -> int:
    """As many columns of a legend as find room beside one another, as even as can be."""
    widths = [letters.width(_label(handle)) + _HANDLE * letters.size for handle in handles]
    for columns in range(len(widths), 1, -1):
        parts = list(_parts(widths, columns))
        if sum(max(part) for part in parts) + (len(parts) + 1) * _BETWEEN * letters.size <= width:
            return math.ceil(len(widths) / math.ceil(len(widths) / columns))
    return 1


def _parts(widths: Sequence[float], columns: int) -> Iterator[Sequence[float]]:
    """Column by column, as matplotlib fills a legend: the first ones may hold one more."""
    in_each, more = divmod(len(widths), columns)
    start = 0
    for column in range(columns):
        end = start + in_each + (column < more)
        yield widths[start:end]
        start = end


class BoxedWords(AxesBox):
    """Puts the words of a picture into the box of its axes: what matplotlib asks for the place of the axes."""

    def __init__(self, ax: Axes, words: Words) -> None:
        """Takes the axes over; the words appear when the figure is drawn."""
        super().__init__(ax)
        self.words = words
        self.notes: list[Annotation | None] = []
        self.headings: list[Text | None] = []
        self.legend: Legend | None = None
        self.done: object = None
        self.place = Bbox.unit()
        ax.set_title(plain(words.title))
        ax.set_xlabel(plain(words.x_label))
        ax.set_ylabel(plain(words.y_label))
        self.shown = {"title": ax.get_title(), "x_label": ax.get_xlabel(), "y_label": ax.get_ylabel()}
        for row in words.rows:
            self.notes.append(_note(ax, row) if row.note else None)
            self.headings.append(_heading(ax, row) if row.heading else None)
        ax.apply_aspect(self(ax, None))

    def marks(self, width: float, height: float, dpi: float) -> Bbox:
        """Writes the words anew where the box or what somebody wrote instead of them has changed."""
        self._take_over()
        key = (round(width, 2), round(height, 2), dpi, self.words.title, self.words.x_label, self.words.y_label)
        if key == self.done:
            return self.place
        self.done = key
        plan = fitted(self.words, width, height, dpi)
        marks = self.place = _inner(plan, width, height)
        self._write_rows(plan, marks)
        self._write_scale(plan, marks)
        self._write_around(plan, marks, width)
        self._write_legend(plan, marks, width)
        return marks

    def _take_over(self) -> None:
        """A title or label that was set after the picture was drawn is one of its words from now on."""
        now = {"title": self.ax.get_title(), "x_label": self.ax.get_xlabel(), "y_label": self.ax.get_ylabel()}
        changed: dict[str, Any] = {
            name: text.replace(r"\$", "$") for name, text in now.items() if text != self.shown[name]
        }
        if changed:
            self.words = replace(self.words, **changed)
            self.shown |= now

    def _write_rows(self, plan: Plan, marks: Bbox) -> None:
        if not self.words.rows:
            ticks = self.words.y_ticks
            self.ax.set_yticks(list(ticks), list(ticks.values()), fontsize=plan.size)
            return
        pairs = list(zip(self.words.rows, plan.rows, strict=True))
        labels = {row.place: _joined(lines.label) for row, lines in pairs if not row.heading}
        self.ax.set_yticks(list(labels), list(labels.values()), fontsize=plan.size)
        self.ax.tick_params(axis="y", length=0.0, pad=GAP)
        for (_, lines), note, heading in zip(pairs, self.notes, self.headings, strict=True):
            if note is not None:
                note.set(text=_joined(lines.note), fontsize=plan.size)
            if heading is not None:
                heading.set(text=_joined(lines.label), fontsize=plan.size, x=-plan.left / marks.width)

    def _write_scale(self, plan: Plan, marks: Bbox) -> None:
        ticks = _roomy(self.ax, self.words.x_ticks, marks.width, plan.letters)
        limits = self.ax.get_xlim()
        self.ax.set_xticks(list(ticks), list(ticks.values()), fontsize=plan.size)
        self.ax.set_xlim(limits)  # ticks beyond them would widen them

    def _write_around(self, plan: Plan, marks: Bbox, width: float) -> None:
        ax = self.ax
        ax.title.set(text=_joined(plan.title), fontsize=plan.size + 1.0, ha="left", x=-plan.left / marks.width)
        half = plan.letters.block_width(plan.x_label) / 2.0
        middle = min(max((marks.x0 + marks.x1) / 2.0, half), max(width - half, half))
        ax.xaxis.label.set(text=_joined(plan.x_label), fontsize=plan.size, x=(middle - marks.x0) / marks.width)
        ax.yaxis.label.set(text=_joined(plan.y_label), fontsize=plan.size)
        self.shown = {"title": ax.get_title(), "x_label": ax.get_xlabel(), "y_label": ax.get_ylabel()}

    def _write_legend(self, plan: Plan, marks: Bbox, width: float) -> None:
        if not plan.legend or self.ax.get_legend() is not self.legend:
            return
        anchor = ((width / 2.0 - marks.x0) / marks.width, -plan.bottom / marks.height)
        self.legend = self.ax.legend(
            self.words.handles,
            [plain(label) for label in plan.legend],
            loc="lower center",
            bbox_to_anchor=anchor,
            ncols=plan.columns,
            fontsize=plan.size,
            frameon=False,
            borderpad=0.0,
            borderaxespad=0.0,
            handlelength=2.0,
            handletextpad=0.6,
            columnspacing=_BETWEEN,
            labelspacing=0.3,
        )


def _inner(plan: Plan, width: float, height: float) -> Bbox:
    """The area of the marks, in points from the lower left corner of the box; never without any extent."""
    right, top = max(width - plan.right, plan.left + 1.0), max(height - plan.top, plan.bottom + 1.0)
    return Bbox.from_extents(plan.left, plan.bottom, right, top)


def _note(ax: Axes, row: Row) -> Annotation:
    """Words at the right of a row, beyond the marks."""
    return ax.annotate(
        "",
        (1.0, row.place),
        xycoords=ax.get_yaxis_transform(),
        xytext=(GAP, 0.0),
        textcoords="offset points",
        ha="left",
        va="center",
        weight="bold" if row.bold else "normal",
        annotation_clip=False,
    )


def _heading(ax: Axes, row: Row) -> Text:
    """Words above rows, from the left edge of the box."""
    return ax.text(0.0, row.place, "", transform=ax.get_yaxis_transform(), ha="left", va="center", weight="bold")


def _joined(lines: Sequence[str]) -> str:
    return plain("\n".join(lines))


def _roomy(ax: Axes, choices: Sequence[Ticks], width: float, letters: Letters) -> Ticks:
    """The first choice whose words do not touch; else those of the last that find room beside those before them."""
    for ticks in choices:
        if len(_apart(ax, ticks, width, letters)) == len(ticks):
            return ticks
    return _apart(ax, choices[-1], width, letters)


def _apart(ax: Axes, ticks: Ticks, width: float, letters: Letters) -> Ticks:
    scale = ax.transScale + ax.transLimits
    kept: dict[float, str] = {}
    free = -math.inf
    for place, text in sorted(ticks.items()):
        half = letters.width(text) / 2.0
        middle = float(scale.transform((place, 0.0))[0]) * width
        if middle - half >= free:
            kept[place] = text
            free = middle + half + 0.6 * letters.size
    return kept
