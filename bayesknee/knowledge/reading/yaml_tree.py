"""YAML files as trees that remember their lines. Plain data only; anything else is a `Problem`, never an object.

Scalars stay text: whether `no` is a state, a name or a truth value is for the reader of the format to say.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import yaml

from bayesknee.errors import Problem, quoted

# Judged: reading takes seconds at that size, and a wrong file is to be refused before memory is full.
MOST_BYTES: Final = 4_000_000
# Judged: the format has less than half; each level is a call in a call, of which Python allows about a thousand.
MOST_DEPTH: Final = 20
# What to do about the words in which libyaml tells the faults that people make most.
REMEDIES: Final = {
    "mapping values are not allowed": 'put a text that holds a colon in quotes: label: "Fever: high"',
    "cannot start any token": "put the text in quotes, and write spaces in place of tabs",
    "did not find expected ',' or": "close the bracket, put a comma between entries, and a text with a comma in quotes",
    "did not find expected key": "set the lines of one mapping under each other, as deep as the first",
    "unexpected end of stream": "close the quotation mark",
    "could not find expected ':'": "write key: value, with a space behind the colon",
}


class Scalar(NamedTuple):  # of which a network has tens of thousands: made in a third of a dataclass's time
    """A text as written; `plain` where it bore no quotes."""

    text: str
    line: int
    plain: bool


class Sequence(NamedTuple):
    """A list."""

    items: list[Tree]
    line: int


class Mapping(NamedTuple):
    """A mapping; `lines` has the line of each key."""

    items: dict[str, Tree]
    lines: dict[str, int]
    line: int


Tree: TypeAlias = Scalar | Sequence | Mapping


class TreeError(Exception):
    """A file that cannot be read as YAML; `problems` says where and why."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(map(str, problems)))


class TooManyNodesError(TreeError):
    """A file of more keys and values than it may have; to read on would take as long for each of the other files."""


class TreeFile(NamedTuple):
    """One YAML file.

    Attributes:
        tree: what it holds.
        problems: one for each item that is not plain data or stands twice.
        content: its bytes.
        nodes: how many scalars, lists and mappings it has, keys included.
    """

    tree: Tree
    problems: list[Problem]
    content: bytes
    nodes: int


def read_tree(path: Path, most_bytes: int = MOST_BYTES, most_nodes: int = MOST_BYTES) -> TreeFile:
    """The tree of one YAML file of so many bytes and nodes at most.

    Raises:
        TreeError: for a file that is unreadable, too large, not UTF-8, empty or not YAML.
    """
    content = _bytes_of(path, most_bytes)
    builder, tree = _built(content, path.name, most_nodes)
    return TreeFile(tree, builder.problems, content, builder.nodes)


def _bytes_of(path: Path, most_bytes: int) -> bytes:
    if path.exists() and not path.is_file():  # reading a pipe might never end
        raise _refusal(path.name, None, "a folder, pipe or device", "a regular file", "remove it, or put a file there")
    try:
        with path.open("rb") as file:
            content = file.read(most_bytes + 1)
    except OSError as error:
        got = error.strerror or "an unreadable file"
        raise _refusal(path.name, None, got, "a readable file", "check the path") from None
    if len(content) > most_bytes:
        got, expected = f"more than {most_bytes:,} bytes", f"a file of at most {most_bytes:,} bytes"
        raise _refusal(path.name, None, got, expected, "split it or name the right file")
    return content


def parse_tree(content: bytes, name: str) -> tuple[Tree, list[Problem]]:
    """The tree of YAML `content`, and a problem for all that is not plain data or stands twice; errors say `name`.

    Raises:
        TreeError: as `read_tree`.
    """
    builder, tree = _built(content, name, len(content) + 1)
    return tree, builder.problems


def _remedy(told: str) -> str:
    return next((remedy for words, remedy in REMEDIES.items() if words in told), "mend the syntax there")


