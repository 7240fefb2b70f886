"""Random networks and patients: from a seed, or drawn (and shrunk) by hypothesis.

One generator serves both, since hypothesis can play the part of a `random.Random`. Names come in random order, so that
code which takes the order of names for the order of the network is found out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate, product
from random import Random
from typing import Final, TypeVar

from hypothesis import strategies as st

from bayesknee.knowledge.chances import rule_chances
from bayesknee.knowledge.model import (
    ANY_SETTING,
    NO_YES,
    OF_FORM,
    Condition,
    ConditionalTable,
    Distribution,
    Finding,
    FindingModel,
    Form,
    Greatest,
    Group,
    Kind,
    Level,
    Mixture,
    NoisyOr,
    OddsRatio,
    Probability,
    Question,
    Reading,
    RiskFactor,
    Setting,
    Sign,
    condition_of,
)
from bayesknee.knowledge.network import Network
from tests.support.answers import RawAnswer, are_possible, known
from tests.support.small_networks import TOPIC, odds_ratio, probability, weight

T = TypeVar("T")

LEVELS: Final[tuple[Level, ...]] = ("emergency", "urgent", "routine", "self_care")
KINDS: Final[tuple[Kind, ...]] = ("history", "exam", "test")
RULES: Final = ["reads", "noisy_or", "mixture", "greatest", "table"]
ONLY_PRODUCTS = False  # whether all rules are products or means over conditions; `tests.support.strategies` says why
MOST_TIED: Final = 3  # signs of a network that other rules than readings hang on: enough for chains, and quick
SAME_WEIGHTS: Final = (
    False  # whether all mixtures of a network weigh conditions alike; `tests.support.strategies` says why
)
LIMITS: Final = True  # whether networks may say how many causes come together; not all strategies take such
MOST_CAUSES: Final = [None, None, 1, 2, 2, 3, 4]  # what they may say
FORMS: Final = True  # whether conditions may have forms, likewise
LOWEST_EXCESS: Final = 0.02
MOST_OF_LIMIT: Final = 0.95  # base rates sum to at most so much of the causes that may come together


@dataclass(frozen=True)
class Size:
    """How many of each kind of node, (fewest, most), and how many states at most."""

    conditions: tuple[int, int]
    risk_factors: tuple[int, int]
    signs: tuple[int, int]
    findings: tuple[int, int]
    states: int = 3


TINY: Final = Size(conditions=(1, 4), risk_factors=(0, 3), signs=(0, 2), findings=(1, 4))
SMALL: Final = Size(conditions=(4, 6), risk_factors=(2, 4), signs=(1, 3), findings=(5, 9), states=4)
REAL: Final = Size(conditions=(11, 11), risk_factors=(10, 10), signs=(10, 10), findings=(50, 50), states=5)


@dataclass(frozen=True)
class Patient:
    """Somebody with answers to some of a network's questions, in a care setting."""

    network: Network
    setting: str
    answers: Mapping[str, RawAnswer]


def patients(size: Size = TINY) -> st.SearchStrategy[Patient]:
    """Random patients of random networks, with answers that are possible."""
    return st.randoms(use_true_random=False).map(partial(random_patient, size=size))


def seeded_patient(seed: int, size: Size = TINY) -> Patient:
    """The patient of that number."""
    return random_patient(Random(seed), size)


def random_patient(rng: Random, size: Size = TINY) -> Patient:
    """A patient of a new network, with answers that are possible."""
    network = random_network(rng, size)
    setting = rng.choice(list(network.settings))
    return Patient(network, setting, random_answers(rng, network, share=rng.choice([0.2, 0.6, 0.9])))


# --- networks ----------------------------------------------------------------------------------------------------


