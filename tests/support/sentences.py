"""How well sentences of patients are read: counts of what was found, missed and made up, and what was turned round."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bayesknee import Network
from bayesknee.knowledge.model import NO_YES
from bayesknee.patient.heard.proposals import Proposal, propose

CLOSE = 0.01  # of a number: months and years have more than one length
SAID = frozenset({"present", "absent", "past", "unsure", "someone_else"})


@dataclass(frozen=True)
class Score:
    """What was found rightly, made up and missed; `turned` are texts in which a red flag's finding was turned round."""

    right: int
    made_up: int
    missed: int
    turned: tuple[str, ...]

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.right / (2 * self.right + self.made_up + self.missed)


def read_sentences(path: Path) -> list[dict[str, Any]]:
    """The sentences of a file, with what they say."""
    return list(yaml.safe_load(path.read_text(encoding="utf-8")))


def score(network: Network, sentences: Sequence[Mapping[str, Any]]) -> Score:
    """How well sentences are read."""
    flagged = {name for flag in network.red_flags.values() for name in flag.questions}
    right, made_up, missed = 0, 0, 0
    turned: list[str] = []
    for each in sentences:
        found = _by_finding(propose(network, each["text"]))
        for name, wanted in each["heard"].items():
            choices = wanted if isinstance(wanted, list) else [wanted]
            is_right = any(_fits(choice, one) for choice in choices for one in found.get(name, ()))
            may_lack = "nothing" in choices
            right += is_right
            missed += not is_right and not may_lack
            made_up += not is_right and not may_lack and name in found
            said = {one.assertion for one in found.get(name, ())}
            if name in flagged and {wanted if isinstance(wanted, str) else "", *said} >= {"present", "absent"}:
                turned.append(each["text"])
        made_up += len(found.keys() - each["heard"].keys() - set(each.get("may", ())))
    return Score(right, made_up, missed, tuple(turned))


def wrong(network: Network, sentences: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The sentences that are not read as they should be, for whoever writes synonyms."""
    for each in sentences:
        one = score(network, [each])
        if one.made_up or one.missed:
            found = {
                name: [p.state or p.assertion for p in of]
                for name, of in _by_finding(propose(network, each["text"])).items()
            }
            yield f"{each['text']}: expected {each['heard']}, got {found}"


def _by_finding(proposals: Sequence[Proposal]) -> dict[str, list[Proposal]]:
    found: dict[str, list[Proposal]] = {}
    for proposal in proposals:
        found.setdefault(proposal.finding, []).append(proposal)
    return found


def _fits(wanted: object, found: Proposal) -> bool:
    """Whether a proposal is what a reader takes the sentence to say."""
    if wanted == "any":
        return True
    if isinstance(wanted, int | float):
        return found.number is not None and abs(found.number - wanted) <= max(1.0, CLOSE * wanted)
    if str(wanted).startswith("is "):
        return found.state == str(wanted).removeprefix("is ") and found.assertion in ("present", "absent")
    if str(wanted).startswith("not "):
        return found.assertion == "absent"
    return found.assertion == wanted and (found.state in ("", *NO_YES) or wanted != "present")
