"""Many patients at once, against one by one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np
import pytest

from bayesknee import Engine, Evidence, ImpossibleEvidenceError, Network
from bayesknee.inference.results import Posteriors
from bayesknee.patient.codes import check_codes, decode, encode, nothing_known
from bayesknee.patient.evidence import NOTHING_KNOWN, check_evidence
from tests.support.effort import portions
from tests.support.random_networks import REAL, SMALL, TINY, random_answers, random_network
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
from tests.support.strategies import STRATEGIES, only


@pytest.fixture(autouse=True, params=[(name, way) for name in STRATEGIES for way in ("numpy", "compiled")], ids=str)
def strategy_name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Every test is of both strategies, and of both ways to do it."""
    name, way = request.param
    for threshold in ("enumeration.strategy.WORTH_COMPILING", "elimination.batch.FEWEST_COMPILED"):
        monkeypatch.setattr(f"bayesknee.inference.{threshold}", 0 if way == "compiled" else 10**9)
    with only(name):
        yield str(name)


def some_patients(rng: Random, drawn: Network, count: int, *, most: float = 0.8) -> list[Evidence]:
    """Patients with answers that are states or unknown: few, many or none."""
    answers = [
        random_answers(rng, drawn, share=rng.choice([0.0, 0.2, most]), soft=False, conditions=False)
        for _ in range(count)
    ]
    return [check_evidence(drawn, each) for each in answers]


def members(drawn: Network) -> list[frozenset[int]]:
    numbers = {name: number for number, name in enumerate(drawn.conditions)}
    return [frozenset(numbers[name] for name in each.members) for each in drawn.groups.values()]


def assert_same(got: Posteriors, row: int, engine: Engine, evidence: Evidence) -> None:
    """A row of many says what the engine says of the one."""
    expected = engine.diagnose(evidence)
    posterior = dict(zip(engine.network.conditions, got.marginals[row].tolist(), strict=True))
    assert posterior == pytest.approx(dict(expected.posterior), rel=0, abs=1e-9)
    groups = dict(zip(engine.network.groups, got.groups[row].tolist(), strict=True))
    assert groups == pytest.approx(dict(expected.groups), rel=0, abs=1e-9)
    assert got.log_evidence[row] == pytest.approx(expected.log_evidence, rel=1e-12, abs=1e-9)


@pytest.mark.parametrize("portion", portions(60))
def test_many_are_as_one_by_one(portion: range) -> None:
    for seed in portion:
        rng = Random(seed)
        drawn = random_network(rng, rng.choice([TINY, SMALL]))
        setting = rng.choice(list(drawn.settings))
        patients = some_patients(rng, drawn, 12)
        engine = Engine(drawn, setting)
        got = engine.compiled.strategy.infer_many(encode(drawn, patients), groups=members(drawn))
        for row, evidence in enumerate(patients):
            assert_same(got, row, engine, evidence)


@pytest.mark.parametrize("portion", portions(60))
def test_many_who_share_some_evidence(portion: range) -> None:
    shared = 0
    for seed in portion:
        rng = Random(seed)
        drawn = random_network(rng, SMALL)
        given = check_evidence(drawn, random_answers(rng, drawn, share=0.3))
        patients = some_patients(rng, drawn, 6)
        codes = encode(drawn, patients)
        for name in (*drawn.gated, *(gate for each in drawn.gated for gate in drawn.findings[each].only_if)):
            codes[:, list(drawn.questions).index(name)] = -1  # or they might break gates together with the others
        engine = Engine(drawn)
        got = engine.compiled.strategy.infer_many(codes, given, members(drawn))
        for row in range(len(patients)):
            both = decode(drawn, codes[row], given)
            shared += len(both.likelihoods) > len(given.likelihoods) > 0
            if got.log_evidence[row] > -math.inf:
                assert_same(got, row, engine, both)
            else:  # what is certain can rule out answers of two patients together
                with pytest.raises(ImpossibleEvidenceError):
                    engine.diagnose(both)
    assert shared > len(portion) * 100 / 60


def test_codes_of_what_the_evidence_answers_are_not_read() -> None:
    drawn = network(condition("a", 0.6), condition("b", 0.7), finding("f", noisy_or(0.1, a=0.5)))
    strategy = Engine(drawn, "ward").compiled.strategy
    for answer, likelihoods in (("yes", {"f": "yes"}), ("unknown", {}), ({"yes": 0.5, "no": 1.0},) * 2):
        given = check_evidence(drawn, {"f": answer})
        codes = np.array([[-1], [0], [1]], np.int8)
        expected = strategy.infer(check_evidence(drawn, likelihoods if "f" in likelihoods else {"f": answer}))
        assert strategy.infer_many(codes, given).marginals == pytest.approx(np.tile(expected.marginals, (3, 1)))


