"""Reads one place of a network's file key by key, and notes a fault for all that breaks the format."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeVar

from immutabledict import immutabledict

from bayesknee.errors import NetworkError, Problem, name_hint, quoted
from bayesknee.knowledge.bands import Band, CutOff
from bayesknee.knowledge.model import (
    ConditionalTable,
    Distribution,
    Greatest,
    Mixture,
    NoisyOr,
    Number,
    Path,
    Probability,
    Reading,
    Weight,
)
from bayesknee.knowledge.reading import yaml_tree
from bayesknee.knowledge.reading.yaml_tree import Scalar, Tree

DECIMAL: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
FIGURES: Final = ("value", "low", "high")  # the keys of a number by which it is known
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_FIGURE: Final = r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?"
# A number in short: 0.6 (0.5-0.7) C smith_2019, or in per cent: 60 % (50-70 %) C smith_2019.
_SHORT: Final = re.compile(
    rf"(?P<value>{_FIGURE})\s*(?P<percent>%)?\s*"
    rf"\(\s*(?P<low>{_FIGURE})\s*(?(percent)%?)\s*(?:-|\N{{EN DASH}}|to)\s*(?P<high>{_FIGURE})\s*(?(percent)%)\s*\)"
    r"(?:\s+(?P<grade>\w+)\s+(?P<source>\w+))?"
)
NUMBER: Final = (
    "a number with source and grade: {value, low, high, grade, source}, or in short 0.6 (0.5-0.7) C smith_2019"
)

N = TypeVar("N", bound=Number)
T = TypeVar("T")


@dataclass(frozen=True)
class Basis:
    """Where the numbers of an entry come from that state neither grade nor source."""

    grade: str
    source: str
    note: str
    method: str


class Fields:
    """One place of a file, read key by key; keys that are left unread are faults.

    Args:
        problems: where faults are noted.
        file: the file's name, for the faults.
        tree: what is written there; None where the place is missing, which whoever asked for it has noted.
        path: the keys that lead here.
        basis: grade, source, note and method for numbers that state neither grade nor source.
    """

    def __init__(
        self, problems: list[Problem], file: str, tree: Tree | None, path: Path, basis: Basis | None = None
    ) -> None:
        self._problems = problems
        self._file = file
        self._tree = tree
        self._path = path
        self._basis = basis
        self._items: dict[str, Tree] = tree.items if isinstance(tree, yaml_tree.Mapping) else {}
        self._taken: set[str] = set()

    def problem(self, below: Path, got: str, expected: str, remedy: str) -> None:
        """Notes a fault of this place or, by `below`, of one under it."""
        line = deepest(self._tree, below)[1] or (self._tree.line if self._tree is not None else None)
        self._problems.append(Problem((*self._path, *below), got, expected, remedy, self._file, line))

    def done(self) -> None:
        """Notes a fault for each key that was not read."""
        for key in self._items.keys() - self._taken:
            self.problem((key,), quoted(key), "a known key", _hint(key, self._items[key], self._taken))

    def has(self, key: str) -> bool:
        """Whether `key` is there; it counts as read."""
        self._taken.add(key)
        return key in self._items

    @property
    def is_text(self) -> bool:
        """Whether a text stands here, and no list or mapping."""
        return isinstance(self._tree, Scalar)

    def keys(self) -> list[str]:
        """The keys of a place whose keys are free."""
        if self._tree is not None and not isinstance(self._tree, yaml_tree.Mapping):
            self.problem((), shown(self._tree), "a mapping", "write lines of key: value")
        self._taken |= self._items.keys()
        return list(self._items)

    def entries(self) -> Iterator[tuple[str, Fields]]:
        """The places below, by key."""
        for key in self.keys():
            yield key, self.child(key)

    def child(self, key: str) -> Fields:
        """The place below `key`; a missing one is a fault."""
        if not self.has(key):
            self.problem((key,), "nothing", f"a key {key}", "add it")
        return Fields(self._problems, self._file, self._items.get(key), (*self._path, key), self._basis)

    def each(self, key: str, read: Callable[[Fields], T], *, required: bool = True) -> dict[str, T]:
        """`read` applied to each place below `key`."""
        if not required and not self.has(key):
            return {}
        return self.child(key).each_itself(read)

    def each_named(self, key: str, read: Callable[[str, Fields], T], *, required: bool = True) -> dict[str, T]:
        """`read` applied to the key and place of each entry below `key`."""
        if not required and not self.has(key):
            return {}
        return {name: read(name, fields) for name, fields in self.child(key).entries()}

    def each_itself(self, read: Callable[[Fields], T]) -> dict[str, T]:
        """`read` applied to each place below this one."""
        return {name: read(fields) for name, fields in self.entries()}

    def items(self, key: str) -> list[Fields]:
        """The places in the list below `key`, of which there has to be one."""
        place = self.child(key)
        tree = place._tree  # noqa: SLF001
        items = tree.items if isinstance(tree, yaml_tree.Sequence) else []
        if tree is not None and not items:
            place.problem((), shown(tree), "a list", "write each item on a line that begins with -")
        return [Fields(self._problems, self._file, item, (*self._path, key), self._basis) for item in items]

    # --- words ---------------------------------------------------------------------------------------------------

    def text(self, key: str, default: str | None = None) -> str:
        """The text below `key`; without a default it has to be there."""
        if default is not None and not self.has(key):
            return default
        if text := _text_of(self._items.get(key)):  # thousands of them: without an object for each place
            self._taken.add(key)
            return text
        return self.child(key).itself_text(may_be_empty=default is not None)

    def itself_text(self, *, may_be_empty: bool = False) -> str:
        """This place as text."""
        if self._tree is None:
            return ""
        if not isinstance(self._tree, Scalar) or not (may_be_empty or self._tree.text.strip()):
            self.problem((), shown(self._tree), "a text", "write one line or a quoted text")
            return ""
        if (text := _text_of(self._tree)) is not None:
            return text
        text = " ".join(self._tree.text.split())
        self.problem((), quoted(ascii(text)), "a text without control characters", "remove them")
        return text

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """The list of words below `key`."""
        if default is not None and not self.has(key):
            return default
        return self.child(key).itself_texts()

    def itself_texts(self) -> tuple[str, ...]:
        """This place as a list of words."""
        if self._tree is None:
            return ()
        items = self._tree.items if isinstance(self._tree, yaml_tree.Sequence) else []
        words = [item.text for item in items if isinstance(item, Scalar)]
        if not words or len(words) < len(items):
            self.problem((), shown(self._tree), "a list of words", "write it as [one, two]")
        return tuple(words)

    def itself_band(self) -> Band:
        """This place as a lower and an upper end, each a number or the name of a cut-off."""
        low, high = self._ends(lambda word: word if _NAME.fullmatch(word) else self._float(word, ()))
        return low, high

    def itself_names(self) -> tuple[str, ...]:
        """This place as one name or a list of them."""
        return (self.itself_text(),) if isinstance(self._tree, Scalar) else self.itself_texts()

    def itself_pair(self) -> tuple[float, float]:
        """This place as a lower and an upper end."""
        return self._ends(lambda word: self._float(word, ()))

    def _ends(self, read: Callable[[str], T]) -> tuple[T | float, T | float]:
        words = self.itself_texts()
        if len(words) == 2:
            return read(words[0]), read(words[1])
        self.problem((), f"{len(words)} values", "a lower and an upper end", "write it as [18, 30]")
        return math.nan, math.nan

    def itself_cut_off(self) -> CutOff:
        """This place as a cut-off that hangs on another answer."""
        by = self.child("by").each_itself(Fields.itself_number) if self.has("by") else {}
        lowest, highest = -math.inf, math.inf
        cut_off = CutOff(
            per=self.text("per"),
            source=self.text("source"),
            factor=self.plain_number("factor", 1.0) if self.has("factor") else None,
            least=self.plain_number("least", lowest),
            most=self.plain_number("most", highest),
            by=immutabledict(by),
            note=self.text("note", ""),
        )
        self.done()
        return cut_off

    def itself_number(self) -> float:
        """This place as a number that needs no source."""
        return self._float(self.itself_text(), ())

    def truth(self, key: str, *, default: bool) -> bool:
        """The truth value below `key`."""
        if (text := self.text(key, "yes" if default else "no")) not in ("true", "false", "yes", "no"):
            self.problem((key,), quoted(text), "true or false", "write one of them")
        return text in ("true", "yes")

    # --- numbers -------------------------------------------------------------------------------------------------

    def plain_number(self, key: str, default: float) -> float:
        """A number that needs no source, such as a burden."""
        return self._float(self.text(key), (key,)) if self.has(key) else default

    def integer(self, key: str) -> int | None:
        """A whole number that needs no source; None where it is left out, or could not be read."""
        if not self.has(key):
            return None
        text = self.text(key)
        if not re.fullmatch(r"[+-]?\d{1,9}", text):
            self.problem((key,), quoted(text), "a whole number", "write it in digits, such as 3")
            return None
        return int(text)

    def _float(self, text: str, below: Path) -> float:
        if DECIMAL.fullmatch(text):
            return float(text)
        decimal_comma = re.fullmatch(r"\d+,\d+", text)
        remedy = f"write {text.replace(',', '.')}" if decimal_comma else "write it in digits, such as 0.05"
        self.problem(below, quoted(text), "a number", remedy)
        return math.nan

    def take_basis(self) -> None:
        """Lets the numbers of this entry take what its key `basis` says, where it has one."""
        if self.has("basis"):
            fields = self.child("basis")
            texts = (fields.text("grade"), fields.text("source"), fields.text("note", ""), fields.text("method", ""))
            self._basis = Basis(*texts)
            fields.done()

    def numbers(self, kind: type[N]) -> Mapping[str, N]:
        """A number for each key of this place."""
        return immutabledict({key: self.number(key, kind) for key in self.keys()})

    def number_or_by_setting(self, key: str, kind: type[N]) -> N | Mapping[str, N]:
        """The number below `key`, or the number for each key of that place, where none of these is a figure."""
        tree = self._items.get(key)
        items = tree.items if isinstance(tree, yaml_tree.Mapping) else {}
        if not items or any(isinstance(items.get(name), Scalar) for name in FIGURES):
            return self.number(key, kind)
        return self.child(key).numbers(kind)

    def number(self, key: str, kind: type[N]) -> N:
        """The number below `key`; one of NaN where it could not be read."""
        place = self.child(key)
        tree = place._tree  # noqa: SLF001
        if isinstance(tree, Scalar):
            tree = _in_full(tree, may_be_percent=issubclass(kind, Probability)) or tree
        if isinstance(tree, yaml_tree.Mapping):
            written_out = Fields(self._problems, self._file, tree, (*self._path, key), self._basis)
            return written_out._itself_number(kind)
        if tree is not None:
            place.problem((), shown(tree), NUMBER, "say where it comes from")
        return unread(kind)

    def _itself_number(self, kind: type[N]) -> N:
        before = len(self._problems)
        value = self._figure("value")
        certain = self.truth("certain", default=False) if self.has("certain") else False
        low, high = (self._figure(name) if not certain or self.has(name) else value for name in FIGURES[1:])
        where_from = self._provenance()
        self.done()
        if len(self._problems) > before:
            return unread(kind)
        try:
            return kind(value, low, high, *where_from, certain)  # type: ignore[arg-type]  # a grade is checked there
        except NetworkError as error:
            for fault in error.problems:
                self.problem(fault.path, fault.got, fault.expected, fault.remedy)
            return unread(kind)

    def _figure(self, key: str) -> float:
        if not self.has(key):
            self.problem((key,), "nothing", f"a key {key}", "give the value and its 95 % range, low and high")
            return math.nan
        tree = self._items[key]
        return self._float(tree.text.strip() if isinstance(tree, Scalar) else shown(tree), (key,))

    def _provenance(self) -> tuple[str, str, str, str]:
        """Grade, source, note and method as stated here, or of the basis if neither grade nor source is stated."""
        has_grade, has_source = self.has("grade"), self.has("source")
        note, method, basis = self.text("note", ""), self.text("method", ""), self._basis
        if basis is not None and not has_grade and not has_source:
            return basis.grade, basis.source, note or basis.note, method or basis.method
        for key in ("grade", "source"):
            if not self.has(key):
                remedy = "say where the number comes from and how good that is, or give the entry a basis"
                self.problem((key,), "nothing", "a number with source and grade", remedy)
        return self.text("grade", ""), self.text("source", ""), note, method

    def distribution(self) -> Distribution:
        """This place as a distribution."""
        return Distribution(self.numbers(Probability))

    def noisy_or(self) -> NoisyOr:
        """This place as a noisy-OR."""
        rule = NoisyOr(self.number("leak", Probability), self.child("causes").numbers(Probability))
        self.done()
        return rule

    def greatest(self) -> Greatest:
        """This place as a noisy-MAX."""
        leak = self.child("leak").distribution() if self.has("leak") else None
        rule = Greatest(immutabledict(self.each("causes", Fields.distribution)), leak)
        self.done()
        return rule

    def table(self) -> ConditionalTable:
        """This place as a table in full."""
        rule = ConditionalTable(self.texts("parents"), immutabledict(self.each("rows", Fields.distribution)))
        self.done()
        return rule

    def reading(self) -> Reading:
        """This place as the reading of a sign."""
        sensitivity = self.number("sensitivity", Probability)
        reading = Reading(self.text("sign"), sensitivity, self.number("specificity", Probability))
        self.done()
        return reading

    def mixture(self) -> Mixture:
        """This place as a mixture."""
        by_condition = self.each("distributions", Fields.distribution)
        otherwise = self.child("otherwise").distribution() if self.has("otherwise") else None
        weights = self.child("weights").numbers(Weight) if self.has("weights") else immutabledict()
        self.done()
        return Mixture(immutabledict(by_condition), otherwise, weights)


def _in_full(short: Scalar, *, may_be_percent: bool) -> yaml_tree.Mapping | None:
    """A number in short as the mapping that says the same; None where it is no such number."""
    found = _SHORT.fullmatch(" ".join(short.text.split()))
    if found is None or (found["percent"] and not may_be_percent):
        return None
    texts = {key: text for key, text in found.groupdict().items() if text is not None and key != "percent"}
    if found["percent"]:
        texts |= {key: _hundredth(texts[key]) for key in ("value", "low", "high")}
    items: dict[str, Tree] = {key: Scalar(text, short.line, plain=True) for key, text in texts.items()}
    return yaml_tree.Mapping(items, dict.fromkeys(items, short.line), short.line)


def _hundredth(text: str) -> str:
    """A figure in per cent as a probability, to the last digit: 0.7 is 0.007, and not 0.006999999999999999."""
    is_plain = DECIMAL.fullmatch(text) and "e" not in text.lower()  # an exponent may be of any length
    return f"{Decimal(text).scaleb(-2):f}" if is_plain else f"{text} %"


def _text_of(tree: Tree | None) -> str | None:
    """A text on one line; None if it is none, or has control characters."""
    text = " ".join(tree.text.split()) if isinstance(tree, Scalar) else "\0"
    return text if text.isprintable() else None


def unread(kind: type[N]) -> N:
    """Stand-in for a number that no rule objects to: NaN compares false with everything."""
    number = object.__new__(kind)
    for name, value in {"value": math.nan, "low": math.nan, "high": math.nan, "grade": "D"}.items():
        object.__setattr__(number, name, value)
    object.__setattr__(number, "source", "judged")
    object.__setattr__(number, "note", "")
    object.__setattr__(number, "method", "")
    object.__setattr__(number, "certain", False)
    return number


def shown(tree: Tree) -> str:
    """The value or the kind of a part of a file, for an error line."""
    if isinstance(tree, Scalar):
        return quoted(tree.text) if tree.text else "nothing"
    return f"a list of {len(tree.items)}" if isinstance(tree, yaml_tree.Sequence) else "a mapping"


def deepest(tree: Tree | None, path: Path) -> tuple[int, int | None]:
    """How many keys of `path` are written below `tree`, and the line of the last of them."""
    depth, line = 0, None
    for key in path:
        if not isinstance(tree, yaml_tree.Mapping) or key not in tree.items:
            break
        depth, line, tree = depth + 1, tree.lines[key], tree.items[key]
    return depth, line


def _hint(key: str, value: Tree, known: set[str]) -> str:
    """What an unknown key may have been: one without a value is what stood behind the comma of a text."""
    cut_off = isinstance(value, yaml_tree.Scalar) and value.plain and not value.text
    return "put a text that holds a comma in quotes" if cut_off else name_hint(key, sorted(known))
