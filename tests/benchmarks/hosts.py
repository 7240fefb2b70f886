"""What the most expensive request costs that a host's budget allows, beside the same requests without a budget."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Final, NamedTuple

import numpy as np

from bayesknee import Budget, Diagnosis, Engine
from bayesknee.inference.results import DEFAULT_DRAWS
from bayesknee.knowledge.network import Network
from bayesknee.patient.codes import decode
from bayesknee.patient.evidence import NOTHING_KNOWN

# What docs/python.md proposes for a host that serves strangers.
HOST: Final = Budget(answers=100, draws=1_000, questions=10)
QUESTIONS_IN_JSON: Final = 300  # all of them


class RequestTime(NamedTuple):
    """A request, and the seconds that it took."""

    name: str
    seconds: float


def requests(budget: Budget) -> Mapping[str, Callable[[Diagnosis], object]]:
    """Each capability, asked for as much as the budget allows."""
    return {
        "posterior, result and all questions": lambda it: it.to_dict(questions=QUESTIONS_IN_JSON),
        f"intervals from {budget.draws:,} draws": lambda it: it.intervals(budget.draws),
        "sensitivity": lambda it: it.sensitivity(),
        "stop": lambda it: it.stop(threshold=1.0, samples=min(budget.draws, DEFAULT_DRAWS)),
        "two steps ahead": lambda it: it.rank_questions(look_ahead=True),
        f"plan of {budget.questions} questions": lambda it: it.plan(budget.questions or 1),
    }


def most_expensive(network: Network, patients: list[Mapping[str, object]], budget: Budget = HOST) -> list[RequestTime]:
    """The requests, the most expensive first: of each the longest time over these patients and an engine of its own."""
    found = []
    for name, request in requests(budget).items():
        times = []
        for answers in patients:
            engine = Engine(network, budget=budget)
            start = time.perf_counter()
            request(engine.diagnose(answers))
            times.append(time.perf_counter() - start)
        found.append(RequestTime(name, max(times)))
    return sorted(found, key=lambda each: -each.seconds)


def host_patients(network: Network) -> list[Mapping[str, object]]:
    """Patients with no answers, with a quarter of what the budget allows, and with all of that."""
    codes = Engine(network).compiled.strategy.sample(NOTHING_KNOWN, 1, np.random.default_rng(0)).codes[0]
    answers = dict(decode(network, codes).answers)
    most = HOST.answers or len(answers)
    return [dict(islice(answers.items(), count)) for count in (0, most // 4, most)]


def host_row(found: list[RequestTime]) -> str:
    """The most expensive request that a host's budget allows, beside the next."""
    first, second = found[:2]
    return (
        f"| The most expensive request within `Budget(answers={HOST.answers}, draws={HOST.draws}, "
        f"questions={HOST.questions})`: {first.name} | {1000 * first.seconds:,.0f} ms "
        f"| the next: {second.name}: {1000 * second.seconds:,.0f} ms | {second.seconds / first.seconds:.2f} | |"
    )
