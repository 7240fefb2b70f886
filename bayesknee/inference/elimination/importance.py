"""Approximate posteriors with error bars, by importance sampling, for patients whose exact work is beyond the budget.

Let x_f(s) = -log P(f absent | s), which is linear in s. For a present finding, Jaakkola and Jordan (JAIR 1999) bound

    P(f present | s) = 1 - exp(-x_f(s)) <= exp(xi x_f(s) - F(xi)),    F(xi) = (xi + 1) log(xi + 1) - xi log xi.

The bound is a product over conditions, so a bounded finding folds into their probabilities like an absent one. The best
xi solves E[x_f] = log((xi + 1) / xi) under the resulting distribution, and is found by iteration. As few findings are
bounded as make the rest exact within the budget. Jaakkola and Jordan take the result for the posterior. Here it is the
proposal distribution: sets of conditions are drawn from it exactly, with the weights

    w(s) = product over bounded f of P(f present | s) / bound <= 1.

Weights are bounded, the estimate of P(evidence) is unbiased, and the variance of the weights measures the error. The
posterior of a condition is the weighted mean of P(c | all other conditions, e) over the draws (Rao and Blackwell). That
is accurate for rare conditions, too. For conditions with parents it is the weighted share of draws with the condition.

docs/large_networks.md compares this on published networks with the bounds as the posterior, with loopy belief
propagation, and with draws from the prior.
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
from bayesknee.inference.elimination.patients import NodeEvidence, Patients
from bayesknee.inference.elimination.structure import Structure
from bayesknee.inference.products import matrix_product, vector_product
from bayesknee.inference.results import Approximation
from bayesknee.interval_95 import Z
from bayesknee.log_odds import expit

# Slopes only shape the proposal distribution. Poor ones cost draws, and cause no bias.
ROUNDS: Final = 40  # of tuning, each a run; by measurement 8 to 10 suffice on made-up networks with 1 to 5 bounds
FIRST_PART: Final = 0.3  # of the way to the fitting slope; by measurement 0.1 needs 16 to 24 rounds, and 1 overshoots
FIRST_SLOPE: Final = 0.05  # by measurement, slopes from 0.005 to 5 end within 1e-3 of log P, after 3 to 15 rounds
CLOSE: Final = 1e-3  # gain in log P at which tuning ends: it changes weights by a thousandth, far below their spread
DRAWS_AT_ONCE: Final = 2**11  # between two looks at the error: more overshoot it, fewer take more overhead; judged
MOST_DRAWS: Final = 2**15  # bounds the memory: draws, their weights and a probability for each condition are kept
ENOUGH: Final = 0.005  # half the widest 95 % interval at which drawing ends; half of it takes four times the draws
FEWEST_EFFECTIVE: Final = 100.0  # effective draws below which the variance of the weights is itself unknown; judged
RULE_OF_THREE: Final = 3.0  # over n: the 95 % upper limit for an event that none of n draws shows, -log 0.05
SEED: Final = 0  # any fixed seed: the same evidence gets the same posterior
SMALLEST_X: Final = 1e-12  # of x: the slope is 1 / (exp(x) - 1), which has no bound near 0
LARGEST_X: Final = 600.0  # of x: exp(x) beyond 709 is no float
LEAST_LOG: Final = -700.0  # in place of log 0, so that it can be added and taken away; e^-700 is still a float


class Bounded(NamedTuple):
    """A finding or sign that is bounded.

    Attributes:
        number: of the effect.
        effect: the noisy-OR.
        start: x without any cause. For an unsure answer, shifted so that its likelihood is 1 - exp(-x) up to a factor.
        xi: the slope of the bound, above 0.
    """

    number: int
    effect: NoisyOrNode
    start: float
    xi: float

    @property
    def log_bound(self) -> float:
        """The log of the bound if no cause is present."""
        return self.xi * self.start - ((self.xi + 1.0) * math.log1p(self.xi) - self.xi * math.log(self.xi))

    def log_weight(self, conditions: Bools) -> Vector:
        """log of P(present | s) / bound for sets of conditions, shape (rows,); at most 0.

        Args:
            conditions: bool of shape (rows, n).
        """
        x = self.start - vector_product(conditions[:, self.effect.causes], self.effect.log_fail)
        return np.asarray(np.log(-np.expm1(-x)) - self.log_bound - self.xi * (x - self.start))

    def nearer(self, marginals: Vector, part: float) -> Bounded:
        """The bound with a slope moved part of the way, in logs, to the one that fits these marginals.

        Args:
            marginals: P(condition) under the proposal distribution, shape (n,).
            part: of the way, inside (0, 1].
        """
        x = self.start - float(marginals[self.effect.causes] @ self.effect.log_fail)
        fitting = 1.0 / math.expm1(min(max(x, SMALLEST_X), LARGEST_X))
        return self._replace(xi=self.xi * (fitting / self.xi) ** part)


@dataclass(frozen=True)
class ApproximatePosterior:
    """As `EliminationPosterior`, from weighted draws.

    Attributes:
        log_evidence: log P(e | complaint, setting).
        marginals: P(c | e), shape (n,).
        approximation: the number of draws and the errors.
        drawn: sets of conditions, bool of shape (draws, n).
        weights: of the draws, shape (draws,); they sum to 1.
    """

    log_evidence: float
    marginals: Vector
    approximation: Approximation
    drawn: Bools
    weights: Vector

    def any_of(self, conditions: frozenset[int]) -> float:
        """P(at least one of these conditions | e), between the largest marginal and the sum of the marginals."""
        members = sorted(conditions)
        holds = np.asarray(self.drawn[:, members].any(axis=1), np.float64)
        share = float(vector_product(holds, self.weights))
        lowest, highest = float(self.marginals[members].max()), float(min(self.marginals[members].sum(), 1.0))
        return min(max(share, lowest), highest)


def approximate(core: EliminationCore, known: NodeEvidence, patient: Patients) -> ApproximatePosterior | None:
    """The approximate posterior of one patient; None if the evidence is impossible.

    Args:
        core: of the network.
        known: the evidence of the patient.
        patient: the same as arrays.

    Raises:
        InferenceError: no proposal distribution fits the budget, or too few draws carry weight.
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
        collected.add(conditions, np.sum([bound.log_weight(conditions) for bound in bounded], axis=0))
    return collected.posterior(log_proposal - math.log(core.model.complaint[0]), len(bounded))


