"""Two questions ahead: the value of a question together with the best one that may follow each of its answers.

    value2(f) = ( gain(f) + sum over answers v of P(v | e) gain(g_v | e, v) ) / ( burden(f) + sum P(v | e) burden(g_v) )

where g_v is the best question after the answer v to f. By the chain rule of mutual information, the numerator for a
fixed g is the information in the pair of answers. Two steps see what one step does not: questions whose gate an answer
opens, and questions that are informative only together. The value is exact, for the best few questions by one step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.diagnosis.asking.ranking import Aim, Ranking, rank
from bayesknee.inference.compiled_network import CompiledNetwork
from bayesknee.patient.evidence import Evidence, check_evidence

AT_MOST: Final = 15  # questions valued two steps ahead: the work is a ranking for each answer to each of them. Judged


def two_step_values(
    compiled: CompiledNetwork, evidence: Evidence, aim: Aim, ranking: Ranking, chosen: Sequence[int]
) -> Vector:
    """The values of questions with the best that may follow, in bits per unit of burden, shape (len(chosen),).

    Args:
        compiled: the network and its strategy.
        evidence: the answers so far.
        aim: the objective, and the questions from which the second one is chosen.
        ranking: one step ahead.
        chosen: indices in `ranking` of the questions to value.
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
    """Gain and burden of the best question; both 0 if none is left."""
    if (best := ranking.best) is None:
        return 0.0, 0.0
    return float(ranking.gains[best].sum()), float(ranking.burdens[best])
