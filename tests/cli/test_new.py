"""`bayesknee new`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

OPTIONS: Final = (
    *(
        "--complaint",
        "Shoulder pain",
        "--setting",
        "General practice",
        "--causes",
        "Frozen shoulder, Torn cuff, Infection",
    ),
    *("--dangerous", "Infection", "--question", "Do you have a fever?", "--likely", "Infection"),
)


def test_options_make_a_network_that_works(tmp_path: Path, run: Callable[..., Any]) -> None:
    folder = str(tmp_path / "shoulder")
    ran = run("new", folder, *OPTIONS)
    assert ran.status == 0
    assert "4 conditions, 1 finding, in network.yaml; all figures are placeholders" in ran.out
    assert run("check", folder).out.startswith("ok: shoulder 0.1.0 (Shoulder pain)")
    assert "Do you have a fever?" in run("questions", "--network", folder).out


def test_what_is_missing_is_told_where_there_is_no_terminal(tmp_path: Path, refused: Callable[..., str]) -> None:
    told = refused("new", str(tmp_path / "shoulder"), *OPTIONS[:4])
    assert told == (
        "got no --causes, --question, --likely; expected a terminal to ask at, or all of it as options; add --causes"
    )


def test_six_things_are_asked_at_a_terminal(
    tmp_path: Path, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bayesknee.cli.commands.new._can_ask", lambda: True)
    answers = "Shoulder pain\nGeneral practice\nFrozen shoulder, Torn cuff\n\nIs it stiff?\nFrozen shoulder\n"
    ran = run("new", str(tmp_path / "shoulder"), input=answers)
    assert ran.status == 0
    assert ran.out.count("?") >= 6
    assert "3 conditions, 1 finding" in ran.out


def test_a_network_of_the_user_is_known_by_its_name(
    tmp_path: Path, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And one with faults does not keep the others from being listed."""
    monkeypatch.setenv("BAYESKNEE_NETWORKS", str(tmp_path))
    assert run("new", str(tmp_path / "shoulder"), *OPTIONS).status == 0
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "network.yaml").write_text("network: {}")
    listed = run("networks")
    assert "shoulder 0.1.0: Shoulder pain" in listed.out
    assert "broken cannot be read; `bayesknee check broken` tells why" in listed.err
    assert run("questions", "--network", "shoulder").status == 0
