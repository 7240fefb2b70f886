"""Numbers that people tell: an age, how long it has lasted, sizes, degrees, so many out of ten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bayesknee.patient.heard.english import NUMBERS, UNITS
from bayesknee.patient.heard.tokens import Token

OLDEST: Final = 120.0
YOUNGEST: Final = 10.0  # of an age told as "34F"; judged: "2 m" is a length
# What a thermometer shows of a living person, in degrees Celsius and Fahrenheit: other degrees are those of an angle.
_CELSIUS: Final = (34.0, 43.0)
_FAHRENHEIT: Final = (93.0, 110.0)
_SCALE: Final = "10"


@dataclass(frozen=True)
class Quantity:
    """A number with its unit.

    Attributes:
        number: in that unit.
        unit: `year_old` for an age, `of 10` for a rating, else as in `bayesknee.patient.units`.
        start, stop: the numbers of its first token and of that behind its last.
    """

    number: float
    unit: str
    start: int
    stop: int


def quantities_of(tokens: Sequence[Token]) -> tuple[Quantity, ...]:
    """The numbers of a text that say what they count."""
    found: list[Quantity] = []
    place = 0
    while place < len(tokens):
        quantity = _age(tokens, place) or _counted(tokens, place)
        if quantity is not None:
            found.append(quantity)
            place = quantity.stop
        else:
            place += 1
    return tuple(found)


def _word(tokens: Sequence[Token], place: int) -> str:
    return tokens[place].word if 0 <= place < len(tokens) else ""


def _number(tokens: Sequence[Token], place: int) -> tuple[float, int] | None:
    """A number, and where it ends: in figures, or a word; `twenty five` is one number."""
    word = _word(tokens, place)
    if word.replace(",", ".").replace(".", "", 1).isdecimal():
        return float(word.replace(",", ".")), place + 1
    if word not in NUMBERS:
        return None
    number, following = NUMBERS[word], NUMBERS.get(_word(tokens, place + 1), 0.0)
    if number >= 20 and 1 <= following < 10 and _word(tokens, place + 1) not in {"a", "an"}:
        return number + following, place + 2
    return number, place + 1


def _age(tokens: Sequence[Token], place: int) -> Quantity | None:
    found = _number(tokens, place)
    if found is None or found[0] > OLDEST or not found[0].is_integer():
        return None
    number, stop = found
    before, behind = _word(tokens, place - 1), _word(tokens, stop)
    two_before = _word(tokens, place - 2)
    if behind in {"year", "years", "yr", "yrs"} and _word(tokens, stop + 1) in {"old", "of"}:
        return Quantity(number, "year_old", place, stop + 2)
    if behind in {"yo", "yrs"}:
        return Quantity(number, "year_old", place, stop + 1)
    if behind in UNITS or behind in {"or", "to", "out"} or _word(tokens, place) in {"a", "an", "half"}:
        return None
    aged = before in {"aged", "age", "turned"} or (before == "am" and two_before == "i")
    of = before == "of" and two_before in {"woman", "man", "girl", "boy", "lady", "male", "female"}
    sexes = {"m", "f", "male", "female", "man", "woman"}
    sexed = number >= YOUNGEST and (behind in sexes or (before in sexes and tokens[place].after_comma))
    ends = (
        behind in {"", "and"}
        or tokens[stop].clause != tokens[place].clause
        or tokens[stop].after_comma
        or behind == "now"
    )
    return Quantity(number, "year_old", place, stop) if (aged and ends) or of or sexed or before == "aged" else None


def _counted(tokens: Sequence[Token], place: int) -> Quantity | None:
    found = _number(tokens, place)
    if found is None:
        return _fortnight(tokens, place)
    number, stop = found
    if _word(tokens, stop) == "and" and _word(tokens, stop + 1) == "a" and _word(tokens, stop + 2) == "half":
        number, stop = number + 0.5, stop + 3
    if number == 0.5 and _word(tokens, stop) in {"a", "an"}:
        stop += 1
    return _with_unit(tokens, number, place, stop)


def _with_unit(tokens: Sequence[Token], number: float, place: int, stop: int) -> Quantity | None:
    words = [_word(tokens, stop + each) for each in range(3)]
    if words[0] in UNITS:
        unit = UNITS[words[0]]
        if words[1:] == ["and", "a"] and _word(tokens, stop + 3) == "half":
            return Quantity(number + 0.5, unit, place, stop + 4)
        return Quantity(number, unit, place, stop + 1)
    if words[:2] == ["out", "of"] and words[2] in {_SCALE, "ten"}:
        return Quantity(number, "of 10", place, stop + 3)
    if (
        words[0] == _SCALE
        and tokens[place].word.isdecimal()
        and tokens[stop].start == tokens[stop - 1].end + 1
        and not tokens[stop].after_comma
    ):
        return Quantity(number, "of 10", place, stop + 1)
    if words[0] in {"degrees", "degree", "c", "f", "celsius", "fahrenheit"}:
        return _degrees(number, words, place, stop + 1)
    return None


def _degrees(number: float, words: Sequence[str], place: int, stop: int) -> Quantity | None:
    scales = (("degC", _CELSIUS), ("F", _FAHRENHEIT))
    unit = next((unit for unit, (lowest, highest) in scales if lowest <= number <= highest), None)
    longer = words[0].startswith("degree") and words[1] in {"c", "f", "celsius", "fahrenheit"}
    return Quantity(number, unit, place, stop + longer) if unit else None


def _fortnight(tokens: Sequence[Token], place: int) -> Quantity | None:
    return Quantity(14.0, "day", place, place + 1) if _word(tokens, place) == "fortnight" else None


def ages(quantities: Sequence[Quantity]) -> Iterator[Quantity]:
    """The ages among them."""
    return (each for each in quantities if each.unit == "year_old")
