"""What the authoring report says of dangers: limits that a base rate passes, red flags that nobody asks for."""

from __future__ import annotations

from dataclasses import replace

from bayesknee import load_network
from bayesknee.authoring.dangers import asked_whatever_they_say, flags_in_no_list, over_limit_without_answers
from bayesknee.authoring.report import report
from tests.support.paths import KNEE_11

KNEE = load_network(KNEE_11)


def test_a_clot_is_over_its_limit_of_2_per_cent_by_its_base_rate() -> None:
    """3 % in primary care, 0.7 % in a sports clinic."""
    clots = [each.setting for each in over_limit_without_answers(KNEE) if each.condition == "deep_vein_thrombosis"]
    expected = [
        setting for setting in KNEE.settings if KNEE.conditions["deep_vein_thrombosis"].base_rate_in(setting) >= 0.02
    ]
    assert clots == expected
    assert "primary_care" in clots
    assert "sports_clinic" not in clots


def test_a_red_flag_is_asked_for_by_one_of_its_questions_in_a_list() -> None:
    assert flags_in_no_list(KNEE) == []
    lists = {
        name: replace(group, members=tuple(each for each in group.members if each != "foot_drop"))
        for name, group in KNEE.opening.tick_all.items()
    }
    opening = replace(KNEE.opening, tick_all=lists)
    assert "foot_drop" in flags_in_no_list(replace(KNEE, sha256="", opening=opening))


def test_what_a_red_flag_reads_is_never_called_useless() -> None:
    needed = asked_whatever_they_say(KNEE)
    assert {"foot_drop", "bladder_or_saddle_trouble", "lump_noticed"} <= needed
    assert needed.isdisjoint(name for name, _ in report(KNEE, samples=10).weak_findings)
