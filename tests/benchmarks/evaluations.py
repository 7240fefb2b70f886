"""`bayesknee evaluate` on a large table: time of all processors, which bounds that of the clock, and peak memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from bayesknee import Engine, Network
from bayesknee.cohort.simulate import simulate_file
from tests.support.paths import ROOT

MISSING = 0.8  # of the answers, so that 47 of 236 are known
# A process counts the peak of the one that started it as its own, so a small one stands between.
_COST_OF_CHILD = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
scale = 1 if sys.platform == "darwin" else 1024
print(used.ru_utime + used.ru_stime, used.ru_maxrss * scale)
"""


class EvaluationCost(NamedTuple):
    """What an evaluation takes.

    Attributes:
        rows: patients.
        processors: seconds of all cores together. On a machine that does nothing else, the clock shows fewer; on a busy
            one these stay what they are.
        memory: bytes at the peak.
    """

    rows: int
    processors: float
    memory: int


def cost_of_evaluation(network: Network, name: str, rows: int) -> EvaluationCost:
    """The whole command, on patients drawn from the network; the compiled loops are there before."""
    with TemporaryDirectory() as folder:
        table = Path(folder) / "patients.csv"
        simulate_file(Engine(network), rows, table, missing=MISSING)
        command = [sys.executable, "-m", "bayesknee", "evaluate", str(table), "--network", name]
        wrapped = [sys.executable, "-c", _COST_OF_CHILD, *command]
        ran = [subprocess.run(wrapped, cwd=ROOT, check=True, capture_output=True, text=True) for _ in range(2)]
    processors, memory = map(float, ran[1].stdout.split())
    return EvaluationCost(rows, processors, int(memory))


def evaluation_rows(cost: EvaluationCost) -> list[str]:
    """What the evaluation of a large table takes."""
    work = f"`bayesknee evaluate` on {cost.rows:,} patients, the whole process, all cores together"
    return [
        f"| {work} | {cost.processors:.1f} s | | | <= 20 s |",
        f"| Peak memory of that process | {cost.memory / 1e6:.0f} MB | | | < 500 MB |",
    ]
