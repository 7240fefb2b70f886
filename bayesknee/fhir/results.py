"""The result of one patient as a Bundle: RiskAssessments, DetectedIssues and what must be told besides.

Probabilities are those of `Diagnosis`, to the bit. FHIR wants ranges in per cent: there, the point of the same digits
is two places further to the right.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import uuid4

from immutabledict import immutabledict

from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.explaining.intervals import Interval, Intervals
from bayesknee.diagnosis.triage import Reason
from bayesknee.diagnosis.wording import not_ruled_out_line, open_flag_lines
from bayesknee.fhir.names import UCUM, cause_concept, network_coding
from bayesknee.fhir.outcomes import Issue, outcome
from bayesknee.knowledge.model import OF_FORM, Level
from bayesknee.version import __version__
from bayesknee.words import LEVEL_WORDS, level_name

LEVEL_SYSTEM: Final = "urn:bayesknee:level"
LEVEL_EXTENSION: Final = "urn:bayesknee:level-of-care"
# How much harm an issue may do, of three words that FHIR has, by the care that it calls for.
SEVERITY: Final[Mapping[Level, str]] = immutabledict(
    {"emergency": "high", "same_day": "high", "urgent": "moderate", "routine": "low", "self_care": "low"}
)
# A program's figures that nobody has looked at yet; a clinician makes them final.
STATUS: Final = "preliminary"


@dataclass(frozen=True)
class About:
    """What a result is about.

    Attributes:
        subject: the patient, as a Reference.
        response: the answers, as a resource.
        now: when it was computed, with a time zone.
        told: what was not understood, and other warnings about what was sent.
    """

    subject: Mapping[str, Any]
    response: Mapping[str, Any]
    now: datetime
    told: tuple[Issue, ...] = ()


def result_bundle(diagnosis: Diagnosis, about: About, intervals: Intervals | None = None) -> dict[str, Any]:
    """The result of a patient.

    Args:
        diagnosis: of the patient.
        about: whose it is, and from which answers.
        intervals: of the probabilities; None for none.
    """
    response, risk = f"urn:uuid:{uuid4()}", f"urn:uuid:{uuid4()}"
    shared = {"subject": dict(about.subject), "occurrenceDateTime": about.now.isoformat(timespec="seconds")}
    basis = {**shared, "basis": [{"reference": response}]}
    resources: list[tuple[str, Mapping[str, Any]]] = [
        (risk, {**_assessment(diagnosis, "probabilities"), **basis, **_probabilities(diagnosis), **_care(diagnosis)})
    ]
    if intervals is not None:
        ranges = {**_assessment(diagnosis, "95 % ranges"), **basis, "prediction": [*_ranges(diagnosis, intervals)]}
        resources.append((f"urn:uuid:{uuid4()}", ranges))
    issues = (_issue_resource(about, issue, risk, response) for issue in _issues(diagnosis))
    resources += [(f"urn:uuid:{uuid4()}", issue) for issue in issues]
    if told := [*about.told, *_warnings(diagnosis)]:
        resources.append((f"urn:uuid:{uuid4()}", outcome(told)))
    resources.append((response, about.response))
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": about.now.isoformat(timespec="seconds"),
        "entry": [{"fullUrl": address, "resource": dict(resource)} for address, resource in resources],
    }


# --- probabilities ---------------------------------------------------------------------------------------------------


def _assessment(diagnosis: Diagnosis, what: str) -> dict[str, Any]:
    network = diagnosis.network
    made_by = f"bayesknee {__version__}, network {network.id} {network.version} ({network.sha256})"
    return {
        "resourceType": "RiskAssessment",
        "status": STATUS,
        "method": {
            "text": f"{made_by}, setting {diagnosis.setting}: {what}",
        },
        "code": {"text": f"Differential diagnosis: {network.title}"},
    }


def _probabilities(diagnosis: Diagnosis) -> dict[str, Any]:
    """The probability of each condition, form and group; those of forms are part of their condition's."""
    found = [*_of_conditions(diagnosis)]
    return {"prediction": [{"outcome": outcome, "probabilityDecimal": p, **more} for outcome, p, more in found]}


def _of_conditions(diagnosis: Diagnosis) -> Iterator[tuple[dict[str, Any], float, dict[str, Any]]]:
    network = diagnosis.network
    for name, probability in diagnosis.posterior.items():
        error = diagnosis.approximation.errors[name] if diagnosis.approximation else None
        told = {"rationale": f"approximate: off by about {error:.2g}"} if error is not None else {}
        yield cause_concept(network, name), probability, told
        for form, part in diagnosis.forms.get(name, {}).items():
            note = {"rationale": f"a form of {network.conditions[name].name}, whose probability includes it"}
            yield cause_concept(network, f"{name}{OF_FORM}{form}"), part, note
    for name, probability in diagnosis.groups.items():
        yield _group_concept(diagnosis, name), probability, {"rationale": "at least one of several conditions"}


