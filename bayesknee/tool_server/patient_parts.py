"""The parts of results about a patient, from a diagnosis."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bayesknee.diagnosis.asking.next_questions import NextQuestion
from bayesknee.diagnosis.asking.warning_signs import flags_not_asked
from bayesknee.diagnosis.belief import Belief
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.explaining.ledger import Cited, Entry
from bayesknee.diagnosis.result import Cause, Speaking
from bayesknee.diagnosis.wording import entry_text, flags_named, implied_told, reason, speaking_text
from bayesknee.patient.answer_words import answer_text, label
from bayesknee.plain import plain
from bayesknee.tool_server.told import (
    AnswerTold,
    BasisTold,
    ConditionTold,
    DangerTold,
    EffectTold,
    NumberTold,
    UrgencyTold,
    UsefulQuestion,
    WarningTold,
)
from bayesknee.version import __version__
from bayesknee.words import LEVEL_WORDS


def patient_parts(diagnosis: Diagnosis, quotes: Mapping[str, str]) -> dict[str, Any]:
    """The fields of `PatientTold`.

    Args:
        diagnosis: of the patient.
        quotes: the words that each answer was taken from, by id.
    """
    return {
        "urgency": urgency(diagnosis),
        "warnings": warnings(diagnosis),
        "not_ruled_out": dangers(diagnosis),
        "basis": _basis(diagnosis),
        "heard": list(_heard(diagnosis, quotes)),
        "implied": list(implied_told(diagnosis)),
    }


def urgency(belief: Belief) -> UrgencyTold:
    """How urgent a case is, and why."""
    triage = belief.triage
    return UrgencyTold(
        level=triage.level,
        words=LEVEL_WORDS[triage.level],
        reasons=[triage.told(each) for each in triage.shown],
        set_aside=[triage.told(each) for each in triage.set_aside],
        open=[flag.label for flag in belief.not_known_flags],
        not_asked=flags_named(flags_not_asked(belief)),
    )


def warnings(diagnosis: Diagnosis) -> list[WarningTold]:
    """What a reader must be warned of."""
    return [WarningTold(**plain(each)) for each in diagnosis.warnings]


def dangers(belief: Belief) -> list[DangerTold]:
    """What must not be missed and is not ruled out."""
    names = belief.network.conditions
    return [DangerTold(**plain(each), name=names[each.condition].name) for each in belief.not_ruled_out]


def _basis(belief: Belief) -> BasisTold:
    network = belief.network
    return BasisTold(
        network=network.id,
        version=network.version,
        sha256=network.sha256,
        program=__version__,
        setting=belief.setting,
        exact=belief.exact,
        caution=network.caution,
    )


def _heard(belief: Belief, quotes: Mapping[str, str]) -> Iterator[AnswerTold]:
    network = belief.network
    for name, answer in belief.evidence.answers.items():
        told = answer_text(network, name, answer)
        yield AnswerTold(finding=name, label=label(network, name), answer=told, quote=quotes[name])


def condition(belief: Belief, name: str, cause: Cause | None) -> ConditionTold:
    """A condition with its probability, and what speaks for and against it where it is one of the first causes."""
    errors = belief.approximation.errors if belief.approximation else {}
    return ConditionTold(
        condition=name,
        name=belief.network.conditions[name].name,
        probability=belief.posterior[name],
        base_rate=belief.prior[name],
        error=errors.get(name),
        speaks_for=_speaks(belief, cause.speaks_for if cause else None),
        speaks_against=_speaks(belief, cause.speaks_against if cause else None),
    )


def _speaks(belief: Belief, speaking: Speaking | None) -> str:
    return speaking_text(belief.network, speaking) if speaking else ""


def useful(belief: Belief, questions: Iterable[NextQuestion]) -> list[UsefulQuestion]:
    """Questions by what they are about."""
    return [
        UsefulQuestion(finding=each.finding, question=each.question, asked_of=each.asked_of, why=reason(belief, each))
        for each in questions
    ]


def effect(belief: Belief, entry: Entry, quotes: Mapping[str, str]) -> EffectTold:
    """What an answer did, with the numbers that carried it; what others imply has no quote."""
    return EffectTold(
        finding=entry.finding,
        answer=entry_text(belief.network, entry),
        quote=quotes.get(entry.finding, ""),
        factor=plain(entry.factor),
        numbers=[_number(each) for each in entry.numbers],
    )


def _number(cited: Cited) -> NumberTold:
    number = cited.stated.number
    return NumberTold(
        what=cited.stated.what,
        value=number.value,
        low=number.low,
        high=number.high,
        grade=number.grade,
        source=cited.citation,
    )
