"""`bayesknee template`, and tables with a map on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd
import pytest

Run: TypeAlias = Callable[..., Any]  # the fixtures of conftest.py
TINY = ("--network", "tests/networks/tiny")
FOREIGN = "Nr;Age;Tennis?;Ward;Diagnosis\n1;45,5;Y;A;Tendon strain\n2;NA;n;B;Broken bone\n3;200;n;B;\n"
MAP = "columns: {Age: age, Tennis?: tennis}\nkey: [Nr]\nignore: [Ward]\nlabel: Diagnosis\n"

pytest.importorskip("pyarrow")


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    (tmp_path / "in.csv").write_text(FOREIGN)
    (tmp_path / "map.yaml").write_text(MAP)
    return tmp_path / "in.csv"


def test_an_empty_table(run: Run, tmp_path: Path) -> None:
    out = str(tmp_path / "t.csv")
    ran = run("template", "-o", out, "age", "Tennis", *TINY)
    assert (ran.status, ran.out) == (0, f"2 columns to fill in: {out} and {tmp_path}/t.codebook.csv\n")
    assert (tmp_path / "t.csv").read_text() == "id,age,tennis,label\n"


def test_a_draft(run: Run, foreign: Path) -> None:
    out = str(foreign.with_name("draft.yaml"))
    ran = run("template", "--from", str(foreign), "-o", out, *TINY)
    assert ran.out.splitlines()[0] == f"2 columns guessed, 1 ignored: {out}"
    scored = run("score", str(foreign), "-o", str(foreign.with_name("out.csv")), "--map", out, *TINY)
    assert scored.out.startswith("2 rows scored: ")


def test_a_map(run: Run, foreign: Path) -> None:
    mapped = ("--map", str(foreign.with_name("map.yaml")))
    out = foreign.with_name("out.csv")
    ran = run("score", str(foreign), "-o", str(out), *mapped, *TINY)
    assert ran.out.startswith("2 rows scored: ")
    assert ran.err == (
        "bayesknee: warning: 1 column is not read: 'Ward'\n"
        "bayesknee: warning: a blank is not known, in all 2 columns that are read\n"
    )
    assert pd.read_csv(out)["Nr"].tolist() == [1, 2]
    rejects = str(foreign.with_name("left.csv"))
    ran = run("evaluate", str(foreign), *mapped, "--rejects", rejects, "--rounds", "0", "--json", *TINY)
    told = json.loads(ran.out)
    assert [case["label"] for case in told["results"]] == [["strain"], ["fracture"]]
    assert told["warnings"][-1]["message"] == f"1 row is left out; {rejects} says why"
    folder = foreign.with_name("learned")
    ran = run("learn", str(foreign), "-o", str(folder), *mapped, "--rejects", rejects, *TINY)
    assert (ran.status, (folder / "LEARNED.md").exists()) == (0, True)
    assert len(pd.read_csv(rejects)) == 1


def test_refusals(refused: Run, foreign: Path) -> None:
    out = str(foreign.with_name("out.csv"))
    assert "unknown finding 'aeg' of network tiny; did you mean age?" in refused("template", "-o", out, "aeg", *TINY)
    told = refused("template", "-o", out, "--from", str(foreign), "age", *TINY)
    assert told == "--from drafts the map of all columns; leave the findings out"
    assert "is not named .yaml; give the file that name" in refused(
        "template", "-o", out, "--from", str(foreign), *TINY
    )
    foreign.with_name("broken.yaml").write_text("columns: {Age: aeg}")
    told = refused("score", str(foreign), "-o", out, "--map", str(foreign.with_name("broken.yaml")), *TINY)
    assert told.startswith("broken.yaml:1: columns.Age: got 'aeg'; expected a finding or risk factor; put what is none")
    told = refused("score", str(foreign), "-o", out, *TINY)
    assert told.endswith("; `bayesknee template --from` drafts a map for a foreign table")
    told = refused("score", str(foreign), "-o", out, "--map", str(foreign.with_name("none.yaml")), *TINY)
    assert "none.yaml: got No such file or directory; expected a readable file; check the path" in told
    assert refused("score", str(foreign), "-o", out, "--separator", "x", *TINY).startswith(
        "separator 'x'; expected one"
    )
    told = refused("evaluate", "--ignore", "x", *TINY[:1], "posterior_knee")
    assert "is no table; expected one for --map, --rejects and the like; leave them out" in told
