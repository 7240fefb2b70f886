"""Which question comes next: worked examples of every objective, filters, gates, topics, two steps ahead."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace

import pytest
from hypothesis import given

from bayesknee import Engine, load_network
from bayesknee.diagnosis.asking.next_questions import NextQuestion, keep_to_topic
from bayesknee.diagnosis.asking.objectives import OBJECTIVES
from bayesknee.errors import QuestionError
from bayesknee.knowledge.model import Condition, Finding
from tests.support.paths import KNEE_11
from tests.support.random_networks import SMALL, Patient, patients
from tests.support.small_networks import condition, finding, mixture, network, noisy_or, probability, risk_factor
from tests.support.small_networks import distribution as dist

TOPICS = {"talk": "Talk", "look": "Look"}


def entropy(*shares: float) -> float:
    return -sum(p * math.log2(p) for p in shares if p)


def cause(name: str, base_rate: float, stake: float = 1.0, limit: float = 0.1, *, dangerous: bool = False) -> Condition:
    made = condition(name, base_rate)
    return replace(made, stake=stake, limit=probability(limit), must_not_miss=dangerous)


def asked(made: Finding, asked_of: str = "patient", topic: str = "talk", burden: float = 1.0) -> Finding:
    return replace(made, asked_of=asked_of, topic=topic, burden=burden)


def values(engine: Engine, objective: str = "stakes", **answers: object) -> dict[str, float]:
    ranked = engine.diagnose(answers).rank_questions(objective=objective)
    return {each.finding: each.value for each in ranked}


# Two causes of one complaint, so s is {a}, {b} or {a, b}; base rates 0.6 and 0.6 make that 0.4, 0.4 and 0.2. The
# finding is there in 0.8 of those with a, else in 0.1: P(yes) = 0.52, P(a, yes) = 0.48, P(b, yes) = 0.04 + 0.16 = 0.2.
A_BEFORE = entropy(0.6, 0.4)
A_AFTER = 0.52 * entropy(0.48 / 0.52, 0.04 / 0.52) + 0.48 * entropy(0.12 / 0.48, 0.36 / 0.48)
B_AFTER = 0.52 * entropy(0.2 / 0.52, 0.32 / 0.52) + 0.48 * entropy(0.4 / 0.48, 0.08 / 0.48)


def two_causes(**of_a: float) -> Engine:
    one, other = cause("a", 0.6, **of_a, dangerous=bool(of_a)), cause("b", 0.6)
    return Engine(network(one, other, asked(finding("f", noisy_or(0.1, a=0.8)), burden=2.0)))


def test_information_by_hand() -> None:
    gain = (A_BEFORE - A_AFTER) + (A_BEFORE - B_AFTER)
    assert values(two_causes(), "information") == {"f": pytest.approx(gain / 2.0, abs=1e-12)}


def test_stakes_by_hand() -> None:
    gain = 5.0 * (A_BEFORE - A_AFTER) + (A_BEFORE - B_AFTER)
    assert values(two_causes(stake=5.0)) == {"f": pytest.approx(gain / 2.0, abs=1e-12)}


@pytest.mark.parametrize(("limit", "share"), [(0.2, 1.0), (0.6, 1.0), (0.9, 0.6 / 0.9)])
def test_danger_by_hand(limit: float, share: float) -> None:
    engine = two_causes(stake=5.0, limit=limit)
    assert values(engine, "danger") == {"f": pytest.approx(share * 5.0 * (A_BEFORE - A_AFTER) / 2.0, abs=1e-12)}


def test_separation_by_hand() -> None:
    """Of one chosen from a and b with weights 0.6 and 0.6, after yes 0.48 and 0.2, after no 0.12 and 0.4."""
    after = (0.68 * entropy(0.48 / 0.68, 0.2 / 0.68) + 0.52 * entropy(0.12 / 0.52, 0.4 / 0.52)) / 1.2
    assert values(two_causes(), "separation") == {"f": pytest.approx((1.0 - after) / 2.0, abs=1e-12)}


def test_separation_of_a_single_condition_is_nothing() -> None:
    engine = Engine(network(condition("a", 0.3), finding("f", noisy_or(0.1, a=0.8)), complaint=""))
    assert values(engine, "separation") == {"f": 0.0}
    assert values(engine, "information")["f"] > 0.0


def test_outcomes_by_hand() -> None:
    (question,) = two_causes().diagnose().next_questions
    no, yes = question.outcomes
    assert (no.state, yes.state) == ("no", "yes")
    assert [no.probability, yes.probability] == pytest.approx([0.48, 0.52], abs=1e-12)
    assert dict(yes.posterior) == pytest.approx({"a": 0.48 / 0.52, "b": 0.2 / 0.52}, abs=1e-12)
    assert (list(yes.posterior), list(no.posterior)) == (["a", "b"], ["b", "a"])
    assert (question.question, question.asked_of, question.topic, question.burden) == ("f?", "patient", "talk", 2.0)
    assert question.about == "a"


def test_a_condition_that_is_given_brings_nothing() -> None:
    engine = Engine(
        network(
            cause("a", 0.6), cause("b", 0.6), finding("f", noisy_or(0.1, a=0.8)), finding("g", noisy_or(0.1, b=0.8))
        )
    )
    known = values(engine, "information", a="yes")
    assert known["f"] == pytest.approx(0.0, abs=1e-12)
    assert known["g"] > 0.1


@given(patients(SMALL))
def test_values_are_never_negative_and_fall(patient: Patient) -> None:
    diagnosis = Engine(patient.network, patient.setting).diagnose(patient.answers)
    for objective in OBJECTIVES:
        ranked = [each.value for each in diagnosis.rank_questions(objective=objective)]
        assert ranked == sorted(ranked, reverse=True)
        assert all(value >= 0.0 for value in ranked)


@given(patients(SMALL))
def test_outcomes_are_those_of_a_diagnosis(patient: Patient) -> None:
    engine = Engine(patient.network, patient.setting)
    for question in engine.diagnose(patient.answers).next_questions[:3]:
        assert sum(each.probability for each in question.outcomes) == pytest.approx(1.0, abs=1e-12)
        for outcome in question.outcomes:
            after = engine.diagnose({**patient.answers, question.finding: outcome.state})
            assert dict(after.posterior) == pytest.approx(dict(outcome.posterior), rel=0, abs=1e-9)


# --- what can be asked ------------------------------------------------------------------------------------------------


def gated() -> Engine:
    return Engine(
        network(
            risk_factor("sport", {"none": 0.5, "run": 0.3, "bike": 0.2}),
            condition("a", 0.6),
            condition("b", 0.6),
            finding("lump", noisy_or(0.1, a=0.8)),
            finding("soft", noisy_or(0.2, a=0.9), only_if={"lump": ("yes",)}),
            asked(finding("limp", noisy_or(0.1, b=0.5), only_if={"sport": ("run", "bike")}), "clinician", "look", 3.0),
            asked(finding("scan", noisy_or(0.1, b=0.9)), "test", "look", 9.0),
            topics=TOPICS,
        )
    )


def names(engine: Engine, **answers: object) -> set[str]:
    return {each.finding for each in engine.diagnose(answers).next_questions}


def test_what_is_answered_is_not_asked_again_be_it_unknown() -> None:
    assert names(gated()) == {"sport", "lump", "scan"}
    assert names(gated(), lump="unknown", scan={"yes": 0.7, "no": 0.3}) == {"sport"}


def test_a_gate_must_be_known_to_hold() -> None:
    assert names(gated(), lump="yes") == {"sport", "soft", "scan"}
    assert names(gated(), lump={"yes": 0.9, "no": 0.1}) == {"sport", "scan"}
    assert names(gated(), sport={"none": 0.0, "run": 0.5, "bike": 0.5}) == {"lump", "limp", "scan"}


def test_what_is_implied_is_asked_only_where_it_leaves_a_choice() -> None:
    assert names(gated(), soft="yes") == {"sport", "scan"}
    diagnosis = gated().diagnose({"limp": "yes"})
    by_name = {each.finding: each for each in diagnosis.next_questions}
    assert set(by_name) == {"sport", "lump", "scan"}
    assert [(each.state, round(each.probability, 9)) for each in by_name["sport"].outcomes] == [
        ("run", 0.6),
        ("bike", 0.4),
    ]


def test_filters() -> None:
    diagnosis = gated().diagnose({"lump": "yes", "sport": "run"})

    def found(**filters: object) -> set[str]:
        return {each.finding for each in diagnosis.rank_questions(**filters)}  # type: ignore[arg-type]

    assert found(asked_of="clinician") == {"limp"}
    assert found(asked_of=["clinician", "test"]) == {"limp", "scan"}
    assert found(topic="talk") == {"soft"}
    assert found(most_burden=3) == {"soft", "limp"}
    assert found(within=["scan", "lump"]) == {"scan"}
    assert found(topic="look", asked_of="patient") == set()


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"objective": "stake"}, "unknown objective 'stake'; did you mean stakes?"),
        ({"objective": "fun"}, "unknown objective 'fun'; known are stakes, information, separation, danger"),
        ({"topic": "lok"}, "unknown topic 'lok'; did you mean look?"),
        ({"asked_of": "nurse"}, "unknown asked_of 'nurse'; known are patient, clinician, test"),
        ({"within": ["lumb"]}, r"unknown question 'lumb'; did you mean lump\?"),
        ({"most_burden": 0}, "a burden of at most 0 leaves no question; expected a number above 0"),
        ({"most_burden": float("nan")}, "a burden of at most nan leaves no question"),
    ],
)
def test_names_that_there_are_not(filters: dict[str, object], message: str) -> None:
    with pytest.raises(QuestionError, match=message.replace("?", r"\?") if "\\" not in message else message):
        gated().diagnose().rank_questions(**filters)  # type: ignore[arg-type]


def test_nothing_left_to_ask() -> None:
    diagnosis = two_causes().diagnose({"f": "unknown"})
    assert diagnosis.next_questions == ()
    for objective in OBJECTIVES:
        assert diagnosis.rank_questions(objective=objective, look_ahead=True) == ()


def test_questions_are_values() -> None:
    questions = gated().diagnose().next_questions
    assert questions == gated().diagnose().next_questions
    assert pickle.loads(pickle.dumps(questions)) == questions  # noqa: S301 (our own)
    assert len({*questions, *questions}) == len(questions)


# --- two steps ahead --------------------------------------------------------------------------------------------------


def opening() -> Engine:
    """`door` says next to nothing itself, but opens `prize`; `plain` says a little."""
    states = mixture(None, None, a=dist(no=0.5, yes=0.5), b=dist(no=0.49, yes=0.51))
    return Engine(
        network(
            cause("a", 0.6),
            cause("b", 0.6),
            finding("door", states),
            finding("prize", noisy_or(0.01, a=0.99), only_if={"door": ("yes",)}),
            finding("plain", noisy_or(0.1, a=0.3)),
        )
    )


def test_two_steps_see_what_an_answer_opens() -> None:
    diagnosis = opening().diagnose()
    assert [each.finding for each in diagnosis.rank_questions()] == ["plain", "door"]
    ahead = diagnosis.rank_questions(look_ahead=True)
    assert [each.finding for each in ahead] == ["door", "plain"]
    door = values(opening())["door"]
    (no, yes), after = (
        ahead[0].outcomes,
        values(opening(), door="yes"),
    )
    assert after["prize"] > after["plain"]
    prize, plain = after["prize"], values(opening(), door="no")["plain"]
    assert ahead[0].value == pytest.approx((door + yes.probability * prize + no.probability * plain) / 2.0, abs=1e-12)


def test_two_steps_where_nothing_follows() -> None:
    assert two_causes().diagnose().rank_questions(look_ahead=True) == two_causes().diagnose().next_questions


@given(patients(SMALL))
def test_two_steps_rank_the_same_questions(patient: Patient) -> None:
    diagnosis = Engine(patient.network, patient.setting).diagnose(patient.answers)
    ahead = diagnosis.rank_questions(look_ahead=True)
    assert {each.finding for each in ahead} == {each.finding for each in diagnosis.next_questions}
    assert [each.value for each in ahead] == sorted((each.value for each in ahead), reverse=True)


def test_two_steps_take_only_the_best_few() -> None:
    diagnosis = Engine(load_network(KNEE_11)).diagnose({"age": 52})
    one, two = [
        diagnosis.rank_questions(asked_of="patient", most_burden=1, look_ahead=ahead) for ahead in (False, True)
    ]
    assert len(one) > 15
    assert {each.finding for each in one[:15]} == {each.finding for each in two[:15]}
    assert one[15:] == two[15:]


# --- topics -----------------------------------------------------------------------------------------------------------


def question(name: str, topic: str, value: float) -> NextQuestion:
    (some,) = two_causes().diagnose().next_questions
    return replace(some, asked=replace(some.asked, id=name, topic=topic), value=value)


RANKED = tuple(
    question(name, topic, value)
    for name, topic, value in [("p", "x", 9.0), ("q", "y", 7.0), ("r", "x", 3.0), ("s", "z", 2.0), ("t", "y", 1.0)]
)


@pytest.mark.parametrize(
    ("topic", "worth_leaving", "order"),
    [
        (None, 1.5, "prqts"),  # topics by their best question
        ("x", 1.5, "prqts"),
        ("y", 1.5, "qtprs"),  # 9 is less than 1.5 times 7
        ("y", 1.2, "prqts"),  # and more than 1.2 times 7
        ("z", 4.0, "prqts"),
        ("z", 5.0, "sprqt"),
        ("gone", 2.0, "prqts"),
    ],
)
def test_a_topic_is_left_only_when_it_pays(topic: str | None, worth_leaving: float, order: str) -> None:
    assert "".join(each.finding for each in keep_to_topic(RANKED, topic, worth_leaving)) == order


def test_no_questions_no_topics() -> None:
    assert keep_to_topic([], "x") == ()
