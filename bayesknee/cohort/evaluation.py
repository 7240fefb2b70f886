"""How good a network is: labelled patients diagnosed, beside naive Bayes on the same numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from typing import Any, Final

import numpy as np
from immutabledict import immutabledict
from numpy.typing import NDArray

from bayesknee.arrays import Bools, Integers, Vector, descending
from bayesknee.cohort.forecasting import called_by_engine, called_by_naive_bayes
from bayesknee.cohort.labelled import LabelledCase
from bayesknee.cohort.measures import Bin, Forecasts, Measure, Measures, levels_called_for, measure
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.engine import Engine
from bayesknee.diagnosis.explaining.conflict import surprise_of
from bayesknee.diagnosis.explaining.intervals import LEAST_DRAWS
from bayesknee.diagnosis.explaining.ledger import Account
from bayesknee.errors import BayeskneeError
from bayesknee.knowledge.model import LEVELS
from bayesknee.knowledge.network import Network
from bayesknee.lazy_types import DataFrame
from bayesknee.plain import attributes, plain

# Of the bootstrap: 25 lie beyond either end of a 95 % interval. With fewer, its ends depend more on the seed; with
# more, time grows in proportion.
ROUNDS: Final = 1000
# Cases whose surprise is told: each takes 1000 drawn patients with their posteriors, so more take long. Judged.
MOST_FLAGGED: Final = 100
ENGINE: Final = "bayesknee"
BASELINE: Final = "naive_bayes"


@dataclass(frozen=True)
class CaseResult:
    """One labelled patient and the engine's forecast.

    Attributes:
        case: the patient.
        engine: what diagnosed it.
        marginals: P(condition) in the order of the network, shape (n,).
        rank: of the best-placed true condition, from 1; 0 where none is true.
        called, needed: the triage level that was called, and that the true conditions call for.
    """

    case: LabelledCase
    engine: Engine = field(repr=False, compare=False)
    marginals: Vector = field(repr=False, compare=False)
    rank: int
    called: str
    needed: str

    @property
    def posterior(self) -> Mapping[str, float]:
        """P(condition), most probable first. Not kept: of a hundred thousand patients, that takes 100 MB."""
        names = tuple(self.engine.network.conditions)
        order = descending(self.marginals).tolist()
        return immutabledict({names[place]: float(self.marginals[place]) for place in order})

    @cached_property
    def diagnosis(self) -> Diagnosis:
        """The whole diagnosis, made when it is first asked for."""
        return self.engine.diagnose(self.case.evidence)

    @property
    def led(self) -> bool:
        """Whether a true condition leads."""
        return self.rank == 1

    @property
    def missed(self) -> Account | None:
        """The ledger of the leader against the best-placed true condition; None if a true one leads or none is true."""
        if self.rank < 2:
            return None
        posterior = self.posterior
        leader = next(iter(posterior))
        best = next(name for name in posterior if name in self.case.label)
        return self.diagnosis.ledger.contrast(leader, best)

    def to_dict(self) -> dict[str, Any]:
        """The row as plain data; `missed`: how each answer moved the leader against the best-placed true condition."""
        missed = self.missed
        shares = {entry.finding: entry.decibans for entry in missed.entries} if missed else {}
        return {
            "case": self.case.id,
            "setting": self.case.setting,
            "label": list(self.case.label),
            "rank": self.rank,
            "triage": attributes(self, ("called", "needed")),
            "posterior": plain(self.posterior),
            "missed": plain(shares),
        }


@dataclass(frozen=True)
class Unnamed:
    """The results for cases whose cause the network does not name.

    Attributes:
        cases: how many have the catch-all as a label.
        led: in how many of these it leads.
        flagged: of how many the findings fit nothing in the network well (`bayesknee.diagnosis.explaining.conflict`);
            None for more than 100 cases, since each takes up to a second.
        either: in how many it leads, or the findings fit nothing; None likewise.
    """

    cases: int
    led: int
    flagged: int | None
    either: int | None


@dataclass(frozen=True)
class Evaluation:
    """The result of an evaluation.

    Attributes:
        network: what was evaluated.
        results: a row for each patient.
        engine, baseline: measures of the engine and of naive Bayes on the same numbers.
        calibration, baseline_calibration: ten bins of equal width.
        inclusion: by forecaster, the share of patients with a true condition among the first k, for k = 1, 2, ...
        unnamed: the cases labelled with the catch-all.
        rounds, seed: of the bootstrap.
    """

    network: Network
    results: tuple[CaseResult, ...]
    engine: Measures
    baseline: Measures
    calibration: tuple[Bin, ...]
    baseline_calibration: tuple[Bin, ...]
    inclusion: Mapping[str, tuple[float, ...]]
    unnamed: Unnamed
    rounds: int
    seed: int

    @property
    def failures(self) -> tuple[CaseResult, ...]:
        """The patients of whom no true condition leads, though they have one."""
        return tuple(result for result in self.results if result.rank > 1)

    @property
    def forecasters(self) -> Mapping[str, Measures]:
        """The measures by name of the forecaster."""
        return immutabledict({ENGINE: self.engine, BASELINE: self.baseline})

    def to_frame(self) -> DataFrame:
        """A row per measure and forecaster: value, low, high."""
        import pandas as pd

        rows = [
            {"measure": name, "forecaster": forecaster, **asdict(found)}
            for forecaster, measures in self.forecasters.items()
            for name, found in overall(measures).items()
        ]
        return pd.DataFrame(rows).set_index(["measure", "forecaster"])

    def to_dict(self) -> dict[str, Any]:
        """The evaluation as plain data, ready for JSON; null where there was nothing to measure."""
        return {
            "network": self.network.identity,
            "cases": len(self.results),
            "bootstrap": attributes(self, ("rounds", "seed")),
            "measures": plain(self.forecasters),
            "calibration": plain({ENGINE: self.calibration, BASELINE: self.baseline_calibration}),
            **attributes(self, ("inclusion", "unnamed", "results")),
        }


def overall(measures: Measures) -> Mapping[str, Measure]:
    """The measures that are one figure, by name."""
    values = {part.name: getattr(measures, part.name) for part in fields(measures)}
    return immutabledict({name: value for name, value in values.items() if isinstance(value, Measure)})


def evaluate(network: Network, cases: Iterable[LabelledCase], *, rounds: int = ROUNDS, seed: int = 0) -> Evaluation:
    """Diagnoses labelled patients and compares with what was true.

    Args:
        network: what to evaluate.
        cases: at least one, from `read_labelled` or `check_cases`.
        rounds: of the bootstrap, at least 40; or 0 for no intervals.
        seed: of the bootstrap.

    Raises:
        ImpossibleEvidenceError: a case with answers that cannot be true together.
        BayeskneeError: too few rounds for an interval.
        ValueError: no cases.
    """
    if rounds < 0 or 0 < rounds < LEAST_DRAWS:
        expected = f"0 for no intervals, or at least {LEAST_DRAWS} (fewer tell no 95 % interval)"
        raise BayeskneeError(f"{rounds} rounds of the bootstrap; expected {expected}; {ROUNDS:,} will do")
    given = tuple(cases)
    if not given:
        raise ValueError("no cases; expected at least one labelled case")
    settings = np.array([case.setting for case in given])
    engines = {setting: Engine(network, setting) for setting in dict.fromkeys(settings.tolist())}
    ours, theirs = _called(network, given, settings, engines)
    names = tuple(network.conditions)
    results = tuple(_results(given, engines, ours))
    return Evaluation(
        network=network,
        results=results,
        engine=measure(ours, names, rounds, seed),
        baseline=measure(theirs, names, rounds, seed),
        calibration=ours.calibration,
        baseline_calibration=theirs.calibration,
        inclusion=immutabledict({ENGINE: ours.inclusion, BASELINE: theirs.inclusion}),
        unnamed=_unnamed(network, results),
        rounds=rounds,
        seed=seed,
    )


def _called(
    network: Network, cases: Sequence[LabelledCase], settings: NDArray[np.str_], engines: Mapping[str, Engine]
) -> tuple[Forecasts, Forecasts]:
    """The forecasts of the engine and of naive Bayes, computed setting by setting."""
    shape = (2, len(cases), len(network.conditions))
    posterior, level = np.empty(shape), np.empty(shape[:2], dtype=np.intp)
    for setting, engine in engines.items():
        here = settings == setting
        cases_here = [case for case, is_here in zip(cases, here, strict=True) if is_here]
        both = called_by_engine(engine, cases_here), called_by_naive_bayes(engine, cases_here)
        for which, called in enumerate(both):
            posterior[which, here], level[which, here] = called
    truth, needed, most, limits = _truth(network, cases)
    ours, theirs = (
        Forecasts(p, truth, called, needed, limits, most) for p, called in zip(posterior, level, strict=True)
    )
    return ours, theirs


def _truth(network: Network, cases: Sequence[LabelledCase]) -> tuple[Bools, Integers, Integers, Vector]:
    """Which conditions are true, what level they call for at the least and at the most, and the limits."""
    conditions = network.conditions.values()
    truth = np.array([[condition.id in case.label for condition in conditions] for case in cases])
    return truth, *levels_called_for(network, truth), np.array([condition.limit.value for condition in conditions])


def _results(
    cases: Sequence[LabelledCase], engines: Mapping[str, Engine], forecasts: Forecasts
) -> Iterator[CaseResult]:
    ranks = np.where(forecasts.has_cause, forecasts.rank, 0).tolist()
    for row, case in enumerate(cases):
        called, needed = (LEVELS[levels[row]] for levels in (forecasts.called, forecasts.needed))
        yield CaseResult(case, engines[case.setting], forecasts.posterior[row], ranks[row], called, needed)


def _unnamed(network: Network, results: Iterable[CaseResult]) -> Unnamed:
    found = [result for result in results if network.catch_all in result.case.label]
    led = [next(iter(result.posterior)) == network.catch_all for result in found]
    if len(found) > MOST_FLAGGED:
        return Unnamed(len(found), sum(led), None, None)
    flagged = [surprise_of(result.diagnosis).matters for result in found]
    either = sum(one or other for one, other in zip(led, flagged, strict=True))
    return Unnamed(len(found), sum(led), sum(flagged), either)
