"""Codes in a file beside a network: for terminologies that may not be passed on with it, such as SNOMED CT."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from immutabledict import immutabledict

from bayesknee.errors import BayeskneeError, NetworkError, joined, quoted, unknown_text
from bayesknee.knowledge.coding.systems import SYSTEMS
from bayesknee.knowledge.network import Network

COLUMNS: Final = ("node", "state", "system", "code")
MOST_BYTES: Final = 10_000_000  # as of a network's files together


class CodeRow(NamedTuple):
    """A line of such a file.

    Attributes:
        line: its number, from 1.
        node: id of a finding, risk factor or condition.
        state: of the finding or risk factor, or a form of the condition; empty for the node itself.
        system: a key of `SYSTEMS`.
        code: what the system calls it.
    """

    line: int
    node: str
    state: str
    system: str
    code: str


def read_code_file(path: Path) -> tuple[CodeRow, ...]:
    """The lines of a CSV file with the columns node, state, system and code; further columns are for people.

    Raises:
        BayeskneeError: it cannot be read, or is no such file.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        text = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BayeskneeError(f"cannot read the file of codes {quoted(path)}: {error}; name a CSV file") from None
    if len(content) > MOST_BYTES:
        raise BayeskneeError(f"{path.name}: more than {MOST_BYTES:,} bytes; expected a file of codes; name that")
    reader = csv.DictReader(io.StringIO(text))
    if missing := [name for name in COLUMNS if name not in (reader.fieldnames or ())]:
        expected = f"expected the columns {', '.join(COLUMNS)}"
        raise BayeskneeError(f"{path.name}: no column {missing[0]}; {expected}; add it to the first line")
    return tuple(
        CodeRow(reader.line_num, *((row[name] or "").strip() for name in COLUMNS))
        for row in reader
        if any(row.values())
    )


def with_codes(network: Network, rows: tuple[CodeRow, ...], name: str) -> Network:
    """The network with the codes of a file besides its own; probabilities stay as they are.

    Args:
        network: what the codes are for.
        rows: of the file.
        name: of the file, for errors.

    Raises:
        BayeskneeError: a node, state or system that is not known, or a code that breaks the rules for codes.
    """
    if problems := [problem for row in rows for problem in _problems(network, row, name)]:
        raise BayeskneeError(joined(problems))
    sections: dict[str, Mapping[str, Any]] = {}
    for section in ("risk_factors", "findings", "conditions"):
        parts = {node: _coded(part, rows) for node, part in getattr(network, section).items()}
        sections[section] = immutabledict(parts)
    try:
        return replace(network, **sections)  # type: ignore[arg-type]  # sections as they were, with codes
    except NetworkError as error:
        raise BayeskneeError(f"{name}: {joined(str(problem) for problem in error.problems)}") from None


def _problems(network: Network, row: CodeRow, name: str) -> Iterator[str]:
    place = f"{name}:{row.line}"
    known = {**network.questions, **network.conditions}
    if row.node not in known:
        yield f"{place}: {unknown_text('finding, risk factor or condition', row.node, known)}"
    elif row.state and row.state not in _states(network, row.node):
        yield f"{place}: {unknown_text('state', row.state, _states(network, row.node), f'of {row.node}')}"
    if row.system not in SYSTEMS:
        yield f"{place}: {unknown_text('system of codes', row.system, SYSTEMS)}"


def _states(network: Network, node: str) -> tuple[str, ...]:
    return tuple(network.conditions[node].forms) if node in network.conditions else network.questions[node].states


def _coded(part: Any, rows: tuple[CodeRow, ...]) -> Any:  # noqa: ANN401 (a risk factor, finding or condition)
    """A part with its codes, and those of its states or forms."""
    mine = [row for row in rows if row.node == part.id]
    if not mine:
        return part
    coded = replace(part, codes=_with(part.codes, [row for row in mine if not row.state]))
    below = [row for row in mine if row.state]
    if hasattr(part, "forms"):
        forms = {
            form: replace(each, codes=_with(each.codes, [row for row in below if row.state == form]))
            for form, each in part.forms.items()
        }
        return replace(coded, forms=immutabledict(forms))
    named = dict.fromkeys((*part.state_codes, *(row.state for row in below)))
    states = {
        state: _with(part.state_codes.get(state, {}), [row for row in below if row.state == state]) for state in named
    }
    return replace(coded, state_codes=immutabledict(states))


def _with(codes: Mapping[str, tuple[str, ...]], rows: list[CodeRow]) -> Mapping[str, tuple[str, ...]]:
    """Codes with those of some lines behind them; what is there already is not repeated."""
    found = {name: list(listed) for name, listed in codes.items()}
    for row in rows:
        listed = found.setdefault(row.system, [])
        if row.code not in listed:
            listed.append(row.code)
    return immutabledict({name: tuple(listed) for name, listed in found.items()})
