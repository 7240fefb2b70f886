"""Intervals of many patients."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bayesknee import Engine, Network
from bayesknee.diagnosis.explaining.intervals_of_rows import intervals
from bayesknee.errors import InferenceError, TableError
from bayesknee.inference.compiled_network import CompiledNetwork
from bayesknee.knowledge.ranges import redrawn
from tests.support.small_networks import (
    Part,
    condition,
    distribution,
    finding,
    group,
    mixture,
    network,
    noisy_or,
    risk_factor,
)


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
    drawn = [engine.compiled.for_network(redrawn(engine.network, rng)).posteriors(CODES) for _ in range(60)]
    marginals = np.array([each.marginals for each in drawn])
    bounds = intervals(engine.compiled, CODES, draws=60, seed=4)
    assert bounds.low[:, :2] == pytest.approx(np.quantile(marginals, 0.025, axis=0), abs=1e-6)
    assert bounds.high[:, :2] == pytest.approx(np.quantile(marginals, 0.975, axis=0), abs=1e-6)
    assert bounds.low[:, 2].tolist() == pytest.approx([1.0, 1.0, 1.0])


def test_blocks_of_rows_see_the_same_networks(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = intervals(engine.compiled, CODES, draws=40)
    monkeypatch.setattr("bayesknee.diagnosis.explaining.intervals_of_rows.ROWS_AT_ONCE", 2)
    for one, other in zip(whole, intervals(engine.compiled, CODES, draws=40), strict=True):
        assert one == pytest.approx(other, abs=1e-6)


def test_a_frame_with_intervals(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bayesknee.diagnosis.explaining.intervals_of_rows.DRAWS", 40)
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

    def failing(compiled: CompiledNetwork, network: Network) -> CompiledNetwork:
        calls.append(1)
        if len(calls) % 4 == 0:
            raise InferenceError("no intercepts")
        return CompiledNetwork(network, compiled.setting)

    monkeypatch.setattr(CompiledNetwork, "for_network", failing)
    assert intervals(engine.compiled, CODES, draws=40).low.shape == (3, 3)
    with pytest.raises(InferenceError, match="no intercepts"):
        intervals(engine.compiled, CODES, draws=100)


# --- many conditions -------------------------------------------------------------------------------------------------


def many(*more: Part) -> Network:
    conditions = [condition(f"c{i}", 0.02 + 0.002 * i) for i in range(25)]
    return network(
        *conditions, finding("f", noisy_or(0.1, c0=0.5, c9=0.7)), group("some", "c0", "c1"), *more, complaint=""
    )


def test_with_many_conditions_they_are_those_of_single_patients(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(many())
    monkeypatch.setattr(CompiledNetwork, "for_network", None)  # none is made for each draw
    bounds = intervals(engine.compiled, np.array([[1], [-1]], np.int8), draws=60, seed=4)
    for row, answers in enumerate(({"f": "yes"}, {})):
        told = engine.diagnose(answers).intervals(60, 4)
        expected = [told.conditions[f"c{i}"] for i in range(25)] + [told.groups["some"]]
        assert pytest.approx(np.array(expected), rel=1e-12) == np.array([bounds.low[row], bounds.high[row]]).T


def test_a_row_that_is_too_much_in_a_draw_is_refused_by_itself() -> None:
    # The weights of both mixtures are alike as they stand, but not in a draw.
    rule = mixture(distribution(yes=0.2, no=0.8), {"c0": 1.0}, c0=distribution(yes=0.7, no=0.3))
    engine = Engine(many(finding("m", rule), finding("n", rule)), memory=1_000_000)
    frame = pd.DataFrame({"f": ["yes", "yes"], "m": ["yes", None], "n": ["yes", None]})
    assert engine.score(frame, errors="collect")["reason"].tolist() == ["", ""]
    scores = engine.score(frame, errors="collect", intervals=True)
    assert "2 of them mixtures, would take about" in scores["reason"][0]
    assert scores.drop(columns=["reason", "triage"]).isna().all(axis=1).tolist() == [True, False]
    with pytest.raises(TableError, match="2 of them mixtures"):
        engine.score(frame, intervals=True)
    with pytest.raises(InferenceError, match="2 of them mixtures"):
        intervals(engine.compiled, np.array([[1, 1, 1]], np.int8))
