"""Many patients at once by compiled code: prepares the arrays of `kernels`, shares out the work.

Patients with the same risk factors are put side by side, so that these are summed out once for all of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bayesknee.arrays import Vector
from bayesknee.inference.cause_sets import all_sets
from bayesknee.inference.cpds import reading_table, readings_likelihood
from bayesknee.inference.enumeration.batch import shared_rows
from bayesknee.inference.enumeration.compiled import kernels
from bayesknee.inference.enumeration.compiled.kernels import (
    MIXTURE,
    NOISY_OR,
    READING,
    SKIPPED,
    CodedPatients,
    Sums,
    Tables,
)
from bayesknee.inference.enumeration.compiled.risk_factors import Joints, Weights
from bayesknee.inference.enumeration.subset_tables import SubsetTables
from bayesknee.inference.jit import Index
from bayesknee.inference.results import Groups, Posteriors
from bayesknee.knowledge.model import Finding, NoisyOr, Reading
from bayesknee.patient.codes import distinct_rows
from bayesknee.patient.gates import CodedAnswers
from bayesknee.patient.sorted_evidence import sorted_evidence

LOW_CONDITIONS: Final = 6  # 64 numbers: a few vector registers
# Patients, as in a piece of a file: more share what is summed out for the same risk factors, in more memory.
MOST_AT_ONCE: Final = 2**16
# A thread that is through early takes another piece. With fewer pieces, cores stand idle at the end; with more,
# patients with the same risk factors fall into several, and each sums these out again. Judged.
PIECES_A_THREAD: Final = 4


class Many:
    """Compiled inference for many patients: the arrays of a network, and the runs on them.

    Args:
        tables: of the network.
    """

    def __init__(self, tables: SubsetTables) -> None:
        self._subset_tables = tables
        self._network = tables.network
        self._joints = Joints(tables.before_findings)
        n = len(tables.network.conditions)
        self._n, self._low_conditions = n, min(LOW_CONDITIONS, n)
        self._places = np.arange(2**n).reshape((2,) * n).transpose(self._joints.order).ravel()
        noisy = [name for name, each in tables.network.findings.items() if isinstance(each.model, NoisyOr)]
        self._halved = {name: row for row, name in enumerate((*noisy, *tables.network.signs))}
        halves = [self._halves(name) for name in self._halved]
        self._high = np.array([high for high, _ in halves]).reshape(-1, 2 ** (n - self._low_conditions))
        self._low = np.array([low for _, low in halves]).reshape(-1, 2**self._low_conditions)

    def infer(self, answers: CodedAnswers, groups: Groups) -> Posteriors:
        """The posteriors of these patients, computed for `MOST_AT_ONCE` of them at a time."""
        tables, sums = self._tables(answers), self._sums(groups)
        out = np.empty((len(answers.rows), 1 + self._n + len(groups)))
        for start in range(0, len(out), MOST_AT_ONCE):
            some = slice(start, start + MOST_AT_ONCE)
            self._infer_some(answers._replace(rows=answers.rows[some]), tables, sums, out[some])
        marginals = out[:, 1 : 1 + self._n][:, np.argsort(self._joints.order)]
        scale = answers.log_scale + self._start(answers)[1]
        return Posteriors(marginals, out[:, 1 + self._n :], out[:, 0] + scale)

    def _infer_some(self, answers: CodedAnswers, tables: Tables, sums: Sums, out: Vector) -> None:
        weights, patients = self._by_risk_factors(answers)
        rows = np.ascontiguousarray(answers.rows)

        def run(first: int, stop: int) -> None:
            some = CodedPatients(*(each[first:stop] for each in patients))
            kernels.posteriors(self._joints.program, weights, tables, sums, rows, some, out)

        threads = cores()
        edges = np.linspace(0, len(out), PIECES_A_THREAD * threads + 1).astype(int).tolist()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(run, edges[:-1], edges[1:]))

    # --- risk factors -------------------------------------------------------------------------------------------------

    def _by_risk_factors(self, answers: CodedAnswers) -> tuple[Weights, CodedPatients]:
        """The weights of each distinct pattern of answers about risk factors, and the patterns of each patient."""
        columns = {name: column for column, name in enumerate(self._network.risk_factors)}
        others = [name for name in columns if name not in self._joints.common]
        patterns, pattern_of = _distinct(answers.rows, columns, others)
        common, common_of = _distinct(answers.rows, columns, self._joints.common)
        ways = {name: self._ways(name, answers) for name in columns}
        order = np.lexsort((common_of, pattern_of))
        return self._joints.weights(ways, common, patterns), CodedPatients(order, pattern_of[order], common_of[order])

    def _ways(self, name: str, answers: CodedAnswers) -> Vector:
        """The ways in which a risk factor is known, narrowed by what is known of all patients."""
        return answers.ways[name] * np.asarray(answers.shared.get(name, 1.0), np.float64)

    # --- findings -----------------------------------------------------------------------------------------------------

    def _halves(self, name: str) -> tuple[Vector, Vector]:
        """P(no | s) = high * low."""
        no = self._ordered(self._subset_tables.table(name)[0]).reshape(-1, 2**self._low_conditions)
        return no[:, 0], no[0] / no[0, 0]

    def _ordered(self, values: Vector) -> Vector:
        """Values over subsets, in the order of the joints' axes."""
        return np.ascontiguousarray(values[..., self._places])

    def _start(self, answers: CodedAnswers) -> tuple[Vector, float]:
        """P(shared answers | s), scaled to a largest value of 1, and the log of the divisor."""
        logs = shared_rows(self._subset_tables, answers.shared)
        if self._network.complaint:
            logs[0] = -np.inf
        top = float(logs.max())
        return self._ordered(np.exp(logs - top)) if top > -np.inf else np.zeros_like(logs), max(top, 0.0, key=abs)

    def _tables(self, answers: CodedAnswers) -> Tables:
        ways = answers.ways
        most = max([len(each) for each in ways.values()], default=0)
        questions = list(self._network.questions.values())
        rule, place = np.zeros((2, len(questions)), np.int64)
        likelihoods, lowest = np.ones((len(questions), most, 2)), np.zeros((len(questions), most))
        whole = [np.empty((0, 2**self._n))]
        for i, question in enumerate(questions):
            own = ways[question.id]
            rule[i] = SKIPPED
            if isinstance(question, Finding) and not isinstance(question.model, Reading | NoisyOr):
                rule[i], place[i] = MIXTURE, sum(map(len, whole))
                whole.append(self._ordered(own @ self._subset_tables.table(question.id)))
                lowest[i, : len(own)] = _log(np.where(whole[-1] > 0.0, whole[-1], np.inf).min(axis=1))
            elif isinstance(question, Finding):
                rule[i], place[i], likelihoods[i, : len(own)] = self._two_numbers(question, own)
                lowest[i, : len(own)] = self._lowest(question, likelihoods[i, : len(own)])
        start, _ = self._start(answers)
        return Tables(
            rule=rule,
            place=place,
            likelihoods=likelihoods,
            lowest=lowest,
            high=self._high,
            low=self._low,
            first_sign=len(self._halved) - len(self._network.signs),
            whole=np.concatenate(whole),
            start=start,
            start_lowest=float(np.log(start[start > 0.0].min(initial=1.0))),
            start_signs=self._start_signs(answers),
        )

    def _two_numbers(self, finding: Finding, ways: Vector) -> tuple[int, int, Vector]:
        """The rule, the place, and for each way of answering the likelihood where what it depends on is no or yes."""
        if isinstance(finding.model, Reading):
            return READING, list(self._network.signs).index(finding.model.sign), ways @ reading_table(finding.model)
        return NOISY_OR, self._halved[finding.id], ways

    def _lowest(self, finding: Finding, likelihoods: Vector) -> Vector:
        """Log of a lower bound of P(answer | s)."""
        if isinstance(finding.model, Reading):
            return _log(likelihoods.min(axis=1))
        no = self._subset_tables.table(finding.id)[0]
        ends = np.array([no.min(), no.max()])
        return _log((likelihoods @ np.stack([ends, 1.0 - ends])).min(axis=1))

    def _start_signs(self, answers: CodedAnswers) -> Vector:
        read, models = sorted_evidence(self._network, answers.shared).readings, self._network.readings
        signs = [readings_likelihood(models, read.get(name, {})) for name in self._network.signs]
        return np.array(signs).reshape(-1, 2)

    # --- sums ---------------------------------------------------------------------------------------------------------

    def _sums(self, groups: Groups) -> Sums:
        numbers = {condition: axis for axis, condition in enumerate(self._joints.order)}
        n_high = self._n - self._low_conditions
        axes = [frozenset(numbers[member] for member in group) for group in groups]
        high = [frozenset(axis for axis in group if axis < n_high) for group in axes]
        low = [frozenset(axis - n_high for axis in group if axis >= n_high) for group in axes]
        return Sums(
            high_bits=_bits(n_high),
            low_bits=_bits(self._low_conditions),
            high_none=_none_of(high, n_high) > 0.0,
            low_none=_none_of(low, self._low_conditions),
        )


def _none_of(groups: list[frozenset[int]], n: int) -> Vector:
    sets = all_sets(tuple(map(str, range(n))))
    return np.array([1.0 - sets.holds_any(group) for group in groups]).reshape(-1, 2**n)


def _bits(n: int) -> Vector:
    """1.0 where a set of n conditions holds a condition, shape (n, sets)."""
    return all_sets(tuple(map(str, range(n)))).membership.T.astype(np.float64, order="C")


def _log(values: Vector) -> Vector:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(values))


def _distinct(
    rows: NDArray[np.int8], columns: Mapping[str, int], names: Iterable[str]
) -> tuple[dict[str, Index], Index]:
    """The distinct ways of answering some questions, by question; and which of these each patient has."""
    names = list(names)
    if not names:
        return {}, np.zeros(len(rows), np.int64)
    distinct, which = distinct_rows(rows[:, [columns[name] for name in names]])
    return dict(zip(names, distinct.T, strict=True)), which


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
