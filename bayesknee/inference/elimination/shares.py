"""What each answer brings to log P(evidence | event), where conditions are many.

As in `bayesknee.inference.enumeration.shares`, the evidence comes in gradually and all at once, for t from 0 to 1, and
the gain of each moment goes to the answers by what they have to say at that moment. There the likelihood on the way is
P(e | s)^t; of a present finding that is no sum that this strategy can do. So an answer comes in on a way of its own,
where it can:

- an absent finding as P(absent | s)^t, which stays a product over conditions;
- a sign by its readings as P(readings | sign)^t, an unsure answer about a condition as its likelihood^t: as there;
- a direct finding that is present or unsure, and any answer to a mixture, as u + (1 - u) P(answer | s) with
  u = (1 - t)^3: that much of "not told". For a mixture, that is to do so with each distribution of which it is a mean.

All ways end at P(answer | s), so shares sum to log P(e | event) whatever they are, and answers that say the same have
the same way. Answers about risk factors, and such as settle a condition, come before all others and divide what they do
together as there.

What an answer brings at a moment is the derivative of log P_t(event, e) by its own t, for all conditions at once: a run
gives P_t(c, e) for all of them, and a run with i h added to the t of one answer gives the derivatives as the imaginary
parts, with h so small that nothing is lost (the complex step of Squire and Trapp, SIAM Review, 1998). The answers are
so many patients of one run.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, cast

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.cpds import MixtureNumbers, reading_table
from bayesknee.inference.dividing import divided, gauss_legendre
from bayesknee.inference.elimination.core import EliminationCore
from bayesknee.inference.elimination.patients import (
    Patients,
    SortedEvidence,
    common_of,
    is_folded,
    one_patient,
    sorted_evidence,
)
from bayesknee.inference.elimination.steps import expm1, log
from bayesknee.inference.elimination.structure import Structure
from bayesknee.inference.results import Events, Shares
from bayesknee.patient.evidence import Evidence, Likelihood

NODES: Final = (40, 80, 160)
TOLERANCE: Final = 1e-7  # what the nodes may miss of the sum, which is known; it is then divided like the rest
STEP: Final = 1e-30
LEAST: Final = 1e-250  # times STEP it is still a float


def shares(core: EliminationCore, evidence: Evidence, events: Events) -> Shares:
    """The shares of all that is known in all events."""
    path = EliminationPath(core, evidence, events)
    for nodes in NODES:
        result, off = path.shares(nodes)
        if off <= TOLERANCE:
            break
    return result


@dataclass
class _Chances:
    """A `Tally` of P(absent | evidence) and P(present | evidence) by condition, shape (n, 2, patients)."""

    patients: Patients
    found: Vector

    def condition(self, number: int, weights: Vector) -> None:
        both = weights.reshape(2, -1, weights.shape[-1]).sum(axis=1)
        self.found[number] = both / both.sum(axis=0)

    def crowd(self, name: int, weights: Vector) -> None:
        crowd = self.patients.crowd(name)
        self.found[list(crowd.members)] = crowd.chances(weights)

    def axis(self, name: int, weights: Vector) -> None:
        if name < len(self.found):
            self.condition(name, weights)

    def effect(self, number: int, weights: Vector) -> None: ...


class EliminationPath:
    """The way of the evidence from t = 0 to 1."""

    def __init__(self, core: EliminationCore, evidence: Evidence, events: Events) -> None:
        self._core = core
        self._model = core.model
        self._evidence = evidence
        self._events = events
        self._known = sorted_evidence(core.model, evidence)
        self._names = tuple(evidence.likelihoods)
        self._whole = self._patient(self._known)
        settled = {c: each for c, each in self._known.conditions.items() if min(each) == 0.0}
        self._first = SortedEvidence(settled, self._known.risk_factors, {})
        self._gradual = tuple(name for name in self._names if self._is_gradual(name))

    def _is_gradual(self, name: str) -> bool:
        """Whether an answer comes in gradually, and tells something."""
        if name in self._model.numbers:
            return self._model.numbers[name] not in self._first.conditions
        if name in self._model.readings:
            return self._model.names[self._model.readings[name].sign] in self._whole.observed
        if name in self._known.mixtures:
            return True
        return name in self._known.effects and not self._tells_nothing(self._known.effects[name])

    @staticmethod
    def _tells_nothing(likelihood: Likelihood) -> bool:
        return likelihood[0] == likelihood[1]

    # --- sums --------------------------------------------------------------------------------------------------------

    def _patient(self, known: SortedEvidence) -> Patients:
        patient = one_patient(self._model, known)
        return self._core.counting_any(patient) if self._core.has_complaint else patient

    def _sides(self, patients: Patients) -> tuple[Vector, Vector]:
        """log P(evidence), shape (patients,), and log P(side, evidence), shape (2, events, patients)."""
        run = self._core.run(patients)
        log_all = run.log_evidence() - np.log(self._model.complaint)
        tally = _Chances(patients, np.zeros((self._model.n, 2, patients.count), patients.no.dtype))
        run.back(tally)
        sides = np.empty((2, len(self._events), patients.count), patients.no.dtype)
        by_condition = log_all + log(tally.found)
        singles = [(number, next(iter(event))) for number, event in enumerate(self._events) if len(event) == 1]
        numbers, conditions = (list(each) for each in zip(*singles, strict=True)) if singles else ([], [])
        sides[:, numbers] = np.moveaxis(by_condition[conditions, ::-1], 1, 0)
        for number, c in singles:
            for state in np.flatnonzero((np.abs(tally.found[c]) < LEAST).any(axis=1)).tolist():
                sides[1 - state, number] = self._side_alone(patients, c, state)
        for number, event in enumerate(self._events):
            if len(event) != 1:
                sides[:, number] = self._sides_of_several(patients, event, log_all)
        return log_all, sides

    def _side_alone(self, patients: Patients, c: int, state: int) -> Vector:
        """log P(condition in a state, evidence), where it is too small a part of P(evidence) for floats."""
        no, yes = patients.no.copy(), patients.yes.copy()
        (no if state else yes)[c] = -np.inf
        with np.errstate(divide="ignore", invalid="ignore"):
            run = self._core.run(replace(patients, no=no, yes=yes))
            return np.asarray(run.log_evidence() - np.log(self._model.complaint))

    def _sides_of_several(self, patients: Patients, event: frozenset[int], log_all: Vector) -> Vector:
        """The sides of an event of several conditions, or of none, shape (2, patients)."""
        run = self._core.run(patients.without(event))
        log_none = run.log_evidence() - np.log(self._model.complaint)
        with np.errstate(invalid="ignore"):
            some = log(-expm1(np.minimum(log_none - log_all, 0.0)))
            return np.stack([log_all + some, log_none])

    def _at(self, t: float, step: float, moved: Sequence[str] = ()) -> Patients:
        """The patient at a moment, once for each of some answers, with i `step` added to the t of that one."""
        patient, count = self._whole, max(len(moved), 1)
        times = {name: _complex(np.full(count, t)) for name in self._gradual}
        for column, name in enumerate(moved):
            times[name][column] += 1j * step
        no, yes = (_complex(np.zeros((self._model.n, count))) for _ in range(2))
        observed = {k: _complex(np.ones((2, count))) for k in patient.observed}
        if self._model.any_effect in observed:
            observed[self._model.any_effect] = np.repeat(patient.observed[self._model.any_effect], count, axis=1)
        for c, likelihood in self._first.conditions.items():
            no[c], yes[c] = (math.log(weight) if weight > 0.0 else -math.inf for weight in likelihood)
        for name, time in times.items():
            if name not in self._known.mixtures:
                self._come_in(name, time, no, yes, observed)
        structure = self._structure(times) if self._known.mixtures else patient.structure
        observed |= structure.observed_of_mixtures(count)
        log_scale = np.repeat(structure.log_scale, count)
        return Patients(structure, no, yes, observed, log_scale)

    def _structure(self, times: Mapping[str, Vector]) -> Structure:
        """With mixtures at these times: the likelihood of what was answered is all that is left of their states."""
        told = {name: self._told(name, times[name]) for name in self._known.mixtures}
        known = replace(self._known, mixtures=dict.fromkeys(told, (1.0,)))
        return Structure(replace(self._model, redrawn_mixtures=told), common_of(self._model, known))

    def _told(self, name: str, time: Vector) -> MixtureNumbers:
        likelihood = np.array(self._known.mixtures[name])
        weights, distributions, otherwise = self._model.mixture(name)
        given, by_default = (np.moveaxis(each, -2, -1) @ likelihood for each in (distributions, otherwise))
        return MixtureNumbers(
            weights,
            _part_told(given / likelihood.max(), time)[:, None],
            _part_told(by_default / likelihood.max(), time)[None],
        )

    def _come_in(self, name: str, time: Vector, no: Vector, yes: Vector, observed: Mapping[int, Vector]) -> None:
        """Multiplies what a patient's numbers are with what an answer says at these times, shape (patients,)."""
        if name in self._model.numbers:
            c = self._model.numbers[name]
            for side, weight in zip((no, yes), self._known.conditions[c], strict=True):
                side[c] += time * math.log(weight)
        elif name in self._model.readings:
            logs = self._logs_of_reading(name)
            sign = self._model.names[self._model.readings[name].sign]
            observed[sign][:] *= np.exp(time * (logs - logs.max())[:, None])
        elif is_folded(self._known.effects[name]):
            effect = self._model.effects[name]
            yes[effect.causes] += time * effect.log_fail[:, None]
        else:
            whole = np.array(self._known.effects[name])[:, None]
            observed[self._model.names[name]][:] = _part_told(whole / whole.max(), time)

    def _logs_of_reading(self, name: str) -> Vector:
        """log P(answer | no sign) and log P(answer | sign)."""
        return np.log(np.array(self._evidence.likelihoods[name]) @ reading_table(self._model.readings[name]))

    @cached_property
    def _constants(self) -> Vector:
        """What the answers that come in gradually bring to all sides alike, which no patient's sum counts."""
        return np.array([self._constant(name) for name in self._gradual])

    def _constant(self, name: str) -> float:
        if name in self._model.readings:
            return float(self._logs_of_reading(name).max())
        if name in self._known.effects and is_folded(self._known.effects[name]):
            return float(self._model.effects[name].log_no_leak)
        return 0.0

    # --- shares ------------------------------------------------------------------------------------------------------

    def shares(self, nodes: int) -> tuple[Shares, float]:
        """The shares by that many nodes of Gauss-Legendre, and what their sums miss at the most."""
        before = self._gained(SortedEvidence({}, {}, {}))[1]
        start = self._gained(self._first)[1]
        after = self._sides(self._at(1.0, 0.0))[1][:, :, 0].real
        moves = np.zeros((len(self._names), 2, len(self._events)))
        gradual = [self._names.index(name) for name in self._gradual]
        for t, weight in zip(*gauss_legendre(nodes), strict=True):
            moves[gradual] += weight * self._densities(float(t))
        moves[:, ~np.isfinite(after)] = 0.0
        level = float(self._constants.sum())
        with np.errstate(invalid="ignore"):
            rest = np.where(np.isfinite(after), after - start + level - moves.sum(axis=0), 0.0)
        size = np.abs(moves)
        moves += rest * size / np.maximum(size.sum(axis=0), 1e-300)
        first = dict(self._moves_of_the_first(before))
        for row, name in enumerate(self._names):
            if name in first:
                moves[row] = first[name]
        return Shares(self._names, before, after + level, moves), float(np.abs(rest).max(initial=0.0))

    def _densities(self, t: float) -> Vector:
        """What each answer that comes in gradually brings at a moment, shape (these, 2, events)."""
        if not self._gradual:
            return np.zeros((0, 2, len(self._events)))
        length = self._core.at_once(self._whole.structure)
        parts = (self._gradual[start : start + length] for start in range(0, len(self._gradual), length))
        sides = np.concatenate([self._sides(self._at(t, STEP, part))[1] for part in parts], axis=2)
        return np.nan_to_num(np.moveaxis(sides.imag, 2, 0) / STEP) + self._constants[:, None, None]

    def _gained(self, known: SortedEvidence) -> tuple[float, Vector]:
        """log P(known), and log P(side, known), shape (2, events)."""
        logs, sides = self._sides(self._patient(known))
        return float(logs[0]), sides[:, :, 0]

    def _moves_of_the_first(self, before: Vector) -> Iterable[tuple[str, Vector]]:
        """What the answers do that come before all others."""
        ids = self._model.parents.conditions
        names = [*(ids[c] for c in self._first.conditions), *self._first.risk_factors]
        if not names:
            return

        def gain(chosen: list[str]) -> tuple[Vector, float]:
            """What these bring to each side, and to all of it together."""
            conditions = {c: each for c, each in self._first.conditions.items() if ids[c] in chosen}
            factors = {name: each for name, each in self._first.risk_factors.items() if name in chosen}
            log_all, sides = self._gained(SortedEvidence(conditions, factors, {}))
            return np.where(np.isneginf(before), 0.0, sides - before), log_all

        with np.errstate(invalid="ignore"):
            alone = [gain([name]) for name in names]
            rest = [gain([other for other in names if other != name]) for name in names]
            whole = gain(names)
            yield from zip(names, _divided_by_level(alone, rest, whole), strict=True)


def _part_told(whole: Vector, time: Vector) -> Vector:
    """u + (1 - u) of a likelihood at some times."""
    untold = (1.0 - time) * (1.0 - time) * (1.0 - time)
    return np.asarray(untold + (1.0 - untold) * whole)


def _complex(values: Any) -> Vector:  # noqa: ANN401 (an array)
    """As complex numbers, which the tables take, too, though their types do not tell."""
    return cast("Vector", values.astype(np.complex128))


def _divided_by_level(
    alone: list[tuple[Vector, float]], rest: list[tuple[Vector, float]], whole: tuple[Vector, float]
) -> Vector:
    """`divided`, with what all sides have in common apart: who brings that alone moves no side against another."""
    level = np.array([own for _, own in alone])
    level_last = whole[1] - np.array([own for _, own in rest])
    first = np.array([gained - own for gained, own in alone])
    last = (whole[0] - whole[1]) - np.array([gained - own for gained, own in rest])
    levels = divided(level, level_last, np.array(whole[1]))
    return np.asarray(divided(first, last, whole[0] - whole[1]) + levels[:, None, None])
