"""Many patients at once against the same ones one by one, by numpy and compiled; rows that are too much."""

from __future__ import annotations

import itertools
import math
from random import Random

import numpy as np
import pytest

from bayesknee import Engine
from bayesknee.errors import InferenceError
from bayesknee.inference.elimination import batch
from bayesknee.inference.elimination.kernels import program_of
from bayesknee.inference.elimination.patients import node_evidence, one_patient
from bayesknee.inference.elimination.strategy import Elimination
from bayesknee.inference.enumeration.strategy import Enumeration
from bayesknee.inference.strategy import Strategy
from bayesknee.interop.noisy_or_files import ANSWERS, noisy_or_network
from bayesknee.interop.synthetic import synthetic_document, synthetic_evidence
from bayesknee.knowledge.network import Network
from bayesknee.patient.codes import Codes, decode, encode
from bayesknee.patient.evidence import Evidence, check_evidence
from tests.support.effort import portions
from tests.support.random_networks import Size, random_answers, random_network
from tests.support.small_networks import condition, finding, network, noisy_or, reading, risk_factor, sign
from tests.support.strategies import only

WAYS = {  # from how many patients on code is compiled, and what a structure of its own takes
    "numpy, apart": (10**9, 0.0),
    "numpy, together": (10**9, math.inf),
    "compiled, apart": (0, 0.0),
    "compiled, together": (0, math.inf),
}
SMALL = Size(conditions=(5, 8), risk_factors=(0, 3), signs=(1, 3), findings=(6, 12))


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    patients, seconds = WAYS[request.param]
    monkeypatch.setattr(batch, "FEWEST_COMPILED", patients)
    monkeypatch.setattr(batch, "SECONDS_APART", seconds)
    return str(request.param)


def one_by_one(strategy: Strategy, drawn: Network, codes: Codes, evidence: Evidence, group: frozenset[int]) -> None:
    """Compares all rows, to 1e-12."""
    got = strategy.infer_many(codes, evidence, [group])
    for row, each in enumerate(codes):
        inferred = strategy.infer(decode(drawn, each, evidence))
        assert got.log_evidence[row] == pytest.approx(inferred.log_evidence, rel=1e-12, abs=1e-12)
        if np.isfinite(inferred.log_evidence):
            assert got.marginals[row] == pytest.approx(inferred.marginals, rel=0, abs=1e-12)
            assert got.groups[row, 0] == pytest.approx(inferred.any_of(group), rel=0, abs=1e-12)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("portion", portions(10))
def test_random_networks(portion: range) -> None:
    with only("noisy_or"):
        for seed in portion:
            rng = Random(seed)
            drawn = random_network(rng, SMALL)
            answers = [random_answers(rng, drawn, soft=False, conditions=False) for _ in range(12)]
            codes = encode(drawn, [check_evidence(drawn, each) for each in answers])
            shared = check_evidence(drawn, {next(iter(drawn.conditions)): {"no": 0.3, "yes": 0.9}})
            strategy = Elimination(drawn, rng.choice(list(drawn.settings)))
            one_by_one(strategy, drawn, codes, shared, frozenset([0, 2]))


@pytest.mark.usefixtures("way")
def test_patients_of_whom_no_two_share_their_present_findings() -> None:
    document = synthetic_document(120, 300, seed=2)
    drawn = noisy_or_network(document, "made up").network
    patients = [synthetic_evidence(document, 3 + seed % 8, 20, seed) for seed in range(20)]
    answers = [{name: ANSWERS[answer] for name, answer in each.items()} for each in patients]
    codes = encode(drawn, [check_evidence(drawn, each) for each in answers])
    strategy = Elimination(drawn, drawn.default_setting)
    one_by_one(strategy, drawn, codes, check_evidence(drawn, {}), frozenset(range(30, 60)))


