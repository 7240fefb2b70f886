"""Two questions ahead: a question counts with the best one that may follow each of its answers.

    value2(f) = ( gain(f) + sum over answers v of P(v | e) gain(g_v | e, v) ) / ( burden(f) + sum P(v | e) burden(g_v) )

where g_v is the best question once f was answered v. Sums of mutual information add up so by the chain rule: for a
fixed g it is what the pair of answers tells. It sees what one step does not: questions that an answer opens (gates),
and questions that only say something together. Exact, for the best few by one step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.diagnosis.asking.ranking import Aim, Ranking, rank
from bayesknee.inference.compiled_network import CompiledNetwork
from bayesknee.patient.evidence import Evidence, check_evidence

AT_MOST: Final = 15


def two_step_values(
    compiled: CompiledNetwork, evidence: Evidence, aim: Aim, ranking: Ranking, chosen: Sequence[int]
) -> Vector:
    """What questions are worth, each with the best that may follow it; in bits for a burden of 1.

    Args:
        compiled: what to ask.
        evidence: what is known.
        aim: what to ask for; the second question is any of those wanted.
        ranking: of one step.
        chosen: the numbers in `ranking` of the questions to be asked first.
    """
    values = []
    for number in chosen:
        gain, burden = float(ranking.gains[number].sum()), float(ranking.burdens[number])
        for state, probability in _answers(compiled, ranking, number):
            after = check_evidence(compiled.network, {**evidence.answers, ranking.outcomes.names[number]: state})
            next_gain, next_burden = _best(rank(compiled, after, aim))
            gain += probability * next_gain
            burden += probability * next_burden
        values.append(gain / burden)
    return np.array(values)


def _answers(compiled: CompiledNetwork, ranking: Ranking, number: int) -> list[tuple[str, float]]:
    outcomes = ranking.outcomes
    states = compiled.network.states[outcomes.names[number]]
    probabilities = outcomes.probabilities[outcomes.starts[number] : outcomes.starts[number + 1]].tolist()
    return [(state, p) for state, p in zip(states, probabilities, strict=True) if p > 0.0]


def _best(ranking: Ranking) -> tuple[float, float]:
    """Gain and burden of the best question; of none where none is left."""
    if (best := ranking.best) is None:
        return 0.0, 0.0
    return float(ranking.gains[best].sum()), float(ranking.burdens[best])