def test_gates_are_implied_and_answers_that_clash_are_impossible() -> None:
    rule = noisy_or(0.1, a=0.5)
    drawn = network(
        risk_factor("r", {"v0": 0.5, "v1": 0.3, "v2": 0.2}),
        condition("a", 0.6, {"r": {"v1": 3.0, "v2": 0.5}}),
        condition("b", 0.7),
        sign("g", rule),
        finding("seen", reading("g", 0.8, 0.9), only_if={"r": ("v1", "v2")}),
        finding("felt", rule, only_if={"seen": ("yes",)}),
        finding("other", rule, only_if={"r": ("v0", "v1")}),
    )
    engine = Engine(drawn, "ward")
    strategy = engine.compiled.strategy
    possible = [{}, {"seen": "no"}, {"felt": "no"}, {"felt": "no", "other": "yes"}, {"r": "v2", "felt": "yes"}]
    codes = encode(drawn, [check_evidence(drawn, each) for each in possible])
    got = strategy.infer_many(codes)
    for row, answers in enumerate(possible):
        assert_same(got, row, engine, check_evidence(drawn, answers))
    clashes = np.array([[0, 1, -1, -1], [2, -1, -1, 0], [-1, 0, 0, -1]], np.int8)
    assert (
        np.isneginf(strategy.infer_many(np.vstack([clashes, codes])).log_evidence).tolist() == [True] * 3 + [False] * 5
    )


@pytest.mark.slow
def test_a_network_of_real_size(strategy_name: str) -> None:
    rng = Random(1)
    drawn = random_network(rng, REAL)
    fewer = strategy_name == "noisy_or"  # each answer to a mixture doubles its tables
    patients = some_patients(rng, drawn, 15 if fewer else 40, most=0.3 if fewer else 0.8)
    engine = Engine(drawn)
    got = engine.compiled.strategy.infer_many(encode(drawn, patients), groups=members(drawn))
    for row, evidence in enumerate(patients):
        assert_same(got, row, engine, evidence)


def test_a_worked_example() -> None:
    # Weights of a alone, b alone, both: .3 .4 .3, as in test_worked_examples.py, without the neither.
    drawn = network(
        condition("a", 0.6),
        condition("b", 0.7),
        sign("g", noisy_or(0.1, a=0.55, b=0.28)),
        finding("seen", reading("g", 0.8, 0.9)),
        group("any", "a", "b"),
    )
    got = Engine(drawn, "ward").compiled.strategy.infer_many(np.array([[-1], [1]], np.int8), groups=members(drawn))
    seen = {"a": 0.1 + 0.7 * 0.55, "b": 0.1 + 0.7 * 0.28, "ab": 0.1 + 0.7 * 0.64}
    total = 0.3 * seen["a"] + 0.4 * seen["b"] + 0.3 * seen["ab"]
    assert got.marginals[0].tolist() == pytest.approx([0.6, 0.7])
    assert got.marginals[1].tolist() == pytest.approx(
        [(0.3 * seen["a"] + 0.3 * seen["ab"]) / total, (0.4 * seen["b"] + 0.3 * seen["ab"]) / total]
    )
    assert got.groups[:, 0].tolist() == pytest.approx([1.0, 1.0])
    assert got.log_evidence.tolist() == pytest.approx([0.0, math.log(total)])


def test_blocks_of_rows_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = Random(3)
    drawn = random_network(rng, SMALL)
    codes = encode(drawn, some_patients(rng, drawn, 50))
    strategy = Engine(drawn, drawn.default_setting).compiled.strategy
    whole = strategy.infer_many(codes, groups=members(drawn))
    monkeypatch.setattr("bayesknee.inference.enumeration.batch.MOST_NUMBERS_AT_ONCE", 7 << len(drawn.conditions))
    monkeypatch.setattr("bayesknee.inference.enumeration.compiled.prepare.MOST_AT_ONCE", 7)
    monkeypatch.setattr("bayesknee.inference.elimination.core.MOST_AT_ONCE", 7)
    parts = strategy.infer_many(codes, groups=members(drawn))
    for one, other in zip(parts, whole, strict=True):
        assert one == pytest.approx(other, abs=1e-13)


def test_nobody() -> None:
    drawn = network(
        condition("a", 0.6), condition("b", 0.7), finding("f", noisy_or(0.1, a=0.5)), group("any", "a", "b")
    )
    got = Engine(drawn, "ward").compiled.strategy.infer_many(nothing_known(drawn, 0), groups=members(drawn))
    assert [each.shape for each in got] == [(0, 2), (0, 1), (0,)]


def test_what_cannot_be_is_minus_infinity_and_nan() -> None:
    drawn = network(condition("a", 0.6), condition("b", 0.7), finding("f", noisy_or(0.1, a=0.5)))
    impossible = check_evidence(drawn, {"a": "no", "b": "no"})
    with pytest.raises(ImpossibleEvidenceError, match="cannot all be true"):
        Engine(drawn).diagnose(impossible)
    got = Engine(drawn, "ward").compiled.strategy.infer_many(nothing_known(drawn, 2), impossible)
    assert got.log_evidence.tolist() == [-math.inf, -math.inf]
    assert np.isnan(got.marginals).all()


