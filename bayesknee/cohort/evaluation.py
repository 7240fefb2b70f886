"""How good a network is: labelled patients diagnosed, beside naive Bayes on the same numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from immutabledict import immutabledict

from bayesknee.cohort.labelled import LabelledCase
from bayesknee.cohort.measures import Bin, Flags, Forecasts, Measure, Measures, Numbers, measure
from bayesknee.cohort.naive_bayes import NaiveBayes
from bayesknee.inference.diagnosis import Diagnosis
from bayesknee.inference.engine import Engine
from bayesknee.inference.subsets import Vector
from bayesknee.knowledge.model import LEVELS, Network

if TYPE_CHECKING:
    import pandas as pd

ROUNDS: Final = 1000
ENGINE: Final = "bayesknee"
BASELINE: Final = "naive_bayes"


@dataclass(frozen=True)
class CaseResult:
    """One labelled patient and what the engine said.

    Attributes:
        case: the patient.
        diagnosis: the engine's.
        rank: of the best-placed true condition, from 1; 0 where none is true.
        called, needed: the triage level that was called, and that the true conditions call for.
    """

    case: LabelledCase
    diagnosis: Diagnosis
    rank: int
    called: str
    needed: str

    @property
    def led(self) -> bool:
        """Whether a true condition leads."""
        return self.rank == 1

    def to_dict(self) -> dict[str, Any]:
        """It as plain data."""
        return {
            "case": self.case.id,
            "setting": self.case.setting,
            "label": list(self.case.label),
            "rank": self.rank,
            "triage": {"called": self.called, "needed": self.needed},
            "posterior": dict(self.diagnosis.posterior),
        }


@dataclass(frozen=True)
class Unnamed:
    """How the cases fared whose cause the network does not name.

    Attributes:
        cases: how many have the catch-all as a label.
        led: in how many of these it leads.
    """

    cases: int
    led: int


@dataclass(frozen=True)
class Evaluation:
    """What came of it.

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
        """The patients of whom no true condition leads."""
        return tuple(each for each in self.results if not each.led)

    @property
    def forecasters(self) -> Mapping[str, Measures]:
        """The measures by name of the forecaster."""
        return immutabledict({ENGINE: self.engine, BASELINE: self.baseline})

    def to_frame(self) -> pd.DataFrame:
        """A row per measure and forecaster: value, low, high."""
        import pandas as pd

        rows = [
            {"measure": name, "forecaster": forecaster, "value": each.value, "low": each.low, "high": each.high}
            for forecaster, measures in self.forecasters.items()
            for name, each in overall(measures).items()
        ]
        return pd.DataFrame(rows).set_index(["measure", "forecaster"])

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data, ready for JSON; null where there was nothing to measure."""
        network = self.network
        return {
            "network": {"id": network.id, "version": network.version, "sha256": network.sha256},
            "cases": len(self.results),
            "bootstrap": {"rounds": self.rounds, "seed": self.seed},
            "measures": {name: _plain_measures(each) for name, each in self.forecasters.items()},
            "calibration": {
                ENGINE: [_plain_bin(each) for each in self.calibration],
                BASELINE: [_plain_bin(each) for each in self.baseline_calibration],
            },
            "inclusion": {name: list(each) for name, each in self.inclusion.items()},
            "unnamed": {"cases": self.unnamed.cases, "led": self.unnamed.led},
            "results": [each.to_dict() for each in self.results],
        }


def overall(measures: Measures) -> Mapping[str, Measure]:
    """The measures that are one figure, by name."""
    values = {each.name: getattr(measures, each.name) for each in fields(measures)}
    return immutabledict({name: value for name, value in values.items() if isinstance(value, Measure)})


def evaluate(network: Network, cases: Iterable[LabelledCase], *, rounds: int = ROUNDS, seed: int = 0) -> Evaluation:
    """Diagnoses labelled patients and compares with what was true.

    Args:
        network: what to evaluate.
        cases: at least one, from `read_labelled` or `check_cases`.
        rounds: of the bootstrap; 0 for no intervals.
        seed: of the bootstrap.

    Raises:
        ImpossibleEvidenceError: a case with answers that cannot be true together.
        ValueError: no cases.
    """
    given = tuple(cases)
    if not given:
        raise ValueError("no cases; expected at least one labelled case")
    settings = dict.fromkeys(case.setting for case in given)
    engines = {setting: Engine(network, setting) for setting in settings}
    baselines = {setting: NaiveBayes(network, setting) for setting in settings}
    diagnoses = [engines[case.setting].diagnose(case.evidence) for case in given]
    ours = _forecasts(network, given, _matrix(network, diagnoses))
    theirs = _forecasts(network, given, np.stack([baselines[case.setting].posterior(case.evidence) for case in given]))
    names = tuple(network.conditions)
    return Evaluation(
        network=network,
        results=_results(given, diagnoses, ours),
        engine=measure(ours, names, rounds, seed),
        baseline=measure(theirs, names, rounds, seed),
        calibration=ours.calibration,
        baseline_calibration=theirs.calibration,
        inclusion=immutabledict({ENGINE: ours.inclusion, BASELINE: theirs.inclusion}),
        unnamed=_unnamed(network, given, diagnoses),
        rounds=rounds,
        seed=seed,
    )


def _matrix(network: Network, diagnoses: Sequence[Diagnosis]) -> Vector:
    return np.array([[each.posterior[name] for name in network.conditions] for each in diagnoses])


def _forecasts(network: Network, cases: Sequence[LabelledCase], posterior: Vector) -> Forecasts:
    """Triage is called here as the posterior alone says: conditions at or over their limit, and the leader."""
    conditions = network.conditions.values()
    truth = np.array([[each.id in case.label for each in conditions] for case in cases])
    limits = np.array([each.limit.value for each in conditions])
    levels = np.array([LEVELS.index(each.level) for each in conditions])
    leads = posterior == posterior.max(axis=1, keepdims=True)
    called = _most_urgent(levels, (posterior >= limits) | leads)
    return Forecasts(posterior, truth, called, _most_urgent(levels, truth), limits)


def _most_urgent(levels: Numbers, which: Flags) -> Numbers:
    return np.asarray(np.where(which, levels, len(LEVELS) - 1).min(axis=1))


def _results(
    cases: Sequence[LabelledCase], diagnoses: Sequence[Diagnosis], forecasts: Forecasts
) -> tuple[CaseResult, ...]:
    ranks = np.where(forecasts.has_cause, forecasts.rank, 0).tolist()
    called, needed = ([LEVELS[number] for number in each] for each in (forecasts.called, forecasts.needed))
    return tuple(map(CaseResult, cases, diagnoses, ranks, called, needed))


def _unnamed(network: Network, cases: Sequence[LabelledCase], diagnoses: Sequence[Diagnosis]) -> Unnamed:
    leaders = [
        next(iter(each.posterior))
        for case, each in zip(cases, diagnoses, strict=True)
        if network.catch_all in case.label
    ]
    return Unnamed(cases=len(leaders), led=leaders.count(network.catch_all))


def _plain_measures(measures: Measures) -> dict[str, Any]:
    return {
        **{name: _plain(each) for name, each in overall(measures).items()},
        "sensitivity": {name: _plain(each) for name, each in measures.sensitivity.items()},
        "specificity": {name: _plain(each) for name, each in measures.specificity.items()},
    }


def _plain(measure: Measure) -> dict[str, float | None]:
    return {"value": _finite(measure.value), "low": _finite(measure.low), "high": _finite(measure.high)}


def _plain_bin(each: Bin) -> dict[str, float | None]:
    ends = {"low": each.low, "high": each.high, "count": each.count}
    return ends | {"predicted": _finite(each.predicted), "observed": _finite(each.observed)}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
