"""What the cells of a foreign table say, in the words of a network: values, decimals, units, dates, bands and blanks.

A column is read by its distinct values. What a map says of a value goes first; what it does not speak of goes on as it
stands to the reader of answers that all doors share.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Final, Protocol

import numpy as np
from immutabledict import immutabledict

from bayesknee.errors import quoted
from bayesknee.lazy_types import RecordBatch
from bayesknee.patient.answer_reader import TRUTH_VALUES, is_blank
from bayesknee.patient.codes import distinct_rows
from bayesknee.patient.columns import BLANK, BadCell, Column
from bayesknee.patient.measured import number_text
from bayesknee.words import folded

DAYS_A_WEEK: Final = 7
MONTHS_A_YEAR: Final = 12
ISO: Final = "YYYY-MM-DD"
# Written so, a date can be read in one way only: the first is ISO 8601, and no country writes the month first with
# points. With strokes, 3/4/2026 is a day in April or in March.
PLAIN_DATES: Final = (ISO, "DD.MM.YYYY")
_TIME_OF_DAY: Final = r"(?:[T ]\d{1,2}:\d{2}.*)?"
_DATE_PARTS: Final[Mapping[str, str]] = immutabledict(
    {"YYYY": r"(?P<year>\d{4})", "MM": r"(?P<month>\d{1,2})", "DD": r"(?P<day>\d{1,2})"}
)
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?")
_DECIMAL_COMMA: Final = re.compile(r"[+-]?\d+,\d+")
_THOUSANDS: Final = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")  # 1,234 may be a thousand or so; 0,123 can be one thing only


def cell_text(value: object) -> str:
    """A cell as the text that a CSV file would hold; empty where it is blank."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, TRUTH_VALUES):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(sep=" ").removesuffix(" 00:00:00")
    return "" if is_blank(value) else str(value)


# --- numbers ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Decimals:
    """The sign of decimals in the numbers of a table; `is_told` where somebody said so."""

    sign: str = "."
    is_told: bool = False

    def plain(self, text: str) -> str | BadCell:
        """A number with a point; what is no number as it stands."""
        if self.sign != ",":
            return text
        if _THOUSANDS.fullmatch(text) and not (self.is_told and "," in text):
            told = f"got {text}, which can mean {text.replace(',', '.')} or {text.replace(',', '').replace('.', '')}"
            return BadCell(f"{told}; expected one sign for decimals; say it with --decimal, or write the number so")
        return text.replace(",", ".") if _DECIMAL_COMMA.fullmatch(text) else text


# --- dates -----------------------------------------------------------------------------------------------------------


def date_pattern(form: str) -> re.Pattern[str]:
    """The pattern of dates such as DD.MM.YYYY, with a time of day after it or without.

    Raises:
        ValueError: not each of YYYY, MM and DD is in it once.
    """
    if any(form.count(part) != 1 for part in _DATE_PARTS):
        raise ValueError(form)
    pattern = re.escape(form)
    for part, expression in _DATE_PARTS.items():
        pattern = pattern.replace(part, expression)
    return re.compile(pattern + _TIME_OF_DAY)


@lru_cache(maxsize=4096)  # dates repeat in a table
def read_date(text: str, form: str = "") -> date | None:
    """A date as it is written in a table: in this form, or where none is told, as in `PLAIN_DATES`; None if it is none.

    ISO dates are read whatever the form, for data frames and workbooks hold dates as such.
    """
    for each in (form, ISO) if form else PLAIN_DATES:
        if found := date_pattern(each).fullmatch(text):
            try:
                return date(*(int(found[part]) for part in ("year", "month", "day")))
            except ValueError:
                return None
    return None


def _months(begin: date, end: date) -> int:
    return (end.year - begin.year) * MONTHS_A_YEAR + end.month - begin.month - (end.day < begin.day)


