"""What a notebook shows of a diagnosis, a network and its questions: tables with bars, in HTML.

Colours are taken from the page, so that light and dark notebooks both can be read; all text is escaped. Styles stand in
the tags, for notebooks and the sites that show them drop style sheets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from bayesknee.diagnosis.asking.next_questions import NextQuestion, NextQuestions
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.triage import Triage
from bayesknee.display.terminal import percent
from bayesknee.display.text import (
    ALARMING,
    LEVEL_WORDS,
    answer_count,
    answer_text,
    chance_text,
    implied_text,
    label,
    limit_text,
    state_text,
)
from bayesknee.knowledge.model import ANSWERED_BY, Question, RiskFactor
from bayesknee.knowledge.network import Network

if TYPE_CHECKING:
    from jinja2 import Environment

BAR, DANGER = "#56B4E9", "#D55E00"  # as in the pictures
MOST_QUESTIONS: Final = 40
MOST_NEXT: Final = 8


def diagnosis_html(diagnosis: Diagnosis) -> str:
    """A table of the conditions with bars, then groups, then the answers it rests on."""
    over = {each.condition: limit_text(each) for each in diagnosis.not_ruled_out}
    conditions = [
        {
            "name": diagnosis.network.conditions[name].name,
            "prior": percent(diagnosis.prior[name]),
            "prior_place": diagnosis.prior[name],
            "probability": probability,
            "shown": chance_text(diagnosis, {name}, probability),
            "over": over.get(name, ""),
        }
        for name, probability in diagnosis.posterior.items()
    ]
    groups = [
        {
            "name": diagnosis.network.groups[name].name,
            "probability": probability,
            "shown": chance_text(diagnosis, set(diagnosis.network.groups[name].members), probability),
        }
        for name, probability in diagnosis.groups.items()
    ]
    network = diagnosis.network
    setting = network.settings[diagnosis.setting].name
    return _rendered(
        "diagnosis", network=network, setting=setting, count=answer_count(diagnosis), conditions=conditions,
        groups=groups, answers=list(_answers(diagnosis)), urgency=LEVEL_WORDS[diagnosis.triage.level],
        alarming=diagnosis.triage.level in ALARMING, reasons=list(_reasons(diagnosis.triage)),
    )  # fmt: skip


def _reasons(triage: Triage) -> Iterable[str]:
    """What set the level, and all other red flags."""
    for each in (*triage.decisive, *(flag for flag in triage.red_flags if flag.level != triage.level)):
        yield each.text if each.level == triage.level else f"{each.level}: {each.text}"


def _answers(diagnosis: Diagnosis) -> Iterable[tuple[str, str]]:
    network, evidence = diagnosis.network, diagnosis.evidence
    for name, answer in evidence.answers.items():
        yield label(network, name), answer_text(network, name, answer)
    for name in evidence.implied:
        yield label(network, name), implied_text(diagnosis, name)


def differential_html(diagnosis: Diagnosis, before: Mapping[str, float]) -> str:
    """The conditions with bars and with ticks where they were `before`, and how urgent it is: during an interview."""
    over = {each.condition: limit_text(each) for each in diagnosis.not_ruled_out}
    conditions = [
        {
            "name": diagnosis.network.conditions[name].name,
            "probability": probability,
            "shown": chance_text(diagnosis, {name}, probability),
            "before": before[name],
            "over": over.get(name, ""),
        }
        for name, probability in diagnosis.posterior.items()
    ]
    level = diagnosis.triage.level
    return _rendered(
        "differential", conditions=conditions, urgency=LEVEL_WORDS[level], alarming=level in ALARMING,
        reasons=list(_reasons(diagnosis.triage)), caution=diagnosis.network.caution,
    )  # fmt: skip


def network_html(network: Network) -> str:
    """What the network is, its conditions with their base rates, and how much it can ask."""
    conditions = [
        {
            "id": each.id,
            "name": each.name,
            "rates": [
                (each.base_rate_in(setting), percent(each.base_rate_in(setting))) for setting in network.settings
            ],
            "level": each.level.replace("_", " "),
            "limit": f"{100.0 * each.limit.value:.3g} %" if each.must_not_miss else "",
        }
        for each in network.conditions.values()
    ]
    kinds = [(kind, sum(each.kind == kind for each in network.findings.values())) for kind in ANSWERED_BY]
    return _rendered("network", network=network, conditions=conditions, kinds=kinds)


def questions_html(questions: Iterable[Question]) -> str:
    """Questions by topic: what is asked, of whom, and the words that answer it; a long list is cut, and says so."""
    every = list(questions)
    by_topic = [
        (topic.replace("_", " "), list(group))
        for topic, group in groupby(every[:MOST_QUESTIONS], key=lambda each: each.topic)
    ]
    return _rendered("questions", by_topic=by_topic, more=max(len(every) - MOST_QUESTIONS, 0))


def next_questions_html(questions: NextQuestions) -> str:
    """The best questions, their worth, and where each answer would take the condition that they are most about."""
    best = max((each.value for each in questions), default=0.0) or 1.0
    network = questions.network
    rows = [_question_row(network, each, each.value / best) for each in questions[:MOST_NEXT] if network is not None]
    return _rendered("next_questions", questions=rows, more=max(len(questions) - MOST_NEXT, 0))


def _question_row(network: Network, question: NextQuestion, share: float) -> dict[str, Any]:
    asked = network.questions[question.finding]
    factor = asked if isinstance(asked, RiskFactor) else None
    outcomes = [
        {
            "state": state_text(factor, outcome.state),
            "shown": percent(outcome.probability),
            "after": outcome.posterior[question.about],
            "after_shown": percent(outcome.posterior[question.about]),
        }
        for outcome in question.outcomes
    ]
    return {
        "question": question.question,
        "asked_of": question.asked_of,
        "finding": question.finding,
        "value": question.value,
        "share": share,
        "about": network.conditions[question.about].name,
        "now": sum(each.probability * each.posterior[question.about] for each in question.outcomes),
        "outcomes": outcomes,
    }


def _rendered(template: str, **values: Any) -> str:  # noqa: ANN401 (whatever the template shows)
    return _environment().get_template(f"notebook/{template}.html").render(bar=BAR, danger=DANGER, **values)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader

    return Environment(loader=PackageLoader("bayesknee.display"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
