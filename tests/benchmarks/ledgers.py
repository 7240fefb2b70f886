"""The ledger beside pyAgrum's conditional Shapley values, and the sensitivity to all numbers.

Shapley values take a posterior for each subset of the answers; pyAgrum computes them for one target within its Markov
blanket. To give it an easy case, its network has one condition and as many findings as there are answers. There both
are the classical weights of evidence, which is checked. Ours is then timed on whole patients of the network at hand,
for all of its conditions and groups at once.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Sequence
from importlib import import_module
from random import Random
from statistics import median
from typing import Any, NamedTuple

import pandas as pd
import pytest

from bayesknee import Engine, Evidence, Network
from tests.support.other_programs import gum
from tests.support.small_networks import condition, finding, network, noisy_or

TARGET = "c"
AGREEMENT = 1e-6


class LedgerTimes(NamedTuple):
    """Seconds for one patient.

    Attributes:
        answers: how many the patient gave.
        ledger: ours, all conditions and groups.
        shapley: pyAgrum's, one condition.
    """

    answers: int
    ledger: float
    shapley: float


def time_ledger(net: Network, patients: Sequence[Evidence], answers: int) -> LedgerTimes:
    """Ours is the median over patients not met before, after a few to warm up; pyAgrum's one run, as it takes long."""
    engine = Engine(net)
    gc.collect()
    seconds: list[float] = []
    for patient in patients:
        start = time.perf_counter()
        engine.compiled.strategy.shares(patient, engine.compiled.events)
        seconds.append(time.perf_counter() - start)
    return LedgerTimes(answers, median(seconds[len(seconds) // 3 :]), time_shapley(answers))


def time_shapley(answers: int) -> float:
    """Seconds that pyAgrum takes for the shares of that many findings; they are ours, too."""
    rng = Random(answers)
    chances = {f"f{i}": (rng.uniform(0.05, 0.4), rng.uniform(0.5, 0.95)) for i in range(answers)}
    model = _star(chances)
    row = pd.DataFrame([{TARGET: 1, **dict.fromkeys(chances, 1)}])
    explain: Any = import_module("pyagrum.explain")  # draws, so it is loaded only here
    explainer = explain.ConditionalShapValues(model, TARGET, logit=True)
    start = time.perf_counter()
    explanation = explainer.compute((row, False))
    seconds = time.perf_counter() - start
    assert dict(explanation[1]) == pytest.approx(_ours(chances), abs=AGREEMENT)
    return seconds


def _star(chances: dict[str, tuple[float, float]]) -> Any:  # noqa: ANN401
    model = gum.BayesNet()
    model.add(gum.LabelizedVariable(TARGET, "", ["no", "yes"]))
    model.cpt(TARGET)[:] = [0.8, 0.2]
    for name, (without, with_it) in chances.items():
        model.add(gum.LabelizedVariable(name, "", ["no", "yes"]))
        model.addArc(TARGET, name)
        model.cpt(name)[:] = [[1.0 - without, without], [1.0 - with_it, with_it]]
    return model


def _ours(chances: dict[str, tuple[float, float]]) -> dict[str, float]:
    """Our shares of the same answers in the same network."""
    findings = [finding(name, noisy_or(without, c=with_it)) for name, (without, with_it) in chances.items()]
    engine = Engine(network(condition(TARGET, 0.2), *findings, complaint=""))
    account = engine.diagnose(dict.fromkeys(chances, "yes")).ledger[TARGET]
    return {entry.finding: entry.share for entry in account.entries}


def time_sensitivity(net: Network, patients: Sequence[Evidence]) -> tuple[float, float, int]:
    """Seconds for all derivatives of one patient and for one network computed anew, and how many numbers bear on one.

    Two networks computed anew give one derivative, by their difference.
    """
    engine = Engine(net)
    engine.compiled.strategy.gradients(patients[0], engine.compiled.events)
    gradients, anew, numbers = [], [], []
    for patient in patients:
        start = time.perf_counter()
        numbers.append(len(engine.compiled.strategy.gradients(patient, engine.compiled.events).paths))
        middle = time.perf_counter()
        Engine(net).diagnose(patient)
        gradients.append(middle - start)
        anew.append(time.perf_counter() - middle)
    return median(gradients), median(anew), int(median(numbers))
