"""The warning signs that can still be asked: what a form must ask first, whatever it is worth in bits.

What is a warning sign is a matter of the network; see `bayesknee.knowledge.warning_signs`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from bayesknee.diagnosis.belief import Belief
from bayesknee.diagnosis.triage import unknown_flags
from bayesknee.knowledge.model import LEVELS, Level, RedFlag
from bayesknee.patient.askable import Filter, reachable

# Questions that no red flag reads, the strongest of those that point to a must-not-miss condition. Judged: a form is
# read in a waiting room, and each question more takes from the care with which the others are answered.
MOST_FOR_DANGERS: Final = 5


def warning_signs(belief: Belief, asked_of: str = "patient") -> tuple[str, ...]:
    """Ids of the questions about warning signs that can still be asked, in the network's order.

    These are the questions of each red flag that answers to them can still raise, and the few strongest of those that
    point to a must-not-miss condition. A red flag that holds only where a more urgent one, or one as urgent, holds as
    well adds none. A question with gates comes with them.

    Args:
        belief: the posterior and the answers so far.
        asked_of: patient, clinician or test.
    """
    network = belief.network
    allowed = set(reachable(network, belief.evidence, Filter(frozenset({asked_of})).wanted(network)))
    read = {name for flag in network.red_flags.values() for name in flag.questions}
    others = [name for name in network.warning_signs if name in allowed and name not in read]
    found = {*others[:MOST_FOR_DANGERS], *(allowed & set(_of_flags(belief, allowed)))}
    gates = {gate for name in found for gate, _ in network.gates.get(name, ()) if gate in allowed}
    return tuple(name for name in network.questions if name in found | gates)


def flags_not_asked(belief: Belief, asked_of: str = "patient") -> tuple[RedFlag, ...]:
    """The red flags more urgent than the level that questions not put yet leave open, the most urgent first.

    Args:
        belief: the posterior and the answers so far.
        asked_of: patient, clinician or test.
    """
    network = belief.network
    names = reachable(network, belief.evidence, Filter(frozenset({asked_of})).wanted(network))
    known = {flag.id for flag in belief.not_known_flags}
    found = (flag for flag in _open_flags(belief, names, belief.triage.level) if flag.id not in known)
    return tuple(sorted(found, key=lambda flag: LEVELS.index(flag.level)))


def _of_flags(belief: Belief, allowed: Collection[str]) -> Iterator[str]:
    """The questions of the red flags that answers to the allowed questions can raise."""
    for flag in _open_flags(belief, allowed, LEVELS[-1]):
        yield from flag.questions


def _open_flags(belief: Belief, allowed: Collection[str], level: Level) -> Iterator[RedFlag]:
    """The red flags more urgent than this that answers to the allowed questions can raise."""
    network = belief.network
    for flag in unknown_flags(network, belief.evidence, level, allowed):
        if not any(_goes_with(flag, other) for other in network.red_flags.values()):
            yield flag


def _goes_with(flag: RedFlag, other: RedFlag) -> bool:
    """Whether another flag, as urgent or more, holds wherever this one does: each line of it holds where one here does.

    One with exceptions may be set aside and does not count, nor do two that are the same.
    """
    if other.unless or LEVELS.index(other.level) > LEVELS.index(flag.level) or len(other.when) >= len(flag.when):
        return False
    return all(any(line.items() <= wider.items() for line in flag.when) for wider in other.when)
