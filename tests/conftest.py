"""What all tests share: how much random testing is done, and the option that rewrites golden files and shown output."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

import tests.support.effort  # noqa: F401 (sets the profile of hypothesis)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite tests/cli/golden and what README.md, docs/ and notebooks/ show instead of comparing with them",
    )


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
