"""P(answer | exactly these conditions are present), by the definitions of the rules and with signs summed out.

Slow and plain: for words, drawings and baselines, which ask for a condition alone. Inference has tables over all sets.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TypeVar

from bayesknee.knowledge.model import (
    NO_YES,
    Finding,
    FindingModel,
    Greatest,
    Mixture,
    NoisyOr,
    Reading,
    condition_of,
    of_cause,
    parents_of,
    stated_as,
)
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.rule_checks import cumulative

T = TypeVar("T")


def finding_chances(network: Network, finding: Finding, present: frozenset[str]) -> tuple[float, ...]:
    """P(state | exactly these conditions are present), in the order of the finding's states.

    Args:
        network: where the finding stands.
        finding: one of its findings.
        present: ids of conditions, or of forms of them, as `condition.form`.
    """
    signs = network.signs_above(finding.model)
    rows = [
        [weight * p for p in rule_chances(finding.model, finding.states, there)]
        for there, weight in _with_signs(network, signs, present)
    ]
    return tuple(map(math.fsum, zip(*rows, strict=True)))


def _with_signs(
    network: Network, signs: Sequence[str], present: frozenset[str]
) -> Iterator[tuple[frozenset[str], float]]:
    """What is present, signs included, with the probability of these; parents stand before children in `signs`."""
    if not signs:
        yield present, 1.0
        return
    *before, last = signs
    for there, weight in _with_signs(network, before, present):
        no, yes = rule_chances(network.signs[last].model, NO_YES, there)
        yield there, weight * no
        yield there | {last}, weight * yes


def rule_chances(model: FindingModel, states: tuple[str, ...], present: Collection[str]) -> tuple[float, ...]:
    """P(state | exactly these conditions and signs are present)."""
    if isinstance(model, NoisyOr):
        return _noisy_or(model, present)
    if isinstance(model, Greatest):
        return _greatest(model, states, present)
    if isinstance(model, Reading):
        yes = model.sensitivity.value if model.sign in present else 1.0 - model.specificity.value
        return 1.0 - yes, yes
    if isinstance(model, Mixture):
        return _mixture(model, states, present)
    return model.row({condition_of(cause) for cause in present}).vector(states)


def _noisy_or(rule: NoisyOr, present: Collection[str]) -> tuple[float, ...]:
    """One cause is taken as it is stated, so that the figure is told as it stands."""
    stated = [number.value for number in _stated(rule.causes, present)]
    if len(stated) == 1:
        return 1.0 - stated[0], stated[0]
    no = 1.0 - rule.leak.value
    for value in stated:
        no *= (1.0 - value) / (1.0 - rule.leak.value)
    return no, 1.0 - no


def _greatest(rule: Greatest, states: tuple[str, ...], present: Collection[str]) -> tuple[float, ...]:
    leak = cumulative(rule.leak, states)
    at_most = list(leak)
    for distribution in _stated(rule.causes, present):
        cumulated = cumulative(distribution, states)
        at_most = [p * a / b for p, a, b in zip(at_most, cumulated, leak, strict=True)]
    return tuple(b - a for a, b in zip([0.0, *at_most[:-1]], at_most, strict=True))


def _mixture(rule: Mixture, states: tuple[str, ...], present: Collection[str]) -> tuple[float, ...]:
    """Of the conditions without a line it is asked for one at a time, as nothing else in it names them."""
    named = sorted(cause for cause in present if stated_as(rule.distributions, cause) is not None)
    if not named:
        return rule.otherwise.vector(states) if rule.otherwise else (1.0 / len(states),) * len(states)
    weights = [weight.value if (weight := of_cause(rule.weights, cause)) else 1.0 for cause in named]
    vectors = [each.vector(states) for each in _stated(rule.distributions, named)]
    return tuple(
        sum(weight * p for weight, p in zip(weights, column, strict=True)) / sum(weights)
        for column in zip(*vectors, strict=True)
    )


def _stated(by_cause: Mapping[str, T], present: Collection[str]) -> list[T]:
    """What is stated of those that are present, in the order in which it is."""
    found = {name: by_cause[name] for cause in present if (name := stated_as(by_cause, cause))}
    return [found[name] for name in by_cause if name in found]


def named_conditions(network: Network, model: FindingModel) -> tuple[str, ...]:
    """The conditions that a rule names, itself or by way of the signs that it hangs on, in the network's order."""
    named = set(map(condition_of, parents_of(model)))
    for sign in network.signs_above(model):
        named.update(map(condition_of, parents_of(network.signs[sign].model)))
    return tuple(name for name in network.conditions if name in named)
