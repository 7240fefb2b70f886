"""Which question is worth asking next, and what each answer to it would lead to.

    value(question) = sum over conditions c of stake(c) I(answer; c | e)  /  burden

is the default; `bayesknee.diagnosis.asking.objectives` has others in place of the sum. I is mutual information, in
bits. It looks one question ahead, or two (`bayesknee.diagnosis.asking.look_ahead`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.diagnosis.asking.objectives import DEFAULT_OBJECTIVE, Objective, find_objective
from bayesknee.diagnosis.belief import Belief
from bayesknee.inference.compiled_network import CompiledNetwork
from bayesknee.inference.results import Outcomes
from bayesknee.patient.askable import askable
from bayesknee.patient.evidence import Evidence


class Aim(NamedTuple):
    """What is asked for.

    Attributes:
        wanted: ids of the questions from which to choose.
        objective: what they are to bring.
    """

    wanted: Sequence[str]
    objective: Objective


class Ranking(NamedTuple):
    """Questions and what asking them brings, in arrays.

    Attributes:
        outcomes: of all of them.
        gains: the objective by question and condition, in bits; shape (questions, conditions).
        burdens: shape (questions,).
    """

    outcomes: Outcomes
    gains: Vector
    burdens: Vector

    @property
    def marginals(self) -> Vector:
        """P(condition | what is known), shape (conditions,)."""
        return self.outcomes.marginals

    @property
    def values(self) -> Vector:
        """The gain for a burden of 1, shape (questions,)."""
        return np.asarray(self.gains.sum(axis=1) / self.burdens)

    @property
    def best(self) -> int | None:
        """The number of the question that is worth most; None where there is none."""
        return int(self.values.argmax()) if self.outcomes.names else None


KEPT_RANKING: Final = "_kept_ranking"


def ranking_of(belief: Belief, wanted: Sequence[str], objective: str = DEFAULT_OBJECTIVE) -> Ranking:
    """What these questions, those that can be asked now, would bring; the last one made of a belief is kept with it.

    Args:
        belief: what is known.
        wanted: ids of findings and risk factors.
        objective: its name, see `bayesknee.diagnosis.asking.objectives`.

    Raises:
        QuestionError: an unknown objective.
    """
    key = (tuple(wanted), objective)
    kept: tuple[object, Ranking] | None = belief.__dict__.get(KEPT_RANKING)
    if kept is None or kept[0] != key:
        kept = key, rank(belief.compiled, belief.evidence, Aim(key[0], find_objective(objective)))
        belief.__dict__[KEPT_RANKING] = kept  # as a cached property would
    return kept[1]


def rank(compiled: CompiledNetwork, evidence: Evidence, aim: Aim) -> Ranking:
    """What each of the wanted questions that can be asked now would bring; the evidence must be possible."""
    network = compiled.network
    outcomes = compiled.strategy.outcomes(evidence, askable(network, evidence, aim.wanted))
    asked = frozenset(outcomes.names)
    burdens = np.array([each.burden for name, each in network.questions.items() if name in asked])
    return Ranking(outcomes, aim.objective(network, outcomes), burdens)
