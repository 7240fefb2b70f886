"""`bayesknee ask` through a real pseudo-terminal, killed and interrupted; and line by line in a pipe."""

from __future__ import annotations

import io
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pexpect
import pytest

from bayesknee.cli.talk import Choice, with_keys
from bayesknee.errors import InferenceError
from bayesknee.interview import Interview
from tests.cli.conftest import Ran, Run

TINY = "tests/networks/tiny"
ASK = ["-m", "bayesknee", "ask", "--network"]
ENTER, DOWN = "\r", "\x1b[B"
PATIENCE = 30  # seconds for what does not come: a failure, then
# Terminals answer at once when they are asked where the cursor is. This one cannot, and each prompt would wait for it.
TERMINAL = {"TERM": "xterm", "NO_COLOR": "1", "COLUMNS": "80", "PROMPT_TOOLKIT_NO_CPR": "1"}


class Terminal:
    """A process in a terminal of 80 columns."""

    def __init__(
        self, *words: str, network: str = TINY, rows: int = 60, environment: Mapping[str, str] | None = None
    ) -> None:
        env = {**os.environ, **TERMINAL, **(environment or {})}
        env = {name: value for name, value in env.items() if name not in {"LINES", "PYTEST_CURRENT_TEST"}}
        self.process = pexpect.spawn(
            sys.executable, [*ASK, network, *words], env=env, encoding="utf-8", timeout=PATIENCE, dimensions=(rows, 80)
        )
        self.process.delaybeforesend = None  # a pause for programs that read a password; ours is ready when it asks
        self.drawn = self.process.logfile_read = io.StringIO()

    def sees(self, *texts: str) -> None:
        for text in texts:
            self.process.expect_exact(text)

    def types(self, keys: str) -> None:
        self.process.send(keys)

    def chooses(self, key: str) -> None:
        """Jumps to the line of a key, waits until the pointer is there, as it may be from the start, and takes it."""
        self.types(key)
        if not self.drawn.getvalue().rpartition("»")[2].startswith(f" {key})"):
            self.sees(f"» {key})")
        self.types(ENTER)

    def ends(self) -> int:
        self.process.expect(pexpect.EOF)
        self.process.wait()
        return -1 if self.process.exitstatus is None else int(self.process.exitstatus)

    def is_killed(self) -> None:
        self.process.kill(signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def session(tmp_path: Path) -> Path:
    return tmp_path / "patient.json"


def opened(session: Path) -> Terminal:
    """An interview past age and ticks."""
    terminal = Terminal("--session", str(session), "--setting", "clinic", "--threshold", "1")
    terminal.sees("A sore elbow", "How old are you?", "Your answer:")
    terminal.types("40" + ENTER)
    terminal.sees("Which of these do you have?", "Pain on grip")
    terminal.types(" ")
    terminal.types(ENTER)
    return terminal


def evidence(session: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(session.read_text())["evidence"]
    return found


def test_an_interview_from_begin_to_end(session: Path) -> None:
    terminal = opened(session)
    terminal.sees("How did it begin?", "why is this asked?")
    terminal.chooses("w")
    terminal.sees("would take", "Any key goes on")
    terminal.types(ENTER)
    terminal.sees("How did it begin?", "why is this asked?", "quit")
    terminal.chooses("1")
    terminal.sees("Do you play tennis?", "probably not", "quit")
    terminal.chooses("p")
    terminal.sees(
        "How urgent", "not ruled out", "Broken bone", "What usually helps", "For tests only", "And now?", "ask more"
    )
    terminal.chooses("c")
    terminal.sees("Which answer?", "Age", "none of them")
    terminal.chooses("1")
    terminal.sees("How old are you?", "Your answer:")
    terminal.types("60" + ENTER)
    terminal.sees("And now?", "ask more")
    terminal.chooses("c")
    terminal.sees("Which answer?", "Tennis", "none of them")
    terminal.chooses("4")
    terminal.sees("Do you play tennis?", "leave it as it was")
    terminal.chooses("z")
    terminal.sees("And now?", "ask more")
    terminal.chooses("x")
    assert terminal.ends() == 0
    assert evidence(session) == {
        "age": 60,
        "pain_on_grip": "yes",
        "swelling_noticed": "no",
        "onset": "fall",
        "tennis": {"no": pytest.approx(0.2), "yes": 0.8},
    }


def test_killed_it_is_taken_up_at_the_same_question(session: Path) -> None:
    terminal = opened(session)
    terminal.sees("How did it begin?", "quit")
    terminal.is_killed()
    kept = evidence(session)
    assert kept == {"age": 40, "pain_on_grip": "yes", "swelling_noticed": "no"}
    other = Terminal("--session", str(session), "--setting", "clinic", "--threshold", "1")
    other.sees("Question 3", "How did it begin?", "quit")
    other.chooses("b")
    other.sees("Which of these", "Pain on grip", "quit")
    other.types(" " + ENTER)  # it is still ticked
    other.sees("How did it begin?", "quit")
    other.chooses("x")
    other.sees("All answers are kept")
    assert other.ends() == 0
    assert evidence(session) == {**kept, "pain_on_grip": "no"}


def test_lists_longer_than_the_alphabet_go_by_number() -> None:
    choices = [Choice(f"v{number}", f"label {number}") for number in range(40)]
    assert [key for key, _ in with_keys(choices)][-1] == "40"
    few = [Choice("a", "one"), Choice("b", "two", "1"), Choice("c", "three")]
    assert [key for key, _ in with_keys(few)] == ["2", "1", "3"]


def test_ctrl_c_loses_nothing(session: Path) -> None:
    terminal = opened(session)
    terminal.sees("How did it begin?", "quit")
    terminal.types("\x03")
    terminal.sees("go on with: bayesknee ask --session")
    assert terminal.ends() == 130
    assert evidence(session)["age"] == 40


def test_ctrl_c_without_a_session_tells_the_answers() -> None:
    terminal = Terminal("--setting", "clinic")
    terminal.sees("How old are you?", "Your answer:")
    terminal.types("40" + ENTER)
    terminal.sees("Which of these", "Pain on grip")
    terminal.types("\x03")
    terminal.sees("bayesknee ask --network ", "--setting clinic age=40")
    assert terminal.ends() == 130


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


def test_a_list_beyond_the_opening(session: Path, listed: str) -> None:
    words = ("--session", str(session), "--setting", "clinic", "--threshold", "1", "--least-value", "0")
    terminal = Terminal(*words, "age=40", "onset=unknown", network=listed)
    terminal.sees("Question 1", "Pain", "And which of these?", "the rest counts as no", "Tennis", "don't know", "quit")
    terminal.types(" " + DOWN + DOWN + " " + ENTER)
    terminal.sees("done (2 selections)", "Does the backhand hurt?", "quit")
    assert evidence(session) | {"age": "", "onset": ""} == {
        "age": "",
        "onset": "",
        "pain_on_grip": "yes",
        "swelling_noticed": "no",
        "tennis": "yes",
    }
    terminal.chooses("c")
    terminal.sees("Which answer?", "And which of these: Pain on grip, Tennis", "none of them")
    terminal.chooses("1")
    terminal.sees("And which of these?", "Tennis")
    terminal.types(" " + ENTER)
    terminal.sees("Does the backhand hurt?", "quit")
    assert evidence(session)["pain_on_grip"] == "no"
    terminal.chooses("b")
    terminal.sees("And which of these?", "○ Pain on grip", "● Tennis", "quit")  # back does not lose what was ticked
    terminal.is_killed()
    again = Terminal(*words, network=listed)
    again.sees("And which of these?", "Tennis", "don't know about the rest", "quit")
    again.types(DOWN * 4 + " " + ENTER)
    again.sees("don't know about the rest]", "quit")
    again.is_killed()
    assert {name: evidence(session)[name] for name in ("pain_on_grip", "swelling_noticed", "tennis")} == dict.fromkeys(
        ("pain_on_grip", "swelling_noticed", "tennis"), "unknown"
    )


def ticking(listed: str, session: Path) -> Terminal:
    """Before a list of three, and below it what is not known, help, why and more."""
    words = ("--session", str(session), "--setting", "clinic", "--threshold", "1", "--least-value", "0", "age=40")
    terminal = Terminal(*words, "onset=unknown", network=listed)
    terminal.sees("And which of these?", "Tennis", "don't know about the rest", "why is this asked?", "quit")
    return terminal


def test_what_is_ticked_stays_while_the_list_is_explained(session: Path, listed: str) -> None:
    terminal = ticking(listed, session)
    terminal.types(" " + DOWN * 6 + " " + ENTER)
    terminal.sees("would take", "Any key goes on")
    terminal.types(ENTER)
    terminal.sees("And which of these?", "● Pain on grip", "○ Tennis", "quit")
    terminal.types("\x1b[A" * 2 + " " + ENTER)  # stop, below the list
    terminal.sees("What you ticked does not count yet", "Any key goes on")
    terminal.types("\x03")
    assert terminal.ends() == 130


def test_what_is_ticked_counts_though_the_rest_is_not_known(session: Path, listed: str) -> None:
    terminal = ticking(listed, session)
    terminal.types(" " + DOWN * 4 + " " + ENTER)
    terminal.sees("done (2 selections)", "And now?", "ask more")
    terminal.chooses("c")
    terminal.sees("And which of these: Pain on grip, don't know the rest", "none of them")
    terminal.is_killed()
    given = evidence(session)
    assert [given[name] for name in ("pain_on_grip", "swelling_noticed", "tennis")] == ["yes", "unknown", "unknown"]


def test_one_of_a_list_may_be_unknown_and_stays_so_when_it_comes_again(session: Path, listed: str) -> None:
    terminal = ticking(listed, session)
    terminal.types(" " + DOWN * 3 + " " + ENTER)
    terminal.sees("Which of these do you not know?", "○ Swelling", "○ Tennis")
    terminal.types(DOWN + " " + ENTER)
    terminal.sees("And now?", "ask more")
    given = evidence(session)
    assert [given[name] for name in ("pain_on_grip", "swelling_noticed", "tennis")] == ["yes", "no", "unknown"]
    terminal.chooses("c")
    terminal.sees("And which of these: Pain on grip, Tennis (not known)", "none of them")
    terminal.chooses("1")
    terminal.sees("● Pain on grip", "○ Swelling", "○ Tennis", "● don't know about some", "○ don't know about the rest")
    terminal.types(ENTER)
    terminal.sees("Which of these do you not know?", "○ Swelling", "● Tennis")
    terminal.types(ENTER)
    terminal.sees("And now?", "ask more")
    terminal.is_killed()
    assert evidence(session) == given


def test_a_question_that_was_gone_back_to_can_be_skipped(lines: Run) -> None:
    """What holds back is what was ticked in a list, not the yes of a question by itself."""
    typed = "40\n\nfall\nyes\nback\nskip\nquit\n"
    ran = lines(["--setting", "clinic", "--threshold", "1", "--least-value", "0"], typed)
    assert "does not count yet" not in ran.out


def test_a_red_flag_waits_to_be_read(session: Path) -> None:
    """What comes next may fill the screen."""
    terminal = Terminal("--session", str(session), "--setting", "clinic", "age=40", "onset=fall")
    terminal.sees("Which of these do you have?", "quit")
    terminal.types(DOWN + " " + ENTER)
    terminal.sees("urgent - be seen within days", "should be seen within days.", "Any key goes on")
    assert evidence(session)["swelling_noticed"] == "yes"
    terminal.types(ENTER)
    terminal.sees("Once more, how urgent", "And now?")
    terminal.is_killed()


def test_labels_are_folded_for_a_very_narrow_terminal() -> None:
    terminal = Terminal("--setting", "clinic", "age=40", "onset=unknown", environment={"COLUMNS": "24"})
    terminal.sees("Pain on grip", "quit")
    assert "stop here" in str(terminal.process.before)
    assert "stop here and show" not in str(terminal.process.before)  # the terminal would cut it
    terminal.is_killed()


@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {"PYTHONIOENCODING": "latin-1"}])
def test_a_terminal_that_cannot_show_what_is_ticked_goes_line_by_line(environment: dict[str, str]) -> None:
    terminal = Terminal("--setting", "clinic", "age=40", environment=environment)
    terminal.sees("Which of these do you have?", "  1 Pain on grip", "numbers with blanks between")
    terminal.types("1\n")
    terminal.sees("1 fall | 2 sudden | 3 gradual", "Your answer:")
    terminal.types("\x03")
    terminal.sees("--setting clinic age=40 pain_on_grip=yes swelling_noticed=no")
    assert terminal.ends() == 130


