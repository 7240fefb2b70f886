"""What tests read of resources."""

from __future__ import annotations

from typing import Any, Final

from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.fhir.items import STATE
from bayesknee.fhir.names import network_system

# The codes of the coded network's states where these are not the network's own.
CODES: Final = {("sex", "female"): "LA3-6", ("sex", "male"): "LA2-8"}


def resources_of(bundle: Any, kind: str) -> list[Any]:  # noqa: ANN401 (JSON)
    """The resources of a kind in a Bundle."""
    found = (entry["resource"] for entry in bundle["entry"])
    return [resource for resource in found if resource["resourceType"] == kind]


def predictions_of(bundle: Any, diagnosis: Diagnosis) -> dict[str, float]:  # noqa: ANN401 (JSON)
    """The probabilities by the ids of conditions, forms and groups."""
    (assessment,) = (each for each in resources_of(bundle, "RiskAssessment") if "probabilityDecimal" in str(each))
    system = network_system(diagnosis.network)
    return {
        coding["code"]: prediction["probabilityDecimal"]
        for prediction in assessment["prediction"]
        for coding in prediction["outcome"]["coding"]
        if coding["system"] == system
    }


def posterior_of(bundle: Any, diagnosis: Diagnosis) -> dict[str, float]:  # noqa: ANN401 (JSON)
    """The posterior in a Bundle, by id of the condition."""
    return {name: p for name, p in predictions_of(bundle, diagnosis).items() if name in diagnosis.posterior}


def put_last(response: Any) -> list[str]:  # noqa: ANN401 (JSON)
    """The links of the question that an adaptive form put last: its own first, then those of its lines."""
    asked = [item for item in response["contained"][0]["item"] if item["type"] != "display"]
    asked = [item for item in asked if not item["linkId"].endswith(STATE)]
    return [asked[-1]["linkId"], *(line["linkId"] for line in asked[-1].get("item", ()) if line["type"] != "display")]