# Whole years and months, as people count their age; days and weeks as they pass.
BETWEEN: Final[Mapping[str, Callable[[date, date], float]]] = immutabledict(
    {
        "years": lambda begin, end: float(_months(begin, end) // MONTHS_A_YEAR),
        "months": lambda begin, end: float(_months(begin, end)),
        "weeks": lambda begin, end: (end - begin).days / DAYS_A_WEEK,
        "days": lambda begin, end: float((end - begin).days),
    }
)


# --- what a cell says ------------------------------------------------------------------------------------------------


class Reads(Protocol):
    """Cells of a row in, an answer out; a `BadCell` where they say nothing, None where nobody was asked."""

    def __call__(self, *cells: object) -> object: ...


@dataclass(frozen=True)
class Bands:
    """Numbers as states: for each state the number from which on it holds, and below which."""

    ends: Mapping[str, tuple[float, float]]

    def state(self, number: float) -> str | BadCell:
        """The state of a number."""
        for name, (low, high) in self.ends.items():
            if low <= number < high:
                return name
        told = ", ".join(f"{name} [{low:g}, {high:g}]" for name, (low, high) in self.ends.items())
        return BadCell(f"{number_text(number)} is in none of its bands ({told}); widen one in the map")


@dataclass(frozen=True)
class CellReader:
    """What the cells of one column say.

    Attributes:
        values: answers by what is in a cell, `folded`.
        blank: the answer of a blank cell; empty where it says that nobody was asked.
        states: of the question; one of them may be called `none`, which is no blank then.
        decimals: of numbers; None for a question that takes none.
        factor, offset: a number of the table times the one plus the other is a number of the question.
        bands: for numbers of a question that has states only.
    """

    values: Mapping[str, str] = immutabledict()
    blank: str = ""
    states: tuple[str, ...] = ()
    decimals: Decimals | None = None
    factor: float = 1.0
    offset: float = 0.0
    bands: Bands | None = None

    def __call__(self, *cells: object) -> object:
        """The answer."""
        (cell,) = cells
        text = cell_text(cell)
        if (meant := self.values.get(folded(text))) is not None:
            return meant
        if is_blank(text) and text.lower() not in self.states:
            return self.blank or None
        return cell if self.decimals is None else self.number(text, cell)

    def number(self, text: str, otherwise: object) -> object:
        """A number of the table as one of the question; what is no number as it stands."""
        plain = self.decimals.plain(text) if self.decimals else text
        if isinstance(plain, BadCell) or not _NUMBER.fullmatch(plain):
            return plain if isinstance(plain, BadCell) else otherwise
        return self.of_number(float(plain)) if self.is_converted else plain

    def of_number(self, number: float) -> object:
        """A number of the table as one of the question, or as a state."""
        converted = number * self.factor + self.offset
        return self.bands.state(converted) if self.bands else number_text(converted)

    @property
    def is_converted(self) -> bool:
        return self.bands is not None or (self.factor, self.offset) != (1.0, 0.0)


@dataclass(frozen=True)
class TimeBetween:
    """What two dates say: the time from the one to the other.

    Attributes:
        unit: a key of `BETWEEN`.
        form: how dates are written; empty for `PLAIN_DATES`.
        number: what becomes of it.
    """

    unit: str
    form: str = ""
    number: CellReader = CellReader()

    def __call__(self, *cells: object) -> object:
        """The answer; a blank date says that nobody was asked."""
        texts = [cell_text(cell) for cell in cells]
        if any(is_blank(text) for text in texts):
            return self.number.blank or None
        dates = [read_date(text, self.form) for text in texts]
        for text, found in zip(texts, dates, strict=True):
            if found is None:
                expected = self.form or " or ".join(PLAIN_DATES)
                return BadCell(
                    f"got the date {quoted(text)}; expected one as {expected}; correct it, or say dates: in the map"
                )
        begin, end = dates
        if begin is None or end is None or end < begin:
            return BadCell(f"the date {texts[0]} is after {texts[1]}; expected it before; correct one of them")
        return self.number.of_number(BETWEEN[self.unit](begin, end))


# --- columns ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ColumnReader:
    """A column of codes from one or two columns of a table.

    Attributes:
        question: whose answers they are.
        columns: of the table.
        reads: what their cells say.
    """

    question: str
    columns: tuple[str, ...]
    reads: Reads | None = None

    def column(self, batch: RecordBatch) -> Column:
        """The distinct answers, and which of them each row has."""
        found = [_distinct(batch, name) for name in self.columns]
        if self.reads is None:
            ((values, which),) = found
            return Column(self.question, values, which)
        cells, places = distinct_rows(np.column_stack([which for _, which in found]))
        answers = [self._answer(found, row) for row in cells.tolist()]
        return Column(self.question, answers, places)

    def _answer(self, found: Sequence[tuple[Sequence[object], np.ndarray]], row: Sequence[int]) -> object:
        assert self.reads is not None  # noqa: S101 (looked at before)
        given = [None if place == BLANK else values[place] for (values, _), place in zip(found, row, strict=True)]
        answer = self.reads(*given)
        if isinstance(answer, BadCell):
            return BadCell(f"{self.question} from {' and '.join(map(quoted, self.columns))}: {answer.reason}")
        return answer


def _distinct(batch: RecordBatch, name: str) -> tuple[list[object], np.ndarray]:
    """The distinct values of a column, and where they are."""
    encoded = batch.column(batch.schema.get_field_index(name)).dictionary_encode()
    return encoded.dictionary.to_pylist(), encoded.indices.fill_null(BLANK).to_numpy(zero_copy_only=False)


def texts_of(batch: RecordBatch, name: str) -> Iterator[str]:
    """A column as texts, a row after the other."""
    values, which = _distinct(batch, name)
    texts = [*map(cell_text, values), ""]
    return (texts[place] for place in which.tolist())
