"""What all tests share: how much random testing is done and by how many, and the option that rewrites what is shown."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Final

import pytest
from hypothesis import settings

from tests.support import effort  # sets the profile of hypothesis, too

MOST_WORKERS: Final = 8  # each of them collects all tests first, which takes about as long as an eighth of running them

# Before numpy is loaded, here and in the processes that tests start. Matrices are small: a second thread for them would
# only take a core from another worker, and a tenth of a second of each process to start.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite tests/cli/golden and what README.md, docs/ and notebooks/ show instead of comparing with them",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Where slow tests are left out, random ones are fewer, too."""
    if config.option.markexpr == "not slow" and effort.PROFILE == "quick":
        settings.load_profile("few")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """What `-n auto` of pyproject.toml comes to: a worker for each core where all tests are run, else none.

    Whoever names files or tests wants them to start at once; `-s` shows what they print as they go; golden files are
    best written by one.
    """
    named = config.args_source is pytest.Config.ArgsSource.ARGS
    cores = os.cpu_count() or 1
    by_one = named or cores == 1 or config.option.capture == "no" or config.option.update_golden
    return 0 if by_one else min(cores, MOST_WORKERS)


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    """Closes what a test leaves open of pyplot, which counts figures over all tests of a run."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture(scope="session")
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether to rewrite what is shown instead of comparing with it."""
    return bool(request.config.getoption("--update-golden"))
