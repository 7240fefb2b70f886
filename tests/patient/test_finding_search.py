"""The search for findings by a few words: what ranks first, and what does not count."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from bayesknee import Network, load_network
from bayesknee.patient.finding_search import search
from bayesknee.patient.heard.likeness import likeness
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


def with_synonyms() -> Network:
    """The small network with what people say for two of its questions."""
    grip = replace(TINY.findings["pain_on_grip"], synonyms=("cannot hold a cup", "hurts to shake hands"))
    onset = replace(TINY.findings["onset"], state_synonyms={"sudden": ("out of the blue",)})
    return replace(TINY, findings={**TINY.findings, "pain_on_grip": grip, "onset": onset})


@pytest.mark.parametrize(
    ("words", "finding"),
    [
        ("I can't hold cups any more", "pain_on_grip"),
        ("shaking hands", "pain_on_grip"),
        ("it came out of the blue", "onset"),
    ],
)
def test_what_people_say_for_a_question_or_its_state_finds_it(words: str, finding: str) -> None:
    assert search(with_synonyms(), words)[0].id == finding
    assert finding not in [each.id for each in search(TINY, words)][:1]


def test_the_nearer_phrase_counts_for_more_than_single_words_of_it() -> None:
    """Of four words that no other question has, two are 2 x 2 / (2 + 4), and one is 2 x 1 / (1 + 4)."""
    near = likeness(with_synonyms(), "hold a cup")
    assert near["pain_on_grip"] == pytest.approx(2 / 3)
    assert likeness(with_synonyms(), "cup")["pain_on_grip"] == pytest.approx(0.4)
    assert likeness(with_synonyms(), "zebra") == {}
