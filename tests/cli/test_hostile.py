"""What strangers put into files: nothing of it steers a terminal, takes long to refuse, or ends in a traceback."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bayesknee import load_network
from bayesknee.cli.options import print_text
from bayesknee.errors import MOST_JOINED, did_you_mean, few_hints, joined, one_line, printable, quoted, shown_word
from tests.support.paths import ROOT

TINY = "tests/networks/tiny"
ESCAPE = "\x1b]0;PWNED\x07\x1b[2J"
LONG = "a" * 100_000


def clean(text: str) -> bool:
    """Whether it is lines of printable text, none of which is endless."""
    return all(line.isprintable() and len(line) <= 4000 for line in text.splitlines())


CASES: dict[str, object] = {
    "made_with": {
        "session": {"made_with": {"id": f"{ESCAPE}x", "version": "1\nbayesknee: all is well"}},
        "evidence": {"age": 45},
    },
    "name": {"evidence": {f"{ESCAPE}": "yes"}},
    "state": {"evidence": {"tennis": ESCAPE}},
    "nothing": {"evidence": {ESCAPE: None}},
    "key": {"evidence": {}, f"x{ESCAPE}": 1},
    "long name": {"evidence": {LONG: "yes"}},
    "long state": {"evidence": {"tennis": LONG}},
    "many": {"evidence": {f"tenis{number}": "yes" for number in range(9000)}},
    "more": {"evidence": {f"tenis{number}": "yes" for number in range(20000)}},
    "setting": {"evidence": {}, "setting": ESCAPE},
    "network": {"evidence": {}, "network": ESCAPE},
}


@pytest.mark.parametrize("kind", sorted(CASES))
def test_a_case_steers_no_terminal(kind: str, tmp_path: Path, run: Callable[..., Any]) -> None:
    (tmp_path / "case.json").write_text(json.dumps(CASES[kind]))
    network = () if kind == "network" else ("--network", TINY)
    ran = run("diagnose", *network, "--case", str(tmp_path / "case.json"))
    assert ran.status == (0 if kind == "made_with" else 2)
    assert ran.err.count("\n") == 1
    assert clean(ran.err)
    assert clean(ran.out)


def test_an_answer_on_the_command_line_beside_one_of_the_case(tmp_path: Path, refused: Callable[..., str]) -> None:
    (tmp_path / "case.json").write_text(json.dumps({"evidence": {"tennis": ESCAPE}}))
    told = refused("diagnose", "--network", TINY, "--case", str(tmp_path / "case.json"), "tennis=yes")
    assert clean(told)
    assert "tennis is given twice" in told


def test_a_network_steers_no_terminal(tmp_path: Path, run: Callable[..., Any]) -> None:
    folder = Path(shutil.copytree(TINY, tmp_path / "net"))
    (folder / f"z{ESCAPE.replace('/', '')}.yaml").write_text(
        f'topics: {{"{ESCAPE.encode("unicode_escape").decode()}": Topic}}\n"{LONG}": 1\n'.replace("\\x1b", "\\e")
    )
    for words in (("check", str(folder)), ("diagnose", "--network", str(folder))):
        ran = run(*words)
        assert ran.status == 2
        assert clean(ran.err)


def test_cases_steer_no_terminal_and_no_page(tmp_path: Path, run: Callable[..., Any]) -> None:
    evil = {
        "id": f"{ESCAPE}<script>x</script>",
        "title": "a | b\n# c",
        "source": "# Heading\n[x](javascript:y) <b>",
        "label": ["fracture"],
        "evidence": {"tennis": "yes"},
    }
    (tmp_path / "cases.jsonl").write_text(json.dumps(evil) + "\n")
    report = tmp_path / "r.md"
    ran = run("evaluate", str(tmp_path / "cases.jsonl"), "--network", TINY, "--rounds", "0", "--report", str(report))
    assert ran.status == 0
    assert clean(ran.out)
    page = report.read_text(encoding="utf-8")
    assert clean(page)
    assert "<" not in page.replace("&lt;", "")
    assert "&lt;script&gt;x&lt;/script&gt;: a \\| b # c" in page
    assert "\n\\# Heading [x\\](javascript:y) &lt;b&gt;" in page
    assert report.stat().st_mode & 0o777 == 0o600


def test_what_is_printed_keeps_colours_and_loses_what_steers(capsys: pytest.CaptureFixture[str]) -> None:
    print_text(f"\x1b[1;36mbar\x1b[0m\tand{ESCAPE}\x9b2J\r\n")
    assert capsys.readouterr().out == "\x1b[1;36mbar\x1b[0m\tand\\x1b]0;PWNED\\x07\\x1b[2J\\x9b2J\\r\n"


def test_words_of_errors() -> None:
    assert printable("naïve\x1b\n\ud800") == "naïve\\x1b\\n\\ud800"
    assert quoted("\x1b") == "'\\x1b'"
    assert shown_word(LONG) == "a" * 57 + "..."
    assert len(one_line(LONG)) == 4000
    assert joined((str(number) for number in range(20)), most=2) == "0; 1; and 18 more"


def test_hints_are_few_and_never_for_what_is_no_name() -> None:
    known = ["tennis", "strain"]
    assert did_you_mean("tenis", known) == "did you mean tennis?"
    assert did_you_mean("tennis" * 50, ["tennis" * 50]) == ""
    with few_hints(2):
        assert [bool(did_you_mean("tenis", known)) for _ in range(3)] == [True, True, False]
        with few_hints(MOST_JOINED):  # the outer one counts
            assert not did_you_mean("tenis", known)
    assert did_you_mean("tenis", known)


# --- bounds, places and signals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ("evaluate", "tests/networks/tiny_cases.jsonl", "--seed", "-1"),
        ("evaluate", "tests/networks/tiny_cases.jsonl", "--rounds", "1000000000"),
        ("simulate", "-n", "1000000000000", "-o", "x.csv"),
        ("simulate", "-n", "1", "-o", "x.csv", "--seed", str(10**30)),
        ("simulate-interviews", "-n", "1000000000"),
        ("plan", "--seed", str(10**30)),
        ("diagnose", "--intervals", "--draws", "1000000000"),
    ],
)
def test_numbers_out_of_bounds(words: tuple[str, ...], refused: Callable[..., str]) -> None:
    told = refused(*words, "--network", TINY)
    assert "is not in the range" in told or "expected a whole number" in told


@pytest.mark.parametrize("name", [b"\xff\xe9.csv", b"\xff.parquet", b"\xff.yaml", b"\xff.jsonl", b"\xff.json"])
@pytest.mark.parametrize(
    "words",
    [
        ("score", "{}", "-o", "out.csv"),
        ("evaluate", "{}"),
        ("diagnose", "--case", "{}"),
        ("import", "{}", "-o", "new"),
        ("learn", "{}", "-o", "new"),
    ],
    ids=lambda words: words[0],
)
def test_file_names_that_are_no_utf8(
    name: bytes, words: tuple[str, ...], tmp_path: Path, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / os.fsdecode(name)
    path.write_bytes(b"PAR1 rubbish PAR1" if name.endswith(b"parquet") else b"rubbish,{\n")
    network = str(ROOT / TINY)
    monkeypatch.chdir(tmp_path)
    told = [word.format(path) for word in words]
    ran = run(*told, *(() if words[0] == "import" else ("--network", network)))
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert clean(ran.err)
    assert {each.name for each in tmp_path.iterdir()} == {path.name}


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_tables_whose_names_are_no_utf8_are_drawn_scored_and_evaluated(
    suffix: str, tmp_path: Path, run: Callable[..., Any]
) -> None:
    drawn, scored = (str(tmp_path / f"{os.fsdecode(name)}{suffix}") for name in (b"\xff", b"\xfe"))
    network = ("--network", TINY)
    for words in (
        ("simulate", "-n", "20", "-o", drawn),
        ("score", drawn, "-o", scored, "--key", "id", "--ignore", "label"),
        ("evaluate", drawn, "--rounds", "0"),
    ):
        ran = run(*words, *network)
        assert (ran.status, ran.err) == (0, "")
    assert {Path(drawn).name, Path(scored).name} == {each.name for each in tmp_path.iterdir()}


def test_a_picture_on_a_full_disk(tmp_path: Path, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """As matplotlib's writer of PDF has it: what fails while it tidies up hides what came before."""

    def save(*_: object) -> None:
        try:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finally:
            raise AttributeError("'Stream' object has no attribute 'pos'")

    monkeypatch.setattr("bayesknee.plots.save", save)
    told = refused("diagnose", "--network", TINY, "--plot", str(tmp_path / "p.pdf"))
    assert told == f"cannot write {tmp_path}/p.pdf: No space left on device; expected a place with room for it"


