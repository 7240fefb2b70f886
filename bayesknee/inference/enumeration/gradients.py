"""How the posterior changes with every number of the network at once.

    dP(event | e) / d number = Cov over p(s | e) of ( 1[s in event], d log p(s, e) / d number )

is the difference of two sums over subsets: the change of P(event, e), and that of P(e).
"""

from __future__ import annotations

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.enumeration.finding_gradients import FindingGradients
from bayesknee.inference.enumeration.subset_tables import SubsetTables
from bayesknee.inference.prior.gradients import PriorGradients
from bayesknee.inference.results import Events, Gradients
from bayesknee.inference.subsets import holds_any, sums
from bayesknee.patient.evidence import Evidence


def gradients_of(tables: SubsetTables, before: PriorGradients, evidence: Evidence, events: Events) -> Gradients:
    """The gradients of a patient whose evidence is possible."""
    weights = tables.infer(evidence).weights
    masks = np.stack([np.ones(len(weights)), *(holds_any(event, len(weights)) for event in events)])
    known = {name: each for name, each in evidence.likelihoods.items() if name in tables.network.risk_factors}
    with np.errstate(divide="ignore", invalid="ignore"):
        likelihood = np.where(weights > 0.0, weights / tables.prior(known), 0.0)
    slopes = [*before.slopes(known, masks * likelihood)]
    paths, linear = [*before.paths], [False] * len(before.paths)
    for row in FindingGradients(tables).rows(evidence.likelihoods):
        slopes.append(_over_events(weights * row.values, events))
        paths.append(row.path)
        linear.append(row.linear)
    return Gradients(tuple(paths), np.array(slopes), _over_events(weights, events)[1:], np.array(linear))


def _over_events(row: Vector, events: Events) -> Vector:
    """The sum of a row over all subsets, and over those in which each event happens; shape (1 + events,)."""
    every = sums(row[None])[0]
    of_events = (
        every[1 + min(event)] if len(event) == 1 else np.einsum("i,i", row, holds_any(event, len(row)))
        for event in events
    )
    return np.array([every[0], *of_events])
