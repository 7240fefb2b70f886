"""The strategy for many conditions: worked examples, middling networks against enumeration, extremes."""

from __future__ import annotations

import math
import pickle
from random import Random
from unittest.mock import Mock

import numpy as np
import pytest

from bayesknee import Engine, ImpossibleEvidenceError
from bayesknee.inference.elimination import core, run
from bayesknee.inference.elimination.order import find_order
from bayesknee.inference.elimination.patients import node_evidence, one_patient
from bayesknee.inference.elimination.strategy import Elimination
from bayesknee.inference.enumeration.strategy import Enumeration
from bayesknee.inference.results import Budget
from bayesknee.interop.noisy_or_files import noisy_or_network
from bayesknee.interop.synthetic import synthetic_document, synthetic_evidence
from bayesknee.knowledge.model import Condition, Finding
from bayesknee.knowledge.network import Network
from bayesknee.patient.codes import encode
from bayesknee.patient.evidence import check_evidence
from tests.support.effort import seeds
from tests.support.random_networks import Size, random_answers, random_network
from tests.support.small_networks import condition, finding, group, network, noisy_or
from tests.support.strategies import only

MIDDLING = Size(conditions=(12, 15), risk_factors=(3, 5), signs=(3, 5), findings=(10, 20))


def test_two_conditions_and_one_finding() -> None:
    # P(a) = 0.2, P(b) = 0.5, leak 0.1, q_a = 0.5, q_b = 0.2, independent.
    # P(no) = 0.9 (0.8 + 0.2 * 0.5) (0.5 + 0.5 * 0.8) = 0.729
    # P(no, a) = 0.9 * 0.1 * 0.9 = 0.081, so P(a | yes) = (0.2 - 0.081) / 0.271
    drawn = network(condition("a", 0.2), condition("b", 0.5), finding("f", noisy_or(0.1, a=0.55, b=0.28)), complaint="")
    inferred = Elimination(drawn, "ward").infer(check_evidence(drawn, {"f": "yes"}))
    assert inferred.log_evidence == pytest.approx(math.log(0.271), rel=1e-14)
    assert inferred.marginals[0] == pytest.approx((0.2 - 0.081) / 0.271, rel=1e-14)
    assert inferred.any_of(frozenset([0, 1])) == pytest.approx(1.0 - 0.4 * 0.1 / 0.271, rel=1e-14)


def test_an_absent_finding_folds_into_the_odds_of_its_causes() -> None:
    # As above: odds of 1/4 times 1 - q_a = 1/2.
    drawn = network(condition("a", 0.2), condition("b", 0.5), finding("f", noisy_or(0.1, a=0.55, b=0.28)), complaint="")
    inferred = Elimination(drawn, "ward").infer(check_evidence(drawn, {"f": "no"}))
    assert inferred.log_evidence == pytest.approx(math.log(0.729), rel=1e-14)
    assert inferred.marginals[0] == pytest.approx(1.0 / 9.0, rel=1e-14)


def test_an_unsure_answer() -> None:
    drawn = network(condition("a", 0.2), finding("f", noisy_or(0.1, a=0.55)), complaint="")
    inferred = Elimination(drawn, "ward").infer(check_evidence(drawn, {"f": {"yes": 0.3, "no": 0.6}}))
    with_a, without = 0.6 * 0.45 + 0.3 * 0.55, 0.6 * 0.9 + 0.3 * 0.1
    assert inferred.log_evidence == pytest.approx(math.log(0.2 * with_a + 0.8 * without))
    assert inferred.marginals[0] == pytest.approx(0.2 * with_a / (0.2 * with_a + 0.8 * without))


