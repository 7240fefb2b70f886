"""What a question may be asked for: objectives, each a number for every question and condition.

All are in bits and none is negative. The value of a question is the sum over conditions, divided by its burden.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np
from immutabledict import immutabledict

from bayesknee.arrays import Vector
from bayesknee.errors import QuestionError, did_you_mean, quoted
from bayesknee.inference.results import Outcomes
from bayesknee.knowledge.network import Network

Objective: TypeAlias = Callable[[Network, Outcomes], Vector]


def entropy(probabilities: Vector) -> Vector:
    """The entropy of yes-or-no variables, in bits."""
    p = np.clip(probabilities, 0.0, 1.0)
    tiny = np.finfo(np.float64).tiny
    return np.asarray(-p * np.log2(np.maximum(p, tiny)) - (1.0 - p) * np.log2(np.maximum(1.0 - p, tiny)))


def mutual_information(outcomes: Outcomes) -> Vector:
    """I(answer; c | e) = H(c | e) - sum of P(answer | e) H(c | e, answer) by question and condition."""
    after = outcomes.probabilities[:, None] * entropy(outcomes.posteriors)
    return np.maximum(entropy(outcomes.marginals) - by_question(outcomes, after), 0.0)


def by_question(outcomes: Outcomes, rows: Vector) -> Vector:
    """Rows of answers, summed for each question."""
    return np.add.reduceat(rows, outcomes.starts[:-1], axis=0) if outcomes.names else rows[:0]


def information(network: Network, outcomes: Outcomes) -> Vector:
    """How much the answer tells of each condition: mutual information."""
    del network
    return mutual_information(outcomes)


def stakes(network: Network, outcomes: Outcomes) -> Vector:
    """Mutual information, times what missing the condition weighs."""
    weights: Vector = np.array([each.stake for each in network.conditions.values()])
    return mutual_information(outcomes) * weights


def danger(network: Network, outcomes: Outcomes) -> Vector:
    """As `stakes`, but of must-not-miss conditions alone; below its limit, one counts by how near it is to that."""
    conditions = network.conditions.values()
    limits: Vector = np.array([each.limit.value for each in conditions])
    dangerous: Vector = np.array([float(each.must_not_miss) for each in conditions])
    return stakes(network, outcomes) * dangerous * np.minimum(outcomes.marginals / limits, 1.0)


def separation(network: Network, outcomes: Outcomes) -> Vector:
    """How well the answer tells the leader from the runner-up, all of it put down to the leader.

    It is what the answer tells of which of the two it is, were it just one of them and all else as it is: the
    Jensen-Shannon divergence (Lin 1991) of P(answer | e, leader) and P(answer | e, runner-up), weighted by how probable
    the two are.
    """
    del network
    marginals = outcomes.marginals
    told = np.zeros((len(outcomes.names), len(marginals)))
    if len(marginals) < 2:
        return told
    leader, runner_up = np.argsort(-marginals, kind="stable")[:2].tolist()
    both = outcomes.joint[:, leader] + outcomes.joint[:, runner_up]
    total = float(marginals[leader] + marginals[runner_up])
    share = np.divide(outcomes.joint[:, leader], both, out=np.zeros_like(both), where=both > 0.0)
    before = entropy(marginals[leader : leader + 1] / total) if total > 0.0 else np.zeros(1)
    told[:, leader] = np.maximum(before - by_question(outcomes, both * entropy(share)) / (total or 1.0), 0.0)
    return told


DEFAULT_OBJECTIVE: Final = "stakes"
OBJECTIVES: Final[immutabledict[str, Objective]] = immutabledict(
    stakes=stakes, information=information, separation=separation, danger=danger
)


def find_objective(name: str) -> Objective:
    """The objective of that name.

    Raises:
        QuestionError: there is none.
    """
    if name in OBJECTIVES:
        return OBJECTIVES[name]
    hint = did_you_mean(name, OBJECTIVES) or f"known are {', '.join(OBJECTIVES)}"
    raise QuestionError(f"unknown objective {quoted(name)}; {hint}")
