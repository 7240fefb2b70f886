"""Which questions to ask together, of somebody who answers them all at once: a paper form for the waiting room.

A plan is greedy: each step adds the question that gains most per unit of burden, given the questions A before it. By
the chain rule, its gain is the mean of its mutual information over the answers to A:

    I(A + f; c | e) - I(A; c | e) = sum over answers a to A of P(a | e) I(f; c | e, a)

A pattern is one combination of answers to A. While there are few patterns, all of them are summed over, and the plan is
exact. When there are many, they are resampled systematically, which leaves each expectation unbiased.

Of more than 300 questions, the first is chosen from all of them, and the next from the 300 that are worth most alone. A
question that is worth little alone and much beside another, such as one behind a gate, may then be missed.

If the gain is monotone and submodular, k greedy questions of equal burden gain at least 1 - 1/e = 63 % of what the
best k would (Nemhauser, Wolsey and Fisher 1978). Information is submodular if findings are independent given its
subject (Krause and Guestrin 2005). Here findings are independent given all conditions and signs, but the gain is summed
over single conditions, and gated questions gain by their gate. So the bound is a guide and no proof.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import numpy as np

from bayesknee.diagnosis.asking.objectives import DEFAULT_OBJECTIVE, find_objective
from bayesknee.diagnosis.asking.ranking import Aim, Ranking, rank
from bayesknee.diagnosis.belief import Belief
from bayesknee.errors import InferenceError, QuestionError
from bayesknee.inference.compiled_network import CompiledNetwork
from bayesknee.knowledge.network import Network
from bayesknee.lazy_types import DataFrame
from bayesknee.patient.askable import Filter, askable
from bayesknee.patient.codes import only
from bayesknee.patient.evidence import Evidence, check_evidence
from bayesknee.plain import attributes

MOST_PATTERNS: Final = 256  # the work is a ranking for each; 256 are all answers to 8 yes-no questions. Judged
PATIENTS: Final = 1000  # the standard error of an accuracy is then at most 0.016
MOST_CANDIDATES: Final = 300  # questions ranked in each pattern; more take longer in proportion. Judged
FEWEST_PATIENTS: Final = 20  # the standard error of an accuracy is then at most 0.11, and told
NOTHING: Final = 1e-9  # bits: a smaller gain is rounding, and would make a plan go on with useless questions


@dataclass(frozen=True)
class PlannedQuestion:
    """A question of a plan, and the accuracy of the plan up to it.

    Attributes:
        finding: id of the finding or risk factor.
        question: its wording.
        asked_of: patient, clinician or test.
        topic: id of its topic.
        burden: the cost of asking, relative to a plain question (1).
        gain: the information it adds to the questions before it, in bits, by the plan's objective; 0 or more.
        accuracy: the probability that the leading condition is a cause after the answers to all questions so far.
        standard_error: of `accuracy`; 0 if it is exact.
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
        accuracy: the probability that the leading condition is a cause, before any question.
        objective: the name of what they were chosen by.
        exact: how many questions were chosen by exact gains; the gains after these are estimates.
        seed: of the draws.
    """

    questions: tuple[PlannedQuestion, ...]
    accuracy: float
    objective: str
    exact: int
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON."""
        return attributes(self)

    def to_frame(self) -> DataFrame:
        """A row for each number of questions, from 0: the question added, its gain, the accuracy and its error."""
        import pandas as pd

        rows = [{"finding": "", "question": "", "gain": 0.0, "accuracy": self.accuracy, "standard_error": 0.0}]
        kept = list(rows[0])
        rows += [{key: getattr(question, key) for key in kept} for question in self.questions]
        return pd.DataFrame(rows).rename_axis("questions")


