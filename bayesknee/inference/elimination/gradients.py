"""Derivatives of the posterior by all numbers, by elimination.

Each event is one more patient, in whom it occurs. A presenting complaint is a further effect that is present. P(e)
depends on the numbers of a noisy-OR f with weights w_no and w_yes only through (w_no - w_yes) P(f absent | s). So with
the probability P stated for a cause c,

    dP(e) / dP = - (w_no - w_yes) P(f absent, c, other evidence) / (1 - P)

which takes a run in which f is absent, unless it is absent in the patient anyway. With p the probability of a condition
given its parents, the derivative by its log odds is

    d log P(e) / d log odds = sum over parents of P(c, parents | e) (1 - p) - P(no c, parents | e) p,

and the backward pass of a run has P(c, parents | e) where it sums c out. From this,
`bayesknee.inference.prior.number_moves` makes derivatives by base rates, odds ratios and priors of risk factors, with
intercepts that change along.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, cast

import numpy as np

from bayesknee.arrays import Integers, Vector
from bayesknee.inference.cpds import by_state, readings_likelihood
from bayesknee.inference.elimination.core import EliminationCore
from bayesknee.inference.elimination.greatest import by_at_most, changes_of_at_most
from bayesknee.inference.elimination.patients import NodeEvidence, Patients, is_folded, node_evidence, one_patient
from bayesknee.inference.elimination.run import Marginals
from bayesknee.inference.elimination.structure import Structure
from bayesknee.inference.prior.number_moves import PriorNumbers, Raw
from bayesknee.inference.products import matrix_product
from bayesknee.inference.results import Events, Gradients
from bayesknee.knowledge.model import Distribution, Greatest, NoisyOr, Path
from bayesknee.patient.evidence import Evidence, Likelihood
from bayesknee.patient.sorted_evidence import sorted_evidence

MOST_AT_ONCE: Final = 2**21  # numbers of all P(condition, parents | patient) of a run, 16 MB; judged


class PatientSlope(NamedTuple):
    """A number: its path, d log P(e) / d number, shape (patients,), and whether P(e) is linear in the number."""

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
    """A `Tally` that also keeps P(condition, parents | evidence).

    Attributes:
        families: P(condition, scope | evidence) by condition that has parents, shape (2, scope..., patients).
        blocks: P(state | evidence) by block of risk factors in any scope, shape (states, patients).
    """

    families: dict[int, Vector] = field(default_factory=dict)
    blocks: dict[int, Vector] = field(default_factory=dict)

    def condition(self, number: int, weights: Vector) -> None:
        super().condition(number, weights)
        if number in self.patients.structure.model.factors:
            self._keep(number, weights / weights.sum(axis=tuple(range(weights.ndim - 1))))

    def _keep(self, number: int, family: Vector) -> None:
        """Keeps a family, with the variables of mixtures, which are the last of a scope, summed out."""
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
    """d log P(patient) by the numbers of conditions and risk factors, for patients of one structure.

    Args:
        numbers: these numbers.
        tally: the marginals from a run of the patients.
    """

    def __init__(self, numbers: PriorNumbers, tally: Families) -> None:
        self._numbers = numbers
        self._tally = tally
        self._structure = tally.patients.structure
        self._model = self._structure.model
        self._private: dict[int, Vector] = {}

    def raw(self) -> Raw:
        """Derivatives at fixed intercepts, shape (numbers, patients), and by intercepts, shape (n, patients)."""
        by_log_odds = [self._by_log_odds(c) for c in range(self._model.n)]
        found = self._numbers.raw(by_log_odds, dict(self._by_state()))
        return Raw(np.nan_to_num(found.by_number), np.nan_to_num(found.by_intercept))

    def _by_log_odds(self, c: int) -> tuple[Vector, Mapping[int, Integers]]:
        """d log P / d log odds by state of all parents; the axis of a parent with a known state has length 1."""
        parents = self._model.parents.odds_ratios[c].variables
        change, variables = self._over_open_parents(c)
        change = np.moveaxis(change, -1, 0)
        along: dict[int, Integers] = {}
        for axis, variable in enumerate(parents, start=1):
            if variable in variables:
                along[variable] = np.arange(change.shape[axis])
            else:
                change = np.expand_dims(change, axis)
                along[variable] = np.array([self._structure.settled.get(variable, 0)], np.intp)
        return change, along

    def _over_open_parents(self, c: int) -> tuple[Vector, tuple[int, ...]]:
        """d log P / d log odds by state of the parents whose state is not known, then patient; and these parents."""
        if c not in self._model.factors:
            return self._tally.conditions[c] - self._model.simple[c], ()
        _, pair = self._structure.pairs_before_mixing[c]
        factor = self._structure.factor(c)
        variables = tuple(parent for parent in factor.variables if parent != c)
        no, yes = np.moveaxis(factor.table, factor.variables.index(c), 0)
        by_no, by_yes = (family / table for family, table in zip(self._tally.families[c], pair, strict=True))
        weights = np.ones(1)
        private = self._structure.private(c)
        if private is not None:
            axis = variables.index(private)
            by_no, by_yes = (np.expand_dims(ratio, axis) for ratio in (by_no, by_yes))
            weights = self._structure.block_weights[private]
            weights = weights.reshape([-1 if place == axis else 1 for place in range(len(variables))] + [1])
            rest = tuple(place for place in range(len(variables)) if place != axis)
            self._private[private] = ((by_no * no + by_yes * yes) * weights).sum(axis=rest)
        return (by_yes - by_no) * no * yes * weights, variables

    def _by_state(self) -> Iterator[tuple[int, tuple[Vector, Integers]]]:
        """P(state | e) by block of risk factors, and its states."""
        found = {**self._tally.blocks, **self._private}
        for number, weights in self._structure.block_weights.items():
            chances = found.get(number, weights / weights.sum(axis=0))
            chances = np.broadcast_to(chances, (len(weights), self._tally.patients.count))
            yield number, (chances.T, np.arange(len(weights)))


class Found(NamedTuple):
    """Marginals and derivatives of patients of one structure.

    Attributes:
        logs: log P(patient), without conditioning on the complaint, shape (patients,).
        conditions: P(condition | patient), shape (n, patients).
        effects: P(effect | patient) by number, shape (patients,).
        raw: d log P(patient) by the numbers of conditions and risk factors.
    """

    logs: Vector
    conditions: Vector
    effects: dict[int, Vector]
    raw: Raw


class EliminationPriorGradients:
    """Derivatives by the numbers of conditions and risk factors, for one network and setting. Immutable."""

    def __init__(self, core: EliminationCore) -> None:
        self._core = core
        model = core.model
        self.numbers = PriorNumbers(model.network, model.parents)
        events = tuple(frozenset([c]) for c in range(model.n))
        raw = self.found(_patients_by_event(_counted(core, NodeEvidence({}, {}, {})), events)).raw
        sums = np.concatenate([[1.0], self.numbers.base_rates])
        self._moves = self.numbers.moves(Raw(raw.by_number * sums, raw.by_intercept * sums))

    def found(self, patients: Patients) -> Found:
        """Marginals and derivatives of these patients, by runs of bounded size."""
        structure = patients.structure
        numbers = sum(pair.no.size + pair.yes.size for _, pair in structure.pairs_before_mixing.values())
        length = min(self._core.at_once(structure), max(1, MOST_AT_ONCE // (1 + numbers)))
        parts = [self._found_part(patients.in_rows(slice(i, i + length))) for i in range(0, patients.count, length)]
        logs, conditions, effects, raws = zip(*parts, strict=True)
        return Found(
            np.concatenate(logs),
            np.concatenate(conditions, axis=1),
            {k: np.concatenate([by_number[k] for by_number in effects]) for k in effects[0]},
            Raw(*(np.concatenate(arrays, axis=1) for arrays in zip(*raws, strict=True))),
        )

    def _found_part(self, patients: Patients) -> Found:
        run = self._core.run(patients)
        logs = run.log_evidence()
        tally = Families(patients, np.full((self._core.model.n, patients.count), np.nan))
        run.back(tally)
        conditions = np.nan_to_num(tally.conditions)
        return Found(logs, conditions, tally.effects, _PriorSlopes(self.numbers, tally).raw())

    def slopes(self, raw: Raw) -> Vector:
        """d log P(patient | complaint) / d number, with intercepts changing along; shape (numbers, patients)."""
        moves = self._moves
        return np.asarray(
            raw.by_number + matrix_product(moves.of_intercepts, raw.by_intercept) - moves.of_complaint[:, None]
        )


def _counted(core: EliminationCore, known: NodeEvidence) -> Patients:
    """A patient with this evidence and the complaint."""
    patient = one_patient(core.model, known)
    return core.counting_any(patient) if core.has_complaint else patient


def _patients_by_event(patient: Patients, events: Events) -> Patients:
    """The patient, then one for each event: it occurs if it has one condition, and does not occur if it has several."""
    count = 1 + len(events)
    no, yes = (np.repeat(table, count, axis=1) for table in (patient.no, patient.yes))
    for column, event in enumerate(events, start=1):
        (no if len(event) == 1 else yes)[sorted(event), column] = -np.inf
    observed = {k: np.repeat(table, count, axis=1) for k, table in patient.observed.items()}
    return replace(patient, no=no, yes=yes, observed=observed, log_scale=np.repeat(patient.log_scale, count))


# --- all numbers -----------------------------------------------------------------------------------------------------


class _Work:
    """The derivatives of a patient's evidence and events, by the patients of `_patients_by_event`."""

    def __init__(
        self, core: EliminationCore, before: EliminationPriorGradients, evidence: Evidence, events: Events
    ) -> None:
        self._core, self._before = core, before
        self._model = core.model
        self._evidence = evidence
        self._events = events
        self._known = node_evidence(self._model, evidence)
        self._patients = _patients_by_event(_counted(core, self._known), events)
        self._logs, self._conditions, self._effects, self._raw = before.found(self._patients)
        with np.errstate(invalid="ignore"):
            self._shares = np.exp(self._logs - self._logs[0])  # P(event of the patient | e)

    def over_events(self, slope: Vector) -> Vector:
        """From d log P of each patient to d P(e), then d P(event, e), over P(e)."""
        made = np.nan_to_num(slope) * self._shares
        for column, event in enumerate(self._events, start=1):
            if len(event) > 1:
                made[column] = made[0] - made[column]
        return np.asarray(made)

    def rows(self) -> Iterator[PatientSlope]:
        """The derivatives by all numbers that bear on the patient."""
        yield from self._before_the_findings()
        for name, likelihood in self._known.effects.items():
            if name not in self._model.network.states and name not in self._model.network.signs:
                continue  # a level of a noisy-MAX, of which there are others
            section = "signs" if name in self._model.network.signs else "findings"
            if not is_folded(likelihood):
                yield from self._with_the_effect_absent((section, name, "noisy_or"), name)
            elif likelihood[1] == 0.0:
                ones = np.ones(len(self._logs))
                yield from self._noisy_or((section, name, "noisy_or"), self._rule(name), ones, self._conditions)
        for name, likelihood in self._known.mixtures.items():
            yield from self._mixture(name, likelihood)
        for name, rule in self._model.greatest.items():
            if name in self._evidence.likelihoods:
                yield from self._greatest(name, rule, self._evidence.likelihoods[name])
        yield from self._readings()

    def _before_the_findings(self) -> Iterator[PatientSlope]:
        """The numbers of conditions and risk factors.

        P(e) is linear in a base rate if no other condition depends on the condition, and there is no complaint.
        """
        prior = self._before
        parents = {variable for factor in self._model.factors.values() for variable in factor.variables}
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
        """The same patients, in whom an effect is absent."""
        number = self._model.names[name]
        absent = np.stack([np.ones(self._patients.count), np.zeros(self._patients.count)])
        return replace(self._patients, observed={**self._patients.observed, number: absent})

    def _against(self, patients: Patients) -> tuple[Vector, Vector]:
        """P(other patients) / P(patients), shape (patients,), and P(condition | other patient), shape (n, patients)."""
        logs, conditions, _ = self._core.in_parts(patients)
        with np.errstate(invalid="ignore"):
            return np.nan_to_num(np.exp(logs - self._logs)), np.nan_to_num(conditions)

    def _mixture(self, name: str, likelihood: Likelihood) -> Iterator[PatientSlope]:
        """The mean of the r_c with weights w_c has the derivatives w_c / W by r_c, and (r_c - mean) / W by w_c."""
        rule, path = self._model.mixtures[name], ("findings", name, "mixture")
        weights, distributions, otherwise = (table[..., 0] for table in self._model.mixture(name))
        r = distributions @ np.array(likelihood)
        ratio, conditions = self._against(self._without(name))
        by_r = weights[:, None] * ratio * conditions
        yield from self._distributions(name, likelihood, by_r)
        if rule.otherwise:
            by_others = by_r[[c for id_, c in self._model.numbers.items() if id_ not in rule.distributions]].sum(axis=0)
            if not self._core.has_complaint:  # possibly no condition is present
                by_others += (1.0 - r @ by_r) / float(np.dot(otherwise, likelihood))
            for state, change in by_state(rule.otherwise, self._model.network.states[name], likelihood):
                yield PatientSlope((*path, "otherwise", state), by_others * change, linear=True)
        if rule.weights:
            structure = Structure(self._model, self._patients.structure.common._replace(raised=name))
            ratio, conditions = self._against(replace(self._patients, structure=structure))
            for condition in rule.weights:
                c = self._model.numbers[condition]
                slope = r[c] * by_r[c] / weights[c] - ratio * conditions[c]
                yield PatientSlope((*path, "weights", condition), slope, linear=False)

    def _greatest(self, name: str, rule: Greatest, likelihood: Likelihood) -> Iterator[PatientSlope]:
        """P(answer | s) is a sum of d_k P(X <= k | s), each a product of P(at most k | c) over P(at most k | none)."""
        states, path = self._model.network.states[name], ("findings", name, "greatest")
        found = {k: (d, *self._against(self._at_most(name, k))) for k, d in by_at_most(likelihood)}
        present = {cause: self._model.numbers[cause] for cause in rule.causes}
        places: list[tuple[Path, Distribution, Sequence[int]]] = [
            ((*path, "causes", cause), rule.causes[cause], [c]) for cause, c in present.items()
        ]
        places += [((*path, "leak"), rule.leak, list(present.values()))] if rule.leak else []
        for place, distribution, members in places:
            vector, is_leak = distribution.vector(states), place[-1] == "leak"
            for state, number in distribution.numbers.items():
                slope = np.zeros_like(self._logs)
                for k, (d, ratio, conditions) in found.items() if not number.certain else ():
                    there = conditions[members].sum(axis=0)
                    change = changes_of_at_most(vector, k, states.index(state))
                    slope = slope + d * ratio * (1.0 - there if is_leak else there) * change
                if not number.certain:
                    yield PatientSlope((*place, state), slope, linear=not is_leak)

    def _at_most(self, name: str, k: int) -> Patients:
        """The same patients, of whose answer to a noisy-MAX only is known that it is at most k."""
        states = len(self._model.network.states[name])
        answer = tuple(float(state <= k) for state in range(states))
        evidence = replace(self._evidence, likelihoods={**self._evidence.likelihoods, name: answer})
        return _patients_by_event(_counted(self._core, node_evidence(self._model, evidence)), self._events)

    def _distributions(self, name: str, likelihood: Likelihood, by_r: Vector) -> Iterator[PatientSlope]:
        """The distributions of a mixture, from d log P(e) / d r_c, shape (n, patients)."""
        states = self._model.network.states[name]
        for condition, distribution in self._model.mixtures[name].distributions.items():
            for state, change in by_state(distribution, states, likelihood):
                path = ("findings", name, "mixture", "distributions", condition, state)
                yield PatientSlope(path, by_r[self._model.numbers[condition]] * change, linear=True)

    def _noisy_or(self, path: Path, rule: NoisyOr, weight: Vector, conditions: Vector) -> Iterator[PatientSlope]:
        """The numbers of a noisy-OR.

        Args:
            path: of the noisy-OR.
            rule: the noisy-OR.
            weight: (w_no - w_yes) P(absent, other evidence) / P(patient), shape (patients,).
            conditions: P(condition | absent, other evidence), shape (n, patients).
        """
        here = {name: conditions[self._model.numbers[name]] for name in rule.causes}
        none_present = 1.0 - np.sum(list(here.values()), axis=0)
        yield PatientSlope((*path, "leak"), -weight * none_present / (1.0 - rule.leak.value), linear=False)
        for name, stated in rule.causes.items():
            yield PatientSlope((*path, "causes", name), -weight * here[name] / (1.0 - stated.value), linear=True)

    def _readings(self) -> Iterator[PatientSlope]:
        for sign, readings in sorted_evidence(self._model.network, self._evidence.likelihoods).readings.items():
            there = self._sign(sign)
            for name, (no, yes) in readings.items():
                without_sign, with_sign = readings_likelihood(self._model.readings, {name: (no, yes)})
                by_specificity, by_sensitivity = (no - yes) / without_sign, (yes - no) / with_sign
                path = ("findings", name, "reads")
                yield PatientSlope((*path, "sensitivity"), there * by_sensitivity, linear=True)
                yield PatientSlope((*path, "specificity"), (1.0 - there) * by_specificity, linear=True)

    def _sign(self, name: str) -> Vector:
        """P(sign | patient), shape (patients,).

        If the readings of a sign cancel each other, it is no effect of the patients, and takes a separate run.
        """
        number = self._model.names[name]
        if number not in self._effects:
            common = self._patients.structure.common
            common = common._replace(effects=tuple(sorted((*common.effects, number))))
            observed = {**self._patients.observed, number: np.ones((2, self._patients.count))}
            patients = replace(self._patients, structure=Structure(self._model, common), observed=observed)
            self._effects[number] = self._core.in_parts(patients)[2][number]
        return np.nan_to_num(self._effects[number])
