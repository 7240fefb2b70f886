"""Patients as numbers to run a plan with: one, or several whose evidence has the same structure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from immutabledict import immutabledict

from bayesknee.arrays import Vector
from bayesknee.inference.cpds import readings_likelihood
from bayesknee.inference.elimination.greatest import split_answer
from bayesknee.inference.elimination.network_arrays import NetworkArrays, NoisyOrNode
from bayesknee.inference.elimination.order import Bundle
from bayesknee.inference.elimination.steps import Alone, Crowd
from bayesknee.inference.elimination.structure import Common, Structure
from bayesknee.patient.evidence import Evidence, Likelihood
from bayesknee.patient.sorted_evidence import sorted_evidence


@dataclass(frozen=True)
class NodeEvidence:
    """Evidence by the nodes that a plan goes through, where the readings of one sign are one likelihood.

    Attributes:
        conditions: likelihoods by number of a condition.
        risk_factors: likelihoods by id.
        effects: P(answers | absent) and P(answers | present) by id of a sign, direct finding, or level of a noisy-MAX.
        log_scale: of the evidence; see there.
        mixtures: likelihoods by id of a mixture; one that tells nothing is part of `log_scale`.
    """

    conditions: Mapping[int, Likelihood]
    risk_factors: Mapping[str, Likelihood]
    effects: Mapping[str, Likelihood]
    log_scale: float = 0.0
    mixtures: Mapping[str, Likelihood] = immutabledict()


def node_evidence(model: NetworkArrays, evidence: Evidence) -> NodeEvidence:
    """The evidence by node.

    Raises:
        InferenceError: an unsure answer to a noisy-MAX that is no range of states.
    """
    known = sorted_evidence(model.network, evidence.likelihoods)
    conditions = {model.numbers[name]: likelihood for name, likelihood in known.conditions.items()}
    effects = {name: likelihood for name, likelihood in known.direct.items() if name in model.effects}
    effects |= {sign: readings_likelihood(model.readings, readings) for sign, readings in known.readings.items()}
    answers = [(name, likelihood) for name, likelihood in known.direct.items() if name in model.greatest]
    splits = [split_answer(name, likelihood) for name, likelihood in answers]
    for levels, _ in splits:
        effects |= levels
    mixtures = {name: likelihood for name, likelihood in known.direct.items() if name in model.mixtures}
    told = {name: likelihood for name, likelihood in mixtures.items() if len(set(likelihood)) > 1}
    log_scale = evidence.log_scale + sum(
        math.log(likelihood[0]) for name, likelihood in mixtures.items() if name not in told
    )
    log_scale += sum(scale for _, scale in splits)
    return NodeEvidence(conditions, known.risk_factors, effects, log_scale, told)


def is_folded(likelihood: Likelihood) -> bool:
    """Whether what is known of an effect is a product over conditions: it is absent, or nothing is told."""
    no, yes = likelihood
    return yes in (0.0, no)


def common_of(model: NetworkArrays, known: NodeEvidence, *, with_any: bool = False) -> Common:
    """What the evidence has in common with that of others."""
    effects = [model.names[name] for name, likelihood in known.effects.items() if not is_folded(likelihood)]
    effects += [model.names[name] for name in known.mixtures]
    settled = {c: int(yes > 0.0) for c, (no, yes) in known.conditions.items() if (no > 0.0) != (yes > 0.0)}
    return Common(
        tuple(sorted(known.risk_factors.items())),
        tuple(sorted(settled.items())),
        tuple(sorted([*effects, model.any_effect] if with_any else effects)),
        tuple(sorted(known.mixtures.items())),
    )


@dataclass(frozen=True)
class Patients:
    """Patients of one structure; a `bayesknee.inference.elimination.steps.PatientNumbers`.

    Attributes:
        structure: what they have in common.
        no, yes: what a condition's absence and presence are multiplied with, logarithms of shape (n, patients).
        observed: P(answers | absent) and P(answers | present) by effect to go through, shape (2, patients).
        log_scale: log of what P(evidence) has to be multiplied with, beside what the plan's run gives; (patients,).
    """

    structure: Structure
    no: Vector
    yes: Vector
    observed: Mapping[int, Vector]
    log_scale: Vector

    @property
    def count(self) -> int:
        """The number of patients."""
        return int(self.no.shape[1])

    def in_rows(self, rows: slice) -> Patients:
        """The patients in these rows."""
        return Patients(
            self.structure,
            self.no[:, rows],
            self.yes[:, rows],
            {k: likelihoods[:, rows] for k, likelihoods in self.observed.items()},
            self.log_scale[rows],
        )

    def without(self, conditions: Iterable[int]) -> Patients:
        """The same patients with none of these conditions present."""
        yes = self.yes.copy()
        yes[list(conditions)] = -np.inf
        return replace(self, yes=yes)

    def start(self, name: int) -> Vector:
        model = self.structure.model
        if name in self.structure.starts:
            return self.structure.starts[name]
        if name in model.effect_of:
            return model.effect_of[name].leak
        if name in self.structure.block_weights:
            return self.structure.block_weights[name]
        return np.stack(np.broadcast_arrays(*self.pair(name)))

    def pair(self, condition: int) -> Alone:
        pairs = self.structure.pairs
        if condition in pairs:
            no, yes = pairs[condition][1]
            return Alone(no * np.exp(self.no[condition]), yes * np.exp(self.yes[condition]))
        no, yes = self._simple
        return Alone(no[condition], yes[condition])

    @property
    def pairs(self) -> tuple[Vector, Vector]:
        """The pairs of all conditions, shape (n, patients), where none of them has a scope."""
        no, yes = (weights.copy() for weights in self._simple)
        for c in self.structure.pairs:
            no[c], yes[c] = self.pair(c)
        return no, yes

    @cached_property
    def _simple(self) -> tuple[Vector, Vector]:
        """The pairs of conditions without parents, shape (n, patients); NaN for others."""
        p = self.structure.model.simple
        return (1.0 - p) * np.exp(self.no), p * np.exp(self.yes)

    def chance(self, condition: int, effect: int) -> Vector:
        return self.structure.effect(effect).q[condition]

    def weights(self, effect: int) -> Vector:
        return self.observed[effect]

    def crowd(self, name: int) -> Crowd:
        return self.crowds[name]

    @cached_property
    def crowds(self) -> Mapping[int, Crowd]:
        """All crowds by name."""
        return {name: self._crowd(node) for name, node in self.structure.crowds.items()}

    def _crowd(self, node: Bundle) -> Crowd:
        if self.structure.pairs.keys().isdisjoint(node.members):
            no, yes = (weights[list(node.members)] for weights in self._simple)
        else:
            no, yes = (np.stack(weights) for weights in zip(*map(self.pair, node.members), strict=True))
        return Crowd.of(node.members, no, yes, self.structure.crowd_chances[node.name])


def patients_of(structure: Structure, known: list[NodeEvidence]) -> Patients:
    """Patients from evidence that has this structure, or one with more effects to go through."""
    model = structure.model
    no, yes = np.zeros((model.n, len(known))), np.zeros((model.n, len(known)))
    log_scale = np.repeat(structure.log_scale, len(known))
    observed = {k: np.ones((2, len(known))) for k in structure.common.effects}
    if model.any_effect in observed:
        observed[model.any_effect][0] = 0.0
    observed |= structure.observed_of_mixtures(len(known))
    for row, patient in enumerate(known):
        log_scale[row] += patient.log_scale
        for c, likelihood in patient.conditions.items():
            no[c, row], yes[c, row] = (math.log(weight) if weight > 0.0 else -math.inf for weight in likelihood)
        folded = []
        for name, likelihood in patient.effects.items():
            if model.names[name] in observed:
                log_scale[row] += math.log(top := max(likelihood))
                observed[model.names[name]][:, row] = np.array(likelihood) / top
                continue
            log_scale[row] += math.log(likelihood[0]) if likelihood[0] > 0.0 else -math.inf
            if likelihood[0] != likelihood[1]:
                folded.append(model.effects[name])
        if folded:
            log_scale[row] += sum(float(effect.log_no_leak) for effect in folded)
            yes[:, row] += _sum_of_log_fails(folded, model.n)
    return Patients(structure, no, yes, observed, log_scale)


def _sum_of_log_fails(effects: Sequence[NoisyOrNode], n: int) -> Vector:
    """What absent effects multiply the presence of each condition with, log, shape (n,)."""
    causes, log_fails = zip(*((effect.causes, effect.log_fail) for effect in effects), strict=True)
    return np.bincount(np.concatenate(causes), np.concatenate(log_fails), n).astype(np.float64, copy=False)


def one_patient(model: NetworkArrays, known: NodeEvidence, *, with_any: bool = False) -> Patients:
    """A single patient."""
    return patients_of(Structure(model, common_of(model, known, with_any=with_any)), [known])
