"""Derivatives where conditions are many, against those by enumeration."""

from __future__ import annotations

import numpy as np
import pytest

from bayesknee import Engine
from bayesknee.errors import InferenceError
from bayesknee.inference.enumeration import Enumeration
from bayesknee.inference.evidence import check_evidence
from bayesknee.inference.noisy_or.strategy import NoisyOrStrategy
from bayesknee.knowledge.model import Network
from tests.support.small_networks import condition, finding, network, noisy_or, reading, sign


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


def test_as_by_enumeration() -> None:
    answers = {"seen": "yes", "felt": "no", "f": "yes", "h": "no", "i": {"yes": 0.7, "no": 0.2}, "d": "yes"}
    evidence = check_evidence(drawn(), answers)
    events = (*(frozenset([c]) for c in range(4)), frozenset([0, 2]))
    expected = Enumeration(drawn(), "ward").gradients(evidence, events)
    got = NoisyOrStrategy(drawn(), "ward").gradients(evidence, events)
    theirs = dict(zip(expected.paths, expected.slopes, strict=True))
    assert got.posterior == pytest.approx(expected.posterior, abs=1e-12)
    assert set(got.paths) == set(theirs)
    linear = dict(zip(expected.paths, expected.linear.tolist(), strict=True))
    for path, slopes, straight in zip(got.paths, got.slopes, got.linear.tolist(), strict=True):
        assert slopes == pytest.approx(theirs[path], abs=1e-11), path
        assert straight == linear[path] or path[0] == "conditions", path  # here they are independent
    assert np.abs(got.derivatives).max() > 0.1


def test_a_complaint_is_refused() -> None:
    with pytest.raises(InferenceError, match="derivatives for 4 conditions take a network without a presenting"):
        NoisyOrStrategy(drawn(complaint="A complaint"), "ward").gradients(check_evidence(drawn(), {}), ())


def test_the_sensitivity_of_a_diagnosis_of_many() -> None:
    parts = [condition(f"c{i}", 0.02 + 0.001 * i) for i in range(25)]
    big = network(*parts, finding("f", noisy_or(0.05, c0=0.5, c1=0.8)), complaint="")
    gradients = Engine(big).gradients(check_evidence(big, {"f": "yes"}))
    assert ("findings", "f", "noisy_or", "causes", "c1") in gradients.paths
    assert gradients.derivatives.shape[1] == 25
