"""The parts of a network that are learned apart from each other once conditions are known, and what moves in each.

A sign with its readings is one; so is a cluster of signs with what hangs on them, and a finding of conditions only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np

from bayesknee.cohort.expectation_maximisation import (
    DirectCounts,
    MixtureCounts,
    NoisyOrCounts,
    Parameter,
    QuestionAnswers,
    ReadingCounts,
    SignCounts,
)
from bayesknee.cohort.form_counts import Cohort, LearnedPart
from bayesknee.cohort.moves import (
    Move,
    Mover,
    is_seen,
    keep_above,
    lifted,
    moved_values,
    rounded,
    with_values,
)
from bayesknee.cohort.rule_counts import (
    JointCounts,
    OneGreatest,
    OneNoisyOr,
    OneReading,
    OneTable,
    RuleCounts,
    distribution_parameters,
    rule_counts,
)
from bayesknee.inference.rule_tables import has_set_table, rule_key, states_of
from bayesknee.knowledge.model import (
    OF_FORM,
    ConditionalTable,
    Distribution,
    Finding,
    FindingModel,
    Greatest,
    Mixture,
    NoisyOr,
    Number,
    Path,
    Reading,
    Sign,
    of_cause,
    parents_of,
    stated_as,
)
from bayesknee.knowledge.network import Network

OTHERWISE: Final = "otherwise"
LEAST_OF_READING: Final = 1.001  # sensitivity and specificity: more than 1 after rounding, and hardly more than no test
READING_SUM: Final = "lifted so that sensitivity and specificity sum to more than 1"


@dataclass(frozen=True)
class Outline:
    """The signs and the answered findings of a part."""

    signs: tuple[str, ...]
    findings: tuple[str, ...]


@dataclass(frozen=True)
class RulePart:
    """A part that is being learned.

    Attributes:
        counts: its parameters.
        moves: what moved, once they are settled.
    """

    counts: LearnedPart
    moves: Callable[[], Iterator[Move]]


def outlines(network: Network, answers: Mapping[str, QuestionAnswers]) -> Iterator[Outline]:
    """All parts of which anything was answered: signs with readings, findings of conditions, clusters."""
    for name in (each for each in network.signs if each not in network.clustered):
        if readings := tuple(
            each for each, model in network.readings.items() if model.sign == name and each in answers
        ):
            yield Outline((name,), readings)
    for name, finding in network.findings.items():
        if name in answers and name not in network.clustered and not isinstance(finding.model, Reading):
            yield Outline((), (name,))
    for cluster in network.clusters.values():
        if answered := tuple(name for name in cluster.findings if name in answers):
            yield Outline(cluster.signs, answered)


def names_forms(network: Network, outline: Outline) -> bool:
    """Whether a part names forms of conditions."""
    models: list[FindingModel] = [network.signs[name].model for name in outline.signs]
    models += [network.findings[name].model for name in outline.findings]
    return any(map(_names_forms, models))


def _names_forms(model: FindingModel) -> bool:
    weights = model.weights if isinstance(model, Mixture) else ()
    return any(OF_FORM in cause for cause in (*parents_of(model), *weights))


class RuleParts:
    """Makes the parts of a network.

    Args:
        network: the prior.
        mover: makes the moves.
    """

    def __init__(self, network: Network, mover: Mover) -> None:
        self._network = network
        self._mover = mover

    def part(self, outline: Outline, cohort: Cohort) -> RulePart | None:
        """A part, as it is learned from these rows; None if they tell nothing of it."""
        signs, findings = outline.signs, outline.findings
        if signs and signs[0] not in self._network.clustered:
            return self._sign(signs[0], findings, cohort)
        if signs:
            return self._joint(outline, cohort)
        finding = self._network.findings[findings[0]]
        if isinstance(finding.model, NoisyOr):
            return self._direct(finding.id, finding.model, cohort)
        if isinstance(finding.model, Mixture):
            return self._mixture(finding, finding.model, cohort)
        return self._joint(outline, cohort) if has_set_table(finding) else None

    # --- tables, noisy-MAX, signs that are tied together -------------------------------------------------------------

    def _joint(self, outline: Outline, cohort: Cohort) -> RulePart:
        """Signs of a cluster with findings that hang on them, or a finding that hangs on conditions only."""
        signs = outline.signs
        parts = {name: self._network.signs[name] for name in signs} | {
            name: self._network.findings[name] for name in outline.findings
        }
        nodes = {name: self._node(part, signs, cohort) for name, part in parts.items()}
        answers = {name: cohort.answers[name] for name in outline.findings}
        counts = JointCounts(nodes, signs, answers, len(cohort.has))

        def moves() -> Iterator[Move]:
            for name, node in nodes.items():
                path: Path = ("signs" if name in signs else "findings", name, rule_key(parts[name]))
                yield from self._rule_moves(path, parts[name], node)

        return RulePart(counts, moves)

    def _node(self, part: Sign | Finding, signs: Sequence[str], cohort: Cohort) -> RuleCounts:
        """The counts of one of them, over each row once for every joint state of the signs."""
        causes = tuple(name for name in parents_of(part.model) if name not in signs)
        states = np.array(list(product((False, True), repeat=len(signs))), bool).reshape(2 ** len(signs), len(signs))
        by_row = np.repeat(cohort.held(causes), len(states), axis=0)
        has = np.column_stack([by_row, np.tile(states, (len(cohort.has), 1))])
        return rule_counts(part, (*causes, *signs), has)

    def _rule_moves(self, path: Path, part: Sign | Finding, node: RuleCounts) -> Iterator[Move]:
        if isinstance(node, OneNoisyOr) and isinstance(part.model, NoisyOr):
            yield from self._noisy_or_moves(path, part.model, node.counts)
        elif isinstance(node, OneReading) and isinstance(part.model, Reading):
            yield from self._reading_moves(path, part.model, node.counts)
        elif isinstance(node, OneTable) and isinstance(part.model, ConditionalTable):
            for key, row in part.model.rows.items():
                yield from self._distribution_moves((*path, "rows", key), row, states_of(part), node.rows[key])
        elif isinstance(node, OneGreatest) and isinstance(part.model, Greatest):
            yield from self._greatest_moves(path, part.model, states_of(part), node)

    def _greatest_moves(
        self, path: Path, rule: Greatest, states: tuple[str, ...], counts: OneGreatest
    ) -> Iterator[Move]:
        """The distributions with the leak included; no rounding lets a cause lead lower than the leak."""
        stated_leak, causes = counts.stated()
        at_most = np.ones(len(states))
        if rule.leak:
            parameters = with_values(counts.leak, stated_leak)
            yield from self._distribution_moves((*path, "leak"), rule.leak, states, parameters)
            at_most = np.cumsum(moved_values(parameters))
        for name, values in causes.items():
            parameters = with_values(counts.causes[name], values)
            cumulated = np.minimum(np.cumsum(moved_values(parameters)), at_most)
            chosen = np.diff(np.append(cumulated[:-1], 1.0), prepend=0.0).tolist()
            yield from self._distribution_moves((*path, "causes", name), rule.causes[name], states, parameters, chosen)

    # --- a sign with its readings ------------------------------------------------------------------------------------

    def _sign(self, name: str, findings: Sequence[str], cohort: Cohort) -> RulePart:
        rule = self._network.signs[name].noisy_or
        models = {finding: self._network.readings[finding] for finding in findings}
        counts = SignCounts(
            _noisy_or(rule, cohort),
            {
                finding: ReadingCounts(model.sensitivity, model.specificity, cohort.answers[finding])
                for finding, model in models.items()
            },
        )

        def moves() -> Iterator[Move]:
            yield from self._noisy_or_moves(("signs", name, "noisy_or"), rule, counts.rule)
            for finding, model in models.items():
                yield from self._reading_moves(("findings", finding, "reads"), model, counts.readings[finding])

        return RulePart(counts, moves)

    def _reading_moves(self, path: Path, model: Reading, read: ReadingCounts) -> Iterator[Move]:
        keep_above([read.sensitivity, read.specificity], LEAST_OF_READING, READING_SUM)
        for key, number, parameter in (
            ("sensitivity", model.sensitivity, read.sensitivity),
            ("specificity", model.specificity, read.specificity),
        ):
            yield from self._mover.moved((*path, key), number, parameter)
            if parameter.bound and not is_seen(parameter):
                yield lifted((*path, key), number, parameter, rounded(parameter.value), parameter.bound)

    # --- a finding of conditions -------------------------------------------------------------------------------------

    def _direct(self, name: str, rule: NoisyOr, cohort: Cohort) -> RulePart:
        counts = DirectCounts(_noisy_or(rule, cohort), cohort.answers[name])
        return RulePart(counts, lambda: self._noisy_or_moves(("findings", name, "noisy_or"), rule, counts.rule))

    def _noisy_or_moves(self, path: Path, rule: NoisyOr, counts: NoisyOrCounts) -> Iterator[Move]:
        """Leak and links; the format states P(yes | only that cause), which holds the leak."""
        leak = next(iter(self._mover.moved((*path, "leak"), rule.leak, counts.leak)), None)
        new_leak = rule.leak.value if leak is None else leak.new.value
        if leak:
            yield leak
        for name, parameter in counts.links.items():
            old = rule.causes[name]
            yield from self._mover.moved((*path, "causes", name), old, parameter, new_leak)
            if not is_seen(parameter) and old.value < new_leak:
                value = max(rounded(1.0 - (1.0 - new_leak) * (1.0 - parameter.value)), new_leak)
                yield lifted((*path, "causes", name), old, parameter, value, "lifted with the leak")

    def _mixture(self, finding: Finding, rule: Mixture, cohort: Cohort) -> RulePart | None:
        tables = {**rule.distributions, **({OTHERWISE: rule.otherwise} if rule.otherwise else {})}
        answers = cohort.answers[finding.id]
        known = cohort.has[answers.rows].any(axis=1)
        if not known.any():
            return None
        weights = [of_cause(rule.weights, cause) for cause in cohort.names]
        counts = MixtureCounts(
            {
                name: distribution_parameters(distribution, finding.states, distribution.vector(finding.states))
                for name, distribution in tables.items()
            },
            np.array([weight.value if weight else 1.0 for weight in weights]),
            [stated_as(rule.distributions, cause) or OTHERWISE for cause in cohort.names],
            cohort.has,
            QuestionAnswers(answers.rows[known], answers.likelihoods[known]),
        )

        def moves() -> Iterator[Move]:
            for name, distribution in tables.items():
                path: Path = ("findings", finding.id, "mixture")
                path = (*path, OTHERWISE) if name == OTHERWISE else (*path, "distributions", name)
                yield from self._distribution_moves(path, distribution, finding.states, counts.tables[name])

        return RulePart(counts, moves)

    def _distribution_moves(
        self,
        path: Path,
        distribution: Distribution,
        states: tuple[str, ...],
        parameters: Sequence[Parameter],
        values: Sequence[float] = (),
    ) -> Iterator[Move]:
        """The moves of the states that are stated."""
        numbers: dict[Path, Number | None] = {(*path, state): distribution.numbers.get(state) for state in states}
        yield from self._mover.distribution(numbers, parameters, values)


def _noisy_or(rule: NoisyOr, cohort: Cohort) -> NoisyOrCounts:
    return NoisyOrCounts(rule.leak, rule.causes, tuple(rule.causes), cohort.held(rule.causes))
