"""The authoring report as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TextIO

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from bayesknee.authoring import Report
from bayesknee.display.terminal import columns, console_for, rendered
from bayesknee.knowledge.model import ANSWERED_BY
from bayesknee.knowledge.network import Network


def report_text(network: Network, report: Report, file: TextIO | None = None) -> str:
    """The report of `network`, which is in order."""
    return rendered(console_for(file), *_parts(network, report))


def _parts(network: Network, report: Report) -> Iterator[RenderableType]:
    yield Text(f"ok: {network.id} {network.version} ({network.title})", style="bold")
    yield Text(f"sha256 {network.sha256}")
    yield Text(_counts(report))
    yield Text("numbers by grade: " + ", ".join(f"{grade} {count}" for grade, count in report.grades.items()))
    if not report.overlaps:
        yield Text("too many conditions to say which are told apart worst, and which findings say least")
    for kind, overlaps in report.overlaps.items():
        title = f"Told apart worst by {kind} alone in {report.setting} (1 = not at all)"
        rows = ((f"{each.overlap:.2f}", f"{each.one}, {each.other}") for each in overlaps)
        yield from _section(title, rows)
    yield from _section(
        "Findings that say least (bits)", ((f"{bits:.4f}", name) for name, bits in report.weak_findings)
    )
    yield from _section(
        "Over the limit without answers; only answers that speak for it call for its level",
        (
            (f"{each.base_rate:g}, limit {each.limit:g}", f"{each.condition}, {each.setting}")
            for each in report.over_limit
        ),
    )
    yield from _section(
        "Red flags that no opening question and no list asks for", ((name, "") for name in report.flags_in_no_list)
    )
    yield from _section(
        "Widest ranges",
        ((f"{n.low:g} to {n.high:g}, grade {n.grade}", ".".join(path)) for path, n, _ in report.wide_numbers),
    )
    yield from _section(
        "Phrases that several questions have", ((word, ", ".join(ids)) for word, ids in report.shared_synonyms.items())
    )
    yield from _section("Unused", ((part, ", ".join(names)) for part, names in report.unused.items() if names))


def _counts(report: Report) -> str:
    kinds = ", ".join(f"{report.counts[kind]} {kind}" for kind in ANSWERED_BY)
    parts = (f"{count} {part.replace('_', ' ')}" for part, count in report.counts.items() if part not in ANSWERED_BY)
    return ", ".join(f"{part} ({kinds})" if part.endswith(" findings") else part for part in parts)


def _section(title: str, rows: Iterable[tuple[str, str]]) -> Iterator[RenderableType]:
    table = columns()
    for row in rows:
        table.add_row(*row)
    if table.row_count:
        yield Text(f"\n{title}", style="bold")
        yield Padding(table, (0, 0, 0, 2))
