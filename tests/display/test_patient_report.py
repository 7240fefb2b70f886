"""A report of one patient: complete, closed, and the same as the other outputs say."""

from __future__ import annotations

import re
import stat
import sys
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import pytest

from bayesknee import Diagnosis, Engine, load_network
from bayesknee.diagnosis import wording
from bayesknee.display import patient_report
from bayesknee.display.patient_report import ReportDetails, check_can_write, report_of_patient, write_patient_report
from bayesknee.errors import BayeskneeError, MissingExtraError
from bayesknee.version import __version__
from tests.support.paths import KNEE_11, NETWORKS
from tests.support.pictures import with_long_names

TINY = load_network(NETWORKS / "tiny")
CLOT = {
    "age": 68,
    "calf_swollen": "yes",
    "recent_surgery_or_immobilisation": "yes",
    "fever": "no",
    "locking": "unknown",
}


@pytest.fixture
def diagnosis() -> Diagnosis:
    return Engine(KNEE_11, "emergency").diagnose(CLOT)


def words(page: str) -> str:
    body = page.partition("<body>")[2]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


def test_it_tells_all_in_the_order_of_need(diagnosis: Diagnosis) -> None:
    text = words(report_of_patient(diagnosis, ReportDetails("1 December 2026", "A. B.")))
    told = [
        "1 December 2026",
        "A. B.",
        f"How urgent: {diagnosis.triage.words}",
        wording.not_ruled_out_line(diagnosis.network, diagnosis.not_ruled_out[0]),
        "What is likely",
        wording.others_text(diagnosis.result.others),
        wording.TESTS_HEADING,
        "What usually helps: Same-day medical care",
        wording.scope_line(diagnosis.network),
        f"Made with bayesknee {__version__}, network posterior_knee",
        diagnosis.network.sha256,
        diagnosis.network.caution,
        "Signature",
        "What was answered",
        "Answered no",
        "Not known Locking",
        "What the answers did",
        "The numbers that carried most of it, and their sources",
    ]
    places = [text.index(each) for each in told]
    assert places == sorted(places)


def test_sources_are_of_the_numbers_that_did_most(diagnosis: Diagnosis) -> None:
    text = words(report_of_patient(diagnosis, ReportDetails("today")))
    assert next(iter(diagnosis.posterior)) == "deep_vein_thrombosis"
    first = diagnosis.ledger["deep_vein_thrombosis"].entries[0]
    assert f"grade {first.numbers[0].stated.number.grade}: {first.numbers[0].citation}" in text


