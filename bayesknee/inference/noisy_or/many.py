"""Many patients: those whose evidence has the same structure are gone through together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

import numpy as np

from bayesknee.errors import InferenceError
from bayesknee.inference.batch import Groups, Posteriors
from bayesknee.inference.codes import NOT_KNOWN, Codes
from bayesknee.inference.evidence import Evidence
from bayesknee.inference.implied import Answers
from bayesknee.inference.noisy_or.patient import Known, Patients, common_of, patients_of, sorted_evidence
from bayesknee.inference.noisy_or.run import AnyRun
from bayesknee.inference.noisy_or.structure import Common, Structure
from bayesknee.knowledge.model import Network

if TYPE_CHECKING:
    from bayesknee.inference.noisy_or.compiled import Program
    from bayesknee.inference.noisy_or.strategy import NoisyOrStrategy

WORTH_COMPILING: Final = 200  # patients; compiled code takes a second to load, and ten when first used


def infer_many(
    strategy: NoisyOrStrategy, codes: Codes, evidence: Evidence, groups: Groups, refused: dict[int, str] | None
) -> Posteriors:
    """The posteriors of many patients; see `bayesknee.inference.engine.Strategy`."""
    model = strategy.model
    marginals = np.full((len(codes), model.n), np.nan)
    of_groups = np.full((len(codes), len(groups)), np.nan)
    log_evidence = np.full(len(codes), -np.inf)
    run = _CompiledRuns(strategy) if len(codes) >= WORTH_COMPILING and find_spec("numba") else strategy.run
    alike: dict[Common, dict[int, Known]] = {}
    for row, known in _known(strategy, codes, evidence):
        alike.setdefault(common_of(model, known), {})[row] = known
    for common, by_row in alike.items():
        structure = Structure(model, common)
        try:
            for rows in parts(list(by_row), strategy.at_once(structure)):
                patients = patients_of(structure, [by_row[row] for row in rows])
                log_evidence[rows], found = strategy.posteriors(patients, run)
                marginals[rows] = found.conditions.T
                if groups:
                    of_groups[rows] = strategy.any_of(patients, groups, run)
        except InferenceError as error:
            if refused is None:
                raise
            refused.update(dict.fromkeys(by_row, str(error)))
            log_evidence[list(by_row)] = np.nan
    impossible = ~np.isfinite(log_evidence)
    marginals[impossible], of_groups[impossible] = np.nan, np.nan
    return Posteriors(marginals, of_groups, log_evidence)


def parts(rows: list[int], length: int) -> Iterable[list[int]]:
    """The rows, that many at a time."""
    return (rows[start : start + length] for start in range(0, len(rows), length))


# --- what is known ---------------------------------------------------------------------------------------------------


def _known(strategy: NoisyOrStrategy, codes: Codes, evidence: Evidence) -> Iterator[tuple[int, Known]]:
    """What is known of each row, but for those whose answers break a gate."""
    network = strategy.model.network
    answers = strategy.gates.answers(codes, evidence)
    names, ways = list(network.questions), _likelihoods(network, answers)
    for row, own in enumerate(answers.rows):
        columns = np.flatnonzero(own != NOT_KNOWN).tolist()
        stated = {names[column]: ways[column][own[column]] for column in columns}
        if all(map(any, stated.values())):
            likelihoods = {**answers.shared, **stated}
            yield row, sorted_evidence(strategy.model, Evidence(likelihoods=likelihoods, log_scale=answers.log_scale))


def _likelihoods(network: Network, answers: Answers) -> list[list[tuple[float, ...]]]:
    """The likelihoods of each way of answering each question."""
    return [[tuple(way) for way in answers.ways[name].tolist()] for name in network.questions]


# --- compiled --------------------------------------------------------------------------------------------------------


class _CompiledRuns:
    """Makes runs of compiled code, where the plan can be compiled; keeps the programs of one structure."""

    def __init__(self, strategy: NoisyOrStrategy) -> None:
        self._strategy = strategy
        self._programs: Mapping[Common, Program | None] = {}

    def __call__(self, patients: Patients) -> AnyRun:
        from bayesknee.inference.noisy_or.compiled import CompiledRun, program_of

        structure = patients.structure
        if structure.common not in self._programs:
            plan = self._strategy.plan_of(structure)
            self._programs = {structure.common: program_of(plan, structure)}
        program = self._programs[structure.common]
        return self._strategy.run(patients) if program is None else CompiledRun(program, patients)
