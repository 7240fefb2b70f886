"""What usually helps whatever the cause: read, checked, compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from bayesknee import NetworkError, load_network
from bayesknee.authoring import report
from bayesknee.knowledge.differences import find_differences
from bayesknee.knowledge.general_advice import GeneralAdvice
from tests.support.paths import NETWORKS

TINY = load_network(NETWORKS / "tiny")
ADVICE = """
general_advice:
  rest:
    text: Rest the elbow for a few days.
    verdict: unproved
    guidelines: No guideline says how long.
    levels: [self_care, routine]
    source: judged
    note: What practice does.
"""


def advised(tmp_path: Path, old: str = "", new: str = "") -> Path:
    """The tiny network with an advice, of which one text is replaced by another."""
    text = (NETWORKS / "tiny" / "network.yaml").read_text(encoding="utf-8") + ADVICE
    assert old in text
    (tmp_path / "network.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    return tmp_path


def test_an_advice_is_read(tmp_path: Path) -> None:
    expected = GeneralAdvice(
        id="rest",
        text="Rest the elbow for a few days.",
        verdict="unproved",
        guidelines="No guideline says how long.",
        levels=("self_care", "routine"),
        source="judged",
        note="What practice does.",
    )
    assert dict(load_network(advised(tmp_path)).general_advice) == {"rest": expected}
    assert not TINY.general_advice


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("verdict: unproved", "verdict: cures", "general_advice.rest.verdict: got 'cures'; expected a verdict"),
        ("levels: [self_care, routine]", "levels: []", "general_advice.rest.levels: got a list of 0"),
        ("levels: [self_care, routine]", "levels: [later]", "general_advice.rest.levels: got 'later'"),
        ("    note: What practice does.\n", "", "general_advice.rest.note: got no note"),
        (
            "source: judged\n    note: What",
            "source: nobody_1999\n    note: What",
            "general_advice.rest.source: got 'nobody_1999'",
        ),
        ("    text: Rest the elbow for a few days.\n", "", "general_advice.rest.text: got nothing"),
    ],
)
def test_a_faulty_advice_is_refused(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(NetworkError) as refusal:
        load_network(advised(tmp_path, old, new))
    assert told in str(refusal.value)


def test_a_changed_advice_is_a_difference_and_is_counted(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    before, after = load_network(advised(tmp_path / "a")), load_network(advised(tmp_path / "b", "unproved", "helps"))
    assert find_differences(before, after).reworded == (("general_advice", "rest", "verdict"),)
    assert report(after).counts["general_advice"] == 1
