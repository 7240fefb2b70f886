"""Screens of an interview without a terminal: what fits, what keys do, and what whoever presses any has answered."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayesknee import Engine, load_network
from bayesknee.cli.talking.asking import Asking, QuitError
from bayesknee.cli.talking.choices import Choice, Marked
from bayesknee.cli.talking.screen import LONGEST_TEXT, Pause, Screen, Shown, TextScreen
from bayesknee.cli.talking.talk import Lines, Screens, TalkEndedError
from bayesknee.cli.talking.viewport import plain, wrapped
from bayesknee.interview import Interview, Policy, Reply
from tests.support.paths import KNEE_11, NETWORKS

TINY = Engine(load_network(NETWORKS / "tiny"))
SIZES = [(20, 8), (40, 10), (60, 15), (80, 24), (120, 40)]
NAMED = ("enter", "escape", "up", "down", "pageup", "pagedown", "home", "end", "backspace")
KEYS = (*NAMED, *string.digits, *string.ascii_lowercase, " ", "a", "\x01", "\x1b[3~")
LABELS = [
    f"Line {number} with words such as word{number} that take up room in a low terminal" for number in range(1, 9)
]
ABOVE = "\x1b[1mA question that is longer than many a terminal is wide, with firstword and lastword\x1b[0m\n"
LIST = [
    *(Choice(f"v{number}", label, help=f"help{number} in full") for number, label in enumerate(LABELS, start=1)),
    Choice(":done", "done", "f", below=True),
    Choice(":none", "none of the others holds", "r", below=True),
    Choice(":quit", "quit", "x", below=True),
]


class Pressed(Screens):
    """Screens in a terminal of so many columns and rows, at which somebody presses these keys."""

    def __init__(self, keys: Iterable[str], size: tuple[int, int] = (80, 24)) -> None:
        super().__init__()
        self._keys, self._size = iter(keys), size
        self.last: list[str] = []  # what was seen when something was chosen last

    def _shown(self, shown: Shown) -> Marked:
        while True:
            lines = drawn(shown, self._size)
            key = next(self._keys, None)
            if key is None:
                raise TalkEndedError
            if (chosen := shown.press(key)) is not None:
                self.last = lines
                return chosen


def drawn(shown: Shown, size: tuple[int, int]) -> list[str]:
    """What is seen, which fits."""
    lines = [plain(line) for line in shown.drawn(*size)]
    assert len(lines) < size[1], lines
    assert all(len(line) <= size[0] for line in lines), lines
    return lines


def words_of(lines: Iterable[str]) -> set[str]:
    return {word for line in lines for word in line.split()}


def asked(interview: Interview, keys: Iterable[str], size: tuple[int, int] = (80, 24)) -> Interview:
    """The interview after all of the keys."""
    while True:
        try:
            Asking(interview, Pressed(keys, size), lambda: None).run({})
        except QuitError:
            continue  # whoever quits by chance comes back
        except TalkEndedError:
            return interview


# --- what fits --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("marks", [None, {"v1": "yes"}])
def test_nothing_is_cut_by_moving_down_all_is_seen(size: tuple[int, int], marks: Mapping[str, str] | None) -> None:
    screen = Screen(ABOVE, LIST, marks)
    seen: set[str] = set()
    for _ in range(80):
        seen |= words_of(drawn(screen, size))
        screen.press("down")
    assert words_of([plain(ABOVE), *LABELS]) <= seen
    assert {f"help{number}" for number in range(1, 9)} <= seen


@pytest.mark.parametrize("size", SIZES)
def test_what_was_passed_can_be_gone_back_to(size: tuple[int, int]) -> None:
    screen = Screen(ABOVE, LIST)
    drawn(screen, size)
    for key in ["1", *repeat("up", 20)]:
        screen.press(key)
        if "firstword" in words_of(drawn(screen, size)):
            break
    assert "firstword" in words_of(drawn(screen, size))


@pytest.mark.parametrize("size", SIZES)
def test_the_commands_are_always_there(size: tuple[int, int]) -> None:
    screen = Screen(ABOVE, LIST, {})
    for key in ("1", "8"):
        screen.press(key)
        if size != (20, 8):  # so small a one has them as lines
            assert {"f)", "r)", "x)"} <= words_of(drawn(screen, size))
    screen.press("x")
    assert any("»  x) quit" in line or "» x) quit" in line for line in drawn(screen, size))


@pytest.mark.parametrize("size", SIZES)
def test_a_text_to_type_fits_with_what_is_wrong_with_it(size: tuple[int, int]) -> None:
    told = "this is no number, and what was expected is a number from 12 to under 121, so mend it"
    screen = TextScreen(ABOVE, "From 12 to under 121 years:", lambda _: told, LIST[-3:], "")
    for key in (*"abc", "enter"):
        screen.press(key)
        assert "x)" in words_of(drawn(screen, size))
    assert "abc_" in words_of(drawn(screen, size))
    seen = words_of(drawn(screen, size))
    for _ in range(20):
        screen.press("up")
        seen |= words_of(drawn(screen, size))
    for _ in range(20):
        screen.press("down")
        seen |= words_of(drawn(screen, size))
    assert words_of([plain(ABOVE), told]) <= seen


@pytest.mark.parametrize("size", SIZES)
def test_a_long_text_goes_by_pages_and_escape_leaves_it(size: tuple[int, int]) -> None:
    text = "".join(f"line{number} of a text\n" for number in range(100))
    pause, seen = Pause(text), set[str]()
    pages = 0
    while True:
        seen |= words_of(drawn(pause, size))
        pages += 1
        if pause.press("enter") is not None:
            break
    assert {f"line{number}" for number in range(100)} <= seen
    assert pages == -(-100 // (size[1] - 2))
    assert Pause(text).press("escape") is not None


def test_a_line_that_is_wrapped_keeps_its_indent_and_its_style() -> None:
    assert wrapped("\x1b[1m  one two three four\x1b[0m\nfive", 12) == [
        "\x1b[1m  one two\x1b[0m",
        "\x1b[1m  three\x1b[0m",
        "\x1b[1m  four\x1b[0m",
        "five",
    ]


# --- keys -------------------------------------------------------------------------------------------------------------


@given(st.lists(st.sampled_from(KEYS), max_size=60), st.sampled_from(SIZES))
@settings(max_examples=1500, deadline=None)
def test_a_mark_is_of_the_line_under_the_pointer_and_nothing_is_chosen_but_by_enter(
    keys: Sequence[str], size: tuple[int, int]
) -> None:
    screen = Screen(ABOVE, LIST, {})
    before: Mapping[str, str] = {}
    for key in keys:
        at = screen.pointed
        chosen = screen.press(key)
        drawn(screen, size)
        if chosen is not None:
            assert key == "enter"
            assert chosen.value == at
            assert chosen.value.startswith(":")
            return
        now = screen.marks
        changed = {name for name in {*before, *now} if before.get(name, "") != now.get(name, "")}
        assert changed <= {at}
        assert not changed or key in {"y", "n", "d", " ", "enter"}
        before = dict(now)


@pytest.mark.parametrize("key", sorted({*KEYS, "Y", "N", "é", "1"}))
def test_one_key_alone_chooses_and_marks_nothing(key: str) -> None:
    """Held down on any screen: a list, a choice, a number."""
    for screen in (Screen(ABOVE, LIST, {}), Screen(ABOVE, LIST[:4])):
        for _ in range(300):
            assert screen.press(key) is None
        assert not screen.marks
    typed = TextScreen(ABOVE, "Age:", lambda text: "" if text in ("40", "1") else "no number", LIST[-1:], "")
    assert all(typed.press(key) is None for _ in range(300))


def test_a_text_that_is_typed_has_an_end() -> None:
    screen = TextScreen("", "Age:", lambda _: "wrong", (), "")
    for _ in range(3 * LONGEST_TEXT):
        screen.press("é")
    for _ in range(LONGEST_TEXT - 1):
        screen.press("backspace")
    assert "é_" in screen.drawn(80, 24)[0]


# --- persons ----------------------------------------------------------------------------------------------------------


def at_a_list(engine: Engine) -> Interview:
    """Where the most could be denied by one key."""
    known = {"age": 40} if engine is TINY else {"age": 40, "sex": "male", "sport": "none"}
    return Interview(engine, known, Policy(ask_scope=False))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("key", ["enter", "escape", "a", " ", "y", "n", "d", "down", "1"])
def test_who_presses_one_key_has_answered_nothing(key: str, size: tuple[int, int]) -> None:
    for begun in (Interview(TINY), at_a_list(TINY)):
        before = dict(begun.state.answers)
        assert dict(asked(begun, repeat(key, 300), size).state.answers) == before


@pytest.mark.parametrize("key", ["enter", "escape", "a"])
def test_who_presses_one_key_has_answered_nothing_of_the_shipped_network(key: str) -> None:
    engine = Engine(KNEE_11)
    policy = Policy(ask_who=True, ask_setting=True)
    for begun in (Interview(engine, policy=policy), at_a_list(engine)):
        before = dict(begun.state.answers)
        now = asked(begun, repeat(key, 60))
        assert (dict(now.state.answers), now.state.preliminaries) == (before, {})


class Watched(Interview):
    """An interview that knows what was on the screen when a list was answered."""

    talk: Pressed

    def change(self, name: str, value: object, *, set_aside: bool = False) -> Reply:
        prompt = self.prompt_of(name)
        if prompt.kind == "tick_all" and isinstance(value, Mapping):
            seen = " ".join(" ".join(self.talk.last).split())
            assert "Is that so" in seen
            labels = {option.value: option.label for option in prompt.options}
            for line, answer in value.items():
                assert labels[line] in seen
                if answer == "no" and line in prompt.warnings:
                    assert "also of the warning signs?" in seen
                    assert labels[line] in seen.partition("No to these warning signs: ")[2]
        return super().change(name, value, set_aside=set_aside)


@pytest.mark.parametrize("lot", range(6))
def test_whatever_keys_are_pressed_a_list_counts_as_it_was_shown(lot: int, capsys: pytest.CaptureFixture[str]) -> None:
    """100 persons a lot who press 60 keys by chance: no exception, and no denial that was not asked for once more."""
    answered = 0
    for number in range(100):
        rng = np.random.default_rng([lot, number])
        weights = np.array([8.0 if key == "enter" else 3.0 if key in ("r", "g", "f") else 1.0 for key in KEYS])
        interview = Watched(TINY, {"age": 40}, Policy(threshold=1.0, least_value=0.0))
        interview.talk = Pressed(rng.choice(KEYS, 60, p=weights / weights.sum()).tolist(), (100, 50))
        try:
            Asking(interview, interview.talk, lambda: None).run({})
        except (TalkEndedError, QuitError):
            answered += len(interview.state.answers) > 1
        capsys.readouterr()
    assert answered > 10  # the keys are such that it happens


@pytest.mark.parametrize("lot", range(4))
def test_who_never_presses_enter_has_answered_nothing(lot: int) -> None:
    others = [key for key in KEYS if key != "enter"]
    for number in range(100):
        keys = np.random.default_rng([lot, number]).choice(others, 60).tolist()
        begun = at_a_list(TINY)
        before = dict(begun.state.answers)
        assert dict(asked(begun, keys, SIZES[number % len(SIZES)]).state.answers) == before


# --- line by line -----------------------------------------------------------------------------------------------------


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Lines that are typed, one for each question."""
    lines: list[str] = []
    monkeypatch.setattr("bayesknee.cli.talking.talk._line", lambda _: lines.pop(0))
    return lines


@pytest.mark.parametrize(("word", "is_so"), [("yes", True), ("y", True), ("Yes", True), ("g", True), ("no", False)])
def test_in_a_pipe_yes_and_no_answer_whether_it_is_so(typed: list[str], word: str, is_so: bool) -> None:
    typed += ["1 no 2", word, *([] if is_so else ["no 1", "yes"]), "quit"]
    interview = at_a_list(TINY)
    with pytest.raises(QuitError):
        Asking(interview, Lines(), lambda: None).run({})
    assert typed == []
    assert interview.state.answers["pain_on_grip"] == ("yes" if is_so else "no")
    assert interview.state.answers["swelling_noticed"] == "no"
