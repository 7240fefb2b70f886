"""Which inference strategy a network gets."""

from __future__ import annotations

from bayesknee.inference.enumeration.strategy import Enumeration
from bayesknee.inference.results import Budget
from bayesknee.inference.strategy import MOST_CONDITIONS, Strategy
from bayesknee.knowledge.network import Network


def choose_strategy(network: Network, setting: str, budget: Budget) -> Strategy:
    """Enumeration for up to `MOST_CONDITIONS` conditions, else elimination, which uses the structure of noisy-ORs.

    Raises:
        InferenceError: tables too large, or base rates that cannot be met.
    """
    if len(network.conditions) <= MOST_CONDITIONS:
        return Enumeration(network, setting)
    from bayesknee.inference.elimination.strategy import (
        Elimination,
    )  # loaded on use: it is a tenth of what `diagnose` loads

    return Elimination(network, setting, budget)
