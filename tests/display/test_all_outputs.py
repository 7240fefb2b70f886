"""What nobody may miss is said by all outputs: the same warning, and no emergency without answers."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from html import unescape
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from bayesknee import Diagnosis, Engine, Interview, load_network
from bayesknee.cohort import score_file
from bayesknee.display.buttons import interview_buttons
from bayesknee.display.explanation import explanation_text
from bayesknee.display.interview import end_text
from bayesknee.display.next_questions import next_questions_text
from bayesknee.display.patient_report import ReportDetails, report_of_patient, write_patient_report
from bayesknee.display.plan_form import plan_text
from bayesknee.display.sensitivity import sensitivity_text
from bayesknee.display.text import diagnosis_text
from bayesknee.errors import MissingExtraError, QuestionError
from bayesknee.interview import Policy
from bayesknee.interview.session import SessionFile
from bayesknee.patient.cases import parse_case, read_case
from bayesknee.plain import plain
from bayesknee.server.app import make_app
from bayesknee.server.limits import BUDGET
from bayesknee.server.networks import Networks
from bayesknee.tool_server.given import HeardAnswer
from bayesknee.tool_server.tools import Tools
from tests.support.paths import KNEE_11, ROOT

NETWORK: Final = load_network(KNEE_11)
CLIENT: Final = TestClient(make_app(Networks.load([str(KNEE_11)], BUDGET)), base_url="http://127.0.0.1")
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
    return report_of_patient(diagnosis, ReportDetails("1 May"))


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


def by_questions(diagnosis: Diagnosis, _: Path) -> str:
    return next_questions_text(diagnosis, diagnosis.rank_questions().first(2), "stakes")


def by_sensitivity(diagnosis: Diagnosis, _: Path) -> str:
    return sensitivity_text(diagnosis, "bakers_cyst")


def by_plan(diagnosis: Diagnosis, _: Path) -> str:
    return plan_text(diagnosis, diagnosis.plan(1, within="locking"))


def by_pdf(diagnosis: Diagnosis, folder: Path) -> str:
    reader = shutil.which("pdftotext")
    if reader is None:
        pytest.skip("pdftotext is not installed")
    try:
        write_patient_report(diagnosis, folder / "r.PDF", ReportDetails("1 May"))
    except MissingExtraError as missing:
        pytest.skip(str(missing))
    return subprocess.run([reader, "-layout", folder / "r.PDF", "-"], capture_output=True, text=True, check=True).stdout


def by_server(diagnosis: Diagnosis, _: Path) -> str:
    answer = CLIENT.post("/v1/diagnose", json={"evidence": plain(diagnosis.evidence.answers)})
    return " ".join(warning["message"] for warning in answer.json()["warnings"])


def by_server_interview(diagnosis: Diagnosis, _: Path) -> str:
    answer = CLIENT.post("/v1/interview", json={"evidence": plain(diagnosis.evidence.answers)})
    return " ".join(warning["message"] for warning in answer.json()["warnings"])


def by_server_report(diagnosis: Diagnosis, _: Path) -> str:
    return CLIENT.post("/v1/report", json={"evidence": plain(diagnosis.evidence.answers)}).text


def by_tool(diagnosis: Diagnosis, _: Path) -> str:
    answers = diagnosis.evidence.answers.items()
    heard = [
        HeardAnswer.model_validate({"finding": name, "state": str(state), "quote": "so"}) for name, state in answers
    ]
    found = Tools(NETWORK, diagnosis.setting).diagnose(heard)
    return " ".join(warning.message for warning in found.warnings)


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
    "questions": by_questions,
    "sensitivity": by_sensitivity,
    "plan": by_plan,
    "pdf": by_pdf,
    "server": by_server,
    "server, interview": by_server_interview,
    "server, report": by_server_report,
    "tool": by_tool,
}
# Those that tell all of a result.
RESULTS: Final = ("text", "notebook", "report", "interview", "buttons")


def in_one_line(shown: str) -> str:
    """What is read, without markup and ends of lines."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", shown)).split())


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("kind", PATIENTS)
def test_the_same_warning_in_every_output(kind: str, output: str, tmp_path: Path) -> None:
    diagnosis = Engine(NETWORK).diagnose(PATIENTS[kind])
    (warning,) = (each for each in diagnosis.warnings if each.kind == kind)
    assert warning.message in in_one_line(OUTPUTS[output](diagnosis, tmp_path))


