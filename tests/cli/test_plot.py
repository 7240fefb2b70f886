"""`--plot`, of `bayesknee diagnose` and `bayesknee plan`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bayesknee import plots
from tests.support.pictures import assert_legible, written

TINY = "tests/networks/tiny"


@pytest.mark.parametrize(("suffix", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_a_picture_beside_the_text(run: Callable[..., object], tmp_path: Path, suffix: str, magic: bytes) -> None:
    path = tmp_path / f"picture.{suffix}"
    words = ("diagnose", "--network", TINY, "effusion_felt=yes")
    assert run(*words, "--plot", str(path)) == run(*words)
    assert path.read_bytes().startswith(magic)


def test_the_picture_bears_the_caution(run: Callable[..., object], monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    monkeypatch.setattr(plots, "save", lambda ax, path: drawn.append((ax, path)))
    run("diagnose", "--network", TINY, "--plot", "a.png", "--json")
    [(ax, path)] = drawn
    assert path == "a.png"
    assert "For tests only." in [each.text for each in written(ax)]
    assert_legible(ax)


@pytest.mark.parametrize("name", ["a.jpg", "a", "-", ""])
def test_other_endings_are_refused(refused: Callable[..., str], name: str) -> None:
    told = refused("diagnose", "--network", TINY, "--plot", name)
    assert told == f"{name!r} does not end as a picture; expected .png, .svg, .pdf; rename it"


def test_a_folder_that_is_not_there(refused: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "a.png"
    told = refused("diagnose", "--network", TINY, "--plot", str(path))
    assert told == f"cannot write {path}: No such file or directory; expected a file in a folder that exists"


def test_a_plan_is_drawn_too(run: Callable[..., object], tmp_path: Path) -> None:
    words = ("plan", "--network", TINY, "-k", "2")
    path = tmp_path / "plan.svg"
    assert run(*words, "--plot", str(path)) == run(*words)
    assert path.read_bytes().startswith(b"<?xml")
