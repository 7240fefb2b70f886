"""Intervals of one patient: all draws at once, beside one run of pyAgrum for each draw."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from typing import NamedTuple

from bayesknee import Engine, Evidence, Network, to_pgmpy
from tests.benchmarks.posteriors import pyagrum
from tests.support.pyagrum_model import to_pyagrum


class IntervalTimings(NamedTuple):
    """Seconds, medians over patients.

    Attributes:
        first: the first intervals of an engine, whose base rates are met anew in each draw.
        later: those of another patient, with the same draws.
        pyagrum: one run of lazy propagation.
    """

    first: float
    later: float
    pyagrum: float


def time_intervals(network: Network, patients: Sequence[Evidence], draws: int) -> IntervalTimings:
    """A new engine for each time that is a first; pyAgrum is asked with the network as it stands, once a patient."""
    ask_pyagrum = pyagrum(network, to_pyagrum(to_pgmpy(network)))
    ask_pyagrum(patients[0])
    first, later, theirs = [], [], []
    for one, other in zip(patients[::2], patients[1::2], strict=True):
        engine = Engine(network)
        diagnoses = [engine.diagnose(each.answers) for each in (one, other)]
        seconds = [_seconds(partial(each.intervals, draws)) for each in diagnoses]
        first.append(seconds[0])
        later.append(seconds[1])
        theirs.append(_seconds(partial(ask_pyagrum, one)))
    return IntervalTimings(median(first), median(later), median(theirs))


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
