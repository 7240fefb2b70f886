"""Does learning help other patients? `python -m tests.benchmarks.cross_validation [--write]`.

The published patients of the shipped network are dealt into ten folds. For each fold the network learns from the other
nine, base rates and shares kept, and diagnoses the fold; beside it stands the network as it ships. Ranks and losses are
those of `bayesknee evaluate`, by condition and not by form. `--write` puts the table into docs/learning.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bayesknee import Engine, Network, load_network
from bayesknee.arrays import Vector
from bayesknee.cohort.forecasting import called_by_engine
from bayesknee.cohort.labelled import LabelledCase, read_labelled
from bayesknee.cohort.learning import learn
from bayesknee.cohort.measures import Forecasts, levels_called_for
from bayesknee.interval_95 import ENDS
from bayesknee.knowledge.library import find_network
from tests.support.paths import ROOT

NETWORK: Final = "posterior_knee"
FOLDS: Final = 10
SEED: Final = 1
ROUNDS: Final = 10_000  # of the bootstrap of differences; they cost nothing here
NAMES: Final = ("as it ships", "learned in the other folds")
PAGE: Final = ROOT / "docs" / "learning.md"
BEGIN, END = "<!-- folds:begin -->\n", "<!-- folds:end -->\n"


def main() -> None:
    """Measures, prints, and writes where asked to."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.cross_validation", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into docs/learning.md")
    parser.add_argument("--folds", type=int, default=FOLDS, help="how many")
    arguments = parser.parse_args()
    table = measured(arguments.folds)
    sys.stdout.write(table)
    if arguments.write:
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(f"{page.split(BEGIN)[0]}{BEGIN}{table}{END}{page.split(END)[1]}", encoding="utf-8")


def measured(folds: int) -> str:
    """The table, as Markdown."""
    network = load_network(NETWORK)
    cases = read_labelled(find_network(NETWORK) / "cases" / "patients.jsonl", network)
    before = forecasts(network, cases, posteriors(network, cases))
    after = forecasts(network, cases, learned_in_folds(network, cases, folds))
    return "".join(rows(before, after))


def learned_in_folds(network: Network, cases: Sequence[LabelledCase], folds: int) -> Vector:
    """P(condition) of each case by the network that learned from all other folds, shape (cases, conditions)."""
    found = np.empty((len(cases), len(network.conditions)))
    for fold in np.array_split(np.random.default_rng(SEED).permutation(len(cases)), folds):
        others = [case for row, case in enumerate(cases) if row not in set(fold.tolist())]
        learned = learn(network, others, base_rates=False)
        found[fold] = posteriors(learned.network, [cases[row] for row in fold])
    return found


def posteriors(network: Network, cases: Sequence[LabelledCase]) -> Vector:
    """P(condition) of each case in its setting, shape (cases, conditions)."""
    settings = np.array([case.setting for case in cases])
    found = np.empty((len(cases), len(network.conditions)))
    for setting in dict.fromkeys(settings.tolist()):
        rows_here = np.flatnonzero(settings == setting)
        cases_here = [case for case in cases if case.setting == setting]
        found[rows_here] = called_by_engine(Engine(network, setting), cases_here).posterior
    return found


def forecasts(network: Network, cases: Sequence[LabelledCase], posterior: Vector) -> Forecasts:
    """The posteriors beside what was true."""
    truth = np.array([[name in case.label for name in network.conditions] for case in cases])
    needed, most = levels_called_for(network, truth)
    limits = np.array([condition.limit.value for condition in network.conditions.values()])
    return Forecasts(posterior, truth, None, needed, limits, most)


def rows(before: Forecasts, after: Forecasts) -> Iterator[str]:
    """As it ships, learned, and the difference with its bootstrap interval: the patients are the same in both."""
    yield "| Network | A true condition first | Among the first three | Log loss |\n|---|--:|--:|--:|\n"
    old, new = (np.array([each.rank == 1, each.rank <= 3, each.losses], float) for each in (before, after))
    for name, (first, three, loss) in zip(NAMES, (old.mean(axis=1), new.mean(axis=1)), strict=True):
        yield f"| {name} | {100 * first:.1f} % | {100 * three:.1f} % | {loss:.4f} |\n"
    drawn = np.random.default_rng(SEED).integers(old.shape[1], size=(ROUNDS, old.shape[1]))
    changes = [_change(each, drawn) for each in new - old]
    first, three = (" to ".join(f"{100 * end:+.1f}" for end in ends) for ends in changes[:2])
    loss = " to ".join(f"{end:+.4f}" for end in changes[2])
    yield f"| difference, 95 % interval | {first} points | {three} points | {loss} |\n"


def _change(change: Vector, drawn: NDArray[np.intp]) -> Sequence[float]:
    """The 95 % interval of a mean over patients who are drawn anew."""
    ends: list[float] = np.quantile(change[drawn].mean(axis=1), ENDS).tolist()
    return ends


if __name__ == "__main__":
    main()
