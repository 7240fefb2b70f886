"""The published Promedas networks with the marginals that the UAI 2014 inference competition gave for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bayesknee import Engine
from bayesknee.interop.noisy_or_files import read_noisy_or
from tests.support.promedas import promedas_parameters

AGREEMENT = 1e-6  # the published figures have about six digits


@pytest.mark.parametrize("file", promedas_parameters())
def test_posterior(file: Path) -> None:
    read = read_noisy_or(file)
    assert len(read.reference) == len(read.network.conditions)
    posterior = Engine(read.network).diagnose(read.evidence).posterior
    assert dict(posterior) == pytest.approx(dict(read.reference), rel=0, abs=AGREEMENT)
