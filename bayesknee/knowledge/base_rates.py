"""Base rates that a user gives in place of the network's, such as those of one practice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from immutabledict import immutabledict

from bayesknee.errors import BaseRateError, NetworkError, unknown_text
from bayesknee.knowledge.model import ANY_SETTING, JUDGED, Condition, Probability
from bayesknee.knowledge.network import Network, is_single
from bayesknee.log_odds import expit, logit
from bayesknee.words import short_percent

# How far a base rate stays from 1 where it gives way to those given, as the format refuses 1 itself: above rounding,
# and nothing to a reader.
LEAST_LEFT: Final = 1e-9


@dataclass(frozen=True)
class GivenBaseRate:
    """A base rate that was given in place of the network's.

    Attributes:
        condition: its id.
        value: the base rate that was given, inside (0, 1).
        stated: that of the network in the same setting.
    """

    condition: str
    value: float
    stated: float


def with_base_rates(
    network: Network, setting: str, rates: Mapping[str, float]
) -> tuple[Network, tuple[GivenBaseRate, ...]]:
    """The network with other base rates in one setting, and what was given, in the network's order.

    All else stays, the other base rates, too; intercepts are solved for them anew, so the posterior is exact. Where
    each patient has just one condition, base rates sum to 1, and the others give way in proportion. A given base rate
    has a range of no width. The `sha256` stays, as it is of the files.

    Args:
        network: any.
        setting: one of its care settings.
        rates: by condition id, inside (0, 1).

    Raises:
        BaseRateError: an unknown condition, a base rate out of range, or base rates that cannot be beside the others.
    """
    for name, rate in rates.items():
        if name not in network.conditions:
            raise BaseRateError(unknown_text("condition", name, network.conditions, f"of network {network.id}"))
        if not 0.0 < rate < 1.0:
            raise BaseRateError(f"base rate {rate:g} of {name}; expected a probability inside (0, 1); correct it")
    given = tuple(
        GivenBaseRate(name, float(rates[name]), condition.base_rate_in(setting))
        for name, condition in network.conditions.items()
        if name in rates
    )
    if not given:
        return network, ()
    numbers = {each.condition: _given(each) for each in given}
    if is_single(network):
        numbers = _others(network, setting, given) | numbers
    conditions = {
        name: _with_rate(condition, setting, numbers[name]) if name in numbers else condition
        for name, condition in network.conditions.items()
    }
    try:
        return replace(network, conditions=conditions), given
    except NetworkError as error:
        problem, names = error.problems[0], ", ".join(each.condition for each in given)
        told = f"got {problem.got}; expected {problem.expected}"
        raise BaseRateError(f"the base rates given ({names}) cannot be: {told}; give others, or more of them") from None


def _given(rate: GivenBaseRate) -> Probability:
    note = f"given in place of {short_percent(rate.stated)}"
    return Probability(rate.value, rate.value, rate.value, "D", JUDGED, note)


def _with_rate(condition: Condition, setting: str, number: Probability) -> Condition:
    return replace(condition, base_rate=immutabledict({**condition.base_rate, setting: number}))


def _others(network: Network, setting: str, given: tuple[GivenBaseRate, ...]) -> dict[str, Probability]:
    """The base rates that are not given, scaled to what those given leave; a range keeps its width in log odds."""
    names = [name for name in network.conditions if name not in {each.condition for each in given}]
    left = 1.0 - sum(each.value for each in given)
    if names and left < LEAST_LEFT:
        raise BaseRateError(
            f"the base rates given sum to {1.0 - left:g}; expected a sum below 1, as each patient has just one "
            "condition; lower one of them"
        )
    rates = {name: network.conditions[name].base_rate for name in names}
    stated = {name: rate.get(setting) or rate[ANY_SETTING] for name, rate in rates.items()}
    total = sum(number.value for number in stated.values())
    return {name: _scaled(number, left / total) for name, number in stated.items()}


def _scaled(number: Probability, factor: float) -> Probability:
    value = min(number.value * factor, 1.0 - LEAST_LEFT)
    move = logit(value) - logit(number.value)
    low, high = (expit(logit(end) + move) for end in (number.low, number.high))
    return replace(number, value=value, low=min(low, value), high=max(high, value))
