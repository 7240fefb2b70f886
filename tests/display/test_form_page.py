"""A plan as a page to be printed: what stands on it, and how long it is."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bayesknee import Engine
from bayesknee.diagnosis.asking.question_plan import QuestionPlan
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.display.form_page import form_page, write_form
from bayesknee.errors import BayeskneeError
from tests.support.paths import KNEE_11, NETWORKS


def planned(diagnosis: Diagnosis, *names: str) -> QuestionPlan:
    """A plan of these questions; what they are worth does not stand on a form."""
    plan = diagnosis.plan(1, within=["age"])
    return replace(plan, questions=tuple(replace(plan.questions[0], finding=name) for name in names))


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page.partition("<body>")[2])).split())


def test_a_form_has_each_question_once_with_its_boxes() -> None:
    diagnosis = Engine(str(NETWORKS / "tiny")).diagnose()
    names = ["age", "onset", "tennis", "backhand_pain"]
    told = words(form_page(diagnosis, planned(diagnosis, *names)))
    for name in names:
        assert told.count(diagnosis.network.questions[name].question) == 1
    tennis = re.search(r"(\d+) Do you play tennis\? yes no \?", told)
    assert tennis
    assert f"Only if yes in {tennis[1]}: Does the backhand hurt? yes no ?" in told
    assert "How did it begin? fall sudden gradual don't know" in told
    assert re.search(r"How old are you\?.{0,40} years", told)


def test_warning_signs_come_first_and_the_page_loads_nothing() -> None:
    diagnosis = Engine(KNEE_11).diagnose()
    page = form_page(diagnosis, planned(diagnosis, "stiff_after_sitting"), diagnosis.warning_signs)
    signs, others = words(page).split("Other questions")
    for name in diagnosis.warning_signs:
        assert diagnosis.network.questions[name].question in signs
    assert diagnosis.network.questions["stiff_after_sitting"].question in others
    assert "do not wait for your turn" in signs
    assert "default-src 'none'" in page
    assert not re.search(r"https?://|src=|@import|<script", page)


def test_text_of_a_network_is_text() -> None:
    engine = Engine(str(NETWORKS / "tiny"))
    network = replace(engine.network, title="<b>Knee & co</b>")
    diagnosis = Engine(network).diagnose()
    assert "&lt;b&gt;Knee &amp; co&lt;/b&gt;" in form_page(diagnosis, planned(diagnosis, "age"))


@pytest.mark.parametrize("network", ["posterior_knee", str(KNEE_11)])
def test_all_warning_signs_and_a_dozen_questions_fit_two_pages(network: str, tmp_path: Path) -> None:
    weasyprint = pytest.importorskip("weasyprint")
    diagnosis = Engine(network).diagnose()
    signs = diagnosis.warning_signs
    others = [
        name
        for name, question in diagnosis.network.questions.items()
        if question.asked_of == "patient" and name not in signs
    ]
    page = form_page(diagnosis, planned(diagnosis, *others[:12]), signs)
    assert len(weasyprint.HTML(string=page).render().pages) <= 2
    file = tmp_path / "form.pdf"
    write_form(diagnosis, planned(diagnosis, *others[:12]), file, signs)
    assert file.read_bytes().startswith(b"%PDF")


def test_another_ending_is_refused(tmp_path: Path) -> None:
    diagnosis = Engine(str(NETWORKS / "tiny")).diagnose()
    with pytest.raises(BayeskneeError, match=r"expected a name that ends in \.html or \.pdf"):
        write_form(diagnosis, planned(diagnosis, "age"), tmp_path / "form.txt")
