"""A disk that is full and a folder that cannot be written to: one line, status 2, and nothing else than before."""

from __future__ import annotations

import json
import os
import resource
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from bayesknee.interop.synthetic import synthetic_document
from tests.support.paths import NETWORKS

TINY: Final = ("--network", str(NETWORKS / "tiny"))
NOBODY: Final = 65534
ROOM: Final = 200  # bytes, which is less than any output has

WRITERS: Final[dict[str, tuple[str, ...]]] = {
    "score": ("score", "{}/in.csv", "-o", "{}/out.csv", "--key", "id", *TINY),
    "score_parquet": ("score", "{}/in.csv", "-o", "{}/out.parquet", *TINY, "--ignore", "id"),
    "simulate": ("simulate", "-n", "50", "-o", "{}/out.csv", *TINY),
    "learn": ("learn", str(NETWORKS / "tiny_cases.jsonl"), "-o", "{}/new", *TINY),
    "import": ("import", "{}/network.json", "-o", "{}/new"),
    "export": ("export", "--format", "bif", "-o", "{}/out.bif", *TINY),
    "report": ("diagnose", "--report", "{}/out.html", *TINY),
    "plot": ("diagnose", "--plot", "{}/out.png", *TINY),
    "evaluate": ("evaluate", str(NETWORKS / "tiny_cases.jsonl"), "--report", "{}/out.md", "--rounds", "0", *TINY),
    "ask": ("ask", "--session", "{}/s.json", *TINY),
}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that others can reach, with input files and an earlier output."""
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    (place / "in.csv").write_text("id,tennis\n" + "".join(f"{row},yes\n" for row in range(40)))
    (place / "network.json").write_text(json.dumps(synthetic_document(5, 8, seed=1)))
    for name in ("out.csv", "out.parquet", "out.bif", "out.html", "out.png", "out.md"):
        (place / name).write_text("old")
    yield place
    place.chmod(0o755)
    shutil.rmtree(place)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def full() -> Iterator[None]:
    """Files end where a disk would be full: the limit that needs no disk of its own."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nobody may write there; root, whom modes do not keep out, is somebody else meanwhile."""
    folder.chmod(0o555)
    user = os.geteuid()
    if not user:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


def tried(run: Callable[..., Any], folder: Path, name: str) -> str:
    """The line of a writer that must be refused."""
    ran = run(*(word.replace("{}", str(folder)) for word in WRITERS[name]), input="1\n45\nyes\nno\n")
    assert ran.status == 2, ran
    assert ran.err.startswith("bayesknee: ")
    assert ran.err.count("\n") == 1
    return str(ran.err)


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk(name: str, folder: Path, run: Callable[..., Any]) -> None:
    before = contents(folder)
    with full():
        told = tried(run, folder, name)
    assert "File too large" in told
    assert contents(folder) == before
    assert not [path for path in folder.iterdir() if path.is_dir()]


@pytest.mark.parametrize("name", WRITERS)
def test_a_folder_that_cannot_be_written_to(name: str, folder: Path, run: Callable[..., Any]) -> None:
    before = contents(folder)
    with read_only(folder):
        told = tried(run, folder, name)
    assert "Permission denied" in told
    assert contents(folder) == before
