"""The posteriors after each answer to each question, by elimination.

The absence of an effect is a product over conditions, so it changes numbers and no tables. The absences of all effects
in question are patients of one run. The presence follows:

    P(present, c | e) = P(c | e) - P(absent, c | e)

and a reading of a sign mixes both by its sensitivity and specificity. Each state of a risk factor or a mixture takes a
separate run, and mixtures beyond the budget are left out. The states of a noisy-MAX follow from the absence of all that
is above each of them.

The work is estimated before it is done. Where it would take more than the seconds of the budget, questions come in by
what they promise until the seconds are used. A question promises the information that its answer would have about each
of its causes, if these were independent with the posterior as it is, per unit of burden. That takes no run.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from bayesknee.arrays import Vector, entropy
from bayesknee.inference.cpds import reading_table
from bayesknee.inference.elimination.core import EliminationCore
from bayesknee.inference.elimination.greatest import levels_from
from bayesknee.inference.elimination.network_arrays import NoisyOrNode
from bayesknee.inference.elimination.patients import NodeEvidence, Patients, node_evidence, one_patient
from bayesknee.inference.results import Outcomes
from bayesknee.patient.evidence import Evidence


def outcomes(core: EliminationCore, evidence: Evidence, names: Iterable[str]) -> Outcomes:
    """The outcomes of these questions, given evidence that is possible; those beyond the budget are left out."""
    wanted = set(names)
    asked = [name for name in core.model.network.questions if name in wanted]
    work = _Outcomes(core, evidence)
    in_time = work.in_time(asked)
    ordered = tuple(name for name in asked if name in in_time)
    rows = [*work.rows(ordered)]
    joint = np.vstack(rows) if rows else np.zeros((0, 1 + core.model.n))
    left_out = tuple(name for name in asked if name not in in_time)
    return Outcomes(ordered, np.cumsum([0, *map(len, rows)]), joint[:, 0], joint[:, 1:], work.marginals, left_out)


class RankingCosts:
    """The estimated seconds of what answers to questions would take, given some evidence."""

    def __init__(self, core: EliminationCore, evidence: Evidence) -> None:
        self._core = core
        self._model = core.model
        self._evidence = evidence
        self._known = node_evidence(core.model, evidence)
        structure = one_patient(core.model, self._known).structure
        self._one = core.seconds_of_runs(structure, 1)
        self._more = core.seconds_of_runs(structure, 0, 1)

    def of(self, name: str) -> float:
        """The seconds that a question takes by itself; infinite if a single posterior is beyond the budget."""
        states = len(self._model.network.states[name])
        if name in self._model.mixtures:
            known = replace(self._known, mixtures={**self._known.mixtures, name: tuple(np.eye(states)[0])})
            structure = one_patient(self._model, known).structure
            return states * self._core.seconds_of_runs(structure, 1) if self._core.fits(structure) else math.inf
        if name in self._model.greatest:  # all levels but one, or a run for each state of what is known in part
            return states * self._one if name in self._evidence.likelihoods else (states - 1) * self._more
        return states * self._one if name in self._model.network.risk_factors else self._more


class _Outcomes:
    """Rows of P(answer | e) and P(answer, condition | e)."""

    def __init__(self, core: EliminationCore, evidence: Evidence) -> None:
        self._core = core
        self._model = core.model
        self._evidence = evidence
        self._known = node_evidence(self._model, evidence)
        greatest = self._model.greatest.keys()
        self._by_runs = self._model.network.risk_factors.keys() | self._model.mixtures.keys()
        self._by_runs |= greatest & evidence.likelihoods.keys()  # known in part
        self._by_levels = greatest - self._by_runs
        patient = one_patient(self._model, self._known)
        log_evidence, found = core.posterior_of(evidence, patient)
        self._log_evidence = float(log_evidence[0])
        self._now = np.concatenate([[1.0], found.conditions[:, 0]])
        self._patient = found.patients

    @property
    def marginals(self) -> Vector:
        """P(condition | e), shape (n,)."""
        return self._now[1:]

    def in_time(self, names: list[str]) -> set[str]:
        """Those of these questions that fit into the seconds of the budget, the most promising ones first.

        Readings of one sign share the work, so that it counts for the first of them.
        """
        costs = RankingCosts(self._core, self._evidence)
        seconds = {name: costs.of(name) for name in names}
        by_work = {self._work_of(name): estimate for name, estimate in seconds.items() if estimate < math.inf}
        if sum(by_work.values()) <= self._core.budget.seconds:
            return {name for name, estimate in seconds.items() if estimate < math.inf}
        return self._most_promising(seconds)

    def _most_promising(self, seconds: Mapping[str, float]) -> set[str]:
        taken: set[str] = set()
        done: set[str] = set()
        left = self._core.budget.seconds
        for name in sorted(seconds, key=self._promise, reverse=True):
            cost = 0.0 if self._work_of(name) in done else seconds[name]
            if cost <= left:
                left -= cost
                done.add(self._work_of(name))
                taken.add(name)
        return taken

    def _work_of(self, name: str) -> str:
        """The id of what a question's work is done for: its sign, or itself."""
        return name if name in self._by_runs else self._effects_of(name)[0]

    def _promise(self, name: str) -> float:
        """About how informative a question is; risk factors come before all others, mixtures after."""
        if name in self._by_runs:
            return math.inf if name in self._model.network.risk_factors else -1.0
        gains = [self._gain(name, self._model.effects[each]) for each in self._effects_of(name)]
        return max(gains) / self._model.network.questions[name].burden

    def _gain(self, name: str, effect: NoisyOrNode) -> float:
        """The information of an answer that depends on this effect, about each of its causes as if independent."""
        p, q = self.marginals[effect.causes], -np.expm1(effect.log_fail)
        absent = np.exp(effect.log_no_leak) * np.prod(1.0 - q * p)
        given_present = absent * (1.0 - q) / (1.0 - q * p)
        given_absent = absent / (1.0 - q * p)
        reads = reading_table(self._model.readings[name])[0] if name in self._model.readings else np.array([1.0, 0.0])
        no, no_present, no_absent = (
            reads[1] + (reads[0] - reads[1]) * x for x in (absent, given_present, given_absent)
        )
        gains = entropy(no) - p * entropy(no_present) - (1.0 - p) * entropy(no_absent)
        return float(gains.sum())

    def rows(self, names: tuple[str, ...]) -> Iterable[Vector]:
        effects = {each for name in names if name not in self._by_runs for each in self._effects_of(name)}
        absent = self._absent(sorted(effects))
        for name in names:
            if name in self._by_runs:
                yield self._by_state(name)
            elif name in self._by_levels:
                yield self._of_levels([absent[each] for each in self._effects_of(name)])
            else:
                yield self._of_effect(name, absent[self._effects_of(name)[0]])

    def _effects_of(self, name: str) -> list[str]:
        if name in self._by_levels:
            return levels_from(self._model, name)
        return [self._model.readings[name].sign if name in self._model.readings else name]

    def _of_levels(self, at_most: list[Vector]) -> Vector:
        """The rows of the states of a noisy-MAX, from those of "at most this state"; shape (states, 1 + n)."""
        return np.maximum(np.diff(np.stack([np.zeros_like(self._now), *at_most, self._now]), axis=0), 0.0)

    def _by_state(self, name: str) -> Vector:
        """The rows of a risk factor or a mixture, by a run for each state; shape (states, 1 + n)."""
        count = len(self._model.network.states[name])
        known = self._evidence.likelihoods.get(name, (1.0,) * count)
        return np.array([self._given(name, tuple(np.eye(count)[v] * known)) for v in range(count)])

    def _given(self, name: str, likelihood: tuple[float, ...]) -> Vector:
        if not any(likelihood):
            return np.zeros_like(self._now)
        if name in self._model.mixtures:
            known = replace(self._known, mixtures={**self._known.mixtures, name: likelihood})
        elif name in self._model.greatest:
            likelihoods = {**self._evidence.likelihoods, name: likelihood}
            known = node_evidence(self._model, replace(self._evidence, likelihoods=likelihoods))
        else:
            known = replace(self._known, risk_factors={**self._known.risk_factors, name: likelihood})
        log_evidence, found = self._core.posteriors(one_patient(self._model, known))
        if log_evidence[0] == -math.inf:
            return np.zeros_like(self._now)
        p = math.exp(log_evidence[0] - self._log_evidence)
        return p * np.concatenate([[1.0], found.conditions[:, 0]])

    def _of_effect(self, name: str, absent: Vector) -> Vector:
        """The rows of the answers no and yes to an effect or a reading, shape (2, 1 + n)."""
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
        """P(effect absent | e), then P(effect absent, condition | e), by effect; shape (1 + n,)."""
        length = self._core.at_once(self._patient.structure)
        found: dict[str, Vector] = {}
        for start in range(0, len(effects), length):
            chunk = effects[start : start + length]
            log_evidence, marginals = self._core.posteriors(self._with_absent(chunk))
            p = np.exp(log_evidence - self._log_evidence)
            joint = np.vstack([np.ones(len(chunk)), np.nan_to_num(marginals.conditions)]) * p
            found |= dict(zip(chunk, np.minimum(joint, self._now[:, None]).T, strict=True))
        return found

    def _with_absent(self, effects: list[str]) -> Patients:
        """The same patient once for each effect, with this effect absent."""
        patient, count = self._patient, len(effects)
        no, yes = (np.repeat(table, count, axis=1) for table in (patient.no, patient.yes))
        observed = {k: np.repeat(table, count, axis=1) for k, table in patient.observed.items()}
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
    def _is_absent(known: NodeEvidence, name: str) -> bool:
        return name in known.effects and known.effects[name][1] == 0.0
