"""The search for findings by a few words: what ranks first, and what does not count."""

from __future__ import annotations

from typing import Final

import pytest

from bayesknee import load_network
from bayesknee.patient.finding_search import search
from tests.support.paths import NETWORKS

TINY: Final = load_network(NETWORKS / "tiny")


def found(words: str) -> list[str]:
    """The ids of what is found in the small network, best first."""
    return [question.id for question in search(TINY, words)]


def test_a_rare_word_counts_for_more_than_a_frequent_one() -> None:
    """Of seven questions, "pain" is in four, for their topic, and "grip" in one: worth log 7/4 = 0.56 and log 7 = 1.95.

    With both words, the others have 0.56 of 2.51, which is less than two fifths of it, and are left out.
    """
    assert set(found("pain")) == {"swelling_noticed", "pain_on_grip", "backhand_pain", "onset"}
    assert found("pain grip") == ["pain_on_grip"]


def test_words_that_are_in_no_question_find_nothing() -> None:
    assert found("zebra") == []


def test_no_words_give_all_questions() -> None:
    assert found("") == found("of it") == list(TINY.questions)


def test_endings_of_words_do_not_count() -> None:
    assert found("gripping") == ["pain_on_grip"]
    assert found("backhands") == ["backhand_pain"]


def test_what_a_question_is_called_comes_first() -> None:
    assert found("Swelling")[0] == "swelling_noticed"
    assert found("effusion")[0] == "effusion_felt"


@pytest.mark.parametrize(
    ("words", "finding"),
    [
        ("lump behind knee", "lump_noticed"),
        ("calf swollen", "calf_swollen"),
        ("short of breath", "breathless"),
        ("had a blood clot before", "previous_clot"),
        ("pins and needles in my foot", "foot_tingling"),
        ("stiff in the morning", "morning_stiffness"),
    ],
)
def test_what_people_say_finds_the_question(words: str, finding: str) -> None:
    assert search(load_network(), words)[0].id == finding
