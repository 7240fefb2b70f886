"""What can be asked at once: a single question or a checklist, with its value.

The value of a checklist is the sum of its members' gains, divided by the burden of reading it. The sum counts twice
what two members both say. It is a guide that costs nothing beside the ranking of the single questions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bayesknee.arrays import Vector
from bayesknee.diagnosis.asking.next_questions import keep_to_topic
from bayesknee.diagnosis.asking.ranking import Ranking
from bayesknee.knowledge.network import Network

# The burden of a further line of a checklist, as a share of that of its question. Judged: a line has about four words
# and is passed over or ticked, while a question is a sentence with one of five answers to choose. A larger share means
# fewer checklists and longer interviews; docs/interviews.md has the figures with a fifth.
LINE: Final = 0.1
EXAMINER: Final = "clinician"


def topic_of(network: Network, name: str) -> str:
    """The id of the topic of a question or a checklist; empty for a list without one, and for the care setting."""
    if group := network.opening.tick_all.get(name):
        return group.topic
    return network.questions[name].topic if name in network.questions else ""


@dataclass(frozen=True)
class Candidate:
    """A single question or a checklist.

    Attributes:
        id: of the finding, of the risk factor, or of the checklist.
        members: ids of the questions; of a checklist, the two or more of its lines that can be asked now.
        topic: id of the topic; empty for a checklist without one.
        burden: the cost of asking, relative to a plain question (1).
        value: by the objective, in bits per unit of burden; 0 or more.
    """

    id: str
    members: tuple[str, ...]
    topic: str
    burden: float
    value: float


def candidates(
    network: Network, ranking: Ranking, values: Vector, within: Collection[str], *, lists: bool
) -> list[Candidate]:
    """The questions and checklists that can be asked now, best first.

    Args:
        network: the network of the questions.
        ranking: of the single questions.
        values: of the ranked questions, in bits per unit of burden, shape (questions,).
        within: ids of the questions to choose from.
        lists: whether the network's checklists can be asked, too.
    """
    found = [*_single(network, ranking, values, within), *(_lists(network, ranking, within) if lists else ())]
    return sorted(found, key=lambda candidate: -candidate.value)


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
    """The burden of these questions as a checklist: that of the heaviest, and `LINE` times that of each other one."""
    burdens = [network.questions[name].burden for name in members]
    return max(burdens) + LINE * (sum(burdens) - max(burdens))


def next_candidate(network: Network, ranked: Sequence[Candidate], topic: str | None, least_value: float) -> Candidate:
    """What to ask next: the best, by `keep_to_topic`; of an examination, what comes first in it and is worth finding.

    An examination begins once no other question is worth asking, and then goes on as long as something is worth
    finding: nobody gets up and lies down again.

    Args:
        network: the network of the questions.
        ranked: best first, and not empty.
        topic: id of the topic of the last question; None if there was none.
        least_value: the least value at which a question is asked, in bits per unit of burden.
    """
    worth = [each for each in ranked if is_examined(network, each) and each.value >= least_value]
    others = [each for each in ranked if not is_examined(network, each) and each.value >= least_value]
    begun = topic in {question.topic for question in network.questions.values() if question.asked_of == EXAMINER}
    best = keep_to_topic(ranked if begun or not others else others, topic)[0]
    if is_examined(network, best):
        worth = worth or [best]
    elif not begun:
        return best
    topics = list(network.topics)
    return min(worth, key=lambda each: (topics.index(each.topic) if each.topic else -1, -each.value), default=best)


def is_examined(network: Network, candidate: Candidate) -> bool:
    """Whether it is found by an examination."""
    return network.questions[candidate.members[0]].asked_of == EXAMINER
