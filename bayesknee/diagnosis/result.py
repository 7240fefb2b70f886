"""The result of one patient, put together once: what every output tells, in the order of need.

How urgent it is and why; what is not ruled out; the first few causes with what speaks for and against each; which
examination or test could change what is done; what usually helps; what was answered, what is present first; what is not
known; what to be warned of. It holds ids and figures; `bayesknee.diagnosis.wording` has the words.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from bayesknee.diagnosis.asking.decisive import DecisiveQuestion, decisive_questions
from bayesknee.diagnosis.asking.next_questions import NextQuestion, next_questions, questions_about
from bayesknee.diagnosis.asking.warning_signs import flags_not_asked
from bayesknee.diagnosis.belief import Belief, NotRuledOut
from bayesknee.diagnosis.explaining.ledger import Account, Entry, Ledger
from bayesknee.diagnosis.explaining.patient_warnings import PatientWarning
from bayesknee.diagnosis.triage import Triage
from bayesknee.errors import InferenceError
from bayesknee.knowledge.model import ABSENT, RedFlag
from bayesknee.knowledge.network import Network
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.patient.askable import askable, make_filter
from bayesknee.patient.evidence import Answer
from bayesknee.plain import attributes

MOST_CAUSES: Final = 4  # told one by one; judged: what follows is seldom over a few per cent, and a screen has 24 lines
MOST_NAMED: Final = 3  # answers for or against a cause; judged: more cannot be kept in mind
# Natural log of an odds ratio: an answer that changes odds by less than a tenth speaks neither for nor against. Judged.
WORTH_TELLING: Final = math.log(1.1)
MOST_DECISIVE: Final = 3  # examinations and tests; judged: the few that are worth a visit
WORTH_ASKING: Final = (
    1e-4  # bits for a burden of 1: an examination that would tell less of a danger is not named; judged
)
# Bits about a condition for a burden of 1: an examination that would tell less of one of the first two is not named.
# Judged: one that a clinician would do anyway, such as a test of the ligament that is torn at 94 %, is worth 0.02.
WORTH_PARTING: Final = 0.005
LIKELY: Final = 0.1  # judged: advice on what is less likely would worry more than help
MOST_LIKELY: Final = 3  # paragraphs of advice that fit on a screen, beside those on what is dangerous; judged
EXAMINED_BY: Final = ("clinician", "test")  # whose answers an examination or a test brings


@dataclass(frozen=True)
class Speaking:
    """The answers that speak for a cause, or against it.

    Attributes:
        present: answers that something is there, the strongest first; a few.
        more: how many further answers of that kind there are.
        denials: the answers that something is not there, the strongest first.
    """

    present: tuple[Entry, ...] = ()
    more: int = 0
    denials: tuple[Entry, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON, without the numbers of the network that the ledger has."""
        told = ("finding", "answer", "implied", "factor")
        return {
            "present": [attributes(entry, told) for entry in self.present],
            "more": self.more,
            "denials": [attributes(entry, told) for entry in self.denials],
        }


@dataclass(frozen=True)
class Cause:
    """A condition that is told by itself.

    Attributes:
        condition: its id.
        probability: P(condition | evidence).
        speaks_for, speaks_against: the answers that raised and lowered its odds; None if the ledger is beyond the
            budget.
    """

    condition: str
    probability: float
    speaks_for: Speaking | None
    speaks_against: Speaking | None

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON."""
        return attributes(self)


@dataclass(frozen=True)
class OtherCauses:
    """The conditions that are not told by themselves.

    Attributes:
        conditions: their ids, the most probable first.
        probability: P(at least one of them | evidence).
        largest: the largest of their probabilities; 0 if there are none.
        is_bound: whether `probability` is the sum of theirs, which it cannot exceed, as the posterior is approximate.
    """

    conditions: tuple[str, ...]
    probability: float
    largest: float
    is_bound: bool = False

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON."""
        return attributes(self)


