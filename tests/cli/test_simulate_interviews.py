"""`bayesknee simulate-interviews`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

Run: TypeAlias = Callable[..., Any]  # the fixture of conftest.py


def test_the_command(run: Run, tmp_path: Path) -> None:
    words = ("simulate-interviews", "--network", "tests/networks/tiny", "-n", "6")
    ran = run(*words, "--policy", "all", "--policy", "ours", "--json")
    assert ran.status == 0
    found = json.loads(ran.out)
    assert [each["policy"] for each in found["own"]] == ["all", "ours"]
    picture = tmp_path / "picture.svg"
    ran = run(*words, "--policy", "ours", "--markdown", "--plot", str(picture))
    assert ran.out.startswith("Patients of the network itself:\n\n| policy | patients |")
    assert picture.read_text().startswith("<?xml")
    ran = run(*words, "--policy", "all")
    assert "a true one leads" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    assert run(*words, "--policy", "our").status == 2


def test_as_many_patients_as_wanted_each_of_them_once(run: Run) -> None:
    words = ("simulate-interviews", "--network", "tests/networks/tiny", "--policy", "all_lists", "--json")
    for more, patients in [(("-n", "6", "--policy", "all_lists"), 6), (("-n", "51"), 52)]:
        (result,) = json.loads(run(*words, *more).out)["own"]
        assert result["patients"] == patients
