"""`bayesknee learn`: a new network from labelled cases, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from bayesknee import load_network

Run: TypeAlias = Callable[..., Any]  # the fixture of conftest.py
TINY = "tests/networks/tiny"
CASES = "tests/networks/tiny_cases.jsonl"


def test_a_new_network_and_a_report(run: Run, tmp_path: Path) -> None:
    ran = run("learn", CASES, "--network", TINY, "-o", str(tmp_path / "new"))
    assert (ran.status, ran.err) == (0, "")
    assert "tiny 0.0.1+4_cases: " in ran.out
    assert "conditions.infection.base_rate.any_setting" in ran.out
    network = load_network(tmp_path / "new")
    assert network.version == "0.0.1+4_cases"
    report = (tmp_path / "new" / "LEARNED.md").read_text(encoding="utf-8")
    assert "| conditions.infection.base_rate.any_setting | 0.02 (0.01-0.05) |" in report
    assert run("check", str(tmp_path / "new")).status == 0


def test_json(run: Run, tmp_path: Path) -> None:
    ran = run("learn", CASES, "--network", TINY, "-o", str(tmp_path / "new"), "--json", "--keep-base-rates")
    document = json.loads(ran.out)
    assert document["cases"] == 4
    paths = [move["path"] for move in document["moves"]]
    assert paths
    assert not [path for path in paths if "base_rate" in path]
    assert document["stay"]["kept"] == len([path for path, _ in load_network(TINY).numbers() if "base_rate" in path])


@pytest.mark.parametrize(
    ("cases", "output", "told"),
    [
        (CASES, TINY, "it exists and is the network to learn from; name a new folder"),
        (CASES, "tests", "it exists; name a new folder"),
        (CASES, "no/such/folder", "no folder 'no/such'; make it first"),
        ("tests/cli/golden/version.txt", "new", "is neither a folder of case files nor"),
        ("nowhere", "new", "no such file or folder"),
    ],
)
def test_refused(refused: Callable[..., str], cases: str, output: str, told: str) -> None:
    assert told in refused("learn", cases, "--network", TINY, "-o", output)
    assert not Path("new").exists()


def test_unlabelled_cases_and_unknown_findings(refused: Callable[..., str], tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text('{"evidence": {"tennis": "yes"}}\n{"label": "strain", "evidence": {"tenis": "yes"}}\n')
    told = refused("learn", str(file), "--network", TINY, "-o", str(tmp_path / "new"))
    assert "line 1: no label" in told
    assert "line 2: unknown finding 'tenis'; did you mean tennis?" in told
    assert [each.name for each in tmp_path.iterdir()] == ["cases.jsonl"]