@dataclass(frozen=True)
class TopicAnswers:
    """The answers of a topic.

    Attributes:
        topic: its id; empty for what is stated of conditions.
        answers: by id, in the network's order.
    """

    topic: str
    answers: Mapping[str, Answer]

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON."""
        return attributes(self)


@dataclass(frozen=True)
class PatientResult:
    """All that every output tells of one patient, in this order.

    Attributes:
        triage: how urgent it is, and why.
        not_known_flags: red flags more urgent than the level that unknown or skipped answers leave open.
        not_asked_flags: those that the patient was not asked about, the most urgent first.
        not_ruled_out: must-not-miss conditions at or over their limit.
        causes: the first few conditions, and those of the rest that are not ruled out.
        others: the rest.
        decisive: examinations and tests that can change what is done, the best first; None if that was not looked for,
            as the posterior is not exact, or no examination or test can be asked for.
        telling: where none can, and something is not ruled out: the examinations and tests that tell most of that.
        parting: what parts the two most probable conditions, see `first_two`: the examination or test that says most of
            the one, and of the other, but for those of `decisive` and `telling`.
        advice: ids of the conditions that are likely or not ruled out, whose description and help are told.
        general_advice: ids of what is told whatever the cause, where the level of care allows it.
        present: answers that something is there, by topic.
        denied: answers that something is not there, by topic.
        unknown: ids of the questions answered with `unknown`.
        skipped: ids of the questions that were put and not answered.
        warnings: see `bayesknee.diagnosis.explaining.patient_warnings`.
    """

    triage: Triage
    not_known_flags: tuple[RedFlag, ...]
    not_asked_flags: tuple[RedFlag, ...]
    not_ruled_out: tuple[NotRuledOut, ...]
    causes: tuple[Cause, ...]
    others: OtherCauses
    decisive: tuple[DecisiveQuestion, ...] | None
    telling: tuple[NextQuestion, ...]
    parting: tuple[NextQuestion, ...]
    advice: tuple[str, ...]
    general_advice: tuple[str, ...]
    present: tuple[TopicAnswers, ...]
    denied: tuple[TopicAnswers, ...]
    unknown: tuple[str, ...]
    skipped: tuple[str, ...]
    warnings: tuple[PatientWarning, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON; urgency, what is not ruled out or skipped, and warnings stand beside it."""
        asked = ("finding", "question", "asked_of", "burden", "value", "about")
        return {
            "not_known_flags": [flag.id for flag in self.not_known_flags],
            "not_asked_flags": [flag.id for flag in self.not_asked_flags],
            **attributes(self, ("causes", "others", "decisive")),
            "telling": [attributes(question, asked) for question in self.telling],
            "parting": [attributes(question, asked) for question in self.parting],
            **attributes(self, ("advice", "general_advice", "present", "denied", "unknown")),
        }


def result_of(belief: Belief, ledger: Callable[[], Ledger], warnings: tuple[PatientWarning, ...]) -> PatientResult:
    """The result of one patient.

    Args:
        belief: the posterior and the answers.
        ledger: gives that of the same belief.
        warnings: about the same belief.
    """
    network, evidence = belief.network, belief.evidence
    known = {name: answer for name, answer in evidence.answers.items() if answer != UNKNOWN}
    dangers = [each.condition for each in belief.not_ruled_out]
    first = list(belief.posterior)[:MOST_CAUSES]
    told = [name for name in belief.posterior if name in first or name in dangers]
    decisive, telling = _examinations(belief)
    named = {*(each.asked.id for each in decisive or ()), *(each.finding for each in telling)}
    return PatientResult(
        triage=belief.triage,
        not_known_flags=belief.not_known_flags,
        not_asked_flags=flags_not_asked(belief),
        not_ruled_out=belief.not_ruled_out,
        causes=tuple(_causes(belief, told, ledger)),
        others=_others(belief, [name for name in belief.posterior if name not in told]),
        decisive=decisive,
        telling=telling,
        parting=() if decisive is None else tuple(_parting(belief, named)),
        advice=_advice(belief, dangers),
        general_advice=_general_advice(belief),
        present=tuple(_by_topic(network, {name: answer for name, answer in known.items() if not is_denial(answer)})),
        denied=tuple(_by_topic(network, {name: answer for name, answer in known.items() if is_denial(answer)})),
        unknown=tuple(name for name, answer in evidence.answers.items() if answer == UNKNOWN),
        skipped=belief.skipped,
        warnings=warnings,
    )


