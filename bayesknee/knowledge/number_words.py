"""A network with one number changed: its allowed range, which numbers change along, and its wording."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Final

from bayesknee.knowledge.model import (
    JUDGED,
    LARGEST_RATIO,
    NO_YES,
    SMALLEST_RATIO,
    ConditionalTable,
    Distribution,
    Finding,
    Greatest,
    Mixture,
    NoisyOr,
    Number,
    Path,
    Probability,
    Reading,
    Sign,
    numbers_below,
    parts_below,
    with_values,
)
from bayesknee.knowledge.network import Network, is_single
from bayesknee.knowledge.ranges import LEAST_EXCESS
from bayesknee.knowledge.rule_checks import cumulative

# How far inside a bound, as the format refuses most bounds: above rounding, and nothing to a reader.
MARGIN: Final = 1e-9


def find_number(network: Network, path: Path) -> Number:
    """The number at a path that the network has."""
    section, name, *_ = path
    return dict(numbers_below((section, name), getattr(network, section)[name]))[path]


def with_number(network: Network, path: Path, value: float) -> Network:
    """The network with another value for one number; in a distribution the other states give way in proportion.

    So do the other base rates, where each patient has just one condition.

    Raises:
        NetworkError: a value that breaks a rule of the format; `allowed` tells which do not.
    """
    section, name, *_ = path
    entries = getattr(network, section)
    values = {path: value}
    if is_share(path):
        shares = {(*path[:3], form, *path[4:]): each.shares[path[4:]] for form, each in entries[name].forms.items()}
        p = shares.pop(path).value
        values |= {place: other.value * (1.0 - value) / (1.0 - p) for place, other in shares.items()}
    distribution = _distribution(network, path)
    if distribution is not None:
        p = distribution.numbers[path[-1]].value
        values |= {
            (*path[:-1], state): number.value * (1.0 - value) / (1.0 - p)
            for state, number in distribution.numbers.items()
            if state != path[-1]
        }
    if _sums_to_one(network, path):
        rate_before = entries[name].base_rate[path[-1]].value
        for other in entries.values():
            if other.id != name:
                rate = other.base_rate[path[-1]].value
                values[section, other.id, *path[2:]] = rate * (1.0 - value) / (1.0 - rate_before)
    named = {other for _, other, *_ in values}
    entries_now = {other: with_values((section, other), entries[other], values) for other in named}
    changed: dict[str, Any] = {section: {**entries, **entries_now}}
    return replace(network, sha256="", **changed)


def is_share(path: Path) -> bool:
    """Whether a number is the share of a form of a condition, in all settings or in one."""
    return path[0] == "conditions" and path[2] == "forms" and path[4] == "share"


def _sums_to_one(network: Network, path: Path) -> bool:
    """Whether a number is a base rate of a network in which each patient has just one condition."""
    return path[0] == "conditions" and path[2] == "base_rate" and is_single(network)


def _distribution(network: Network, path: Path) -> Distribution | None:
    """The distribution that a number is part of, if any."""
    section, name, *rest = path
    entry = getattr(network, section)[name]
    if section == "risk_factors":
        found: object = entry.prior[rest[1]]
    elif section == "findings" and isinstance(entry.model, Mixture) and rest[1] != "weights":
        found = entry.model.otherwise if rest[1] == "otherwise" else entry.model.distributions[rest[2]]
    elif section in {"signs", "findings"} and isinstance(entry.model, Greatest | ConditionalTable):
        parts = parts_below((section, name), entry, Distribution)
        found = next(part for place, part in parts if place == path[:-1])
    else:
        return None
    return found if isinstance(found, Distribution) else None


def allowed(network: Network, path: Path) -> tuple[float, float]:
    """The lowest and highest value that the format allows, all other numbers staying as they are."""
    number = find_number(network, path)
    if number.certain:
        return number.value, number.value
    if not isinstance(number, Probability):
        return SMALLEST_RATIO * (1.0 + MARGIN), LARGEST_RATIO * (1.0 - MARGIN)
    low, high = MARGIN, 1.0 - MARGIN
    section, name, *rest = path
    entry = getattr(network, section)[name]
    if _sums_to_one(network, path):
        return low, high
    if section == "conditions" and rest[0] == "base_rate":
        return _reach_of_base_rate(network, _other_base_rates(network, name, rest[1]))
    rule = getattr(entry, "model", None)
    if isinstance(rule, NoisyOr):
        if rest[-1] == "leak":
            high = min(high, max(number.value, min(cause.value for cause in rule.causes.values()) - MARGIN))
        else:
            low = max(low, min(number.value, rule.leak.value + MARGIN))
    if isinstance(rule, Greatest):
        reach = _reach_in_greatest(rule, entry.states, rest[1:], number.value)
        low, high = max(low, reach[0]), min(high, reach[1])
    if isinstance(rule, Reading):
        other = rule.specificity if rest[-1] == "sensitivity" else rule.sensitivity
        low = max(low, 1.0 - other.value + MARGIN)
    return low, high


def _reach_of_base_rate(network: Network, others: list[float]) -> tuple[float, float]:
    """The lowest and highest base rate beside these sums of the others, by setting."""
    low, high = MARGIN, 1.0 - MARGIN
    if network.complaint:
        low = max(low, 1.0 + LEAST_EXCESS - min(others))
    if network.most_causes is not None and network.most_causes < len(network.conditions):
        high = min(high, network.most_causes - 2.0 * LEAST_EXCESS - max(others))
    return low, high


def _reach_in_greatest(rule: Greatest, states: tuple[str, ...], place: list[str], p: float) -> tuple[float, float]:
    """The lowest and highest value of a probability p for which no cause leads lower than the leak.

    The other states give way by the factor r = (1 - value) / (1 - p): so do P(at most j) below the state, and
    P(above j) from it on, each of which has a bound.
    """
    is_leak = place[0] == "leak"
    changed = rule.leak if is_leak else rule.causes[place[1]]
    others = [*rule.causes.values()] if is_leak else [rule.leak]
    cumulated, at = cumulative(changed, states), states.index(place[-1])
    least, most = 0.0, math.inf
    for other in (cumulative(each, states) for each in others):
        for j in range(len(states) - 1):
            ours, theirs = (cumulated[j], other[j]) if j < at else (1.0 - cumulated[j], 1.0 - other[j])
            if ours <= 0.0:
                continue
            if (j < at) == is_leak:
                least = max(least, theirs / ours)
            else:
                most = min(most, theirs / ours)
    low, high = 1.0 - most * (1.0 - p), 1.0 - least * (1.0 - p)
    return min(low + MARGIN, p), max(high - MARGIN, p)


def _other_base_rates(network: Network, name: str, key: str) -> list[float]:
    """The sum of the others' base rates, in each setting in which this base rate holds."""
    rates = network.conditions[name].base_rate
    settings = [key] if key in network.settings else [each for each in network.settings if each not in rates]
    return [
        sum(other.base_rate_in(setting) for other in network.conditions.values() if other.id != name)
        for setting in settings or network.settings
    ]


