"""Answers given as a number: read, with a unit or without, put into the band that holds it, and kept as given."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Final, Self

from bayesknee.errors import EvidenceError, quoted
from bayesknee.knowledge.bands import Banded, CutOff, cut_off_range
from bayesknee.knowledge.model import NO_YES
from bayesknee.knowledge.network import Network
from bayesknee.patient.answer_reader import TRUTH_VALUES, UNKNOWN

_NO_YES_NUMBERS: Final = (0.0, 1.0)
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?")
# A comma before one or two digits is a decimal one; before three, it may part thousands.
_WITH_UNIT: Final = re.compile(r"([+-]?\d+(?:\.\d+|,\d{1,2})?)\s*([^\d\s.,_].*)")
_FIRST_YEAR, _LAST_YEAR = 1900, 2100  # what is hardly an age, and may well be a year of birth
_SAME_UNITS: Final = {
    "celsius": "c",
    "centigrade": "c",
    "fahrenheit": "f",
    "y": "year",
    "yr": "year",
    "mcg": "ug",
    "litre": "l",
    "liter": "l",
    "percent": "%",
    "per cent": "%",
}


class Measured(str):
    """The state that a number falls into, which keeps the number.

    It is that state wherever states are read. Two of them are the same answer only if the numbers are equal, too.

    Attributes:
        number: as it was given, in the unit of its question.
        unit: of that number; may be empty.
        cut_off: which cut-off was used, in words; empty for bands of fixed ends.
    """

    __slots__ = ("_cut_off", "_number", "_unit")

    _number: float
    _unit: str
    _cut_off: str

    def __new__(cls, state: str, number: float, unit: str = "", cut_off: str = "") -> Self:
        made = super().__new__(cls, state)
        made._number, made._unit, made._cut_off = number, unit, cut_off
        return made

    @property
    def number(self) -> float:
        return self._number

    @property
    def unit(self) -> str:
        return self._unit

    @property
    def cut_off(self) -> str:
        return self._cut_off

    @property
    def as_given(self) -> float | str:
        """The number as data that is read as the same answer: with its unit where 0 or 1 could mean no or yes."""
        if self.state in NO_YES and self._number in _NO_YES_NUMBERS:
            return with_unit(self._number, self._unit)
        return int(self._number) if self._number.is_integer() else self._number

    @property
    def state(self) -> str:
        """The state alone."""
        return str.__str__(self)

    def __eq__(self, other: object) -> bool:
        same = str.__eq__(self, other) if isinstance(other, str) else False
        return same and (not isinstance(other, Measured) or self._number == other._number)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__

    def __reduce__(self) -> tuple[Callable[..., Measured], tuple[str, float, str, str]]:
        return Measured, (self.state, self._number, self._unit, self._cut_off)


def number_text(number: float) -> str:
    """A number as it is written: `52`, `38.6`."""
    return f"{number:.12g}"


def with_unit(number: float, unit: str) -> str:
    """A number with its unit: `38.6 C`."""
    return f"{number_text(number)} {unit}".rstrip()


def as_state(answer: object) -> object:
    """An answer without the number behind it, for what-ifs: these change an answer, not where a cut-off lies."""
    return answer.state if isinstance(answer, Measured) else answer


def read_measured(network: Network, question: Banded, value: object, known: Mapping[str, object]) -> Measured:
    """The band of a question that a number falls into.

    Args:
        network: whose question it is.
        question: with bands.
        value: a number, or a text of one, with the unit of the question or without.
        known: the patient's answers by id, for cut-offs that hang on them.

    Raises:
        EvidenceError: no number, another unit, out of scope, or a cut-off that is not known.
    """
    if isinstance(value, Measured):
        return _placed(network, question, value.number, known)
    number = _number(question, value)
    if question.states == NO_YES and number in _NO_YES_NUMBERS and is_number(value):
        told = number_text(number)
        expected = f"{with_unit(number, question.unit)}, or {NO_YES[int(number)]}"
        raise EvidenceError(f"{question.id}: {told} can mean two things; expected {expected}; write one of them")
    return _placed(network, question, number, known)


def is_number(value: object) -> bool:
    """Whether a value is a number that was measured, a number, or a text of one without a unit."""
    if isinstance(value, TRUTH_VALUES):
        return False
    if isinstance(value, Real):
        return not math.isnan(as_float(value))
    return isinstance(value, Measured) or (isinstance(value, str) and bool(_NUMBER.fullmatch(value.strip())))


def as_float(value: Real) -> float:
    """Python's whole numbers have no bounds; those beyond a float's are infinite here."""
    try:
        return float(value)
    except OverflowError:
        return -math.inf if value < 0 else math.inf


# --- numbers and units ---------------------------------------------------------------------------------------------


def _number(question: Banded, value: object) -> float:
    if isinstance(value, Real) and not math.isnan(number := as_float(value)):
        return number
    text = " ".join(str(value).split())
    if isinstance(value, str) and _NUMBER.fullmatch(text):
        return float(text)
    if isinstance(value, str) and (found := _WITH_UNIT.fullmatch(text)):
        _check_unit(question, found[2], text)
        return float(found[1].replace(",", "."))
    hint = f"; write {text.replace(',', '.')}" if re.fullmatch(r"\d+,\d+", text) else ""
    raise EvidenceError(f"{question.id}: {quoted(text)} is neither a number nor a state{hint}")


def _check_unit(question: Banded, unit: str, text: str) -> None:
    if not question.unit:
        told = f"{question.id}: got {quoted(text)}; expected a number without a unit"
        raise EvidenceError(f"{told}; leave {quoted(unit)} out")
    if folded_unit(unit) != folded_unit(question.unit):
        told = f"{question.id}: got {quoted(text)}; expected a number in {question.unit}"
        raise EvidenceError(f"{told}; convert it from {quoted(unit)}")


def folded_unit(unit: str) -> str:
    """A unit to compare: in small letters, without degree signs, plurals and blanks; micro as u."""
    text = unit.casefold().replace("\N{GREEK SMALL LETTER MU}", "u").replace("\N{MICRO SIGN}", "u")
    words = re.sub(r"\N{DEGREE SIGN}|\bdeg(ree)?s?\b|\.$|\bold$", "", text).replace(" per ", "/").split("/")
    return "/".join(_folded_word(word.strip()) for word in words)


def _folded_word(word: str) -> str:
    singular = word.removesuffix("s") if len(word) > 2 else word
    return _SAME_UNITS.get(word) or _SAME_UNITS.get(singular, singular)


# --- bands and cut-offs --------------------------------------------------------------------------------------------


def _placed(network: Network, question: Banded, number: float, known: Mapping[str, object]) -> Measured:
    """The one band that holds a number wherever the cut-offs may lie."""
    if not question.lowest <= number < question.highest:
        told = f"{question.id} {number_text(number)} is outside this network's scope; expected {_scope(question)}"
        below = question.out_of_scope and number < question.lowest
        raise EvidenceError(f"{told}; {question.out_of_scope if below else _remedy(question, number)}")
    ends = {name: _cut_off_ends(network, cut_off, known) for name, cut_off in question.cut_offs.items()}
    state, other = (_state_at(question, number, {name: each[end] for name, each in ends.items()}) for end in (0, 1))
    if state != other:
        raise EvidenceError(_not_placed(question, number, (other, state), known))
    told = ", ".join(_cut_off_told(question, name, each) for name, each in ends.items())
    return Measured(state, number, question.unit, told)


def _remedy(question: Banded, number: float) -> str:
    if folded_unit(question.unit) == "year" and _FIRST_YEAR <= number < _LAST_YEAR:
        return "if it is the year of birth, give the age in years"
    return "correct the number"


def _scope(question: Banded) -> str:
    return f"{question.lowest:g} or more and below {question.highest:g} {question.unit}".rstrip()


def _state_at(question: Banded, number: float, ends: Mapping[str, float]) -> str:
    """The last band that begins at or below a number."""
    begun = [
        state for state, (low, _) in question.bands.items() if (ends[low] if isinstance(low, str) else low) <= number
    ]
    return begun[-1]


def _cut_off_ends(network: Network, cut_off: CutOff, known: Mapping[str, object]) -> tuple[float, float]:
    """The lowest and the highest that a cut-off may be, by what is known."""
    answer = known.get(cut_off.per, UNKNOWN)
    if isinstance(answer, Measured) and cut_off.factor is not None:
        return (cut_off.at(answer.number),) * 2
    possible = None if answer == UNKNOWN else (answer,)
    if isinstance(answer, Mapping):
        possible = tuple(state for state, weight in answer.items() if weight)
    return cut_off_range(cut_off, network.questions, possible)  # type: ignore[arg-type]  # checked answers are states


def _cut_off_told(question: Banded, name: str, ends: tuple[float, float]) -> str:
    low, high = ends
    told = with_unit(low, question.unit) if low == high else f"{low:g} to {with_unit(high, question.unit)}"
    return f"cut-off {told}: {question.cut_offs[name].words}"


def _not_placed(question: Banded, number: float, states: tuple[str, str], known: Mapping[str, object]) -> str:
    """Why a number could be in several bands, and what to do."""
    in_order = list(question.bands)
    first, last = sorted(map(in_order.index, states))
    those = " or ".join(in_order[first : last + 1])
    hangs = [each for each in question.hangs_on if not isinstance(known.get(each), Measured)]
    why = " and ".join(f"{per}, which is {_told(known.get(per, UNKNOWN))}" for per in hangs)
    rules = "; ".join(cut_off.words for cut_off in question.cut_offs.values())
    return (
        f"{question.id} {with_unit(number, question.unit)} may be {those}: its cut-off ({rules}) hangs on {why}; "
        f"give {' and '.join(hangs)} more exactly, or {question.id} as a state"
    )


def _told(answer: object) -> str:
    if isinstance(answer, Mapping):
        return " or ".join(state for state, weight in answer.items() if weight)
    return "not known" if answer == UNKNOWN else str(answer)