def random_network(rng: Random, size: Size = TINY) -> Network:
    """A valid network with all that the format allows."""
    settings = {name: Setting(name, name) for name in ("ward", "office", "street")[: rng.randint(1, 3)]}
    risk_factors = _risk_factors(rng, size, list(settings))
    names = _names(rng, "c", size.conditions)
    complaint = len(names) > 1 and rng.random() < 0.7
    conditions = _conditions(rng, names, risk_factors, list(settings), complaint=complaint)
    causes = _causes_named(rng, conditions)
    signs = _signs(rng, _names(rng, "g", size.signs), causes, list(conditions))
    models = {
        name: _model(rng, size, causes, list(signs), complaint=complaint) for name in _names(rng, "f", size.findings)
    }
    if SAME_WEIGHTS:
        models = dict(_with_the_same_weights(models))
    most = rng.choice(MOST_CAUSES) if LIMITS else None
    if most is not None and most < len(conditions):
        conditions = _within_limit(conditions, most, complaint=complaint)
    return Network(
        id="random",
        version="0",
        title="Random",
        settings=settings,
        topics={TOPIC: "Talk"},
        references={},
        risk_factors=risk_factors,
        conditions=conditions,
        signs=signs,
        findings=_findings(rng, models, risk_factors),
        groups=_groups(rng, list(conditions)),
        complaint="A complaint" if complaint else "",
        catch_all=rng.choice(list(conditions)) if complaint or rng.random() < 0.3 else "",
        most_causes=most,
    )


def _names(rng: Random, letter: str, fewest_most: tuple[int, int]) -> list[str]:
    names = [f"{letter}{i}" for i in range(rng.randint(*fewest_most))]
    return _shuffled(rng, names)


def _shuffled(rng: Random, items: Iterable[T]) -> list[T]:
    items = list(items)
    rng.shuffle(items)
    return items


def _some(rng: Random, items: Iterable[T], chance: float, fewest: int = 0) -> list[T]:
    """Each with this chance, but at least `fewest`; in random order."""
    order = _shuffled(rng, items)
    return [item for i, item in enumerate(order) if i < fewest or rng.random() < chance]


def _any_probability(rng: Random) -> Probability:
    """Any, and at times near 0 or 1."""
    return probability(rng.choice([rng.uniform(0.05, 0.95)] * 4 + [0.001, 0.999]))


def _odds_ratio(rng: Random) -> OddsRatio:
    return odds_ratio(math.exp(rng.choice([rng.uniform(-1.5, 1.5)] * 4 + [rng.uniform(-3.5, 3.5)])))


def _distribution(rng: Random, states: Sequence[str], tilt: int = 0) -> Distribution:
    """`tilt` favours one state, so that two distributions differ even where every draw is the same."""
    each = [rng.uniform(0.05, 1.0) + (0.3 if i == tilt % len(states) else 0.0) for i in range(len(states))]
    numbers = {state: probability(part / sum(each)) for state, part in zip(states, each, strict=True)}
    if len(states) == 2 and rng.random() < 0.5:
        del numbers[rng.choice(states)]
    return Distribution(numbers)


def _by_setting(rng: Random, settings: list[str], values: Sequence[T]) -> dict[str, T]:
    """A value for each setting, or for any setting and perhaps another one for some."""
    if rng.random() < 0.5:
        return dict(zip(settings, values, strict=True))
    return {ANY_SETTING: values[0], **{name: rng.choice(values) for name in _some(rng, settings, 0.3)}}


def _states(rng: Random, size: Size) -> tuple[str, ...]:
    if rng.random() < 0.5:
        return NO_YES
    return tuple(f"v{i}" for i in range(rng.randint(2, size.states)))


def _causes_named(rng: Random, conditions: Mapping[str, Condition]) -> list[str]:
    """What findings and signs may name: conditions, and some of the forms that they have."""
    forms = [cause for each in conditions.values() for cause in each.causes if each.forms]
    return [*conditions, *_some(rng, forms, 0.5)]


