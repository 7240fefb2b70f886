"""The ranking of questions by value, and the posterior after each answer.

    value(question) = sum over conditions c of stake(c) I(answer; c | e)  /  burden

is the default, with I the mutual information in bits. `bayesknee.diagnosis.asking.objectives` has others in place of
the sum. A ranking looks one question ahead; `bayesknee.diagnosis.asking.look_ahead` looks two ahead.
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
from bayesknee.knowledge.network import Network
from bayesknee.patient.askable import askable
from bayesknee.patient.codes import Codes, nothing_known
from bayesknee.patient.evidence import Evidence


class Aim(NamedTuple):
    """The questions to choose from, and the objective.

    Attributes:
        wanted: ids of the questions to choose from.
        objective: what they are valued by.
    """

    wanted: Sequence[str]
    objective: Objective


class Ranking(NamedTuple):
    """Questions and their gains, in arrays.

    Attributes:
        outcomes: the answers to all questions, and the posteriors after them.
        gains: by the objective, in bits, shape (questions, conditions).
        burdens: relative to a plain question (1), shape (questions,).
    """

    outcomes: Outcomes
    gains: Vector
    burdens: Vector

    @property
    def marginals(self) -> Vector:
        """P(condition | evidence), shape (conditions,)."""
        return self.outcomes.marginals

    @property
    def values(self) -> Vector:
        """The gain over all conditions per unit of burden, in bits, shape (questions,)."""
        return np.asarray(self.gains.sum(axis=1) / self.burdens)

    @property
    def best(self) -> int | None:
        """The index of the question that is worth most; None if there is no question."""
        return int(self.values.argmax()) if self.outcomes.names else None


KEPT_RANKING: Final = "_kept_ranking"  # one per belief, as a command asks for one objective; more would hold memory


def ranking_of(belief: Belief, wanted: Sequence[str], objective: str = DEFAULT_OBJECTIVE) -> Ranking:
    """The ranking of those of these questions that can be asked now. A belief keeps its last ranking.

    Args:
        belief: the posterior and the answers so far.
        wanted: ids of findings and risk factors.
        objective: its name; see `bayesknee.diagnosis.asking.objectives`.

    Raises:
        QuestionError: an unknown objective.
    """
    key = (tuple(wanted), objective)
    kept: tuple[object, Ranking] | None = belief.__dict__.get(KEPT_RANKING)
    if kept is None or kept[0] != key:
        kept = key, rank(belief.compiled, belief.evidence, Aim(key[0], find_objective(objective)))
        belief.__dict__[KEPT_RANKING] = kept  # as a cached property does in a frozen object
    return kept[1]


def rank(compiled: CompiledNetwork, evidence: Evidence, aim: Aim) -> Ranking:
    """The ranking of the wanted questions that can be asked now. The evidence must be possible."""
    network = compiled.network
    outcomes = compiled.strategy.outcomes(evidence, askable(network, evidence, aim.wanted))
    asked = frozenset(outcomes.names)
    burdens = np.array([question.burden for name, question in network.questions.items() if name in asked])
    return Ranking(outcomes, aim.objective(network, outcomes), burdens)


def codes_after(network: Network, outcomes: Outcomes) -> Codes:
    """The answers that outcomes are about, as codes: a row with none, then a row for each answer."""
    columns = {name: column for column, name in enumerate(network.questions)}
    codes = nothing_known(network, 1 + len(outcomes.probabilities))
    starts = outcomes.starts.tolist()
    for name, first, end in zip(outcomes.names, starts[:-1], starts[1:], strict=True):
        codes[1 + first : 1 + end, columns[name]] = np.arange(end - first)
    return codes
