"""Runs of an elimination order by compiled code: as `run`, but in plain loops, one patient after the other.

The tables of a patient are small, so most of the time of a run by numpy is overhead. Compiled runs require that all
axes have two states, and that no number depends on an axis. So risk factors must be known or touch one condition only,
and no condition may depend on another. `program_of` checks this.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from bayesknee.arrays import TINY, Vector
from bayesknee.inference.elimination.order import EliminationOrder
from bayesknee.inference.elimination.patients import Patients
from bayesknee.inference.elimination.run import Marginals
from bayesknee.inference.elimination.steps import Absorb, Begin, EliminationStep, End, Explain, Join, Observe
from bayesknee.inference.elimination.structure import Structure
from bayesknee.inference.jit import Index, compiled

BEGIN, ABSORB, JOIN, EXPLAIN, SUM_OUT = range(5)  # kinds of step
NONE: Final = -1  # in place of an axis, where there is none


class StepProgram(NamedTuple):
    """An elimination order in arrays.

    A step takes a pair of numbers, for absent and present. The pairs of the conditions come first, by number, then the
    leaks of the effects in the order.

    Attributes:
        steps: shape (steps, 5), with these columns. The kind. The index of the numbers: of a pair, of an effect's
            answers (the one after the last is for conditions), or of a crowd. The place of the axis. The first link.
            The link after the last.
        links: the place of a condition's axis or `NONE`, and the place of an effect's axis, shape (links, 2).
        chances: q of each link, shape (links,).
        sizes: how many numbers each table holds, from the one before all steps, shape (steps + 1,).
        leaks: P(absent) and P(present) without any cause, by effect, shape (effects, 2).
        crowds: the start of each crowd in `members`, then the end of the last one, shape (crowds + 1,).
        members: the conditions of all crowds, by number.
        member_chances: q of each member.
    """

    steps: Index
    links: Index
    chances: Vector
    sizes: Index
    leaks: Vector
    crowds: Index
    members: Index
    member_chances: Vector


def program_of(plan: EliminationOrder, structure: Structure) -> StepProgram | None:
    """The elimination order in arrays; None if it does not meet the requirements of this module."""
    if any(getattr(step, "scope", ()) for step in plan.steps) or structure.shape.factors:
        return None
    return _Writer(structure).program(plan)


class _Writer:
    """Writes a program."""

    def __init__(self, structure: Structure) -> None:
        self._structure = structure
        self._effect_of = structure.model.effect_of
        self._effects = {name: number for number, name in enumerate(structure.common.effects)}
        self._crowds = {name: number for number, name in enumerate(structure.crowds)}
        self._links: list[tuple[int, int]] = []
        self._chances: list[float] = []

    def program(self, plan: EliminationOrder) -> StepProgram:
        steps = [self._row(step) for step in plan.steps]
        members = [node.members for node in self._structure.crowds.values()]
        chances = [q[:, 0] for q in self._structure.crowd_chances.values()]
        leaks = [self._effect_of[name].leak[:, 0] for name in self._effects]
        return StepProgram(
            steps=np.array(steps, np.int64).reshape(-1, 5),
            links=np.array(self._links, np.int64).reshape(-1, 2),
            chances=np.array(self._chances),
            sizes=np.array((1, *plan.sizes), np.int64),
            leaks=np.array(leaks).reshape(-1, 2),
            crowds=np.cumsum([0, *map(len, members)]),
            members=np.concatenate([*members, ()]).astype(np.int64),
            member_chances=np.concatenate([*chances, ()]),
        )

    def _row(self, step: EliminationStep) -> tuple[int, int, int, int, int]:
        first = len(self._links)
        kind, whose, place = self._kind(step)
        return kind, whose, place, first, len(self._links)

    def _kind(self, step: EliminationStep) -> tuple[int, int, int]:
        """Kind, index of the numbers, and place of a step; adds its links."""
        match step:
            case Begin(name):
                return BEGIN, self._structure.model.n + self._effects[name] if name in self._effects else name, NONE
            case Absorb(condition, _, effects):
                for name, place in effects:
                    self._link(condition, name, NONE, place)
                return ABSORB, condition, NONE
            case Join(name, _, effect):
                return JOIN, self._crowds[name], NONE if effect is None else effect
            case Explain(pairs):
                for condition, axis, name, place in pairs:
                    self._link(condition, name, axis, place)
                return EXPLAIN, NONE, NONE
            case Observe(effect, place):
                return SUM_OUT, self._effects[effect], place
            case End(place):
                return SUM_OUT, len(self._effects), place
        raise TypeError(type(step).__name__)

    def _link(self, condition: int, effect: int, axis: int, place: int) -> None:
        self._links.append((axis, place))
        self._chances.append(float(self._effect_of[effect].q[condition]))


class CompiledRun:
    """As `bayesknee.inference.elimination.run.Run`.

    Args:
        program: the elimination order of the patients' structure.
        patients: of one structure.
    """

    def __init__(self, program: StepProgram, patients: Patients) -> None:
        self._program = program
        self._patients = patients
        count, n = patients.count, patients.structure.model.n
        self._pairs = np.empty((count, n + len(program.leaks), 2))
        self._pairs[:, :n] = np.stack(patients.pairs).T
        self._pairs[:, n:] = program.leaks
        self._answers = np.ones((count, len(program.leaks) + 1, 2))
        for number, name in enumerate(patients.structure.common.effects):
            self._answers[:, number] = patients.observed[name].T
        self._tables = np.empty((count, int(program.sizes.sum())))

    def log_evidence(self) -> Vector:
        """log P(evidence), shape (patients,); keeps the tables for the backward pass."""
        logs = np.empty(self._patients.count)
        forward(self._program, self._pairs, self._answers, self._tables, logs)
        return np.asarray(logs + self._patients.log_scale)

    def log_evidence_alone(self) -> Vector:
        """The same where no `marginals` are wanted."""
        return self.log_evidence()

    def marginals(self) -> Marginals:
        """P(condition | evidence), after `log_evidence`; NaN if that is minus infinity."""
        found = np.full(self._pairs.shape[:2], np.nan)
        backward(self._program, self._pairs, self._answers, self._tables, found)
        return Marginals(self._patients, found[:, : self._patients.structure.model.n].T)


# --- compiled --------------------------------------------------------------------------------------------------------


@compiled
def forward(program: StepProgram, pairs: Vector, answers: Vector, tables: Vector, logs: Vector) -> None:
    """The forward pass: fills `tables` and `logs`.

    Args:
        program: the elimination order.
        pairs: P(absent, local evidence) and P(present, local evidence) of conditions, then the leaks of effects, shape
            (patients, n + effects, 2).
        answers: P(answers | absent) and P(answers | present) by effect, then ones, shape (patients, effects + 1, 2).
        tables: the table before all steps, then the table after each step, side by side, shape (patients, sum of
            sizes).
        logs: log P(evidence), shape (patients,).
    """
    for row in range(len(logs)):
        start, log_scale = 0, 0.0
        tables[row, 0] = 1.0
        for number in range(len(program.steps)):
            size, new = program.sizes[number], program.sizes[number + 1]
            x, after = tables[row, start : start + size], tables[row, start + size : start + size + new]
            log_scale += step_forward(program, program.steps[number], pairs[row], answers[row], x, after)
            start += size
        last = tables[row, start]
        logs[row] = math.log(last) + log_scale if last > 0.0 else -np.inf


@compiled
def step_forward(  # noqa: PLR0913, PLR0917 (compiled code takes plain arguments)
    program: StepProgram, step: Index, pairs: Vector, answers: Vector, x: Vector, after: Vector
) -> float:
    """Fills the table after a step from the table x before it; returns the log of the factor it was divided by."""
    kind, whose, place = step[0], step[1], step[2]
    size = len(x)
    if kind == BEGIN:
        after[:size] = x * pairs[whose, 0]
        after[size:] = x * pairs[whose, 1]
    elif kind == ABSORB:
        after[:] = x * pairs[whose, 1]
        explain(program, step, after)
        after += x * pairs[whose, 0]
    elif kind == EXPLAIN:
        after[:] = x
        explain(program, step, after)
    elif kind == JOIN:
        return join(program, whose, place, pairs, x, after)
    else:
        return sum_out(place, answers[whose], x, after)
    return 0.0


@compiled
def explain(program: StepProgram, step: Index, x: Vector) -> None:
    """The noisy-OR links of a step, in place: conditions bring effects about."""
    size = len(x)
    for link in range(step[3], step[4]):
        axis, place, q = program.links[link, 0], program.links[link, 1], program.chances[link]
        bit, needed = size >> (1 + place), size >> (1 + axis) if axis != NONE else 0
        for i in range(size):
            if not i & bit and i & needed == needed:
                x[i + bit] += q * x[i]
                x[i] *= 1.0 - q


@compiled
def join(  # noqa: PLR0913, PLR0917
    program: StepProgram, number: int, place: int, pairs: Vector, x: Vector, after: Vector
) -> float:
    """Multiplies by the outcomes of a crowd; returns the log of the factor that the table was divided by."""
    log_either, log_none = crowd(program, number, pairs)
    if log_either == -np.inf:
        after[:] = 0.0
        return 0.0
    nothing, something = math.exp(log_none), -math.expm1(log_none)
    bit = len(x) >> (1 + place) if place != NONE else 0
    for i in range(len(x)):
        after[i] = x[i] * (nothing + something) + x[i - bit] * something if i & bit else x[i] * nothing
    return log_either


@compiled
def crowd(program: StepProgram, number: int, pairs: Vector) -> tuple[float, float]:
    """log P(local evidence of a crowd), and log P(no member brings the effect about | local evidence)."""
    log_either, log_none = 0.0, 0.0
    for i in range(program.crowds[number], program.crowds[number + 1]):
        no, yes = pairs[program.members[i]]
        log_either += math.log(no + yes) if no + yes > 0.0 else -np.inf
        log_none += log_fail(no, yes, program.member_chances[i])
    return log_either, log_none


@compiled
def log_fail(no: float, yes: float, q: float) -> float:
    """log P(a condition does not bring an effect about | local evidence)."""
    either = max(no + yes, TINY)
    brings = yes / either * q
    if brings < 0.5:  # as in `steps._log_fail`
        return math.log1p(-brings)
    return math.log(max(no / either + yes / either * (1.0 - q), TINY))


@compiled
def sum_out(place: int, weights: Vector, x: Vector, after: Vector) -> float:
    """Sums an axis out with weights; returns the log of the factor that the table was divided by."""
    bit, top = len(x) >> (1 + place), 0.0
    for i in range(len(after)):
        k = (i & ~(bit - 1)) << 1 | i & (bit - 1)
        after[i] = x[k] * weights[0] + x[k + bit] * weights[1]
        top = max(top, after[i])
    if top == 0.0:
        return 0.0
    after /= top
    return math.log(top)


@compiled
def backward(program: StepProgram, pairs: Vector, answers: Vector, tables: Vector, found: Vector) -> None:
    """The backward pass: P(present | evidence) of conditions into `found`, shape (patients, n + effects).

    The columns of effects are of no use. `tables` were filled by `forward`; the other arguments are as there.
    """
    largest = program.sizes.max()
    one, other = np.empty(largest), np.empty(largest)
    for row in range(len(found)):
        start = tables.shape[1] - program.sizes[-1]
        one[0] = 1.0
        for number in range(len(program.steps) - 1, -1, -1):
            size, new = program.sizes[number], program.sizes[number + 1]
            start -= size
            x, g, before = tables[row, start : start + size], one[:new], other[:size]
            step_back(program, program.steps[number], pairs[row], answers[row], x, g, before, found[row])
            one, other = other, one


@compiled
def step_back(  # noqa: PLR0913, PLR0917
    program: StepProgram,
    step: Index,
    pairs: Vector,
    answers: Vector,
    x: Vector,
    g: Vector,
    before: Vector,
    found: Vector,
) -> None:
    """The message g before a step from the one after it; puts marginals into `found`."""
    kind, whose, place = step[0], step[1], step[2]
    size = len(x)
    if kind == BEGIN:
        found[whose] = mixed(x, g[:size], g[size:], pairs[whose], before)
    elif kind == ABSORB:
        explained = g.copy()
        explain_back(program, step, explained)
        found[whose] = mixed(x, g, explained, pairs[whose], before)
    elif kind == EXPLAIN:
        before[:] = g
        explain_back(program, step, before)
    elif kind == JOIN:
        join_back(program, whose, place, pairs, x, g, before, found)
    else:
        share_out(place, answers[whose], g, before)


@compiled
def mixed(x: Vector, absent: Vector, present: Vector, pair: Vector, before: Vector) -> float:
    """The message before a condition or effect from those after it; returns P(present | evidence)."""
    without = with_it = 0.0
    for i in range(len(x)):
        no, yes = absent[i] * pair[0], present[i] * pair[1]
        without += x[i] * no
        with_it += x[i] * yes
        before[i] = no + yes
    return with_it / (without + with_it)


@compiled
def explain_back(program: StepProgram, step: Index, g: Vector) -> None:
    """The transpose of `explain`, in place."""
    size = len(g)
    for link in range(step[4] - 1, step[3] - 1, -1):
        axis, place, q = program.links[link, 0], program.links[link, 1], program.chances[link]
        bit, needed = size >> (1 + place), size >> (1 + axis) if axis != NONE else 0
        for i in range(size):
            if not i & bit and i & needed == needed:
                g[i] = (1.0 - q) * g[i] + q * g[i + bit]


@compiled
def join_back(  # noqa: PLR0913, PLR0917
    program: StepProgram, number: int, place: int, pairs: Vector, x: Vector, g: Vector, before: Vector, found: Vector
) -> None:
    """The transpose of `join`; puts the marginals of the members into `found`."""
    log_none = crowd(program, number, pairs)[1]
    nothing, something = math.exp(log_none), -math.expm1(log_none)
    bit = len(x) >> (1 + place) if place != NONE else 0
    still = fired = 0.0
    for i in range(len(x)):
        still += x[i] * g[i]
        if i & bit:
            fired += (x[i] + x[i - bit]) * g[i]
            before[i] = g[i] * (nothing + something)
        else:
            before[i] = g[i] * nothing + (g[i + bit] * something if bit else 0.0)
    members(program, number, pairs, log_none, still, fired, found)


@compiled
def members(  # noqa: PLR0913, PLR0917
    program: StepProgram, number: int, pairs: Vector, log_none: float, still: float, fired: float, found: Vector
) -> None:
    """P(member of a crowd | evidence) from the weights of both outcomes; see `steps.Crowd`."""
    total = math.exp(log_none) * still - math.expm1(log_none) * fired
    for i in range(program.crowds[number], program.crowds[number + 1]):
        member, q = program.members[i], program.member_chances[i]
        no, yes = pairs[member]
        others = min(log_none - log_fail(no, yes, q), 0.0)
        fails, brings = (1.0 - q) * math.exp(others), q - (1.0 - q) * math.expm1(others)
        found[member] = yes / max(no + yes, TINY) * (fails * still + brings * fired) / total


@compiled
def share_out(place: int, weights: Vector, g: Vector, before: Vector) -> None:
    """The transpose of `sum_out`; the message is scaled so that its largest number is 1."""
    bit, top = len(before) >> (1 + place), g.max()
    scale = 1.0 / top if top > 0.0 else 1.0
    for i in range(len(g)):
        k = (i & ~(bit - 1)) << 1 | i & (bit - 1)
        before[k], before[k + bit] = scale * g[i] * weights[0], scale * g[i] * weights[1]
