"""How often is a cause noticed that a network does not name? For docs/why.md: `python -m tests.benchmarks.unnamed`.

For each published case, patients are drawn with the case's background (risk factors, unsure answers) and asked the
case's questions: some with the case's label, some whoever they are; from the shipped network, and from networks whose
every number is drawn from its range. The shipped network diagnoses them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

import numpy as np

from bayesknee import Engine, Network, load_network
from bayesknee.arrays import Vector
from bayesknee.cohort.labelled import LabelledCase, read_labelled
from bayesknee.diagnosis.explaining.conflict import DRAWS, TIE, UNUSUAL, split
from bayesknee.errors import InferenceError
from bayesknee.knowledge.library import find_network
from bayesknee.knowledge.ranges import redrawn
from bayesknee.patient.codes import NOT_KNOWN, Codes
from bayesknee.patient.evidence import Evidence, check_evidence
from tests.support.paths import ROOT

OWN: Final = 300  # patients for each case; with those of the others over 2,000, so that compiled code diagnoses them
NETWORKS: Final = 10
EACH: Final = 30  # patients for each case and network
SEED: Final = 11
PAGE: Final = ROOT / "docs" / "why.md"
BEGIN, END = "<!-- unnamed:begin -->\n", "<!-- unnamed:end -->\n"


class Rates(NamedTuple):
    """Shares of patients: a true condition leads; flagged, as the findings fit nothing; either."""

    led: float
    flagged: float
    either: float


class Judge:
    """Diagnoses patients who were asked what a case was asked."""

    def __init__(self, engine: Engine, case: LabelledCase, rng: np.random.Generator) -> None:
        self._strategy = engine.compiled.strategy
        self._rng = rng
        self.background, self.row = split(engine.diagnose(case.evidence))
        self._label = np.array([name in case.label for name in engine.network.conditions])

    def drawn(self, engine: Engine, evidence: Evidence, number: int) -> Codes:
        """Patients of a network who share some evidence."""
        return engine.compiled.strategy.sample(evidence, number, self._rng).codes

    def rates(self, usual: Codes, patients: Mapping[str, Codes]) -> Mapping[str, Rates]:
        """What becomes of these patients; a flag as in `bayesknee.diagnosis.explaining.conflict.surprise_of`.

        Args:
            usual: patients of the network, beside whom they are improbable or not.
            patients: by where they come from.
        """
        # In one call, for many at once are diagnosed by compiled code.
        marginals, evidence = self._scored(np.vstack([usual, *patients.values()]))
        led = self._label[np.argmax(marginals, axis=1)]
        as_improbable = (evidence[: len(usual)] <= evidence[:, None] + TIE).sum(axis=1)
        flagged = (1 + as_improbable) / (len(usual) + 1) < UNUSUAL
        of_each = np.stack([led, flagged, led | flagged])
        ends = len(usual) + np.cumsum([len(codes) for codes in patients.values()])
        parts = [
            of_each[:, end - len(codes) : end].mean(axis=1) for end, codes in zip(ends, patients.values(), strict=True)
        ]
        return {origin: Rates(*part.tolist()) for origin, part in zip(patients, parts, strict=True)}

    def _scored(self, codes: Codes) -> tuple[Vector, Vector]:
        known = np.where(self.row != NOT_KNOWN, codes, np.int8(NOT_KNOWN))
        posteriors = self._strategy.infer_many(known, self.background)
        return np.asarray(posteriors.marginals, np.float64), np.asarray(posteriors.log_evidence, np.float64)


def rates_of(engine: Engine, others: Sequence[Engine], case: LabelledCase) -> Mapping[str, Rates]:
    """The rates of a case, and of patients like it, by where they come from; all engines are of the case's setting."""
    judge = Judge(engine, case, np.random.default_rng(SEED))
    usual = judge.drawn(engine, judge.background, DRAWS)
    truth = labelled(engine.network, judge.background, case)

    def from_all(evidence: Evidence) -> Codes:
        return np.vstack([judge.drawn(each, evidence, EACH) for each in others])

    patients = {
        "published": judge.row[None],
        "drawn": judge.drawn(engine, truth, OWN),
        "drawn, numbers redrawn": from_all(truth),
        "anyone": judge.drawn(engine, judge.background, OWN),
        "anyone, numbers redrawn": from_all(judge.background),
    }
    return judge.rates(usual, patients)


def labelled(network: Network, background: Evidence, case: LabelledCase) -> Evidence:
    """The background of a case, with the conditions of its label and no others."""
    answers = {name: dict(each) if isinstance(each, Mapping) else each for name, each in background.answers.items()}
    return check_evidence(network, answers | {name: name in case.label for name in network.conditions})


def networks(network: Network, rng: np.random.Generator) -> Iterator[Network]:
    """Networks drawn from the ranges, without end; those whose base rates cannot be met are left out."""
    while True:
        drawn = redrawn(network, rng)
        try:
            for setting in network.settings:
                Engine(drawn, setting)
        except InferenceError:
            continue
        yield drawn


def lines(found: Mapping[bool, Sequence[Mapping[str, Rates]]]) -> Iterator[str]:
    """The table, from the rates of the cases whose cause is not named (True) and of the others."""
    yield "| Patients | cause | true condition leads | fit nothing | either |"
    yield "|---|---|--:|--:|--:|"
    for origin in ("published", "drawn", "drawn, numbers redrawn"):
        for unnamed, cases in found.items():
            cause = f"{'not ' if unnamed else ''}named ({len(cases)} cases)"
            yield f"| {origin} | {cause} | {' | '.join(map(_percent, _mean(cases, origin)))} |"
    for origin in ("anyone", "anyone, numbers redrawn"):
        everyone = [each for cases in found.values() for each in cases]
        yield f"| {origin} | | | {_percent(_mean(everyone, origin).flagged)} | |"


def _mean(cases: Sequence[Mapping[str, Rates]], origin: str) -> Rates:
    return Rates(*np.mean([each[origin] for each in cases], axis=0).tolist())


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.1f} %"


def main() -> None:
    """Measures, and writes the page."""
    network = load_network("posterior_knee")
    others = list(islice(networks(network, np.random.default_rng(SEED)), NETWORKS))
    cases = read_labelled(find_network("posterior_knee") / "cases", network)
    found: dict[bool, list[Mapping[str, Rates]]] = {True: [], False: []}
    for setting in network.settings:  # one after the other, for engines of a large network take 100 MB each
        engine, redrawn_ones = Engine(network, setting), [Engine(each, setting) for each in others]
        for case in cases:
            if case.setting == setting:
                found[network.catch_all in case.label].append(rates_of(engine, redrawn_ones, case))
    page = PAGE.read_text(encoding="utf-8")
    head, tail = page.split(BEGIN)[0], page.split(END)[1]
    table = "\n".join(lines(found))
    PAGE.write_text(f"{head}{BEGIN}{table}\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
