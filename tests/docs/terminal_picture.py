"""A picture of an interview at the terminal: `bayesknee ask` run in a real one, and its screen drawn as SVG."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from io import StringIO
from itertools import groupby
from typing import Final

import pexpect
import pyte
from rich.console import Console
from rich.style import Style
from rich.text import Text

PATIENCE: Final = 60  # seconds, after which something is wrong
ENTER: Final = "\r"
WHERE_IS_THE_CURSOR: Final = "\x1b[6n"  # prompt_toolkit asks, and a terminal answers
NARROW, WIDE = (80, 24), (120, 40)


@dataclass(frozen=True)
class Course:
    """An interview up to the screen that is shown: what is seen, and then typed.

    With `until`, whatever is asked besides is not known, up to a screen that has this.
    """

    command: str
    steps: tuple[tuple[str, str], ...]
    until: str = ""


IN_SCOPE: Final = (("Where is the trouble mainly", f"1{ENTER}"), ("Is one of these known", f"1{ENTER}"))
ASK: Final = "bayesknee ask --asked-of patient --setting"
COURSES: Final = {
    # A lump, a swollen calf that hurts, too; at the question whether that is so.
    "ask": Course(
        f"{ASK} primary_care age=52 sex=male sport=none",
        (*IN_SCOPE, ("Lump or fullness", f"1y4y5y14dr{ENTER}"), ("Is that so", "")),
    ),
    # A woman of 68 after an operation of the hip, with a swollen calf: what is urgent, at once.
    "hip": Course(
        f"{ASK} primary_care age=68 sex=female sport=none",
        (
            *IN_SCOPE,
            ("Lump or fullness", f"4y5yr{ENTER}"),
            ("Is that so", f"g{ENTER}"),
            ("Breathless", f"16yr{ENTER}"),
            ("Yes: Recent operation", f"g{ENTER}"),
            ("e) end here, with the result, to be", ""),
        ),
    ),
    # The same, ended there: the gist of the result, with what can be done.
    "hip_end": Course(
        f"{ASK} primary_care age=68 sex=female sport=none",
        (
            *IN_SCOPE,
            ("Lump or fullness", f"4y5yr{ENTER}"),
            ("Is that so", f"g{ENTER}"),
            ("Breathless", f"16yr{ENTER}"),
            ("Yes: Recent operation", f"g{ENTER}"),
            ("e) end here, with the result, to be", f"e{ENTER}"),
            ("All of the result stands above", ""),
        ),
    ),
    # A level that probability raises, told at once.
    "hip_raised": Course(
        f"{ASK} primary_care age=68 sex=female sport=none",
        (*IN_SCOPE, ("Lump or fullness", f"4y5yr{ENTER}"), ("Is that so", f"g{ENTER}"), ("not below its limit", "")),
    ),
    # A clinician with the footballer: the examination, in which three lines are marked.
    "examination": Course(
        "bayesknee ask --asked-of clinician --setting sports_clinic age=16 sex=male sport=football knee_swelling=yes "
        "locking=yes twist_injury=yes",
        (*IN_SCOPE, ("The examination, in its order", "1y2y3n"), ("3) [no ]", "")),
        until="The examination, in its order",
    ),
    # A footballer of 16 with a knee that locks: a list half marked.
    "footballer": Course(
        f"{ASK} sports_clinic age=16 sex=male",
        (*IN_SCOPE, ("Which sport or exercise", f"4{ENTER}"), ("Lump or fullness", "7y9y10y2y"), ("2) [yes]", "")),
    ),
    # A runner of 28 who has denied both lists: a single question.
    "runner": Course(
        f"{ASK} primary_care age=28 sex=male sport=running",
        (
            *IN_SCOPE,
            ("Lump or fullness", f"r{ENTER}"),
            ("Is that so", f"g{ENTER}"),
            ("Breathless", f"r{ENTER}"),
            ("Is that so", f"g{ENTER}"),
            ("Question 5", ""),
        ),
    ),
}
# How the last line of such a screen ends.
LAST: Final = (
    *("x) quit", "has it been since this began?", "c) no, change the list", "that answer was a slip: back to it"),
    *("Any key goes on.", "Escape leaves).", "read all of the result, page by page", "knee joint warm to the hand?"),
)
PAGE: Final = "Any key goes on"
# What is typed at a screen that has this, where what is asked is not known.
NOT_KNOWN: Final = (
    (PAGE, " "),
    ("c) no, change the list", f"y{ENTER}"),
    ("v) don't know the others", f"v{ENTER}"),
    ("d) don't know", f"d{ENTER}"),
    ("g) go on with the questions", f"g{ENTER}"),
)
# By the name of the file: which course, and how large the terminal is.
PICTURES: Final = {"ask": ("ask", NARROW)} | {
    f"{course}_{columns}x{rows}": (course, (columns, rows))
    for course in ("hip", "hip_raised", "hip_end", "footballer", "runner", "examination")
    for columns, rows in (NARROW, WIDE)
}
# Nothing is fetched to show the picture; rich's own page names fonts elsewhere.
FONT_FACES: Final = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def interview_picture(course: Course, size: tuple[int, int] = NARROW) -> str:
    """The last screen of an interview, in a terminal of so many columns and rows, as SVG."""
    columns, _ = size
    console = Console(record=True, width=columns, file=StringIO(), force_terminal=True, color_system="truecolor")
    console.print(f"$ {course.command}", style="bold", highlight=False)
    for line in _lines(_screen(course, *size)):
        console.print(line)
    return FONT_FACES.sub("", console.export_svg(title="bayesknee", unique_id="interview")) + "\n"


def _screen(course: Course, columns: int, rows: int) -> pyte.Screen:
    """What the terminal shows once all of the course has been typed."""
    screen = pyte.Screen(columns, rows)
    stream = pyte.Stream(screen)
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(columns)}
    env = {name: value for name, value in env.items() if name not in {"LINES", "NO_COLOR"}}
    process = pexpect.spawn(
        sys.executable,
        ["-m", *course.command.split()],
        env=env,
        encoding="utf-8",
        timeout=PATIENCE,
        dimensions=(rows, columns),
    )
    for seen, keys in course.steps:
        if seen == course.until:
            _go_up_to(process, screen, stream, seen)
        _watch(process, screen, stream, seen)
        for key in keys:
            process.send(key)
    process.close(force=True)
    return screen


def _watch(process: pexpect.spawn[str], screen: pyte.Screen, stream: pyte.Stream, text: str) -> None:
    """Feeds the screen until it shows this text, and all commands or answers below it."""
    paged = ""
    while text not in (shown := _shown(screen)) or not _is_whole(shown):
        if PAGE in shown and _is_whole(shown) and shown != paged and text not in shown:
            process.send(" ")  # what a low terminal shows by pages
            paged = shown
        _feed(process, screen, stream)


def _go_up_to(process: pexpect.spawn[str], screen: pyte.Screen, stream: pyte.Stream, text: str) -> None:
    """Says of whatever is asked that it is not known, until the screen has this text."""
    answered = ("", "")
    while text not in (shown := _shown(screen)):
        keys = next((keys for seen, keys in NOT_KNOWN if seen in shown), "")
        # Once for each question: what comes next may take a while, and this screen still changes.
        now = (keys, _question(shown) if ENTER in keys else shown)
        if keys and _is_whole(shown) and "»" not in shown and now != answered:  # and no key is on its way
            answered = now
            for key in keys:
                process.send(key)
        _feed(process, screen, stream)


def _question(shown: str) -> str:
    """Which question is on the screen: the last `Question N`, and all of the screen where there is none."""
    return next(reversed(re.findall(r"Question \d+", shown)), shown)


def _shown(screen: pyte.Screen) -> str:
    """What is on the screen, as words with single blanks."""
    return " ".join(" ".join(screen.display).split())


def _feed(process: pexpect.spawn[str], screen: pyte.Screen, stream: pyte.Stream) -> None:
    """Shows what comes next, and tells where the cursor is."""
    output = process.read_nonblocking(2**16, timeout=PATIENCE)
    stream.feed(output)
    if WHERE_IS_THE_CURSOR in output:
        process.send(f"\x1b[{screen.cursor.y + 1};{screen.cursor.x + 1}R")


def _is_whole(shown: str) -> bool:
    """Whether the last line of a screen is there: one screen may come in pieces."""
    return any(shown.endswith(last) for last in LAST)


def _lines(screen: pyte.Screen) -> list[Text]:
    """The lines of a screen in their colours, up to the last that is not blank."""
    last = max(row for row, line in enumerate(screen.display) if line.strip())
    lines = []
    for row in range(last + 1):
        line = Text()
        characters = (screen.buffer[row][column] for column in range(screen.columns))
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
