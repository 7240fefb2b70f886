"""How cost grows with conditions, findings, present findings and patients, as a picture."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from bayesknee import Engine
from bayesknee.interop.noisy_or_files import ANSWERS, noisy_or_network
from bayesknee.interop.synthetic import synthetic_document, synthetic_evidence
from bayesknee.patient.codes import encode
from bayesknee.patient.evidence import check_evidence

ABSENT = 40
PRESENT = 10
PATIENTS = 15


def draw_growth(file: Path, *, small: bool = False) -> None:
    """Measures and draws the four curves."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 5.0), layout="constrained")
    axes = figure.subplots(2, 2).ravel()
    scale = 10 if small else 1
    curves = {
        "conditions (4,000 findings)": [(n, _seconds(n, 4000 // scale, PRESENT)) for n in (75, 150, 300, 600, 1200)],
        "findings (600 conditions)": [(m, _seconds(600 // scale, m, PRESENT)) for m in (500, 1000, 2000, 4000, 8000)],
        "present findings (600 x 4,000)": [(k, _seconds(600, 4000 // scale, k)) for k in (5, 10, 15, 20, 25, 30)],
        "patients at once (600 x 4,000)": _patients(600, 4000 // scale, (1, 50, 100, 200, 400)),
    }
    for ax, (name, points) in zip(axes, curves.items(), strict=True):
        x, seconds = zip(*points, strict=True)
        ax.plot(x, 1e3 * np.array(seconds), "o-", color="black", markersize=4)
        ax.set(xlabel=name, ylabel="ms", xscale="log" if "conditions" in name else "linear", ylim=(0, None))
        ax.set_xticks(x, [f"{each:,}" for each in x])
        ax.minorticks_off()
        ax.grid(visible=True, alpha=0.3)
    figure.suptitle(f"Posterior of all conditions, {PRESENT} findings present and {ABSENT} absent", fontsize=10)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=80)


def _seconds(conditions: int, findings: int, present: int) -> float:
    document = synthetic_document(conditions, findings)
    engine = Engine(noisy_or_network(document, "made up").network, memory=2**33, seconds=300.0)
    seconds = []
    for patient in _patients_of(document, present, PATIENTS):
        start = time.perf_counter()
        engine.diagnose(patient)
        seconds.append(time.perf_counter() - start)
    return median(seconds)


def _patients_of(document: dict[str, Any], present: int, count: int, first: int = 0) -> list[dict[str, str]]:
    drawn = (synthetic_evidence(document, present, ABSENT, seed) for seed in range(first, first + count))
    return [{name: ANSWERS[answer] for name, answer in each.items()} for each in drawn]


def _patients(conditions: int, findings: int, counts: Sequence[int]) -> list[tuple[int, float]]:
    """Different patients at once, each new to the engine; what is compiled is compiled before."""
    document = synthetic_document(conditions, findings)
    engine = Engine(noisy_or_network(document, "made up").network)
    made: list[tuple[int, float]] = []
    first = 0
    for count in (max(counts), *counts):
        patients = _patients_of(document, PRESENT, count, first)
        codes = encode(engine.network, [check_evidence(engine.network, each) for each in patients])
        start = time.perf_counter()
        engine.compiled.strategy.infer_many(codes)
        made.append((count, time.perf_counter() - start))
        first += count
    return made[1:]
