"""How a command talks with the person at the terminal: by lists to choose from, or, in a pipe, line by line."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from typing import Final, Protocol

from bayesknee.cli.options import print_text
from bayesknee.errors import quoted

COMMAND: Final = ":"  # begins the value of what is no answer; no state begins so
_BESIDE: Final = " " * 7
_TIE: Final = "\ue000"  # a blank at which no line ends
KEYS: Final = "1234567890abcdefghijklmnopqrstuvwxyz"


class TalkEndedError(Exception):
    """Nobody answers any more: the input has ended."""


@dataclass(frozen=True)
class Choice:
    """Something to choose.

    Attributes:
        value: what choosing it gives.
        label: what is shown.
        key: the key that chooses it; one of a sequence where empty.
        below: whether it stands below a line, apart from the answers.
    """

    value: str
    label: str
    key: str = ""
    below: bool = False

    @property
    def word(self) -> str:
        """Its value as it may be typed."""
        return self.value.lstrip(COMMAND)


class Talk(Protocol):
    """Ways to ask. All of them raise KeyboardInterrupt at Ctrl-C, and TalkEndedError where the input has ended."""

    def choose(self, message: str, choices: Sequence[Choice]) -> str:
        """The value of one choice."""

    def tick(self, question: str, choices: Sequence[Choice], ticked: Sequence[str] = ()) -> list[str]:
        """The values of those that are ticked; `ticked` are to begin with."""

    def write(self, message: str, problem: Callable[[str], str]) -> str:
        """A line of text; `problem` tells what is wrong with one, if anything."""

    def wait(self) -> None:
        """Until what was told has been read, where what comes next could push it off the screen."""


def talk() -> Talk:
    """The way that fits: lists where input and output are a terminal that can show them, else plain lines."""
    if sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty() and _shows_lists():
        return Lists()
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")  # what is typed in another encoding is a slip, to be told as one
    return Lines()


def _shows_lists() -> bool:
    """Whether the terminal can move its cursor, and has the signs that tell what is ticked."""
    try:
        "○●»".encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        return False
    return os.environ.get("TERM", "dumb") != "dumb"


def with_keys(choices: Sequence[Choice]) -> list[tuple[str, Choice]]:
    """Each choice with its key: its own, or the next that is free; numbers where there are more choices than keys."""
    if len(choices) > len(KEYS):
        return [(str(number), each) for number, each in enumerate(choices, start=1)]
    own = {each.key for each in choices if each.key}
    free = (key for key in KEYS if key not in own)
    return [(each.key or next(free), each) for each in choices]


class Lists:
    """Lists that are moved through with the cursor keys; a letter jumps to its line."""

    def choose(self, message: str, choices: Sequence[Choice]) -> str:
        import questionary

        shown: list[questionary.Choice] = []
        by_key = len(choices) <= len(KEYS)
        for key, each in with_keys(choices):
            if each.below and not any(isinstance(one, questionary.Separator) for one in shown):
                shown.append(questionary.Separator())
            shown.append(questionary.Choice(_folded(each.label), each.value, shortcut_key=key if by_key else None))
        with _end_told():
            asked = questionary.select(message, shown, use_shortcuts=by_key, use_jk_keys=False, instruction=" ")
            return str(asked.unsafe_ask())

    def tick(self, question: str, choices: Sequence[Choice], ticked: Sequence[str] = ()) -> list[str]:
        import questionary

        shown: list[questionary.Choice] = []
        for each in choices:
            if each.below and not any(isinstance(one, questionary.Separator) for one in shown):
                shown.append(questionary.Separator())
            shown.append(questionary.Choice(_folded(each.label), each.value, checked=each.value in ticked))
        message = f"{textwrap.fill(question, _width() - 2, subsequent_indent='  ')}\n "
        told = "(space ticks, enter is done; the rest counts as no)"
        lines = message.count("\n") + sum(_folded(each.label).count("\n") + 1 for each in choices)
        if lines >= shutil.get_terminal_size().lines:
            told = f"(more than fits: move down to see it)\n  {told}"
        with _end_told():
            return [str(each) for each in questionary.checkbox(message, shown, instruction=told).unsafe_ask()]

    def write(self, message: str, problem: Callable[[str], str]) -> str:
        import questionary

        with _end_told():
            return str(
                questionary.text(message, validate=lambda text: problem(text.strip()) or True).unsafe_ask()
            ).strip()

    def wait(self) -> None:
        import questionary

        with _end_told():
            questionary.press_any_key_to_continue("Any key goes on.").unsafe_ask()


def _folded(text: str) -> str:
    """In lines that fit beside the pointer and the key, for a list would cut what is longer."""
    return textwrap.fill(text, _width() - len(_BESIDE), subsequent_indent=_BESIDE)


def _width() -> int:
    return max(20, shutil.get_terminal_size().columns) - 1


@contextmanager
def _end_told() -> Iterator[None]:
    """Turns the end of the input into our own error."""
    try:
        yield
    except EOFError:
        raise TalkEndedError from None


class Lines:
    """Plain lines: what can be answered is printed, and a line is read."""

    def choose(self, message: str, choices: Sequence[Choice]) -> str:
        keyed = with_keys(choices)
        _show(f"{key}{_TIE}{each.label}" for key, each in keyed)
        by_word = {each.word: each.value for each in choices}
        by_word |= {word.lower(): each.value for key, each in keyed for word in (key, each.label, each.value)}
        while (word := _line(message).lower()) not in by_word:
            told = f"type {', '.join(key for key, _ in keyed)}, or the words beside them"
            _say(f"  {quoted(word)} is none of these; {told}")
        return by_word[word]

    def tick(self, question: str, choices: Sequence[Choice], ticked: Sequence[str] = ()) -> list[str]:
        _say(textwrap.fill(question, _width()))
        listed = [each for each in choices if not each.below]
        for number, each in enumerate(listed, start=1):
            _say(f"  {number:>2} {each.label}")
        _show(each.word for each in choices if each.below)
        numbers = {each.value: str(number) for number, each in enumerate(listed, start=1)}
        if held := " ".join(numbers.get(each.value, each.word) for each in choices if each.value in ticked):
            _say(f"  Ticked so far: {held}. Type all that hold, these among them.")
        values = {each.word: each.value for each in choices}
        values |= {number: value for value, number in numbers.items()}
        while True:
            words = (
                _line("Tick: numbers with blanks between, or an empty line; the rest counts as no:")
                .lower()
                .replace(",", " ")
                .split()
            )
            if not (wrong := [word for word in words if word not in values]):
                return [values[word] for word in words]
            _say(f"  {quoted(wrong[0])} is none of these; type numbers from 1 to {len(listed)}, or nothing for none")

    def write(self, message: str, problem: Callable[[str], str]) -> str:
        while told := problem(text := _line(message)):
            _say(f"  {told}")
        return text

    def wait(self) -> None:
        """Lines stay to be read."""


def _show(words: Iterable[str]) -> None:
    """What can be typed, in lines that fit."""
    if line := " | ".join(words):
        _say(textwrap.fill(line, _width(), initial_indent="  ", subsequent_indent="  ").replace(_TIE, " "))


def _line(message: str) -> str:
    print_text(f"{message} ")
    sys.stdout.flush()
    line = sys.stdin.readline() if sys.stdin is not None else ""
    if not line:
        _say("")
        raise TalkEndedError
    if not sys.stdin.isatty():
        _say(line.rstrip("\n"))  # so that a record of both sides can be read
    return line.strip()


def _say(text: str) -> None:
    print_text(f"{text}\n")
