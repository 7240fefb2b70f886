"""Posteriors with error bars where exact work would take too much: importance sampling.

Let x_f(s) = -log P(f absent | s), which is linear in s. For a present finding Jaakkola and Jordan (JAIR 1999) bound

    P(f present | s) = 1 - exp(-x_f(s)) <= exp(xi x_f(s) - F(xi)),    F(xi) = (xi + 1) log(xi + 1) - xi log xi,

which is a product over conditions, so that a bounded finding folds into their probabilities like an absent one. The
best xi solves E[x_f] = log((xi + 1) / xi) under the distribution that results, and is found by going round. As few
findings are bounded as make the rest exact within the budget. What results is not taken for the posterior, as they do,
but to draw from: sets of conditions come from it exactly, and each weighs

    w(s) = product over bounded f of P(f present | s) / bound <= 1,

so weights cannot run away, P(evidence) is estimated without bias, and the spread of the weights measures the error. The
posterior of a condition is the mean of P(c | all other conditions, e) over the draws (Rao and Blackwell), which tells
rare conditions, too; for those with parents it is the share of draws that have it.

Compared with it on published networks: the bounds taken for the posterior, loopy belief propagation (neither tells its
error) and draws from the prior; see docs/large_networks.md.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from immutabledict import immutabledict

from bayesknee.arrays import Bools, Integers, Vector
from bayesknee.errors import InferenceError
from bayesknee.inference.elimination.core import EliminationCore
from bayesknee.inference.elimination.draw import draw
from bayesknee.inference.elimination.network_arrays import NoisyOrNode
from bayesknee.inference.elimination.patients import Patients, SortedEvidence
from bayesknee.inference.elimination.structure import Structure
from bayesknee.inference.products import matrix_product, vector_product
from bayesknee.inference.results import Approximation

ROUNDS: Final = 40
FIRST_PART: Final = 0.3
FIRST_SLOPE: Final = 0.05
CLOSE: Final = 1e-3
DRAWS_AT_ONCE: Final = 2**11
MOST_DRAWS: Final = 2**15
ENOUGH: Final = 0.005  # 95 % interval of the least certain condition, at which drawing ends
FEWEST_EFFECTIVE: Final = 100.0
NORMAL: Final = 1.959964
RULE_OF_THREE: Final = 3.0
SEED: Final = 0


class Bounded(NamedTuple):
    """A finding or sign that is bounded.

    Attributes:
        number: of the effect.
        effect: its numbers.
        start: x without any cause; for an unsure answer, what makes it 1 - exp(-x) up to a factor.
        xi: the slope of the bound.
    """

    number: int
    effect: NoisyOrNode
    start: float
    xi: float

    @property
    def log_bound(self) -> float:
        """The bound where no cause is present, log."""
        return self.xi * self.start - ((self.xi + 1.0) * math.log1p(self.xi) - self.xi * math.log(self.xi))

    def log_weight(self, conditions: Bools) -> Vector:
        """log P(present | s) / bound, shape (rows,); never above 0."""
        x = self.start - conditions[:, self.effect.causes] @ self.effect.log_fail
        return np.asarray(np.log(-np.expm1(-x)) - self.log_bound - self.xi * (x - self.start))

    def nearer(self, marginals: Vector, part: float) -> Bounded:
        """With a slope that is nearer, by a part of the way, to what fits these probabilities of the conditions."""
        x = self.start - float(marginals[self.effect.causes] @ self.effect.log_fail)
        fitting = 1.0 / math.expm1(min(max(x, 1e-12), 600.0))
        return self._replace(xi=self.xi * (fitting / self.xi) ** part)


@dataclass(frozen=True)
class ApproximatePosterior:
    """As `NoisyOrPosterior`, with what is told of the error.

    Attributes:
        log_evidence: log P(e | complaint, setting).
        marginals: P(c | e), shape (n,).
        approximation: how it came about.
        drawn, weights: sets of conditions, bool of shape (draws, n), and their shares, which sum to 1.
    """

    log_evidence: float
    marginals: Vector
    approximation: Approximation
    drawn: Bools
    weights: Vector

    def any_of(self, conditions: frozenset[int]) -> float:
        """P(at least one of these conditions | e)."""
        members = sorted(conditions)
        holds = np.asarray(self.drawn[:, members].any(axis=1), np.float64)
        share = float(vector_product(holds, self.weights))
        lowest, highest = float(self.marginals[members].max()), float(min(self.marginals[members].sum(), 1.0))
        return min(max(share, lowest), highest)


def approximate(core: EliminationCore, known: SortedEvidence, patient: Patients) -> ApproximatePosterior | None:
    """The posterior of one patient; None where the evidence is impossible.

    Raises:
        InferenceError: it cannot be told well enough.
    """
    exact = core.counting_any(patient) if core.has_complaint else patient
    bounded = _chosen(core, exact)
    bounded = _tuned(core, exact, bounded)
    proposal = _proposal(exact, bounded)
    run = core.run(proposal)
    log_proposal = float(run.log_evidence()[0])
    if log_proposal == -math.inf:
        return None
    collected = _Collected(core, exact, known)
    deadline = time.monotonic() + core.budget.seconds
    rng = np.random.default_rng(SEED)
    while collected.draws < MOST_DRAWS and time.monotonic() < deadline and not collected.is_enough():
        conditions, _ = draw(run, DRAWS_AT_ONCE, rng)
        collected.add(conditions, np.sum([each.log_weight(conditions) for each in bounded], axis=0))
    return collected.posterior(log_proposal - math.log(core.model.complaint[0]), len(bounded))


def _chosen(core: EliminationCore, patient: Patients) -> list[Bounded]:
    """The fewest findings, those with most causes first, without which the rest is within the budget."""
    model = core.model
    effects = patient.structure.common.effects
    able = [k for k in effects if k in model.effect_of and k != model.any_effect and _can_be_bounded(patient, k)]
    able.sort(key=lambda k: (-len(model.effect_of[k].causes), k))
    low, high = 1, len(able)
    if not able or not core.fits(_structure_without(patient, able)):
        raise InferenceError(core.too_large(patient.structure))
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if core.fits(_structure_without(patient, able[:middle])) else (middle + 1, high)
    return [_bounded(patient, k) for k in able[:low]]


def _can_be_bounded(patient: Patients, k: int) -> bool:
    no, yes = patient.observed[k][:, 0]
    return bool(yes > no)


def _structure_without(patient: Patients, effects: list[int]) -> Structure:
    common = patient.structure.common
    return Structure(
        patient.structure.model, common._replace(effects=tuple(k for k in common.effects if k not in effects))
    )


def _bounded(patient: Patients, k: int) -> Bounded:
    """w_no e^-x + w_yes (1 - e^-x) = w_yes (1 - e^-(x + d)) with d = -log(1 - w_no / w_yes)."""
    effect = patient.structure.model.effect_of[k]
    no, yes = patient.observed[k][:, 0]
    return Bounded(k, effect, -float(effect.log_no_leak) - math.log1p(-no / yes), FIRST_SLOPE)


def _tuned(core: EliminationCore, patient: Patients, bounded: list[Bounded]) -> list[Bounded]:
    """The bounds with the slopes that fit each other: P(evidence) by the bounds is convex in these, and made small.

    A round goes part of the way to what fits the probabilities of the round before, and a shorter part where that was
    too far.
    """
    best, marginals = math.inf, np.zeros(0)
    part = FIRST_PART
    tried = bounded
    for _ in range(ROUNDS):
        run = core.run(_proposal(patient, tried))
        log_bound = float(run.log_evidence()[0])
        if log_bound < best:
            off = best - log_bound
            best, bounded, marginals = log_bound, tried, run.marginals().conditions[:, 0]
            if off < CLOSE:
                break
        else:
            part /= 2.0
        tried = [each.nearer(marginals, part) for each in bounded]
    return bounded


def _proposal(patient: Patients, bounded: list[Bounded]) -> Patients:
    """The patient with these findings replaced by their bounds."""
    numbers = [each.number for each in bounded]
    yes, log_scale = patient.yes.copy(), patient.log_scale.copy()
    for each in bounded:
        yes[each.effect.causes, 0] -= each.xi * each.effect.log_fail
        log_scale += each.log_bound + math.log(patient.observed[each.number][1, 0])
    return replace(
        patient,
        structure=_structure_without(patient, numbers),
        yes=yes,
        observed={k: each for k, each in patient.observed.items() if k not in numbers},
        log_scale=log_scale,
    )


class _Collected:
    """Draws, their weights, and what they tell of each condition."""

    def __init__(self, core: EliminationCore, patient: Patients, known: SortedEvidence) -> None:
        self._core = core
        self._patient = patient
        self._known = known
        self._drawn: list[Bools] = []
        self._given_others: list[Vector] = []
        self._log_weights: list[Vector] = []

    @property
    def draws(self) -> int:
        """How many there are."""
        return sum(map(len, self._drawn))

    def add(self, conditions: Bools, log_weights: Vector) -> None:
        """More draws."""
        self._drawn.append(conditions)
        self._log_weights.append(log_weights)
        self._given_others.append(given_others(self._patient, conditions))

    def is_enough(self) -> bool:
        """Whether the errors are small enough."""
        if not self._drawn:
            return False
        weights, values, _ = self._all()
        return bool(_effective(weights) >= FEWEST_EFFECTIVE and _errors(weights, values)[1].max() <= ENOUGH)

    def _all(self) -> tuple[Vector, Vector, float]:
        """Weights that sum to 1, P(condition | others) by draw, and log of the mean weight."""
        logs = np.concatenate(self._log_weights)
        top = float(logs.max())
        weights = np.exp(logs - top)
        return weights / weights.sum(), np.concatenate(self._given_others), top + math.log(float(weights.mean()))

    def posterior(self, log_scale: float, bounded: int) -> ApproximatePosterior:
        """What they tell.

        Raises:
            InferenceError: too few of them weigh anything.
        """
        weights, values, log_mean = self._all()
        effective = _effective(weights)
        if effective < FEWEST_EFFECTIVE:
            raise InferenceError(
                f"{self._core.too_large(self._patient.structure)}; an approximation was tried, and its error could "
                f"not be told ({self.draws:,} draws are worth {effective:.0f}, and {FEWEST_EFFECTIVE:.0f} are needed)"
            )
        marginals, errors = _errors(weights, values)
        spread = math.sqrt(max(self.draws * float(vector_product(weights, weights)) - 1.0, 0.0) / self.draws)
        by_name = dict(zip(self._core.model.parents.conditions, errors.tolist(), strict=True))
        return ApproximatePosterior(
            log_scale + log_mean,
            marginals,
            Approximation(self.draws, effective, bounded, immutabledict(by_name), NORMAL * spread),
            np.concatenate(self._drawn),
            weights,
        )


def _effective(weights: Vector) -> float:
    """Kish's effective sample size."""
    return 1.0 / float(vector_product(weights, weights))


