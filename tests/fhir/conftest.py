"""A server of a network with codes, within this process."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from bayesknee.server.app import make_app
from bayesknee.server.limits import BUDGET
from bayesknee.server.networks import Networks
from tests.support.paths import NETWORKS

HERE = "http://127.0.0.1"


@pytest.fixture(scope="session")
def networks() -> Networks:
    return Networks.load([str(NETWORKS / name) for name in ("coded", "tiny")], BUDGET)


@pytest.fixture(scope="module")
def client(networks: Networks) -> TestClient:
    return TestClient(make_app(networks), base_url=HERE, raise_server_exceptions=False)
