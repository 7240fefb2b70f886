"""What usually helps whatever the cause, and what guidelines say of it. Data of a network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, get_args

from bayesknee.errors import Problem, unknown_name
from bayesknee.knowledge.model import LEVELS, Level

Verdict = Literal["helps", "unproved", "advised_against"]
VERDICTS: Final[tuple[Verdict, ...]] = get_args(Verdict)


@dataclass(frozen=True)
class GeneralAdvice:
    """One thing that people do, or are told to do, for the complaint.

    Attributes:
        text: what to do, in plain words.
        verdict: what guidelines say of it.
        guidelines: the same in a sentence: for whom, and what is not known.
        levels: the levels of care at which it is shown. What eases a strain may harm where a clot is looked for.
        source: a key of the references, or `judged`, with a note that says why.
    """

    id: str
    text: str
    verdict: Verdict
    guidelines: str
    levels: tuple[Level, ...]
    source: str
    note: str = ""


def advice_problems(path: tuple[str, ...], advice: GeneralAdvice) -> Iterator[Problem]:
    """What is wrong with an advice, its source aside."""
    if advice.verdict not in VERDICTS:
        yield unknown_name((*path, "verdict"), advice.verdict, VERDICTS, "a verdict")
    if not advice.levels:
        yield Problem((*path, "levels"), "none", "the levels of care at which it is shown", "name one at least")
    for level in (level for level in advice.levels if level not in LEVELS):
        yield unknown_name((*path, "levels"), level, LEVELS, "a level of urgency")
