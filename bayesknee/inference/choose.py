"""Which inference strategy a network gets."""

from __future__ import annotations

from bayesknee.inference.cause_sets import can_enumerate, check_sets
from bayesknee.inference.enumeration.strategy import Enumeration
from bayesknee.inference.results import Budget
from bayesknee.inference.strategy import Strategy
from bayesknee.knowledge.network import Network


def choose_strategy(network: Network, setting: str, budget: Budget) -> Strategy:
    """Enumeration where sets of causes are few enough, else elimination, which uses the structure of noisy-ORs.

    Raises:
        InferenceError: tables too large, base rates that cannot be met, or too many sets of causes where causes at once
            are limited or conditions have forms, which elimination does not take.
    """
    if network.most_causes is not None or any(each.forms for each in network.conditions.values()):
        check_sets(network)  # elimination takes neither
    if can_enumerate(network):
        return Enumeration(network, setting)
    from bayesknee.inference.elimination.strategy import (
        Elimination,
    )  # loaded on use: it is a tenth of what `diagnose` loads

    return Elimination(network, setting, budget)
