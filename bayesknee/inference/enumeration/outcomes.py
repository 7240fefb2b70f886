"""The posteriors after each answer to each open question, by enumeration, from a few matrix products.

    P(answer, c | e) = sum over s of P(answer | s, e) p(s | e) [c in s]

For unread signs and unasked findings, see `bayesknee.inference.enumeration.finding_sums`. Of a sign g that was read,
with a and b the likelihoods of its readings given g and given no g,

    P(g=1 | s, e) = P(g=1 | s) a / (P(g=1 | s) a + P(g=0 | s) b),

likewise of a finding that an answer to another question implies in part. Of signs that are tied together, see
`bayesknee.inference.enumeration.cluster_sums`. A reading of a sign mixes what comes to no sign and to the sign, by its
sensitivity and specificity. For a risk factor r, P(r=v | s, e) p(s | e) is P(s, r=v, known risk factors) times what the
findings say of s, and its sums are those of `bayesknee.inference.prior.answer_sums`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate, chain, compress, pairwise
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from bayesknee.arrays import Vector
from bayesknee.inference.cpds import reading_table, readings_likelihood
from bayesknee.inference.enumeration.cluster_sums import ClusterSums
from bayesknee.inference.enumeration.finding_sums import MixtureSums, NoisyOrSums
from bayesknee.inference.enumeration.subset_tables import SubsetTables
from bayesknee.inference.prior.answer_sums import AnswerSums
from bayesknee.inference.results import Outcomes
from bayesknee.inference.rule_tables import has_set_table
from bayesknee.knowledge.model import Mixture, NoisyOr
from bayesknee.knowledge.network import Network
from bayesknee.patient.evidence import Evidence, Likelihood
from bayesknee.patient.sorted_evidence import SortedEvidence, sorted_evidence

# 16 megabytes: tables of signs are stacked so many at a time; fewer mean more calls. Judged.
MOST_NUMBERS_AT_ONCE: Final = 2**21

Rule = TypeVar("Rule", NoisyOr, Mixture)


class SubsetOutcomes:
    """Outcomes for one network in one setting. Read-only once made, so safe to share between threads.

    Args:
        tables: of the network.
    """

    def __init__(self, tables: SubsetTables) -> None:
        self._tables = tables
        sets, signs, readings = tables.sets, tables.network.signs, tables.network.readings
        noisy_ors, mixtures = _with_rule(tables.network, NoisyOr), _with_rule(tables.network, Mixture)
        clustered = tables.network.clustered
        signs = {name: each for name, each in signs.items() if name not in clustered}
        readings = {name: each for name, each in readings.items() if name not in clustered}
        self._others = {
            name: each.states
            for name, each in tables.network.findings.items()
            if name in clustered or has_set_table(each)
        }
        order = [*tables.network.risk_factors, *noisy_ors, *mixtures, *readings, *self._others]
        self._rows = _Rows(tables.network, order)
        self._no_others = np.zeros((sum(map(len, self._others.values())), 1 + len(sets.forms)))
        self._risk_factors = {name: self._rows.places[name].start for name in tables.network.risk_factors}
        self._answer_sums = AnswerSums(tables.before_findings, self._risk_factors)
        self._direct = len(noisy_ors)
        rules = [*noisy_ors.values(), *(each.noisy_or for each in signs.values())]
        self._noisy_or_sums = NoisyOrSums(rules, sets)
        self._mixture_sums = MixtureSums([(rule, tables.network.states[name]) for name, rule in mixtures.items()], sets)
        self._signs = {name: number for number, name in enumerate(signs)}
        self._readings = {name: number for number, name in enumerate(readings)}
        self._reading_tables = np.array([reading_table(each) for each in readings.values()]).reshape(-1, 2, 2)
        self._sign_of = np.array([self._signs[each.sign] for each in readings.values()], np.intp)
        self._readers = {sign: [name for name, each in readings.items() if each.sign == sign] for sign in signs}

    def outcomes(self, evidence: Evidence, names: Iterable[str]) -> Outcomes:
        """The outcomes of these questions, given evidence that is possible."""
        wanted = set(names)
        known = sorted_evidence(self._tables.network, evidence.likelihoods)
        found = self._tables.infer(evidence)
        weights = found.weights
        noisy_ors = self._noisy_or_sums.of(weights)
        signs = noisy_ors[self._direct :]
        for read, parts in self._of_read_signs(weights, self._signs_read(known, wanted)):
            signs[read] = parts
        every = np.concatenate(
            [
                self._of_risk_factors(weights, known.risk_factors, wanted),
                noisy_ors[: self._direct].reshape(-1, signs.shape[2]),
                self._mixture_sums.of(weights),
                self._of_readings(signs, known),
                self._no_others,
            ]
        )
        for name in wanted & known.direct.keys():
            every[self._rows.places[name]] = self._of_known_in_part(weights, name, known.direct[name])
        for name, parts in self._of_others(weights, wanted, known):
            every[self._rows.places[name]] = parts
        ordered, starts, places = self._rows.of(wanted)
        joint = every[places]
        return Outcomes(ordered, starts, joint[:, 0], joint[:, 1:], found.marginals)

    def _of_risk_factors(self, weights: Vector, known: Mapping[str, Likelihood], wanted: set[str]) -> Vector:
        """A row for each state of each risk factor."""
        if wanted.isdisjoint(self._risk_factors):
            return np.zeros(self._answer_sums.shape)
        prior = self._tables.prior(known)
        of_findings = np.divide(weights, prior, out=np.zeros_like(weights), where=prior > 0.0)
        return self._answer_sums.of(known, self._tables.without_forms(of_findings))

    def _signs_read(self, known: SortedEvidence, wanted: set[str]) -> dict[str, Likelihood]:
        """P(readings so far | no sign) and P(readings so far | sign), of signs with readings that are wanted."""
        return {
            sign: readings_likelihood(self._tables.network.readings, readings)
            for sign, readings in known.readings.items()
            if not wanted.isdisjoint(self._readers[sign])
        }

    def _of_read_signs(self, weights: Vector, read: Mapping[str, Likelihood]) -> Iterator[tuple[list[int], Vector]]:
        """Yields numbers of signs and their sums for no sign and for the sign, shape (signs, 2, 1 + n)."""
        names, length = list(read), max(1, MOST_NUMBERS_AT_ONCE // (2 * len(weights)))
        for some in (names[start : start + length] for start in range(0, len(names), length)):
            rows = np.stack([self._tables.table(name) for name in some])
            rows *= np.array([read[name] for name in some])[:, :, None]
            rows *= weights / rows.sum(axis=1, keepdims=True)
            parts = self._tables.sets.sums(rows.reshape(-1, len(weights)))
            yield [self._signs[name] for name in some], parts.reshape(len(some), 2, -1)

    def _of_known_in_part(self, weights: Vector, name: str, likelihood: Likelihood) -> Vector:
        """The sums for each state of a direct finding that is known in part, a row for each state."""
        rows = self._tables.table(name) * np.array(likelihood)[:, None]
        total = rows.sum(axis=0)
        return self._tables.sets.sums(rows * np.divide(weights, total, out=np.zeros_like(weights), where=total > 0.0))

    def _of_others(self, weights: Vector, wanted: set[str], known: SortedEvidence) -> Iterator[tuple[str, Vector]]:
        """Findings with a table of their own or of a cluster of signs, each with the sums for its states."""
        clustered = self._tables.network.clustered
        for name in self._others:
            if name in wanted and name not in clustered and name not in known.direct:
                yield name, self._tables.sets.sums(self._tables.table(name) * weights)
        for cluster, sums in self._cluster_sums.items():
            answers = known.clusters.get(cluster, {})
            yield from sums.of(weights, answers, wanted)
            for name in wanted & answers.keys():
                yield name, self._of_answered(weights, cluster, name, answers)

    @cached_property
    def _cluster_sums(self) -> dict[str, ClusterSums]:
        network, sets = self._tables.network, self._tables.sets
        return {
            name: ClusterSums(network, network.clusters[name], tables, sets)
            for name, tables in self._tables.clusters.items()
        }

    def _of_answered(self, weights: Vector, cluster: str, name: str, answers: Mapping[str, Likelihood]) -> Vector:
        """The sums for each state of a finding of a cluster that is known in part."""
        states = np.eye(len(answers[name])) * np.array(answers[name])
        rows = np.stack([self._tables.clusters[cluster].likelihood({**answers, name: state}) for state in states])
        total = rows.sum(axis=0)
        return self._tables.sets.sums(rows * np.divide(weights, total, out=np.zeros_like(weights), where=total > 0.0))

    def _of_readings(self, signs: Vector, known: SortedEvidence) -> Vector:
        """The sums of readings, two rows each, from the sums for no sign and for the sign."""
        tables = self._reading_tables.copy() if known.readings else self._reading_tables
        for name, likelihood in chain.from_iterable(each.items() for each in known.readings.values()):
            own = tables[self._readings[name]] * np.array(likelihood)[:, None]
            tables[self._readings[name]] = own / own.sum(axis=0)
        return (tables @ signs[self._sign_of]).reshape(-1, signs.shape[2])


class _Rows:
    """The rows of each question in a table that has a row for every answer.

    Args:
        network: whose questions these are.
        layout: their ids, in the order of the table.

    Attributes:
        places: by question.
    """

    def __init__(self, network: Network, layout: Sequence[str]) -> None:
        ends = accumulate((len(network.states[name]) for name in layout), initial=0)
        self.places = {name: slice(*own) for name, own in zip(layout, pairwise(ends), strict=True)}
        self._names = tuple(network.questions)
        self._counts = np.array([len(each.states) for each in network.questions.values()], np.intp)
        ordered = (self.places[name] for name in self._names)
        self._order = np.array([row for place in ordered for row in range(place.start, place.stop)], np.intp)

    def of(self, wanted: Collection[str]) -> tuple[tuple[str, ...], NDArray[np.intp], NDArray[np.intp]]:
        """These questions in the network's order, where each starts in the result, and their rows."""
        asked = np.array([name in wanted for name in self._names], np.bool_)
        starts = np.concatenate([[0], np.cumsum(self._counts[asked])])
        return tuple(compress(self._names, asked)), starts, self._order[np.repeat(asked, self._counts)]


def _with_rule(network: Network, kind: type[Rule]) -> dict[str, Rule]:
    """The findings whose model is of this kind and names conditions only, and their models."""
    return {
        name: each.model
        for name, each in network.findings.items()
        if isinstance(each.model, kind) and name not in network.clustered
    }
