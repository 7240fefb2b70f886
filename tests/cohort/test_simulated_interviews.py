"""Simulated interviews: they ask what an interview asks, and count what they say they count."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bayesknee import Engine, load_network
from bayesknee.cohort.simulated_interviews import (
    POLICIES,
    DrawnPatients,
    Played,
    Simulation,
    Wanted,
    draw_patients,
    only_asked_of,
    play,
    simulate_interviews,
)
from bayesknee.cohort.simulated_results import collected, mean, paired, result, share
from bayesknee.diagnosis.asking.same_decision import StopRule
from bayesknee.errors import InferenceError, QuestionError
from bayesknee.interop.noisy_or_files import noisy_or_network
from bayesknee.interop.synthetic import synthetic_document
from bayesknee.interview import Interview, Policy
from bayesknee.knowledge.model import LEVELS
from tests.support.paths import KNEE_11, NETWORKS
from tests.support.small_networks import condition, network

TINY = load_network(NETWORKS / "tiny")


@pytest.mark.parametrize(
    ("policy", "how"), [("ours", Policy()), pytest.param("one_by_one", Policy(lists=False), marks=pytest.mark.slow)]
)
def test_a_simulated_interview_is_one_to_the_end(policy: str, how: Policy) -> None:
    """All of it: the same number of questions, items, posteriors and level as by the interview itself."""
    engine = Engine(KNEE_11, "sports_clinic")
    how = replace(how, least_value=0.15, ask_scope=False)
    patients = draw_patients(engine, 4, 0, np.random.default_rng(3))
    played = play(Simulation(engine, how.rule), policy, patients)
    for row in range(4):
        interview = Interview(engine, policy=how)
        _answer_all(interview, patients.codes[row])
        names = list(engine.network.conditions)
        assert (interview.asked, len(interview.state.answers)) == (played.asked[row], played.read[row])
        assert [interview.diagnosis.posterior[name] for name in names] == pytest.approx(played.posterior[row])
        assert interview.diagnosis.triage.level == LEVELS[played.called[row]]


def _answer_all(interview: Interview, codes: Any) -> None:  # noqa: ANN401 (an array)
    network = interview.engine.network
    truth = {name: network.states[name][code] for name, code in zip(network.questions, codes, strict=True)}
    for prompt in interview:
        if prompt.kind == "tick_all":
            interview.answer({each.value: truth[each.value] for each in prompt.options})
        else:
            interview.answer(truth[prompt.id])


def test_all_as_lists_says_the_same_in_fewer_questions() -> None:
    engine = Engine(only_asked_of(TINY, ("patient",)))
    patients = draw_patients(engine, 20, 0, np.random.default_rng(1))
    one_by_one, lists = (play(Simulation(engine), policy, patients) for policy in ("all", "all_lists"))
    assert (one_by_one.posterior == lists.posterior).all()
    assert (one_by_one.read == lists.read).all()
    assert lists.asked.tolist() == (one_by_one.asked - 1).tolist()  # two are ticked together


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
        played = play(Simulation(engine, StopRule(samples=30)), policy, patients, over.append)
        assert played.asked.shape == (30,)
        assert (played.asked >= 2).all()
        assert (played.asked <= 6).all()
        again = play(Simulation(engine, StopRule(samples=30)), policy, patients)
        assert (again.posterior == played.posterior).all()
    assert sum(over) == 30 * len(POLICIES)
    every = play(Simulation(engine), "all", patients)
    assert every.asked.tolist() == (patients.codes >= 0).sum(axis=1).tolist()


def test_where_nothing_can_be_asked_no_policy_goes_on() -> None:
    silent = Engine(network(condition("a", 0.6), condition("b", 0.6), complaint=""))
    patients = draw_patients(silent, 3, 0, np.random.default_rng(0))
    for policy in POLICIES:
        assert play(Simulation(silent, StopRule(samples=10)), policy, patients).asked.tolist() == [0, 0, 0]


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(QuestionError, match="unknown policy 'our'; did you mean ours"):
        Wanted(1, policies=("our",))


def test_the_lots_come_together() -> None:
    wanted = Wanted(2, 5, 1, policies=("all", "ours"), rule=StopRule(samples=20))
    results = collected(TINY, simulate_interviews(TINY, "emergency", wanted))
    assert list(results) == ["own", "redrawn"]
    for some in results.values():
        assert [(each.policy, each.patients) for each in some] == [("all", 10), ("ours", 10)]
        assert some[0].top1_lost is not None
        assert (some[0].top1_lost.value, set(some[0].found)) == (0.0, {"fracture", "infection"})
        assert some[0].found_lost is not None
        assert some[1].found_lost is not None
        for name, lost in some[1].found_lost.items():
            assert some[0].found[name].value - some[1].found[name].value == pytest.approx(lost.share.value)
            assert (some[0].found_lost[name].by_all_alone, some[0].found_lost[name].by_policy_alone) == (0, 0)


def test_slow_policies_play_the_first_lots_only() -> None:
    wanted = Wanted(40, 50, policies=("ours", "fixed", "look_ahead"))
    assert [wanted.in_lot(lot) for lot in (0, 4, 5)] == [["ours", "fixed", "look_ahead"], ["ours", "fixed"], ["ours"]]
    assert wanted.interviews == 2 * 50 * (40 + 5 + 1)
    assert Wanted(1, 10, policies=("fixed",)).in_lot(0) == ["fixed"]


def test_figures_by_hand() -> None:
    conditions = list(TINY.conditions)  # strain, fracture, infection, other
    assert conditions == ["strain", "fracture", "infection", "other"]
    truth = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 1], [0, 1, 0, 0]], np.bool_)
    posterior = np.array(
        [[0.9, 0.01, 0, 0.1], [0.5, 0.4, 0, 0.3], [0.2, 0.6, 0, 0.1], [0.4, 0.3, 0.2, 0.1], [0.9, 0.01, 0.005, 0]]
    )
    patients = DrawnPatients(truth, np.zeros((5, 6), np.int8), np.array([-1, -1, -1, -1, 1]))
    called = np.array(
        [LEVELS.index(level) for level in ("routine", "emergency", "emergency", "routine", "routine")], np.int8
    )
    got = result(
        TINY, "ours", patients, Played(np.array([3, 4, 5, 6, 60]), np.array([5, 5, 7, 9, 60]), posterior, called), None
    )
    assert (got.patients, got.asked.value, got.read.value) == (4, 4.5, 6.5)
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


def test_the_same_patients_by_hand() -> None:
    """Of ten, 3 by the first alone, 1 by the second: with half a patient more of each kind 2/12, variance 56/1728."""
    one, other = np.array([1, 1, 1, 0, 1, 1, 0, 0, 0, 0], bool), np.array([0, 0, 0, 1, 1, 1, 0, 0, 0, 0], bool)
    got = paired(one, other)
    assert (got.by_all_alone, got.by_policy_alone, got.share.value) == (3, 1, 0.2)
    assert got.share.high == pytest.approx(2 / 12 + 1.96 * np.sqrt(56 / 1728), abs=1e-4)
    alike = paired(one, one).share
    assert (alike.value, alike.low, alike.high) == pytest.approx((0.0, -1.96 / 12, 1.96 / 12), abs=1e-4)


def test_patients_who_answered_all_of_very_many_questions_are_refused() -> None:
    document = synthetic_document(60, 60, seed=4, links=20)
    engine = Engine(noisy_or_network(document, "made up").network, memory=150)
    patients = draw_patients(engine, 20, 0, np.random.default_rng(3))
    with pytest.raises(InferenceError, match=r"policy all, all questions answered: .* would take .*; or name other"):
        play(Simulation(engine), "all", patients)


@pytest.mark.parametrize("name", ["posterior_knee", str(KNEE_11)])
def test_without_an_examiner_a_network_keeps_what_the_patient_can_say(name: str) -> None:
    """Exceptions that nobody can state are gone, and so are lines of lists that nobody is there to answer."""
    network = load_network(name)
    small = only_asked_of(network, ("patient",))
    known = {*small.findings, *small.risk_factors}
    assert known == {each for each, question in network.questions.items() if question.asked_of == "patient"}
    for group in small.opening.tick_all.values():
        assert len(group.members) > 1
        assert set(group.members) <= known
    for flag in small.red_flags.values():
        assert all(set(exclusion.when) <= known for exclusion in flag.unless)
    flag = small.red_flags["swollen_calf_with_clot_risk"]
    assert network.red_flags[flag.id].unless
    assert not flag.unless
