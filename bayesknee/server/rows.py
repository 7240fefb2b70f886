"""Many patients: rows in, lines of JSON out, as they are scored."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bayesknee.diagnosis.engine import Engine
from bayesknee.errors import TableError
from bayesknee.patient.columns import check_columns
from bayesknee.plain import plain
from bayesknee.server.limits import MOST_ROWS, ROWS_AT_ONCE
from bayesknee.server.problems import RefusedError
from bayesknee.version import __version__


def read_rows(body: bytes) -> list[dict[str, Any]]:
    """The rows of a body of NDJSON, a JSON object of answers by finding on each line.

    Raises:
        TableError: a line that is none.
        RefusedError: too many of them.
    """
    lines = [(number, line) for number, line in enumerate(body.splitlines(), 1) if line.strip()]
    if len(lines) > MOST_ROWS:
        raise RefusedError(413, f"{len(lines):,} rows; a request may have {MOST_ROWS:,}; send several requests")
    if not lines:
        raise TableError("the body has no rows; expected a JSON object of answers on each line; send some")
    return [_row(number, line) for number, line in lines]


def _row(number: int, line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise TableError(f"line {number} is no JSON object in UTF-8; expected answers by finding; mend it")
    for name, answer in row.items():
        if isinstance(answer, dict | list):
            raise TableError(f"line {number}: {name} has several answers; expected one state or number; mend it")
    return row


def score_lines(
    engine: Engine, rows: Sequence[Mapping[str, Any]], ignore: Iterable[str] = (), *, warnings: bool = False
) -> Iterator[bytes]:
    """A line that says what scored, then one for each row: its scores, or the reason why it has none.

    Raises:
        TableError: columns that the network cannot take, before the first line.
    """
    names = dict.fromkeys(name for row in rows for name in row)
    left_out = tuple(name for name in ignore if name in names)
    check_columns(engine.network, names, ignore=left_out)
    kept = [name for name in names if name not in left_out]
    return _lines(engine, rows, kept, warnings=warnings)


def _lines(
    engine: Engine, rows: Sequence[Mapping[str, Any]], names: Sequence[str], *, warnings: bool
) -> Iterator[bytes]:
    import pandas as pd

    head = {"program": __version__, "network": engine.network.identity, "setting": engine.setting, "rows": len(rows)}
    yield _line(head)
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = rows[start : start + ROWS_AT_ONCE]
        columns = {name: pd.Series([row.get(name) for row in part], dtype=object) for name in names}
        frame = pd.DataFrame(columns, index=range(start, start + len(part)))
        scores = engine.score(frame, errors="collect", warnings=warnings)
        for row, record in zip(scores.index, scores.to_dict("records"), strict=True):
            yield _line({"row": row, **_told(record)})


def _told(record: Mapping[Any, Any]) -> dict[str, Any]:
    """The scores of a row, or the reason why it has none."""
    if record["reason"]:
        return {"reason": record["reason"]}
    return {str(name): value for name, value in record.items() if name != "reason"}


def _line(document: Mapping[str, Any]) -> bytes:
    return f"{json.dumps(plain(document), allow_nan=False)}\n".encode()
