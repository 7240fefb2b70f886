"""What a text says of the findings of a network: a list to confirm. Nothing of it is entered by itself."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bayesknee.errors import EvidenceError
from bayesknee.knowledge.model import ABSENT, NO_YES, Question
from bayesknee.knowledge.network import Network
from bayesknee.patient.heard.english import RELATIVES
from bayesknee.patient.heard.meant import Asked, Assertion, Cues, about, assertion_of, cues_of
from bayesknee.patient.heard.mentions import Mention, Sense, mentions_of, phrases_of
from bayesknee.patient.heard.numbers import Quantity, quantities_of
from bayesknee.patient.heard.tokens import Token, tokens_of
from bayesknee.patient.measured import Measured, folded_unit, read_measured
from bayesknee.patient.units import conversion

LONGEST: Final = 10_000  # characters of a text: four pages, more than anybody tells of a complaint; judged
PATIENT: Final = ("patient",)
_HOW_LONG: Final = re.compile(r"how (long|many [a-z, ]+ago)", re.IGNORECASE)
_HOW_OLD: Final = re.compile(r"how old", re.IGNORECASE)
_SIDES: Final = ("left", "right", "both")
_BEGAN: Final = frozenset({"start", "begin", "come", "first", "onset", "appear", "happen"})
_BOUNDS: Final = frozenset({"over", "than", "under"})  # "more than a year" is a bound, and no number


@dataclass(frozen=True)
class Proposal:
    """What a place of a text may say of a finding.

    Attributes:
        finding: its id.
        assertion: how it is meant.
        state: the answer that this would be; empty where the text does not say which: the question is to be put.
        number: as it would be entered, in the unit of the finding; None without one.
        start, end: where it stands in the text, in characters.
        side: left, right or both, where that stands beside it; else empty.
    """

    finding: str
    assertion: Assertion
    state: str
    start: int
    end: int
    number: float | None = None
    side: str = ""


def propose(network: Network, text: str, asked_of: Sequence[str] = PATIENT) -> tuple[Proposal, ...]:
    """What a text may say of findings and risk factors, in its order, for somebody to confirm.

    Args:
        network: whose phrases are looked for: the synonyms of questions and of their states, and labels.
        text: of at most `LONGEST` characters.
        asked_of: whose questions. A number with a unit that one question alone has counts whoever is asked it.

    Raises:
        EvidenceError: a longer text.
    """
    if len(text) > LONGEST:
        got = f"got a text of {len(text):,} characters"
        raise EvidenceError(f"{got}; expected at most {LONGEST:,}; leave out what is not of the complaint")
    tokens = tokens_of(text)
    if not tokens:
        return ()
    cues, quantities = cues_of(tokens), quantities_of(tokens)
    mentions = mentions_of(phrases_of(network, asked_of), tokens)
    warnings = _warnings(network)
    counted = list(_counted(network, tokens, quantities, mentions, asked_of))
    with_number = {(proposal.finding, tokens[place].sentence) for proposal, place in counted}
    said = [
        _said(network.questions[mention.sense.finding], mention, tokens, cues, warnings)
        for mention in mentions
        if (mention.sense.finding, tokens[mention.first].sentence) not in with_number
    ]
    return tuple(_agreed([*said, *(proposal for proposal, _ in counted)]))


def _warnings(network: Network) -> frozenset[str]:
    """The findings that a red flag reads."""
    return frozenset(name for flag in network.red_flags.values() for name in flag.questions)


# --- words ------------------------------------------------------------------------------------------------------------


def _said(
    question: Question, mention: Mention, tokens: Sequence[Token], cues: Cues, warnings: frozenset[str]
) -> Proposal:
    asked = Asked(about(question.question), question.id in warnings, _is_of_relatives(question))
    assertion = assertion_of(mention, tokens, cues, asked)
    assertion, state = _answer(question, mention.sense, assertion)
    start, end = tokens[mention.first].start, tokens[mention.last].end
    return Proposal(question.id, assertion, state, start, end, side=_side(mention, tokens))


def _is_of_relatives(question: Question) -> bool:
    return not RELATIVES.isdisjoint(re.findall(r"[a-z]+", question.question.lower()))


def _answer(question: Question, sense: Sense, assertion: Assertion) -> tuple[Assertion, str]:
    """How a finding is meant, and the answer that this would be; empty where it is none."""
    if sense.state in ABSENT and question.states == NO_YES:  # "my bladder is fine" says that nothing is there
        return ("absent", NO_YES[0]) if assertion == "present" else ("unsure", "")
    if assertion == "present":
        return assertion, sense.state or (NO_YES[1] if question.states == NO_YES else "")
    if assertion == "absent" and not sense.state:
        nothing = [state for state in question.states if state in ABSENT]
        return assertion, nothing[0] if len(nothing) == 1 else ""
    if assertion == "absent" and question.states == NO_YES:
        return assertion, NO_YES[0]
    return assertion, ""


def _side(mention: Mention, tokens: Sequence[Token]) -> str:
    near = [token.word for token in _clause(tokens, mention.first)]
    named = [side for side in _SIDES if side in near]
    return named[0] if len(named) == 1 else ""


def _clause(tokens: Sequence[Token], place: int) -> Sequence[Token]:
    """The tokens of the clause that a token is in."""
    number = tokens[place].clause
    start = bisect_left(tokens, number, key=lambda token: token.clause)
    return tokens[start : bisect_right(tokens, number, key=lambda token: token.clause)]


def _agreed(proposals: Iterable[Proposal]) -> Iterator[Proposal]:
    """Each proposal once, in the order of the text; of a finding that is both said and denied, all are unsure."""
    ordered = sorted(dict.fromkeys(proposals), key=lambda each: (each.start, each.end, each.finding))
    told: dict[str, set[Assertion]] = {}
    chosen = {each.finding for each in ordered if each.assertion == "present" and each.state not in ("", *NO_YES)}
    ordered = [each for each in ordered if each.assertion != "absent" or each.finding not in chosen]
    for each in ordered:
        told.setdefault(each.finding, set()).add(each.assertion)
    kept: dict[tuple[str, str, Assertion, float | None], Proposal] = {}
    for each in ordered:
        clash = {"present", "absent"} <= told[each.finding] and _is_plain(each)
        agreed = replace(each, assertion="unsure", state="") if clash else each
        kept.setdefault((each.finding, agreed.state, agreed.assertion, each.number), agreed)
    yield from kept.values()


def _is_plain(proposal: Proposal) -> bool:
    return proposal.assertion in ("present", "absent")


# --- numbers ----------------------------------------------------------------------------------------------------------


def _counted(
    network: Network,
    tokens: Sequence[Token],
    quantities: Sequence[Quantity],
    mentions: Sequence[Mention],
    asked_of: Sequence[str],
) -> Iterator[tuple[Proposal, int]]:
    """What numbers say, each with the number of its first token."""
    for quantity in quantities:
        question = _asking_for(network, tokens, quantity, mentions, asked_of)
        if question is not None and (measured := _read(network, question, quantity)) is not None:
            start, end = tokens[quantity.start].start, tokens[quantity.stop - 1].end
            yield (
                Proposal(question.id, "present", measured.state, start, end, round(measured.number, 6)),
                quantity.start,
            )


def _asking_for(
    network: Network, tokens: Sequence[Token], quantity: Quantity, mentions: Sequence[Mention], asked_of: Sequence[str]
) -> Question | None:
    """The question that a number answers: one that its clause speaks of, or the only one that it can mean."""
    banded = [each for each in network.questions.values() if each.bands]
    asked = [each for each in banded if each.asked_of in asked_of]
    before = {token.word for token in _clause(tokens, quantity.start) if token.start < tokens[quantity.start].start}
    if quantity.unit == "year_old":
        old = [each for each in asked if _HOW_OLD.search(each.question)]
        return old[0] if len(old) == 1 and RELATIVES.isdisjoint(before) else None
    fitting = [each for each in banded if _conversion(quantity, each) is not None]
    spoken = [
        network.questions[mention.sense.finding]
        for mention in mentions
        if tokens[mention.first].clause == tokens[quantity.start].clause
    ]
    near = [each for each in spoken if each in fitting and not _HOW_OLD.search(each.question)]
    if near:
        return None if _word_before(tokens, quantity) in _BOUNDS else near[0]
    if conversion(quantity.unit, "day") is not None:
        lasting = [each for each in asked if each in fitting and _HOW_LONG.search(f"{each.label} {each.question}")]
        return lasting[0] if len(lasting) == 1 and _is_duration(tokens, quantity) else None
    return fitting[0] if len(fitting) == 1 and quantity.unit != "cm" else None


def _word_before(tokens: Sequence[Token], quantity: Quantity) -> str:
    return tokens[quantity.start - 1].word if quantity.start else ""


def _is_duration(tokens: Sequence[Token], quantity: Quantity) -> bool:
    """Whether a time tells how long something has lasted: "for two weeks", "it started two weeks ago"."""
    clause = _clause(tokens, quantity.start)
    words, stems = {token.word for token in clause}, {token.stem for token in clause}
    behind = tokens[quantity.stop].word if quantity.stop < len(tokens) else ""
    if behind in {"ago", "back"}:
        return not _BEGAN.isdisjoint(stems)
    before = [token.word for token in tokens[max(0, quantity.start - 3) : quantity.start]]
    is_lately = {"over", "last"} <= set(before) or {"over", "past"} <= set(before)
    lasts = "for" in before or before[-1:] == ["been"] or is_lately
    told_as_past = (
        bool({"was", "were", "had"} & words) and clause[0].word != "had" and not {"have", "has", "been"} & words
    )
    return lasts and not told_as_past


def _conversion(quantity: Quantity, question: Question) -> float | None:
    """The number in the unit of a question; None where they do not fit."""
    if quantity.unit == "of 10" or not question.unit:
        return quantity.number if folded_unit(question.unit) == quantity.unit == "of 10" else None
    found = conversion(quantity.unit, question.unit)
    return None if found is None else quantity.number * found.factor + found.offset


def _read(network: Network, question: Question, quantity: Quantity) -> Measured | None:
    """The number as an answer; None where the question has no band for it."""
    number = quantity.number if quantity.unit == "year_old" else _conversion(quantity, question)
    try:
        return None if number is None else read_measured(network, question, number, {})
    except EvidenceError:
        return None
