"""A network's files with other numbers in them. Only the numbers are written anew; comments and layout stay."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path as FilePath
from typing import Final

import yaml
from immutabledict import immutabledict

from bayesknee.errors import BayeskneeError, quoted
from bayesknee.knowledge.model import Number, Path, Reference
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.reader import MAIN_FILE, read_network

LINE: Final = 118


def check_new_folder(folder: FilePath | str, source: FilePath) -> FilePath:
    """The folder, if a network made from `source` can be written there.

    Raises:
        BayeskneeError: it exists, is the source itself, or has no parent folder.
    """
    path = FilePath(folder)
    if path.exists():
        same = " and is the network to learn from" if path.resolve() == source.resolve() else ""
        raise BayeskneeError(f"cannot write the network {quoted(folder)}: it exists{same}; name a new folder")
    if not path.parent.is_dir():
        raise BayeskneeError(
            f"cannot write the network {quoted(folder)}: no folder {quoted(path.parent)}; make it first"
        )
    return path


@dataclass(frozen=True)
class Changes:
    """What is to be written anew.

    Attributes:
        numbers: by path; each must stand in the files.
        version: of the new network.
        references: new ones, by id.
        texts: further files, by name.
    """

    numbers: Mapping[Path, Number]
    version: str
    references: Mapping[str, Reference] = field(default_factory=immutabledict)
    texts: Mapping[str, str] = field(default_factory=immutabledict)


def write_changed(source: FilePath, target: FilePath, changes: Changes) -> Network:
    """Writes the network in `source` with changes into the new folder `target`, which appears when complete.

    Args:
        source: a network's folder; its files are copied, its subfolders are not.
        target: as `check_new_folder` allows.
        changes: what differs.

    Returns:
        The new network, read back.

    Raises:
        BayeskneeError: a path that the files lack, or a `target` that cannot be.
        NetworkError: the new numbers break the rules of the format.
        OSError: it cannot be written.
    """
    check_new_folder(target, source)
    beside = FilePath(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        _write_files(source, beside, changes)
        if changes.references:
            (beside / _free_name(source)).write_text(_references(changes.references), encoding="utf-8")
        for name, text in changes.texts.items():
            (beside / name).write_text(text, encoding="utf-8")
        network = read_network(beside)
        beside.chmod(0o777 & ~_umask())
        beside.rename(target)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return network


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _write_files(source: FilePath, target: FilePath, changes: Changes) -> None:
    left = dict(changes.numbers)
    for file in sorted(path for path in source.iterdir() if path.is_file()):
        if file.suffix != ".yaml":
            shutil.copyfile(file, target / file.name)
            continue
        page = _Page(file.read_text(encoding="utf-8-sig"))
        for path in [path for path in left if page.put(path, left[path])]:
            del left[path]
        if file.name == MAIN_FILE:
            page.put_text(("network", "version"), changes.version)
        (target / file.name).write_text(page.edited(), encoding="utf-8")
    if left:
        missing = ".".join(next(iter(left)))
        raise BayeskneeError(f"the files of {source} hold no number {missing}; learn from the network that they make")


class _Page:
    """The text of a file and what is to be written in place of parts of it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._root = yaml.compose(text, Loader=yaml.CSafeLoader)
        self._starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
        self._edits: dict[tuple[int, int], str] = {}

    def put(self, path: Path, number: Number) -> bool:
        """Puts a number at a path; whether this file has it."""
        if node := self._node(path):
            self._edits[self._span(node)] = _number(number, node.start_mark.column)
        return node is not None

    def put_text(self, path: Path, text: str) -> None:
        """Puts a text at a path, if this file has it."""
        if node := self._node(path):
            self._edits[self._span(node)] = json.dumps(text)

    def edited(self) -> str:
        """The text with all that was put."""
        text = self._text
        for (start, end), new in sorted(self._edits.items(), reverse=True):
            text = text[:start] + new + text[end:]
        return text

    def _node(self, path: Path) -> yaml.Node | None:
        node: yaml.Node | None = self._root
        for key in path:
            if not isinstance(node, yaml.MappingNode):
                return None
            node = next((value for name, value in node.value if name.value == key), None)
        return node

    def _span(self, node: yaml.Node) -> tuple[int, int]:
        """Where a node stands. libyaml ends a block mapping where the next thing begins; here, with its last value."""
        last = node
        while isinstance(last, yaml.MappingNode) and not last.flow_style:
            last = last.value[-1][1]
        begin, end = node.start_mark, last.end_mark
        return self._starts[begin.line] + begin.column, self._starts[end.line] + end.column


def _number(number: Number, column: int) -> str:
    """A number as the format has it, its note on lines of its own."""
    head = f"{{value: {number.value!r}, low: {number.low!r}, high: {number.high!r}, grade: {number.grade}"
    head = f"{head}, source: {number.source}"
    if not number.note:
        return f"{head}}}"
    indent = " " * (column + 1)
    note = f"note: {json.dumps(' '.join(number.note.split()), ensure_ascii=False)}}}"
    lines = textwrap.wrap(note, max(LINE - len(indent), 60), break_long_words=False, break_on_hyphens=False)
    return "\n".join([f"{head},", *(f"{indent}{line}" for line in lines)])


def _references(references: Mapping[str, Reference]) -> str:
    lines = ["references:"]
    for name, each in references.items():
        lines += [f"  {name}:", f"    citation: {json.dumps(each.citation, ensure_ascii=False)}"]
    return "\n".join(lines) + "\n"


def _free_name(folder: FilePath) -> str:
    names = ["learned.yaml", *(f"learned_{number}.yaml" for number in range(2, 100))]
    return next(name for name in names if not (folder / name).exists())
