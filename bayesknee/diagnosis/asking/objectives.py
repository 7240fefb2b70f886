"""Objectives: what a question is worth, as a gain for each question and condition.

Gains are in bits, 0 or more, shape (questions, conditions). The value of a question is the sum of its gains over the
conditions, divided by its burden.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np
from immutabledict import immutabledict

from bayesknee.arrays import Vector, entropy
from bayesknee.errors import QuestionError, unknown_text
from bayesknee.inference.results import Outcomes
from bayesknee.knowledge.network import Network

Objective: TypeAlias = Callable[[Network, Outcomes], Vector]


def mutual_information(outcomes: Outcomes) -> Vector:
    """I(answer; c | e) = H(c | e) - sum of P(answer | e) H(c | e, answer) in bits, shape (questions, conditions)."""
    after = outcomes.probabilities[:, None] * entropy(outcomes.posteriors)
    return np.maximum(entropy(outcomes.marginals) - by_question(outcomes, after), 0.0)


def by_question(outcomes: Outcomes, rows: Vector) -> Vector:
    """The sums of `rows`, shape (answers, ...), over the answers to each question; shape (questions, ...)."""
    return np.add.reduceat(rows, outcomes.starts[:-1], axis=0) if outcomes.names else rows[:0]


def information(network: Network, outcomes: Outcomes) -> Vector:
    """Mutual information between the answer and each condition."""
    del network
    return mutual_information(outcomes)


def stakes(network: Network, outcomes: Outcomes) -> Vector:
    """Mutual information, times the stake of the condition: the weight of missing it."""
    weights: Vector = np.array([condition.stake for condition in network.conditions.values()])
    return mutual_information(outcomes) * weights


def danger(network: Network, outcomes: Outcomes) -> Vector:
    """As `stakes`, of must-not-miss conditions only. Below its limit, a condition counts by posterior / limit."""
    conditions = network.conditions.values()
    limits: Vector = np.array([condition.limit.value for condition in conditions])
    dangerous: Vector = np.array([float(condition.must_not_miss) for condition in conditions])
    return stakes(network, outcomes) * dangerous * np.minimum(outcomes.marginals / limits, 1.0)


def separation(network: Network, outcomes: Outcomes) -> Vector:
    """How well the answer separates the leader from the runner-up; all of the gain is the leader's.

    It is the information of the answer about which of the two is present, if exactly one of them were: the
    Jensen-Shannon divergence (Lin 1991) of P(answer | e, leader) and P(answer | e, runner-up), weighted by their
    posteriors.
    """
    del network
    marginals = outcomes.marginals
    gains = np.zeros((len(outcomes.names), len(marginals)))
    if len(marginals) < 2:
        return gains
    leader, runner_up = np.argsort(-marginals, kind="stable")[:2].tolist()
    both = outcomes.joint[:, leader] + outcomes.joint[:, runner_up]
    total = float(marginals[leader] + marginals[runner_up])
    share = np.divide(outcomes.joint[:, leader], both, out=np.zeros_like(both), where=both > 0.0)
    before = entropy(marginals[leader : leader + 1] / total) if total > 0.0 else np.zeros(1)
    gains[:, leader] = np.maximum(before - by_question(outcomes, both * entropy(share)) / (total or 1.0), 0.0)
    return gains


DEFAULT_OBJECTIVE: Final = "stakes"
OBJECTIVES: Final[immutabledict[str, Objective]] = immutabledict(
    stakes=stakes, information=information, separation=separation, danger=danger
)


def find_objective(name: str) -> Objective:
    """The objective with that name.

    Raises:
        QuestionError: there is no such objective.
    """
    if name in OBJECTIVES:
        return OBJECTIVES[name]
    raise QuestionError(unknown_text("objective", name, OBJECTIVES))