def _forms(rng: Random, settings: list[str]) -> dict[str, Form]:
    """None mostly, else two or three, some with a level of their own, with shares for all settings or for each."""
    if not FORMS or rng.random() < 0.7:
        return {}
    names = ["plain", "burst", "old"][: rng.choice([2, 2, 3])]
    shares = _shares(rng, len(names), settings)
    forms = {name: Form(name, name.upper(), share) for name, share in zip(names, shares, strict=True)}
    own = {
        name: replace(forms[name], level="emergency", limit=_any_probability(rng)) for name in _some(rng, names, 0.3)
    }
    return {**forms, **own}


def _shares(rng: Random, forms: int, settings: list[str]) -> Sequence[Probability | dict[str, Probability]]:
    """The shares of so many forms, which sum to 1 in each setting that has some."""

    def divided(chance: Random) -> list[Probability]:
        parts = [chance.uniform(0.1, 1.0) for _ in range(forms)]
        return [probability(part / sum(parts)) for part in parts]

    first = divided(rng)
    own = Random(str(first))  # the rest of a network of a seed does not hang on how these are drawn
    if own.random() < 0.5:
        return first
    by_setting = _by_setting(own, settings, [first, *(divided(own) for _ in settings[1:])])
    return [{setting: shares[place] for setting, shares in by_setting.items()} for place in range(forms)]


def _risk_factors(rng: Random, size: Size, settings: list[str]) -> dict[str, RiskFactor]:
    return {name: _risk_factor(rng, name, size, settings) for name in _names(rng, "r", size.risk_factors)}


def _risk_factor(rng: Random, name: str, size: Size, settings: list[str]) -> RiskFactor:
    states = _states(rng, size)
    priors = [_distribution(rng, states, tilt) for tilt in range(len(settings))]
    banded = rng.random() < 0.3
    return RiskFactor(
        id=name,
        label=name,
        question=f"{name}?",
        topic=TOPIC,
        prior=_by_setting(rng, settings, priors),
        states=states,
        bands=_bands(states) if banded else {},
        unit="cm" if banded else "",
        burden=rng.choice([1.0, 2.0]),
    )


def _conditions(
    rng: Random, names: list[str], risk_factors: Mapping[str, RiskFactor], settings: list[str], *, complaint: bool
) -> dict[str, Condition]:
    parents = _condition_parents(rng, names, risk_factors)
    rates = _base_rates(rng, names, settings, complaint=complaint)
    return {
        name: replace(_condition(rng, name, rates[name], parents[name], risk_factors), forms=_forms(rng, settings))
        for name in names
    }


def _condition_parents(rng: Random, names: list[str], risk_factors: Mapping[str, RiskFactor]) -> dict[str, list[str]]:
    """Risk factors that touch no, one or several conditions, and conditions in an order of their own."""
    order = _shuffled(rng, names)
    parents = {name: [each for each in order[:i] if rng.random() < 0.25] for i, name in enumerate(order)}
    for factor in risk_factors:
        for child in order[: rng.choice([0, 1, 1, 2, len(order)])]:
            parents[child].append(factor)
        order = _shuffled(rng, names)
    return {name: _shuffled(rng, each) for name, each in parents.items()}


def _base_rates(
    rng: Random, names: list[str], settings: list[str], *, complaint: bool
) -> dict[str, dict[str, Probability]]:
    """With a complaint they sum to more than 1 in each setting: all of a setting's rates come from one draw."""
    own = _some(rng, settings, 0.5)
    draws = {setting: _rates(rng, len(names), complaint=complaint) for setting in [ANY_SETTING, *own]}
    return {name: {setting: probability(rates[i]) for setting, rates in draws.items()} for i, name in enumerate(names)}


def _rates(rng: Random, n: int, *, complaint: bool) -> list[float]:
    rates = [rng.choice([rng.uniform(0.05, 0.6)] * 4 + [rng.uniform(0.002, 0.05)]) for _ in range(n)]
    while complaint and sum(rates) < 1.0 + LOWEST_EXCESS:
        rates = [rate + 0.2 * (0.97 - rate) for rate in rates]
    return rates


