"""A table of patients scored: our engine, pyAgrum row by row, and a matrix product of the size of the task."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from bayesknee import Engine, Network, to_pgmpy
from bayesknee.cohort.simulate import draw
from bayesknee.inference.enumeration.compiled.prepare import cores
from bayesknee.patient.codes import NOT_KNOWN, Codes, decode
from tests.benchmarks.patients import ALWAYS_KNOWN, KNOWN_RISK_FACTORS
from tests.benchmarks.posteriors import AGREEMENT, pyagrum
from tests.support.pyagrum_model import to_pyagrum

ROWS_AT_ONCE = 2000  # of the matrix product


class CohortTimings(NamedTuple):
    """Seconds for one row, the medians of some rounds.

    Attributes:
        score: our engine, a data frame of categories to one of scores.
        pyagrum: lazy propagation, a row after the other.
        product: the float32 matrix product of one-hot answers with a table of their log likelihoods over all sets of
            conditions, alone: what scoring would take at the least, were it one large matrix product.
        rows, answers, cores: how many rows, how many answers the average row has, and how many cores were used.
    """

    score: float
    pyagrum: float
    product: float
    rows: int
    answers: float
    cores: int


def time_cohort(network: Network, rows: int, answers: int, rounds: int, for_pyagrum: int) -> CohortTimings:
    """All three, in turns, on patients drawn from the network; the first scoring, which may compile, is not counted."""
    engine = Engine(network)
    codes = draw_codes(engine, rows, answers)
    frame = frame_of(network, codes)
    engine.score(frame)
    ask = pyagrum(network, to_pyagrum(to_pgmpy(network)))
    patients = [decode(network, row) for row in codes[:for_pyagrum]]
    one_hot, table = product_of_that_size(network)
    score, others, products = [], [], []
    for _ in range(rounds):
        seconds, scores = _time(lambda: engine.score(frame))
        score.append(seconds / rows)
        seconds, theirs = _time(lambda: [ask(patient) for patient in patients])
        others.append(seconds / for_pyagrum)
        seconds, _ = _time(lambda: one_hot @ table)
        products.append(seconds / len(one_hot))
        for row, expected in enumerate(theirs):
            assert scores.iloc[row][list(network.conditions)].to_dict() == pytest.approx(expected, rel=0, abs=AGREEMENT)
    known = float((codes != NOT_KNOWN).sum(axis=1).mean())
    return CohortTimings(median(score), median(others), median(products), rows, known, cores())


def _time(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    done = work()
    return time.perf_counter() - start, done


def draw_codes(engine: Engine, rows: int, answers: int, seed: int = 0) -> Codes:
    """Patients of whom so many answers are known: two risk factors always, some others and findings at random.

    As in `draw_patients`; a finding whose gate does not hold or is not known is left out, so some have fewer answers.
    """
    network = engine.network
    codes = np.concatenate([sample.codes for sample in draw(engine, rows, seed=seed)])
    touched = [sum(name in c.odds_ratios for c in network.conditions.values()) for name in network.risk_factors]
    rng = np.random.default_rng(seed)
    order = rng.random(codes.shape)
    order[:, np.argsort(touched)[::-1][:ALWAYS_KNOWN]] = -1.0
    split = len(network.risk_factors)
    for part, known in ((slice(None, split), KNOWN_RISK_FACTORS), (slice(split, None), answers - KNOWN_RISK_FACTORS)):
        rank = order[:, part].argsort(axis=1).argsort(axis=1)
        codes[:, part][rank >= known] = NOT_KNOWN
    columns = {name: column for column, name in enumerate(network.questions)}
    for name in network.gated:  # pyAgrum would not take the answer for one about the gate
        for gate, _ in network.gates[name]:
            codes[codes[:, columns[gate]] == NOT_KNOWN, columns[name]] = NOT_KNOWN
    return codes


def frame_of(network: Network, codes: Codes) -> pd.DataFrame:
    """The patients as a table of categories."""
    columns = {
        name: pd.Categorical.from_codes(column, dtype=pd.CategoricalDtype(list(question.states)))
        for (name, question), column in zip(network.questions.items(), codes.T, strict=True)
    }
    return pd.DataFrame(columns)


def product_of_that_size(network: Network) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Matrices of the shapes (rows, states of all findings) and (these, sets of conditions)."""
    states = sum(len(finding.states) for finding in network.findings.values())
    rng = np.random.default_rng(0)
    one_hot = (rng.random((ROWS_AT_ONCE, states)) < 0.1).astype(np.float32)
    return one_hot, rng.random((states, 2 ** len(network.conditions)), np.float32)
