"""A network's files with other numbers in them. Only the numbers are written anew; comments and layout stay.

What is written is read back and compared before the folder bears its name.
"""

from __future__ import annotations

import json
import os
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path as FilePath
from typing import Final

import yaml
from immutabledict import immutabledict

from bayesknee.errors import BayeskneeError, quoted
from bayesknee.files import new_folder, write_file
from bayesknee.knowledge.model import NODES, Number, Path, Reference, with_numbers
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.reading.reader import MAIN_FILE, TESTS_FILE, read_network

LINE: Final = 118


def check_new_folder(folder: FilePath | str, source: FilePath) -> FilePath:
    """The folder, if a network made from `source` can be written there.

    Raises:
        BayeskneeError: it exists, is the source itself, or has no parent folder.
    """
    path = FilePath(folder)
    if os.path.lexists(path):
        same = " and is the network to learn from" if path.resolve() == source.resolve() else ""
        raise BayeskneeError(f"cannot write the network {quoted(folder)}: it exists{same}; name a new folder")
    if not path.parent.is_dir():
        raise BayeskneeError(
            f"cannot write the network {quoted(folder)}: no folder {quoted(path.parent)}; make it first"
        )
    return path


@dataclass(frozen=True)
class Changes:
    """The changes to write into the files of a network.

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
    before = read_network(source)
    with new_folder(target) as beside:
        _write_files(source, beside, changes)
        for name, text in changes.texts.items():
            write_file(beside / name, text.encode())
        network = read_network(beside)
        check_read_back(network, _changed(before, changes))
    return network


def _changed(network: Network, changes: Changes) -> Network:
    """The network that the changed files must give when read again; reading puts each text on one line."""
    numbers = {path: replace(number, note=_on_one_line(number.note)) for path, number in changes.numbers.items()}
    references = {
        name: replace(reference, citation=_on_one_line(reference.citation))
        for name, reference in changes.references.items()
    }
    parts = {section: with_numbers((section,), getattr(network, section), numbers) for section in NODES}
    return replace(network, version=changes.version, references={**network.references, **references}, **parts)


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def check_read_back(network: Network, expected: Network) -> None:
    """Compares a network that was written and read back with the one that was meant.

    Raises:
        BayeskneeError: they differ; tells where first.
    """
    for part in fields(expected):
        if part.name != "sha256" and getattr(network, part.name) != getattr(expected, part.name):
            got, wanted = (dict(each.numbers()) for each in (network, expected))
            differing = (".".join(path) for path in wanted if got.get(path) != wanted[path])
            place = next(differing, part.name)
            raise BayeskneeError(
                f"{place} would not read back from the new files as it was meant, so none are kept; expected the same; "
                "write that part of the old files more plainly, a value on a line"
            )


def not_copied(folder: FilePath) -> tuple[str, ...]:
    """The files of a network's folder that a new one does not get: links, which may lead anywhere, pipes, devices."""
    return tuple(
        path.name
        for path in sorted(folder.iterdir())
        if not path.is_dir() and not _is_network_file(path) and (path.is_symlink() or not path.is_file())
    )


def _is_network_file(path: FilePath) -> bool:
    return path.suffix == ".yaml" and path.name != TESTS_FILE


def _write_files(source: FilePath, target: FilePath, changes: Changes) -> None:
    left = dict(changes.numbers)
    skipped = not_copied(source)
    files = sorted(path for path in source.iterdir() if path.is_file() and path.name not in skipped)
    texts = {_free_name(source): _references(changes.references)} if changes.references else {}
    names = sorted({*(path.name for path in files if _is_network_file(path)), *texts} - {MAIN_FILE})
    for file in files:
        content = file.read_bytes()
        if _is_network_file(file):
            page = _Page(content.decode("utf-8-sig"))
            for path in [path for path in left if page.put(path, left[path])]:
                del left[path]
            if file.name == MAIN_FILE:
                page.put_head(changes.version, names)
            content = page.edited().encode()
        write_file(target / file.name, content)
    for name, text in texts.items():
        write_file(target / name, text.encode())
    if left:
        missing = ".".join(next(iter(left)))
        raise BayeskneeError(f"the files of {source} hold no number {missing}; learn from the network that they make")


class _Page:
    """The text of a file and what is to be written in place of parts of it.

    Places are counted in characters, as libyaml counts them. Lines will not do: YAML ends one at U+0085, U+2028 and
    U+2029, too, and others do not.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._root = yaml.compose(text, Loader=yaml.CSafeLoader)
        self._end_of_line = "\r\n" if "\r\n" in text else "\n"
        self._edits: dict[tuple[int, int], str] = {}

    def put(self, path: Path, number: Number) -> bool:
        """Puts a number at a path, and returns whether this file has the path."""
        if node := self._node(path):
            self._edits[self._span(node)] = _number(number, node.start_mark.column)
        return node is not None

    def put_head(self, version: str, files: Iterable[str]) -> None:
        """Puts the version, and which files there must be beside this one, if any."""
        new = json.dumps(version)
        if listed := ", ".join(map(json.dumps, files)):
            new += self._put_files(f"[{listed}]")
        if node := self._node(("network", "version")):
            self._edits[self._span(node)] = new

    def _put_files(self, listed: str) -> str:
        """Puts a list in place of the one that is there; where none is, what to write behind the version."""
        if before := self._node(("network", "files")):
            # A list of dashes may begin right below its key; one in brackets must stand further in.
            self._edits[self._span(before)] = f"  {listed}"
            return ""
        head = self._node(("network",))
        if not isinstance(head, yaml.CollectionNode) or head.flow_style:
            return f", files: {listed}"
        return "\n" + " " * head.start_mark.column + f"files: {listed}"

    def edited(self) -> str:
        """The text of the file with all changes made."""
        text = self._text
        for (start, end), new in sorted(self._edits.items(), reverse=True):
            text = text[:start] + new.replace("\n", self._end_of_line) + text[end:]
        return text

    def _node(self, path: Path) -> yaml.Node | None:
        node: yaml.Node | None = self._root
        for key in path:
            if not isinstance(node, yaml.MappingNode):
                return None
            node = next((value for name, value in node.value if name.value == key), None)
        return node

    def _span(self, node: yaml.Node) -> tuple[int, int]:
        """Where a node stands. libyaml ends a block where the next thing begins; here, it ends with its last value."""
        last = node
        while isinstance(last, yaml.CollectionNode) and not last.flow_style and last.value:
            last = last.value[-1][1] if isinstance(last, yaml.MappingNode) else last.value[-1]
        return node.start_mark.index, last.end_mark.index


def _number(number: Number, column: int) -> str:
    """A number as the format has it, its note on lines of its own."""
    figures = "certain: true" if number.certain else f"low: {number.low!r}, high: {number.high!r}"
    head = f"{{value: {number.value!r}, {figures}, grade: {number.grade}"
    head = f"{head}, source: {number.source}{f', method: {number.method}' if number.method else ''}"
    if not number.note:
        return f"{head}}}"
    indent = " " * (column + 1)
    note = f"note: {json.dumps(_on_one_line(number.note), ensure_ascii=False)}}}"
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
