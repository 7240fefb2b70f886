"""`bayesknee score` and `bayesknee simulate` on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd
import pytest

Run: TypeAlias = Callable[..., Any]  # the fixtures of conftest.py
TINY = ("--network", "tests/networks/tiny")
NOT_LOOKED = "Whether answers contradict each other was not looked for; --warnings does, some 0.1 s a patient."


@pytest.fixture
def table(tmp_path: Path) -> str:
    path = tmp_path / "in.csv"
    path.write_text("id,age,pain_on_grip,onset\nx,45,yes,\ny,300,no,gradual\nz,,unknown,fall\n")
    return str(path)


def test_score(run: Run, table: str, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    ran = run("score", table, "-o", str(out), "--key", "id", *TINY)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == f"2 rows scored: {out}\n1 row rejected: {tmp_path}/out.rejects.csv says why\n{NOT_LOOKED}\n"
    scores = pd.read_csv(out)
    assert scores["id"].tolist() == ["x", "z"]
    one = json.loads(run("diagnose", "age=45", "pain_on_grip=yes", "--json", *TINY).out)
    for each in one["posterior"]:
        assert scores[each["condition"]][0] == pytest.approx(each["probability"])
    assert scores["log_evidence"][0] == pytest.approx(one["log_evidence"])
    assert scores["triage"][0] == one["triage"]["level"]


def test_json(run: Run, table: str, tmp_path: Path) -> None:
    out, rejects = str(tmp_path / "out.parquet"), str(tmp_path / "bad.csv")
    words = ("score", table, "-o", out, "--ignore", "id", "--rejects", rejects, "--json", "--setting", "emergency")
    ran = run(*words, *TINY)
    counts = {"scored": 2, "rejected": 1}
    assert json.loads(ran.out) == {
        **counts,
        "output": out,
        "rejects": rejects,
        "caution": "",
        "looked_for_conflicts": False,
    }
    assert pd.read_parquet(out)["row"].tolist() == [1, 3]


def test_refusals(refused: Run, table: str, tmp_path: Path) -> None:
    out = str(tmp_path / "out.csv")
    told = refused("score", table, "-o", out, "--key", "onset", "--ignore", "tennis", *TINY)
    assert told == "no column 'tennis'; the table has 'id', 'age', 'pain_on_grip', 'onset'"
    assert refused("score", table, "-o", table, "--key", "id", *TINY).startswith(f"the output {table!r} would replace")
    assert refused("score", "none.csv", "-o", out, *TINY) == "cannot read 'none.csv': no such file; check its name"
    assert refused("score", table, *TINY) == "Missing option '-o' / '--output'; see `bayesknee score --help`"
    assert "no scheduler at 'tcp:" in refused("score", table, "-o", out, "--scheduler", "tcp:x", "--key", "id", *TINY)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv"]


def test_simulate(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "patients.csv"
    words = ("simulate", "-n", "50", "-o", str(out), "--missing", "0.5", "--seed", "4", "pain_on_grip=yes", *TINY)
    ran = run(*words)
    assert (ran.status, ran.out, ran.err) == (0, f"50 patients: {out}\n", "")
    first = out.read_bytes()
    frame = pd.read_csv(out)
    assert len(frame) == 50
    assert set(frame["pain_on_grip"].dropna()) == {"yes"}
    run(*words)
    assert out.read_bytes() == first
    assert run("evaluate", str(out), "--rounds", "0", *TINY).status == 0


def test_simulate_refuses(refused: Run, tmp_path: Path) -> None:
    out = str(tmp_path / "patients.csv")
    assert refused("simulate", "-n", "5", "-o", out, "--missing", "1.2", *TINY) == (
        "a rate of missing answers of 1.2; expected one from 0 to 1"
    )
    assert "did you mean pain_on_grip?" in refused("simulate", "-n", "5", "-o", out, "pain_on_grp=yes", *TINY)
    assert refused("simulate", "-n", "-1", "-o", out, *TINY).startswith("Invalid value for '-n'")
    assert not list(tmp_path.iterdir())