def test_hints_among_many_names_are_fewer() -> None:
    many = [f"tennis_{number}" for number in range(3000)]
    with few_hints():
        assert [bool(did_you_mean("tenis_1", many)) for _ in range(4)] == [True, True, True, False]
    assert not did_you_mean("tenis", [f"tennis_{number}" for number in range(10_001)])


def test_a_pipe_as_a_table_is_refused(tmp_path: Path, refused: Callable[..., str]) -> None:
    os.mkfifo(tmp_path / "in.csv")
    for words in (
        ("score", str(tmp_path / "in.csv"), "-o", str(tmp_path / "out.csv")),
        ("evaluate", str(tmp_path / "in.csv")),
    ):
        told = refused(*words, "--network", TINY)
        assert told == f"'{tmp_path}/in.csv' is a folder, pipe or device; expected a file: it is read twice"


def test_sigterm_leaves_nothing_half_written(tmp_path: Path, process: Callable[..., subprocess.Popen[bytes]]) -> None:
    running = process("simulate", "-n", "100000000", "-o", str(tmp_path / "out.csv"), "--network", TINY)
    while running.poll() is None and not any(each.suffix == ".part" for each in tmp_path.iterdir()):
        pass
    running.terminate()
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (143, b"")
    assert b"Traceback" not in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("where", ["bayesknee.cli.group", "click", "numpy", "bayesknee.diagnosis.engine"])