def _chosen(core: EliminationCore, patient: Patients) -> list[Bounded]:
    """The bounds of the fewest findings without which the rest is exact within the budget; most causes first.

    Raises:
        InferenceError: the rest is beyond the budget even if all findings are bounded.
    """
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
    """The bounds with slopes that minimise the bound of P(evidence), which is convex in them.

    A round moves the slopes part of the way to those that fit the marginals of the best round. The part is halved after
    a round that overshoots. It takes no more rounds than fit into the seconds of the budget, by estimate.
    """
    best, marginals = math.inf, np.zeros(0)
    part = FIRST_PART
    tried = bounded
    allowed = core.budget.seconds / core.seconds_of_runs(_proposal(patient, bounded).structure, 1)
    for _ in range(max(1, min(ROUNDS, int(allowed)))):
        run = core.run(_proposal(patient, tried))
        log_bound = float(run.log_evidence()[0])
        if log_bound < best:
            off = best - log_bound
            best, bounded, marginals = log_bound, tried, run.marginals().conditions[:, 0]
            if off < CLOSE:
                break
        else:
            part /= 2.0
        tried = [bound.nearer(marginals, part) for bound in bounded]
    return bounded


def _proposal(patient: Patients, bounded: list[Bounded]) -> Patients:
    """The proposal distribution: the patient with these findings replaced by their bounds."""
    numbers = [bound.number for bound in bounded]
    yes, log_scale = patient.yes.copy(), patient.log_scale.copy()
    for bound in bounded:
        yes[bound.effect.causes, 0] -= bound.xi * bound.effect.log_fail
        log_scale += bound.log_bound + math.log(patient.observed[bound.number][1, 0])
    return replace(
        patient,
        structure=_structure_without(patient, numbers),
        yes=yes,
        observed={k: weights for k, weights in patient.observed.items() if k not in numbers},
        log_scale=log_scale,
    )