@pytest.mark.usefixtures("way")
def test_a_worked_example() -> None:
    # As in test_strategy: P(f) = 0.271, P(no f, a) = 0.081, P(no f, b) = 0.324; without f what the priors are.
    drawn = network(condition("a", 0.2), condition("b", 0.5), finding("f", noisy_or(0.1, a=0.55, b=0.28)), complaint="")
    got = Elimination(drawn, "ward").infer_many(np.array([[1], [-1]], np.int8))
    assert got.marginals == pytest.approx(np.array([[0.119 / 0.271, 0.176 / 0.271], [0.2, 0.5]]), rel=1e-12)
    assert got.log_evidence == pytest.approx(np.log([0.271, 1.0]), rel=1e-12)


@pytest.mark.usefixtures("way")
def test_rows_that_are_too_much_are_told_and_the_others_scored() -> None:
    document = synthetic_document(60, 60, seed=4, links=20)
    drawn = noisy_or_network(document, "made up").network
    engine = Engine(drawn, memory=5000)
    few, many_findings = {"f1": "yes", "f2": "no"}, dict.fromkeys(list(drawn.findings)[:30], "yes")
    codes = encode(drawn, [check_evidence(drawn, each) for each in (few, many_findings, few)])
    refused: dict[int, str] = {}
    got = engine.compiled.posteriors(codes, refused=refused)
    assert list(refused) == [1]
    assert refused[1].startswith("30 findings and signs that are present or unsure would take about ")
    assert np.isnan(got.log_evidence).tolist() == [False, True, False]
    assert np.isnan(got.marginals[1]).all()
    assert got.marginals[0] == pytest.approx(
        list(Engine(drawn).compiled.strategy.infer(check_evidence(drawn, few)).marginals)
    )
    with pytest.raises(InferenceError, match="30 findings and signs"):
        engine.compiled.posteriors(codes)


def with_risk_factors() -> Network:
    """A complaint, a risk factor of one condition, one of two, and a sign that is read twice."""
    return network(
        condition("a", 0.3, {"own": {"high": 3.0}, "shared": {"old": 2.0}}),
        condition("b", 0.4, {"shared": {"old": 0.5}}),
        condition("c", 0.5),
        risk_factor("own", {"low": 0.6, "high": 0.4}),
        risk_factor("shared", {"young": 0.7, "old": 0.3}),
        sign("lump", noisy_or(0.05, a=0.6, c=0.3)),
        finding("felt", reading("lump", 0.8, 0.9)),
        finding("seen", reading("lump", 0.95, 0.7)),
        finding("pain", noisy_or(0.1, a=0.5, b=0.7)),
        finding("heat", noisy_or(0.02, b=0.4, c=0.6)),
    )


def all_answers(drawn: Network, **known: str) -> Codes:
    """A patient for each combination of answers to the four findings, unknown included."""
    states = ("no", "yes", "unknown")
    combinations = itertools.product(states, repeat=4)
    patients = [dict(zip(drawn.findings, each, strict=True)) | known for each in combinations]
    return encode(drawn, [check_evidence(drawn, each) for each in patients])


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("known", [{}, {"shared": "old"}, {"shared": "young", "own": "high"}])
def test_all_answers_to_a_small_network(known: dict[str, str]) -> None:
    drawn = with_risk_factors()
    codes = all_answers(drawn, **known)
    one_by_one(Elimination(drawn, "ward"), drawn, codes, check_evidence(drawn, {}), frozenset([1, 2]))
    enumerated = Enumeration(drawn, "ward").infer_many(codes)
    assert Elimination(drawn, "ward").infer_many(codes).marginals == pytest.approx(enumerated.marginals, abs=1e-12)


def test_what_a_compiled_run_cannot_do() -> None:
    # A risk factor that several conditions share has an axis of its own, unless it is known.
    strategy = Elimination(with_risk_factors(), "ward")
    programs = []
    for answers in ({}, {"shared": "old"}):
        known = node_evidence(strategy.core.model, check_evidence(strategy.core.model.network, answers))
        structure = one_patient(strategy.core.model, known).structure
        programs.append(program_of(strategy.core.plan_of(structure), structure))
    assert programs[0] is None
    assert programs[1] is not None
