"""The words of errors about names that are not known."""

from __future__ import annotations

from bayesknee.errors import Problem, name_hint, unknown_name, unknown_text

SETTINGS = ("general_practice", "emergency")


def test_a_near_name_is_told_and_none_other() -> None:
    assert name_hint("emergncy", SETTINGS) == "did you mean emergency?"
    assert name_hint("emergncy", SETTINGS, otherwise="look it up") == "did you mean emergency?"


def test_where_none_is_near_all_are_told_or_another_way() -> None:
    assert name_hint("xyz", SETTINGS) == "known are general_practice, emergency"
    assert name_hint("xyz", SETTINGS, otherwise="look it up") == "look it up"
    assert name_hint("xyz", SETTINGS, most=1) == "known are general_practice ..."
    assert name_hint("xyz", SETTINGS, most=2) == "known are general_practice, emergency"
    assert name_hint("xyz", ()) == "known are none"


def test_the_text_says_what_was_wrong_whose_it_is_and_what_to_do() -> None:
    assert unknown_text("policy", "xyz", ("all", "fixed")) == "unknown policy 'xyz'; known are all, fixed"
    expected = "unknown setting 'xyz' of network knee; known are general_practice, emergency"
    assert unknown_text("setting", "xyz", SETTINGS, "of network knee") == expected


def test_a_problem_tells_a_dozen_names_at_the_most() -> None:
    names = [f"c{number}" for number in range(1, 14)]
    told = "known are c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12 ..."
    path = ("conditions", "xyz")
    assert unknown_name(path, "xyz", names, "a condition") == Problem(path, "'xyz'", "a condition", told)
