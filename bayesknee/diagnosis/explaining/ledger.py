"""The ledger: how much each answer moved each condition, and the numbers that carried it.

The shares come from `bayesknee.inference.strategy.Strategy.shares`. Their sum is exact, and they do not depend on the
order of the answers. An answer moves the log odds of a condition by its share in log P(condition, e) less its share in
log P(no condition, e). It moves a contrast, log P(a) / P(b), by its share in log P(a, e) less that in log P(b, e). All
logarithms are natural.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from bayesknee.arrays import TINY, Vector
from bayesknee.diagnosis.belief import Belief, given
from bayesknee.errors import ConditionError, unknown_text
from bayesknee.inference.results import Shares
from bayesknee.knowledge.links import Link, Stated, links
from bayesknee.knowledge.model import JUDGED, NO_YES
from bayesknee.knowledge.network import Network
from bayesknee.lazy_types import DataFrame
from bayesknee.log_odds import DECIBANS
from bayesknee.patient.evidence import Answer
from bayesknee.plain import attributes, plain

LEAST_OF_THE_FIRST: Final = 1.0 / 3.0  # the pull of a second link worth citing, relative to the first; judged
MOST_LINKS: Final = 2  # cited for an entry; judged: more make a ledger hard to read
STATED: Final = ("value", "low", "high", "grade", "source")  # of a number, beside its citation


@dataclass(frozen=True)
class Cited:
    """A number that carried a share, and its source.

    Attributes:
        stated: the number, its path and its meaning.
        citation: of its source; `judged` if it was a guess.
    """

    stated: Stated
    citation: str

    @property
    def judged(self) -> bool:
        """Whether it was a guess."""
        return self.stated.number.source == JUDGED

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON."""
        return {
            **attributes(self.stated, ("what", "path")),
            **attributes(self.stated.number, STATED),
            **attributes(self, ("citation", "judged")),
        }


@dataclass(frozen=True)
class Entry:
    """The effect of one answer.

    Attributes:
        finding: id of a finding, risk factor or condition.
        answer: the answer given; None if other answers alone imply something about it.
        implied: the states that other answers leave possible, if they imply more than the answer says.
        share: its part of the change, in natural log odds, or in the log of the ratio of two probabilities.
        numbers: the numbers of the network that carried most of the share.
    """

    finding: str
    answer: Answer | None
    implied: tuple[str, ...]
    share: float
    numbers: tuple[Cited, ...]

    @property
    def factor(self) -> float:
        """The odds ratio of the answer: exp(share)."""
        return math.exp(self.share)

    @property
    def decibans(self) -> float:
        """The share in decibans: ten times the logarithm to base 10 of `factor`."""
        return DECIBANS * self.share

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON; infinite and NaN values become None."""
        return attributes(self, ("finding", "answer", "implied", "share", "factor", "decibans", "numbers"))


@dataclass(frozen=True)
class Account:
    """How the answers moved one condition or group, or the ratio of two.

    Attributes:
        subject: id of the condition or group.
        against: id of the condition or group it is compared with; None for the odds of the subject.
        prior, posterior: natural log of the odds of `subject`, or of P(subject) / P(against), before and after the
            answers. Infinite if the answers make it certain; NaN if they make both sides impossible.
        entries: one for each answer, the largest share first. The shares sum to `posterior - prior`.
    """

    subject: str
    against: str | None
    prior: float
    posterior: float
    entries: tuple[Entry, ...]

    @property
    def change(self) -> float:
        """`posterior - prior`."""
        return self.posterior - self.prior

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON; infinite and NaN values become None."""
        return {
            **attributes(self, ("subject", "against")),
            "log_prior": plain(self.prior),
            "log_posterior": plain(self.posterior),
            "entries": plain(self.entries),
        }


