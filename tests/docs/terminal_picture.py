"""A picture of an interview at the terminal: `bayesknee ask` run in a real one, and its screen drawn as SVG."""

from __future__ import annotations

import os
import re
import sys
from io import StringIO
from itertools import groupby
from typing import Final

import pexpect
import pyte
from rich.console import Console
from rich.style import Style
from rich.text import Text

COLUMNS, ROWS = 88, 40
PATIENCE: Final = 60  # seconds, after which something is wrong
ENTER, DOWN, TICK = "\r", "\x1b[B", " "
WHERE_IS_THE_CURSOR: Final = "\x1b[6n"  # prompt_toolkit asks, and a terminal answers
COMMAND: Final = "bayesknee ask --setting primary_care age=52 sex=male sport=none"
# What is seen, and then typed: a lump, a swollen calf that hurts, too; a long journey; and past the red flag.
COURSE: Final[tuple[tuple[str, list[str]], ...]] = (
    ("Wakes you at night", [TICK, DOWN, DOWN, DOWN, TICK, DOWN, TICK, ENTER]),
    ("Long journey", [DOWN, DOWN, TICK, ENTER]),
    ("Any key goes on", [ENTER]),
    ("x) quit", []),  # the last line of a question
)
# Nothing is fetched to show the picture; rich's own page names fonts elsewhere.
FONT_FACES: Final = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def interview_picture(title: str = "bayesknee") -> str:
    """The screen of an interview at its third question, as SVG."""
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True, color_system="truecolor")
    console.print(f"$ {COMMAND}", style="bold", highlight=False)
    for line in _lines(_screen()):
        console.print(line)
    return FONT_FACES.sub("", console.export_svg(title=title, unique_id="interview")) + "\n"


def _screen() -> pyte.Screen:
    """What the terminal shows once all of the course has been typed."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.Stream(screen)
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(COLUMNS)}
    env = {name: value for name, value in env.items() if name not in {"LINES", "NO_COLOR"}}
    words = COMMAND.split()[1:]
    process = pexpect.spawn(
        sys.executable,
        ["-m", "bayesknee", *words],
        env=env,
        encoding="utf-8",
        timeout=PATIENCE,
        dimensions=(ROWS, COLUMNS),
    )
    for seen, keys in COURSE:
        _watch(process, screen, stream, seen)
        for key in keys:
            process.send(key)
    process.close(force=True)
    return screen


def _watch(process: pexpect.spawn[str], screen: pyte.Screen, stream: pyte.Stream, text: str) -> None:
    """Feeds the screen until it shows this text."""
    while not any(text in line for line in screen.display):
        output = process.read_nonblocking(2**16, timeout=PATIENCE)
        stream.feed(output)
        if WHERE_IS_THE_CURSOR in output:
            process.send(f"\x1b[{screen.cursor.y + 1};{screen.cursor.x + 1}R")


def _lines(screen: pyte.Screen) -> list[Text]:
    """The lines of a screen in their colours, up to the last that is not blank."""
    last = max(row for row, line in enumerate(screen.display) if line.strip())
    lines = []
    for row in range(last + 1):
        line = Text()
        characters = (screen.buffer[row][column] for column in range(COLUMNS))
        for style, alike in groupby(characters, _style):
            line.append("".join(each.data for each in alike), style)
        line.rstrip()
        lines.append(line)
    return lines


def _style(character: pyte.screens.Char) -> Style:
    colour = character.fg if character.fg != "default" else None
    if colour and re.fullmatch(r"[0-9a-f]{6}", colour):
        colour = f"#{colour}"
    elif colour == "brown":
        colour = "yellow"
    elif colour and colour.startswith("bright"):
        colour = f"bright_{colour.removeprefix('bright')}"
    return Style(color=colour, bold=character.bold, reverse=character.reverse)