@pytest.mark.slow
def test_middling_networks_against_enumeration() -> None:
    with only("noisy_or"):
        for seed in seeds(12):
            rng = Random(seed)
            drawn = random_network(rng, MIDDLING)
            setting = rng.choice(list(drawn.settings))
            enumeration, ours = Enumeration(drawn, setting), Elimination(drawn, setting)
            evidence = check_evidence(drawn, random_answers(rng, drawn, share=0.8))
            expected, got = enumeration.infer(evidence), ours.infer(evidence)
            assert got.log_evidence == pytest.approx(expected.log_evidence, abs=1e-9), f"seed {seed}"
            assert got.marginals == pytest.approx(expected.marginals, abs=1e-9), f"seed {seed}"
            some = frozenset(rng.sample(range(len(drawn.conditions)), 3))
            assert got.any_of(some) == pytest.approx(expected.any_of(some), abs=1e-9), f"seed {seed}"


def test_many_patients_at_once_are_what_they_are_one_by_one() -> None:
    with only("noisy_or"):
        rng = Random(5)
        drawn = random_network(rng, Size(conditions=(6, 6), risk_factors=(2, 2), signs=(2, 2), findings=(8, 8)))
        answers = [random_answers(rng, drawn, soft=False, conditions=False) for _ in range(20)]
        codes = encode(drawn, [check_evidence(drawn, each) for each in answers])
        groups = [frozenset([0, 2])]
        expected = Enumeration(drawn, drawn.default_setting).infer_many(codes, groups=groups)
        got = Elimination(drawn, drawn.default_setting).infer_many(codes, groups=groups)
        for own, other in zip(got, expected, strict=True):
            assert own == pytest.approx(other, abs=1e-9)


def test_the_same_where_few_tables_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    document = synthetic_document(60, 120, seed=1, links=8)
    read = noisy_or_network(document | {"evidence": synthetic_evidence(document, 12, 10)}, "made up")
    evidence = check_evidence(read.network, read.evidence)
    expected = Elimination(read.network, "as_published").infer(evidence)
    monkeypatch.setattr(run, "MOST_KEPT_NUMBERS", 10)
    got = Elimination(read.network, "as_published").infer(evidence)
    assert got.marginals == pytest.approx(expected.marginals, rel=1e-12)


# --- extremes ------------------------------------------------------------------------------------------------------


def many(count: int, rate: float) -> list[Condition]:
    return [condition(f"c{i}", rate) for i in range(count)]


def test_evidence_far_below_what_a_float_holds() -> None:
    # 40 findings of which each has a cause of its own, and a leak of 1e-12: P(e) is about (1e-12 + 5e-13) ** 40.
    conditions = [condition(f"c{i}", 1e-12) for i in range(40)]
    findings = [finding(f"f{i}", noisy_or(1e-12, **{f"c{i}": 0.5})) for i in range(40)]
    engine = Engine(network(*conditions, *findings, complaint=""))
    diagnosis = engine.diagnose({each.id: "yes" for each in findings})
    assert diagnosis.log_evidence == pytest.approx(40 * math.log(1.5e-12), rel=1e-9)
    assert diagnosis.posterior["c7"] == pytest.approx(1.0 / 3.0, rel=1e-9)


def test_forty_findings_that_one_condition_explains_are_summed_over_the_condition() -> None:
    conditions = [condition(f"c{i}", 1e-4) for i in range(30)]
    findings = [finding(f"f{i}", noisy_or(1e-3, c0=0.9)) for i in range(40)]
    diagnosis = Engine(network(*conditions, *findings, complaint="")).diagnose({f"f{i}": "yes" for i in range(40)})
    assert diagnosis.posterior["c0"] == pytest.approx(1.0)
    assert diagnosis.posterior["c1"] == pytest.approx(1e-4)
    assert diagnosis.log_evidence == pytest.approx(math.log(1e-4) + 40 * math.log(0.9))


