"""What an author should know of the dangers of a network: who is over a limit unasked, and what nobody asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bayesknee.knowledge.network import Network


@dataclass(frozen=True)
class OverLimit:
    """A must-not-miss condition that is over its lowest limit before any answer.

    Its level is then called for only by answers that speak for it.

    Attributes:
        condition: its id.
        setting: the care setting.
        base_rate: there.
        limit: the lowest.
    """

    condition: str
    setting: str
    base_rate: float
    limit: float


def over_limit_without_answers(network: Network) -> Iterator[OverLimit]:
    """The must-not-miss conditions whose base rate is not below their limit, by setting."""
    for name, condition in network.conditions.items():
        for setting in network.settings if condition.must_not_miss else ():
            base_rate = condition.base_rate_in(setting)
            if base_rate >= condition.limit.value:
                yield OverLimit(name, setting, base_rate, condition.limit.value)


def flags_in_no_list(network: Network) -> list[str]:
    """The red flags of which a patient can tell something that no opening question and no list asks for."""
    opening = network.opening
    asked = {*opening.questions, *(name for group in opening.tick_all.values() for name in group.members)}
    found = []
    for flag in network.red_flags.values():
        questions = (name for line in flag.when for name in line if name in network.questions)
        of_patient = {name for name in questions if network.questions[name].asked_of == "patient"}
        if of_patient and of_patient.isdisjoint(asked):
            found.append(flag.id)
    return found if asked else []


def asked_whatever_they_say(network: Network) -> set[str]:
    """The questions that a red flag or an exception of it reads, or another question hangs on."""
    lines = [line for flag in network.red_flags.values() for line in flag.when]
    lines += [exclusion.when for flag in network.red_flags.values() for exclusion in flag.unless]
    gates = {gate for question in network.questions.values() for gate in question.only_if}
    return gates | {name for line in lines for name in line}
