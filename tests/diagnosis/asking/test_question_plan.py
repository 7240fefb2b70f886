"""Questions to ask together: worked examples, and gains and accuracies as sums over all answers."""

from __future__ import annotations

import itertools
import json
import math
import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from bayesknee import Diagnosis, Engine, Network
from bayesknee.arrays import entropy
from bayesknee.diagnosis.asking.question_plan import QuestionPlan
from bayesknee.errors import QuestionError
from bayesknee.patient.askable import askable
from tests.support.all_answers import diagnosed
from tests.support.effort import seeds
from tests.support.paths import KNEE_11
from tests.support.random_networks import SMALL, TINY, seeded_patient
from tests.support.small_networks import condition, finding, network, noisy_or, reading, sign


def two_causes() -> Engine:
    """Base rates 0.6 and 0.6 make {a} 0.4, {b} 0.4 and {a, b} 0.2.

    `f` is there in 0.8 with a, else in 0.1: P(yes) = 0.52, P(a, yes) = 0.48, P(b, yes) = 0.2, P(a, no) = 0.12 and
    P(b, no) = 0.4. `same` reads the same again, by way of a sign that both read perfectly but for 1 in 1000.
    """
    return Engine(
        network(
            condition("a", 0.6),
            condition("b", 0.6),
            sign("g", noisy_or(0.1, a=0.8)),
            finding("f", reading("g", 0.999, 0.999)),
            finding("same", reading("g", 0.998, 0.998)),
            finding("other", noisy_or(0.1, b=0.5)),
        )
    )


def test_by_hand() -> None:
    diagnosis = two_causes().diagnose()
    plan = diagnosis.plan(2)
    first, second = plan.questions
    assert plan.accuracy == pytest.approx(0.6, abs=1e-12)
    # What it says of a is clear: right in 0.48 with yes, and in 0.4 (b) with no, but for 1 in 1000.
    assert first.accuracy == pytest.approx(0.88, abs=0.001)
    assert (first.finding, first.gain) == ("f", diagnosis.next_questions[0].value)
    # On its own `same` tells more than `other`, but next to nothing once `f` is known.
    assert [each.finding for each in diagnosis.next_questions] == ["f", "same", "other"]
    assert second.finding == "other"
    assert (plan.exact, plan.objective, first.standard_error) == (2, "stakes", 0.0)


def test_gains_add_up_to_what_all_answers_tell() -> None:
    """And the accuracy is that of the leader after all answers; both by going through all of them."""
    checked = 0
    for seed in seeds(25):
        patient = seeded_patient(seed)
        diagnosis = Engine(patient.network, patient.setting).diagnose(patient.answers)
        plan = diagnosis.plan(3, objective="information", patterns=10_000)
        names = [each.finding for each in plan.questions]
        for count, question in enumerate(plan.questions, start=1):
            told, accuracy = summed(diagnosis, names[:count])
            assert sum(each.gain for each in plan.questions[:count]) == pytest.approx(told, abs=1e-9), f"seed {seed}"
            assert question.accuracy == pytest.approx(accuracy, abs=1e-9), f"seed {seed}"
            checked += 1
        assert plan.exact == len(names)
    assert checked > 20


def summed(diagnosis: Diagnosis, names: Sequence[str]) -> tuple[float, float]:
    """I(answers; c), summed over conditions, and P(the leader is a cause)."""

    def total(posterior: Mapping[str, float]) -> float:
        return float(entropy(np.array(list(posterior.values()))).sum())

    finals = list(_finals(diagnosis, names))
    left = sum(p * total(posterior) for p, posterior in finals)
    return total(diagnosis.posterior) - left, sum(p * max(posterior.values()) for p, posterior in finals)


def _finals(diagnosis: Diagnosis, names: Sequence[str]) -> Iterator[tuple[float, Mapping[str, float]]]:
    """Each combination of answers: how probable, and the posterior then."""
    open_now = askable(diagnosis.network, diagnosis.evidence, names)
    if not open_now:
        yield 1.0, diagnosis.posterior
        return
    (question,) = diagnosis.rank_questions(within=[open_now[0]])
    for outcome in question.outcomes:
        after = diagnosed(diagnosis, {**diagnosis.evidence.answers, question.finding: outcome.state})
        yield from ((outcome.probability * p, posterior) for p, posterior in _finals(after, names))


def test_greedy_is_not_far_from_the_best() -> None:
    """No proof here (see the module), so it is measured, with equal burdens: 1 - 1/e of the best, and mostly all."""
    shares = []
    for seed in seeds(12):
        patient = seeded_patient(seed, replace(TINY, findings=(6, 6), risk_factors=(0, 1)))
        engine = Engine(without_burdens_and_gates(patient.network), patient.setting)
        diagnosis = engine.diagnose()
        triples = itertools.combinations(engine.network.questions, 3)
        best = max(summed(diagnosis, triple)[0] for triple in triples)
        plan = diagnosis.plan(3, objective="information")
        shares.append(sum(each.gain for each in plan.questions) / best)
    assert min(shares) > 1.0 - math.exp(-1.0)
    assert sum(share > 0.999 for share in shares) > 0.8 * len(shares)


