"""`--report` of `bayesknee diagnose` and `bayesknee ask`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TINY = ("--network", "tests/networks/tiny")


def test_diagnose_writes_a_page_and_prints_as_ever(run: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    plain = run("diagnose", *TINY, "onset=fall", "--json")
    with_report = run("diagnose", *TINY, "onset=fall", "--json", "--report", str(path), "--patient", "No. 17")
    assert (with_report.out, with_report.err) == (plain.out, "")
    page = path.read_text(encoding="utf-8")
    assert "No. 17" in page
    assert "95 % interval" in page
    assert "17" not in json.dumps(json.loads(plain.out)["evidence"])


def test_an_interview_ends_in_a_page(run: Callable[..., Any], tmp_path: Path) -> None:
    path, session = tmp_path / "r.html", tmp_path / "s.json"
    words = ("ask", *TINY, "--setting", "clinic", "age=40", "onset=fall", "swelling_noticed=yes", "pain_on_grip=no")
    ran = run(*words, "--report", str(path), "--patient", "AB", "--session", str(session), input="stop\nquit\n")
    assert ran.status == 0
    assert f"The report is in {path}." in ran.out
    page = path.read_text(encoding="utf-8")
    assert "AB" in page
    assert "Swollen after a sudden start" in page or "A swelling that came suddenly" in page
    assert "AB" not in session.read_text(encoding="utf-8")
    assert "--patient" not in ran.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--report", "r.txt"), "expected a name that ends in .html or .pdf"),
        (("--patient", "AB"), "--patient goes with --report; add it, or leave it out"),
        (("--report", "no_such_folder/r.html"), "no folder 'no_such_folder'; make it first"),
        (("--report", "r.html", "--patient", "x" * 101), "at most 100 characters"),
    ],
)
def test_what_cannot_be_is_told_before_the_work(refused: Callable[..., str], words: tuple[str, ...], told: str) -> None:
    assert told in refused("diagnose", *TINY, "onset=fall", *words)
    assert not Path("r.html").exists()


def test_that_the_network_is_not_for_a_patient_stands_before_the_result(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    case, path = tmp_path / "case.json", tmp_path / "r.html"
    case.write_text(json.dumps({"evidence": {"age": 70}, "scope": {"known": "artificial_joint"}}), encoding="utf-8")
    ran = run("diagnose", "--case", str(case), "--report", str(path))
    page = path.read_text(encoding="utf-8")
    assert "is outside what posterior_knee is for: It has an artificial joint." in ran.err
    assert page.index("Warning: the patient is outside what posterior_knee is for") < page.index("How urgent")
    assert "Ask the surgical team that did it" in page
