"""What is known of a patient, sorted by what it is about: the form in which all inference takes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from immutabledict import immutabledict

from bayesknee.knowledge.network import CONDITIONS, DIRECT, RISK_FACTORS, Network
from bayesknee.patient.evidence import Likelihood


class SortedEvidence(NamedTuple):
    """Likelihoods by what they are about. Within each part they keep the order in which they were given.

    Attributes:
        risk_factors: by id of a risk factor.
        conditions: by id of a condition.
        direct: by id of a finding that depends on conditions and reads no sign.
        readings: by id of a sign that was read, then by id of the finding that reads it.
        clusters: by id of a cluster of signs, then by id of the finding that hangs on it.
    """

    risk_factors: Mapping[str, Likelihood]
    conditions: Mapping[str, Likelihood]
    direct: Mapping[str, Likelihood]
    readings: Mapping[str, Mapping[str, Likelihood]]
    clusters: Mapping[str, Mapping[str, Likelihood]] = immutabledict()


def sorted_evidence(network: Network, likelihoods: Mapping[str, Likelihood]) -> SortedEvidence:
    """The likelihoods, sorted; each of them is in exactly one part.

    Args:
        network: what they are about.
        likelihoods: by id of a finding, risk factor or condition, as in `Evidence.likelihoods`.
    """
    found: dict[str, dict[str, Likelihood]] = {}
    subjects = network.subjects
    for name, likelihood in likelihoods.items():  # on the way of each posterior, so no more than some look-ups
        if (subject := subjects[name]) in found:
            found[subject][name] = likelihood
        else:
            found[subject] = {name: likelihood}
    take = found.pop  # and what is left are signs
    if not network.clusters:
        return SortedEvidence(take(RISK_FACTORS, {}), take(CONDITIONS, {}), take(DIRECT, {}), found)
    clusters = {name: take(name) for name in network.clusters if name in found}
    return SortedEvidence(take(RISK_FACTORS, {}), take(CONDITIONS, {}), take(DIRECT, {}), found, clusters)