def is_denial(answer: Answer | None) -> bool:
    """Whether an answer says that something is not there."""
    return isinstance(answer, str) and answer in ABSENT


def _causes(belief: Belief, names: list[str], ledger: Callable[[], Ledger]) -> Iterator[Cause]:
    try:
        found = ledger()
        accounts = {name: found[name] for name in names}
    except InferenceError:
        accounts = {}
    for name in names:
        speaks = [_speaking(accounts[name], direction) if name in accounts else None for direction in (1.0, -1.0)]
        yield Cause(name, belief.posterior[name], *speaks)


def _speaking(account: Account, direction: float) -> Speaking:
    """The answers that moved a condition that way, up for 1 and down for -1; what is stated of it is no reason."""
    others = (entry for entry in account.entries if entry.finding != account.subject)
    told = [entry for entry in others if direction * entry.share >= WORTH_TELLING]
    denials = [entry for entry in told if is_denial(entry.answer)]
    present = [entry for entry in told if not is_denial(entry.answer)]
    return Speaking(tuple(present[:MOST_NAMED]), len(present[MOST_NAMED:]), tuple(denials))


def _others(belief: Belief, names: list[str]) -> OtherCauses:
    chances = [belief.posterior[name] for name in names]
    largest = max(chances, default=0.0)
    if len(names) < 2:
        return OtherCauses(tuple(names), largest, largest)
    if not belief.exact:
        return OtherCauses(tuple(names), min(1.0, sum(chances)), largest, is_bound=True)
    numbers = {name: number for number, name in enumerate(belief.network.conditions)}
    inference = belief.compiled.strategy.infer(belief.evidence)
    return OtherCauses(tuple(names), inference.any_of(frozenset(numbers[name] for name in names)), largest)


def _examinations(belief: Belief) -> tuple[tuple[DecisiveQuestion, ...] | None, tuple[NextQuestion, ...]]:
    """The examinations and tests that can change what is done; where none can, those that tell most of the dangers."""
    wanted = make_filter(belief.network, asked_of=EXAMINED_BY)
    names = wanted.wanted(belief.network)
    if not belief.exact or not askable(belief.network, belief.evidence, names):
        return None, ()
    try:
        found = decisive_questions(belief, names)[:MOST_DECISIVE]
        if found or not belief.not_ruled_out:
            return found, ()
        ranked = next_questions(belief, wanted, "danger")[:MOST_DECISIVE]
    except InferenceError:
        return None, ()
    return found, tuple(each for each in ranked if each.value >= WORTH_ASKING)


def first_two(belief: Belief) -> tuple[str, ...]:
    """Ids of the two most probable conditions, but for the catch-all, of which no examination tells."""
    return tuple([name for name in belief.posterior if name != belief.network.catch_all][:2])


def _parting(belief: Belief, named: Collection[str]) -> Iterator[NextQuestion]:
    """The examination or test that says most of the most probable condition, and the one that says most of the next."""
    wanted = make_filter(belief.network, asked_of=EXAMINED_BY)
    seen = set(named)
    with suppress(InferenceError):
        for condition in first_two(belief):
            for each in questions_about(belief, wanted, condition)[:1]:
                if each.value >= WORTH_PARTING and each.finding not in seen:
                    seen.add(each.finding)
                    yield each


def _advice(belief: Belief, dangers: Iterable[str]) -> tuple[str, ...]:
    likely = [name for name, probability in belief.posterior.items() if probability >= LIKELY][:MOST_LIKELY]
    return tuple(dict.fromkeys([*likely, *dangers]))


def _general_advice(belief: Belief) -> tuple[str, ...]:
    if not belief.evidence.answers:
        return ()
    level = belief.triage.level
    return tuple(name for name, advice in belief.network.general_advice.items() if level in advice.levels)


def _by_topic(network: Network, answers: Mapping[str, Answer]) -> Iterator[TopicAnswers]:
    """The answers by topic, in the network's order; what is stated of conditions comes last."""
    for topic in network.topics:
        found = {
            name: answers[name]
            for name in network.questions
            if name in answers and network.questions[name].topic == topic
        }
        if found:
            yield TopicAnswers(topic, found)
    if stated := {name: answer for name, answer in answers.items() if name in network.conditions}:
        yield TopicAnswers("", stated)
