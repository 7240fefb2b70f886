"""What programs read: the documents of `--json`, which the server sends as well, byte for byte."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any, Final

from bayesknee.diagnosis.asking.next_questions import NextQuestions
from bayesknee.diagnosis.asking.question_plan import QuestionPlan
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.explaining.counterfactual import NewAnswer
from bayesknee.diagnosis.explaining.intervals import Intervals
from bayesknee.diagnosis.wording import scope_line
from bayesknee.errors import BayeskneeError, unknown_text
from bayesknee.knowledge.model import Question
from bayesknee.knowledge.network import Network
from bayesknee.patient.askable import ASKED_OF
from bayesknee.patient.finding_search import search as ranked_by_words
from bayesknee.patient.heard.proposals import Proposal
from bayesknee.plain import attributes, plain
from bayesknee.version import __version__

PATIENT: Final = "patient"


# --- a network -------------------------------------------------------------------------------------------------------


def network_document(name: str, network: Network) -> dict[str, Any]:
    """A network, and what it is for."""
    return {
        "network": name,
        "version": network.version,
        "title": network.title,
        "scope": scope_line(network),
        "settings": list(network.settings),
        "conditions": list(network.conditions),
        "questions": len(network.questions),
    }


def find_topic(network: Network, given: str) -> str:
    """The id of a topic given by id or name.

    Raises:
        BayeskneeError: the network has no such topic.
    """
    ids = {name.lower(): topic for topic, name in network.topics.items()} | {topic: topic for topic in network.topics}
    if given.lower() in ids:
        return ids[given.lower()]
    known = f"known are {', '.join(network.topics)}"
    raise BayeskneeError(unknown_text("topic", given, ids, f"of network {network.id}", known))


def subject_id(network: Network, given: str) -> str:
    """The id of a condition or group given by id or name; as it is where there is none such."""
    names = {name: each.name for name, each in network.groups.items()}
    names |= {name: each.name for name, each in network.conditions.items()}
    ids = {name.casefold(): each for each, name in names.items()}
    return ids.get(given.casefold(), given)


def find_questions(
    network: Network,
    search: str = "",
    *,
    asked_of: str | None = None,
    topic: str | None = None,
    kind: str | None = None,
) -> Iterator[Question]:
    """The findings and risk factors that fit a few words best, of one kind; what is None excludes nothing.

    The best come first; without words they come in the network's order. See `bayesknee.patient.finding_search`.

    Raises:
        BayeskneeError: the network has no such topic.
    """
    wanted = None if topic is None else find_topic(network, topic)
    for question in ranked_by_words(network, search):
        if asked_of in (None, question.asked_of) and wanted in (None, question.topic) and kind in (None, question.kind):
            yield question


def question_document(question: Question) -> dict[str, Any]:
    """A finding or risk factor; keys that would be empty are left out."""
    extras = {
        "help": question.help,
        **{
            key: {gate: list(states) for gate, states in getattr(question, key).items()}
            for key in ("only_if", "ask_once", "ask_unless", "state_names", "state_synonyms")
        },
        "synonyms": list(question.synonyms),
        "bands": {s: list(band) for s, band in question.bands.items()},
        "cut_offs": {name: cut_off.words for name, cut_off in question.cut_offs.items()},
        "unit": question.unit,
    }
    return {
        "finding": question.id,
        "label": question.label,
        "question": question.question,
        "asked_of": question.asked_of,
        "states": list(question.states),
        "topic": question.topic,
        "burden": question.burden,
        "kind": question.kind,
        **{key: value for key, value in extras.items() if value},
    }


def proposals_document(network: Network, text: str, proposals: Iterable[Proposal]) -> dict[str, Any]:
    """What a text may say of findings, for somebody to confirm; keys that would be empty are left out."""
    return {
        "network": network.identity,
        "program": __version__,
        "entered": False,
        "proposals": [_proposal_document(network, text, each) for each in proposals],
    }


def _proposal_document(network: Network, text: str, proposal: Proposal) -> dict[str, Any]:
    question = network.questions[proposal.finding]
    extras = {"state": proposal.state, "side": proposal.side}
    measured = {} if proposal.number is None else {"number": proposal.number, "unit": question.unit}
    return {
        "finding": question.id,
        "label": question.label,
        "question": question.question,
        "states": list(question.states),
        "assertion": proposal.assertion,
        "quote": text[proposal.start : proposal.end],
        "start": proposal.start,
        "end": proposal.end,
        **{key: value for key, value in extras.items() if value},
        **measured,
    }


# --- a patient -------------------------------------------------------------------------------------------------------


def diagnosis_document(
    diagnosis: Diagnosis, questions: int, asked_of: Iterable[str] = (), intervals: Intervals | None = None
) -> dict[str, Any]:
    """The diagnosis with so many next questions, and with intervals where there are any."""
    more = {"intervals": intervals.to_dict()} if intervals else {}
    return diagnosis.to_dict(questions=questions, asked_of=asked_of) | more


def questions_document(
    diagnosis: Diagnosis, ranked: NextQuestions, objective: str, *, look_ahead: bool
) -> dict[str, Any]:
    """The next questions, and what they are ranked by."""
    ranked_by = {"objective": objective, "look_ahead": look_ahead}
    return {**diagnosis.given_dict(), **ranked_by, **ranked.plain_parts(), **diagnosis.trust_dict()}


def explanation_document(diagnosis: Diagnosis, subject: str, against: str | None) -> dict[str, Any]:
    """Why a condition or group is as probable as it is, or why rather than another one.

    Raises:
        ConditionError: the network has no such condition or group.
    """
    from bayesknee.diagnosis.explaining.counterfactual import leader_changes

    account = diagnosis.ledger[subject] if against is None else diagnosis.ledger.contrast(subject, against)
    return {
        **diagnosis.given_dict(),
        **account.to_dict(),
        "probabilities": {name: before_and_now(diagnosis, name) for name in (subject, against) if name is not None},
        "leader": next(iter(diagnosis.posterior)),
        "leader_changes": plain(tuple(leader_changes(diagnosis))),
        "turned_round_by": plain(turning_answers(diagnosis, subject, against)),
        **attributes(diagnosis, ("conflict", "surprise", "warnings")),
    }


def turning_answers(diagnosis: Diagnosis, subject: str, against: str | None) -> tuple[NewAnswer, ...]:
    """The new answers that would put one of two conditions before the other; none where these are no conditions."""
    from bayesknee.diagnosis.explaining.counterfactual import answers_that_turn

    if against is None or not {subject, against} <= set(diagnosis.network.conditions):
        return ()
    return tuple(answers_that_turn(diagnosis, subject, against))


def before_and_now(diagnosis: Diagnosis, name: str) -> dict[str, float]:
    """The probability of a condition or group without answers, and with them."""
    shares = diagnosis.ledger.shares
    before = math.exp(shares.before[0, list(diagnosis.ledger).index(name)])
    return {"prior": before, "probability": {**diagnosis.posterior, **diagnosis.groups}[name]}


def sensitivity_document(diagnosis: Diagnosis, subject: str, most: int) -> dict[str, Any]:
    """Derivatives by all numbers that bear on a condition or group, ranges of `most`, and changes of the first place.

    Raises:
        ConditionError: the network has no such condition or group.
    """
    found = diagnosis.sensitivity()
    effects = found.effects(subject)
    return {
        **diagnosis.given_dict(),
        "subject": subject,
        "probability": {**diagnosis.posterior, **diagnosis.groups}[subject],
        "leader": found.leader,
        "tornado": plain(found.tornado(subject, most)),
        "flips": plain(found.flips()),
        "derivatives": [attributes(effect, ("path", "derivative")) for effect in effects],
        **diagnosis.trust_dict(),
    }


def plan_document(diagnosis: Diagnosis, plan: QuestionPlan, asked_of: Iterable[str] = ()) -> dict[str, Any]:
    """Questions to ask together, with the warning signs that go before them."""
    return {
        **diagnosis.given_dict(),
        "warning_signs": list(signs_first(diagnosis, asked_of)),
        "plan": plan.to_dict(),
        **diagnosis.trust_dict(),
    }


def signs_first(diagnosis: Diagnosis, asked_of: Iterable[str] = ()) -> tuple[str, ...]:
    """The warning signs that go before a plan: those that the patient can be asked, where the patient is asked."""
    return diagnosis.warning_signs if PATIENT in (tuple(asked_of) or ASKED_OF) else ()
