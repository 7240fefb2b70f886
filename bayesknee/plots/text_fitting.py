"""How wide words are, in points, and how they are broken and cut so that they find room. Nothing is drawn for that."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Final

import matplotlib as mpl
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

LINE: Final = 1.2  # of the size of the letters, from one line to the next
ELLIPSIS: Final = "\N{HORIZONTAL ELLIPSIS}"
UNBROKEN: Final = "\N{NO-BREAK SPACE}"
ROUNDING: Final = 1.01  # for what rounding to pixels may add


@dataclass(frozen=True)
class Letters:
    """Letters in which something is written.

    On a screen they are moved to whole pixels, which makes small ones up to a fifth wider or narrower; so it matters of
    how many pixels they are made.

    Attributes:
        size: in points.
        dpi: dots per inch of the picture.
        bold: in bold.
    """

    size: float
    dpi: float
    bold: bool = False

    @property
    def in_bold(self) -> Letters:
        """The same in bold."""
        return replace(self, bold=True)

    @property
    def line(self) -> float:
        """From one line to the next, in points."""
        return _line(self, tuple(mpl.rcParams["font.family"]))

    def width(self, text: str) -> float:
        """The width of one line, in points, on a screen or on paper, whichever is more."""
        return ROUNDING * _width(text, self, tuple(mpl.rcParams["font.family"]))

    def block_width(self, lines: Sequence[str]) -> float:
        """The width of the widest line, in points."""
        return max(map(self.width, lines), default=0.0)

    def broken(self, text: str, width: float) -> list[str]:
        """`text` in lines at most so wide, in points; none begins with a percent sign. Too long a word is broken."""
        lines: list[str] = []
        space = self.width(" ")
        for part in text.split("\n"):
            line, taken = "", 0.0
            for word in (piece for words in re.split(r" (?!%)", part) for piece in self._pieces(words, width)):
                wide = self.width(word)
                if line and taken + space + wide > width:
                    lines.append(line)
                    line, taken = word, wide
                else:
                    line, taken = (f"{line} {word}", taken + space + wide) if line else (word, wide)
            lines.append(line)
        return lines

    def _pieces(self, word: str, width: float) -> list[str]:
        """The word, or so many letters of it as find room, and again."""
        if self.width(word) <= width or len(word) < 2:
            return [word]
        if UNBROKEN in word:
            return [piece for part in word.split(UNBROKEN) for piece in self._pieces(part, width)]
        most = max(1, int(0.9 * len(word) * width / self.width(word)))
        return [word[start : start + most] for start in range(0, len(word), most)]

    def cut(self, text: str, width: float, lines: int) -> list[str]:
        """As `broken`, in at most so many lines: of what is longer the middle is left out."""
        found = self.broken(text, width)
        if len(found) <= lines:
            return found
        flat = text.replace("\n", " ")
        fitting, too_long = 1, len(flat)
        while too_long - fitting > 1:
            middle = (fitting + too_long) // 2
            if len(self.broken(shortened(flat, middle), width)) <= lines:
                fitting = middle
            else:
                too_long = middle
        return self.broken(shortened(flat, fitting), width)[:lines]


@lru_cache(maxsize=50_000)  # a picture has some hundred words, each measured in up to seven sizes
def _width(text: str, look: Letters, family: tuple[str, ...]) -> float:
    """In points: letter by letter, for whole texts take a millisecond each and pictures have thousands of trials."""
    widths = [_advance(letter, look, family) for letter in text]
    return max(sum(pair[0] for pair in widths), sum(pair[1] for pair in widths))


@lru_cache(maxsize=20_000)  # a hundred letters in all looks of many pictures; a hundred bytes each
def _advance(letter: str, look: Letters, family: tuple[str, ...]) -> tuple[float, float]:
    """By how much a letter makes a text wider, in points, on paper and on a screen."""
    with_it, without = (_measured(f"n{inner}n", look, family) for inner in (letter, ""))
    return with_it[0] - without[0], with_it[1] - without[1]


@lru_cache(maxsize=20_000)  # as many as `_advance` asks for
def _measured(text: str, look: Letters, family: tuple[str, ...]) -> tuple[float, float]:
    """The width of a text in points, on paper and on a screen."""
    letters = FontProperties(family=family, weight="bold" if look.bold else "normal", size=look.size)
    screen = _screen(look.dpi)
    on_paper, *_ = text_to_path.get_text_width_height_descent(text, letters, ismath=False)
    on_screen, *_ = screen.get_text_width_height_descent(text, letters, ismath=False)  # type: ignore[no-untyped-call]
    return float(on_paper), float(on_screen) * 72.0 / look.dpi


@lru_cache(maxsize=1_000)  # looks: sizes, bold or not, and dots per inch
def _line(look: Letters, family: tuple[str, ...]) -> float:  # noqa: ARG001 (a key of the cache)
    """In points, on paper or on this screen, whichever is more."""
    figure = Figure(dpi=look.dpi)
    one, two = (
        figure.text(0.0, 0.0, text, fontsize=look.size).get_window_extent().height for text in ("Elp", "Elp\nElp")
    )
    return max(LINE * look.size, ROUNDING * max(two - one, two / 2.0) * 72.0 / look.dpi)


@cache
def _screen(dpi: float) -> RendererAgg:
    return RendererAgg(1, 1, dpi)  # type: ignore[no-untyped-call]


def shortened(text: str, most: int) -> str:
    """`text` in at most so many characters: its begin and its end, which may be an answer, with an ellipsis between."""
    if len(text) <= most:
        return text
    end = most // 3
    tail = text[-end:].lstrip() if end else ""
    return f"{text[: max(most - end - 1, 0)].rstrip()}{ELLIPSIS}{tail}"


def plain(text: str) -> str:
    """Text that matplotlib takes as it is: it would read a formula between dollar signs."""
    return text.replace("$", r"\$")
