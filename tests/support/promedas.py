"""Where the published Promedas networks lie: beside the checkout, or where BAYESKNEE_LARGE says. They do not ship."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PLACES = ("../shared/large", "../../shared/large")


def promedas_files() -> list[Path]:
    """The files, none where they are absent."""
    own = os.environ.get("BAYESKNEE_LARGE")
    folders = [Path(own)] if own else [ROOT / place for place in PLACES]
    return next((files for folder in folders if (files := sorted(folder.glob("promedas_*.json")))), [])


def promedas_parameters() -> list[object]:
    """The files as parameters of a test, or one that is skipped and says why."""
    reason = "the published Promedas networks are absent: they do not ship; BAYESKNEE_LARGE names their folder"
    missing = pytest.param(None, id="none", marks=pytest.mark.skip(reason=reason))
    return [pytest.param(file, id=file.stem) for file in promedas_files()] or [missing]
