"""Numbers that patients have moved: from the counts of a parameter to a figure with its range, source and note."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.cohort.expectation_maximisation import Parameter
from bayesknee.knowledge.model import JUDGED, Number, Path, Probability
from bayesknee.log_odds import expit, logit

BISECTIONS: Final = 60  # a double holds 53 bits, so the bracket is as narrow as rounding; each halving is cheap
DIGITS: Final = 4  # judged: more than patients can tell, and few enough to read
LEAST_PATIENTS: Final = 0.5  # a number that patients tell less about than half a patient would stays as it is
EDGE: Final = 1e-4  # of what is told, to 0 and to 1: the format takes neither, and cohorts tell nothing nearer. Judged


@dataclass(frozen=True)
class Move:
    """A number that patients have moved.

    Attributes:
        path: in the network's files.
        old, new: before and after.
        patients: how many the number was seen in.
        effective: how many with nothing hidden would have told as much.
        weight: how many patients the old range was worth.
    """

    path: Path
    old: Number
    new: Number
    patients: int
    effective: float
    weight: float


@dataclass(frozen=True)
class Mover:
    """Makes moves of what was counted.

    Attributes:
        source: the id of the reference that stands for the patients.
    """

    source: str

    def moved(self, path: Path, old: Number, parameter: Parameter, leak: float = 0.0) -> Iterator[Move]:
        """The move of a number, if patients tell anything of it; see `move`."""
        if is_seen(parameter):
            value = rounded(1.0 - (1.0 - leak) * (1.0 - parameter.value))
            yield self.move(path, old, parameter, max(value, leak), leak)

    def move(self, path: Path, old: Number, parameter: Parameter, value: float, leak: float = 0.0) -> Move:
        """The move of a number to a value.

        Args:
            path: of the number.
            old: as it stands.
            parameter: what was counted of it.
            value: where it moves, in (0, 1).
            leak: where the parameter is a link: what the number includes besides.
        """
        low, high = (rounded(1.0 - (1.0 - leak) * (1.0 - end)) for end in parameter.interval)
        patients = int((parameter.trials > 0).sum())
        is_ours = parameter.effective >= parameter.weight
        note = f"{_before(old)}, updated by {patients} case{'' if patients == 1 else 's'}"
        note += ", which contradict that range" if parameter.curvature < 0.0 else ""
        note += f", {parameter.bound}" if parameter.bound else ""
        new = Probability(
            value=value,
            low=min(low, value),
            high=max(high, value),
            grade="B" if is_ours else old.grade,
            source=self.source if is_ours else old.source,
            note=_joined(note, old.note),
        )
        return Move(path, old, new, patients, parameter.effective, parameter.weight)

    def distribution(
        self, numbers: Mapping[Path, Number | None], parameters: Sequence[Parameter], values: Sequence[float] = ()
    ) -> Iterator[Move]:
        """All numbers of a distribution or none, as they sum to 1.

        Args:
            numbers: by path; None for one that is not stated, since it is what the others leave.
            parameters: one for each.
            values: where they move; where left out, the values of the parameters, rounded.
        """
        if not any(is_seen(parameter) for parameter in parameters if not parameter.fixed):
            return
        moved = zip(numbers.items(), parameters, values or moved_values(parameters), strict=True)
        for (path, number), parameter, value in moved:
            if number is not None and not parameter.fixed:
                yield self.move(path, number, parameter, value)


def is_seen(parameter: Parameter) -> bool:
    """Whether patients tell anything worth while of it, or move it against its range."""
    is_pulled = parameter.curvature < 0.0 and rounded(parameter.value) != rounded(parameter.prior)
    return parameter.effective >= LEAST_PATIENTS or is_pulled


def lifted(path: Path, old: Number, parameter: Parameter, value: float, why: str) -> Move:
    """A number that no patient tells of, but that the others push up."""
    note = _joined(f"{_before(old)}, {why}", old.note)
    new = replace(old, value=value, low=min(old.low, value), high=max(old.high, value), note=note)
    return Move(path, old, new, 0, 0.0, parameter.weight)


def keep_above(parameters: Sequence[Parameter], least: float, why: str) -> None:
    """Raises probabilities that would sum to less, each the more the less is known of it.

    Base rates: their ranges differ, so some follow the patients at once and others lag; each patient has one cause at
    least. A reading: in few patients, a weak one can come out as worse than none.
    """
    if sum(each.value for each in parameters) < least:
        _move_to_sum(parameters, least, 1.0, why)


def keep_below(parameters: Sequence[Parameter], most: float, why: str) -> None:
    """Lowers probabilities that would sum to more, each the more the less is known of it."""
    if sum(each.value for each in parameters) > most:
        _move_to_sum(parameters, most, -1.0, why)


def _move_to_sum(parameters: Sequence[Parameter], wanted: float, sign: float, why: str) -> None:
    """Moves all log odds to one side, each by the variance of what is known, until probabilities reach a sum."""
    values = np.array([parameter.value for parameter in parameters])
    weights = [parameter.weight + float(parameter.trials.sum()) for parameter in parameters]
    variances = 1.0 / np.array(weights)  # of (dp)^2 / p(1-p)
    log_odds = logit(values)
    low, high = 0.0, 1.0

    def falls_short(shift: float) -> bool:
        return bool(sign * (expit(log_odds + sign * shift * variances).sum() - wanted) < 0.0)

    while falls_short(high):
        high *= 2.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if falls_short(middle) else (low, middle)
    for parameter, value in zip(parameters, expit(log_odds + sign * high * variances), strict=True):
        parameter.value, parameter.bound = float(value), why


def with_values(parameters: Sequence[Parameter], values: Vector) -> list[Parameter]:
    """The same counts for other values: those that the format states."""
    stated = zip(parameters, values.tolist(), strict=True)
    return [each if each.fixed else replace(each, value=min(max(value, EDGE), 1.0 - EDGE)) for each, value in stated]


def moved_values(parameters: Sequence[Parameter]) -> list[float]:
    """Their values, rounded such that they sum to 1; what is certain stays."""
    free = [parameter.value for parameter in parameters if not parameter.fixed]
    told = iter(summing_to_one(free) if free else ())
    return [parameter.value if parameter.fixed else next(told) for parameter in parameters]


def _before(old: Number) -> str:
    source = "" if old.source == JUDGED else f", {old.source}"
    return f"prior {old.value:g} ({old.low:g}-{old.high:g}, grade {old.grade}{source})"


def _joined(note: str, older: str) -> str:
    return f"{note}. {older}".strip() if older else note


def rounded(p: float) -> float:
    """To four digits, of what is nearer to 0 or 1, and inside both."""
    p = min(max(p, EDGE), 1.0 - EDGE)
    return float(f"{p:.{DIGITS}g}") if p < 0.5 else round(1.0 - float(f"{1.0 - p:.{DIGITS}g}"), 12)


def summing_to_one(values: Sequence[float]) -> list[float]:
    """Rounded, the largest so that the sum is 1."""
    told = [rounded(value) for value in values]
    largest = int(np.argmax(told))
    told[largest] = round(1.0 - sum(value for place, value in enumerate(told) if place != largest), 12)
    return told
