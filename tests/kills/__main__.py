"""`python -m tests.kills --times N --seed S [--only WRITER]`: writers killed at random moments.

Each writer runs once undisturbed, then `N` times with SIGKILL at a random moment of that time. After each kill, what
bears a final name must be what was there before, or the result, to the byte or as the reader of its kind has it; what
was said to be kept must be there; and the writer must succeed when it is run again.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.kills.writers import WRITERS, Writer


@dataclass
class Outcome:
    """What was found after the kills of a writer."""

    found: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


BEFORE, RESULT, NOTHING = "what was there", "the result", "nothing"


def start(writer: Writer, folder: Path, words: Sequence[str]) -> subprocess.Popen[bytes]:
    """Starts a writer in its folder."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bayesknee", *words],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert process.stdin is not None
    process.stdin.write(writer.typed.encode())
    process.stdin.close()
    return process


def finished(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    assert process.stderr is not None
    told = process.stderr.read().decode()
    return process.wait(), told


def content(path: Path) -> object:
    """What is in a file, or in a folder by name; None where nothing is."""
    if path.is_dir():
        return {str(each.relative_to(path)): each.read_bytes() for each in path.rglob("*") if each.is_file()}
    return path.read_bytes() if path.exists() else None


def kills(writer: Writer, times: int, rng: random.Random) -> Outcome:
    """Kills a writer so many times."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        writer.prepare(folder)
        begun = time.monotonic()
        status, told = finished(start(writer, folder, writer.words))
        longest = time.monotonic() - begun
        assert status == 0, told
        result = {name: content(folder / name) for name in writer.outputs}
        for number in range(times):
            _empty(folder)
            writer.prepare(folder)
            seconds = rng.uniform(0.0, longest)
            told = f"{writer.name} {number} after {seconds:.2f} s"
            _kill(writer, folder, seconds)
            outcome.wrong += [f"{told}: {each}" for each in _look(writer, folder, result, outcome.found)]
            outcome.wrong += [f"{told}, run again: {each}" for each in _again(writer, folder, result)]
    return outcome


def _empty(folder: Path) -> None:
    for each in folder.iterdir():
        shutil.rmtree(each) if each.is_dir() else each.unlink()


def _kill(writer: Writer, folder: Path, seconds: float) -> None:
    process = start(writer, folder, writer.words)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    finished(process)


def _look(writer: Writer, folder: Path, result: Mapping[str, object], found: Counter[str]) -> Iterator[str]:
    """Counts what bears the final names, and gives what is wrong."""
    for name in writer.outputs:
        before = writer.files[name]() if name in writer.files else None
        now = content(folder / name)
        if now is not None and now != before and (now == result[name] or writer.is_good(folder / name)):
            found[RESULT] += 1
        elif now == before:
            found[NOTHING if now is None else BEFORE] += 1
        else:
            yield f"{name} is neither what was there nor the result"


def _again(writer: Writer, folder: Path, result: Mapping[str, object]) -> Iterator[str]:
    """Runs it again, and gives what is wrong then."""
    status, told = finished(start(writer, folder, writer.again(folder)))
    if status:
        yield f"status {status}, {told}"
    for name in writer.outputs:
        if content(folder / name) != result[name] and not writer.is_good(folder / name):
            yield f"{name} is not the result"
    left = {each.name for each in folder.iterdir()} - writer.expected
    if left and writer.tidies:
        yield f"{sorted(left)} is left"


TIMES: Final = 100


def main() -> None:
    """Kills all writers, and prints what was found after each."""
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("--times", type=int, default=TIMES)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=WRITERS, action="append")
    given = parser.parse_args()
    wrong: list[str] = []
    sys.stdout.write(f"| writer | kills | {BEFORE} | {RESULT} | {NOTHING} | wrong |\n|---|--:|--:|--:|--:|--:|\n")
    for name in given.only or WRITERS:
        outcome = kills(WRITERS[name], given.times, random.Random(f"{given.seed} {name}"))
        counts = [outcome.found[kind] for kind in (BEFORE, RESULT, NOTHING)]
        sys.stdout.write(f"| {name} | {given.times} | {' | '.join(map(str, counts))} | {len(outcome.wrong)} |\n")
        sys.stdout.flush()
        wrong += outcome.wrong
    sys.stdout.write("".join(f"{each}\n" for each in wrong))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
