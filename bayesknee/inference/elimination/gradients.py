"""How the posterior changes with every number, where conditions are many: from runs of the same plan.

Each event is a patient of its own, in whom it happens; a presenting complaint is one more effect that is present. P(e)
of a noisy-OR f with weights w_no and w_yes hangs on its numbers by way of (w_no - w_yes) P(f absent | s) alone, so that
with P stated for a cause c

    dP(e) / dP = - (w_no - w_yes) P(f absent, c, other evidence) / (1 - P)

which takes the run in which f is absent, or no other run where it is absent anyway. The log odds of a condition, with p
its probability given its parents, move

    d log P(e) / d log odds = sum over parents of P(c, parents | e) (1 - p) - P(no c, parents | e) p,

and a run's way back has P(c, parents | e) at the place where it sums c out. What that means for base rates, odds ratios
and priors of risk factors, with the intercepts that move along, is told in `bayesknee.inference.prior.numbers`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, cast

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.cpds import by_state
from bayesknee.inference.elimination.core import EliminationCore
from bayesknee.inference.elimination.patients import Patients, SortedEvidence, is_folded, one_patient, sorted_evidence
from bayesknee.inference.elimination.run import Marginals
from bayesknee.inference.elimination.structure import Structure
from bayesknee.inference.prior.numbers import PriorNumbers, Raw, States
from bayesknee.inference.products import matrix_product
from bayesknee.inference.results import Events, Gradients
from bayesknee.knowledge.model import NoisyOr, Path
from bayesknee.patient.evidence import Evidence, Likelihood

MOST_AT_ONCE: Final = 2**21  # numbers of all conditions and what they depend on, of patients gone through together


class PatientSlope(NamedTuple):
    """A number: its place, d log P(e) / d number of each patient, and whether P(e) is a straight line in it."""

    path: Path
    slope: Vector
    linear: bool


def gradients_of(
    core: EliminationCore, before: EliminationPriorGradients, evidence: Evidence, events: Events
) -> Gradients:
    """The gradients of a patient whose evidence is possible.

    Raises:
        InferenceError: tables that would be too large.
    """
    work = _Work(core, before, evidence, events)
    rows = list(work.rows())
    slopes = np.array([work.over_events(row.slope) for row in rows])
    return Gradients(
        tuple(row.path for row in rows),
        slopes,
        work.over_events(np.ones(1 + len(events)))[1:],
        np.array([row.linear for row in rows]),
    )


# --- before the findings ---------------------------------------------------------------------------------------------


@dataclass
class Families(Marginals):
    """A `Tally` that keeps P(condition, what it depends on | evidence), too.

    Attributes:
        families: by condition that depends on anything, shape (2, scope..., patients).
        blocks: P(state | evidence) by block of risk factors in any scope, shape (states, patients).
    """

    families: dict[int, Vector] = field(default_factory=dict)
    blocks: dict[int, Vector] = field(default_factory=dict)

    def condition(self, number: int, weights: Vector) -> None:
        super().condition(number, weights)
        if number in self.patients.structure.model.factors:
            self._keep(number, weights / weights.sum(axis=tuple(range(weights.ndim - 1))))

    def _keep(self, number: int, family: Vector) -> None:
        """Without what mixtures are mixed by, which stands last in any scope."""
        last = family.ndim - 1
        self.families[number] = family.sum(axis=tuple(range(last - len(self.patients.structure.mixings), last)))

    def crowd(self, name: int, weights: Vector) -> None:
        super().crowd(name, weights)
        crowd = self.patients.crowd(name)
        for member, family in zip(crowd.members, crowd.families(weights), strict=True):
            if member in self.patients.structure.model.factors:
                self._keep(member, family)

    def axis(self, name: int, weights: Vector) -> None:
        super().axis(name, weights)
        if name in self.patients.structure.model.blocks:
            self.blocks[name] = weights / weights.sum(axis=0)


class _PriorSlopes:
    """d log P(patient) by the numbers before the findings, for some patients of one structure.

    Args:
        numbers: these numbers.
        tally: what a run found out about the patients.
    """

    def __init__(self, numbers: PriorNumbers, tally: Families) -> None:
        self._numbers = numbers
        self._tally = tally
        self._structure = tally.patients.structure
        self._model = self._structure.model
        self._private: dict[int, Vector] = {}

    def raw(self) -> Raw:
        """With the intercepts held, and by the intercepts; shapes (numbers, patients) and (conditions, patients)."""
        by_log_odds = [self._by_log_odds(c) for c in range(self._model.n)]
        found = self._numbers.raw(by_log_odds, dict(self._by_state()))
        return Raw(np.nan_to_num(found.by_number), np.nan_to_num(found.by_intercept))

    def _by_log_odds(self, c: int) -> tuple[Vector, Mapping[int, States]]:
        """Over all parents, an axis of length 1 for those of which the state is known."""
        parents = self._model.parents.odds_ratios[c].variables
        change, variables = self._over_open_parents(c)
        change = np.moveaxis(change, -1, 0)
        along: dict[int, States] = {}
        for axis, variable in enumerate(parents, start=1):
            if variable in variables:
                along[variable] = np.arange(change.shape[axis])
            else:
                change = np.expand_dims(change, axis)
                along[variable] = np.array([self._structure.settled.get(variable, 0)], np.intp)
        return change, along

    def _over_open_parents(self, c: int) -> tuple[Vector, tuple[int, ...]]:
        """d log P / d log odds by state of the parents that are not known, the patients last; and which these are."""
        if c not in self._model.factors:
            return self._tally.conditions[c] - self._model.simple[c], ()
        _, pair = self._structure.pairs_before_mixing[c]
        factor = self._structure.factor(c)
        variables = tuple(each for each in factor.variables if each != c)
        no, yes = np.moveaxis(factor.table, factor.variables.index(c), 0)
        by_no, by_yes = (own / table for own, table in zip(self._tally.families[c], pair, strict=True))
        weights = np.ones(1)
        private = self._structure.private(c)
        if private is not None:
            axis = variables.index(private)
            by_no, by_yes = (np.expand_dims(each, axis) for each in (by_no, by_yes))
            weights = self._structure.block_weights[private]
            weights = weights.reshape([-1 if each == axis else 1 for each in range(len(variables))] + [1])
            rest = tuple(each for each in range(len(variables)) if each != axis)
            self._private[private] = ((by_no * no + by_yes * yes) * weights).sum(axis=rest)
        return (by_yes - by_no) * no * yes * weights, variables

    def _by_state(self) -> Iterator[tuple[int, tuple[Vector, States]]]:
        """P(state | e) by block of risk factors, and its states."""
        found = {**self._tally.blocks, **self._private}
        for number, weights in self._structure.block_weights.items():
            own = found.get(number, weights / weights.sum(axis=0))
            own = np.broadcast_to(own, (len(weights), self._tally.patients.count))
            yield number, (own.T, np.arange(len(weights)))


class Found(NamedTuple):
    """What runs found out about patients of one structure.

    Attributes:
        logs: log P(patient), the complaint not seen to, shape (patients,).
        conditions: P(condition | patient), shape (n, patients).
        effects: P(effect | patient) by number, shape (patients,).
        raw: d log P(patient) by the numbers before the findings.
    """

    logs: Vector
    conditions: Vector
    effects: dict[int, Vector]
    raw: Raw


class EliminationPriorGradients:
    """Derivatives by the numbers before the findings, for one network and setting. Read-only once made."""

    def __init__(self, core: EliminationCore) -> None:
        self._core = core
        model = core.model
        self.numbers = PriorNumbers(model.network, model.parents)
        events = tuple(frozenset([c]) for c in range(model.n))
        raw = self.found(_each_event(_counted(core, SortedEvidence({}, {}, {})), events)).raw
        sums = np.concatenate([[1.0], self.numbers.base_rates])
        self._moves = self.numbers.moves(Raw(raw.by_number * sums, raw.by_intercept * sums))

    def found(self, patients: Patients) -> Found:
        """All that is wanted of these patients, some at a time."""
        structure = patients.structure
        numbers = sum(pair.no.size + pair.yes.size for _, pair in structure.pairs_before_mixing.values())
        length = min(self._core.at_once(structure), max(1, MOST_AT_ONCE // (1 + numbers)))
        parts = [self._some(patients.some(slice(i, i + length))) for i in range(0, patients.count, length)]
        logs, conditions, effects, raws = zip(*parts, strict=True)
        return Found(
            np.concatenate(logs),
            np.concatenate(conditions, axis=1),
            {k: np.concatenate([each[k] for each in effects]) for k in effects[0]},
            Raw(*(np.concatenate(each, axis=1) for each in zip(*raws, strict=True))),
        )

    def _some(self, patients: Patients) -> Found:
        run = self._core.run(patients)
        logs = run.log_evidence()
        tally = Families(patients, np.full((self._core.model.n, patients.count), np.nan))
        run.back(tally)
        conditions = np.nan_to_num(tally.conditions)
        return Found(logs, conditions, tally.effects, _PriorSlopes(self.numbers, tally).raw())

    def slopes(self, raw: Raw) -> Vector:
        """d log P(patient | complaint) / d number, the intercepts moving along; shape (numbers, patients)."""
        moves = self._moves
        return np.asarray(
            raw.by_number + matrix_product(moves.of_intercepts, raw.by_intercept) - moves.of_complaint[:, None]
        )


def _counted(core: EliminationCore, known: SortedEvidence) -> Patients:
    """A patient, who has the complaint."""
    patient = one_patient(core.model, known)
    return core.counting_any(patient) if core.has_complaint else patient


def _each_event(patient: Patients, events: Events) -> Patients:
    """The patient as is, then one for each event, which happens; of several conditions, not."""
    count = 1 + len(events)
    no, yes = (np.repeat(each, count, axis=1) for each in (patient.no, patient.yes))
    for column, event in enumerate(events, start=1):
        (no if len(event) == 1 else yes)[sorted(event), column] = -np.inf
    observed = {k: np.repeat(each, count, axis=1) for k, each in patient.observed.items()}
    return replace(patient, no=no, yes=yes, observed=observed, log_scale=np.repeat(patient.log_scale, count))


# --- all numbers -----------------------------------------------------------------------------------------------------


class _Work:
    """Patients: one of whom nothing is asked, then one for each event, which happens; of several conditions, not."""

    def __init__(
        self, core: EliminationCore, before: EliminationPriorGradients, evidence: Evidence, events: Events
    ) -> None:
        self._core, self._before = core, before
        self._model = core.model
        self._evidence = evidence
        self._events = events
        self._known = sorted_evidence(self._model, evidence)
        self._patients = _each_event(_counted(core, self._known), events)
        self._logs, self._conditions, self._effects, self._raw = before.found(self._patients)
        with np.errstate(invalid="ignore"):
            self._shares = np.exp(self._logs - self._logs[0])  # P(what is asked for | e)

    def over_events(self, slope: Vector) -> Vector:
        """From d log P of each patient to d P(e), then d P(event, e), over P(e)."""
        made = np.nan_to_num(slope) * self._shares
        for column, event in enumerate(self._events, start=1):
            if len(event) > 1:
                made[column] = made[0] - made[column]
        return np.asarray(made)

    def rows(self) -> Iterator[PatientSlope]:
        """All numbers that bear on the patient."""
        yield from self._before_the_findings()
        for name, likelihood in self._known.effects.items():
            section = "signs" if name in self._model.network.signs else "findings"
            if not is_folded(likelihood):
                yield from self._with_the_effect_absent((section, name, "noisy_or"), name)
            elif likelihood[1] == 0.0:
                ones = np.ones(len(self._logs))
                yield from self._noisy_or((section, name, "noisy_or"), self._rule(name), ones, self._conditions)
        for name, likelihood in self._known.mixtures.items():
            yield from self._mixture(name, likelihood)
        yield from self._readings()

    def _before_the_findings(self) -> Iterator[PatientSlope]:
        """A base rate acts in a straight line where it is that of its own condition only."""
        prior = self._before
        parents = {each for factor in self._model.factors.values() for each in factor.variables}
        alone = [not self._core.has_complaint and c not in parents for c in range(self._model.n)]
        slopes = prior.slopes(self._raw)
        for number, (path, slope) in enumerate(zip(prior.numbers.paths, slopes, strict=True)):
            yield PatientSlope(path, slope, number < len(alone) and alone[number])

    def _rule(self, name: str) -> NoisyOr:
        network = self._model.network
        if name in network.signs:
            return network.signs[name].noisy_or
        return cast(NoisyOr, network.findings[name].model)

    def _with_the_effect_absent(self, path: Path, name: str) -> Iterator[PatientSlope]:
        no, yes = self._patients.observed[self._model.names[name]]
        ratio, conditions = self._against(self._without(name))
        yield from self._noisy_or(path, self._rule(name), (no - yes) * ratio, conditions)

    def _without(self, name: str) -> Patients:
        """The patients with an effect absent."""
        number = self._model.names[name]
        absent = np.stack([np.ones(self._patients.count), np.zeros(self._patients.count)])
        return replace(self._patients, observed={**self._patients.observed, number: absent})

    def _against(self, patients: Patients) -> tuple[Vector, Vector]:
        """P(other patients) / P(patients), and the conditions of the others."""
        logs, conditions, _ = self._core.in_parts(patients)
        with np.errstate(invalid="ignore"):
            return np.nan_to_num(np.exp(logs - self._logs)), np.nan_to_num(conditions)

    def _mixture(self, name: str, likelihood: Likelihood) -> Iterator[PatientSlope]:
        """The mean of the r_c with weights w_c has the derivatives w_c / W and (r_c - mean) / W."""
        rule, states = self._model.mixtures[name], self._model.network.findings[name].states
        path = ("findings", name, "mixture")
        weights, distributions, otherwise = (each[..., 0] for each in self._model.mixture(name))
        r = distributions @ np.array(likelihood)
        ratio, conditions = self._against(self._without(name))
        by_r = weights[:, None] * ratio * conditions
        numbers = self._model.numbers
        for condition, own in rule.distributions.items():
            for state, change in by_state(own, states, likelihood):
                yield PatientSlope(
                    (*path, "distributions", condition, state), by_r[numbers[condition]] * change, linear=True
                )
        if rule.otherwise:
            others = [c for condition, c in numbers.items() if condition not in rule.distributions]
            by_others = by_r[others].sum(axis=0)
            if not self._core.has_complaint:  # none at all may be present
                by_others += (1.0 - r @ by_r) / float(np.dot(otherwise, likelihood))
            for state, change in by_state(rule.otherwise, states, likelihood):
                yield PatientSlope((*path, "otherwise", state), by_others * change, linear=True)
        if rule.weights:
            structure = Structure(self._model, self._patients.structure.common._replace(raised=name))
            ratio, conditions = self._against(replace(self._patients, structure=structure))
            for condition in rule.weights:
                c = numbers[condition]
                slope = r[c] * by_r[c] / weights[c] - ratio * conditions[c]
                yield PatientSlope((*path, "weights", condition), slope, linear=False)

    def _noisy_or(self, path: Path, rule: NoisyOr, weight: Vector, conditions: Vector) -> Iterator[PatientSlope]:
        """From (w_no - w_yes) P(absent, ...) / P(...), and the conditions given that it is absent."""
        here = {name: conditions[self._model.numbers[name]] for name in rule.causes}
        nobody = 1.0 - np.sum(list(here.values()), axis=0)
        yield PatientSlope((*path, "leak"), -weight * nobody / (1.0 - rule.leak.value), linear=False)
        for name, stated in rule.causes.items():
            yield PatientSlope((*path, "causes", name), -weight * here[name] / (1.0 - stated.value), linear=True)

    def _readings(self) -> Iterator[PatientSlope]:
        for name, likelihood in self._evidence.likelihoods.items():
            if name not in self._model.readings:
                continue
            no, yes = likelihood
            reading = self._model.readings[name]
            there = self._sign(reading.sign)
            sensitivity, specificity = reading.sensitivity.value, reading.specificity.value
            slope = (yes - no) / (no * (1.0 - sensitivity) + yes * sensitivity)
            yield PatientSlope(("findings", name, "reads", "sensitivity"), there * slope, linear=True)
            slope = (no - yes) / (no * specificity + yes * (1.0 - specificity))
            yield PatientSlope(("findings", name, "reads", "specificity"), (1.0 - there) * slope, linear=True)

    def _sign(self, name: str) -> Vector:
        """P(sign | patient); by a run of its own where its readings cancel each other, so that none goes through it."""
        number = self._model.names[name]
        if number not in self._effects:
            common = self._patients.structure.common
            common = common._replace(effects=tuple(sorted((*common.effects, number))))
            observed = {**self._patients.observed, number: np.ones((2, self._patients.count))}
            patients = replace(self._patients, structure=Structure(self._model, common), observed=observed)
            self._effects[number] = self._core.in_parts(patients)[2][number]
        return np.nan_to_num(self._effects[number])
