"""The end of an interview on a real terminal of 24 rows: what is most urgent is on the screen, without scrolling."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pexpect
import pyte
import pytest

from bayesknee import Engine, Interview
from bayesknee.interview.session import SessionFile

PATIENCE = 30  # seconds for what does not come: a failure, then


def screen_at_the_end(session: Path, columns: int, rows: int) -> list[str]:
    """What the terminal shows once `bayesknee ask` has taken up an interview that is over."""
    env = {**os.environ, "TERM": "xterm", "COLUMNS": str(columns), "NO_COLOR": "1", "PROMPT_TOOLKIT_NO_CPR": "1"}
    env = {name: value for name, value in env.items() if name not in {"LINES", "PYTEST_CURRENT_TEST"}}
    words = ["-m", "bayesknee", "ask", "--session", str(session)]
    process = pexpect.spawn(
        sys.executable, words, env=env, encoding="utf-8", timeout=PATIENCE, dimensions=(rows, columns)
    )
    process.expect_exact("And now?")
    shown = f"{process.before}{process.after}"
    process.expect_exact("ask more")
    shown += f"{process.before}{process.after}"
    process.kill(9)
    process.wait()
    screen = pyte.Screen(columns, rows)
    pyte.Stream(screen).feed(shown)
    return [line.rstrip() for line in screen.display]


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40)])
def test_how_urgent_it_is_is_on_the_screen(columns: int, rows: int, tmp_path: Path) -> None:
    interview = Interview(Engine("posterior_knee", "emergency"), {"age": 68, "calf_swollen": "yes"})
    interview.stop()
    assert (interview.diagnosis.triage.level, interview.red_flags) == ("emergency", ())  # a flag would wait for a key
    session = tmp_path / "patient.json"
    with SessionFile(session) as file:
        file.write(interview, "")
    lines = screen_at_the_end(session, columns, rows)
    assert f"Once more, how urgent: {interview.diagnosis.triage.words}" in lines
    assert any("And now?" in line for line in lines)
