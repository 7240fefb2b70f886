"""Rows of codes to score, drawn from a network's own patients."""

from __future__ import annotations

import numpy as np

from bayesknee import Network
from bayesknee.inference.compiled_network import CompiledNetwork
from bayesknee.patient.codes import NOT_KNOWN, Codes
from bayesknee.patient.evidence import NOTHING_KNOWN
from tests.benchmarks.patients import KNOWN_RISK_FACTORS


def draw_rows(network: Network, count: int, answers: int, seed: int = 0) -> Codes:
    """Patients of whom so many answers are known, `KNOWN_RISK_FACTORS` of them about risk factors.

    Gates are left open: findings with one are never among the answers.
    """
    rng = np.random.default_rng(seed)
    compiled = CompiledNetwork(network, network.default_setting)
    drawn = compiled.strategy.sample(NOTHING_KNOWN, count, rng).codes
    gated = [name in network.gated for name in network.questions]
    order = rng.random(drawn.shape)
    order[:, gated] = np.inf
    first = len(network.risk_factors)
    known = np.zeros(drawn.shape, np.bool_)
    for columns, wanted in ((slice(0, first), KNOWN_RISK_FACTORS), (slice(first, None), answers - KNOWN_RISK_FACTORS)):
        places = np.argsort(order[:, columns], axis=1)[:, :wanted] + (columns.start or 0)
        np.put_along_axis(known, places, np.True_, axis=1)
    return np.where(known & ~np.array(gated), drawn, NOT_KNOWN).astype(np.int8)
