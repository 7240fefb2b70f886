"""The numbers that stand before the findings - base rates, odds ratios, priors of risk factors - and what each moves.

Both strategies find out how P(event, evidence) changes with the tables of conditions and risk factors, each in its own
way. What that means for each number of the network is told here. The intercepts are no numbers of the network: they are
solved such that the base rates m hold while nothing is known, so they move with all these numbers. By the implicit
function of m(a, number) = m,

    da/dm = A^-1,    da/dnumber = - A^-1 dm/dnumber,    A = dm/da.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesknee.arrays import Integers, Vector
from bayesknee.inference.prior.parents import Parents
from bayesknee.knowledge.model import Path
from bayesknee.knowledge.network import Network


class Raw(NamedTuple):
    """Derivatives of some sums with the intercepts held, and by the intercepts.

    Attributes:
        by_number: shape (numbers, sums).
        by_intercept: shape (conditions, sums).
    """

    by_number: Vector
    by_intercept: Vector


class Moves(NamedTuple):
    """What changes with each number so that base rates hold.

    Attributes:
        of_intercepts: da / dnumber, shape (numbers, conditions).
        of_complaint: d log P(complaint) / dnumber, shape (numbers,).
    """

    of_intercepts: Vector
    of_complaint: Vector


class OddsRatioNumber(NamedTuple):
    """An odds ratio of a condition: of a parent in a state."""

    path: Path
    parent: str
    state: str
    value: float


class PriorNumbers:
    """The numbers of one network and setting.

    Attributes:
        paths: base rates, then odds ratios, then priors of risk factors.
        base_rates: those of the setting, shape (conditions,).
    """

    def __init__(self, network: Network, parents: Parents) -> None:
        self._network = network
        self._parents = parents
        self._block_of = {name: number for number, block in parents.block_of.items() for name in block.ids}
        self._odds_ratios = [tuple(self._list_odds_ratios(name)) for name in network.conditions]
        self._shares = tuple(self._list_shares())
        self.base_rates = parents.base_rates
        self.paths: tuple[Path, ...] = (
            *(self._base_rate_path(name) for name in network.conditions),
            *(ratio.path for ratios in self._odds_ratios for ratio in ratios),
            *(path for path, _, _ in self._shares),
        )

    def _base_rate_path(self, name: str) -> Path:
        rates = self._network.conditions[name].base_rate
        return ("conditions", name, "base_rate", self._parents.key(rates))

    def _list_odds_ratios(self, name: str) -> Iterator[OddsRatioNumber]:
        for parent, by_state in self._network.conditions[name].odds_ratios.items():
            for state, number in by_state.items():
                yield OddsRatioNumber(("conditions", name, "odds_ratios", parent, state), parent, state, number.value)

    def _list_shares(self) -> Iterator[tuple[Path, str, str]]:
        """Path, risk factor, state of each stated share of a risk factor."""
        for name, factor in self._network.risk_factors.items():
            key = self._parents.key(factor.prior)
            for state in factor.prior[key].numbers:
                yield ("risk_factors", name, "prior", key, state), name, state

    def raw(
        self,
        by_log_odds: Iterable[tuple[Vector, Mapping[int, Integers]]],
        by_state: Mapping[int, tuple[Vector, Integers]],
    ) -> Raw:
        """What the numbers do with the intercepts held, from what log odds and block states do.

        Args:
            by_log_odds: by condition, the derivatives of the sums by its log odds, an axis of sums and one for each
                variable of `Parents.odds_ratios`; and the states that these axes hold.
            by_state: by block, the share of the sums that each state has, shape (sums, states); and which these are.
        """
        by_intercept: list[Vector] = []
        by_ratio: list[Vector] = []
        for c, (change, states) in enumerate(by_log_odds):
            by_intercept.append(change.sum(axis=tuple(range(1, change.ndim))))
            by_ratio += [self._by_odds_ratio(change, c, states, ratio) / ratio.value for ratio in self._odds_ratios[c]]
        by_share = [self._by_share(*by_state[self._block_of[name]], name, state) for _, name, state in self._shares]
        nothing = np.zeros((len(by_intercept), len(by_intercept[0])))
        return Raw(np.vstack([nothing, *by_ratio, *by_share]), np.array(by_intercept))

    def _by_odds_ratio(
        self, by_log_odds: Vector, c: int, along: Mapping[int, Integers], ratio: OddsRatioNumber
    ) -> Vector:
        """The sum over the states of the parents in which this one is in that state; shape (sums,)."""
        if ratio.parent in self._parents.conditions:
            variable = self._parents.conditions.index(ratio.parent)
            wanted = along[variable] == int(ratio.state == "yes")
        else:
            variable = self._block_of[ratio.parent]
            wanted = self._has(along[variable], ratio.parent, ratio.state)
        axis = 1 + self._parents.odds_ratios[c].variables.index(variable)
        rest = tuple(other for other in range(1, by_log_odds.ndim) if other != axis)
        return np.asarray(by_log_odds.sum(axis=rest) @ wanted)

    def _has(self, states: Integers, name: str, state: str) -> NDArray[np.bool_]:
        """Whether a risk factor is in a state, by state of its block."""
        block = self._parents.block_of[self._block_of[name]]
        of_member = np.unravel_index(states, [len(member.states) for member in block.members])[block.ids.index(name)]
        return np.asarray(of_member == self._network.risk_factors[name].states.index(state))

    def _by_share(self, by_state: Vector, states: Integers, name: str, state: str) -> Vector:
        """The other states give way in proportion: d weight / d share is weight / share, or - weight / (1 - share)."""
        factor = self._network.risk_factors[name]
        share = factor.prior_in(self._parents.setting)[factor.states.index(state)]
        return np.asarray(by_state @ np.where(self._has(states, name, state), 1.0 / share, -1.0 / (1.0 - share)))

    def _given_way(self) -> Vector:
        """How all base rates change with each, shape (n, n). Where they sum to 1, others give way in proportion."""
        rates = self.base_rates
        if not self._parents.is_single:
            return np.eye(len(rates))
        others = -rates / (1.0 - rates)[:, None]
        np.fill_diagonal(others, 1.0)
        return others

    def moves(self, raw: Raw) -> Moves:
        """How intercepts and complaint move with each number.

        Args:
            raw: of P(complaint) and of P(condition, complaint) while nothing is known, over P(complaint).
        """
        n = len(self.base_rates)
        held = self.base_rates - 1.0 if self._parents.is_single else self.base_rates  # P(complaint) is held, too
        by_intercept = raw.by_intercept[:, 1:] - raw.by_intercept[:, :1] * held
        by_number = raw.by_number[:, 1:] - raw.by_number[:, :1] * held
        by_number[:n] = -self._given_way()  # a base rate that is raised has to be met
        of_intercepts = np.asarray(-np.linalg.solve(by_intercept.T, by_number.T).T, np.float64)
        return Moves(of_intercepts, (raw.by_number + of_intercepts @ raw.by_intercept)[:, 0])
