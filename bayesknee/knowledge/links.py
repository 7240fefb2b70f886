"""The log likelihood ratio or log odds ratio of an answer for each condition, and the numbers behind it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bayesknee.knowledge.chances import finding_chances, named_conditions
from bayesknee.knowledge.model import (
    NO_YES,
    Condition,
    ConditionalTable,
    Distribution,
    Finding,
    FindingModel,
    Greatest,
    Mixture,
    NoisyOr,
    Number,
    Path,
    Reading,
    RiskFactor,
    condition_of,
    of_cause,
    parents_of,
    row_key,
    stated_as,
)
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.number_words import find_number, number_words

StateLikelihoods = Sequence[float]
LEAST_CHANCE: Final = 1e-12  # in place of a 0 that is certain, so that its logarithm can be told. Judged


@dataclass(frozen=True)
class Stated:
    """A number of the network, with its wording.

    Attributes:
        path: where it stands, as the keys that lead there.
        what: in the notation of probability, with the names that people read: `P(Swelling | only Broken bone)`.
        number: value, range, grade and source.
    """

    path: Path
    what: str
    number: Number


@dataclass(frozen=True)
class Link:
    """The log likelihood ratio or log odds ratio of an answer for one condition, and the numbers behind it.

    Attributes:
        condition: its id.
        effect: log of how much likelier the answer is with this condition alone than with none (a finding), or of how
            much the answer multiplies the condition's odds over those of people not asked (a risk factor or parent).
        numbers: those that make it so, the first the most specific.
    """

    condition: str
    effect: float
    numbers: tuple[Stated, ...]


def links(network: Network, setting: str, name: str, likelihood: StateLikelihoods) -> dict[str, Link]:
    """The link of an answer to each condition that it bears on directly, by condition.

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
    links: dict[str, Link] = {}
    for link in found:  # of the forms of a condition, the strongest
        if link.condition not in links or abs(link.effect) > abs(links[link.condition].effect):
            links[link.condition] = link
    return links


# --- findings --------------------------------------------------------------------------------------------------------


def _of_finding(network: Network, finding: Finding, likelihood: StateLikelihoods) -> Iterator[Link]:
    if finding.id in network.clustered:
        return _by_chances(network, finding, likelihood)
    if isinstance(finding.model, Reading):
        return _of_reading(network, finding, finding.model, likelihood)
    if isinstance(finding.model, NoisyOr):
        no, yes = likelihood
        path = ("findings", finding.id, "noisy_or")
        return _of_noisy_or(network, finding.model, (no, yes), path, ())
    if isinstance(finding.model, Mixture):
        return _of_mixture(network, finding, finding.model, likelihood)
    return _by_chances(network, finding, likelihood)


def _by_chances(network: Network, finding: Finding, likelihood: StateLikelihoods) -> Iterator[Link]:
    """For each condition that bears on it, P(answer | only that condition) over P(answer | none), signs summed out."""
    likeliest = finding.states[max(range(len(likelihood)), key=likelihood.__getitem__)]

    def chance(present: frozenset[str]) -> float:
        chances = finding_chances(network, finding, present)
        return max(sum(a * b for a, b in zip(likelihood, chances, strict=True)), LEAST_CHANCE)

    none = chance(frozenset())
    for name in (
        cause for each in named_conditions(network, finding.model) for cause in network.conditions[each].causes
    ):
        path = _number_path(network, finding, name, likeliest)
        effect = math.log(chance(frozenset([name])) / none)
        yield Link(condition_of(name), effect, (_stated(network, path, find_number(network, path)),))


def _number_path(network: Network, finding: Finding, cause: str, state: str) -> Path:
    """The number that says most of an answer and a cause: in the finding's rule, or in that of its nearest sign."""
    path: Path = ("findings", finding.id)
    model: FindingModel = finding.model
    while stated_as(parents_of(model), cause) is None:
        signs = {name: network.signs[name].model for name in reversed(network.signs_above(model))}
        sign = next((name for name, each in signs.items() if _bears_on(network, each, cause)), "")
        if not sign:  # only other forms are named
            return _number_path(network, finding, _other_form(network, finding, cause), state)
        path, model, state = ("signs", sign), signs[sign], NO_YES[1]
    condition = stated_as(parents_of(model), cause) or cause
    if isinstance(model, NoisyOr):
        return (*path, "noisy_or", "causes", condition)
    if isinstance(model, ConditionalTable):
        key = row_key(parent == condition for parent in model.parents)
        return (*path, "table", "rows", key, _stated_state(model.rows[key], state))
    if isinstance(model, Greatest):
        return (*path, "greatest", "causes", condition, _stated_state(model.causes[condition], state))
    raise TypeError(f"{finding.id} has links of its own")


def _bears_on(network: Network, model: FindingModel, cause: str) -> bool:
    """Whether a rule states something of a cause, itself or by way of signs."""
    rules = (model, *(network.signs[name].model for name in network.signs_above(model)))
    return any(stated_as(parents_of(rule), cause) is not None for rule in rules)


