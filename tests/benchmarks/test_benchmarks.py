"""The benchmarks run, on a small scale and without a look at the clock."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest

from bayesknee import Engine, load_network
from bayesknee.cohort.labelled import LabelledCase
from bayesknee.patient.askable import make_filter
from bayesknee.patient.evidence import check_evidence
from tests.benchmarks import limits, unnamed
from tests.benchmarks.__main__ import (
    BEGIN,
    END,
    cohort_rows,
    interval_rows,
    ledger_rows,
    memory_row,
    posterior_rows,
    process_row,
    ranking_rows,
    sensitivity_row,
    thread_rows,
    write,
)
from tests.benchmarks.cohorts import CohortTimings, time_cohort
from tests.benchmarks.evaluations import EvaluationCost, cost_of_evaluation, evaluation_rows
from tests.benchmarks.hosts import HOST, RequestTime, host_patients, host_row, most_expensive, requests
from tests.benchmarks.intervals import time_intervals
from tests.benchmarks.ledgers import LedgerTimes, time_ledger, time_sensitivity
from tests.benchmarks.look_ahead import compare
from tests.benchmarks.patients import draw_patients
from tests.benchmarks.posteriors import Timings, time_posteriors
from tests.benchmarks.processes import peak_memory, time_processes
from tests.benchmarks.rankings import RankingTimings, time_rankings
from tests.benchmarks.threads import ThreadTimings, busy_process, time_threads
from tests.support.random_networks import Size, random_network

NETWORK = random_network(Random(5), Size(conditions=(5, 5), risk_factors=(7, 7), signs=(2, 2), findings=(12, 12)))


def test_patients_differ_in_their_risk_factors() -> None:
    patients = draw_patients(NETWORK, 30, 9)
    risk_factors = [
        {name: each.answers[name] for name in each.answers if name in NETWORK.risk_factors} for each in patients
    ]
    assert all(len(each.likelihoods) == 9 for each in patients)
    assert all(len(each) == 5 for each in risk_factors)
    assert len({tuple(sorted(each.items())) for each in risk_factors}) == 30
    assert len(set.intersection(*(set(each) for each in risk_factors))) == 2


@pytest.mark.slow
def test_all_programs_agree() -> None:
    patients = draw_patients(NETWORK, 6, 9)
    timings = time_posteriors(NETWORK, [patients[:3], patients[3:]], for_pgmpy=1)
    assert len(timings) == 1
    assert min(timings[0]) > 0.0


@pytest.mark.slow
def test_the_most_expensive_request_within_a_budget_has_a_row() -> None:
    found = most_expensive(NETWORK, host_patients(NETWORK))
    assert [each.seconds for each in found] == sorted((each.seconds for each in found), reverse=True)
    assert len(found) == len(requests(HOST))
    row = host_row([RequestTime("plan of 10 questions", 2.0), RequestTime("stop", 0.5)])
    assert row.startswith(
        "| The most expensive request within `Budget(answers=100, draws=1000, questions=10)`: plan of"
    )
    assert row.endswith("| 2,000 ms | the next: stop: 500 ms | 0.25 | |")


@pytest.mark.slow
@pytest.mark.parametrize("asked_of", [None, "patient"])
def test_rankings_agree_and_have_rows(asked_of: str | None) -> None:
    patients = draw_patients(NETWORK, 4, 9)
    timings = time_rankings(NETWORK, [patients[:2], patients[2:]], for_pyagrum=2, asked_of=asked_of)
    assert len(timings) == 1
    assert min(timings[0][:3]) > 0.0
    fewer = make_filter(NETWORK, asked_of=asked_of).wanted(NETWORK)
    assert timings[0].questions <= len(fewer) - 1
    timings = [RankingTimings(0.002, 0.001, 4.0, 230, 480), RankingTimings(0.004, 0.001, 8.0, 230, 480)]
    rows = ranking_rows("All {} questions", timings)
    assert rows[0].startswith(
        "| All 230 questions ranked, with all posteriors after each of 480 answers | 3.00 ms | pyAg"
    )
    assert rows[0].endswith(", `LazyPropagation`: 6,000 ms | 2,000 x | >= 100 x, <= 3 ms |")


@pytest.mark.slow
def test_tables_agree_and_have_rows() -> None:
    timings = time_cohort(NETWORK, rows=60, answers=9, rounds=2, for_pyagrum=5)
    assert min(timings[:3]) > 0.0
    assert timings.rows == 60
    assert 6.0 < timings.answers <= 9.0
    rows = cohort_rows(CohortTimings(8e-6, 8e-3, 12e-6, 100_000, 24.6, 2))
    assert rows[0].startswith("| A row of 100,000 scored, 25 answers, 2 cores | 8.0 µs | pyAgrum ")
    assert rows[0].endswith(", `LazyPropagation`: 8.00 ms | 1,000 x | >= 500 x |")
    assert rows[1].endswith("alone: 12.0 µs | 1.50 x | |")
    assert rows[2] == "| Rows in a second | 125,000 | | | >= 100,000 |"


def test_what_two_steps_gain() -> None:
    table = compare(Engine(NETWORK), patients=3, questions=2, seed=0)
    assert table.splitlines()[0].startswith("| Questions | left, one step | left, two steps | gain |")
    assert [line.split(" | ")[0] for line in table.splitlines()[2:]] == ["| 1", "| 2"]


def test_intervals_are_timed() -> None:
    timings = time_intervals(NETWORK, draw_patients(NETWORK, 4, 9), 40)
    assert min(timings) > 0.0
    rows = interval_rows(timings._replace(first=2.0, later=0.1, pyagrum=0.005))
    assert rows[0].startswith("| Intervals from 1,000 draws, another patient | 100 ms | pyAgrum ")
    assert rows[0].endswith(", 1,000 runs: 5,000 ms | 50 x | <= 150 ms |")
    assert "| 2,000 ms |" in rows[1]


def test_rows() -> None:
    rows = posterior_rows([Timings(0.001, 0.0001, 0.02, 0.3), Timings(0.002, 0.0001, 0.04, 0.3)])
    assert rows[0].startswith("| Posterior of a new patient with 15 answers | 1.50 ms | pyAgrum ")
    assert rows[0].endswith(", `LazyPropagation`: 30 ms | 20 x | >= 20 x |")
    assert rows[3].endswith("| 3,000 x | >= 200 x |")
    assert "| 0.25 |" in process_row(0.5, 2.0)
    assert "| 42 MB |" in memory_row(42_000_000, 180_000_000)


@pytest.mark.slow
def test_processes_are_measured_by_themselves() -> None:
    ballast = bytearray(300_000_000)
    assert 1_000_000 < peak_memory(["-c", "pass"]) < 100_000_000 < len(ballast)
    short, long = time_processes([["-c", "pass"], ["-c", "import time; time.sleep(0.5)"]], repeats=1)
    assert short + 0.1 < long


@pytest.mark.slow
def test_an_evaluation_is_measured_as_a_process() -> None:
    cost = cost_of_evaluation(load_network("posterior_knee"), "posterior_knee", 30)
    assert cost.rows == 30
    assert cost.processors > 0.0
    assert 30_000_000 < cost.memory < 1_000_000_000
    rows = evaluation_rows(EvaluationCost(100_000, 14.04, 480_000_000))
    assert rows[0].endswith("100,000 patients, the whole process, all cores together | 14.0 s | | | <= 20 s |")
    assert rows[1].startswith("| Peak memory of that process | 480 MB |")


@pytest.mark.slow
def test_the_ledger_agrees_with_shapley_values() -> None:
    timed = time_ledger(NETWORK, draw_patients(NETWORK, 3, 6), 4)
    assert timed.answers == 4
    assert min(timed.ledger, timed.shapley) > 0.0
    rows = ledger_rows(NETWORK, [LedgerTimes(12, 0.003, 2.1), LedgerTimes(16, 0.004, 40.0)])
    assert rows[0].startswith("| Ledger of 12 answers, all 5 conditions | 3.00 ms | pyAgrum ")
    assert rows[1].endswith(": 40,000 ms | 10,000 x | < 5 ms |")


def test_sensitivity_row() -> None:
    own, anew, numbers = time_sensitivity(NETWORK, draw_patients(NETWORK, 2, 6))
    assert min(own, anew) > 0.0
    assert numbers > 20
    assert "by all 200 numbers that bear on it | 50 ms |" in sensitivity_row(0.05, 0.03, 200)
    assert "| 240 x |" in sensitivity_row(0.05, 0.03, 200)


@pytest.mark.slow
def test_threads_are_timed_with_and_without_a_busy_process() -> None:
    timings = time_threads(NETWORK, draw_patients(NETWORK, 2, 9), draws=40, rows=5)
    assert [each.busy for each in timings] == [False] * 6 + [True] * 6
    assert all(min(each.usual, each.one) > 0.0 for each in timings)
    own = ThreadTimings("Intervals", busy=True, usual=0.9, one=0.1)
    rows = thread_rows([own, own._replace(busy=False, usual=0.1, one=0.2)])
    assert rows[0] == "| Intervals, another process busy | 900 ms | BLAS held to one thread: 100 ms | 9.00 | |"
    assert rows[1] == "| Intervals, nothing else running | 100 ms | BLAS held to one thread: 200 ms | 0.50 | |"


def test_the_busy_process_ends() -> None:
    with busy_process() as process:
        assert process.poll() is None
    assert process.poll() is not None


def test_write(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write(file, "| new |")
    assert file.read_text() == f"before\n{BEGIN}\n| new |\n{END}\nafter\n"


def test_what_a_limit_costs() -> None:
    probability, has_it = np.array([0.01, 0.5, 0.02, 0.019]), np.array([True, True, False, False])
    assert limits.trade(probability, has_it, 0.02) == "50.0 / 50.0 %"
    network = load_network("posterior_knee")
    head, _, *rows = limits.lines(network, number=200)
    assert head.startswith("| Setting | known | 1 % | 2 % | 3 % | 5 % | 10 % | emergency / same-day / urgent / ")
    assert len(rows) == len(limits.KNOWN) * len(network.settings)
    for row in rows:
        called = [int(share) for share in row.split("|")[-2].strip(" %").split(" / ")]
        assert sum(called) == pytest.approx(100, abs=2)


def test_causes_that_are_not_named() -> None:
    network = load_network("tests/networks/tiny")
    case = LabelledCase("x", check_evidence(network, {"age": 60, "pain_on_grip": "yes"}), "clinic", ("other",))
    engine = Engine(network, case.setting)
    found = unnamed.rates_of(engine, [engine], case)
    shares = [share for rates in found.values() for share in rates]
    assert all(0.0 <= share <= 1.0 for share in shares)
    assert all(max(each.led, each.flagged) <= each.either for each in found.values())
    assert found["published"].led in {0.0, 1.0}
    assert found["anyone"].flagged <= 0.02
    table = list(unnamed.lines({True: [found], False: [found, found]}))
    assert table[2].startswith("| published | not named (1 cases) | ")
    assert table[-1].startswith("| anyone, numbers redrawn | | | ")
