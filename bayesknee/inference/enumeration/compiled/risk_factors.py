"""The sum over risk factors as a list of elementary products, the same for all patients, for compiled code to follow.

`Prior.joint` multiplies and sums tables by einsum. Here the same plan is spelt out: a row of a table is what it holds
for one combination of its variables, over all states of the common block; a step adds the product of up to three rows
to a fourth. An answer is a weight of each state of its block, so one list serves whatever patients know.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.enumeration.subset_tables import SubsetTables
from bayesknee.inference.jit import Index
from bayesknee.inference.prior.cutset import PriorTable
from bayesknee.inference.prior.factors import ONE, FactorScope
from bayesknee.inference.prior.joint import Prior, joint_plan
from bayesknee.inference.prior.parents import Block
from bayesknee.patient.codes import distinct_rows

# Rows that a step multiplies: plans join two tables at a time, so two and a spare, which is `ONES`.
MOST_OPERANDS: Final = 3
# Rows of the largest table, and subsets of conditions. Each step is spelt out, so the list and its arrays for each
# thread grow with them; beyond, numpy's way serves. The lowest product of `kernels` relies on its 14 conditions.
# Judged.
MOST_ROWS: Final = 2**14
ONES: Final = 0  # the row of ones, for products of fewer than three


def is_small_enough(tables: SubsetTables) -> bool:
    """Whether the list of products is short enough to compile; it is for conditions without limit or forms."""
    prior = tables.before_findings
    if prior.parents.most is not None or tables.sets.has_forms:
        return False
    rows = prior.largest_table // prior.parents.states[-1]
    return rows <= MOST_ROWS and 2 ** len(prior.parents.conditions) <= MOST_ROWS


class RiskFactorProgram(NamedTuple):
    """The sum over risk factors as a list of row products, the same for all patients.

    Attributes:
        products: each adds to row [0] the product of the rows [1], [2] and [3]; where [4] is 1 it is the first to do
            so; shape (products, 5).
        weights_at: the rows that hold weights of shared blocks, in the order of `Weights.shared`.
        common_at: the row for weights of the common states; left at 1, for these come in with the last product.
        tables_at: the first row of each table of conditions.
        table_rows: how many rows each of these has.
        last: the rows of the table over the first conditions of `Joints.order`, then of that over the others.
        smaller: how many rows the first of these has.
        rows: how many there are in all.
    """

    products: Index
    weights_at: Index
    common_at: int
    tables_at: Index
    table_rows: Index
    last: Index
    smaller: int
    rows: int


class Weights(NamedTuple):
    """The weights of risk factors, a row for each distinct pattern of answers.

    Attributes:
        common: P(state, answers) / P(complaint) of the common block, shape (ways, states).
        scale: P(answers) of risk factors that touch no condition, shape (patterns,).
        shared: P(state, answers) of the blocks that touch several conditions, side by side, shape (patterns, their
            states).
        tables: the conditions' tables with private risk factors summed out, flat, one for each way of knowing these.
        table_of: where in `tables` a pattern's begin, shape (patterns, tables).
    """

    common: Vector
    scale: Vector
    shared: Vector
    tables: Vector
    table_of: Index


class Joints:
    """Prepares the sum over risk factors for many patients.

    Attributes:
        order: the conditions in the order of the axes of the result.
        program: the sum.
    """

    def __init__(self, prior: Prior) -> None:
        self._complaint = prior.complaint
        *numbers, self._common = prior.parents.block_numbers
        self._blocks = dict(zip(prior.parents.block_numbers, prior.parents.blocks, strict=True))
        self._shared = [number for number in numbers if len(self._blocks[number].children) > 1]
        self._silent = [number for number in numbers if not self._blocks[number].children]
        self._private = [pair.private for pair in prior.pairs]
        self._tables = [_private_last(pair) for pair in prior.pairs]
        self.program, self.order = _program(prior, self._shared)

    @property
    def common(self) -> tuple[str, ...]:
        """The common risk factors."""
        return self._blocks[self._common].ids

    def weights(self, ways: Mapping[str, Vector], common: Mapping[str, Index], others: Mapping[str, Index]) -> Weights:
        """The weights of patients.

        Args:
            ways: by risk factor, the ways in which it is known, as a likelihood of each state, shape (ways, states).
            common: which of these, by common risk factor, in each of their combinations.
            others: the same by other risk factor.
        """
        likelihoods = {name: ways[name][which] for name, which in (*common.items(), *others.items())}
        patterns = len(next(iter(others.values()), ONE))
        scale = np.ones(patterns)
        for number in self._silent:
            scale = scale * _weights(self._blocks[number], likelihoods, patterns).sum(axis=1)
        shared = [np.empty((patterns, 0)), *(_weights(self._blocks[n], likelihoods, patterns) for n in self._shared)]
        tables, table_of = self._summed(ways, others, patterns)
        of_common = _weights(self._blocks[self._common], likelihoods, len(next(iter(common.values()), ONE)))
        return Weights(of_common / self._complaint, scale, np.hstack(shared), tables, table_of)

    def _summed(self, ways: Mapping[str, Vector], others: Mapping[str, Index], patterns: int) -> tuple[Vector, Index]:
        tables, places, start = [], [], 0
        for private, table in zip(self._private, self._tables, strict=True):
            if private is None:
                own, which = table[None, ..., 0], np.zeros(patterns, np.int64)
            else:
                ids = self._blocks[private].ids
                distinct, which = distinct_rows(np.column_stack([others[name] for name in ids]))
                likelihoods = {name: ways[name][distinct[:, i]] for i, name in enumerate(ids)}
                own = np.moveaxis(table @ _weights(self._blocks[private], likelihoods, len(distinct)).T, -1, 0)
            tables.append(own.ravel())
            places.append(start + which * own[0].size)
            start += own.size
        return np.concatenate(tables), np.column_stack(places)


def _private_last(pair: PriorTable) -> Vector:
    """The table with the private block as its last axis, of length 1 where there is none."""
    if pair.private is None:
        return pair.full.table[..., None]
    return np.ascontiguousarray(np.moveaxis(pair.full.table, pair.full.variables.index(pair.private), -1))


def _weights(block: Block, likelihoods: Mapping[str, Vector], patients: int) -> Vector:
    """P(state, answers), shape (patients, states)."""
    each = [prior * likelihoods[name] for prior, name in zip(block.priors, block.ids, strict=True)]
    return functools.reduce(_outer, each, np.ones((patients, 1)))


def _outer(first: Vector, second: Vector) -> Vector:
    return (first[:, :, None] * second[:, None, :]).reshape(len(first), -1)


def _program(prior: Prior, shared: Sequence[int]) -> tuple[RiskFactorProgram, tuple[int, ...]]:
    common, sizes = prior.parents.block_numbers[-1], prior.parents.states
    scopes: list[FactorScope] = [(common,), *((number, common) for number in shared)]
    scopes += [pair.summed.variables for pair in prior.pairs]
    plan, order = joint_plan(tuple(scopes), prior.order, len(prior.parents.conditions))
    layout = _Layout(sizes, common)
    tables = [layout.add(scope) for scope in scopes]
    products: list[tuple[int, ...]] = []
    for step in plan.steps:
        made = layout.add(step.rest)
        products += layout.products(step.scopes, [tables[number] for number in step.numbers], step.rest, made)
        tables.append(made)
    smaller, larger = plan.left
    of_pairs = tables[1 + len(shared) : len(scopes)]
    return RiskFactorProgram(
        products=np.array(products, np.int64).reshape(-1, MOST_OPERANDS + 2),
        weights_at=np.array([row for at in tables[1 : 1 + len(shared)] for row in at], np.int64),
        common_at=tables[0].start,
        tables_at=np.array([at.start for at in of_pairs], np.int64),
        table_rows=np.array([len(at) for at in of_pairs], np.int64),
        last=np.array([*tables[smaller], *tables[larger]], np.int64),
        smaller=len(tables[smaller]),
        rows=layout.rows,
    ), order


class _Layout:
    """Where the rows of each table are."""

    def __init__(self, sizes: Sequence[int], common: int) -> None:
        self._sizes = sizes
        self._common = common
        self.rows = 1  # after the row of ones

    def _own(self, scope: FactorScope) -> FactorScope:
        return tuple(variable for variable in scope if variable != self._common)

    def add(self, scope: FactorScope) -> range:
        """Reserves the rows of a new table."""
        start = self.rows
        self.rows += math.prod(self._sizes[variable] for variable in self._own(scope))
        return range(start, self.rows)

    def products(
        self, scopes: Sequence[FactorScope], tables: Sequence[range], rest: FactorScope, made: range
    ) -> Iterator[tuple[int, ...]]:
        """The products that sum to the rows of a new table, as in `RiskFactorProgram.products`."""
        kept = self._own(rest)
        gone = sorted({v for scope in scopes for v in self._own(scope)} - set(kept))
        for states in itertools.product(*(range(self._sizes[v]) for v in (*kept, *gone))):
            state = dict(zip((*kept, *gone), states, strict=True))
            rows = [at[self._place(scope, state)] for scope, at in zip(scopes, tables, strict=True)]
            rows += [ONES] * (MOST_OPERANDS - len(rows))
            yield made[self._place(rest, state)], *rows, int(not any(state[v] for v in gone))

    def _place(self, scope: FactorScope, state: Mapping[int, int]) -> int:
        place = 0
        for variable in self._own(scope):
            place = place * self._sizes[variable] + state[variable]
        return place
