"""Whether intervals hold what they are to hold. The draws are those of either strategy, so one of them will do."""

from __future__ import annotations

import numpy as np
import pytest

from bayesknee import Engine
from bayesknee.knowledge.ranges import redrawn
from tests.support.random_networks import SMALL, seeded_patient


@pytest.mark.slow
def test_about_95_in_100_truths_lie_in_the_interval() -> None:
    # 600 truths: a standard error of 0.009, and 0.005 from the interval's own draws. Five of both make 0.052.
    covered = []
    for seed in range(6):
        patient = seeded_patient(3000 + seed, SMALL)
        engine = Engine(patient.network, patient.setting)
        intervals = engine.diagnose(patient.answers).intervals(2000, seed=1)
        open_conditions = [name for name in patient.network.conditions if name not in patient.answers]
        rng = np.random.default_rng(seed)
        for _ in range(100):
            name = open_conditions[rng.integers(len(open_conditions))]
            truth = Engine(redrawn(patient.network, rng), patient.setting).diagnose(patient.answers)
            low, high = intervals.conditions[name]
            covered.append(low <= truth.posterior[name] <= high)
    assert 0.95 - 0.052 < np.mean(covered) < 0.95 + 0.045
