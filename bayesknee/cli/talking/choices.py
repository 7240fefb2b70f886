"""What can be chosen or marked in an interview at a terminal, whichever way it is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from immutabledict import immutabledict

COMMAND: Final = ":"  # begins the value of what is no answer; no state begins so
# The letters that answer a line of a list; they are the keys of the same answers to a question by itself.
ANSWERS_OF_LINES: Final[Mapping[str, str]] = immutabledict(y="yes", n="no", d="unknown")


@dataclass(frozen=True)
class Choice:
    """Something to choose.

    Attributes:
        value: what choosing it gives.
        label: what is shown.
        key: the letter of it; a number where empty.
        below: whether it is a command, which stands below the answers.
        names: other words that may be typed for it.
        help: what is told of it while the pointer is on it.
        heading: what stands above it and those that follow with the same; empty for none.
    """

    value: str
    label: str
    key: str = ""
    below: bool = False
    names: tuple[str, ...] = ()
    help: str = ""
    heading: str = ""

    @property
    def word(self) -> str:
        """Its value as it may be typed."""
        return self.value.lstrip(COMMAND)


@dataclass(frozen=True)
class Marked:
    """What was chosen, and what was marked.

    Attributes:
        value: of the choice.
        marks: by line, `yes`, `no` or `unknown`; a line that is left out was not marked.
    """

    value: str
    marks: Mapping[str, str] = field(default_factory=immutabledict)


def with_keys(choices: Sequence[Choice]) -> list[tuple[str, Choice]]:
    """Each choice with its key: its letter, or its number among those without one, so that letters never change."""
    numbers = iter(range(1, len(choices) + 1))
    return [(choice.key or str(next(numbers)), choice) for choice in choices]
