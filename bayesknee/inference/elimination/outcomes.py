"""What each answer to each question that is left would lead to, where conditions are many.

That an effect is absent is a product over conditions, so it changes the numbers and not the tables: all effects that
might be asked for are gone through together, as so many patients, in one run. The rest follows:

    P(present, c | e) = P(c | e) - P(absent, c | e)

and a reading of a sign mixes both by its sensitivity and specificity. Each state of a risk factor takes its own run,
and so does each of a mixture, where that is within the budget.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.cpds import reading_table
from bayesknee.inference.elimination.core import EliminationCore
from bayesknee.inference.elimination.patients import Patients, SortedEvidence, one_patient, sorted_evidence
from bayesknee.inference.results import Outcomes
from bayesknee.patient.evidence import Evidence


def outcomes(core: EliminationCore, evidence: Evidence, names: Iterable[str]) -> Outcomes:
    """The outcomes of these questions, given evidence that is possible."""
    wanted = set(names)
    network = core.model.network
    work = _Outcomes(core, evidence)
    ordered = tuple(each for each in network.questions if each in wanted and work.can_tell(each))
    rows = [*work.rows(ordered)]
    joint = np.vstack(rows) if rows else np.zeros((0, 1 + core.model.n))
    return Outcomes(ordered, np.cumsum([0, *map(len, rows)]), joint[:, 0], joint[:, 1:], work.marginals)


class _Outcomes:
    """Rows of P(answer | e) and P(answer, condition | e)."""

    def __init__(self, core: EliminationCore, evidence: Evidence) -> None:
        self._core = core
        self._model = core.model
        self._evidence = evidence
        self._known = sorted_evidence(self._model, evidence)
        self._whole_runs = self._model.network.risk_factors.keys() | self._model.mixtures.keys()
        patient = one_patient(self._model, self._known)
        log_evidence, found = core.posterior_of(evidence, patient)
        self._log_evidence = float(log_evidence[0])
        self._now = np.concatenate([[1.0], found.conditions[:, 0]])
        self._patient = found.patients

    @property
    def marginals(self) -> Vector:
        """P(condition | e), shape (n,)."""
        return self._now[1:]

    def can_tell(self, name: str) -> bool:
        """Whether an answer is within the budget; only one to a mixture takes more than what is known already."""
        if name not in self._model.mixtures:
            return True
        states = len(self._model.network.states[name])
        known = replace(self._known, mixtures={**self._known.mixtures, name: tuple(np.eye(states)[0])})
        return self._core.fits(one_patient(self._model, known).structure)

    def rows(self, names: tuple[str, ...]) -> Iterable[Vector]:
        effects = {self._effect_of(name) for name in names if name not in self._whole_runs}
        absent = self._absent(sorted(effects))
        for name in names:
            if name in self._whole_runs:
                yield self._by_state(name)
            else:
                yield self._of_effect(name, absent[self._effect_of(name)])

    def _effect_of(self, name: str) -> str:
        return self._model.readings[name].sign if name in self._model.readings else name

    def _by_state(self, name: str) -> Vector:
        """A run for each state, of a risk factor or a mixture."""
        count = len(self._model.network.states[name])
        own = self._evidence.likelihoods.get(name, (1.0,) * count)
        return np.array([self._given(name, tuple(np.eye(count)[v] * own)) for v in range(count)])

    def _given(self, name: str, likelihood: tuple[float, ...]) -> Vector:
        if not any(likelihood):
            return np.zeros_like(self._now)
        if name in self._model.mixtures:
            known = replace(self._known, mixtures={**self._known.mixtures, name: likelihood})
        else:
            known = replace(self._known, risk_factors={**self._known.risk_factors, name: likelihood})
        log_evidence, found = self._core.posteriors(one_patient(self._model, known))
        if log_evidence[0] == -math.inf:
            return np.zeros_like(self._now)
        p = math.exp(log_evidence[0] - self._log_evidence)
        return p * np.concatenate([[1.0], found.conditions[:, 0]])

    def _of_effect(self, name: str, absent: Vector) -> Vector:
        """The answers no and yes."""
        present = np.maximum(self._now - absent, 0.0)
        if name not in self._model.readings:
            return np.stack([absent, present])
        table = reading_table(self._model.readings[name])
        if name in self._evidence.likelihoods:
            table = table * np.array(self._evidence.likelihoods[name])[:, None]
            table = table / table.sum(axis=0)
        return np.asarray(table @ np.stack([absent, present]))

    # --- absent effects ----------------------------------------------------------------------------------------------

    def _absent(self, effects: list[str]) -> Mapping[str, Vector]:
        """P(effect absent | e) and P(effect absent, condition | e) of each."""
        length = self._core.at_once(self._patient.structure)
        found: dict[str, Vector] = {}
        for start in range(0, len(effects), length):
            some = effects[start : start + length]
            log_evidence, marginals = self._core.posteriors(self._with_absent(some))
            p = np.exp(log_evidence - self._log_evidence)
            joint = np.vstack([np.ones(len(some)), np.nan_to_num(marginals.conditions)]) * p
            found |= dict(zip(some, np.minimum(joint, self._now[:, None]).T, strict=True))
        return found

    def _with_absent(self, effects: list[str]) -> Patients:
        """A patient for each effect: the same one, in whom it is absent."""
        patient, count = self._patient, len(effects)
        no, yes = (np.repeat(each, count, axis=1) for each in (patient.no, patient.yes))
        observed = {k: np.repeat(each, count, axis=1) for k, each in patient.observed.items()}
        log_scale = np.repeat(patient.log_scale, count)
        for row, name in enumerate(effects):
            effect, number = self._model.effects[name], self._model.names[name]
            if number in observed:
                observed[number][1, row] = 0.0
            elif not self._is_absent(self._known, name):
                yes[effect.causes, row] += effect.log_fail
                log_scale[row] += effect.log_no_leak
        return replace(patient, no=no, yes=yes, observed=observed, log_scale=log_scale)

    @staticmethod
    def _is_absent(known: SortedEvidence, name: str) -> bool:
        return name in known.effects and known.effects[name][1] == 0.0
