"""How sums over sets of causes divide among the states of all findings that hang on one cluster of signs.

Once it is told how they divide among the joint states g of the signs, W(g, s), the rest goes as without a cluster. A
finding that hangs on signs alone mixes the sums of the joint states. Of a noisy-OR,

    P(no | g, s) = r(g) P(no | no sign, s),   P(yes | g, s) = (1 - r(g)) + r(g) P(yes | no sign, s),

so `bayesknee.inference.enumeration.finding_sums` divides W(g, .) of each g, for all of them at once. Any other rule
takes its table.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.cause_sets import CauseSets
from bayesknee.inference.enumeration.clusters import ClusterTables
from bayesknee.inference.enumeration.finding_sums import NoisyOrSums
from bayesknee.knowledge.model import NoisyOr
from bayesknee.knowledge.network import Network, SignCluster
from bayesknee.patient.evidence import Likelihood


class ClusterSums:
    """Divides sums among the states of the findings of one cluster. Read-only once made.

    Args:
        network: of the cluster.
        cluster: the signs and findings.
        tables: of the cluster.
        sets: the sets of causes.
    """

    def __init__(self, network: Network, cluster: SignCluster, tables: ClusterTables, sets: CauseSets) -> None:
        self._tables = tables
        self._sets = sets
        self._given = {name: tables.given_joint(name) for name in cluster.findings}
        rules = {
            name: rule
            for name in cluster.findings
            if isinstance(rule := network.findings[name].model, NoisyOr) and self._given[name].shape[-1] > 1
        }
        self._products = {name: number for number, name in enumerate(rules)}
        self._noisy_or_sums = NoisyOrSums(list(rules.values()), sets)
        self._ratios = {name: self._given[name][0, :, 0] / self._given[name][0, 0, 0] for name in rules}

    def of(
        self, weights: Vector, answers: Mapping[str, Likelihood], wanted: Collection[str]
    ) -> Iterator[tuple[str, Vector]]:
        """The sum over all sets, and over those with each condition, by state of findings without an answer.

        Args:
            weights: W(s), from 0 up, shape (sets,).
            answers: likelihoods of the findings of the cluster that were asked.
            wanted: ids of findings; those of the cluster without an answer count.

        Yields:
            A finding, and a row for each of its states, shape (states, 1 + n).
        """
        names = [name for name in self._given if name in wanted and name not in answers]
        if not names:
            return
        joint = self._tables.joint(answers)
        total = joint.sum(axis=0)
        joint = joint * np.divide(weights, total, out=np.zeros_like(weights), where=total > 0.0)
        by_joint = self._sets.sums(joint)
        products = [self._noisy_or_sums.of(each) for each in joint] if self._products.keys() & set(names) else []
        for name in names:
            if name in self._products:
                yield name, self._of_product(name, by_joint, products)
            elif self._given[name].shape[-1] == 1:
                yield name, self._given[name][..., 0] @ by_joint
            else:
                yield name, self._sets.sums(np.einsum("vgs,gs->vs", self._given[name], joint))

    def _of_product(self, name: str, by_joint: Vector, products: list[Vector]) -> Vector:
        rows = np.zeros((2, by_joint.shape[1]))
        for ratio, every, parts in zip(self._ratios[name], by_joint, products, strict=True):
            no, yes = parts[self._products[name]]
            rows += np.stack([ratio * no, (1.0 - ratio) * every + ratio * yes])
        return rows
