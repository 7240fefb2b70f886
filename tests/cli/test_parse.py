"""`bayesknee parse`: what it prints of somebody's own words, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import pytest

from bayesknee import load_network
from bayesknee.patient.heard.proposals import LONGEST
from tests.support.paths import NETWORKS

Run: TypeAlias = Callable[..., Any]  # the fixture of conftest.py
Refused: TypeAlias = Callable[..., str]  # likewise
OF_TINY: Final = ("--network", "tests/networks/tiny")
SAID: Final = "I'm 52. I have no swelling, but pain on grip. Was it the tennis?"


def test_each_proposal_has_its_question_and_its_words(run: Run) -> None:
    ran = run("parse", *OF_TINY, SAID)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == (
        'age  said: 52 years  "52"\n'
        "      How old are you?\n"
        'swelling_noticed  denied: no  "swelling"\n'
        "      Is the elbow swollen?\n"
        'pain_on_grip  said: yes  "pain on grip"\n'
        "      Does gripping hurt?\n"
        'tennis  not sure  "tennis"\n'
        "      Do you play tennis?\n"
        "\n"
        "Nothing is entered. Ask each question, and enter what is confirmed. What is not\n"
        "listed was not denied.\n"
    )


def test_json_has_the_places_in_the_text(run: Run) -> None:
    told = json.loads(run("parse", *OF_TINY, "--json", "-", input=SAID).out)
    assert told["network"] == load_network(NETWORKS / "tiny").identity
    assert told["entered"] is False
    assert [SAID[each["start"] : each["end"]] for each in told["proposals"]] == [
        each["quote"] for each in told["proposals"]
    ]
    age, swelling, grip, tennis = told["proposals"]
    assert (age["number"], age["unit"], age["state"]) == (52.0, "years", "over_50")
    assert (swelling["assertion"], swelling["state"]) == ("absent", "no")
    assert (grip["assertion"], grip["state"], grip["question"]) == ("present", "yes", "Does gripping hurt?")
    assert tennis["assertion"] == "unsure"
    assert "state" not in tennis


def test_words_may_stand_without_quotes(run: Run) -> None:
    assert run("parse", *OF_TINY, "no", "swelling").out == run("parse", *OF_TINY, "no swelling").out


def test_what_is_asked_of_a_clinician_is_looked_for_when_told(run: Run) -> None:
    assert run("parse", *OF_TINY, "an effusion").out.startswith("Nothing of it is in the words that tiny knows.")
    assert run("parse", *OF_TINY, "--asked-of", "clinician", "an effusion").out.startswith("effusion_felt  said: yes")


@pytest.mark.parametrize(
    ("words", "given", "told"),
    [
        (("-",), b"\xff\xfe", "standard input: no text in UTF-8"),
        (("-",), b"a" * 1_000_001, "standard input: more than 1,000,000 bytes"),
        (("-",), b"a" * (LONGEST + 1), "got a text of 10,001 characters; expected at most 10,000"),
        (("--asked-of", "nobody", "fever"), b"", "'nobody'"),
        ((), b"", "Missing argument"),
    ],
)
def test_what_cannot_be_read_is_one_clear_line(
    refused: Refused, words: tuple[str, ...], given: bytes, told: str
) -> None:
    assert told in refused("parse", *OF_TINY, *words, input=given)
