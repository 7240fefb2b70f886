"""What follows from a posterior, in words: the same in the terminal, in notebooks and in web pages."""

from __future__ import annotations

from collections.abc import Iterator

from bayesknee.diagnosis.asking.next_questions import NextQuestion, Outcome
from bayesknee.diagnosis.belief import Belief, NotRuledOut
from bayesknee.diagnosis.explaining.intervals import Interval
from bayesknee.diagnosis.explaining.ledger import Account, Entry
from bayesknee.knowledge.model import NO_YES
from bayesknee.knowledge.network import Network
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.patient.answer_words import answer_text, label, state_text
from bayesknee.words import percent, percent_or_less


def answer_count(belief: Belief) -> str:
    """How many answers the posterior rests on, in words."""
    answers = belief.evidence.answers.values()
    unknown = sum(answer == UNKNOWN for answer in answers)
    known = len(answers) - unknown
    count = f"{known} answer{'' if known == 1 else 's'}" if known else "no answers"
    return f"{count} and {unknown} not known" if unknown else count


def chance_text(belief: Belief, conditions: set[str], probability: float) -> str:
    """P(at least one of these conditions) in words, or `given: yes` or `given: no` if the answers state it."""
    state = given_state(belief, conditions)
    return percent(probability) if state is None else f"given: {state}"


def given_state(belief: Belief, conditions: set[str]) -> str | None:
    """Whether the answers state "at least one of these conditions": `yes`, `no`, or None if they do not."""
    given = {belief.evidence.answers.get(name) for name in conditions}
    if "yes" in given:
        return "yes"
    return "no" if given == {"no"} else None


def event_chance(belief: Belief, name: str) -> str:
    """The probability of a condition or group by id, in words as by `chance_text`."""
    groups = belief.network.groups
    members = groups[name].members if name in groups else (name,)
    return chance_text(belief, set(members), {**belief.posterior, **belief.groups}[name])


def interval_text(interval: Interval) -> str:
    """`1.2 to 3.4 %`."""
    low, high = percent(interval.low), percent(interval.high)
    return low if low == high else f"{low.removesuffix(' %')} to {high}"


def not_ruled_out_line(network: Network, danger: NotRuledOut) -> str:
    """`not ruled out: Deep vein thrombosis 3.1 % (limit 2 %)`."""
    name = network.conditions[danger.condition].name
    return f"not ruled out: {name} {percent_or_less(danger.probability)} ({limit_text(danger)})"


def limit_text(danger: NotRuledOut) -> str:
    """`limit 2 %`."""
    return f"limit {100 * danger.limit:.3g} %"


def implied_text(belief: Belief, gate: str) -> str:
    """The states of a gate that answers imply, and these answers: `yes (taken from: Soft, like a water balloon)`."""
    states = " or ".join(state_text(belief.network, gate, state) for state in belief.evidence.implied[gate])
    labels = ", ".join(label(belief.network, name) for name in belief.evidence.taken_from[gate])
    return f"{states} (taken from: {labels})"


def entry_text(network: Network, entry: Entry) -> str:
    """An answer of a ledger in words: `Lump behind the knee: yes`."""
    implied = " or ".join(state_text(network, entry.finding, state) for state in entry.implied)
    stated = [answer_text(network, entry.finding, entry.answer)] if entry.answer is not None else []
    return f"{label(network, entry.finding)}: {'; '.join([*stated, *([f'{implied} (implied)'] if implied else [])])}"


def account_name(network: Network, account: Account) -> str:
    """What an account is about: `Broken bone`, or `Broken bone rather than Tendon strain`."""
    names = [event_name(network, name) for name in (account.subject, account.against) if name is not None]
    return " rather than ".join(names)


def event_name(network: Network, name: str) -> str:
    """The name of a condition or group."""
    return network.conditions[name].name if name in network.conditions else network.groups[name].name


def why(belief: Belief, question: NextQuestion) -> str:
    """What the answers to a question would do to the condition that the question is about.

    Such as `yes would take Broken bone from 41.0 % to 78.0 %; no, to 12.0 %`. Of more than two answers, these are the
    two that raise and lower the probability most.
    """
    network, about = belief.network, question.about
    first, *rest = _telling(question)
    words = question.asked.state_words
    now, to = belief.posterior[about], percent(first.posterior[about])
    change = f"{words(first.state)} would take {network.conditions[about].name} from {percent(now)} to {to}"
    return "; ".join([change, *(f"{words(outcome.state)}, to {percent(outcome.posterior[about])}" for outcome in rest)])


def _telling(question: NextQuestion) -> list[Outcome]:
    """Yes and no, or the answers that raise and lower the probability of the condition most."""
    outcomes = list(question.outcomes)
    if len(outcomes) > 2 or {outcome.state for outcome in outcomes} != set(NO_YES):
        outcomes.sort(key=lambda outcome: outcome.posterior[question.about])
    return outcomes if len(outcomes) == 1 else [outcomes[-1], outcomes[0]]


def answers_told(belief: Belief) -> Iterator[tuple[str, str]]:
    """The answers, then what these imply about gates, as pairs of a label and a text."""
    network, evidence = belief.network, belief.evidence
    for name, answer in evidence.answers.items():
        yield label(network, name), answer_text(network, name, answer)
    for name in evidence.implied:
        yield label(network, name), implied_text(belief, name)
