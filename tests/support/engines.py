"""The engine and its oracle, side by side."""

from __future__ import annotations

from bayesknee import Engine
from bayesknee.inference.prior.joint import Prior
from bayesknee.knowledge.network import Network
from tests.support.brute_force import BruteForce


def oracle(network: Network, setting: str) -> BruteForce:
    """Brute force with the engine's intercepts."""
    intercepts = Prior(network, setting).intercepts
    return BruteForce(network, setting, dict(zip(network.conditions, intercepts.tolist(), strict=True)))


def base_rates(network: Network, setting: str) -> dict[str, float]:
    """The base rates as the network states them."""
    by_setting = {name: condition.base_rate for name, condition in network.conditions.items()}
    return {
        name: (rates[setting] if setting in rates else rates["any_setting"]).value for name, rates in by_setting.items()
    }


def engines(network: Network) -> dict[str, Engine]:
    """An engine for each setting."""
    return {setting: Engine(network, setting) for setting in network.settings}
