"""What each answer brings to log P(evidence | event), where conditions are many.

As in `bayesknee.inference.shares`, the evidence comes in gradually and all at once, for t from 0 to 1, and the gain of
each moment goes to the answers by what they have to say at that moment. There the likelihood on the way is P(e | s)^t;
of a present finding that is no sum that this strategy can do. So an answer comes in on a way of its own, where it can:

- an absent finding as P(absent | s)^t, which stays a product over conditions;
- a sign by its readings as P(readings | sign)^t, an unsure answer about a condition as its likelihood^t: as there;
- a direct finding that is present or unsure as u + (1 - u) P(answer | s) with u = (1 - t)^3: that much of "not told".

All ways end at P(answer | s), so shares sum to log P(e | event) whatever they are, and answers that say the same have
the same way. Answers about risk factors, and such as settle a condition, come before all others and divide what they do
together as there. A side is a patient of its own, so all events go through the tables at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from bayesknee.inference.batch import reading_table
from bayesknee.inference.evidence import Evidence, Likelihood
from bayesknee.inference.noisy_or.patient import Known, Patients, is_folded, one_patient, sorted_evidence
from bayesknee.inference.shares import Events, Shares, divided, gauss_legendre
from bayesknee.inference.subsets import Vector

if TYPE_CHECKING:
    from bayesknee.inference.noisy_or.strategy import NoisyOrStrategy

NODES: Final = (24, 48, 96, 192)
TOLERANCE: Final = 1e-7  # what the nodes may miss of the sum, which is known; it is then divided like the rest
POWER: Final = 3.0


def shares(strategy: NoisyOrStrategy, evidence: Evidence, events: Events) -> Shares:
    """The shares of all that is known in all events."""
    path = _Path(strategy, evidence, events)
    for nodes in NODES:
        result, off = path.shares(nodes)
        if off <= TOLERANCE:
            break
    return result


@dataclass(frozen=True)
class _Sides:
    """The patients that tell both sides of all events: one of whom nothing is asked for, then those of single events.

    Attributes:
        events: sets of conditions.
        touched: the conditions that any answer may move; for others both sides are as for all.
    """

    events: Events
    touched: frozenset[int]

    @cached_property
    def columns(self) -> list[tuple[int, bool]]:
        """Of each patient but the first: the number of the event, and whether it is the event that holds."""
        singles = [
            (e, holds) for e, event in enumerate(self.events) if self._is_single(event) for holds in (True, False)
        ]
        groups = [
            (e, False) for e, event in enumerate(self.events) if not self._is_single(event) and self._moves(event)
        ]
        return singles + groups

    def _moves(self, event: frozenset[int]) -> bool:
        return not self.touched.isdisjoint(event)

    def _is_single(self, event: frozenset[int]) -> bool:
        return len(event) == 1 and self._moves(event)

    def patients(self, patient: Patients) -> Patients:
        """The patients, from one."""
        count = 1 + len(self.columns)
        no, yes = (np.repeat(each, count, axis=1) for each in (patient.no, patient.yes))
        for column, (event, holds) in enumerate(self.columns, start=1):
            (no if holds else yes)[sorted(self.events[event]), column] = -np.inf
        observed = {k: np.repeat(each, count, axis=1) for k, each in patient.observed.items()}
        return replace(patient, no=no, yes=yes, observed=observed, log_scale=np.repeat(patient.log_scale, count))

    def logs(self, by_column: Vector, priors: Vector) -> Vector:
        """log P of both sides of each event, shape (2, events), from that of each patient.

        Args:
            by_column: shape (patients,).
            priors: P(event) of events that nothing moves.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            made = by_column[0] + np.log(np.stack([priors, 1.0 - priors]))
            for column, (event, holds) in enumerate(self.columns, start=1):
                made[1 - holds, event] = by_column[column]
                if len(self.events[event]) > 1:
                    made[0, event] = by_column[0] + np.log(-np.expm1(min(by_column[column] - by_column[0], 0.0)))
        return np.asarray(made)

    def densities(self, by_column: Vector, logs: Vector) -> Vector:
        """What each answer brings at a moment, shape (answers, 2, events), from that of each patient.

        Args:
            by_column: shape (answers, patients).
            logs: log P of each patient at that moment.
        """
        made = np.repeat(np.repeat(by_column[:, :1, None], 2, axis=1), len(self.events), axis=2)
        for column, (event, holds) in enumerate(self.columns, start=1):
            made[:, 1 - holds, event] = by_column[:, column]
            if len(self.events[event]) > 1:
                none = math.exp(min(logs[column] - logs[0], 0.0))
                rest = by_column[:, 0] - none * by_column[:, column]
                made[:, 0, event] = rest / (1.0 - none) if none < 1.0 else 0.0
        return made


