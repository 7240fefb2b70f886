"""Runs the command line within this process, and as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pytest
from click.testing import CliRunner

from bayesknee.cli import main
from tests.support.paths import ROOT

TINY = "tests/networks/tiny"
# Whatever the shell of the developer says of colour, the tests see none unless they ask.
PLAIN = {"COLUMNS": "80", "NO_COLOR": None, "FORCE_COLOR": None, "TTY_COMPATIBLE": None, "TTY_INTERACTIVE": None}


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    status: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture(autouse=True, scope="session")
def _ctrl_c() -> Iterator[None]:
    """What tests start heeds Ctrl-C, although a shell has what it starts in the background ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run("diagnose", "age=45", input="...")` through click's runner, in the checkout's folder."""
    monkeypatch.chdir(ROOT)

    def ran(*words: str, input: str | bytes | None = None, env: Mapping[str, str | None] | None = None) -> Ran:  # noqa: A002
        done = CliRunner().invoke(main, words, input=input, env={**PLAIN, **(env or {})})
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Ran(done.exit_code, done.stdout, done.stderr)

    return ran


@pytest.fixture
def refused(run: Run) -> Callable[..., str]:
    """As `run`, for what must be refused: the one line that says why."""

    def line(*words: str, input: str | bytes | None = None) -> str:  # noqa: A002
        ran = run(*words, input=input)
        assert (ran.status, ran.out) == (2, ""), ran
        assert ran.err.count("\n") == 1, ran.err
        assert ran.err.startswith("bayesknee: ")
        return ran.err.removeprefix("bayesknee: ").rstrip("\n")

    return line


@pytest.fixture
def process() -> Callable[..., subprocess.Popen[bytes]]:
    """Starts `python -m bayesknee` in the checkout's folder, with pipes unless told otherwise."""
    environment = {name: value for name, value in os.environ.items() if name not in PLAIN}

    def started(*words: str, stdout: int | None = subprocess.PIPE, **extra: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "bayesknee", *words],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            env={**environment, "COLUMNS": "80", **extra},
        )

    return started
