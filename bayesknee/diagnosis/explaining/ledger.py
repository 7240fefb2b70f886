"""Why: how much each answer moved each condition, and the numbers that carried it.

The shares are those of `bayesknee.inference.enumeration.shares`: exact in sum, whatever the order of the answers. Log
odds of a condition move by the difference between what an answer brings to it and to its opposite; a contrast of two
conditions, log P(a) / P(b), by the difference between what it brings to either. All logarithms are natural.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from bayesknee.arrays import Vector
from bayesknee.diagnosis.belief import Belief, given
from bayesknee.errors import ConditionError, did_you_mean, quoted
from bayesknee.inference.results import Shares
from bayesknee.knowledge.links import Link, Stated, links
from bayesknee.knowledge.model import JUDGED, NO_YES
from bayesknee.knowledge.network import Network
from bayesknee.lazy_types import DataFrame
from bayesknee.patient.evidence import Answer

DECIBANS: Final = 10.0 / math.log(10.0)
LEAST_OF_THE_FIRST: Final = 1.0 / 3.0
MOST_LINKS: Final = 2


@dataclass(frozen=True)
class Cited:
    """A number that carried a share, and where it comes from.

    Attributes:
        stated: the number, its place and what it says.
        citation: of its source; `judged` where it was a guess.
    """

    stated: Stated
    citation: str

    @property
    def judged(self) -> bool:
        """Whether it was a guess."""
        return self.stated.number.source == JUDGED

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data, ready for JSON."""
        number = self.stated.number
        return {
            "what": self.stated.what,
            "path": list(self.stated.path),
            "value": number.value,
            "low": number.low,
            "high": number.high,
            "grade": number.grade,
            "source": number.source,
            "citation": self.citation,
            "judged": self.judged,
        }


@dataclass(frozen=True)
class Entry:
    """What one answer did.

    Attributes:
        finding: id of a finding, risk factor or condition.
        answer: what was stated of it; None where only other answers imply something.
        implied: the states that other answers leave of it, where these imply more than is stated.
        share: its part of the change, a natural logarithm: of odds, or of the ratio of two probabilities.
        numbers: the numbers of the network that carried most of it.
    """

    finding: str
    answer: Answer | None
    implied: tuple[str, ...]
    share: float
    numbers: tuple[Cited, ...]

    @property
    def factor(self) -> float:
        """By how much it multiplied the odds, or the ratio."""
        return math.exp(self.share)

    @property
    def decibans(self) -> float:
        """The share as ten times its logarithm to base 10."""
        return DECIBANS * self.share

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data, ready for JSON; what is not finite is None."""
        return {
            "finding": self.finding,
            "answer": dict(self.answer) if isinstance(self.answer, Mapping) else self.answer,
            "implied": list(self.implied),
            "share": _finite(self.share),
            "factor": _finite(self.factor),
            "decibans": _finite(self.decibans),
            "numbers": [each.to_dict() for each in self.numbers],
        }


@dataclass(frozen=True)
class Account:
    """How the answers moved one condition or group, or one against another.

    Attributes:
        subject: id of the condition or group.
        against: id of the other one; None where it is the subject's own odds.
        prior, posterior: log of the odds of `subject`, or of P(subject) / P(against), before and after the answers;
            infinite where the answers make it certain; NaN of two of which the answers leave neither possible.
        entries: a share for each answer, largest first. They sum to `posterior - prior`.
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
        """All of it as plain data, ready for JSON; what is not finite is None."""
        return {
            "subject": self.subject,
            "against": self.against,
            "log_prior": _finite(self.prior),
            "log_posterior": _finite(self.posterior),
            "entries": [each.to_dict() for each in self.entries],
        }


@dataclass(frozen=True, repr=False, eq=False)
class Ledger(Mapping[str, Account]):
    """The accounts of all conditions and groups of one diagnosis, by id.

    Attributes:
        belief: which it explains.
        shares: what each answer brings to each condition and group; see `bayesknee.inference.results.Shares`.
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
        """How the answers moved log P(subject) / P(against).

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
            tuple(sorted(entries, key=lambda each: (-abs(each.share), each.finding))),
        )

    def _sides(self, subject: str, against: str | None) -> tuple[tuple[float, float, Vector], ...]:
        """log P before and after, and what each answer brings: to the subject, and to its opposite or the other."""
        one = self._event(subject)
        places = ((0, one), (1, one)) if against is None else ((0, one), (0, self._event(against)))
        shares = self.shares
        return tuple(
            (float(shares.before[place]), float(shares.after[place]), shares.moves[:, *place]) for place in places
        )

    def _event(self, name: str) -> int:
        if name in self._events:
            return self._events[name]
        hint = did_you_mean(name, self._events) or f"known are {', '.join(self._events)}"
        raise ConditionError(f"unknown condition {quoted(name)} of network {self.belief.network.id}; {hint}")

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
    """What each answer brings to one side rather than the other. Where one is impossible, those that made it so."""
    (_, after, moves), (_, other_after, other_moves) = sides
    if math.isfinite(after) and math.isfinite(other_after):
        return [float(each) for each in moves - other_moves]
    pairs = zip(moves.tolist(), other_moves.tolist(), strict=True)
    return [one - other if math.isinf(one) != math.isinf(other) else 0.0 for one, other in pairs]


class _Carriers:
    """Which numbers of the network carried a share.

    An answer speaks for the conditions that its own numbers link it with, and these make the subject more or less
    probable. So a link weighs as much as it says by itself, times P(linked | subject, e) - P(linked | opposite, e):
    that is 1 for the subject itself, and below 0 for most others, since causes compete.
    """

    def __init__(self, belief: Belief, subject: str, against: str | None) -> None:
        self._belief = belief
        self._network = belief.network
        one = self._given(subject, NO_YES[1])
        other = self._given(subject, NO_YES[0]) if against is None else self._given(against, NO_YES[1])
        self._pull = {name: one[name] - other[name] for name in self._network.conditions}

    def _given(self, subject: str, state: str) -> Mapping[str, float]:
        """P(condition | subject in that state, e); as if it were known of a group no more than which members it has."""
        belief = self._belief
        if subject in self._network.groups:
            whole = max(belief.groups[subject], 1e-300)
            members = self._network.groups[subject].members
            inside = {name: belief.posterior[name] / whole if state == NO_YES[1] else 0.0 for name in members}
            return {**belief.posterior, **inside}
        return given(belief, subject, state) or {
            **belief.posterior,
            subject: float(state == NO_YES[1]),
        }

    def numbers(self, name: str, share: float) -> tuple[Cited, ...]:
        """The numbers of the links that pull in the direction of the share: of the first, and of a second near it.

        What is certain or impossible is so by the answer alone, and no number carried it.
        """
        if not share or math.isinf(share):
            return ()
        likelihood = self._belief.evidence.likelihoods[name]
        found = links(self._network, self._belief.setting, name, likelihood).values()
        pulls = [(link, self._pull[link.condition] * link.effect * math.copysign(1.0, share)) for link in found]
        along = sorted((each for each in pulls if each[1] > 0.0), key=lambda each: -each[1])[:MOST_LINKS]
        chosen = [link for link, pull in along if pull >= LEAST_OF_THE_FIRST * along[0][1]]
        return tuple(_cited(self._network, chosen))


def _cited(network: Network, chosen: list[Link]) -> Iterator[Cited]:
    stated = {each.path: each for link in chosen for each in link.numbers}
    for each in stated.values():
        source = each.number.source
        yield Cited(each, JUDGED if source == JUDGED else network.references[source].citation)


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
