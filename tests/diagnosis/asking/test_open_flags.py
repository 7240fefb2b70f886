"""Red flags that one more answer would raise."""

from __future__ import annotations

import pytest

from bayesknee import Engine, load_network
from bayesknee.diagnosis.asking.dangers import OpenFlag, open_flags
from tests.support.paths import NETWORKS

TINY = Engine(load_network(NETWORKS / "tiny"))
QUIET = {"fracture": "no", "infection": "no"}  # else these two set the level


def opened(evidence: dict[str, str], least_chance: float = 0.0) -> list[OpenFlag]:
    diagnosis = TINY.diagnose({**QUIET, **evidence})
    return list(open_flags(diagnosis, TINY.network.questions, least_chance))


@pytest.mark.parametrize("evidence", [{"onset": "fall"}, {"swelling_noticed": "yes"}])
def test_each_answer_told_would_raise_the_flag_with_the_chance_told(evidence: dict[str, str]) -> None:
    diagnosis = TINY.diagnose({**QUIET, **evidence})
    assert not diagnosis.triage.red_flags
    assert opened(evidence)
    for each in opened(evidence):
        (question,) = diagnosis.rank_questions(within=each.finding)
        chances = {one.state: one.probability for one in question.outcomes}
        assert each.chance == pytest.approx(sum(chances[state] for state in each.states))
        for state in each.states:
            after = TINY.diagnose({**QUIET, **evidence, each.finding: state}).triage
            assert [flag.id for flag in after.red_flags] == [each.flag.id]


def test_which_ones() -> None:
    """One line of the flag holds: any question of the other line would raise it."""
    found = {each.finding: each.states for each in opened({"onset": "fall"})}
    assert found == {"swelling_noticed": ("yes",), "effusion_felt": ("yes",)}
    assert {each.finding: each.states for each in opened({"swelling_noticed": "yes"})} == {"onset": ("sudden", "fall")}
    assert opened({}) == []
    assert opened({"onset": "unknown", "swelling_noticed": "yes"}) == []


def test_rare_answers_and_flags_no_more_urgent_than_the_level_are_left_out() -> None:
    assert opened({"onset": "fall"}, least_chance=1.0) == []
    assert opened({"onset": "fall", "swelling_noticed": "yes"}) == []
