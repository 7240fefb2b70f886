"""How good a network is: labelled patients diagnosed, beside naive Bayes on the same numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
from immutabledict import immutabledict
from numpy.typing import NDArray

from bayesknee.arrays import Bools, Integers, Vector, descending
from bayesknee.cohort.forecasting import called_by_engine, called_by_naive_bayes
from bayesknee.cohort.labelled import LabelledCase
from bayesknee.cohort.measures import Bin, Forecasts, Measure, Measures, levels_called_for, measure
from bayesknee.cohort.ratings import Ratings
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
class ReaderResult:
    """What a reader thinks of one labelled patient.

    Attributes:
        rank: of the best-placed true condition, from 1; 0 where none is true.
        called: the level of care that the reader calls for; None where the ratings tell none.
    """

    rank: int
    called: str | None


@dataclass(frozen=True)
class CaseResult:
    """One labelled patient and the engine's forecast.

    Attributes:
        case: the patient.
        engine: what diagnosed it.
        marginals: P(condition) in the order of the network, shape (n,).
        rank: of the best-placed true condition, from 1; 0 where none is true.
        called, needed: the triage level that was called, and that the true conditions call for.
        beside: what readers think, by name.
    """

    case: LabelledCase
    engine: Engine = field(repr=False, compare=False)
    marginals: Vector = field(repr=False, compare=False)
    rank: int
    called: str
    needed: str
    beside: Mapping[str, ReaderResult] = immutabledict()

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
            **({"beside": plain(self.beside)} if self.beside else {}),
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
        beside: measures of readers, by name.
        beside_calibration: theirs.
        inclusion: by forecaster, the share of patients with a true condition among the first k, for k = 1, 2, ...
        calls: by forecaster, how many cases were called each level of care, by the level that their true conditions
            call for at the least; empty for a reader who calls none.
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
    calls: Mapping[str, Mapping[str, Mapping[str, int]]]
    unnamed: Unnamed
    rounds: int
    seed: int
    beside: Mapping[str, Measures] = immutabledict()
    beside_calibration: Mapping[str, tuple[Bin, ...]] = immutabledict()

    @property
    def failures(self) -> tuple[CaseResult, ...]:
        """The patients of whom no true condition leads, though they have one."""
        return tuple(result for result in self.results if result.rank > 1)

    @property
    def forecasters(self) -> Mapping[str, Measures]:
        """The measures by name of the forecaster."""
        return immutabledict({ENGINE: self.engine, BASELINE: self.baseline, **self.beside})

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
            "calibration": plain(
                {ENGINE: self.calibration, BASELINE: self.baseline_calibration, **self.beside_calibration}
            ),
            **attributes(self, ("inclusion", "calls", "unnamed", "results")),
        }


def overall(measures: Measures) -> Mapping[str, Measure]:
    """The measures that are one figure, by name."""
    values = {part.name: getattr(measures, part.name) for part in fields(measures)}
    return immutabledict({name: value for name, value in values.items() if isinstance(value, Measure)})


def evaluate(
    network: Network,
    cases: Iterable[LabelledCase],
    *,
    rounds: int = ROUNDS,
    seed: int = 0,
    beside: Iterable[Ratings] = (),
) -> Evaluation:
    """Diagnoses labelled patients and compares with what was true.

    Args:
        network: what to evaluate.
        cases: at least one, from `read_labelled` or `check_cases`.
        rounds: of the bootstrap, at least 40; or 0 for no intervals.
        seed: of the bootstrap.
        beside: what readers think of the same cases, in their order, from `bayesknee.cohort.ratings.read_ratings`.

    Raises:
        ImpossibleEvidenceError: a case with answers that cannot be true together.
        BayeskneeError: too few rounds for an interval, or two forecasters of one name.
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
    both, readers = {ENGINE: ours, BASELINE: theirs}, _readers(ours, beside)
    results = tuple(_results(given, engines, ours, readers))
    return Evaluation(
        network=network,
        results=results,
        engine=measure(ours, names, rounds, seed),
        baseline=measure(theirs, names, rounds, seed),
        calibration=ours.calibration,
        baseline_calibration=theirs.calibration,
        inclusion=immutabledict({name: each.inclusion for name, each in {**both, **readers}.items()}),
        calls=immutabledict({name: each.calls for name, each in {**both, **readers}.items()}),
        unnamed=_unnamed(network, results),
        rounds=rounds,
        seed=seed,
        beside=immutabledict({name: measure(each, names, rounds, seed) for name, each in readers.items()}),
        beside_calibration=immutabledict({name: each.calibration for name, each in readers.items()}),
    )


def _readers(ours: Forecasts, beside: Iterable[Ratings]) -> Mapping[str, Forecasts]:
    """The forecasts of readers, by name.

    Raises:
        BayeskneeError: two forecasters of one name.
    """
    found: dict[str, Forecasts] = {}
    for each in beside:
        if each.name in {ENGINE, BASELINE, *found}:
            raise BayeskneeError(f"two forecasters are called {each.name}; expected another name; rename the ratings")
        found[each.name] = replace(ours, posterior=each.posterior, called=each.level)
    return found


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
    places = {name: place for place, name in enumerate(network.conditions)}
    truth = np.zeros((len(cases), len(conditions)), np.bool_)
    for row, case in zip(truth, cases, strict=True):
        row[[places[name] for name in case.label]] = True
    return truth, *levels_called_for(network, truth), np.array([condition.limit.value for condition in conditions])


def _results(
    cases: Sequence[LabelledCase], engines: Mapping[str, Engine], forecasts: Forecasts, readers: Mapping[str, Forecasts]
) -> Iterator[CaseResult]:
    ours = _each(forecasts)
    theirs = {name: _each(each) for name, each in readers.items()}
    for row, (case, (rank, called)) in enumerate(zip(cases, ours, strict=True)):
        beside = immutabledict({name: ReaderResult(*each[row]) for name, each in theirs.items()})
        needed, marginals = LEVELS[forecasts.needed[row]], forecasts.posterior[row]
        yield CaseResult(case, engines[case.setting], marginals, rank, str(called), needed, beside)


def _each(forecasts: Forecasts) -> list[tuple[int, str | None]]:
    """By patient, the rank of the best-placed true condition, 0 where none is true, and the level that was called."""
    ranks = np.where(forecasts.has_cause, forecasts.rank, 0).tolist()
    called = [None] * len(ranks) if forecasts.called is None else [LEVELS[each] for each in forecasts.called]
    return list(zip(ranks, called, strict=True))


def _unnamed(network: Network, results: Iterable[CaseResult]) -> Unnamed:
    found = [result for result in results if network.catch_all in result.case.label]
    led = [next(iter(result.posterior)) == network.catch_all for result in found]
    if len(found) > MOST_FLAGGED:
        return Unnamed(len(found), sum(led), None, None)
    flagged = [surprise_of(result.diagnosis).matters for result in found]
    either = sum(one or other for one, other in zip(led, flagged, strict=True))
    return Unnamed(len(found), sum(led), sum(flagged), either)
