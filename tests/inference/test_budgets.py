"""The budget of memory holds: measured in processes, none takes more than a tenth over it, and refusals come first."""

from __future__ import annotations

import re

import pytest

from tests.benchmarks.sizes import LOADED, MARGIN, REFUSED, Asked, in_a_process
from tests.support.sized_networks import Size

SMALL, LARGE = 150_000_000, 300_000_000
EVERY = ("questions", "ledger", "sensitivity")


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(Asked(Size(25, causes=12), 17, memory=LARGE, works=("ledger",)), id="many present findings"),
        pytest.param(Asked(Size(25, mixtures=2), 3, 2, LARGE), id="two mixtures of unlike weights"),
        pytest.param(Asked(Size(16, factors=4), 8, 0, SMALL, EVERY), id="shared risk factors"),
        pytest.param(Asked(Size(18, causes=14, findings=40), 18, 0, LARGE, EVERY[:2]), id="enumerated"),
    ],
)
@pytest.mark.slow  # sensitivity of the last one keeps to its memory by elimination, and takes minutes
def test_no_more_than_a_tenth_over_the_budget(asked: Asked) -> None:
    found = in_a_process(asked)
    assert found.peak <= MARGIN * asked.memory + LOADED


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        pytest.param(
            Asked(Size(25, mixtures=5), 3, 5),
            "8 findings and signs .*, 5 of them mixtures, would take about",
            id="mixtures",
        ),
        pytest.param(
            Asked(Size(25, factors=10, states=5), 3, memory=SMALL),
            "the risk factors of all conditions would take tables of about .* allowed are 150 MB",
            id="risk factors",
        ),
    ],
)
def test_what_does_not_fit_is_refused_before_it_takes_memory(asked: Asked, reason: str) -> None:
    found = in_a_process(asked)
    assert found.way == REFUSED
    assert re.match(reason, found.refusal)
    assert found.peak <= LOADED
