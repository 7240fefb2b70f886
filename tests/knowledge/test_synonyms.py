"""Synonyms of questions and of their states: what is read and refused, and phrases that two questions have."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from bayesknee import NetworkError, load_network
from bayesknee.authoring import report
from bayesknee.display.report import report_text
from bayesknee.documents import question_document
from bayesknee.knowledge.synonyms import shared_synonyms
from tests.support.paths import NETWORKS

TINY: Final = load_network(NETWORKS / "tiny")


def with_onset(**changes: Any) -> None:  # noqa: ANN401 (what a finding has)
    replace(TINY, findings={**TINY.findings, "onset": replace(TINY.findings["onset"], **changes)})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"synonyms": ("start", " ")}, "findings.onset.synonyms: got ' '; expected a phrase with letters"),
        ({"synonyms": ("...",)}, "expected a phrase with letters"),
        ({"synonyms": ("x" * 81,)}, "of at most 80 characters"),
        ({"synonyms": ("start", "Start")}, "'Start', which is in synonyms already"),
        ({"synonyms": ("at once",), "state_synonyms": {"sudden": ("At  once",)}}, "which is in synonyms already"),
        (
            {"state_synonyms": {"sudden": ("at once",), "gradual": ("at once",)}},
            "'at once', which is in state_synonyms.sudden already",
        ),
        ({"state_synonyms": {"suden": ("at once",)}}, "did you mean sudden"),
    ],
)
def test_what_does_not_tell_one_answer_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(NetworkError) as refused:
        with_onset(**changes)
    assert told in str(refused.value)


def test_they_are_read_from_the_files_and_a_fault_is_told_with_its_line(tmp_path: Path) -> None:
    for file in (NETWORKS / "tiny").glob("*.yaml"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    file = next(each for each in tmp_path.glob("*.yaml") if "\n  onset:" in each.read_text())
    plain = file.read_text()
    head = "\n  onset:\n"
    file.write_text(
        plain.replace(head, f"{head}    synonyms: [how it started]\n    state_synonyms: {{sudden: [at once]}}\n")
    )
    question = load_network(tmp_path).questions["onset"]
    assert (question.synonyms, question.state_synonyms["sudden"]) == (("how it started",), ("at once",))
    assert question_document(question)["state_synonyms"] == {"sudden": ["at once"]}
    file.write_text(plain.replace(head, f"{head}    synonyms: [start, start]\n"))
    line = file.read_text().split("\n").index("    synonyms: [start, start]") + 1
    with pytest.raises(NetworkError, match=f"{file.name}:{line}.*drop one of them"):
        load_network(tmp_path)


def test_a_phrase_that_two_questions_have_is_told_by_the_report() -> None:
    changed = {name: replace(TINY.findings[name], synonyms=("Sore arm",)) for name in ("pain_on_grip", "backhand_pain")}
    network = replace(TINY, findings={**TINY.findings, **changed})
    assert shared_synonyms(network.questions.values()) == {"sore arm": ("pain_on_grip", "backhand_pain")}
    assert "Phrases that several questions have" in (text := report_text(network, report(network, samples=10)))
    assert "pain_on_grip, backhand_pain" in text
    assert "Phrases" not in report_text(TINY, report(TINY, samples=10))
