"""Where only so many causes come together, and where conditions have forms: examples worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from bayesknee import Engine
from bayesknee.knowledge.model import Condition, Form
from bayesknee.knowledge.network import Network
from tests.support.small_networks import condition, finding, network, noisy_or, probability


def test_base_rates_of_one_cause_give_way_to_each_other() -> None:
    net = network(condition("a", 0.5), condition("b", 0.3), condition("c", 0.2), most_causes=1)
    engine = Engine(net)
    found = engine.compiled.strategy.gradients(engine.diagnose().evidence, engine.compiled.events).derivatives[:3, :3]
    assert found == pytest.approx(
        np.array([[1.0, -0.6, -0.4], [-5 / 7, 1.0, -2 / 7], [-5 / 8, -3 / 8, 1.0]]), abs=1e-12
    )


def test_with_one_cause_the_posterior_is_base_rate_times_likelihood() -> None:
    net = network(
        condition("a", 0.5),
        condition("b", 0.3),
        condition("c", 0.2),
        finding("f", noisy_or(0.1, a=0.4, b=0.9)),
        most_causes=1,
    )
    posterior = Engine(net).diagnose({"f": "yes"}).posterior
    weights = {"b": 0.3 * 0.9, "a": 0.5 * 0.4, "c": 0.2 * 0.1}
    assert dict(posterior) == pytest.approx({name: each / sum(weights.values()) for name, each in weights.items()})


def test_two_causes_at_most_rule_a_third_out() -> None:
    net = network(condition("a", 0.5), condition("b", 0.5), condition("c", 0.4), most_causes=2)
    assert Engine(net).diagnose({"a": "yes", "b": "yes"}).posterior["c"] == 0.0


# --- forms ---------------------------------------------------------------------------------------------------------


def with_forms(rate: float, **shares: float) -> Condition:
    """A condition c with forms of these shares."""
    forms = {name: Form(name, name, probability(share)) for name, share in shares.items()}
    return Condition(**{**vars(condition("c", rate)), "forms": forms})


def cyst() -> Network:
    """A condition in a fifth, of whom three quarters have it plain, and a finding that the burst form shows alone."""
    burst = noisy_or(0.1, **{"c.burst": 0.8})
    return network(with_forms(0.2, plain=0.75, burst=0.25), finding("f", burst), complaint="")


def test_a_form_worked_out() -> None:
    """P(f) = 0.8 * 0.1 + 0.2 * (0.75 * 0.1 + 0.25 * 0.8) = 0.135, of which c has 0.055 and its burst form 0.04."""
    diagnosis = Engine(cyst()).diagnose({"f": "yes"})
    assert diagnosis.posterior["c"] == pytest.approx(0.055 / 0.135)
    assert diagnosis.forms["c"] == {"burst": pytest.approx(0.04 / 0.135), "plain": pytest.approx(0.015 / 0.135)}


def test_a_form_that_is_not_named_has_what_is_stated_of_its_condition() -> None:
    rule = noisy_or(0.1, **{"c": 0.5, "c.burst": 0.8})
    net = network(with_forms(0.2, plain=0.75, burst=0.25), finding("f", rule), complaint="")
    yes = 0.2 * (0.75 * 0.5 + 0.25 * 0.8)
    assert Engine(net).diagnose({"f": "yes"}).posterior["c"] == pytest.approx(yes / (yes + 0.8 * 0.1))


def test_the_slope_of_a_share_worked_out() -> None:
    """P(c, f) = 0.2 * (0.1 + 0.7 x) with x the share of the burst form; P(f) is 0.08 more."""
    engine = Engine(cyst())
    found = engine.compiled.strategy.gradients(engine.diagnose({"f": "yes"}).evidence, engine.compiled.events)
    place = found.paths.index(("conditions", "c", "forms", "burst", "share"))
    assert found.derivatives[place, 0] == pytest.approx(0.14 * 0.08 / 0.135**2)
