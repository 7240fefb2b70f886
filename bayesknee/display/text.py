"""A diagnosis as text for people. Says what the numbers say; nothing in it may read as reassurance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, TextIO

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bayesknee.diagnosis.asking.next_questions import NextQuestion
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.explaining.intervals import Intervals
from bayesknee.diagnosis.triage import Triage
from bayesknee.diagnosis.wording import (
    GENERAL_HEADING,
    NOTHING_DECISIVE,
    TELLING_HEADING,
    TESTS_HEADING,
    advice_heading,
    answer_count,
    answered,
    chance_text,
    decisive_text,
    flag_source,
    general_advice_of,
    given_state,
    implied_told,
    interval_text,
    labels,
    not_ruled_out_line,
    open_flag_lines,
    others_text,
    parting_heading,
    parting_text,
    scope_line,
    speaks,
    why,
)
from bayesknee.display.terminal import bar, columns, console_for, is_fancy, numbered, rendered, sticky, warning_lines
from bayesknee.knowledge.model import Question
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.number_words import citation
from bayesknee.patient.evidence import Answer, shown
from bayesknee.words import percent, percent_or_less

LONGEST_BAR: Final = 40
_INDENT: Final = 2
_BULLET: Final = 2
_GAP: Final = "  "
_RANK, _PRIOR, _PROBABILITY = 4, 10, 13  # widths of columns, gaps included: versions of rich differ in how they pad


class TextOptions(NamedTuple):
    """What a diagnosis in text tells beside the result.

    Attributes:
        all_conditions: whether all conditions are listed, and not only the first few.
        details: whether ids, ICD codes, base rates, groups and raw states are told.
        intervals: 95 % intervals, told below the causes; None for none.
    """

    all_conditions: bool = False
    details: bool = False
    intervals: Intervals | None = None


PLAIN: Final = TextOptions()


def diagnosis_text(
    diagnosis: Diagnosis,
    file: TextIO | None = None,
    questions: Sequence[NextQuestion] = (),
    options: TextOptions = PLAIN,
) -> str:
    """The diagnosis, and these next questions, as text that fits the terminal behind `file` (else standard output)."""
    console = console_for(file)
    return rendered(console, *_parts(diagnosis, console, questions, options))


def _parts(
    diagnosis: Diagnosis, console: Console, questions: Sequence[NextQuestion], options: TextOptions
) -> Iterator[RenderableType]:
    yield from heading(diagnosis)
    yield Text()
    yield from result_parts(diagnosis, console, options)
    if questions:
        from bayesknee.display.next_questions import next_questions_parts

        yield from next_questions_parts(diagnosis, questions, details=options.details)
    yield from closing_parts(diagnosis, options)


def result_parts(
    diagnosis: Diagnosis,
    console: Console,
    options: TextOptions = PLAIN,
    rest: str = "--all lists them",
) -> Iterator[RenderableType]:
    """The result in the order of need, up to what usually helps; `rest` tells how more causes are listed."""
    network, result = diagnosis.network, diagnosis.result
    yield from triage_parts(network, result.triage)
    for told in open_flag_lines(diagnosis, result):
        yield Text(told, style="bold")
    for danger in result.not_ruled_out:
        yield Text(sticky(not_ruled_out_line(network, danger)), style="bold red")
    yield Text("\nWhat is likely", style="bold")
    yield from map(_indented, _Causes(diagnosis, console, options).parts())
    yield from _below_the_table(diagnosis, options, rest)
    yield from _decisive_parts(diagnosis, details=options.details)
    yield from _advice_parts(diagnosis, details=options.details)


def _below_the_table(diagnosis: Diagnosis, options: TextOptions, rest: str) -> Iterator[RenderableType]:
    others = others_text(diagnosis.result.others)
    if others and not options.all_conditions:
        yield _indented(Text(sticky(f"{others}; {rest}."), style="dim"))
    yield from _approximate(diagnosis)
    yield _indented(Text(sticky("More than one can be true; they need not add up to 100 %."), style="dim"))
    if options.intervals:
        yield from _interval_parts(diagnosis, options.intervals, options)
    yield from _scores(diagnosis)


def closing_parts(diagnosis: Diagnosis, options: TextOptions = PLAIN) -> Iterator[RenderableType]:
    """What was answered, what is not known, what is weighed, what to be warned of, and once more how urgent it is.

    The urgency stands last, too, as the end is what a terminal still shows.
    """
    yield from _answered_parts(diagnosis, details=options.details)
    if scope := scope_line(diagnosis.network):
        yield Text(f"\n{scope}", style="dim")
    # A flag that is set aside stands with the urgency, where it is looked for.
    yield from warning_lines(each.message for each in diagnosis.warnings if each.kind != "set_aside")
    triage = diagnosis.triage
    yield Text(f"\nOnce more, how urgent: {triage.words}", style="bold red" if triage.alarming else "bold")
    if diagnosis.network.caution:
        yield Text(f"\n{diagnosis.network.caution}", style="italic")


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


class _Row(NamedTuple):
    """A line of the table of causes; `rank` and `prior` may be empty, `error` is of an approximate probability."""

    rank: str
    name: str
    prior: str
    chance: str
    probability: float
    error: float | None = None


class _Causes:
    """The table of causes, in which what speaks for and against a cause stands below its line at full width."""

    def __init__(self, diagnosis: Diagnosis, console: Console, options: TextOptions) -> None:
        self._diagnosis, self._options, self._fancy = diagnosis, options, is_fancy(console)
        network = diagnosis.network
        self._listed = _listed(diagnosis, options)
        self._groups = diagnosis.groups if options.details else {}
        names = [*map(self._name, self._listed), *(network.groups[name].name for name in self._groups)]
        names += [self._form(name, form) for name in self._listed for form in diagnosis.forms.get(name, {})]
        self._room = console.width - _INDENT - _RANK - _PROBABILITY - len(_GAP) - (_PRIOR if options.details else 0)
        self._longest = min(self._room, max(Text(name).cell_len for name in names))

    def parts(self) -> Iterator[RenderableType]:
        """The lines, the most probable cause first; with details, groups below."""
        diagnosis, network = self._diagnosis, self._diagnosis.network
        if self._options.details:
            yield self._line(_Row(" #", "Condition", "Prior", "Probability", 0.0), style="bold")
        causes = {cause.condition: cause for cause in diagnosis.result.causes}
        for rank, name in enumerate(self._listed, start=1):
            chance, error = diagnosis.posterior[name], self._error(name)
            told = (
                f"{rank:2}",
                self._name(name),
                percent(diagnosis.prior[name]),
                chance_text(diagnosis, {name}, chance),
            )
            yield self._line(_Row(*told, chance, error), style="bold" if rank == 1 else "")
            for form, probability in diagnosis.forms.get(name, {}).items():
                yield self._line(_Row("", self._form(name, form), "", percent(probability), probability))
            for heading, answers in speaks(network, causes[name]) if name in causes else ():
                yield Padding(Text(sticky(f"{heading}: {answers}"), style="dim"), (0, 0, 0, _RANK))
        for number, (name, chance) in enumerate(self._groups.items()):
            if not number:
                yield Text("\n    At least one of", style="bold")
            told = (
                "",
                network.groups[name].name,
                "",
                chance_text(diagnosis, set(network.groups[name].members), chance),
            )
            yield self._line(_Row(*told, chance))

    def _name(self, name: str) -> str:
        condition = self._diagnosis.network.conditions[name]
        return f"{condition.name} ({condition.id}, {condition.icd10})" if self._options.details else condition.name

    def _form(self, name: str, form: str) -> str:
        return f"  {self._diagnosis.network.conditions[name].forms[form].name}"

    def _error(self, name: str) -> float | None:
        how = self._diagnosis.approximation
        return how.errors[name] if how else None

    def _line(self, row: _Row, style: str = "") -> Table:
        """A table of one line; all lines have columns of the same widths."""
        width = min(LONGEST_BAR, self._room - self._longest)
        table = Table.grid(padding=0)
        table.add_column(width=_RANK)
        table.add_column(width=self._longest, overflow="fold")
        for wide in (_PRIOR, _PROBABILITY) if self._options.details else (_PROBABILITY,):
            table.add_column(width=wide, justify="right")
        table.add_column(width=len(_GAP) + width, no_wrap=True)
        drawn = Text(_GAP) + bar(row.probability, width, fancy=self._fancy)
        last = drawn if row.error is None else Text(f"{_GAP}+- {percent_or_less(row.error)}")
        prior = (row.prior,) if self._options.details else ()
        table.add_row(row.rank, row.name, *prior, row.chance, last, style=style)
        return table


def _listed(diagnosis: Diagnosis, options: TextOptions) -> list[str]:
    """Ids of the conditions that are listed, the most probable first."""
    return (
        list(diagnosis.posterior) if options.all_conditions else [cause.condition for cause in diagnosis.result.causes]
    )


def _interval_parts(diagnosis: Diagnosis, intervals: Intervals, options: TextOptions) -> Iterator[RenderableType]:
    """Intervals of what is listed, and how often each condition comes first."""
    network = diagnosis.network
    draws = f"{intervals.draws:,} draw{'' if intervals.draws == 1 else 's'}"
    yield Text(sticky(f"\nIf all numbers vary within their ranges ({draws}): 95 % intervals"), style="bold")
    if intervals.ranges.caution:
        yield _indented(Text(intervals.ranges.caution))
    if not intervals.ranges.any:
        return
    table = columns(3)
    for name in _listed(diagnosis, options):
        each = intervals.conditions[name]
        if given_state(diagnosis, {name}) is None:
            share = intervals.first[name]
            first = "first in all" if share == 1.0 else f"first in {percent(share)}" if share else ""
            table.add_row(network.conditions[name].name, sticky(interval_text(each)), sticky(first))
            for form, interval in intervals.forms.get(name, {}).items():
                table.add_row(f"  {network.conditions[name].forms[form].name}", sticky(interval_text(interval)))
    for name, each in intervals.groups.items() if options.details else ():
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
            table.add_row("", Text(f"({flag_source(network, each)})", style="dim"))
    for flag in triage.set_aside:
        table.add_row("-", sticky(triage.told(flag)))
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


# --- what would help ----------------------------------------------------------------------------------------------


def _decisive_parts(diagnosis: Diagnosis, *, details: bool) -> Iterator[RenderableType]:
    """Examinations and tests that can change what is done, or that none can."""
    found = diagnosis.result.decisive
    if found is None or not diagnosis.evidence.answers:
        return
    yield Text(f"\n{TESTS_HEADING}", style="bold")
    if not found:
        yield _indented(Text(NOTHING_DECISIVE))
    for each in found:
        yield from _examination(each.asked, decisive_text(diagnosis, each), details=details)
    if diagnosis.result.telling:
        yield _indented(Text(f"{TELLING_HEADING}:"))
    for question in diagnosis.result.telling:
        yield from _examination(question.asked, why(diagnosis, question), details=details)
    if diagnosis.result.parting:
        yield Text(f"\n{parting_heading(diagnosis)}", style="bold")
    for question in diagnosis.result.parting:
        yield from _examination(question.asked, parting_text(diagnosis, question), details=details)


def _examination(asked: Question, told: str, *, details: bool) -> Iterator[RenderableType]:
    name = f" ({asked.id})" if details else ""
    yield _indented(Text(f"{asked.question} [{asked.asked_of}]{name}", style="bold"))
    yield Padding(Text(sticky(told)), (0, 0, 0, 2 * _INDENT))


def _advice_parts(diagnosis: Diagnosis, *, details: bool) -> Iterator[RenderableType]:
    """What is likely, and what is dangerous and not ruled out, with what usually helps."""
    names = diagnosis.result.advice if diagnosis.evidence.answers else ()
    if names:
        yield Text(f"\n{advice_heading(diagnosis.result)}", style="bold")
    for name in names:
        condition = diagnosis.network.conditions[name]
        code = f" ({condition.icd10})" if details else ""
        chance = chance_text(diagnosis, {name}, diagnosis.posterior[name])
        yield _indented(Text(sticky(f"{condition.name}{code}, {chance}"), style="bold"))
        yield _indented(Text(condition.description))
        yield _indented(Text(f"What usually helps: {condition.what_helps}"))
    yield from _general_advice_parts(diagnosis, details=details)


def _general_advice_parts(diagnosis: Diagnosis, *, details: bool) -> Iterator[RenderableType]:
    """What is told whatever the cause; what guidelines say of each, and the source, with details."""
    network, names = diagnosis.network, diagnosis.result.general_advice
    if names:
        yield Text(f"\n{GENERAL_HEADING}", style="bold")
    for heading, told in general_advice_of(network, names):
        yield _indented(Text(f"{heading}:"))
        for advice in told:
            yield Padding(Text(f"- {advice.text}"), (0, 0, 0, 2 * _INDENT))
            if details:
                because = f"{advice.guidelines} ({citation(network, advice.source)})"
                yield Padding(Text(because, style="dim"), (0, 0, 0, 3 * _INDENT))


# --- answers -------------------------------------------------------------------------------------------------------


def _answered_parts(diagnosis: Diagnosis, *, details: bool) -> Iterator[RenderableType]:
    """What was answered by topic, what is there first; then what is not known."""
    network, result = diagnosis.network, diagnosis.result
    for title, topics in (("What was answered", result.present), ("Answered no", result.denied)):
        if topics:
            yield Text(f"\n{title}", style="bold")
            table = columns()
            for row in answered(diagnosis, topics):
                table.add_row(*map(sticky, row))
            yield _indented(table)
    yield from (_indented(Text(told)) for told in implied_told(diagnosis))
    if details and diagnosis.evidence.answers:
        words = (f"{name}={_as_word(answer)}" for name, answer in diagnosis.evidence.answers.items())
        yield Text(f"\nAs words of a command: {' '.join(words)}", style="dim")
    if result.unknown:
        yield Text(f"\nNot known: {labels(network, result.unknown)}")
    if result.skipped:
        yield Text(f"\nSkipped: {labels(network, result.skipped)}")


def _as_word(answer: Answer) -> str:
    """An answer as the command line takes it."""
    return (
        shown(answer)
        if isinstance(answer, str)
        else ",".join(f"{state}:{weight:g}" for state, weight in answer.items())
    )
