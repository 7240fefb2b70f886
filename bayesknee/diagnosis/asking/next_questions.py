"""The questions that can be asked now, best first, in words: what each answer would lead to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple, Protocol, TypeVar

import numpy as np
from immutabledict import immutabledict

from bayesknee.arrays import Vector
from bayesknee.diagnosis.asking.objectives import DEFAULT_OBJECTIVE, find_objective
from bayesknee.diagnosis.asking.ranking import Aim, Ranking, ranking_of
from bayesknee.diagnosis.belief import Belief
from bayesknee.knowledge.model import Question
from bayesknee.knowledge.network import Network
from bayesknee.markup import render
from bayesknee.patient.askable import Filter

WORTH_LEAVING: Final = 1.5
MOST_SHOWN: Final = 8  # of the questions, in a notebook


@dataclass(frozen=True)
class Outcome:
    """An answer that a question may get.

    Attributes:
        state: the answer.
        probability: P(answer | what is known), above 0.
        posterior: P(condition | what is known, answer) by condition id, most probable first.
    """

    state: str
    probability: float
    posterior: Mapping[str, float]


@dataclass(frozen=True)
class NextQuestion:
    """A question that can be asked now.

    Attributes:
        asked: the finding or risk factor.
        value: what it is worth by the objective, in bits for a burden of 1; 0 or more.
        about: id of the condition that has the largest part in its value.
    """

    asked: Question = field(hash=False)
    value: float
    about: str
    _source: _Source = field(repr=False, compare=False)

    @property
    def finding(self) -> str:
        """Id of the finding or risk factor."""
        return self.asked.id

    @property
    def question(self) -> str:
        """As it is put."""
        return self.asked.question

    @property
    def asked_of(self) -> str:
        """Patient, clinician or test."""
        return self.asked.asked_of

    @property
    def topic(self) -> str:
        """Id of its topic."""
        return self.asked.topic

    @property
    def burden(self) -> float:
        """How much asking costs, relative to a plain question (1)."""
        return self.asked.burden

    @property
    def now(self) -> float:
        """P(the condition that it is about | what is known)."""
        return sum(each.probability * each.posterior[self.about] for each in self.outcomes)

    def __repr__(self) -> str:
        return f"<NextQuestion {self.finding}, value {self.value:.3g}, about {self.about}>"

    @cached_property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What each answer would lead to, in the order of its states, but for those that cannot be."""
        return tuple(self._source.outcomes())

    @property
    def table(self) -> Vector:
        """The same as numbers, shape (states, 1 + conditions): P(answer), then the posterior in the network's order.

        A state that cannot be has 0 throughout.
        """
        return self._source.table

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON."""
        return {
            "finding": self.finding,
            "question": self.question,
            "asked_of": self.asked_of,
            "topic": self.topic,
            "burden": self.burden,
            "value": self.value,
            "about": self.about,
            "outcomes": [
                {"state": each.state, "probability": each.probability, "posterior": dict(each.posterior)}
                for each in self.outcomes
            ],
        }


class NextQuestions(tuple[NextQuestion, ...]):
    """Questions, best first, of a network; a notebook shows them as a table."""

    __slots__ = ()

    @property
    def network(self) -> Network | None:
        """Whose they are; None where there are none."""
        return self[0]._source.network if self else None  # noqa: SLF001 (of this module)

    def __repr__(self) -> str:
        return f"<{len(self)} questions, best first: {', '.join(each.finding for each in self[:3])}>"

    def _repr_html_(self) -> str:
        return render("next_questions", questions=self, most=MOST_SHOWN)


class _Source(NamedTuple):
    """Where the outcomes of a question are: mappings are made of arrays only where they are looked at."""

    network: Network
    states: tuple[str, ...]
    table: Vector

    def outcomes(self) -> Iterable[Outcome]:
        names = list(self.network.conditions)
        orders = np.argsort(-self.table[:, 1:], axis=1, kind="stable").tolist()
        for state, (p, *posterior), order in zip(self.states, self.table.tolist(), orders, strict=True):
            if p > 0.0:
                yield Outcome(state, p, immutabledict({names[c]: posterior[c] for c in order}))


def next_questions(
    belief: Belief, wanted: Filter, objective: str = DEFAULT_OBJECTIVE, *, look_ahead: bool = False
) -> NextQuestions:
    """The questions that can be asked now, best first. With `look_ahead`, the best few by what two are worth."""
    names = wanted.wanted(belief.network)
    ranking = ranking_of(belief, names, objective)
    values = ranking.values
    order = np.argsort(-values, kind="stable").tolist()
    if look_ahead:
        from bayesknee.diagnosis.asking.look_ahead import AT_MOST, two_step_values

        best, aim = order[:AT_MOST], Aim(names, find_objective(objective))
        values[best] = two_step_values(belief.compiled, belief.evidence, aim, ranking, best)
        order[:AT_MOST] = sorted(best, key=lambda number: -values[number])
    return NextQuestions(_made(belief.network, ranking, order, values))


def _made(network: Network, ranking: Ranking, order: Sequence[int], values: Vector) -> Iterable[NextQuestion]:
    conditions = list(network.conditions)
    about, by_number = ranking.gains.argmax(axis=1).tolist(), values.tolist()
    every = ranking.outcomes
    tables, starts = np.column_stack([every.probabilities, every.posteriors]), every.starts.tolist()
    tables.setflags(write=False)
    questions = dict(network.questions.items())  # quicker to look up in
    for number in order:
        each = questions[every.names[number]]
        source = _Source(network, each.states, tables[starts[number] : starts[number + 1]])
        yield NextQuestion(each, by_number[number], conditions[about[number]], source)


class OfTopic(Protocol):
    """What has a topic and a value: a question, or a list to tick."""

    @property
    def topic(self) -> str: ...
    @property
    def value(self) -> float: ...


T = TypeVar("T", bound=OfTopic)


def keep_to_topic(questions: Iterable[T], topic: str | None, worth_leaving: float = WORTH_LEAVING) -> tuple[T, ...]:
    """The same questions topic by topic, for an interview that does not jump about.

    Topics come by their best question. The current topic comes first, unless the best question of another is worth more
    than `worth_leaving` times its best one. Within a topic the order stays.

    Args:
        questions: ranked, best first.
        topic: id of the topic that the last question was of; None where there was none.
        worth_leaving: 1 or more; 1 leaves a topic at once for anything better.
    """
    by_topic: dict[str, list[T]] = {}
    for each in questions:
        by_topic.setdefault(each.topic, []).append(each)
    order = sorted(by_topic, key=lambda name: -by_topic[name][0].value)
    if topic in by_topic and by_topic[topic][0].value * worth_leaving >= by_topic[order[0]][0].value:
        order.sort(key=lambda name: name != topic)
    return tuple(each for name in order for each in by_topic[name])
