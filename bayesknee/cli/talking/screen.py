"""One screen of an interview at a terminal: lines to choose from or to mark, and commands, with one set of keys.

Arrows, a number or a letter move the pointer; Enter does what the line under the pointer says; Escape goes back. At
first the pointer is on no line, so that an Enter too many, or one that is held down, does nothing.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from bayesknee.cli.talking.choices import ANSWERS_OF_LINES, Choice, Marked, with_keys

FEWEST_LINES: Final = 3  # of what can be chosen, however low the terminal is: the line before, this one, the next
# Seconds after Escape in which an arrow's sequence must follow. A slow line takes more than a local one, and whoever
# presses Escape alone should not wait: a fifth of a second is under the half that is the library's own.
ESCAPE_WAITS: Final = 0.2
ENTERS: Final = ("enter", "c-j")  # a terminal makes the second of an Enter that comes between two screens
MARK_SIGNS: Final = {"yes": "[yes]", "no": "[no ]", "unknown": "[ ? ]", "": "[   ]"}
_TURNS: Final = ("", "yes", "no", "unknown")
_POINTER: Final = "»"
_STYLES: Final = re.compile(r"\x1b\[[0-9;]*m")


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

    def run(self) -> Marked:
        """What was chosen, with the marks as they are then.

        Raises:
            KeyboardInterrupt: Ctrl-C.
            EOFError: the input has ended.
        """
        from prompt_toolkit.application import Application
        from prompt_toolkit.formatted_text import ANSI
        from prompt_toolkit.layout import FormattedTextControl, Layout, Window

        control = FormattedTextControl(
            lambda: ANSI("\n".join(self.drawn(*_size(app)))), focusable=True, show_cursor=False
        )
        app: Application[Marked] = Application(
            layout=Layout(Window(control, dont_extend_height=True)), key_bindings=self._keys(), erase_when_done=True
        )
        app.ttimeoutlen = ESCAPE_WAITS
        return app.run()

    # --- keys --------------------------------------------------------------------------------------------------------

    def _keys(self) -> Any:  # noqa: ANN401 (key bindings of a library that is loaded late)
        from prompt_toolkit.key_binding import KeyBindings

        keys = KeyBindings()
        moves: dict[str, Callable[[], None]] = {
            "up": lambda: self._move(-1),
            "down": lambda: self._move(1),
            "pageup": lambda: self._move(-10),
            "pagedown": lambda: self._move(10),
            "home": lambda: self._point(0),
            "end": lambda: self._point(len(self._entries) - 1),
        }
        for name, move in moves.items():
            keys.add(name)(lambda _event, move=move: move())
        keys.add("<any>")(lambda event: self._type(event.data))
        for enter in ENTERS:
            keys.add(enter)(lambda event: self._enter(event.app))
        keys.add("escape", eager=True)(lambda event: self._leave(event.app))
        keys.add("c-c")(lambda event: event.app.exit(exception=KeyboardInterrupt))
        keys.add("c-d")(lambda event: event.app.exit(exception=EOFError))
        return keys

    def _move(self, by: int) -> None:
        at = self._at + by
        if self._at < 0:  # from no line, down leads to the first and up to the last
            at = by - 1 if by > 0 else len(self._entries) + by
        self._point(at % len(self._entries) if abs(by) == 1 else min(max(at, 0), len(self._entries) - 1))

    def _point(self, at: int) -> None:
        self._at, self._typed, self._told = at, "", ""

    def _type(self, typed: str) -> None:
        if self._marks is not None and typed in {*ANSWERS_OF_LINES, " "}:
            self._mark(typed)
            return
        keys = [key for key, _ in self._entries]
        typed = typed.lower()
        sought = self._typed + typed if typed.isdigit() else typed
        sought = sought if any(key.startswith(sought) for key in keys) else typed
        if sought in keys:
            self._point(keys.index(sought))
        else:
            self._told = "No line has this key."
        self._typed = sought if typed.isdigit() else ""

    def _mark(self, typed: str) -> None:
        """Marks the line under the pointer, and no other."""
        if not 0 <= self._at < self._lines or self._marks is None:
            self._told = "Go to a line first: by the arrows, or by its number."
            return
        value = self._entries[self._at][1].value
        turned = _TURNS[(_TURNS.index(self._marks.get(value, "")) + 1) % len(_TURNS)]
        self._marks[value] = ANSWERS_OF_LINES.get(typed, turned)
        self._typed = self._told = ""

    def _enter(self, app: Any) -> None:  # noqa: ANN401 (of a library that is loaded late)
        if self._at < 0:
            self._told = "Go to a line first: by the arrows, its number or its letter."
        elif self._marks is not None and self._at < self._lines:
            self._mark(" ")
        else:
            app.exit(result=self._marked(self._entries[self._at][1].value))

    def _leave(self, app: Any) -> None:  # noqa: ANN401 (of a library that is loaded late)
        if self._escape:
            app.exit(result=self._marked(self._escape))

    def _marked(self, value: str) -> Marked:
        return Marked(value, {name: mark for name, mark in (self._marks or {}).items() if mark})

    # --- what is seen ------------------------------------------------------------------------------------------------

    def drawn(self, columns: int, rows: int) -> list[str]:
        """The lines of the screen, no more than fit: what is above, the lines around the pointer, the commands."""
        bar = self._bar(columns)
        told = [f"  {line}" for line in textwrap.wrap(self._told or self._help, columns - 3)]
        below = ["", *bar, *told] if bar else told
        above = self._above.splitlines()
        blocks = [self._line(number, columns) for number in range(self._lines)]
        room = rows - 1 - len(below)
        above = above[: max(1, room - min(FEWEST_LINES + 1, len(blocks)))]
        return [*above, *self._window(blocks, room - len(above)), *below]

    @property
    def _help(self) -> str:
        """What there is to tell of the line under the pointer."""
        return self._entries[self._at][1].help if self._at >= 0 else ""

    def _window(self, blocks: Sequence[list[str]], room: int) -> list[str]:
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
        hint = f"     (lines {first + 1} to {last + 1} of {len(blocks)}; move up and down for more)"
        return [*(line for block in blocks[first : last + 1] for line in block), hint]

    def _line(self, number: int, columns: int) -> list[str]:
        key, choice = self._entries[number]
        mark = "" if self._marks is None else f"{MARK_SIGNS[self._marks.get(choice.value, '')]} "
        head = f" {_POINTER if number == self._at else ' '} {key:>2}) {mark}"
        wrapped = textwrap.wrap(choice.label, max(10, columns - len(head) - 1)) or [""]
        lines = [head + wrapped[0], *(" " * len(head) + rest for rest in wrapped[1:])]
        return [f"\x1b[1m{line}\x1b[0m" if number == self._at else line for line in lines]

    def _bar(self, columns: int) -> list[str]:
        """The commands, as many beside one another as fit."""
        lines: list[list[str]] = [[]]
        for number, (key, choice) in enumerate(self._entries[self._lines :], start=self._lines):
            text = f"{_POINTER if number == self._at else ' '} {key}) {choice.label}"
            text = text[: columns - 3]
            if sum(len(each) + 2 for each in map(_plain, lines[-1])) + len(text) + 1 > columns:
                lines.append([])
            lines[-1].append(f"\x1b[1m{text}\x1b[0m" if number == self._at else text)
        return [" " + "  ".join(line) for line in lines if line]


def ask_text(above: str, message: str, problem: Callable[[str], str], commands: Sequence[Choice], escape: str) -> str:
    """A line of text, or the value of a command by its letter or word. What is wrong with a text is told below it.

    Args:
        above: what stands over it, as text with styles of a terminal.
        message: what stands before the text.
        problem: tells what is wrong with a text, or is empty.
        commands: what else can be done.
        escape: the value that Escape gives.

    Raises:
        KeyboardInterrupt: Ctrl-C.
        EOFError: the input has ended.
    """
    from prompt_toolkit.application import Application
    from prompt_toolkit.buffer import Buffer
    from prompt_toolkit.formatted_text import ANSI
    from prompt_toolkit.layout import BufferControl, FormattedTextControl, HSplit, Layout, VSplit, Window

    words = command_words(commands)
    told: list[str] = []

    def take(buffer: Buffer) -> bool:
        text = buffer.text.strip()
        wrong = "" if text.lower() in words else problem(text)
        if wrong:
            told[:] = [wrong]
        else:
            app.exit(result=words.get(text.lower(), text))
        return True  # keeps the text, to be mended

    def below() -> Any:  # noqa: ANN401 (of a library that is loaded late)
        columns, _ = _size(app)
        choices = [Choice(command.value, command.label, command.key, below=True) for command in commands]
        bar = Screen("", choices)._bar(columns)  # noqa: SLF001
        wrong = [f"\x1b[31m  {line}\x1b[0m" for text in told for line in textwrap.wrap(text, columns - 3)]
        return ANSI("\n".join([*wrong, "", *bar]))

    field = Window(BufferControl(Buffer(accept_handler=take, multiline=False)), height=1)
    label = f"  {message} "
    over = Window(FormattedTextControl(ANSI(above.rstrip("\n"))), dont_extend_height=True, wrap_lines=True)
    rest = Window(FormattedTextControl(below), dont_extend_height=True)
    parts = [over, VSplit([Window(FormattedTextControl(label), width=len(label), height=1), field]), rest]
    app: Application[str] = Application(
        layout=Layout(HSplit(parts), focused_element=field), key_bindings=_text_keys(escape), erase_when_done=True
    )
    app.ttimeoutlen = ESCAPE_WAITS
    return app.run()


def _text_keys(escape: str) -> Any:  # noqa: ANN401 (key bindings of a library that is loaded late)
    from prompt_toolkit.key_binding import KeyBindings

    keys = KeyBindings()
    for enter in ENTERS:
        keys.add(enter)(lambda event: event.current_buffer.validate_and_handle())
    keys.add("c-c")(lambda event: event.app.exit(exception=KeyboardInterrupt))
    keys.add("c-d")(lambda event: event.app.exit(exception=EOFError))
    if escape:
        keys.add("escape", eager=True)(lambda event: event.app.exit(result=escape))
    return keys


def command_words(commands: Iterable[Choice]) -> dict[str, str]:
    """The value of each command by its letter and by its word."""
    return {name: command.value for command in commands for name in (command.key, command.word) if name}


def _plain(text: str) -> str:
    return _STYLES.sub("", text)


def _size(app: Any) -> tuple[int, int]:  # noqa: ANN401 (of a library that is loaded late)
    size = app.output.get_size()
    return max(20, size.columns), max(8, size.rows)


def wait_for_key(message: str) -> None:
    """Until a key is pressed.

    Raises:
        KeyboardInterrupt: Ctrl-C.
        EOFError: the input has ended.
    """
    from prompt_toolkit.application import Application
    from prompt_toolkit.key_binding import KeyBindings
    from prompt_toolkit.layout import FormattedTextControl, Layout, Window

    keys = KeyBindings()
    keys.add("<any>")(lambda event: event.app.exit())
    keys.add("escape", eager=True)(lambda event: event.app.exit())
    keys.add("c-c")(lambda event: event.app.exit(exception=KeyboardInterrupt))
    keys.add("c-d")(lambda event: event.app.exit(exception=EOFError))
    window = Window(FormattedTextControl(message), dont_extend_height=True)
    app: Application[None] = Application(layout=Layout(window), key_bindings=keys, erase_when_done=True)
    app.ttimeoutlen = ESCAPE_WAITS
    app.run()
