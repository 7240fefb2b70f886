"""How wide words are, in points, and how they are broken and cut so that they find room. Nothing is drawn for that."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import matplotlib as mpl
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

LINE: Final = 1.2  # of the size of the letters, from one line to the next
ELLIPSIS: Final = "\N{HORIZONTAL ELLIPSIS}"
# Letters on a screen are moved to whole pixels, which makes a text up to so much wider than its outline.
SCREEN: Final = 1.03


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """The width of one line, in points, of letters of `size` points."""
    family = (*mpl.rcParams["font.family"], *mpl.rcParams["font.sans-serif"][:1])
    return SCREEN * size * _relative_width(text, bold, family)


@lru_cache(maxsize=20_000)  # a picture has some hundred words, each measured in up to seven sizes
def _relative_width(text: str, bold: bool, family: tuple[str, ...]) -> float:  # noqa: FBT001, ARG001 (a cache's key)
    look = FontProperties(weight="bold" if bold else "normal")
    width, _, _ = text_to_path.get_text_width_height_descent(text, look, ismath=False)
    return float(width) / look.get_size_in_points()


def block_width(lines: list[str], size: float, *, bold: bool = False) -> float:
    """The width of the widest line, in points."""
    return max((width_of(line, size, bold=bold) for line in lines), default=0.0)


def broken(text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """`text` in lines at most so wide, in points; none begins with a percent sign. A word too long is broken itself."""
    lines: list[str] = []
    for part in text.split("\n"):
        line = ""
        for word in (piece for each in re.split(r" (?!%)", part) for piece in _pieces(each, width, size, bold=bold)):
            longer = f"{line} {word}" if line else word
            if line and width_of(longer, size, bold=bold) > width:
                lines.append(line)
                line = word
            else:
                line = longer
        lines.append(line)
    return lines


def _pieces(word: str, width: float, size: float, *, bold: bool) -> list[str]:
    """The word, or so many letters of it as find room, and again."""
    if width_of(word, size, bold=bold) <= width or len(word) < 2:
        return [word]
    most = max(1, int(len(word) * width / width_of(word, size, bold=bold)))
    return [word[start : start + most] for start in range(0, len(word), most)]


def cut(text: str, width: float, size: float, lines: int, *, bold: bool = False) -> list[str]:
    """As `broken`, in at most so many lines: of what is longer the middle is left out."""
    found = broken(text, width, size, bold=bold)
    if len(found) <= lines:
        return found
    flat = text.replace("\n", " ")
    fitting, too_long = 1, len(flat)
    while too_long - fitting > 1:
        middle = (fitting + too_long) // 2
        if len(broken(shortened(flat, middle), width, size, bold=bold)) <= lines:
            fitting = middle
        else:
            too_long = middle
    return broken(shortened(flat, fitting), width, size, bold=bold)[:lines]


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
