"""Scores of guidelines: points for answers, and what each number of points means. Data of a network."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from immutabledict import immutabledict

from bayesknee.errors import Problem, unknown_name
from bayesknee.knowledge.answer_lines import AnswerLine, line_problems
from bayesknee.knowledge.bands import Banded
from bayesknee.knowledge.model import LEVELS, Level


@dataclass(frozen=True)
class ScoreItem:
    """An item of a score, with its points where it holds.

    It has lines of answers, a range of a number, a condition, or none of these: then the network does not ask for it.

    Attributes:
        points: they may be negative.
        when: its lines; it holds if each line holds, and a line holds if any of its questions has one of the states.
        number: a range [low, high) by question; the item holds where the number of that question lies in it.
        is_partly_asked: whether its lines ask for a part of it only: where they do not hold, it is not known.
        at_least_as_likely_as: a condition; the item holds where another condition is at least as probable. The
            catch-all does not count, for it names no diagnosis.
    """

    id: str
    label: str
    points: float
    when: tuple[AnswerLine, ...] = ()
    number: Mapping[str, tuple[float, float]] = immutabledict()
    is_partly_asked: bool = False
    at_least_as_likely_as: str = ""

    @property
    def is_asked(self) -> bool:
        """Whether the network can tell it."""
        return bool(self.when or self.number or self.at_least_as_likely_as)


@dataclass(frozen=True)
class ScoreStep:
    """What a number of points means.

    Attributes:
        start: the lowest number of points of this step, which ends where the next one begins.
        label: what it means, in a few words.
        level: of the care that it calls for; None if it calls for none.
        do: what is then done, in a few words; may be empty.
    """

    start: float
    label: str
    level: Level | None = None
    do: str = ""


@dataclass(frozen=True)
class GuidelineScore:
    """A score of a guideline.

    Attributes:
        name: in words.
        items: by id.
        steps: what numbers of points mean, the lowest first.
        source: a key of the references, or `judged`, with a note that says why.
        applies_if: lines of answers that must hold for the score to apply; none if it applies to everybody.
    """

    id: str
    name: str
    items: Mapping[str, ScoreItem]
    steps: tuple[ScoreStep, ...]
    source: str
    note: str = ""
    applies_if: tuple[AnswerLine, ...] = ()

    @property
    def least(self) -> float:
        """The fewest points that it can come to."""
        return sum(item.points for item in self.items.values() if item.points < 0.0)

    @property
    def most(self) -> float:
        """The most points that it can come to."""
        return sum(item.points for item in self.items.values() if item.points > 0.0)

    def step_at(self, points: float) -> ScoreStep:
        """What this number of points means."""
        return [step for step in self.steps if step.start <= points][-1]


def score_problems(
    path: tuple[str, ...],
    score: GuidelineScore,
    questions: Mapping[str, Banded],
    conditions: Collection[str],
    broken: Container[str],
) -> Iterator[Problem]:
    """What is wrong with a score, its source aside.

    Args:
        path: of the score, in the files.
        score: to be checked.
        questions: all risk factors and findings, by id.
        conditions: ids of all conditions.
        broken: ids that could not be read; to name one is no fault.
    """
    for line in score.applies_if:
        yield from line_problems((*path, "applies_if"), line, questions, broken)
    for name, item in score.items.items():
        place = (*path, "items", name)
        for line in item.when:
            yield from line_problems((*place, "when"), line, questions, broken)
        yield from _number_problems((*place, "number"), item.number, questions, broken)
        other = item.at_least_as_likely_as
        if other and other not in conditions and other not in broken:
            yield unknown_name((*place, "at_least_as_likely_as"), other, conditions, "a condition of the network")
        if item.points == 0.0:
            yield Problem((*place, "points"), "0 points", "a number other than 0", "correct it, or drop the item")
    if not score.items:
        yield Problem((*path, "items"), "no item", "at least one item", "add it, or drop the score")
    yield from _step_problems((*path, "steps"), score)


def _number_problems(
    path: tuple[str, ...],
    number: Mapping[str, tuple[float, float]],
    questions: Mapping[str, Banded],
    broken: Container[str],
) -> Iterator[Problem]:
    for name, (low, high) in number.items():
        if name in broken:
            continue
        if name not in questions or not questions[name].bands or questions[name].cut_offs:
            known = [question.id for question in questions.values() if question.bands and not question.cut_offs]
            yield unknown_name((*path, name), name, known, "a question with bands of fixed ends")
        elif low >= high:
            yield Problem((*path, name), f"[{low:g}, {high:g}]", "a lower end below the upper end", "swap them")
    if len(number) > 1:
        yield Problem(path, f"{len(number)} questions", "one question", "make the others items as well")


def _step_problems(path: tuple[str, ...], score: GuidelineScore) -> Iterator[Problem]:
    for step in score.steps:
        if step.level is not None and step.level not in LEVELS:
            yield unknown_name(path, step.level, LEVELS, "a level of urgency")
    for before, after in pairwise(score.steps):
        if after.start <= before.start:
            got = f"{after.start:g} after {before.start:g}"
            yield Problem(path, got, "steps that begin at more points each", "put them in order")
    if score.steps and score.steps[0].start > score.least:
        got = f"a first step from {score.steps[0].start:g}"
        yield Problem(path, got, f"one from {score.least:g} or less, the fewest points", "begin lower")
    if score.steps and score.steps[-1].start > score.most:
        got = f"a last step from {score.steps[-1].start:g}"
        yield Problem(path, got, f"one that {score.most:g} points, the most, can reach", "correct it, or drop it")
