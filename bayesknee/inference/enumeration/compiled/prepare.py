"""Many patients at once by compiled code: prepares the arrays of `kernels`, shares out the work.

Patients with the same risk factors are put side by side, so that these are summed out once for all of them.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from bayesknee.arrays import Integers, Vector
from bayesknee.inference.cause_sets import CauseSets, SetBlock, list_sets
from bayesknee.inference.cpds import reading_table, readings_likelihood
from bayesknee.inference.enumeration.batch import shared_rows
from bayesknee.inference.enumeration.compiled import kernels
from bayesknee.inference.enumeration.compiled.kernels import (
    NOISY_OR,
    OF_SIGNS,
    OF_SIGNS_AND_CAUSES,
    READING,
    SKIPPED,
    WHOLE,
    WHOLE_BY_SIGNS,
    CodedPatients,
    Sums,
    Tables,
)
from bayesknee.inference.enumeration.compiled.part_program import PartMessages
from bayesknee.inference.enumeration.compiled.risk_factors import Joints, is_small_enough
from bayesknee.inference.enumeration.subset_tables import SubsetTables
from bayesknee.inference.jit import Index
from bayesknee.inference.results import Groups, Posteriors
from bayesknee.knowledge.model import Finding, NoisyOr, Reading
from bayesknee.patient.codes import distinct_rows
from bayesknee.patient.gates import CodedAnswers
from bayesknee.patient.sorted_evidence import sorted_evidence

LOW_CONDITIONS: Final = 6  # 64 numbers: a few vector registers
# Conditions, where few come together: most high parts go with one low part, so there should be few of them. Judged.
HIGH_IS_ONE_IN: Final = 4
MOST_MESSAGE_NUMBERS: Final = 2**24  # 128 MB and a copy, were all patients to differ; then so many at a time
MOST_WHOLE_NUMBERS: Final = 2**26  # half a gigabyte in rows of findings and signs, beyond which numpy serves
# Findings in a cluster of signs: what all of them say is not scaled on the way, and each may be 1e-6. Judged.
MOST_IN_CLUSTER: Final = 50
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
        self._network = network = tables.network
        self._n = len(network.conditions)
        self._joints = Joints(tables.before_findings) if is_small_enough(tables) else None
        self._sets = _split(tables.sets, self._joints.order if self._joints else tables.sets.order)
        self._places = _places(tables.sets, self._sets)
        self._parts = None if self._joints else PartMessages(tables, self._places)
        self._starts = _starts(self._sets.blocks)
        noisy = [
            name
            for name, each in network.findings.items()
            if isinstance(each.model, NoisyOr) and name not in network.clustered
        ]
        self._signs = [name for name in network.signs if name not in network.clustered]
        self._clusters = {name: number for number, name in enumerate(network.clusters)}
        self._by_signs = {name: tables.clusters[cluster].given_joint(name) for name, cluster in self._in_clusters()}
        mixed = [name for name, table in self._by_signs.items() if self._is_product(name, table)]
        self._halved = {name: row for row, name in enumerate((*noisy, *self._signs, *mixed))}
        halves = [self._halves(name) for name in self._halved]
        self._high = np.array([high for high, _ in halves]).reshape(-1, len(self._starts) - 1)
        self._low = np.array([low for _, low in halves]).reshape(-1, self._sets.blocks[0].second)
        self._joint = [self._ordered(tables.clusters[name].joint({})) for name in self._clusters]

    def infer(self, answers: CodedAnswers, groups: Groups) -> Posteriors:
        """The posteriors of these patients, computed for `MOST_AT_ONCE` of them at a time."""
        tables, sums = self._tables(answers), self._sums(groups)
        out = np.empty((len(answers.rows), 1 + self._n + len(groups)))
        length = MOST_AT_ONCE
        if self._parts:
            length = max(1, min(MOST_AT_ONCE, MOST_MESSAGE_NUMBERS // self._parts.largest))
        for start in range(0, len(out), length):
            some = slice(start, start + length)
            self._infer_some(answers._replace(rows=answers.rows[some]), tables, sums, out[some])
        marginals = out[:, 1 : 1 + self._n][:, np.argsort(self._sets.order)]
        scale = answers.log_scale + self._start(answers)[1]
        return Posteriors(marginals, out[:, 1 + self._n :], out[:, 0] + scale)

    def _infer_some(self, answers: CodedAnswers, tables: Tables, sums: Sums, out: Vector) -> None:
        rows = self._with_shared(answers)
        run_some, patients = self._by_parts(answers) if self._parts else self._by_risk_factors(answers)

        def run(first: int, stop: int) -> None:
            some = CodedPatients(*(each[first:stop] for each in patients))
            run_some(tables, sums, rows, some, out)

        threads = cores()
        edges = np.linspace(0, len(out), PIECES_A_THREAD * threads + 1).astype(int).tolist()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(run, edges[:-1], edges[1:]))

    def _with_shared(self, answers: CodedAnswers) -> NDArray[np.int8]:
        """How each question is answered, with what is known of all patients about clusters as the way not known."""
        rows = answers.rows.copy()
        for column, name in enumerate(self._network.questions):
            if name in answers.shared and name in self._network.clustered:
                rows[:, column] %= len(answers.ways[name])
        return rows

    # --- risk factors -------------------------------------------------------------------------------------------------

    def _by_risk_factors(self, answers: CodedAnswers) -> tuple[Callable[..., None], CodedPatients]:
        """The weights of each distinct pattern of answers about risk factors, and the patterns of each patient."""
        joints = cast("Joints", self._joints)
        columns = {name: column for column, name in enumerate(self._network.risk_factors)}
        others = [name for name in columns if name not in joints.common]
        patterns, pattern_of = _distinct(answers.rows, columns, others)
        common, common_of = _distinct(answers.rows, columns, joints.common)
        ways = {name: self._ways(name, answers) for name in columns}
        order = np.lexsort((common_of, pattern_of))
        weights = joints.weights(ways, common, patterns)
        run = functools.partial(kernels.posteriors, joints.program, weights)
        return run, CodedPatients(order, pattern_of[order], common_of[order])

    def _by_parts(self, answers: CodedAnswers) -> tuple[Callable[..., None], CodedPatients]:
        """The same where risk factors are summed out by parts."""
        parts, names = cast("PartMessages", self._parts), list(self._network.risk_factors)
        ways = {name: self._ways(name, answers) for name in names}
        patterns, pattern_of = distinct_rows(answers.rows[:, : len(names)])
        order = np.argsort(pattern_of, kind="stable")
        run = functools.partial(kernels.posteriors_by_parts, parts.program, parts.weights(ways, patterns, names))
        return run, CodedPatients(order, pattern_of[order], np.zeros(len(order), np.int64))

    def _ways(self, name: str, answers: CodedAnswers) -> Vector:
        """The ways in which a risk factor is known, narrowed by what is known of all patients."""
        return answers.ways[name] * np.asarray(answers.shared.get(name, 1.0), np.float64)

    # --- findings -----------------------------------------------------------------------------------------------------

    def _in_clusters(self) -> Iterator[tuple[str, str]]:
        """The findings of clusters, each with its cluster."""
        for name, cluster in self._network.clustered.items():
            if name in self._network.findings:
                yield name, cluster

    def _is_product(self, name: str, table: Vector) -> bool:
        return isinstance(self._network.findings[name].model, NoisyOr) and table.shape[-1] > 1

    def _halves(self, name: str) -> tuple[Vector, Vector]:
        """P(no | s) = high * low; of a finding in a cluster without its signs."""
        clustered = name in self._by_signs
        no = self._ordered(self._by_signs[name][0, 0] if clustered else self._subset_tables.table(name)[0])
        return no[self._starts[:-1]], no[: self._sets.blocks[0].second] / no[0]

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
        whole = [np.empty((0, self._sets.size))]
        joint_states = max((len(joint) for joint in self._joint), default=1)
        by_signs = np.zeros((len(questions), most, joint_states, 2))
        for i, question in enumerate(questions):
            own = ways[question.id]
            rule[i] = SKIPPED
            if question.id in self._by_signs:
                own = own * np.asarray(answers.shared.get(question.id, 1.0))
                rule[i], rows, lowest[i, : len(own)] = self._clustered(question.id, own, by_signs[i])
                place[i] = sum(map(len, whole)) if rule[i] == WHOLE_BY_SIGNS else self._halved.get(question.id, 0)
                whole.append(rows)
            elif isinstance(question, Finding) and not isinstance(question.model, Reading | NoisyOr):
                rule[i], place[i] = WHOLE, sum(map(len, whole))
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
            starts=self._starts,
            high=self._high,
            low=self._low,
            first_sign=self._halved[self._signs[0]] if self._signs else 0,
            whole=np.concatenate(whole),
            cluster=np.array([self._clusters.get(self._network.clustered.get(q.id, ""), 0) for q in questions]),
            joint=np.concatenate([np.empty((0, self._sets.size)), *self._joint]),
            first_joint=np.cumsum([0, *map(len, self._joint)]),
            by_signs=by_signs,
            start=start,
            start_lowest=float(np.log(start[start > 0.0].min(initial=1.0))),
            start_signs=self._start_signs(answers),
        )

    def _clustered(self, name: str, ways: Vector, by_signs: Vector) -> tuple[int, Vector, Vector]:
        """The rule of a finding in a cluster, its rows of `Tables.whole`, and the lowest of each way; fills a and b."""
        table, count = self._by_signs[name], len(ways)
        states = table.shape[1]
        if table.shape[-1] == 1:
            chances = ways @ table[..., 0]
            by_signs[:count, :states, 0] = chances
            return OF_SIGNS, np.empty((0, self._sets.size)), _log_of_lowest(chances)
        chances = np.einsum("wv,vgs->wgs", ways, table)
        lowest = _log_of_lowest(chances.reshape(count, -1))
        if name in self._halved:
            by_signs[:count, :states, 0] = ways[:, 1:]
            by_signs[:count, :states, 1] = (ways[:, :1] - ways[:, 1:]) * (table[0, :, 0] / table[0, 0, 0])
            return OF_SIGNS_AND_CAUSES, np.empty((0, self._sets.size)), lowest
        return WHOLE_BY_SIGNS, self._ordered(chances.reshape(-1, self._sets.size)), lowest

    def _two_numbers(self, finding: Finding, ways: Vector) -> tuple[int, int, Vector]:
        """The rule, the place, and for each way of answering the likelihood where what it depends on is no or yes."""
        if isinstance(finding.model, Reading):
            return READING, self._signs.index(finding.model.sign), ways @ reading_table(finding.model)
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
        signs = [readings_likelihood(models, read.get(name, {})) for name in self._signs]
        return np.array(signs).reshape(-1, 2)

    # --- sums ---------------------------------------------------------------------------------------------------------

    def _sums(self, groups: Groups) -> Sums:
        sets, network = self._sets, self._network
        numbers = {condition: axis for axis, condition in enumerate(sets.order)}
        numbers |= {self._n + i: self._n + sets.names.index(cause) for i, cause in enumerate(network.causes)}
        none = [1.0 - sets.holds_any(frozenset(numbers[member] for member in group)) for group in groups]
        return Sums(
            high_bits=np.ascontiguousarray(sets.first.conditions[:, 1:].T),
            low_bits=np.ascontiguousarray(sets.second.conditions[: sets.blocks[0].second, 1:].T),
            high_none=np.array([row[self._starts[:-1]] for row in none]).reshape(-1, len(self._starts) - 1) > 0.0,
            low_none=np.array([row[: sets.blocks[0].second] for row in none]).reshape(-1, sets.blocks[0].second),
        )


def _split(sets: CauseSets, order: tuple[int, ...]) -> CauseSets:
    """The sets with conditions in this order, and as many of them in the first half as compiled code takes best."""
    names: list[list[str]] = [[] for _ in sets.order]
    for name, place in zip(sets.names, sets.condition_of, strict=True):
        names[sets.order[place]].append(name)
    high = max(0, len(order) - LOW_CONDITIONS) if sets.most is None else len(order) // HIGH_IS_ONE_IN
    return list_sets(tuple(map(tuple, names)), sets.most, order, high)


def _places(sets: CauseSets, others: CauseSets) -> Integers:
    """Which of the first sets each of the others is."""
    columns = [sets.names.index(name) for name in others.names]
    first, second = (np.packbits(causes, axis=1).T for causes in (sets.causes[:, columns], others.causes))
    places = np.empty(sets.size, np.intp)
    places[np.lexsort(second)] = np.lexsort(first)
    return places


def _starts(blocks: Iterable[SetBlock]) -> Index:
    """Where the sets of each high part begin, and where the last end."""
    lengths = np.concatenate([np.full(block.first.stop - block.first.start, block.second) for block in blocks])
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def can_take(tables: SubsetTables) -> bool:
    """Whether compiled code can sum this network: with lists of products that are short, or by parts.

    And whether what it keeps of findings is small enough, and no cluster of signs may underflow by itself.
    """
    if tables.before_findings.parents.most is None and not tables.sets.has_forms:
        if not is_small_enough(tables):
            return False
    elif not tables.before_findings.sides:
        return False
    network = tables.network
    states = sum(
        len(each.states) for each in network.findings.values() if not isinstance(each.model, Reading | NoisyOr)
    )
    joint = sum(2 ** len(cluster.signs) * (1 + len(cluster.findings)) for cluster in network.clusters.values())
    most = max((len(cluster.findings) for cluster in network.clusters.values()), default=0)
    return (states + joint) * tables.sets.size <= MOST_WHOLE_NUMBERS and most <= MOST_IN_CLUSTER


def _log_of_lowest(chances: Vector) -> Vector:
    """Log of the lowest of each row but 0."""
    return _log(np.where(chances > 0.0, chances, np.inf).min(axis=1))


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
