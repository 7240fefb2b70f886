"""The text of a diagnosis: fits any width, honest about small figures, plain where it must be plain."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from bayesknee import Diagnosis, Engine, load_network
from bayesknee.diagnosis.belief import NotRuledOut
from bayesknee.diagnosis.wording import MOST_DENIALS, not_ruled_out_line, speaks
from bayesknee.display.questions import questions_text
from bayesknee.display.text import TextOptions, diagnosis_text
from bayesknee.words import percent
from tests.support.paths import KNEE_11, NETWORKS

TINY = load_network(NETWORKS / "tiny")
WIDTHS = [60, 72, 80, 100, 137, 200]
ANSWERS = {"age": 45, "tennis": {"yes": 0.8, "no": 0.2}, "onset": "unknown", "fracture": "no"}


class Terminal(io.StringIO):
    """A terminal that speaks `encoding`."""

    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """The developer's shell has no say."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def diagnosis() -> Diagnosis:
    return Engine(TINY).diagnose(ANSWERS)


def long_names(diagnosis: Diagnosis) -> Diagnosis:
    """The same with a condition, a topic and a caution of many words."""
    strain = replace(TINY.conditions["strain"], name="A strain of the common extensor tendon at its bony origin")
    network = replace(TINY, conditions={**TINY.conditions, "strain": strain}, caution="Take care of yourself. " * 9)
    return replace(diagnosis, compiled=replace(diagnosis.compiled, network=network))


# --- width ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("change", [lambda each: each, long_names], ids=["short", "long"])
def test_no_line_is_wider_than_the_terminal(
    diagnosis: Diagnosis, width: int, change: Callable[[Diagnosis], Diagnosis], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for file in (Terminal("utf-8"), io.StringIO()):
        text = diagnosis_text(change(diagnosis), file)
        lines = re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()
        assert max(map(len, lines)) <= width


@pytest.mark.parametrize("width", WIDTHS)
def test_rows_are_whole_and_aligned(diagnosis: Diagnosis, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = diagnosis_text(diagnosis, io.StringIO(), options=TextOptions(details=True)).splitlines()
    rows = [line for line in lines if re.match(r" +\d+  ", line)]
    header = next((line for line in lines if "Condition" in line), "")
    if width >= 80:  # narrower, names with ids and codes are broken
        assert len(rows) == len(TINY.conditions)
        for row in rows:
            assert row[: header.index("Probability") + len("Probability")].endswith((" %", "given: yes", "given: no"))
            assert row[: header.index("Prior") + len("Prior")].endswith(" %")
    plain_rows = [line for line in diagnosis_text(diagnosis, io.StringIO()).splitlines() if re.match(r" +\d  ", line)]
    ends = {re.search(r" %|given: (yes|no)", row).end() for row in plain_rows}  # type: ignore[union-attr]
    assert (len(plain_rows), len(ends)) == (len(TINY.conditions), 1)


def test_no_line_ends_within_a_figure(diagnosis: Diagnosis, monkeypatch: pytest.MonkeyPatch) -> None:
    for width in range(40, 90):
        monkeypatch.setenv("COLUMNS", str(width))
        lines = diagnosis_text(long_names(diagnosis), io.StringIO()).splitlines()
        assert not [line for line in lines if line.startswith("%")]


def test_a_narrow_terminal_does_no_harm(diagnosis: Diagnosis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "10")
    assert "Tendon" in diagnosis_text(diagnosis, io.StringIO())


def test_questions_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    for width in WIDTHS:
        monkeypatch.setenv("COLUMNS", str(width))
        text = questions_text(TINY, list(TINY.questions.values()), io.StringIO())
        assert max(map(len, text.splitlines())) <= width


# --- characters ----------------------------------------------------------------------------------------------------


def test_a_pipe_gets_ascii_without_colour(diagnosis: Diagnosis) -> None:
    text = diagnosis_text(diagnosis, io.StringIO())
    assert text.isascii()
    assert "\x1b" not in text
    assert "####" in text


def test_a_terminal_gets_bars_and_colour(diagnosis: Diagnosis) -> None:
    text = diagnosis_text(diagnosis, Terminal("utf-8"))
    assert "████" in text
    assert "\x1b[" in text
    assert "#" not in text.replace("  #  ", "").partition("Tendon")[2]


def test_a_terminal_without_utf8_gets_ascii(diagnosis: Diagnosis) -> None:
    assert diagnosis_text(diagnosis, Terminal("iso-8859-1")).isascii()


def test_no_color_means_none(diagnosis: Diagnosis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    text = diagnosis_text(diagnosis, Terminal("utf-8"))
    assert "████" in text
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]", text)


def test_square_brackets_are_text(diagnosis: Diagnosis) -> None:
    odd = replace(
        diagnosis,
        compiled=replace(diagnosis.compiled, network=replace(TINY, caution="See [red]chapter 3[/red] :smile:")),
    )
    assert "See [red]chapter 3[/red] :smile:" in diagnosis_text(odd, io.StringIO())


# --- what it says --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (0.0, "< 0.1 %"),
        (1e-12, "< 0.1 %"),
        (0.00049, "< 0.1 %"),
        (0.0005, "0.1 %"),
        (0.0314, "3.1 %"),
        (0.5, "50.0 %"),
        (0.9994, "99.9 %"),
        (0.9996, "> 99.9 %"),
        (1.0, "> 99.9 %"),
    ],
)
def test_percent(probability: float, text: str) -> None:
    assert percent(probability) == text


