"""Networks that are written out and read back."""

from __future__ import annotations

from pathlib import Path

import pytest

from bayesknee import Network, load_network


@pytest.fixture(scope="session")
def tiny() -> Network:
    """Four conditions, with a complaint."""
    return load_network(Path(__file__).parents[1] / "networks" / "tiny")


@pytest.fixture(scope="session")
def shipped() -> Network:
    """The network that ships: of the size that people work with."""
    return load_network()