def _group_concept(diagnosis: Diagnosis, name: str) -> dict[str, Any]:
    label = diagnosis.network.groups[name].name
    return {"coding": [network_coding(diagnosis.network, name, label)], "text": label}


def _ranges(diagnosis: Diagnosis, intervals: Intervals) -> Iterator[dict[str, Any]]:
    network = diagnosis.network
    found: list[tuple[dict[str, Any], Interval]] = []
    for name, interval in intervals.conditions.items():
        found.append((cause_concept(network, name), interval))
        forms = intervals.forms.get(name, {}).items()
        found += [(cause_concept(network, f"{name}{OF_FORM}{form}"), each) for form, each in forms]
    found += [(_group_concept(diagnosis, name), interval) for name, interval in intervals.groups.items()]
    note = f"of {intervals.draws:,} networks drawn within the ranges of their numbers"
    for concept, interval in found:
        yield {
            "outcome": concept,
            "probabilityRange": {"low": _percent(interval.low), "high": _percent(interval.high)},
            "rationale": note,
        }


def _percent(probability: float) -> dict[str, Any]:
    value = float(Decimal(repr(float(probability))).scaleb(2))
    return {"value": value, "unit": "%", "system": UCUM, "code": "%"}


# --- care ------------------------------------------------------------------------------------------------------------


def _care(diagnosis: Diagnosis) -> dict[str, Any]:
    """How urgent it is and why, and what usually helps."""
    triage = diagnosis.triage
    lines = [f"{triage.words}.", *(triage.told(reason) for reason in triage.shown)]
    notes = [*(count.words for count in diagnosis.scores), *_general(diagnosis), diagnosis.network.caution]
    notes += [triage.told(reason) for reason in triage.set_aside]
    return {
        "extension": [{"url": LEVEL_EXTENSION, "valueCode": triage.level}],
        "mitigation": "\n".join(lines),
        **({"note": told} if (told := [{"text": text} for text in notes if text]) else {}),
    }


def _general(diagnosis: Diagnosis) -> Iterator[str]:
    leader = diagnosis.network.conditions[next(iter(diagnosis.posterior))]
    yield f"What usually helps with {leader.name} (general information): {leader.what_helps}"


def _issues(diagnosis: Diagnosis) -> Iterator[dict[str, Any]]:
    """What is dangerous and not ruled out, the red flags that hold, and the scores that call for care."""
    network = diagnosis.network
    for danger in diagnosis.not_ruled_out:
        severity = SEVERITY[network.conditions[danger.condition].level]
        concept, told = cause_concept(network, danger.condition), not_ruled_out_line(network, danger)
        yield {**_issue(_level_of(diagnosis, danger.condition), concept, told), "severity": severity}
    for reason in (reason for reason in diagnosis.triage.reasons if reason.kind in ("red_flag", "score")):
        answers = f" ({', '.join(reason.answers)})" if reason.answers else ""
        yield _issue(reason.level, _rule_concept(diagnosis, reason), f"{reason.text}{answers}")


def _level_of(diagnosis: Diagnosis, condition: str) -> Level:
    """The care that a condition calls for now: that of the case where it gives no reason for more."""
    reasons = (each for each in diagnosis.triage.reasons if each.id == condition and each.probability is not None)
    return next((reason.level for reason in reasons), diagnosis.triage.level)


def _rule_concept(diagnosis: Diagnosis, rule: Reason) -> dict[str, Any]:
    """A red flag or score of the network."""
    network = diagnosis.network
    label = network.red_flags[rule.id].label if rule.kind == "red_flag" else network.scores[rule.id].name
    return {"coding": [network_coding(network, rule.id, label)], "text": label}


def _issue(level: Level, concept: Mapping[str, Any], detail: str) -> dict[str, Any]:
    coding = {"system": LEVEL_SYSTEM, "code": level, "display": level_name(level)}
    return {
        "resourceType": "DetectedIssue",
        "extension": [{"url": LEVEL_EXTENSION, "valueCode": level}],
        "status": STATUS,
        "code": dict(concept),
        "severity": SEVERITY[level],
        "detail": detail,
        "mitigation": [{"action": {"coding": [coding], "text": LEVEL_WORDS[level]}}],
    }


def _issue_resource(about: About, issue: Mapping[str, Any], risk: str, response: str) -> dict[str, Any]:
    return {
        **issue,
        "patient": dict(about.subject),
        "identifiedDateTime": about.now.isoformat(timespec="seconds"),
        "implicated": [{"reference": risk}],
        "evidence": [{"detail": [{"reference": response}]}],
    }


def _warnings(diagnosis: Diagnosis) -> Iterable[Issue]:
    """What a reader must be warned of, and what is not known and would be more urgent."""
    for warning in diagnosis.warnings:
        yield Issue(warning.message, severity="warning", kind="business-rule")
    for line in open_flag_lines(diagnosis, diagnosis.result):
        yield Issue(line, severity="warning", kind="incomplete")
