"""How the posterior changes with every number of the network at once.

    dP(event | e) / d number = Cov over p(s | e) of ( 1[s in event], d log p(s, e) / d number )

is the difference of two sums over subsets: the change of P(event, e), and that of P(e).

d log P(answers | s) / d number, as rows over s, for findings and signs: with N the P(no | s) of a noisy OR, which is
(1 - leak)^(1 - k) * product over the k present causes of (1 - stated),

    dN / d stated_c = - N / (1 - stated_c) where c is present,     dN / d leak = - N (1 - k) / (1 - leak),

for a stated figure includes the leak. In a distribution the other states give way in proportion to what they have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import NamedTuple

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.cause_sets import CauseSets
from bayesknee.inference.cpds import by_state, reading_table
from bayesknee.inference.enumeration.subset_tables import SubsetTables, weighted
from bayesknee.inference.prior.gradients import PriorGradients
from bayesknee.inference.results import Events, Gradients
from bayesknee.inference.rule_tables import STEP, has_set_table, is_linear, moved_numbers, rule_key, rule_table
from bayesknee.knowledge.model import OF_FORM, Finding, Mixture, NoisyOr, Path, of_cause, stated_as
from bayesknee.patient.evidence import Evidence, Likelihood
from bayesknee.patient.sorted_evidence import SortedEvidence, sorted_evidence


def gradients_of(tables: SubsetTables, before: PriorGradients, evidence: Evidence, events: Events) -> Gradients:
    """The gradients of a patient whose evidence is possible."""
    weights = tables.infer(evidence).weights
    masks = np.stack([np.ones(len(weights)), *(tables.sets.holds_any(event) for event in events)])
    known = sorted_evidence(tables.network, evidence.likelihoods)
    with np.errstate(divide="ignore", invalid="ignore"):
        likelihood = np.where(weights > 0.0, weights / tables.prior(known.risk_factors), 0.0)
    slopes = [*before.slopes(known.risk_factors, tables.without_forms(masks * likelihood))]
    paths, linear = [*before.paths], [False] * len(before.paths)
    for row in chain(
        form_slopes(tables), FindingGradients(tables).rows(known)
    ):  # one at a time: 8 MB each with 20 conditions
        slopes.append(_over_events(tables.sets, weights * row.values, events))
        paths.append(row.path)
        linear.append(row.linear)
    return Gradients(tuple(paths), np.array(slopes), _over_events(tables.sets, weights, events)[1:], np.array(linear))


def _over_events(sets: CauseSets, row: Vector, events: Events) -> Vector:
    """The sum of a row over all sets, and over those in which each event happens; shape (1 + events,)."""
    every = sets.sums(row[None])[0]
    of_events = (
        every[1 + min(event)] if len(event) == 1 else np.einsum("i,i", row, sets.holds_any(event)) for event in events
    )
    return np.array([every[0], *of_events])


def _of_log(slope: Vector, likelihood: Vector) -> Vector:
    """The slope of a logarithm. What is impossible for certain stays so, whatever the number."""
    return np.divide(slope, likelihood, out=np.zeros_like(slope), where=likelihood > 0.0)


class SubsetSlope(NamedTuple):
    """The slope of log P(answers | s) by one number.

    Attributes:
        path: where it stands.
        values: d log P(answers | s) / d number, shape (sets,).
        linear: whether P(answers | s) is a straight line in it.
    """

    path: Path
    values: Vector
    linear: bool


def form_slopes(tables: SubsetTables) -> Iterator[SubsetSlope]:
    """The slopes of log P(forms | conditions) by the share of each form; the other forms give way in proportion."""
    sets = tables.sets
    for number, condition in enumerate(tables.network.conditions.values()):
        for form in condition.forms.values():
            share, cause = form.share_in(tables.setting), f"{condition.id}{OF_FORM}{form.id}"
            has_form = sets.holds_any(frozenset([sets.event_of(cause)]))
            others = sets.holds_any(frozenset([number])) - has_form
            path = ("conditions", condition.id, "forms", form.id, *form.share_path(tables.setting))
            yield SubsetSlope(path, has_form / share - others / (1.0 - share), linear=True)


class FindingGradients:
    """The slopes by all numbers that the answers to findings depend on."""

    def __init__(self, tables: SubsetTables) -> None:
        self._tables = tables
        self._network = tables.network
        self._sets = tables.sets
        self._conditions = tuple(tables.network.conditions)

    def rows(self, known: SortedEvidence) -> Iterator[SubsetSlope]:
        """The slopes of direct findings, then of signs and their readings."""
        for name, likelihood in known.direct.items():
            yield from self._of_direct(name, likelihood)
        for sign, readings in known.readings.items():
            yield from self._of_sign(sign, readings)
        for cluster, answers in known.clusters.items():
            tables = self._tables.clusters[cluster]
            total = tables.likelihood(answers)
            for path, slope, linear in tables.slopes(answers):
                yield SubsetSlope(path, _of_log(slope, total), linear)

    def _of_direct(self, name: str, likelihood: Likelihood) -> Iterator[SubsetSlope]:
        rule = self._network.findings[name].model
        if isinstance(rule, NoisyOr):
            no, yes = likelihood
            return self._of_noisy_or(("findings", name, "noisy_or"), rule, name, (no, yes))
        if isinstance(rule, Mixture):
            return self._of_mixture(name, rule, likelihood)
        if has_set_table(self._network.findings[name]):
            return self._of_set_table(self._network.findings[name], likelihood)
        raise TypeError(f"{name} reads a sign and has no row of its own")

    def _of_noisy_or(
        self, path: Path, rule: NoisyOr, name: str, likelihood: tuple[float, float]
    ) -> Iterator[SubsetSlope]:
        """`name` is that of the table: a finding, or a sign of which what was read has this likelihood."""
        no, yes = likelihood
        table = self._tables.table(name)
        by_log_no = (no - yes) * table[0] / (no * table[0] + yes * table[1])
        for cause, number in rule.causes.items():
            here = self._sets.holds_stated(cause, rule.causes)
            yield SubsetSlope((*path, "causes", cause), -by_log_no * here / (1.0 - number.value), linear=True)
        count = self._sets.sums_of([float(stated_as(rule.causes, cause) is not None) for cause in self._sets.names])
        yield SubsetSlope((*path, "leak"), -by_log_no * (1.0 - count) / (1.0 - rule.leak.value), linear=False)

    def _of_set_table(self, finding: Finding, likelihood: Likelihood) -> Iterator[SubsetSlope]:
        """By the complex step; see `bayesknee.inference.rule_tables.moved_numbers`."""
        paths, moved = moved_numbers(finding.model)
        if not paths:  # all of them hold for certain
            return
        table = rule_table(finding.model, finding.states, self._sets, (), moved)
        rows = np.einsum("v,dvs->ds", np.array(likelihood), table).imag / STEP
        answer = weighted(self._tables.table(finding.id), likelihood)
        for path, row in zip(paths, rows, strict=True):
            place = ("findings", finding.id, rule_key(finding), *path)
            yield SubsetSlope(place, _of_log(row, answer), is_linear(finding.model, path))

    def _of_sign(self, sign: str, readings: Mapping[str, Likelihood]) -> Iterator[SubsetSlope]:
        each = {name: np.array(own) @ reading_table(self._network.readings[name]) for name, own in readings.items()}
        no, yes = np.prod(list(each.values()), axis=0).tolist()
        top = max(no, yes)
        rule = self._network.signs[sign].noisy_or
        yield from self._of_noisy_or(("signs", sign, "noisy_or"), rule, sign, (no / top, yes / top))
        absent, present = self._tables.table(sign)
        total = no * absent + yes * present
        for name, (own_no, own_yes) in each.items():
            said_no, said_yes = readings[name]
            path = ("findings", name, "reads")
            by_sensitivity = (said_yes - said_no) / own_yes * yes * present / total
            by_specificity = (said_no - said_yes) / own_no * no * absent / total
            yield SubsetSlope((*path, "sensitivity"), by_sensitivity, linear=True)
            yield SubsetSlope((*path, "specificity"), by_specificity, linear=True)

    def _of_mixture(self, name: str, rule: Mixture, likelihood: Likelihood) -> Iterator[SubsetSlope]:
        """P(answer | s) is sum over the present c of w_c P(answer | c), over the sum of their w_c."""
        states = self._network.findings[name].states
        path = ("findings", name, "mixture")
        answer = weighted(self._tables.table(name), likelihood)
        stated = {cause: of_cause(rule.weights, cause) for cause in self._sets.names}
        weights = {cause: weight.value if weight else 1.0 for cause, weight in stated.items()}
        total = self._sets.sums_of(weights.values())
        total[0] = 1.0
        for condition, own in rule.distributions.items():
            own_weights = [
                weights[cause] * (stated_as(rule.distributions, cause) == condition) for cause in self._sets.names
            ]
            part = self._sets.sums_of(own_weights) / total / answer
            for state, change in by_state(own, states, likelihood):
                yield SubsetSlope((*path, "distributions", condition, state), part * change, linear=True)
        if rule.otherwise:
            others = [weights[c] * (stated_as(rule.distributions, c) is None) for c in self._sets.names]
            part = self._sets.sums_of(others) / total
            part[0] = 1.0
            for state, change in by_state(rule.otherwise, states, likelihood):
                yield SubsetSlope((*path, "otherwise", state), part / answer * change, linear=True)
        for condition in rule.weights:
            values = np.zeros_like(answer)
            for cause in self._sets.names:
                if stated_as(rule.weights, cause) == condition:
                    owner = of_cause(rule.distributions, cause) or rule.otherwise
                    chance = float(np.dot(likelihood, owner.vector(states))) if owner else 0.0
                    present = self._sets.holds_any(frozenset([self._sets.event_of(cause)]))
                    values += present * (chance / answer - 1.0) / total
            yield SubsetSlope((*path, "weights", condition), values, linear=False)