def _within_limit(conditions: Mapping[str, Condition], most: int, *, complaint: bool) -> dict[str, Condition]:
    """The conditions with base rates that so many causes at once can have."""
    scales: dict[str, float] = {}
    for setting in {setting for each in conditions.values() for setting in each.base_rate}:
        total = sum(each.base_rate[setting].value for each in conditions.values())
        scales[setting] = 1.0 / total if most == 1 and complaint else min(1.0, MOST_OF_LIMIT * most / total)
    return {
        name: replace(
            each,
            base_rate={setting: probability(rate.value * scales[setting]) for setting, rate in each.base_rate.items()},
        )
        for name, each in conditions.items()
    }


def _condition(
    rng: Random,
    name: str,
    base_rate: dict[str, Probability],
    parents: list[str],
    risk_factors: Mapping[str, RiskFactor],
) -> Condition:
    states = {parent: risk_factors[parent].states if parent in risk_factors else NO_YES for parent in parents}
    return Condition(
        id=name,
        name=name.upper(),
        icd10="R52.0",
        description=name,
        what_helps=name,
        level=rng.choice(LEVELS),
        limit=_any_probability(rng),
        base_rate=base_rate,
        odds_ratios={
            parent: {state: _odds_ratio(rng) for state in _some(rng, states[parent], 0.6, fewest=1)}
            for parent in parents
        },
        must_not_miss=rng.random() < 0.4,
        stake=rng.choice([1.0, 3.0]),
    )


def _causes(rng: Random, conditions: Iterable[str], signs: Iterable[str]) -> list[str]:
    """Conditions, and at times signs besides or instead of them."""
    some_signs = [] if ONLY_PRODUCTS or rng.random() < 0.6 else _some(rng, signs, 0.6)
    return _shuffled(rng, [*some_signs, *_some(rng, conditions, 0.5, fewest=0 if some_signs else 1)])


def _noisy_or(rng: Random, causes: list[str]) -> NoisyOr:
    leak = rng.choice([rng.uniform(0.01, 0.4), 0.0005])
    # The first is above the leak, so it must not be a condition whose forms have lines of their own.
    first = next((each for each in causes if not any(other.startswith(f"{each}.") for other in causes)), causes[0])
    causes = [first, *(each for each in causes if each != first)]
    above = [
        rng.uniform(0.05, 0.98) if i == 0 else rng.choice([0.0, rng.uniform(0.0, 0.98)]) for i in range(len(causes))
    ]
    stated = {cause: probability(leak + (1.0 - leak) * part) for cause, part in zip(causes, above, strict=True)}
    return NoisyOr(probability(leak), stated)


def _certain(value: float) -> Probability:
    return Probability(value, value, value, "D", "judged", "a test", certain=True)


def _with_zeros(rng: Random, states: Sequence[str], tilt: int) -> Distribution:
    """A distribution in which some states may be impossible for certain."""
    if rng.random() < 0.5:
        return _distribution(rng, states, tilt)
    possible = [state for state in states if rng.random() < 0.6] or [rng.choice(states)]
    if len(possible) == 1:
        return Distribution({state: _certain(float(state in possible)) for state in states})
    weights = {state: rng.uniform(0.05, 1.0) + 0.3 * (i == tilt % len(possible)) for i, state in enumerate(possible)}
    total = sum(weights.values())
    return Distribution(
        {state: probability(weights[state] / total) if state in weights else _certain(0.0) for state in states}
    )


