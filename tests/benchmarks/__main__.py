"""`python -m tests.benchmarks [--write]`: how fast it is, beside pyAgrum and pgmpy on the same work in the same run.

Ratios hold from machine to machine better than milliseconds; both are given. `--write` puts the table into
docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import platform
import sys
import time
from pathlib import Path
from statistics import median

from bayesknee import Engine, Evidence, Network, load_network
from tests.benchmarks.cohorts import CohortTimings, time_cohort
from tests.benchmarks.evaluations import cost_of_evaluation, evaluation_rows
from tests.benchmarks.hosts import host_patients, host_row, most_expensive
from tests.benchmarks.intervals import IntervalTimings, time_intervals
from tests.benchmarks.ledgers import LedgerTimes, time_ledger, time_sensitivity
from tests.benchmarks.patients import draw_patients
from tests.benchmarks.posteriors import Timings, time_posteriors
from tests.benchmarks.processes import peak_memory, time_processes
from tests.benchmarks.rankings import RankingTimings, time_rankings
from tests.benchmarks.threads import ThreadTimings, time_threads
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- benchmarks:begin -->", "<!-- benchmarks:end -->"
ANSWERS = 15
DRAWS = 1000
RANKED = 20
LEDGER_ANSWERS = (8, 12, 16)
LEDGER_PATIENTS = 60
LEDGER_AIM = "< 5 ms"
COHORT, COHORT_ANSWERS = 100_000, 25
SCORED = 500
IMPORT_PGMPY = ["-c", "import pgmpy.models"]


def main() -> None:
    """Measures, prints the table, and writes it where asked to."""
    arguments = _arguments()
    network = load_network(arguments.network)
    table = measure(network, arguments.network, arguments.patients, arguments.rounds)
    sys.stdout.write(table + "\n")
    if arguments.write:
        write(PAGE, table)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--network", default="posterior_knee", help="name or folder of a network")
    parser.add_argument("--patients", type=int, default=60, help="how many different patients")
    parser.add_argument("--rounds", type=int, default=5, help="how often each program gets them")
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    return parser.parse_args()


def measure(network: Network, name: str, patients: int, rounds: int) -> str:
    """The table, as Markdown."""
    drawn = draw_patients(network, patients * (rounds + 1), ANSWERS)
    batches = [drawn[start : start + patients] for start in range(0, len(drawn), patients)]
    timings = time_posteriors(network, batches, for_pgmpy=3)
    diagnose = ["-m", "bayesknee", "diagnose", "--network", name]
    diagnose += [f"{finding}={answer}" for finding, answer in drawn[0].answers.items()]
    process, pgmpy_import = time_processes([diagnose, IMPORT_PGMPY], repeats=7)
    some = [batch[:RANKED] for batch in batches]
    rankings = {who: time_rankings(network, some, for_pyagrum=1, asked_of=who) for who in (None, "patient")}
    cohort = time_cohort(network, COHORT, COHORT_ANSWERS, rounds=5, for_pyagrum=20)
    rows = [
        *posterior_rows(timings),
        *interval_rows(time_intervals(network, drawn[:6], DRAWS)),
        *ranking_rows("All {} questions", rankings[None]),
        *ranking_rows("The {} of them that a patient can answer", rankings["patient"]),
        *cohort_rows(cohort),
        *evaluation_rows(cost_of_evaluation(network, name, COHORT)),
        process_row(process, pgmpy_import),
        memory_row(peak_memory(diagnose), peak_memory(IMPORT_PGMPY)),
        *ledger_rows(network, [time_ledger(network, _some(network, n), n) for n in LEDGER_ANSWERS]),
        sensitivity_row(*time_sensitivity(network, _some(network, ANSWERS))),
        host_row(most_expensive(network, host_patients(network))),
        *thread_rows(time_threads(network, drawn[:rounds], DRAWS, SCORED)),
    ]
    head = ["| Work | bayesknee | beside | ratio | aim |", "|---|--:|---|--:|--:|"]
    return "\n".join([*head, *rows, "", conditions(network, patients, rounds)])


def posterior_rows(timings: list[Timings]) -> list[str]:
    """What one patient takes, beside the two others. Ratios are taken within a round, of the same patients."""
    works = {
        f"Posterior of a new patient with {ANSWERS} answers": "new",
        "The same, risk factors met before (an interview)": "again",
    }
    others = {
        "pyagrum": (f"pyAgrum {_version('pyagrum')}, `LazyPropagation`", 20),
        "pgmpy": (f"pgmpy {_version('pgmpy')}, `VariableElimination`", 200),
    }
    return [
        f"| {work} | {_ms(_median(timings, own))} | {name}: {_ms(_median(timings, other))} "
        f"| {median(getattr(each, other) / getattr(each, own) for each in timings):,.0f} x | >= {aim} x |"
        for work, own in works.items()
        for other, (name, aim) in others.items()
    ]


def ranking_rows(which: str, timings: list[RankingTimings]) -> list[str]:
    """What a ranking of questions takes, beside pyAgrum on the same patient; `which` has a place for their number."""
    questions, answers = timings[0].questions, timings[0].answers
    works = {
        f"{which.format(questions)} ranked, with all posteriors after each of {answers} answers": "new",
        "The same, risk factors met before (an interview)": "again",
    }
    name = f"pyAgrum {_version('pyagrum')}, `LazyPropagation`"
    return [
        f"| {work} | {_ms(median(getattr(each, own) for each in timings))} | {name}: "
        f"{_ms(median(each.pyagrum for each in timings))} "
        f"| {median(each.pyagrum / getattr(each, own) for each in timings):,.0f} x | >= 100 x, <= 3 ms |"
        for work, own in works.items()
    ]


def cohort_rows(timings: CohortTimings) -> list[str]:
    """What a row of a table takes, and how many that makes in a second."""
    work = f"A row of {timings.rows:,} scored, {timings.answers:.0f} answers, {timings.cores} cores"
    own = f"{timings.score * 1e6:.1f} µs"
    product = "the float32 matrix product of such answers with a table over all sets of conditions, alone"
    other = f"pyAgrum {_version('pyagrum')}, `LazyPropagation`: {_ms(timings.pyagrum)}"
    product += f": {timings.product * 1e6:.1f} µs"
    return [
        f"| {work} | {own} | {other} | {timings.pyagrum / timings.score:,.0f} x | >= 500 x |",
        f"| The same | {own} | {product} | {timings.product / timings.score:.2f} x | |",
        f"| Rows in a second | {1.0 / timings.score:,.0f} | | | >= 100,000 |",
    ]


def interval_rows(timings: IntervalTimings) -> list[str]:
    """What 1,000 draws take, beside as many runs of pyAgrum."""
    other = timings.pyagrum * DRAWS
    beside = f"pyAgrum {_version('pyagrum')}, {DRAWS:,} runs: {_ms(other)}"
    works = {
        f"Intervals from {DRAWS:,} draws, another patient": timings.later,
        "The same, the first of an engine": timings.first,
    }
    return [f"| {work} | {_ms(own)} | {beside} | {other / own:,.0f} x | <= 150 ms |" for work, own in works.items()]


def thread_rows(timings: list[ThreadTimings]) -> list[str]:
    """What threads of BLAS do to it, where the machine is idle and where another process is busy on it."""
    return [
        f"| {each.work}, {'another process busy' if each.busy else 'nothing else running'} | {_ms(each.usual)} "
        f"| BLAS held to one thread: {_ms(each.one)} | {each.usual / each.one:.2f} | |"
        for each in timings
    ]


def _median(timings: list[Timings], name: str) -> float:
    return float(median(getattr(each, name) for each in timings))


def process_row(own: float, other: float) -> str:
    """What a cold process takes."""
    work = "`bayesknee diagnose`, the whole process"
    return f"| {work} | {_ms(own)} | `import pgmpy.models`: {_ms(other)} | {own / other:.2f} | <= 0.4 |"


def memory_row(own: int, other: int) -> str:
    """What it needs at its peak."""
    return (
        f"| Peak memory of that process | {own / 1e6:.0f} MB | `import pgmpy.models`: {other / 1e6:.0f} MB "
        f"| {own / other:.2f} | < 150 MB |"
    )


def _some(network: Network, answers: int) -> list[Evidence]:
    return draw_patients(network, LEDGER_PATIENTS, answers, seed=1)


def ledger_rows(network: Network, timings: list[LedgerTimes]) -> list[str]:
    """What the ledger takes, beside Shapley values."""
    whole = f"all {len(network.conditions)} conditions"
    beside = f"pyAgrum {_version('pyagrum')}, `ConditionalShapValues`, one condition with as many findings"
    return [
        f"| Ledger of {each.answers} answers, {whole} | {_ms(each.ledger)} | {beside}: {_ms(each.shapley)} "
        f"| {each.shapley / each.ledger:,.0f} x | {LEDGER_AIM if each.answers == max(LEDGER_ANSWERS) else ''} |"
        for each in timings
    ]


def sensitivity_row(own: float, anew: float, numbers: int) -> str:
    """What all derivatives take, beside differences of networks computed anew."""
    work = f"Derivatives of a patient with {ANSWERS} answers, by all {numbers} numbers that bear on it"
    other = 2 * numbers * anew
    return f"| {work} | {_ms(own)} | differences of networks computed anew: {_ms(other)} | {other / own:,.0f} x | |"


def conditions(network: Network, patients: int, rounds: int) -> str:
    """Where and on what it was measured."""
    starts = []
    for _ in range(9):
        start = time.perf_counter()
        Engine(network)
        starts.append(time.perf_counter() - start)
    sizes = {
        "conditions": network.conditions,
        "risk factors": network.risk_factors,
        "signs": network.signs,
        "findings": network.findings,
    }
    parts = ", ".join(f"{len(things)} {name}" for name, things in sizes.items())
    return (
        f"Medians of {rounds} rounds, each with {patients} patients not met before, the programs in turns; they agree\n"
        f"to 1e-6, rankings, of which pyAgrum gets one patient a round, to 1e-9. Network\n"
        f"`{network.id}` {network.version}: {parts}; an `Engine` for it takes\n"
        f"{_ms(median(starts))} to make. Python {platform.python_version()}, numpy {_version('numpy')}, "
        f"{platform.system()} {platform.machine()}. Again with `python -m tests.benchmarks --write`."
    )


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:,.2f} ms" if seconds < 0.01 else f"{seconds * 1e3:,.0f} ms"


def _version(package: str) -> str:
    return importlib.metadata.version(package)


def write(file: Path, table: str) -> None:
    """Puts the table between the two marks."""
    text = file.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    file.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
