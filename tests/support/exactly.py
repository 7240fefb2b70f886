"""Numbers that are worked out by hand to the last digit."""

from __future__ import annotations

import pytest


def exactly(value: float) -> object:
    """Equal but for rounding."""
    return pytest.approx(value, rel=0, abs=1e-12)
