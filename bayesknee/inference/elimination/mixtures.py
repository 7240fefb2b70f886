"""Answers to mixtures as products over conditions.

With w_c the weight of a condition and r_c = P(answer | only c), a mixture is

    P(answer | s) = (sum over present c of w_c r_c) / W(s),    W(s) = sum over present c of w_c.

The numerator is a noisy-OR, "a present condition gives the answer", with q_c = w_c r_c times a scale. The scale is so
small that two conditions never give it together. In floats this is exact, because 1 - q is 1. For the denominator of K
mixtures with the same weights,

    1 / W^K = integral over t > 0 of t^(K-1) / (K-1)! e^(-t W) dt,

where e^(-t W) is a product over conditions. A sum over some fifty t has a relative error below 1e-13. So t is a further
variable that all conditions depend on, like a risk factor, and there is no cancellation. Without any condition, a
mixture is `otherwise`. If that is possible, t has a further state, in which no condition is present.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from bayesknee.arrays import TINY, Vector
from bayesknee.inference.elimination.network_arrays import NetworkArrays, NoisyOrNode
from bayesknee.patient.evidence import Likelihood

SMALLEST: Final = 2.0**-56  # the largest q: 1 - q is 1 in floats, and q^2 is far below rounding
# Steps of the trapezoidal rule, widest first. By measurement 0.27 is near enough for one mixture, 0.25 for two and 0.22
# for three of the same weights; a narrower one has more t, and time grows in proportion.
STEPS: Final = (0.3, 0.27, 0.25, 0.22, 0.2, 0.17, 0.15, 0.1)
TOLERANCE: Final = 1e-13  # relative error at which a step is near enough; rounding alone makes up to 4e-15, measured
NEGLIGIBLE: Final = 1e-17  # relative weight of a t that is left out: a tenth of rounding
LARGEST_RATE: Final = 8.0  # natural log of the largest t: e^-t is 0 in floats from t = 745 on
LEFT_END: Final = 5.0  # the sum begins so far below v0 = -log(ratio), where t is below e^-148: nothing in floats
CHECKED: Final = 200  # values of x at which the error is measured, evenly in its log; judged
MOST_KEPT: Final = 256  # sums kept, of some fifty numbers each; ratios are powers of 2, so few are needed


@lru_cache(maxsize=MOST_KEPT)
def exponentials(power: int, ratio: float) -> tuple[Vector, Vector]:
    """t and u, shape (states,), with sum of u e^(-t x) = 1 / x^power for x in [1, ratio], within a relative 1e-13.

    The trapezoidal rule for the integral over v with t = exp(v - exp(v0 - v)). The integrand decays doubly
    exponentially to the left (Takahasi and Mori 1974), and to the right because e^-t does. The widest step that is near
    enough is taken.

    Args:
        power: the number of mixtures, 1 or more.
        ratio: 1 or more.
    """
    x = np.geomspace(1.0, ratio, CHECKED)
    for step in STEPS:
        t, u = _rule(power, ratio, step)
        off = np.abs(np.exp(-np.outer(x, t)) @ u * x**power - 1.0).max()
        if off < TOLERANCE:
            break
    return t, u


def _rule(power: int, ratio: float, step: float) -> tuple[Vector, Vector]:
    left = -math.log(ratio)
    v = np.arange(left - LEFT_END, LARGEST_RATE, step)
    end = np.exp(left - v)
    t = np.exp(v - end)
    u = step * t**power * (1.0 + end) / math.factorial(power - 1)
    worth = np.clip(power / np.maximum(t, TINY), 1.0, ratio)  # the x for which this t weighs most
    kept = u * np.exp(-t * worth) * worth**power > NEGLIGIBLE
    return t[kept], u[kept]


@dataclass(frozen=True)
class Mixing:
    """Answers to mixtures with the same weights, and the variable t that they share.

    Attributes:
        number: of the variable t.
        states: u, the weight of each t, shape (states, 1).
        rates: t, shape (states,); infinite for the state without any condition.
        weights: w_c, shape (n, draws).
        effects: the numerators as noisy-ORs, by number.
        starts: P(answer not given) and P(answer given) without any condition, by number; shape (2, states, draws).
        scales: the factor that P(numerator) is multiplied by, by number.
    """

    number: int
    states: Vector
    rates: Vector
    weights: Vector
    effects: dict[int, NoisyOrNode]
    starts: dict[int, Vector]
    scales: dict[int, float]

    def tilt(self, c: int) -> Vector:
        """The factor e^(-t w_c) of the presence of a condition, shape (states, draws)."""
        return np.asarray(np.exp(-self.rates[:, None] * self.weights[c]))


def mixings(model: NetworkArrays, answers: Iterable[tuple[str, Likelihood]], raised: str) -> Iterator[Mixing]:
    """The answered mixtures, grouped by equal weights.

    Args:
        model: the arrays of the network.
        answers: ids of mixtures with a likelihood for each state.
        raised: id of a mixture whose weights divide once more, for derivatives; empty if there is none.
    """
    alike: list[tuple[Vector, list[tuple[str, Likelihood]]]] = []
    for name, likelihood in answers:
        weights = model.mixture(name).weights
        group = next((members for other, members in alike if np.array_equal(other, weights)), None)
        if group is None:
            alike.append((weights, [(name, likelihood)]))
        else:
            group.append((name, likelihood))
    for weights, group in alike:
        power = len(group) + sum(name == raised for name, _ in group)
        yield _mixing(model, weights, group, power)


def _mixing(model: NetworkArrays, weights: Vector, group: list[tuple[str, Likelihood]], power: int) -> Mixing:
    least = float(weights.min())
    ratio = 2.0 ** math.ceil(math.log2(float(weights.sum(axis=0).max()) / least))
    rates, states = exponentials(power, ratio)
    rates, states = rates / least, states / least**power
    can_be_none = not model.network.complaint
    if can_be_none:
        rates, states = np.append(rates, np.inf), np.append(states, 1.0)
    effects, starts, scales = {}, {}, {}
    for name, likelihood in group:
        numbers = model.mixture(name)
        brings = weights * np.einsum("v,nvd->nd", np.array(likelihood), numbers.distributions)
        scale = SMALLEST / float(brings.real.max())
        start = np.zeros((2, len(rates), brings.shape[1]), brings.dtype)
        start[0] = 1.0
        if can_be_none:
            start[:, -1] = np.stack([np.zeros(brings.shape[1]), scale * np.array(likelihood) @ numbers.otherwise])
        number = model.names[name]
        effects[number] = NoisyOrNode(np.arange(model.n), -scale * brings, np.zeros(1))
        starts[number], scales[number] = start, 1.0 / scale
    return Mixing(model.names[group[0][0]] + len(model.names), states[:, None], rates, weights, effects, starts, scales)
