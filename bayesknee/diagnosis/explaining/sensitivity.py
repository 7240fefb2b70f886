"""Sensitivity analysis: how the posterior changes with each number of the network.

Derivatives come from `bayesknee.inference.strategy.Strategy.gradients`. Posteriors at the ends of ranges, and the
values at which the first place changes, are exact. If P(e) and P(e, event) are linear in a number, the posterior is

    (a + b x) / (c + d x)

in its change x (Castillo, Gutierrez and Hadi 1997; Chan and Darwiche 2002), so both have a closed form. For any other
number, the network is computed again with other values.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.diagnosis.belief import Belief
from bayesknee.diagnosis.explaining.ledger import STATED
from bayesknee.errors import ConditionError, InferenceError, NetworkError, unknown_text
from bayesknee.inference.results import Gradients
from bayesknee.inference.roots import find_root
from bayesknee.knowledge.model import Number, Path, Probability
from bayesknee.knowledge.number_words import allowed, citation, number_words, with_number
from bayesknee.lazy_types import DataFrame
from bayesknee.log_odds import expit, logit
from bayesknee.plain import attributes

MOST_BARS: Final = 10  # in a tornado; judged: more do not fit on a screen
MOST_SEARCHED: Final = 6  # numbers, at about half a second each
# Widths of a number's range, by the linear estimate, up to which a flip is searched. Judged: a number is hardly ever
# off by more, and each search takes half a second.
FARTHEST_SEARCHED: Final = 2.0
# The end of the search, as a multiple of the linear estimate. Judged: with less, a search ends before the flip if the
# estimate is too near.
OVERSHOOT: Final = 2.0
ROUNDING: Final = 1e-12  # a swing no larger may be rounding, and would fill a tornado with bars of no width
FARTHEST_SCALED: Final = 30.0  # of a logit or log: e^30 is 1e13, and 1 - p still has digits


@dataclass(frozen=True)
class Derivative:
    """The derivative of one probability by one number.

    Attributes:
        path: where the number stands.
        number: as the network has it.
        derivative: d P(event | e) / d number.
    """

    path: Path
    number: Number
    derivative: float

    @property
    def swing(self) -> float:
        """The size of the change over the number's range, were it linear."""
        return abs(self.derivative) * (self.number.high - self.number.low)


@dataclass(frozen=True)
class UnsureNumber:
    """A number of the network that may be wrong.

    Attributes:
        path: where the number stands.
        what: the meaning of the number, in words.
        number: as the network has it.
        citation: of its source; `judged` if it was a guess.
    """

    path: Path
    what: str
    number: Number
    citation: str

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON."""
        stated = attributes(self.number, STATED)
        return {**attributes(self, ("what", "path")), **stated, **attributes(self, ("citation",))}


@dataclass(frozen=True)
class Bar(UnsureNumber):
    """A probability over the range of one number, exactly.

    Attributes:
        at_low, at_high: P(event | e) with the number at either end of its range, or at the bound of the format if that
            comes first.
    """

    at_low: float
    at_high: float

    @property
    def width(self) -> float:
        """The distance between `at_low` and `at_high`."""
        return abs(self.at_high - self.at_low)

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON."""
        return {**super().to_dict(), **attributes(self, ("at_low", "at_high"))}


