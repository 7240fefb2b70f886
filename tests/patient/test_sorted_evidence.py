"""Evidence sorted by what it is about."""

from __future__ import annotations

from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from bayesknee.knowledge.network import Network
from bayesknee.patient.evidence import check_evidence
from bayesknee.patient.sorted_evidence import SortedEvidence, sorted_evidence
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

NO, YES = (1.0, 0.0), (0.0, 1.0)


def knee() -> Network:
    """A network that has something of every kind."""
    return network(
        risk_factor("old", {"no": 0.7, "yes": 0.3}),
        condition("gout", 0.4),
        condition("sprain", 0.7),
        sign("swelling", noisy_or(0.1, gout=0.6)),
        sign("laxity", noisy_or(0.05, sprain=0.5)),
        finding("swollen", reading("swelling", 0.8, 0.9)),
        finding("ballots", reading("swelling", 0.6, 0.95)),
        finding("drawer", reading("laxity", 0.7, 0.8)),
        finding("warm", noisy_or(0.1, gout=0.7)),
        finding("onset", mixture(None, gout=distribution(yes=0.8), sprain=distribution(yes=0.3))),
    )


def test_each_answer_stands_under_what_it_is_about() -> None:
    answers = {
        "ballots": "no",
        "drawer": {"no": 0.25, "yes": 1.0},
        "gout": "yes",
        "old": "yes",
        "onset": "yes",
        "swollen": "yes",
        "warm": "no",
    }
    assert sorted_evidence(knee(), check_evidence(knee(), answers).likelihoods) == SortedEvidence(
        risk_factors={"old": YES},
        conditions={"gout": YES},
        direct={"onset": YES, "warm": NO},
        readings={"swelling": {"ballots": NO, "swollen": YES}, "laxity": {"drawer": (0.25, 1.0)}},
    )


def test_of_nothing_known_all_parts_are_empty() -> None:
    assert sorted_evidence(knee(), {}) == ({}, {}, {}, {}, {})


@given(st.lists(st.sampled_from(sorted(knee().states)), unique=True))
def test_no_answer_is_lost_or_told_twice_and_their_order_stays(names: list[str]) -> None:
    likelihoods = dict.fromkeys(names, (0.5, 1.0))
    known = sorted_evidence(knee(), likelihoods)
    parts = [known.risk_factors, known.conditions, known.direct, *known.readings.values()]
    assert sorted(chain.from_iterable(parts)) == sorted(names)
    for part in parts:
        assert list(part) == [name for name in names if name in part]
        assert all(likelihood is likelihoods[name] for name, likelihood in part.items())


@given(st.lists(st.sampled_from(sorted(knee().readings)), unique=True))
def test_readings_stand_under_the_sign_that_they_read(names: list[str]) -> None:
    net = knee()
    known = sorted_evidence(net, dict.fromkeys(names, YES))
    assert {name: net.readings[name].sign for name in names} == {
        name: sign for sign, readings in known.readings.items() for name in readings
    }
