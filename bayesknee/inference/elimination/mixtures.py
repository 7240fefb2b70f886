"""Answers to mixtures as products over conditions, where these are many.

With w_c the weight of a condition and r_c = P(answer | only c), a mixture says

    P(answer | s) = (sum over present c of w_c r_c) / W(s),    W(s) = sum over present c of w_c.

The numerator is a noisy-OR, "some present condition gives the answer", if its q_c = w_c r_c times a scale are so small
that no two conditions give it: in floats that is no approximation, for 1 - q is 1 there. For the denominator, of K
mixtures with the same weights,

    1 / W^K = integral over t > 0 of t^(K-1) / (K-1)! e^(-t W) dt,

where e^(-t W) is a product over conditions. A sum over some fifty t misses less than 1e-13 of it. So t is one more
variable that all conditions depend on, like a risk factor, and nothing cancels. Without any condition a mixture says
`otherwise`: where that can be, t has one more state, in which no condition is present.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.elimination.network_arrays import NetworkArrays, NoisyOrNode
from bayesknee.patient.evidence import Likelihood

SMALLEST: Final = 2.0**-56  # of the q; 1 - q is 1
STEPS: Final = (0.3, 0.27, 0.25, 0.22, 0.2, 0.17, 0.15, 0.1)
TOLERANCE: Final = 1e-13
NEGLIGIBLE: Final = 1e-17
LARGEST_RATE: Final = 8.0  # natural log of t, beyond which e^-t is nothing
MOST_KEPT: Final = 256


@lru_cache(maxsize=MOST_KEPT)
def exponentials(power: int, ratio: float) -> tuple[Vector, Vector]:
    """t and u for which sum of u e^(-t x) is 1 / x^power for x from 1 to `ratio`, but for 1e-13 of it.

    The trapezoidal rule for the integral over v with t = exp(v - exp(v0 - v)): to the left it ends doubly exponentially
    (Takahasi and Mori 1974), to the right because e^-t does. The widest step that is near enough is taken.
    """
    x = np.geomspace(1.0, ratio, 200)
    for step in STEPS:
        t, u = _rule(power, ratio, step)
        off = np.abs(np.exp(-np.outer(x, t)) @ u * x**power - 1.0).max()
        if off < TOLERANCE:
            break
    return t, u


def _rule(power: int, ratio: float, step: float) -> tuple[Vector, Vector]:
    left = -math.log(ratio)
    v = np.arange(left - 5.0, LARGEST_RATE, step)
    end = np.exp(left - v)
    t = np.exp(v - end)
    u = step * t**power * (1.0 + end) / math.factorial(power - 1)
    worth = np.clip(power / np.maximum(t, 1e-300), 1.0, ratio)  # the x to which this t matters most
    kept = u * np.exp(-t * worth) * worth**power > NEGLIGIBLE
    return t[kept], u[kept]


@dataclass(frozen=True)
class Mixing:
    """Answers to mixtures of the same weights, and the t that they share.

    Attributes:
        number: of t.
        states: the weight of each t, shape (states, 1).
        rates: t, shape (states,); infinite for the state without any condition.
        weights: w_c, shape (n, draws).
        effects: the numerators, by number.
        starts: by number, whether the answer is given without any condition, shape (2, states, draws).
        scales: what P(numerator) has to be multiplied with, by number.
    """

    number: int
    states: Vector
    rates: Vector
    weights: Vector
    effects: dict[int, NoisyOrNode]
    starts: dict[int, Vector]
    scales: dict[int, float]

    def tilt(self, c: int) -> Vector:
        """What the presence of a condition is multiplied with, shape (states, draws)."""
        return np.asarray(np.exp(-self.rates[:, None] * self.weights[c]))


def mixings(model: NetworkArrays, answers: Iterable[tuple[str, Likelihood]], raised: str) -> Iterator[Mixing]:
    """The answered mixtures by their weights.

    Args:
        model: the network.
        answers: their names, and a likelihood for each state.
        raised: one of which the weights divide once more.
    """
    alike: list[tuple[Vector, list[tuple[str, Likelihood]]]] = []
    for name, likelihood in answers:
        weights = model.mixture(name).weights
        group = next((own for other, own in alike if np.array_equal(other, weights)), None)
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