def without_burdens_and_gates(network: Network) -> Network:
    return replace(
        network,
        findings={name: replace(each, burden=1.0, only_if={}) for name, each in network.findings.items()},
        risk_factors={name: replace(each, burden=1.0) for name, each in network.risk_factors.items()},
    )


def test_a_plan_of_many_answers_is_near_the_exact_one() -> None:
    for seed in seeds(5):
        patient = seeded_patient(seed, SMALL)
        diagnosis = Engine(patient.network, patient.setting).diagnose()
        exact = diagnosis.plan(5, patterns=100_000)
        rough = diagnosis.plan(5, patterns=8, patients=4000)
        names = [each.finding for each in rough.questions]
        assert rough.exact < 5 == exact.exact
        for count, question in enumerate(rough.questions, start=1):
            _, accuracy = summed(diagnosis, names[:count])
            error = max(question.standard_error, 1e-9)
            assert question.accuracy == pytest.approx(accuracy, abs=4.5 * error), f"seed {seed}"
        assert sum(each.gain for each in rough.questions) == pytest.approx(
            sum(each.gain for each in exact.questions), rel=0.25
        )


def gated() -> Engine:
    return Engine(
        network(
            condition("a", 0.6),
            condition("b", 0.6),
            finding("lump", noisy_or(0.1, a=0.8)),
            finding("soft", noisy_or(0.05, a=0.95), only_if={"lump": ("yes",)}),
        )
    )


def test_a_gated_question_counts_where_its_gate_holds() -> None:
    plan = gated().diagnose().plan(5)
    assert [each.finding for each in plan.questions] == ["lump", "soft"]
    after = gated().diagnose({"lump": "yes"}).next_questions[0]
    assert plan.questions[1].gain == pytest.approx(0.52 * after.value, abs=1e-12)
    assert gated().diagnose().plan(5, within=["soft"]).questions == ()


def test_a_plan_is_a_value_and_repeats() -> None:
    engine, other = (Engine(KNEE_11) for _ in range(2))
    plan = engine.diagnose({"age": 52}).plan(4, asked_of="patient", topic=["swelling", "mechanical"], patterns=8)
    assert plan == other.diagnose({"age": 52}).plan(4, asked_of="patient", topic=["swelling", "mechanical"], patterns=8)
    assert pickle.loads(pickle.dumps(plan)) == plan  # noqa: S301 (our own)
    assert json.loads(json.dumps(plan.to_dict()))["questions"][0]["finding"] == plan.questions[0].finding


def test_as_a_table() -> None:
    plan: QuestionPlan = two_causes().diagnose().plan(2)
    frame = plan.to_frame()
    assert list(frame.columns) == ["finding", "question", "gain", "accuracy", "standard_error"]
    assert frame.index.tolist() == [0, 1, 2]
    assert frame["finding"].tolist() == ["", "f", "other"]
    assert frame["accuracy"].tolist() == [plan.accuracy, *(each.accuracy for each in plan.questions)]
    assert frame["accuracy"].is_monotonic_increasing


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"count": 0}, "count 0; expected 1 or more; correct it"),
        ({"count": 2, "patterns": 0}, "patterns 0; expected 1 or more"),
        ({"count": 2, "objective": "fun"}, "unknown objective 'fun'"),
        ({"count": 2, "topic": "fun"}, "unknown topic 'fun'; known are talk"),
    ],
)
def test_what_there_is_not(options: dict[str, object], message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        two_causes().diagnose().plan(**options)  # type: ignore[arg-type]


def test_of_very_many_questions_those_worth_most_alone_come_after_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`same` is worth nearly as much as `f` alone and nothing beside it; `other` is what a plan of two has else."""
    diagnosis = two_causes().diagnose()
    assert [each.finding for each in diagnosis.next_questions] == ["f", "same", "other"]
    assert [each.finding for each in diagnosis.plan(2).questions] == ["f", "other"]
    monkeypatch.setattr("bayesknee.diagnosis.asking.question_plan.MOST_CANDIDATES", 1)
    assert [each.finding for each in diagnosis.plan(2).questions] == ["f", "same"]


def test_it_is_told_how_far_it_is() -> None:
    told: list[int] = []
    plan = Engine(KNEE_11).diagnose({"age": 45}).plan(3, patterns=8, patients=10, progress=told.append)
    assert told == [1] * len(plan.questions) == [1, 1, 1]