def test_a_rare_complaint_loses_no_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    # Base rates that sum to hardly more than 1 make the complaint, and so each condition, very rare.
    rates = [0.03] * 32 + [0.040001]
    engine = Engine(network(*(condition(f"c{i}", rate) for i, rate in enumerate(rates))))
    got = dict(engine.diagnose().posterior)
    assert list(got.values()) == pytest.approx(sorted(rates, reverse=True), rel=1e-9)
    monkeypatch.setattr(core, "RARE_COMPLAINT", 2.0)  # the other way: the complaint as one more effect
    assert dict(engine.diagnose().posterior) == pytest.approx(got, rel=1e-9)


def test_base_rates_of_many_conditions_are_met() -> None:
    parts = [condition(f"c{i}", 0.01 + 0.001 * i) for i in range(60)]
    engine = Engine(network(*parts))
    assert dict(engine.diagnose().posterior) == pytest.approx({f"c{i}": 0.01 + 0.001 * i for i in range(60)}, abs=1e-12)


def test_impossible_evidence() -> None:
    parts = [condition(f"c{i}", 0.1) for i in range(25)]
    engine = Engine(network(*parts))
    with pytest.raises(ImpossibleEvidenceError, match="c0=no"):
        engine.diagnose({f"c{i}": "no" for i in range(25)})


def test_an_engine_can_be_pickled() -> None:
    read = noisy_or_network(synthetic_document(30, 40), "made up")
    engine = Engine(read.network)
    copy = pickle.loads(pickle.dumps(engine))  # noqa: S301 (our own bytes)
    assert copy.diagnose({"f1": "yes"}).posterior == engine.diagnose({"f1": "yes"}).posterior
    assert np.isfinite(copy.diagnose({"f1": "yes"}).log_evidence)


# --- what it takes ---------------------------------------------------------------------------------------------------


def test_each_group_takes_one_more_way_forward(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = [group(f"g{i}", f"c{i}", f"c{i + 1}") for i in range(3)]
    engine = Engine(network(*many(30, 0.05), finding("f", noisy_or(0.1, c0=0.5)), *groups))
    runs = Mock(wraps=run.Run)
    monkeypatch.setattr(core, "Run", runs)
    engine.diagnose({"f": "yes"})
    assert runs.call_count == 1 + 1 + 3  # the patient, the complaint, the groups


def test_the_budget_counts_what_groups_take() -> None:
    parts: list[Condition | Finding] = [*many(30, 0.05), finding("f", noisy_or(0.1, c0=0.5))]
    groups = [group("g", "c0", "c1"), group("h", "c1", "c2")]
    for net, factor in ((network(*parts, complaint=""), 1.0), (network(*parts, *groups, complaint=""), 1.8)):
        model = Elimination(net, "ward").core.model
        structure = one_patient(model, node_evidence(model, check_evidence(net, {"f": "yes"}))).structure
        run = find_order(structure.shape).seconds
        assert Elimination(net, "ward", Budget(seconds=1.01 * factor * run)).core.fits(structure)
        assert not Elimination(net, "ward", Budget(seconds=0.99 * factor * run)).core.fits(structure)


# --- conditions that depend on each other ----------------------------------------------------------------------------


def chain(length: int) -> Network:
    """Each condition makes the next one likelier; findings that hang far parts together."""
    conditions = [condition(f"c{i}", 0.1, {f"c{i - 1}": {"yes": 4.0}} if i else {}) for i in range(length)]
    far = [finding(f"f{i}", noisy_or(0.05, **{f"c{i}": 0.6, f"c{length - 2 - i}": 0.4})) for i in range(3)]
    return network(*conditions, *far, complaint="")


def test_a_chain_is_gone_through_from_its_start() -> None:
    answers = {"f0": "yes", "f1": "yes", "f2": "no", "c5": {"yes": 0.3, "no": 0.7}}
    short = chain(14)
    evidence = check_evidence(short, answers)
    expected = Enumeration(short, "ward").infer(evidence).marginals
    assert Elimination(short, "ward").infer(evidence).marginals == pytest.approx(expected, rel=1e-12)
    long = Elimination(chain(60), "ward", Budget(memory=100_000))
    assert long.infer(check_evidence(chain(60), answers)).approximation is None
