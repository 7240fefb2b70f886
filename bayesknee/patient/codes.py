"""Answers of many patients as codes: a small array in place of many `Evidence` objects.

Codes are an int8 array of shape (rows, questions), a row per patient and a column per question in the order of
`network.questions` (risk factors, then findings). An entry is the index of the answer among the question's states, or
`NOT_KNOWN`. Likelihoods and answers about conditions have no code: they go beside them, as one `Evidence` for all rows.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from typing import Final, TypeAlias

import numpy as np
from immutabledict import immutabledict
from numpy.typing import NDArray

from bayesknee.errors import EvidenceError
from bayesknee.knowledge.network import Network
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.patient.evidence import NOTHING_KNOWN, Evidence, check_evidence

Codes: TypeAlias = NDArray[np.int8]

NOT_KNOWN: Final = -1


def distinct_rows(rows: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The distinct rows of numbers from -1 up, and which of them each row is."""
    sizes = rows.max(axis=0, initial=0).astype(object) + 2
    if math.prod(sizes) < 2**63:  # as one number each: much quicker
        strides = np.cumprod([1, *sizes])[:-1].astype(np.int64)
        _, firsts, which = np.unique((rows + np.int64(1)) @ strides, return_index=True, return_inverse=True)
    else:
        _, firsts, which = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    return rows[firsts].astype(np.int64), which.ravel().astype(np.int64)


def nothing_known(network: Network, rows: int) -> Codes:
    """Codes of patients of whom nothing is known."""
    return np.full((rows, len(network.questions)), NOT_KNOWN, np.int8)


def encode(network: Network, patients: Iterable[Evidence]) -> Codes:
    """The codes of patients whose answers are all states or unknown.

    Raises:
        EvidenceError: a likelihood, or an answer about a condition, which codes cannot hold.
    """
    patients = list(patients)
    columns = {name: column for column, name in enumerate(network.questions)}
    codes = nothing_known(network, len(patients))
    for row, patient in enumerate(patients):
        for name, answer in patient.answers.items():
            if answer == UNKNOWN:
                continue
            if name not in columns or not isinstance(answer, str):
                raise EvidenceError(f"{name}: codes hold states of findings and risk factors only; give it as evidence")
            codes[row, columns[name]] = network.states[name].index(answer)
    return codes


def decode(network: Network, row: Codes, evidence: Evidence = NOTHING_KNOWN) -> Evidence:
    """One row of codes, shape (questions,), as evidence, added to what is known besides.

    Codes of questions that the evidence answers, be it with unknown, are not read.

    Raises:
        EvidenceError: the answers break a gate.
    """
    names = list(network.questions)
    known = {names[column]: network.states[names[column]][row[column]] for column in np.flatnonzero(row != NOT_KNOWN)}
    return check_evidence(network, immutabledict({**known, **evidence.answers}))


def answers_of(network: Network, row: Codes, names: Iterable[str]) -> dict[str, str]:
    """What one row of codes, shape (questions,), answers to these questions: a state, or unknown."""
    columns = {name: column for column, name in enumerate(network.questions)}
    codes = {name: int(row[columns[name]]) for name in names}
    return {name: UNKNOWN if code == NOT_KNOWN else network.states[name][code] for name, code in codes.items()}


def only(network: Network, codes: Codes, names: Collection[str]) -> Codes:
    """The codes with the answers to these questions; all others are not known."""
    others = [column for column, name in enumerate(network.questions) if name not in names]
    kept = codes.copy()
    kept[:, others] = NOT_KNOWN
    return kept


def check_codes(network: Network, codes: Codes) -> Codes:
    """The codes, as an int8 array.

    Raises:
        ValueError: an array of another shape or kind, or with a code that its question does not have.
    """
    codes = np.asarray(codes)
    wanted = len(network.questions)
    if codes.ndim != 2 or codes.shape[1] != wanted or codes.dtype != np.int8:
        raise ValueError(f"got codes of shape {codes.shape}, {codes.dtype}; expected int8 of shape (rows, {wanted})")
    states = np.array([len(question.states) for question in network.questions.values()])
    if len(codes) and ((codes.max(axis=0) >= states).any() or codes.min(initial=0) < NOT_KNOWN):
        raise ValueError("a code is out of the range of its question's states; expected -1 or an index of a state")
    return codes
