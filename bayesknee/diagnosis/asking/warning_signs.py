"""The questions about warning signs: what a form must ask first, whatever it is worth in bits."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from bayesknee.diagnosis.belief import Belief
from bayesknee.knowledge.links import links
from bayesknee.knowledge.model import ABSENT, Condition
from bayesknee.patient.askable import Filter, reachable
from bayesknee.words import ALARMING

# Natural log of the likelihood ratio or odds ratio from which an answer is a sign of a condition. Judged: it makes the
# condition twice as likely. A smaller one would put half of all questions among the warning signs.
SIGN_FROM: Final = math.log(2.0)


def warning_signs(belief: Belief, asked_of: str = "patient") -> tuple[str, ...]:
    """Ids of the questions about warning signs that can still be asked, in the network's order.

    These are the questions that red flags read, and those with an answer that speaks for an alarming must-not-miss
    condition more than for any other condition, by a factor of two or more. A question with gates comes with them.

    Args:
        belief: the posterior and the answers so far.
        asked_of: patient, clinician or test.
    """
    network = belief.network
    allowed = reachable(network, belief.evidence, Filter(frozenset({asked_of})).wanted(network))
    read = {name for flag in network.red_flags.values() for line in flag.when for name in line}
    found = {name for name in allowed if name in read or _speaks_for_danger(belief, name)}
    gates = {gate for name in found for gate, _ in network.gates.get(name, ()) if gate in allowed}
    return tuple(name for name in network.questions if name in found | gates)


def _speaks_for_danger(belief: Belief, name: str) -> bool:
    dangers = {each.id for each in belief.network.conditions.values() if _is_alarming(each)}
    return any(condition in dangers for condition in _spoken_for(belief, name))


def _is_alarming(condition: Condition) -> bool:
    return condition.must_not_miss and condition.highest_level in ALARMING


def _spoken_for(belief: Belief, name: str) -> Iterator[str]:
    """For each answer that something is there: the condition that it speaks for most, if it does."""
    states = belief.network.states[name]
    for state in states:
        likelihood = tuple(float(other == state) for other in states)
        found = {} if state in ABSENT else links(belief.network, belief.setting, name, likelihood)
        best = max(found.values(), key=lambda link: link.effect, default=None)
        if best is not None and best.effect >= SIGN_FROM:
            yield best.condition
