"""The options of commands that read a table of patients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import click

from bayesknee.cli.options import F


def table_options(function: F) -> F:
    """`--map`, `--key`, `--ignore`, and how a file is written; the command gets them as `table`."""

    @wraps(function)
    def with_table(  # noqa: PLR0913 (an argument for each option)
        *args: Any,  # noqa: ANN401 (whatever click hands on)
        key: tuple[str, ...],
        ignore: tuple[str, ...],
        map_file: str | None,
        sheet: str | None,
        separator: str | None,
        encoding: str | None,
        decimal: str | None,
        **others: Any,  # noqa: ANN401 (likewise)
    ) -> Any:  # noqa: ANN401 (likewise)
        from bayesknee.cohort.tables.csv_form import CsvForm
        from bayesknee.cohort.tables.source import TableOptions

        form = CsvForm.told(encoding or "", separator or "", decimal or "")
        table = TableOptions(key, ignore, map_file, form, sheet or "", others.pop("label_column", None) or "")
        return function(*args, table=table, **others)

    for option in reversed(_OPTIONS):
        with_table = option(with_table)
    return with_table  # type: ignore[return-value]  # the same command, with more options


def label_option(function: F) -> F:
    """`--label`, below `table_options`."""
    text = "The column with the true conditions.  [default: label, or that of the map]"
    return click.option("--label", "label_column", metavar="COLUMN", help=text)(function)


def rejects_option(function: F) -> F:
    """`--rejects`, of commands that stop at the first bad row without it."""
    text = "Leave rows that cannot be taken out, and list them in this .csv file, with the reason."
    return click.option("--rejects", metavar="FILE", help=text)(function)


def rows_left_out(rows: int, rejects: str | None) -> Iterator[str]:
    """How many rows were left out, if any."""
    if rows:
        yield f"{rows:,} row{'s are' if rows > 1 else ' is'} left out; {rejects} says why"


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option("--map", "map_file", metavar="FILE", help="What the columns of a foreign table mean; see `template`."),
    click.option("--key", multiple=True, metavar="COLUMN", help="A column to take over, besides; repeatable."),
    click.option("--ignore", multiple=True, metavar="COLUMN", help="A column not to be read; can be repeated."),
    click.option("--sheet", metavar="NAME", help="The sheet of a workbook that has several."),
    click.option("--separator", metavar="SIGN", help="What stands between columns: , ; | or tab.  [default: seen]"),
    click.option("--encoding", metavar="NAME", help="utf-8, utf-16 or latin-1.  [default: seen]"),
    click.option("--decimal", metavar="SIGN", help="The sign of decimals, point or comma.  [default: seen]"),
)
