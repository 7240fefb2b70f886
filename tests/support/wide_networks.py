"""Networks of the shape of the shipped one, with as many conditions as wanted: for timings, and for what grows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import Final

from bayesknee.knowledge.model import NO_YES, Finding, Mixture, NoisyOr, Reading, RiskFactor, Sign
from bayesknee.knowledge.network import Network
from tests.support.small_networks import (
    condition,
    distribution,
    finding,
    mixture,
    network,
    noisy_or,
    reading,
    risk_factor,
    sign,
)

# As in the shipped network: two risk factors that touch most conditions, some that touch a few, most one alone.
COMMON: Final = ((5, 0.8), (2, 0.7))  # states, and the share of the conditions
SHARED: Final = (2, 2, 2, 2, 2, 3, 3, 3)  # conditions of each
PRIVATE: Final = 20
FINDINGS: Final = {"reading": 128, "noisy_or": 64, "mixture": 8}
SIGNS: Final = 32
PARENTS: Final = 0.5  # conditions that have another one as parent, by condition
TOTAL_RATE: Final = 1.3  # the sum of base rates


def wide_network(conditions: int, most_causes: int | None, seed: int = 0) -> Network:
    """A network of so many conditions, about 30 risk factors, and 200 findings."""
    rng = Random(seed)
    names = [f"c{number}" for number in range(conditions)]
    factors, ratios = _risk_factors(rng, names)
    _add_condition_parents(rng, names, ratios)
    shares = [rng.uniform(0.2, 1.0) for _ in names]
    rates = [share * TOTAL_RATE / sum(shares) for share in shares]
    parts = [condition(name, rate, ratios[name]) for name, rate in zip(names, rates, strict=True)]
    signs = [sign(f"g{number}", _noisy_or(rng, names)) for number in range(SIGNS)]
    return network(*factors, *parts, *signs, *_findings(rng, names, signs), most_causes=most_causes)


def _risk_factors(rng: Random, names: Sequence[str]) -> tuple[list[RiskFactor], dict[str, dict[str, dict[str, float]]]]:
    """Risk factors, and by condition the odds ratios of each."""
    touched = [(states, [name for name in names if rng.random() < share]) for states, share in COMMON]
    touched += [(2, rng.sample(names, number)) for number in SHARED]
    touched += [(2, [rng.choice(names)]) for _ in range(PRIVATE)]
    factors: list[RiskFactor] = []
    ratios: dict[str, dict[str, dict[str, float]]] = {name: {} for name in names}
    for number, (states, children) in enumerate(touched):
        labels = NO_YES if states == 2 else tuple(f"v{i}" for i in range(states))
        each = [rng.uniform(0.1, 1.0) for _ in labels]
        factors.append(risk_factor(f"r{number}", {s: p / sum(each) for s, p in zip(labels, each, strict=True)}))
        for name in children:
            ratios[name][f"r{number}"] = {state: rng.uniform(0.4, 3.0) for state in labels[1:]}
    return factors, ratios


def _add_condition_parents(rng: Random, names: Sequence[str], ratios: dict[str, dict[str, dict[str, float]]]) -> None:
    for place, name in enumerate(names[1:], start=1):
        if rng.random() < PARENTS:
            ratios[name][names[rng.randrange(place)]] = {"yes": rng.uniform(1.3, 4.0)}


def _noisy_or(rng: Random, names: Sequence[str]) -> NoisyOr:
    leak = rng.uniform(0.01, 0.1)
    causes = rng.sample(names, rng.randint(2, 8))
    return noisy_or(leak, **{cause: rng.uniform(leak, 0.9) for cause in causes})


def _findings(rng: Random, names: Sequence[str], signs: Iterable[Sign]) -> list[Finding]:
    among = list(signs)
    made = [finding(f"o{i}", _reading(rng, rng.choice(among).id)) for i in range(FINDINGS["reading"])]
    made += [finding(f"f{i}", _noisy_or(rng, names)) for i in range(FINDINGS["noisy_or"])]
    return made + [_mixture_finding(rng, f"m{i}", names) for i in range(FINDINGS["mixture"])]


def _reading(rng: Random, name: str) -> Reading:
    return reading(name, rng.uniform(0.5, 0.95), rng.uniform(0.7, 0.97))


def _mixture_finding(rng: Random, name: str, names: Sequence[str]) -> Finding:
    states = tuple(f"v{i}" for i in range(4))

    def one() -> dict[str, float]:
        each = [rng.uniform(0.05, 1.0) for _ in states]
        return {state: part / sum(each) for state, part in zip(states, each, strict=True)}

    rule: Mixture = mixture(distribution(**one()), None, **{each: distribution(**one()) for each in names})
    return finding(name, rule, states)
