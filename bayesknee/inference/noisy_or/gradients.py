"""How the posterior changes with every number, where conditions are many: from runs of the same plan.

P(evidence) of a noisy-OR f with weights w_no and w_yes hangs on its numbers by way of (w_no - w_yes) P(f absent | s)
alone, so that with P stated for a cause c

    dP(e) / dP = - (w_no - w_yes) P(f absent, c, other evidence) / (1 - P)

which takes the run in which f is absent, or no other run where it is absent anyway. Each event is a patient of its own.
Conditions with parents and networks with a complaint are refused: their base rates bear on more than themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from bayesknee.errors import InferenceError
from bayesknee.inference.evidence import Evidence
from bayesknee.inference.gradients import Gradients
from bayesknee.inference.noisy_or.patient import Patients, is_folded, one_patient, sorted_evidence
from bayesknee.inference.shares import Events
from bayesknee.inference.subsets import Vector
from bayesknee.knowledge.model import ANY_SETTING, NoisyOr, Path

if TYPE_CHECKING:
    from bayesknee.inference.noisy_or.strategy import NoisyOrStrategy


class Row(NamedTuple):
    """A number: its place, d log P(e) / d number of each patient, and whether P(e) is a straight line in it."""

    path: Path
    slope: Vector
    linear: bool


def gradients_of(strategy: NoisyOrStrategy, evidence: Evidence, events: Events) -> Gradients:
    """The gradients of a patient whose evidence is possible.

    Raises:
        InferenceError: a network with a complaint, or with conditions that have parents.
    """
    if strategy.has_complaint or np.isnan(strategy.model.simple).any():
        raise InferenceError(
            f"derivatives for {strategy.model.n} conditions take a network without a presenting complaint whose "
            "conditions have no parents; up to 20 conditions, any network will do"
        )
    work = _Work(strategy, evidence, events)
    rows = list(work.rows())
    slopes = np.array([work.over_events(row.slope) for row in rows])
    return Gradients(
        tuple(row.path for row in rows),
        slopes,
        work.over_events(np.ones(1 + len(events)))[1:],
        np.array([row.linear for row in rows]),
    )


class _Work:
    """Patients: one of whom nothing is asked, then one for each event, which happens; of several conditions, not."""

    def __init__(self, strategy: NoisyOrStrategy, evidence: Evidence, events: Events) -> None:
        self._strategy = strategy
        self._model = strategy.model
        self._evidence = evidence
        self._events = events
        self._known = sorted_evidence(self._model, evidence)
        self._patients = self._of_events(one_patient(self._model, self._known))
        self._logs, self._conditions, self._effects = strategy.in_parts(self._patients)
        self._conditions = np.nan_to_num(self._conditions)
        with np.errstate(invalid="ignore"):
            self._shares = np.exp(self._logs - self._logs[0])  # P(what is asked for | e)

    def _of_events(self, patient: Patients) -> Patients:
        count = 1 + len(self._events)
        no, yes = (np.repeat(each, count, axis=1) for each in (patient.no, patient.yes))
        for column, event in enumerate(self._events, start=1):
            (no if len(event) == 1 else yes)[sorted(event), column] = -np.inf
        observed = {k: np.repeat(each, count, axis=1) for k, each in patient.observed.items()}
        return replace(patient, no=no, yes=yes, observed=observed, log_scale=np.repeat(patient.log_scale, count))

    def over_events(self, slope: Vector) -> Vector:
        """From d log P of each patient to d P(e), then d P(event, e), over P(e)."""
        made = np.nan_to_num(slope) * self._shares
        for column, event in enumerate(self._events, start=1):
            if len(event) > 1:
                made[column] = made[0] - made[column]
        return np.asarray(made)

    def rows(self) -> Iterator[Row]:
        """All numbers that bear on the patient."""
        yield from self._base_rates()
        for name, likelihood in self._known.effects.items():
            section = "signs" if name in self._model.network.signs else "findings"
            if not is_folded(likelihood):
                yield from self._with_the_effect_absent((section, name, "noisy_or"), name)
            elif likelihood[1] == 0.0:
                ones = np.ones(len(self._logs))
                yield from self._noisy_or((section, name, "noisy_or"), self._rule(name), ones, self._conditions)
        yield from self._readings()

    def _base_rates(self) -> Iterator[Row]:
        for c, (name, condition) in enumerate(self._model.network.conditions.items()):
            key = self._strategy.setting if self._strategy.setting in condition.base_rate else ANY_SETTING
            rate = condition.base_rate[key].value
            yes = self._conditions[c]
            yield Row(("conditions", name, "base_rate", key), yes / rate - (1.0 - yes) / (1.0 - rate), linear=True)

    def _rule(self, name: str) -> NoisyOr:
        network = self._model.network
        if name in network.signs:
            return network.signs[name].noisy_or
        return cast(NoisyOr, network.findings[name].model)

    def _with_the_effect_absent(self, path: Path, name: str) -> Iterator[Row]:
        number = self._model.names[name]
        no, yes = self._patients.observed[number]
        absent = np.stack([np.ones_like(no), np.zeros_like(no)])
        patients = replace(self._patients, observed={**self._patients.observed, number: absent})
        logs, conditions, _ = self._strategy.in_parts(patients)
        with np.errstate(invalid="ignore"):
            weight = (no - yes) * np.exp(logs - self._logs)
        yield from self._noisy_or(path, self._rule(name), weight, np.nan_to_num(conditions))

    def _noisy_or(self, path: Path, rule: NoisyOr, weight: Vector, conditions: Vector) -> Iterator[Row]:
        """From (w_no - w_yes) P(absent, ...) / P(...), and the conditions given that it is absent."""
        here = {name: conditions[self._model.numbers[name]] for name in rule.causes}
        nobody = 1.0 - np.sum(list(here.values()), axis=0)
        yield Row((*path, "leak"), -weight * nobody / (1.0 - rule.leak.value), linear=False)
        for name, stated in rule.causes.items():
            yield Row((*path, "causes", name), -weight * here[name] / (1.0 - stated.value), linear=True)

    def _readings(self) -> Iterator[Row]:
        for name, (no, yes) in self._evidence.likelihoods.items():
            if name not in self._model.readings:
                continue
            reading = self._model.readings[name]
            number = self._model.names[reading.sign]
            if number not in self._effects:
                raise InferenceError(f"the readings of {reading.sign} cancel each other; leave one of them out")
            there = np.nan_to_num(self._effects[number])
            sensitivity, specificity = reading.sensitivity.value, reading.specificity.value
            slope = (yes - no) / (no * (1.0 - sensitivity) + yes * sensitivity)
            yield Row(("findings", name, "reads", "sensitivity"), there * slope, linear=True)
            slope = (no - yes) / (no * specificity + yes * (1.0 - specificity))
            yield Row(("findings", name, "reads", "specificity"), (1.0 - there) * slope, linear=True)
