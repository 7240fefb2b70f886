"""`python -m tests.benchmarks.wide`: 27 conditions of which few come together.

pyAgrum is not beside it yet: the one attempt with the exported network ended without a result, and why was not found.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Final, NamedTuple

from bayesknee import Engine, Evidence, Network
from bayesknee.inference.cause_sets import network_sets
from bayesknee.patient.codes import encode
from tests.benchmarks.patients import draw_patients
from tests.benchmarks.posteriors import ours
from tests.support.wide_networks import wide_network

CONDITIONS: Final = 27
MOST: Final = (3, 4)
ANSWERS, LEDGER_ANSWERS = 15, 16
PATIENTS: Final = 40
DRAWS: Final = 1000
ROWS: Final = 1000


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
    ask_us = ours(network)
    _median(ask_us, for_warming)
    new = _median(ask_us, timed)
    again = _median(ask_us, timed)
    _median(lambda patient: engine.diagnose(patient).rank_questions(), for_warming)
    long = draw_patients(network, 6, LEDGER_ANSWERS, seed=1)
    strategy, events = engine.compiled.strategy, engine.compiled.events
    codes = encode(network, draw_patients(network, rows, ANSWERS, seed=2))
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
        ranked=_median(lambda patient: engine.diagnose(patient).rank_questions(), timed),
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


def main() -> None:
    """Measures, and prints a table for each limit."""
    for most in MOST:
        timings = time_wide(wide_network(CONDITIONS, most), PATIENTS, DRAWS, ROWS)
        sys.stdout.write("\n".join(wide_rows(timings, AIMS[most])) + "\n\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
