"""Which numbers an answer hangs on, as text for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TextIO

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.explaining.sensitivity import MOST_BARS, Bar, Flip, Sensitivity
from bayesknee.diagnosis.wording import event_chance, event_name
from bayesknee.display.terminal import console_for, rendered, sticky, warning_lines
from bayesknee.display.text import heading
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.ranges import stated_ranges
from bayesknee.words import percent

MOST_FLIPS: Final = 5
_END, _INDENT = 10, 2  # width of a column of probabilities, gap included


def sensitivity_text(diagnosis: Diagnosis, subject: str, most: int = MOST_BARS, file: TextIO | None = None) -> str:
    """What moves P(subject | e), and what would change the first place.

    Raises:
        ConditionError: the network has no such condition or group.
    """
    return rendered(console_for(file), *_parts(diagnosis, subject, most))


def _parts(diagnosis: Diagnosis, subject: str, most: int) -> Iterator[RenderableType]:
    network, found = diagnosis.network, diagnosis.sensitivity()
    bars = found.tornado(subject, most)
    yield from heading(diagnosis)
    yield Text(sticky(f"\n{event_name(network, subject)} {event_chance(diagnosis, subject)}"), style="bold")
    yield Text()
    if bars:
        yield Padding(_table(bars), (0, 0, 0, _INDENT))
        yield Text("\nEach number at the low and the high end of its own range, all else as it is.", style="dim")
    else:
        has_range = stated_ranges(network).any
        yield Text("No number of the network moves it." if has_range else "No number of the network has a range.")
    yield from _first_place(network, diagnosis, found)
    yield from warning_lines(each.message for each in diagnosis.warnings)
    if network.caution:
        yield Text(f"\n{network.caution}", style="italic")


def _table(bars: tuple[Bar, ...]) -> Table:
    table = Table(box=None, padding=0, header_style="bold")
    table.add_column("At low", width=_END, justify="right")
    table.add_column("At high", width=_END, justify="right")
    table.add_column("  Number, with its range, grade and source", overflow="fold")
    for bar in bars:
        told = Group(Text(bar.what), Padding(Text(_figures(bar), style="dim"), (0, 0, 0, _INDENT)))
        table.add_row(percent(bar.at_low), percent(bar.at_high), Padding(told, (0, 0, 0, _INDENT)))
    return table


def _figures(of: Bar | Flip) -> str:
    number = of.number
    range_ = f"{number.low:.4g} to {number.high:.4g}" if number.low < number.high else "no range"
    return f"{number.value:.4g} ({range_}), grade {number.grade}: {of.citation}"


def _first_place(network: Network, diagnosis: Diagnosis, found: Sensitivity) -> Iterator[RenderableType]:
    """The numbers inside their range first, for they are the least wrong."""
    flips = found.flips()
    leader = f"{event_name(network, found.leader)} {event_chance(diagnosis, found.leader)}"
    inside = sum(flip.inside for flip in flips)
    if not flips:
        yield Text(sticky(f"\nNo single number was found that would take the first place from {leader}"), style="bold")
        return
    counted = "no number" if not inside else "1 number" if inside == 1 else f"{inside} numbers"
    if stated_ranges(network).any:
        told = f"{counted} could change that within {'its own range' if inside < 2 else 'their ranges'}"
    else:
        told = "what would change that, the nearest first"
    yield Text(sticky(f"\nFirst: {leader}; {told}"), style="bold")
    for flip in flips[:MOST_FLIPS]:
        way = "above" if flip.value > flip.number.value else "below"
        where = "" if flip.number.low == flip.number.high else f"{'inside' if flip.inside else 'outside'} its range, "
        then = f"{way} {flip.value:.3g}, {where}{event_name(network, flip.leader)} comes first"
        yield Padding(Text(f"{flip.what} {_figures(flip)}; {then}"), (0, 0, 0, _INDENT))
    if len(flips) > MOST_FLIPS:
        yield Padding(Text(f"and {len(flips) - MOST_FLIPS} more, which --json lists"), (0, 0, 0, _INDENT))