def test_so_many_answers_that_their_product_would_underflow() -> None:
    # P(all yes | a) is 1e-3 ** 400 and P(all yes | b) half as much for the last: far below what a float holds.
    rare = {f"f{i}": noisy_or(0.0005, a=0.001, b=0.001) for i in range(399)}
    rare["last"] = noisy_or(0.0005, a=0.001, b=0.0005)
    read = {f"o{i}": reading(f"g{i}", 0.999, 0.999) for i in range(9)}
    signs = [sign(f"g{i}", noisy_or(0.0005, a=0.001)) for i in range(9)]
    parts = [finding(name, rule) for name, rule in rare.items()] + [finding(name, each) for name, each in read.items()]
    mixed = finding("m", mixture(distribution(u=0.001, v=0.999), a=distribution(u=0.002, v=0.998)), ("u", "v"))
    drawn = network(condition("a", 0.6), condition("b", 0.7), *signs, *parts, mixed)
    patients = [
        check_evidence(drawn, dict.fromkeys(rare, "yes")),
        check_evidence(drawn, dict.fromkeys(rare, "yes") | dict.fromkeys(read, "yes") | {"m": "u"}),
        check_evidence(drawn, dict.fromkeys(rare, "no") | {"m": "u"}),
    ]
    engine = Engine(drawn, "ward")
    got = engine.compiled.strategy.infer_many(encode(drawn, patients))
    assert got.log_evidence[0] < -2500.0
    for row, evidence in enumerate(patients):
        assert_same(got, row, engine, evidence)


def test_what_both_the_evidence_and_the_codes_say_of_a_gate_counts() -> None:
    rule = noisy_or(0.1, a=0.5)
    drawn = network(
        condition("a", 0.6),
        condition("b", 0.7),
        sign("g", rule),
        finding(
            "spot", mixture(distribution(u=0.2, v=0.3, w=0.5), a=distribution(u=0.5, v=0.4, w=0.1)), ("u", "v", "w")
        ),
        finding("seen", reading("g", 0.8, 0.9)),
        finding("in_u_or_v", rule, only_if={"spot": ("u", "v")}),
        finding("of_seen", rule, only_if={"seen": ("yes",)}),
    )
    codes = np.array([[-1, -1, 1, -1], [-1, -1, -1, 0], [-1, -1, 1, 1], [-1, -1, -1, -1]], np.int8)
    given = check_evidence(drawn, {"spot": {"u": 0.3, "v": 0.9, "w": 0.5}, "seen": {"yes": 0.4, "no": 0.2}})
    got = Engine(drawn, "ward").compiled.strategy.infer_many(codes, given)
    for row in range(len(codes)):
        assert_same(got, row, Engine(drawn), decode(drawn, codes[row], given))


def test_codes_and_evidence() -> None:
    drawn = network(
        risk_factor("r", {"low": 0.5, "mid": 0.3, "high": 0.2}),
        condition("a", 0.6),
        condition("b", 0.7),
        finding("f", noisy_or(0.1, a=0.5)),
    )
    patients = [check_evidence(drawn, each) for each in ({"r": "high", "f": "no"}, {"f": "unknown"}, {"f": "yes"})]
    codes = encode(drawn, patients)
    assert codes.tolist() == [[2, 0], [-1, -1], [-1, 1]]
    assert codes.dtype == np.int8
    assert decode(drawn, codes[0]).answers == patients[0].answers
    assert decode(drawn, codes[1]) == NOTHING_KNOWN
    assert decode(drawn, codes[0], patients[2]).answers == {"r": "high", "f": "yes"}
    for answer in ({"a": "yes"}, {"f": {"yes": 0.3, "no": 0.4}}):
        with pytest.raises(Exception, match="codes hold states of findings and risk factors only"):
            encode(drawn, [check_evidence(drawn, answer)])


def test_what_is_no_codes_of_a_network() -> None:
    drawn = network(condition("a", 0.6), condition("b", 0.7), finding("f", noisy_or(0.1, a=0.5)))
    assert check_codes(drawn, np.array([[1]], np.int8)).tolist() == [[1]]
    wrongs: list[Any] = [np.zeros((1, 2), np.int8), np.zeros(1, np.int8), np.zeros((1, 1))]
    for wrong in wrongs:
        with pytest.raises(ValueError, match=r"expected int8 of shape \(rows, 1\)"):
            check_codes(drawn, wrong)
    for value in (2, -2):
        with pytest.raises(ValueError, match="a code is out of the range of its question's states"):
            check_codes(drawn, np.array([[value]], np.int8))
