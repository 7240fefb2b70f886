"""The sections of a network's files that other files of this package go through."""

from __future__ import annotations

from typing import Final

NODES: Final = ("risk_factors", "conditions", "signs", "findings")  # no two have the same id; only they have numbers
