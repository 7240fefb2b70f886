"""Which questions to ask together, of somebody who answers them all at once: a paper form for the waiting room.

A plan is made greedily: at each step the question that adds most to what all answers together tell, for what asking it
burdens. By the chain rule that is exactly the mean of what it tells, once the answers to the questions before it are
known:

    I(A + f; c | e) - I(A; c | e) = sum over answers a to A of P(a | e) I(f; c | e, a)

A pattern is one combination of answers to A. While there are few, all are gone through, so the plan is exact; when
there are many, they are thinned out by systematic resampling, which leaves each expectation as it is.

Of more than 300 questions, the first is chosen from all of them, the others from the 300 that are worth most alone;
what is worth little alone and much beside another, such as behind a gate, may then be missed.

Where the gain is monotone and submodular, k greedy questions of equal burden bring at least 1 - 1/e = 63 % of what the
best k would (Nemhauser, Wolsey and Fisher 1978). Information is submodular where findings are independent given what
it is about (Krause and Guestrin 2005). Here they are so given all conditions and signs, while the gain is about one
condition after the other, so the bound is a guide and no proof; and gated questions gain by their gate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from bayesknee.diagnosis.asking.objectives import DEFAULT_OBJECTIVE, find_objective
from bayesknee.diagnosis.asking.ranking import Aim, Ranking, rank
from bayesknee.diagnosis.belief import Belief
from bayesknee.errors import QuestionError
from bayesknee.inference.compiled_network import CompiledNetwork
from bayesknee.knowledge.network import Network
from bayesknee.lazy_types import DataFrame
from bayesknee.patient.askable import Filter
from bayesknee.patient.codes import only
from bayesknee.patient.evidence import Evidence, check_evidence

MOST_PATTERNS: Final = 256
PATIENTS: Final = 1000
MOST_CANDIDATES: Final = 300  # questions; of more, those worth most by themselves are looked at further
NOTHING: Final = 1e-9  # bits; less is rounding


@dataclass(frozen=True)
class PlannedQuestion:
    """A question of a plan, and what the plan is worth up to it.

    Attributes:
        finding: id of the finding or risk factor.
        question: as it is put.
        asked_of: patient, clinician or test.
        topic: id of its topic.
        burden: how much asking costs, relative to a plain question (1).
        gain: what it adds to the questions before it, in bits, by the plan's objective; 0 or more.
        accuracy: the probability that the leading condition is a cause, once all questions so far are answered.
        standard_error: of that; 0 where it is exact.
    """

    finding: str
    question: str
    asked_of: str
    topic: str
    burden: float
    gain: float
    accuracy: float
    standard_error: float


@dataclass(frozen=True)
class QuestionPlan:
    """Questions to ask together.

    Attributes:
        questions: in the order in which they were chosen, most useful first.
        accuracy: the probability that the leading condition is a cause, before any of them.
        objective: what they were chosen for.
        exact: how many of them were chosen by exact gains; the gains of the others are estimates.
        seed: of the draws.
    """

    questions: tuple[PlannedQuestion, ...]
    accuracy: float
    objective: str
    exact: int
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON."""
        return {**vars(self), "questions": [vars(each) for each in self.questions]}

    def to_frame(self) -> DataFrame:
        """A row for each number of questions, from 0: the question that is added, its gain, accuracy, its error."""
        import pandas as pd

        rows = [{"finding": "", "question": "", "gain": 0.0, "accuracy": self.accuracy, "standard_error": 0.0}]
        kept = list(rows[0])
        rows += [{key: getattr(each, key) for key in kept} for each in self.questions]
        return pd.DataFrame(rows).rename_axis("questions")


@dataclass(frozen=True)
class PlanRequest:
    """What a plan is to be.

    Attributes:
        count: of questions, 1 or more; there are fewer where no other can add anything.
        objective: the name of what to choose them for.
        patterns: how many combinations of answers to go through before they are thinned out.
        patients: how many to draw for the accuracy, where it is not exact.
        seed: of the draws.

    Raises:
        QuestionError: a number out of range.
    """

    count: int
    objective: str = DEFAULT_OBJECTIVE
    patterns: int = MOST_PATTERNS
    patients: int = PATIENTS
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("count", "patterns", "patients"):
            if getattr(self, name) < 1:
                raise QuestionError(f"{name} {getattr(self, name)}; expected 1 or more; correct it")


class Pattern(NamedTuple):
    """What is known with one combination of answers, how probable that is, and of the leading condition then."""

    evidence: Evidence
    weight: float
    leader: float


class ChosenQuestion(NamedTuple):
    """A question that was chosen.

    Attributes:
        name: its id.
        gain: what it adds.
        accuracy: of the leading condition, over the patterns.
        exact: whether all patterns were gone through.
    """

    name: str
    gain: float
    accuracy: float
    exact: bool