class _Collected:
    """Draws, their weights, and P(condition | other conditions as drawn)."""

    def __init__(self, core: EliminationCore, patient: Patients, known: NodeEvidence) -> None:
        self._core = core
        self._patient = patient
        self._known = known
        self._drawn: list[Bools] = []
        self._given_others: list[Vector] = []
        self._log_weights: list[Vector] = []

    @property
    def draws(self) -> int:
        """The number of draws."""
        return sum(map(len, self._drawn))

    def add(self, conditions: Bools, log_weights: Vector) -> None:
        """Adds draws, shape (rows, n), with the logs of their weights, shape (rows,)."""
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
        """Weights that sum to 1, P(condition | other conditions) by draw, and the log of the mean weight."""
        logs = np.concatenate(self._log_weights)
        top = float(logs.max())
        weights = np.exp(logs - top)
        return weights / weights.sum(), np.concatenate(self._given_others), top + math.log(float(weights.mean()))

    def posterior(self, log_scale: float, bounded: int) -> ApproximatePosterior:
        """The posterior from the draws.

        Args:
            log_scale: log of the proposal's P(evidence), over P(complaint).
            bounded: how many findings are bounded.

        Raises:
            InferenceError: the effective sample size is too small.
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
            Approximation(self.draws, effective, bounded, immutabledict(by_name), Z * spread),
            np.concatenate(self._drawn),
            weights,
        )


def _effective(weights: Vector) -> float:
    """Kish's effective sample size, from weights that sum to 1."""
    return 1.0 / float(vector_product(weights, weights))


def _errors(weights: Vector, values: Vector) -> tuple[Vector, Vector]:
    """Weighted means, shape (n,), and half the width of their 95 % intervals, shape (n,).

    The variance of the draws misses states that none of them shows. These may have a probability of up to 3 / n (the
    rule of three), which is added.
    """
    means = matrix_product(weights[None], values)[0]
    means = np.clip(means, 0.0, 1.0)  # the weights sum to 1 but for rounding, so a mean may come out above
    squares = matrix_product(weights[None] ** 2, (values - means) ** 2)[0]
    return means, Z * np.sqrt(squares) + RULE_OF_THREE / _effective(weights)


def given_others(patient: Patients, conditions: Bools) -> Vector:
    """P(condition | other conditions as drawn, evidence), shape (rows, n).

    A condition with parents or children has 0 or 1, as drawn.
    """
    model, structure = patient.structure.model, patient.structure
    n = model.n
    alone = np.array([c for c in range(n) if c not in structure.scopes and not _is_parent(structure, c)], np.intp)
    no, yes = (np.array([patient.pair(int(c))[side][0] for c in alone]) for side in (0, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        log_odds = np.broadcast_to(np.log(yes) - np.log(no), (len(conditions), len(alone))).copy()
        place = np.full(n, -1)
        place[alone] = np.arange(len(alone))
        for k, observed in patient.observed.items() if len(alone) else ():
            _add_effect(log_odds, place, model.effect_of[k], observed[:, 0], conditions)
        values = conditions.astype(np.float64)
        values[:, alone] = expit(log_odds)
    return values


def _add_effect(log_odds: Vector, place: Integers, effect: NoisyOrNode, observed: Vector, conditions: Bools) -> None:
    """Adds the log likelihood ratio of an effect's answers with and without each condition, others as drawn."""
    is_alone = place[effect.causes] >= 0
    causes, log_fail = effect.causes[is_alone], effect.log_fail[is_alone]
    finite: Vector = np.maximum(effect.log_fail, LEAST_LOG)
    log_absent: Vector = effect.log_no_leak + vector_product(conditions[:, effect.causes], finite)
    without: Vector = log_absent[:, None] - conditions[:, causes] * finite[is_alone]
    log_odds[:, place[causes]] += _log_likelihood(observed, without + log_fail) - _log_likelihood(observed, without)


def _log_likelihood(observed: Vector, log_absent: Vector) -> Vector:
    """log P(answers) from log P(effect absent)."""
    no, yes = observed
    return np.asarray(np.log(no * np.exp(log_absent) - yes * np.expm1(np.minimum(log_absent, 0.0))))


def _is_parent(structure: Structure, c: int) -> bool:
    return any(c in scope for scope in structure.scopes.values())
