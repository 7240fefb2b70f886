"""Networks that are written out and read back."""

from __future__ import annotations

import pytest

from bayesknee import Network, load_network
from tests.support.paths import KNEE_11, NETWORKS


@pytest.fixture(scope="session")
def tiny() -> Network:
    """Four conditions, with a complaint."""
    return load_network(NETWORKS / "tiny")


@pytest.fixture(scope="session")
def knee() -> Network:
    """A network of the size that people work with."""
    return load_network(KNEE_11)
