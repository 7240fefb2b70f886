"""What answers mean, worked out anew from the text of the design: no code shared with `bayesknee.inference`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from bayesknee.knowledge.model import NO_YES
from bayesknee.knowledge.network import Network

RawAnswer: TypeAlias = str | float | Mapping[str, float]
Answers: TypeAlias = Mapping[str, RawAnswer]


def known(network: Network, answers: Answers) -> dict[str, dict[str, float]]:
    """A likelihood for each state of all that is stated or implied, not scaled; all zero where answers clash.

    Whoever answers a finding that is asked only if a gate holds has said that it does, and so have those of the gate.
    """
    likelihoods = {name: _stated(network, name, answer) for name, answer in answers.items() if answer != "unknown"}
    for name in list(likelihoods):
        for gate, state in _ruled_out(network, name):
            own = likelihoods.setdefault(gate, dict.fromkeys(states_of(network, gate), 1.0))
            own[state] = 0.0
    return likelihoods


def are_possible(network: Network, answers: Answers) -> bool:
    """Whether no answer is ruled out by a gate, and one more condition may be present than are certain."""
    likelihoods = known(network, answers)
    certain = [name for name in network.conditions if name in likelihoods and not likelihoods[name]["no"]]
    is_within = len(certain) < (network.most_causes or len(network.conditions) + 1)
    return is_within and all(any(likelihood.values()) for likelihood in likelihoods.values())


def states_of(network: Network, name: str) -> tuple[str, ...]:
    """The states of a finding, risk factor or condition."""
    if name in network.conditions:
        return NO_YES
    return network.risk_factors[name].states if name in network.risk_factors else network.findings[name].states


def _stated(network: Network, name: str, answer: RawAnswer) -> dict[str, float]:
    states = states_of(network, name)
    if isinstance(answer, Mapping):
        return {state: answer[state] for state in states}
    if isinstance(answer, str):
        return {state: float(state == answer) for state in states}
    ends = {state: [float(end) for end in band] for state, band in network.questions[name].bands.items()}
    return {state: float(ends[state][0] <= answer < ends[state][1]) for state in states}


def _ruled_out(network: Network, name: str) -> Iterator[tuple[str, str]]:
    if name in network.findings:
        for gate, allowed in network.findings[name].only_if.items():
            yield from ((gate, state) for state in states_of(network, gate) if state not in allowed)
            yield from _ruled_out(network, gate)
