"""Base rates that a user gives in place of the network's."""

from __future__ import annotations

import pickle
import re

import pytest

from bayesknee import Engine, load_network
from bayesknee.errors import BaseRateError
from bayesknee.knowledge.base_rates import GivenBaseRate, with_base_rates
from bayesknee.knowledge.network import Network
from bayesknee.log_odds import logit
from tests.support.paths import NETWORKS
from tests.support.small_networks import condition, finding, network, noisy_or, risk_factor

TINY = load_network(NETWORKS / "tiny")
THREE = network(condition("a", 0.5), condition("b", 0.3), condition("c", 0.2), most_causes=1)


def rates_in(net: Network, setting: str) -> list[float]:
    return [each.base_rate_in(setting) for each in net.conditions.values()]


def test_all_else_stays() -> None:
    """In the setting alone, and with the sha256 of the files, which are what they were."""
    changed, given = with_base_rates(TINY, "clinic", {"fracture": 0.25})
    assert given == (GivenBaseRate("fracture", 0.25, 0.1),)
    assert rates_in(changed, "clinic") == [0.5, 0.25, *rates_in(TINY, "clinic")[2:]]
    assert rates_in(changed, "emergency") == rates_in(TINY, "emergency")
    assert changed.identity == TINY.identity
    paths = {path for path, number in changed.numbers() if number != dict(TINY.numbers()).get(path)}
    assert paths == {("conditions", "fracture", "base_rate", "clinic")}


def test_none_given_is_the_same_network() -> None:
    assert with_base_rates(TINY, "clinic", {}) == (TINY, ())


def test_the_posterior_is_exact_worked_out() -> None:
    """P(f) = 0.3 * 0.7 + 0.7 * 0.1 = 0.28 where c has a base rate of 0.3 in place of 0.2."""
    net = network(condition("c", 0.2), finding("f", noisy_or(0.1, c=0.7)), complaint="")
    engine = Engine(net, base_rates={"c": 0.3})
    assert engine.diagnose().posterior["c"] == pytest.approx(0.3)
    assert engine.diagnose({"f": "yes"}).posterior["c"] == pytest.approx(0.21 / 0.28)
    assert engine.diagnose().prior == {"c": 0.3}


def test_odds_ratios_stay_what_they_are() -> None:
    """With r in half of people and an odds ratio of 4, odds of 1/4 and 1 make a base rate of (0.2 + 0.5) / 2 = 0.35."""
    parts = risk_factor("r", {"no": 0.5, "yes": 0.5}), condition("c", 0.1, {"r": {"yes": 4.0}})
    engine = Engine(network(*parts, complaint=""), base_rates={"c": 0.35})
    assert engine.diagnose({"r": "no"}).posterior["c"] == pytest.approx(0.2)
    assert engine.diagnose({"r": "yes"}).posterior["c"] == pytest.approx(0.5)


def test_as_if_the_network_said_so() -> None:
    """Against a network whose own base rate is that one, in all that a diagnosis tells."""
    parts = condition("b", 0.7), finding("f", noisy_or(0.1, a=0.7))
    given = Engine(network(condition("a", 0.4), *parts), base_rates={"a": 0.6}).diagnose({"f": "yes"})
    own = Engine(network(condition("a", 0.6), *parts)).diagnose({"f": "yes"})
    assert dict(given.posterior) == pytest.approx(dict(own.posterior), abs=1e-12)
    assert given.log_evidence == pytest.approx(own.log_evidence, abs=1e-12)
    assert given.ledger["a"].change == pytest.approx(own.ledger["a"].change, abs=1e-12)


def test_a_given_base_rate_does_not_vary() -> None:
    net = network(condition("c", 0.2), finding("f", noisy_or(0.1, c=0.7)), complaint="")
    chances = Engine(net, base_rates={"c": 0.3}).diagnose().intervals(draws=50).conditions["c"]
    assert (chances.low, chances.high) == pytest.approx((0.3, 0.3))


# --- one condition a patient -----------------------------------------------------------------------------------------


def test_where_there_is_one_cause_the_others_give_way_in_proportion() -> None:
    """0.3 and 0.2 share what 0.75 leaves: 0.15 and 0.1; ranges keep their width in log odds."""
    changed, _ = with_base_rates(THREE, "ward", {"a": 0.75})
    assert rates_in(changed, "ward") == pytest.approx([0.75, 0.15, 0.1])
    before, after = (net.conditions["b"].base_rate for net in (THREE, changed))
    widths = [logit(each.high) - logit(each.low) for each in (before["any_setting"], after["ward"])]
    assert widths[0] == pytest.approx(widths[1])


