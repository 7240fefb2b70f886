"""The command line as a process of its own: pipes, signals, what it imports, how fast and how large it is."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.support.paths import ROOT

Start: TypeAlias = Callable[..., subprocess.Popen[bytes]]  # the fixture of conftest.py
OF_TINY = ("--network", "tests/networks/tiny")
HEAVY = (
    "pandas",
    "matplotlib",
    "scipy",
    "pgmpy",
    "sklearn",
    "torch",
    "statsmodels",
    "huggingface_hub",
    "networkx",
    "numba",
)


def finished(process: subprocess.Popen[bytes]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, (out or b"").decode(), err.decode()


def test_golden_holds_for_a_process(process: Start) -> None:
    golden = (ROOT / "tests/cli/golden/diagnose_one_answer.txt").read_text(encoding="utf-8")
    assert finished(process("diagnose", *OF_TINY, "effusion_felt=yes")) == (0, golden.partition("\n")[2], "")


def test_bad_input_is_one_line_and_2(process: Start) -> None:
    status, out, err = finished(process("diagnose", *OF_TINY, "pain_on_grp=yes"))
    assert (status, out) == (2, "")
    assert err == "bayesknee: unknown finding 'pain_on_grp'; did you mean pain_on_grip?\n"


def test_words_in_another_encoding(process: Start) -> None:
    status, _, err = finished(process("diagnose", *OF_TINY, os.fsdecode(b"tennis=\xff\xe9")))
    assert status == 2
    assert err.count("\n") == 1


@pytest.mark.parametrize("words", [("diagnose",), ("findings", "--json"), ("findings",), ("check",)])
def test_a_closed_pipe_is_quiet(process: Start, words: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    network = OF_TINY if words != ("check",) else OF_TINY[1:]
    try:
        status, _, err = finished(process(*words, *network, stdout=writer))
    finally:
        os.close(writer)
    assert (status, err) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize(
    "words", [("diagnose", *OF_TINY), ("findings", *OF_TINY, "--json"), ("--help",), ("--version",)]
)
def test_a_full_disk_is_told(process: Start, words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        status, _, err = finished(process(*words, stdout=full.fileno()))
    assert (status, err) == (2, "bayesknee: cannot write the output: No space left on device\n")


def test_a_closed_standard_output_is_told() -> None:
    command = f"'{sys.executable}' -m bayesknee diagnose --network tests/networks/tiny >&-"
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "bayesknee: standard output is closed; there is nowhere to write to\n"


def test_a_closed_standard_input_is_told() -> None:
    command = f"'{sys.executable}' -m bayesknee diagnose --network tests/networks/tiny --case - <&-"
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1


def test_ctrl_c_is_130_without_a_traceback(tmp_path: Path) -> None:
    fifo = tmp_path / "case.yaml"
    os.mkfifo(fifo)
    words = [sys.executable, "-m", "bayesknee", "diagnose", *OF_TINY, "--case", str(fifo)]
    waiting = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    # Opening the fifo to write returns once the program opens it to read: it is then within the command.
    with fifo.open("wb"):
        waiting.send_signal(signal.SIGINT)
        status, out, err = finished(waiting)
    assert (status, out) == (130, "")
    assert "Traceback" not in err


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_encoding_will_do(process: Start, encoding: str) -> None:
    assert finished(process("diagnose", *OF_TINY, PYTHONIOENCODING=encoding))[0] == 0


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_diagnose_stays_light(form: tuple[str, ...]) -> None:
    code = f"""
import sys
from bayesknee.cli import main
try:
    main(["diagnose", "--network", "tests/networks/tiny", "age=45", *{form!r}])
except SystemExit as end:
    assert not end.code
print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
print("rich" in sys.modules, file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == f"[]\n{not form}\n"


def test_diagnose_starts_fast_and_small(process: Start) -> None:
    """The shipped network, cold. The bound on time counts the processor's, which other programs disturb least."""
    seconds = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert finished(process("diagnose", "--json", OPENBLAS_NUM_THREADS="1"))[0] == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(seconds) < 2.6  # twice what it takes here: half for a network of 1.3 MB, a fifth for its 14,266 sets


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_diagnose_needs_little_memory(tmp_path: Path) -> None:
    # Not ru_maxrss, which a process inherits from the one that forked it.
    code = """
import sys
from pathlib import Path
from bayesknee.cli import main
try:
    main(["diagnose"])
except SystemExit as end:
    assert not end.code
Path(sys.argv[1]).write_text(Path("/proc/self/status").read_text())
"""
    file = tmp_path / "status"
    subprocess.run([sys.executable, "-c", code, str(file)], cwd=ROOT, capture_output=True, check=True)
    peak = next(line for line in file.read_text().splitlines() if line.startswith("VmHWM:"))
    assert peak.endswith(" kB")
    assert int(peak.split()[1]) < 220_000  # 14,266 sets of causes, and a network of 800 kB