def number_words(network: Network, path: Path) -> str:
    """The wording of a number, in the notation of probability, with the names that people read.

    `P(Swelling | only Broken bone)`, `odds ratio of Broken bone with Age: 60 to under 75 years`.
    """
    section, name, *rest = path
    if section == "risk_factors":
        factor = network.risk_factors[name]
        return f"P({_stated(factor.label, factor.state_words(rest[-1]))})"
    if section == "conditions":
        return _condition_words(network, name, rest)
    if section == "signs":
        return _cause_words(network, network.signs[name], rest)
    return _finding_words(network, network.findings[name], rest)


def _finding_words(network: Network, finding: Finding, rest: list[str]) -> str:
    if isinstance(finding.model, Reading):
        sign = network.signs[finding.model.sign].label
        sees = f"P({finding.label} | {sign})"
        return sees if rest[-1] == "sensitivity" else f"P(not {finding.label} | no {sign})"
    if not isinstance(finding.model, Mixture):
        return _cause_words(network, finding, rest)
    if rest[1] == "weights":
        return f"weight of {network.cause_name(rest[2])} in {finding.label}"
    who = "other conditions" if rest[1] == "otherwise" else f"only {network.cause_name(rest[2])}"
    return f"P({_stated(finding.label, _state_words(finding, rest[-1]))} | {who})"


def _state_words(of: Sign | Finding, state: str) -> str:
    """A state as people read it; of yes and no the id, by which `_stated` knows them."""
    return of.state_words(state) if isinstance(of, Finding) and state not in NO_YES else state


def _stated(label: str, state: str) -> str:
    """`Sport: running`; of yes and no, `Fever` and `not Fever`."""
    if state in NO_YES:
        return label if state == NO_YES[1] else f"not {label}"
    return f"{label}: {state}"


def _condition_words(network: Network, name: str, rest: list[str]) -> str:
    condition = network.conditions[name]
    if rest[0] == "forms":
        return f"{rest[2]} of {condition.forms[rest[1]].name} among {condition.name}"
    if rest[0] == "thresholds":
        return f"threshold of {condition.name} for the level {rest[1].replace('_', ' ')}"
    if rest[0] != "odds_ratios":
        return f"{rest[0].replace('_', ' ')} of {condition.name}"
    _, parent, state = rest
    if parent in network.risk_factors:
        factor = network.risk_factors[parent]
        return f"odds ratio of {condition.name} with {_stated(factor.label, factor.state_words(state))}"
    return f"odds ratio of {condition.name} with {_stated(network.conditions[parent].name, state)}"


def _cause_words(network: Network, of: Sign | Finding, rest: list[str]) -> str:
    """Of a noisy-OR, a noisy-MAX or a table."""
    rule, part, *below = rest
    what = of.label if rule == "noisy_or" else _stated(of.label, _state_words(of, below[-1]) if below else rest[-1])
    if isinstance(of.model, ConditionalTable):
        states = zip(of.model.parents, below[0].split(", "), strict=True)
        return f"P({what} | {', '.join(_stated(_name(network, parent), state) for parent, state in states)})"
    return f"P({what} | {'no listed cause' if part == 'leak' else f'only {_name(network, below[0])}'})"


def _name(network: Network, cause: str) -> str:
    return network.signs[cause].label if cause in network.signs else network.cause_name(cause)


def citation(network: Network, source: str) -> str:
    """Where a number or a red flag comes from, by the key that it names; `judged` where it was a guess."""
    return JUDGED if source == JUDGED else network.references[source].citation
