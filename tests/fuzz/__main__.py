"""`python -m tests.fuzz --inputs N --seed S [--only DOOR]`: odd inputs at all doors.

Tells, by door, how many were taken and refused, and the most time and memory that one took. A find is an input that
ends in anything but a result or a refusal, takes more than 5 seconds of the processor, or 500 MB. It is told with its
number, by which `--first` finds it again. Ctrl-C ends it with the table of what was done so far.
"""

from __future__ import annotations

import argparse
import math
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Final

from tests.fuzz.doors import DOORS, REFUSED, TAKEN, FaultError, inside, load_all

MOST_SECONDS: Final = 5.0
MOST_BYTES: Final = 500e6
TIDY: Final = 200  # inputs, after which the folder is emptied
SHOWN: Final = 3_000  # characters of an input


@dataclass
class Tally:
    """What came of the inputs at one door."""

    taken: int = 0
    refused: int = 0
    finds: int = 0
    seconds: float = 0.0
    bytes: float = 0.0


@dataclass(frozen=True)
class Find:
    """An input that went wrong, or took too much."""

    door: str
    number: int
    what: str
    text: str


def fuzz(
    doors: Iterable[str], numbers: Iterable[int], seed: int, folder: Path, tallies: dict[str, Tally]
) -> Iterator[Find]:
    """Puts inputs in, one door after the other, and gives what went wrong."""
    names = tuple(doors)
    for number in numbers:
        name = names[number % len(names)]
        if number % TIDY == 0:
            _empty(folder)
        tally = tallies.setdefault(name, Tally())
        if found := _put(name, number, seed, folder, tally):
            tally.finds += 1
            yield found


def _put(name: str, number: int, seed: int, folder: Path, tally: Tally) -> Find | None:
    trial = DOORS[name](random.Random(f"{seed} {number}"), folder)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    before, start = _status("VmRSS"), time.process_time()
    what = ""
    try:
        outcome = trial.put()
        tally.taken += outcome == TAKEN
        tally.refused += outcome == REFUSED
    except FaultError as error:
        what = str(error)
    except Exception:  # noqa: BLE001 (that is what is looked for)
        what = traceback.format_exc()[-2000:]
    seconds, taken = time.process_time() - start, _status("VmHWM") - before
    tally.seconds, tally.bytes = max(tally.seconds, seconds), max(tally.bytes, taken)
    if seconds > MOST_SECONDS or taken > MOST_BYTES:
        what += f" took {seconds:.1f} s and {taken / 1e6:.0f} MB"
    return Find(name, number, what, trial.text[:SHOWN]) if what else None


def _status(name: str) -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return float(line.split()[1]) * 1024.0


def _empty(folder: Path) -> None:
    for each in folder.iterdir():
        shutil.rmtree(each) if each.is_dir() and not each.is_symlink() else each.unlink()


def table(tallies: dict[str, Tally]) -> Iterator[str]:
    """What came of all, as Markdown."""
    yield "| door | inputs | taken | refused | most time | most memory | finds |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for name, tally in tallies.items():
        count = tally.taken + tally.refused
        yield (
            f"| {name} | {count:,} | {tally.taken:,} | {tally.refused:,} | {tally.seconds:.1f} s "
            f"| {tally.bytes / 1e6:.0f} MB | {tally.finds} |"
        )
    yield f"| all | {sum(each.taken + each.refused for each in tallies.values()):,} | | | | | |"


def main() -> None:
    """Runs, prints finds as they come, and the table at the end."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--seconds", type=float, default=math.inf, help="begin no further input after so many")
    parser.add_argument("--only", choices=DOORS, action="append", help="only this door; repeatable")
    given = parser.parse_args()
    tallies: dict[str, Tally] = {}
    doors = given.only or list(DOORS)
    start = time.monotonic()
    load_all()
    with tempfile.TemporaryDirectory() as place, inside(Path(place)), suppress(KeyboardInterrupt):
        numbers = takewhile(
            lambda _: time.monotonic() - start < given.seconds, range(given.first, given.first + given.inputs)
        )
        for find in fuzz(doors, numbers, given.seed, Path(place), tallies):
            sys.stdout.write(f"FIND {find.door} {find.number}: {find.what}\n  {find.text}\n")
            sys.stdout.flush()
    sys.stdout.write("\n".join([*table(tallies), f"{time.monotonic() - start:.0f} seconds"]) + "\n")
    sys.exit(any(tally.finds for tally in tallies.values()))


if __name__ == "__main__":
    main()