@dataclass(frozen=True)
class PlanRequest:
    """What to plan.

    Attributes:
        count: of questions, 1 or more. The plan has fewer if no further question adds anything.
        objective: the name of what to choose them by.
        patterns: the most combinations of answers that are kept before they are resampled; 1 or more.
        patients: how many to draw for the accuracy if it is not exact; 1 or more.
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
    """The evidence with one combination of answers, its probability, and the posterior of the leading condition."""

    evidence: Evidence
    weight: float
    leader: float


class ChosenQuestion(NamedTuple):
    """A question that was chosen.

    Attributes:
        name: its id.
        gain: the information it adds, in bits.
        accuracy: the mean posterior of the leading condition over the patterns.
        exact: whether the patterns are all combinations of answers, without resampling.
    """

    name: str
    gain: float
    accuracy: float
    exact: bool


def make_plan(
    belief: Belief, wanted: Filter, request: PlanRequest, progress: Callable[[int], None] = lambda _: None
) -> QuestionPlan:
    """The plan for a patient.

    Args:
        belief: the posterior and the answers so far.
        wanted: which questions to choose from.
        request: the number of questions and the options.
        progress: called with the number of further questions chosen.

    Raises:
        QuestionError: an unknown objective.
        BudgetError: more questions, patterns or patients than the budget allows.
        InferenceError: even the roughest plan would take more than the seconds of the budget, by estimate.
    """
    budget = belief.compiled.budget
    budget.check("questions", request.count, "plan fewer")
    patterns = budget.draws_of(request.patterns, MOST_PATTERNS)
    request = replace(request, patterns=patterns, patients=budget.draws_of(request.patients, PATIENTS))
    request = _in_time(belief, wanted, request)
    steps = []
    for step in _steps(belief, wanted, request):
        steps.append(step)
        progress(1)
    names = [step.name for step in steps]
    exact = sum(step.exact for step in steps)
    accuracies = [(step.accuracy, 0.0) for step in steps[:exact]]
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


def _in_time(belief: Belief, wanted: Filter, request: PlanRequest) -> PlanRequest:
    """The request with as many patterns and patients, by halves, as fit into the seconds of the budget."""
    compiled = belief.compiled
    names = askable(compiled.network, belief.evidence, wanted.wanted(compiled.network))
    seconds = compiled.strategy.seconds_to_rank(belief.evidence, names[:MOST_CANDIDATES])
    allowed, patterns = compiled.budget.seconds, request.patterns
    while patterns > 1 and seconds * _rankings(request.count, patterns) > allowed:
        patterns //= 2
    if (needed := seconds * _rankings(request.count, patterns)) > allowed:
        raise InferenceError(
            f"a plan of {request.count} questions would take about {needed:,.2g} s; allowed are {allowed:,.2g} s; "
            "plan fewer, choose from fewer (topic, asked_of), or allow more (seconds= of Engine)"
        )
    patients = compiled.strategy.patients_in_time(belief.evidence, names[: request.count]) // request.count
    return replace(request, patterns=patterns, patients=min(request.patients, max(FEWEST_PATIENTS, patients)))


def _rankings(count: int, patterns: int) -> int:
    """How many a plan takes of questions with two answers: twice as many in each step, up to all patterns."""
    return sum(min(2**step, patterns) for step in range(count))


def _planned(network: Network, step: ChosenQuestion, accuracy: float, error: float) -> PlannedQuestion:
    question = network.questions[step.name]
    return PlannedQuestion(
        finding=question.id,
        question=question.question,
        asked_of=question.asked_of,
        topic=question.topic,
        burden=question.burden,
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
        rankings = [rank(compiled, pattern.evidence, aim) for pattern in patterns]
        gains = _gains(patterns, rankings)
        if not gains:
            return
        best = max(gains, key=lambda name: gains[name] / compiled.network.questions[name].burden)
        patterns = [
            part
            for pattern, ranking in zip(patterns, rankings, strict=True)
            for part in _split(compiled, pattern, ranking, best)
        ]
        yield ChosenQuestion(best, gains[best], sum(pattern.weight * pattern.leader for pattern in patterns), exact)
        left = _candidates(compiled.network, left, gains, best)
        if len(patterns) > request.patterns:
            patterns, exact = _thinned(patterns, request.patterns, rng), False


def _candidates(network: Network, left: Sequence[str], gains: Mapping[str, float], chosen: str) -> list[str]:
    """The questions to choose from next, in the same order: all that are left, or those with the largest gains."""
    others = [name for name in left if name != chosen]
    if len(others) <= MOST_CANDIDATES:
        return others
    worth = {name: gains.get(name, 0.0) / network.questions[name].burden for name in others}
    best = set(sorted(others, key=lambda name: -worth[name])[:MOST_CANDIDATES])
    return [name for name in others if name in best]


def _gains(patterns: Sequence[Pattern], rankings: Sequence[Ranking]) -> dict[str, float]:
    """The gain of each question that gains anything, in bits, by id."""
    gains: dict[str, float] = {}
    for pattern, ranking in zip(patterns, rankings, strict=True):
        for name, gain in zip(ranking.outcomes.names, ranking.gains.sum(axis=1).tolist(), strict=True):
            gains[name] = gains.get(name, 0.0) + pattern.weight * gain
    return {name: gain for name, gain in gains.items() if gain > NOTHING}


def _split(compiled: CompiledNetwork, pattern: Pattern, ranking: Ranking, name: str) -> Iterator[Pattern]:
    """The pattern extended by each answer to the question; unchanged if such a patient is not asked."""
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
    """At most `most` patterns by systematic resampling: each is drawn in proportion to its weight, within one draw."""
    ends = np.cumsum([pattern.weight for pattern in patterns])
    points = (np.arange(most) + rng.random()) / most * ends[-1]
    drawn, counts = np.unique(np.searchsorted(ends, points, side="right"), return_counts=True)
    return [
        patterns[number]._replace(weight=count / most)
        for number, count in zip(drawn.tolist(), counts.tolist(), strict=True)
    ]


def _sampled_accuracies(
    belief: Belief, names: Sequence[str], first: int, request: PlanRequest
) -> Iterator[tuple[float, float]]:
    """Accuracy and standard error after each question beyond the `first`, from patients drawn for that alone."""
    strategy, evidence = belief.compiled.strategy, belief.evidence
    rng = np.random.default_rng([request.seed, 1])
    codes = strategy.sample(evidence, request.patients, rng, names).codes
    for count in range(first + 1, len(names) + 1):
        leaders = strategy.infer_many(only(belief.network, codes, names[:count]), evidence).marginals.max(axis=1)
        yield float(leaders.mean()), float(leaders.std() / np.sqrt(len(leaders)))