@pytest.mark.parametrize(("rows", "fits"), [(8, False), (60, True)])
def test_a_list_that_does_not_fit_says_so(listed: str, rows: int, fits: bool) -> None:
    """What is not seen would count as no."""
    words = ("--setting", "clinic", "--threshold", "1", "--least-value", "0", "age=40", "onset=unknown")
    terminal = Terminal(*words, network=listed, rows=rows)
    if fits:
        terminal.sees("And which of these?", "the rest counts as no")
        assert "more than fits" not in str(terminal.process.before)
    else:
        terminal.sees("more than fits")
    terminal.is_killed()


def test_a_long_answer_is_told_in_full_where_it_can_be_changed(listed: str) -> None:
    """A list would cut what is wider than the terminal."""
    file = Path(listed) / "network.yaml"
    label = "Pain on grip, as when a jar is opened, a door is pulled or a bag is carried home from the shops"
    file.write_text(file.read_text().replace("label: Pain on grip", f"label: {label}"))
    words = ("--setting", "clinic", "--threshold", "1", "--least-value", "0", "age=40", "onset=unknown")
    terminal = Terminal(*words, network=listed)
    terminal.sees("And which of these?", "shops", "quit")
    terminal.types(" " + DOWN + DOWN + " " + ENTER)
    terminal.sees("Does the backhand hurt?", "quit")
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
    terminal.sees("Which of these", "quit")
    terminal.types(ENTER)
    terminal.sees("How did it begin?", "quit")
    terminal.is_killed()
    for key, kept in [("k", {"tennis": "yes", "backhand_pain": "yes"}), ("t", {"tennis": "no"})]:
        other = Terminal("--session", str(session), "tennis=no")
        other.sees("That does not go together", "Now: Tennis: no", "Before: Backhand pain: yes", "Which one holds?")
        other.chooses(key)
        other.types("\x03")
        assert other.ends() == 130
        assert {name: each for name, each in evidence(session).items() if name in ("tennis", "backhand_pain")} == kept


