"""`bayesknee ask` through a real pseudo-terminal, killed and interrupted; and line by line in a pipe."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pexpect
import pyte
import pytest

from bayesknee.cli.talking.choices import Choice, with_keys
from bayesknee.errors import InferenceError
from bayesknee.interview import Interview
from tests.cli.conftest import Ran, Run
from tests.support.paths import KNEE_11

TINY = "tests/networks/tiny"
ASK = ["-m", "bayesknee", "ask", "--asked-of", "patient", "--network"]
ENTER, DOWN, ESCAPE = "\r", "\x1b[B", "\x1b"
PATIENCE = 30  # seconds for what does not come: a failure, then
# Terminals answer at once when they are asked where the cursor is. This one cannot, and each prompt would wait for it.
TERMINAL = {"TERM": "xterm", "NO_COLOR": "1", "PROMPT_TOOLKIT_NO_CPR": "1"}


class Terminal:
    """A process in a terminal, and what is on its screen."""

    def __init__(  # noqa: PLR0913 (what a terminal may be)
        self,
        *words: str,
        network: str = TINY,
        rows: int = 60,
        columns: int = 80,
        ask: Sequence[str] = ASK,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        env = {**os.environ, **TERMINAL, "COLUMNS": str(columns), **(environment or {})}
        env = {name: value for name, value in env.items() if name not in {"LINES", "PYTEST_CURRENT_TEST"}}
        self.process = pexpect.spawn(
            sys.executable, [*ask, network, *words], env=env, encoding="utf-8", dimensions=(rows, columns), cwd=folder
        )
        self.process.delaybeforesend = None  # a pause for programs that read a password; ours is ready when it asks
        self.screen = pyte.HistoryScreen(columns, rows, history=1000)
        self._stream = pyte.Stream(self.screen)

    @property
    def lines(self) -> list[str]:
        """The lines on the screen, without blanks at their ends."""
        return [line.rstrip() for line in self.screen.display]

    @property
    def text(self) -> str:
        """What is on the screen, as words with single blanks."""
        return " ".join(" ".join(self.screen.display).split())

    @property
    def record(self) -> str:
        """What is on the screen, and what has left it at the top, as words with single blanks."""
        left = ("".join(line[column].data for column in range(self.screen.columns)) for line in self.screen.history.top)
        return " ".join(f"{' '.join(left)} {self.text}".split())

    def begins(self, *texts: str) -> None:
        """The first question, past what is told before it, which a low terminal shows by pages."""
        while texts[0] not in self.text:
            before = self.text
            if "Any key goes on" in before:
                self.types(" ")
            while self.text == before:
                self.reads(*texts[:1])
        self.sees(*texts)

    def sees(self, *texts: str) -> None:
        """Waits until all of this is on the screen."""
        while missing := [text for text in texts if text not in self.text]:
            self.reads(*missing)

    def reads(self, *missing: str) -> None:
        """Feeds the screen what has come."""
        try:
            self._stream.feed(self.process.read_nonblocking(2**16, timeout=PATIENCE))
        except (pexpect.EOF, pexpect.TIMEOUT):
            screen = "\n".join(self.lines)
            pytest.fail(f"{missing} is not on the screen:\n{screen}")

    def types(self, keys: str) -> None:
        self.process.send(keys)

    def chooses(self, key: str) -> None:
        """Moves the pointer to the line of a key, and takes it."""
        self.types(key)
        self.sees(f"» {key})")
        self.types(ENTER)

    def confirms(self) -> None:
        self.sees("Is that so")
        self.chooses("g")

    def is_told(self) -> None:
        """That it has become urgent: in the tiny network, a fall makes a broken bone probable enough."""
        self.sees("! emergency - be seen now", "Broken bone", "not below its limit of 2 %", "Any key goes on.")
        self.types(" ")

    def ends(self) -> int:
        while True:
            try:
                self._stream.feed(self.process.read_nonblocking(2**16, timeout=PATIENCE))
            except pexpect.EOF:
                break
        self.process.wait()
        return -1 if self.process.exitstatus is None else int(self.process.exitstatus)

    def is_killed(self) -> None:
        self.process.kill(signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def session(tmp_path: Path) -> Path:
    return tmp_path / "patient.json"


def opened(session: Path) -> Terminal:
    """An interview past age and the first list."""
    terminal = Terminal("--session", str(session), "--setting", "clinic", "--threshold", "1")
    terminal.sees("A sore elbow", "How old are you?", "18 years or more:")
    terminal.types("40" + ENTER)
    terminal.sees("Which of these do you have?", "1) [ ] Pain on grip", "2) [ ] Swelling", "x) quit")
    terminal.types("1y")
    terminal.sees("» 1) [yes] Pain on grip")
    terminal.chooses("r")
    terminal.sees("Yes: Pain on grip", "No to these warning signs: Swelling", "also of the warning signs?")
    terminal.confirms()
    return terminal


def evidence(session: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(session.read_text())["evidence"]
    return found


def test_an_interview_from_begin_to_end(session: Path) -> None:
    terminal = opened(session)
    terminal.sees("How did it begin?", "w) why")
    terminal.chooses("w")
    terminal.sees("would take", "Any key goes on")
    terminal.types(ENTER)
    terminal.sees("How did it begin?", "w) why", "x) quit")
    terminal.chooses("1")
    terminal.is_told()
    terminal.sees("Do you play tennis?", "probably not", "x) quit")
    terminal.chooses("p")
    terminal.sees("How urgent", "not ruled out", "What usually helps", "For tests only", "And now?", "g) ask more")
    terminal.chooses("c")
    terminal.sees("Which answer?", "Age", "none of them")
    terminal.chooses("1")
    terminal.sees("How old are you?", "leave it as it was")
    terminal.types("60" + ENTER)
    terminal.sees("And now?", "g) ask more")
    assert "18 years or more: 60" in terminal.record
    terminal.chooses("c")
    terminal.sees("Which answer?", "Tennis", "none of them")
    terminal.chooses("4")
    terminal.sees("Do you play tennis?", "leave it as it was")
    terminal.chooses("b")
    terminal.sees("And now?", "g) ask more")
    terminal.chooses("x")
    assert terminal.ends() == 0
    assert evidence(session) == {
        "age": 60,
        "pain_on_grip": "yes",
        "swelling_noticed": "no",
        "onset": "fall",
        "tennis": {"no": pytest.approx(0.2), "yes": 0.8},
    }
    assert not session.with_name("patient.json.lock").exists()


def test_killed_it_is_taken_up_at_the_same_question(session: Path) -> None:
    terminal = opened(session)
    terminal.sees("How did it begin?", "x) quit")
    terminal.is_killed()
    kept = evidence(session)
    assert kept == {"age": 40, "pain_on_grip": "yes", "swelling_noticed": "no"}
    other = Terminal("--session", str(session), "--setting", "clinic", "--threshold", "1")
    other.sees("Welcome back: 3 answers")
    other.sees("Question 3", "How did it begin?", "x) quit")
    other.types(ESCAPE)
    other.sees("Which of these", "1) [yes] Pain on grip", "2) [no ] Swelling", "x) quit")  # it is still marked
    other.types("1n")
    other.chooses("f")
    other.confirms()
    other.sees("Question 3", "How did it begin?", "x) quit")
    other.chooses("x")
    other.sees("All answers are kept")
    assert other.ends() == 0
    assert evidence(session) == {**kept, "pain_on_grip": "no"}


def test_letters_never_change_and_all_else_goes_by_number() -> None:
    choices = [Choice(f"v{number}", f"label {number}") for number in range(40)]
    assert [key for key, _ in with_keys(choices)][-1] == "40"
    few = [Choice("a", "one"), Choice("b", "two", "y"), Choice("c", "three")]
    assert [key for key, _ in with_keys(few)] == ["1", "y", "2"]


def test_ctrl_c_loses_nothing(session: Path) -> None:
    terminal = opened(session)
    terminal.sees("How did it begin?", "x) quit")
    terminal.types("\x03")
    terminal.sees("go on with: bayesknee ask --session")
    assert terminal.ends() == 130
    assert evidence(session)["age"] == 40


def test_base_rates_are_kept_and_told(run: Run, session: Path) -> None:
    """A session keeps them; without one, what to type has them; the command line goes before the session."""
    words = ("ask", "--asked-of", "patient", "--network", TINY, "--setting", "clinic", "tennis=yes")
    ran = run(*words, "--base-rate", "fracture=25%", input="")
    assert "--base-rate fracture=25% --setting clinic tennis=yes" in ran.out
    kept = (*words, "--session", str(session))
    run(*kept, "--base-rate", "fracture=25%", "--base-rate", "infection=0.05", input="")
    assert json.loads(session.read_text())["base_rates"] == {"fracture": 0.25, "infection": 0.05}
    run(*kept, "--base-rate", "fracture=0.3", input="")
    assert json.loads(session.read_text())["base_rates"] == {"fracture": 0.3, "infection": 0.05}
    assert "Base rate of Broken bone set to 30 %" in run("diagnose", "--case", str(session), "--network", TINY).out


def test_ctrl_c_without_a_session_tells_the_answers() -> None:
    terminal = Terminal("--setting", "clinic")
    terminal.sees("How old are you?", "18 years or more:")
    terminal.types("40" + ENTER)
    terminal.sees("Which of these", "Pain on grip")
    terminal.types("\x03")
    assert terminal.ends() == 130
    assert "--setting clinic age=40" in terminal.text


@pytest.fixture
def listed(tmp_path: Path) -> str:
    """The tiny network with a list outside the opening."""
    folder = tmp_path / "listed"
    shutil.copytree(TINY, folder)
    file = folder / "network.yaml"
    text = file.read_text().replace("[setting, age, complaints]", "[setting, age]")
    text = text.replace("Which of these do you have?", "And which of these?\n      topic: pain")
    text = text.replace("[pain_on_grip, swelling_noticed]", "[pain_on_grip, swelling_noticed, tennis]")
    file.write_text(text)
    return str(folder)


def ticking(listed: str, session: Path) -> Terminal:
    """Before a list of three."""
    words = ("--session", str(session), "--setting", "clinic", "--threshold", "1", "--least-value", "0", "age=40")
    terminal = Terminal(*words, "onset=unknown", network=listed)
    terminal.sees("Question 1", "Pain", "And which of these?", "3) [ ] Tennis", "x) quit")
    return terminal


def test_a_list_beyond_the_opening(session: Path, listed: str) -> None:
    terminal = ticking(listed, session)
    terminal.types("1y3y")
    terminal.sees("1) [yes] Pain on grip", "» 3) [yes] Tennis", "Do you play tennis?")  # the line's own question
    terminal.chooses("r")
    terminal.sees("Yes: Pain on grip; Tennis", "No to these warning signs: Swelling")
    terminal.confirms()
    terminal.sees("Does the backhand hurt?", "x) quit")
    kept = {"pain_on_grip": "yes", "swelling_noticed": "no", "tennis": "yes"}
    assert evidence(session) == {"age": 40, "onset": "unknown", **kept}
    terminal.chooses("c")
    terminal.sees("Which answer?", "And which of these: Pain on grip, Tennis, no to 1", "none of them")
    terminal.chooses("1")
    terminal.sees("And which of these?", "3) [yes] Tennis", "leave it as it was")
    terminal.types("1n")
    terminal.chooses("f")
    terminal.confirms()
    terminal.sees("Question 2", "Does the backhand hurt?", "x) quit")
    assert evidence(session)["pain_on_grip"] == "no"
    terminal.types(ESCAPE)
    terminal.sees("And which of these?", "1) [no ] Pain on grip", "3) [yes] Tennis", "x) quit")
    terminal.chooses("v")  # all lines are marked, so that no others are left
    terminal.sees("No: Pain on grip", "No to these warning signs: Swelling")
    terminal.types(ESCAPE)
    terminal.sees("1) [no ] Pain on grip", "3) [yes] Tennis", "x) quit")
    terminal.is_killed()


def test_what_is_marked_stays_while_the_list_is_explained(session: Path, listed: str) -> None:
    terminal = ticking(listed, session)
    terminal.types("1y")
    terminal.chooses("w")
    terminal.sees("would take", "Any key goes on")
    terminal.types(ENTER)
    terminal.sees("And which of these?", "1) [yes] Pain on grip", "3) [ ] Tennis", "x) quit")
    terminal.chooses("e")
    terminal.sees("What you marked does not count yet", "Any key goes on")
    terminal.types("\x03")
    assert terminal.ends() == 130
    assert "pain_on_grip" not in evidence(session)


def test_each_line_is_yes_no_not_known_or_not_asked(session: Path, listed: str) -> None:
    terminal = ticking(listed, session)
    terminal.types("1y2d")
    terminal.sees("1) [yes] Pain on grip", "» 2) [ ? ] Swelling")
    terminal.chooses("f")
    terminal.sees("Yes: Pain on grip", "Don't know: Swelling", "Not asked: Tennis", "Is that so?")
    terminal.confirms()
    terminal.is_told()
    terminal.sees("Do you play tennis?", "x) quit")  # by itself, since nothing was said of it
    given = evidence(session)
    assert (given["pain_on_grip"], given["swelling_noticed"]) == ("yes", "unknown")
    assert "tennis" not in given
    terminal.is_killed()


def test_the_others_may_be_not_known(session: Path, listed: str) -> None:
    terminal = ticking(listed, session)
    terminal.types("1y")
    terminal.chooses("v")
    terminal.sees("Yes: Pain on grip", "Don't know: Swelling; Tennis", "Is that so?")
    terminal.confirms()
    terminal.is_told()
    terminal.sees("And now?", "g) ask more")
    terminal.chooses("c")
    terminal.sees("And which of these: Pain on grip, don't know to 2", "none of them")
    terminal.is_killed()
    given = evidence(session)
    assert [given[name] for name in ("pain_on_grip", "swelling_noticed", "tennis")] == ["yes", "unknown", "unknown"]


def test_space_and_enter_turn_the_mark_of_one_line(session: Path, listed: str) -> None:
    terminal = ticking(listed, session)
    for key, mark in [(DOWN + " ", "yes"), (" ", "no "), (ENTER, " ? "), (" ", " "), (ENTER, "yes")]:
        terminal.types(key)
        terminal.sees(f"» 1) [{mark}] Pain on grip".replace("[ ? ]", "[ ? ]"), "2) [ ] Swelling", "3) [ ] Tennis")
    terminal.is_killed()


def test_done_with_nothing_marked_records_nothing(session: Path, listed: str) -> None:
    terminal = ticking(listed, session)
    terminal.chooses("f")
    terminal.sees("Nothing is marked, so nothing would be recorded", "Any key goes on")
    terminal.types(ENTER)
    terminal.sees("And which of these?", "x) quit")
    terminal.is_killed()
    assert evidence(session) == {"age": 40, "onset": "unknown"}


def test_what_is_skipped_comes_back_before_the_end(session: Path) -> None:
    terminal = Terminal("--session", str(session), "--setting", "clinic", "age=40", "onset=unknown", "tennis=unknown")
    terminal.sees("Which of these do you have?", "x) quit")
    terminal.chooses("s")
    terminal.sees("Which of these do you have?", "x) quit")
    terminal.chooses("s")
    terminal.sees("And now?", "g) ask more")
    terminal.is_killed()


# --- one key, many times ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40)])
@pytest.mark.parametrize("key", [ENTER, ESCAPE, "a", " "])
def test_who_presses_one_key_only_denies_and_answers_nothing(session: Path, key: str, columns: int, rows: int) -> None:
    """At each question that a person meets first, and in a list, where the most could be denied."""
    words = ("--session", str(session), "--setting", "primary_care")
    terminal = Terminal(*words, network=str(KNEE_11), columns=columns, rows=rows)
    terminal.begins("Where is the pain mainly?", "x) quit")
    terminal.types(key * 5)
    terminal.types("1")
    terminal.sees("» 1) Behind the knee")  # the same question
    terminal.types(ENTER)
    terminal.sees("Is one of these known of this knee?", "x) quit")
    if key != ESCAPE:  # which goes back to the question before
        terminal.types(key * 5)
    terminal.chooses("1")
    terminal.sees("How old are you", "x) quit")
    terminal.is_killed()
    case = json.loads(session.read_text())
    assert case["evidence"] == {}
    case["evidence"] = {"age": "age_60_74", "sex": "female", "sport": "none"}
    session.write_text(json.dumps(case))
    again = Terminal(*words, network=str(KNEE_11), columns=columns, rows=rows)
    again.begins("Which of these do you have?", "x) quit", "1) [ ] Lump or fullness")
    if key != ESCAPE:
        again.types(key * 40)
    again.types("1")
    again.sees("» 1) [ ] Lump or fullness", "Which of these do you have?", "Question 3", "x) quit")
    again.is_killed()
    assert json.loads(session.read_text())["evidence"] == case["evidence"]


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40)])
def test_a_list_that_is_longer_than_the_screen_scrolls_with_its_heading_and_its_commands(
    session: Path, columns: int, rows: int
) -> None:
    words = ("--session", str(session), "--setting", "primary_care", "age=68", "sex=female", "sport=none")
    terminal = Terminal(*words, network=str(KNEE_11), columns=columns, rows=rows)
    terminal.begins("Where is the pain mainly?", "x) quit")
    terminal.chooses("1")
    terminal.sees("Is one of these known", "x) quit")
    terminal.chooses("1")
    always = ("Question 3", "Which of these do you have?", "f) done", "r) none of the others holds", "x) quit")
    terminal.sees("1) [ ] Lump or fullness", *always)
    assert ("up and down for more" in terminal.text) == (rows == 24)
    terminal.types("16")
    terminal.sees("» 16) [ ] Wakes you at night", *always)
    terminal.types(DOWN)
    terminal.sees("» f) done", *always)
    terminal.is_killed()


def test_a_question_that_was_gone_back_to_can_be_skipped(lines: Run) -> None:
    """What holds back is what was marked in a list, not the yes of a question by itself."""
    typed = "40\nnone\ng\nfall\nyes\nback\nskip\nquit\n"
    ran = lines(["--setting", "clinic", "--threshold", "1", "--least-value", "0"], typed)
    assert "does not count yet" not in ran.out


def test_after_a_red_flag_it_offers_to_end(session: Path) -> None:
    """What comes next may fill the screen, and may help less than to go where the flag says."""
    terminal = Terminal("--session", str(session), "--setting", "clinic", "age=40", "onset=fall")
    terminal.is_told()
    terminal.sees("Which of these do you have?", "x) quit")
    terminal.types("2y")
    terminal.chooses("f")
    terminal.confirms()
    terminal.sees("urgent - be seen within days", "should be seen within days.", "e) end here, with the result", "slip")
    assert evidence(session)["swelling_noticed"] == "yes"
    terminal.types(ENTER)
    terminal.sees("Go to a line first")
    terminal.chooses("e")
    terminal.sees("How urgent: emergency", "And now?", "g) ask more")
    assert "Why no more questions: ended by choice" in terminal.record
    terminal.is_killed()


def test_labels_are_folded_for_a_very_narrow_terminal() -> None:
    terminal = Terminal("--setting", "clinic", "age=40", "onset=unknown", columns=24)
    terminal.sees("Pain on grip", "x) quit")
    assert "end here, with" in terminal.text
    terminal.is_killed()


def test_who_quits_without_a_session_may_keep_the_answers(tmp_path: Path) -> None:
    network = str(Path(TINY).resolve())
    environment = {"PYTHONPATH": str(Path.cwd())}
    process = Terminal("--setting", "clinic", network=network, environment=environment, folder=tmp_path)
    process.sees("How old are you?", "x) quit")
    process.types("40" + ENTER)
    process.sees("Which of these", "x) quit")
    process.chooses("x")
    process.sees("And the answers?", "k) keep the answers in interview-", "x) leave without keeping them")
    process.types(ESCAPE)
    process.sees("Welcome back: 1 answer", "Which of these", "x) quit")
    process.chooses("x")
    process.sees("And the answers?", "k) keep the answers in interview-", "b) back to the interview")
    process.chooses("k")
    assert process.ends() == 0
    (kept,) = tmp_path.iterdir()
    assert f"Go on with: bayesknee ask --session {kept.name}" in process.text
    assert json.loads(kept.read_text())["evidence"] == {"age": 40}
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_who_answers_is_asked_unless_told(session: Path) -> None:
    ask = ["-m", "bayesknee", "ask", "--network"]
    terminal = Terminal("--session", str(session), "--setting", "clinic", ask=ask)
    terminal.sees("Who answers?", "1) The patient alone", "2) A clinician, with the patient", "x) quit")
    terminal.chooses("2")
    terminal.sees("How old are you?", "x) quit")
    terminal.is_killed()
    assert json.loads(session.read_text())["session"]["preliminaries"] == {"interview.who": "clinician"}


def test_who_is_outside_is_told_at_once_and_may_go_on_knowingly(session: Path) -> None:
    words = ("--session", str(session), "--setting", "primary_care")
    terminal = Terminal(*words, network=str(KNEE_11), columns=80, rows=24)
    terminal.begins("Where is the pain mainly?", "x) quit")
    terminal.chooses("1")
    terminal.sees("Is one of these known", "x) quit")
    terminal.chooses("2")
    terminal.sees("This is not for you", "It has an artificial joint", "Ask the surgical team", "g) go on all the same")
    terminal.types(ENTER)
    terminal.sees("Go to a line first")
    terminal.chooses("g")
    terminal.sees("How old are you", "x) quit")
    terminal.types("e" + ENTER)
    terminal.sees("And now?", "g) ask more")
    assert "Outside: the patient is outside what this network is for. It has an artificial joint." in terminal.record
    terminal.is_killed()


@pytest.mark.parametrize(
    ("typed", "kept"), [("28 years", "28"), ("60 y", "60"), ("1964", "the year of birth"), ("b", "first")]
)
def test_a_number_is_read_as_it_is_meant_or_refused_beside_it(session: Path, typed: str, kept: str) -> None:
    terminal = Terminal("--session", str(session), "--setting", "clinic", rows=24)
    terminal.sees("How old are you?", "18 years or more:", "x) quit")
    terminal.types(typed + ENTER)
    if typed == "b":
        terminal.sees("This is the first question.")
    elif typed == "1964":
        terminal.sees("if it is the year of birth, give the age in years")
        at = next(number for number, line in enumerate(terminal.lines) if "1964" in line)
        assert "age 1964 is outside" in terminal.lines[at + 1]
    else:
        terminal.sees("Which of these do you have?")
        assert evidence(session) == {"age": int(kept)}
    terminal.is_killed()


@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {"PYTHONIOENCODING": "ascii"}])
def test_a_terminal_that_cannot_show_what_is_ticked_goes_line_by_line(environment: dict[str, str]) -> None:
    terminal = Terminal("--setting", "clinic", "age=40", environment=environment)
    terminal.sees("Which of these do you have?", "1 Pain on grip", "Numbers of those that hold")
    terminal.types("1 no 2\n")
    terminal.sees("Yes: Pain on grip", "Is that so, also of the warning signs?")
    terminal.types("g\n")
    terminal.sees("1 fall | 2 sudden | 3 gradual", "Your answer:")
    terminal.types("\x03")
    assert terminal.ends() == 130
    told = "".join(terminal.lines)  # a long line goes on in the next
    assert "--setting clinic age=40 pain_on_grip=yes swelling_noticed=no" in told


def test_a_long_answer_is_told_in_full_where_it_can_be_changed(listed: str) -> None:
    """A list would cut what is wider than the terminal."""
    file = Path(listed) / "network.yaml"
    label = "Pain on grip, as when a jar is opened, a door is pulled or a bag is carried home from the shops"
    file.write_text(file.read_text().replace("label: Pain on grip", f"label: {label}"))
    words = ("--setting", "clinic", "--threshold", "1", "--least-value", "0", "age=40", "onset=unknown")
    terminal = Terminal(*words, network=listed)
    terminal.sees("And which of these?", "shops", "x) quit")
    terminal.types("1y3y")
    terminal.chooses("r")
    terminal.confirms()
    terminal.sees("Does the backhand hurt?", "x) quit")
    terminal.chooses("c")
    terminal.sees("Which answer?", "Pain on grip", "shops, Tennis", "none of them")
    terminal.is_killed()


def test_a_second_process_is_refused(lines: Run, session: Path) -> None:
    terminal = opened(session)
    terminal.sees("How did it begin?")
    ran = lines(["--session", str(session)], "")
    assert ran.status == 2
    assert "is open in another process" in ran.err
    assert ran.err.count("\n") == 1
    terminal.is_killed()


def test_a_clash_is_told_at_once_with_a_choice(session: Path) -> None:
    words = ("--setting", "clinic", "age=40", "tennis=yes", "backhand_pain=yes")
    terminal = Terminal("--session", str(session), *words)
    terminal.sees("Which of these", "x) quit")
    terminal.chooses("r")
    terminal.confirms()
    terminal.sees("How did it begin?", "x) quit")
    terminal.is_killed()
    for key, kept in [("k", {"tennis": "yes", "backhand_pain": "yes"}), ("t", {"tennis": "no"})]:
        other = Terminal("--session", str(session), "tennis=no")
        other.sees("That does not go together", "Now: Tennis: no", "Before: Backhand pain: yes", "Which one holds?")
        other.chooses(key)
        other.sees("Set aside, and not counted" if key == "t" else "How did it begin?")
        other.types("\x03")
        assert other.ends() == 130
        assert {name: each for name, each in evidence(session).items() if name in ("tennis", "backhand_pain")} == kept


def test_a_full_disk_costs_neither_the_red_flag_nor_the_answers(session: Path) -> None:
    terminal = Terminal("--session", str(session), "--setting", "clinic", "age=40", "onset=fall")
    terminal.is_told()
    terminal.sees("Which of these do you have?", "x) quit")
    before = session.read_bytes()
    resource.prlimit(int(terminal.process.pid or 0), resource.RLIMIT_FSIZE, (100, 100))
    terminal.types("2y")
    terminal.chooses("f")
    terminal.confirms()
    terminal.sees("Not saved: 'patient.json' cannot be written: File too large")
    terminal.sees("urgent - be seen within days", "should be seen within days.", "e) end here")
    terminal.chooses("e")
    terminal.sees("And now?", "g) ask more")
    terminal.chooses("x")
    assert terminal.ends() == 2
    told = "".join(terminal.lines)  # a long line goes on in the next
    for text in (
        "To go on from here: bayesknee ask",
        "onset=fall",
        "swelling_noticed=yes",
        "bayesknee: 'patient.json'",
    ):
        assert text in told
    assert session.read_bytes() == before


# --- in a pipe --------------------------------------------------------------------------------------------------------


@pytest.fixture
def lines(run: Run) -> Run:
    """`bayesknee ask` with these words, and what is typed, line by line. Within this process: most need no other."""

    def ran(words: Sequence[str], typed: str, **environment: str) -> Ran:
        return run("ask", "--asked-of", "patient", "--network", TINY, *words, input=typed, env=environment)

    return ran


def piped(words: Sequence[str], typed: str, **environment: str) -> Ran:
    """The same through the pipes of a process."""
    done = subprocess.run(
        [sys.executable, *ASK, TINY, *words],
        input=typed,
        capture_output=True,
        encoding="latin-1",
        check=False,
        timeout=PATIENCE,
        env={**os.environ, **environment},
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def test_in_a_pipe_it_goes_line_by_line() -> None:
    ran = piped(["--setting", "clinic"], "40\n1 no 2\ng\nfall\nx\n")
    assert ran.status == 0
    assert "Which of these do you have?" in ran.out
    assert "1 fall | 2 sudden | 3 gradual" in ran.out
    assert "--setting clinic age=40 pain_on_grip=yes swelling_noticed=no onset=fall" in ran.out


def test_without_a_session_the_command_that_goes_on_is_told_with_its_options(lines: Run) -> None:
    options = ["--asked-of", "clinician", "--one-at-a-time", "--threshold", "1"]
    ran = lines([*options, "--setting", "clinic"], "40\nquit\n")
    told = "--asked-of patient --asked-of clinician --threshold 1.0 --one-at-a-time --setting clinic age=40"
    assert ran.out.rstrip().endswith(f"bayesknee ask --network {Path(TINY).resolve()} {told}")


def test_in_a_pipe_slips_are_told_and_asked_again(lines: Run) -> None:
    ran = lines(["--setting", "clinic"], "ten\n10\n40\n7\n\n1 none\ng\nslow\nback\nstop\n")
    assert "neither a number nor a state" in ran.out
    assert "outside this network's scope" in ran.out
    assert "'7' is none of these; type numbers from 1 to 2, or a word above" in ran.out
    assert "nothing is marked; type numbers, none if none of these holds, unknown, or skip" in ran.out
    assert "'slow' is none of these" in ran.out


@pytest.mark.parametrize("encoding", ["utf-8:strict", "ascii:strict"])
def test_in_a_pipe_what_is_no_text_is_a_slip(encoding: str) -> None:
    ran = piped(["--setting", "clinic"], "\xff\n40\n\xe4\n1\ng\nquit\n", PYTHONIOENCODING=encoding)
    assert ran.status == 0
    assert "is neither a number nor a state" in ran.out
    assert "is none of these; type numbers from 1 to 2" in ran.out
    assert "age=40 pain_on_grip=yes" in ran.out


def test_in_a_pipe_lines_fit_whatever_is_typed(lines: Run) -> None:
    ran = lines(["--setting", "clinic"], "40\n1 none\ng\n" + 500 * "x" + "\nquit\n", COLUMNS="50")
    told = [line for line in ran.out.splitlines() if "xxxx" not in line and "To go on" not in line]
    assert max(map(len, told)) < 80
    assert "  1 fall | 2 sudden | 3 gradual | u not sure:" in told
    assert "'" + 57 * "x" + "...' is none of these" in ran.out


def test_in_a_pipe_the_words_do_what_they_say(lines: Run) -> None:
    typed = "40\n1 no 2\nagain\ndone\ng\nwhy\nback\nWHY\ndone\ng\nskip\nchange\nnone of them\nstop\nquit\n"
    ran = lines(["--setting", "clinic"], typed)
    assert "is none of these" not in ran.out
    assert "ended by choice" in ran.out
    assert ran.out.rstrip().endswith("pain_on_grip=yes swelling_noticed=no")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("1 unknown 2", "pain_on_grip=yes swelling_noticed=unknown"),
        ("1, unknown", "pain_on_grip=yes swelling_noticed=unknown"),
        ("no 1 yes 2", "pain_on_grip=no swelling_noticed=yes"),
        ("2 n 1", "swelling_noticed=yes pain_on_grip=no"),
        ("none", "pain_on_grip=no swelling_noticed=no"),
        ("1", "age=40 pain_on_grip=yes"),
    ],
)
def test_in_a_pipe_lines_of_a_list_are_marked_by_number(lines: Run, typed: str, kept: str) -> None:
    ran = lines(["--setting", "clinic"], f"40\n{typed}\ng\nquit\n")
    words = ran.out.split()
    assert set(kept.split()) <= set(words)
    assert ("swelling_noticed=" in ran.out) == ("swelling_noticed" in kept)


def test_in_a_pipe_a_state_may_be_called_by_any_of_its_names(run: Run) -> None:
    typed = "behind\nnothing\nfootball\nquit\n"
    ran = run("ask", "--asked-of", "patient", "--setting", "sports_clinic", "age=24", "sex=male", input=typed)
    assert ran.out.rstrip().endswith("sport=pivoting")


def test_in_a_pipe_a_list_tells_what_was_marked_before(lines: Run) -> None:
    ran = lines(["--setting", "clinic"], "40\n1 unknown 2\ng\nback\n1\ng\nquit\n")
    assert "1 Pain on grip (yes)" in ran.out
    assert "2 Swelling (not known)" in ran.out
    assert "pain_on_grip=yes swelling_noticed=unknown" in ran.out


def test_in_a_pipe_what_came_with_the_command_can_be_changed(lines: Run) -> None:
    ran = lines(["--setting", "clinic", "age=40", "tennis=yes"], "change\ntennis: yes\nno\nquit\n")
    assert ran.out.rstrip().endswith("age=40 tennis=no")


def test_in_a_pipe_a_list_that_clashes_by_itself_is_told_and_changes_nothing(
    lines: Run, listed: str, session: Path
) -> None:
    file = Path(listed) / "network.yaml"
    file.write_text(file.read_text().replace("[pain_on_grip, swelling_noticed, tennis]", "[tennis, backhand_pain]"))
    words = ["--network", listed, "--session", str(session), "--setting", "clinic"]
    lines([*words, "age=40", "onset=unknown", "tennis=yes", "backhand_pain=yes"], "")
    case = json.loads(session.read_text())
    case["session"]["steps"] = [{"question": "complaints", "answers": ["tennis", "backhand_pain"]}]
    session.write_text(json.dumps(case))
    ran = lines(words, "change\n1\nno 1\ng\nquit\n")
    assert (ran.status, ran.err) == (0, "")
    told = " ".join(ran.out.split())
    assert "That does not go together, so nothing has changed: backhand_pain is asked only if tennis is yes" in told
    assert evidence(session) == case["evidence"]


def test_in_a_pipe_what_was_ticked_is_told_when_it_is_changed(lines: Run) -> None:
    ran = lines(["--setting", "clinic", "age=40"], "1\ng\nchange\n1\nunknown 2\ng\nquit\n")
    assert "1 Pain on grip (yes)" in ran.out
    assert "pain_on_grip=yes swelling_noticed=unknown" in ran.out


def test_a_pipe_that_ends_is_told(lines: Run, session: Path) -> None:
    ran = lines(["--session", str(session), "--setting", "clinic"], "40\n")
    assert ran.status == 0
    assert "The input has ended, so there is nobody to ask." in ran.out
    assert evidence(session) == {"age": 40}


def test_what_tells_how_to_go_on_can_be_pasted_into_a_shell(lines: Run, tmp_path: Path) -> None:
    ran = lines(["--session", str(tmp_path / "my patient.json"), "--setting", "clinic"], "40\n")
    assert ran.out.rstrip().endswith(f"bayesknee ask --session '{tmp_path}/my patient.json'")


def test_a_session_that_cannot_be_written_at_all_is_refused_at_the_start(lines: Run, tmp_path: Path) -> None:
    ran = lines(["--session", str(tmp_path / ("p" * 248)), "--setting", "clinic"], "40\n")
    assert (ran.status, ran.out) == (2, "")
    assert "cannot be written: File name too long; mend that, or name another file" in ran.err
    assert ran.err.count("\n") == 1


def test_a_session_keeps_what_the_first_command_said(lines: Run, session: Path) -> None:
    ran = lines(["--session", str(session), "--setting", "emergency", "--threshold", "1", "age=40"], "")
    assert f"All answers are kept; go on with: bayesknee ask --session {session}" in ran.out
    assert evidence(session) == {"age": 40}
    again = lines(["--session", str(session)], "quit\n")
    assert "Question 1" in again.out
    assert "Which of these do you have?" in again.out  # and not the care setting
    kept = json.loads(session.read_text())
    assert (kept["setting"], kept["session"]["policy"]["threshold"]) == ("emergency", 1.0)


def test_options_given_later_replace_those_of_the_first_command_though_nothing_is_answered(
    lines: Run, session: Path
) -> None:
    lines(["--session", str(session), "--setting", "clinic", "--threshold", "1", "age=40"], "")
    lines(["--session", str(session), "--one-at-a-time", "--asked-of", "clinician"], "")
    policy = json.loads(session.read_text())["session"]["policy"]
    assert (policy["threshold"], policy["lists"], policy["asked_of"]) == (1.0, False, ["patient", "clinician"])


def test_where_it_cannot_go_on_the_answers_are_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_large(*_: object, **__: object) -> None:
        raise InferenceError("2 findings would take about 9 GB")

    monkeypatch.setattr(Interview, "change", too_large)
    ran = run("ask", "--network", TINY, "--setting", "clinic", "age=40", input="1\n")
    assert ran.out.rstrip().endswith("--setting clinic age=40")
    assert (ran.status, ran.err) == (2, "bayesknee: 2 findings would take about 9 GB\n")


def test_answers_given_later_count_all_or_none(lines: Run, session: Path) -> None:
    lines(["--session", str(session), "--setting", "clinic", "age=40"], "")
    before = session.read_bytes()
    ran = lines(["--session", str(session), "tennis=yes", "onset=slow"], "")
    assert (ran.status, ran.out, session.read_bytes()) == (2, "", before)
    assert "unknown state 'slow' of onset" in ran.err


def test_a_setting_given_later_changes_the_one_that_was_asked_for(lines: Run, session: Path) -> None:
    lines(["--session", str(session)], "1\n40\n")
    assert json.loads(session.read_text())["setting"] == "clinic"
    lines(["--session", str(session), "--setting", "emergency"], "quit\n")
    kept = json.loads(session.read_text())
    assert (kept["setting"], kept["evidence"]) == ("emergency", {"age": 40})


def test_what_does_not_fit_is_kept_beside_it_though_the_network_is_the_same(lines: Run, session: Path) -> None:
    lines(["--session", str(session), "--setting", "clinic"], "40\n")
    case = json.loads(session.read_text())
    case["evidence"]["swallowing"] = "yes"
    session.write_text(json.dumps(case))
    ran = lines(["--session", str(session)], "1\n")
    assert "1 answers still fit; the old file is kept as patient.json.bak" in ran.out
    assert "does not fit any more: swallowing=yes" in ran.out
    assert json.loads(session.with_name("patient.json.bak").read_text()) == case


def test_a_case_of_another_version_is_told(lines: Run, session: Path) -> None:
    lines(["--session", str(session), "--setting", "clinic", "age=40"], "")
    session.write_text(session.read_text().replace('"0.0.1"', '"0.0.0"'))
    ran = lines(["--case", str(session)], "quit\n")
    assert ran.err.startswith("bayesknee: warning: the case was made with tiny 0.0.0, and this is tiny 0.0.1")


def test_a_red_flag_speaks_at_once(lines: Run) -> None:
    ran = lines(["--setting", "clinic", "onset=fall"], "40\n2\ng\ng\nx\n")
    before, _, after = ran.out.partition("! urgent - be seen within days")
    assert "Which of these" in before
    assert after.lstrip().startswith("A swelling that came suddenly should be seen within days.")


def test_a_broken_session_is_one_line_and_status_2(lines: Run, session: Path) -> None:
    session.write_text('{"setting": "clinic", "evi')
    ran = lines(["--session", str(session)], "")
    assert ran.status == 2
    assert "cannot be taken up" in ran.err
    assert ran.err.count("\n") == 1
    assert session.with_name("patient.json.bak").exists()


def test_a_session_of_another_network_says_so_and_keeps_the_old_file(lines: Run, session: Path) -> None:
    lines(["--session", str(session), "--setting", "clinic"], "40\n1 none\ng\n")
    old = json.loads(session.read_text())
    old["session"]["made_with"] |= {"version": "0.0.0", "sha256": "0" * 64}
    old["evidence"]["swallowing"] = "yes"
    session.write_text(json.dumps(old))
    before = session.read_bytes()
    ran = lines(["--session", str(session)], "x\n")
    assert "The session is of tiny 0.0.0 (00000000); this is tiny 0.0.1" in ran.out
    assert "3 answers still fit; the old file is kept as patient.json.bak" in ran.out
    assert "does not fit any more: swallowing=yes" in ran.out
    assert session.read_bytes() == session.with_name("patient.json.bak").read_bytes() == before
