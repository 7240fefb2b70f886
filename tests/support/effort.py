"""How much random testing to do: much with BAYESKNEE_TESTS=thorough (hours, overnight), little with -m 'not slow'."""

from __future__ import annotations

import os
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

PROFILE: Final = os.environ.get("BAYESKNEE_TESTS", "quick")
THOROUGH: Final = 100
ALWAYS: Final = 4  # one seed in so many is part of every run; the others are marked slow

settings.register_profile(
    "quick",
    max_examples=40,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
settings.register_profile("few", settings.get_profile("quick"), max_examples=40 // ALWAYS)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=40 * THOROUGH, derandomize=False)
settings.load_profile(PROFILE)


def seeds(quick: int) -> range:
    """That many seeds, or a hundred times as many."""
    return range(quick * THOROUGH if PROFILE == "thorough" else quick)


def each_seed(quick: int) -> list[object]:
    """The same seeds as parameters, one test each; most of them slow."""
    return [seed if seed % ALWAYS == 0 else pytest.param(seed, marks=pytest.mark.slow) for seed in seeds(quick)]


def portions(quick: int) -> list[object]:
    """The same seeds as two parameters: what every run goes through, and the slow rest."""
    every = seeds(quick)
    cut = -(-len(every) // ALWAYS)
    return [pytest.param(every[:cut], id="a few"), pytest.param(every[cut:], id="the rest", marks=pytest.mark.slow)]
