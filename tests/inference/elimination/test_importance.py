"""Approximations: they say so, their errors hold, and what cannot be told is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bayesknee import Diagnosis, Engine
from bayesknee.display.text import diagnosis_text
from bayesknee.errors import InferenceError
from bayesknee.inference.elimination import importance
from bayesknee.inference.elimination.importance import Bounded, given_others
from bayesknee.inference.elimination.network_arrays import make_effect
from bayesknee.inference.elimination.patients import node_evidence, one_patient
from bayesknee.inference.elimination.strategy import Elimination
from bayesknee.interop.noisy_or_files import NoisyOrFile, noisy_or_network
from bayesknee.interop.synthetic import synthetic_document, synthetic_evidence
from bayesknee.patient.evidence import check_evidence
from tests.support.small_networks import condition, finding, group, network, noisy_or


@pytest.fixture(scope="module")
def made_up() -> NoisyOrFile:
    document = synthetic_document(80, 300, seed=4, links=10)
    return noisy_or_network(document | {"evidence": synthetic_evidence(document, 8, 12, seed=1)}, "made up")


@pytest.fixture(scope="module")
def exact(made_up: NoisyOrFile) -> Diagnosis:
    return Engine(made_up.network).diagnose(made_up.evidence)


@pytest.fixture(scope="module")
def approximated(made_up: NoisyOrFile) -> Diagnosis:
    return Engine(made_up.network, memory=1_000).diagnose(made_up.evidence)


def test_the_error_bars_hold(exact: Diagnosis, approximated: Diagnosis) -> None:
    how = approximated.approximation
    assert exact.exact
    assert exact.approximation is None
    assert not approximated.exact
    assert how is not None
    assert how.bounded >= 1
    assert importance.FEWEST_EFFECTIVE <= how.effective <= how.draws
    assert 0.0 < how.largest_error < 0.05
    assert abs(approximated.log_evidence - exact.log_evidence) <= 2.0 * how.log_evidence_error


def test_95_percent_intervals_hold_the_exact_figure_at_least_as_often(
    made_up: NoisyOrFile, exact: Diagnosis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a run the errors go together, so it takes several to see."""
    held = []
    for seed in range(12):
        monkeypatch.setattr(importance, "SEED", seed)
        got = Engine(made_up.network, memory=1_000).diagnose(made_up.evidence)
        assert got.approximation is not None
        errors = got.approximation.errors
        off = {name: abs(got.posterior[name] - p) for name, p in exact.posterior.items()}
        held.append(np.mean([off[name] <= errors[name] for name in off]))
        # No condition is told more finely than what nobody drawn may have: 3 in as many draws.
        assert min(errors.values()) >= 3.0 / got.approximation.effective
    assert np.mean(held) > 0.95


def test_the_same_figures_each_time(made_up: NoisyOrFile, approximated: Diagnosis) -> None:
    again = Engine(made_up.network, memory=1_000).diagnose(made_up.evidence)
    assert again.posterior == approximated.posterior


def test_text_and_json_say_so(exact: Diagnosis, approximated: Diagnosis) -> None:
    text = diagnosis_text(approximated)
    assert "Approximate: exact work would take too much." in text
    assert "+- " in text
    assert "Approximate" not in diagnosis_text(exact)
    told = json.loads(json.dumps(approximated.to_dict()))
    assert (told["exact"], told["next_questions"]) == (False, [])
    assert told["approximation"]["draws"] > 0
    assert told["approximation"]["largest_error"] == max(each["error"] for each in told["posterior"])
    assert exact.to_dict(questions=0)["exact"] is True
    assert "approximation" not in exact.to_dict(questions=0)


def test_what_is_only_exact_is_refused(made_up: NoisyOrFile, approximated: Diagnosis) -> None:
    told = r"present or unsure would take about .* MB and .* s; allowed are 0.001 MB and 20 s; leave some out"
    strategy = approximated.compiled.strategy
    evidence = check_evidence(made_up.network, made_up.evidence)
    with pytest.raises(InferenceError, match=told):
        approximated.rank_questions()
    with pytest.raises(InferenceError, match=told):
        strategy.sample(evidence, 10, np.random.default_rng(1))


