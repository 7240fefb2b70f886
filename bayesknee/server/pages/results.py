"""What the page of the result shows beside what the interview has: bars, what moved, what speaks for and against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from immutabledict import immutabledict

from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.explaining.intervals import Intervals
from bayesknee.diagnosis.explaining.ledger import Account
from bayesknee.diagnosis.result import WORTH_TELLING, TopicAnswers
from bayesknee.diagnosis.triage import unknown_flags
from bayesknee.diagnosis.wording import entry_text, event_name, labels, topic_name
from bayesknee.display.explanation import effect_text
from bayesknee.display.interview import unknown_flags_told
from bayesknee.display.patient_report import BarPart, bar_parts
from bayesknee.errors import InferenceError
from bayesknee.knowledge.model import Question
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.patient.answer_words import answer_text, label
from bayesknee.patient.askable import Filter, reachable
from bayesknee.patient.evidence import Answer
from bayesknee.patient.unsure_answers import PROBABLY, PROBABLY_NOT
from bayesknee.server.pages.visits import Visit, as_sent

# Judged: five answers either way, and eight warnings, can be read at a glance, and an interval of a bar needs no third
# figure. 200 draws take a few tenths of a second where 1,000, which the report has, take more than a second.
MOST_ENTRIES: Final = 5
MOST_SIGNS: Final = 8
DRAWS: Final = 200
BY_PATIENT: Final = Filter(frozenset({"patient"}))


@dataclass(frozen=True)
class SpokenPart:
    """The answers that moved a condition most, one way: pairs of the answer and what it did."""

    heading: str
    entries: tuple[tuple[str, str], ...]
    more: int


@dataclass(frozen=True)
class EditPart:
    """An answer that can be changed in place.

    Attributes:
        choices: what it may be, as pairs of what is sent and of words; empty for a number.
        now: what is sent of it as it is; empty where no field has it.
        told: the answer in words.
        unit: of a number.
    """

    name: str
    label: str
    choices: tuple[tuple[str, str], ...]
    now: str
    told: str
    unit: str


@dataclass(frozen=True)
class ResultParts:
    """What the page of the result shows.

    Attributes:
        before: the probabilities before an answer was changed on this page, by id; empty where none was.
        was_level: how urgent it was then, in words; empty where it is the same.
        others: names and probabilities of the causes that are not told one by one.
        present, denied, unknown: the answers, by topic.
        skipped: labels of questions.
        not_known, not_asked: the red flags that answers of `unknown`, or that nobody gave, leave open.
    """

    bars: tuple[BarPart, ...]
    intervals: Intervals | None
    before: Mapping[str, float]
    was_level: str
    others: tuple[tuple[str, str, float], ...]
    spoken: tuple[tuple[str, tuple[SpokenPart, ...]], ...]
    present: tuple[tuple[str, tuple[EditPart, ...]], ...]
    denied: tuple[tuple[str, tuple[EditPart, ...]], ...]
    unknown: tuple[EditPart, ...]
    skipped: str
    not_known: str
    not_asked: str


def result_parts_of(visit: Visit, before: Diagnosis | None) -> ResultParts:
    """The parts for one patient.

    Args:
        visit: of the patient.
        before: the diagnosis to compare with; None for none.
    """
    diagnosis = visit.interview.diagnosis
    result, network = diagnosis.result, diagnosis.network
    intervals = None
    with suppress(InferenceError):
        intervals = diagnosis.intervals(DRAWS)
    unknown = dict.fromkeys(result.unknown, UNKNOWN)
    return ResultParts(
        bars=tuple(bar_parts(diagnosis, intervals)),
        intervals=intervals if intervals is not None and intervals.ranges.any else None,
        before=before.posterior if before is not None else immutabledict(),
        was_level=before.triage.words if before is not None and before.triage.level != result.triage.level else "",
        others=tuple((name, event_name(network, name), diagnosis.posterior[name]) for name in result.others.conditions),
        spoken=tuple(_spoken(diagnosis)),
        present=tuple(_by_topic(diagnosis, result.present)),
        denied=tuple(_by_topic(diagnosis, result.denied)),
        unknown=tuple(_edits(diagnosis, unknown)),
        skipped=labels(network, visit.interview.diagnosis.skipped),
        not_known=unknown_flags_told(visit.interview),
        not_asked=_not_asked(diagnosis),
    )


def _not_asked(diagnosis: Diagnosis) -> str:
    """The red flags that would make it more urgent, and that what nobody was asked yet leaves open."""
    network, evidence = diagnosis.network, diagnosis.evidence
    open_questions = reachable(network, evidence, BY_PATIENT.wanted(network))
    labels_of = [flag.label for flag in unknown_flags(network, evidence, diagnosis.triage.level, open_questions)]
    told = [label for label in labels_of if label not in {flag.label for flag in diagnosis.result.not_known_flags}]
    more = len(told) - MOST_SIGNS
    return "; ".join([*told[:MOST_SIGNS], *([f"and {more} more"] if more > 0 else [])])


def _spoken(diagnosis: Diagnosis) -> Iterator[tuple[str, tuple[SpokenPart, ...]]]:
    """What speaks for and against the leader and the most probable danger beside it; nothing beyond the budget."""
    leader = next(iter(diagnosis.posterior))
    dangers = [each.condition for each in diagnosis.not_ruled_out if each.condition != leader][:1]
    with suppress(InferenceError):
        for name in (leader, *dangers):
            account = diagnosis.ledger[name]
            parts = (_part(diagnosis, account, 1.0, "For it"), _part(diagnosis, account, -1.0, "Against it"))
            yield event_name(diagnosis.network, name), parts


def _part(diagnosis: Diagnosis, account: Account, direction: float, heading: str) -> SpokenPart:
    told = [entry for entry in account.entries if direction * entry.share >= WORTH_TELLING]
    shown = told[:MOST_ENTRIES]
    entries = ((entry_text(diagnosis.network, each), effect_text(each.share, contrast=False)) for each in shown)
    return SpokenPart(heading, tuple(entries), len(told) - len(shown))


def _by_topic(diagnosis: Diagnosis, topics: tuple[TopicAnswers, ...]) -> Iterator[tuple[str, tuple[EditPart, ...]]]:
    for each in topics:
        if rows := tuple(_edits(diagnosis, each.answers)):
            yield topic_name(diagnosis.network, each.topic), rows


def _edits(diagnosis: Diagnosis, answers: Mapping[str, Answer]) -> Iterator[EditPart]:
    network = diagnosis.network
    for name, answer in answers.items():
        if question := network.questions.get(name):
            told = answer_text(network, name, answer)
            choices = () if question.bands else tuple(choices_of(question))
            yield EditPart(name, label(network, name), choices, as_sent(answer), told, question.unit)


def choices_of(question: Question) -> Iterator[tuple[str, str]]:
    """How a question may be answered, as pairs of what is sent and of words; yes first."""
    states = [(state, question.state_words(state)) for state in question.states]
    if set(question.states) == {"no", "yes"}:
        yield from (*reversed(states), (PROBABLY, "probably yes"), (PROBABLY_NOT, "probably not"))
    else:
        yield from states
    yield UNKNOWN, "not known"
