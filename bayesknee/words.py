"""Words and figures that every floor tells alike."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from immutabledict import immutabledict

ALARMING: Final = ("emergency", "same_day", "urgent")
LEVEL_WORDS: Final[Mapping[str, str]] = immutabledict(
    emergency="emergency - be seen now",
    same_day="same day - be seen or tested today",
    urgent="urgent - be seen within days",
    routine="routine - make an ordinary appointment",
    self_care="self-care for now - be seen if it lasts, gets worse or something new comes",
)
_APART: Final = re.compile(r"[\s_]+")


def level_name(level: str) -> str:
    """A level of urgency without what it calls for: `same day`."""
    return LEVEL_WORDS[level].partition(" - ")[0]


def percent(probability: float) -> str:
    """A probability to be read: never 0 % nor 100 %, which nothing here can be."""
    if probability < 0.0005:
        return "< 0.1 %"
    return "> 99.9 %" if probability >= 0.9995 else f"{probability:.1%}".replace("%", " %")


def percent_or_less(probability: float) -> str:
    """As `percent`, but with two figures below 0.1 %, so that it can be compared with a limit there."""
    return f"{100 * probability:.2g} %" if probability < 0.001 else percent(probability)


def short_percent(probability: float) -> str:
    """In per cent with one decimal if that is not 0, or three figures below 0.1 %, to be compared with a limit."""
    figures = f"{100 * probability:.3g}" if probability < 0.001 else f"{100 * probability:.1f}".removesuffix(".0")
    return f"{figures} %"


def folded(text: str) -> str:
    """A text to compare: small letters, single blanks in place of blanks and underscores."""
    return _APART.sub(" ", text.strip()).casefold()