def test_a_full_disk_costs_neither_the_red_flag_nor_the_answers(session: Path) -> None:
    terminal = Terminal("--session", str(session), "--setting", "clinic", "age=40", "onset=fall")
    terminal.sees("Which of these do you have?", "quit")
    before = session.read_bytes()
    resource.prlimit(int(terminal.process.pid or 0), resource.RLIMIT_FSIZE, (100, 100))
    terminal.types(DOWN + " " + ENTER)
    terminal.sees("Not saved: 'patient.json' cannot be written: File too large")
    terminal.sees("urgent - be seen within days", "should be seen within days.", "Any key goes on")
    terminal.types(ENTER)
    terminal.sees("And now?", "ask more")
    terminal.chooses("x")
    terminal.sees(
        "To go on from here: bayesknee ask", "onset=fall", "swelling_noticed=yes", "bayesknee: 'patient.json'"
    )
    assert terminal.ends() == 2
    assert session.read_bytes() == before


# --- in a pipe --------------------------------------------------------------------------------------------------------


@pytest.fixture
def lines(run: Run) -> Run:
    """`bayesknee ask` with these words, and what is typed, line by line. Within this process: most need no other."""

    def ran(words: Sequence[str], typed: str, **environment: str) -> Ran:
        return run("ask", "--network", TINY, *words, input=typed, env=environment)

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
    ran = piped(["--setting", "clinic"], "40\n1\nfall\nx\n")
    assert ran.status == 0
    assert "Which of these do you have?" in ran.out
    assert "1 fall | 2 sudden | 3 gradual" in ran.out
    assert "--setting clinic age=40 pain_on_grip=yes swelling_noticed=no onset=fall" in ran.out