@dataclass(frozen=True, repr=False, eq=False)
class Ledger(Mapping[str, Account]):
    """The accounts of all conditions and groups of one diagnosis, by id.

    Attributes:
        belief: the posterior that the ledger explains.
        shares: of each answer in each condition and group; see `bayesknee.inference.results.Shares`.
    """

    belief: Belief
    shares: Shares = field(repr=False)

    @cached_property
    def _events(self) -> dict[str, int]:
        network = self.belief.network
        return {name: number for number, name in enumerate([*network.conditions, *network.groups])}

    def __getitem__(self, subject: str) -> Account:
        """The account of a condition or group.

        Raises:
            ConditionError: the network has no such condition or group.
        """
        return self._account(subject, None)

    def contrast(self, subject: str, against: str) -> Account:
        """How the answers moved the natural log of P(subject) / P(against).

        Args:
            subject: id of a condition or group.
            against: id of another one.

        Raises:
            ConditionError: the network has no such condition or group, or both are the same.
        """
        if subject == against:
            raise ConditionError(f"{subject} cannot be weighed against itself; name two different conditions")
        return self._account(subject, against)

    def __iter__(self) -> Iterator[str]:
        return iter(self._events)

    def __len__(self) -> int:
        return len(self._events)

    def __contains__(self, name: object) -> bool:
        return name in self._events

    def to_frame(self) -> DataFrame:
        """The shares of log odds: a row per answer, a column per condition and group."""
        import pandas as pd

        shares = {name: _shares(self._sides(name, None)) for name in self._events}
        return pd.DataFrame(shares, index=pd.Index(self.shares.answers, name="finding"))

    def _account(self, subject: str, against: str | None) -> Account:
        (before, after, _), (other_before, other_after, _) = sides = self._sides(subject, against)
        shares = dict(zip(self.shares.answers, _shares(sides), strict=True))
        carriers = _Carriers(self.belief, subject, against)
        entries = [self._entry(name, share, carriers) for name, share in shares.items()]
        return Account(
            subject,
            against,
            before - other_before,
            after - other_after,
            tuple(sorted(entries, key=lambda entry: (-abs(entry.share), entry.finding))),
        )

    def _sides(self, subject: str, against: str | None) -> tuple[tuple[float, float, Vector], ...]:
        """log P before and after, and the moves by answer: of the subject, then of its opposite or of `against`."""
        one = self._event(subject)
        places = ((0, one), (1, one)) if against is None else ((0, one), (0, self._event(against)))
        shares = self.shares
        return tuple(
            (float(shares.before[place]), float(shares.after[place]), shares.moves[:, *place]) for place in places
        )

    def _event(self, name: str) -> int:
        if name in self._events:
            return self._events[name]
        raise ConditionError(unknown_text("condition", name, self._events, f"of network {self.belief.network.id}"))

    def _entry(self, name: str, share: float, carriers: _Carriers) -> Entry:
        evidence = self.belief.evidence
        implied = evidence.implied.get(name, ())
        return Entry(name, evidence.answers.get(name), implied, share, carriers.numbers(name, share))

    def __repr__(self) -> str:
        return f"<Ledger of {len(self.shares.answers)} answers and {len(self)} conditions and groups>"


def ledger_of(belief: Belief) -> Ledger:
    """The ledger of a diagnosis."""
    return Ledger(belief, belief.compiled.strategy.shares(belief.evidence, belief.compiled.events))


def _shares(sides: tuple[tuple[float, float, Vector], ...]) -> list[float]:
    """The moves of one side less those of the other, by answer.

    If a side is impossible, only the answers that make it so have a share, and it is infinite.
    """
    (_, after, moves), (_, other_after, other_moves) = sides
    if math.isfinite(after) and math.isfinite(other_after):
        return [float(move) for move in moves - other_moves]
    pairs = zip(moves.tolist(), other_moves.tolist(), strict=True)
    return [one - other if math.isinf(one) != math.isinf(other) else 0.0 for one, other in pairs]


class _Carriers:
    """Which numbers of the network carried a share.

    An answer supports the conditions that its numbers link it with, and these make the subject more or less probable.
    So the pull of a link is its effect by itself, times P(linked | subject, e) - P(linked | opposite, e). That factor
    is 1 for the subject, and below 0 for most other conditions, since causes compete.
    """

    def __init__(self, belief: Belief, subject: str, against: str | None) -> None:
        self._belief = belief
        self._network = belief.network
        one = self._given(subject, NO_YES[1])
        other = self._given(subject, NO_YES[0]) if against is None else self._given(against, NO_YES[1])
        self._pull = {name: one[name] - other[name] for name in self._network.conditions}

    def _given(self, subject: str, state: str) -> Mapping[str, float]:
        """P(condition | subject in that state, e) by id. For a group, conditions outside it keep their posterior."""
        belief = self._belief
        if subject in self._network.groups:
            total = max(belief.groups[subject], TINY)
            members = self._network.groups[subject].members
            inside = {name: belief.posterior[name] / total if state == NO_YES[1] else 0.0 for name in members}
            return {**belief.posterior, **inside}
        return given(belief, subject, state) or {
            **belief.posterior,
            subject: float(state == NO_YES[1]),
        }

    def numbers(self, name: str, share: float) -> tuple[Cited, ...]:
        """The numbers of the links that pull most in the direction of the share.

        An infinite share is due to the answer alone, so no number carried it.
        """
        if not share or math.isinf(share):
            return ()
        likelihood = self._belief.evidence.likelihoods[name]
        found = links(self._network, self._belief.setting, name, likelihood).values()
        pulls = [(link, self._pull[link.condition] * link.effect * math.copysign(1.0, share)) for link in found]
        along = sorted((pull for pull in pulls if pull[1] > 0.0), key=lambda pull: -pull[1])[:MOST_LINKS]
        chosen = [link for link, pull in along if pull >= LEAST_OF_THE_FIRST * along[0][1]]
        return tuple(_cited(self._network, chosen))


def _cited(network: Network, chosen: list[Link]) -> Iterator[Cited]:
    stated = {statement.path: statement for link in chosen for statement in link.numbers}
    for statement in stated.values():
        source = statement.number.source
        yield Cited(statement, JUDGED if source == JUDGED else network.references[source].citation)
