"""CDS Hooks: a service for each network that, as a chart is opened, shows a card with a link to the questions.

https://cds-hooks.hl7.org, version 2.0. The card tells an urgency only once something of the complaint is known: before
that, the figures are those of anybody of this age, and would alarm for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID, uuid4

from immutabledict import immutabledict

from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.engine import Engine
from bayesknee.diagnosis.triage import is_complaint_known
from bayesknee.diagnosis.wording import event_chance, not_ruled_out_line, scope_lines
from bayesknee.errors import BayeskneeError, EvidenceError, quoted, shortened
from bayesknee.fhir.chart import chart_answers
from bayesknee.fhir.names import resource_id
from bayesknee.knowledge.model import Level
from bayesknee.knowledge.network import Network
from bayesknee.patient.answer_words import answer_text, label

HOOK: Final = "patient-view"
MOST_SUMMARY: Final = 139  # characters; the specification wants fewer than 140
INDICATORS: Final[Mapping[Level, str]] = immutabledict(
    {"emergency": "critical", "same_day": "critical", "urgent": "warning", "routine": "info", "self_care": "info"}
)
PREFETCH: Final = immutabledict(
    patient="Patient/{{context.patientId}}",
    conditions="Condition?patient={{context.patientId}}&clinical-status=active",
)


class HookError(BayeskneeError):
    """A call of a hook that cannot be answered, with the status of HTTP that the specification gives it."""

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        super().__init__(text)


def service(network: Network) -> dict[str, Any]:
    """A service as `/cds-services` lists it."""
    told = f"{network.title}: how urgent, how probable each cause, and what to ask next"
    return {
        "hook": HOOK,
        "id": resource_id(network),
        "title": network.title,
        "description": " ".join(filter(None, (told + ".", *list(scope_lines(network))[:1]))),
        "prefetch": dict(PREFETCH),
        "usageRequirements": "The prefetch data must be sent: the service asks no other server for any.",
    }


def cards(
    network: Network, call: object, engine_of: Callable[[Network, str | None], Engine], page: str, today: date
) -> dict[str, Any]:
    """The cards for a patient whose chart is opened: one, or none where the network is not for the patient's age.

    Args:
        network: of the service.
        call: the body of the request.
        engine_of: the engine of a network in a setting.
        page: the address of the page that asks the questions.
        today: for the age.

    Raises:
        HookError: a call of another shape, or without the data that were asked for.
    """
    prefetch = _prefetch(call)
    try:
        known = chart_answers(network, prefetch["patient"], prefetch.get("conditions"), today)
    except EvidenceError:
        return {"cards": []}
    diagnosis = engine_of(network, None).diagnose(known)
    return {"cards": [_card(diagnosis, page)]}


def _prefetch(call: object) -> Mapping[str, Any]:
    """What was fetched for the call; None in it is a patient of whom there is nothing."""
    if not isinstance(call, Mapping) or call.get("hook") != HOOK:
        got = quoted(call.get("hook")) if isinstance(call, Mapping) else "no object"
        raise HookError(400, f"got the hook {got}; expected {HOOK}; call it so")
    if not _is_uuid(call.get("hookInstance")):
        raise HookError(400, "got no hookInstance; expected a UUID for this call; send one")
    context = call.get("context")
    if not isinstance(context, Mapping) or not isinstance(context.get("patientId"), str):
        raise HookError(400, "got no context.patientId; expected the id of the patient; send it")
    prefetch = call.get("prefetch")
    if not isinstance(prefetch, Mapping) or "patient" not in prefetch:
        told = "the prefetch data lack patient; expected the Patient, or null where there is none"
        raise HookError(412, f"{told}; this service asks no other server, so send it")
    return prefetch


def _is_uuid(text: object) -> bool:
    try:
        UUID(text if isinstance(text, str) else "")
    except ValueError:
        return False
    return True


def _card(diagnosis: Diagnosis, page: str) -> dict[str, Any]:
    network = diagnosis.network
    is_known = is_complaint_known(network, diagnosis.evidence)
    level = diagnosis.triage.level
    summary = f"{network.title}: {diagnosis.triage.words}" if is_known else f"{network.title}: ask, if that is it"
    return {
        "uuid": str(uuid4()),
        "summary": shortened(summary, MOST_SUMMARY),
        "indicator": INDICATORS[level] if is_known else "info",
        "detail": _detail(diagnosis, is_known=is_known),
        "source": {"label": f"bayesknee, network {network.id} {network.version}", "url": page},
        "links": [{"label": "Ask the questions", "url": page, "type": "absolute", "autoLaunchable": False}],
    }


def _detail(diagnosis: Diagnosis, *, is_known: bool) -> str:
    """In Markdown, of which the texts of a network have none."""
    network = diagnosis.network
    answers = diagnosis.evidence.answers.items()
    taken = "; ".join(f"{label(network, name)}: {answer_text(network, name, answer)}" for name, answer in answers)
    lines = [f"From the record: {taken or 'nothing that the questions ask'}. All else was not asked."]
    if is_known:
        lines += [diagnosis.triage.told(reason) for reason in diagnosis.triage.shown]
        lines += [not_ruled_out_line(network, danger) for danger in diagnosis.not_ruled_out]
        first = next(iter(diagnosis.posterior))
        lines.append(f"Most probable: {network.conditions[first].name}, {event_chance(diagnosis, first)}")
    else:
        lines.append("How urgent it is can be said once something of the complaint is known.")
    lines.append(network.caution)
    return "\n".join(f"- {line}" for line in lines if line)
