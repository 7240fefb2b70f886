"""The naive-Bayes baseline: worked by hand on a small network."""

from __future__ import annotations

import numpy as np
import pytest

from bayesknee.cohort.naive_bayes import NaiveBayes
from bayesknee.patient.evidence import check_evidence
from tests.support.small_networks import (
    condition,
    distribution,
    finding,
    mixture,
    network,
    noisy_or,
    reading,
    risk_factor,
    sign,
)

SMALL = network(
    risk_factor("runs", {"no": 0.8, "yes": 0.2}),
    condition("strain", 0.6, {"runs": {"yes": 4.0}}),
    condition("other", 0.6),
    sign("lump", noisy_or(0.1, strain=0.5)),
    finding("lump_felt", reading("lump", sensitivity=0.8, specificity=0.9)),
    finding("pain", noisy_or(0.2, strain=0.9)),
    finding("onset", mixture(distribution(no=0.5, yes=0.5), strain=distribution(no=0.25, yes=0.75))),
)


def posterior(**answers: object) -> float:
    return float(NaiveBayes(SMALL, "ward").posterior(check_evidence(SMALL, answers))[0])


@pytest.mark.parametrize(
    ("answers", "ratio"),
    [
        ({}, 1.0),
        ({"pain": "yes"}, 0.9 / 0.2),
        ({"pain": "no"}, 0.1 / 0.8),
        ({"lump_felt": "yes"}, (0.5 * 0.8 + 0.5 * 0.1) / (0.1 * 0.8 + 0.9 * 0.1)),
        ({"onset": "yes"}, 0.75 / 0.5),
        ({"runs": "yes"}, (0.2 * 4 / (0.8 + 0.2 * 4)) / 0.2),
        ({"pain": {"yes": 0.5, "no": 1.0}}, (0.9 * 0.5 + 0.1) / (0.2 * 0.5 + 0.8)),
        ({"pain": "yes", "onset": "yes"}, 0.9 / 0.2 * 0.75 / 0.5),
        ({"pain": "unknown"}, 1.0),
    ],
)
def test_odds_are_products_of_likelihood_ratios(answers: dict[str, object], ratio: float) -> None:
    p = posterior(**answers)
    assert p / (1 - p) == pytest.approx(ratio)


def test_an_answer_may_name_a_condition() -> None:
    assert posterior(strain="yes") == 1.0
    assert posterior(strain="no") == 0.0


def test_a_row_for_each_patient() -> None:
    evidence = [check_evidence(SMALL, each) for each in ({}, {"pain": "yes"})]
    rows = NaiveBayes(SMALL, "ward").posteriors(evidence)
    np.testing.assert_allclose(rows.sum(axis=1), 1.0)
    assert rows.shape == (2, 2)
