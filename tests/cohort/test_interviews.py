"""Simulated interviews: they ask what an interview asks, and count what they say they count."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bayesknee import Engine, load_network
from bayesknee.cohort.interview_results import collected, mean, result, share
from bayesknee.cohort.interviews import (
    POLICIES,
    Patients,
    Plan,
    Played,
    Wanted,
    draw_patients,
    only_asked_of,
    play,
    simulate,
)
from bayesknee.errors import QuestionError
from bayesknee.inference.stop import StopRule
from bayesknee.interview import Interview, Policy
from bayesknee.knowledge.model import LEVELS

TINY = load_network(Path(__file__).parents[1] / "networks" / "tiny")


def test_ours_asks_what_an_interview_asks_up_to_the_rule() -> None:
    """An interview then asks what could be a warning sign, which the simulated policies leave out."""
    engine = Engine("posterior_knee", "sports_clinic")
    rule = StopRule(threshold=1.0, least_value=0.15)  # without sampling, so that both stop alike
    plan = Plan(engine, rule)
    patients = draw_patients(engine, 6, 0, np.random.default_rng(3))
    played = play(plan, "ours", patients)
    for row in range(6):
        interview = engine.interview(policy=Policy(threshold=1.0, least_value=0.15))
        _answer_to_the_rule(interview, patients.codes[row])
        settled = interview.advice.same_decision == 1.0  # the interview looks at this, too
        assert interview.asked == played.asked[row] or settled
        if interview.asked == played.asked[row]:
            names = list(engine.network.conditions)
            assert [interview.diagnosis.posterior[name] for name in names] == pytest.approx(played.posterior[row])
            assert interview.diagnosis.triage.level == LEVELS[played.called[row]]


def _answer_to_the_rule(interview: Interview, codes: Any) -> None:  # noqa: ANN401 (an array)
    network = interview.engine.network
    truth = {name: network.states[name][code] for name, code in zip(network.questions, codes, strict=True)}
    for prompt in interview:
        if prompt.id not in network.opening.questions and interview.advice.stop:
            return
        if prompt.kind == "tick_all":
            interview.answer([each.value for each in prompt.options if truth[each.value] == "yes"])
        else:
            interview.answer(truth[prompt.id])


def test_a_network_without_what_is_not_asked_says_the_same() -> None:
    small = only_asked_of(TINY, ("patient",))
    assert "effusion_felt" not in small.findings
    assert small.red_flags["hot_elbow"].when == (
        {"onset": ("sudden", "fall")},
        {"swelling_noticed": ("yes",)},
    )
    answers = {"age": 40, "pain_on_grip": "yes", "onset": "fall"}
    assert Engine(small).diagnose(answers).posterior == pytest.approx(Engine(TINY).diagnose(answers).posterior)


def test_each_policy_ends_and_all_have_asked_all() -> None:
    engine = Engine(only_asked_of(TINY, ("patient",)))
    patients = draw_patients(engine, 20, 5, np.random.default_rng(1))
    assert np.bincount(patients.sought + 1).tolist() == [20, 0, 5, 5]
    assert patients.conditions[patients.sought == 1, 1].all()
    over: list[int] = []
    for policy in POLICIES:
        played = play(Plan(engine, StopRule(samples=30)), policy, patients, over.append)
        assert played.asked.shape == (30,)
        assert (played.asked >= 2).all()
        assert (played.asked <= 6).all()
        again = play(Plan(engine, StopRule(samples=30)), policy, patients)
        assert (again.posterior == played.posterior).all()
    assert sum(over) == 30 * len(POLICIES)
    every = play(Plan(engine), "all", patients)
    assert every.asked.tolist() == (patients.codes >= 0).sum(axis=1).tolist()


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(QuestionError, match="unknown policy 'our'; did you mean ours"):
        Wanted(1, policies=("our",))


def test_the_lots_come_together() -> None:
    wanted = Wanted(2, 5, 1, policies=("all", "ours"), rule=StopRule(samples=20))
    results = collected(TINY, simulate(TINY, "emergency", wanted))
    assert list(results) == ["own", "redrawn"]
    for some in results.values():
        assert [(each.policy, each.patients) for each in some] == [("all", 10), ("ours", 10)]
        assert some[0].top1_lost is not None
        assert (some[0].top1_lost.value, set(some[0].found)) == (0.0, {"fracture", "infection"})


def test_figures_by_hand() -> None:
    conditions = list(TINY.conditions)  # strain, fracture, infection, other
    assert conditions == ["strain", "fracture", "infection", "other"]
    truth = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 1], [0, 1, 0, 0]], np.bool_)
    posterior = np.array(
        [[0.9, 0.01, 0, 0.1], [0.5, 0.4, 0, 0.3], [0.2, 0.6, 0, 0.1], [0.4, 0.3, 0.2, 0.1], [0.9, 0.01, 0.005, 0]]
    )
    patients = Patients(truth, np.zeros((5, 6), np.int8), np.array([-1, -1, -1, -1, 1]))
    called = np.array([2, 0, 0, 2, 2], np.int8)  # routine, emergency, emergency, routine, routine
    got = result(TINY, "ours", patients, Played(np.array([3, 4, 5, 6, 60]), posterior, called), None)
    assert (got.patients, got.asked.value) == (4, 4.5)
    assert (got.top1.value, got.top3.value) == (0.5, 0.75)
    first = (0.1**2 + 0.01**2 + 0.1**2) / 4
    rest = (0.5**2 + 0.6**2 + 0.3**2) / 4 + (0.8**2 + 0.4**2 + 0.1**2) / 4 + (0.4**2 + 0.3**2 + 0.2**2 + 0.9**2) / 4
    assert got.brier.value == pytest.approx((first + rest) / 4)
    assert (got.over_triage.value, got.under_triage.value) == (0.0, 0.0)
    assert got.found["fracture"].value == pytest.approx(2 / 3)  # the limit is 2 %
    assert "infection" not in got.found


def test_intervals_by_hand() -> None:
    # Wilson 1927: for 8 of 10, 0.490 to 0.943.
    got = share(np.array([1.0] * 8 + [0.0] * 2))
    assert (got.value, got.low, got.high) == pytest.approx((0.8, 0.4902, 0.9433), abs=1e-4)
    around = mean(np.array([1.0, 2.0, 3.0]))
    assert (around.value, around.high) == pytest.approx((2.0, 2.0 + 1.96 / np.sqrt(3)), abs=1e-4)