def _errors(weights: Vector, values: Vector) -> tuple[Vector, Vector]:
    """Weighted means, and half the width of their 95 % intervals.

    The spread of the draws tells nothing of what none of them showed: that may have a probability of up to 3 over their
    number (the rule of three), and any posterior; so much comes on top.
    """
    means = matrix_product(weights[None], values)[0]
    squares = matrix_product(weights[None] ** 2, (values - means) ** 2)[0]
    return means, NORMAL * np.sqrt(squares) + RULE_OF_THREE / _effective(weights)


def given_others(patient: Patients, conditions: Bools) -> Vector:
    """P(condition | all others as drawn, evidence), shape (rows, n); as drawn, for those with parents or children."""
    model, structure = patient.structure.model, patient.structure
    n = model.n
    alone = np.array([c for c in range(n) if c not in structure.pairs and not _is_parent(structure, c)], np.intp)
    no, yes = (np.array([patient.pair(int(c))[side][0] for c in alone]) for side in (0, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        logit = np.broadcast_to(np.log(yes) - np.log(no), (len(conditions), len(alone))).copy()
        place = np.full(n, -1)
        place[alone] = np.arange(len(alone))
        for k, observed in patient.observed.items() if len(alone) else ():
            _add_effect(logit, place, model.effect_of[k], observed[:, 0], conditions)
        values = conditions.astype(np.float64)
        values[:, alone] = 1.0 / (1.0 + np.exp(-logit))
    return values


def _add_effect(logit: Vector, place: Integers, effect: NoisyOrNode, observed: Vector, conditions: Bools) -> None:
    """Adds log of how much likelier the answers are with a condition than without, all others as drawn."""
    own = place[effect.causes] >= 0
    causes, log_fail = effect.causes[own], effect.log_fail[own]
    finite: Vector = np.maximum(effect.log_fail, -700.0)
    whole: Vector = effect.log_no_leak + conditions[:, effect.causes] @ finite
    without: Vector = whole[:, None] - conditions[:, causes] * finite[own]
    logit[:, place[causes]] += _log_likelihood(observed, without + log_fail) - _log_likelihood(observed, without)


def _log_likelihood(observed: Vector, log_absent: Vector) -> Vector:
    """log P(answers) from log P(effect absent)."""
    no, yes = observed
    return np.asarray(np.log(no * np.exp(log_absent) - yes * np.expm1(np.minimum(log_absent, 0.0))))


def _is_parent(structure: Structure, c: int) -> bool:
    return any(c in scope for scope, _ in structure.pairs.values())
