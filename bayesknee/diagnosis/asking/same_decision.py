"""The same-decision probability: whether the decision would stay the same if all questions left were answered.

The decision is the leading condition and the level of triage. The same-decision probability (Choi, Xue and Darwiche
2012) is the probability that both stay the same, over the answers to all questions that could still be asked:

    SDP = sum over answers a of P(a | e) [ leader(e, a) = leader(e) and level(e, a) = level(e) ]

It is estimated from patients drawn given the evidence: their answers are drawn, and the decision is made again. A
question whose gate does not hold in a drawn patient is not asked of that patient.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesknee.diagnosis.asking.objectives import DEFAULT_OBJECTIVE
from bayesknee.diagnosis.belief import Belief
from bayesknee.diagnosis.care_steps import CareSteps
from bayesknee.diagnosis.triage import levels
from bayesknee.errors import QuestionError
from bayesknee.inference.compiled_network import CompiledNetwork
from bayesknee.patient.codes import Codes, nothing_known, only
from bayesknee.patient.evidence import Evidence

THRESHOLD: Final = 0.95  # judged: a larger one makes interviews longer, a smaller one changes more decisions
LEAST_VALUE: Final = 0.05  # bits, judged: asked of the patient alone, posterior_knee then takes about 14 questions
# Judged: among 5,000 patients with these answers, one has a must-not-miss condition that only further questions would
# find. docs/interviews.md has the cost of other figures.
MOST_MISSED: Final = 0.0002
MOST_SAMPLES: Final = 400  # the standard error at the threshold is then 0.011; a quarter of it takes 16 times the draws
# Patients drawn between two looks at the threshold. Judged: fewer take more calls, more are wasted on a clear case.
AT_ONCE: Final = 60
SHARES: Final = 3  # of the budget's seconds: for the decision, for hidden dangers, and for all else in a stop rule
FEWEST: Final = 20  # the standard error is then 0.05 at the threshold, and the advice tells how many there were
SURE: Final = 3.0  # standard errors from the threshold at which drawing ends; by chance, so far in 0.3 % of looks


@dataclass(frozen=True)
class StopRule:
    """When to stop.

    Attributes:
        threshold: of the same-decision probability, inside (0, 1].
        least_value: the least value at which a question is asked, in bits per unit of burden; 0 or more.
        objective: the name of what values are measured by.
        limits: other limits than the network's, by condition id, inside (0, 1).
        samples: the most patients to draw for the same-decision probability; 1 or more.
        seed: of the draws, 0 or more. The same answers get the same advice.
        lists: whether the network's checklists can be asked, beside single questions.
        most_missed: inside [0, 1]. Asking goes on while stopping would miss a must-not-miss condition, which asking
            everything would find, with a probability over this.

    Raises:
        QuestionError: a number out of range.
    """

    threshold: float = THRESHOLD
    least_value: float = LEAST_VALUE
    objective: str = DEFAULT_OBJECTIVE
    limits: Mapping[str, float] | None = None
    samples: int = MOST_SAMPLES
    seed: int = 0
    lists: bool = True
    most_missed: float = MOST_MISSED

    def __post_init__(self) -> None:
        if not 0.0 < self.threshold <= 1.0:
            raise QuestionError(f"threshold {self.threshold:g}; expected a number above 0, at most 1; correct it")
        if not self.least_value >= 0.0:
            raise QuestionError(f"least value {self.least_value:g}; expected a number of bits, 0 or more; correct it")
        if not 0.0 <= self.most_missed <= 1.0:
            raise QuestionError(f"most missed {self.most_missed:g}; expected a probability; correct it")
        if self.samples < 1:
            raise QuestionError(f"{self.samples} samples; expected 1 or more; correct it")
        if self.seed < 0:
            raise QuestionError(f"seed {self.seed}; expected a whole number, 0 or more; correct it")


class Agreement(NamedTuple):
    """In how many of `patients` drawn patients the leader, the level, and both stay the same."""

    patients: int
    leader: int
    level: int
    both: int

    @property
    def share(self) -> float:
        return self.both / self.patients

    @property
    def error(self) -> float:
        """The standard error of the share, with one agreeing and one disagreeing patient added, so never 0."""
        guess = (self.both + 1) / (self.patients + 2)
        return math.sqrt(guess * (1.0 - guess) / self.patients)

    def plus(self, other: Agreement) -> Agreement:
        return Agreement(*map(sum, zip(self, other, strict=True)))


def same_decision(belief: Belief, left: Collection[str], rule: StopRule) -> Agreement:
    """How often the decision stays the same, in enough drawn patients to tell the share from the threshold.

    Raises:
        BudgetError: more samples than the budget allows.
    """
    if not left:
        return Agreement(1, 1, 1, 1)
    now = _decision(belief, nothing_known(belief.network, 1), rule)
    rng, total = np.random.default_rng(rule.seed), Agreement(0, 0, 0, 0)
    samples = belief.compiled.budget.draws_of(rule.samples, MOST_SAMPLES)
    samples = min(samples, max(FEWEST, patients_in_share(belief, left)))
    while total.patients < samples:
        patients = min(AT_ONCE, samples - total.patients)
        codes = drawn_answers(belief.compiled, belief.evidence, left, patients, rng)
        total = total.plus(_agreement(now, _decision(belief, codes, rule)))
        if abs(total.share - rule.threshold) > SURE * total.error:
            break
    return total


def patients_in_share(belief: Belief, left: Collection[str]) -> int:
    """How many patients who answer these questions can be inferred in the share of the budget's seconds for draws."""
    return belief.compiled.strategy.patients_in_time(belief.evidence, left) // SHARES


def drawn_answers(
    compiled: CompiledNetwork, given: Evidence, left: Collection[str], patients: int, rng: np.random.Generator
) -> Codes:
    """The answers of patients drawn given the evidence to the questions `left`, as codes; others are not known."""
    return only(compiled.network, compiled.strategy.sample(given, patients, rng, left).codes, left)


class _Decisions(NamedTuple):
    leaders: NDArray[np.intp]
    levels: NDArray[np.int8]


def _decision(belief: Belief, codes: Codes, rule: StopRule) -> _Decisions:
    """The decisions for patients with these answers in addition to the evidence."""
    compiled = belief.compiled
    steps = CareSteps(compiled, rule.limits)
    marginals, forms, _ = compiled.strategy.infer_many(codes, belief.evidence, compiled.form_events)
    return _Decisions(marginals.argmax(axis=1), levels(steps, marginals, codes, belief.evidence, forms=forms))


def _agreement(one: _Decisions, other: _Decisions) -> Agreement:
    leader, level = one.leaders == other.leaders, one.levels == other.levels
    return Agreement(len(leader), int(leader.sum()), int(level.sum()), int((leader & level).sum()))
