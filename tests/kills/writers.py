"""The commands that write, each with what it starts from and what it leaves."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from bayesknee import Engine, load_network
from bayesknee.interop.synthetic import synthetic_document
from tests.support.paths import NETWORKS, ROOT

TINY: Final = str(NETWORKS / "tiny")
OF_TINY: Final = ("--network", TINY)


def never(_path: Path) -> bool:
    return False


@dataclass(frozen=True)
class Writer:
    """A command that writes.

    Attributes:
        words: of the command line.
        outputs: what it writes, in its folder.
        files: what its folder holds before, by name.
        more: words of the run after a kill.
        typed: what is typed.
        is_good: whether an output that is neither as before nor as the result is whole all the same.
        tidies: whether a run after a kill leaves nothing of the one that was killed.
    """

    name: str
    words: tuple[str, ...]
    outputs: tuple[str, ...]
    files: Mapping[str, Callable[[], bytes]]
    more: tuple[str, ...] = ()
    typed: str = ""
    is_good: Callable[[Path], bool] = never
    tidies: bool = True

    @property
    def expected(self) -> set[str]:
        """All that may be in the folder at the end."""
        return {*self.files, *self.outputs}

    def prepare(self, folder: Path) -> None:
        """Puts the files there."""
        for name, made in self.files.items():
            (folder / name).write_bytes(made())

    def again(self, folder: Path) -> tuple[str, ...]:
        """The words of a run after a kill; a new folder that is there already needs no further run."""
        if any((folder / name).is_dir() for name in self.outputs):
            return ("--version",)
        return (*self.words, *self.more)


@cache
def patients() -> bytes:
    """A table of 20,000 patients."""
    from bayesknee.cohort.simulate import simulate

    frame = simulate(Engine(TINY), 20_000, missing=0.3)
    return bytes(frame.to_csv(index=False).encode())


@cache
def imported() -> bytes:
    return json.dumps(synthetic_document(40, 300, seed=1)).encode()


def old() -> bytes:
    return b"old"


def is_session(path: Path) -> bool:
    """Whether a session is whole, with as many answers as were said to be kept so far; it is written after each."""
    case = json.loads(path.read_bytes())
    return set(case) >= {"evidence", "session", "setting"} and bool(case["session"]["program"])


def is_page(path: Path) -> bool:
    """Whether a page is whole; it tells the time at which it was made."""
    return path.read_bytes().rstrip().endswith(b"</html>")


def is_network(path: Path) -> bool:
    """Whether a network can be read; what learned it tells the day."""
    return bool(load_network(path).conditions)


def cases() -> bytes:
    return (ROOT / "tests/networks/tiny_cases.jsonl").read_bytes()


WRITERS: Final[Mapping[str, Writer]] = {
    writer.name: writer
    for writer in (
        Writer(
            "score",
            ("score", "in.csv", "-o", "out.csv", "--key", "id", "--ignore", "label", *OF_TINY),
            ("out.csv",),
            {"in.csv": patients, "out.csv": old},
            more=("--resume",),
        ),
        Writer("simulate", ("simulate", "-n", "20000", "-o", "out.csv", *OF_TINY), ("out.csv",), {"out.csv": old}),
        Writer(
            "learn",
            ("learn", "cases.jsonl", "-o", "new", *OF_TINY),
            ("new",),
            {"cases.jsonl": cases},
            is_good=is_network,
        ),
        Writer("import", ("import", "network.json", "-o", "new"), ("new",), {"network.json": imported}),
        Writer("export", ("export", "--format", "bif", "-o", "out.bif"), ("out.bif",), {"out.bif": old}, tidies=False),
        Writer(
            "ask",
            ("ask", "--session", "s.json", *OF_TINY),
            ("s.json",),
            {},
            typed="1\n45\n1\n1\n2\n1\nyes\nno\n1\n1\n",
            is_good=is_session,
        ),
        Writer(
            "diagnose --report",
            ("diagnose", "--report", "out.html", "age=45", *OF_TINY),
            ("out.html",),
            {"out.html": old},
            is_good=is_page,
            tidies=False,
        ),
        Writer(
            "evaluate --report",
            ("evaluate", "cases.jsonl", "--report", "out.html", "--rounds", "0", *OF_TINY),
            ("out.html",),
            {"cases.jsonl": cases, "out.html": old},
            is_good=is_page,
            tidies=False,
        ),
        Writer(
            "diagnose --plot",
            ("diagnose", "--plot", "out.png", "age=45", *OF_TINY),
            ("out.png",),
            {"out.png": old},
            tidies=False,
        ),
    )
}
