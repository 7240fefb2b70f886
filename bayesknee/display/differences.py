"""What differs between two networks, and which cases it changes, as text for people and as plain data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TextIO

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from bayesknee.cohort.comparison import CaseChange, Comparison, Push
from bayesknee.display.terminal import console_for, rendered, sticky
from bayesknee.knowledge.differences import Differences, NumberChange
from bayesknee.knowledge.model import Number, Path
from bayesknee.plain import plain
from bayesknee.words import percent

MOST_PUSHES: Final = 3
MOST_NUMBERS: Final = 3
_INDENT: Final = (0, 0, 0, 2)
_DEEPER: Final = (0, 0, 0, 4)


def differences_text(differences: Differences, comparison: Comparison | None, file: TextIO | None = None) -> str:
    """All that differs, as text that fits the terminal behind `file` (standard output where left out)."""
    return rendered(console_for(file), *_parts(differences, comparison))


def number_text(number: Number | None) -> str:
    """`0.2 (0.1-0.4) grade B smith_2015`; a dash for none."""
    if number is None:
        return "-"
    return f"{number.value:g} ({number.low:g}-{number.high:g}) grade {number.grade} {number.source}"


def change_text(change: NumberChange) -> str:
    """One changed number: value and range before and after, and grade and source only where they differ."""
    old, new = change.old, change.new
    if old is None or new is None:
        return f"{number_text(old)} -> {number_text(new)}"
    if (old.grade, old.source) == (new.grade, new.source):
        before, after = (f"{each.value:g} ({each.low:g}-{each.high:g})" for each in (old, new))
        return f"{before} -> {after}" if before != after else "another note"
    return f"{number_text(old)} -> {number_text(new)}"


def dotted(path: Path) -> str:
    """A path as one word."""
    return ".".join(path)


def _parts(differences: Differences, comparison: Comparison | None) -> Iterator[RenderableType]:
    old, new = differences.old, differences.new
    yield Text(f"{old.id} {old.version} -> {new.id} {new.version}", style="bold")
    if differences.nothing:
        yield Text("The two networks say the same.")
    yield from _list("Added", [dotted(path) for path in differences.added])
    yield from _list("Removed", [dotted(path) for path in differences.removed])
    moved = [f"{dotted(change.path)}: {change_text(change)}" for change in differences.moved]
    yield from _list("Numbers with another value", moved)
    rest = [change for change in differences.numbers if not change.moved]
    told = [f"{dotted(change.path)}: {change_text(change)}" for change in rest]
    yield from _list("Numbers with another range, grade, source or note", told)
    yield from _list("Other wording, states or gates", [dotted(path) for path in differences.reworded])
    if comparison is not None:
        yield from _cases(comparison)


def _list(title: str, lines: list[str]) -> Iterator[RenderableType]:
    if lines:
        yield Text(f"\n{title} ({len(lines)})", style="bold")
        yield from (Padding(Text(line), _INDENT) for line in lines)


def _cases(comparison: Comparison) -> Iterator[RenderableType]:
    changed, all_cases = len(comparison.changed), comparison.cases
    yield Text(f"\nCases with another leader or triage level ({changed} of {all_cases})", style="bold")
    for change in comparison.changed:
        yield Padding(Text(sticky(case_line(change))), _INDENT)
        for push in change.pushes[:MOST_PUSHES]:
            yield Padding(Text(sticky(push_line(change, push))), _DEEPER)
    yield from _list("Not compared", [f"{name}: {why}" for name, why in comparison.refused.items()])


def case_line(change: CaseChange) -> str:
    """`case-006: leads fracture 87.9 % -> strain 60.1 %; triage emergency -> routine`."""
    before, after = change.leaders
    old, new = percent(change.old.posterior[before]), percent(change.new.posterior[after])
    leads = f"{before} {old} -> {after} {new}" if before != after else f"{before} {old} -> {new}"
    levels = "" if change.old_level == change.new_level else f"; triage {change.old_level} -> {change.new_level}"
    return f"{change.case}: leads {leads}{levels}"


def push_line(change: CaseChange, push: Push) -> str:
    """What one part did alone, and its changed numbers."""
    shown = [f"{dotted(each.path[2:])} {_value(each.old)} -> {_value(each.new)}" for each in push.numbers]
    more = [f"and {len(shown) - MOST_NUMBERS} more"] if len(shown) > MOST_NUMBERS else []
    numbers = ", ".join([*shown[:MOST_NUMBERS], *more])
    return f"{push.decibans:+.1f} of {change.decibans:+.1f} decibans by {dotted(push.part)} ({numbers})"


def _value(number: Number | None) -> str:
    return "-" if number is None else f"{number.value:g}"


# --- plain data ------------------------------------------------------------------------------------------------------


def differences_data(differences: Differences, comparison: Comparison | None) -> dict[str, Any]:
    """All that differs, ready for JSON."""
    networks = {"old": differences.old, "new": differences.new}
    data: dict[str, Any] = {name: network.identity for name, network in networks.items()}
    data["added"] = [dotted(path) for path in differences.added]
    data["removed"] = [dotted(path) for path in differences.removed]
    data["numbers"] = [_change_data(change) for change in differences.numbers]
    data["reworded"] = [dotted(path) for path in differences.reworded]
    if comparison is not None:
        data["cases"] = {
            "compared": comparison.cases,
            "changed": [_case_data(change) for change in comparison.changed],
            "refused": dict(comparison.refused),
        }
    return data


def _change_data(change: NumberChange) -> dict[str, Any]:
    return {"path": dotted(change.path), "old": plain(change.old), "new": plain(change.new)}


def _case_data(change: CaseChange) -> dict[str, Any]:
    leaders = change.leaders
    return {
        "case": change.case,
        "leader": dict(zip(("old", "new"), leaders, strict=True)),
        "probability": {"old": change.old.posterior[leaders[0]], "new": change.new.posterior[leaders[1]]},
        "triage": {"old": change.old_level, "new": change.new_level},
        "decibans": change.decibans,
        "pushes": [
            {
                "part": dotted(push.part),
                "decibans": push.decibans,
                "numbers": [_change_data(number) for number in push.numbers],
            }
            for push in change.pushes
        ],
    }
