"""Whether what is done would stay the same, were all that is left answered.

What is done is the leading condition and the level of triage. The same-decision probability (Choi, Xue and Darwiche
2012) is that of both staying what they are, over the answers to all questions that could still be asked:

    SDP = sum over answers a of P(a | e) [ leader(e, a) = leader(e) and level(e, a) = level(e) ]

It is estimated from patients drawn given what is known: what would they have answered, and what would be done then? A
question whose gate does not hold in a patient stays unasked in that patient.
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
from bayesknee.diagnosis.triage import levels
from bayesknee.errors import QuestionError
from bayesknee.inference.compiled_network import CompiledNetwork
from bayesknee.patient.codes import Codes, nothing_known, only
from bayesknee.patient.evidence import Evidence

THRESHOLD: Final = 0.95
LEAST_VALUE: Final = 0.05  # bits, judged: asked of the patient alone, posterior_knee then takes about 14 questions
# Judged: of 5,000 patients who answered so, one who has what must not be missed, and whom only asking on would find.
# See docs/interviews.md for what other figures cost.
MOST_MISSED: Final = 0.0002
MOST_SAMPLES: Final = 400
AT_ONCE: Final = 60
SURE: Final = 3.0  # standard errors


@dataclass(frozen=True)
class StopRule:
    """When to stop.

    Attributes:
        threshold: of the same-decision probability, inside (0, 1].
        least_value: what a question must be worth to be asked, in bits for a burden of 1; 0 or more.
        objective: by which it is worth that.
        limits: other limits than the network's, by condition.
        samples: the most patients to draw for the same-decision probability.
        seed: of the draws, 0 or more: the same answers get the same advice.
        lists: whether the network's lists to tick can be put, beside single questions.
        most_missed: the chance of missing, by ending, a must-not-miss condition that asking all would find, over which
            asking goes on; inside [0, 1].

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
    """In how many of the patients drawn the decision stays."""

    patients: int
    leader: int
    level: int
    both: int

    @property
    def share(self) -> float:
        return self.both / self.patients

    @property
    def error(self) -> float:
        """The standard error of the share, by two patients more, one of each kind: never 0."""
        guess = (self.both + 1) / (self.patients + 2)
        return math.sqrt(guess * (1.0 - guess) / self.patients)

    def plus(self, other: Agreement) -> Agreement:
        return Agreement(*map(sum, zip(self, other, strict=True)))


def same_decision(belief: Belief, left: Collection[str], rule: StopRule) -> Agreement:
    """How often the decision stays, in as many patients as it takes to tell the share from the threshold."""
    if not left:
        return Agreement(1, 1, 1, 1)
    now = _decision(belief, nothing_known(belief.network, 1), rule)
    rng, total = np.random.default_rng(rule.seed), Agreement(0, 0, 0, 0)
    while total.patients < rule.samples:
        patients = min(AT_ONCE, rule.samples - total.patients)
        codes = drawn_answers(belief.compiled, belief.evidence, left, patients, rng)
        total = total.plus(_agreement(now, _decision(belief, codes, rule)))
        if abs(total.share - rule.threshold) > SURE * total.error:
            break
    return total


def drawn_answers(
    compiled: CompiledNetwork, given: Evidence, left: Collection[str], patients: int, rng: np.random.Generator
) -> Codes:
    """What patients drawn given some evidence would answer to what is left."""
    return only(compiled.network, compiled.strategy.sample(given, patients, rng, left).codes, left)


class _Decisions(NamedTuple):
    leaders: NDArray[np.intp]
    levels: NDArray[np.int8]


def _decision(belief: Belief, codes: Codes, rule: StopRule) -> _Decisions:
    """What is done for patients who answer so, beside the evidence."""
    network, evidence = belief.network, belief.evidence
    marginals = belief.compiled.strategy.infer_many(codes, evidence).marginals
    return _Decisions(marginals.argmax(axis=1), levels(network, marginals, codes, evidence, rule.limits))


def _agreement(one: _Decisions, other: _Decisions) -> Agreement:
    leader, level = one.leaders == other.leaders, one.levels == other.levels
    return Agreement(len(leader), int(leader.sum()), int(level.sum()), int((leader & level).sum()))
