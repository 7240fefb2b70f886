"""Small patients whose posteriors are worked out by hand.

The base network has a complaint and two conditions, a and b, with base rates 0.6 and 0.7. With P(a) = 0.6 z,
P(b) = 0.7 z and z = P(a or b) = 1 - (1 - 0.6 z)(1 - 0.7 z) = 1.3 z - 0.42 z^2, z is 0.3 / 0.42 = 5/7. So P(a) = 3/7,
P(b) = 1/2, and given the complaint:

    a alone  (3/7 * 1/2) / (5/7) = 0.3
    b alone  (4/7 * 1/2) / (5/7) = 0.4
    both     (3/7 * 1/2) / (5/7) = 0.3
"""

from __future__ import annotations

import math
from typing import Final

from bayesknee import Diagnosis, Engine
from bayesknee.inference.prior.joint import Prior
from tests.support.exactly import exactly
from tests.support.small_networks import (
    Part,
    condition,
    distribution,
    finding,
    group,
    mixture,
    network,
    noisy_or,
    reading,
    risk_factor,
    sign,
)

A: Final = condition("a", 0.6)
B: Final = condition("b", 0.7)


def diagnose(*parts: Part, complaint: str = "A complaint", **answers: object) -> Diagnosis:
    return Engine(network(*parts, complaint=complaint)).diagnose(answers)


# --- conditions ------------------------------------------------------------------------------------------------------


def test_two_conditions_and_a_complaint() -> None:
    intercepts = Prior(network(A, B), "ward").intercepts
    assert intercepts.tolist() == [exactly(math.log(3 / 4)), exactly(0.0)]  # odds of 3/7 and of 1/2
    assert diagnose(A, B, b="yes").posterior["a"] == exactly(0.3 / 0.7)
    assert diagnose(A, B, b="no").posterior["a"] == exactly(1.0)  # something must cause the complaint
    assert diagnose(A, B, b="no").log_evidence == exactly(math.log(0.3))


def test_two_conditions_without_a_complaint_are_independent() -> None:
    assert Prior(network(A, B, complaint=""), "ward").intercepts[0] == exactly(math.log(0.6 / 0.4))
    assert diagnose(A, B, complaint="", b="no").posterior["a"] == exactly(0.6)


def test_a_risk_factor() -> None:
    # Odds of 1/4 without and of 4 * 1/4 = 1 with the risk factor: P(c) = 0.8 * 0.2 + 0.2 * 0.5 = 0.26.
    parts = risk_factor("r", {"no": 0.8, "yes": 0.2}), condition("c", 0.26, {"r": {"yes": 4.0}})
    assert Prior(network(*parts, complaint=""), "ward").intercepts[0] == exactly(math.log(1 / 4))
    assert diagnose(*parts, complaint="", r="no").posterior["c"] == exactly(0.2)
    assert diagnose(*parts, complaint="", r="yes").posterior["c"] == exactly(0.5)
    assert diagnose(*parts, complaint="", r="yes").log_evidence == exactly(math.log(0.2))
    # Unsure, nine to one for yes: 0.9 * 0.2 = 0.18 and 0.1 * 0.8 = 0.08.
    unsure = diagnose(*parts, complaint="", r={"yes": 0.9, "no": 0.1})
    assert unsure.posterior["c"] == exactly((0.18 * 0.5 + 0.08 * 0.2) / 0.26)


def test_a_condition_as_parent() -> None:
    # Odds of 1/3 without and of 9 * 1/3 = 3 with the parent: P(c) = 0.5 * 0.25 + 0.5 * 0.75 = 0.5.
    parts = condition("c", 0.5, {"p": {"yes": 9.0}}), condition("p", 0.5)
    assert diagnose(*parts, complaint="", p="yes").posterior["c"] == exactly(0.75)
    assert diagnose(*parts, complaint="", p="no").posterior["c"] == exactly(0.25)
    assert diagnose(*parts, complaint="", c="yes").posterior["p"] == exactly(0.75)


def test_a_group_is_at_least_one_of_its_members() -> None:
    parts = condition("a", 0.5), condition("b", 0.2), condition("c", 0.9), group("ab", "a", "b")
    assert diagnose(*parts, complaint="").groups["ab"] == exactly(1.0 - 0.5 * 0.8)
    assert diagnose(A, B, group("ab", "a", "b")).groups["ab"] == exactly(1.0)


# --- findings --------------------------------------------------------------------------------------------------------

