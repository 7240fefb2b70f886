"""A slow, obvious oracle: the full joint over every variable of a tiny network, one array axis a variable.

Written from the text of the design and sharing no code with `bayesknee.inference`, so that the two can only agree by
both being right. Every table is filled one entry at a time by a function that reads like its definition.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from bayesknee.knowledge.model import (
    Condition,
    ConditionalTable,
    Distribution,
    Finding,
    Greatest,
    Mixture,
    NoisyOr,
    Reading,
    RiskFactor,
    Sign,
)
from bayesknee.knowledge.network import Network
from tests.support.answers import Answers, known

Array: TypeAlias = NDArray[np.float64]
States: TypeAlias = Mapping[str, str]

NO_YES = ("no", "yes")


@dataclass(frozen=True)
class Variable:
    """A node: `chance` gives its distribution over `states`, from the states of its parents."""

    id: str
    states: tuple[str, ...]
    parents: tuple[str, ...]
    chance: Callable[[States], Iterable[float]]


class BruteForce:
    """Answers from the full joint of a network in a setting.

    Args:
        intercepts: a_c of each condition. `marginals_given_complaint` tells whether they are right.
    """

    def __init__(self, network: Network, setting: str, intercepts: Mapping[str, float]) -> None:
        self._network = network
        self._variables = list_variables(network, setting, intercepts)
        self._axis = {variable.id: axis for axis, variable in enumerate(self._variables)}
        joint = np.ones(())
        for variable in self._variables:
            joint = joint[..., None] * self._table(variable)
        self._joint = joint
        if network.complaint:
            joint[tuple(0 if each.id in network.conditions else slice(None) for each in self._variables)] = 0.0
            joint /= joint.sum()

    def _table(self, variable: Variable) -> Array:
        """P(variable | the variables before it), an axis each; of length 1 where it does not depend on one."""
        before = self._variables[: self._axis[variable.id]]
        choices = [each.states if each.id in variable.parents else ("",) for each in before]
        rows = [list(variable.chance(self._named(row))) for row in itertools.product(*choices)]
        return np.array(rows).reshape([len(choice) for choice in choices] + [len(variable.states)])

    def _named(self, row: tuple[str, ...]) -> States:
        return {variable.id: state for variable, state in zip(self._variables, row, strict=False)}

    @property
    def ids(self) -> tuple[str, ...]:
        """The variables, one for each axis of the joint."""
        return tuple(self._axis)

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of states of each variable."""
        return self._joint.shape

    def weights(self, answers: Answers) -> Array:
        """P(every variable, answers | complaint), flat, the last variable's state changing fastest."""
        return np.broadcast_to(self._weighted(answers), self.shape).ravel()

    def _weighted(self, answers: Answers) -> Array:
        """P(every variable, answers | complaint)."""
        weighted = self._joint
        for name, likelihood in known(self._network, answers).items():
            shape = [1] * weighted.ndim
            shape[self._axis[name]] = -1
            states = self._variables[self._axis[name]].states
            weighted = weighted * np.array([likelihood[state] for state in states]).reshape(shape)
        return weighted

    def log_evidence(self, answers: Answers) -> float:
        """log P(answers | complaint)."""
        total = float(self._weighted(answers).sum())
        return math.log(total) if total > 0.0 else -math.inf

    def any_of(self, conditions: Iterable[str], answers: Answers) -> float:
        """P(at least one of the conditions | answers, complaint)."""
        weighted = self._weighted(answers)
        axes = {self._axis[name] for name in conditions}
        none = weighted[tuple(0 if axis in axes else slice(None) for axis in range(weighted.ndim))]
        return 1.0 - float(none.sum() / weighted.sum())

    def posterior(self, answers: Answers) -> dict[str, float]:
        """P(condition | answers, complaint), by condition."""
        return {name: self.any_of([name], answers) for name in self._network.conditions}

    def groups(self, answers: Answers) -> dict[str, float]:
        """P(at least one member | answers, complaint), by group."""
        return {group.id: self.any_of(group.members, answers) for group in self._network.groups.values()}

    def marginals_given_complaint(self) -> dict[str, float]:
        """What the intercepts must make equal to the base rates."""
        return self.posterior({})


def list_variables(network: Network, setting: str, intercepts: Mapping[str, float]) -> list[Variable]:
    """Every variable of the network, parents first."""
    return [
        *(_risk_factor(each, setting) for each in network.risk_factors.values()),
        *(_condition(network.conditions[name], intercepts[name]) for name in _parents_first(network)),
        *(_sign(network.signs[name]) for name in _signs_parents_first(network)),
        *(_finding(each, tuple(network.conditions)) for each in network.findings.values()),
    ]


def _parents_first(network: Network) -> list[str]:
    ordered: list[str] = []
    while len(ordered) < len(network.conditions):
        for name, condition in network.conditions.items():
            parents = [parent for parent in condition.odds_ratios if parent in network.conditions]
            if name not in ordered and all(parent in ordered for parent in parents):
                ordered.append(name)
    return ordered


