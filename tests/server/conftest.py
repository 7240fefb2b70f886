"""A server of the tiny network: within this process, and as one that is started."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from bayesknee.server.app import make_app
from bayesknee.server.limits import BUDGET
from bayesknee.server.networks import Networks
from tests.support.paths import NETWORKS, ROOT

HERE = "http://127.0.0.1"


@pytest.fixture(scope="session")
def networks() -> Networks:
    return Networks.load([str(NETWORKS / "tiny")], BUDGET)


@pytest.fixture
def client(networks: Networks) -> TestClient:
    return TestClient(make_app(networks), base_url=HERE, raise_server_exceptions=False)


Started = tuple["subprocess.Popen[str]", str]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., Started]]:
    """Starts `bayesknee serve` in an empty folder, which is its home as well; the process and its address."""
    processes = []

    def start(*words: str) -> Started:
        places = dict.fromkeys(("HOME", "TMPDIR", "XDG_CACHE_HOME"), str(tmp_path))
        process = subprocess.Popen(
            [sys.executable, "-m", "bayesknee", "serve", "--port", "0", *words],
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **places, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        )
        processes.append(process)
        assert process.stderr is not None
        line = process.stderr.readline()
        assert "listening at " in line, line
        return process, line.split("listening at ")[1].split(";")[0]

    yield start
    for process in processes:
        process.kill()
        process.communicate()