# Leak 0.1; P(yes | a alone) = 0.55 and P(yes | b alone) = 0.28 include it (Henrion). Diez's links are
# 1 - 0.45/0.9 = 0.5 and 1 - 0.72/0.9 = 0.2, so P(yes | both) = 1 - 0.9 * 0.5 * 0.8 = 0.64.
# P(yes) = 0.3 * 0.55 + 0.4 * 0.28 + 0.3 * 0.64 = 0.165 + 0.112 + 0.192 = 0.469; P(yes, a) = 0.165 + 0.192 = 0.357.
RULE: Final = noisy_or(0.1, a=0.55, b=0.28)


def test_noisy_or_with_leak() -> None:
    present = diagnose(A, B, finding("f", RULE), f="yes")
    assert present.posterior["a"] == exactly(0.357 / 0.469)
    assert present.posterior["b"] == exactly((0.112 + 0.192) / 0.469)
    assert present.log_evidence == exactly(math.log(0.469))
    assert diagnose(A, B, finding("f", RULE), f="no").posterior["a"] == exactly((0.6 - 0.357) / 0.531)
    assert diagnose(A, B, finding("f", RULE), f="yes", a="yes", b="no").log_evidence == exactly(math.log(0.165))


def test_noisy_or_without_any_cause_is_the_leak() -> None:
    none = diagnose(A, B, finding("f", RULE), complaint="", f="yes", a="no", b="no")
    assert none.log_evidence == exactly(math.log(0.1 * 0.4 * 0.3))


def test_an_unsure_answer() -> None:
    # 0.8 * 0.469 + 0.2 * 0.531 = 0.4814; with a, 0.8 * 0.357 + 0.2 * 0.243 = 0.3342.
    unsure = diagnose(A, B, finding("f", RULE), f={"yes": 0.8, "no": 0.2})
    assert unsure.posterior["a"] == exactly(0.3342 / 0.4814)
    assert unsure.log_evidence == exactly(math.log(0.4814))


def test_a_mixture_is_the_weighted_mean() -> None:
    # Both: (3 * 0.8 + 1 * 0.3) / 4 = 0.675.
    # P(v0) = 0.3 * 0.8 + 0.4 * 0.3 + 0.3 * 0.675 = 0.24 + 0.12 + 0.2025 = 0.5625.
    rule = mixture(None, {"a": 3.0}, a=distribution(v0=0.8, v1=0.2), b=distribution(v0=0.3, v1=0.7))
    parts = A, B, finding("f", rule, ("v0", "v1"))
    assert diagnose(*parts, f="v0").posterior["a"] == exactly((0.24 + 0.2025) / 0.5625)
    assert diagnose(*parts, f="v1").log_evidence == exactly(math.log(1.0 - 0.5625))


def test_a_mixture_leans_on_otherwise() -> None:
    # b has no distribution of its own. Without a complaint P(a) = 0.6, P(b) = 0.7 are independent; `otherwise` serves
    # b and the case of neither: P(v0) = 0.18 * 0.8 + 0.42 * (0.8 + 0.3)/2 + (0.28 + 0.12) * 0.3 = 0.495.
    rule = mixture(distribution(v0=0.3), a=distribution(v0=0.8))
    parts = A, B, finding("f", rule, ("v0", "v1"))
    assert diagnose(*parts, complaint="", f="v0").log_evidence == exactly(math.log(0.495))
    assert diagnose(*parts, complaint="", f="v0").posterior["a"] == exactly(0.375 / 0.495)


SIGN: Final = sign("g", RULE)
SEEN: Final = finding("seen", reading("g", 0.8, 0.9))
FELT: Final = finding("felt", reading("g", 0.7, 0.95))


def test_the_reading_of_a_sign() -> None:
    # P(g) = 0.469, as above: P(seen) = 0.8 * 0.469 + 0.1 * 0.531 = 0.4283; with a, 0.8 * 0.357 + 0.1 * 0.243 = 0.3099.
    seen = diagnose(A, B, SIGN, SEEN, seen="yes")
    assert seen.posterior["a"] == exactly(0.3099 / 0.4283)
    assert seen.log_evidence == exactly(math.log(0.4283))


def test_two_readings_of_one_sign_are_not_independent() -> None:
    # P(seen, felt) = 0.8 * 0.7 * 0.469 + 0.1 * 0.05 * 0.531 = 0.265295;
    # with a, 0.56 * 0.357 + 0.005 * 0.243 = 0.201135.
    both = diagnose(A, B, SIGN, SEEN, FELT, seen="yes", felt="yes")
    assert both.log_evidence == exactly(math.log(0.265295))
    assert both.posterior["a"] == exactly(0.201135 / 0.265295)
    # Seen but not felt: 0.8 * 0.3 * 0.469 + 0.1 * 0.95 * 0.531 = 0.163005.
    one = diagnose(A, B, SIGN, SEEN, FELT, seen="yes", felt="no")
    assert one.log_evidence == exactly(math.log(0.163005))
