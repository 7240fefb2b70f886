"""Red flags that one more answer would raise: what to ask before an interview ends, whatever it is worth otherwise.

A red flag can be worth asking for though it hardly moves a probability: it holds whatever the posterior says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bayesknee.diagnosis.asking.next_questions import next_questions
from bayesknee.diagnosis.belief import Belief
from bayesknee.diagnosis.triage import is_present
from bayesknee.knowledge.model import LEVELS, RedFlag
from bayesknee.patient.askable import askable, make_filter
from bayesknee.patient.evidence import Evidence

# Judged, for a burden of 1: a question that raises a flag in one patient of a hundred is worth putting.
LEAST_CHANCE: Final = 0.01


@dataclass(frozen=True)
class OpenFlag:
    """A red flag, more urgent than the level now, that an answer to one question would raise.

    Attributes:
        flag: the red flag.
        finding: id of the question.
        states: the answers that raise it.
        chance: of one of them, inside (0, 1].
    """

    flag: RedFlag
    finding: str
    states: tuple[str, ...]
    chance: float

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON."""
        return {
            "red_flag": self.flag.id,
            "level": self.flag.level,
            "finding": self.finding,
            "states": list(self.states),
            "chance": self.chance,
        }


def open_flags(
    belief: Belief,
    wanted: Iterable[str],
    least_chance: float = LEAST_CHANCE,
    limits: Mapping[str, float] | None = None,
) -> tuple[OpenFlag, ...]:
    """The red flags that one answer to a wanted question would raise above the level now; most urgent, likeliest first.

    Args:
        belief: what is known.
        wanted: ids of findings and risk factors; those that cannot be asked now are left out.
        least_chance: of the answer, from which on it counts, for a burden of 1.
        limits: other limits than the network's, by condition, which the level now rests on.
    """
    names = askable(belief.network, belief.evidence, wanted)
    level = LEVELS.index((belief.triage if limits is None else belief.triage_with(limits)).level)
    flags = [each for each in belief.network.red_flags.values() if LEVELS.index(each.level) < level]
    raising = [(flag, name, states) for flag in flags for name, states in _raising(flag, belief.evidence, names)]
    chances = _chances(belief, {name for _, name, _ in raising})
    found = [
        OpenFlag(flag, name, states, sum(chances[name].get(state, 0.0) for state in states))
        for flag, name, states in raising
    ]
    burdens = {name: belief.network.questions[name].burden for name in names}
    likely = (each for each in found if each.chance > 0.0 and each.chance >= least_chance * burdens[each.finding])
    return tuple(sorted(likely, key=lambda each: (LEVELS.index(each.flag.level), -each.chance)))


def _raising(flag: RedFlag, evidence: Evidence, names: Iterable[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The questions of which one answer makes all lines hold that do not hold yet, each with those answers."""
    missing = [line for line in flag.when if not any(is_present(evidence, *each) for each in line.items())]
    for name in names:
        if missing and all(name in line for line in missing):
            first, *rest = (line[name] for line in missing)
            if states := tuple(state for state in first if all(state in others for others in rest)):
                yield name, states


def _chances(belief: Belief, names: Iterable[str]) -> Mapping[str, Mapping[str, float]]:
    ranked = next_questions(belief, make_filter(belief.network, within=frozenset(names)))
    return {each.finding: {one.state: one.probability for one in each.outcomes} for each in ranked}
