"""A first draft of a map, guessed from a foreign table, for a person to correct.

What is guessed is marked, and what cannot be is left empty, so that the map is refused until somebody fills it in. Of a
column that is not read, no value is written that stands in one row alone: it may say who the patient is.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Final

from immutabledict import immutabledict

from bayesknee.cohort.labels import LABEL, LABEL_SEPARATOR, NONE, OTHER
from bayesknee.cohort.tables.cells import read_date, texts_of
from bayesknee.cohort.tables.reading import Columnar
from bayesknee.cohort.tables.source import KEY_COLUMNS
from bayesknee.cohort.tables.table_map import heading
from bayesknee.errors import EvidenceError, TableError
from bayesknee.knowledge.model import Question
from bayesknee.knowledge.network import Network
from bayesknee.patient.answer_reader import is_blank, meant_name
from bayesknee.patient.cases import parse_cell
from bayesknee.patient.evidence import read_answer
from bayesknee.words import folded

MOST_COLUMNS: Final = 1000  # each takes some 10 ms beside 240 questions
MOST_ANSWERS: Final = 30  # distinct values that a column of answers may have: more are a text, or numbers. Judged
MOST_SHOWN: Final = 6  # values of a column that is not read, as a hint to what it is
LONGEST_SHOWN: Final = 20  # letters of such a value
# How like a name a heading must be. Judged on headings of own exports.
LIKE: Final = 0.75
LIKE_STATE: Final = 0.7
LIKE_WORDS: Final = 0.9  # a heading all of whose words a question has, such as "D-dimer"; what patients tell first
LEAST_DATES: Final = 0.7  # of a column of dates; the others are slips, such as 30.02.2026. Judged
# What forms and exports write for yes and no, and for the sexes, beside what the reader of answers knows by itself.
SIGNS: Final[Mapping[str, str]] = immutabledict(
    {
        **dict.fromkeys(("j", "ja", "oui", "si", "pos", "positive", "positiv", "present", "x"), "yes"),
        **dict.fromkeys(("nein", "non", "neg", "negative", "negativ", "absent"), "no"),
        **dict.fromkeys(("w", "weiblich", "woman", "frau"), "female"),
        **dict.fromkeys(("m\u00e4nnlich", "man", "mann"), "male"),
        **dict.fromkeys(("k.a.", "ka", "unk", "unbekannt", "nicht bekannt", "not recorded"), "unknown"),
    }
)
ALIASES: Final[Mapping[str, str]] = immutabledict({"gender": "sex", "geschlecht": "sex", "alter": "age"})
_BIRTH: Final = re.compile(r"birth|born|\bdob\b|geb", re.IGNORECASE)
_KEY: Final = re.compile(r"\b(id|nr|no|mrn|number|key|case|code)\b|nummer|_id\b", re.IGNORECASE)
_LABEL: Final = re.compile(r"diagnos|label|outcome", re.IGNORECASE)
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass
class SeenColumn:
    """What a column holds.

    Attributes:
        name: its heading.
        values: how often each value comes; blanks are not among them.
        is_long: whether it has more values than are counted.
        rows: that are not blank.
        dates: of these, how many are dates.
    """

    name: str
    values: Counter[str] = field(default_factory=Counter)
    is_long: bool = False
    rows: int = 0
    dates: int = 0

    def add(self, texts: Iterable[str]) -> None:
        """Counts some cells."""
        for text in texts:
            if is_blank(text):
                continue
            self.rows += 1
            self.dates += read_date(text) is not None
            if text in self.values or len(self.values) < MOST_ANSWERS:
                self.values[text] += 1
            else:
                self.is_long = True

    @property
    def holds_dates(self) -> bool:
        return self.rows > 0 and self.dates >= LEAST_DATES * self.rows

    @property
    def is_key(self) -> bool:
        return folded(self.name) in KEY_COLUMNS or bool(
            _KEY.search(self.name) and self.rows and max(self.values.values()) == 1
        )


def seen_columns(table: Columnar) -> list[SeenColumn]:
    """What the columns of a table hold, by its first piece."""
    columns = [SeenColumn(name) for name in table.names if name.strip()]
    names = [column.name for column in columns]
    piece = next(table.pieces(names, names))
    for batch in piece.table.to_batches():
        for column in columns:
            column.add(texts_of(batch, column.name))
    return columns


@dataclass(frozen=True)
class DraftedMap:
    """A draft.

    Attributes:
        text: of the YAML file.
        mapped: columns that are read.
        ignored: columns that are not.
        open: values of which a person must say what they mean.
    """

    text: str
    mapped: int
    ignored: int
    open: int


def draft_map(table: Columnar, network: Network) -> DraftedMap:
    """A draft of the map from a table to a network.

    Raises:
        TableError: more columns than can be compared with all questions in some seconds.
    """
    if len(table.names) > MOST_COLUMNS:
        told = f"{table.name} has {len(table.names):,} columns; expected at most {MOST_COLUMNS:,} for a draft"
        raise TableError(f"{told}; leave out those that say nothing of the patient")
    return _Drafter(seen_columns(table), network).drafted(table.name)


class _Drafter:
    """Guesses what each column is."""

    def __init__(self, columns: Sequence[SeenColumn], network: Network) -> None:
        self._columns = columns
        self._network = network
        self._words = {
            name: set(folded(" ".join((question.id, question.label, *question.synonyms))).split())
            for name, question in network.questions.items()
        }
        self._questions = self._guessed()
        self._times = self._guessed_times()
        self._label = self._guessed_label()
        self._open = 0

    def drafted(self, name: str) -> DraftedMap:
        """The draft."""
        until = set(self._times.values())
        key = [each for each in self._columns if each.is_key and not self._is_used(each)]
        others = [each for each in self._columns if not self._is_used(each) and each not in key]
        rest = [each for each in others if each.name not in until]
        lines = [
            f"# What the columns of {name} mean to {self._network.id}: a draft, guessed. Look at each line.",
            "# A column on the left, a finding or risk factor on the right; `bayesknee findings` lists them all.",
            *self._column_lines(),
            *self._sign_lines(),
            "# What a blank cell says: unknown, or an answer such as no, where only what is so was written down.",
            "blank: unknown",
            *([f"key: [{', '.join(quoted_word(each.name) for each in key)}]"] if key else []),
            *self._label_lines(),
            *_ignore_lines(rest),
        ]
        mapped = len(self._questions) + len(self._times)
        return DraftedMap("".join(f"{line}\n" for line in lines), mapped, len(rest), self._open)

    def _is_used(self, column: SeenColumn) -> bool:
        return column.name in self._questions or column.name in self._times or column is self._label

    # --- which question -----------------------------------------------------------------------------------------------

    def _guessed(self) -> dict[str, tuple[Question, bool]]:
        """The question of each column that has one, and whether its name says so; the likest pair first."""
        likeness = sorted(
            (
                (self._like(column, question), column.name, name)
                for column in self._columns
                for name, question in self._network.questions.items()
            ),
            key=lambda each: -each[0],
        )
        by_name = {column.name: column for column in self._columns}
        found: dict[str, tuple[Question, bool]] = {}
        taken = set()
        for like, column, name in likeness:
            if like < LIKE:
                break
            question = self._network.questions[name]
            if column not in found and name not in taken and self._fits(by_name[column], question, like):
                found[column] = question, like >= 1.0
                taken.add(name)
        return {column.name: found[column.name] for column in self._columns if column.name in found}

    def _like(self, column: SeenColumn, question: Question) -> float:
        said = folded(column.name)
        if meant_name(self._network, heading(column.name)) == question.id:
            return 2.0
        names = [folded(each) for each in (question.id, question.label, *question.synonyms)]
        if said in names:
            return 1.5
        if ALIASES.get(said) == question.id:
            return LIKE_WORDS
        like = max(_likeness(said, name) for name in names)
        having = self._having(said)
        if question.id in having and (len(having) == 1 or len(said.split()) > 1):
            return LIKE_WORDS + 0.01 * like - 0.05 * (question.asked_of != "patient")
        return like

    @lru_cache  # noqa: B019 (as long as a draft takes)
    def _having(self, said: str) -> set[str]:
        """The questions whose names have all these words."""
        words = set(said.split())
        return {name for name, having in self._words.items() if words <= having}

    def _fits(self, column: SeenColumn, question: Question, like: float) -> bool:
        """Whether what is in the column may be answers; a name that is the same is believed whatever there is."""
        if like >= 1.0 or not column.rows:
            return True
        return not column.holds_dates and any(self._answer(question, text) for text in column.values)

    def _answer(self, question: Question, text: str) -> str:
        """The answer that a cell is, or most likely stands for; empty where nothing is near."""
        if self._takes(question, text):
            return text
        sign = SIGNS.get(folded(text), "")
        if sign and self._takes(question, sign):
            return sign
        best = max(question.states, key=lambda state: self._state_likeness(question, state, text))
        return best if self._state_likeness(question, best, text) >= LIKE_STATE else ""

    @staticmethod
    def _state_likeness(question: Question, state: str, text: str) -> float:
        names = (state, question.state_words(state), *question.state_names.get(state, ()))
        return max(_likeness(folded(text), folded(name)) for name in names)

    def _takes(self, question: Question, text: str) -> bool:
        for each in (text, re.sub(r"^(\d+),(\d+)$", r"\1.\2", text)):
            try:
                read_answer(self._network, question.id, parse_cell(each, question.id))
            except EvidenceError:
                continue
            return True
        return False

    # --- dates, the label ---------------------------------------------------------------------------------------------

    def _guessed_times(self) -> dict[str, str]:
        """The column of the date of birth, with the date up to which age is counted."""
        born = [column.name for column in self._columns if column.holds_dates and _BIRTH.search(column.name)]
        later = [column.name for column in self._columns if column.holds_dates and column.name not in born]
        return {born[0]: later[0]} if born and later and self._age else {}

    @property
    def _age(self) -> str:
        """The question that takes a number of years, if there is one, and no column says it."""
        said = {question.id for question, _ in self._questions.values()}
        years = [name for name, each in self._network.questions.items() if each.bands and each.unit == "years"]
        return next((name for name in years if name not in said), "")

    def _guessed_label(self) -> SeenColumn | None:
        free = [each for each in self._columns if each.name not in self._questions and each.values]
        named = [each for each in free if self._is_label(each)]
        return named[0] if named else None

    def _is_label(self, column: SeenColumn) -> bool:
        known = [text for text in column.values if self._condition(text.partition(LABEL_SEPARATOR)[0])]
        return not column.is_long and (bool(_LABEL.search(column.name)) or len(known) > len(column.values) / 2)

    def _is_condition(self, text: str) -> bool:
        return text in (OTHER, NONE) or meant_name(self._network, text) in self._network.conditions

    def _condition(self, text: str) -> str:
        """The condition that a text names, by its id, its name or nearly so; empty where none is near."""
        if folded(text) in (OTHER, NONE):
            return folded(text)
        if self._is_condition(text):
            return meant_name(self._network, text)
        names = {each.id: each.name for each in self._network.conditions.values()}
        best = max(names, key=lambda each: _likeness(folded(text), folded(names[each])))
        return best if _likeness(folded(text), folded(names[best])) >= LIKE else ""

    # --- lines --------------------------------------------------------------------------------------------------------

    def _column_lines(self) -> Iterator[str]:
        yield "columns:"
        if not (self._questions or self._times):
            yield "  # none was guessed: write COLUMN: finding"
        by_name = {column.name: column for column in self._columns}
        for name, (question, is_sure) in self._questions.items():
            values = list(self._value_lines(by_name[name], question))
            guessed = "" if is_sure else f"  # guessed: {question.label}"
            if not values:
                yield f"  {quoted_word(name)}: {question.id}{guessed}"
                continue
            yield f"  {quoted_word(name)}:{guessed}"
            yield f"    question: {question.id}"
            yield "    values:"
            yield from values
        for name, until in self._times.items():
            told = f"{{question: {self._age}, until: {quoted_word(until)}}}"
            yield f"  {quoted_word(name)}: {told}  # guessed: the time between the two dates"

    def _value_lines(self, column: SeenColumn, question: Question) -> Iterator[str]:
        """What the values mean that the question does not take as they are, and that are no signs for all columns."""
        if column.is_long or question.bands:
            return
        for text in column.values:
            if self._takes(question, text) or (folded(text) in SIGNS and self._answer(question, text)):
                continue
            answer = self._answer(question, text)
            self._open += not answer
            states = ", ".join(question.states)
            told = f"{answer}  # guessed" if answer else f" # one of {states}, unknown"
            yield f"      {quoted_word(text)}: {told}"

    def _sign_lines(self) -> Iterator[str]:
        by_name = {column.name: column for column in self._columns}
        texts = {
            text: SIGNS[folded(text)]
            for name, (question, _) in self._questions.items()
            for text in by_name[name].values
            if folded(text) in SIGNS and not self._takes(question, text)
        }
        if texts:
            yield "# Signs in all columns:"
            yield f"values: {{{', '.join(f'{quoted_word(text)}: {answer}' for text, answer in texts.items())}}}"

    def _label_lines(self) -> Iterator[str]:
        if self._label is None:
            return
        yield f"{LABEL}:  # what it turned out to be, for evaluate and learn"
        yield f"  column: {quoted_word(self._label.name)}"
        parts = dict.fromkeys(part.strip() for text in self._label.values for part in text.split(LABEL_SEPARATOR))
        foreign = [part for part in parts if not self._is_condition(part)]
        if foreign:
            yield "  values:"
        for text in foreign:
            answer = self._condition(text)
            self._open += not answer
            yield f"    {quoted_word(text)}: {answer or ''}{'  # guessed' if answer else ' # a condition, or other'}"


def _ignore_lines(columns: Sequence[SeenColumn]) -> Iterator[str]:
    if not columns:
        return
    yield "# Columns that are not read; move one up, with what it says, if it is a finding after all."
    yield "ignore:"
    for column in columns:
        shown = [text for text, count in column.values.items() if count > 1 and len(text) <= LONGEST_SHOWN]
        is_told = not column.is_long and 0 < len(column.values) <= MOST_SHOWN and len(shown) == len(column.values)
        yield f"  - {quoted_word(column.name)}{'  # ' + ', '.join(shown) if is_told else ''}"


def _likeness(one: str, other: str) -> float:
    """How like two texts are, whatever the order of their words, from 0 to 1 (Ratcliff and Metzener 1988)."""
    return max(_ratio(one, other), _ratio(_sorted(one), _sorted(other)))


@lru_cache(maxsize=2**16)  # a table of 100 columns beside 300 questions
def _ratio(one: str, other: str) -> float:
    matcher = SequenceMatcher(None, one, other)
    if min(matcher.real_quick_ratio(), matcher.quick_ratio()) < LIKE_STATE:  # bounds from above, and quicker
        return 0.0
    return matcher.ratio()


def _sorted(text: str) -> str:
    return " ".join(sorted(text.split()))


def quoted_word(text: str) -> str:
    """A text as YAML reads it back, in quotes unless it is one plain word."""
    return heading(text) if _PLAIN.fullmatch(text) else json.dumps(heading(text), ensure_ascii=False)
