"""What the server can do, as FHIR tells it: a CapabilityStatement, and the definition of its operation."""

from __future__ import annotations

from typing import Any, Final

from bayesknee.fhir.names import SDC, Addresses
from bayesknee.version import __version__

FHIR_VERSION: Final = "4.0.1"
DATE: Final = "2026-12-01"  # of the last change of these statements
NEXT_QUESTION: Final = f"{SDC}/OperationDefinition/Questionnaire-next-question"


def capability_statement(addresses: Addresses) -> dict[str, Any]:
    """What `/fhir/metadata` answers."""
    forms = {
        "type": "Questionnaire",
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "searchParam": [{"name": "url", "type": "uri"}],
        "operation": [{"name": "next-question", "definition": NEXT_QUESTION}],
    }
    diagnose = {"name": "diagnose", "definition": f"{addresses.base}/OperationDefinition/diagnose"}
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "experimental": True,
        "date": DATE,
        "kind": "instance",
        "software": {"name": "bayesknee", "version": __version__},
        "implementation": {"description": "Differential diagnosis by open networks", "url": addresses.base},
        "fhirVersion": FHIR_VERSION,
        "format": ["json"],
        "rest": [
            {
                "mode": "server",
                "documentation": "Stateless: nothing of a patient is written, logged or kept.",
                "resource": [
                    forms,
                    {"type": "QuestionnaireResponse", "operation": [diagnose]},
                    {"type": "OperationDefinition", "interaction": [{"code": "read"}]},
                ],
            }
        ],
    }


def diagnose_definition(addresses: Addresses) -> dict[str, Any]:
    """The OperationDefinition of `QuestionnaireResponse/$diagnose`."""
    parameters = [
        ("questionnaire-response", "in", 1, "QuestionnaireResponse", "The answers."),
        ("network", "in", 0, "string", "Id of a network, where the form is of none."),
        ("setting", "in", 0, "string", "Care setting; goes before what was answered."),
        ("intervals", "in", 0, "boolean", "Whether to tell how far each probability may be off."),
        (
            "return",
            "out",
            1,
            "Bundle",
            "RiskAssessment, DetectedIssue, and an OperationOutcome where there are warnings.",
        ),
    ]
    return {
        "resourceType": "OperationDefinition",
        "id": "diagnose",
        "url": f"{addresses.base}/OperationDefinition/diagnose",
        "version": __version__,
        "name": "Diagnose",
        "title": "Differential diagnosis from the answers to a form",
        "status": "active",
        "experimental": True,
        "date": DATE,
        "kind": "operation",
        "affectsState": False,
        "code": "diagnose",
        "resource": ["QuestionnaireResponse"],
        "system": False,
        "type": True,
        "instance": False,
        "parameter": [
            {"name": name, "use": use, "min": least, "max": "1", "documentation": told, "type": kind}
            for name, use, least, kind, told in parameters
        ],
    }