def _full(distribution: Distribution, states: tuple[str, ...]) -> list[float]:
    """The distribution with the state that was left out, if any."""
    rest = 1.0 - sum(number.value for number in distribution.numbers.values())
    return [distribution.numbers[state].value if state in distribution.numbers else rest for state in states]


def _risk_factor(factor: RiskFactor, setting: str) -> Variable:
    prior = factor.prior[setting] if setting in factor.prior else factor.prior["any_setting"]
    return Variable(factor.id, factor.states, (), lambda _: _full(prior, factor.states))


def _condition(condition: Condition, intercept: float) -> Variable:
    """logit P(c=1 | parents) = a_c + sum of ln(odds ratio of the state that each parent is in)."""

    def chance(parents: States) -> tuple[float, float]:
        odds = math.exp(intercept)
        for parent, ratios in condition.odds_ratios.items():
            odds *= ratios[parents[parent]].value if parents[parent] in ratios else 1.0
        return 1.0 / (1.0 + odds), odds / (1.0 + odds)

    return Variable(condition.id, NO_YES, tuple(condition.odds_ratios), chance)


def _noisy_or(name: str, rule: NoisyOr) -> Variable:
    """P(1 | s) = 1 - (1 - leak) * product over present c of (1 - q), with q = 1 - (1 - stated)/(1 - leak)."""

    def chance(conditions: States) -> tuple[float, float]:
        no = 1.0 - rule.leak.value
        for cause, stated in rule.causes.items():
            if conditions[cause] == "yes":
                no *= (1.0 - stated.value) / (1.0 - rule.leak.value)
        return no, 1.0 - no

    return Variable(name, NO_YES, tuple(rule.causes), chance)


def _signs_parents_first(network: Network) -> list[str]:
    ordered: list[str] = []
    while len(ordered) < len(network.signs):
        for name, sign in network.signs.items():
            named = sign.model.causes if isinstance(sign.model, NoisyOr) else sign.model.parents
            if name not in ordered and all(parent in ordered for parent in named if parent in network.signs):
                ordered.append(name)
    return ordered


def _sign(sign: Sign) -> Variable:
    if isinstance(sign.model, NoisyOr):
        return _noisy_or(sign.id, sign.model)
    return _table(sign.id, sign.model, NO_YES)


def _table(name: str, rule: ConditionalTable, states: tuple[str, ...]) -> Variable:
    """The row whose key lists the states of the parents."""

    def chance(parents: States) -> list[float]:
        return _full(rule.rows[", ".join(parents[parent] for parent in rule.parents)], states)

    return Variable(name, states, rule.parents, chance)


def _greatest(name: str, rule: Greatest, states: tuple[str, ...]) -> Variable:
    """P(X <= k | s) = P(leak <= k) * product over present c of P(X <= k | only c) / P(leak <= k)."""

    def at_most(distribution: Distribution | None, k: int) -> float:
        return sum(_full(distribution, states)[: k + 1]) if distribution else 1.0

    def chance(parents: States) -> list[float]:
        below = 0.0
        chances = []
        for k in range(len(states)):
            p = leak = at_most(rule.leak, k)
            for cause, stated in rule.causes.items():
                if parents[cause] == "yes":
                    p *= at_most(stated, k) / leak
            chances.append(p - below)
            below = p
        return chances

    return Variable(name, states, tuple(rule.causes), chance)


def _finding(finding: Finding, conditions: tuple[str, ...]) -> Variable:
    if isinstance(finding.model, Greatest):
        return _greatest(finding.id, finding.model, finding.states)
    if isinstance(finding.model, ConditionalTable):
        return _table(finding.id, finding.model, finding.states)
    if isinstance(finding.model, Reading):
        return _reading(finding.id, finding.model)
    if isinstance(finding.model, NoisyOr):
        return _noisy_or(finding.id, finding.model)
    return _mixture(finding, finding.model, conditions)


def _reading(name: str, reading: Reading) -> Variable:
    sensitivity, specificity = reading.sensitivity.value, reading.specificity.value
    by_sign = {"yes": (1.0 - sensitivity, sensitivity), "no": (specificity, 1.0 - specificity)}
    return Variable(name, NO_YES, (reading.sign,), lambda parents: by_sign[parents[reading.sign]])


def _mixture(finding: Finding, mixture: Mixture, conditions: tuple[str, ...]) -> Variable:
    """The weighted mean over the present conditions of each one's own distribution; without any, `otherwise`."""

    def own(condition: str) -> Array:
        distribution = mixture.distributions.get(condition) or mixture.otherwise
        assert distribution is not None
        return np.array(_full(distribution, finding.states))

    def chance(states: States) -> list[float]:
        present = [condition for condition in conditions if states[condition] == "yes"]
        if not present:
            uniform = [1.0 / len(finding.states)] * len(finding.states)
            return _full(mixture.otherwise, finding.states) if mixture.otherwise else uniform
        weights = [mixture.weights[name].value if name in mixture.weights else 1.0 for name in present]
        return [float(p) for p in np.average([own(name) for name in present], axis=0, weights=weights)]

    return Variable(finding.id, finding.states, conditions, chance)
