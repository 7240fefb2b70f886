"""The posterior of one patient: our engine, pyAgrum and pgmpy on the same patients, in turns."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any, NamedTuple, TypeAlias

import pytest

from bayesknee import Engine, Evidence, Network, to_pgmpy
from bayesknee.interop.tables import is_conditioned
from bayesknee.knowledge.model import COMPLAINT
from tests.support.other_programs import VariableElimination, gum
from tests.support.pyagrum_model import to_pyagrum

Answer: TypeAlias = dict[str, float]
Ask: TypeAlias = Callable[[Evidence], Answer]

AGREEMENT = 1e-6


class Timings(NamedTuple):
    """Seconds for one patient, the medians of a round.

    Attributes:
        new: our engine, a patient whose risk factors it has not met.
        again: our engine, a patient whose risk factors it met lately, as in an interview.
        pyagrum: lazy propagation.
        pgmpy: variable elimination, one query a condition.
    """

    new: float
    again: float
    pyagrum: float
    pgmpy: float


def time_posteriors(network: Network, rounds: Sequence[Sequence[Evidence]], for_pgmpy: int) -> list[Timings]:
    """Each round has patients of its own, whom all programs get; pgmpy, being slow, the first few.

    The first round is left out of the result: in it, the programs work out what they keep for all patients.
    """
    model = to_pgmpy(network)
    ask_us, ask_pyagrum, ask_pgmpy = ours(network), pyagrum(network, to_pyagrum(model)), pgmpy(network, model)
    timings: list[Timings] = []
    for patients in rounds:
        new, seconds_new = _time(ask_us, patients)
        again, seconds_again = _time(ask_us, patients)
        theirs, seconds_pyagrum = _time(ask_pyagrum, patients)
        slow, seconds_pgmpy = _time(ask_pgmpy, patients[:for_pgmpy])
        assert again == new
        for got, expected in [*zip(new, theirs, strict=True), *zip(new, slow, strict=False)]:
            assert got == pytest.approx(expected, rel=0, abs=AGREEMENT)
        timings.append(Timings(*map(median, (seconds_new, seconds_again, seconds_pyagrum, seconds_pgmpy))))
    return timings[1:]


def _time(ask: Ask, patients: Sequence[Evidence]) -> tuple[list[Answer], list[float]]:
    answers, seconds = [], []
    gc.collect()
    for patient in patients:
        start = time.perf_counter()
        answers.append(ask(patient))
        seconds.append(time.perf_counter() - start)
    return answers, seconds


def ours(network: Network) -> Ask:
    """One engine for all patients."""
    engine = Engine(network)
    return lambda patient: dict(engine.diagnose(patient.answers).posterior)


def pyagrum(network: Network, model: Any) -> Ask:  # noqa: ANN401
    """One engine for all patients, told that only conditions are asked for."""
    engine = gum.LazyPropagation(model)
    for name in network.conditions:
        engine.addTarget(name)

    def ask(patient: Evidence) -> Answer:
        engine.setEvidence(_hard(network, patient))
        engine.makeInference()
        return {name: engine.posterior(name)[1] for name in network.conditions}

    return ask


def pgmpy(network: Network, model: Any) -> Ask:  # noqa: ANN401
    """One engine for all patients, and one query a condition: a joint query would build the joint table."""
    engine = VariableElimination(model)

    def ask(patient: Evidence) -> Answer:
        known = _hard(network, patient)
        return {name: engine.query([name], known, show_progress=False).values[1] for name in network.conditions}

    return ask


def _hard(network: Network, patient: Evidence) -> dict[str, str]:
    known = {name: answer for name, answer in patient.answers.items() if isinstance(answer, str)}
    return known | ({COMPLAINT: "yes"} if is_conditioned(network) else {})
