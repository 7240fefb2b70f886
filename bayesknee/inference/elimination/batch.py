"""Many patients: those whose evidence has the same structure are gone through together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from typing import Final

import numpy as np

from bayesknee.errors import InferenceError
from bayesknee.inference.elimination.core import EliminationCore, RunOf
from bayesknee.inference.elimination.network_arrays import NetworkArrays
from bayesknee.inference.elimination.patients import Patients, SortedEvidence, common_of, patients_of, sorted_evidence
from bayesknee.inference.elimination.run import AnyRun
from bayesknee.inference.elimination.structure import Common, Structure
from bayesknee.inference.results import Groups, Posteriors
from bayesknee.knowledge.network import Network
from bayesknee.patient.codes import NOT_KNOWN, Codes
from bayesknee.patient.evidence import Evidence
from bayesknee.patient.gates import CodedAnswers

MOST_TOGETHER: Final = 40  # effects; to look for an order for more takes long and is in vain
SECONDS_APART: Final = 4e-3  # what a structure takes, however small it is
WORTH_COMPILING: Final = 200  # patients; compiled code takes a second to load, and ten when first used


def infer_many(
    core: EliminationCore, codes: Codes, evidence: Evidence, groups: Groups, refused: dict[int, str] | None
) -> Posteriors:
    """The posteriors of many patients; see `bayesknee.inference.strategy.Strategy`."""
    model = core.model
    marginals = np.full((len(codes), model.n), np.nan)
    of_groups = np.full((len(codes), len(groups)), np.nan)
    log_evidence = np.full(len(codes), -np.inf)
    run = _CompiledRuns(core) if len(codes) >= WORTH_COMPILING and find_spec("numba") else core.run
    alike: dict[Common, dict[int, SortedEvidence]] = {}
    for row, known in _known(core, codes, evidence):
        alike.setdefault(common_of(model, known), {})[row] = known
    for structure, by_row in _gone_through(core, alike):
        try:
            for rows in parts(list(by_row), core.at_once(structure)):
                patients = patients_of(structure, [by_row[row] for row in rows])
                log_evidence[rows], found = core.posteriors(patients, run)
                marginals[rows] = found.conditions.T
                if groups:
                    of_groups[rows] = core.any_of(patients, groups, run)
        except InferenceError as error:
            if refused is None:
                raise
            refused.update(dict.fromkeys(by_row, str(error)))
            log_evidence[list(by_row)] = np.nan
    impossible = ~np.isfinite(log_evidence)
    marginals[impossible], of_groups[impossible] = np.nan, np.nan
    return Posteriors(marginals, of_groups, log_evidence)


def _gone_through(
    core: EliminationCore, alike: Mapping[Common, Mapping[int, SortedEvidence]]
) -> Iterator[tuple[Structure, Mapping[int, SortedEvidence]]]:
    """The structures to go through, and whom with each.

    Patients who answered the same questions, each in their own way, are one structure where that is quicker: what is
    absent in some and present in others is then gone through in all of them.
    """
    by_answered: dict[tuple[object, ...], list[Common]] = {}
    for common, by_row in alike.items():
        answered = frozenset(next(iter(by_row.values())).effects)
        by_answered.setdefault((*common._replace(effects=()), answered), []).append(common)
    for commons in by_answered.values():
        whole = {row: known for common in commons for row, known in alike[common].items()}
        if len(commons) > 1 and (joint := _joint(core, commons, len(whole))):
            yield joint, whole
        else:
            yield from ((Structure(core.model, common), alike[common]) for common in commons)


def _joint(core: EliminationCore, commons: list[Common], patients: int) -> Structure | None:
    """One structure for all of these; None where they are quicker apart, or it is too large."""
    effects = tuple(sorted(set().union(*(each.effects for each in commons))))
    if len(effects) > MOST_TOGETHER:
        return None
    joint = Structure(core.model, commons[0]._replace(effects=effects))
    plan = core.plan(joint.shape)
    together = plan.seconds + patients * plan.seconds_more
    return joint if core.fits(joint) and together < SECONDS_APART * len(commons) else None


def structure_with(model: NetworkArrays, evidence: Evidence, names: Sequence[str]) -> Structure:
    """The structure of patients who have this evidence, and answered these questions each in their own way.

    All answers to a mixture are as much work, so one stands for them.
    """
    known = sorted_evidence(model, evidence)
    mixtures = {name: tuple(np.eye(len(model.network.states[name]))[0]) for name in names if name in model.mixtures}
    common = common_of(model, replace(known, mixtures={**known.mixtures, **mixtures}))
    asked = (model.readings[name].sign if name in model.readings else name for name in names)
    effects = {model.names[name] for name in asked if name in model.effects}
    return Structure(model, common._replace(effects=tuple(sorted(effects.union(common.effects)))))


def parts(rows: list[int], length: int) -> Iterable[list[int]]:
    """The rows, that many at a time."""
    return (rows[start : start + length] for start in range(0, len(rows), length))


# --- what is known ---------------------------------------------------------------------------------------------------


def _known(core: EliminationCore, codes: Codes, evidence: Evidence) -> Iterator[tuple[int, SortedEvidence]]:
    """What is known of each row, but for those whose answers break a gate."""
    network = core.model.network
    answers = core.gates.answers(codes, evidence)
    names, ways = list(network.questions), _likelihoods(network, answers)
    for row, own in enumerate(answers.rows):
        columns = np.flatnonzero(own != NOT_KNOWN).tolist()
        stated = {names[column]: ways[column][own[column]] for column in columns}
        if all(map(any, stated.values())):
            likelihoods = {**answers.shared, **stated}
            yield row, sorted_evidence(core.model, Evidence(likelihoods=likelihoods, log_scale=answers.log_scale))


def _likelihoods(network: Network, answers: CodedAnswers) -> list[list[tuple[float, ...]]]:
    """The likelihoods of each way of answering each question."""
    return [[tuple(way) for way in answers.ways[name].tolist()] for name in network.questions]


# --- compiled --------------------------------------------------------------------------------------------------------


class _CompiledRuns:
    """Makes runs of compiled code, where the plan can be compiled; keeps the programs of one structure."""

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
