"""The strategies of the engine, each to be put through the same tests, whatever the size of the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from bayesknee.inference import compiled_network
from bayesknee.inference.elimination.strategy import Elimination
from bayesknee.inference.enumeration.strategy import Enumeration
from bayesknee.inference.results import Budget
from bayesknee.inference.strategy import Strategy
from bayesknee.knowledge.network import Network
from tests.support import random_networks

STRATEGIES: Final[dict[str, Callable[[Network, str, Budget], Strategy]]] = {
    "enumeration": lambda network, setting, _: Enumeration(network, setting),
    "noisy_or": Elimination,
}


@contextmanager
def only(name: str) -> Iterator[None]:
    """Engines take this strategy, and random networks are such that it takes no time.

    Mixtures of different weights multiply the work of the strategy for many conditions, and it takes no tables, no
    causes that are signs, and no unsure answer to a noisy-MAX.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled_network, "choose_strategy", STRATEGIES[name])
        if name != "enumeration":
            patch.setattr(random_networks, "SAME_WEIGHTS", True)
            patch.setattr(random_networks, "LIMITS", False)
            patch.setattr(random_networks, "FORMS", False)
            patch.setattr(random_networks, "ONLY_PRODUCTS", True)
        yield


@pytest.fixture(params=STRATEGIES, scope="module")
def strategy(request: pytest.FixtureRequest) -> Iterator[str]:
    """The tests of a module, once for each strategy."""
    name: str = request.param
    with only(name):
        yield name