def _greatest(rng: Random, causes: list[str], states: tuple[str, ...]) -> Greatest:
    """Each cause is the greater of the leak and of a cause by itself, which is what the format states."""
    leak = None if rng.random() < 0.3 else _distribution_of(rng.uniform(0.05, 1.0) ** i for i in range(len(states)))
    below = [1.0] * len(states) if leak is None else list(accumulate(leak))
    stated: dict[str, Distribution] = {}
    for number, cause in enumerate(causes):
        own = [
            rng.uniform(0.05, 1.0) + (0.5 if i == len(states) - 1 and number == 0 else 0.0) for i in range(len(states))
        ]
        if leak is None and rng.random() < 0.4:  # it cannot last so long, or not be over so soon
            own[rng.randrange(len(states) - (number == 0))] = 0.0
        at_most = [a * b for a, b in zip(accumulate(_distribution_of(own)), below, strict=True)]
        parts = [b - a for a, b in zip([0.0, *at_most[:-1]], at_most, strict=True)]
        stated[cause] = _stated(rng, states, parts, [p == 0.0 for p in own])
    return Greatest(stated, None if leak is None else _stated(rng, states, leak, [False] * len(states)))


def _distribution_of(weights: Iterable[float]) -> list[float]:
    listed = list(weights)
    return [each / sum(listed) for each in listed]


def _stated(rng: Random, states: tuple[str, ...], parts: list[float], zeros: list[bool]) -> Distribution:
    if sum(not zero for zero in zeros) == 1:
        return Distribution({state: _certain(float(not zero)) for state, zero in zip(states, zeros, strict=True)})
    numbers = {
        state: _certain(0.0) if zero else probability(p) for state, p, zero in zip(states, parts, zeros, strict=True)
    }
    if len(states) == 2 and rng.random() < 0.5:
        del numbers[rng.choice(states)]
    return Distribution(numbers)


def _table(rng: Random, parents: list[str], states: tuple[str, ...]) -> ConditionalTable:
    keys = [", ".join(each) for each in product(NO_YES, repeat=len(parents))]
    rows = {key: _with_zeros(rng, states, tilt) for tilt, key in enumerate(keys)}
    return ConditionalTable(tuple(parents), {**rows, keys[0]: _distribution(rng, states)})


def _signs(rng: Random, names: list[str], named: list[str], conditions: list[str]) -> dict[str, Sign]:
    """In any order; the first few may hang on one another, and have tables."""
    signs: dict[str, Sign] = {}
    for number, name in enumerate(names):
        before = [] if number >= MOST_TIED else list(signs)
        is_table = number < MOST_TIED and not ONLY_PRODUCTS and rng.random() < 0.2
        causes = _causes(rng, conditions if is_table else named, before)
        model = _table(rng, causes[:2], NO_YES) if is_table else _noisy_or(rng, causes)
        signs[name] = Sign(name, name, name, model)
    return {name: signs[name] for name in _shuffled(rng, names)}


def _bands(states: tuple[str, ...]) -> dict[str, tuple[float, float]]:
    """Bands of tens. They begin above 1, which for no and yes could mean either of two things."""
    return {state: (10.0 * place + 10.0, 10.0 * place + 20.0) for place, state in enumerate(states)}


def _findings(
    rng: Random,
    models: Mapping[str, tuple[FindingModel, tuple[str, ...]]],
    risk_factors: Mapping[str, RiskFactor],
) -> dict[str, Finding]:
    findings: dict[str, Finding] = {}
    for name, (model, states) in models.items():
        findings[name] = Finding(
            id=name,
            kind=rng.choice(KINDS),
            label=name,
            question=f"{name}?",
            topic=TOPIC,
            model=model,
            states=states,
            bands=_bands(states) if isinstance(model, Mixture) else {},
            unit="cm" if isinstance(model, Mixture) else "",
            burden=rng.choice([1.0, 2.0, 5.0]),
            only_if=_gates(rng, risk_factors, findings) if rng.random() < 0.4 else {},
        )
    return findings


