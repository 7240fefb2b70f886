"""Fixtures of the tests of inference."""

from __future__ import annotations

from tests.support.strategies import strategy

__all__ = ["strategy"]
