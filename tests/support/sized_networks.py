"""Networks of a given size: conditions, shared risk factors, mixtures of unlike weights, findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from bayesknee.knowledge.model import NO_YES, Finding, NoisyOr
from bayesknee.knowledge.network import Network
from tests.support.small_networks import (
    condition,
    distribution,
    finding,
    mixture,
    network,
    noisy_or,
    risk_factor,
)

EACH: Final = 4  # causes of a finding that depends on few conditions
MIXED: Final = ("first", "second", "third")  # states of a mixture


@dataclass(frozen=True)
class Size:
    """How much of what a network has.

    Attributes:
        conditions: how many; `c0`, `c1`, ..., the last one the catch-all.
        factors: shared risk factors `r0`, ..., each touching half of the conditions or more.
        states: of each risk factor.
        mixtures: findings `m0`, ..., that depend on all conditions, with weights that differ.
        findings: noisy-OR findings `f0`, ....
        causes: of each of these.
    """

    conditions: int
    factors: int = 0
    states: int = 3
    mixtures: int = 0
    findings: int = 60
    causes: int = EACH


def sized_network(size: Size, seed: int = 1) -> Network:
    """A network of this size; the numbers differ from place to place."""
    rng = np.random.default_rng(seed)
    names = [f"c{number}" for number in range(size.conditions)]
    factors = {
        f"r{number}": rng.choice(size.conditions, -(-size.conditions * 2 // 3), replace=False)
        for number in range(size.factors)
    }
    states = [f"s{state}" for state in range(size.states)]
    return network(
        *(risk_factor(name, dict.fromkeys(states, 1.0 / size.states)) for name in factors),
        *(
            condition(
                name,
                float(rng.uniform(0.02, 0.1)) + 0.5 / size.conditions + 0.5 * (c == len(names) - 1),
                {
                    factor: {state: float(rng.uniform(1.2, 2.5)) for state in states[1:]}
                    for factor, touched in factors.items()
                    if c in touched
                },
            )
            for c, name in enumerate(names)
        ),
        *_findings(size, names, rng),
    )


def _findings(size: Size, names: list[str], rng: np.random.Generator) -> Iterator[Finding]:
    for number in range(size.findings):
        chosen = rng.choice(size.conditions, min(size.causes, size.conditions), replace=False)
        yield finding(f"f{number}", _noisy_or([names[c] for c in chosen], rng), NO_YES)
    for number in range(size.mixtures):
        each = {
            name: distribution(**dict(zip(MIXED, rng.dirichlet([4.0] * 3).tolist(), strict=True))) for name in names
        }
        weights = {name: float(rng.uniform(0.5, 2.0)) for name in names[:-1]}
        yield finding(f"m{number}", mixture(None, weights, **each), MIXED)


def _noisy_or(causes: list[str], rng: np.random.Generator) -> NoisyOr:
    return noisy_or(float(rng.uniform(0.01, 0.1)), **{name: float(rng.uniform(0.3, 0.9)) for name in causes})


def sized_answers(size: Size, present: int, mixtures: int = 0) -> dict[str, str]:
    """So many findings present, as many absent, and answers to so many mixtures."""
    yes = {f"f{number}": "yes" for number in range(present)}
    no = {f"f{number}": "no" for number in range(present, min(2 * present, size.findings))}
    return {**yes, **no, **{f"m{number}": MIXED[number % len(MIXED)] for number in range(mixtures)}}