def _built(content: bytes, name: str, most_nodes: int) -> tuple[_Builder, Tree]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        got = f"the byte 0x{content[error.start]:02x}"
        raise _refusal(name, line, got, "UTF-8 text", "save the file as UTF-8") from None
    try:
        builder = _Builder(name, yaml.CSafeLoader(text).get_event, most_nodes)
        return builder, builder.document()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        got = str(getattr(error, "problem", None) or "text that YAML cannot read")
        if "nesting depth" in got:  # newer versions of libyaml have a limit of their own
            raise _refusal(name, mark.line + 1 if mark else None, got, "plain data", "flatten it") from None
        raise _refusal(name, mark.line + 1 if mark else None, got, "YAML", _remedy(got)) from None


def _refusal(name: str, line: int | None, got: str, expected: str, remedy: str) -> TreeError:
    return TreeError([Problem((), got, expected, remedy, name, line)])


class _Builder:
    """Builds a tree from libyaml's events and collects what is not plain data on the way."""

    def __init__(self, name: str, next_event: Callable[[], Any], most_nodes: int) -> None:
        self._name = name
        self._next = next_event
        self._most = most_nodes
        self.nodes = 0
        self.problems: list[Problem] = []

    def document(self) -> Tree:
        self._next()
        event = self._next()
        if isinstance(event, yaml.StreamEndEvent):
            raise _refusal(self._name, None, "an empty file", "YAML data", "fill it or remove it")
        tree = self._tree(self._next(), depth=0)
        self._next()
        event = self._next()
        if not isinstance(event, yaml.StreamEndEvent):
            self._problem(event, "a second document", "one document in a file", "remove the line ---")
        return tree

    def _problem(self, event: Any, got: str, expected: str, remedy: str) -> None:  # noqa: ANN401
        self.problems.append(Problem((), got, expected, remedy, self._name, event.start_mark.line + 1))

    def _tree(self, event: Any, depth: int) -> Tree:  # noqa: ANN401
        line = event.start_mark.line + 1
        self.nodes += 1
        if self.nodes > self._most:
            got, expected = "too many keys and values", "no more than a network has"
            raise TooManyNodesError([Problem((), got, expected, "leave out what is not needed", self._name, line)])
        if depth > MOST_DEPTH:
            raise _refusal(self._name, line, f"more than {MOST_DEPTH} levels", "plain data", "flatten it")
        if isinstance(event, yaml.ScalarEvent) and not event.anchor and not event.tag:  # nearly all, so asked first
            return _scalar(event, line)
        if isinstance(event, yaml.AliasEvent):
            self._problem(event, f"the alias *{event.anchor}", "plain data", "write the value out")
            return Scalar("", line, plain=True)
        if event.anchor:
            self._problem(event, f"the anchor &{event.anchor}", "plain data", "remove it")
        if event.tag:
            self._problem(event, f"the tag {event.tag}", "plain data without tags", "remove it")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(line, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(line, depth)
        return _scalar(event, line)

    def _sequence(self, line: int, depth: int) -> Sequence:
        items: list[Tree] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._tree(event, depth + 1))
        return Sequence(items, line)

    def _mapping(self, line: int, depth: int) -> Mapping:
        items: dict[str, Tree] = {}
        lines: dict[str, int] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = self._tree(event, depth + 1)
            value = self._tree(self._next(), depth + 1)
            if not isinstance(key, Scalar):
                self._problem(event, "a list or mapping as a key", "a word as a key", "rename it")
            elif key.text in items:
                got = f"{quoted(key.text)} again (first on line {lines[key.text]})"
                self._problem(event, got, "each key once", "keep one of them")
            else:
                items[key.text], lines[key.text] = value, key.line
        return Mapping(items, lines, line)


def _scalar(event: Any, line: int) -> Scalar:  # noqa: ANN401
    return Scalar(event.value, line, not event.style)
