"""What to ask next among questions and lists: by topic, and an examination in its order."""

from __future__ import annotations

import pytest

from bayesknee import load_network
from bayesknee.diagnosis.asking.candidates import Candidate, next_candidate
from tests.support.paths import KNEE_11

KNEE = load_network(KNEE_11)
SWELLING = Candidate("knee_swelling", ("knee_swelling",), "swelling", 1.0, 0.3)
SPECIAL = Candidate("mcmurray", ("mcmurray",), "exam_special", 3.0, 0.2)
LOOKING = Candidate("looking", ("limp", "knee_warm"), "exam_look", 2.4, 0.1)
FEELING = Candidate("feeling", ("calf_tender", "bone_tenderness"), "exam_feel", 2.4, 0.01)


@pytest.mark.parametrize(
    ("ranked", "topic", "expected"),
    [
        ([SWELLING, SPECIAL, LOOKING, FEELING], None, SWELLING),
        ([SPECIAL, LOOKING, FEELING], None, LOOKING),  # what comes first in an examination, and not what tells most
        ([SPECIAL, FEELING], None, SPECIAL),  # what is not worth finding is passed over
        ([FEELING], None, FEELING),  # unless nothing else is left
        ([SWELLING, SPECIAL, LOOKING, FEELING], "exam_look", LOOKING),  # one that has begun goes on
        ([SWELLING, FEELING], "exam_look", SWELLING),  # until nothing is worth finding
        ([SWELLING, SPECIAL], "swelling", SWELLING),
    ],
)
def test_an_examination_goes_in_its_order(ranked: list[Candidate], topic: str | None, expected: Candidate) -> None:
    assert next_candidate(KNEE, ranked, topic, least_value=0.05) == expected