def test_without_a_session_the_command_that_goes_on_is_told_with_its_options(lines: Run) -> None:
    options = ["--asked-of", "patient", "--asked-of", "clinician", "--one-at-a-time", "--threshold", "1"]
    ran = lines([*options, "--setting", "clinic"], "40\nquit\n")
    told = "--asked-of patient --asked-of clinician --threshold 1.0 --one-at-a-time --setting clinic age=40"
    assert ran.out.rstrip().endswith(f"bayesknee ask --network {Path(TINY).resolve()} {told}")


def test_in_a_pipe_slips_are_told_and_asked_again(lines: Run) -> None:
    ran = lines(["--setting", "clinic"], "ten\n10\n40\n7\n1\nslow\nback\nstop\n")
    assert "neither a number nor a state" in ran.out
    assert "outside this network's scope" in ran.out
    assert "'7' is none of these; type numbers from 1 to 2, or nothing for none" in ran.out
    assert "'slow' is none of these" in ran.out


@pytest.mark.parametrize("encoding", ["utf-8:strict", "ascii:strict"])
def test_in_a_pipe_what_is_no_text_is_a_slip(encoding: str) -> None:
    ran = piped(["--setting", "clinic"], "\xff\n40\n\xe4\n1\nquit\n", PYTHONIOENCODING=encoding)
    assert ran.status == 0
    assert "is neither a number nor a state" in ran.out
    assert "is none of these; type numbers from 1 to 2" in ran.out
    assert "age=40 pain_on_grip=yes" in ran.out


