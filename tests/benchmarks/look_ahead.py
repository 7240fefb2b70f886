"""`python -m tests.benchmarks.look_ahead`: what looking two questions ahead gains over one, on patients drawn.

The same patients are asked the same number of questions either way. Told are what is left to know of the conditions,
weighed by stakes (bits), and how probable the leading condition is; of both, the mean gain with its standard error.
The network is an older one of eleven conditions, as for the one that ships it takes half an hour.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from statistics import mean, stdev
from typing import NamedTuple

import numpy as np

from bayesknee import Diagnosis, Engine, Evidence
from bayesknee.arrays import entropy
from bayesknee.patient.codes import NOT_KNOWN, Codes
from tests.support.paths import KNEE_11


class State(NamedTuple):
    """What an interview has come to.

    Attributes:
        left: entropy of the conditions, weighed by their stakes, in bits.
        leader: the probability of the leading condition.
    """

    left: float
    leader: float


def main() -> None:
    """Plays the interviews and prints a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.look_ahead", description=__doc__)
    parser.add_argument("--network", default=str(KNEE_11), help="name or folder of a network")
    parser.add_argument("--patients", type=int, default=60, help="how many")
    parser.add_argument("--questions", type=int, default=10, help="how many each is asked")
    parser.add_argument("--seed", type=int, default=0, help="of the draws")
    given = parser.parse_args()
    sys.stdout.write(compare(Engine(given.network), given.patients, given.questions, given.seed) + "\n")


def compare(engine: Engine, patients: int, questions: int, seed: int) -> str:
    """The table, as Markdown."""
    codes = engine.compiled.strategy.sample(Evidence(), patients, np.random.default_rng(seed)).codes
    one, two = [[list(interview(engine, row, questions, look_ahead=ahead)) for row in codes] for ahead in (False, True)]
    rows = ["| Questions | left, one step | left, two steps | gain | leader, one step | leader, two steps | gain |"]
    rows += ["|--:|--:|--:|--:|--:|--:|--:|"]
    for count in range(1, questions + 1):
        pairs = [(each[count], other[count]) for each, other in zip(one, two, strict=True)]
        left = _compared([(a.left, b.left) for a, b in pairs], sign=-1.0)
        rows.append(
            f"| {count} | {left} | {_compared([(100 * a.leader, 100 * b.leader) for a, b in pairs], sign=1.0)} |"
        )
    return "\n".join(rows)


def _compared(pairs: list[tuple[float, float]], sign: float) -> str:
    gains = [sign * (b - a) for a, b in pairs]
    error = stdev(gains) / len(gains) ** 0.5
    return f"{mean(a for a, _ in pairs):.2f} | {mean(b for _, b in pairs):.2f} | {mean(gains):+.2f} +- {error:.2f}"


def interview(engine: Engine, row: Codes, questions: int, *, look_ahead: bool) -> Iterator[State]:
    """Asks a patient with these answers; the state before the first question and after each."""
    network = engine.network
    columns = {name: column for column, name in enumerate(network.questions)}
    diagnosis = engine.diagnose()
    yield _state(diagnosis)
    for _ in range(questions):
        ranked = diagnosis.rank_questions(asked_of="patient", look_ahead=look_ahead)
        if ranked:
            name = ranked[0].finding
            code = int(row[columns[name]])
            answer = "unknown" if code == NOT_KNOWN else network.states[name][code]
            diagnosis = engine.diagnose({**diagnosis.evidence.answers, name: answer})
        yield _state(diagnosis)


def _state(diagnosis: Diagnosis) -> State:
    names = diagnosis.network.conditions
    stakes = np.array([each.stake for each in names.values()])
    marginals = np.array([diagnosis.posterior[name] for name in names])
    return State(float(entropy(marginals) @ stakes), float(marginals.max()))


if __name__ == "__main__":
    main()
