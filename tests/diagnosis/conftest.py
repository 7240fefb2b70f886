"""Fixtures of the tests of diagnoses."""

from __future__ import annotations

from tests.support.strategies import strategy

__all__ = ["strategy"]
