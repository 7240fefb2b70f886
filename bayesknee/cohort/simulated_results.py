"""The results of simulated interviews: figures with their 95 % intervals, by policy.

Shares have Wilson's interval, means the normal one; differences are of the same patients, so that chance in who was
drawn falls out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

from bayesknee.arrays import Bools, Vector
from bayesknee.cohort.measures import levels_called_for
from bayesknee.cohort.simulated_interviews import DrawnPatients, Played
from bayesknee.interval_95 import Z, wilson
from bayesknee.knowledge.network import Network
from bayesknee.plain import attributes

ALL: Final = "all"
Lots: TypeAlias = Sequence[tuple[DrawnPatients, Played]]


@dataclass(frozen=True)
class Figure:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Lost:
    """How many of those who have a condition are found by asking all and not by a policy, in the same patients.

    Attributes:
        share: found by asking all alone, less found by the policy alone, of all who have it.
        by_all_alone: patients whom asking all finds, and the policy does not.
        by_policy_alone: patients whom the policy finds, and asking all does not.
    """

    share: Figure
    by_all_alone: int
    by_policy_alone: int


@dataclass(frozen=True)
class Result:
    """The results of one policy.

    Attributes:
        policy: its name.
        patients: of the population.
        asked: mean of the questions put, the opening included; a list counts once.
        most_asked: of them, in 95 of 100 patients.
        read: mean of the items read, each member of a list counted.
        top1: share of patients in whom a true cause leads.
        top3: share with a true cause among the first three.
        brier: mean of (probability - truth) squared over conditions and patients.
        over_triage: share called more urgent than their true causes are.
        under_triage: share called less urgent.
        found: by must-not-miss condition, of those who have it: not ruled out at the end.
        top1_lost: top1 of asking all less top1, in the same patients.
        found_lost: the same of `found`, by condition.
    """

    policy: str
    patients: int
    asked: Figure
    most_asked: float
    read: Figure
    top1: Figure
    top3: Figure
    brier: Figure
    over_triage: Figure
    under_triage: Figure
    found: Mapping[str, Figure]
    top1_lost: Figure | None = None
    found_lost: Mapping[str, Lost] | None = None

    def to_dict(self) -> dict[str, Any]:
        """The results as plain data."""
        return attributes(self)


Results: TypeAlias = Mapping[str, Sequence[Result]]  # by source of the patients


def result(network: Network, policy: str, patients: DrawnPatients, played: Played, all_asked: Played | None) -> Result:
    """The figures of one policy.

    Args:
        network: what was asked about.
        policy: its name.
        patients: who was asked.
        played: what came of it.
        all_asked: what came of asking the same patients everything, where that is known.
    """
    drawn = patients.sought < 0
    truth, posterior = patients.conditions[drawn], played.posterior[drawn]
    needed, most_needed = levels_called_for(network, truth)
    first = _among_first(truth, posterior, 1)
    lost = None if all_asked is None else _among_first(truth, all_asked.posterior[drawn], 1) - first
    found = _found(network, patients, played)
    return Result(
        policy=policy,
        patients=int(drawn.sum()),
        asked=mean(np.asarray(played.asked[drawn], np.float64)),
        most_asked=float(np.quantile(played.asked[drawn], 0.95)),
        read=mean(np.asarray(played.read[drawn], np.float64)),
        top1=share(first),
        top3=share(_among_first(truth, posterior, 3)),
        brier=mean(((posterior - truth) ** 2).mean(axis=1)),
        over_triage=share(played.called[drawn] < most_needed),
        under_triage=share(played.called[drawn] > needed),
        found={name: share(flags) for name, flags in found.items()},
        top1_lost=None if lost is None else mean(lost),
        found_lost=None if all_asked is None else _found_lost(found, _found(network, patients, all_asked)),
    )


def _found(network: Network, patients: DrawnPatients, played: Played) -> dict[str, Bools]:
    """By must-not-miss condition, of those who have it: who is not below its limit at the end."""
    return {
        condition.id: played.posterior[those, number] >= condition.limit.value
        for number, condition in enumerate(network.conditions.values())
        if condition.must_not_miss and (those := patients.conditions[:, number]).any()
    }


def _found_lost(found: Mapping[str, Bools], by_all: Mapping[str, Bools]) -> dict[str, Lost]:
    return {name: paired(by_all[name], flags) for name, flags in found.items()}


def _among_first(truth: Bools, posterior: Vector, count: int) -> Vector:
    """Whether a true condition is among so many first: 0 or 1."""
    first = np.argsort(-posterior, axis=1, kind="stable")[:, :count]
    return np.asarray(np.take_along_axis(truth, first, axis=1).any(axis=1), np.float64)


def share(flags: Vector | Bools) -> Figure:
    """A share, with Wilson's interval."""
    value = float(np.mean(flags))
    low, high = wilson(np.array(value), np.array(float(len(flags))))
    return Figure(value, float(low), float(high))


def paired(one: Bools, other: Bools) -> Lost:
    """How many more have the first flag than have the second, with the interval of Agresti and Min 2005.

    That is the normal one, after half a patient more for each of the four ways to have the flags or not: it holds for
    few who differ, and none.
    """
    first, second, n = int((one & ~other).sum()), int((other & ~one).sum()), len(one)
    value, middle = (first - second) / n, (first - second) / (n + 2)
    half = Z * math.sqrt((first + second + 1) / (n + 2) - middle**2) / math.sqrt(n + 2)
    return Lost(Figure(value, middle - half, middle + half), first, second)


def mean(values: Vector) -> Figure:
    """A mean, with the interval of the normal distribution."""
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    value, half = float(np.mean(values)), Z * spread / math.sqrt(len(values))
    return Figure(value, value - half, value + half)


def collected(network: Network, played: Iterable[tuple[str, str, DrawnPatients, Played]]) -> dict[str, list[Result]]:
    """The figures by source of the patients, then by policy, of the lots that `simulate_interviews` yields."""
    lots: dict[tuple[str, str], list[tuple[DrawnPatients, Played]]] = {}
    for source, policy, patients, came in played:
        lots.setdefault((source, policy), []).append((patients, came))
    results: dict[str, list[Result]] = {}
    for (source, policy), lots_of_policy in lots.items():
        all_asked = lots.get((source, ALL))
        results.setdefault(source, []).append(_result_of(network, policy, lots_of_policy, all_asked))
    return results


def _result_of(network: Network, policy: str, lots: Lots, all_asked: Lots | None) -> Result:
    patients, played = _joined(lots)
    if all_asked is None:
        return result(network, policy, patients, played, None)
    same_patients = [lot for lot in all_asked if any(lot[0] is asked for asked, _ in lots)]
    return result(network, policy, patients, played, _joined(same_patients)[1])


def _joined(lots: Lots) -> tuple[DrawnPatients, Played]:
    patients, played = zip(*lots, strict=True)
    return (
        DrawnPatients(*map(np.concatenate, zip(*patients, strict=True))),
        Played(*map(np.concatenate, zip(*played, strict=True))),
    )