class _Path:
    """The way of the evidence from t = 0 to 1."""

    def __init__(self, strategy: NoisyOrStrategy, evidence: Evidence, events: Events) -> None:
        self._strategy = strategy
        self._model = strategy.model
        self._evidence = evidence
        self._known = sorted_evidence(strategy.model, evidence)
        self._names = tuple(evidence.likelihoods)
        self._whole = self._patient(self._known)
        self._sides = _Sides(events, self._touched())
        settled = {c: each for c, each in self._known.conditions.items() if min(each) == 0.0}
        self._first = Known(settled, self._known.risk_factors, {})
        self._last = Known(
            {c: each for c, each in self._known.conditions.items() if c not in settled}, {}, self._known.effects
        )
        base = strategy.posteriors(one_patient(strategy.model, Known({}, {}, {})))[1].conditions[:, 0]
        self._priors = np.array([1.0 - np.prod(1.0 - base[sorted(event)]) for event in events])

    def _touched(self) -> frozenset[int]:
        """The conditions that an answer may move."""
        model = self._model
        dependent = set(np.flatnonzero(np.isnan(model.simple)).tolist())
        dependent |= {each for factor in model.factors.values() for each in factor.variables if each < model.n}
        if self._strategy.has_complaint:
            return frozenset(range(model.n))
        causes = (model.effects[name].causes.tolist() for name in self._known.effects)
        return frozenset(dependent.union(self._known.conditions, *causes))

    # --- sums --------------------------------------------------------------------------------------------------------

    def _patient(self, known: Known) -> Patients:
        patient = one_patient(self._model, known)
        return self._strategy.counting_any(patient) if self._strategy.has_complaint else patient

    def _logs(self, known: Known) -> Vector:
        """log P(side, known) of each patient."""
        logs = self._strategy.in_parts(self._sides.patients(self._patient(known)))[0]
        return np.asarray(logs - np.log(self._model.complaint))

    def _at(self, t: float) -> tuple[Vector, Vector]:
        """At a moment: log P of each patient, and what each answer brings, shape (answers, patients)."""
        known, patient = self._known, self._whole
        no, yes = (np.zeros_like(each) for each in (patient.no, patient.yes))
        observed = {k: np.ones((2, 1)) for k in patient.observed}
        if self._strategy.has_complaint:
            observed[self._model.any_effect] = patient.observed[self._model.any_effect]
        for c, likelihood in known.conditions.items():
            part = 1.0 if c in self._first.conditions else t
            for side, weight in zip((no, yes), likelihood, strict=True):
                side[c, 0] += part * math.log(weight) if weight > 0.0 else -math.inf
        for name, likelihood in known.effects.items():
            if not is_folded(likelihood):
                observed[self._model.names[name]] = self._on_the_way(name, likelihood, t)[0][:, None]
            elif likelihood[1] == 0.0:
                effect = self._model.effects[name]
                yes[effect.causes, 0] += t * effect.log_fail
        moving = replace(patient, no=no, yes=yes, observed=observed, log_scale=patient.structure.log_scale)
        logs, conditions, effects = self._strategy.in_parts(self._sides.patients(moving))
        logs = logs - np.log(self._model.complaint)
        return logs, np.nan_to_num(self._densities(t, conditions, effects))

    def _on_the_way(self, name: str, likelihood: Likelihood, t: float) -> tuple[Vector, Vector]:
        """The weights of absent and present at a moment, and how fast their logarithms grow."""
        whole = np.array(likelihood)
        if name in self._model.network.signs:
            logs = np.log(whole)
            return np.exp(t * (logs - logs.max())), logs
        whole = whole / whole.max()
        left = (1.0 - t) ** POWER
        weights = left + (1.0 - left) * whole
        growth = -POWER * (1.0 - t) ** (POWER - 1.0) * (1.0 - whole)
        return weights, growth / np.where(weights > 0.0, weights, 1.0)

    def _densities(self, t: float, conditions: Vector, effects: Mapping[int, Vector]) -> Vector:
        """What each answer brings at t, shape (answers, patients), from the marginals of each patient."""
        rows = np.zeros((len(self._names), conditions.shape[1]))
        for row, name in zip(rows, self._names, strict=True):
            if name in self._model.numbers:
                self._of_condition(row, self._model.numbers[name], conditions)
            elif name in self._model.readings:
                self._of_reading(row, name, effects)
            elif name in self._known.effects:
                self._of_effect(row, name, t, conditions, effects)
        return rows

    def _of_condition(self, row: Vector, c: int, conditions: Vector) -> None:
        if c in self._last.conditions:
            no, yes = (math.log(weight) for weight in self._last.conditions[c])
            row += no + (yes - no) * conditions[c]

    def _of_reading(self, row: Vector, name: str, effects: Mapping[int, Vector]) -> None:
        sign = self._model.names[self._model.readings[name].sign]
        likelihood = np.array(self._evidence.likelihoods[name]) @ reading_table(self._model.readings[name])
        no, yes = np.log(likelihood)
        row += no + (yes - no) * effects[sign] if sign in effects else no

    def _of_effect(self, row: Vector, name: str, t: float, conditions: Vector, effects: Mapping[int, Vector]) -> None:
        likelihood = self._known.effects[name]
        if not is_folded(likelihood):
            present = effects[self._model.names[name]]
            absent_growth, present_growth = self._on_the_way(name, likelihood, t)[1]
            row += absent_growth * (1.0 - present) + present_growth * present
        elif likelihood[1] == 0.0:
            effect = self._model.effects[name]
            row += effect.log_no_leak + effect.log_fail @ conditions[effect.causes]

    # --- shares ------------------------------------------------------------------------------------------------------

    def shares(self, nodes: int) -> tuple[Shares, float]:
        """The shares by that many nodes of Gauss-Legendre, and what their sums miss at the most."""
        nothing = Known({}, {}, {})
        before = self._sides.logs(self._logs(nothing), self._priors)
        start = self._sides.logs(self._logs(self._first), self._priors)
        after = self._sides.logs(self._at(1.0)[0], self._priors)
        moves = np.zeros((len(self._names), 2, len(self._sides.events)))
        for t, weight in zip(*gauss_legendre(nodes), strict=True):
            logs, densities = self._at(float(t))
            moves += weight * self._sides.densities(densities, logs)
        moves[:, ~np.isfinite(after)] = 0.0
        level = self._constants()
        with np.errstate(invalid="ignore"):
            rest = np.where(np.isfinite(after), after - start + level - moves.sum(axis=0), 0.0)
        size = np.abs(moves)
        moves += rest * size / np.maximum(size.sum(axis=0), 1e-300)
        first = dict(self._moves_of_the_first(before))
        for row, name in enumerate(self._names):
            if name in first:
                moves[row] = first[name]
        return Shares(self._names, before, after + level, moves), float(np.abs(rest).max(initial=0.0))

    def _constants(self) -> float:
        """What the answers bring to all sides alike, which no patient's sum counts."""
        total = 0.0
        for name in self._names:
            if (
                name in self._known.effects
                and is_folded(self._known.effects[name])
                and self._known.effects[name][1] == 0.0
            ):
                total += float(self._model.effects[name].log_no_leak)
        for name, likelihood in self._known.effects.items():
            if name in self._model.network.signs:
                total += math.log(max(likelihood))
        return total

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
            logs = self._logs(Known(conditions, factors, {}))
            gained = self._sides.logs(logs, self._priors) - before
            return np.where(np.isneginf(before), 0.0, gained), float(logs[0])

        with np.errstate(invalid="ignore"):
            alone = [gain([name]) for name in names]
            rest = [gain([other for other in names if other != name]) for name in names]
            whole = gain(names)
            yield from zip(names, _divided_by_level(alone, rest, whole), strict=True)


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
