"""The end of an interview on a real terminal of 24 rows: what is most urgent is on the screen, without scrolling."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pexpect
import pyte
import pytest

from bayesknee import Engine, Interview
from bayesknee.cli.talking.choices import Choice
from bayesknee.cli.talking.screen import Screen
from bayesknee.cli.talking.viewport import plain
from bayesknee.display.interview import summary_text
from bayesknee.interview.session import SessionFile
from tests.support.paths import KNEE_11

PATIENCE = 30  # seconds for what does not come: a failure, then


def screen_at_the_end(session: Path, columns: int, rows: int) -> list[str]:
    """What the terminal shows once `bayesknee ask` has taken up an interview that is over."""
    env = {**os.environ, "TERM": "xterm", "COLUMNS": str(columns), "NO_COLOR": "1", "PROMPT_TOOLKIT_NO_CPR": "1"}
    env = {name: value for name, value in env.items() if name not in {"LINES", "PYTEST_CURRENT_TEST"}}
    words = ["-m", "bayesknee", "ask", "--session", str(session), "--network", str(KNEE_11)]
    process = pexpect.spawn(
        sys.executable, words, env=env, encoding="utf-8", timeout=PATIENCE, dimensions=(rows, columns)
    )
    process.expect_exact("Any key goes on.")  # what is urgent is told to whoever takes it up
    shown = f"{process.before}{process.after}"
    process.send(" ")
    process.expect_exact("read all of the result, page by page")
    shown += f"{process.before}{process.after}"
    process.kill(9)
    process.wait()
    screen = pyte.Screen(columns, rows)
    pyte.Stream(screen).feed(shown)
    return [line.rstrip() for line in screen.display]


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40)])
def test_the_gist_of_the_result_is_on_the_screen(columns: int, rows: int, tmp_path: Path) -> None:
    """How urgent and why, what is not known, what is not ruled out, the leader, what next, and what can be done now."""
    engine = Engine(KNEE_11, "emergency")
    answers = {"age": 68, "calf_swollen": "yes", "breathless_or_chest_pain": "unknown", "foot_drop": "unknown"}
    interview = Interview(engine, {**answers, "knee_swelling": "yes"})
    interview.stop()
    now = interview.diagnosis
    assert (now.triage.level, interview.red_flags) == ("emergency", ())
    session = tmp_path / "patient.json"
    with SessionFile(session) as file:
        file.write(interview, "")
    lines = screen_at_the_end(session, columns, rows)
    text = " ".join(" ".join(lines).split())
    assert f"How urgent: {now.triage.words}" in lines
    leader = now.network.conditions[next(iter(now.posterior))].name
    danger = now.network.conditions[now.result.not_ruled_out[0].condition].name
    for told in (
        f"Why: {now.triage.decisive[0].text}",
        f"Not ruled out: {danger}",
        f"Most likely: {leader}",
        "What next: ",
        "And now? x) quit c) change an answer g) ask more r) read all of the result, page by page",
    ):
        assert told in text


@pytest.mark.parametrize("size", [(40, 10), (60, 15), (80, 20)])
def test_in_a_low_terminal_the_gist_is_paged_and_not_cut(size: tuple[int, int]) -> None:
    interview = Interview(Engine(KNEE_11, "emergency"), {"age": 68, "calf_swollen": "yes"})
    interview.stop()
    told = summary_text(interview)
    screen = Screen(f"{told}And now?\n", [Choice("quit", "quit", "x"), Choice("more", "ask more", "g")])
    seen: set[str] = set()
    for _ in range(20):
        lines = screen.drawn(*size)
        assert len(lines) < size[1]
        seen |= {word for line in lines for word in plain(line).split()}
        screen.press("down")
    assert set(told.split()) <= seen


def test_a_warning_and_what_is_not_known_stand_in_the_gist() -> None:
    answers = {"lump_noticed": "no", "popliteal_mass_palpable": "yes", "mri_popliteal_cyst": "yes"}
    answers |= {"ultrasound_popliteal_cyst": "no", "foot_drop": "unknown"}
    interview = Interview(Engine(KNEE_11, "primary_care"), answers)
    interview.stop()
    told = " ".join(summary_text(interview).split())
    if flags := interview.unknown_flags:
        assert f"Not known, and more urgent if so: {flags[0].label}" in told
    assert interview.diagnosis.warnings
    assert f"Warning: {interview.diagnosis.warnings[0].message}" in told