def _other_form(network: Network, finding: Finding, cause: str) -> str:
    """A form of the same condition of which something is stated."""
    forms = network.conditions[condition_of(cause)].causes
    return next(form for form in forms if form != cause and _bears_on(network, finding.model, form))


def _stated_state(distribution: Distribution, state: str) -> str:
    return state if state in distribution.numbers else next(iter(distribution.numbers))


def _of_reading(network: Network, finding: Finding, reading: Reading, likelihood: StateLikelihoods) -> Iterator[Link]:
    """By way of the sign; the reading's own number is the one that says how far this answer can be trusted."""
    sign = network.signs[reading.sign]
    sensitivity, specificity = reading.sensitivity.value, reading.specificity.value
    no, yes = likelihood
    given_none = no * specificity + yes * (1.0 - specificity)
    given_sign = no * (1.0 - sensitivity) + yes * sensitivity
    path = ("findings", finding.id, "reads")
    which = "specificity" if yes > no else "sensitivity"
    stated = _stated(network, (*path, which), getattr(reading, which))
    return _of_noisy_or(network, sign.noisy_or, (given_none, given_sign), ("signs", sign.id, "noisy_or"), (stated,))


def _of_noisy_or(
    network: Network, rule: NoisyOr, likelihood: tuple[float, float], path: Path, stated: tuple[Stated, ...]
) -> Iterator[Link]:
    """For each cause, P(answer | only that cause) over P(answer | none); the leak matters where yes is the likelier."""
    no, yes = likelihood
    leak = (_stated(network, (*path, "leak"), rule.leak),) if yes > no and not stated else ()
    none = no + (yes - no) * rule.leak.value
    for name, number in rule.causes.items():
        effect = math.log((no + (yes - no) * number.value) / none)
        yield Link(condition_of(name), effect, (_stated(network, (*path, "causes", name), number), *stated, *leak))


def _of_mixture(network: Network, finding: Finding, rule: Mixture, likelihood: StateLikelihoods) -> Iterator[Link]:
    """For each condition with a distribution of its own, P(answer | only that condition) over the mean of all."""
    likeliest = finding.states[max(range(len(likelihood)), key=likelihood.__getitem__)]
    everyone = {name: of_cause(rule.distributions, name) or rule.otherwise for name in network.causes}
    chances = {
        name: sum(a * b for a, b in zip(likelihood, distribution.vector(finding.states), strict=True))
        for name, distribution in everyone.items()
        if distribution is not None
    }
    mean = sum(chances.values()) / len(chances)
    path = ("findings", finding.id, "mixture", "distributions")
    for name, distribution in rule.distributions.items():
        state = likeliest if likeliest in distribution.numbers else next(iter(distribution.numbers))
        number = _stated(network, (*path, name, state), distribution.numbers[state])
        chance = next(chances[cause] for cause in network.causes if name in (cause, condition_of(cause)))
        yield Link(condition_of(name), math.log(chance / mean), (number,))


# --- what stands before the conditions -------------------------------------------------------------------------------


def _of_risk_factor(network: Network, factor: RiskFactor, setting: str, likelihood: StateLikelihoods) -> Iterator[Link]:
    """For each condition it acts on, the odds ratio of the answer over the mean one of people not asked.

    Where the answer is the state of reference, which has none, the odds ratio of the others that weighs most.
    """
    prior = factor.prior_in(setting)
    answer = [a * b for a, b in zip(prior, likelihood, strict=True)]
    likeliest = factor.states[max(range(len(answer)), key=answer.__getitem__)]
    for condition in network.conditions.values():
        ratios_by_state = condition.odds_ratios.get(factor.id)
        if not ratios_by_state:
            continue
        ratios = [ratios_by_state[state].value if state in ratios_by_state else 1.0 for state in factor.states]
        weights = {state: p * abs(math.log(r)) for state, p, r in zip(factor.states, prior, ratios, strict=True)}
        state = likeliest if likeliest in ratios_by_state else max(ratios_by_state, key=weights.__getitem__)
        number = _stated(network, ("conditions", condition.id, "odds_ratios", factor.id, state), ratios_by_state[state])
        yield Link(condition.id, _mean_log(ratios, answer) - _mean_log(ratios, prior), (number,))


def _mean_log(ratios: Sequence[float], weights: Sequence[float]) -> float:
    return math.log(sum(r * w for r, w in zip(ratios, weights, strict=True)) / sum(weights))


def _of_condition(network: Network, answered: Condition, likelihood: StateLikelihoods) -> Iterator[Link]:
    """The conditions that hang on it, and those that it hangs on."""
    sign = 1.0 if likelihood[1] > likelihood[0] else -1.0
    for child in network.conditions.values():
        for parent, holder, other in ((answered, child, child), (child, answered, child)):
            for state, number in holder.odds_ratios.get(parent.id, {}).items():
                toward = sign if state == "yes" else -sign
                path = ("conditions", holder.id, "odds_ratios", parent.id, state)
                yield Link(other.id, toward * math.log(number.value), (_stated(network, path, number),))


def _stated(network: Network, path: Path, number: Number) -> Stated:
    return Stated(path, number_words(network, path), number)
