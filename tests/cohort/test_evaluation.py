"""Evaluation of a small network, and of the network that ships on its development cases."""

from __future__ import annotations

from pathlib import Path

import pytest

from bayesknee import Engine, load_network
from bayesknee.cases import Case
from bayesknee.cohort import check_cases, evaluate, read_labelled
from bayesknee.display.evaluation_report import check_report_path, write_report
from bayesknee.errors import BayeskneeError
from bayesknee.knowledge.library import networks_folder

TINY = load_network(Path(__file__).parents[1] / "networks" / "tiny")
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
        assert result.diagnosis == Engine(TINY, case.setting).diagnose(case.evidence)


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


# --- reports ---------------------------------------------------------------------------------------------------------


def test_html_report_holds_its_plots_and_escapes_text(tmp_path: Path) -> None:
    risky = check_cases([Case(id="<b>", title="a & b", label=("infection",), source="<script>")], TINY)
    write_report(evaluate(TINY, risky, rounds=0), tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert text.count("data:image/png;base64,") == 2
    assert "&lt;script&gt;" in text
    assert "<script>" not in text
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]


def test_markdown_report_has_its_plots_beside_it(tmp_path: Path) -> None:
    write_report(EVALUATION, tmp_path / "report.md")
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "| True condition first | 75 %" in text
    assert "![Calibration](report_calibration.png)" in text
    assert (tmp_path / "report_calibration.png").read_bytes().startswith(b"\x89PNG")
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize(("name", "told"), [("report.pdf", "ends in .html or .md"), ("no/report.md", "no folder 'no'")])
def test_report_paths_that_are_refused(name: str, told: str) -> None:
    with pytest.raises(BayeskneeError, match=told):
        check_report_path(name)


# --- the network that ships ------------------------------------------------------------------------------------------


def test_development_cases_of_the_posterior_knee() -> None:
    """Bounds a little below what was measured: they warn of a change for the worse, and are no target to tune to."""
    network = load_network("posterior_knee")
    cases = read_labelled(networks_folder() / "posterior_knee" / "cases", network)
    found = evaluate(network, cases, rounds=0)
    assert len(cases) == 59
    assert found.engine.top1.value * 59 >= 37
    assert found.engine.top3.value * 59 >= 48
    assert found.engine.log_loss.value < found.baseline.log_loss.value < 0.3
    assert found.engine.under_triage.value <= 0.05
