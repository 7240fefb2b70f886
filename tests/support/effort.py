"""How much random testing to do: little on every run, much with BAYESKNEE_TESTS=thorough (hours, overnight)."""

from __future__ import annotations

import os
from typing import Final

from hypothesis import HealthCheck, settings

PROFILE: Final = os.environ.get("BAYESKNEE_TESTS", "quick")
THOROUGH: Final = 100

settings.register_profile(
    "quick",
    max_examples=40,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=40 * THOROUGH, derandomize=False)
settings.load_profile(PROFILE)


def seeds(quick: int) -> range:
    """That many seeds, or a hundred times as many."""
    return range(quick * THOROUGH if PROFILE == "thorough" else quick)