def test_percent_is_never_none_nor_all() -> None:
    shown = {percent(step / 100_000) for step in range(100_001)}
    assert not shown & {"0 %", "0.0 %", "100 %", "100.0 %"}


@pytest.mark.parametrize(
    ("probability", "limit", "text"),
    [
        (0.0312, 0.02, "not ruled out: Broken bone 3.1 % (limit 2 %)"),
        (0.0006, 0.0005, "not ruled out: Broken bone 0.06 % (limit 0.05 %)"),
        (0.9999, 0.1, "not ruled out: Broken bone > 99.9 % (limit 10 %)"),
    ],
)
def test_not_ruled_out(probability: float, limit: float, text: str) -> None:
    assert not_ruled_out_line(TINY, NotRuledOut("fracture", probability, limit)) == text


def test_answers_are_in_words_by_topic_what_is_there_first(diagnosis: Diagnosis) -> None:
    text = diagnosis_text(diagnosis, io.StringIO())
    assert text.partition("What was answered\n")[2].splitlines()[:6] == [
        "  Background  Age: 45 years; Tennis: unsure: no 0.2, yes 0.8",
        "",
        "Answered no",
        "  Stated  Broken bone",
        "",
        "Not known: Onset",
    ]


def test_ids_codes_and_base_rates_are_details(diagnosis: Diagnosis) -> None:
    plain, detailed = (
        diagnosis_text(diagnosis, io.StringIO(), diagnosis.next_questions, TextOptions(details=details))
        for details in (False, True)
    )
    for told in ("M77.1", "Prior", "Fracture or infection", "pain_on_grip = no | yes", "onset=unknown"):
        assert told not in plain
        assert told in detailed


def test_the_first_four_and_the_rest_together() -> None:
    diagnosis = Engine(KNEE_11).diagnose({"fever": "no", "lump_noticed": "no"})
    text = diagnosis_text(diagnosis, io.StringIO())
    rest = diagnosis.result.others
    assert (len(diagnosis.result.causes), len(rest.conditions)) == (5, 6)  # four, and a danger that is not ruled out
    assert f"And 6 more, together {percent(rest.probability)}; --all lists them." in text
    every = diagnosis_text(diagnosis, io.StringIO(), options=TextOptions(all_conditions=True))
    assert len(re.findall(r"^ +\d+  ", every, re.MULTILINE)) == 11
    assert "together" not in every


def test_how_urgent_it_is_stands_first_and_last(diagnosis: Diagnosis) -> None:
    lines = diagnosis_text(diagnosis, io.StringIO()).splitlines()
    assert lines[3] == f"How urgent: {diagnosis.triage.words}"
    assert lines[-3] == f"Once more, how urgent: {diagnosis.triage.words}"


def test_many_denials_are_counted_after_what_is_there() -> None:
    engine = Engine(KNEE_11)
    asked = [each for each in engine.network.findings.values() if each.asked_of == "patient" and not each.only_if]
    denied = {each.id: "no" for each in asked if "no" in each.states}
    diagnosis = engine.diagnose({"age": 40, **denied, "tight_behind_knee": "yes"})
    found = [text for cause in diagnosis.result.causes for _, text in speaks(diagnosis.network, cause)]
    counted = [re.search(r"(\d+) answers no \(most: [^,]+, [^,]+\)$", text) for text in found]
    assert sum(map(bool, counted)) > len(found) / 2
    assert min(int(each[1]) for each in counted if each) > MOST_DENIALS


def test_header_counts_answers(diagnosis: Diagnosis) -> None:
    assert "Setting: Clinic; 3 answers and 1 not known\n" in diagnosis_text(diagnosis, io.StringIO())
    one = Engine(TINY, "emergency").diagnose({"tennis": "yes"})
    assert "Setting: Emergency; 1 answer\n" in diagnosis_text(one, io.StringIO())
    none = diagnosis_text(Engine(TINY).diagnose(), io.StringIO())
    assert "Setting: Clinic; no answers\n" in none
    assert "What was answered" not in none


def test_the_caution_stands_once_at_the_end(diagnosis: Diagnosis) -> None:
    text = diagnosis_text(diagnosis, io.StringIO())
    assert text.count(TINY.caution) == 1
    assert text.endswith(f"\n{TINY.caution}\n")


def test_nothing_reads_as_reassurance(diagnosis: Diagnosis) -> None:
    text = diagnosis_text(diagnosis, io.StringIO()).lower()
    assert len(re.findall("ruled out", text)) == len(re.findall("not ruled out", text)) > 0
    for word in ("safe", "excluded", "harmless", "unlikely", "impossible", "no need", "all clear"):
        assert word not in text
