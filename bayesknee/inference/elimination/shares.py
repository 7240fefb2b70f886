"""The share of each answer in log P(evidence | event), by elimination.

As in `bayesknee.inference.enumeration.shares`, the evidence enters gradually along a path with t from 0 to 1, all
answers at the same time. The gain at t is divided among the answers by their derivatives (Aumann-Shapley). There the
likelihood on the path is P(e | s)^t. For a present finding, this strategy cannot sum that. So the path of an answer
depends on its kind:

- An absent finding enters as P(absent | s)^t, which stays a product over conditions.
- A sign enters by its readings as P(readings | sign)^t, and an unsure answer about a condition as its likelihood^t.
- A direct finding that is present or unsure, and any answer to a mixture, enters as u + (1 - u) P(answer | s) with
  u = (1 - t)^3, the weight of "not known". For a mixture, each of its distributions is replaced so.

All paths end at P(answer | s), so the shares sum to log P(e | event) for any choice of paths. Answers with the same
likelihood have the same path. Answers about risk factors, and answers that settle a condition, come before all others;
their joint gain is divided as in enumeration.

The gain of an answer at t is the derivative of log P_t(event, e) by the t of this answer. A run gives P_t(c, e) for all
conditions. A run with i h added to the t of one answer gives the derivatives as the imaginary parts, with h so small
that there is no cancellation (the complex step of Squire and Trapp, SIAM Review, 1998). The answers are patients of one
run.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, cast

import numpy as np

from bayesknee.arrays import TINY, Vector
from bayesknee.inference.cpds import MixtureNumbers, reading_table
from bayesknee.inference.elimination.core import EliminationCore
from bayesknee.inference.elimination.greatest import split_answer
from bayesknee.inference.elimination.patients import (
    NodeEvidence,
    Patients,
    common_of,
    is_folded,
    node_evidence,
    one_patient,
)
from bayesknee.inference.elimination.steps import expm1, log
from bayesknee.inference.elimination.structure import Structure
from bayesknee.inference.results import Events, Shares
from bayesknee.inference.shapley import divided, gauss_legendre
from bayesknee.patient.evidence import Evidence, Likelihood

NODES: Final = (40, 80, 160)  # of Gauss-Legendre, tried in turn until the shares sum to the gain; each takes a run
TOLERANCE: Final = 1e-7  # what the quadrature may miss of the sum; as the sum is known, the rest is divided, too
STEP: Final = 1e-30  # h: its square is below rounding beside 1, and `LEAST` times it is still a float
LEAST: Final = 1e-250  # P below which a side takes a separate run: its complex step would fall below the floats
COMPLEX: Final = 2  # a complex number takes as much memory as two numbers


def shares(core: EliminationCore, evidence: Evidence, events: Events) -> Shares:
    """The shares of all answers in all events.

    Raises:
        InferenceError: tables that would be too large.
    """
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
    """The path of the evidence from t = 0 to 1.

    Args:
        core: of the network.
        evidence: what is known; it must be possible.
        events: sets of conditions by number.
    """

    def __init__(self, core: EliminationCore, evidence: Evidence, events: Events) -> None:
        self._core = core
        self._model = core.model
        self._evidence = evidence
        self._events = events
        self._known = node_evidence(core.model, evidence)
        self._names = tuple(evidence.likelihoods)
        self._endpoint = self._patient(self._known)
        core.check_fits(self._endpoint.structure, COMPLEX)
        settled = {c: likelihood for c, likelihood in self._known.conditions.items() if min(likelihood) == 0.0}
        self._first = NodeEvidence(settled, self._known.risk_factors, {})
        self._gradual = tuple(name for name in self._names if self._is_gradual(name))

    def _is_gradual(self, name: str) -> bool:
        """Whether an answer enters gradually, and is informative."""
        if name in self._model.numbers:
            return self._model.numbers[name] not in self._first.conditions
        if name in self._model.readings:
            return self._model.names[self._model.readings[name].sign] in self._endpoint.observed
        if name in self._known.mixtures:
            return True
        return not all(self._is_uninformative(self._known.effects[each]) for each in self._effects_of(name))

    def _effects_of(self, name: str) -> list[str]:
        """The effects that an answer to a direct finding is evidence of: several for a noisy-MAX, none for others."""
        if name in self._model.greatest:
            return list(split_answer(name, self._evidence.likelihoods[name])[0])
        return [name] if name in self._known.effects else []

    @staticmethod
    def _is_uninformative(likelihood: Likelihood) -> bool:
        return likelihood[0] == likelihood[1]

    # --- sums --------------------------------------------------------------------------------------------------------

    def _patient(self, known: NodeEvidence) -> Patients:
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
        numbers, conditions = (list(column) for column in zip(*singles, strict=True)) if singles else ([], [])
        sides[:, numbers] = np.moveaxis(by_condition[conditions, ::-1], 1, 0)
        for number, c in singles:
            for state in np.flatnonzero((np.abs(tally.found[c]) < LEAST).any(axis=1)).tolist():
                sides[1 - state, number] = self._side_alone(patients, c, state)
        for number, event in enumerate(self._events):
            if len(event) != 1:
                sides[:, number] = self._sides_of_several(patients, event, log_all)
        return log_all, sides

    def _side_alone(self, patients: Patients, c: int, state: int) -> Vector:
        """log P(condition in a state, evidence) by a separate run, if its share of P(evidence) is below the floats."""
        no, yes = patients.no.copy(), patients.yes.copy()
        (no if state else yes)[c] = -np.inf
        with np.errstate(divide="ignore", invalid="ignore"):
            run = self._core.run(replace(patients, no=no, yes=yes))
            return np.asarray(run.log_evidence_alone() - np.log(self._model.complaint))

    def _sides_of_several(self, patients: Patients, event: frozenset[int], log_all: Vector) -> Vector:
        """The sides of an event of several conditions, or of no condition, shape (2, patients)."""
        run = self._core.run(patients.without(event))
        log_none = run.log_evidence_alone() - np.log(self._model.complaint)
        with np.errstate(invalid="ignore"):
            log_share = log(-expm1(np.minimum(log_none - log_all, 0.0)))
            return np.stack([log_all + log_share, log_none])

    def _at(self, t: float, step: float, moved: Sequence[str] = ()) -> Patients:
        """The patient at t, once for each of the answers `moved`, with i `step` added to the t of this answer."""
        patient, count = self._endpoint, max(len(moved), 1)
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
        """The structure with mixtures at these t. Their states are merged into one, with the answer's likelihood."""
        merged = {name: self._merged(name, times[name]) for name in self._known.mixtures}
        known = replace(self._known, mixtures=dict.fromkeys(merged, (1.0,)))
        return Structure(replace(self._model, redrawn_mixtures=merged), common_of(self._model, known))

    def _merged(self, name: str, time: Vector) -> MixtureNumbers:
        likelihood = np.array(self._known.mixtures[name])
        weights, distributions, otherwise = self._model.mixture(name)
        given, by_default = (np.moveaxis(table, -2, -1) @ likelihood for table in (distributions, otherwise))
        return MixtureNumbers(
            weights,
            _entering(given / likelihood.max(), time)[:, None],
            _entering(by_default / likelihood.max(), time)[None],
        )

    def _come_in(self, name: str, time: Vector, no: Vector, yes: Vector, observed: Mapping[int, Vector]) -> None:
        """Multiplies a patient's numbers by the likelihood of an answer at these t, shape (patients,)."""
        if name in self._model.numbers:
            c = self._model.numbers[name]
            for side, weight in zip((no, yes), self._known.conditions[c], strict=True):
                side[c] += time * math.log(weight)
        elif name in self._model.readings:
            logs = self._logs_of_reading(name)
            sign = self._model.names[self._model.readings[name].sign]
            observed[sign][:] *= np.exp(time * (logs - logs.max())[:, None])
        for each in self._effects_of(name):
            if is_folded(self._known.effects[each]):
                effect = self._model.effects[each]
                yes[effect.causes] += time * effect.log_fail[:, None]
            else:
                likelihood = np.array(self._known.effects[each])[:, None]
                observed[self._model.names[each]][:] = _entering(likelihood / likelihood.max(), time)

    def _logs_of_reading(self, name: str) -> Vector:
        """log P(answer | no sign) and log P(answer | sign)."""
        return np.log(np.array(self._evidence.likelihoods[name]) @ reading_table(self._model.readings[name]))

    @cached_property
    def _constants(self) -> Vector:
        """The gains of the gradual answers that are the same in all sides, which the runs leave out."""
        return np.array([self._constant(name) for name in self._gradual])

    def _constant(self, name: str) -> float:
        if name in self._model.readings:
            return float(self._logs_of_reading(name).max())
        folded = (each for each in self._effects_of(name) if is_folded(self._known.effects[each]))
        return sum(float(self._model.effects[each].log_no_leak) for each in folded)

    # --- shares ------------------------------------------------------------------------------------------------------

    def shares(self, nodes: int) -> tuple[Shares, float]:
        """The shares by that many nodes of Gauss-Legendre, and the largest error of their sums, which is corrected."""
        before = self._gained(NodeEvidence({}, {}, {}))[1]
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
        moves += rest * size / np.maximum(size.sum(axis=0), TINY)
        first = dict(self._moves_of_the_first(before))
        for row, name in enumerate(self._names):
            if name in first:
                moves[row] = first[name]
        return Shares(self._names, before, after + level, moves), float(np.abs(rest).max(initial=0.0))

    def _densities(self, t: float) -> Vector:
        """The gain of each gradual answer at t, shape (gradual answers, 2, events)."""
        if not self._gradual:
            return np.zeros((0, 2, len(self._events)))
        length = self._core.at_once(self._endpoint.structure)
        parts = (self._gradual[start : start + length] for start in range(0, len(self._gradual), length))
        sides = np.concatenate([self._sides(self._at(t, STEP, part))[1] for part in parts], axis=2)
        return np.nan_to_num(np.moveaxis(sides.imag, 2, 0) / STEP) + self._constants[:, None, None]

    def _gained(self, known: NodeEvidence) -> tuple[float, Vector]:
        """log P(known), and log P(side, known), shape (2, events)."""
        logs, sides = self._sides(self._patient(known))
        return float(logs[0]), sides[:, :, 0]

    def _moves_of_the_first(self, before: Vector) -> Iterable[tuple[str, Vector]]:
        """The moves of the answers that come before all others."""
        ids = self._model.parents.conditions
        names = [*(ids[c] for c in self._first.conditions), *self._first.risk_factors]
        if not names:
            return

        def gain(chosen: list[str]) -> tuple[Vector, float]:
            """The gain of these answers in each side, and in log P(evidence)."""
            conditions = {c: likelihood for c, likelihood in self._first.conditions.items() if ids[c] in chosen}
            factors = {name: likelihood for name, likelihood in self._first.risk_factors.items() if name in chosen}
            log_all, sides = self._gained(NodeEvidence(conditions, factors, {}))
            return np.where(np.isneginf(before), 0.0, sides - before), log_all

        with np.errstate(invalid="ignore"):
            alone = [gain([name]) for name in names]
            rest = [gain([other for other in names if other != name]) for name in names]
            together = gain(names)
            yield from zip(names, _divided_by_level(alone, rest, together), strict=True)


def _entering(likelihood: Vector, time: Vector) -> Vector:
    """u + (1 - u) likelihood at these t."""
    u = (1.0 - time) * (1.0 - time) * (1.0 - time)
    return np.asarray(u + (1.0 - u) * likelihood)


def _complex(values: Any) -> Vector:  # noqa: ANN401 (an array)
    """The values as complex numbers, which the tables also take, although the type `Vector` does not say so."""
    return cast("Vector", values.astype(np.complex128))


def _divided_by_level(
    alone: list[tuple[Vector, float]], rest: list[tuple[Vector, float]], together: tuple[Vector, float]
) -> Vector:
    """`divided`, with the gain in log P(evidence), which all sides share, divided separately.

    So an answer that changes P(evidence) alone moves no side against another.
    """
    level = np.array([common for _, common in alone])
    level_last = together[1] - np.array([common for _, common in rest])
    first = np.array([gained - common for gained, common in alone])
    last = (together[0] - together[1]) - np.array([gained - common for gained, common in rest])
    levels = divided(level, level_last, np.array(together[1]))
    return np.asarray(divided(first, last, together[0] - together[1]) + levels[:, None, None])
