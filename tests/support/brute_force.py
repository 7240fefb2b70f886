"""A slow, obvious oracle: the full joint over every variable of a tiny network, one array axis a variable.

Written from the text of the design and sharing no code with `bayesknee.inference`, so that the two can only agree by
both being right. Every table is filled one entry at a time by a function that reads like its definition.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

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
    Probability,
    Reading,
    RiskFactor,
    Sign,
)
from bayesknee.knowledge.network import Network
from tests.support.answers import Answers, known

Array: TypeAlias = NDArray[np.float64]
States: TypeAlias = Mapping[str, str]

NO_YES = ("no", "yes")
ABSENT = "Absent"
T = TypeVar("T")


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
        if network.complaint or network.most_causes:
            joint = np.where(self._is_allowed(), joint, 0.0)
            joint /= joint.sum()
        self._joint = joint

    def _is_allowed(self) -> NDArray[np.bool_]:
        """Whether there are as many conditions as there may be, an axis a variable."""
        shapes = [[len(each.states) if other is each else 1 for other in self._variables] for each in self._variables]
        count = np.zeros([1] * len(self._variables), np.intp)
        for each, shape in zip(self._variables, shapes, strict=True):
            if each.id in self._network.conditions:
                count = count + np.array([0, 1]).reshape(shape)
        fewest, most = int(bool(self._network.complaint)), self._network.most_causes or len(self._network.conditions)
        return (fewest <= count) & (count <= most)

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

    def forms(self, answers: Answers) -> dict[str, dict[str, float]]:
        """P(form | answers, complaint), by form, of each condition with forms."""
        weighted, found = self._weighted(answers), dict[str, dict[str, float]]()
        for name, condition in self._network.conditions.items():
            if condition.forms:
                axis = self._axis[form_of(name)]
                sums = weighted.sum(axis=tuple(other for other in range(weighted.ndim) if other != axis))
                found[name] = dict(zip(condition.forms, (sums / sums.sum()).tolist()[1:], strict=True))
        return found

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
        *(_form(each, setting) for each in network.conditions.values() if each.forms),
        *(_sign(network.signs[name], network) for name in _signs_parents_first(network)),
        *(_finding(each, network) for each in network.findings.values()),
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


def _form(condition: Condition, setting: str) -> Variable:
    """In which form a condition is present, if it is."""

    def chance(states: States) -> list[float]:
        shares = [_in_setting(form.share, setting).value for form in condition.forms.values()]
        return [0.0, *shares] if states[condition.id] == "yes" else [1.0] + [0.0] * len(shares)

    return Variable(form_of(condition.id), (ABSENT, *condition.forms), (condition.id,), chance)


def _in_setting(share: Probability | Mapping[str, Probability], setting: str) -> Probability:
    if isinstance(share, Probability):
        return share
    return share[setting] if setting in share else share["any_setting"]


def form_of(condition: str) -> str:
    """The variable that tells in which form a condition is present."""
    return f"{condition}_Form"


def _parents(network: Network, names: Iterable[str]) -> tuple[str, ...]:
    """Of what these conditions and forms depend on: the conditions, and which forms they have."""
    conditions = tuple(dict.fromkeys(name.split(".")[0] for name in names))
    return (*conditions, *(form_of(name) for name in conditions if _has_forms(network, name)))


def _has_forms(network: Network, name: str) -> bool:
    return name in network.conditions and bool(network.conditions[name].forms)


def _present(network: Network, states: States, conditions: Iterable[str]) -> list[str]:
    """The conditions that are present; those with forms as `condition.form`."""
    present = [name for name in conditions if states[name] == "yes"]
    return [f"{name}.{states[form_of(name)]}" if _has_forms(network, name) else name for name in present]


def _stated(by_cause: Mapping[str, T], cause: str) -> T | None:
    """What is stated of a form itself, else of its condition."""
    return by_cause[cause] if cause in by_cause else by_cause.get(cause.split(".", maxsplit=1)[0])


def _noisy_or(name: str, rule: NoisyOr, network: Network) -> Variable:
    """P(1 | s) = 1 - (1 - leak) * product over present c of (1 - q), with q = 1 - (1 - stated)/(1 - leak)."""
    named = dict.fromkeys(cause.split(".")[0] for cause in rule.causes)

    def chance(states: States) -> tuple[float, float]:
        no = 1.0 - rule.leak.value
        for cause in _present(network, states, named):
            if stated := _stated(rule.causes, cause):
                no *= (1.0 - stated.value) / (1.0 - rule.leak.value)
        return no, 1.0 - no

    return Variable(name, NO_YES, _parents(network, rule.causes), chance)


def _signs_parents_first(network: Network) -> list[str]:
    ordered: list[str] = []
    while len(ordered) < len(network.signs):
        for name, sign in network.signs.items():
            named = sign.model.causes if isinstance(sign.model, NoisyOr) else sign.model.parents
            if name not in ordered and all(parent in ordered for parent in named if parent in network.signs):
                ordered.append(name)
    return ordered


def _sign(sign: Sign, network: Network) -> Variable:
    if isinstance(sign.model, NoisyOr):
        return _noisy_or(sign.id, sign.model, network)
    return _table(sign.id, sign.model, NO_YES)


def _table(name: str, rule: ConditionalTable, states: tuple[str, ...]) -> Variable:
    """The row whose key lists the states of the parents."""

    def chance(parents: States) -> list[float]:
        return _full(rule.rows[", ".join(parents[parent] for parent in rule.parents)], states)

    return Variable(name, states, rule.parents, chance)


def _greatest(name: str, rule: Greatest, states: tuple[str, ...], network: Network) -> Variable:
    """P(X <= k | s) = P(leak <= k) * product over present c of P(X <= k | only c) / P(leak <= k)."""
    named = dict.fromkeys(cause.split(".")[0] for cause in rule.causes)

    def at_most(distribution: Distribution | None, k: int) -> float:
        return sum(_full(distribution, states)[: k + 1]) if distribution else 1.0

    def chance(parents: States) -> list[float]:
        below = 0.0
        chances = []
        for k in range(len(states)):
            p = leak = at_most(rule.leak, k)
            for cause in _present(network, parents, named):
                if stated := _stated(rule.causes, cause):
                    p *= at_most(stated, k) / leak
            chances.append(p - below)
            below = p
        return chances

    return Variable(name, states, _parents(network, rule.causes), chance)


def _finding(finding: Finding, network: Network) -> Variable:
    if isinstance(finding.model, Greatest):
        return _greatest(finding.id, finding.model, finding.states, network)
    if isinstance(finding.model, ConditionalTable):
        return _table(finding.id, finding.model, finding.states)
    if isinstance(finding.model, Reading):
        return _reading(finding.id, finding.model)
    if isinstance(finding.model, NoisyOr):
        return _noisy_or(finding.id, finding.model, network)
    return _mixture(finding, finding.model, network)


def _reading(name: str, reading: Reading) -> Variable:
    sensitivity, specificity = reading.sensitivity.value, reading.specificity.value
    by_sign = {"yes": (1.0 - sensitivity, sensitivity), "no": (specificity, 1.0 - specificity)}
    return Variable(name, NO_YES, (reading.sign,), lambda parents: by_sign[parents[reading.sign]])


def _mixture(finding: Finding, mixture: Mixture, network: Network) -> Variable:
    """The weighted mean over the present conditions of each one's own distribution; without any, `otherwise`."""

    def own(cause: str) -> Array:
        distribution = _stated(mixture.distributions, cause) or mixture.otherwise
        assert distribution is not None
        return np.array(_full(distribution, finding.states))

    def chance(states: States) -> list[float]:
        present = _present(network, states, network.conditions)
        if not present:
            uniform = [1.0 / len(finding.states)] * len(finding.states)
            return _full(mixture.otherwise, finding.states) if mixture.otherwise else uniform
        stated = [_stated(mixture.weights, cause) for cause in present]
        weights = [weight.value if weight else 1.0 for weight in stated]
        return [float(p) for p in np.average([own(name) for name in present], axis=0, weights=weights)]

    return Variable(finding.id, finding.states, _parents(network, network.conditions), chance)
