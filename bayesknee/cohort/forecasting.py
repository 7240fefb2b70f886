"""The posteriors and triage levels of labelled patients of one care setting, many at once where that can be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NamedTuple

import numpy as np

from bayesknee.arrays import Bools, Integers, Vector, descending
from bayesknee.cohort.labelled import LabelledCase, PackedAnswers, holds_states
from bayesknee.cohort.naive_bayes import NaiveBayes
from bayesknee.diagnosis.care_steps import CareSteps
from bayesknee.diagnosis.engine import Engine
from bayesknee.diagnosis.triage import levels, triage
from bayesknee.knowledge.model import LEVELS
from bayesknee.knowledge.network import Network
from bayesknee.patient.codes import Codes, encode, nothing_known

# Codes and likelihoods of so many take some 20 MB; more share more risk factors, which saves little. Judged
CASES_AT_ONCE: Final = 2**14


class Called(NamedTuple):
    """The posteriors and triage levels of a forecaster, the engine or naive Bayes.

    Attributes:
        posterior: P(condition), shape (patients, conditions).
        level: the number of the triage level, 0 the most urgent, shape (patients,).
    """

    posterior: Vector
    level: Integers


def called_by_engine(engine: Engine, cases: Sequence[LabelledCase]) -> Called:
    """The engine's posteriors and levels.

    Raises:
        ImpossibleEvidenceError: a case with answers that cannot be true together.
    """
    return _in_parts(cases, partial(_by_engine, engine))


def called_by_naive_bayes(engine: Engine, cases: Sequence[LabelledCase]) -> Called:
    """The posteriors of naive Bayes, and the levels that the network's rule makes of them."""
    baseline = NaiveBayes(engine.network, engine.setting)
    return _in_parts(cases, partial(_by_naive_bayes, baseline, CareSteps(engine.compiled)))


def _in_parts(cases: Sequence[LabelledCase], call: Callable[[Sequence[LabelledCase]], Called]) -> Called:
    """What is called for all cases, some of them at a time, so that memory hangs on these alone."""
    parts = [call(cases[start : start + CASES_AT_ONCE]) for start in range(0, len(cases), CASES_AT_ONCE)]
    return Called(np.concatenate([each.posterior for each in parts]), np.concatenate([each.level for each in parts]))


def _by_engine(engine: Engine, cases: Sequence[LabelledCase]) -> Called:
    network = engine.network
    is_plain = _are_plain(network, cases)
    posterior = np.empty((len(cases), len(network.conditions)))
    level = np.empty(len(cases), dtype=np.intp)
    if is_plain.any():
        codes = _codes(network, cases, is_plain)
        compiled = engine.compiled
        posterior[is_plain], forms, _ = compiled.strategy.infer_many(codes, groups=compiled.form_events, refused={})
        level[is_plain] = levels(CareSteps(engine.compiled), posterior[is_plain], codes, forms=forms)
    for row in np.flatnonzero(~is_plain | np.isnan(posterior).any(axis=1)).tolist():
        diagnosis = engine.diagnose(cases[row].evidence)
        posterior[row] = [diagnosis.posterior[name] for name in network.conditions]
        level[row] = LEVELS.index(diagnosis.triage.level)
    return Called(posterior, level)


def _by_naive_bayes(baseline: NaiveBayes, steps: CareSteps, cases: Sequence[LabelledCase]) -> Called:
    network = steps.network
    is_plain = _are_plain(network, cases)
    posterior = np.empty((len(cases), len(network.conditions)))
    level = np.empty(len(cases), dtype=np.intp)
    codes = _codes(network, cases, is_plain)
    posterior[is_plain] = baseline.posteriors_of_codes(codes)
    level[is_plain] = levels(steps, posterior[is_plain], codes)
    for row in np.flatnonzero(~is_plain).tolist():
        posterior[row] = baseline.posterior(cases[row].evidence)
        level[row] = _level(steps, cases[row], posterior[row])
    return Called(posterior, level)


def _level(steps: CareSteps, case: LabelledCase, posterior: Vector) -> int:
    names = tuple(steps.network.conditions)
    ranked = {names[place]: float(posterior[place]) for place in descending(posterior)}
    return LEVELS.index(triage(steps, case.evidence, ranked).level)


def _codes(network: Network, cases: Sequence[LabelledCase], is_plain: Bools) -> Codes:
    """The codes of those cases that are plain, a row for each."""
    rows = np.flatnonzero(is_plain).tolist()
    codes = nothing_known(network, len(rows))
    for place, row in enumerate(rows):
        known = cases[row].known
        codes[place] = known.codes if isinstance(known, PackedAnswers) else encode(network, [known])[0]
    return codes


def _are_plain(network: Network, cases: Sequence[LabelledCase]) -> Bools:
    return np.array(
        [isinstance(case.known, PackedAnswers) or holds_states(network, case.known) for case in cases], dtype=bool
    )
