"""The picture of an interview shows what an interview shows now; `--update-golden` draws it anew."""

from __future__ import annotations

import html
import re

import pytest

from tests.docs.terminal_picture import COURSES, PICTURES, interview_picture
from tests.support.paths import ROOT

IMAGES = ROOT / "docs" / "images"


def texts(svg: str) -> str:
    """What can be read, line by line; how it is drawn is left to rich."""
    lines: dict[float, str] = {}
    for place, text in re.findall(r'<text [^>]*y="([\d.]+)"[^>]*>([^<]*)</text>', svg):
        lines[float(place)] = lines.get(float(place), "") + html.unescape(text).replace("\xa0", " ")
    return "\n".join(lines[place].rstrip() for place in sorted(lines))


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == "ask" else pytest.mark.slow) for name in PICTURES]
)
def test_the_interview_in_the_picture_is_a_real_one(name: str, update_golden: bool) -> None:
    course, size = PICTURES[name]
    now = interview_picture(COURSES[course], size)
    picture = IMAGES / f"{name}.svg"
    if update_golden:
        picture.write_text(now, encoding="utf-8")
    shown = texts(picture.read_text(encoding="utf-8"))
    assert shown == texts(now)
    assert COURSES[course].command.split()[-1] in shown
