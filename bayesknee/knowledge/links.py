"""The numbers by which an answer speaks for or against each condition, and how loud each speaks by itself."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bayesknee.knowledge.model import (
    ANY_SETTING,
    Condition,
    Finding,
    Mixture,
    Network,
    NoisyOr,
    Number,
    Path,
    Reading,
    RiskFactor,
)

Likelihood = Sequence[float]


@dataclass(frozen=True)
class Stated:
    """A number of the network, with what it says.

    Attributes:
        path: where it stands, as the keys that lead there.
        what: in the notation of probability, with the names that people read: `P(Lump | only Baker's cyst)`.
        number: value, range, grade and source.
    """

    path: Path
    what: str
    number: Number


@dataclass(frozen=True)
class Link:
    """What an answer says of one condition.

    Attributes:
        condition: its id.
        effect: log of how much likelier the answer is with this condition alone than with none (a finding), or of how
            much the answer multiplies the condition's odds over those of people not asked (a risk factor or parent).
        numbers: those that make it so, the first the most specific.
    """

    condition: str
    effect: float
    numbers: tuple[Stated, ...]


def links(network: Network, setting: str, name: str, likelihood: Likelihood) -> dict[str, Link]:
    """What an answer says of each condition that it bears on directly.

    Args:
        network: where the numbers stand.
        setting: a care setting of it.
        name: a finding, risk factor or condition of the network.
        likelihood: for each state, the largest of them 1.
    """
    if name in network.risk_factors:
        found = _of_risk_factor(network, network.risk_factors[name], setting, likelihood)
    elif name in network.conditions:
        found = _of_condition(network, network.conditions[name], likelihood)
    else:
        found = _of_finding(network, network.findings[name], likelihood)
    return {link.condition: link for link in found}


# --- findings --------------------------------------------------------------------------------------------------------


def _of_finding(network: Network, finding: Finding, likelihood: Likelihood) -> Iterator[Link]:
    if isinstance(finding.model, Reading):
        return _of_reading(network, finding, finding.model, likelihood)
    if isinstance(finding.model, NoisyOr):
        no, yes = likelihood
        path = ("findings", finding.id, "noisy_or")
        return _of_noisy_or(network, finding.model, (no, yes), (path, finding.label), ())
    return _of_mixture(network, finding, finding.model, likelihood)


def _of_reading(network: Network, finding: Finding, reading: Reading, likelihood: Likelihood) -> Iterator[Link]:
    """By way of the sign; the reading's own number is the one that says how far this answer can be trusted."""
    sign = network.signs[reading.sign]
    sensitivity, specificity = reading.sensitivity.value, reading.specificity.value
    no, yes = likelihood
    given_none = no * specificity + yes * (1.0 - specificity)
    given_sign = no * (1.0 - sensitivity) + yes * sensitivity
    path = ("findings", finding.id, "reads")
    if yes > no:
        own = Stated((*path, "specificity"), f"P(not {finding.label} | no {sign.label})", reading.specificity)
    else:
        own = Stated((*path, "sensitivity"), f"P({finding.label} | {sign.label})", reading.sensitivity)
    place = ("signs", sign.id, "noisy_or"), sign.label
    return _of_noisy_or(network, sign.noisy_or, (given_none, given_sign), place, (own,))


def _of_noisy_or(
    network: Network,
    rule: NoisyOr,
    likelihood: tuple[float, float],
    place: tuple[Path, str],
    own: tuple[Stated, ...],
) -> Iterator[Link]:
    """For each cause, P(answer | only that cause) over P(answer | none); the leak matters where yes is the likelier."""
    (path, label), (no, yes) = place, likelihood
    leak = (Stated((*path, "leak"), f"P({label} | no listed cause)", rule.leak),) if yes > no and not own else ()
    none = no + (yes - no) * rule.leak.value
    for name, number in rule.causes.items():
        what = f"P({label} | only {network.conditions[name].name})"
        effect = math.log((no + (yes - no) * number.value) / none)
        yield Link(name, effect, (Stated((*path, "causes", name), what, number), *own, *leak))


def _of_mixture(network: Network, finding: Finding, rule: Mixture, likelihood: Likelihood) -> Iterator[Link]:
    """For each condition with a distribution of its own, P(answer | only that condition) over the mean of all."""
    likeliest = finding.states[max(range(len(likelihood)), key=likelihood.__getitem__)]
    everyone = {name: rule.distributions.get(name, rule.otherwise) for name in network.conditions}
    chances = {
        name: sum(a * b for a, b in zip(likelihood, own.vector(finding.states), strict=True))
        for name, own in everyone.items()
        if own is not None
    }
    mean = sum(chances.values()) / len(chances)
    path = ("findings", finding.id, "mixture", "distributions")
    for name, own in rule.distributions.items():
        state = likeliest if likeliest in own.numbers else next(iter(own.numbers))
        what = f"P({finding.label}: {state.replace('_', ' ')} | only {network.conditions[name].name})"
        yield Link(name, math.log(chances[name] / mean), (Stated((*path, name, state), what, own.numbers[state]),))


# --- what stands before the conditions -------------------------------------------------------------------------------


def _of_risk_factor(network: Network, factor: RiskFactor, setting: str, likelihood: Likelihood) -> Iterator[Link]:
    """For each condition it acts on, the odds ratio of the answer over the mean one of people not asked.

    Where the answer is the state of reference, which has none, the odds ratio of the others that weighs most.
    """
    prior = factor.prior_in(setting)
    answer = [a * b for a, b in zip(prior, likelihood, strict=True)]
    likeliest = factor.states[max(range(len(answer)), key=answer.__getitem__)]
    for condition in network.conditions.values():
        stated = condition.odds_ratios.get(factor.id)
        if not stated:
            continue
        ratios = [stated[state].value if state in stated else 1.0 for state in factor.states]
        weights = {state: p * abs(math.log(r)) for state, p, r in zip(factor.states, prior, ratios, strict=True)}
        state = likeliest if likeliest in stated else max(stated, key=weights.__getitem__)
        yield Link(
            condition.id,
            _mean_log(ratios, answer) - _mean_log(ratios, prior),
            (_odds_ratio(condition, factor.id, factor.label, state, factor.state_words(state)),),
        )


def _mean_log(ratios: Sequence[float], weights: Sequence[float]) -> float:
    return math.log(sum(r * w for r, w in zip(ratios, weights, strict=True)) / sum(weights))


def _of_condition(network: Network, answered: Condition, likelihood: Likelihood) -> Iterator[Link]:
    """The conditions that hang on it, and those that it hangs on."""
    sign = 1.0 if likelihood[1] > likelihood[0] else -1.0
    for child in network.conditions.values():
        for parent, own, other in ((answered, child, child), (child, answered, child)):
            for state, number in own.odds_ratios.get(parent.id, {}).items():
                toward = sign if state == "yes" else -sign
                stated = _odds_ratio(own, parent.id, parent.name, state, state)
                yield Link(other.id, toward * math.log(number.value), (stated,))


def _odds_ratio(condition: Condition, parent: str, label: str, state: str, words: str) -> Stated:
    path = ("conditions", condition.id, "odds_ratios", parent, state)
    what = f"odds ratio of {condition.name} with {label}" + (f": {words}" if state != "yes" else "")
    return Stated(path, what, condition.odds_ratios[parent][state])


def base_rate(network: Network, setting: str, condition: str) -> Stated:
    """The base rate of a condition in a setting."""
    own = network.conditions[condition]
    key = setting if setting in own.base_rate else ANY_SETTING
    return Stated(("conditions", condition, "base_rate", key), f"base rate of {own.name}", own.base_rate[key])