SKIPPING: Final = {"age": 50, "lump_noticed": "yes", "calf_swollen": "no"}


@pytest.mark.parametrize("output", ["text", "notebook", "report", "pdf"])
def test_a_warning_sign_that_was_skipped_or_not_asked_is_told(output: str, tmp_path: Path) -> None:
    diagnosis = Engine(NETWORK).diagnose(SKIPPING, skipped=["lump_pulsating", "calf_swollen"])
    assert diagnosis.skipped == ("lump_pulsating",)  # the other one is answered
    shown = in_one_line(OUTPUTS[output](diagnosis, tmp_path))
    assert "Not known, and more urgent if so: Lump that beats." in shown
    assert "Not asked, and more urgent if so: New breathlessness or chest pain; " in shown
    assert re.search("Skipped:? +Beating lump or throbbing behind the knee", shown)
    assert "It weighs 10 causes, not a torn anterior cruciate" in shown


def test_what_was_skipped_stays_with_an_interview_its_case_and_its_json(tmp_path: Path) -> None:
    interview = Interview(Engine(NETWORK), SKIPPING, Policy(ask_scope=False))
    while interview.question and interview.question.id != "warnings":
        interview.skip()
    interview.skip()
    interview.stop()
    assert {"lump_pulsating", "breathless_or_chest_pain"} <= set(interview.diagnosis.skipped)
    told = re.search("Not known, and more urgent if so: ([^.]*)", in_one_line(end_text(interview)))
    assert told is not None
    assert {"New breathlessness or chest pain", "Lump that beats"} <= set(told[1].split("; "))
    with SessionFile(tmp_path / "s.json") as file:
        file.write(interview)
    case = read_case(tmp_path / "s.json")
    again = Engine(NETWORK).diagnose(case.evidence, skipped=case.skipped)
    assert again.skipped == interview.diagnosis.skipped
    printed = again.to_dict()
    assert parse_case(json.dumps(printed).encode(), "r.json").skipped == again.skipped
    assert "breathless_or_chest_pain" in printed["result"]["not_known_flags"]
    heard = [HeardAnswer.model_validate({"finding": "calf_swollen", "state": "no", "quote": "no"})]
    tool = Tools(NETWORK, "primary_care").diagnose(heard, skipped=list(again.skipped))
    assert "New breathlessness or chest pain" in tool.urgency.open
    sent = CLIENT.post("/v1/diagnose", json={"evidence": plain(case.evidence), "skipped": list(case.skipped)}).json()
    assert sent["skipped"] == list(again.skipped)
    with pytest.raises(QuestionError, match="unknown question 'lump_pulsatin'; did you mean lump_pulsating"):
        Engine(NETWORK).diagnose({}, skipped=["lump_pulsatin"])


@pytest.mark.parametrize("command", ["diagnose", "explain"])
@pytest.mark.parametrize("kind", PATIENTS)
def test_the_same_warning_at_the_command_line(kind: str, command: str) -> None:
    words = [f"{name}={state}" for name, state in PATIENTS[kind].items()]
    (warning,) = (each for each in Engine(NETWORK).diagnose(PATIENTS[kind]).warnings if each.kind == kind)
    ran = subprocess.run(
        [sys.executable, "-m", "bayesknee", command, "--network", str(KNEE_11), *words, "--json"],
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
    for name in RESULTS:
        shown = in_one_line(OUTPUTS[name](diagnosis, tmp_path))
        assert f"How urgent: {diagnosis.triage.words}" in shown
        assert "be seen now" not in shown
        assert "today" not in shown
    assert json.loads(json.dumps(diagnosis.to_dict()))["triage"]["level"] == diagnosis.triage.level
    blank = engine.score(pd.DataFrame({"age": [None], "calf_swollen": [None]}), warnings=True)
    assert (blank["triage"].iloc[0], blank["warnings"].iloc[0]) == (diagnosis.triage.level, "")
    (tmp_path / "in.csv").write_text("id,age\n1,\n", encoding="utf-8")
    score_file(engine, tmp_path / "in.csv", tmp_path / "out.parquet", key=["id"])
    assert str(pq.read_table(tmp_path / "out.parquet")["triage"][0]) == diagnosis.triage.level
