"""Where the published Promedas networks lie: in the folder that BAYESKNEE_LARGE names. They do not ship."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def promedas_files() -> list[Path]:
    """The files, none where they are absent."""
    folder = os.environ.get("BAYESKNEE_LARGE")
    return sorted(Path(folder).glob("promedas_*.json")) if folder else []


def promedas_parameters() -> list[object]:
    """The files as parameters of a test, or one that is skipped and says why."""
    reason = "the published Promedas networks are absent: they do not ship; BAYESKNEE_LARGE names their folder"
    missing = pytest.param(None, id="none", marks=pytest.mark.skip(reason=reason))
    return [pytest.param(file, id=file.stem) for file in promedas_files()] or [missing]
