"""What the threads of BLAS do to us: as the caller has them, and held to one, idle and beside a busy process.

The two take turns within a run, so that their ratio holds on any machine. The last work is the product that scoring
would be as it stands, which is not in parts: it shows what there is to lose.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from statistics import median
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from bayesknee import Diagnosis, Engine, Evidence, Network
from bayesknee.inference.cause_sets import all_sets
from bayesknee.patient.codes import encode

Work = Callable[[Diagnosis], object]
NUMBERS = 2**20  # of the product that is not in parts, as scoring takes so many at once


class ThreadTimings(NamedTuple):
    """Seconds, medians over patients.

    Attributes:
        work: what was done.
        busy: whether another process was.
        usual: with as many threads as the caller has.
        one: with one.
    """

    work: str
    busy: bool
    usual: float
    one: float


def time_threads(network: Network, patients: Sequence[Evidence], draws: int, rows: int) -> list[ThreadTimings]:
    """All works, first with nothing else running, then beside a busy process."""
    works = _works(network, patients, draws, rows)
    engine = Engine(network)
    timings: list[ThreadTimings] = []
    for busy in (False, True):
        with busy_process() if busy else nullcontext():
            timings += [ThreadTimings(name, busy, *_time(engine, work, patients)) for name, work in works.items()]
    return timings


def _works(network: Network, patients: Sequence[Evidence], draws: int, rows: int) -> Mapping[str, Work]:
    codes = np.repeat(encode(network, patients[:1]), rows, axis=0)
    n = len(network.conditions)
    weights, sets = np.ones((max(1, NUMBERS >> n), 2**n)), all_sets(tuple(map(str, range(n)))).membership.astype(float)
    return {
        f"Intervals from {draws:,} draws": lambda diagnosis: diagnosis.intervals(draws),
        "All questions ranked": lambda diagnosis: diagnosis.rank_questions(),
        "Advice when to stop": lambda diagnosis: diagnosis.stop(),
        "Ledger": lambda diagnosis: diagnosis.ledger,
        f"{rows:,} rows scored": lambda diagnosis: diagnosis.compiled.posteriors(codes),
        f"A plain product, {len(weights):,} x {2**n:,} x {n + 1}": lambda _: weights @ sets,
    }


def _time(engine: Engine, work: Work, patients: Sequence[Evidence]) -> tuple[float, float]:
    """Seconds of the work, as the caller has threads and with one, in turns; the first patient is not counted."""
    seconds: dict[int | None, list[float]] = {None: [], 1: []}
    for patient in (patients[0], *patients):
        for most, own in seconds.items():
            diagnosis = engine.diagnose(patient)
            with threadpool_limits(most):
                start = time.perf_counter()
                work(diagnosis)
                own.append(time.perf_counter() - start)
    usual, one = (median(own[1:]) for own in seconds.values())
    return usual, one


@contextmanager
def busy_process() -> Iterator[subprocess.Popen[bytes]]:
    """Another process, which works all the time."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            yield process
        finally:
            process.kill()
