"""Which questions can be asked now, and which of them are wanted."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, TypedDict

from bayesknee.errors import SEE_FINDINGS, QuestionError, unknown_text
from bayesknee.knowledge.model import ANSWERED_BY, StatesByName
from bayesknee.knowledge.network import Network
from bayesknee.patient.evidence import Evidence, gate_holds, is_within

ASKED_OF: Final = tuple(ANSWERED_BY.values())
FEW: Final = 30  # names that an error can list; more would fill the screen


@dataclass(frozen=True)
class Filter:
    """Which questions are wanted; None stands for all.

    Attributes:
        asked_of: by whom they can be answered: patient, clinician, test.
        topics: their topics.
        most_burden: the largest burden that a question may have.
        within: ids, of which all others are left out.
    """

    asked_of: frozenset[str] | None = None
    topics: frozenset[str] | None = None
    most_burden: float | None = None
    within: frozenset[str] | None = None

    def wanted(self, network: Network) -> tuple[str, ...]:
        """The ids of these questions, in the order of the network."""
        return tuple(
            name
            for name, question in network.questions.items()
            if (self.asked_of is None or question.asked_of in self.asked_of)
            and (self.topics is None or question.topic in self.topics)
            and (self.most_burden is None or question.burden <= self.most_burden)
            and (self.within is None or name in self.within)
        )


class Filters(TypedDict, total=False):
    """A filter as keyword arguments; see `Filter`."""

    asked_of: str | Iterable[str] | None
    topic: str | Iterable[str] | None
    most_burden: float | None
    within: str | Iterable[str] | None


def make_filter(
    network: Network,
    asked_of: str | Iterable[str] | None = None,
    topic: str | Iterable[str] | None = None,
    most_burden: float | None = None,
    within: str | Iterable[str] | None = None,
) -> Filter:
    """A filter whose names are checked; one name may be given as it is.

    Raises:
        QuestionError: a name that the network does not have, or a burden that no question can have.
    """
    if most_burden is not None and not most_burden > 0.0:
        raise QuestionError(f"a burden of at most {most_burden:g} leaves no question; expected a number above 0")
    return Filter(
        _checked("asked_of", asked_of, ASKED_OF),
        _checked("topic", topic, network.topics),
        most_burden,
        _checked("question", within, network.questions),
    )


def _checked(what: str, given: str | Iterable[str] | None, known: Collection[str]) -> frozenset[str] | None:
    if given is None:
        return None
    names = [given] if isinstance(given, str) else list(given)
    for name in names:
        check_name(what, name, known)
    return frozenset(names)


def check_name(what: str, name: str, known: Collection[str]) -> None:
    """Refuses a name that is not known.

    Raises:
        QuestionError: with near names, or all of them where they are few.
    """
    if name not in known:
        raise QuestionError(unknown_text(what, name, known, otherwise="" if len(known) <= FEW else SEE_FINDINGS))


def askable(network: Network, evidence: Evidence, wanted: Iterable[str]) -> tuple[str, ...]:
    """The wanted questions that can be asked now: not answered (`unknown` is an answer), not settled, gates hold.

    `ask_once` and `ask_unless` count as gates here; see `bayesknee.knowledge.model.Finding`.
    """
    closed = _closed(evidence)
    return tuple(
        [
            name
            for name in wanted
            if name not in closed
            and (name not in network.gated or gate_holds(network, evidence, name))
            and (name not in network.asked_on_terms or _may_be_asked(network, evidence, name))
        ]
    )


def _may_be_asked(network: Network, evidence: Evidence, name: str) -> bool:
    question = network.questions[name]
    if _any_holds(network, evidence, question.ask_unless):
        return False
    return not question.ask_once or _any_holds(network, evidence, question.ask_once)


def _any_holds(network: Network, evidence: Evidence, states: StatesByName) -> bool:
    return any(
        is_within(evidence.likelihoods.get(other), network.states[other], wanted) for other, wanted in states.items()
    )


def skipped_questions(network: Network, evidence: Evidence, skipped: Iterable[str]) -> tuple[str, ...]:
    """The questions that were put and have no answer, in the order of the network.

    Args:
        network: whose questions.
        evidence: the answers.
        skipped: ids of questions, or of checklists, which stand for their lines.

    Raises:
        QuestionError: the network has no such question or checklist.
    """
    lists = network.opening.tick_all
    names: set[str] = set()
    for name in skipped:
        if name not in lists:
            check_name("question", name, network.questions)
        names.update(lists[name].members if name in lists else (name,))
    return tuple(
        [name for name in network.questions if name in names and name not in evidence.answers] if names else ()
    )


def reachable(network: Network, evidence: Evidence, wanted: Iterable[str]) -> tuple[str, ...]:
    """The wanted questions that can be asked now or whose gates further answers may open, in the order given."""
    names = tuple(wanted)
    found = set(askable(network, evidence, names))
    closed = _closed(evidence)
    open_to = [each for each in names if each not in closed]
    grown = True
    while grown:
        more = {name for name in open_to if name not in found and _may_open(network, evidence, name, found)}
        grown = bool(more)
        found |= more
    return tuple(name for name in names if name in found)


def _may_open(network: Network, evidence: Evidence, name: str, found: set[str]) -> bool:
    question = network.questions[name]
    once = question.ask_once
    return (
        all(
            gate in found or is_within(evidence.likelihoods.get(gate), network.states[gate], allowed)
            for gate, allowed in question.only_if.items()
        )
        and not _any_holds(network, evidence, question.ask_unless)
        and (not once or not found.isdisjoint(once) or _any_holds(network, evidence, once))
    )


def _closed(evidence: Evidence) -> set[str]:
    """What is answered, be it with unknown, and what is settled: only one state of it is left possible."""
    settled = (
        name for name, likelihood in evidence.likelihoods.items() if sum(weight > 0.0 for weight in likelihood) == 1
    )
    return {*evidence.answers, *settled}
