"""How a command talks with the person at the terminal: by screens to choose from, or, in a pipe, line by line."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Final, Protocol

from bayesknee.cli.options import print_text
from bayesknee.cli.talking.choices import ANSWERS_OF_LINES, Choice, Marked, with_keys
from bayesknee.cli.talking.screen import Pause, Screen, Shown, TextScreen, command_words
from bayesknee.cli.talking.viewport import wrapped
from bayesknee.errors import quoted

_TIE: Final = "\ue000"  # a blank at which no line ends
_MODES: Final = {**ANSWERS_OF_LINES, "yes": "yes", "no": "no", "unknown": "unknown"}


HOW_TO_MARK: Final = "Mark lines: y yes, n no, d don't know, space turns. Unmarked is not asked."


class TalkEndedError(Exception):
    """Nobody answers any more: the input has ended."""


class Talk(Protocol):
    """Ways to ask. All of them raise KeyboardInterrupt at Ctrl-C, and TalkEndedError where the input has ended.

    `above` is what stands over a question, as text with styles of a terminal; `escape` is what Escape gives, where
    there is such a key.
    """

    def choose(self, message: str, choices: Sequence[Choice], above: str = "", escape: str = "") -> str:
        """The value of one choice."""

    def mark(self, choices: Sequence[Choice], marks: Mapping[str, str], above: str, escape: str = "") -> Marked:
        """The lines that are marked, and the command that was then chosen; `marks` are there to begin with."""

    def write(
        self, message: str, problem: Callable[[str], str], commands: Sequence[Choice], above: str, escape: str = ""
    ) -> str:
        """A line of text, or the value of a command; `problem` tells what is wrong with a text, if anything."""

    def tell(self, text: str, *, by_pages: bool = True) -> None:
        """Text with styles of a terminal, to be read before what comes next, a page at a time if that pushes it off.

        Without `by_pages` it may scroll off: what comes next has the gist of it.
        """

    def read(self, text: str) -> None:
        """A text by pages, which leaves nothing behind."""

    def wait(self) -> None:
        """Until what was told has been read, where what comes next could push it off the screen."""


def talk() -> Talk:
    """The way that fits: screens where input and output are a terminal that can show them, else plain lines."""
    if sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty() and _shows_screens():
        return Screens()
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")  # what is typed in another encoding is a slip, to be told as one
    return Lines()


def _shows_screens() -> bool:
    """Whether the terminal can move its cursor, and has the sign of the pointer."""
    try:
        "»".encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        return False
    return os.environ.get("TERM", "dumb") != "dumb"


class Screens:
    """Screens with the keys of `bayesknee.cli.talking.screen`; what was answered stays to be read."""

    def __init__(self) -> None:
        self._told = ""  # not printed yet: it may have to be shown by pages

    def choose(self, message: str, choices: Sequence[Choice], above: str = "", escape: str = "") -> str:
        chosen = self._shown(Screen(f"{above}{message}\n" if message else above, choices, escape=escape)).value
        commands_only = all(choice.below for choice in choices)
        answers = (choice for choice in choices if commands_only or not choice.below)
        if told := next((choice.label for choice in answers if choice.value == chosen), ""):
            print_text(above)
            _say(textwrap.fill(f"  {message} {told}", _width(), subsequent_indent="    "))
        return chosen

    def mark(self, choices: Sequence[Choice], marks: Mapping[str, str], above: str, escape: str = "") -> Marked:
        told = textwrap.fill(HOW_TO_MARK, _width(), initial_indent="  ", subsequent_indent="  ")
        return self._shown(Screen(f"{above}{told}\n", choices, marks, escape))

    def write(
        self, message: str, problem: Callable[[str], str], commands: Sequence[Choice], above: str, escape: str = ""
    ) -> str:
        text = self._shown(TextScreen(above, message, problem, commands, escape)).value
        if text not in {command.value for command in commands}:
            print_text(above)
            _say(textwrap.fill(f"  {message} {text}", _width(), subsequent_indent="    "))
        return text

    def tell(self, text: str, *, by_pages: bool = True) -> None:
        self._told += text
        if not by_pages:
            print_text(self._told)
            self._told = ""

    def read(self, text: str) -> None:
        self._shown(Pause(text))

    def wait(self) -> None:
        self._shown(Pause())

    def _shown(self, shown: Shown) -> Marked:
        """What is chosen on a screen, once what was told has been read, where it does not fit above the screen."""
        from bayesknee.cli.talking.keyboard import chosen_in

        columns, rows = shutil.get_terminal_size()
        told, self._told = self._told, ""
        with _end_told():
            if told and len(wrapped(told, columns)) + len(shown.drawn(columns, rows)) > rows:
                read = chosen_in(Pause(told))
                if isinstance(shown, Pause):
                    print_text(told)
                    return read
            print_text(told)
            return chosen_in(shown)


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

    def choose(self, message: str, choices: Sequence[Choice], above: str = "", escape: str = "") -> str:
        del escape
        print_text(above)
        keyed = with_keys(choices)
        _show(f"{key}{_TIE}{each.label}" for key, each in keyed)
        by_word = {choice.word: choice.value for choice in choices}
        by_word |= {
            word.lower(): each.value for key, each in keyed for word in (key, each.label, each.value, *each.names)
        }
        while (word := _line(message).lower()) not in by_word:
            told = f"type {', '.join(key for key, _ in keyed)}, or the words beside them"
            _say(f"  {quoted(word)} is none of these; {told}")
        return by_word[word]

    def mark(self, choices: Sequence[Choice], marks: Mapping[str, str], above: str, escape: str = "") -> Marked:
        del escape
        print_text(above)
        listed = [choice for choice in choices if not choice.below]
        numbers = {str(number): each.value for number, each in enumerate(listed, start=1)}
        heading = ""
        for number, each in enumerate(listed, start=1):
            if each.heading != heading:
                heading = each.heading
                _say(f"  {heading}")
            held = f" ({marks[each.value].replace('unknown', 'not known')})" if each.value in marks else ""
            _say(f"  {number:>2} {each.label}{held}")
        below = [choice for choice in choices if choice.below]
        _show(each.word for each in below)
        while True:
            words = _line("Numbers of those that hold; no 2 3, unknown 4; or a word above:").lower().replace(",", " ")
            try:
                return _marked(words.split(), numbers, below, marks)
            except ValueError as wrong:
                _say(f"  {wrong}")

    def write(
        self, message: str, problem: Callable[[str], str], commands: Sequence[Choice], above: str, escape: str = ""
    ) -> str:
        del escape
        print_text(above)
        _show(f"{each.key}{_TIE}{each.word}" for each in commands)
        words = command_words(commands)
        while (text := _line(message)).lower() not in words and (told := problem(text)):
            _say(f"  {told}")
        return words.get(text.lower(), text)

    def tell(self, text: str, *, by_pages: bool = True) -> None:
        del by_pages
        print_text(text)

    def read(self, text: str) -> None:
        print_text(text)

    def wait(self) -> None:
        """Lines stay to be read."""


def _marked(
    words: Sequence[str], numbers: Mapping[str, str], below: Sequence[Choice], before: Mapping[str, str]
) -> Marked:
    """What a line of words marks, beside what was marked before: `1 4 no 2 3`, and a command at its end, if any.

    Raises:
        ValueError: a word that is none of these, or nothing at all; tells what to type.
    """
    commands = {name: each.value for each in below for name in (each.word, each.key)}
    marks, mode, chosen = dict(before), "yes", ""
    for place, word in enumerate(words):
        follows = place + 1 < len(words) and words[place + 1] in numbers
        if word in numbers:
            marks[numbers[word]] = mode
        elif word in _MODES and (follows or word not in commands):
            mode = _MODES[word]
        elif word in commands and place == len(words) - 1:
            chosen = commands[word]
        else:
            raise ValueError(f"{quoted(word)} is none of these; type numbers from 1 to {len(numbers)}, or a word above")
    if not chosen and not marks:
        raise ValueError("nothing is marked; type numbers, none if none of these holds, unknown, or skip")
    return Marked(chosen or below[0].value, marks)


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
