"""The ledger: accounts that add up, contrasts, certain conditions, and the numbers that carried a share."""

from __future__ import annotations

import json
import math
from typing import Final

import pytest
from hypothesis import given

from bayesknee import Engine, load_network
from bayesknee.diagnosis.explaining.ledger import Account
from bayesknee.errors import ConditionError
from bayesknee.log_odds import DECIBANS
from tests.support.paths import KNEE_11
from tests.support.random_networks import Patient, patients
from tests.support.small_networks import (
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
LUMP: Final = finding("lump", noisy_or(0.1, a=0.55, b=0.28))


def log_odds(probability: float) -> float:
    return math.log(probability / (1.0 - probability))


def paths(account: Account, name: str) -> list[str]:
    (entry,) = [each for each in account.entries if each.finding == name]
    return [".".join(each.stated.path) for each in entry.numbers]


@given(patients())
def test_every_account_adds_up(patient: Patient) -> None:
    diagnosis = Engine(patient.network, patient.setting).diagnose(patient.answers)
    assert list(diagnosis.ledger) == [*patient.network.conditions, *patient.network.groups]
    probabilities = {**diagnosis.posterior, **diagnosis.groups}
    for name, account in diagnosis.ledger.items():
        assert {each.finding for each in account.entries} == set(diagnosis.evidence.likelihoods)
        json.dumps(account.to_dict(), allow_nan=False)
        if math.isfinite(account.posterior) and math.isfinite(account.prior):
            assert sum(each.share for each in account.entries) == pytest.approx(account.change, rel=0, abs=1e-9)
            assert 1.0 / (1.0 + math.exp(-account.posterior)) == pytest.approx(probabilities[name], rel=0, abs=1e-11)


@given(patients())
def test_a_contrast_is_of_two_probabilities_and_turns_round(patient: Patient) -> None:
    diagnosis = Engine(patient.network, patient.setting).diagnose(patient.answers)
    (a, p), *rest = diagnosis.posterior.items()
    for b, q in rest:
        one, other = diagnosis.ledger.contrast(a, b), diagnosis.ledger.contrast(b, a)
        assert one.prior == pytest.approx(math.log(diagnosis.prior[a] / diagnosis.prior[b]), abs=1e-9)
        assert [each.share for each in one.entries] == [-each.share for each in other.entries]
        if q > 0.0:
            assert one.posterior == pytest.approx(math.log(p / q), abs=1e-9)
            assert sum(each.share for each in one.entries) == pytest.approx(one.change, abs=1e-9)


def test_an_account_of_one_answer() -> None:
    # As worked out in test_worked_examples.py: P(a | lump) = 0.357 / 0.469.
    account = Engine(network(A, B, LUMP)).diagnose({"lump": "yes"}).ledger["a"]
    (entry,) = account.entries
    assert (account.subject, account.against) == ("a", None)
    assert account.prior == pytest.approx(log_odds(0.6), abs=1e-12)
    assert account.posterior == pytest.approx(log_odds(0.357 / 0.469), abs=1e-12)
    assert (entry.finding, entry.answer, entry.implied) == ("lump", "yes", ())
    assert entry.share == pytest.approx(account.change, abs=1e-12)
    assert entry.factor == pytest.approx(math.exp(account.change))
    assert entry.decibans == pytest.approx(10.0 * account.change / math.log(10.0))
    assert DECIBANS * math.log(10.0) == pytest.approx(10.0)


def test_without_evidence_the_ledger_is_empty() -> None:
    diagnosis = Engine(network(A, B, LUMP)).diagnose({"lump": "unknown"})
    account = diagnosis.ledger["a"]
    assert account.entries == ()
    assert account.prior == account.posterior == pytest.approx(log_odds(0.6))
    assert diagnosis.ledger.to_frame().shape == (0, 2)


def test_a_frame_of_all_shares() -> None:
    diagnosis = Engine(network(A, B, LUMP, group("ab", "a", "b"))).diagnose({"lump": "yes", "b": {"yes": 2, "no": 1}})
    frame = diagnosis.ledger.to_frame()
    assert list(frame.columns) == ["a", "b", "ab"]
    assert list(frame.index) == ["b", "lump"]
    assert frame["a"].sum() == pytest.approx(diagnosis.ledger["a"].change)


def test_what_is_certain_has_an_infinite_share_from_what_made_it_so() -> None:
    account = Engine(network(A, B, LUMP)).diagnose({"a": "no", "lump": "yes"}).ledger["b"]
    assert account.posterior == math.inf
    assert [(each.finding, each.share) for each in account.entries] == [("a", math.inf), ("lump", 0.0)]
    assert account.to_dict()["log_posterior"] is None
    assert account.entries[0].to_dict()["share"] is None
    ruled_out = Engine(network(A, B, LUMP)).diagnose({"a": "no", "lump": "yes"}).ledger["a"]
    assert ruled_out.posterior == -math.inf
    assert ruled_out.entries[0].share == -math.inf
    assert ruled_out.entries[0].factor == 0.0


def test_what_an_answer_makes_certain_was_carried_by_no_number() -> None:
    ledger = Engine(KNEE_11).diagnose({"bakers_cyst": "no", "lump_noticed": "yes"}).ledger
    (ruled_out, _) = ledger.contrast("bakers_cyst", "tumour").entries
    assert (ruled_out.finding, ruled_out.numbers) == ("bakers_cyst", ())
    assert [each.finding for each in ledger["meniscus_tear"].entries if each.numbers] != []


def test_two_of_which_neither_is_possible() -> None:
    diagnosis = Engine(network(A, B, condition("cramp", 0.5), LUMP)).diagnose({"a": "no", "b": "no"})
    account = diagnosis.ledger.contrast("a", "b")
    assert math.isnan(account.posterior)
    assert {each.finding: each.share for each in account.entries} == {"a": -math.inf, "b": math.inf}
    assert account.to_dict()["log_posterior"] is None


def test_refusals() -> None:
    ledger = Engine(network(A, B, condition("cramp", 0.5), LUMP)).diagnose({"lump": "yes"}).ledger
    with pytest.raises(ConditionError, match=r"unknown condition 'crmp' of network small; did you mean cramp\?"):
        ledger["crmp"]
    with pytest.raises(ConditionError, match="unknown condition 'zzz' of network small; known are a, b, cramp"):
        ledger.contrast("a", "zzz")
    with pytest.raises(ConditionError, match="a cannot be weighed against itself; name two different conditions"):
        ledger.contrast("a", "a")
    assert "crmp" not in ledger
    assert len(ledger) == 3
    assert repr(ledger) == "<Ledger of 1 answers and 3 conditions and groups>"


# --- the numbers that carried it -------------------------------------------------------------------------------------


def test_the_number_of_the_condition_itself() -> None:
    engine = Engine(network(A, B, finding("f", noisy_or(0.05, a=0.9)), complaint=""))
    present = engine.diagnose({"f": "yes"}).ledger["a"]
    assert paths(present, "f") == ["findings.f.noisy_or.causes.a", "findings.f.noisy_or.leak"]
    assert paths(engine.diagnose({"f": "no"}).ledger["a"], "f") == ["findings.f.noisy_or.causes.a"]


def test_the_number_of_a_rival_that_explains_the_finding() -> None:
    """The finding lowers b, which has no number for it, by way of a."""
    account = Engine(network(A, B, finding("f", noisy_or(0.05, a=0.9)))).diagnose({"f": "yes"}).ledger["b"]
    assert account.entries[0].share < 0.0
    assert paths(account, "f") == ["findings.f.noisy_or.causes.a", "findings.f.noisy_or.leak"]


def test_the_numbers_of_a_sign_and_its_reading() -> None:
    parts = A, B, sign("g", noisy_or(0.1, a=0.9)), finding("seen", reading("g", 0.8, 0.9))
    present = Engine(network(*parts)).diagnose({"seen": "yes"}).ledger["a"]
    assert paths(present, "seen") == ["signs.g.noisy_or.causes.a", "findings.seen.reads.specificity"]
    absent = Engine(network(*parts)).diagnose({"seen": "no"}).ledger["a"]
    assert paths(absent, "seen") == ["signs.g.noisy_or.causes.a", "findings.seen.reads.sensitivity"]


def test_the_number_of_a_mixture() -> None:
    rule = mixture(distribution(v0=0.2, v1=0.8), a=distribution(v0=0.7, v1=0.3))
    account = Engine(network(A, B, finding("f", rule, ("v0", "v1")))).diagnose({"f": "v1"}).ledger["a"]
    assert paths(account, "f") == ["findings.f.mixture.distributions.a.v1"]


def test_the_odds_ratio_of_a_risk_factor_and_of_a_parent() -> None:
    factor = risk_factor("r", {"low": 0.5, "middle": 0.3, "high": 0.2})
    child = condition("b", 0.7, {"r": {"middle": 2.0, "high": 3.0}, "a": {"yes": 4.0}})
    engine = Engine(network(A, child, factor, complaint=""))
    assert paths(engine.diagnose({"r": "high"}).ledger["b"], "r") == ["conditions.b.odds_ratios.r.high"]
    # Of the state of reference it is the odds ratio of the others that weighs most: 0.2 ln 3 > 0.3 ln 2.
    assert paths(engine.diagnose({"r": "low"}).ledger["b"], "r") == ["conditions.b.odds_ratios.r.high"]
    assert paths(engine.diagnose({"a": "yes"}).ledger["b"], "a") == ["conditions.b.odds_ratios.a.yes"]
    assert paths(engine.diagnose({"b": "yes"}).ledger["a"], "b") == ["conditions.b.odds_ratios.a.yes"]


def test_a_number_is_cited_or_said_to_be_judged() -> None:
    network = load_network("tests/networks/tiny")
    account = Engine(network, "clinic").diagnose({"tennis": "yes", "pain_on_grip": "yes"}).ledger["strain"]
    by_finding = {each.finding: each.numbers[0] for each in account.entries}
    assert (by_finding["tennis"].citation, by_finding["tennis"].judged) == ("Smith, 2015", False)
    assert (by_finding["pain_on_grip"].citation, by_finding["pain_on_grip"].judged) == ("judged", True)
    assert by_finding["tennis"].to_dict() == {
        "what": "odds ratio of Tendon strain with Tennis",
        "path": ["conditions", "strain", "odds_ratios", "tennis", "yes"],
        "value": 4,
        "low": 2,
        "high": 8,
        "grade": "B",
        "source": "smith_2015",
        "citation": "Smith, 2015",
        "judged": False,
    }


def test_an_implied_gate_has_an_entry_of_its_own() -> None:
    gated = finding("soft", noisy_or(0.1, b=0.6), only_if={"lump": ("yes",)})
    account = Engine(network(A, B, LUMP, gated)).diagnose({"soft": "yes"}).ledger["a"]
    assert {(each.finding, each.answer, each.implied) for each in account.entries} == {
        ("lump", None, ("yes",)),
        ("soft", "yes", ()),
    }
