"""A plan as a form to print: two columns, topic by topic, the warning signs first; HTML, or PDF.

It holds nothing from elsewhere: styles stand in the page, and it loads no address.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple

from bayesknee.diagnosis.asking.question_plan import QuestionPlan
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.display.patient_report import SUFFIXES, as_pdf, check_can_write
from bayesknee.display.plan_form import (
    OTHERS,
    READ_FIRST,
    WARNING_SIGNS,
    asked_on_paper,
    explained_states,
    is_short,
    numbers_of,
    parts_of_form,
)
from bayesknee.files import check_report_path, write_file
from bayesknee.knowledge.network import Network
from bayesknee.markup import render_report
from bayesknee.version import __version__

NOT_KNOWN: Final = "don't know"


class FormLine(NamedTuple):
    """A question on paper; `is_short` where its boxes stand beside it, `unit` where a number is to be written."""

    number: int
    asked: str
    help: str
    boxes: tuple[str, ...]
    is_short: bool
    unit: str | None


def form_page(diagnosis: Diagnosis, plan: QuestionPlan, warning_signs: Collection[str] = ()) -> str:
    """The form as a page of HTML that is complete by itself, laid out for A4.

    Args:
        diagnosis: what is known already.
        plan: the questions.
        warning_signs: ids of the questions that come first.
    """
    network = diagnosis.network
    first, rest = parts_of_form(network, plan, warning_signs)
    numbers = numbers_of(first, rest)
    parts = [(WARNING_SIGNS, READ_FIRST, first), (OTHERS if first else "", "", rest)]
    told = [(head, note, list(_topics(network, names, numbers))) for head, note, names in parts if names]
    return render_report("form.html", network=network, parts=told, program_version=__version__)


def write_form(diagnosis: Diagnosis, plan: QuestionPlan, path: Path | str, warning_signs: Collection[str] = ()) -> None:
    """Writes the form; it appears only when it is complete. Arguments as for `form_page`.

    Raises:
        BayeskneeError: a path where no form can be: another ending than .html or .pdf, or no folder.
        MissingExtraError: a PDF is wanted, and what makes it is not installed.
        OSError: it cannot be written.
    """
    check_can_write(path)
    file = check_report_path(path, SUFFIXES)
    page = form_page(diagnosis, plan, warning_signs)
    write_file(file, page.encode() if file.suffix == ".html" else as_pdf(page))


def _topics(network: Network, names: Sequence[str], numbers: Mapping[str, int]) -> Iterator[tuple[str, list[FormLine]]]:
    """The lines of each topic, in the order of the names; a gate may bring a topic up twice."""
    for topic, members in groupby(names, key=lambda name: network.questions[name].topic):
        yield network.topics[topic], [_line(network, name, numbers) for name in members]


def _line(network: Network, name: str, numbers: Mapping[str, int]) -> FormLine:
    question = network.questions[name]
    states = () if question.is_named_by_bounds else tuple(map(question.state_words, question.states))
    unit = question.unit if question.bands else None
    boxes = ("yes", "no", "?") if is_short(question) else (*states, *((NOT_KNOWN,) if states else ()))
    asked, told = asked_on_paper(question, numbers), explained_states(network, name)
    return FormLine(numbers[name], asked, told, boxes, is_short(question), unit)