def _model(
    rng: Random, size: Size, conditions: list[str], signs: list[str], *, complaint: bool
) -> tuple[FindingModel, tuple[str, ...]]:
    """What a finding depends on, and its states."""
    without = {"reads"} if not signs else set()
    rule = rng.choice([rule for rule in RULES if rule not in without | ({"table"} if ONLY_PRODUCTS else set())])
    if rule == "reads":
        return _reading(rng, signs), NO_YES
    causes = _causes(rng, conditions, sorted(signs)[:MOST_TIED])
    if rule == "noisy_or":
        return _noisy_or(rng, causes), NO_YES
    states = _states(rng, size)
    if rule == "greatest":
        return _greatest(rng, causes, states), states
    if rule == "table":
        parents = [cause for cause in causes if OF_FORM not in cause] or [next(iter(conditions))]
        return _table(rng, parents[:3], states), states
    return _mixture(rng, conditions, states, complaint=complaint), states


def _gates(
    rng: Random, risk_factors: Mapping[str, RiskFactor], findings: Mapping[str, Finding]
) -> dict[str, tuple[str, ...]]:
    """Gates that can hold together with those that they have themselves, and need not hold."""
    questions: dict[str, Question] = {**risk_factors, **findings}
    gates: dict[str, tuple[str, ...]] = {}
    if ONLY_PRODUCTS:  # an answer implies its gate, which may rule out a state in the middle
        questions = {name: each for name, each in questions.items() if not _is_greatest(each)}
    order = _shuffled(rng, questions)
    if rng.random() < 0.5:
        order.sort(key=lambda name: name not in findings or not findings[name].only_if)
    for gate in order[: rng.choice([1, 1, 2])]:
        states = questions[gate].states
        own = {gate: tuple(_some(rng, states, 0.3, fewest=1)[: len(states) - 1])}
        if _all_allowed({**gates, **own}, findings):
            gates |= own
    return gates


def _is_greatest(question: Question) -> bool:
    return isinstance(question, Finding) and isinstance(question.model, Greatest)


def _all_allowed(gates: Mapping[str, tuple[str, ...]], findings: Mapping[str, Finding]) -> bool:
    """Whether there are states in which these gates and all behind them hold."""
    left: dict[str, set[str]] = {}
    waiting = list(gates.items())
    while waiting:
        gate, states = waiting.pop()
        left[gate] = left.get(gate, set(states)) & set(states)
        waiting += findings[gate].only_if.items() if gate in findings else []
    return all(left.values())


def _reading(rng: Random, signs: list[str]) -> Reading:
    sensitivity = rng.uniform(0.1, 0.98)
    lowest = max(0.05, 1.01 - sensitivity)
    return Reading(rng.choice(signs), probability(sensitivity), probability(rng.uniform(lowest, 0.99)))


def _mixture(rng: Random, conditions: list[str], states: tuple[str, ...], *, complaint: bool) -> Mixture:
    listed = _some(rng, conditions, 0.6, fewest=1)
    otherwise = not complaint or not set(map(condition_of, conditions)) <= set(listed) or rng.random() < 0.5
    return Mixture(
        distributions={name: _distribution(rng, states, tilt) for tilt, name in enumerate(listed)},
        otherwise=_distribution(rng, states, len(listed)) if otherwise else None,
        weights={name: weight(rng.uniform(0.2, 4.0)) for name in _some(rng, conditions, 0.4)},
    )


def _with_the_same_weights(
    models: Mapping[str, tuple[FindingModel, tuple[str, ...]]],
) -> Iterator[tuple[str, tuple[FindingModel, tuple[str, ...]]]]:
    """Those of the first mixture; the numbers are certain, for what is drawn from ranges would differ."""
    rules = [model for model, _ in models.values() if isinstance(model, Mixture)]
    for name, (model, states) in models.items():
        if isinstance(model, Mixture):
            weights = {each: replace(w, low=w.value, high=w.value) for each, w in rules[0].weights.items()}
            yield name, (replace(model, weights=weights), states)
        else:
            yield name, (model, states)


def _groups(rng: Random, conditions: list[str]) -> dict[str, Group]:
    names = [f"group{i}" for i in range(rng.randint(0, 2))] if len(conditions) > 1 else []
    return {name: Group(name, name, tuple(_some(rng, conditions, 0.4, fewest=2))) for name in names}


# --- patients ----------------------------------------------------------------------------------------------------


