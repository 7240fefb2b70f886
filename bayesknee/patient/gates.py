"""What codes say, and what they imply of gates.

An answer to a finding that is asked only if a gate holds implies that it holds, as `Evidence` tells.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np

from bayesknee.arrays import Bools, Vector
from bayesknee.knowledge.network import Network
from bayesknee.patient.codes import NOT_KNOWN, Codes, distinct_rows
from bayesknee.patient.evidence import Evidence, Likelihood


class CodedAnswers(NamedTuple):
    """What is known of many patients, gates that are implied included.

    Attributes:
        rows: as codes, but an entry is the number of a way of knowing the question, -1 for not at all; shape (rows,
            questions).
        ways: by question, what each way says: a likelihood of each state, shape (ways, states). First come the states
            themselves, and last, so that it is number -1, not known.
        shared: what is known of all of them besides, a likelihood of each state by id; none of a gate.
        log_scale: of these, as in `Evidence`.
    """

    rows: Codes
    ways: Mapping[str, Vector]
    shared: Mapping[str, Likelihood]
    log_scale: float


class Gates:
    """The gates of a network, and what answers imply of them."""

    def __init__(self, network: Network) -> None:
        self._columns = {name: column for column, name in enumerate(network.questions)}
        gates = dict.fromkeys(gate for name in network.gated for gate, _ in network.gates[name])
        self._implied = {gate: Implied(network, gate) for gate in gates}
        self._ways = {
            name: np.vstack([np.eye(len(question.states)), np.ones(len(question.states))])
            for name, question in network.questions.items()
        } | {gate: implied.ways for gate, implied in self._implied.items()}

    def answers(self, codes: Codes, evidence: Evidence) -> CodedAnswers:
        """What codes and the evidence of all patients say and imply; codes of what the latter answers are not read."""
        stated = np.array(codes, np.int8)
        stated[:, [self._columns[name] for name in evidence.answers if name in self._columns]] = NOT_KNOWN
        rows, shared, ways = stated.copy(), dict(evidence.likelihoods), dict(self._ways)
        for gate, implied in self._implied.items():
            column = implied.rows(stated)
            if gate in shared:  # both may say something of it, and their product is what counts
                ways[gate] = implied.ways * np.array(shared.pop(gate))
                column[column == NOT_KNOWN] = len(implied.ways) - 1
            rows[:, self._columns[gate]] = column
        return CodedAnswers(rows, ways, shared, evidence.log_scale)


def implied_states(network: Network, gate: str, codes: Codes) -> Bools:
    """The states of a question that answers to what it gates leave possible, shape (rows, states)."""
    left = np.ones((len(codes), len(network.states[gate])), np.bool_)
    for name, allowed in network.gated_by.get(gate, ()):
        left[codes[:, network.columns[name]] != NOT_KNOWN] &= are_among(network.states[gate], allowed)
    return left


def are_among(states: tuple[str, ...], wanted: Collection[str]) -> Bools:
    """Which of the states are wanted; shape (states,). For so few, faster than numpy's `isin`."""
    return np.array([state in wanted for state in states], np.bool_)


def possible_states(network: Network, name: str, codes: Codes, evidence: Evidence) -> Bools:
    """The states of a question that are left possible by what is stated and implied, shape (rows, states).

    Args:
        network: with the question.
        name: of the question.
        codes: the answers of many patients.
        evidence: what is known of all of them besides; what it answers is not read from the codes.
    """
    possible = implied_states(network, name, codes)
    if name in evidence.likelihoods:
        possible &= np.array(evidence.likelihoods[name]) > 0.0
    column = codes[:, network.columns[name]]
    if name not in evidence.answers and (column != NOT_KNOWN).any():
        any_of = np.vstack([np.eye(possible.shape[1]), np.ones(possible.shape[1])]).astype(np.bool_)
        possible &= any_of[column]
    return possible


class Implied:
    """What answers to gated findings imply of their gate: a likelihood for each set of states left possible.

    The empty set is one of them, since answers may contradict each other.

    Attributes:
        ways: what each says of the gate's states: those of a state, those of a set, and not known.
    """

    def __init__(self, network: Network, gate: str) -> None:
        columns = {name: column for column, name in enumerate(network.questions)}
        states = network.states[gate]
        self._column = columns[gate]
        self._demands = [
            (columns[name], np.isin(states, allowed))
            for name in columns
            for each, allowed in network.gates.get(name, ())
            if each == gate
        ]
        every = {(True,) * len(states), (False,) * len(states)}
        for _, allowed in self._demands:
            every |= {tuple((allowed & each).tolist()) for each in every}
        self._sets = {each: len(states) + way for way, each in enumerate(sorted(every)) if not all(each)}
        self.ways = np.vstack([np.eye(len(states)), list(self._sets), np.ones(len(states))]).astype(np.float64)

    def rows(self, codes: Codes) -> Codes:
        """The gate's column with what is implied where it is not known, and nothing possible where answers clash."""
        filled = codes[:, self._column].copy()
        asked = np.flatnonzero((codes[:, [column for column, _ in self._demands]] != NOT_KNOWN).any(axis=1))
        left = np.ones((len(asked), self.ways.shape[1]), np.bool_)
        for column, allowed in self._demands:
            left[codes[asked, column] != NOT_KNOWN] &= allowed
        patterns, which = distinct_rows(left.astype(np.int8))
        implied = np.array([self._sets[tuple(each)] for each in patterns.astype(bool).tolist()], np.int8)
        stated = filled[asked]
        clash = ~left[np.arange(len(asked)), stated] & (stated != NOT_KNOWN)
        stated = np.where(clash, self._sets[(False,) * left.shape[1]], stated)
        filled[asked] = np.where(stated == NOT_KNOWN, implied[which], stated)
        return filled
