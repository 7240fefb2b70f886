"""What the commands print, compared with files. `pytest tests/cli --update-golden` writes the files anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

Run: TypeAlias = Callable[..., Any]  # the fixture of conftest.py
ROUNDING = 1e-14  # what should be nought may be as much on another machine
GOLDEN = Path(__file__).parent / "golden"
TINY = ("--network", "tests/networks/tiny")
ANSWERS = ("pain_on_grip=yes", "age=45", "onset=unknown", "swelling_noticed=yes:0.8,no:0.2")

COMMANDS = {
    "diagnose": ("diagnose", *TINY, *ANSWERS),
    "diagnose_one_answer": ("diagnose", *TINY, "effusion_felt=yes"),
    "diagnose_emergency": ("diagnose", *TINY, "--setting", "emergency", "tennis=yes", "fracture=no"),
    "diagnose_implied": ("diagnose", *TINY, "tennis=unknown", "backhand_pain=yes"),
    "diagnose_given": ("diagnose", *TINY, "fracture=yes", "strain=no", "--questions", "0"),
    "diagnose_intervals": ("diagnose", *TINY, *ANSWERS, "--questions", "0", "--intervals", "--draws", "200"),
    "diagnose_intervals_json": (
        "diagnose",
        *TINY,
        "tennis=yes",
        "--questions",
        "0",
        "--intervals",
        "--draws",
        "50",
        "--seed",
        "3",
        "--json",
    ),
    "error_draws": ("diagnose", *TINY, "--intervals", "--draws", "0"),
    "error_draws_alone": ("diagnose", *TINY, "--draws", "10"),
    "diagnose_json": ("diagnose", *TINY, *ANSWERS, "--json"),
    "diagnose_no_questions": ("diagnose", *TINY, "--questions", "0"),
    "diagnose_questions": ("diagnose", *TINY, "--questions", "1", "--asked-of", "clinician", "--asked-of", "test"),
    "plan": ("plan", *TINY, "-k", "9"),
    "plan_json": ("plan", *TINY, "tennis=yes", "--asked-of", "patient", "-k", "2", "--json"),
    "plan_none": ("plan", *TINY, "--asked-of", "test"),
    "questions": ("questions", *TINY, *ANSWERS),
    "questions_danger_json": (
        "questions",
        *TINY,
        "tennis=yes",
        "--objective",
        "danger",
        "--look-ahead",
        "-n2",
        "--json",
    ),
    "questions_filters": ("questions", *TINY, "tennis=yes", "--asked-of", "patient", "--topic", "Pain", "-n", "2"),
    "questions_none": ("questions", *TINY, "--asked-of", "test"),
    "explain": ("explain", "strain", *TINY, *ANSWERS, "backhand_pain=yes"),
    "explain_against": ("explain", "strain", "--against", "fracture", *TINY, "onset=fall", "effusion_felt=yes"),
    "explain_nothing": ("explain", *TINY),
    "explain_json": ("explain", "strain", "--against", "other", *TINY, *ANSWERS, "--json"),
    "sensitivity": ("sensitivity", *TINY, *ANSWERS),
    "sensitivity_group": ("sensitivity", "--condition", "bad", *TINY, "onset=fall", "effusion_felt=yes", "-n", "3"),
    "sensitivity_json": ("sensitivity", *TINY, "onset=fall", "-n", "2", "--json"),
    "findings": ("findings", *TINY),
    "findings_exam": ("findings", *TINY, "--kind", "exam"),
    "findings_none": ("findings", *TINY, "--search", "zebra"),
    "findings_json": ("findings", *TINY, "--json"),
    "check": ("check", "tests/networks/tiny"),
    "diff": (
        "diff",
        "tests/networks/tiny",
        "tests/networks/tiny_changed",
        "--cases",
        "tests/networks/tiny_cases.jsonl",
    ),
    "diff_same": ("diff", "tests/networks/tiny", "tests/networks/tiny"),
    "evaluate": ("evaluate", "tests/networks/tiny_cases.jsonl", *TINY, "--rounds", "100"),
    "evaluate_json": ("evaluate", "tests/networks/tiny_cases.jsonl", *TINY, "--rounds", "0", "--json"),
    "error_no_cases": ("evaluate", *TINY),
    "version": ("--version",),
    "error_unknown_finding": ("diagnose", *TINY, "pain_on_grp=yes"),
    "error_unknown_state": ("diagnose", *TINY, "onset=sudenly"),
    "error_several": ("diagnose", *TINY, "age=300", "onset=slow", "grip=yes"),
    "error_not_a_word": ("diagnose", *TINY, "pain_on_grip", "age="),
    "error_twice": ("diagnose", *TINY, "onset=fall", "onset=gradual"),
    "error_gate": ("diagnose", *TINY, "tennis=no", "backhand_pain=yes"),
    "error_setting": ("diagnose", *TINY, "--setting", "ward"),
    "error_network": ("diagnose", "--network", "posterior_nee"),
    "error_objective": ("questions", *TINY, "--objective", "dangr"),
    "error_burden": ("questions", *TINY, "--most-burden", "0"),
    "error_condition": ("explain", "straim", *TINY, "pain_on_grip=yes"),
    "error_topic": ("findings", *TINY, "--topic", "pian"),
    "error_command": ("dignose",),
}


def shown(run: Run, *words: str) -> str:
    ran = run(*words)
    told = f"--- standard error, exit status {ran.status}\n{ran.err}" if ran.status or ran.err else ""
    return f"$ bayesknee {' '.join(words)}\n{ran.out}{told}"


@pytest.mark.parametrize("name", COMMANDS)
def test_golden(name: str, run: Run, update_golden: bool) -> None:
    got = shown(run, *COMMANDS[name])
    file = GOLDEN / f"{name}.txt"
    if update_golden:
        file.write_text(got, encoding="utf-8")
    wanted = file.read_text(encoding="utf-8")
    if name.endswith("_json"):
        assert got.splitlines()[0] == wanted.splitlines()[0]
        # Figures may differ in their last digit from one machine to another.
        assert nearly(json.loads(got.partition("\n")[2])) == nearly(json.loads(wanted.partition("\n")[2]))
    else:
        assert got == wanted


def nearly(tree: object) -> object:
    if isinstance(tree, float):
        return float(f"{tree:.9g}") if abs(tree) > ROUNDING else 0.0
    if isinstance(tree, dict):
        return {key: nearly(value) for key, value in tree.items()}
    return [nearly(item) for item in tree] if isinstance(tree, list) else tree


def test_no_stray_golden_files() -> None:
    assert {file.stem for file in GOLDEN.iterdir()} == set(COMMANDS)