def test_in_a_pipe_lines_fit_whatever_is_typed(lines: Run) -> None:
    ran = lines(["--setting", "clinic"], "40\n1\n" + 500 * "x" + "\nquit\n", COLUMNS="50")
    told = [line for line in ran.out.splitlines() if "xxxx" not in line and "To go on" not in line]
    assert max(map(len, told)) < 80
    assert "  1 fall | 2 sudden | 3 gradual | u not sure:" in told
    assert "'" + 57 * "x" + "...' is none of these" in ran.out


def test_in_a_pipe_the_words_do_what_they_say(lines: Run) -> None:
    typed = "40\n1\nwhy\nback\nWHY\n1\nskip\nchange\nnone of them\nstop\nquit\n"
    ran = lines(["--setting", "clinic"], typed)
    assert "none of these" not in ran.out
    assert ran.out.count("Which of these do you have?") == 3
    assert "ended by choice" in ran.out
    assert ran.out.rstrip().endswith("pain_on_grip=yes swelling_noticed=no")


def test_in_a_pipe_one_of_a_list_may_be_unknown(lines: Run) -> None:
    typed = "40\n1 unsure\n1\nback\n1 unsure\n1\nquit\n"
    ran = lines(["--setting", "clinic"], typed)
    assert "Which of these do you not know?" in ran.out
    assert "Ticked so far: 1 unknown. Type all that hold" in ran.out
    assert "Ticked so far: 1. Type all that hold" in ran.out
    assert ran.out.rstrip().endswith("pain_on_grip=yes swelling_noticed=unknown")


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
    ran = lines(words, "change\n1\n2\nquit\n")
    assert (ran.status, ran.err) == (0, "")
    told = " ".join(ran.out.split())
    assert "That does not go together, so nothing has changed: backhand_pain is asked only if tennis is yes" in told
    assert evidence(session) == case["evidence"]


def test_in_a_pipe_what_was_ticked_is_told_when_it_is_changed(lines: Run) -> None:
    ran = lines(["--setting", "clinic", "age=40"], "1\nchange\n1\n1 unknown\nquit\n")
    assert "Ticked so far: 1." in ran.out
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
    assert (policy["threshold"], policy["lists"], policy["asked_of"]) == (1.0, False, ["clinician"])


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
    ran = lines(["--setting", "clinic", "onset=fall"], "40\n2\nx\n")
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
    lines(["--session", str(session), "--setting", "clinic"], "40\n1\n")
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
