"""A ledger as text for people: what each answer did, and the numbers that carried it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Final, TextIO

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.explaining.conflict import Conflict
from bayesknee.diagnosis.explaining.counterfactual import Change, NewAnswer, answers_that_turn, leader_changes
from bayesknee.diagnosis.explaining.ledger import Account, Cited, Entry
from bayesknee.diagnosis.explaining.patient_warnings import PatientWarning
from bayesknee.diagnosis.wording import event_chance, event_name, implied_text
from bayesknee.display.terminal import console_for, rendered, sticky, warning_lines
from bayesknee.display.text import heading
from bayesknee.knowledge.network import Network
from bayesknee.log_odds import DECIBANS, expit
from bayesknee.patient.answer_words import answer_text, label
from bayesknee.words import percent

# Judged: answers that change odds by less than a tenth are not worth lines of sources.
WORTH_NUMBERS: Final = math.log(1.1)
NO_DIFFERENCE: Final = math.log(1.005)  # less would be told as 1.00 times likelier
MOST_ROWS: Final = 5
NEITHER: Final = "neither possible"
_WORDS, _WORDS_IF_NARROW, _FIGURE = 23, 13, 10  # widths of columns, gaps included
_NARROW: Final = 64
_INDENT: Final = 2


def explanation_text(diagnosis: Diagnosis, subject: str, against: str | None = None, file: TextIO | None = None) -> str:
    """Why a condition or group is as probable as it is, or why one rather than another.

    Raises:
        ConditionError: the network has no such condition or group, or both are the same.
    """
    ledger = diagnosis.ledger
    account = ledger[subject] if against is None else ledger.contrast(subject, against)
    console = console_for(file)
    return rendered(console, *_parts(diagnosis, account, console.width))


def _parts(diagnosis: Diagnosis, account: Account, width: int) -> Iterator[RenderableType]:
    network = diagnosis.network
    yield from heading(diagnosis)
    yield Text()
    yield Text(sticky(_claim(diagnosis, account)), style="bold")
    if account.entries:
        yield Text()
        yield Padding(_table(diagnosis, account, width), (0, 0, 0, _INDENT))
        yield Text()
        yield Text(_reading(account), style="dim")
    else:
        yield Text("\nNo answer is known, so nothing moved it.")
    yield from _held(diagnosis)
    if account.against in network.conditions and account.subject in network.conditions:
        yield from _turned_round(diagnosis, account.subject, str(account.against))
    yield from fit_lines(diagnosis.warnings, diagnosis.conflict, network)
    if network.caution:
        yield Text(f"\n{network.caution}", style="italic")


def _claim(diagnosis: Diagnosis, account: Account) -> str:
    """What is explained: one probability and what it was, or two and how far they are apart."""
    subject = event_name(diagnosis.network, account.subject)
    if account.against is None:
        before = expit(account.prior)
        return f"{subject}: {percent(before)} before any answer, {event_chance(diagnosis, account.subject)} now"
    other = event_name(diagnosis.network, account.against)
    figures = ", ".join(
        f"{name} {event_chance(diagnosis, each)}"
        for name, each in ((subject, account.subject), (other, account.against))
    )
    return f"{figures}: {_compared(account.posterior)}; before any answer, {_compared(account.prior)}"


def _compared(log: float) -> str:
    """Two probabilities, of which the log of the ratio is given, in words."""
    if math.isnan(log):
        return NEITHER
    if math.isinf(log):
        return "the only one possible" if log > 0.0 else "not possible"
    return f"{_times(log)} times {'as' if log >= 0.0 else 'less'} probable"


def _times(log: float) -> str:
    factor = math.exp(abs(log))
    return f"{factor:.2f}" if factor < 1.95 else f"{factor:,.1f}" if factor < 99.5 else f"{factor:,.0f}"


def _table(diagnosis: Diagnosis, account: Account, width: int) -> Table:
    table = Table(box=None, padding=0, header_style="bold")
    table.add_column("Makes it", width=_WORDS if width >= _NARROW else _WORDS_IF_NARROW)
    table.add_column("Answer, and the numbers that carried it", overflow="fold")
    table.add_column("Decibans", width=_FIGURE, justify="right")
    for entry in account.entries:
        numbers = entry.numbers if abs(entry.share) >= WORTH_NUMBERS else ()
        cited = [Padding(Text(cited_text(number), style="dim"), (0, 0, 0, _INDENT)) for number in numbers]
        told = Group(Text(_answer(diagnosis, entry)), *cited)
        table.add_row(effect_text(entry.share, contrast=account.against is not None), told, _decibans(entry.share))
    table.add_row()
    total = effect_text(account.change, contrast=account.against is not None)
    table.add_row(total, "all together", _decibans(account.change), style="bold")
    return table


def _answer(diagnosis: Diagnosis, entry: Entry) -> str:
    told = [answer_text(diagnosis.network, entry.finding, entry.answer)] if entry.answer is not None else []
    told += [implied_text(diagnosis, entry.finding)] if entry.implied else []
    return f"{label(diagnosis.network, entry.finding)}: {'; '.join(told)}"


def effect_text(share: float, *, contrast: bool) -> str:
    """A share in words: `6.1 times likelier`."""
    if math.isnan(share):
        return NEITHER
    if math.isinf(share):
        return "certain" if share > 0.0 else "impossible"
    up, down = ("times for", "times against") if contrast else ("times likelier", "times less likely")
    if abs(share) < NO_DIFFERENCE:
        return "no different"
    return f"{_times(share)} {up if share > 0.0 else down}"


def _decibans(share: float) -> str:
    return f"{DECIBANS * share:+.1f}" if math.isfinite(share) else ""


def cited_text(cited: Cited) -> str:
    """A number with range, grade and source: `P(fever | infection) 0.75 (0.6 to 0.86), grade B: Smith, 2015`."""
    number = cited.stated.number
    figures = f"{number.value:g} ({number.low:g} to {number.high:g})"
    return f"{cited.stated.what} {figures}, grade {number.grade}: {cited.citation}"


def _reading(account: Account) -> str:
    what = "the ratio of the two probabilities" if account.against else "its odds"
    return f"Times are of {what}; those of all answers multiply to the last line, in whatever order they came."


# --- what else could have been ---------------------------------------------------------------------------------------


def _held(diagnosis: Diagnosis) -> Iterator[RenderableType]:
    """The single answers without which, or with another of which, another condition would come first."""
    found = leader_changes(diagnosis)
    if found:
        leader = event_name(diagnosis.network, next(iter(diagnosis.posterior)))
        yield Text(f"\n{leader} would not come first with this one answer changed", style="bold")
        yield from _rows(_change_row(diagnosis, each) for each in found)


def _change_row(diagnosis: Diagnosis, change: Change) -> str:
    network = diagnosis.network
    was, instead = (answer_text(network, change.finding, each) for each in (change.answer, change.instead))
    first = f"{event_name(network, change.leader)} {percent(change.posterior[change.leader])}"
    return f"{label(network, change.finding)}: {instead} instead of {was}; then first: {first}"


def _turned_round(diagnosis: Diagnosis, subject: str, against: str) -> Iterator[RenderableType]:
    network = diagnosis.network
    ahead, behind = (name for name in diagnosis.posterior if name in {subject, against})
    found = answers_that_turn(diagnosis, subject, against)
    title = f"\nOne more answer that would put {event_name(network, behind)} before {event_name(network, ahead)}"
    yield Text(title if found else f"{title}: there is none", style="bold")
    yield from _rows(_new_row(network, each, behind, ahead) for each in found)


def _new_row(network: Network, new: NewAnswer, behind: str, ahead: str) -> str:
    figures = f"then {percent(new.posterior[behind])} and {percent(new.posterior[ahead])}"
    told = answer_text(network, new.finding, new.state)
    return f"{label(network, new.finding)}: {told} (probability {percent(new.probability)}); {figures}"


def _rows(rows: Iterable[str]) -> Iterator[RenderableType]:
    """The first few, each in a line of its own or more."""
    every = list(rows)
    for row in every[:MOST_ROWS]:
        yield Padding(Text(sticky(row)), (0, 0, 0, _INDENT))
    if len(every) > MOST_ROWS:
        yield Padding(Text(f"and {len(every) - MOST_ROWS} more, which --json lists"), (0, 0, 0, _INDENT))


def fit_lines(warnings: Iterable[PatientWarning], conflict: Conflict, network: Network) -> Iterator[RenderableType]:
    """The warnings about a patient, and a conflict that conditions explain."""
    yield from warning_lines(each.message for each in warnings)
    figure = f"conflict {DECIBANS * conflict.value:.1f} decibans"
    if conflict.matters:
        yield Text(
            f"The findings support each other less than findings that have nothing to do with each other ({figure})."
        )
    elif conflict.value > 0.0:
        names = ", ".join(event_name(network, each) for each in conflict.explained_by)
        yield Text(f"\nThe findings go together badly ({figure}), unless by {names}.")
