"""What patients taught a network, as text for people and as plain data."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Final, TextIO

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from bayesknee.cohort.learning import REASONS, Learned
from bayesknee.cohort.moves import Move
from bayesknee.display.terminal import console_for, rendered
from bayesknee.knowledge.model import Number
from bayesknee.log_odds import logit
from bayesknee.markup import markdown
from bayesknee.plain import attributes, plain

MOST_SHOWN: Final = 20
# Above it, digits of p are mostly nines, and rounding to three could print 1; those of 1 - p tell more.
NEAR_ONE: Final = 0.99
_INDENT: Final = (0, 0, 0, 2)
_DEEPER: Final = (0, 0, 0, 4)
_HEADERS: Final = ("Number", "Before", "After", "Cases", "Worth", "Prior")
_KEY: Final = (
    "Cases: in how many the number was seen. Worth: how many with nothing hidden would tell as much. "
    "Prior: how many patients the old range was worth."
)


def learned_text(learned: Learned, file: TextIO | None = None) -> str:
    """What moved most, as text that fits the terminal behind `file` (standard output where left out)."""
    return rendered(console_for(file), *_parts(learned))


def learned_markdown(learned: Learned) -> str:
    """All that moved, as a page of Markdown."""
    rows = [f"| {' | '.join(_cells(move))} |" for move in by_size(learned.moves)]
    stay = [f"- {each}" for each in staying(learned)]
    left = [f"- `{place}` was left as it was: {rule}." for place, rule in learned.left.items()]
    lines = [
        f"# {markdown(heading(learned))}",
        "",
        f"{markdown(learned.citation)}. {_KEY}",
        "A number names the cases as its source where they are worth at least as much as its old range; else it keeps",
        "its source and grade, and its note says what it was.",
        "",
        f"| {' | '.join(_HEADERS)} |",
        "|---|---|---|--:|--:|--:|",
        *rows,
        "",
        "These numbers stay as they are:",
        "",
        *stay,
        *(["", *left] if left else []),
    ]
    return "\n".join(lines) + "\n"


def heading(learned: Learned) -> str:
    """How much moved."""
    network, patients = learned.network, learned.patients
    cases = f"{patients} case{'' if patients == 1 else 's'}"
    moved, stay = len(learned.moves), sum(learned.stay.values())
    told = f"{moved:,} number{'' if moved == 1 else 's'} updated by {cases}"
    return f"{network.id} {network.version}: {told}, {stay:,} stay"


def staying(learned: Learned) -> list[str]:
    """How many numbers stay as they are, each with its reason."""
    return [f"{number:,} {REASONS[reason]}" for reason, number in learned.stay.items()]


def by_size(moves: Sequence[Move]) -> list[Move]:
    """The moves, the largest change of log odds first."""
    return sorted(moves, key=lambda move: (-abs(logit(move.new.value) - logit(move.old.value)), move.path))


def _parts(learned: Learned) -> Iterator[RenderableType]:
    yield Text(heading(learned), style="bold")
    yield Padding(Text(f"These stay: {'; '.join(staying(learned))}."), _INDENT)
    for place, rule in learned.left.items():
        yield Padding(Text(f"{place} was left as it was: {rule}"), _INDENT)
    if not learned.moves:
        return
    yield Text()
    for move in by_size(learned.moves)[:MOST_SHOWN]:
        path, before, after, cases, worth, prior = _cells(move)
        yield Padding(Text(path, style="bold"), _INDENT)
        yield Padding(Text(f"{before} -> {after}; {_cases(cases)}, worth {worth} beside {prior}"), _DEEPER)
    if (more := len(learned.moves) - MOST_SHOWN) > 0:
        yield Padding(Text(f"and {more} that moved less"), _INDENT)


def _cases(number: str) -> str:
    return f"{number} case{'' if number == '1' else 's'}"


def _cells(move: Move) -> tuple[str, ...]:
    figures = (str(move.patients), _count(move.effective), _count(move.weight))
    return (".".join(move.path), _number(move.old), _number(move.new), *figures)


def _number(number: Number) -> str:
    return f"{_digits(number.value, 3)} ({_digits(number.low, 2)}-{_digits(number.high, 2)})"


def _digits(p: float, most: int) -> str:
    """A probability to so many digits; near 1, those of what is left to 1, so that none looks certain."""
    if p <= NEAR_ONE:
        return f"{p:.{most}g}"
    return f"{p:.{most - 1 - math.floor(math.log10(1.0 - p))}f}".rstrip("0")


def _count(value: float) -> str:
    return f"{value:.1f}" if value < 10.0 else f"{min(value, 1e9):.0f}"


def learned_data(learned: Learned) -> dict[str, Any]:
    """All that moved, ready for JSON."""
    return {
        "network": attributes(learned.network, ("id", "version")),
        "cases": learned.patients,
        "source": learned.source,
        "moves": [
            {
                "path": ".".join(move.path),
                "old": plain(move.old),
                "new": plain(move.new),
                "cases": move.patients,
                "worth": move.effective,
                "prior_worth": move.weight,
            }
            for move in by_size(learned.moves)
        ],
        "left_as_they_were": dict(learned.left),
        "stay": dict(learned.stay),
    }
