"""`python -m tests.benchmarks.wide [--write]`: many conditions of which few come together, and how cost grows.

pyAgrum is beside it on the exported network, in a process of its own that gets a limit of time and memory, for it
does not come to a result with all networks. `--write` puts all into docs/benchmarks.md and a picture.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

import pytest

from bayesknee import Engine, Evidence, Network, to_pgmpy
from bayesknee.inference.cause_sets import network_sets
from bayesknee.patient.askable import make_filter
from tests.benchmarks import posteriors, rankings
from tests.benchmarks.patients import draw_patients
from tests.benchmarks.rows import draw_rows
from tests.support.pyagrum_model import to_pyagrum
from tests.support.wide_networks import wide_network

DOCS: Final = Path(__file__).parents[2] / "docs"
BEGIN, END = "<!-- wide:begin -->", "<!-- wide:end -->"

CONDITIONS: Final = 27
MOST: Final = (3, 4)
ANSWERS, LEDGER_ANSWERS = 15, 16
PATIENTS: Final = 40
DRAWS: Final = 1000
ROWS: Final = 20_000
GROWTH: Final = (11, 15, 20, 27, 33, 40)  # conditions, of which at most three come together
MOST_SECONDS: Final = 25  # for pyAgrum with one network
MOST_MEMORY: Final = 2**33  # for the same, in bytes


class WideTimings(NamedTuple):
    """Seconds, the medians over patients.

    Attributes:
        sets: how many sets of causes there are, but for the empty one.
        make: of an engine.
        new, again: the posterior of a patient whose risk factors are new, or were met before.
        ranked: all questions ranked, with all posteriors.
        ledger: of all conditions.
        slopes: by all numbers.
        first, later: intervals, for the first patient of an engine and for others.
        row: of a table that is scored.
    """

    sets: int
    make: float
    new: float
    again: float
    ranked: float
    ledger: float
    slopes: float
    first: float
    later: float
    row: float


def time_wide(network: Network, patients: int, draws: int, rows: int) -> WideTimings:
    """All works on one network."""
    start = time.perf_counter()
    engine = Engine(network)
    make = time.perf_counter() - start
    drawn = draw_patients(network, 2 * patients, ANSWERS)
    for_warming, timed = drawn[:patients], drawn[patients:]
    ask_us = posteriors.ours(network)
    _median(ask_us, for_warming)
    new = _median(ask_us, timed)
    again = _median(ask_us, timed)
    _median(partial(_rank, engine), for_warming)
    long = draw_patients(network, 6, LEDGER_ANSWERS, seed=1)
    strategy, events = engine.compiled.strategy, engine.compiled.events
    codes = draw_rows(network, rows, ANSWERS, seed=2)
    engine.compiled.posteriors(codes)  # compiles, or loads what is compiled
    first = _median(lambda patient: engine.diagnose(patient).intervals(draws), timed[:1])
    strategy.gradients(timed[0], events)
    scored = time.perf_counter()
    engine.compiled.posteriors(codes)
    row = (time.perf_counter() - scored) / rows
    return WideTimings(
        sets=network_sets(network).size - 1,
        make=make,
        new=new,
        again=again,
        ranked=_median(partial(_rank, engine), timed),
        ledger=_median(lambda patient: engine.diagnose(patient).ledger, long),
        slopes=_median(lambda patient: strategy.gradients(patient, events), timed[:6]),
        first=first,
        later=_median(lambda patient: engine.diagnose(patient).intervals(draws), timed[1:4]),
        row=row,
    )


def _median(work: Callable[[Evidence], object], patients: Sequence[Evidence]) -> float:
    seconds = []
    for patient in patients:
        start = time.perf_counter()
        work(patient)
        seconds.append(time.perf_counter() - start)
    return median(seconds)


def wide_rows(timings: WideTimings, aims: tuple[str, ...]) -> list[str]:
    """The rows of a table, beside their aims."""
    t = timings
    works = [
        (f"Posterior of a new patient with {ANSWERS} answers", t.new, ""),
        ("The same, risk factors met before", t.again, ""),
        ("All questions ranked, with all posteriors", t.ranked, ""),
        (f"Ledger of {LEDGER_ANSWERS} answers", t.ledger, ""),
        ("All derivatives", t.slopes, ""),
        (f"Intervals from {DRAWS:,} draws, another patient", t.later, f"the first: {t.first:,.1f} s"),
        ("A row scored", t.row, f"{1.0 / t.row:,.0f} a second"),
        ("An engine made", t.make, ""),
    ]
    head = [f"| {t.sets:,} sets of causes | bayesknee | | aim |", "|---|--:|---|--:|"]
    return head + [
        f"| {work} | {1e3 * seconds:,.2f} ms | {beside} | {aim} |"
        for (work, seconds, beside), aim in zip(works, aims, strict=True)
    ]


AIMS: Final = {
    3: ("0.3 ms", "", "4 ms", "5 ms", "15 ms", "200 ms", "60,000 a second", ""),
    4: ("0.7 ms", "", "15 ms", "25 ms", "60 ms", "1,000 ms", "15,000 a second", ""),
}


class Beside(NamedTuple):
    """Seconds for one patient: the posterior, and all questions ranked, of pyAgrum; None where it came to no end."""

    posterior: float | None
    ranked: float | None


def time_pyagrum(conditions: int, most: int, seconds: float = MOST_SECONDS) -> Beside:
    """pyAgrum on the exported network, in a process that is ended after so many seconds."""
    command = [sys.executable, "-m", "tests.benchmarks.wide", "--pyagrum", str(conditions), str(most)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            told, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            told, _ = process.communicate()
    found = [json.loads(line) for line in told.splitlines()]
    return Beside(*[*found, None, None][:2])


def tell_pyagrum(conditions: int, most: int) -> None:
    """Prints the seconds of each work as soon as it is done. The posterior must be the engine's."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    network = wide_network(conditions, most)
    first, second = draw_patients(network, 2, ANSWERS)
    model = to_pyagrum(to_pgmpy(network))
    ask = posteriors.pyagrum(network, model)
    assert ask(first) == pytest.approx(posteriors.ours(network)(first), rel=0, abs=posteriors.AGREEMENT)
    _tell(partial(ask, second))
    rank = rankings.pyagrum(network, model, make_filter(network).wanted(network))
    _tell(partial(rank, second))


