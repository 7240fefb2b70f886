"""How conditions hang on their parents: numbered variables and tables, all but the intercepts.

Risk factors are merged into blocks: those that touch the same conditions, and the common ones, which touch many. That
makes fewer variables to sum out, and larger ones, which is what numpy is fast at. Variables are numbered: conditions in
the network's order, then blocks, the common one last.

P(c | parents) is told from odds here, wherever it is needed: from those of one network as well as from many draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Final, NamedTuple, TypeAlias

import numpy as np

from bayesknee.arrays import Integers, Vector
from bayesknee.errors import InferenceError
from bayesknee.inference.cause_sets import CauseSets, limit_of, list_sets
from bayesknee.inference.prior.factors import ALL, ONE, Factor, check_size, outer
from bayesknee.inference.results import DEFAULT_MEMORY
from bayesknee.knowledge.model import ANY_SETTING, NO_YES, Condition, RiskFactor
from bayesknee.knowledge.network import Network
from bayesknee.patient.evidence import Likelihood

MOST_COMMON_STATES: Final = 128  # all tables of conditions have this axis, so each doubling of it doubles them
COMMON_IS_ONE_IN: Final = 3  # conditions that it touches; what touches fewer leaves small tables if summed out early
# Numbers in use at a time for one combination of a condition's parents, while intercepts are searched for and tables
# made of them; by measurement from 3.2 to 3.9.
TABLES: Final = 4
# Bytes that the network's own tables may take whatever the budget, which is for patients; numpy alone takes as much.
ALWAYS_ALLOWED: Final = 2**24
ONE_STATE: Final = np.ones((1, 1))  # the table of a block without members, one draw


PriorOf: TypeAlias = Callable[[RiskFactor], Vector]  # P(state) of a risk factor, shape (states, draws)
# The odds ratios of a condition, by its number, for the states of a parent: shape (states, draws).
OddsRatiosOf: TypeAlias = Callable[[int, str, tuple[str, ...]], Vector]


def chance(odds: Vector, out: Vector | None = None) -> Vector:
    """The probability that goes with these odds; written over `out` where given, which may be the odds."""
    return np.divide(odds, 1.0 + odds, out=out)


def no_and_yes(odds: Vector, axis: int = 0) -> Vector:
    """P(no) and P(yes) from the odds of yes, along a new axis. Written in place: with draws, tables are large."""
    table = np.empty((*odds.shape[:axis], 2, *odds.shape[axis:]))
    rows = np.moveaxis(table, axis, 0)
    no, yes = rows[0, ...], rows[1, ...]
    np.add(odds, 1.0, out=no)
    np.divide(1.0, no, out=no)
    np.multiply(odds, no, out=yes)
    return table


def given_parents(c: int, odds: Factor) -> Factor:
    """P(c | parents) from the odds of condition c over its parents."""
    variables = tuple(sorted((*odds.variables, c)))
    return Factor(variables, no_and_yes(odds.table, variables.index(c)))


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
        return outer(prior * answer if answer else prior for prior, answer in zip(self.priors, answers, strict=True))

    def possible(self, answers: Iterable[Likelihood | None]) -> tuple[slice, Vector]:
        """The range that holds all states possible given these answers, and P(state, answers) of it."""
        weights = self.weights(answers)
        states = np.flatnonzero(weights)
        span = slice(int(states[0]), int(states[-1]) + 1)
        return span, weights[span]

    def likelihood(self, answers: Iterable[Likelihood | None]) -> Vector:
        """P(answers | state), with an answer or None for each member."""
        return outer(
            np.array(answer) if answer else np.ones(len(member.states))
            for member, answer in zip(self.members, answers, strict=True)
        )

    @property
    def size(self) -> int:
        """How many states it has; told without `prior`, which is as long."""
        return math.prod(len(prior) for prior in self.priors)

    @cached_property
    def prior(self) -> Vector:
        """P(state)."""
        return self.weights([None] * len(self.members))


class ParentNumbers(NamedTuple):
    """The numbers that conditions and risk factors have, but for intercepts: as they stand, or redrawn.

    Attributes:
        priors: P(state) by block of risk factors, each shape (states, draws); as they stand, the draws are one.
        ratios: by condition, then by variable that is a parent of it: odds ratios, each shape (states, draws). The
            common block is a parent of all conditions, if need be with odds ratios of 1.
        base_rates: by condition, shape (conditions, draws).
    """

    priors: Mapping[int, Vector]
    ratios: Sequence[Mapping[int, Vector]]
    base_rates: Vector

    def span(self, draws: slice) -> ParentNumbers:
        """The numbers of a range of draws."""
        return ParentNumbers(
            {number: prior[:, draws] for number, prior in self.priors.items()},
            [{number: ratios[:, draws] for number, ratios in by_parent.items()} for by_parent in self.ratios],
            self.base_rates[:, draws],
        )

    def odds(self, c: int, odds: Vector = ONE, cut: Mapping[int, int | slice] | None = None) -> Factor:
        """The odds of a condition over its parents.

        Args:
            c: the number of the condition.
            odds: exp(a_c), shape (draws,); left out, the factor holds the product of the odds ratios.
            cut: the states of parents, where one state or a range of them is wanted.
        """
        ratios = self.ratios[c]
        return multiply_ratios({v: table[cut.get(v, ALL)] for v, table in ratios.items()} if cut else ratios, odds)


def multiply_ratios(ratios: Mapping[int, Vector], odds: Vector = ONE) -> Factor:
    """Odds times the odds ratios of each parent: shape (states, draws), or (draws,) where its state is known."""
    scope: list[int] = []
    for variable, by_state in ratios.items():
        if by_state.ndim == 1:
            odds = odds * by_state
        else:
            odds = odds[..., None, :] * by_state
            scope.append(variable)
    return Factor(tuple(scope), odds)


class PriorDraws(NamedTuple):
    """Figures of conditions and risk factors, redrawn or as they stand, the draws as the last axis.

    Attributes:
        numbers: priors of risk factors, and odds ratios.
        intercepts: a_c, shape (conditions, draws).
        complaint: P(complaint), shape (draws,).
    """

    numbers: ParentNumbers
    intercepts: Vector
    complaint: Vector

    def span(self, draws: slice) -> PriorDraws:
        """A range of the draws."""
        return PriorDraws(self.numbers.span(draws), self.intercepts[:, draws], self.complaint[draws])

    def factor(self, c: int, cut: Mapping[int, int | slice]) -> Factor:
        """P(c | parents) of a condition, where parents are in known states or in a range of them."""
        return given_parents(c, self.numbers.odds(c, np.exp(self.intercepts[c]), cut))

    def slope(self, c: int, cut: Mapping[int, int | slice]) -> Factor:
        """The derivative of `factor` by the intercept: P(no) P(yes), of no with a minus."""
        variables, table = self.factor(c, cut)
        axis = variables.index(c)
        no, yes = np.moveaxis(table, axis, 0)
        return Factor(variables, np.stack([-no * yes, no * yes], axis=axis))


class AlikeStates(NamedTuple):
    """States of a block that have the same odds ratios for a condition, whatever these are.

    Attributes:
        order: all states, those that are alike together.
        starts: where in `order` each run of such states begins.
    """

    order: Integers
    starts: Integers

    @property
    def first(self) -> Integers:
        """A state of each run."""
        return self.order[self.starts]

    def add_up(self, table: Vector, axis: int = 0) -> Vector:
        """The table with a state for each run, along an axis of states."""
        ordered = table.take(self.order, axis)
        return ordered if len(self.starts) == len(self.order) else np.add.reduceat(ordered, self.starts, axis)


@dataclass(frozen=True, eq=False)
class Parents:
    """The conditions' parents in a setting.

    Attributes:
        setting: its id.
        conditions: their ids.
        blocks: the risk factors; the last block holds the common ones.
        numbers: priors, odds ratios and base rates as they stand.
        alike: by condition, then by block that is a parent of it: which states have the same odds ratios.
        has_complaint: whether all patients have the presenting complaint, and so at least one condition.
        most: how many conditions can be present together; None for any number.
        memory: bytes that all tables together may take, by estimate.
    """

    setting: str
    conditions: tuple[str, ...]
    blocks: tuple[Block, ...]
    numbers: ParentNumbers
    alike: tuple[Mapping[int, AlikeStates], ...]
    has_complaint: bool
    most: int | None
    memory: int = DEFAULT_MEMORY

    @cached_property
    def sets(self) -> CauseSets:
        """The sets of conditions that can be present together."""
        return list_sets(tuple((name,) for name in self.conditions), self.most)

    @property
    def is_single(self) -> bool:
        """Whether each patient has just one condition, so that base rates sum to 1."""
        return self.most == 1 and self.has_complaint

    def check_room(self, largest: int) -> None:
        """Refuses work whose largest table has that many numbers, if it does not fit beside those of the conditions.

        Raises:
            InferenceError: it does not.
        """
        check_memory(
            largest + sum(math.prod(self.states[v] for v in ratios) for ratios in self.numbers.ratios), self.memory
        )

    @property
    def base_rates(self) -> Vector:
        """Base rates as they stand, shape (conditions,)."""
        return self.numbers.base_rates[:, 0]

    @cached_property
    def odds_ratios(self) -> tuple[Factor, ...]:
        """By condition, the product of the odds ratios over its parents and the common block, without draws."""
        products = (self.numbers.odds(c) for c in range(len(self.conditions)))
        return tuple(Factor(variables, table[..., 0]) for variables, table in products)

    def factor(self, c: int, intercept: float) -> Factor:
        """P(c | parents)."""
        parents, odds_ratios = self.odds_ratios[c]
        return given_parents(c, Factor(parents, np.exp(intercept) * odds_ratios))

    @cached_property
    def block_numbers(self) -> range:
        """The variables that are blocks."""
        return range(len(self.conditions), len(self.conditions) + len(self.blocks))

    @cached_property
    def block_of(self) -> Mapping[int, Block]:
        """The blocks by number."""
        return dict(zip(self.block_numbers, self.blocks, strict=True))

    @cached_property
    def private_blocks(self) -> tuple[int | None, ...]:
        """By condition, the variable that touches it alone."""
        alone = {block.children: number for number, block in self.block_of.items()}
        return tuple(alone.get((c,)) for c in range(len(self.conditions)))

    def prior(self, number: int) -> Factor:
        """P(state) of the block with that number."""
        return Factor((number,), self.block_of[number].prior)

    @cached_property
    def states(self) -> tuple[int, ...]:
        """The number of states of each variable."""
        return (*(2 for _ in self.conditions), *(block.size for block in self.blocks))

    @cached_property
    def parents_first(self) -> tuple[int, ...]:
        """The conditions, each after its parents."""
        n = len(self.conditions)
        graph = {c: [parent for parent in ratios if parent < n] for c, ratios in enumerate(self.numbers.ratios)}
        return tuple(TopologicalSorter(graph).static_order())

    def redrawn(self, prior: PriorOf, odds_ratios: OddsRatiosOf, base_rates: Vector) -> ParentNumbers:
        """Other numbers for the same parents, in as many draws as there are of base rates."""
        variables = [tuple(ratios) for ratios in self.numbers.ratios]
        return _make_numbers((self.conditions, self.blocks), variables, (prior, odds_ratios, base_rates))

    def key(self, by_setting: Mapping[str, object]) -> str:
        """Under which key a number is stated that the setting may have, or any."""
        return self.setting if self.setting in by_setting else ANY_SETTING


def list_parents(network: Network, setting: str, memory: int = DEFAULT_MEMORY) -> Parents:
    """The parents of all conditions.

    Args:
        network: a network.
        setting: one of its care settings.
        memory: bytes that the tables of all conditions may take, by estimate.

    Raises:
        InferenceError: tables that would be too large, told before any is made.
    """
    conditions = tuple(network.conditions)
    blocks = tuple(_blocks(network, setting))
    models = tuple(network.conditions.values())
    variables = [_parents_of(condition, conditions, blocks) for condition in models]
    states = [*(2 for _ in conditions), *(block.size for block in blocks)]
    check_memory(sum(math.prod(states[v] for v in each) for each in variables), memory)

    def stated(c: int, parent: str, states: tuple[str, ...]) -> Vector:
        return np.array(odds_ratios(models[c], parent, states))[:, None]

    def prior(factor: RiskFactor) -> Vector:
        return np.array(factor.prior_in(setting))[:, None]

    base_rates = np.array([condition.base_rate_in(setting) for condition in models])[:, None]
    numbers = _make_numbers((conditions, blocks), variables, (prior, stated, base_rates))
    block_of = dict(enumerate(blocks, start=len(conditions)))
    alike = tuple(
        {variable: _alike(condition, block_of[variable]) for variable in parents if variable in block_of}
        for condition, parents in zip(models, variables, strict=True)
    )
    most = limit_of(network)
    return Parents(setting, conditions, blocks, numbers, alike, bool(network.complaint), most, memory)


def check_memory(numbers: int, memory: int) -> None:
    """Refuses tables of all conditions over their parents that would take too much memory.

    Raises:
        InferenceError: they would.
    """
    needed = 8 * TABLES * numbers
    if needed > max(memory, ALWAYS_ALLOWED):
        raise InferenceError(
            f"the risk factors of all conditions would take tables of about {needed / 1e6:,.3g} MB; allowed are "
            f"{memory / 1e6:,.3g} MB; let risk factors touch fewer conditions, merge some of their states, or allow "
            "more (memory= of Engine)"
        )


def _make_numbers(
    parents: tuple[Sequence[str], Sequence[Block]],
    variables: Sequence[Sequence[int]],
    source: tuple[PriorOf, OddsRatiosOf, Vector],
) -> ParentNumbers:
    """The numbers of conditions and blocks, by the variables that are parents of each condition."""
    (conditions, blocks), (prior, odds_ratios, base_rates) = parents, source
    n, ones = len(conditions), np.ones((1, base_rates.shape[1]))

    def ratios(c: int, variable: int) -> Vector:
        if variable < n:
            return odds_ratios(c, conditions[variable], NO_YES)
        return outer([ones, *(odds_ratios(c, member.id, member.states) for member in blocks[variable - n].members)])

    return ParentNumbers(
        {n + i: outer([ones, *map(prior, block.members)]) for i, block in enumerate(blocks)},
        [{variable: ratios(c, variable) for variable in wanted} for c, wanted in enumerate(variables)],
        base_rates,
    )


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
        states = math.prod(len(member.states) for member in by_children[children])
        if len(children) * COMMON_IS_ONE_IN >= n and len(children) > 1 and size * states <= MOST_COMMON_STATES:
            common.append(children)
            size *= states
    return common


def _block(children: tuple[int, ...], members: list[RiskFactor], setting: str) -> Block:
    check_size(math.prod(len(member.states) for member in members), "the risk factors of one condition")
    return Block(children, tuple(members), tuple(np.array(member.prior_in(setting)) for member in members))


def _parents_of(condition: Condition, conditions: Sequence[str], blocks: Sequence[Block]) -> tuple[int, ...]:
    """The variables that are parents of a condition, and the common block, ascending."""
    c, n = conditions.index(condition.id), len(conditions)
    by_number = {n + i: block.size for i, block in enumerate(blocks) if c in block.children}
    by_number[n + len(blocks) - 1] = blocks[-1].size
    among = [parent for parent, name in enumerate(conditions) if name in condition.odds_ratios]
    check_size(math.prod(by_number.values()) << len(among), f"the parents of {condition.id}")
    return (*among, *by_number)


def _alike(condition: Condition, block: Block) -> AlikeStates:
    """States are alike if the same of their members' states have odds ratios of their own, or none has."""
    codes = np.zeros(1, np.int64)
    for member in block.members:
        stated = list(condition.odds_ratios.get(member.id, {}))
        places = [stated.index(state) + 1 if state in stated else 0 for state in member.states]
        codes = (codes[:, None] * (len(stated) + 1) + np.array(places)).ravel()
    order = np.argsort(codes, kind="stable")
    return AlikeStates(order, np.flatnonzero(np.diff(codes[order], prepend=-1)))


def odds_ratios(condition: Condition, parent: str, states: tuple[str, ...]) -> list[float]:
    """The odds ratio of each state of a parent; 1 where left out."""
    ratios = condition.odds_ratios.get(parent, {})
    return [ratios[state].value if state in ratios else 1.0 for state in states]
