"""Which inference strategy a network gets."""

from __future__ import annotations

from typing import Final

from bayesknee.inference.cause_sets import check_sets
from bayesknee.inference.enumeration.strategy import Enumeration
from bayesknee.inference.results import Budget
from bayesknee.inference.strategy import MOST_CONDITIONS, Strategy
from bayesknee.knowledge.model import ConditionalTable
from bayesknee.knowledge.network import Network

# Conditions up to which all subsets are enumerated without a look at the other way. With 13 of them and 20 answers that
# takes 1 to 2 ms, and the shortest elimination as long; with one more it takes twice as long.
ALWAYS_ENUMERATED: Final = 13


def choose_strategy(network: Network, setting: str, budget: Budget) -> Strategy:
    """Enumeration for few conditions, elimination for more than `MOST_CONDITIONS`, and in between the cheaper of both.

    Where causes at once are limited, or conditions have forms, there is enumeration only. What takes elimination is
    loaded on use: it is a tenth of what `diagnose` loads.

    Raises:
        InferenceError: tables too large, base rates that cannot be met, or too many sets of causes.
    """
    conditions = len(network.conditions)
    if network.most_causes is not None or any(each.forms for each in network.conditions.values()):
        check_sets(network)
        return Enumeration(network, setting)
    if conditions > MOST_CONDITIONS:
        from bayesknee.inference.elimination.strategy import Elimination

        return Elimination(network, setting, budget)
    if conditions > ALWAYS_ENUMERATED and can_eliminate(network):
        from bayesknee.inference.cheaper import Cheaper

        return Cheaper(network, setting, budget)
    return Enumeration(network, setting)


def can_eliminate(network: Network) -> bool:
    """Whether elimination can take all findings and signs of a network: products over conditions, and mixtures."""
    tables = any(isinstance(finding.model, ConditionalTable) for finding in network.findings.values())
    return not tables and not network.clustered
