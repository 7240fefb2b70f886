"""The interview by buttons: what they do to the interview, and what is shown of it. In a browser: tests/browser."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from bayesknee import Engine, load_network
from bayesknee.display.buttons import interview_buttons
from bayesknee.errors import MissingExtraError
from bayesknee.interview import Interview, Policy
from tests.support.paths import KNEE_11, NETWORKS

TINY = load_network(NETWORKS / "tiny")
KNEE = Engine(KNEE_11)


def parts(widget: Any) -> Iterator[Any]:  # noqa: ANN401 (ipywidgets has no types)
    yield widget
    for child in getattr(widget, "children", ()):
        yield from parts(child)


class Shown:
    """An interview with its buttons."""

    def __init__(self, interview: Interview) -> None:
        self.interview = interview
        self.box = interview_buttons(interview)

    def buttons(self) -> list[str]:
        return [each.description for each in parts(self.box) if type(each).__name__ == "Button"]

    def click(self, label: str, nth: int = 0) -> None:
        fitting = [each for each in parts(self.box) if getattr(each, "description", "") == label]
        fitting[nth].click()

    def type(self, text: str) -> None:
        next(each for each in parts(self.box) if type(each).__name__ == "Text").value = text

    def text(self) -> str:
        return "\n".join(each.value for each in parts(self.box) if type(each).__name__ == "HTML")


@pytest.fixture
def shown() -> Shown:
    return Shown(Interview(Engine(TINY), policy=Policy(lists=False)))


def answer_up_to(shown: Shown, finding: str) -> None:
    """Says that nothing is known until this is asked; puts lists off, so that what they hold is asked by itself."""
    while shown.interview.question is not None and shown.interview.question.id != finding:
        shown.click("Later" if shown.interview.question.kind == "tick_all" else "Not known")
    assert shown.interview.question is not None, f"{finding} is never asked"


def test_the_end_tells_which_warning_signs_are_not_known() -> None:
    shown = Shown(
        Interview(Engine(TINY), {"fracture": "no", "infection": "no", "onset": "fall", "swelling_noticed": "unknown"})
    )
    shown.click("End")
    assert "<strong>Not known, and more urgent if so: Swollen after a sudden start.</strong>" in shown.text()


def test_the_question_and_the_differential_are_shown(shown: Shown) -> None:
    question = shown.interview.question
    assert question is not None
    text = shown.text()
    assert question.question in text
    assert "Question 1, about " in text
    assert "How urgent:" in text
    assert all(condition.name in text for condition in TINY.conditions.values())
    assert TINY.caution in text


def test_a_number_is_typed(shown: Shown) -> None:
    answer_up_to(shown, "age")
    shown.type("60")
    assert shown.interview.diagnosis.evidence.answers["age"] == "over_50"


def test_a_number_out_of_scope_is_told_and_can_be_typed_again(shown: Shown) -> None:
    answer_up_to(shown, "age")
    shown.type("7")
    assert "age 7 is outside this network" in shown.text()
    assert "age" not in shown.interview.diagnosis.evidence.answers
    shown.type("60")
    assert shown.interview.diagnosis.evidence.answers["age"] == "over_50"


def test_buttons_answer(shown: Shown) -> None:
    answer_up_to(shown, "swelling_noticed")
    assert [each for each in shown.buttons() if each in {"Yes", "No", "Probably yes", "Probably not", "Not known"}] == [
        "Yes",
        "No",
        "Probably yes",
        "Probably not",
        "Not known",
    ]
    shown.click("Yes")
    assert shown.interview.diagnosis.evidence.answers["swelling_noticed"] == "yes"


def test_an_unsure_answer_is_a_likelihood(shown: Shown) -> None:
    answer_up_to(shown, "swelling_noticed")
    shown.click("Probably yes")
    answer = shown.interview.diagnosis.evidence.answers["swelling_noticed"]
    assert not isinstance(answer, str)
    assert answer["yes"] > answer["no"]


def test_the_differential_moves_and_ticks_stay_where_it_was(shown: Shown) -> None:
    answer_up_to(shown, "swelling_noticed")
    before = shown.interview.diagnosis.posterior
    shown.click("Yes")
    assert shown.interview.diagnosis.posterior["fracture"] > before["fracture"]
    assert f"left:{100 * before['fracture']:.2f}%" in shown.text()


def test_back_opens_the_last_question_again(shown: Shown) -> None:
    first = shown.interview.question
    assert "Back" not in shown.buttons()
    shown.click("Not known")
    shown.click("Back")
    assert shown.interview.question == first


def test_an_answer_can_be_changed(shown: Shown) -> None:
    answer_up_to(shown, "swelling_noticed")
    shown.click("Yes")
    answers = list(shown.interview.diagnosis.evidence.answers)
    shown.click("Change", answers.index("swelling_noticed"))
    assert "A change" in shown.text()
    shown.click("No")
    assert shown.interview.diagnosis.evidence.answers["swelling_noticed"] == "no"
    assert "A change" not in shown.text()


def test_a_change_can_be_left(shown: Shown) -> None:
    shown.click("Not known")
    shown.click("Change")
    shown.click("Leave it as it was")
    assert "A change" not in shown.text()


def test_why_later_end_and_go_on(shown: Shown) -> None:
    first = shown.interview.question
    shown.click("Why this question?")
    assert shown.interview.why() in shown.text().replace("&#x27;", "'")
    shown.click("Later")
    assert shown.interview.question != first
    assert "All conditions, with base rates" not in shown.text()
    shown.click("End")
    assert "The interview is over." in shown.text()
    assert "All conditions, with base rates" in shown.text()
    shown.click("Go on")
    assert "The interview is over." not in shown.text()


def marks(shown: Shown) -> list[Any]:
    return [each for each in parts(shown.box) if type(each).__name__ == "ToggleButtons"]


def a_list(**given: str) -> Shown:
    """The first list of the knee."""
    known = {"age": 60, "sex": "male", "sport": "none", **given}
    return Shown(Interview(KNEE, known, Policy(ask_scope=False)))


def line(shown: Shown, finding: str) -> Any:  # noqa: ANN401 (ipywidgets has no types)
    prompt = shown.interview.question
    assert prompt is not None
    return marks(shown)[[each.value for each in prompt.options].index(finding)]


def test_a_red_flag_in_a_list_is_told_at_once_and_stays() -> None:
    shown = a_list(leg_cast="yes")
    assert 'role="alert"' not in shown.text()
    line(shown, "calf_swollen").value = "yes"
    shown.click("None of the others holds")
    shown.click("Yes, go on")
    assert 'role="alert"' in shown.text()
    shown.click("Later")
    assert 'role="alert"' in shown.text()


def test_nothing_is_marked_in_a_list_to_begin_with() -> None:
    shown = a_list()
    assert {each.value for each in marks(shown)} == {""}
    before = shown.interview.state
    shown.click("Record what is marked")
    assert "Nothing is marked, so nothing would be recorded." in shown.text()
    assert shown.interview.state == before


def test_what_is_marked_counts_once_it_was_shown_and_confirmed() -> None:
    shown = a_list()
    line(shown, "lump_noticed").value = "yes"
    line(shown, "locking").value = "no"
    shown.click("Why this question?")  # what is marked stays
    before = shown.interview.state
    shown.click("Record what is marked")
    assert "<strong>Yes:</strong> Lump or fullness behind the knee" in shown.text()
    assert "<strong>No to these warning signs:</strong> Locking" in shown.text()
    assert "Is that so, also of the warning signs?" in shown.text()
    assert shown.interview.state == before
    shown.click("No, change the list")
    assert [each.value for each in marks(shown)[:1]] == ["yes"]
    shown.click("Record what is marked")
    shown.click("Yes, go on")
    answers = shown.interview.diagnosis.evidence.answers
    assert {name: answers[name] for name in answers if name not in {"age", "sex", "sport"}} == {
        "lump_noticed": "yes",
        "locking": "no",
    }
    shown.click("Back")
    assert (line(shown, "lump_noticed").value, line(shown, "locking").value) == ("yes", "no")


@pytest.mark.parametrize(
    ("button", "rest"), [("None of the others holds", "no"), ("The others are not known", "unknown")]
)
def test_the_others_may_be_denied_or_not_known(button: str, rest: str) -> None:
    shown = a_list()
    prompt = shown.interview.question
    assert prompt is not None
    marks(shown)[1].value = "yes"
    shown.click(button)
    shown.click("Yes, go on")
    answers = shown.interview.diagnosis.evidence.answers
    assert [answers[each.value] for each in prompt.options][:3] == [rest, "yes", rest]


def test_what_the_network_is_for_is_told_and_who_is_outside_stops_there() -> None:
    shown = Shown(Interview(KNEE))
    assert "It names none of these: a torn anterior cruciate" in shown.text()
    shown.click("Only at the front or at a side of the knee".capitalize())
    assert "This is not for you" in shown.text()
    assert "Ask a general practice or a physiotherapist" in shown.text()
    shown.click("Go on all the same")
    assert shown.interview.question is not None
    assert shown.interview.question.id == "scope.known"
    assert "This is not for you" in shown.text()


def test_nothing_is_left_behind(shown: Shown) -> None:
    old = [each for each in parts(shown.box) if each is not shown.box]
    shown.click("Not known")
    assert all(each.comm is None for each in old)


def test_without_ipywidgets_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'bayesknee\[notebook\]'"):
        interview_buttons(Interview(Engine(TINY)))
