"""Clusters of signs: the likelihood of all that is known of one, summed over the joint states of its signs.

    P(answers | s) = sum over the joint states g of the signs of
                     product over signs of P(g_i | parents in g, s) * product over answers of P(e_f | g, s)

Arrays have an axis for draws, then one for each sign of the cluster, then one for sets of causes; an axis has
length 1 where nothing depends on it. Signs are summed out one after the other, children before parents, so that those
that no answer touches drop out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Final

import numpy as np

from bayesknee.arrays import Integers, Vector
from bayesknee.errors import InferenceError
from bayesknee.inference.cause_sets import CauseSets
from bayesknee.inference.rule_tables import (
    STEP,
    RuleNumbers,
    is_linear,
    moved_numbers,
    parents_among,
    rule_key,
    rule_table,
    stated_numbers,
    states_of,
)
from bayesknee.knowledge.model import Finding, NoisyOr, Path, Sign, condition_of, numbers_below, parents_of
from bayesknee.knowledge.network import Network, SignCluster
from bayesknee.patient.evidence import Likelihood

# Numbers in a table over the joint states of the signs of a cluster and all sets of causes: 128 MB, and several
# of these at once while signs are summed out. More would refuse fewer networks, and take a second and more a patient.
# Judged.
MOST_NUMBERS: Final = 2**24


class ClusterTables:
    """The tables of one cluster. Read-only once made, so safe to share between threads.

    Args:
        network: of the cluster.
        cluster: the signs and findings.
        sets: the sets of causes.

    Raises:
        InferenceError: tables over its signs and all sets would be too large.
    """

    def __init__(self, network: Network, cluster: SignCluster, sets: CauseSets) -> None:
        self._network = network
        self._cluster = cluster
        self._conditions = tuple(network.conditions)
        self._sets = sets
        self._size = sets.size  # of the last axis
        self._axes = {name: axis for axis, name in enumerate(cluster.signs, start=1)}
        self._check_size()
        self._factors = {name: self._factor(self._part(name), None) for name in (*cluster.signs, *cluster.findings)}

    def _check_size(self) -> None:
        """Asked before any table is made."""
        joint = 2 ** len(self._cluster.signs) * self._size
        if joint > MOST_NUMBERS:
            raise InferenceError(
                f"{len(self._cluster.signs)} signs that depend on one another ({', '.join(self._cluster.signs)}), with "
                f"{self._size:,} sets of causes, take tables of {8 * joint / 1e6:,.0f} MB; at most "
                f"{8 * MOST_NUMBERS / 1e6:,.0f} MB are allowed; let fewer signs hang on one another, or fewer findings "
                "on several signs"
            )

    def _part(self, name: str) -> Sign | Finding:
        return self._network.signs[name] if name in self._axes else self._network.findings[name]

    def _factor(self, part: Sign | Finding, numbers: RuleNumbers | None) -> Vector:
        """P(state | parents), shape (draws, states, 2 or 1 for each sign, subsets or 1); a sign itself has length 1."""
        signs = parents_among(part.model, self._axes)
        named = frozenset(map(condition_of, parents_of(part.model)))
        sets = None if named.isdisjoint(self._conditions) else self._sets
        table = rule_table(part.model, states_of(part), sets, signs, numbers or stated_numbers(part.model))
        shape = [2 if name in signs else 1 for name in self._axes]
        return table.reshape(*table.shape[:2], *shape, table.shape[-1])

    # --- likelihoods -------------------------------------------------------------------------------------------------

    def likelihood(self, answers: Mapping[str, Likelihood | Vector]) -> Vector:
        """P(answers | s), shape (sets,), of likelihoods by finding."""
        return np.asarray(self._full(self._summed(answers, self._factors))[0])

    def drawn_likelihood(
        self, answers: Mapping[str, Likelihood | Vector], numbers: Mapping[str, RuleNumbers]
    ) -> Vector:
        """P(answers | s) with the numbers of these signs and findings drawn anew, shape (draws, sets)."""
        factors = {name: self._factor(self._part(name), own) for name, own in numbers.items()}
        return self._full(self._summed(answers, {**self._factors, **factors}))

    def node(self, name: str) -> Vector:
        """P(state | s) of a sign or finding, shape (states, sets)."""
        if name not in self._axes:
            count = len(self._network.findings[name].states)
            return np.stack([self.likelihood({name: state}) for state in np.eye(count)])
        shape = [2 if own == name else 1 for own in self._axes]
        chosen = (np.reshape(state, (1, *shape, 1)) for state in np.eye(2))
        return np.stack([self._full(self._out(self._above(name), [each], self._factors))[0] for each in chosen])

    def joint(self, answers: Mapping[str, Likelihood | Vector]) -> Vector:
        """P(signs, answers | s), shape (2 ** signs, sets), the last sign changing fastest."""
        parts = [*self._answered(answers, self._factors), *(self._over(name, self._factors) for name in self._axes)]
        table = reduce(np.multiply, parts)[0]
        shape = (*(2,) * len(self._axes), self._size)
        return np.broadcast_to(table, shape).reshape(-1, shape[-1])

    def given_joint(self, name: str) -> Vector:
        """P(state | signs, s) of a finding, shape (states, 2 ** signs, sets), or 1 for sets where it has no causes."""
        factor = self._factors[name][0]
        shape = (len(factor), *(2,) * len(self._axes), factor.shape[-1])
        return np.broadcast_to(factor, shape).reshape(len(factor), -1, factor.shape[-1])

    def given_signs(self, name: str, signs: Integers, subsets: Integers) -> Vector:
        """P(state | signs, s) of a finding for patients, shape (patients, states).

        Args:
            name: of the finding.
            signs: whether each sign is present, 0 or 1, shape (signs, patients).
            subsets: the number of the subset of each patient, shape (patients,).
        """
        factor = self._factors[name][0]
        index = [own if length > 1 else 0 for own, length in zip((*signs, subsets), factor.shape[1:], strict=True)]
        return np.broadcast_to(factor[(slice(None), *index)].T, (len(subsets), len(factor)))

    def _full(self, table: Vector) -> Vector:
        """A table from which all signs are summed out, over all sets; shape (draws, sets)."""
        flat = table.reshape(len(table), -1)
        return np.broadcast_to(flat, (len(flat), self._size))

    def _over(self, name: str, factors: Mapping[str, Vector]) -> Vector:
        """P(sign | parents, s) with an axis for the sign in its place."""
        return np.moveaxis(factors[name], 1, self._axes[name]).squeeze(self._axes[name] + 1)

    def _answered(self, answers: Mapping[str, Likelihood | Vector], factors: Mapping[str, Vector]) -> Iterator[Vector]:
        for name, likelihood in answers.items():
            yield np.einsum("v,dv...->d...", np.asarray(likelihood), factors[name])

    def _summed(self, answers: Mapping[str, Likelihood | Vector], factors: Mapping[str, Vector]) -> Vector:
        touched = {sign for name in answers for sign in self._network.signs_above(self._part(name).model)}
        return self._out(touched, [*self._answered(answers, factors)], factors)

    def _above(self, name: str) -> set[str]:
        return {name, *self._network.signs_above(self._part(name).model)}

    def _out(self, signs: Collection[str], parts: Sequence[Vector], factors: Mapping[str, Vector]) -> Vector:
        """The product of the parts and of these signs' chances, the signs summed out, children before parents."""
        left = list(parts)
        for name in [name for name in reversed(self._axes) if name in signs]:
            axis = self._axes[name]
            touching = [self._over(name, factors), *(part for part in left if part.shape[axis] > 1)]
            left = [part for part in left if part.shape[axis] == 1]
            left.append(_product(touching).sum(axis=axis, keepdims=True))
        return _product([np.ones((1,) * self._dimensions), *left])

    # --- derivatives -------------------------------------------------------------------------------------------------

    def slopes(self, answers: Mapping[str, Likelihood | Vector]) -> Iterator[tuple[Path, Vector, bool]]:
        """Of each number that bears on the answers its path, d P(answers | s) / d number, and whether that is constant.

        The derivatives have the shape (sets,).
        """
        touched = {sign for name in answers for sign in self._above(name)} - self._network.findings.keys()
        for name in (*(sign for sign in self._axes if sign in touched), *answers):
            part = self._part(name)
            path: Path = ("signs" if name in self._axes else "findings", name, rule_key(part))
            for places, changes in self._changes(name):
                slopes = self._full(self._summed(answers, {**self._factors, name: changes}))
                for place, slope in zip(places, slopes, strict=True):
                    yield (*path, *place), slope, is_linear(part.model, place)

    def _changes(self, name: str) -> Iterator[tuple[list[Path], Vector]]:
        """The numbers of a rule, some at a time, and the derivatives of its factor by these, as its draws.

        What is known of a cluster is linear in each factor, so with these in place of it comes out the derivative.
        """
        part = self._part(name)
        length = max(1, MOST_NUMBERS // (2 ** len(self._axes) * self._size))
        if isinstance(part.model, NoisyOr):
            paths = [path for path, number in numbers_below((), part.model) if not number.certain]
            for start in range(0, len(paths), length):
                some = paths[start : start + length]
                change = np.concatenate([self._change_of_no(name, part.model, path) for path in some])
                yield some, np.stack([change, -change], axis=1)
        else:
            paths, moved = moved_numbers(part.model)
            for start in range(0, len(paths), length):
                span = slice(start, start + length)
                factor = self._factor(part, {place: own[span] for place, own in moved.items()})
                yield paths[span], factor.imag / STEP

    def _change_of_no(self, name: str, rule: NoisyOr, path: Path) -> Vector:
        """dN / d number of N = P(no | signs, s); see `bayesknee.inference.enumeration.gradients`."""
        no = self._factors[name][:, 0]
        if path == ("leak",):
            count = sum((self._present(cause, rule) for cause in rule.causes), np.zeros(1))
            return np.asarray(-no * (1.0 - count) / (1.0 - rule.leak.value))
        return np.asarray(-no * self._present(path[1], rule) / (1.0 - rule.causes[path[1]].value))

    def _present(self, cause: str, rule: NoisyOr) -> Vector:
        """1.0 where a sign is present, or a cause to which what is stated under this name applies."""
        if cause in self._axes:
            return np.arange(2.0).reshape([2 if axis == self._axes[cause] else 1 for axis in range(self._dimensions)])
        return self._sets.holds_stated(cause, rule.causes)

    @property
    def _dimensions(self) -> int:
        """Of a table of this cluster without states: draws, signs, sets."""
        return len(self._axes) + 2


def _product(tables: Iterable[Vector]) -> Vector:
    """Their product, the small ones first, so that few passes are over the draws."""
    return reduce(np.multiply, sorted(tables, key=np.size))
