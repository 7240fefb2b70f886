"""One screen of an interview at a terminal: lines to choose from or to mark, and commands, with one set of keys.

Arrows, a number or a letter move the pointer; Enter does what the line under the pointer says; Escape goes back. At
first the pointer is on no line, so that an Enter too many, or one that is held down, does nothing.

What a screen shows and what a key does needs no terminal; `bayesknee.cli.talking.keyboard` runs it in one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Protocol

from bayesknee.cli.talking.choices import ANSWERS_OF_LINES, Choice, Marked, with_keys
from bayesknee.cli.talking.viewport import Viewport, indented, part_told, plain, wrapped

FEWEST_LINES: Final = 3  # of what can be chosen, however low the terminal is: the line before, this one, the next
FULL_BAR: Final = 2  # lines of commands that stand in full where the terminal is low; judged: more leave too little
MARK_SIGNS: Final = {"yes": "[yes]", "no": "[no ]", "unknown": "[ ? ]", "": "[   ]"}
LONGEST_TEXT: Final = 200  # characters that can be typed; no answer is longer, and a held key should not fill a screen
_TURNS: Final = ("", "yes", "no", "unknown")
_POINTER: Final = "»"
_PRINTABLE: Final = re.compile(r"[^\W_]|[ -~]")
NO_LINE: Final = "Go to a line first: by the arrows, its number or its letter."
NO_MARK: Final = "Go to a line first: by the arrows, or by its number."


class Shown(Protocol):
    """What a terminal shows until something is chosen."""

    def press(self, key: str) -> Marked | None:
        """What a key chooses, if anything: a character, or `up`, `down`, `enter` and the like."""

    def drawn(self, columns: int, rows: int) -> list[str]:
        """The lines of the screen, with styles of a terminal: fewer than `rows`, none wider than `columns`."""


class Screen:
    """Lines and commands of which one is chosen; lines may also be marked.

    Args:
        above: what stands over them, as text with styles of a terminal.
        choices: the lines, and below them the commands.
        marks: by line, `yes`, `no` or `unknown`; None where lines are not marked.
        escape: the value that Escape gives; empty where it does nothing.
    """

    def __init__(
        self, above: str, choices: Sequence[Choice], marks: Mapping[str, str] | None = None, escape: str = ""
    ) -> None:
        self._above, self._escape = above, escape
        keyed = with_keys(choices)
        self._entries = [each for each in keyed if not each[1].below] + [each for each in keyed if each[1].below]
        self._lines = sum(not choice.below for choice in choices)
        self._marks = None if marks is None else dict(marks)
        self._at = -1
        self._typed = ""
        self._told = ""
        self._view = Viewport()
        self._first = 0  # the line of the text at which those to choose from begin
        self._span: range | None = None  # the lines of what is under the pointer, in a terminal that is too low
        self._moved = False  # whether the text was moved by itself, within a line that is taller than the terminal

    @property
    def pointed(self) -> str:
        """The value of what is under the pointer; empty where it is on no line."""
        return self._entries[self._at][1].value if self._at >= 0 else ""

    @property
    def marks(self) -> Mapping[str, str]:
        """The marks by line; a line that is left out is not marked."""
        return {name: mark for name, mark in (self._marks or {}).items() if mark}

    # --- keys --------------------------------------------------------------------------------------------------------

    def press(self, key: str) -> Marked | None:
        """What a key chooses, with the marks as they are then; None where it only moves, marks or tells."""
        moves: dict[str, Callable[[], None]] = {
            "up": self._up,
            "down": self._down,
            "pageup": lambda: self._page(-1),
            "pagedown": lambda: self._page(1),
            "home": lambda: self._point(0),
            "end": lambda: self._point(len(self._entries) - 1),
        }
        if key == "enter":
            return self._enter()
        if key == "escape":
            return self._marked(self._escape) if self._escape else None
        if key in moves:
            moves[key]()
        else:
            self._type(key)
        return None

    def _down(self) -> None:
        """To the next line; first to what is not seen yet of what stands above, or of this line."""
        last = self._first if self._at < 0 or self._span is None else self._span.stop - 1
        if not self._view.sees(last) and self._view.move(1):
            self._moved = True
            return
        self._point((self._at + 1) % len(self._entries))

    def _up(self) -> None:
        """To the line before; from the first to what stands above it and is not seen; from no line to the last."""
        if self._at <= 0 and self._view.move(-1):
            self._at = -1
            return
        self._point((max(self._at, 0) - 1) % len(self._entries))

    def _page(self, by: int) -> None:
        if self._at < 0 or (by < 0 and not self._at):
            self._down() if by > 0 else self._up()
        else:
            self._point(min(max(self._at + 10 * by, 0), len(self._entries) - 1))

    def _point(self, at: int) -> None:
        self._at, self._typed, self._told, self._moved = at, "", "", False

    def _type(self, typed: str) -> None:
        if self._marks is not None and typed in {*ANSWERS_OF_LINES, " "}:
            self._mark(typed)
            return
        names = [{key, *(name for name in choice.names if len(name) == 1)} for key, choice in self._entries]
        typed = typed.lower()
        sought = self._typed + typed if typed.isdigit() else typed
        sought = sought if any(name.startswith(sought) for each in names for name in each) else typed
        at = next((number for number, each in enumerate(names) if sought in each), None)
        if at is not None:
            self._point(at)
        else:
            self._told = "No line has this key."
        self._typed = sought if typed.isdigit() else ""

    def _mark(self, typed: str) -> None:
        """Marks the line under the pointer, and no other."""
        if not 0 <= self._at < self._lines or self._marks is None:
            self._told = NO_MARK
            return
        value = self._entries[self._at][1].value
        turned = _TURNS[(_TURNS.index(self._marks.get(value, "")) + 1) % len(_TURNS)]
        self._marks[value] = ANSWERS_OF_LINES.get(typed, turned)
        self._typed = self._told = ""

    def _enter(self) -> Marked | None:
        if self._at < 0:
            self._told = NO_LINE
        elif self._marks is not None and self._at < self._lines:
            self._mark(" ")
        else:
            return self._marked(self._entries[self._at][1].value)
        return None

    def _marked(self, value: str) -> Marked:
        return Marked(value, self.marks)

    # --- what is seen ------------------------------------------------------------------------------------------------

    def drawn(self, columns: int, rows: int) -> list[str]:
        """What is above, the lines around the pointer, the commands; where that is too much, a part of all of it."""
        above = wrapped(self._above, columns)
        blocks = [self._line(number, columns) for number in range(self._lines)]
        for short in (False, True):
            bar, told = self._bar(columns, short=short), self._remarks(columns, short=short)
            below = [*([""] if bar and not short else []), *bar, *told]
            room = rows - 1 - len(above) - len(below)
            if sum(map(len, blocks)) <= room or room >= _least(blocks):
                self._view.lines((), 2, columns)  # all of the text is seen
                self._span = None
                return [*above, *self._window(blocks, room, columns), *below]
        return self._part(above, blocks, columns, rows)

    def _part(self, above: list[str], blocks: list[list[str]], columns: int, rows: int) -> list[str]:
        """A part of the text and its lines, with the commands below it, or among them where room is too little."""
        short = len(self._bar(columns)) > FULL_BAR
        bar, told = self._bar(columns, short=short), self._remarks(columns, short=short)
        if len(bar) + len(told) > rows - 1 - FEWEST_LINES:
            bar, blocks = [], [self._line(number, columns) for number in range(len(self._entries))]
        if 0 <= self._at < len(blocks):
            blocks[self._at] = [*blocks[self._at], *told]
            told = []
        self._first = len(above)
        starts = [self._first]
        for block in blocks:
            starts.append(starts[-1] + len(block))
        self._span = range(starts[self._at], starts[self._at + 1]) if 0 <= self._at < len(blocks) else None
        wanted = None if self._moved else self._span
        text = [*above, *(line for block in blocks for line in block)]
        below = [*bar, *told]
        return [*self._view.lines(text, max(2, rows - 1 - len(below)), columns, wanted), *below]

    def _remarks(self, columns: int, *, short: bool) -> list[str]:
        """What a key told, else what there is to tell of the line or of the short command under the pointer."""
        told = self._told
        if not told and self._at >= 0:
            choice = self._entries[self._at][1]
            told = choice.help or (choice.label if short and choice.below else "")
        return indented(told, columns, "  ", "  ") if told else []

    def _window(self, blocks: Sequence[list[str]], room: int, columns: int) -> list[str]:
        """As many of the lines as fit, the one under the pointer among them, and how many there are besides."""
        if sum(map(len, blocks)) <= room:
            return [line for block in blocks for line in block]
        at = min(max(self._at, 0), len(blocks) - 1) if self._at < self._lines else len(blocks) - 1
        first = last = at
        height, left = len(blocks[at]), max(room - 1, 1)
        while True:
            if last + 1 < len(blocks) and height + len(blocks[last + 1]) <= left:
                last += 1
                height += len(blocks[last])
            elif first > 0 and height + len(blocks[first - 1]) <= left:
                first -= 1
                height += len(blocks[first])
            else:
                break
        hint = part_told(first + 1, last + 1, len(blocks), columns)
        heading = f"  {self._entries[first][1].heading}"  # of the first line that is seen, whose own may have gone
        hint += heading if len(hint) + len(heading) < columns else ""
        return [*(line for block in blocks[first : last + 1] for line in block), hint]

    def _line(self, number: int, columns: int) -> list[str]:
        """A line with its key, below its heading where it is the first under one."""
        key, choice = self._entries[number]
        is_marked = self._marks is not None and number < self._lines
        mark = f"{MARK_SIGNS[self._marks.get(choice.value, '')]} " if is_marked and self._marks is not None else ""
        head = f" {_POINTER if number == self._at else ' '} {key:>2}) {mark}"
        if columns < 2 * len(head):  # so narrow that words would be broken beside it
            lines = [head.rstrip(), *indented(choice.label, columns, "    ", "    ")]
        else:
            lines = indented(choice.label, columns, head, " " * len(head))
        before = self._entries[number - 1][1].heading if number else ""
        heading = indented(choice.heading, columns, "  ", "  ") if choice.heading not in ("", before) else []
        return [*heading, *(f"\x1b[1m{line}\x1b[0m" if number == self._at else line for line in lines)]

    def _bar(self, columns: int, *, short: bool = False) -> list[str]:
        """The commands, as many beside one another as fit; in a low terminal only a word of each."""
        return bar_of(self._entries[self._lines :], columns, at=self._at - self._lines, short=short)


def bar_of(entries: Iterable[tuple[str, Choice]], columns: int, at: int = -1, *, short: bool = False) -> list[str]:
    """Commands with their keys, as many beside one another as fit; `at` is the number of the one under the pointer."""
    lines: list[list[str]] = [[]]
    for number, (key, choice) in enumerate(entries):
        words = choice.word if short else choice.label
        for text in indented(f"{_POINTER if number == at else ' '} {key}) {words}", columns - 1, "", "     "):
            if sum(len(each) + 2 for each in map(plain, lines[-1])) + len(text) + 1 > columns:
                lines.append([])
            lines[-1].append(f"\x1b[1m{text}\x1b[0m" if number == at else text)
    return [" " + "  ".join(line) for line in lines if line]


def _least(blocks: Sequence[list[str]]) -> int:
    """The lines that it takes to show some of the blocks, the tallest one among them, and that there are more."""
    return max(min(FEWEST_LINES, len(blocks)), *map(len, blocks), 0) + 1


class TextScreen:
    """A line of text to be typed, or a command by its letter or its word.

    Args:
        above: what stands over it, as text with styles of a terminal.
        message: what stands before the text.
        problem: tells what is wrong with a text, or is empty.
        commands: what else can be done.
        escape: the value that Escape gives; empty where it does nothing.
    """

    def __init__(
        self, above: str, message: str, problem: Callable[[str], str], commands: Sequence[Choice], escape: str
    ) -> None:
        self._above, self._message, self._problem, self._escape = above, message, problem, escape
        self._commands = commands
        self._text = self._told = ""
        self._view, self._moved = Viewport(), False

    def press(self, key: str) -> Marked | None:
        """The text or the command that Enter takes; None where there is none yet, or something is wrong with it."""
        if key == "escape":
            return Marked(self._escape) if self._escape else None
        if key in ("up", "pageup", "down", "pagedown"):
            self._moved = True
            self._view.move(-1 if "up" in key else 1)
            return None
        self._moved = False
        if key == "enter":
            return self._enter()
        if key == "backspace":
            self._text = self._text[:-1]
        elif len(key) == 1 and _PRINTABLE.match(key):
            self._text = (self._text + key)[:LONGEST_TEXT]
        return None

    def _enter(self) -> Marked | None:
        text, words = self._text.strip(), command_words(self._commands)
        if text.lower() in words:
            return Marked(words[text.lower()])
        self._told = self._problem(text)
        return None if self._told else Marked(text)

    def drawn(self, columns: int, rows: int) -> list[str]:
        """What is above, the text as far as it is typed, what is wrong with it, the commands."""
        told = indented(self._told, columns, "  ", "  ") if self._told else []
        field = [*indented(f"{self._message} {self._text}_", columns, "  ", "    ")]
        field += [f"\x1b[31m{line}\x1b[0m" for line in told]
        above = wrapped(self._above, columns)
        bars = [bar_of(_letters(self._commands), columns, short=short) for short in (False, True)]
        for below in (["", *bars[0]], bars[1]):
            if len(above) + len(field) + len(below) < rows:
                return [*above, *field, *below]
        wanted = None if self._moved else range(len(above), len(above) + len(field))
        pinned = bars[1] if len(bars[1]) < rows - 1 - FEWEST_LINES else []
        text = [*above, *field, *([] if pinned else bars[1])]
        return [*self._view.lines(text, max(2, rows - 1 - len(pinned)), columns, wanted), *pinned]


def _letters(commands: Iterable[Choice]) -> list[tuple[str, Choice]]:
    return [(command.key, command) for command in commands]


def command_words(commands: Iterable[Choice]) -> dict[str, str]:
    """The value of each command by its letter and by its word."""
    return {name: command.value for command in commands for name in (command.key, command.word) if name}


class Pause:
    """A text, a page at a time, until all of it was seen; any key goes on."""

    def __init__(self, text: str = "") -> None:
        self._text, self._from, self._page = text, 0, 0
        self._count = 0

    def press(self, key: str) -> Marked | None:
        """The next page; after the last one, it is over. Escape leaves at once."""
        self._from += self._page
        return Marked("") if key == "escape" or self._from >= self._count else None

    def drawn(self, columns: int, rows: int) -> list[str]:
        """A page, and how to go on."""
        lines = wrapped(self._text, columns)
        self._count, self._page = len(lines), max(1, rows - 2)
        more = len(lines) - self._from - self._page
        hint = f"Any key goes on ({more} more lines; Escape leaves)." if more > 0 else "Any key goes on."
        return [*lines[self._from : self._from + self._page], hint[: columns - 1]]
