"""Answers that cannot be true together: which of the others have to give way to a new one."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bayesknee.diagnosis.engine import Engine
from bayesknee.errors import EvidenceError, ImpossibleEvidenceError
from bayesknee.knowledge.network import Network
from bayesknee.patient.evidence import UNKNOWN, Answer, check_evidence, gate_holds


def clashing(engine: Engine, answers: Mapping[str, Answer], new: Collection[str]) -> tuple[str, ...]:
    """The answers that have to give way to new ones, so that all that are left can be true together.

    Args:
        engine: what is asked about.
        answers: all of them, the new ones included.
        new: ids of those that stay.

    Raises:
        EvidenceError: the new ones cannot be true together by themselves.
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
    """Those of the new answers that close a gate of what has to give way; all of them where none does."""
    closed = {
        gate
        for name in clash
        for gate, states in network.gates.get(name, ())
        if gate in new and not _may_hold(new[gate], states)
    }
    return {name: answer for name, answer in new.items() if name in (closed or new)}


def restorable(engine: Engine, answers: Mapping[str, Answer], aside: Mapping[str, Answer]) -> tuple[str, ...]:
    """The answers set aside that fit the others again; of gated ones, whose gates hold again."""
    back: list[str] = []
    for name, answer in aside.items():
        kept = {**answers, **{each: aside[each] for each in back}}
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
    """Answers to gated questions whose gate is stated not to hold."""
    return [
        name
        for name, answer in answers.items()
        if name not in new
        and answer != UNKNOWN
        and any(not _may_hold(answers.get(gate), states) for gate, states in network.gates.get(name, ()))
    ]


def _closed_to(network: Network, answers: Mapping[str, Answer], new: Collection[str]) -> list[str]:
    """Answers that close a gate of a new one: it may have several, and gates of gates."""
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
    """One of the answers of a smallest set that clashes, the last one given; none where all can be true."""
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
    """One answer without which the rest can be taken: two gated answers may want different states of one gate."""
    for name in reversed([each for each in answers if each not in new]):
        try:
            check_evidence(network, {each: answer for each, answer in answers.items() if each != name})
        except EvidenceError:
            continue
        return [name]
    return []
