"""How P(s, known risk factors) changes with the numbers that stand before the findings.

These are the base rates, the odds ratios and the priors of risk factors. Sums over subsets of conditions are taken back
through the product of tables that gave them (reverse mode), which gives their derivatives by every entry of every table
at once; and from those, by every number.

The intercepts are no numbers of the network: they are solved such that the base rates m hold while nothing is known, so
they move with all these numbers. By the implicit function of m(a, number) = m,

    da/dm = A^-1,    da/dnumber = - A^-1 dm/dnumber,    A = dm/da.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesknee.inference.evidence import Likelihood
from bayesknee.inference.factors import Factor, Scope
from bayesknee.inference.parents import Block
from bayesknee.inference.prior import Prior, joint_plan, places
from bayesknee.inference.subsets import Vector, holds_any
from bayesknee.knowledge.model import ANY_SETTING, Network, Path

YES: Final = 1


class Raw(NamedTuple):
    """Derivatives of some sums with the intercepts held, and by the intercepts.

    Attributes:
        by_number: shape (numbers, sums).
        by_intercept: shape (conditions, sums).
    """

    by_number: Vector
    by_intercept: Vector


class Cut(NamedTuple):
    """A block of risk factors, and what is known of it.

    Attributes:
        part: the range of its states that are possible.
        weights: P(state, what is known) of these.
    """

    block: Block
    part: slice
    weights: Vector

    def member_states(self, member: int) -> NDArray[np.intp]:
        """The state of one member, by state of the block."""
        sizes = [len(each.states) for each in self.block.members]
        return np.asarray(np.unravel_index(np.arange(self.part.start, self.part.stop), sizes)[member])


class PriorGradients:
    """Derivatives by the numbers before the findings, for one network and setting. Read-only once made.

    Attributes:
        paths: the numbers: base rates, then odds ratios, then priors of risk factors.
    """

    def __init__(self, prior: Prior, network: Network) -> None:
        self._prior = prior
        self._network = network
        self._parents = prior.parents
        self._odds_ratios = tuple(self._list_odds_ratios())
        self._shares = tuple(self._list_shares())
        self.paths: tuple[Path, ...] = (
            *(self._base_rate_path(name) for name in network.conditions),
            *(each[0] for each in self._odds_ratios),
            *(each[0] for each in self._shares),
        )
        self._moves, self._of_complaint = self._solve()

    def _base_rate_path(self, name: str) -> Path:
        rates = self._network.conditions[name].base_rate
        return ("conditions", name, "base_rate", self._key(rates))

    def _key(self, by_setting: Mapping[str, object]) -> str:
        return self._parents.setting if self._parents.setting in by_setting else ANY_SETTING

    def _list_odds_ratios(self) -> Iterator[tuple[Path, int, str, str, float]]:
        """Path, number of the condition, parent, its state, value."""
        for c, condition in enumerate(self._network.conditions.values()):
            for parent, by_state in condition.odds_ratios.items():
                for state, number in by_state.items():
                    yield ("conditions", condition.id, "odds_ratios", parent, state), c, parent, state, number.value

    def _list_shares(self) -> Iterator[tuple[Path, str, str]]:
        """Path, risk factor, state of each stated share of a risk factor."""
        for name, factor in self._network.risk_factors.items():
            key = self._key(factor.prior)
            for state in factor.prior[key].numbers:
                yield ("risk_factors", name, "prior", key, state), name, state

    def _solve(self) -> tuple[Vector, Vector]:
        """How the intercepts move with each number, shape (numbers, n), and log P(complaint), shape (numbers,)."""
        n = len(self._parents.conditions)
        possible = np.ones(2**n)
        if self._network.complaint:
            possible[0] = 0.0
        sums = np.stack([possible, *(holds_any(frozenset([c]), 2**n) for c in range(n))])
        raw = self._raw({}, sums)
        base_rates = np.array([each.base_rate_in(self._parents.setting) for each in self._network.conditions.values()])
        by_intercept = raw.by_intercept[:, 1:] - raw.by_intercept[:, :1] * base_rates
        by_number = raw.by_number[:, 1:] - raw.by_number[:, :1] * base_rates
        by_number[:n] = -np.eye(n)  # a base rate that is raised has to be met
        moves = -np.linalg.solve(by_intercept.T, by_number.T).T
        return moves, (raw.by_number + moves @ raw.by_intercept)[:, 0]

    def slopes(self, known: Mapping[str, Likelihood], sums: Vector) -> Vector:
        """How sums over subsets, weighed by P(s, known | complaint), change with each number.

        Args:
            known: a likelihood for each state, by risk factor.
            sums: what is summed, shape (sums, 2**n).

        Returns:
            Shape (numbers, sums), the intercepts moving with the numbers.
        """
        raw = self._raw(known, sums)
        values = sums @ self._prior.joint(known)
        return raw.by_number + self._moves @ raw.by_intercept - np.outer(self._of_complaint, values)

    def _raw(self, known: Mapping[str, Likelihood], sums: Vector) -> Raw:
        cuts = {
            number: self._cut(block, known)
            for number, block in zip(self._parents.block_numbers, self._parents.blocks, strict=True)
        }
        of_blocks, of_conditions = self._of_tables(cuts, sums)
        by_log_odds = [
            (change[:, YES] - change[:, 1 - YES]) * table[YES] * table[1 - YES] for change, table in of_conditions
        ]
        by_intercept = np.array([each.sum(axis=tuple(range(1, each.ndim))) for each in by_log_odds])
        by_ratio = [self._by_odds_ratio(by_log_odds[c], c, cuts, p, s) / v for _, c, p, s, v in self._odds_ratios]
        by_share = [self._by_share(of_blocks, cuts, name, state) for _, name, state in self._shares]
        nothing = np.zeros((len(self._parents.conditions), len(sums)))
        return Raw(np.vstack([nothing, *by_ratio, *by_share]), by_intercept)

    def _cut(self, block: Block, known: Mapping[str, Likelihood]) -> Cut:
        weights = block.weights([known.get(each) for each in block.ids])
        possible = np.flatnonzero(weights)
        part = slice(int(possible[0]), int(possible[-1]) + 1)
        return Cut(block, part, weights[part])

    def _of_tables(
        self, cuts: Mapping[int, Cut], sums: Vector
    ) -> tuple[dict[int, Vector], list[tuple[Vector, Vector]]]:
        """The derivatives by each block's weights; by each condition's table, and the table, its own axis first."""
        parents = self._parents
        *numbers, common = cuts
        index = {number: cut.part for number, cut in cuts.items()}
        factors = [parents.factor(c, float(a)).cut(index) for c, a in enumerate(self._prior.intercepts)]
        scopes: list[Scope] = [(number,) for number in (common, *numbers)] + [each.variables for each in factors]
        tables = [cuts[number].weights for number in (common, *numbers)] + [each.table for each in factors]
        tables[0] = tables[0] / self._prior.complaint
        changes = _through_joint(scopes, tables, self._prior.order, sums)
        of_blocks = dict(zip((common, *numbers), changes, strict=False))
        of_blocks[common] /= self._prior.complaint
        own = [
            _own_first(change, factor, c)
            for c, (change, factor) in enumerate(zip(changes[len(cuts) :], factors, strict=True))
        ]
        return of_blocks, own

    def _by_odds_ratio(self, by_log_odds: Vector, c: int, cuts: Mapping[int, Cut], parent: str, state: str) -> Vector:
        """The sum over the states of the parents in which this one is in that state; shape (sums,)."""
        variables = self._parents.odds_ratios[c].variables
        if parent in self._parents.conditions:
            axis = variables.index(self._parents.conditions.index(parent))
            wanted = np.array([state == "no", state == "yes"])
        else:
            number = next(number for number, cut in cuts.items() if parent in cut.block.ids)
            axis = variables.index(number)
            member = cuts[number].block.ids.index(parent)
            wanted = cuts[number].member_states(member) == self._network.risk_factors[parent].states.index(state)
        rest = tuple(each for each in range(1, by_log_odds.ndim) if each != axis + 1)
        return np.asarray(by_log_odds.sum(axis=rest) @ wanted)

    def _by_share(self, of_blocks: Mapping[int, Vector], cuts: Mapping[int, Cut], name: str, state: str) -> Vector:
        """The other states give way in proportion: d weight / d share is weight / share, or - weight / (1 - share)."""
        number = next(number for number, cut in cuts.items() if name in cut.block.ids)
        cut = cuts[number]
        factor = self._network.risk_factors[name]
        share = factor.prior_in(self._parents.setting)[factor.states.index(state)]
        wanted = cut.member_states(cut.block.ids.index(name)) == factor.states.index(state)
        return np.asarray((of_blocks[number] * cut.weights) @ np.where(wanted, 1.0 / share, -1.0 / (1.0 - share)))


def _own_first(change: Vector, factor: Factor, c: int) -> tuple[Vector, Vector]:
    axis = factor.variables.index(c)
    return np.moveaxis(change, axis + 1, 1), np.moveaxis(factor.table, axis, 0)


def _through_joint(
    scopes: Sequence[Scope], tables: Sequence[Vector], order: tuple[int, ...], sums: Vector
) -> list[Vector]:
    """The derivatives of sums over subsets by the entries of the tables whose product, summed, is the joint."""
    n = sums.shape[1].bit_length() - 1
    plan, axes = joint_plan(tuple(scopes), order, n)
    left = plan.run(tables)
    smaller, larger = (table.reshape(-1, table.shape[-1]) for table in left)
    of_product = np.empty_like(sums)
    of_product[:, places(axes)] = sums
    of_product = of_product.reshape(len(sums), len(smaller), len(larger))
    of_left = [of_product @ larger, of_product.transpose(0, 2, 1) @ smaller]
    return plan.gradients(
        tables, [change.reshape(len(sums), *table.shape) for change, table in zip(of_left, left, strict=True)]
    )
