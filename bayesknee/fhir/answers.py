"""The answer of an item, by whichever code, as what `Engine.diagnose` takes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, Final, TypeGuard

from immutabledict import immutabledict

from bayesknee.errors import EvidenceError, quoted, shown_word
from bayesknee.fhir.items import PROBABLY, unit_words
from bayesknee.fhir.names import UCUM, network_system
from bayesknee.knowledge.coding.systems import BY_URL, SYSTEMS
from bayesknee.knowledge.model import NO_YES, Question
from bayesknee.knowledge.network import Network
from bayesknee.patient.answer_reader import UNKNOWN, meant_state
from bayesknee.patient.measured import as_float, folded_unit, with_unit

# Answers that terminologies have whatever the question: LOINC's answer list LL361-7, HL7's table 0136, and why data are
# absent. Only a stated no is a no.
GENERAL: Final[Mapping[tuple[str, str], str]] = immutabledict(
    {
        ("http://loinc.org", "LA33-6"): NO_YES[1],
        ("http://loinc.org", "LA32-8"): NO_YES[0],
        ("http://loinc.org", "LA12688-0"): UNKNOWN,
        ("http://terminology.hl7.org/CodeSystem/v2-0136", "Y"): NO_YES[1],
        ("http://terminology.hl7.org/CodeSystem/v2-0136", "N"): NO_YES[0],
        ("http://terminology.hl7.org/CodeSystem/data-absent-reason", "unknown"): UNKNOWN,
        ("http://terminology.hl7.org/CodeSystem/data-absent-reason", "asked-unknown"): UNKNOWN,
    }
)
GENDER: Final = "http://hl7.org/fhir/administrative-gender"
TAKEN: Final = ("valueCoding", "valueBoolean", "valueDecimal", "valueInteger", "valueQuantity", "valueString")
NUMBERS: Final = ("valueDecimal", "valueInteger", "valueQuantity")


def read_value(network: Network, name: str, answers: Sequence[Mapping[str, Any]]) -> object:
    """What the answers of an item say of a question, or of what is asked before all else.

    Args:
        network: of the question.
        name: id of a question, or of a preliminary.
        answers: those of the item, of which there must be one.

    Raises:
        EvidenceError: none or several, or one that says nothing of the question.
    """
    if len(answers) != 1:
        raise EvidenceError(f"{name}: got {len(answers)} answers; expected one; keep one of them")
    kinds = [key for key in answers[0] if key.startswith("value")]
    kind = kinds[0] if kinds else ""
    if len(kinds) != 1 or kind not in TAKEN:
        expected = f"expected one of {', '.join(TAKEN)}"
        raise EvidenceError(f"{name}: got {', '.join(map(shown_word, kinds)) or 'no value'}; {expected}; send that")
    return _read(network, name, kind, answers[0][kind])


def _read(network: Network, name: str, kind: str, value: object) -> object:
    question = network.questions.get(name)
    if kind == "valueCoding":
        return code_value(network, name, _parts(name, kind, value))
    if kind in NUMBERS and not (question and question.bands):
        raise EvidenceError(f"{name}: got a number; expected one of its answers; send it as valueCoding")
    if kind == "valueQuantity" and question:
        return quantity_value(question, _parts(name, kind, value))
    wanted: dict[str, tuple[type, ...]] = {"valueBoolean": (bool,), "valueString": (str,)}
    if is_finite(value) if kind not in wanted else isinstance(value, wanted[kind]):
        return value
    raise EvidenceError(f"{name}: got {quoted(value)} as {kind}; expected what its name says; mend it")


def _parts(name: str, kind: str, value: object) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    raise EvidenceError(f"{name}: got {quoted(value)} as {kind}; expected an object; mend it")


def code_value(network: Network, name: str, coding: Mapping[str, Any]) -> str:
    """The state that a coding means, or `unknown`.

    Raises:
        EvidenceError: it means none of this question.
    """
    system, code = coding.get("system", ""), coding.get("code", "")
    if not isinstance(system, str) or not isinstance(code, str) or not code:
        raise EvidenceError(f"{name}: got a coding without a code; expected system and code; send both")
    if system in ("", network_system(network)):
        return PROBABLY_TEXTS.get(code, code)
    question = network.questions.get(name)
    states = {state for state in question.states if _has_code(question, state, system, code)} if question else set()
    if question and system == GENDER and meant_state(network, name, code) in question.states:
        states = {meant_state(network, name, code)}
    if not states and (said := GENERAL.get((system, code))) and question and said in (*question.states, UNKNOWN):
        return said
    if len(states) == 1:
        return states.pop()
    known = f"{network_system(network)}, {', '.join(_systems(question))}" if question else network_system(network)
    told = f"{name}: the code {quoted(code)} of {quoted(system)} means none of its answers"
    raise EvidenceError(f"{told}; expected a code of {known.rstrip(', ')}; the form has them")


def _has_code(question: Question, state: str, system: str, code: str) -> bool:
    return code in question.state_codes.get(state, {}).get(BY_URL.get(system, ""), ())


def _systems(question: Question) -> list[str]:
    return sorted({SYSTEMS[name].url for codes in question.state_codes.values() for name in codes})


def quantity_value(question: Question, quantity: Mapping[str, Any]) -> object:
    """A number, once its unit is that of the question; else its text with the unit, which the network then refuses.

    Raises:
        EvidenceError: no number, or one with a comparator.
    """
    value = quantity.get("value")
    if not is_finite(value):
        raise EvidenceError(f"{question.id}: got a quantity without a number; expected its value; send it")
    if comparator := quantity.get("comparator"):
        told = f"{question.id}: got {quoted(comparator)} a number; expected the number itself"
        raise EvidenceError(f"{told}; leave the answer out where it is not known")
    unit = _unit_of(quantity)
    if folded_unit(unit) not in ("", folded_unit(question.unit)):
        return with_unit(float(value), unit)
    bare = set(question.states) == set(NO_YES) and value in (0, 1)  # which, without a unit, could mean no or yes
    return with_unit(float(value), unit) if bare else value


def is_finite(value: object) -> TypeGuard[float]:
    """Whether a value of JSON is a number that a float can hold."""
    return not isinstance(value, bool) and isinstance(value, Real) and abs(as_float(value)) < math.inf


def _unit_of(quantity: Mapping[str, Any]) -> str:
    code, unit = quantity.get("code"), quantity.get("unit")
    if isinstance(code, str) and quantity.get("system", UCUM) == UCUM:
        return unit_words(code)
    return unit if isinstance(unit, str) else ""


def question_with_code(network: Network, system: object, code: object) -> str:
    """The id of the question that has this code; empty where none has."""
    if not isinstance(system, str) or not isinstance(code, str):
        return ""
    if system == network_system(network):
        return code if code in network.questions else ""
    key = BY_URL.get(system, "")
    found = (name for name, question in network.questions.items() if code in question.codes.get(key, ()))
    return next(found, "")


PROBABLY_TEXTS: Final = immutabledict({code: code.replace("_", " ") for code in PROBABLY})
