"""What a notebook shows: whole tables, escaped text, figures as in the other outputs."""

from __future__ import annotations

import pickle
import re
from html import unescape
from html.parser import HTMLParser

import pytest

from bayesknee import Diagnosis, Engine, Network, load_network
from bayesknee.diagnosis.wording import speaks
from bayesknee.knowledge.network import MOST_SHOWN
from tests.support.paths import KNEE_11, NETWORKS
from tests.support.pictures import LONG, with_long_names

TINY = load_network(NETWORKS / "tiny")
KNEE = load_network(KNEE_11)
VOID = frozenset({"br"})


class Page(HTMLParser):
    """Reads a page, and that each tag that opens is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.widths: list[float] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
        if found := re.match(r"width:([\d.]+)%;height:100%", dict(attrs).get("style") or ""):
            self.widths.append(float(found[1]))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if "tr" in self.open:
            self.rows[-1][-1] += data.strip()


@pytest.fixture
def diagnosis() -> Diagnosis:
    return Engine(TINY).diagnose({"age": 60, "swelling_noticed": "yes", "backhand_pain": {"yes": 0.8, "no": 0.2}})


def page_of(shown: Diagnosis | Network) -> Page:
    return Page(shown._repr_html_())


def test_a_diagnosis_is_a_table_with_bars(diagnosis: Diagnosis) -> None:
    page = page_of(diagnosis)
    names = [TINY.conditions[name].name for name in diagnosis.posterior]
    assert [row[0] for row in page.rows[1 : 1 + len(names)]] == names  # four: all are told one by one
    causes, groups = list(diagnosis.posterior.values()), list(diagnosis.groups.values())
    assert page.widths == pytest.approx([100 * p for p in (*causes, *causes, *groups)], abs=0.006)


def test_what_speaks_for_and_against_stands_beside_the_first_causes(diagnosis: Diagnosis) -> None:
    for row, cause in zip(page_of(diagnosis).rows[1:5], diagnosis.result.causes, strict=True):
        told = [f"{heading}: {text}" for heading, text in speaks(TINY, cause)]
        assert row[3] == "".join(told)
        assert told


def test_the_rest_of_the_causes_is_folded() -> None:
    diagnosis = Engine(KNEE).diagnose({"lump_noticed": "yes"})
    page, rest = page_of(diagnosis), diagnosis.result.others
    first = page.rows[1 : 1 + len(diagnosis.result.causes)]
    assert not {KNEE.conditions[name].name for name in rest.conditions} & {row[0] for row in first}
    assert f"And {len(rest.conditions)} more, together" in page.text
    details = page.text.partition("All conditions, with base rates")
    assert all(each.icd10 not in details[0] and each.icd10 in details[2] for each in KNEE.conditions.values())


def test_urgency_and_its_reasons_come_first(diagnosis: Diagnosis) -> None:
    page = page_of(diagnosis)
    assert page.text.index("How urgent: emergency - be seen now") < page.text.index("Condition")
    assert all(each.text in page.text for each in diagnosis.triage.decisive)


def test_what_is_not_ruled_out_is_said(diagnosis: Diagnosis) -> None:
    page = page_of(diagnosis)
    assert page.text.count("not ruled out: ") == len(diagnosis.not_ruled_out) > 0
    assert page.text.count("ruled out") == page.text.count("not ruled out")
    assert "(limit 2 %)" in page.text


def test_the_answers_and_what_they_imply_are_there(diagnosis: Diagnosis) -> None:
    rows = page_of(diagnosis).rows
    assert ["Background", "Age: 60 years"] in rows
    assert ["Pain", "Swelling; Backhand pain: unsure: no 0.2, yes 0.8"] in rows
    assert ["", "Tennis: yes (taken from: Backhand pain)"] in rows


def test_the_caution_is_there(diagnosis: Diagnosis) -> None:
    assert TINY.caution in page_of(diagnosis).text
    assert TINY.caution in page_of(TINY).text


def test_a_network_is_a_table_of_its_conditions() -> None:
    page = page_of(KNEE)
    assert len(page.rows) == 1 + len(KNEE.conditions)
    assert all(each.name in page.text and each.id in page.text for each in KNEE.conditions.values())
    rates = [each.base_rate_in(setting) for each in KNEE.conditions.values() for setting in KNEE.settings]
    assert page.widths == pytest.approx([100 * rate for rate in rates], abs=0.006)
    assert f"{len(KNEE.findings)} findings" in page.text


def test_questions_are_a_table_and_a_long_list_is_cut() -> None:
    page = Page(TINY.questions._repr_html_())
    assert {row[-4] for row in page.rows[1:]} == TINY.questions.keys()
    assert "more" not in page.text
    long = Page(KNEE.questions._repr_html_())
    assert len(long.rows) == 1 + MOST_SHOWN
    assert f"and {len(KNEE.questions) - MOST_SHOWN} more" in long.text


def test_next_questions_say_what_answers_would_do(diagnosis: Diagnosis) -> None:
    best = diagnosis.next_questions[0]
    page = Page(diagnosis.next_questions._repr_html_())
    assert best.question in page.rows[1][0]
    assert TINY.conditions[best.about].name in page.rows[1][0]
    afters = [100 * outcome.posterior[best.about] for outcome in best.outcomes]
    assert page.widths[0] == 100.0
    assert [page.widths[1], *page.widths[2 : 1 + len(afters)]] == pytest.approx(afters, abs=0.006)
    assert "Nothing is left to ask." in Page(diagnosis.rank_questions(within=[])._repr_html_()).text


def test_questions_are_a_mapping_that_can_be_pickled() -> None:
    copy = pickle.loads(pickle.dumps(TINY.questions))  # noqa: S301 (our own)
    assert copy == TINY.questions
    assert repr(copy) == f"<{len(TINY.questions)} questions>"


def test_text_is_escaped() -> None:
    network = with_long_names(TINY)
    for shown in (Engine(network).diagnose({"age": 60, "onset": "fall"}), network):
        html = shown._repr_html_()
        assert "<b>" not in html
        assert f"Tendonitis <b> & strain $x_1$ {LONG}" in unescape(html)
        page_of(shown)


def test_colours_are_the_pages_own_but_for_the_bars(diagnosis: Diagnosis) -> None:
    html = diagnosis._repr_html_() + TINY._repr_html_()
    assert set(re.findall(r"(?:color|background):([^;\"]+)", html)) <= {
        "#56B4E9",
        "#D55E00",
        "#fff",
    }  # white on the last but one, wherever a page is shown


def test_in_plain_text_there_is_one_line(diagnosis: Diagnosis) -> None:
    assert "\n" not in repr(diagnosis) + repr(TINY)
