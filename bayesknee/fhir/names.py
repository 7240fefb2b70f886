"""What things are called in FHIR: ids, addresses, systems of codes, codings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from bayesknee.knowledge.coding.systems import ICD10, SYSTEMS
from bayesknee.knowledge.model import OF_FORM, CodesBySystem, Question
from bayesknee.knowledge.network import Network

Resource: TypeAlias = Mapping[str, Any]
Coding: TypeAlias = dict[str, str]

ADAPTIVE: Final = "-adaptive"  # behind the id of a Questionnaire: the shell with which an adaptive form begins
SDC: Final = "http://hl7.org/fhir/uv/sdc"
CORE: Final = "http://hl7.org/fhir/StructureDefinition"
ADAPTIVE_EXTENSION: Final = f"{SDC}/StructureDefinition/sdc-questionnaire-questionnaireAdaptive"
UCUM: Final = "http://unitsofmeasure.org"


class Addresses(NamedTuple):
    """Where the server's resources are.

    Attributes:
        base: of the FHIR server, without a stroke at its end: `http://127.0.0.1:8321/fhir`.
    """

    base: str

    def questionnaire(self, network: Network) -> str:
        """The address of the form of a network, which is its canonical name as well."""
        return f"{self.base}/Questionnaire/{resource_id(network)}"

    @property
    def next_question(self) -> str:
        """The operation that adapts a form."""
        return f"{self.base}/Questionnaire/$next-question"


def resource_id(network: Network) -> str:
    """The id of a network in FHIR, whose ids have no underscores."""
    return network.id.replace("_", "-")


def network_id(address: object) -> str:
    """The id of the network that a Questionnaire's address or id stands for; empty where it is no text."""
    name = str(address).partition("|")[0].rpartition("/")[2] if isinstance(address, str) else ""
    return name.removesuffix(ADAPTIVE).replace("-", "_")


def version_of(address: str) -> str:
    """The version in a canonical name; empty where it has none."""
    return address.partition("|")[2]


def network_system(network: Network) -> str:
    """The system of a network's ids and states as codes."""
    return f"urn:bayesknee:{network.id}"


def network_coding(network: Network, code: str, display: str) -> Coding:
    """An id or state of a network as a coding."""
    return {"system": network_system(network), "code": code, "display": display}


def standard_codings(network: Network, codes: CodesBySystem) -> Iterator[Coding]:
    """The codes of terminologies, the first of each."""
    for name, listed in codes.items():
        edition = {"version": network.icd10_edition} if name == ICD10 and network.icd10_edition else {}
        yield {"system": SYSTEMS[name].url, **edition, "code": listed[0]}


def question_codings(network: Network, question: Question) -> list[Coding]:
    """What a question is called by this network, and by terminologies."""
    return [network_coding(network, question.id, question.label), *standard_codings(network, question.codes)]


def state_coding(network: Network, question: Question, state: str, words: str) -> Coding:
    """A state as an answer: by the first terminology that has it, else by this network."""
    standard = next(standard_codings(network, question.state_codes.get(state, {})), None)
    return {**standard, "display": words} if standard else network_coding(network, state, words)


def cause_concept(network: Network, cause: str) -> dict[str, Any]:
    """A condition, or a form of one, as a CodeableConcept."""
    name, _, form = cause.partition(OF_FORM)
    condition, text = network.conditions[name], network.cause_name(cause)
    codes: CodesBySystem = {ICD10: (condition.icd10,), **condition.codes}
    if form:
        codes = condition.forms[form].codes
    return {"coding": [network_coding(network, cause, text), *standard_codings(network, codes)], "text": text}
