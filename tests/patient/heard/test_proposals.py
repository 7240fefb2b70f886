"""What words of a patient are taken to say: how each is meant, where it stands, and that nothing is turned round."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bayesknee import EvidenceError
from bayesknee.patient.heard.proposals import LONGEST, Proposal, propose
from tests.support.telling_network import telling_network

NETWORK: Final = telling_network()


def heard(text: str) -> dict[str, str]:
    """The state, or else how it is meant, by finding."""
    return {each.finding: each.state or each.assertion for each in propose(NETWORK, text)}


def only(text: str) -> Proposal:
    (found,) = propose(NETWORK, text)
    return found


@pytest.mark.parametrize(
    "text",
    [
        "My elbow is swollen.",
        "my left ELBOW has been really swollen",
        "The swollen elbow came after the game.",
        "I've got an elbow that is very swollen",
        "Elbow has swelled up",
        "No doubt my elbow is swollen.",
        "It is not only my elbow that is swollen.",
    ],
)
def test_a_phrase_is_found_in_its_forms_and_with_its_words_apart(text: str) -> None:
    assert heard(text) == {"swelling_noticed": "yes"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("My elbow isn't swollen.", {"swelling_noticed": "no"}),
        ("I haven't noticed any fever.", {"fever": "no"}),
        ("No fever or chills.", {"fever": "no", "chills": "no"}),
        ("Neither fever nor chills.", {"fever": "no", "chills": "no"}),
        (
            "I do not have a fever, chills or a swollen elbow.",
            {"fever": "no", "chills": "no", "swelling_noticed": "no"},
        ),
        ("I dont smoke", {"smoking": "no"}),
        ("Without fever.", {"fever": "no"}),
        ("I have never had a blood clot.", {"earlier_clot": "no"}),
    ],
)
def test_what_is_denied(text: str, found: dict[str, str]) -> None:
    assert heard(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("No fever, but my elbow is swollen.", {"fever": "no", "swelling_noticed": "yes"}),
        ("I have no fever, my elbow is swollen.", {"fever": "no", "swelling_noticed": "yes"}),
        ("I have no fever and my elbow is swollen.", {"fever": "no", "swelling_noticed": "yes"}),
        ("I have no fever. Chills, though.", {"fever": "no", "chills": "yes"}),
        ("I don't smoke and have chills.", {"smoking": "no", "chills": "yes"}),
        ("No fever; chills.", {"fever": "no", "chills": "yes"}),
    ],
)
def test_a_denial_ends_with_its_clause(text: str, found: dict[str, str]) -> None:
    assert heard(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "I can't say my elbow isn't swollen.",
        "It's not that my elbow is not swollen.",
        "My elbow might be swollen.",
        "I don't think my elbow is swollen.",
        "Not sure if my elbow is swollen.",
        "Is my elbow swollen?",
        "I have no fever apart from a swollen elbow.",
        "No fever and swollen elbow.",
        "No appetite, swollen elbow.",
    ],
)
def test_what_is_in_doubt_and_what_is_denied_in_a_roundabout_way_is_unsure(text: str) -> None:
    """A red flag reads the swelling: a denial that another reader may take otherwise is none."""
    assert heard(text)["swelling_noticed"] == "unsure"


def test_of_what_no_red_flag_reads_a_list_without_or_is_denied() -> None:
    assert heard("No fever and chills.") == {"fever": "no", "chills": "no"}


@pytest.mark.parametrize(
    "text",
    [
        "My elbow was swollen.",
        "My elbow used to be swollen.",
        "My elbow is no longer swollen.",
        "I had a swollen elbow but it has gone.",
        "The swelling of my swollen elbow has gone down.",
    ],
)
def test_what_is_over_is_of_the_past(text: str) -> None:
    assert heard(text) == {"swelling_noticed": "past"}


def test_what_has_gone_red_has_not_gone() -> None:
    assert heard("My swollen elbow has gone red.") == {"swelling_noticed": "yes"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I had a blood clot years ago.", {"earlier_clot": "yes"}),
        ("I had a fever years ago.", {"fever": "past"}),
        ("I've lost weight since last year.", {"weight_loss": "yes"}),
        ("I smoked years ago.", {"smoking": "past"}),
    ],
)
def test_what_ever_was_answers_a_question_of_what_ever_was(text: str, found: dict[str, str]) -> None:
    assert heard(text) == found


def test_what_is_told_of_a_relative_is_not_of_the_patient() -> None:
    assert heard("My dad has a fever.") == {"fever": "someone_else"}
    assert heard("My wife says my elbow is swollen.") == {"swelling_noticed": "yes"}
    assert heard("My husband smokes but I have chills.") == {"smoking": "someone_else", "chills": "yes"}


def test_a_question_of_relatives_is_answered_by_what_they_have() -> None:
    assert heard("My mother had a clot.")["family_clot"] == "yes"


def test_a_state_is_told_by_what_people_say_for_it() -> None:
    assert heard("It came on out of the blue.") == {"onset": "sudden"}
    assert heard("It just crept up on me.") == {"onset": "gradual"}
    assert only("It did not come on out of the blue.").state == ""
    assert heard("I can tell you how it started.") == {"onset": "present"}


def test_the_longer_phrase_goes_before_one_that_lies_in_it() -> None:
    assert (found := only("I have lost weight without trying.")).assertion == "present"
    assert found.end == len("I have lost weight without trying")


def test_a_no_that_belongs_to_a_phrase_denies_nothing() -> None:
    assert heard("I can't grip without pain.") == {"pain_on_grip": "yes"}


def test_what_is_both_said_and_denied_is_unsure() -> None:
    assert {each.assertion for each in propose(NETWORK, "I have chills. I have no chills.")} == {"unsure"}


@pytest.mark.parametrize(
    ("text", "finding", "number"),
    [
        ("I'm 52.", "age", 52.0),
        ("I am a 61-year-old man", "age", 61.0),
        ("Aged twenty five, and well", "age", 25.0),
        ("70 yo lady", "age", 70.0),
        ("34F with a sore elbow", "age", 34.0),
        ("It has hurt for two weeks.", "duration", 14.0),
        ("It started 3 days ago.", "duration", 3.0),
        ("I have had it for a year and a half", "duration", 547.875),
        ("It began a fortnight ago.", "duration", 14.0),
    ],
)
def test_numbers_with_their_units(text: str, finding: str, number: float) -> None:
    found = {each.finding: each.number for each in propose(NETWORK, text)}
    assert found[finding] == pytest.approx(number)


@pytest.mark.parametrize(
    "text",
    [
        "My mum is 80 years old.",
        "I'm 30 weeks pregnant.",
        "I am 7.",  # out of the scope of the network
        "I was in bed for two weeks.",
        "I gave birth two weeks ago.",
        "I ran 10 miles.",
    ],
)
def test_numbers_of_something_else_are_left_alone(text: str) -> None:
    assert propose(NETWORK, text) == ()


def test_a_side_is_told_where_it_stands_beside_the_phrase() -> None:
    assert only("My left elbow is swollen.").side == "left"
    assert not only("My left or right elbow is swollen.").side


def test_a_number_is_the_state_of_its_band() -> None:
    assert only("I'm 52.").state == "over_50"


def test_words_that_nobody_has_as_synonyms_say_nothing() -> None:
    assert propose(NETWORK, "Good morning, doctor.") == propose(NETWORK, "") == propose(NETWORK, " ,.;") == ()


def test_too_long_a_text_is_refused() -> None:
    with pytest.raises(EvidenceError, match="expected at most 10,000"):
        propose(NETWORK, "a" * (LONGEST + 1))


SAID: Final = st.sampled_from(
    ["my elbow is swollen", "I have a fever", "I have chills", "I smoke", "I have a blood clot", "my elbow is puffy"]
)
DENIALS: Final = st.sampled_from(
    ["It is not true that {}", "I never said {}", "No, not that {}", "I don't think {}", "I cannot say that {}"]
)
WORDS: Final = st.sampled_from(
    [
        "no",
        "not",
        "never",
        "without",
        "fever",
        "chills",
        "swollen",
        "elbow",
        "but",
        "and",
        "or",
        ",",
        ".",
        "?",
        "apart",
        "from",
        "might",
        "was",
        "had",
        "gone",
        "it",
        "has",
        "smoke",
        "52",
        "years",
        "old",
        "for",
        "two",
        "weeks",
        "my",
        "mother",
        "I",
        "can't",
        "blood",
        "clot",
    ]
)


@given(said=SAID, denial=DENIALS)
def test_a_sentence_that_is_denied_is_never_present(said: str, denial: str) -> None:
    assert heard(said[0].upper() + said[1:])
    assert all(each.assertion != "present" for each in propose(NETWORK, denial.format(said)))


@given(said=SAID, lead=st.sampled_from(["", "Since Monday ", "Every day ", "These days "]))
def test_a_plain_sentence_is_never_absent(said: str, lead: str) -> None:
    assert {each.assertion for each in propose(NETWORK, f"{lead}{said}.")} == {"present"}


@given(st.text(max_size=200) | st.lists(WORDS, max_size=30).map(" ".join))
@example("\u0130'm 52")
@example("can't\u2019t n't 't '")
@example("1,5 1.2.3 \u0661 years")
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_and_the_places_are_in_it(text: str) -> None:
    for each in propose(NETWORK, text):
        assert 0 <= each.start < each.end <= len(text)
        assert text[each.start : each.end].strip() == text[each.start : each.end]
        question = NETWORK.questions[each.finding]
        assert each.state in ("", *question.states)
        assert each.state == "" or each.assertion in ("present", "absent")


@given(st.lists(WORDS, max_size=30).map(" ".join))
@settings(max_examples=100, deadline=None)
def test_the_same_text_says_the_same_twice(text: str) -> None:
    assert propose(NETWORK, text) == propose(NETWORK, text)
