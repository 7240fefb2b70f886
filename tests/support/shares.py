"""What the tests of shares have in common: to work them out, and to read them."""

from __future__ import annotations

from collections.abc import Mapping

from bayesknee import Engine
from bayesknee.inference.results import Shares


def shares(engine: Engine, answers: Mapping[str, object]) -> Shares:
    """What each answer brings to each condition and group."""
    return engine.compiled.strategy.shares(engine.diagnose(answers).evidence, engine.compiled.events)


def log_odds(result: Shares, event: int = 0) -> dict[str, float]:
    """What each answer adds to the log odds of one event."""
    return dict(zip(result.answers, (result.moves[:, 0, event] - result.moves[:, 1, event]).tolist(), strict=True))
