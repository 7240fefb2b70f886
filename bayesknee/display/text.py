"""A diagnosis as text for people. Says what the numbers say; nothing in it may read as reassurance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TextIO

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bayesknee.diagnosis.asking.next_questions import NextQuestion
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.explaining.intervals import Intervals
from bayesknee.diagnosis.triage import Triage
from bayesknee.diagnosis.wording import (
    answer_count,
    chance_text,
    given_state,
    implied_text,
    interval_text,
    not_ruled_out_line,
)
from bayesknee.display.terminal import bar, columns, console_for, is_fancy, numbered, rendered, sticky
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.number_words import citation
from bayesknee.patient.answer_words import answer_text, label
from bayesknee.words import percent, percent_or_less

LONGEST_BAR: Final = 40
MOST_LISTED: Final = 30
_INDENT: Final = 2
_BULLET: Final = 2
_GAP: Final = "  "
_RANK, _PRIOR, _PROBABILITY = 4, 10, 13  # widths of columns, gaps included: versions of rich differ in how they pad
_FIXED_COLUMNS: Final = _INDENT + _RANK + _PRIOR + _PROBABILITY + len(_GAP)


def diagnosis_text(
    diagnosis: Diagnosis,
    file: TextIO | None = None,
    questions: Sequence[NextQuestion] = (),
    most: int | None = MOST_LISTED,
    intervals: Intervals | None = None,
) -> str:
    """The diagnosis, and these next questions, as text that fits the terminal behind `file` (else standard output).

    Intervals, where given, stand below.
    Of more than `most` conditions, the most probable are listed, and what is dangerous and not ruled out; None for all.
    """
    console = console_for(file)
    return rendered(console, *_parts(diagnosis, console, questions, most, intervals))


def _parts(
    diagnosis: Diagnosis,
    console: Console,
    questions: Sequence[NextQuestion],
    most: int | None,
    intervals: Intervals | None,
) -> Iterator[RenderableType]:
    network = diagnosis.network
    yield from heading(diagnosis)
    yield Text()
    yield from diagnosis_parts(diagnosis, console, most, intervals)
    if questions:
        from bayesknee.display.next_questions import next_questions_parts

        yield from next_questions_parts(diagnosis, questions)
    if diagnosis.evidence.answers:
        yield Text("\nThis rests on", style="bold")
        yield _indented(_answers(diagnosis))
    if network.caution:
        yield Text()
        yield Text(network.caution, style="italic")


def diagnosis_parts(
    diagnosis: Diagnosis,
    console: Console,
    most: int | None = MOST_LISTED,
    intervals: Intervals | None = None,
    rest: str = "--all lists them",
) -> Iterator[RenderableType]:
    """The conditions with bars, how urgent it is, and what is not ruled out; `rest` tells how more are listed."""
    yield _indented(_table(diagnosis, console, most))
    yield Text()
    if unlisted := list(diagnosis.posterior.values())[most:] if most is not None else []:
        told = f"each {percent_or_less(unlisted[0])} or less" if len(unlisted) > 1 else percent_or_less(unlisted[0])
        yield Text(sticky(f"And {len(unlisted)} more, {told}; {rest}."), style="dim")
    yield from _approximate(diagnosis)
    yield Text(sticky("More than one can be true; they need not add up to 100 %."), style="dim")
    if intervals:
        yield from _interval_parts(diagnosis, intervals, most)
    yield Text()
    yield from triage_parts(diagnosis.network, diagnosis.triage)
    yield from _scores(diagnosis)
    if diagnosis.not_ruled_out:
        yield Text()
    for each in diagnosis.not_ruled_out:
        yield Text(sticky(not_ruled_out_line(diagnosis.network, each)), style="bold red")


def heading(diagnosis: Diagnosis) -> Iterator[RenderableType]:
    """What was asked of whom."""
    network = diagnosis.network
    yield Text(f"{network.title} ({network.id} {network.version})", style="bold")
    yield Text(f"Setting: {network.settings[diagnosis.setting].name}; {answer_count(diagnosis)}")


def _approximate(diagnosis: Diagnosis) -> Iterator[RenderableType]:
    """That the figures are not exact, and by how much they may be off."""
    if (how := diagnosis.approximation) is not None:
        told = (
            f"Approximate: exact work would take too much. From {how.draws:,} weighted draws, worth "
            f"{how.effective:,.0f}; 95 % intervals are {percent_or_less(how.largest_error)} up and down at the most. "
            "Next questions are not ranked."
        )
        yield Text(told, style="bold")


def _indented(part: RenderableType) -> RenderableType:
    return Padding(part, (0, 0, 0, _INDENT))


# --- table ---------------------------------------------------------------------------------------------------------


def _table(diagnosis: Diagnosis, console: Console, most: int | None) -> Table:
    """Conditions, most probable first, then groups."""
    network = diagnosis.network
    listed = list(diagnosis.posterior.items())[:most]
    names = [network.conditions[name].name for name, _ in listed]
    names += [each.name for each in network.groups.values()]
    room = console.width - _FIXED_COLUMNS
    longest = min(room, max(Text(name).cell_len for name in names))
    width = min(LONGEST_BAR, room - longest)
    table = Table(box=None, padding=0, header_style="bold")
    table.add_column(" #", width=_RANK)
    table.add_column("Condition", width=longest, overflow="fold")
    table.add_column("Prior", width=_PRIOR, justify="right")
    table.add_column("Probability", width=_PROBABILITY, justify="right")
    table.add_column("", width=len(_GAP) + width, no_wrap=True)

    def drawn(probability: float) -> Text:
        return Text(_GAP) + bar(probability, width, fancy=is_fancy(console))

    for rank, (name, p) in enumerate(listed, start=1):
        row = (
            f"{rank:2}",
            network.conditions[name].name,
            percent(diagnosis.prior[name]),
            chance_text(diagnosis, {name}, p),
        )
        error = f"  +- {percent_or_less(how.errors[name])}" if (how := diagnosis.approximation) else None
        table.add_row(*row, drawn(p) if error is None else error, style="bold" if rank == 1 else "")
    if diagnosis.groups:
        table.add_row()
        table.add_row("", "At least one of", style="bold")
    for name, p in diagnosis.groups.items():
        told = chance_text(diagnosis, set(network.groups[name].members), p)
        table.add_row("", network.groups[name].name, "", told, drawn(p))
    return table


def _interval_parts(diagnosis: Diagnosis, intervals: Intervals, most: int | None) -> Iterator[RenderableType]:
    """Intervals of what is listed, and how often each condition comes first."""
    network = diagnosis.network
    draws = f"{intervals.draws:,} draw{'' if intervals.draws == 1 else 's'}"
    yield Text(sticky(f"\nIf all numbers vary within their ranges ({draws}): 95 % intervals"), style="bold")
    if intervals.ranges.caution:
        yield _indented(Text(intervals.ranges.caution))
    if not intervals.ranges.any:
        return
    table = columns(3)
    for name, each in list(intervals.conditions.items())[:most]:
        if given_state(diagnosis, {name}) is None:
            share = intervals.first[name]
            first = "first in all" if share == 1.0 else f"first in {percent(share)}" if share else ""
            table.add_row(network.conditions[name].name, sticky(interval_text(each)), sticky(first))
    for name, each in intervals.groups.items():
        if given_state(diagnosis, set(network.groups[name].members)) is None:
            table.add_row(network.groups[name].name, sticky(interval_text(each)))
    yield _indented(table)


# --- triage --------------------------------------------------------------------------------------------------------


def triage_parts(network: Network, triage: Triage) -> Iterator[RenderableType]:
    """The level, the reasons that set it, and all other red flags."""
    yield Text(f"How urgent: {triage.words}", style="bold red" if triage.alarming else "bold")
    table = numbered(_BULLET)
    for each in triage.shown:
        table.add_row("-", sticky(triage.told(each)))
        if each.answers:
            table.add_row(
                "", Text(f"({', '.join(each.answers)}; source: {citation(network, each.source)})", style="dim")
            )
    for flag in triage.set_aside:
        table.add_row("-", sticky(f"set aside: {flag.text} {flag.set_aside_by}"))
    yield _indented(table)


# --- scores ---------------------------------------------------------------------------------------------------------


def _scores(diagnosis: Diagnosis) -> Iterator[RenderableType]:
    """The scores of guidelines that the answers say anything of, each with what is not known of it."""
    told = [count for count in diagnosis.scores if count.is_told]
    if not told:
        return
    yield Text("\nScores", style="bold")
    table = numbered(_BULLET)
    for count in told:
        table.add_row("-", sticky(count.words))
        if count.not_known:
            labels = "; ".join(item.label for item in count.not_known)
            table.add_row("", Text(f"(not known: {labels})", style="dim"))
    yield _indented(table)


# --- answers -------------------------------------------------------------------------------------------------------


def _answers(diagnosis: Diagnosis) -> Table:
    table = columns()
    network, evidence = diagnosis.network, diagnosis.evidence
    for name in dict.fromkeys((*evidence.answers, *evidence.implied)):
        told = [answer_text(network, name, evidence.answers[name])] if name in evidence.answers else []
        told += [implied_text(diagnosis, name)] if name in evidence.implied else []
        table.add_row(label(network, name), "; ".join(told))
    return table
