"""A diagnosis as text for people. Says what the numbers say; nothing in it may read as reassurance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TextIO

from immutabledict import immutabledict
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bayesknee.diagnosis.asking.next_questions import NextQuestion
from bayesknee.diagnosis.belief import NotRuledOut
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.explaining.intervals import Interval, Intervals
from bayesknee.diagnosis.explaining.ledger import Account, Entry
from bayesknee.diagnosis.triage import Triage
from bayesknee.display.terminal import bar, console_for, is_fancy, percent, rendered, sticky
from bayesknee.knowledge.model import RiskFactor
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.number_words import citation
from bayesknee.patient.evidence import UNKNOWN, Answer

LONGEST_BAR: Final = 40
ALARMING: Final = ("emergency", "urgent")
LEVEL_WORDS: Final = immutabledict(
    emergency="emergency - be seen today",
    urgent="urgent - be seen within days",
    routine="routine - make an ordinary appointment",
    self_care="self-care for now - be seen if it lasts, gets worse or something new comes",
)
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
        told = f"each {_two_figures(unlisted[0])} or less" if len(unlisted) > 1 else _two_figures(unlisted[0])
        yield Text(sticky(f"And {len(unlisted)} more, {told}; {rest}."), style="dim")
    yield from _approximate(diagnosis)
    yield Text(sticky("More than one can be true; they need not add up to 100 %."), style="dim")
    if intervals:
        yield from _interval_parts(diagnosis, intervals, most)
    yield Text()
    yield from triage_parts(diagnosis.network, diagnosis.triage)
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
            f"{how.effective:,.0f}; 95 % intervals are {_two_figures(how.largest_error)} up and down at the most. "
            "Next questions are not ranked."
        )
        yield Text(told, style="bold")


def _indented(part: RenderableType) -> RenderableType:
    return Padding(part, (0, 0, 0, _INDENT))


def answer_count(diagnosis: Diagnosis) -> str:
    """How many answers it rests on, in words."""
    answers = diagnosis.evidence.answers.values()
    unknown = sum(answer == UNKNOWN for answer in answers)
    known = len(answers) - unknown
    count = f"{known} answer{'' if known == 1 else 's'}" if known else "no answers"
    return f"{count} and {unknown} not known" if unknown else count


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
        error = f"  +- {_two_figures(how.errors[name])}" if (how := diagnosis.approximation) else None
        table.add_row(*row, drawn(p) if error is None else error, style="bold" if rank == 1 else "")
    if diagnosis.groups:
        table.add_row()
        table.add_row("", "At least one of", style="bold")
    for name, p in diagnosis.groups.items():
        told = chance_text(diagnosis, set(network.groups[name].members), p)
        table.add_row("", network.groups[name].name, "", told, drawn(p))
    return table


def chance_text(diagnosis: Diagnosis, conditions: set[str], probability: float) -> str:
    """The probability of at least one of these; what was given is no finding of the program."""
    state = given_state(diagnosis, conditions)
    return percent(probability) if state is None else f"given: {state}"


def given_state(diagnosis: Diagnosis, conditions: set[str]) -> str | None:
    """What the answers themselves say of "at least one of these": `yes`, `no` or nothing."""
    given = {diagnosis.evidence.answers.get(name) for name in conditions}
    if "yes" in given:
        return "yes"
    return "no" if given == {"no"} else None


def event_chance(diagnosis: Diagnosis, name: str) -> str:
    """The probability of a condition or group, by id, or that it was given."""
    groups = diagnosis.network.groups
    members = groups[name].members if name in groups else (name,)
    return chance_text(diagnosis, set(members), {**diagnosis.posterior, **diagnosis.groups}[name])


def _interval_parts(diagnosis: Diagnosis, intervals: Intervals, most: int | None) -> Iterator[RenderableType]:
    """Intervals of what is listed, and how often each condition comes first."""
    network = diagnosis.network
    draws = f"{intervals.draws:,} draw{'' if intervals.draws == 1 else 's'}"
    yield Text(sticky(f"\nIf all numbers vary within their ranges ({draws}): 95 % intervals"), style="bold")
    if intervals.ranges.caution:
        yield _indented(Text(intervals.ranges.caution))
    if not intervals.ranges.any:
        return
    table = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(3):
        table.add_column(overflow="fold")
    for name, each in list(intervals.conditions.items())[:most]:
        if given_state(diagnosis, {name}) is None:
            share = intervals.first[name]
            first = "first in all" if share == 1.0 else f"first in {percent(share)}" if share else ""
            table.add_row(network.conditions[name].name, sticky(interval_text(each)), sticky(first))
    for name, each in intervals.groups.items():
        if given_state(diagnosis, set(network.groups[name].members)) is None:
            table.add_row(network.groups[name].name, sticky(interval_text(each)))
    yield _indented(table)


def interval_text(interval: Interval) -> str:
    """`1.2 to 3.4 %`."""
    low, high = percent(interval.low), percent(interval.high)
    return low if low == high else f"{low.removesuffix(' %')} to {high}"


def not_ruled_out_line(network: Network, each: NotRuledOut) -> str:
    """`not ruled out: Deep vein thrombosis 3.1 % (limit 2 %)`."""
    name = network.conditions[each.condition].name
    return f"not ruled out: {name} {_two_figures(each.probability)} ({limit_text(each)})"


def limit_text(each: NotRuledOut) -> str:
    """`limit 2 %`."""
    return f"limit {100 * each.limit:.3g} %"


def _two_figures(probability: float) -> str:
    """As `percent`, but with figures below 0.1 %: a limit may lie there, and is to be compared with."""
    return f"{100 * probability:.2g} %" if probability < 0.001 else percent(probability)


# --- triage --------------------------------------------------------------------------------------------------------


def triage_parts(network: Network, triage: Triage) -> Iterator[RenderableType]:
    """The level, the reasons that set it, and all other red flags."""
    yield Text(f"How urgent: {LEVEL_WORDS[triage.level]}", style="bold red" if triage.level in ALARMING else "bold")
    table = Table.grid(padding=0)
    table.add_column(width=_BULLET)
    table.add_column(overflow="fold")
    for each in (*triage.decisive, *(flag for flag in triage.red_flags if flag.level != triage.level)):
        table.add_row("-", sticky(each.text if each.level == triage.level else f"{each.level}: {each.text}"))
        if each.answers:
            table.add_row(
                "", Text(f"({', '.join(each.answers)}; source: {citation(network, each.source)})", style="dim")
            )
    yield _indented(table)


# --- answers -------------------------------------------------------------------------------------------------------


def _answers(diagnosis: Diagnosis) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    network, evidence = diagnosis.network, diagnosis.evidence
    for name in dict.fromkeys((*evidence.answers, *evidence.implied)):
        told = [answer_text(network, name, evidence.answers[name])] if name in evidence.answers else []
        told += [implied_text(diagnosis, name)] if name in evidence.implied else []
        table.add_row(label(network, name), "; ".join(told))
    return table


def label(network: Network, name: str) -> str:
    """What people call a finding, risk factor or condition."""
    return network.questions[name].label if name in network.questions else network.conditions[name].name


def answer_text(network: Network, name: str, answer: Answer) -> str:
    """An answer in words."""
    if answer == UNKNOWN:
        return "not known"
    question = network.questions.get(name)
    factor = question if isinstance(question, RiskFactor) else None
    if isinstance(answer, str):
        return state_text(factor, answer)
    return "unsure: " + ", ".join(f"{state_text(factor, state)} {weight:g}" for state, weight in answer.items())


def implied_text(diagnosis: Diagnosis, gate: str) -> str:
    """What answers imply of a gate, and which ones: `yes (taken from: Soft, like a water balloon)`."""
    question = diagnosis.network.questions[gate]
    factor = question if isinstance(question, RiskFactor) else None
    states = " or ".join(state_text(factor, state) for state in diagnosis.evidence.implied[gate])
    labels = ", ".join(label(diagnosis.network, name) for name in diagnosis.evidence.taken_from[gate])
    return f"{states} (taken from: {labels})"


def state_text(factor: RiskFactor | None, state: str) -> str:
    """A state in words; a band by its bounds."""
    return factor.state_words(state) if factor is not None else state.replace("_", " ")


def entry_text(network: Network, entry: Entry) -> str:
    """An answer of a ledger in words: `Lump behind the knee: yes`."""
    factor = network.risk_factors.get(entry.finding)
    implied = " or ".join(state_text(factor, state) for state in entry.implied)
    told = [answer_text(network, entry.finding, entry.answer)] if entry.answer is not None else []
    return f"{label(network, entry.finding)}: {'; '.join([*told, *([f'{implied} (implied)'] if implied else [])])}"


def account_name(network: Network, account: Account) -> str:
    """What an account is about: `Broken bone`, or `Broken bone rather than Tendon strain`."""
    names = [event_name(network, name) for name in (account.subject, account.against) if name is not None]
    return " rather than ".join(names)


def event_name(network: Network, name: str) -> str:
    """What people call a condition or group."""
    return network.conditions[name].name if name in network.conditions else network.groups[name].name
