"""What a patient's record says of the questions of a network: age, sex, and active conditions by their codes.

Observations are not read: how long ago one may be, and still be true, is for a clinician to say. Nor are codes of HPO:
a phenotype does not say since when, and who has been breathless for years is not breathless since a leg began to hurt.
Silence is no denial.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from bayesknee.errors import EvidenceError
from bayesknee.fhir.answers import GENDER, code_value, question_with_code
from bayesknee.knowledge.coding.systems import ICD10, SNOMED, SYSTEMS
from bayesknee.knowledge.model import NO_YES, Question
from bayesknee.knowledge.network import Network
from bayesknee.patient.evidence import Answer, read_answer

# LOINC's terms for age and sex, by which a network says which of its questions ask for them.
AGE_CODES: Final = ("30525-0", "21612-7", "29553-5")
SEX_CODES: Final = ("76689-9", "46098-0", "72143-1", "21840-4")
LOINC: Final = "http://loinc.org"
DIAGNOSES: Final = frozenset(SYSTEMS[name].url for name in (ICD10, "icd10cm", SNOMED))  # of lists of problems
ACTIVE: Final = frozenset({"active", "recurrence", "relapse"})


def chart_answers(network: Network, patient: object, conditions: object, today: date) -> dict[str, Answer]:
    """The answers in a record, by id of the question.

    Args:
        network: whose questions they are.
        patient: a Patient, or anything else where there is none.
        conditions: a Bundle of Conditions, or anything else where there is none.
        today: for the age.

    Raises:
        EvidenceError: the patient is of an age that the network has no figures for.
    """
    found: dict[str, object] = {}
    if isinstance(patient, Mapping):
        found |= dict(_of_patient(network, patient, today))
    found |= dict.fromkeys(_present(network, conditions), NO_YES[1])
    return {name: read_answer(network, name, value, found) for name, value in found.items()}


def _of_patient(network: Network, patient: Mapping[str, Any], today: date) -> Iterator[tuple[str, object]]:
    age = age_of(patient.get("birthDate"), today)
    if age is not None and (name := _question(network, AGE_CODES)) and network.questions[name].bands:
        yield name, age
    if (name := _question(network, SEX_CODES)) and isinstance(patient.get("gender"), str):
        try:
            yield name, code_value(network, name, {"system": GENDER, "code": patient["gender"]})
        except EvidenceError:  # other, or unknown: then it is asked
            return


def _question(network: Network, codes: tuple[str, ...]) -> str:
    return next(filter(None, (question_with_code(network, LOINC, code) for code in codes)), "")


def age_of(born: object, today: date) -> int | None:
    """The age in years; None where the date of birth does not tell it, being none, incomplete or in the future."""
    if not isinstance(born, str):
        return None
    try:
        birth = date.fromisoformat(born)
    except ValueError:
        return None
    years = today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
    return years if years >= 0 else None


def _present(network: Network, conditions: object) -> Iterator[str]:
    """The yes-or-no questions of which an active, confirmed condition has a code."""
    entries = conditions.get("entry", []) if isinstance(conditions, Mapping) else []
    for entry in entries if isinstance(entries, list) else []:
        resource = entry.get("resource") if isinstance(entry, Mapping) else None
        if isinstance(resource, Mapping) and resource.get("resourceType") == "Condition" and _holds(resource):
            coded = (each for each in _codings(resource.get("code")) if str(each.get("system")) in DIAGNOSES)
            for coding in coded:
                name = question_with_code(network, coding["system"], coding.get("code"))
                if name and _is_yes_no(network.questions[name]):
                    yield name


def _is_yes_no(question: Question) -> bool:
    return set(question.states) == set(NO_YES) and not question.bands


def _holds(condition: Mapping[str, Any]) -> bool:
    """Whether a Condition is active, and confirmed where that is said."""
    clinical = {coding.get("code") for coding in _codings(condition.get("clinicalStatus"))}
    verified = {coding.get("code") for coding in _codings(condition.get("verificationStatus"))}
    return bool(clinical & ACTIVE) and verified <= {"confirmed"}


def _codings(concept: object) -> list[Mapping[str, Any]]:
    codings = concept.get("coding", []) if isinstance(concept, Mapping) else []
    return [each for each in codings if isinstance(each, Mapping)] if isinstance(codings, list) else []
