"""Two patients side by side, for teaching: Bayes' rule in odds, answer by answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request, Response
from immutabledict import immutabledict

from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.engine import Engine
from bayesknee.errors import BayeskneeError, BudgetError, few_hints, one_line
from bayesknee.knowledge.network import Network
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.patient.answer_words import answer_text, label
from bayesknee.server.networks import Networks, networks_of
from bayesknee.server.pages.forms import Sent, SentForm
from bayesknee.server.pages.pages import PageRoute, page
from bayesknee.server.pages.results import EditPart, choices_of
from bayesknee.server.pages.visits import as_typed

comparison_routes: Final = APIRouter(route_class=PageRoute, include_in_schema=False)
MOST_STEPS: Final = 200  # answers of one patient that are told one by one; each takes a diagnosis. Judged
FIRST, SECOND = "a", "b"
HEADINGS: Final = immutabledict({FIRST: "First patient", SECOND: "Second patient"})
NOT_ASKED: Final = ("", "not asked")


@dataclass(frozen=True)
class OddsStep:
    """One answer, and what it made of the odds.

    Attributes:
        answer: in words; `Before any answer` for the first.
        ratio: the likelihood ratio of the answer; empty for the first.
        odds: after it, in words.
        probability: after it.
    """

    answer: str
    ratio: str
    odds: str
    probability: float


@dataclass(frozen=True)
class PatientColumn:
    """One of the two patients.

    Attributes:
        rows: the answers, to be changed or left out.
        steps: from the base rate to the posterior; empty where the answers cannot be taken.
        diagnosis: from the answers; None where they cannot be taken.
        alert: why the answers cannot be taken.
    """

    key: str
    heading: str
    rows: tuple[EditPart, ...]
    steps: tuple[OddsStep, ...]
    diagnosis: Diagnosis | None
    alert: str = ""


@comparison_routes.get("/compare")
def comparison(request: Request, network: str = "") -> Response:
    """Two patients of whom nothing is known yet."""
    return _compared(networks_of(request), SentForm(immutabledict(network=network), immutabledict()))


@comparison_routes.post("/compare")
def compared(request: Request, form: Sent) -> Response:
    """Two patients, their answers in the form."""
    return _compared(networks_of(request), form)


def _compared(networks: Networks, form: SentForm) -> Response:
    network = networks.network(form["network"])
    engine = networks.engine(network, form["setting"] or None)
    subject = form["subject"] if form["subject"] in network.conditions else next(iter(network.conditions))
    given = {key: _given(form, key) for key in HEADINGS}
    if form.do == "copy":
        given[SECOND] = given[FIRST]
    columns = [_column(engine, subject, key, answers) for key, answers in given.items()]
    return page("compare", network=network, setting=engine.setting, subject=subject, columns=columns)


def _given(form: SentForm, key: str) -> Mapping[str, object]:
    """The answers of a patient: those of a case file, then those of the form, then a finding that is added."""
    evidence = form.case(f"{key}.file").get("evidence", {}) if form.files.get(f"{key}.file") else {}
    of_file = evidence if isinstance(evidence, dict) else {}
    fields = form.below(f"{key}.is.")
    added = form[f"{key}.add"]
    return {**of_file, **fields, **({added: fields.get(added, UNKNOWN)} if added else {})}


def _column(engine: Engine, subject: str, key: str, given: Mapping[str, object]) -> PatientColumn:
    network = engine.network
    rows = tuple(_row(network, name, answer) for name, answer in given.items() if name in network.questions)
    try:
        with few_hints():
            steps = tuple(_steps(engine, subject, given))
            return PatientColumn(key, HEADINGS[key], rows, steps, engine.diagnose(given))
    except BayeskneeError as error:
        return PatientColumn(key, HEADINGS[key], rows, (), None, one_line(str(error)))


def _row(network: Network, name: str, answer: object) -> EditPart:
    question = network.questions[name]
    choices = () if question.bands else (*choices_of(question), NOT_ASKED)
    now = as_typed(answer) if isinstance(answer, int | float) else answer if isinstance(answer, str) else ""
    if not question.bands:
        return EditPart(name, question.label, choices, now, "as in the file", "")
    return EditPart(name, question.label, (), "" if now == UNKNOWN else now, now, question.unit)


def _steps(engine: Engine, subject: str, given: Mapping[str, object]) -> Iterator[OddsStep]:
    """The odds after each answer, in the order in which they were given.

    The odds after an answer are those before it times its likelihood ratio, P(answer | condition, answers before) /
    P(answer | no condition, answers before), which is found from the two.
    """
    if len(given) > MOST_STEPS:
        raise BudgetError("answers", MOST_STEPS, len(given), "leave some out")
    before = engine.diagnose({}).posterior[subject]
    yield OddsStep("Before any answer", "", _odds_text(before), before)
    network, answers = engine.network, engine.diagnose(given).evidence.answers
    for number, (name, answer) in enumerate(answers.items(), 1):
        after = engine.diagnose(dict(list(answers.items())[:number])).posterior[subject]
        told = f"{label(network, name)}: {answer_text(network, name, answer)}"
        yield OddsStep(told, ratio_text(before, after), _odds_text(after), after)
        before = after


def ratio_text(before: float, after: float) -> str:
    """`x 3.2`: the odds after an answer over those before it."""
    if {before, after} & {0.0, 1.0}:
        return "" if before == after else "settles it"
    return f"\N{MULTIPLICATION SIGN} {after * (1.0 - before) / ((1.0 - after) * before):.3g}"


def _odds_text(probability: float) -> str:
    """`1 to 31`, or `3.2 to 1`."""
    if probability in (0.0, 1.0):
        return "certain" if probability else "impossible"
    odds = probability / (1.0 - probability)
    return f"{odds:.3g} to 1" if odds >= 1.0 else f"1 to {1.0 / odds:.3g}"
