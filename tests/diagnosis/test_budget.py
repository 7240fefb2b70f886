"""A budget for one request: each limit is held, named when it is passed, and cuts down what is taken by default."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from typing import Any, Final

import pandas as pd
import pytest

from bayesknee import Budget, Diagnosis, Engine, Interview, load_network
from bayesknee.diagnosis.asking import question_plan, ranking
from bayesknee.diagnosis.asking.same_decision import AT_ONCE, FEWEST, MOST_SAMPLES, SHARES
from bayesknee.diagnosis.explaining.conflict import DRAWS, LEAST_DRAWS
from bayesknee.diagnosis.explaining.intervals_of_rows import intervals
from bayesknee.errors import BayeskneeError, BudgetError, InferenceError
from bayesknee.inference.enumeration.strategy import SECONDS_A_RANKING
from bayesknee.inference.results import DEFAULT_DRAWS
from bayesknee.patient.codes import nothing_known
from tests.support.paths import NETWORKS
from tests.support.sized_networks import Size, sized_answers, sized_network

TINY: Final = load_network(NETWORKS / "tiny")
SMALL: Final = Budget(answers=2, draws=150, questions=2)
ANSWERS: Final = {"onset": "fall", "swelling_noticed": "yes"}


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(TINY, budget=SMALL)


def refused(action: Callable[[], object]) -> BudgetError:
    with pytest.raises(BudgetError) as caught:
        action()
    return caught.value


BEYOND: Final[dict[str, tuple[str, Callable[[Diagnosis], object], str]]] = {
    "intervals": ("draws", lambda it: it.intervals(151), "151 draws; the budget of this engine allows at most 150"),
    "stop": ("draws", lambda it: it.stop(samples=151), "151 draws"),
    "plan": ("questions", lambda it: it.plan(3), "3 questions; the budget of this engine allows at most 2; plan fewer"),
    "plan_patterns": ("draws", lambda it: it.plan(1, patterns=200), "200 draws"),
    "plan_patients": ("draws", lambda it: it.plan(1, patients=200), "200 draws"),
    "rows": ("draws", lambda it: intervals(it.compiled, nothing_known(TINY, 1), draws=151), "151 draws"),
    "sensible": ("draws", lambda it: it.stop(samples=10**9), "1,000,000,000 draws"),
}


@pytest.mark.parametrize("name", BEYOND)
def test_more_is_refused_and_the_limit_named(name: str, engine: Engine) -> None:
    limit, action, told = BEYOND[name]
    error = refused(lambda: action(engine.diagnose(ANSWERS)))
    assert error.limit == limit
    assert told in str(error)


def test_more_answers_are_refused_before_they_are_read(engine: Engine) -> None:
    error = refused(lambda: engine.diagnose({f"no_such_{number}": "yes" for number in range(50_000)}))
    assert str(error) == "50,000 answers; the budget of this engine allows at most 2; leave some out"
    interview = Interview(engine, ANSWERS)
    assert refused(lambda: interview.change("age", 45)).limit == "answers"
    assert interview.state.given == ANSWERS  # it is as it was


def test_a_row_with_more_answers_is_refused_and_the_others_are_scored(engine: Engine) -> None:
    rows: list[dict[str, Any]] = [ANSWERS, {**ANSWERS, "age": 45}, {"age": 45}]
    scores = engine.score(pd.DataFrame(rows), errors="collect", warnings=True)
    assert scores["reason"].tolist() == ["", str(BudgetError("answers", 2, 3, "leave some out")), ""]
    assert scores["strain"].isna().tolist() == [False, True, False]
    free = Engine(TINY).score(pd.DataFrame(rows))
    assert scores["strain"].tolist()[::2] == free["strain"].tolist()[::2]


def test_what_is_taken_by_default_is_cut_down(engine: Engine) -> None:
    diagnosis = engine.diagnose(ANSWERS)
    assert diagnosis.intervals().draws == 150
    assert diagnosis.intervals(150).draws == 150
    assert diagnosis.surprise.draws == 150
    assert diagnosis.stop().samples <= 150 < MOST_SAMPLES
    assert len(diagnosis.plan(2).questions) == 2
    assert diagnosis.result.warnings == Engine(TINY).diagnose(ANSWERS).warnings
    assert intervals(engine.compiled, nothing_known(TINY, 1))[0].shape[0] == 1


def test_too_few_draws_to_tell_are_said() -> None:
    diagnosis = Engine(TINY, budget=Budget(draws=30)).diagnose(ANSWERS)
    assert "40 draws" in str(refused(diagnosis.intervals))
    assert "100 draws" in str(refused(lambda: diagnosis.surprise))
    assert [each.kind for each in diagnosis.warnings] == ["not_checked"]
    assert diagnosis.to_dict()["warnings"][0]["kind"] == "not_checked"


def test_the_default_changes_nothing() -> None:
    assert Budget() == Budget(answers=None, draws=DEFAULT_DRAWS, questions=None)
    for budget in (Budget(), None):
        diagnosis = Engine(TINY, budget=budget).diagnose(ANSWERS)
        assert (diagnosis.intervals().draws, diagnosis.surprise.draws) == (1000, 1000)
        assert diagnosis.stop() == Engine(TINY).diagnose(ANSWERS).stop()


def test_it_goes_along_to_other_processes(engine: Engine) -> None:
    assert pickle.loads(pickle.dumps(engine)).compiled.budget == SMALL  # noqa: S301 (our own)
    assert engine.compiled.for_network(TINY).budget == SMALL


@pytest.mark.parametrize("limit", ["answers", "draws", "questions"])
def test_a_limit_that_allows_nothing_is_refused(limit: str) -> None:
    with pytest.raises(BayeskneeError, match=re.escape(f"a budget of 0 {limit}; expected 1 or more; correct it")):
        Budget(**{limit: 0})


def test_memory_and_seconds_are_part_of_it() -> None:
    assert Engine(TINY, memory=2**20, seconds=1.0).compiled.budget == Budget(2**20, 1.0)
    assert Engine(TINY, budget=Budget(2**20, 1.0)).compiled.budget == Budget(2**20, 1.0)


# --- seconds ---------------------------------------------------------------------------------------------------------

SIZE: Final = Size(15, causes=14, findings=50)
LARGE: Final = sized_network(SIZE)
MANY: Final = sized_answers(SIZE, 14)


def within(seconds: float) -> Diagnosis:
    return Engine(LARGE, seconds=seconds).diagnose(MANY)


def test_plans_keep_to_the_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    ranked: list[int] = []
    rank = ranking.rank

    def counted(*given: Any) -> Any:  # noqa: ANN401 (as `rank`)
        ranked.append(1)
        return rank(*given)

    monkeypatch.setattr(question_plan, "rank", counted)
    diagnosis = Engine(TINY).diagnose(ANSWERS)
    a_ranking = diagnosis.compiled.strategy.seconds_to_rank(diagnosis.evidence, ["age", "tennis"])
    assert a_ranking == pytest.approx(SECONDS_A_RANKING, rel=0.01)  # so few sets take no time beside the calls
    free = diagnosis.plan(4)
    rankings = len(ranked)
    plan = Engine(TINY, seconds=6.5 * a_ranking).diagnose(ANSWERS).plan(4)
    assert plan.questions[0].finding == free.questions[0].finding
    assert plan.exact < free.exact
    assert len(ranked) - rankings < rankings
    with pytest.raises(InferenceError, match=r"a plan of 4 questions would take about .* s; allowed are 0.001 s; plan"):
        Engine(TINY, seconds=a_ranking).diagnose(ANSWERS).plan(4)


def test_draws_of_the_stop_rule_keep_to_the_seconds() -> None:
    diagnosis = within(0.5)
    left = list(LARGE.questions)[len(MANY) :]
    fit = diagnosis.compiled.strategy.patients_in_time(diagnosis.evidence, left) // SHARES
    assert FEWEST < fit < AT_ONCE
    assert diagnosis.stop(threshold=0.9).samples == fit
    assert within(0.1).stop(threshold=0.9).samples == FEWEST
    assert within(20.0).stop(threshold=0.9).samples == AT_ONCE  # which tells enough


def test_how_unusual_answers_are_is_told_from_fewer_draws_or_not_at_all() -> None:
    draws = within(1.0).surprise.draws
    assert LEAST_DRAWS <= draws < within(20.0).surprise.draws == DRAWS
    with pytest.raises(InferenceError, match=r"28 answers .* at least 100 draws, and about \d+ fit into 0.1 s"):
        _ = within(0.1).surprise
    assert [each.kind for each in within(0.1).warnings] == ["not_checked"]
