"""The terminologies that a network may name codes of, and the shape that their codes have.

The addresses are those of HL7's terminology (https://terminology.hl7.org). Whether a code exists is not checked: the
terminologies are large, change, and some may not be passed on.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from immutabledict import immutabledict


class CodeSystem(NamedTuple):
    """A terminology.

    Attributes:
        name: as people call it.
        url: as FHIR names it.
        pattern: of its codes.
        example: of a code.
    """

    name: str
    url: str
    pattern: re.Pattern[str]
    example: str

    def has_shape(self, code: str) -> bool:
        """Whether a text may be a code of it: its shape and, of LOINC's terms, the check digit."""
        if not self.pattern.fullmatch(code):
            return False
        return not _LOINC_TERM.fullmatch(code) or _luhn(code.replace("-", "")) == 0


_ICD: Final = re.compile(r"[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?")
_LOINC_TERM: Final = re.compile(r"\d{1,7}-\d")
ICD10: Final = "icd10"
SNOMED: Final = "snomed"
SYSTEMS: Final = immutabledict(
    {
        "loinc": CodeSystem("LOINC", "http://loinc.org", re.compile(r"(\d{1,7}|LA\d{1,7})-\d"), "30525-0"),
        ICD10: CodeSystem("ICD-10", "http://hl7.org/fhir/sid/icd-10", _ICD, "M71.2"),
        "icd10cm": CodeSystem("ICD-10-CM", "http://hl7.org/fhir/sid/icd-10-cm", _ICD, "M71.20"),
        "hpo": CodeSystem("HPO", "http://human-phenotype-ontology.org", re.compile(r"HP:\d{7}"), "HP:0002829"),
        SNOMED: CodeSystem("SNOMED CT", "http://snomed.info/sct", re.compile(r"[1-9]\d{5,17}"), "57676002"),
    }
)
BY_URL: Final = immutabledict({system.url: name for name, system in SYSTEMS.items()})


def _luhn(digits: str) -> int:
    """The remainder that a right check digit makes 0 (LOINC Users' Guide, appendix C: mod 10)."""
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits))]
    return sum(number // 10 + number % 10 for number in doubled) % 10
