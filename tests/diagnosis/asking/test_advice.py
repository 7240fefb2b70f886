"""When to stop asking: worked examples, and the same-decision probability against a sum over all answers."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterable
from dataclasses import replace

import pytest
from immutabledict import immutabledict

from bayesknee import BayeskneeError, Diagnosis, Engine, Evidence
from bayesknee.diagnosis.asking.advice import StopAdvice, _reasons
from bayesknee.diagnosis.asking.assessment import Assessment
from bayesknee.diagnosis.asking.candidates import LINE
from bayesknee.diagnosis.asking.dangers import LEAST_CHANCE, MOST_DRAWN, HiddenDanger
from bayesknee.diagnosis.asking.same_decision import MOST_MISSED, StopRule
from bayesknee.errors import QuestionError
from bayesknee.knowledge.model import RedFlag
from bayesknee.knowledge.opening import Opening, TickAll
from bayesknee.patient.askable import reachable
from bayesknee.patient.evidence import check_evidence
from tests.support.all_answers import all_answered
from tests.support.effort import seeds
from tests.support.random_networks import TINY, seeded_patient
from tests.support.small_networks import condition, finding, network, noisy_or, probability, risk_factor
from tests.support.strategies import only


def two_causes(limit: float = 0.1, *, dangerous: bool = False) -> Engine:
    """Base rates 0.8 and 0.4 make {a} 0.6, {b} 0.2 and {a, b} 0.2; the finding is there in 0.8 with b, else in 0.1.

    So P(yes) = 0.06 + 0.16 + 0.16 = 0.38. After yes b leads: P(b) = 0.32 / 0.38, P(a) = 0.22 / 0.38; after no a does:
    P(b) = 0.08 / 0.62.
    """
    b = replace(condition("b", 0.4), limit=probability(limit), must_not_miss=dangerous)
    return Engine(network(condition("a", 0.8), b, finding("f", noisy_or(0.1, b=0.8))))


def test_the_same_decision_by_hand() -> None:
    advice = two_causes().diagnose().stop(least_value=0.0, threshold=0.6, samples=400)
    assert advice.same_leader == pytest.approx(0.62, abs=5.0 * advice.standard_error)
    assert (advice.same_decision, advice.same_level) == (advice.same_leader, 1.0)
    assert advice.standard_error == pytest.approx((0.62 * 0.38 / 400) ** 0.5, abs=0.002)
    assert (advice.left, advice.best, advice.samples, advice.threshold) == (1, "f", 400, 0.6)


@pytest.mark.parametrize(("threshold", "stop"), [(0.3, True), (0.9, False)])
def test_the_threshold_decides(threshold: float, stop: bool) -> None:
    advice = two_causes().diagnose().stop(threshold=threshold)
    assert advice.stop == stop
    assert advice.samples < 400  # few patients suffice to tell the share from a threshold that is far away
    (told, _) = advice.reasons
    assert told.startswith("were all of 1 question left answered, leader and level of urgency would stay what they are")
    assert told.endswith("at or over the threshold of 30 %" if stop else "below the threshold of 90 %")


def weakly_told() -> Engine:
    """As `two_causes`, with two findings that are there in 0.25 with b, else in 0.1.

    After one yes a still leads, with 0.06 + 0.05 against 0.05 + 0.05; after two b does, with 0.0125 + 0.0125 against
    0.006 + 0.0125. So no answer alone changes the leader, and both do with a chance of 0.031.
    """
    findings = (finding(name, noisy_or(0.1, b=0.25)) for name in ("f", "g"))
    return Engine(network(condition("a", 0.8), condition("b", 0.4), *findings))


@pytest.mark.parametrize(
    ("engine", "rule", "enough"),
    [
        (two_causes(0.2, dangerous=True), StopRule(least_value=9.0, threshold=0.01), False),  # b may come under 0.2
        (two_causes(), StopRule(least_value=9.0, threshold=1.0), True),  # nothing is worth its burden
        (two_causes(), StopRule(least_value=0.0, threshold=0.5), True),  # the answer changes it in 0.38; SDP is 0.62
        (two_causes(), StopRule(least_value=0.0, threshold=0.7), False),
        (weakly_told(), StopRule(least_value=0.0, threshold=0.9), True),  # SDP is 0.969
        (weakly_told(), StopRule(least_value=0.0, threshold=1.0), False),
    ],
    ids=["open danger", "not worth it", "settled", "one changes it", "agreed", "both change it"],
)
def test_is_enough(engine: Engine, rule: StopRule, enough: bool) -> None:
    diagnosis = engine.diagnose()
    assert Assessment(diagnosis, tuple(engine.network.findings), rule).is_enough == enough


def test_one_question_that_changes_the_decision_too_often_spares_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bayesknee.diagnosis.asking.assessment.same_decision", None)
    assert not Assessment(two_causes().diagnose(), ("f",), StopRule(least_value=0.0, threshold=0.7)).is_enough
    with pytest.raises(TypeError):  # 0.38 is not over 1 - 0.6, so that patients are drawn
        _ = Assessment(two_causes().diagnose(), ("f",), StopRule(least_value=0.0, threshold=0.6)).is_enough


@pytest.mark.parametrize(("least_value", "stop"), [(0.2, False), (0.9, True)])
def test_what_is_not_worth_its_burden_is_not_asked(least_value: float, stop: bool) -> None:
    diagnosis = two_causes().diagnose()
    (question,) = diagnosis.next_questions
    advice = diagnosis.stop(least_value=least_value)
    assert (advice.stop, advice.best_value) == (stop, question.value)
    than = "below 0.9" if stop else "not below 0.2"
    assert (
        advice.reasons[0 if stop else -1] == f"the best question left, 'f', is worth {question.value:.4f} bits, {than}"
    )


def test_an_open_danger_keeps_asking_going_whatever_else() -> None:
    advice = two_causes(limit=0.2, dangerous=True).diagnose().stop(threshold=0.01, least_value=9.0)
    (danger,) = advice.open_dangers
    assert not advice.stop
    assert (danger.condition, danger.finding, danger.limit) == ("b", "f", 0.2)
    assert [danger.probability, danger.chance, danger.lowest] == pytest.approx([0.4, 0.62, 0.08 / 0.62], abs=1e-12)
    assert advice.reasons[0] == (
        "B 40 % is not below its limit of 20 %; an answer to 'f' would take it below, to 12.9 % at the lowest, "
        "with a chance of 62 % (one question ahead)"
    )


def test_a_danger_that_no_answer_can_close_does_not() -> None:
    """After no, P(b) is 0.129, which is not below a limit of 0.12."""
    advice = two_causes(limit=0.12, dangerous=True).diagnose().stop(threshold=0.01)
    assert (advice.stop, advice.open_dangers) == (True, ())
    lower = two_causes(limit=0.12, dangerous=True).diagnose().stop(threshold=0.01, limits={"b": 0.13})
    assert (lower.stop, len(lower.open_dangers)) == (False, 1)


def test_nothing_left_to_ask() -> None:
    advice = two_causes(limit=0.2, dangerous=True).diagnose({"f": "yes"}).stop()
    assert advice.stop
    assert (advice.same_decision, advice.standard_error, advice.samples, advice.left) == (1.0, 0.0, 0, 0)
    assert (advice.best, advice.best_value, advice.reasons) == ("", 0.0, ("nothing is left to ask",))


def test_the_same_answers_get_the_same_advice() -> None:
    first, second = two_causes().diagnose().stop(), two_causes().diagnose().stop()
    assert first == second
    assert two_causes().diagnose().stop(seed=1).same_decision != first.same_decision
    assert pickle.loads(pickle.dumps(first)) == first  # noqa: S301 (our own)
    assert json.loads(json.dumps(first.to_dict()))["same_decision"] == first.same_decision


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": -1}, "seed -1; expected a whole number, 0 or more; correct it"),
        ({"threshold": 0.0}, "threshold 0; expected a number above 0, at most 1; correct it"),
        ({"threshold": 95.0}, "threshold 95; expected a number above 0, at most 1"),
        ({"least_value": -1.0}, "least value -1; expected a number of bits, 0 or more; correct it"),
        ({"most_missed": 2.0}, "most missed 2; expected a probability; correct it"),
        ({"samples": 0}, "0 samples; expected 1 or more"),
        ({"objective": "stake"}, "unknown objective 'stake'; did you mean stakes"),
        ({"asked_of": "nurse"}, "unknown asked_of 'nurse'"),
    ],
)
def test_numbers_out_of_range(options: dict[str, object], message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        two_causes().diagnose().stop(**options)  # type: ignore[arg-type]


def test_limits_are_checked() -> None:
    with pytest.raises(BayeskneeError, match=r"limit 2\.0 of a; expected a probability inside"):
        two_causes().diagnose().stop(limits={"a": 2.0})


# --- against a sum over all answers -----------------------------------------------------------------------------------


def exact(diagnosis: Diagnosis, names: Iterable[str]) -> float:
    """P(leader and level stay), asking one question after the other until none can be asked."""
    return sum(p for p, final in all_answered(diagnosis, names) if _decision(final) == _decision(diagnosis))


def _decision(diagnosis: Diagnosis) -> tuple[str, str]:
    return next(iter(diagnosis.posterior)), diagnosis.triage.level


def test_the_same_decision_as_a_sum_over_all_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bayesknee.diagnosis.asking.same_decision.SURE", float("inf"))
    between = 0
    for seed in seeds(40):
        patient = seeded_patient(seed, replace(TINY, findings=(3, 4), risk_factors=(0, 1)))
        diagnosis = Engine(patient.network, patient.setting).diagnose(patient.answers)
        expected = exact(diagnosis, patient.network.questions)
        advice = diagnosis.stop(samples=1000)
        error = max(advice.standard_error, 0.002)
        assert advice.same_decision == pytest.approx(expected, abs=4.5 * error), f"seed {seed}"
        between += 0.05 < expected < 0.95
    assert between > 5


def test_where_all_answers_are_too_many_it_looks_ahead_to_the_best_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bayesknee.diagnosis.asking.same_decision.SURE", float("inf"))
    monkeypatch.setattr("bayesknee.inference.elimination.strategy.FOLLOWED", (2,))
    with only("noisy_or"):
        for seed in seeds(10):
            patient = seeded_patient(seed, replace(TINY, conditions=(3, 4), findings=(4, 5), risk_factors=(0, 0)))
            diagnosis = Engine(patient.network, patient.setting).diagnose(patient.answers)
            advice = diagnosis.stop(samples=1000)
            if advice.left <= 2:
                assert advice.foreseen == advice.left
                continue
            best = [each.finding for each in diagnosis.next_questions[:2]]
            error = max(advice.standard_error, 0.002)
            assert advice.foreseen == 2
            assert advice.same_decision == pytest.approx(exact(diagnosis, best), abs=4.5 * error), f"seed {seed}"
            assert f"were the best 2 of {advice.left} questions left answered" in " ".join(advice.reasons)


# --- what may still be asked ------------------------------------------------------------------------------------------


def gated() -> Engine:
    return Engine(
        network(
            risk_factor("sport", {"none": 0.7, "run": 0.3}),
            condition("a", 0.6),
            condition("b", 0.6),
            finding("lump", noisy_or(0.1, a=0.8)),
            finding("soft", noisy_or(0.2, a=0.9), only_if={"lump": ("yes",)}),
            finding("moves", noisy_or(0.2, b=0.9), only_if={"soft": ("yes",), "sport": ("run",)}),
        )
    )


@pytest.mark.parametrize(
    ("answers", "wanted", "found"),
    [
        ({}, "lump soft moves sport", "lump soft moves sport"),
        ({"lump": "no"}, "lump soft moves sport", "sport"),
        ({"lump": "unknown"}, "lump soft moves sport", "sport"),
        ({"sport": "none"}, "lump soft moves sport", "lump soft"),
        ({"sport": "run"}, "lump soft moves sport", "lump soft moves"),
        ({}, "soft moves", ""),
        ({"lump": "yes"}, "soft moves", "soft"),
        ({"moves": "no"}, "lump soft moves sport", ""),
    ],
)
def test_reachable(answers: dict[str, str], wanted: str, found: str) -> None:
    net = gated().network
    assert set(reachable(net, check_evidence(net, answers), wanted.split())) == set(found.split())
    assert advice_of(gated(), answers, wanted).left == len(found.split())


def advice_of(engine: Engine, answers: dict[str, str], wanted: str) -> StopAdvice:
    return engine.diagnose(answers).stop(within=wanted.split())


def test_none_can_be_asked_now_but_an_answer_may_open_it() -> None:
    """What cannot be asked is not what may be opened: an unasked gate outside the filter opens nothing."""
    assert reachable(gated().network, Evidence(), ["soft"]) == ()
    assert gated().diagnose().stop(within=["soft"]).reasons == ("nothing is left to ask",)


# --- how many are left ------------------------------------------------------------------------------------------------


def test_what_is_worth_asking_by_hand() -> None:
    assert two_causes().diagnose().stop(least_value=0.1).worth_asking == 1
    assert two_causes().diagnose().stop(least_value=9.0).worth_asking == 0
    assert two_causes(limit=0.2, dangerous=True).diagnose().stop(least_value=9.0).worth_asking == 1
    assert two_causes().diagnose({"f": "no"}).stop().worth_asking == 0


def test_a_list_counts_once_among_what_is_worth_asking() -> None:
    engine = with_list()
    assert engine.diagnose().stop(least_value=1e-6).worth_asking == 1
    assert engine.diagnose().stop(least_value=1e-6, lists=False).worth_asking == 2
    assert engine.diagnose({"f": "no"}).stop(least_value=1e-6).worth_asking == 1


# --- lists, and what is asked before it ends --------------------------------------------------------------------------


def with_list() -> Engine:
    """As `two_causes`, with two findings alike that can be ticked together."""
    alike = [finding(name, noisy_or(0.1, b=0.8)) for name in ("f", "g")]
    made = network(condition("a", 0.8), condition("b", 0.4), *alike)
    both = TickAll("both", "Which of these?", ("f", "g"))
    return Engine(replace(made, opening=Opening((), immutabledict({"both": both}))))


def test_a_list_is_worth_the_sum_of_its_members_for_what_reading_it_burdens() -> None:
    diagnosis = with_list().diagnose()
    (first, _) = diagnosis.next_questions
    advice = diagnosis.stop()
    assert advice.best == "both"
    assert advice.best_value == pytest.approx(2.0 * first.value / (1.0 + LINE))
    alone = diagnosis.stop(lists=False)
    assert (alone.best, alone.best_value) == ("f", first.value)
    assert "the best question left, 'Which of these?', is worth" in advice.reasons[-1]


def test_the_chances_of_a_list_count_together() -> None:
    """Each of four rare warning signs alone is too unlikely to be asked for; in a list they are not."""
    rare = [finding(name, noisy_or(0.001, a=0.006)) for name in ("f", "g", "h", "i")]
    signs = {each.id: ("yes",) for each in rare}
    flag = RedFlag("rare", "Rare", "emergency", "It is rare.", (signs,), "judged", "a test")
    made = network(condition("a", 0.6), condition("b", 0.6), *rare)
    group = TickAll("rare", "Which of these?", ("f", "g", "h", "i"))
    made = replace(made, red_flags={"rare": flag}, opening=Opening((), immutabledict({"rare": group})))
    diagnosis = Engine(made).diagnose()
    (first, *_) = advised = diagnosis.stop(least_value=9.0).open_flags
    assert len(advised) == 4
    assert first.chance < LEAST_CHANCE < 4.0 * first.chance / (1.0 + 3.0 * LINE)
    assert diagnosis.stop(least_value=9.0).last == "rare"
    assert diagnosis.stop(least_value=9.0, lists=False).last == ""


# --- what ending would miss -------------------------------------------------------------------------------------------


def hidden(limit: float, most_missed: float = MOST_MISSED) -> StopAdvice:
    """P(b) is 0.4, and 0.32 / 0.38 after yes, which b brings in 0.8."""
    diagnosis = two_causes(limit, dangerous=True).diagnose()
    return diagnosis.stop(threshold=0.01, least_value=9.0, most_missed=most_missed)


def test_what_ending_would_miss_is_asked_for() -> None:
    advice = hidden(0.5)
    (danger,) = advice.hidden_dangers
    assert (advice.stop, advice.last, danger.condition, danger.limit) == (False, "f", "b", 0.5)
    assert (danger.drawn, advice.foreseen_of_hidden) == (MOST_DRAWN, 1)
    assert danger.found / MOST_DRAWN == pytest.approx(0.8, abs=4.5 * (0.16 / MOST_DRAWN) ** 0.5)
    assert [danger.probability, danger.missed] == pytest.approx([0.4, 0.4 * danger.found / MOST_DRAWN])
    assert advice.missed == danger.missed
    below, missed, *_ = advice.reasons
    assert below.startswith(
        f"B 40 % is below its limit of 50 %; in {danger.found} of 240 patients drawn who have it, asking"
    )
    assert missed.endswith(f"in {10_000 * danger.missed:,.0f} of 10,000 such patients (estimated), over 2")
    assert json.loads(json.dumps(advice.to_dict()))["hidden_dangers"][0]["condition"] == "b"


def test_what_asking_on_cannot_find_is_not_missed_by_ending() -> None:
    advice = hidden(0.9)
    assert (advice.stop, advice.last, advice.missed) == (True, "", 0.0)
    assert advice.reasons[-1] == (
        "of 240 patients drawn who have what is dangerous and below its limit now, asking all of 1 question left would "
        "find none"
    )


@pytest.mark.parametrize(("drawn", "found", "told"), [(240, 2, "83"), (10, 1, "997"), (100, 1, "100"), (1000, 1, "10")])
def test_how_many_would_be_missed_is_told_in_plain_figures(drawn: int, found: int, told: str) -> None:
    """0.00997 is 100 of 10,000, and not 1e+02."""
    danger = HiddenDanger("b", 0.997, 0.999, drawn, found, 0.997 * found / drawn)
    advice = replace(hidden(0.5), hidden_dangers=(danger,), missed=danger.missed)
    assert f" in {told} of 10,000 such patients" in "; ".join(_reasons(two_causes().network, advice))


@pytest.mark.parametrize(("most_missed", "stop", "drawn"), [(0.2, False, 1), (0.39, True, 1), (0.41, True, 0)])
def test_how_much_may_be_missed(most_missed: float, stop: bool, drawn: int) -> None:
    """0.32 is missed, and no more than P(b) = 0.4 can be, for which nobody needs to be drawn."""
    advice = hidden(0.5, most_missed=most_missed)
    assert (advice.stop, len(advice.hidden_dangers)) == (stop, drawn)


def test_answers_that_only_together_bring_it_over_its_limit_are_asked_for() -> None:
    """P(b) is 0.84 after one yes of two alike, and 0.977 after both, which b brings in 0.64."""
    b = replace(condition("b", 0.4), limit=probability(0.9), must_not_miss=True)
    alike = [finding(name, noisy_or(0.1, b=0.8)) for name in ("f", "g")]
    engine = Engine(network(condition("a", 0.8), b, *alike))
    advice = engine.diagnose().stop(threshold=0.01, least_value=9.0)
    assert advice.missed == pytest.approx(0.4 * 0.64, abs=4.5 * 0.4 * (0.64 * 0.36 / MOST_DRAWN) ** 0.5)
    assert (advice.stop, advice.last) == (False, "f")
    assert engine.diagnose({"f": "no"}).stop(threshold=0.01, least_value=9.0).stop
    assert not engine.diagnose({"f": "yes"}).stop(threshold=0.01, least_value=9.0).stop


@pytest.mark.slow
def test_of_more_than_it_can_follow_the_best_few_are_looked_ahead_to_and_that_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """f alone brings b over its limit, in 0.8 of those who have it; f and g would in more."""
    monkeypatch.setattr("bayesknee.inference.elimination.strategy.FOLLOWED", (1,))
    b = replace(condition("b", 0.4), limit=probability(0.5), must_not_miss=True)
    made = network(condition("a", 0.8), b, finding("f", noisy_or(0.1, b=0.8)), finding("g", noisy_or(0.1, b=0.75)))
    with only("noisy_or"):
        advice = Engine(made).diagnose().stop(threshold=0.01, least_value=9.0)
    assert (advice.foreseen_of_hidden, advice.left) == (1, 2)
    assert advice.missed == pytest.approx(0.4 * 0.8, abs=4.5 * 0.4 * (0.16 / MOST_DRAWN) ** 0.5)
    told = [each for each in advice.reasons if "asking the best 1 of 2 questions left would" in each]
    assert len(told) == 2


def test_the_last_question_tells_most_of_what_would_be_missed() -> None:
    """f tells more, but of a; g tells of b."""
    b = replace(condition("b", 0.1), limit=probability(0.3), must_not_miss=True)
    f, g = finding("f", noisy_or(0.02, a=0.9)), finding("g", noisy_or(0.1, b=0.7))
    advice = Engine(network(condition("a", 0.5), b, condition("c", 0.6), f, g)).diagnose().stop(least_value=9.0)
    assert (advice.best, advice.last, advice.stop) == ("f", "g", False)


def test_what_is_known_to_be_absent_is_not_hidden() -> None:
    engine = two_causes(0.5, dangerous=True)
    advice = engine.diagnose({"b": "no"}).stop(least_value=9.0)
    assert (advice.stop, advice.hidden_dangers) == (True, ())
