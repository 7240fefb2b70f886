"""A whole process: time by the clock and peak memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from statistics import median

from tests.support.paths import ROOT

# A process counts the peak of the one that started it as its own, so a small one stands between.
_PEAK_OF_CHILD = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024))
"""


def time_processes(commands: Sequence[Sequence[str]], repeats: int) -> list[float]:
    """Median seconds of each command, run in turns; the first round is not counted."""
    seconds: list[list[float]] = [[] for _ in commands]
    for _ in range(repeats + 1):
        for command, own in zip(commands, seconds, strict=True):
            start = time.perf_counter()
            subprocess.run([sys.executable, *command], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
            own.append(time.perf_counter() - start)
    return [median(own[1:]) for own in seconds]


def peak_memory(command: Sequence[str]) -> int:
    """Peak memory of a process, in bytes."""
    wrapped = [sys.executable, "-c", _PEAK_OF_CHILD, sys.executable, *command]
    return int(subprocess.run(wrapped, cwd=ROOT, check=True, capture_output=True, text=True, env=os.environ).stdout)
