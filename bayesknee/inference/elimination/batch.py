"""The posteriors of many patients: those whose evidence has the same structure share a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np

from bayesknee.errors import InferenceError
from bayesknee.inference.elimination.core import EliminationCore, RunOf
from bayesknee.inference.elimination.greatest import levels_from
from bayesknee.inference.elimination.network_arrays import NetworkArrays
from bayesknee.inference.elimination.patients import NodeEvidence, Patients, common_of, node_evidence, patients_of
from bayesknee.inference.elimination.run import AnyRun
from bayesknee.inference.elimination.structure import Common, Structure
from bayesknee.inference.jit import can_compile
from bayesknee.inference.results import Groups, Posteriors
from bayesknee.knowledge.network import Network
from bayesknee.patient.codes import NOT_KNOWN, Codes
from bayesknee.patient.evidence import Evidence
from bayesknee.patient.gates import CodedAnswers

MOST_TOGETHER: Final = 40  # effects of a joint structure; with more, the search for an order is slow and of no use
SECONDS_APART: Final = 4e-3  # overhead of a structure, however small: what a joint structure saves for each one
# Patients. Compiled code takes a second to load, and ten when first used: for fewer patients, numpy is through before.
# Enumeration has 2000: a patient takes a fraction of a millisecond there, and milliseconds here. Both are judged.
FEWEST_COMPILED: Final = 200


def infer_many(
    core: EliminationCore, codes: Codes, evidence: Evidence, groups: Groups, refused: dict[int, str] | None
) -> Posteriors:
    """The posteriors of many patients; see `bayesknee.inference.strategy.Strategy.infer_many`."""
    found = _no_posteriors(len(codes), core.model.n, len(groups))
    run = _CompiledRuns(core) if len(codes) >= FEWEST_COMPILED and can_compile() else core.run
    for structure, by_row in _structures(core, _alike(core, codes, evidence)):
        try:
            for rows in parts(list(by_row), core.at_once(structure)):
                patients = patients_of(structure, [by_row[row] for row in rows])
                found.log_evidence[rows], marginals = core.posteriors(patients, run)
                found.marginals[rows] = marginals.conditions.T
                if groups:
                    found.groups[rows] = core.any_of(patients, groups, run)
        except InferenceError as error:
            if refused is None:
                raise
            refused.update(dict.fromkeys(by_row, str(error)))
            found.log_evidence[list(by_row)] = np.nan
    impossible = ~np.isfinite(found.log_evidence)
    found.marginals[impossible], found.groups[impossible] = np.nan, np.nan
    return found


def _no_posteriors(rows: int, conditions: int, groups: int) -> Posteriors:
    """The posteriors of patients with impossible answers, as which all rows begin."""
    return Posteriors(np.full((rows, conditions), np.nan), np.full((rows, groups), np.nan), np.full(rows, -np.inf))


def _alike(core: EliminationCore, codes: Codes, evidence: Evidence) -> Mapping[Common, Mapping[int, NodeEvidence]]:
    """The evidence by structure and row; rows whose answers break a gate are left out."""
    alike: dict[Common, dict[int, NodeEvidence]] = {}
    for row, known in _known(core, codes, evidence):
        alike.setdefault(common_of(core.model, known), {})[row] = known
    return alike


def _structures(
    core: EliminationCore, alike: Mapping[Common, Mapping[int, NodeEvidence]]
) -> Iterator[tuple[Structure, Mapping[int, NodeEvidence]]]:
    """The structures to run, with their patients by row.

    Patients who answered the same questions in different ways share a joint structure if that is quicker. Its effects
    are all that are present in any of these patients.
    """
    by_answered: dict[tuple[object, ...], list[Common]] = {}
    for common, by_row in alike.items():
        answered = frozenset(next(iter(by_row.values())).effects)
        by_answered.setdefault((*common._replace(effects=()), answered), []).append(common)
    for commons in by_answered.values():
        merged = {row: known for common in commons for row, known in alike[common].items()}
        if len(commons) > 1 and (joint := _joint(core, commons, len(merged))):
            yield joint, merged
        else:
            yield from ((Structure(core.model, common), alike[common]) for common in commons)


def _joint(core: EliminationCore, commons: list[Common], patients: int) -> Structure | None:
    """The joint structure of all of these; None if separate ones are quicker, or if it is too large."""
    effects = tuple(sorted(set().union(*(common.effects for common in commons))))
    if len(effects) > MOST_TOGETHER:
        return None
    joint = Structure(core.model, commons[0]._replace(effects=effects))
    plan = core.plan(joint.shape)
    together = plan.seconds + patients * plan.seconds_more
    return joint if core.fits(joint) and together < SECONDS_APART * len(commons) else None


def structure_with(model: NetworkArrays, evidence: Evidence, names: Sequence[str]) -> Structure:
    """The joint structure of patients who share this evidence and answered these questions in different ways.

    Args:
        model: the arrays of the network.
        evidence: what is known of all patients.
        names: ids of the questions. All answers to a mixture take the same work, so the first one stands for them; so
            do those to a noisy-MAX but its lowest state, and the highest one stands for them.
    """
    known = node_evidence(model, evidence)
    mixtures = {name: tuple(np.eye(len(model.network.states[name]))[0]) for name in names if name in model.mixtures}
    common = common_of(model, replace(known, mixtures={**known.mixtures, **mixtures}))
    asked = (model.readings[name].sign if name in model.readings else name for name in names)
    effects = {model.names[name] for name in asked if name in model.effects}
    effects |= {model.names[levels_from(model, name)[-1]] for name in names if name in model.greatest}
    return Structure(model, common._replace(effects=tuple(sorted(effects.union(common.effects)))))


def parts(rows: list[int], length: int) -> Iterable[list[int]]:
    """The rows in parts of at most `length`."""
    return (rows[start : start + length] for start in range(0, len(rows), length))


# --- what is known ---------------------------------------------------------------------------------------------------


def _known(core: EliminationCore, codes: Codes, evidence: Evidence) -> Iterator[tuple[int, NodeEvidence]]:
    """The evidence by row; rows whose answers break a gate are left out."""
    network = core.model.network
    answers = core.gates.answers(codes, evidence)
    names, ways = list(network.questions), _likelihoods(network, answers)
    for row, row_codes in enumerate(answers.rows):
        columns = np.flatnonzero(row_codes != NOT_KNOWN).tolist()
        stated = {names[column]: ways[column][row_codes[column]] for column in columns}
        if all(map(any, stated.values())):
            likelihoods = {**answers.shared, **stated}
            yield row, node_evidence(core.model, Evidence(likelihoods=likelihoods, log_scale=answers.log_scale))


def _likelihoods(network: Network, answers: CodedAnswers) -> list[list[tuple[float, ...]]]:
    """The likelihoods of all codes of all questions, by number of the question and code."""
    return [[tuple(way) for way in answers.ways[name].tolist()] for name in network.questions]


# --- compiled --------------------------------------------------------------------------------------------------------


class _CompiledRuns:
    """Makes runs, by compiled code if the plan can be compiled. Keeps the program of the last structure."""

    def __init__(self, core: EliminationCore) -> None:
        self._core = core
        self._makers: Mapping[Common, RunOf] = {}

    def __call__(self, patients: Patients) -> AnyRun:
        from bayesknee.inference.elimination.kernels import CompiledRun, program_of

        structure = patients.structure
        if structure.common not in self._makers:
            program = program_of(self._core.plan_of(structure), structure)
            self._makers = {structure.common: partial(CompiledRun, program) if program else self._core.run}
        return self._makers[structure.common](patients)
