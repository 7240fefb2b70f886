"""Posteriors with every number of the network drawn anew from its range, exactly, for many draws at once.

All arrays have the draws as their last axis. A noisy OR over all sets is an outer product over the two halves of the
causes, a mixture a quotient of sums over them; no logarithm or exponential is taken of anything as long as all sets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.cause_sets import CauseSets, products_of_draws, sums_of_draws
from bayesknee.inference.drawn_numbers import Drawn, drawn_mixture, drawn_numbers, drawn_reading
from bayesknee.inference.enumeration.clusters import ClusterTables
from bayesknee.inference.prior.joint import Prior
from bayesknee.inference.prior.parents import PriorDraws
from bayesknee.inference.prior.redraw import RedrawnPrior
from bayesknee.inference.products import matrix_product
from bayesknee.inference.results import Events
from bayesknee.inference.rule_tables import drawn_rule, has_set_table, rule_table
from bayesknee.knowledge.model import Finding, Mixture, NoisyOr, Sign, stated_as
from bayesknee.knowledge.network import Network
from bayesknee.patient.evidence import Evidence, Likelihood
from bayesknee.patient.sorted_evidence import SortedEvidence, sorted_evidence

NUMBERS_AT_ONCE: Final = 2**16  # what a chunk of weights has; more would not stay in the processor's cache
FEWEST_AT_ONCE: Final = 16  # draws, however many sets: with 8, calls of numpy take half as long again. Measured
MOST_JOINED: Final = 2**22  # numbers in the largest table of a chunk, 32 MB, where risk factors are shared. Judged
CHUNK_OF_PRIORS: Final = 125  # what numpy takes per call weighs more here than what does not fit in a cache
# Rows that may be multiplied before the largest weight is made 1 again. Floats end at 1e-308, so sixteen factors of
# 1e-19 on average still fit. With more rows, weights might underflow; with fewer, passes only to scale take longer.
ROWS_BEFORE_SCALING: Final = 16


class DrawnRow(Protocol):
    """P(answer | s) with redrawn numbers."""

    def values(self, part: slice, /) -> Vector:
        """P(answer | s) in these draws, shape (sets, draws), or (sets, 1) if it is the same in all."""


@dataclass(frozen=True)
class Certain:
    """An answer about a condition: the same in all draws, shape (sets,)."""

    row: Vector

    def values(self, part: slice) -> Vector:
        """P(answer | s), the same in all draws, shape (sets, 1)."""
        del part
        return self.row[:, None]


@dataclass(frozen=True)
class NoisyOrRow:
    """The likelihood of no and yes, shape (2, draws), mixed by a noisy OR.

    P(no | s) is `no_leak`, shape (draws,), times the product of `factors`, shape (causes, draws), over s.
    """

    sets: CauseSets
    no_leak: Vector
    factors: Vector
    likelihood: Vector

    def values(self, part: slice) -> Vector:
        """P(answer | s)."""
        no = products_of_draws(self.sets, self.factors[:, part], self.no_leak[part])
        of_no, of_yes = self.likelihood[:, part]
        no *= of_no - of_yes
        no += of_yes
        return np.maximum(no, 0.0, out=no)


@dataclass(frozen=True)
class MixtureRow:
    """The mean of `means` over s by `weights`, both of shape (causes, draws); for the empty set, `otherwise`."""

    sets: CauseSets
    weights: Vector
    means: Vector
    otherwise: Vector

    def values(self, part: slice) -> Vector:
        """P(answer | s)."""
        weights = self.weights[:, part]
        total = sums_of_draws(self.sets, weights)
        total[0] = 1.0
        row = sums_of_draws(self.sets, weights * self.means[:, part])
        row /= total
        row[0] = self.otherwise[part]
        return row


@dataclass(frozen=True)
class FormRow:
    """The product over s of the shares of its forms, shape (causes, draws); 1 for conditions without forms."""

    sets: CauseSets
    shares: Vector

    def values(self, part: slice) -> Vector:
        """P(forms | conditions)."""
        shares = self.shares[:, part]
        return products_of_draws(self.sets, shares, np.ones(shares.shape[1]))


@dataclass(frozen=True)
class WholeRow:
    """An answer to a finding with a table of its own.

    Attributes:
        finding: it hangs on conditions only.
        sets: the sets of causes.
        drawn: the numbers of the finding.
        likelihood: of the answer, shape (states,).
    """

    finding: Finding
    sets: CauseSets
    drawn: Drawn
    likelihood: Vector

    def values(self, part: slice) -> Vector:
        """P(answer | s)."""
        numbers = drawn_rule(self.finding, self.drawn, part)
        table = rule_table(self.finding.model, self.finding.states, self.sets, (), numbers)
        return np.asarray(np.einsum("v,dvs->sd", self.likelihood, table))


@dataclass(frozen=True)
class ClusterRow:
    """All that is known of a cluster of signs.

    Attributes:
        tables: of the cluster.
        answers: likelihoods by finding.
        parts: the signs and findings that these hang on, each with its drawn numbers.
    """

    tables: ClusterTables
    answers: Mapping[str, Likelihood]
    parts: Sequence[tuple[Sign | Finding, Drawn]]

    def values(self, part: slice) -> Vector:
        """P(answers | s)."""
        numbers = {each.id: drawn_rule(each, drawn, part) for each, drawn in self.parts}
        return self.tables.drawn_likelihood(self.answers, numbers).T


class Redraws:
    """Posteriors in networks whose numbers are drawn from the ranges of one network, in a setting.

    A seed always gives the same networks, those of `bayesknee.knowledge.ranges`, so a change of the posteriors comes
    from a new answer and not from chance.
    """

    def __init__(self, network: Network, prior: Prior, sets: CauseSets, clusters: Mapping[str, ClusterTables]) -> None:
        self._network = network
        self._setting = prior.parents.setting
        self._sets = sets
        self._clusters = clusters
        self._conditions = tuple(network.conditions)
        self._prior = RedrawnPrior(network, prior.parents, prior.intercepts, prior.complaint, prior.order)
        n = len(self._conditions)
        self._chunk = max(FEWEST_AT_ONCE, NUMBERS_AT_ONCE // self._sets.size)
        if self._sets.most is None:
            joined = prior.parents.states[-1] << max(n - 1, 0)  # the tables of all conditions but one, multiplied
            self._chunk = min(self._chunk, max(1, MOST_JOINED // joined))

    def chances(self, evidence: Evidence, events: Events, draws: int, seed: int) -> Vector:
        """P(at least one condition of an event | evidence) in each network, shape (draws, events)."""
        prior = self._prior.draw(draws, seed, CHUNK_OF_PRIORS)
        known = sorted_evidence(self._network, evidence.likelihoods)
        rows = [*self._form_rows(draws, seed), *self._rows(known, draws, seed)]
        masks = np.array([self._sets.holds_any(event) for event in events])
        parts = (slice(start, min(start + self._chunk, draws)) for start in range(0, draws, self._chunk))
        return np.concatenate(
            [self._chances(prior.span(part), known.risk_factors, rows, masks, part) for part in parts]
        )

    def _form_rows(self, draws: int, seed: int) -> list[DrawnRow]:
        """P(the forms of the conditions in s | these), where conditions have forms."""
        if not self._sets.has_forms:
            return []
        shares: list[Vector] = []
        for condition in self._network.conditions.values():
            drawn = drawn_numbers(condition, draws, seed)
            forms = condition.forms.items()
            shares += [drawn["forms", name, *form.share_path(self._setting)] for name, form in forms] or [
                np.ones(draws)
            ]
        return [FormRow(self._sets, np.array(shares))]

    def _chances(
        self, prior: PriorDraws, known: Mapping[str, Likelihood], rows: Sequence[DrawnRow], masks: Vector, part: slice
    ) -> Vector:
        weights = self._prior.joint(prior, known)
        if self._sets.has_forms:
            weights = weights.take(self._sets.sets_of_conditions, axis=0)
        if self._network.complaint:
            weights[0] = 0.0
        for number, row in enumerate(rows, start=1):
            weights *= row.values(part)
            if number % ROWS_BEFORE_SCALING == 0:
                weights /= weights.max(axis=0)
        chances: Vector = np.minimum(matrix_product(masks, weights) / weights.sum(axis=0), 1.0)
        return chances.T

    def _rows(self, known: SortedEvidence, draws: int, seed: int) -> list[DrawnRow]:
        findings, signs = self._network.findings, self._network.signs

        def drawn(thing: Finding | Sign) -> Drawn:
            return drawn_numbers(thing, draws, seed)

        def read(readings: Mapping[str, Likelihood]) -> Vector:
            each = [drawn_reading(drawn(findings[name]), likelihood) for name, likelihood in readings.items()]
            return np.asarray(np.prod(each, axis=0))

        return [
            *(self._certain(name, each) for name, each in known.conditions.items()),
            *(
                self._direct(findings[name], drawn(findings[name]), np.array(each))
                for name, each in known.direct.items()
            ),
            *(
                self._noisy_or(signs[name].noisy_or, ("noisy_or",), drawn(signs[name]), read(readings))
                for name, readings in known.readings.items()
            ),
            *(self._cluster(name, answers, draws, seed) for name, answers in known.clusters.items()),
        ]

    def _cluster(self, cluster: str, answers: Mapping[str, Likelihood], draws: int, seed: int) -> ClusterRow:
        network = self._network
        signs = {sign for name in answers for sign in network.signs_above(network.findings[name].model)}
        parts: list[Sign | Finding] = [network.signs[name] for name in signs]
        parts += [network.findings[name] for name in answers]
        return ClusterRow(
            self._clusters[cluster], answers, [(each, drawn_numbers(each, draws, seed)) for each in parts]
        )

    def _certain(self, condition: str, likelihood: Likelihood) -> Certain:
        yes = self._sets.holds_any(frozenset([self._conditions.index(condition)]))
        return Certain(np.where(yes > 0.0, likelihood[1], likelihood[0]))

    def _direct(self, finding: Finding, drawn: Drawn, likelihood: Vector) -> DrawnRow:
        if isinstance(finding.model, Mixture):
            return self._mixture(finding, finding.model, drawn, likelihood)
        if isinstance(finding.model, NoisyOr):
            return self._noisy_or(finding.model, ("noisy_or",), drawn, likelihood[:, None])
        if has_set_table(finding):
            return WholeRow(finding, self._sets, drawn, likelihood)
        raise TypeError(f"{finding.id} reads a sign and has no row of its own")

    def _noisy_or(self, rule: NoisyOr, path: tuple[str, ...], drawn: Drawn, weights: Vector) -> DrawnRow:
        no_leak = 1.0 - drawn[*path, "leak"]
        factors = np.ones((len(self._sets.names), len(no_leak)))
        for c, cause in enumerate(self._sets.names):
            if name := stated_as(rule.causes, cause):
                factors[c] = (1.0 - drawn[*path, "causes", name]) / no_leak
        return NoisyOrRow(self._sets, no_leak, factors, np.broadcast_to(weights, (2, len(no_leak))))

    def _mixture(self, finding: Finding, rule: Mixture, drawn: Drawn, likelihood: Vector) -> DrawnRow:
        numbers = drawn_mixture(rule, finding.states, self._sets.names, drawn)
        means = np.einsum("v,nvd->nd", likelihood, numbers.distributions)
        return MixtureRow(self._sets, numbers.weights, means, likelihood @ numbers.otherwise)
