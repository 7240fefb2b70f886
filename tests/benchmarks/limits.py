"""What a limit costs and saves: `python -m tests.benchmarks.limits` writes what docs/triage.md shows of it.

Patients are drawn from the shipped network and told with all that they can say, then with what an examination adds. By
limit of the clot: how many of those with one lie below it, and how many of the others do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bayesknee import Engine, load_network
from bayesknee.arrays import Vector
from bayesknee.diagnosis.care_steps import CareSteps
from bayesknee.diagnosis.triage import levels
from bayesknee.knowledge.model import LEVELS
from bayesknee.knowledge.network import Network
from bayesknee.patient.codes import NOT_KNOWN
from bayesknee.patient.evidence import NOTHING_KNOWN
from tests.support.paths import ROOT

PATIENTS: Final = 5_000
SEED: Final = 1
CONDITION: Final = "deep_vein_thrombosis"
LIMITS: Final = (0.01, 0.02, 0.03, 0.05, 0.1)
KNOWN: Final = {"history": ("history",), "history and examination": ("history", "exam")}
PAGE: Final = ROOT / "docs" / "triage.md"
BEGIN, END = "<!-- limits:begin -->\n", "<!-- limits:end -->\n"


def lines(network: Network, number: int = PATIENTS) -> Iterator[str]:
    """The table: by setting and what is known, clots below each limit and others not below it; then all levels."""
    limits = " | ".join(f"{100 * limit:.0f} %" for limit in LIMITS)
    yield f"| Setting | known | {limits} | {' / '.join(level.replace('_', '-') for level in LEVELS)} |"
    yield f"|---|---|{'--:|' * len(LIMITS)}--:|"
    place = list(network.conditions).index(CONDITION)
    for setting in network.settings:
        engine = Engine(network, setting)
        sample = engine.compiled.strategy.sample(NOTHING_KNOWN, number, np.random.default_rng(SEED))
        has_clot = sample.conditions[:, place]
        for known, kinds in KNOWN.items():
            codes = np.where(is_known(network, kinds), sample.codes, np.int8(NOT_KNOWN))
            marginals = np.asarray(engine.compiled.strategy.infer_many(codes).marginals, np.float64)
            called = np.bincount(levels(CareSteps(engine.compiled), marginals, codes), minlength=len(LEVELS)) / number
            cells = " | ".join(trade(marginals[:, place], has_clot, limit) for limit in LIMITS)
            shares = " / ".join(f"{100 * share:.0f}" for share in called)
            yield f"| {network.settings[setting].name} | {known} | {cells} | {shares} % |"


def is_known(network: Network, kinds: tuple[str, ...]) -> NDArray[np.bool_]:
    """Which questions are answered: risk factors, and findings of these kinds."""
    return np.array(
        [name in network.risk_factors or network.findings[name].kind in kinds for name in network.questions]
    )


def trade(probability: Vector, has_it: NDArray[np.bool_], limit: float) -> str:
    """The share of those with the condition below a limit, and of the others not below it."""
    missed, sent = (probability[has_it] < limit).mean(), (probability[~has_it] >= limit).mean()
    return f"{100 * missed:.1f} / {100 * sent:.1f} %"


def main() -> None:
    """Measures, and writes the page."""
    table = "\n".join(lines(load_network("posterior_knee")))
    page = PAGE.read_text(encoding="utf-8")  # only now, for drawing takes minutes
    head, tail = page.split(BEGIN)[0], page.split(END)[1]
    PAGE.write_text(f"{head}{BEGIN}{table}\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
