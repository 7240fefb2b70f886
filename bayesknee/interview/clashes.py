"""Answers that cannot be true together: which earlier answers have to give way to a new one."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bayesknee.diagnosis.engine import Engine
from bayesknee.errors import EvidenceError, ImpossibleEvidenceError
from bayesknee.knowledge.network import Network
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.patient.evidence import Answer, check_evidence, gate_holds


def clashing(engine: Engine, answers: Mapping[str, Answer], new: Collection[str]) -> tuple[str, ...]:
    """The ids of the answers that have to give way, so that the answers left can be true together.

    Args:
        engine: the network in a care setting.
        answers: all answers by id, including the new ones.
        new: ids of the new answers, which stay.

    Raises:
        EvidenceError: the new answers alone cannot be true together.
    """
    network, left = engine.network, dict(answers)
    gone: list[str] = []
    while True:
        giving_way = (
            _without_gate(network, left, new) or _closed_to(network, left, new) or _impossible(engine, left, new)
        )
        if not giving_way:
            return tuple(gone)
        gone += giving_way
        left = {name: answer for name, answer in left.items() if name not in gone}


def to_blame(network: Network, new: Mapping[str, Answer], clash: Collection[str]) -> Mapping[str, Answer]:
    """The new answers that close a gate of a clashing answer; all new answers if none does."""
    closed = {
        gate
        for name in clash
        for gate, states in network.gates.get(name, ())
        if gate in new and not _may_hold(new[gate], states)
    }
    return {name: answer for name, answer in new.items() if name in (closed or new)}


def restorable(engine: Engine, answers: Mapping[str, Answer], aside: Mapping[str, Answer]) -> tuple[str, ...]:
    """The ids of answers set aside that fit the current answers again, and whose gates hold again."""
    back: list[str] = []
    for name, answer in aside.items():
        kept = {**answers, **{restored: aside[restored] for restored in back}}
        if name not in answers and _is_open(engine.network, kept, name) and _fits(engine, kept, name, answer):
            back.append(name)
    return tuple(back)


def _is_open(network: Network, answers: Mapping[str, Answer], name: str) -> bool:
    return name not in network.gated or gate_holds(network, check_evidence(network, answers), name)


def _fits(engine: Engine, answers: Mapping[str, Answer], name: str, answer: Answer) -> bool:
    try:
        engine.diagnose({**answers, name: answer})
    except EvidenceError:
        return False
    return True


def _without_gate(network: Network, answers: Mapping[str, Answer], new: Collection[str]) -> list[str]:
    """Earlier answers to gated questions whose gate is stated not to hold."""
    return [
        name
        for name, answer in answers.items()
        if name not in new
        and answer != UNKNOWN
        and any(not _may_hold(answers.get(gate), states) for gate, states in network.gates.get(name, ()))
    ]


def _closed_to(network: Network, answers: Mapping[str, Answer], new: Collection[str]) -> list[str]:
    """Earlier answers that close a gate of a new answer. A question may have several gates, and gates have gates."""
    return [
        gate
        for name in new
        if answers.get(name, UNKNOWN) != UNKNOWN
        for gate, states in network.gates.get(name, ())
        if gate not in new and not _may_hold(answers.get(gate), states)
    ]


def _may_hold(answer: Answer | None, states: tuple[str, ...]) -> bool:
    if answer is None or answer == UNKNOWN:
        return True
    if isinstance(answer, str):
        return answer in states
    return any(answer[state] > 0.0 for state in states)


def _impossible(engine: Engine, answers: Mapping[str, Answer], new: Collection[str]) -> list[str]:
    """The earlier answer given last in a smallest clashing set; none if all answers can be true together."""
    try:
        engine.diagnose(answers)
    except ImpossibleEvidenceError as error:
        others = [name for name in answers if name in _names(error) and name not in new]
        if not others:
            raise
        return others[-1:]
    except EvidenceError:
        others = _by_leaving_out(engine.network, answers, new)
        if not others:
            raise
        return others
    return []


def _names(error: ImpossibleEvidenceError) -> set[str]:
    return {word.partition("=")[0] for word in error.conflict}


def _by_leaving_out(network: Network, answers: Mapping[str, Answer], new: Collection[str]) -> list[str]:
    """The last earlier answer without which the network takes the rest.

    Two gated answers, for example, may imply different states of one gate.
    """
    for name in reversed([other for other in answers if other not in new]):
        try:
            check_evidence(network, {other: answer for other, answer in answers.items() if other != name})
        except EvidenceError:
            continue
        return [name]
    return []
