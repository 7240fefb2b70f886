"""The questions that can be asked now, best first, with the posterior after each answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple, Protocol, Self, TypeVar

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
from bayesknee.plain import attributes

# How much more a question of another topic must be worth to leave the topic. Judged: 1 jumps between topics at every
# question, and a large value keeps to a topic whose questions have become useless.
WORTH_LEAVING: Final = 1.5
MOST_SHOWN: Final = 8  # questions in a notebook's table; judged: more push the next cell off the screen


@dataclass(frozen=True)
class Outcome:
    """A possible answer to a question.

    Attributes:
        state: the answer.
        probability: P(answer | evidence), inside (0, 1].
        posterior: P(condition | evidence, answer) by condition id, most probable first.
    """

    state: str
    probability: float
    posterior: Mapping[str, float]


@dataclass(frozen=True)
class NextQuestion:
    """A question that can be asked now.

    Attributes:
        asked: the finding or risk factor.
        value: by the objective, in bits per unit of burden; 0 or more.
        about: id of the condition that contributes most to `value`.
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
        """The wording of the question."""
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
        """The cost of asking, relative to a plain question (1)."""
        return self.asked.burden

    @property
    def now(self) -> float:
        """P(the condition `about` | evidence)."""
        return sum(outcome.probability * outcome.posterior[self.about] for outcome in self.outcomes)

    def __repr__(self) -> str:
        return f"<NextQuestion {self.finding}, value {self.value:.3g}, about {self.about}>"

    @cached_property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The possible answers, in the order of the states; impossible states are left out."""
        return tuple(self._source.outcomes())

    @property
    def table(self) -> Vector:
        """The outcomes in an array, shape (states, 1 + conditions): P(answer), then the posterior in network order.

        The row of an impossible state is 0.
        """
        return self._source.table

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON."""
        told = ("finding", "question", "asked_of", "topic", "burden", "value", "about", "outcomes")
        return attributes(self, told)


class NextQuestions(tuple[NextQuestion, ...]):  # noqa: SLOT001 (a tuple takes no slots with names)
    """Questions of a network, best first; a notebook shows them as a table.

    Attributes:
        left_out: ids of questions that could be asked, but were not ranked, as that would take more than the budget
            allows; the least promising ones, in the network's order.
    """

    left_out: tuple[str, ...]

    def __new__(cls, questions: Iterable[NextQuestion] = (), left_out: tuple[str, ...] = ()) -> Self:
        """Questions, and those left out."""
        made = super().__new__(cls, questions)
        made.left_out = left_out
        return made

    def first(self, count: int) -> NextQuestions:
        """The best of them, at most `count`."""
        return NextQuestions(self[:count], self.left_out)

    @property
    def network(self) -> Network | None:
        """The network of the questions; None if there are no questions."""
        return self[0]._source.network if self else None  # noqa: SLF001 (of this module)

    def plain_parts(self) -> dict[str, Any]:
        """A part of plain data, ready for JSON; `not_ranked` names the questions left out, where there are any."""
        left_out = {"not_ranked": list(self.left_out)} if self.left_out else {}
        return {"next_questions": [each.to_dict() for each in self], **left_out}

    def __repr__(self) -> str:
        return f"<{len(self)} questions, best first: {', '.join(question.finding for question in self[:3])}>"

    def _repr_html_(self) -> str:
        return render("next_questions", questions=self, most=MOST_SHOWN, not_ranked=not_ranked(len(self.left_out)))


def not_ranked(count: int) -> str:
    """That so many questions were left out, and what to do, as a sentence; empty if none were."""
    if not count:
        return ""
    more = "1 more question was" if count == 1 else f"{count:,} more questions were"
    return f"{more} not ranked, as that would take too long; allow more (seconds= of Engine), or filter the questions."


class _Source(NamedTuple):
    """The outcomes of a question as an array, which becomes mappings only when they are read."""

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
    """The questions that can be asked now, best first. With `look_ahead`, the best few are ranked two steps ahead.

    Raises:
        QuestionError: an unknown objective.
    """
    names = wanted.wanted(belief.network)
    ranking = ranking_of(belief, names, objective)
    values = ranking.values
    order = np.argsort(-values, kind="stable").tolist()
    if look_ahead:
        from bayesknee.diagnosis.asking.look_ahead import AT_MOST, two_step_values

        best, aim = order[:AT_MOST], Aim(names, find_objective(objective))
        values[best] = two_step_values(belief.compiled, belief.evidence, aim, ranking, best)
        order[:AT_MOST] = sorted(best, key=lambda number: -values[number])
    return NextQuestions(_made(belief.network, ranking, order, values), ranking.outcomes.left_out)


def questions_about(belief: Belief, wanted: Filter, condition: str) -> NextQuestions:
    """The questions that can be asked now, by what they say of one condition: the best first, in bits by burden.

    Args:
        belief: the posterior and the answers so far.
        wanted: the questions to choose from.
        condition: id of a condition.
    """
    ranking = ranking_of(belief, wanted.wanted(belief.network), "information")
    is_it = np.array([name == condition for name in belief.network.conditions])
    ranking = ranking._replace(gains=ranking.gains * is_it)
    order = np.argsort(-ranking.values, kind="stable").tolist()
    return NextQuestions(_made(belief.network, ranking, order, ranking.values), ranking.outcomes.left_out)


def _made(network: Network, ranking: Ranking, order: Sequence[int], values: Vector) -> Iterable[NextQuestion]:
    conditions = list(network.conditions)
    about, by_number = ranking.gains.argmax(axis=1).tolist(), values.tolist()
    outcomes = ranking.outcomes
    tables, starts = np.column_stack([outcomes.probabilities, outcomes.posteriors]), outcomes.starts.tolist()
    tables.setflags(write=False)
    questions = dict(network.questions.items())  # a plain dictionary is quicker to look up in
    for number in order:
        question = questions[outcomes.names[number]]
        source = _Source(network, question.states, tables[starts[number] : starts[number + 1]])
        yield NextQuestion(question, by_number[number], conditions[about[number]], source)


class OfTopic(Protocol):
    """A question or a checklist: it has a topic and a value."""

    @property
    def topic(self) -> str: ...
    @property
    def value(self) -> float: ...


T = TypeVar("T", bound=OfTopic)


def keep_to_topic(questions: Iterable[T], topic: str | None, worth_leaving: float = WORTH_LEAVING) -> tuple[T, ...]:
    """The same questions ordered topic by topic, so that an interview does not jump between topics.

    Topics are ordered by their best question. The current topic comes first, unless the best question of another topic
    is worth more than `worth_leaving` times its best one. Within a topic the order stays.

    Args:
        questions: ranked, best first.
        topic: id of the topic of the last question; None if there was none.
        worth_leaving: 1 or more; 1 leaves a topic for any better question.
    """
    by_topic: dict[str, list[T]] = {}
    for question in questions:
        by_topic.setdefault(question.topic, []).append(question)
    order = sorted(by_topic, key=lambda name: -by_topic[name][0].value)
    if topic in by_topic and by_topic[topic][0].value * worth_leaving >= by_topic[order[0]][0].value:
        order.sort(key=lambda name: name != topic)
    return tuple(question for name in order for question in by_topic[name])
