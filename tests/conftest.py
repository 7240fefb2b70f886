"""What all tests share: how much random testing is done, and the option that rewrites golden files and shown output."""

from __future__ import annotations

import pytest

import tests.support.effort  # noqa: F401 (sets the profile of hypothesis)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite tests/cli/golden and what README.md, docs/ and notebooks/ show instead of comparing with them",
    )


@pytest.fixture(scope="session")
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether to rewrite what is shown instead of comparing with it."""
    return bool(request.config.getoption("--update-golden"))
