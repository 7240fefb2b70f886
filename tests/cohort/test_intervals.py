"""Intervals of many patients."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bayesknee import Engine, Network
from bayesknee.cohort.intervals import intervals
from bayesknee.errors import InferenceError
from bayesknee.knowledge.ranges import redrawn
from tests.support.small_networks import condition, finding, group, network, noisy_or, risk_factor


@pytest.fixture
def engine() -> Engine:
    return Engine(
        network(
            risk_factor("age", {"young": 0.5, "old": 0.5}),
            condition("a", 0.7, {"age": {"old": 2.0}}),
            condition("b", 0.8),
            finding("limp", noisy_or(0.1, a=0.5)),
            group("any", "a", "b"),
        )
    )


CODES = np.array([[-1, -1], [1, 1], [0, 0]], np.int8)


def test_the_ends_are_quantiles_over_drawn_networks(engine: Engine) -> None:
    rng = np.random.default_rng(4)
    drawn = [Engine(redrawn(engine.network, rng), engine.setting).posteriors(CODES) for _ in range(60)]
    marginals = np.array([each.marginals for each in drawn])
    bounds = intervals(engine, CODES, draws=60, seed=4)
    assert bounds.low[:, :2] == pytest.approx(np.quantile(marginals, 0.025, axis=0), abs=1e-6)
    assert bounds.high[:, :2] == pytest.approx(np.quantile(marginals, 0.975, axis=0), abs=1e-6)
    assert bounds.low[:, 2].tolist() == pytest.approx([1.0, 1.0, 1.0])


def test_blocks_of_rows_see_the_same_networks(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = intervals(engine, CODES, draws=40)
    monkeypatch.setattr("bayesknee.cohort.intervals.ROWS_AT_ONCE", 2)
    for one, other in zip(whole, intervals(engine, CODES, draws=40), strict=True):
        assert one == pytest.approx(other, abs=1e-6)


def test_a_frame_with_intervals(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bayesknee.cohort.intervals.DRAWS", 40)
    frame = pd.DataFrame({"age": ["old", "odd", "young"], "limp": ["yes", "yes", "no"]})
    scores = engine.score(frame, errors="collect", intervals=True)
    ends = ["a_low", "a_high", "b_low", "b_high", "any_low", "any_high"]
    assert list(scores) == ["a", "b", "any", *ends, "triage", "log_evidence", "reason"]
    assert scores[ends].isna().all(axis=1).tolist() == [False, True, False]
    good = scores.iloc[[0, 2]]
    assert (good["a_low"] < good["a"]).all()
    assert (good["a"] < good["a_high"]).all()


def test_networks_that_cannot_be_are_drawn_again_and_not_for_ever(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def failing(network: Network, setting: str) -> Engine:
        calls.append(1)
        if len(calls) % 4 == 0:
            raise InferenceError("no intercepts")
        return Engine(network, setting)

    monkeypatch.setattr("bayesknee.cohort.intervals.Engine", failing)
    assert intervals(engine, CODES, draws=40).low.shape == (3, 3)
    with pytest.raises(InferenceError, match="no intercepts"):
        intervals(engine, CODES, draws=100)