@dataclass(frozen=True)
class Flip(UnsureNumber):
    """One number that, if wrong, changes the first place.

    Attributes:
        value: the value at which both conditions are equally probable; beyond it, `leader` comes first.
        leader: id of the condition that takes the first place.
        probability: P(leader | e) at that value.
    """

    value: float
    leader: str
    probability: float

    @property
    def widths(self) -> float:
        """The distance to the value, as a multiple of that side of the number's range; at most 1 inside the range."""
        return _widths(self.number, self.value)

    @property
    def distance(self) -> float:
        """The distance to the value in log odds, or in logs if the number is no probability."""
        return abs(_scaled(self.number, self.value) - _scaled(self.number, self.number.value))

    @property
    def inside(self) -> bool:
        """Whether the value lies in the number's range."""
        return self.number.low <= self.value <= self.number.high

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON."""
        return {
            **super().to_dict(),
            "needed": self.value,
            "inside_range": self.inside,
            **attributes(self, ("leader", "probability")),
        }


def _widths(number: Number, value: float) -> float:
    side = number.high - number.value if value > number.value else number.value - number.low
    if value == number.value:
        return 0.0
    return abs(value - number.value) / side if side > 0.0 else math.inf


@dataclass(frozen=True, repr=False, eq=False)
class Sensitivity:
    """How one patient's posterior changes with the numbers of the network.

    Attributes:
        belief: the posterior of the patient.
        gradients: derivatives by number, of the conditions, then the groups.
    """

    belief: Belief
    gradients: Gradients = field(repr=False)

    @cached_property
    def _events(self) -> dict[str, int]:
        network = self.belief.network
        return {name: place for place, name in enumerate([*network.conditions, *network.groups])}

    @cached_property
    def _numbers(self) -> dict[Path, Number]:
        numbers = dict(self.belief.network.numbers())
        return {path: numbers[path] for path in self.gradients.paths}

    @property
    def leader(self) -> str:
        """The most probable condition."""
        return next(iter(self.belief.posterior))

    def _event(self, name: str | None) -> int:
        wanted = self.leader if name is None else name
        if wanted in self._events:
            return self._events[wanted]
        raise ConditionError(unknown_text("condition", wanted, self._events, f"of network {self.belief.network.id}"))

    def effects(self, subject: str | None = None) -> tuple[Derivative, ...]:
        """The derivatives of one probability by all numbers that bear on it, the largest swing first.

        Args:
            subject: id of a condition or group; the leader by default.

        Raises:
            ConditionError: the network has no such condition or group.
        """
        derivatives = self.gradients.derivatives[:, self._event(subject)].tolist()
        found = (
            Derivative(path, self._numbers[path], d) for path, d in zip(self.gradients.paths, derivatives, strict=True)
        )
        return tuple(sorted(found, key=lambda effect: (-effect.swing, effect.path)))

    def tornado(self, subject: str | None = None, most: int = MOST_BARS) -> tuple[Bar, ...]:
        """One probability over the ranges of the numbers that move it most, exact at both ends; the widest bar first.

        Args:
            subject: id of a condition or group; the leader by default.
            most: the most numbers, chosen by their linear swing. Numbers without a swing are left out.

        Raises:
            ConditionError: the network has no such condition or group.
        """
        event = self._event(subject)
        bars = (self._bar(effect.path, event) for effect in self.effects(subject)[:most] if effect.swing > ROUNDING)
        return tuple(sorted(bars, key=lambda bar: (-bar.width, bar.path)))

    def flips(self, most_searched: int = MOST_SEARCHED) -> tuple[Flip, ...]:
        """The single numbers whose change would change the first place, the smallest change first.

        They are ordered by `Flip.widths`. Numbers without a range come last, by `Flip.distance`. All numbers with a
        closed form are included. Other numbers are searched if they have a range, and if the linear estimate is at most
        twice the width of the range away.

        Args:
            most_searched: the most numbers to search; each takes about half a second.
        """
        found = [*self._closed_flips(), *self._searched_flips(most_searched)]
        return tuple(sorted(found, key=lambda flip: (flip.widths, flip.distance, flip.path)))

    def to_frame(self) -> DataFrame:
        """A row per number: value, range, grade, source, and the derivatives of all conditions and groups by it."""
        import pandas as pd

        rows = [
            {"value": n.value, "low": n.low, "high": n.high, "grade": n.grade, "source": n.source}
            for n in self._numbers.values()
        ]
        index = pd.Index([".".join(path) for path in self.gradients.paths], name="number")
        derivatives = pd.DataFrame(self.gradients.derivatives, index=index, columns=list(self._events))
        return pd.concat([pd.DataFrame(rows, index=index), derivatives], axis=1)

    # --- one number, another value -----------------------------------------------------------------------------------

    def posterior_at(self, path: Path, value: float) -> Mapping[str, float]:
        """P(event | e) with another value for one number, exactly, by id of conditions, then groups.

        Args:
            path: where the number stands, e.g. ``("signs", "effusion", "noisy_or", "leak")``.
            value: one that the format allows.

        Raises:
            NetworkError: a value that breaks a rule of the format.
            InferenceError: base rates that cannot be met, or work beyond the budget.
        """
        return dict(zip(self._events, self._at(path, value).tolist(), strict=True))

    def _at(self, path: Path, value: float) -> Vector:
        """P(event | e) with that value: in closed form if there is one, else from the changed network."""
        if path in self._places and self.gradients.linear[self._places[path]]:
            return self._closed(self._places[path], value - self._numbers[path].value)
        changed_network = with_number(self.belief.network, path, value)
        changed = Belief.of(self.belief.compiled.for_network(changed_network), self.belief.evidence)
        if changed.approximation is not None:
            raise InferenceError(
                f"with {value:.6g} for {'.'.join(path)}, exact work would take more than is allowed; leave answers "
                "out, or allow more (memory= and seconds= of Engine)"
            )
        both = {**changed.posterior, **changed.groups}
        return np.array([both[name] for name in self._events])

    @cached_property
    def _places(self) -> dict[Path, int]:
        return {path: place for place, path in enumerate(self.gradients.paths)}

    def _closed(self, place: int, change: float) -> Vector:
        slopes = self.gradients.slopes[place]
        return np.asarray((self.gradients.posterior + slopes[1:] * change) / (1.0 + slopes[0] * change))

    def _bar(self, path: Path, event: int) -> Bar:
        number, network = self._numbers[path], self.belief.network
        lowest, highest = allowed(network, path)
        ends = max(number.low, lowest), min(number.high, highest)
        at_low, at_high = (float(self._at(path, end)[event]) for end in ends)
        return Bar(path, number_words(network, path), number, citation(network, number.source), at_low, at_high)

    # --- the first place ---------------------------------------------------------------------------------------------

    def _closed_flips(self) -> Iterator[Flip]:
        """The nearest values on either side at which a + b x of the leader equals that of another condition."""
        conditions = len(self.belief.network.conditions)
        first = self._events[self.leader]
        ahead = self.gradients.posterior[first] - self.gradients.posterior[:conditions]
        for place in np.flatnonzero(self.gradients.linear).tolist():
            slopes = self.gradients.slopes[place, 1 : conditions + 1]
            with np.errstate(divide="ignore", invalid="ignore"):
                changes = ahead / (slopes - slopes[first])
            path = self.gradients.paths[place]
            lowest, highest = (end - self._numbers[path].value for end in allowed(self.belief.network, path))
            for within in ((changes > 0.0) & (changes <= highest), (changes < 0.0) & (changes >= lowest)):
                candidates = np.flatnonzero(within)
                if len(candidates):
                    other = candidates[np.abs(changes[candidates]).argmin()]
                    yield self._flip(path, self._numbers[path].value + float(changes[other]), int(other))

    def _searched_flips(self, most: int) -> Iterator[Flip]:
        """Flips by root search on the changed network, on the side to which the linear estimate points."""
        estimates = sorted(self._estimates(), key=lambda estimate: estimate[0])
        for _, path, end in estimates[:most]:
            value = self._search(path, end)
            if value is not None:
                posterior = self._at(path, value)[: len(self.belief.network.conditions)].copy()
                posterior[self._events[self.leader]] = -1.0
                yield self._flip(path, value, int(posterior.argmax()))

    def _estimates(self) -> Iterator[tuple[float, Path, float]]:
        """Of numbers without a closed form: widths by the linear estimate, path, and a value beyond the estimate."""
        conditions = len(self.belief.network.conditions)
        first = self._events[self.leader]
        derivatives = self.gradients.derivatives[:, :conditions]
        ahead = self.gradients.posterior[first] - self.gradients.posterior[:conditions]
        for place in np.flatnonzero(~self.gradients.linear).tolist():
            path = self.gradients.paths[place]
            number, (lowest, highest) = self._numbers[path], allowed(self.belief.network, path)
            steps = derivatives[place] - derivatives[place, first]
            with np.errstate(divide="ignore", invalid="ignore"):
                changes = ahead / steps * _scale_slope(number)
            changes[~np.isfinite(changes) | (changes == 0.0)] = math.inf
            needed = float(changes[np.abs(changes).argmin()])
            end = _moved(number, needed * OVERSHOOT) if math.isfinite(needed) else math.inf
            if _widths(number, _moved(number, needed)) <= FARTHEST_SEARCHED:
                yield _widths(number, _moved(number, needed)), path, min(max(end, lowest), highest)

    def _search(self, path: Path, end: float) -> float | None:
        """The value between the number and `end` at which the leader's lead ends; None if it does not end there.

        The root is searched on the scale of `_scaled`.
        """
        number = self._numbers[path]

        def lead(at: float) -> float:
            posterior = self._at(path, _unscaled(number, at))[: len(self.belief.network.conditions)].copy()
            leading = posterior[self._events[self.leader]]
            posterior[self._events[self.leader]] = -1.0
            return float(leading - posterior.max())

        start = _scaled(number, number.value), self._lead
        try:
            last = _scaled(number, end), lead(_scaled(number, end))
        except (NetworkError, InferenceError):  # base rates that cannot be met there
            return None
        return _unscaled(number, find_root(lead, start, last)) if last[1] < 0.0 < start[1] else None

    @property
    def _lead(self) -> float:
        first, *others = self.belief.posterior.values()
        return first - max(others, default=0.0)

    def _flip(self, path: Path, value: float, other: int) -> Flip:
        number, network = self._numbers[path], self.belief.network
        leader = list(self._events)[other]
        probability = float(self._at(path, value)[other])
        what, cited = number_words(network, path), citation(network, number.source)
        return Flip(path, what, number, cited, value, leader, probability)

    def __repr__(self) -> str:
        return f"<Sensitivity of {len(self._events)} conditions and groups to {len(self.gradients.paths)} numbers>"


def _scaled(number: Number, value: float) -> float:
    """The logit of a probability, the log of any other number: scales on which most numbers act almost linearly."""
    return logit(value) if isinstance(number, Probability) else math.log(value)


def _unscaled(number: Number, at: float) -> float:
    return expit(at) if isinstance(number, Probability) else math.exp(at)


def _scale_slope(number: Number) -> float:
    """d scaled / d number."""
    return 1.0 / (number.value * (1.0 - number.value)) if isinstance(number, Probability) else 1.0 / number.value


def _moved(number: Number, change: float) -> float:
    """The value after a change on the scale of `_scaled`."""
    scaled = _scaled(number, number.value) + change
    return _unscaled(number, max(min(scaled, FARTHEST_SCALED), -FARTHEST_SCALED))


def sensitivity_of(belief: Belief) -> Sensitivity:
    """The sensitivity of a diagnosis.

    Raises:
        InferenceError: exact work is beyond the budget.
    """
    return Sensitivity(belief, belief.compiled.strategy.gradients(belief.evidence, belief.compiled.events))
