"""What other people wrote and these tests ask: where it is, and how it is asked."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

FOREIGN: Final = Path(__file__).parent / "foreign"
LFORMS: Final = FOREIGN / "packed" / "lforms" / "dist" / "lforms"
PROFILES: Final = "http://hl7.org/fhir/uv/sdc/StructureDefinition/"
INSTALL: Final = "tests/fhir/foreign/install fetches it, with node and npm"
NEEDS_VALIDATORS: Final = pytest.mark.skipif(
    not shutil.which("node") or not (FOREIGN / "node_modules" / "fhir").is_dir(),
    reason=f"no FHIR validators here; {INSTALL}",
)
NEEDS_LFORMS: Final = pytest.mark.skipif(not LFORMS.is_dir(), reason=f"no LHC-Forms here; {INSTALL}")


class Judged(NamedTuple):
    """A resource to be judged; `profile` is the name of one of SDC, or empty."""

    name: str
    resource: Any
    profile: str = ""


def objections(judged: Iterable[Judged]) -> list[tuple[str, str]]:
    """What the two validators object to, as pairs of a name and a text."""
    asked = [
        {"name": each.name, "resource": each.resource, "profile": f"{PROFILES}{each.profile}" if each.profile else ""}
        for each in judged
    ]
    ran = subprocess.run(
        ["node", str(FOREIGN / "validate.mjs")], input=json.dumps(asked), capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return [(name, text) for name, text in json.loads(ran.stdout)]
