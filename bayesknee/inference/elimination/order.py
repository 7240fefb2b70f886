"""The elimination order of conditions, effects and risk factors, chosen so that the running table stays small.

The search is greedy, as for a path decomposition: the variable that is cheapest to eliminate comes next. An effect can
be eliminated once each condition that may bring it about is absorbed, or has an axis. So the sum runs over subsets of
findings in one place and over subsets of conditions in another, whichever is smaller there. Findings that share no
condition are never in the table together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from bayesknee.inference.elimination.steps import Absorb, Begin, EliminationStep, End, Explain, Join, Observe, Places

NOTHING_ENDS: Final = 0  # in place of the name of a variable, where none is eliminated
# Estimates for the budget, on one core. Smaller ones let exact work overrun the budget, larger ones refuse patients
# whose exact work would fit. By measurement, a step of small tables takes about 5e-5 s, with others on the machine.
SECONDS_A_STEP: Final = 1e-4
SECONDS_A_NUMBER: Final = 6e-9  # forward, recomputed, and backward
KEPT_AT_MOST: Final = 2**25  # numbers in tables kept for the backward pass, 256 MB; beyond, tables are recomputed
BYTES: Final = 8  # of a number
WORKING_TABLES: Final = 6  # in use at a time: what goes in and out of a step, both ways, and two in between
# Passes over the larger table of a step, counted in `steps`: a condition makes two tables and adds them, each finding
# that it explains takes three passes over half of one, and any other step one to read and one to write.
ABSORBED: Final = 3.0
EXPLAINED: Final = 1.5
SUMMED: Final = 2.0
ROOTS: Final = 24  # estimated tables in memory when they are recomputed: about twice the root of the number of steps
WIDEST_AXES: Final = 3  # conditions of a bundle that may get axes: the table grows by 2 for each. Judged


class Bundle(NamedTuple):
    """Conditions with the same effects and the same scope.

    Attributes:
        name: of the node, below 0.
        members: numbers of conditions.
        effects: the effects that they may bring about.
        scope: the variables that they depend on: risk factors, and conditions with an axis.
        is_crowd: whether they have at most one effect, so that their product has a closed form.
        is_parent: whether it is a single condition in the scope of others, which must have an axis.
    """

    name: int
    members: tuple[int, ...]
    effects: tuple[int, ...]
    scope: tuple[int, ...]
    is_crowd: bool
    is_parent: bool


@dataclass(frozen=True)
class Shape:
    """The variables to eliminate, and how they are connected.

    Attributes:
        nodes: all conditions, in bundles.
        effects: the effects to eliminate.
        factors: number and count of states of each block of risk factors in the scope of a node.
        scopes: number and scope of each effect whose initial distribution depends on other axes.
    """

    nodes: tuple[Bundle, ...]
    effects: tuple[int, ...]
    factors: tuple[tuple[int, int], ...]
    scopes: tuple[tuple[int, tuple[int, ...]], ...] = ()


@dataclass(frozen=True)
class EliminationOrder:
    """The steps and their cost.

    Attributes:
        steps: in the order of the forward pass.
        sizes: how many numbers the table holds after each step, for one patient.
        work: how many numbers the forward pass computes, for one patient.
    """

    steps: tuple[EliminationStep, ...] = ()
    sizes: tuple[int, ...] = ()
    work: float = 0.0

    @property
    def memory(self) -> int:
        """The estimated bytes for one patient: the tables kept for the backward pass, and working memory."""
        kept = min(sum(self.sizes), KEPT_AT_MOST + ROOTS * self.largest)
        return BYTES * (kept + WORKING_TABLES * self.largest)

    @property
    def seconds(self) -> float:
        """The estimated seconds on one core of a run with one patient, forward and backward."""
        return SECONDS_A_STEP * len(self.steps) + self.seconds_more

    @property
    def seconds_more(self) -> float:
        """The estimated seconds of each further patient of the same run."""
        return SECONDS_A_NUMBER * self.work

    @property
    def largest(self) -> int:
        """How many numbers the largest table holds, for one patient."""
        return max(self.sizes, default=1)


def find_order(shape: Shape) -> EliminationOrder:
    """The elimination order for this shape."""
    return _Planner(shape).plan()


class _Choice(NamedTuple):
    """The elimination of `name`, after the nodes are absorbed and the axes exist; ordered by cost.

    Attributes:
        peak: bits of the largest table.
        left: bits of the table afterwards.
        name: of the effect, risk factor or node; `NOTHING_ENDS` if only nodes are absorbed.
        absorbed: names of nodes.
        axes: a mask of axes.
    """

    peak: int
    left: int
    name: int
    absorbed: tuple[int, ...]
    axes: int


class _Way(NamedTuple):
    """What an elimination requires: the nodes to absorb, and a mask of the axes that must exist."""

    absorbed: tuple[int, ...]
    axes: int


@dataclass
class _Planner:
    """The greedy search: the steps so far, and what is left to eliminate."""

    shape: Shape
    steps: list[EliminationStep] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    work: float = 0.0
    live: list[int] = field(default_factory=list)  # names by place

    def __post_init__(self) -> None:
        self.nodes = {node.name: node for node in self.shape.nodes}
        self.states = {**dict.fromkeys(self.shape.effects, 2), **dict(self.shape.factors)}
        self.states |= {c: 2 for node in self.shape.nodes if not node.is_crowd for c in node.members}
        self.scopes = dict(self.shape.scopes)
        self.node_of = {c: node for node in self.shape.nodes if not node.is_crowd for c in node.members}
        self.bits = dict(self._bits())
        self.waiting = dict.fromkeys(self.nodes)  # neither absorbed nor with an axis
        self.open = dict.fromkeys([*self.shape.effects, *(name for name, _ in self.shape.factors)])
        self.explained: set[tuple[int, int]] = set()
        self.ways: dict[int, list[_Way]] = {}  # by effect, as long as the nodes that touch it do not change
        self.closed = 0  # the bits of effects that are eliminated
        self.on_axes: dict[int, None] = {}
        self._connect()

    def _connect(self) -> None:
        """Finds the nodes that touch each effect and risk factor, and the nodes that depend on each condition."""
        self.touching: dict[int, list[int]] = {name: [] for name in self.open}
        for node in self.shape.nodes:
            for name in {*node.effects, *node.scope} & self.open.keys():
                self.touching[name].append(node.name)
        self.children = {
            node.name: [n.name for n in self.shape.nodes if node.members[0] in n.scope]
            for node in self.shape.nodes
            if node.is_parent
        }
        self.effects_of = {node.name: self._union(node.effects) for node in self.shape.nodes}
        self.members_of = {node.name: self._union(node.members) for node in self.shape.nodes if not node.is_crowd}
        self.with_scope = {
            name for name, nodes in self.touching.items() if any(self.nodes[node].scope for node in nodes)
        }

    def _bits(self) -> Iterator[tuple[int, int]]:
        """A mask for each axis, with enough bits to count its states, so that bits are the log of a table's size."""
        start = 0
        for name, states in self.states.items():
            width = max(1, (states - 1).bit_length())
            yield name, ((1 << width) - 1) << start
            start += width

    def _of_bits(self, mask: int) -> list[int]:
        """The names in a mask, in the order of their bits."""
        return [name for name, bits in self.bits.items() if bits & mask] if mask else []

    def plan(self) -> EliminationOrder:
        while self.open or self.waiting or self.on_axes:
            self._do(min(self._options()))
        return EliminationOrder(tuple(self.steps), tuple(self.sizes), self.work)

    # --- the choices -------------------------------------------------------------------------------------------------

    def _live_bits(self) -> int:
        return self._union(self.live)

    def _union(self, names: Iterable[int]) -> int:
        mask = 0
        for name in names:
            mask |= self.bits[name]
        return mask

    def _options(self) -> Iterator[_Choice]:
        live = self._live_bits()
        found = False
        for name in self.open:
            bits = self.bits[name]
            before = self._union(self._to_begin_before(name))
            for absorbed, axes in self._ways_to_end(name):
                found = True
                needed = (axes | before) & ~self.closed
                peak = live | bits | needed
                yield _Choice(peak.bit_count(), (peak & ~bits).bit_count(), name, absorbed, needed)
        for name in (*self.on_axes, *self._next_parents()):
            found = True
            bits = self.members_of[name]
            children = [child for child in self.children.get(name, ()) if child in self.waiting]
            for absorbed, axes in self._ways(children):
                scope = self._scope_of(name) if name in self.waiting else 0
                peak = live | bits | (axes | scope | self.effects_of[name]) & ~self.closed
                yield _Choice(peak.bit_count(), (peak & ~bits).bit_count(), name, absorbed, peak)
        if not found:
            yield from self._last_options(live)

    def _next_parents(self) -> list[int]:
        """The conditions that others depend on and that can get an axis next: a chain is begun at its start."""
        waiting = (name for name in self.children if name in self.waiting)
        return [name for name in waiting if all(c in self.live for c in self.nodes[name].scope if c in self.node_of)]

    def _to_begin_before(self, name: int) -> list[int]:
        """The effects whose initial distribution depends on this axis, so that they must begin before it ends."""
        return [effect for effect, scope in self.shape.scopes if name in scope and effect in self.open]

    def _ways_to_end(self, name: int) -> list[_Way]:
        """The ways to eliminate an effect or risk factor."""
        if (ways := self.ways.get(name)) is None:
            ways = list(self._ways([node for node in self.touching[name] if node in self.waiting]))
            if name not in self.with_scope:
                self.ways[name] = ways
        return ways

    def _ways(self, nodes: list[int]) -> Iterator[_Way]:
        """The ways to free a variable of these nodes: all absorbed, or with axes for those that may have them."""
        free = [node for node in nodes if not self._must_have_axis(node)]
        axes = self._needs(node for node in nodes if self._must_have_axis(node))
        absorbed = 0
        for node in free:
            absorbed |= self.effects_of[node] | self._scope_of(node)
        yield _Way(tuple(free), axes | absorbed)
        movable = [node for node in free if self._may_have_axis(node)]
        if movable:
            rest = [node for node in free if node not in movable]
            axes |= self._needs(movable)
            for node in rest:
                axes |= self.effects_of[node] | self._scope_of(node)
            yield _Way(tuple(rest), axes)

    def _must_have_axis(self, name: int) -> bool:
        return self.nodes[name].is_parent

    def _may_have_axis(self, name: int) -> bool:
        node = self.nodes[name]
        return not node.is_crowd and len(node.members) <= WIDEST_AXES

    def _needs(self, names: Iterable[int]) -> int:
        """The axes of these nodes, and of their scopes."""
        mask = 0
        for name in names:
            mask |= self.members_of[name] | self._scope_of(name)
        return mask

    def _scope_of(self, name: int) -> int:
        scope = self.nodes[name].scope
        return self._union(self._with_ancestors(scope)) if scope else 0

    def _with_ancestors(self, scope: Iterable[int]) -> list[int]:
        """A scope with the scopes of its conditions that have no axis yet, and so on."""
        found: dict[int, None] = {}
        stack = list(scope)
        while stack:
            name = stack.pop()
            if name not in found:
                found[name] = None
                if name in self.node_of and name not in self.live:
                    stack.extend(self.node_of[name].scope)
        return list(found)

    def _last_options(self, live: int) -> Iterator[_Choice]:
        """The choices once no effect or risk factor is left: nodes without scope and effects."""
        for name in self.waiting:
            as_axes = self._must_have_axis(name)
            peak = live | self._scope_of(name) | (self.members_of[name] if as_axes else 0)
            yield _Choice(peak.bit_count(), peak.bit_count(), NOTHING_ENDS, () if as_axes else (name,), peak)

    # --- the steps ---------------------------------------------------------------------------------------------------

    def _do(self, option: _Choice) -> None:
        for name in self._of_bits(option.axes & ~self._live_bits()):
            self._begin(name)
        for node in option.absorbed:
            self._absorb(self.nodes[node])
        if option.name > 0:
            self._begin(option.name)
            self._end_open(option.name)
        elif option.name < 0:
            self._end_node(option.name)

    def _add(self, step: EliminationStep, live: list[int]) -> None:
        size = 1
        for name in live:
            size *= self.states[name]
        before = self.sizes[-1] if self.sizes else 1
        passes = ABSORBED + EXPLAINED * len(step.effects) if isinstance(step, Absorb) else SUMMED
        self.work += passes * max(size, before)
        self.steps.append(step)
        self.sizes.append(size)
        self.live = live

    def _begin(self, name: int) -> None:
        if name in self.live:
            return
        node = self.node_of.get(name)
        if node is None and name not in self.open:
            return
        scope = node.scope if node else self.scopes.get(name, ())
        for parent in scope:
            self._begin(parent)
        self._add(Begin(name, self._places(scope)), [name, *self.live])
        if node is not None and node.name in self.waiting and all(member in self.live for member in node.members):
            self._leaves(node)
            self.on_axes[node.name] = None

    def _absorb(self, node: Bundle) -> None:
        for axis in (*node.scope, *(effect for effect in node.effects if effect in self.open)):
            self._begin(axis)
        scope = self._places(node.scope)
        if node.is_crowd:
            effect = self.live.index(node.effects[0]) if node.effects else None
            self._add(Join(node.name, scope, effect), self.live)
        else:
            effects = tuple((effect, self.live.index(effect)) for effect in node.effects)
            for member in node.members:
                self._add(Absorb(member, scope, effects), self.live)
        self._leaves(node)

    def _leaves(self, node: Bundle) -> None:
        del self.waiting[node.name]
        for name in node.effects:
            self.ways.pop(name, None)

    def _places(self, names: Iterable[int]) -> Places:
        return tuple(self.live.index(name) for name in names)

    def _end_open(self, name: int) -> None:
        place = self.live.index(name)
        if name in self.shape.effects:
            self._explain((c, name) for node in self.on_axes for c in self.nodes[node].members)
            step: EliminationStep = Observe(name, self.live.index(name))
        else:
            step = End(place)
        self._add(step, [other for other in self.live if other != name])
        self.closed |= self.bits[name]
        del self.open[name]

    def _end_node(self, name: int) -> None:
        node = self.nodes[name]
        for effect in node.effects:
            if effect in self.open:
                self._begin(effect)
        self._explain((c, effect) for c in node.members for effect in node.effects if effect in self.open)
        for c in node.members:
            self._add(End(self.live.index(c)), [other for other in self.live if other != c])
        del self.on_axes[name]

    def _explain(self, pairs: Iterable[tuple[int, int]]) -> None:
        new = [(c, e) for c, e in pairs if e in self.node_of[c].effects and (c, e) not in self.explained]
        self.explained.update(new)
        if new:
            places = tuple((c, self.live.index(c), e, self.live.index(e)) for c, e in new)
            self._add(Explain(places), self.live)
