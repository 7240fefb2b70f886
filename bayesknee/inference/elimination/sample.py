"""Patients drawn given evidence, by elimination: the conditions first, then risk factors and findings given these."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from typing import Final

import numpy as np

from bayesknee.arrays import Bools, Integers, Vector
from bayesknee.errors import ImpossibleEvidenceError
from bayesknee.inference.cpds import mixture_numbers, reading_table
from bayesknee.inference.drawn_states import close_gates, draw_each, with_gates
from bayesknee.inference.elimination.core import EliminationCore
from bayesknee.inference.elimination.draw import draw
from bayesknee.inference.elimination.greatest import greatest_chances, levels_from
from bayesknee.inference.elimination.patients import node_evidence, one_patient
from bayesknee.inference.products import matrix_product, vector_product
from bayesknee.inference.results import Sample
from bayesknee.knowledge.model import Finding, Greatest, Mixture, Reading
from bayesknee.patient.codes import nothing_known
from bayesknee.patient.evidence import Evidence

MOST_ROWS_AT_ONCE: Final = 2**12  # patients drawn at once: an array over 600 conditions then takes 20 MB; judged


class EliminationSampler:
    """Draws patients given evidence.

    Args:
        core: of the network.
        evidence: what is known of all patients.
        wanted: ids of the questions to draw; None draws all of them. Risk factors are drawn in any case.

    Raises:
        ImpossibleEvidenceError: the evidence has probability 0.
        InferenceError: tables that would be too large.
    """

    def __init__(self, core: EliminationCore, evidence: Evidence, wanted: Collection[str] | None = None) -> None:
        self._model = core.model
        self._network = core.model.network
        self._wanted = frozenset(self._network.findings if wanted is None else with_gates(self._network, wanted))
        self._given = evidence.likelihoods
        self._known = node_evidence(self._model, evidence)
        patient = one_patient(self._model, self._known)
        self._run = core.run(core.counting_any(patient) if core.has_complaint else patient)
        if self._run.log_evidence()[0] == -math.inf:
            raise ImpossibleEvidenceError(evidence.answers)
        self._columns = {name: column for column, name in enumerate(self._network.questions)}

    def draw(self, rows: int, rng: np.random.Generator) -> Sample:
        """Draws `rows` patients, by parts of bounded size."""
        lengths = [min(MOST_ROWS_AT_ONCE, rows - start) for start in range(0, rows, MOST_ROWS_AT_ONCE)] or [0]
        return Sample(*map(np.concatenate, zip(*(self._draw_part(length, rng) for length in lengths), strict=True)))

    def _draw_part(self, rows: int, rng: np.random.Generator) -> Sample:
        conditions, blocks = draw(self._run, rows, rng)
        codes = nothing_known(self._network, rows)
        for name, states in (*self._risk_factors(conditions, blocks, rng), *self._findings(conditions, rng)):
            codes[:, self._columns[name]] = states
        close_gates(self._network, codes, self._given)
        return Sample(conditions, codes)

    # --- risk factors ------------------------------------------------------------------------------------------------

    def _risk_factors(
        self, conditions: Bools, blocks: dict[int, Integers], rng: np.random.Generator
    ) -> Iterator[tuple[str, Integers]]:
        weights = {number: table[:, 0] for number, table in self._model.block_weights(self._known.risk_factors).items()}
        drawn = dict(blocks)
        private = {block: c for c, block in enumerate(self._model.parents.private_blocks) if block is not None}
        for number in sorted(weights, key=lambda block: block in private):  # those that others depend on first
            if number not in drawn:
                chances = np.broadcast_to(weights[number], (len(conditions), len(weights[number])))
                if number in private:
                    chances = chances * self._given_child(private[number], number, conditions, drawn)
                drawn[number] = draw_each(chances, rng)
            members = self._model.blocks[number].members
            if members:
                states = np.unravel_index(drawn[number], [len(member.states) for member in members])
                yield from zip(self._model.blocks[number].ids, states, strict=True)

    def _given_child(self, c: int, number: int, conditions: Bools, drawn: dict[int, Integers]) -> Vector:
        """P(condition as drawn | parents as drawn, state) by state of its private block, shape (rows, states)."""
        variables, table = self._model.factors[c]
        table = np.moveaxis(table[..., 0], variables.index(number), -1)
        others = [variable for variable in variables if variable != number]
        index = tuple(
            conditions[:, variable].astype(np.intp) if variable < self._model.n else drawn[variable]
            for variable in others
        )
        return np.asarray(table[index])

    # --- findings ----------------------------------------------------------------------------------------------------

    def _findings(self, conditions: Bools, rng: np.random.Generator) -> Iterator[tuple[str, Integers]]:
        signs = {name: self._effect(name, conditions, rng) for name in self._network.signs}
        for name, finding in self._network.findings.items():
            if name not in self._wanted:
                continue
            if isinstance(finding.model, Reading):
                table = reading_table(finding.model)
                yield name, draw_each((self._likely(name) * table.T)[signs[finding.model.sign]], rng)
            elif isinstance(finding.model, Mixture):
                chances = mixture_chances(finding, finding.model, self._ids, conditions)
                yield name, draw_each(chances * self._likely(name), rng)
            elif isinstance(finding.model, Greatest):
                yield name, draw_each(self._greatest(name, conditions) * self._likely(name), rng)
            else:
                yield name, self._effect(name, conditions, rng)

    @property
    def _ids(self) -> tuple[str, ...]:
        return self._model.parents.conditions

    def _likely(self, name: str) -> Vector:
        return np.array(self._given.get(name, (1.0,) * len(self._network.states[name])))

    def _effect(self, name: str, conditions: Bools, rng: np.random.Generator) -> Integers:
        """The drawn states of a noisy-OR given the conditions and its evidence, shape (rows,)."""
        log_no = self._log_no(name, conditions)
        chances = np.stack([np.exp(log_no), -np.expm1(log_no)], axis=1)
        return draw_each(chances * np.array(self._known.effects.get(name, (1.0, 1.0))), rng)

    def _log_no(self, name: str, conditions: Bools) -> Vector:
        """log P(absent | conditions) of an effect, shape (rows,)."""
        effect = self._model.effects[name]
        return np.asarray(effect.log_no_leak + vector_product(conditions[:, effect.causes], effect.log_fail))

    def _greatest(self, name: str, conditions: Bools) -> Vector:
        logs = {each: self._log_no(each, conditions) for each in levels_from(self._model, name)}
        return greatest_chances(self._model, name, logs)


def mixture_chances(finding: Finding, rule: Mixture, ids: tuple[str, ...], conditions: Bools) -> Vector:
    """P(state | conditions) of a mixture, shape (rows, states); `bayesknee.inference.cpds` has it for all subsets."""
    weights, distributions, otherwise = (part[..., 0] for part in mixture_numbers(rule, finding.states, ids))
    total = vector_product(conditions, weights)
    mean = matrix_product(conditions * weights, distributions) / np.where(total > 0.0, total, 1.0)[:, None]
    return np.where(total[:, None] > 0.0, mean, otherwise)