def make_plan(
    belief: Belief, wanted: Filter, request: PlanRequest, progress: Callable[[int], None] = lambda _: None
) -> QuestionPlan:
    """The plan for a patient of whom this is known.

    Args:
        belief: what is known.
        wanted: from which questions to choose.
        request: what the plan is to be.
        progress: is told how many more questions have been chosen.
    """
    steps = []
    for step in _steps(belief, wanted, request):
        steps.append(step)
        progress(1)
    names = [each.name for each in steps]
    exact = sum(each.exact for each in steps)
    accuracies = [(each.accuracy, 0.0) for each in steps[:exact]]
    if exact < len(steps):
        accuracies += _sampled_accuracies(belief, names, exact, request)
    questions = zip(steps, accuracies, strict=True)
    return QuestionPlan(
        questions=tuple(_planned(belief.network, step, *accuracy) for step, accuracy in questions),
        accuracy=max(belief.posterior.values()),
        objective=request.objective,
        exact=exact,
        seed=request.seed,
    )


def _planned(network: Network, step: ChosenQuestion, accuracy: float, error: float) -> PlannedQuestion:
    each = network.questions[step.name]
    return PlannedQuestion(
        finding=each.id,
        question=each.question,
        asked_of=each.asked_of,
        topic=each.topic,
        burden=each.burden,
        gain=step.gain,
        accuracy=accuracy,
        standard_error=error,
    )


def _steps(belief: Belief, wanted: Filter, request: PlanRequest) -> Iterator[ChosenQuestion]:
    compiled, rng = belief.compiled, np.random.default_rng(request.seed)
    left = list(wanted.wanted(compiled.network))
    patterns = [Pattern(belief.evidence, 1.0, max(belief.posterior.values()))]
    exact = True
    for _ in range(request.count):
        aim = Aim(left, find_objective(request.objective))
        rankings = [rank(compiled, each.evidence, aim) for each in patterns]
        gains = _gains(patterns, rankings)
        if not gains:
            return
        best = max(gains, key=lambda name: gains[name] / compiled.network.questions[name].burden)
        patterns = [
            part for each, own in zip(patterns, rankings, strict=True) for part in _split(compiled, each, own, best)
        ]
        yield ChosenQuestion(best, gains[best], sum(each.weight * each.leader for each in patterns), exact)
        left = _candidates(compiled.network, left, gains, best)
        if len(patterns) > request.patterns:
            patterns, exact = _thinned(patterns, request.patterns, rng), False


def _candidates(network: Network, left: Sequence[str], gains: Mapping[str, float], chosen: str) -> list[str]:
    """What to choose from next, in the same order: all others, or where they are many, those that added most."""
    others = [name for name in left if name != chosen]
    if len(others) <= MOST_CANDIDATES:
        return others
    worth = {name: gains.get(name, 0.0) / network.questions[name].burden for name in others}
    best = set(sorted(others, key=lambda name: -worth[name])[:MOST_CANDIDATES])
    return [name for name in others if name in best]


def _gains(patterns: Sequence[Pattern], rankings: Sequence[Ranking]) -> dict[str, float]:
    """What each question would add, where it adds anything."""
    gains: dict[str, float] = {}
    for pattern, ranking in zip(patterns, rankings, strict=True):
        for name, gain in zip(ranking.outcomes.names, ranking.gains.sum(axis=1).tolist(), strict=True):
            gains[name] = gains.get(name, 0.0) + pattern.weight * gain
    return {name: gain for name, gain in gains.items() if gain > NOTHING}


def _split(compiled: CompiledNetwork, pattern: Pattern, ranking: Ranking, name: str) -> Iterator[Pattern]:
    """The pattern with each answer to the question; as it is where it is not asked of such a patient."""
    outcomes = ranking.outcomes
    if name not in outcomes.names:
        yield pattern
        return
    number = outcomes.names.index(name)
    rows = slice(outcomes.starts[number], outcomes.starts[number + 1])
    chances, leaders = outcomes.probabilities[rows].tolist(), outcomes.posteriors[rows].max(axis=1).tolist()
    for state, chance, leader in zip(compiled.network.states[name], chances, leaders, strict=True):
        if chance > 0.0:
            known = check_evidence(compiled.network, {**pattern.evidence.answers, name: state})
            yield Pattern(known, pattern.weight * chance, leader)


def _thinned(patterns: Sequence[Pattern], most: int, rng: np.random.Generator) -> list[Pattern]:
    """At most that many of them, by systematic resampling: each as often as by its weight, give or take one draw."""
    ends = np.cumsum([each.weight for each in patterns])
    points = (np.arange(most) + rng.random()) / most * ends[-1]
    drawn, counts = np.unique(np.searchsorted(ends, points, side="right"), return_counts=True)
    return [
        patterns[number]._replace(weight=count / most)
        for number, count in zip(drawn.tolist(), counts.tolist(), strict=True)
    ]


def _sampled_accuracies(
    belief: Belief, names: Sequence[str], first: int, request: PlanRequest
) -> Iterator[tuple[float, float]]:
    """P(the leading condition is a cause) after more than the `first` questions, from patients drawn for that alone."""
    strategy, evidence = belief.compiled.strategy, belief.evidence
    rng = np.random.default_rng([request.seed, 1])
    codes = strategy.sample(evidence, request.patients, rng, names).codes
    for count in range(first + 1, len(names) + 1):
        leaders = strategy.infer_many(only(belief.network, codes, names[:count]), evidence).marginals.max(axis=1)
        yield float(leaders.mean()), float(leaders.std() / np.sqrt(len(leaders)))