def _tell(work: Callable[[], object]) -> None:
    start = time.perf_counter()
    work()
    sys.stdout.write(f"{time.perf_counter() - start}\n")
    sys.stdout.flush()


def time_growth(conditions: Sequence[int], patients: int) -> list[tuple[int, int, float, float]]:
    """By number of conditions: sets of causes, and seconds for a new posterior and a ranking."""
    rows = []
    for number in conditions:
        network = wide_network(number, MOST[0])
        drawn = draw_patients(network, 2 * patients, ANSWERS)
        engine = Engine(network)
        ask_us = posteriors.ours(network)
        _median(ask_us, drawn[:patients])
        new = _median(ask_us, drawn[patients:])
        engine.diagnose(drawn[0]).rank_questions()
        ranked = _median(partial(_rank, engine), drawn[patients:])
        rows.append((number, network_sets(network).size - 1, new, ranked))
    return rows


def _rank(engine: Engine, patient: Evidence) -> None:
    engine.diagnose(patient).rank_questions()


def growth_rows(rows: Sequence[tuple[int, int, float, float]], beside: Sequence[Beside]) -> list[str]:
    """The rows of a table."""
    head = [
        "| conditions | sets of causes | posterior of a new patient | pyAgrum | all questions ranked | pyAgrum |",
        "|--:|--:|--:|--:|--:|--:|",
    ]
    return head + [
        f"| {number} | {sets:,} | {1e3 * new:,.2f} ms | {_ratio(theirs.posterior, new)} | {1e3 * ranked:,.1f} ms "
        f"| {_ratio(theirs.ranked, ranked)} |"
        for (number, sets, new, ranked), theirs in zip(rows, beside, strict=True)
    ]


def _ratio(theirs: float | None, ours: float) -> str:
    return (
        f"no result in {MOST_SECONDS} s, 8 GB" if theirs is None else f"{1e3 * theirs:,.0f} ms, {theirs / ours:,.0f} x"
    )


def draw_wide(rows: Sequence[tuple[int, int, float, float]], file: Path) -> None:
    """The picture of how cost grows."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 3.0), layout="constrained")
    conditions = [number for number, *_ in rows]
    for ax, place, title in zip(figure.subplots(1, 2), (2, 3), ("new posterior", "all questions ranked"), strict=True):
        ax.plot(conditions, [1e3 * row[place] for row in rows], "o-", color="black", markersize=4)
        ax.set(xlabel=f"conditions, at most {MOST[0]} at once", ylabel="ms", title=title, ylim=(0, None))
        ax.grid(visible=True, alpha=0.3)
    figure.savefig(file, dpi=80)


def write_wide(page: Path, text: str) -> None:
    """Puts the text between its two marks."""
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}", encoding="utf-8")


def main() -> None:
    """Measures, prints a table for each limit and one for growth, and writes them where asked to."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.wide")
    parser.add_argument("--write", action="store_true", help="put the tables and the picture into docs")
    parser.add_argument("--pyagrum", type=int, nargs=2, metavar=("CONDITIONS", "MOST"), help="time pyAgrum alone")
    arguments = parser.parse_args()
    if arguments.pyagrum:
        tell_pyagrum(*arguments.pyagrum)
        return
    tables = []
    for most in MOST:
        timings = time_wide(wide_network(CONDITIONS, most), PATIENTS, DRAWS, ROWS)
        tables.append("\n".join(wide_rows(timings, AIMS[most])))
    growth = time_growth(GROWTH, PATIENTS // 2)
    beside = [time_pyagrum(number, MOST[0]) for number, *_ in growth]
    tables.append("\n".join(growth_rows(growth, beside)))
    text = "\n\n".join(tables)
    sys.stdout.write(text + "\n")
    if arguments.write:
        draw_wide(growth, DOCS / "images" / "wide.png")
        picture = f"![How cost grows with conditions, of which at most {MOST[0]} come together](images/wide.png)"
        write_wide(DOCS / "benchmarks.md", f"{text}\n\n{picture}")


if __name__ == "__main__":
    main()
