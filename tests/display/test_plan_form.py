"""A plan as a form to tick."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bayesknee import Engine, load_network
from bayesknee.display.plan_form import in_form_order, plan_text
from tests.support.paths import KNEE_11, NETWORKS
from tests.support.small_networks import condition, finding, network, noisy_or

TINY = load_network(NETWORKS / "tiny")


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)


def test_a_gated_question_says_when_to_answer_it() -> None:
    diagnosis = Engine(TINY).diagnose()
    plan = diagnosis.plan(9)
    text = plan_text(diagnosis, plan)
    numbers = {name: number for number, name in enumerate(in_form_order(TINY, plan), start=1)}
    assert f"{numbers['backhand_pain']:2}  Only if yes in {numbers['tennis']}: Does the backhand hurt?" in text
    assert numbers["tennis"] < numbers["backhand_pain"]


def test_on_paper_the_answers_are_explained() -> None:
    diagnosis = Engine(KNEE_11).diagnose()
    names = ["age", "worst_spot", "lump_noticed"]
    text = " ".join(plan_text(diagnosis, diagnosis.plan(3, within=names)).split())
    assert "does it hurt most? The hollow of the knee is behind it." in text
    assert "[ ] hollow of the knee, inner side" in text
    assert "(in whole years)? _____ years" in text
    assert "behind the knee itself? [ ] no" in text


def test_a_gate_that_is_known_needs_no_mention() -> None:
    diagnosis = Engine(TINY).diagnose({"tennis": "yes"})
    text = plan_text(diagnosis, diagnosis.plan(9))
    assert "Does the backhand hurt?" in text
    assert "Only if" not in text


def test_a_question_comes_after_its_gate_even_where_that_has_a_later_topic() -> None:
    net = network(
        condition("a", 0.6),
        condition("b", 0.6),
        replace(finding("lump", noisy_or(0.1, a=0.8)), topic="last"),
        finding("soft", noisy_or(0.05, a=0.95), only_if={"lump": ("yes",)}),
        topics={"talk": "Talk", "last": "Last"},
    )
    assert in_form_order(net, Engine(net).diagnose().plan(2)) == ["lump", "soft"]


def test_boxes() -> None:
    diagnosis = Engine(TINY).diagnose()
    text = plan_text(diagnosis, diagnosis.plan(9))
    assert "[ ] fall   [ ] sudden   [ ] gradual   [ ] don't know" in text
    assert "_____ years" in text
    assert "Is fluid felt in the joint? [clinician]" in text


@pytest.mark.parametrize("width", [40, 60, 80, 137])
def test_it_fits_any_width_and_boxes_stay_whole(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    diagnosis = Engine(KNEE_11).diagnose({"age": 52})
    plan = diagnosis.plan(3, asked_of="patient", patterns=5, patients=20)
    text = plan_text(diagnosis, plan, warning_signs=diagnosis.warning_signs, details=True)
    assert max(map(len, text.splitlines())) <= width
    assert text.isascii()
    assert not any(line.endswith(("[", "]")) for line in text.splitlines())
    assert " +- " in text
    assert "then an estimate with its standard error (seed 0)" in " ".join(text.split())


def test_warning_signs_come_first_and_nothing_for_the_analyst_stands_below() -> None:
    diagnosis = Engine(KNEE_11).diagnose()
    plan = diagnosis.plan(3, within=["stiff_after_sitting", "pain_deep_squat", "calf_swollen"])
    text = plan_text(diagnosis, plan, warning_signs=diagnosis.warning_signs)
    signs, others = text.split("\nOther questions\n")
    assert signs.index("do not wait for your turn.") < signs.index(" 1  ")
    told = " ".join(signs.split())
    for name in ("calf_swollen", "recent_surgery_or_immobilisation", "active_cancer", "breathless_or_chest_pain"):
        assert " ".join(diagnosis.network.questions[name].question.split()) in told
    for each in plan.questions:
        assert (each.question in " ".join(others.split())) == (each.finding not in diagnosis.warning_signs)
    for word in ("How sure", "Gain", "Right", "stakes", diagnosis.network.version):
        assert word not in text


def test_a_gate_stands_before_a_warning_sign_that_it_opens() -> None:
    diagnosis = Engine(KNEE_11).diagnose()
    text = plan_text(diagnosis, diagnosis.plan(1, within=["age"]), warning_signs=diagnosis.warning_signs)
    lump = re.search(r"(\d+)  Is there a lump, a bulge or a swelling behind the knee", text)
    assert lump
    assert text.count(f"Only if yes in {lump[1]}: ") >= 3
