"""Simulated interviews as a table, in text or Markdown, and as a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TextIO

from immutabledict import immutabledict
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from bayesknee.cohort.simulated_interviews import AS_STATED, COMPLETE, WORDS
from bayesknee.cohort.simulated_results import Figure, Lost, Result, Results
from bayesknee.display.terminal import console_for, rendered
from bayesknee.knowledge.network import Network

SIDE_BY_SIDE: Final = 4  # policies, in 80 columns

_SHARES: Final = immutabledict(
    {"a true one leads": "top1", "in first three": "top3", "triage too high": "over_triage", "too low": "under_triage"}
)


def interviews_text(network: Network, results: Results, file: TextIO | None = None) -> str:
    """A table for each source of patients, a column for each policy; +- is half the width of the 95 % interval."""
    parts: list[RenderableType] = []
    for source, of_source in results.items():
        parts.append(Text(f"Patients of {_told(source)}; shares in %", style="bold"))
        for start in range(0, len(of_source), SIDE_BY_SIDE):
            parts += [_table(network, of_source[start : start + SIDE_BY_SIDE]), Text()]
    return rendered(console_for(file), *parts)


def _table(network: Network, results: Sequence[Result]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("", overflow="fold")
    for result in results:
        table.add_column(result.policy, justify="right", no_wrap=True)
    for label, cells in _measures(network, results):
        table.add_row(label, *cells)
    return table


def _measures(network: Network, results: Sequence[Result]) -> Iterator[tuple[str, list[str]]]:
    """Each measure with its figures, by policy."""
    yield "patients", [str(result.patients) for result in results]
    yield "questions", [_short(result.asked, 1.0) for result in results]
    yield "95 % ask at most", [f"{each.most_asked:.0f}" for each in results]
    yield "items read", [_short(result.read, 1.0) for result in results]
    for label, name in _SHARES.items():
        yield label, [_short(getattr(result, name), 100.0) for result in results]
    yield "Brier score", [f"{each.brier.value:.4f}" for each in results]
    for condition in dict.fromkeys(name for result in results for name in result.found):
        figures = [result.found.get(condition) for result in results]
        yield (
            f"found: {network.conditions[condition].name}",
            [_short(figure, 100.0) if figure else "" for figure in figures],
        )
        if any(_lost_of(result, condition) for result in results):
            yield "  by all alone - it alone", [_alone(_lost_of(result, condition)) for result in results]


def _lost_of(result: Result, condition: str) -> Lost | None:
    """What a policy loses to asking all, of those who have a condition; None where it is asking all, or not known."""
    return (result.found_lost or {}).get(condition) if result.policy not in COMPLETE else None


def _alone(lost: Lost | None) -> str:
    return f"{lost.by_all_alone} - {lost.by_policy_alone}" if lost else ""


def _short(figure: Figure, times: float) -> str:
    return f"{times * figure.value:.1f} +-{times * (figure.high - figure.low) / 2.0:.1f}"


def interviews_markdown(network: Network, results: Results) -> str:
    """The same in Markdown."""
    parts = []
    for source, of_source in results.items():
        head, *rows = _rows(network, of_source)
        lines = [head, ["---"] * len(head), *rows]
        parts.append(f"Patients of {_told(source)}:\n\n" + "\n".join(f"| {' | '.join(cells)} |" for cells in lines))
    return "\n\n".join(parts) + "\n"


def _told(source: str) -> str:
    return "the network itself" if source == AS_STATED else "networks with every number drawn anew"


def _rows(network: Network, results: Sequence[Result]) -> list[list[str]]:
    found = list(dict.fromkeys(name for result in results for name in result.found))
    head = [
        "policy",
        "patients",
        "questions",
        "95 % ask at most",
        "items read",
        "top 1",
        "lost to all",
        "top 3",
        "Brier",
    ]
    head += ["triage over", "under"]
    for name in found:
        head += [f"found: {network.conditions[name].name}", "lost to all"]
    return [head, *(_row(result, found) for result in results)]


def _row(result: Result, found: Sequence[str]) -> list[str]:
    lost = result.top1_lost if result.policy not in COMPLETE else None
    return [
        WORDS[result.policy],
        str(result.patients),
        _plain(result.asked, 1.0, ".1f"),
        f"{result.most_asked:.0f}",
        _plain(result.read, 1.0, ".0f"),
        _share(result.top1),
        "" if lost is None else _share(lost),
        _share(result.top3),
        _plain(result.brier, 1.0, ".4f"),
        _share(result.over_triage),
        _share(result.under_triage),
        *(cell for name in found for cell in _found(result, name)),
    ]


def _found(result: Result, condition: str) -> list[str]:
    found, lost = result.found.get(condition), _lost_of(result, condition)
    told = f"{_plain(lost.share, 100.0, '.1f')}: {_alone(lost)}" if lost else ""
    return [_share(found) if found else "", told]


def _share(figure: Figure) -> str:
    return _plain(figure, 100.0, ".1f" if figure.high - figure.low < 0.1 else ".0f") if figure.value else "0"


def _plain(figure: Figure, times: float, how: str) -> str:
    value, low, high = (f"{times * each:{how}}" for each in (figure.value, figure.low, figure.high))
    return f"{value} ({low} to {high})"
