"""Numbers that patients moved, as they are shown."""

from __future__ import annotations

import pytest

from bayesknee import load_network
from bayesknee.cohort import check_cases
from bayesknee.cohort.learning import learn
from bayesknee.display.learned import learned_markdown
from bayesknee.patient.cases import Case
from tests.support.paths import NETWORKS

TINY = load_network(NETWORKS / "tiny")


@pytest.mark.parametrize("patients", [1, 3000])
def test_no_probability_looks_certain(patients: int) -> None:
    cases = check_cases([Case(label=("strain",), evidence={"tennis": "yes", "pain_on_grip": "yes"})] * patients, TINY)
    rows = [line for line in learned_markdown(learn(TINY, cases)).splitlines() if line.startswith(("| find", "| cond"))]
    assert rows
    for row in rows:
        for cell in row.split(" | ")[1:3]:
            assert not {"0", "1", "1.0", "0.0"} & set(
                cell.replace("(", " ").replace(")", " ").replace("-", " ").split()
            )
