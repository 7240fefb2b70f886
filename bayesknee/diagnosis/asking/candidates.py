"""What can be put to somebody at once: a single question, or a list to tick, each with what it is worth.

A list is worth the sum of what its members would tell one by one, for what reading it burdens. The sum counts twice
what two members both tell; it is a guide that costs nothing beside the ranking of the single questions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from bayesknee.arrays import Vector
from bayesknee.diagnosis.asking.ranking import Ranking
from bayesknee.knowledge.network import Network

# Judged: a further line of a list, some four words, is read and passed over, or ticked; a question of its own is read
# as a sentence, and one of five answers is chosen. So a line burdens by a tenth of its question. A fifth was tried,
# too: see docs/interviews.md.
LINE: Final = 0.1


def topic_of(network: Network, name: str) -> str:
    """The id of the topic of a question or a list; empty for a list that has none, and for the care setting."""
    if group := network.opening.tick_all.get(name):
        return group.topic
    return network.questions[name].topic if name in network.questions else ""


@dataclass(frozen=True)
class Candidate:
    """A single question, or a list to tick.

    Attributes:
        id: of the finding, of the risk factor, or of the list.
        members: ids of what it asks; of a list, what of it can be asked now, two or more.
        topic: id of its topic; empty for a list that has none.
        burden: how much putting it costs, relative to a plain question (1).
        value: what it is worth by the objective, in bits for a burden of 1; 0 or more.
    """

    id: str
    members: tuple[str, ...]
    topic: str
    burden: float
    value: float


def candidates(
    network: Network, ranking: Ranking, values: Vector, within: Collection[str], *, lists: bool
) -> list[Candidate]:
    """What can be put now, best first.

    Args:
        network: whose questions these are.
        ranking: of single questions.
        values: what each of them is worth, in bits for a burden of 1, shape (questions,).
        within: ids of questions, of which all others are left out.
        lists: whether the network's lists to tick are among them.
    """
    found = [*_single(network, ranking, values, within), *(_lists(network, ranking, within) if lists else ())]
    return sorted(found, key=lambda each: -each.value)


def _single(network: Network, ranking: Ranking, values: Vector, within: Collection[str]) -> Iterator[Candidate]:
    for name, value, burden in zip(ranking.outcomes.names, values.tolist(), ranking.burdens.tolist(), strict=True):
        if name in within:
            yield Candidate(name, (name,), topic_of(network, name), burden, value)


def _lists(network: Network, ranking: Ranking, within: Collection[str]) -> Iterator[Candidate]:
    gains = dict(zip(ranking.outcomes.names, ranking.gains.sum(axis=1).tolist(), strict=True))
    for group in network.opening.tick_all.values():
        members = tuple(name for name in group.members if name in gains and name in within)
        if len(members) > 1:
            burden = list_burden(network, members)
            yield Candidate(group.id, members, group.topic, burden, sum(gains[name] for name in members) / burden)


def list_burden(network: Network, members: Iterable[str]) -> float:
    """What putting these as a list burdens: as much as the heaviest of them, and `LINE` of each of the others."""
    burdens = [network.questions[name].burden for name in members]
    return max(burdens) + LINE * (sum(burdens) - max(burdens))
