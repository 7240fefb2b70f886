"""What nobody may miss is said by all outputs: the same warning, and no emergency without answers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from html import unescape
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow.parquet as pq
import pytest

from bayesknee import Diagnosis, Engine, Interview, load_network
from bayesknee.cohort import score_file
from bayesknee.display.buttons import interview_buttons
from bayesknee.display.explanation import explanation_text
from bayesknee.display.interview import end_text
from bayesknee.display.patient_report import ReportDetails, report_of_patient
from bayesknee.display.text import diagnosis_text
from tests.support.paths import ROOT

NETWORK: Final = load_network("posterior_knee")
CONTRADICTS: Final = {
    "lump_noticed": "no",
    "popliteal_mass_palpable": "yes",
    "mri_popliteal_cyst": "yes",
    "ultrasound_popliteal_cyst": "no",
}
SET_ASIDE: Final = {
    "age": "age_45_59",
    "calf_swollen": "yes",
    "previous_clot": "yes",
    "ultrasound_vein_not_compressible": "no",
    "d_dimer_raised": "no",
}
PATIENTS: Final = {"conflict": CONTRADICTS, "set_aside": SET_ASIDE}


def shown_by_buttons(widget: object) -> str:
    """All HTML of a widget."""
    inner = "".join(map(shown_by_buttons, getattr(widget, "children", ())))
    return inner + str(getattr(widget, "value", ""))


def by_text(diagnosis: Diagnosis, _: Path) -> str:
    return diagnosis_text(diagnosis)


def by_json(diagnosis: Diagnosis, _: Path) -> str:
    return " ".join(warning["message"] for warning in json.loads(json.dumps(diagnosis.to_dict()))["warnings"])


def by_notebook(diagnosis: Diagnosis, _: Path) -> str:
    return diagnosis._repr_html_()


def by_explanation(diagnosis: Diagnosis, _: Path) -> str:
    return explanation_text(diagnosis, "bakers_cyst")


def by_report(diagnosis: Diagnosis, _: Path) -> str:
    return report_of_patient(diagnosis, ReportDetails("today"))


def by_interview(diagnosis: Diagnosis, _: Path) -> str:
    interview = Interview(Engine(NETWORK, diagnosis.setting), dict(diagnosis.evidence.answers))
    interview.stop()
    return end_text(interview)


def by_buttons(diagnosis: Diagnosis, _: Path) -> str:
    interview = Interview(Engine(NETWORK, diagnosis.setting), dict(diagnosis.evidence.answers))
    interview.stop()
    return shown_by_buttons(interview_buttons(interview))


def by_frame(diagnosis: Diagnosis, _: Path) -> str:
    frame = pd.DataFrame([dict(diagnosis.evidence.answers)])
    return str(Engine(NETWORK, diagnosis.setting).score(frame, warnings=True)["warnings"].iloc[0])


def by_file(diagnosis: Diagnosis, folder: Path) -> str:
    pd.DataFrame([dict(diagnosis.evidence.answers)]).to_csv(folder / "in.csv", index=False)
    score_file(Engine(NETWORK, diagnosis.setting), folder / "in.csv", folder / "out.parquet", warnings=True)
    return str(pq.read_table(folder / "out.parquet")["warnings"][0])


OUTPUTS: Final[Mapping[str, Callable[[Diagnosis, Path], str]]] = {
    "text": by_text,
    "json": by_json,
    "notebook": by_notebook,
    "explanation": by_explanation,
    "report": by_report,
    "interview": by_interview,
    "buttons": by_buttons,
    "frame": by_frame,
    "file": by_file,
}


def in_one_line(shown: str) -> str:
    """What is read, without markup and ends of lines."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", shown)).split())


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("kind", PATIENTS)
def test_the_same_warning_in_every_output(kind: str, output: str, tmp_path: Path) -> None:
    diagnosis = Engine(NETWORK).diagnose(PATIENTS[kind])
    (warning,) = (each for each in diagnosis.warnings if each.kind == kind)
    assert warning.message in in_one_line(OUTPUTS[output](diagnosis, tmp_path))


@pytest.mark.parametrize("command", ["diagnose", "explain"])
@pytest.mark.parametrize("kind", PATIENTS)
def test_the_same_warning_at_the_command_line(kind: str, command: str) -> None:
    words = [f"{name}={state}" for name, state in PATIENTS[kind].items()]
    (warning,) = (each for each in Engine(NETWORK).diagnose(PATIENTS[kind]).warnings if each.kind == kind)
    ran = subprocess.run(
        [sys.executable, "-m", "bayesknee", command, *words, "--json"],
        cwd=ROOT, capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "80"},
    )  # fmt: skip
    assert warning.to_dict() in json.loads(ran.stdout)["warnings"]


def test_each_warning_names_the_answers() -> None:
    (conflict,) = Engine(NETWORK).diagnose(CONTRADICTS).warnings
    assert conflict.answers == ("ultrasound_popliteal_cyst=no", "mri_popliteal_cyst=yes")
    assert "Ultrasound: popliteal cyst: no; MRI: popliteal cyst: yes" in conflict.message
    (flag,) = Engine(NETWORK).diagnose(SET_ASIDE).warnings
    assert flag.answers == ("calf_swollen=yes", "previous_clot=yes")


@pytest.mark.parametrize("setting", NETWORK.settings)
def test_nobody_is_an_emergency_without_answers_in_any_output(setting: str, tmp_path: Path) -> None:
    engine = Engine(NETWORK, setting)
    diagnosis = engine.diagnose()
    assert diagnosis.triage.level not in {"emergency", "same_day", "urgent"}
    outputs = {name: output for name, output in OUTPUTS.items() if name not in {"frame", "file", "json", "explanation"}}
    for output in outputs.values():
        shown = in_one_line(output(diagnosis, tmp_path))
        assert f"How urgent: {diagnosis.triage.words}" in shown
        assert "be seen now" not in shown
        assert "today" not in shown.replace("Date: today", "")
    assert json.loads(json.dumps(diagnosis.to_dict()))["triage"]["level"] == diagnosis.triage.level
    blank = engine.score(pd.DataFrame({"age": [None], "calf_swollen": [None]}), warnings=True)
    assert (blank["triage"].iloc[0], blank["warnings"].iloc[0]) == (diagnosis.triage.level, "")
    (tmp_path / "in.csv").write_text("id,age\n1,\n", encoding="utf-8")
    score_file(engine, tmp_path / "in.csv", tmp_path / "out.parquet", key=["id"])
    assert str(pq.read_table(tmp_path / "out.parquet")["triage"][0]) == diagnosis.triage.level
