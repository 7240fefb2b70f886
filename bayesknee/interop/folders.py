"""Networks of conditions and noisy-OR findings, such as those read from other files, written as a folder.

The folder is written beside its place, read back and compared; only then does it bear its name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from immutabledict import immutabledict

from bayesknee.errors import BayeskneeError, ExportError
from bayesknee.files import new_folder, write_file
from bayesknee.knowledge.model import (
    ANY_SETTING,
    NO_YES,
    RULE_KEYS,
    CodesBySystem,
    Condition,
    Distribution,
    Finding,
    FindingModel,
    Number,
    RiskFactor,
    Sign,
    numbers_below,
)
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.reading.reader import MAIN_FILE, read_network
from bayesknee.knowledge.writer import check_read_back

MOST_CHARACTERS: Final = 2_000_000  # in a file: half of what the reader takes
CASES: Final = "cases"


def write_folder(network: Network, folder: Path, evidence: Mapping[str, str] | None = None) -> list[Path]:
    """Writes a network as it comes from other programs, and its evidence as a case file below it, into a new folder.

    Returns:
        The files.

    Raises:
        ExportError: a folder with something in it, or that cannot be written; a network with parts that no other
            program has, or one that the format cannot hold.
    """
    rules = (network.groups, network.red_flags, network.scores, network.general_advice, network.opening.tick_all)
    if any(rules) or network.scope.purpose:
        raise ExportError(f"{network.id} has more than other programs know of; copy its folder instead")
    texts: dict[str, str] = {}
    for section, entry in _ENTRIES.items():
        if things := getattr(network, section):
            texts |= _split(section, (entry(each) for each in things.values()))
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
    for key in ("id", "version", "title", "description", "complaint", "catch_all", "caution", "icd10_edition"):
        if value := getattr(network, key):
            yield f"  {key}: {_text(value)}"
    if network.most_causes is not None:
        yield f"  most_causes: {network.most_causes}"
    yield f"  files: [{', '.join(files)}]"
    yield "settings:"
    yield from (f"  {each.id}: {{name: {_text(each.name)}}}" for each in network.settings.values())
    yield "topics:"
    yield from (f"  {name}: {_text(label)}" for name, label in network.topics.items())
    yield "references:"
    for each in network.references.values():
        yield f"  {each.id}: {{citation: {_text(each.citation)}, note: {_text(each.note)}}}"
    if network.opening.questions:
        yield f"interview: {{opening: [{', '.join(network.opening.questions)}]}}"


def _condition(condition: Condition) -> str:
    rate = condition.base_rate[ANY_SETTING]
    text = (
        f"  {condition.id}:\n"
        f"    name: {_text(condition.name)}\n"
        f"    icd10: {condition.icd10}\n"
        f"    description: {_text(condition.description)}\n"
        f"    what_helps: {_text(condition.what_helps)}\n"
        f"    level: {condition.level}\n"
        f"    limit: {_number(condition.limit)}\n"
        f"    base_rate: {{any_setting: {_number(rate)}}}\n"
    )
    text += f"    codes: {_codes(condition.codes)}\n" if condition.codes else ""
    text += f"    odds_ratios:\n{_tree(condition.odds_ratios, 6)}" if condition.odds_ratios else ""
    forms = (
        f"      {each.id}: {{name: {_text(each.name)}, share: {_flow(each.share, None)}"
        f"{f', codes: {_codes(each.codes)}' if each.codes else ''}}}\n"
        for each in condition.forms.values()
    )
    return text + (f"    forms:\n{''.join(forms)}" if condition.forms else "")


def _risk_factor(factor: RiskFactor) -> str:
    return f"{_question(factor)}    prior:\n{_tree(factor.prior, 6)}"


def _sign(sign: Sign) -> str:
    return (
        f"  {sign.id}:\n    label: {_text(sign.label)}\n    description: {_text(sign.description)}\n{_rule(sign.model)}"
    )


def _finding(finding: Finding) -> str:
    return _question(finding) + _rule(finding.model)


def _question(question: RiskFactor | Finding) -> str:
    """What a risk factor and a finding have in common."""
    lines = [f"  {question.id}:"]
    lines += [f"    kind: {question.kind}"] if isinstance(question, Finding) else []
    lines += [f"    label: {_text(question.label)}", f"    question: {_text(question.question)}"]
    lines += [f"    topic: {question.topic}"]
    lines += [f"    burden: {question.burden!r}"] if question.burden != 1.0 else []
    lines += [f"    states: [{', '.join(question.states)}]"] if question.states != NO_YES else []
    if question.state_names:
        names = (f"{state}: [{', '.join(map(_text, names))}]" for state, names in question.state_names.items())
        lines += [f"    state_names: {{{', '.join(names)}}}"]
    lines += [f"    codes: {_codes(question.codes)}"] if question.codes else []
    if question.state_codes:
        codes = (f"{state}: {_codes(each)}" for state, each in question.state_codes.items())
        lines += [f"    state_codes: {{{', '.join(codes)}}}"]
    return "\n".join(lines) + "\n"


def _codes(codes: CodesBySystem) -> str:
    listed = (f"{name}: [{', '.join(map(_text, each))}]" for name, each in codes.items())
    return f"{{{', '.join(listed)}}}"


def _rule(model: FindingModel) -> str:
    """The rule under its key, below what its numbers have in common."""
    basis = next(number for _, number in numbers_below((), model))
    key = RULE_KEYS[type(model)]
    parts = {each.name: getattr(model, each.name) for each in fields(model)}
    written = {name: part for name, part in parts.items() if part is not None and part != {}}
    return f"    basis: {{grade: {basis.grade}, source: {basis.source}}}\n    {key}:\n{_tree(written, 6, basis)}"


def _tree(parts: Mapping[str, object], column: int, basis: Number | None = None) -> str:
    """Mappings, one key a line, down to the distributions and numbers, which stand on the line of their key."""
    lines = []
    for name, part in parts.items():
        key = f"{' ' * column}{name}:"
        if isinstance(part, Mapping) and not all(isinstance(each, Number) for each in part.values()):
            lines.append(f"{key}\n{_tree(part, column + 2, basis)}")
        else:
            lines.append(f"{key} {_flow(part, basis)}\n")
    return "".join(lines)


def _flow(part: object, basis: Number | None) -> str:
    if isinstance(part, Number):
        return _number(part, basis)
    if isinstance(part, Distribution):
        return _flow(part.numbers, basis)
    if isinstance(part, Mapping):
        return f"{{{', '.join(f'{name}: {_flow(each, basis)}' for name, each in part.items())}}}"
    return f"[{', '.join(part)}]" if isinstance(part, tuple) else str(part)


def _number(number: Number, basis: Number | None = None) -> str:
    figures = f"value: {number.value!r}, low: {number.low!r}, high: {number.high!r}"
    figures = f"value: {number.value!r}, certain: true" if number.certain else figures
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


_ENTRIES: Final[Mapping[str, Callable[[Any], str]]] = immutabledict(
    risk_factors=_risk_factor, conditions=_condition, signs=_sign, findings=_finding
)
