"""The authoring report as text, for `bayesknee check`."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from bayesknee.authoring import Report
from bayesknee.knowledge.model import Network


def print_report(console: Console, network: Network, report: Report) -> None:
    """Prints what an author wants to know of a valid network."""
    console.print(f"{network.id} {network.version}: {network.title}", style="bold", highlight=False)
    _print_counts(console, report)
    _print_grades(console, report)
    for kind, overlaps in report.overlaps.items():
        rows = [(f"{each.overlap:.2f}", f"{each.one} / {each.other}") for each in overlaps]
        title = f"Pairs that all {kind} findings together tell apart worst (overlap: 1 never, 0 always)"
        _print_rows(console, title, rows)
    rows = [(f"{bits:.4f}", name) for name, bits in report.weak_findings]
    _print_rows(console, f"Findings that inform least on the conditions, in bits ({report.setting})", rows)
    rows = [
        (f"{number.value:g}", f"{number.low:g} to {number.high:g}  {number.grade}  {'.'.join(path)}")
        for path, number, _ in report.wide_numbers
    ]
    _print_rows(console, "Numbers with the widest ranges", rows)
    for part, names in report.unused.items():
        if names:
            _print_rows(console, f"Unused {part}", [("", ", ".join(names))])


def _print_counts(console: Console, report: Report) -> None:
    counts = ", ".join(f"{count} {part.replace('_', ' ')}" for part, count in report.counts.items())
    _print_rows(console, "Counts", [("", counts)])


def _print_grades(console: Console, report: Report) -> None:
    total = sum(report.grades.values())
    rows = [(grade, f"{count:5d}  {count / total:4.0%}") for grade, count in report.grades.items()]
    _print_rows(console, f"{total} numbers by grade", rows)


def _print_rows(console: Console, title: str, rows: Iterable[tuple[str, str]]) -> None:
    """A title and, below it, a figure and a text on each line."""
    console.print()
    console.print(title, style="bold", highlight=False)
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for figure, text in rows:
        table.add_row(figure, text)
    console.print(Padding(table, (0, 0, 0, 2)), highlight=False)