def test_all_base_rates_of_one_cause_may_be_given() -> None:
    changed, _ = with_base_rates(THREE, "ward", {"a": 0.2, "b": 0.2, "c": 0.6})
    assert rates_in(changed, "ward") == [0.2, 0.2, 0.6]


# --- refused ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rates", "told"),
    [
        ({"fractur": 0.1}, "unknown condition 'fractur' of network tiny; did you mean fracture?"),
        ({"bad": 0.1}, "unknown condition 'bad' of network tiny"),
        ({"fracture": 0.0}, "base rate 0 of fracture; expected a probability inside (0, 1); correct it"),
        ({"fracture": 1.0}, "base rate 1 of fracture; expected a probability inside (0, 1)"),
        ({"fracture": 10.0}, "base rate 10 of fracture; expected a probability inside (0, 1)"),
        ({"fracture": float("nan")}, "base rate nan of fracture"),
        (
            {"strain": 0.05, "other": 0.05},
            "the base rates given (strain, other) cannot be: got base rates in clinic that sum to 0.22; expected a sum",
        ),
    ],
)
def test_refused(rates: dict[str, float], told: str) -> None:
    with pytest.raises(BaseRateError, match=re.escape(told)):
        Engine(TINY, base_rates=rates)


@pytest.mark.parametrize(
    ("rates", "told"),
    [
        ({"a": 0.7, "b": 0.3}, "the base rates given sum to 1; expected a sum below 1, as each patient has just one"),
        ({"a": 0.7, "b": 0.2, "c": 0.2}, "sum to 1.1; expected a sum of 1, since each patient has just one cause"),
    ],
)
def test_refused_where_there_is_one_cause(rates: dict[str, float], told: str) -> None:
    with pytest.raises(BaseRateError, match=re.escape(told)):
        Engine(THREE, base_rates=rates)


def test_the_end_of_a_refusal_says_what_to_do() -> None:
    with pytest.raises(BaseRateError, match=r"at least one cause; give others, or more of them$"):
        Engine(TINY, base_rates={"strain": 0.05, "other": 0.05})


def test_more_than_the_causes_there_can_be() -> None:
    net = network(condition("a", 0.6), condition("b", 0.6), condition("c", 0.6), most_causes=2)
    with pytest.raises(BaseRateError, match=r"sum to 2.1; expected a sum below 2"):
        Engine(net, base_rates={"a": 0.9})


# --- told, and carried on --------------------------------------------------------------------------------------------


def test_what_was_given_is_told() -> None:
    diagnosis = Engine(TINY, base_rates={"fracture": 0.25, "infection": 0.0005}).diagnose({"tennis": "yes"})
    assert [(each.kind, each.message) for each in diagnosis.warnings] == [
        ("base_rate", "Base rate of Broken bone set to 25 %; the network says 10 %."),
        ("base_rate", "Base rate of Infected joint set to 0.05 %; the network says 2 %."),
    ]
    assert diagnosis.result.warnings == diagnosis.warnings
    assert diagnosis.to_dict()["base_rates"] == {"fracture": 0.25, "infection": 0.0005}
    assert "base_rates" not in Engine(TINY).diagnose().to_dict()


def test_that_the_others_give_way_is_told() -> None:
    (warning,) = Engine(THREE, base_rates={"a": 0.75}).diagnose().warnings
    assert warning.message.endswith("the network says 50 %. The base rates of the others give way in proportion.")


def test_another_setting_has_them_too() -> None:
    """There, the network says 40 % of fractures; a way there and back changes nothing."""
    engine = Engine(TINY, base_rates={"fracture": 0.25})
    there = engine.in_setting("emergency")
    assert there.compiled.base_rates == (GivenBaseRate("fracture", 0.25, 0.4),)
    assert there.in_setting("clinic").compiled.base_rates == engine.compiled.base_rates
    assert there.diagnose().posterior["fracture"] == pytest.approx(0.25)


def test_another_process_has_them_too() -> None:
    engine = Engine(TINY, base_rates={"fracture": 0.25})
    copies = [pickle.loads(pickle.dumps(each)) for each in (engine, engine.compiled)]  # noqa: S301
    for copy in (copies[0].compiled, copies[1]):
        assert copy.base_rates == engine.compiled.base_rates
        assert copy.network.conditions["fracture"].base_rate_in("clinic") == 0.25
