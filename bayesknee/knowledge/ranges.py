"""How far the numbers of a network may be off: each low-high as a distribution to draw from.

A number lies below `low` in 2.5 % of the draws, above `high` in 2.5 %, and below `value` in half of them:

- an odds ratio or a weight is log-normal, a probability logit-normal, each with a width of its own on either side of
  the value (a two-piece normal: Fechner 1897; Wallis, Statistical Science 2014), since few ranges are symmetrical;
- a distribution of which every state is stated is logistic-normal (Aitchison and Shen, Biometrika 1980): the logs of
  its parts are drawn and made to sum to 1, with such widths that each state's odds are as unsure as its range says;
- a noisy-OR link is kept above the leak, a cause of a noisy-MAX from leading lower than the leak, and a reading
  informative, as the format has it;
- what is certain stays as it is.

These meet all three figures that an author states, which a Beta with its two parameters cannot; and they need no root
search and no special function.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bayesknee.interval_95 import Z
from bayesknee.knowledge.model import (
    ANY_SETTING,
    LARGEST_RATIO,
    NODES,
    Condition,
    Distribution,
    Greatest,
    NoisyOr,
    Number,
    Path,
    Probability,
    Reading,
    numbers_below,
    parts_below,
    with_values,
)
from bayesknee.knowledge.network import Network, is_single
from bayesknee.log_odds import logit

Draws: TypeAlias = NDArray[np.float64]

# 1 - p is 1e-13 there, and still exact to a per mille; from 37 on it is 0 in floats, so p would be 1.
MOST_LOGIT: Final = 30.0
MOST_LOG_RATIO: Final = math.log(LARGEST_RATIO) - 1e-9  # just inside, as the format refuses the bound itself
LEAST_ABOVE: Final = 1e-9  # where a rule just holds: too little to tell from equality, and far above rounding (1e-16)
# Judged: what is fitted holds to first order only, so more would gain little, and the time is in proportion.
FIT_ROUNDS: Final = 50
# Rounds in which base rates are drawn again. A draw that fails in all of them has the stated ones: with fewer rounds,
# more do, which makes ranges look narrower; more take time where hardly any draw can meet the rule. Judged.
ANY_SUM: Final = (0.0, math.inf)
MOST_TRIES: Final = 200
# Base rates that sum to 1 + x make P(complaint) about 2 x or more, which is to stay well above 1e-9: less is lost in
# rounding (`LOWEST_COMPLAINT` of `bayesknee.inference.prior.intercepts`). A larger one would throw away draws that are
# possible. Judged.
LEAST_EXCESS: Final = 1e-6
MOST_SEED: Final = 2**63 - 1  # the largest signed integer of 64 bits, which other programs and files hold, too
NOT_DRAWN: Final = ("limit", "thresholds", "base_rate")


def redrawn(network: Network, rng: np.random.Generator) -> Network:
    """The network as it may be in truth: every number drawn from its range, and then certain (a range of no width).

    It keeps all rules of the format. Limits stay as they are, for they say what to do, and not what is. `sha256` is
    empty, as of each network that is made in memory.
    """
    seed = int(rng.integers(MOST_SEED, endpoint=True))
    values: dict[Path, float] = {}
    for section in NODES:
        for name, entry in getattr(network, section).items():
            ranges = Ranges(entry)
            drawn = ranges.draw(stream(seed, name), 1)
            values |= {(section, name, *path): float(v) for path, v in zip(ranges.paths, drawn[:, 0], strict=True)}
    values |= {path: float(drawn[0]) for path, drawn in draw_base_rates(network, seed, 1).items()}
    sections = {section: with_values((section,), getattr(network, section), values) for section in NODES}
    return replace(network, sha256="", **sections)


class StatedRanges(NamedTuple):
    """How many numbers are drawn from ranges.

    Limits and thresholds are decisions and are not counted, nor is what is certain.

    Attributes:
        numbers: how many numbers the network has besides these.
        missing: how many of these have no range, or one of no width, and so stay as they are.
    """

    numbers: int
    missing: int

    @property
    def any(self) -> bool:
        """Whether anything varies."""
        return self.missing < self.numbers

    @property
    def caution(self) -> str:
        """A warning, in words, that intervals may be too narrow; empty where all numbers have ranges."""
        if not self.missing:
            return ""
        if not self.any:
            return (
                f"None of the {self.numbers:,} numbers of this network has a range, so none varies: intervals have no "
                "width, and tell nothing of how far a probability may be off."
            )
        have, stay = ("has", "stays") if self.missing == 1 else ("have", "stay")
        return (
            f"{self.missing:,} of the {self.numbers:,} numbers of this network {have} no range and {stay} as "
            f"{'it is' if self.missing == 1 else 'they are'}, so intervals may be too narrow."
        )


def stated_ranges(network: Network) -> StatedRanges:
    """Counts the numbers of a network, and those without a range to draw from."""
    numbers = [
        number
        for path, number in network.numbers()
        if (_is_drawn(path[2:]) or path[2] == "base_rate") and not number.certain
    ]
    return StatedRanges(len(numbers), sum(number.low == number.high for number in numbers))


def stream(seed: int, name: str) -> np.random.Generator:
    """Chance for one entry: its draws depend on the seed and its id, and not on what else is drawn."""
    return np.random.default_rng([seed, *name.encode()])


def draw_base_rates(network: Network, seed: int, draws: int) -> dict[Path, Draws]:
    """`draws` values of each base rate, by path.

    With a complaint, the base rates of a setting sum to more than 1, and where only so many conditions may come
    together, to less than their number; so all of them are drawn again until they do. Where each patient has just one
    condition, they are scaled to a sum of 1.
    """
    numbers: list[tuple[Path, Number]] = [
        (("conditions", name, "base_rate", setting), number)
        for name, condition in network.conditions.items()
        for setting, number in condition.base_rate.items()
    ]
    spreads = [_spread(number) for _, number in numbers]
    place = {path: place for place, (path, _) in enumerate(numbers)}
    low, high = _bounds_of_sum(network)
    by_setting = [_base_rates_in(network, setting, place) for setting in network.settings if (low, high) != ANY_SUM]
    rng = stream(seed, "base_rate")
    values = np.repeat(np.array([number.value for _, number in numbers])[:, None], draws, axis=1)
    waiting = np.arange(draws)
    for _ in range(MOST_TRIES):
        drawn = _drawn(spreads, rng.standard_normal((len(spreads), len(waiting))))
        met = np.all([(low < total) & (total < high) for total in (drawn[p].sum(axis=0) for p in by_setting)], axis=0)
        met = np.broadcast_to(met, waiting.shape)
        values[:, waiting[met]] = drawn[:, met]
        waiting = waiting[~met]
        if not len(waiting):
            break
    if is_single(network):
        _scale_to_one(values, [path[-1] for path, _ in numbers])
    return {path: values[place[path]] for path, _ in numbers}


def _scale_to_one(values: Draws, settings: Sequence[str]) -> None:
    """Scales the base rates of each setting to a sum of 1, in place; all conditions state the same settings."""
    for setting in set(settings):
        places = [place for place, other in enumerate(settings) if other == setting]
        values[places] /= values[places].sum(axis=0)


def _bounds_of_sum(network: Network) -> tuple[float, float]:
    """Between which bounds the base rates of a setting must sum."""
    most, (low, high) = network.most_causes, ANY_SUM
    if is_single(network):
        return ANY_SUM
    if most is not None and most < len(network.conditions):
        high = most - LEAST_EXCESS
    return 1.0 + LEAST_EXCESS if network.complaint else low, high


def _base_rates_in(network: Network, setting: str, place: Mapping[Path, int]) -> list[int]:
    paths = {name: ("conditions", name, "base_rate") for name in network.conditions}
    return [place.get((*path, setting), place.get((*path, ANY_SETTING), -1)) for path in paths.values()]


class Ranges:
    """The ranges of all numbers of one entry: a risk factor, condition, sign or finding.

    A condition's limit says what to do, not what is, so it is not drawn.

    Attributes:
        paths: of the numbers, from the entry on.
    """

    def __init__(self, entry: object) -> None:
        numbers = [(path, number) for path, number in numbers_below((), entry) if _is_drawn(path)]
        self.paths: tuple[Path, ...] = tuple(path for path, _ in numbers)
        self._place = {path: place for place, path in enumerate(self.paths)}
        self._certain = {place: number.value for place, (_, number) in enumerate(numbers) if number.certain}
        self._full = list(self._full_distributions(entry))
        self._spreads = [CERTAIN if number.certain else _spread(number) for _, number in numbers]
        for places in self._full:
            fitted = _fit_parts([numbers[place][1] for place in places])
            for place, spread in zip(places, fitted, strict=True):
                self._spreads[place] = spread
        self._rules: list[tuple[Path, NoisyOr | Reading]] = [
            *parts_below((), entry, NoisyOr),
            *parts_below((), entry, Reading),
        ]
        self._greatest = [(path, rule, getattr(entry, "states", ())) for path, rule in parts_below((), entry, Greatest)]

    def _full_distributions(self, entry: object) -> Iterator[list[int]]:
        """The places of the numbers of each distribution that states a probability for every state.

        What is certain is left out: it stays, and the others sum to 1 without it.
        """
        for path, distribution in parts_below((), entry, Distribution):
            if sum(number.value for number in distribution.numbers.values()) > 1.0 - LEAST_ABOVE:
                places = (self._place[*path, state] for state in distribution.numbers)
                if drawn := [place for place in places if place not in self._certain]:
                    yield drawn
        if isinstance(entry, Condition) and entry.forms:
            for path in next(iter(entry.forms.values())).shares:
                yield [self._place["forms", form, *path] for form in entry.forms]

    def draw(self, rng: np.random.Generator, draws: int) -> Draws:
        """`draws` values of each number, shape (numbers, draws)."""
        if not self.paths:
            return np.empty((0, draws))
        values = _drawn(self._spreads, rng.standard_normal((len(self.paths), draws)))
        for places in self._full:
            values[places] /= values[places].sum(axis=0)
        for place, value in self._certain.items():
            values[place] = value
        for path, greatest, states in self._greatest:
            self._keep_greatest(values, path, greatest, states)
        for path, rule in self._rules:
            self._keep_rule(values, path, rule)
        return values

    def _keep_greatest(self, values: Draws, path: Path, rule: Greatest, states: tuple[str, ...]) -> None:
        """Moves a cause that would lead lower than the leak up to it; what is certain stays."""
        if rule.leak is None:
            return
        leak = self._vector(values, (*path, "leak"), states).cumsum(axis=0)
        for name, distribution in rule.causes.items():
            cumulated = self._vector(values, (*path, "causes", name), states).cumsum(axis=0)
            vector = distribution.vector(states)
            for k in range(len(states) - 1):
                cumulated[k] = (
                    np.minimum(cumulated[k], leak[k]) if vector[k] > 0.0 else (cumulated[k - 1] if k else 0.0)
                )
            parts = np.diff(cumulated, axis=0, prepend=0.0)
            for state in distribution.numbers:
                if (place := self._place[*path, "causes", name, state]) not in self._certain:
                    values[place] = parts[states.index(state)]

    def _vector(self, values: Draws, path: Path, states: tuple[str, ...]) -> Draws:
        """The drawn distribution at a path, shape (states, draws); the last state makes the sum 1."""
        return drawn_vector(
            {state: values[p] for state in states if (p := self._place.get((*path, state))) is not None}, states
        )

    def _keep_rule(self, values: Draws, path: Path, rule: NoisyOr | Reading) -> None:
        """Moves what would break a rule of the format to where it just holds."""
        if isinstance(rule, Reading):
            sensitivity, specificity = (self._place[*path, key] for key in ("sensitivity", "specificity"))
            least = (1.0 - values[sensitivity]) * (1.0 - LEAST_ABOVE) + LEAST_ABOVE
            values[specificity] = np.maximum(values[specificity], least)
            return
        leak = values[self._place[*path, "leak"]]
        causes = [self._place[*path, "causes", name] for name in rule.causes]
        values[causes] = np.maximum(values[causes], leak * (1.0 - LEAST_ABOVE) + LEAST_ABOVE)


def _is_drawn(path: Path) -> bool:
    """Whether the number at a path of an entry is drawn with it: limits say what to do, and base rates go together."""
    return path[0] not in NOT_DRAWN and not (path[0] == "forms" and path[2] in NOT_DRAWN)


class Spread(NamedTuple):
    """A number as a two-piece normal of its log or logit.

    Attributes:
        center: where half of the draws lie below.
        below, above: standard deviations of either side.
        most: how large it may become, on either side of 0.
        is_logit: whether of the logit.
    """

    center: float
    below: float
    above: float
    most: float
    is_logit: bool


CERTAIN: Final = Spread(0.0, 0.0, 0.0, MOST_LOGIT, is_logit=True)  # in place of one; the value is put in afterwards


def drawn_vector(by_state: Mapping[str, Draws], states: Sequence[str]) -> Draws:
    """A distribution over all states, shape (states, draws); a state that is not stated gets the remainder."""
    rest = 1.0 - sum(by_state.values(), np.zeros(()))
    return np.array([by_state.get(state, rest) for state in states])


def _drawn(spreads: Sequence[Spread], normal: Draws) -> Draws:
    """Values from standard normals, shape (numbers, draws)."""
    center, below, above, most, is_logit = np.array(spreads).T[:, :, None]
    odds: Draws = np.exp((center + np.where(normal < 0.0, below, above) * normal).clip(-most, most))
    return np.where(is_logit != 0.0, odds / (1.0 + odds), odds)


def _spread(number: Number) -> Spread:
    is_logit = isinstance(number, Probability)
    scale: Callable[[float], float] = logit if is_logit else math.log
    low, center, high = scale(number.low), scale(number.value), scale(number.high)
    most = MOST_LOGIT if is_logit else MOST_LOG_RATIO
    return Spread(center, (center - low) / Z, (high - center) / Z, most, is_logit)


def _fit_parts(numbers: list[Number]) -> list[Spread]:
    """The parts of a whole distribution: standard deviations s of their logs that give each logit its own width.

    To first order, the logit of part k varies by s_k^2 + sum over the others of (their share of the rest)^2 s^2. Solved
    by proportional fitting, which keeps all s_k^2 positive.
    """
    values = np.array([number.value for number in numbers])
    wanted = np.array([(logit(number.high) - logit(number.low)) / (2.0 * Z) for number in numbers]) ** 2
    shares = np.broadcast_to(values, (len(values), len(values))).copy()
    np.fill_diagonal(shares, 0.0)
    weights = (shares / shares.sum(axis=1, keepdims=True)) ** 2 + np.eye(len(values))
    variances = wanted.copy()
    for _ in range(FIT_ROUNDS if wanted.all() else 0):
        variances *= np.sqrt(wanted / (weights @ variances))
    deviations = np.sqrt(variances).tolist()
    return [Spread(math.log(v), s, s, MOST_LOGIT, is_logit=False) for v, s in zip(values, deviations, strict=True)]
