"""`bayesknee import`."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

from bayesknee.interop.synthetic import synthetic_document, synthetic_evidence
from tests.interop.test_genie_files import FILE as GENIE
from tests.interop.test_openmarkov_files import TWO


def made_up(tmp_path: Path, **changes: object) -> Path:
    document = synthetic_document(40, 60, seed=2)
    document["evidence"] = synthetic_evidence(document, 4, 6)
    file = tmp_path / "made_up.json"
    file.write_text(json.dumps({**document, **changes}))
    return file


def test_from_a_file_to_a_diagnosis(tmp_path: Path, run: Callable[..., Any]) -> None:
    folder = tmp_path / "network"
    ran = run("import", str(made_up(tmp_path)), "-o", str(folder))
    assert ran.status == 0
    first, second = ran.out.splitlines()
    assert first.endswith("40 conditions, 60 findings in 4 files")
    words = second.removeprefix("Try it: bayesknee ").split()
    diagnosed = run(*words)
    assert diagnosed.status == 0
    assert "And 36 more, together " in diagnosed.out
    assert "placeholders" in diagnosed.out
    assert "more, together" not in run(*words, "--all").out
    assert len(json.loads(run(*words, "--json").out)["posterior"]) == 40
    checked = run("check", str(folder))
    assert checked.status == 0
    assert "too many conditions to say which are told apart worst" in checked.out


def test_intervals_of_a_file_that_states_no_ranges_say_so(tmp_path: Path, run: Callable[..., Any]) -> None:
    folder = tmp_path / "network"
    run("import", str(made_up(tmp_path)), "-o", str(folder))
    words = ("--network", str(folder), "--case", str(next((folder / "cases").iterdir())))
    told = " ".join(run("diagnose", *words, "--intervals").out.split())
    assert "numbers of this network has a range, so none varies: intervals have no width, and tell nothing" in told
    assert "first in" not in told
    found = json.loads(run("diagnose", *words, "--intervals", "--json").out)["intervals"]
    assert found["numbers"] == found["numbers_without_range"] > 100
    assert found["caution"].startswith("None of the ")
    assert found["conditions"][0]["low"] == found["conditions"][0]["high"]
    told = " ".join(run("sensitivity", *words).out.split())
    assert "No number of the network has a range." in told
    assert "what would change that, the nearest first" in told
    assert "(no range), grade D" in told
    assert "side its range" not in told


def test_a_broken_file(tmp_path: Path, refused: Callable[..., str]) -> None:
    file = made_up(tmp_path, conditions=[{"id": "c1", "prior": -1}])
    told = refused("import", str(file), "-o", str(tmp_path / "network"))
    assert told.startswith("made_up.json: conditions.c1.prior: got '-1'; expected a probability from 0 to 1; correct ")
    assert not (tmp_path / "network").exists()


def test_a_folder_that_is_taken(tmp_path: Path, refused: Callable[..., str]) -> None:
    told = refused("import", str(made_up(tmp_path)), "-o", str(tmp_path))
    assert told.endswith("has files in it; expected a new or empty folder; name another one")


BIF = """network coughs {
}
variable flu { type discrete [ 2 ] { no, yes }; }
variable Cough { type discrete [ 2 ] { no, yes }; }
probability ( flu ) { table 0.9, 0.1; }
probability ( Cough | flu ) { table 0.8, 0.3, 0.2, 0.7; }
"""


def test_a_network_of_another_program(tmp_path: Path, run: Callable[..., Any]) -> None:
    (tmp_path / "coughs.bif").write_text(BIF)
    ran = run("import", str(tmp_path / "coughs.bif"), "-o", str(tmp_path / "coughs"), "--conditions", "flu")
    assert ran.status == 0
    assert "Conditions, as named: flu\nFindings: Cough\nRenamed: Cough is cough\n" in ran.out
    assert "flu 28 %" in run("diagnose", "--network", str(tmp_path / "coughs"), "Cough=yes").out  # 0.07 of 0.25


def test_a_condition_that_is_no_node(tmp_path: Path, refused: Callable[..., str]) -> None:
    (tmp_path / "coughs.bif").write_text(BIF)
    told = refused("import", str(tmp_path / "coughs.bif"), "-o", str(tmp_path / "coughs"), "--conditions", "flue")
    assert told == "coughs.bif: got the condition 'flue'; expected a node of it; did you mean flu?"
    assert not (tmp_path / "coughs").exists()


# --- from another program's file to a ranked next question, in two commands ------------------------------------------


def first_question(file: Path, run: Callable[..., Any], *answers: str, options: tuple[str, ...] = ()) -> str:
    """What is asked first, after what was answered."""
    folder = str(file.with_suffix(""))
    ran = run("import", str(file), "-o", folder, *options)
    assert ran.status == 0
    assert f"Try it: bayesknee questions --network {folder}" in ran.out
    asked = run("questions", "--network", folder, *answers)
    assert asked.status == 0
    return next(str(line) for line in asked.out.splitlines() if line.startswith("   1  "))


def test_a_user_of_pgmpy(tmp_path: Path, run: Callable[..., Any]) -> None:
    """Asia, as pgmpy ships it: X-ray sees what a smoker's cough may be, and `either` is what it sees."""
    packed = files("pgmpy").joinpath("utils", "example_models", "asia.bif.gz").read_bytes()
    (tmp_path / "asia.bif").write_bytes(gzip.decompress(packed))
    options = ("--conditions", "tub,lung,bronc")
    assert "either?" in first_question(tmp_path / "asia.bif", run, "smoke=yes", "dysp=yes", options=options)


def test_a_user_of_genie(tmp_path: Path, run: Callable[..., Any]) -> None:
    """Targets, states of faults, questions and costs are in the file: the fever costs thrice the cough."""
    (tmp_path / "cold.xdsl").write_text(GENIE)
    assert "Cough?" in first_question(tmp_path / "cold.xdsl", run)
    assert "How high is the fever?" in run("questions", "--network", str(tmp_path / "cold"), "cough=yes").out


def test_a_user_of_openmarkov(tmp_path: Path, run: Callable[..., Any]) -> None:
    """Purposes tell diseases from tests."""
    (tmp_path / "two.pgmx").write_text(TWO)
    assert "X-ray? [test]" in first_question(tmp_path / "two.pgmx", run, "symptom=present")
