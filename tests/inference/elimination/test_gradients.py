"""Derivatives where conditions are many, against those by enumeration."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import numpy as np
import pytest

from bayesknee import Engine
from bayesknee.errors import InferenceError
from bayesknee.inference.compiled_network import CompiledNetwork
from bayesknee.inference.elimination.strategy import Elimination
from bayesknee.inference.enumeration.strategy import Enumeration
from bayesknee.knowledge.network import Network
from bayesknee.patient.evidence import check_evidence
from tests.support.effort import seeds
from tests.support.random_networks import Size, random_answers, random_network
from tests.support.small_networks import condition, distribution, finding, mixture, network, noisy_or, reading, sign
from tests.support.strategies import only

MIDDLING = Size(conditions=(8, 10), risk_factors=(3, 5), signs=(2, 4), findings=(6, 12))


def drawn(*, complaint: str = "") -> Network:
    return network(
        *(condition(name, rate) for name, rate in {"a": 0.3, "b": 0.4, "c": 0.2, "d": 0.5}.items()),
        sign("g", noisy_or(0.1, a=0.6, b=0.3)),
        finding("seen", reading("g", 0.8, 0.9)),
        finding("felt", reading("g", 0.7, 0.95)),
        finding("f", noisy_or(0.05, a=0.5, c=0.8)),
        finding("h", noisy_or(0.2, b=0.5, c=0.6, d=0.2)),
        finding("i", noisy_or(0.1, c=0.3, d=0.4)),
        complaint=complaint,
    )


@pytest.mark.parametrize("complaint", ["", "A complaint"])
def test_as_by_enumeration(complaint: str) -> None:
    answers = {"seen": "yes", "felt": "no", "f": "yes", "h": "no", "i": {"yes": 0.7, "no": 0.2}, "d": "yes"}
    compare(drawn(complaint=complaint), "ward", answers)


def test_middling_networks_as_by_enumeration() -> None:
    with only("noisy_or"):
        for seed in seeds(4):
            rng = Random(seed)
            net = random_network(rng, MIDDLING)
            compare(net, rng.choice(list(net.settings)), random_answers(rng, net, share=0.5))


def compare(net: Network, setting: str, answers: Mapping[str, object]) -> None:
    evidence = check_evidence(net, answers)
    events = (*(frozenset([c]) for c in range(len(net.conditions))), frozenset([0, 2]))
    expected = Enumeration(net, setting).gradients(evidence, events)
    got = Elimination(net, setting).gradients(evidence, events)
    theirs = dict(zip(expected.paths, expected.slopes, strict=True))
    assert got.posterior == pytest.approx(expected.posterior, abs=1e-12)
    assert set(got.paths) == set(theirs)
    linear = dict(zip(expected.paths, expected.linear.tolist(), strict=True))
    for path, slopes, straight in zip(got.paths, got.slopes, got.linear.tolist(), strict=True):
        assert slopes == pytest.approx(theirs[path], abs=1e-10, rel=1e-10), path
        assert straight == linear[path] or (path[0] == "conditions" and not net.complaint), path
    assert np.abs(got.derivatives).max() > 0.1


def test_a_base_rate_is_called_linear_where_it_bears_on_its_own_condition_only() -> None:
    net = network(condition("a", 0.3), condition("b", 0.4, {"a": {"yes": 2.0}}), condition("c", 0.2), complaint="")
    got = Elimination(net, "ward").gradients(check_evidence(net, {}), ())
    straight = {path[1] for path, linear in zip(got.paths, got.linear.tolist(), strict=True) if linear}
    assert straight == {"c"}


def test_readings_that_cancel_each_other() -> None:
    # "seen" in equal parts yes and no says nothing. "seen" yes has 0.5 without g and 0.75 with it, and this "felt" has
    # 0.625 / 2 + 0.125 / 2 = 0.375 and 0.625 / 4 + 0.125 * 3 / 4 = 0.25: together 0.1875 either way.
    net = network(
        condition("a", 0.3),
        sign("g", noisy_or(0.1, a=0.6)),
        finding("seen", reading("g", 0.75, 0.5)),
        finding("felt", reading("g", 0.75, 0.5)),
        complaint="",
    )
    for answers in ({"seen": {"yes": 0.5, "no": 0.5}}, {"seen": "yes", "felt": {"yes": 0.125, "no": 0.625}}):
        compare_derivatives(net, answers)


def compare_derivatives(net: Network, answers: Mapping[str, object]) -> None:
    evidence, events = check_evidence(net, answers), (frozenset([0]),)
    expected = Enumeration(net, "ward").gradients(evidence, events)
    got = Elimination(net, "ward").gradients(evidence, events)
    theirs = dict(zip(expected.paths, expected.derivatives.tolist(), strict=True))
    for path, own in zip(got.paths, got.derivatives.tolist(), strict=True):
        assert own == pytest.approx(theirs[path], abs=1e-12), path


def test_the_sensitivity_of_a_diagnosis_of_many() -> None:
    parts = [condition(f"c{i}", 0.02 + 0.001 * i) for i in range(25)]
    big = network(*parts, finding("f", noisy_or(0.05, c0=0.5, c1=0.8)), complaint="")
    compiled = CompiledNetwork(big, big.default_setting)
    gradients = compiled.strategy.gradients(check_evidence(big, {"f": "yes"}), compiled.events)
    assert ("findings", "f", "noisy_or", "causes", "c1") in gradients.paths
    assert gradients.derivatives.shape[1] == 25


@pytest.mark.parametrize(
    ("memory", "refusal"),
    [
        (500_000, r"8 findings .*, 2 of them mixtures, would take about .* allowed are 0\.5 MB"),
        (4_000_000, r"with 2 for findings\.m\.mixture\.weights\.c0, exact work would take more than is allowed"),
    ],
)
def test_another_value_is_worked_out_exactly_with_the_budget_of_the_diagnosis(memory: int, refusal: str) -> None:
    # Two mixtures of the same weights are little work, of different weights much: refused, or else approximated.
    rule = mixture(distribution(yes=0.2, no=0.8), {"c0": 1.0}, c0=distribution(yes=0.7, no=0.3))
    findings = [finding(f"f{i}", noisy_or(0.1, **{f"c{i}": 0.5, f"c{i + 1}": 0.4, f"c{i + 9}": 0.3})) for i in range(6)]
    conditions = [condition(f"c{i}", 0.05) for i in range(25)]
    net = network(*conditions, *findings, finding("m", rule), finding("n", rule), complaint="")
    answers = {"m": "yes", "n": "yes", **{each.id: "yes" for each in findings}}
    path = ("findings", "m", "mixture", "weights", "c0")
    assert Engine(net).diagnose(answers).sensitivity().posterior_at(path, 2.0)["c0"] > 0.05
    tight = Engine(net, memory=memory).diagnose(answers)
    assert tight.exact
    with pytest.raises(InferenceError, match=refusal):
        tight.sensitivity().posterior_at(path, 2.0)
