"""Evaluation of a small network, and of the network that ships on its development cases."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bayesknee import Engine, load_network
from bayesknee.cohort import LabelledCase, check_cases, evaluate, read_labelled
from bayesknee.display.evaluation import evaluation_text
from bayesknee.display.evaluation_report import SUFFIXES, write_report
from bayesknee.errors import BayeskneeError, ImpossibleEvidenceError
from bayesknee.files import check_report_path
from bayesknee.patient.cases import Case
from bayesknee.patient.codes import decode
from bayesknee.patient.evidence import NOTHING_KNOWN
from tests.support.paths import KNEE_11, NETWORKS

TINY = load_network(NETWORKS / "tiny")
CASES = check_cases(
    [
        Case(
            id="fell", label=("fracture",), setting="emergency", evidence={"onset": "fall", "swelling_noticed": "yes"}
        ),
        Case(id="tennis", label=("strain",), evidence={"tennis": "yes", "backhand_pain": "yes"}),
        Case(id="missed", label=("infection",), evidence={"pain_on_grip": "yes"}),
        Case(id="none", label=("other",), evidence={"pain_on_grip": "no"}),
    ],
    TINY,
)
EVALUATION = evaluate(TINY, CASES, rounds=50)


def test_each_case_is_diagnosed_in_its_setting() -> None:
    for case, result in zip(CASES, EVALUATION.results, strict=True):
        wanted = Engine(TINY, case.setting).diagnose(case.evidence)
        assert result.diagnosis == wanted
        assert result.posterior == pytest.approx(dict(wanted.posterior))


def test_ranks_levels_and_failures() -> None:
    assert [each.rank for each in EVALUATION.results][:2] == [1, 1]
    assert [each.case.id for each in EVALUATION.failures] == ["missed"]
    assert EVALUATION.engine.top1.value == 0.75
    assert [each.needed for each in EVALUATION.results] == ["emergency", "routine", "emergency", "routine"]


def test_cases_that_the_network_does_not_name() -> None:
    assert (EVALUATION.unnamed.cases, EVALUATION.unnamed.led) == (1, 1)


def test_plain_data_has_no_nan() -> None:
    import json

    plain = json.loads(json.dumps(EVALUATION.to_dict(), allow_nan=False))
    assert plain["cases"] == 4
    assert plain["measures"]["bayesknee"]["top1"]["value"] == 0.75
    assert plain["results"][2]["rank"] == EVALUATION.failures[0].rank


def test_frame() -> None:
    frame = EVALUATION.to_frame()
    assert frame.loc[("top1", "bayesknee"), "value"] == 0.75
    assert set(frame.index.get_level_values("forecaster")) == {"bayesknee", "naive_bayes"}


def test_no_cases() -> None:
    with pytest.raises(ValueError, match="no cases"):
        evaluate(TINY, [])


def test_without_rounds_there_are_no_intervals() -> None:
    cases = check_cases([Case(label=("infection",))], TINY)
    assert evaluation_text(evaluate(TINY, cases, rounds=0), 0).splitlines()[1] == "Without intervals"


# --- reports ---------------------------------------------------------------------------------------------------------


def test_html_report_holds_its_plots_and_escapes_text(tmp_path: Path) -> None:
    risky = check_cases([Case(id="<b>", title="a & b", label=("infection",), source="<script>")], TINY)
    write_report(evaluate(TINY, risky, rounds=0), tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert text.count("data:image/png;base64,") == 2
    assert "&lt;script&gt;" in text
    assert "<script>" not in text
    assert "bootstrap" not in text
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]


def test_markdown_report_has_its_plots_beside_it(tmp_path: Path) -> None:
    write_report(EVALUATION, tmp_path / "report.md")
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "| True condition first | 75 %" in text
    assert f"In brackets 95 % intervals from {EVALUATION.rounds} bootstrap samples, seed 0. Beside" in text
    assert "![Calibration](report_calibration.png)" in text
    assert (tmp_path / "report_calibration.png").read_bytes().startswith(b"\x89PNG")
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize(("name", "told"), [("report.pdf", "ends in .html or .md"), ("no/report.md", "no folder 'no'")])
def test_report_paths_that_are_refused(name: str, told: str) -> None:
    with pytest.raises(BayeskneeError, match=told):
        check_report_path(name, SUFFIXES)


# --- the network that ships ------------------------------------------------------------------------------------------


def test_development_cases_of_the_posterior_knee() -> None:
    """Bounds a little below what was measured: they warn of a change for the worse, and are no target to tune to."""
    network = load_network(KNEE_11)
    cases = read_labelled(KNEE_11 / "cases", network)
    found = evaluate(network, cases, rounds=0)
    assert len(cases) == 59
    assert found.engine.top1.value * 59 >= 37
    assert found.engine.top3.value * 59 >= 48
    assert found.engine.log_loss.value < found.baseline.log_loss.value < 0.3
    assert found.engine.under_triage.value <= 0.05


def test_an_unsure_answer_is_diagnosed_like_any_other() -> None:
    soft, hard = ({"onset": {"fall": 0.8, "sudden": 0.1, "gradual": 0.1}}, {"onset": "fall"})
    given = check_cases([Case(label=("fracture",), evidence=each) for each in (soft, hard, {"strain": "no"})], TINY)
    for result in evaluate(TINY, given, rounds=0).results:
        wanted = Engine(TINY, "clinic").diagnose(result.case.evidence)
        assert list(result.posterior) == list(wanted.posterior)
        assert result.posterior == pytest.approx(dict(wanted.posterior))
        assert result.called == wanted.triage.level


def test_answers_that_cannot_be_true_together_are_told() -> None:
    no = {"no": 1.0, "yes": 0.0}
    given = check_cases([Case(label=("strain",), evidence=dict.fromkeys(TINY.conditions, no))], TINY)
    with pytest.raises(ImpossibleEvidenceError, match="cannot all be true"):
        evaluate(TINY, given)


def test_why_another_condition_leads() -> None:
    (missed,) = EVALUATION.failures
    account = missed.missed
    assert account is not None
    assert (account.subject, account.against) == ("strain", "infection")
    assert sum(entry.share for entry in account.entries) == pytest.approx(account.change)
    assert EVALUATION.results[0].missed is None


@pytest.mark.slow
def test_evaluation_agrees_with_a_network_on_its_own_patients() -> None:
    """Patients drawn from the network: its posteriors come true as often as they say, and no forecaster is sharper."""
    sample = Engine(TINY, "clinic").compiled.strategy.sample(NOTHING_KNOWN, 3000, np.random.default_rng(1))
    names = np.array(list(TINY.conditions))
    drawn = [
        LabelledCase(str(row), decode(TINY, codes), "clinic", tuple(names[has].tolist()))
        for row, (has, codes) in enumerate(zip(sample.conditions, sample.codes, strict=True))
    ]
    found = evaluate(TINY, drawn, rounds=0)
    assert found.engine.calibration_error.value < 0.02
    assert found.engine.log_loss.value < found.baseline.log_loss.value
    assert found.engine.calibration_error.value < found.baseline.calibration_error.value
    assert found.unnamed.flagged is None


def test_packed_answers_change_no_figure() -> None:
    given = read_labelled(KNEE_11 / "cases", load_network(KNEE_11))
    network = load_network(KNEE_11)
    packed = read_labelled(KNEE_11 / "cases", network, packed=True)
    assert evaluate(network, packed, rounds=0).to_dict() == evaluate(network, given, rounds=0).to_dict()
