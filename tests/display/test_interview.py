"""What an interview shows at a terminal."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest

from bayesknee import Engine, load_network
from bayesknee.diagnosis.wording import NOTHING_DECISIVE, TELLING_HEADING
from bayesknee.display.interview import end_text, red_flag_text
from bayesknee.interview import Interview
from tests.support.paths import KNEE_11, NETWORKS
from tests.support.small_networks import condition, finding, network, noisy_or

TINY = load_network(NETWORKS / "tiny")


def test_a_red_flag_is_told_with_its_source() -> None:
    (flag,) = Interview(Engine(TINY), {"onset": "fall", "swelling_noticed": "yes"}).red_flags
    text = red_flag_text(TINY, flag)
    assert text.split("\n")[1:] == [
        "! urgent - be seen within days",
        "  A swelling that came suddenly should be seen within days.",
        "  (source: Smith, 2015)",
        "",
    ]
    assert "(source: judged)" in red_flag_text(TINY, replace(flag, source="judged"))


def test_the_end_tells_how_much_is_not_known_and_which_warning_signs_are() -> None:
    known = {"fracture": "no", "infection": "no", "onset": "fall", "swelling_noticed": "unknown"}
    interview = Interview(Engine(TINY), known)
    interview.stop()
    text = end_text(interview)
    assert "This rests on 3 answers and 1 not known." in text
    assert text.index("How urgent: routine") < text.index(
        "Not known, and more urgent if so: Swollen after a sudden start."
    )
    interview.change("swelling_noticed", "no")
    assert "more urgent if so" not in end_text(interview)


def test_the_end_puts_first_what_is_dangerous_and_not_ruled_out() -> None:
    known = {"age": 24, "sex": "male", "sport": "running", "calf_swollen": "yes", "long_travel": "yes"}
    interview = Interview(Engine(KNEE_11, "sports_clinic"), known)
    interview.stop()
    (clot, _) = interview.diagnosis.not_ruled_out
    assert (clot.condition, clot.probability < 0.1) == ("deep_vein_thrombosis", True)
    _, tests, about = re.split("What an examination.*|About what is.*", end_text(interview))
    assert "then Blood clot in a deep vein is below its limit" in " ".join(tests.split())
    assert about.index("Hamstring tendonitis") < about.index("Blood clot in a deep vein, 3.1 %")
    assert "Do not massage a swollen calf." in " ".join(about.split())


def test_an_examination_that_would_change_nothing_is_not_named() -> None:
    given = {"fracture": "no", "infection": "no", "pain_on_grip": "yes", "tennis": "yes"}
    interview = Interview(Engine(TINY), given)
    interview.stop()
    text = end_text(interview)
    assert NOTHING_DECISIVE in " ".join(text.split())
    assert "Is fluid felt in the joint?" not in text
    interview = Interview(Engine(TINY), {"pain_on_grip": "yes"})
    interview.stop()
    assert f"{NOTHING_DECISIVE} {TELLING_HEADING}: Is fluid felt" in " ".join(end_text(interview).split())


def test_figures_of_the_stop_rule_are_details_and_a_choice_to_end_is_none() -> None:
    known = {"age": 45, "tennis": "no", "onset": "gradual", "swelling_noticed": "no", "pain_on_grip": "yes"}
    interview = Interview(Engine(TINY), known)
    assert interview.finished
    assert "Why no more questions" not in end_text(interview)
    assert "Why no more questions: nothing is left to ask" in end_text(interview, details=True)
    interview = Interview(Engine(TINY), {"pain_on_grip": "yes"})
    interview.stop()
    told = "Why no more questions: ended by choice; what was not asked could change the result"
    assert told in " ".join(end_text(interview).split())


def test_the_end_tells_what_was_skipped() -> None:
    interview = Interview(Engine(TINY))
    interview.answer("45")
    interview.skip()  # the list of the opening
    interview.stop()
    assert "Skipped: Swelling; Pain on grip" in end_text(interview)
    interview.change("swelling_noticed", "no")
    assert "Skipped: Pain on grip\n" in end_text(interview)


def test_at_80_by_24_the_urgency_is_on_the_screen_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    interview = Interview(Engine(KNEE_11), {"age": 68, "sex": "female", "calf_swollen": "yes"})
    interview.stop()
    last = end_text(interview, io.StringIO()).splitlines()[-16:]  # below it stands the menu
    assert any(line.startswith("Once more, how urgent: ") for line in last)


def test_the_end_of_many_conditions_none_of_them_likely() -> None:
    """The command that lists all is another one, and there is nothing to tell about what is likely."""
    names = [f"c{number}" for number in range(40)]
    conditions = [condition(name, 0.01) for name in names]
    interview = Interview(Engine(network(*conditions, finding("f", noisy_or(0.1, c0=0.5)), complaint="")))
    interview.stop()
    text = end_text(interview)
    assert "And 36 more, together 30.4 %; `bayesknee diagnose --all` lists them." in " ".join(text.split())
    assert "About what is likely" not in text