def test_an_approximation_that_is_too_poor_is_refused(made_up: NoisyOrFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importance, "FEWEST_EFFECTIVE", 1e9)
    monkeypatch.setattr(importance, "MOST_DRAWS", 4096)
    with pytest.raises(InferenceError, match=r"an approximation was tried, and its error could not be told \(4,096 "):
        Engine(made_up.network, memory=1_000).diagnose(made_up.evidence)


def test_a_budget_that_nothing_fits(made_up: NoisyOrFile) -> None:
    with pytest.raises(InferenceError, match=r"allowed are 1e-06 MB and 20 s; leave some out, or allow more"):
        Engine(made_up.network, memory=1).diagnose(made_up.evidence)


def test_with_a_complaint_groups_and_an_unsure_answer() -> None:
    parts = [condition(f"c{i}", 0.06) for i in range(25)]
    findings = [finding(f"f{j}", noisy_or(0.05, **{f"c{i}": 0.7 for i in range(j, j + 6)})) for j in range(8)]
    drawn = network(*parts, *findings, group("some", "c1", "c2"))
    answers: dict[str, object] = {f"f{j}": "yes" for j in range(6)} | {"f6": {"yes": 0.9, "no": 0.2}, "f7": "no"}
    exact = Engine(drawn).diagnose(answers)
    memory = 2_000
    approximated = Engine(drawn, memory=memory).diagnose(answers)
    assert not approximated.exact
    assert dict(approximated.posterior) == pytest.approx(dict(exact.posterior), abs=0.02)
    assert approximated.groups["some"] == pytest.approx(exact.groups["some"], abs=0.03)
    assert approximated.log_evidence == pytest.approx(exact.log_evidence, abs=0.1)


def test_the_bound_is_one() -> None:
    effect = make_effect({0: 1.0 - 0.97 * 0.5, 1: 1.0 - 0.97e-9}, 0.03)
    sets = np.array([[False, False], [True, False], [False, True], [True, True]])
    for xi in (1e-3, 0.3, 5.0):
        weights = Bounded(7, effect, -float(effect.log_no_leak), xi).log_weight(sets)
        assert (weights <= 1e-12).all()
    touching = Bounded(7, effect, -float(effect.log_no_leak), 1.0).nearer(np.array([1.0, 0.0]), 1.0)
    assert touching.log_weight(sets)[1] == pytest.approx(0.0, abs=1e-12)  # the tangent at what was expected


def test_given_all_others() -> None:
    # P(a) = 0.2, leak 0.1, q_a = 0.5, q_b = 0.2: with b, P(f | a) = 1 - 0.9 * 0.5 * 0.8, P(f | no a) = 1 - 0.9 * 0.8
    drawn = network(condition("a", 0.2), condition("b", 0.5), finding("f", noisy_or(0.1, a=0.55, b=0.28)), complaint="")
    model = Elimination(drawn, "ward").core.model
    patient = one_patient(model, node_evidence(model, check_evidence(drawn, {"f": "yes"})))
    values = given_others(patient, np.array([[False, True], [True, True]]))
    expected = 0.2 * 0.64 / (0.2 * 0.64 + 0.8 * 0.28)
    assert values[:, 0] == pytest.approx([expected, expected])


def test_a_probability_is_none_above_one() -> None:
    """Weights sum to 1 but for rounding; these sum to 1 + 2^-52."""
    weights = np.full(4, np.nextafter(0.25, 1.0))
    means, _ = importance._errors(weights, np.ones((4, 2)))  # noqa: SLF001 (what all posteriors go through)
    assert float(weights @ np.ones(4)) > 1.0
    assert (means == 1.0).all()
