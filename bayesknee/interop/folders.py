"""Networks of conditions and noisy-OR findings, such as those read from other files, written as a folder.

The folder is written beside its place, read back and compared; only then does it bear its name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from bayesknee.errors import BayeskneeError, ExportError
from bayesknee.files import new_folder, write_file
from bayesknee.knowledge.model import ANY_SETTING, Condition, Finding, NoisyOr, Number
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.reading.reader import MAIN_FILE, read_network
from bayesknee.knowledge.writer import check_read_back

MOST_CHARACTERS: Final = 2_000_000  # in a file: half of what the reader takes
CASES: Final = "cases"


def write_folder(network: Network, folder: Path, evidence: Mapping[str, str] | None = None) -> list[Path]:
    """Writes a network of noisy-OR findings, and its evidence as a case file below it, into a new or empty folder.

    Returns:
        The files.

    Raises:
        ExportError: a folder with something in it, or that cannot be written; a network of other kinds of nodes, or one
            that the format cannot hold.
    """
    if network.risk_factors or network.signs or network.groups or network.complaint:
        raise ExportError(f"{network.id} has more than conditions and findings; copy its folder instead")
    texts = _split("conditions", (_condition(each) for each in network.conditions.values()))
    texts |= _split("findings", (_finding(each) for each in network.findings.values()))
    texts = {MAIN_FILE: "\n".join(_head(network, texts)) + "\n", **texts}
    if evidence:
        texts[f"{CASES}/{network.id}.yaml"] = "\n".join(_case(network, evidence)) + "\n"
    _write(network, folder, texts)
    return [folder / name for name in texts]


def _write(network: Network, folder: Path, texts: Mapping[str, str]) -> None:
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            got = "has files in it" if folder.is_dir() else "is a file"
            raise ExportError(f"{str(folder)!r} {got}; expected a new or empty folder; name another one")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with new_folder(folder) as beside:
            for name, text in texts.items():
                (beside / name).parent.mkdir(exist_ok=True)
                write_file(beside / name, text.encode())
            _check(network, beside)
    except OSError as error:
        raise ExportError(f"cannot write {str(folder)!r}: {error.strerror or error}; check the path") from None


def _check(network: Network, folder: Path) -> None:
    try:
        check_read_back(read_network(folder), network)
    except BayeskneeError as error:
        raise ExportError(f"{network.id} cannot be written as a folder: {error}") from None


def _split(section: str, entries: Iterable[str]) -> dict[str, str]:
    """A section as one file or more."""
    parts: list[list[str]] = [[]]
    length = 0
    for entry in entries:
        if length + len(entry) > MOST_CHARACTERS:
            parts.append([])
            length = 0
        parts[-1].append(entry)
        length += len(entry)
    names = [f"{section}.yaml"] if len(parts) == 1 else [f"{section}_{i:02}.yaml" for i in range(1, len(parts) + 1)]
    return {name: f"{section}:\n" + "".join(part) for name, part in zip(names, parts, strict=True)}


def _head(network: Network, files: Iterable[str]) -> Iterator[str]:
    yield "network:"
    yield "  format: 1"
    for key in ("id", "version", "title", "description", "caution"):
        if value := getattr(network, key):
            yield f"  {key}: {_text(value)}"
    yield f"  files: [{', '.join(files)}]"
    yield "settings:"
    yield from (f"  {each.id}: {{name: {_text(each.name)}}}" for each in network.settings.values())
    yield "topics:"
    yield from (f"  {name}: {_text(label)}" for name, label in network.topics.items())
    yield "references:"
    for each in network.references.values():
        yield f"  {each.id}: {{citation: {_text(each.citation)}, note: {_text(each.note)}}}"


def _condition(condition: Condition) -> str:
    rate = condition.base_rate[ANY_SETTING]
    return (
        f"  {condition.id}:\n"
        f"    name: {_text(condition.name)}\n"
        f"    icd10: {condition.icd10}\n"
        f"    description: {_text(condition.description)}\n"
        f"    what_helps: {_text(condition.what_helps)}\n"
        f"    level: {condition.level}\n"
        f"    limit: {_number(condition.limit)}\n"
        f"    base_rate: {{any_setting: {_number(rate)}}}\n"
    )


def _finding(finding: Finding) -> str:
    rule = finding.model
    if not isinstance(rule, NoisyOr):
        raise ExportError(f"{finding.id} is no noisy_or; copy the network's folder instead")
    basis = rule.leak
    causes = "".join(f"        {name}: {_number(number, basis)}\n" for name, number in rule.causes.items())
    return (
        f"  {finding.id}:\n"
        f"    kind: {finding.kind}\n"
        f"    label: {_text(finding.label)}\n"
        f"    question: {_text(finding.question)}\n"
        f"    topic: {finding.topic}\n"
        f"    basis: {{grade: {basis.grade}, source: {basis.source}}}\n"
        f"    noisy_or:\n"
        f"      leak: {_number(basis, basis)}\n"
        f"      causes:\n{causes}"
    )


def _number(number: Number, basis: Number | None = None) -> str:
    figures = f"value: {number.value!r}, low: {number.low!r}, high: {number.high!r}"
    if basis is None or (basis.grade, basis.source) != (number.grade, number.source):
        figures += f", grade: {number.grade}, source: {number.source}"
    return f"{{{figures}, note: {_text(number.note)}}}" if number.note else f"{{{figures}}}"


def _case(network: Network, evidence: Mapping[str, str]) -> Iterator[str]:
    yield f"id: {network.id}"
    yield f"title: {_text(f'Evidence that came with {network.title}')}"
    yield "evidence:"
    yield from (f"  {name}: {answer}" for name, answer in evidence.items())


def _text(text: str) -> str:
    """A text as a quoted YAML scalar: JSON's quoting is part of YAML's."""
    return json.dumps(text, ensure_ascii=False)
