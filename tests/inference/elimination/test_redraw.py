"""Intervals where conditions are many: ranges met, draws in parts, what is allowed."""

from __future__ import annotations

import pytest

from bayesknee import Engine
from bayesknee.errors import InferenceError
from bayesknee.inference.elimination import core
from bayesknee.knowledge.network import Network
from tests.support.small_networks import condition, finding, group, network, noisy_or


def many(count: int = 30, *, complaint: str = "") -> Network:
    """Base rates that rise, the first of them 0.02; one finding, of two of them."""
    parts = [condition(f"c{i}", 0.02 + 0.002 * i) for i in range(count)]
    return network(*parts, finding("f", noisy_or(0.1, c0=0.5, c9=0.7)), group("some", "c0", "c1"), complaint=complaint)


def test_many_conditions_are_drawn_as_few_are() -> None:
    # Nothing is known of c1, which depends on nothing: its posterior is its base rate, whose range is 0.0154 to 0.0286.
    intervals = Engine(many()).diagnose({"f": "yes"}).intervals(4000)
    rate = many().conditions["c1"].base_rate["any_setting"]
    assert intervals.conditions["c1"] == pytest.approx((rate.low, rate.high), rel=0, abs=0.001)
    assert sum(intervals.first.values()) == pytest.approx(1.0)
    assert intervals.groups["some"].low > intervals.conditions["c0"].low


def test_draws_in_parts_are_the_same_as_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    net = many(complaint="A complaint")
    at_once = Engine(net).diagnose({"f": "yes"}).intervals(50)
    monkeypatch.setattr(core, "MOST_AT_ONCE", 3000)
    for own, other in zip(
        Engine(net).diagnose({"f": "yes"}).intervals(50).conditions.values(), at_once.conditions.values(), strict=True
    ):
        assert own == pytest.approx(other, rel=1e-9)


def test_where_a_draw_is_costly_fewer_are_made_and_told() -> None:
    told = Engine(many()).diagnose({"f": "yes"}).intervals()
    assert told.draws == 1000
    patient = Engine(many(), seconds=0.02).diagnose({"f": "yes"})
    assert 100 <= patient.intervals().draws < 1000
    assert patient.intervals().to_dict()["draws"] == patient.intervals().draws
    assert patient.intervals(1000).conditions == told.conditions


def test_more_than_is_allowed_is_refused_with_what_is_needed() -> None:
    diagnosis = Engine(many(), seconds=0.002).diagnose({"f": "yes"})
    with pytest.raises(
        InferenceError, match=r"a draw would take about .* s, and intervals at least 100 of them; allowed"
    ):
        diagnosis.intervals()
    assert diagnosis.intervals(40).draws == 40
    with pytest.raises(InferenceError, match=r"4,000 draws of 30 conditions are more than fit into .* at most"):
        Engine(many(), memory=2**20).diagnose({"f": "yes"}).intervals(100_000)
