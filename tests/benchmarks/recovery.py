"""Does learning find numbers again? `python -m tests.benchmarks.recovery` writes what docs/learning.md shows of it.

The truth is the shipped network with every number drawn anew from its range. Patients are drawn from it, 60 % of their
answers are taken away, and the shipped network learns from them. Told is the root mean square of the error in log odds,
over the numbers that were learned from any of the patients. Labels tell the conditions of a patient, and no form.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np
from matplotlib.figure import Figure

from bayesknee import Engine, Network, load_network
from bayesknee.cohort.labelled import LabelledCase
from bayesknee.cohort.learning import Learned, learn
from bayesknee.knowledge.model import Path as NumberPath
from bayesknee.knowledge.ranges import redrawn
from bayesknee.patient.codes import NOT_KNOWN, decode
from bayesknee.patient.evidence import NOTHING_KNOWN
from tests.support.paths import ROOT

SIZES: Final = (100, 300, 1000, 3000)
MISSING: Final = 0.6
TRUTH_SEED: Final = 5
PATIENT_SEED: Final = 1
KINDS: Final = ("base rates", "findings of their own", "signs", "readings of signs", "shares of forms")
MARKERS: Final = ("o", "s", "^", "D", "v")
PAGE: Final = ROOT / "docs" / "learning.md"
PICTURE: Final = ROOT / "docs" / "recovery.png"
BEGIN, END = "<!-- recovery:begin -->\n", "<!-- recovery:end -->\n"


def patients(network: Network, number: int, missing: float, seed: int) -> list[LabelledCase]:
    """Patients drawn from a network in its first setting, answers missing at random."""
    rng = np.random.default_rng(seed)
    setting = network.default_setting
    sample = Engine(network, setting).compiled.strategy.sample(NOTHING_KNOWN, number, rng)
    codes = sample.codes.copy()
    codes[rng.random(codes.shape) < missing] = NOT_KNOWN
    names = np.array(list(network.conditions))
    return [
        LabelledCase(str(row), decode(network, codes[row]), setting, tuple(names[has].tolist()))
        for row, has in enumerate(sample.conditions)
    ]


def errors(prior: Network, truth: Network, learned: Learned) -> dict[NumberPath, tuple[float, float]]:
    """The error of each learned number in log odds, before and after."""
    before, true = dict(prior.numbers()), dict(truth.numbers())
    moves = [move for move in learned.moves if move.patients]
    return {
        move.path: (
            logit(before[move.path].value) - logit(true[move.path].value),
            logit(move.new.value) - logit(true[move.path].value),
        )
        for move in moves
    }


def logit(p: float) -> float:
    """Log odds."""
    return math.log(p) - math.log1p(-p)


def mean(values: list[float]) -> float:
    """Root mean square."""
    return math.sqrt(float(np.mean(np.square(values)))) if values else math.nan


def kind(path: NumberPath) -> str:
    """What sort of number this is."""
    if path[0] == "findings":
        return KINDS[3] if "reads" in path else KINDS[1]
    if path[0] == "signs":
        return KINDS[2]
    return KINDS[4] if "forms" in path else KINDS[0]


def measured() -> Iterator[tuple[int, dict[str, float], float, float]]:
    """By number of patients: the error left of each kind, that before learning, the share of ranges that hold truth."""
    prior = load_network("posterior_knee")
    truth = redrawn(prior, np.random.default_rng(TRUTH_SEED))
    true = dict(truth.numbers())
    for number in SIZES:
        learned = learn(prior, patients(truth, number, MISSING, PATIENT_SEED))
        found = errors(prior, truth, learned)
        left = {each: mean([after for path, (_, after) in found.items() if kind(path) == each]) for each in KINDS}
        moves = [move for move in learned.moves if move.patients]
        held = float(np.mean([move.new.low <= true[move.path].value <= move.new.high for move in moves]))
        yield number, left, mean([before for before, _ in found.values()]), held


def main() -> None:
    """Measures, and writes page and picture."""
    rows = list(measured())
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.add_subplot()
    for each, marker in zip(KINDS, MARKERS, strict=True):
        axes.plot([row[0] for row in rows], [row[1][each] for row in rows], marker=marker, label=each)
    axes.plot([row[0] for row in rows], [row[2] for row in rows], color="0.5", linestyle="--", label="before learning")
    axes.set_xscale("log")
    axes.set_ylim(bottom=0.0)
    axes.set_xlabel("Patients")
    axes.set_ylabel("Error in log odds (root mean square)")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(PICTURE, dpi=110, metadata={"Software": None})
    lines = [
        f"| Patients | before | {' | '.join(KINDS)} | ranges that hold the truth |",
        f"|--:|--:|{'--:|' * len(KINDS)}--:|",
    ]
    for number, left, before, held in rows:
        lines.append(
            f"| {number:,} | {before:.2f} | {' | '.join(f'{left[each]:.2f}' for each in KINDS)} | {held:.0%} |"
        )
    page = PAGE.read_text(encoding="utf-8")
    head, tail = page.split(BEGIN)[0], page.split(END)[1]
    table = "\n".join(lines).replace("%", " %")
    PAGE.write_text(f"{head}{BEGIN}{table}\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
