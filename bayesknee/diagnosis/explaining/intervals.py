"""How far a posterior can be trusted, given the uncertainty of the network's numbers.

Networks are drawn with all numbers from their ranges (`bayesknee.knowledge.ranges`), and the posterior is computed
exactly with each of them. The interval is the middle 95 % of the results. The stability of the ranking is how often
each condition comes first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from immutabledict import immutabledict

from bayesknee.arrays import Vector
from bayesknee.diagnosis.belief import Belief
from bayesknee.errors import BayeskneeError, quoted
from bayesknee.inference.drawn_numbers import USUAL_DRAWS
from bayesknee.inference.results import DEFAULT_DRAWS
from bayesknee.interval_95 import ENDS
from bayesknee.knowledge.model import OF_FORM
from bayesknee.knowledge.ranges import MOST_SEED, StatedRanges, stated_ranges
from bayesknee.plain import attributes

LEAST_DRAWS: Final = 40  # with fewer, no draw lies beyond a 95 % interval, and chance alone sets its ends
MOST_DRAWS: Final = DEFAULT_DRAWS


class Interval(NamedTuple):
    """Where 95 % of the draws lie: 2.5 % below `low`, 2.5 % above `high`."""

    low: float
    high: float


# Networks whose numbers are in memory at a time, some 10 kB each for the shipped one. More save no time; up to as many
# draws, a seed gives the draws that it always gave. Judged.
DRAWN_AT_ONCE: Final = 4000


@dataclass(frozen=True)
class Intervals:
    """95 % intervals of a diagnosis.

    Attributes:
        draws, seed: how many networks were drawn, and from which seed.
        conditions: the interval of each condition's posterior by id, in the order of the diagnosis.
        groups: the interval of each group's posterior by id.
        forms: the interval of each form's posterior, by condition and form.
        first: the share of draws in which a condition is the most probable one, by id; the shares sum to 1.
        ranges: how many of the network's numbers have a range. If none has, intervals have no width and mean nothing.
    """

    draws: int
    seed: int
    conditions: Mapping[str, Interval]
    groups: Mapping[str, Interval]
    first: Mapping[str, float]
    ranges: StatedRanges
    forms: Mapping[str, Mapping[str, Interval]] = immutabledict()

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON."""
        return {
            **attributes(self, ("draws", "seed")),
            "conditions": [
                {"condition": name, **attributes(interval), "first": self.first[name]} | self._plain_forms(name)
                for name, interval in self.conditions.items()
            ],
            "groups": [{"group": name, **attributes(interval)} for name, interval in self.groups.items()],
            "numbers": self.ranges.numbers,
            "numbers_without_range": self.ranges.missing,
            "caution": self.ranges.caution,
        }

    def _plain_forms(self, condition: str) -> dict[str, Any]:
        if condition not in self.forms:
            return {}
        return {"forms": [{"form": name, **attributes(form)} for name, form in self.forms[condition].items()]}


def intervals_of(belief: Belief, draws: int | None = None, seed: int = 0) -> Intervals:
    """The intervals of a diagnosis.

    Args:
        belief: the posterior and the answers.
        draws: how many networks to draw, 40 to 100,000; by default as many as the strategy chooses.
        seed: of the draws, 0 or more.

    Raises:
        BayeskneeError: a number of draws or a seed out of range.
        BudgetError: more draws than the budget allows.
        InferenceError: the work is beyond the budget.
    """
    check_draws(draws, seed)
    draws = _allowed_draws(belief, draws)
    chances = _redrawn(belief, draws, seed)
    names = list(belief.network.conditions)
    forms = [cause for condition in belief.network.conditions.values() for cause in condition.causes if condition.forms]
    bounds = dict(zip((*names, *belief.groups, *forms), _bounds(chances), strict=True))
    leaders = np.bincount(chances[:, : len(names)].argmax(axis=1), minlength=len(names)) / draws
    first = dict(zip(names, leaders.tolist(), strict=True))
    return Intervals(
        draws,
        seed,
        immutabledict({name: bounds[name] for name in belief.posterior}),
        immutabledict({name: bounds[name] for name in belief.groups}),
        immutabledict({name: first[name] for name in belief.posterior}),
        stated_ranges(belief.network),
        immutabledict(
            {
                name: immutabledict({form: bounds[f"{name}{OF_FORM}{form}"] for form in of_condition})
                for name, of_condition in belief.forms.items()
            }
        ),
    )


def _allowed_draws(belief: Belief, draws: int | None) -> int:
    """This many draws, or as many as the strategy chooses, if the budget allows them."""
    compiled, budget = belief.compiled, belief.compiled.budget
    if draws is not None:
        budget.check("draws", draws, "ask for fewer")
        return draws
    budget.check("draws", LEAST_DRAWS, "intervals take at least as many")
    return min(compiled.strategy.usual_draws(belief.evidence, compiled.events), budget.draws)


def _redrawn(belief: Belief, draws: int, seed: int) -> Vector:
    """P(event | e) by draw, shape (draws, events); in parts, of which each has a seed, so that memory stays flat."""
    compiled, parts = belief.compiled, []
    events = (*compiled.events, *compiled.form_events)
    for number, start in enumerate(range(0, draws, DRAWN_AT_ONCE)):
        seed_of_part = (
            seed if number == 0 else int(np.random.SeedSequence([seed, number]).generate_state(1, np.uint64)[0] >> 1)
        )
        length = min(DRAWN_AT_ONCE, draws - start)
        parts.append(compiled.strategy.redrawn(belief.evidence, events, length, seed_of_part))
    return np.concatenate(parts)


def check_draws(draws: int | None, seed: int) -> None:
    """Checks a number of draws, unless it is None, and a seed.

    Raises:
        BayeskneeError: one of them is no whole number, or out of range.
    """
    given = draws is not None
    if given and (isinstance(draws, bool) or not isinstance(draws, int) or not LEAST_DRAWS <= draws <= MOST_DRAWS):
        raise BayeskneeError(
            f"{quoted(draws)} draws; expected a whole number from {LEAST_DRAWS} (fewer tell no 95 % interval) to "
            f"{MOST_DRAWS:,}; {USUAL_DRAWS:,} will do"
        )
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MOST_SEED:
        raise BayeskneeError(f"seed {quoted(seed)}; expected a whole number from 0 to 2**63 - 1; 0 will do")


def _bounds(chances: Vector) -> list[Interval]:
    low, high = np.quantile(chances, ENDS, axis=0).tolist()
    return [Interval(*pair) for pair in zip(low, high, strict=True)]
