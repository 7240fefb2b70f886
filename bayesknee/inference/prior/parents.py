"""How conditions hang on their parents: numbered variables and tables, all but the intercepts.

Risk factors are merged into blocks: those that touch the same conditions, and the common ones, which touch many. That
makes fewer variables to sum out, and larger ones, which is what numpy is fast at. Variables are numbered: conditions in
the network's order, then blocks, the common one last.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Final

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.prior.factors import Factor, check_size
from bayesknee.knowledge.model import NO_YES, Condition, RiskFactor
from bayesknee.knowledge.network import Network
from bayesknee.patient.evidence import Likelihood

MOST_COMMON_STATES: Final = 128
ONE: Final = np.ones(1)


@dataclass(frozen=True)
class Block:
    """Risk factors as one variable, with a state for each combination of theirs.

    Attributes:
        children: the numbers of the conditions of which any member is a parent.
        members: the risk factors; the state of the last one changes fastest.
        priors: P(state) of each member.
    """

    children: tuple[int, ...]
    members: tuple[RiskFactor, ...]
    priors: tuple[Vector, ...]

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The ids of the members."""
        return tuple(member.id for member in self.members)

    def weights(self, answers: Iterable[Likelihood | None]) -> Vector:
        """P(state, answers), with an answer or None for each member."""
        each = [prior * answer if answer else prior for prior, answer in zip(self.priors, answers, strict=True)]
        return functools.reduce(np.multiply.outer, each, ONE).ravel()

    def likelihood(self, answers: Iterable[Likelihood | None]) -> Vector:
        """P(answers | state), with an answer or None for each member."""
        each = [
            np.array(answer) if answer else np.ones(len(member.states))
            for member, answer in zip(self.members, answers, strict=True)
        ]
        return functools.reduce(np.multiply.outer, each, ONE).ravel()

    @cached_property
    def prior(self) -> Vector:
        """P(state)."""
        return self.weights([None] * len(self.members))


@dataclass(frozen=True)
class Parents:
    """The conditions' parents in a setting.

    Attributes:
        setting: its id.
        conditions: their ids.
        blocks: the risk factors; the last block holds the common ones.
        odds_ratios: by condition, the product of the odds ratios over its parents and the common block.
    """

    setting: str
    conditions: tuple[str, ...]
    blocks: tuple[Block, ...]
    odds_ratios: tuple[Factor, ...]

    def factor(self, c: int, intercept: float) -> Factor:
        """P(c | parents)."""
        parents, odds_ratios = self.odds_ratios[c]
        variables = tuple(sorted((*parents, c)))
        odds = np.exp(intercept) * odds_ratios
        no = 1.0 / (1.0 + odds)
        return Factor(variables, np.stack([no, odds * no], axis=variables.index(c)))

    @cached_property
    def block_numbers(self) -> range:
        """The variables that are blocks."""
        return range(len(self.conditions), len(self.conditions) + len(self.blocks))

    @cached_property
    def private_blocks(self) -> tuple[int | None, ...]:
        """By condition, the variable that touches it alone."""
        alone = {block.children: number for number, block in zip(self.block_numbers, self.blocks, strict=True)}
        return tuple(alone.get((c,)) for c in range(len(self.conditions)))

    def prior(self, number: int) -> Factor:
        """P(state) of the block with that number."""
        return Factor((number,), self.blocks[number - len(self.conditions)].prior)

    @cached_property
    def states(self) -> tuple[int, ...]:
        """The number of states of each variable."""
        return (*(2 for _ in self.conditions), *(len(block.prior) for block in self.blocks))

    @cached_property
    def parents_first(self) -> tuple[int, ...]:
        """The conditions, each after its parents."""
        n = len(self.conditions)
        graph = {c: [parent for parent in each.variables if parent < n] for c, each in enumerate(self.odds_ratios)}
        return tuple(TopologicalSorter(graph).static_order())


def list_parents(network: Network, setting: str) -> Parents:
    """The parents of all conditions.

    Raises:
        InferenceError: a table is too large.
    """
    conditions = tuple(network.conditions)
    blocks = tuple(_blocks(network, setting))
    ratios = tuple(_odds_ratios(each, conditions, blocks) for each in network.conditions.values())
    return Parents(setting, conditions, blocks, ratios)


def _blocks(network: Network, setting: str) -> Iterator[Block]:
    by_children: dict[tuple[int, ...], list[RiskFactor]] = {}
    for factor in network.risk_factors.values():
        conditions = enumerate(network.conditions.values())
        children = tuple(c for c, condition in conditions if factor.id in condition.odds_ratios)
        by_children.setdefault(children, []).append(factor)
    common = _common(by_children, len(network.conditions))
    for children, members in by_children.items():
        if children not in common:
            yield _block(children, members, setting)
    touched = sorted({child for children in common for child in children})
    yield _block(tuple(touched), [member for children in common for member in by_children[children]], setting)


def _common(by_children: Mapping[tuple[int, ...], list[RiskFactor]], n: int) -> list[tuple[int, ...]]:
    """Which risk factors go together: those that touch most conditions, but few enough to be one variable."""
    common: list[tuple[int, ...]] = []
    size = 1
    for children in sorted(by_children, key=len, reverse=True):
        own = math.prod(len(each.states) for each in by_children[children])
        if len(children) * 3 >= n and len(children) > 1 and size * own <= MOST_COMMON_STATES:
            common.append(children)
            size *= own
    return common


def _block(children: tuple[int, ...], members: list[RiskFactor], setting: str) -> Block:
    check_size(math.prod(len(each.states) for each in members), "the risk factors of one condition")
    return Block(children, tuple(members), tuple(np.array(each.prior_in(setting)) for each in members))


def _odds_ratios(condition: Condition, conditions: tuple[str, ...], blocks: tuple[Block, ...]) -> Factor:
    """The product of the odds ratios of one condition, over its parents and the common block."""
    c = conditions.index(condition.id)
    last = len(conditions) + len(blocks) - 1
    parents: dict[int, list[tuple[str, tuple[str, ...]]]] = {
        parent: [(name, NO_YES)] for parent, name in enumerate(conditions) if name in condition.odds_ratios
    }
    for number, block in enumerate(blocks, start=len(conditions)):
        if c in block.children or number == last:
            parents[number] = [(each.id, each.states) for each in block.members]
    one_by_one = [member for members in parents.values() for member in members]
    check_size(math.prod(len(states) for _, states in one_by_one), f"the parents of {condition.id}")
    table = np.ones(())
    for name, states in one_by_one:
        table = table[..., None] * odds_ratios(condition, name, states)
    return Factor(tuple(parents), table.reshape([math.prod(len(s) for _, s in each) for each in parents.values()]))


def odds_ratios(condition: Condition, parent: str, states: tuple[str, ...]) -> list[float]:
    """The odds ratio of each state of a parent; 1 where left out."""
    ratios = condition.odds_ratios.get(parent, {})
    return [ratios[state].value if state in ratios else 1.0 for state in states]