def test_ctrl_c_is_one_line_also_while_things_are_loaded(where: str) -> None:
    code = f"""
import sys
class Interrupted:
    def find_spec(self, name, path=None, target=None):
        if name == {where!r}:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupted())
sys.argv = ["bayesknee", "diagnose", "--network", {TINY!r}]
from bayesknee.__main__ import main
main()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "bayesknee: stopped\n")


def test_ctrl_c_at_work_tells_how_to_go_on(
    tmp_path: Path, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from bayesknee.cohort import score_files

    real = score_files.score_piece
    done: list[int] = []

    def interrupted(compiled: Any, task: Any, piece: Any) -> Any:  # noqa: ANN401 (as `score_piece`)
        if done:
            raise KeyboardInterrupt
        done.append(piece.number)
        return real(compiled, task, piece)

    monkeypatch.setattr(score_files, "score_piece", interrupted)
    monkeypatch.setattr("bayesknee.cohort.tables.reading.PIECE", 5)
    monkeypatch.setattr("bayesknee.cohort.tables.reading.CSV_BLOCK", 30)
    (tmp_path / "in.csv").write_text("tennis\n" + "yes\n" * 40)
    ran = run("score", str(tmp_path / "in.csv"), "-o", str(tmp_path / "out.csv"), "--network", TINY)
    assert ran.status == 130
    assert ran.err == (
        f"bayesknee: stopped; what is done lies in {str(tmp_path / 'out.csv.parts')!r}: go on with --resume, or remove "
        "that folder\n"
    )


def test_the_package_loads_what_is_asked_for() -> None:
    code = "import sys, bayesknee; print('numpy' in sys.modules); bayesknee.Engine; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\nTrue\n"
    assert load_network is __import__("bayesknee").load_network
