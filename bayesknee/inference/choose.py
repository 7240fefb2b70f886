"""Which strategy answers for a network."""

from __future__ import annotations

from bayesknee.inference.enumeration.strategy import Enumeration
from bayesknee.inference.results import Budget
from bayesknee.inference.strategy import MOST_CONDITIONS, Strategy
from bayesknee.knowledge.network import Network


def choose_strategy(network: Network, setting: str, budget: Budget) -> Strategy:
    """Enumeration while there are few conditions: it takes any kind of finding. Else what makes use of noisy-ORs."""
    if len(network.conditions) <= MOST_CONDITIONS:
        return Enumeration(network, setting)
    from bayesknee.inference.elimination.strategy import Elimination  # a tenth of what `diagnose` loads, if loaded

    return Elimination(network, setting, budget)
