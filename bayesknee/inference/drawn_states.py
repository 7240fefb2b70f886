"""Random draws: helpers of both strategies."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from graphlib import TopologicalSorter

import numpy as np

from bayesknee.arrays import Integers, Vector
from bayesknee.knowledge.network import Network
from bayesknee.patient.codes import NOT_KNOWN, Codes


def close_gates(network: Network, codes: Codes, given: Container[str]) -> None:
    """Sets the codes of findings whose gate does not hold to not known, in place; those in `given` stay.

    Args:
        network: the network of the codes.
        codes: shape (rows, questions); answers to all gates are known.
        given: ids of findings with an answer in the evidence.
    """
    columns = {name: column for column, name in enumerate(network.questions)}
    for name in _gates_first(network):
        for gate, wanted in network.findings[name].only_if.items():
            allowed = [network.states[gate].index(state) for state in wanted]
            closed = ~np.isin(codes[:, columns[gate]], allowed)
            if name not in given:
                codes[closed, columns[name]] = NOT_KNOWN


def with_gates(network: Network, names: Iterable[str]) -> Iterator[str]:
    """These questions and their gates, on which it hangs whether they are asked; some perhaps more than once."""
    for name in names:
        yield name
        if name in network.findings:
            yield from with_gates(network, network.findings[name].only_if)


def _gates_first(network: Network) -> list[str]:
    """The gated findings, ordered so that gates come before what they gate."""
    gates: Mapping[str, tuple[str, ...]] = {name: tuple(network.findings[name].only_if) for name in network.gated}
    return [name for name in TopologicalSorter(gates).static_order() if name in gates]


def draw_each(chances: Vector, rng: np.random.Generator) -> Integers:
    """One state drawn for each row of `chances`, shape (rows,).

    Args:
        chances: weights of 0 or more, shape (rows, states). The sum of a row is above 0 and need not be 1.
        rng: the generator of random numbers.
    """
    sums = np.cumsum(chances, axis=1)
    points = rng.random(len(chances))[:, None] * sums[:, -1:]
    return np.asarray(np.minimum((sums <= points).sum(axis=1), chances.shape[1] - 1), np.intp)
