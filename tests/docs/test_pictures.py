"""The picture of an interview shows what an interview shows now; `--update-golden` draws it anew."""

from __future__ import annotations

import html
import re

from tests.docs.terminal_picture import COMMAND, interview_picture
from tests.support.paths import ROOT

PICTURE = ROOT / "docs" / "images" / "ask.svg"


def texts(svg: str) -> str:
    """What can be read, line by line; how it is drawn is left to rich."""
    lines: dict[float, str] = {}
    for place, text in re.findall(r'<text [^>]*y="([\d.]+)"[^>]*>([^<]*)</text>', svg):
        lines[float(place)] = lines.get(float(place), "") + html.unescape(text).replace("\xa0", " ")
    return "\n".join(lines[place].rstrip() for place in sorted(lines))


def test_the_interview_in_the_picture_is_a_real_one(update_golden: bool) -> None:
    now = interview_picture()
    if update_golden:
        PICTURE.write_text(now, encoding="utf-8")
    shown = texts(PICTURE.read_text(encoding="utf-8"))
    assert shown == texts(now)
    assert COMMAND in shown
    assert "x) quit" in shown