def test_bars_and_their_intervals_are_drawn_to_scale(diagnosis: Diagnosis) -> None:
    intervals = diagnosis.intervals(40)
    page = report_of_patient(diagnosis, ReportDetails("today", intervals=intervals))
    drawn = [ET.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", page)]  # noqa: S314 (our own)
    causes = diagnosis.result.causes
    assert len(drawn) == len(causes)
    for svg, cause in zip(drawn, causes, strict=True):
        bar, line = svg.findall("rect")[1], svg.find("line")
        assert line is not None
        assert float(bar.attrib["width"]) == pytest.approx(159 * cause.probability, abs=0.006)
        ends = intervals.conditions[cause.condition]
        assert [(float(line.attrib[x]) - 0.5) / 159 for x in ("x1", "x2")] == pytest.approx(ends, abs=1e-4)
        assert wording.interval_text(ends) in words(page)
    assert "<line" not in report_of_patient(diagnosis, ReportDetails("today"))


def test_it_loads_nothing_and_runs_nothing(diagnosis: Diagnosis) -> None:
    page = report_of_patient(diagnosis, ReportDetails("today", "x"))
    assert not re.search(r"https?:|<script|<link|<img|url\(|@import", page)
    assert "default-src 'none'" in page


def test_text_is_escaped() -> None:
    diagnosis = Engine(with_long_names(TINY)).diagnose({"age": 60, "onset": "fall"})
    page = report_of_patient(diagnosis, ReportDetails("today", "<script>alert(1)</script>"))
    assert "<script" not in page
    assert "<b>" not in page
    assert "<script>alert(1)</script>" in unescape(page)


@pytest.mark.parametrize("patient", ["x" * 101, "a\nb", "\x1b[2J"])
def test_what_cannot_stand_in_the_head_is_refused(patient: str) -> None:
    with pytest.raises(BayeskneeError, match="at most 100 characters that can be printed; shorten it"):
        ReportDetails("today", patient)


def test_nobody_else_can_read_it(diagnosis: Diagnosis, tmp_path: Path) -> None:
    path = tmp_path / "patient.html"
    write_patient_report(diagnosis, path, ReportDetails("today"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["patient.html"]
    assert path.read_text(encoding="utf-8") == report_of_patient(diagnosis, ReportDetails("today"))


def test_a_typical_patient_fits_on_one_page(diagnosis: Diagnosis, tmp_path: Path) -> None:
    try:
        made = patient_report._pdf_maker()  # noqa: SLF001 (what the report is made with, to count its pages)
    except MissingExtraError as missing:
        pytest.skip(str(missing))
    details = ReportDetails("1 December 2026", "A. B.", diagnosis.intervals(40))
    assert len(made(string=report_of_patient(diagnosis, details)).render().pages) == 1
    write_patient_report(diagnosis, path := tmp_path / "patient.pdf", details)
    assert path.read_bytes().startswith(b"%PDF-")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


MANY: Final = {
    **dict.fromkeys(("pain_on_stairs", "stiff_after_sitting", "pain_deep_squat", "worse_with_activity"), "yes"),
    **dict.fromkeys(("eases_with_rest", "tight_behind_knee", "pain_kneeling", "training_load_jump"), "yes"),
    **dict.fromkeys(("locking", "giving_way", "fever", "unwell", "night_pain", "leg_cast", "long_travel"), "no"),
    **dict.fromkeys(("active_cancer", "recent_weight_loss", "knee_hot", "foot_drop", "lump_elsewhere"), "no"),
    **dict.fromkeys(("bladder_or_saddle_trouble", "lump_pulsating", "bruising", "calf_tight_spasm", "pop_felt"), "no"),
    **dict.fromkeys(("twist_injury", "numb_calf_or_sole", "numb_top_of_foot", "back_or_buttock_pain"), "no"),
    **dict.fromkeys(
        ("cannot_straighten", "catching", "lump_noticed", "foot_turns_cold_or_pale", "snapping_tendon"), "no"
    ),
    **dict.fromkeys(
        ("hip_or_groin_pain", "other_joints", "both_knees", "spreads_to_thigh", "front_of_knee_pain"), "no"
    ),
    **dict.fromkeys(("knock_before", "sudden_worsening", "leg_weakness", "tear_sensation"), "no"),
    "age": 68,
    "sex": "female",
    "sport": "none",
}
EMERGENCY: Final = {
    **dict.fromkeys(("calf_swollen", "recent_surgery_or_immobilisation", "previous_clot", "spreads_to_calf"), "yes"),
    **dict.fromkeys(("breathless_or_chest_pain", "rest_pain", "severe_pain"), "yes"),
}


@pytest.mark.parametrize(
    ("answers", "level", "size"), [(MANY, "routine", ""), ({**MANY, **EMERGENCY}, "emergency", "font-size:1.7em")]
)
def test_page_one_holds_what_to_do_of_a_patient_with_many_answers(
    answers: Mapping[str, object], level: str, size: str
) -> None:
    """Only the list of answers, and what each did, may follow on a second page."""
    found = Engine(KNEE_11).diagnose(answers)
    assert len(answers) >= 45
    assert found.triage.level == level
    page = report_of_patient(found, ReportDetails("1 December 2026", "A. B.", found.intervals(40)))
    first, rest = page.split('<div class="long">')
    assert size in first.partition("How urgent")[0]
    assert "Signature" in words(first)
    assert wording.advice_heading(found.result) in words(first)
    assert words("<body>" + rest).startswith("Pain behind the knee; 1 December 2026; A. B. This rests on")
    try:
        made = patient_report._pdf_maker()  # noqa: SLF001 (what the report is made with, to count its pages)
    except MissingExtraError as missing:
        pytest.skip(str(missing))
    assert len(made(string=page).render().pages) <= 2
    assert len(made(string=f"{first}</body></html>").render().pages) == 1


def test_the_ending_may_be_in_capitals(diagnosis: Diagnosis, tmp_path: Path) -> None:
    write_patient_report(diagnosis, tmp_path / "P.HTML", ReportDetails("today"))
    assert (tmp_path / "P.HTML").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_without_what_makes_a_pdf_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'bayesknee\[report\]'; or name a .html file"):
        check_can_write(tmp_path / "patient.pdf")
    check_can_write(tmp_path / "patient.html")


@pytest.mark.parametrize(
    ("name", "told"), [("r.docx", ".html or .pdf"), ("no/r.html", "make it first"), (".", "ends in")]
)
def test_a_place_where_it_cannot_be_is_refused(name: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(BayeskneeError, match=re.escape(told)):
        check_can_write(tmp_path / name)


def test_a_pdf_loads_no_address() -> None:
    with pytest.raises(ValueError, match="file:///etc/passwd"):
        patient_report._no_address("file:///etc/passwd")  # noqa: SLF001 (what WeasyPrint is given)