def random_answers(
    rng: Random, network: Network, share: float = 0.6, *, soft: bool = True, conditions: bool = True
) -> dict[str, RawAnswer]:
    """Answers to about this share of all questions: hard, soft, unknown, numbers for bands; in random order.

    They are possible: gates hold, at least one condition is not answered, and where something is certain, all of them
    can be true of one patient.

    Args:
        rng: source of chance.
        network: whose questions.
        share: the chance that a question is answered.
        soft: whether some answers are likelihoods.
        conditions: whether some conditions are answered, too.
    """
    open_condition = rng.choice(list(network.conditions))
    states = {name: question.states for name, question in network.questions.items() if rng.random() < share}
    if conditions:
        states |= {name: NO_YES for name in network.conditions if rng.random() < 0.2 and name != open_condition}
    answers = {name: _answer(rng, network, name, states[name], soft=soft) for name in _shuffled(rng, states)}
    somebody = _somebody(rng, network, open_condition) if has_impossible_answers(network) else None
    kept: dict[str, RawAnswer] = {}
    for name, answer in answers.items():
        if are_possible(network, {**kept, name: answer}) and (
            somebody is None or _can_say(network, somebody, {**kept, name: answer})
        ):
            kept[name] = answer
    return kept


def has_impossible_answers(network: Network) -> bool:
    """Whether some answers have probability 0: by a number that is certain, or by a noisy-MAX without a leak."""
    without_leak = (each.model for each in network.findings.values() if isinstance(each.model, Greatest))
    return any(number.certain for _, number in network.numbers()) or any(each.leak is None for each in without_leak)


def _somebody(rng: Random, network: Network, condition: str) -> frozenset[str]:
    """The conditions and signs of a patient who is possible and has this condition."""
    present = {condition, *_some(rng, network.conditions, 0.4)}
    ordered = {sign: None for name in network.signs for sign in (*network.signs_above(network.signs[name].model), name)}
    for sign in ordered:
        no, yes = rule_chances(network.signs[sign].model, NO_YES, present)
        if yes > 0.0 and (no <= 0.0 or rng.random() < 0.5):
            present.add(sign)
    return frozenset(present)


def _can_say(network: Network, present: frozenset[str], answers: Mapping[str, RawAnswer]) -> bool:
    """Whether a patient in whom these conditions and signs are present can have given the answers."""
    return all(
        any(likelihood[state] * chance > 0.0 for state, chance in _chances(network, name, present).items())
        for name, likelihood in known(network, answers).items()
        if name not in network.risk_factors
    )


def _chances(network: Network, name: str, present: frozenset[str]) -> dict[str, float]:
    if name in network.conditions:
        return {"no": float(name not in present), "yes": float(name in present)}
    finding = network.findings[name]
    return dict(zip(finding.states, rule_chances(finding.model, finding.states, present), strict=True))


def _answer(rng: Random, network: Network, name: str, states: tuple[str, ...], *, soft: bool) -> RawAnswer:
    question = network.questions.get(name)
    banded = question is not None and bool(question.bands)
    ways = ["state"] * 4 + ["unknown"] + ["soft", "soft"] * soft + ["number", "number"] * banded
    if ONLY_PRODUCTS and name in network.findings and _is_greatest(network.findings[name]):
        ways = ["state", "unknown"]
    way = rng.choice(ways)
    if way == "soft":
        return random_likelihood(rng, states)
    if way == "number" and question:
        low, high = map(float, question.bands[rng.choice(states)])
        return rng.choice([low, (low + high) / 2.0])
    return "unknown" if way == "unknown" else rng.choice(states)


def random_likelihood(rng: Random, states: tuple[str, ...]) -> dict[str, float]:
    """A likelihood for each state, not summing to 1, in any order, zero for some states at times."""
    possible = _some(rng, states, 0.7, fewest=1)
    return {state: rng.uniform(0.01, 2.0) if state in possible else 0.0 for state in _shuffled(rng, states)}
