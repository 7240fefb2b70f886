"""What is known of a patient, as other programs take it: states, and a likelihood for each state.

An answer to a question that is asked only if a gate holds implies that the gate holds. Other programs do not know of
gates, so the gate is evidence, too: a state where one is left possible, and else virtual evidence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from immutabledict import immutabledict

from bayesknee.knowledge.model import COMPLAINT, NO_YES
from bayesknee.knowledge.network import Network
from bayesknee.lazy_types import TabularCPD
from bayesknee.patient.evidence import Evidence


class KnownPatient(Protocol):
    """A `Diagnosis`, or whatever else has a network and evidence."""

    @property
    def network(self) -> Network: ...
    @property
    def evidence(self) -> Evidence: ...


class ModelEvidence(NamedTuple):
    """What is known, by node of the exported model; the presenting complaint included, where there is one.

    Attributes:
        states: nodes whose state is known.
        likelihoods: nodes of which some states are more likely than others: a likelihood for each state, the highest 1.
    """

    states: Mapping[str, str]
    likelihoods: Mapping[str, Mapping[str, float]]


def model_evidence(patient: KnownPatient) -> ModelEvidence:
    """What is known of a patient, for any program that reads an exported file.

    Answers that are unknown, and those that tell nothing, are left out.

    Args:
        patient: a `Diagnosis`.
    """
    network = patient.network
    states = {COMPLAINT: NO_YES[1]} if network.complaint else {}
    likelihoods = {}
    for name, weights in patient.evidence.likelihoods.items():
        by_state = dict(zip(network.states[name], weights, strict=True))
        possible = [state for state, weight in by_state.items() if weight > 0.0]
        if len(possible) == 1:
            states[name] = possible[0]
        elif len(set(weights)) > 1:
            likelihoods[name] = immutabledict(by_state)
    return ModelEvidence(immutabledict(states), immutabledict(likelihoods))


def pgmpy_evidence(patient: KnownPatient) -> tuple[dict[str, str], list[TabularCPD]]:
    """What is known of a patient, as `evidence` and `virtual_evidence` of a query of `to_pgmpy`'s model.

    Give them to a new `VariableElimination` for each patient: one that has seen virtual evidence keeps it.

    Args:
        patient: a `Diagnosis`.

    Returns:
        The states by node, and a table for each node of which a likelihood is known. Either may be empty.
    """
    from pgmpy.factors.discrete import TabularCPD

    states, likelihoods = model_evidence(patient)
    virtual = [
        TabularCPD(name, len(each), [[weight] for weight in each.values()], state_names={name: list(each)})
        for name, each in likelihoods.items()
    ]
    return dict(states), virtual
