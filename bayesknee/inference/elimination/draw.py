"""Sets of conditions drawn given evidence: forward filtering, backward sampling.

A step of a run sums a variable out of the product of the table before it and the numbers of the step. That product, at
the states drawn so far, is the distribution of this variable. So the steps are undone in reverse, and each draws the
variable that it summed out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import singledispatchmethod
from typing import Final

import numpy as np

from bayesknee.arrays import Bools, Integers, Vector
from bayesknee.inference.drawn_states import draw_each
from bayesknee.inference.elimination.run import Run
from bayesknee.inference.elimination.steps import (
    Absorb,
    Begin,
    Crowd,
    EliminationStep,
    End,
    Explain,
    Join,
    Observe,
    explain,
    spread,
)

LARGEST_BELOW_1: Final = 1.0 - 1e-16  # the float next to 1: the log of 1 - p stays finite, so no inf - inf is nan


def draw(run: Run, rows: int, rng: np.random.Generator) -> tuple[Bools, dict[int, Integers]]:
    """Conditions, shape (rows, n), and the states of blocks of risk factors in the elimination order, shape (rows,).

    Args:
        run: of a single patient whose evidence is possible. Its `log_evidence` was called.
        rows: how many sets to draw.
        rng: the generator of random numbers.
    """
    drawing = _Drawing(run, rows, rng)
    for step, x in run.tables_backwards():
        drawing.undo(step, x)
    return drawing.conditions, drawing.blocks


@dataclass
class _Drawing:
    """The draws so far.

    Attributes:
        run: the run whose steps are undone.
        rows: how many sets are drawn.
        rng: the generator of random numbers.
        axes: the states drawn for the axes of the table at this step, in order.
        blocks: the states drawn for blocks of risk factors, by number.
    """

    run: Run
    rows: int
    rng: np.random.Generator
    axes: list[Integers] = field(default_factory=list)
    blocks: dict[int, Integers] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.numbers = self.run.patients
        self.n = self.numbers.structure.model.n
        self.conditions = np.zeros((self.rows, self.n), np.bool_)

    def _at(self, table: Vector, axes: list[Integers] | None = None) -> Vector:
        """The values of a table of one patient at the states drawn, shape (rows,)."""
        states = tuple(self.axes if axes is None else axes)
        return table[(*states, 0)] if states else np.broadcast_to(table[0], (self.rows,))

    def _with(self, place: int, state: int) -> list[Integers]:
        """The axes, with the one at `place` in a given state."""
        return [np.full(self.rows, state) if other == place else states for other, states in enumerate(self.axes)]

    @singledispatchmethod
    def undo(self, step: EliminationStep, x: Vector) -> None:
        """Draws the variable that the step summed out; x is the table before the step."""
        raise NotImplementedError(type(step).__name__)

    @undo.register
    def _observe(self, step: Observe, x: Vector) -> None:
        self._insert(step.place, x, self.numbers.weights(step.effect)[:, 0])

    @undo.register
    def _end(self, step: End, x: Vector) -> None:
        self._insert(step.place, x, np.ones(x.shape[step.place]))

    def _insert(self, place: int, x: Vector, weights: Vector) -> None:
        chances = np.moveaxis(x[..., 0], place, -1)[tuple(self.axes)]
        chances = np.broadcast_to(chances, (self.rows, len(weights)))
        self.axes.insert(place, draw_each(chances * weights, self.rng))

    @undo.register
    def _begin(self, step: Begin, x: Vector) -> None:
        del x
        states = self.axes.pop(0)
        if step.name < self.n:
            self.conditions[:, step.name] = states > 0
        elif step.name in self.numbers.structure.model.blocks:
            self.blocks[step.name] = states

    @undo.register
    def _explain(self, step: Explain, x: Vector) -> None:
        self._unexplain(
            x, [(axis, place, self.numbers.chance(condition, name)) for condition, axis, name, place in step.pairs]
        )

    def _unexplain(self, x: Vector, pairs: list[tuple[int | None, int, Vector]], who: Bools | None = None) -> None:
        """Draws whether each effect was explained before the step.

        Args:
            x: the table before the step.
            pairs: the place of a condition's axis or None, the place of an effect's axis, and q.
            who: the rows to draw for, by default all of them.
        """
        tables = [x]
        for axis, place, q in pairs:
            tables.append(tables[-1].copy())
            explain(tables[-1], [] if axis is None else [(axis, 1)], place, q)
        for (axis, place, q), before in zip(pairs[::-1], tables[-2::-1], strict=True):
            here = np.ones(self.rows, np.bool_) if who is None else who
            here = here & (self.axes[place] > 0) & (True if axis is None else self.axes[axis] > 0)
            already = self._at(before, self._with(place, 1))
            just_now = q * self._at(before, self._with(place, 0))
            drawn = self.rng.random(self.rows) * (already + just_now) < just_now
            self.axes[place] = np.where(here & drawn, 0, self.axes[place])

    @undo.register
    def _absorb(self, step: Absorb, x: Vector) -> None:
        no, yes = (spread(table, step.scope, x.ndim) for table in self.numbers.pair(step.condition))
        pairs: list[tuple[int | None, int, Vector]] = [
            (None, place, self.numbers.chance(step.condition, name)) for name, place in step.effects
        ]
        present = x * yes
        after = present.copy()
        for _, place, q in pairs:
            explain(after, [], place, q)
        absent_here, present_here = self._at(x * no), self._at(after)
        drawn = self.rng.random(self.rows) * (absent_here + present_here) < present_here
        self.conditions[:, step.condition] = drawn
        self._unexplain(present, pairs, drawn)

    @undo.register
    def _join(self, step: Join, x: Vector) -> None:
        crowd = self.numbers.crowd(step.name)
        scope = [self.axes[place] for place in step.scope]
        if step.effect is None:
            self._draw_members(crowd, scope, None)
            return
        after = self.axes[step.effect] > 0
        nothing, something = (self._scoped(table, scope) for table in (crowd.nothing, crowd.something))
        before = [self._at(x, self._with(step.effect, state)) for state in (0, 1)]
        ways = np.stack([before[1] * nothing, before[1] * something, before[0] * something], axis=1)
        ways[~after] = np.array([1.0, 0.0, 0.0])
        way = draw_each(ways, self.rng)
        self.axes[step.effect] = np.where(after & (way < 2), 1, 0)
        self._draw_members(crowd, scope, way > 0)

    def _scoped(self, table: Vector, scope: list[Integers]) -> Vector:
        """The values of a table over a scope at the states drawn, shape (rows,)."""
        return np.broadcast_to(table[(*scope, 0)], (self.rows,))

    def _draw_members(self, crowd: Crowd, scope: list[Integers], fires: Bools | None) -> None:
        """Draws a crowd's members, given whether any of them brings the effect about; None if there is no effect."""
        tables = (np.moveaxis(table[..., 0], 0, -1) for table in (crowd.no, crowd.yes))
        no, yes = (table[tuple(scope)].reshape(-1, len(crowd.members)) for table in tables)
        members = np.array(crowd.members)
        if fires is None:
            self.conditions[:, members] = self._draw_independent(yes, no)
            return
        self.conditions[:, members] = self._draw_independent(yes * (1.0 - crowd.q[:, 0]), no)
        if fires.any():
            rows = np.flatnonzero(fires)
            yes, no = (np.broadcast_to(weights, (self.rows, len(members)))[rows] for weights in (yes, no))
            self.conditions[rows[:, None], members] = self._draw_with_one_firing(yes, no, crowd.q[:, 0])

    def _draw_independent(self, yes: Vector, no: Vector) -> Bools:
        size = np.broadcast_shapes(yes.shape, no.shape, (self.rows, 1))
        return np.asarray(self.rng.random(size) * (yes + no) < yes)

    def _draw_with_one_firing(self, yes: Vector, no: Vector, q: Vector) -> Bools:
        """Members given that at least one fires: the first to fire is drawn; those after it may fire, too."""
        fire = yes * q / (yes + no)
        with np.errstate(divide="ignore"):
            log_still = np.cumsum(np.log1p(-np.minimum(fire, LARGEST_BELOW_1)), axis=1)
        first_chances = fire * np.exp(np.hstack([np.zeros((len(fire), 1)), log_still[:, :-1]]))
        first = draw_each(first_chances, self.rng)[:, None]
        order = np.arange(fire.shape[1])
        quiet = yes * (1.0 - q)
        before = self.rng.random(fire.shape) * (quiet + no) < quiet
        behind = self.rng.random(fire.shape) * (yes + no) < yes
        return np.where(order < first, before, np.where(order > first, behind, np.True_))
