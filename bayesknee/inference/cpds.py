"""Conditional probabilities of signs and findings, for every set of causes at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.cause_sets import CauseSets
from bayesknee.knowledge.model import Distribution, Mixture, NoisyOr, Reading, of_cause
from bayesknee.patient.evidence import Likelihood

Numbers = TypeVar("Numbers", float, Vector)


def link(leak: float, stated: float) -> float:
    """q of a noisy-OR cause from the stated P(yes | only that cause), which includes the leak.

    1 - stated = (1 - leak)(1 - q), so q = 1 - (1 - stated) / (1 - leak). The stated figure is Henrion's (1989) way to
    give a link, q is Diez's (1993).
    """
    return 1.0 - (1.0 - stated) / (1.0 - leak)


def noisy_or_steps(rule: NoisyOr, causes: Sequence[str]) -> Vector:
    """log(1 - leak), then log(1 - q) of each condition or form, 0 where it is no cause; shape (1 + causes,)."""
    log_no_leak = np.log1p(-rule.leak.value)
    stated = (of_cause(rule.causes, cause) for cause in causes)
    return np.array([log_no_leak, *(np.log1p(-number.value) - log_no_leak if number else 0.0 for number in stated)])


def noisy_or_log_no(rule: NoisyOr, sets: CauseSets) -> Vector:
    """log P(no | s), shape (sets,): log(1 - leak) + sum over present causes of log(1 - q). Linear in s."""
    log_no_leak, *steps = noisy_or_steps(rule, sets.names).tolist()
    return sets.sums_of(steps, log_no_leak)


def noisy_or_table(rule: NoisyOr, sets: CauseSets) -> Vector:
    """P(no | s) and P(yes | s), shape (2, sets)."""
    log_no = noisy_or_log_no(rule, sets)
    return np.stack([np.exp(log_no), -np.expm1(log_no)])


class MixtureNumbers(NamedTuple):
    """The weights and distributions of a mixture. The last axis holds the draws; for stated numbers its length is 1.

    Attributes:
        weights: of each condition, shape (n, draws).
        distributions: P(v | only that condition), shape (n, states, draws).
        otherwise: P(v | no condition), shape (states, draws).
    """

    weights: Vector
    distributions: Vector
    otherwise: Vector


def mixture_numbers(rule: Mixture, states: tuple[str, ...], causes: Sequence[str]) -> MixtureNumbers:
    """The stated numbers of a mixture; `otherwise` is uniform if the mixture has none."""
    stated = [of_cause(rule.weights, cause) for cause in causes]
    weights = np.array([weight.value if weight else 1.0 for weight in stated])
    others = rule.otherwise.vector(states) if rule.otherwise else (1.0 / len(states),) * len(states)
    distributions = [of_cause(rule.distributions, cause) for cause in causes]
    each = [distribution.vector(states) if distribution else others for distribution in distributions]
    return MixtureNumbers(weights[:, None], np.array(each)[..., None], np.array(others)[:, None])


def total_weights(weights: Vector, sets: CauseSets) -> Vector:
    """By set, the sum of the weights of its causes, shape (sets,); 1 for the empty one, to divide by."""
    total = sets.sums_of(weights)
    total[0] = 1.0
    return total


def mixture_table(rule: Mixture, states: tuple[str, ...], sets: CauseSets) -> Vector:
    """P(v | s), shape (states, sets): the weighted mean of the present conditions' distributions.

    Without any condition it is `otherwise`; where the network has a complaint, that column is never used.
    """
    weights, distributions, otherwise = mixture_numbers(rule, states, sets.names)
    total = total_weights(weights[:, 0], sets)
    table = sets.sums_of((weights * distributions[..., 0]).T)
    table /= total
    table[:, 0] = otherwise[:, 0]
    return table


def sign_likelihood(
    likelihood: Sequence[float] | Vector, sensitivity: Numbers, specificity: Numbers
) -> tuple[Numbers, Numbers]:
    """P(answer | no sign) and P(answer | sign), where `likelihood` is P(answer | state) of a finding that reads it.

    Sensitivity and specificity are numbers, or arrays of as many as were drawn.
    """
    no, yes = likelihood
    return no * specificity + yes * (1.0 - specificity), no * (1.0 - sensitivity) + yes * sensitivity


def reading_likelihood(reading: Reading, likelihood: Likelihood) -> Likelihood:
    """`sign_likelihood` of a reading as it stands."""
    return sign_likelihood(likelihood, reading.sensitivity.value, reading.specificity.value)


def readings_likelihood(models: Mapping[str, Reading], readings: Mapping[str, Likelihood]) -> Likelihood:
    """The likelihood of all that was read of one sign, given no sign and given the sign.

    Args:
        models: what findings read, by finding.
        readings: what was answered, by finding; all of them read the same sign.
    """
    without_sign = with_sign = 1.0
    for name, (no, yes) in readings.items():  # `reading_likelihood` written out: calls cost 2 microseconds a diagnosis
        model = models[name]
        sensitivity, specificity = model.sensitivity.value, model.specificity.value
        without_sign *= no * specificity + yes * (1.0 - specificity)
        with_sign *= no * (1.0 - sensitivity) + yes * sensitivity
    return without_sign, with_sign


def reading_table(reading: Reading) -> Vector:
    """P(answer | sign), shape (2, 2): a row for each answer, no and yes, a column for no sign and the sign."""
    return np.array([reading_likelihood(reading, answer) for answer in ((1.0, 0.0), (0.0, 1.0))])


def by_state(
    distribution: Distribution, states: tuple[str, ...], likelihood: Likelihood
) -> Iterator[tuple[str, float]]:
    """d P(answer) / d P(state) for each stated one, the others giving way in proportion."""
    vector = distribution.vector(states)
    total = float(np.dot(likelihood, vector))
    for state in distribution.numbers:
        p, says = vector[states.index(state)], likelihood[states.index(state)]
        yield state, says - (total - says * p) / (1.0 - p)
