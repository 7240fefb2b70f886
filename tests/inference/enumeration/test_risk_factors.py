"""The sum over risk factors spelt out, followed in plain Python, against the prior."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from bayesknee.arrays import Vector
from bayesknee.inference.enumeration.compiled.risk_factors import Joints, is_small_enough
from bayesknee.inference.enumeration.subset_tables import SubsetTables
from bayesknee.inference.prior.joint import Prior
from tests.support import random_networks
from tests.support.effort import seeds
from tests.support.random_networks import Size, random_likelihood, random_network

SIZE = Size(conditions=(1, 6), risk_factors=(0, 5), signs=(0, 0), findings=(1, 1), states=3)


def followed(joints: Joints, ways: dict[str, Vector]) -> Vector:
    """What the program comes to for a patient who knows each risk factor in the first of these ways."""
    first = {name: np.zeros(1, np.int64) for name in ways}
    common = {name: first[name] for name in joints.common}
    weights = joints.weights(ways, common, {name: each for name, each in first.items() if name not in common})
    program = joints.program
    work = np.full((program.rows, weights.common.shape[1]), np.nan)
    work[0], work[program.common_at] = 1.0, weights.scale[0]
    work[program.weights_at] = weights.shared[0][:, None]
    for at, rows, start in zip(program.tables_at, program.table_rows, weights.table_of[0], strict=True):
        work[at : at + rows] = weights.tables[start:][: rows * work.shape[1]].reshape(rows, -1)
    for out, a, b, c, is_first in program.products:
        work[out] = work[a] * work[b] * work[c] + (0.0 if is_first else work[out])
    last = work[program.last]
    return np.asarray(((last[: program.smaller] * weights.common[0]) @ last[program.smaller :].T).ravel())


def test_it_comes_to_the_prior(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random_networks, "LIMITS", False)
    for seed in seeds(60):
        rng = Random(seed)
        drawn = random_network(rng, SIZE)
        prior = Prior(drawn, drawn.default_setting)
        likelihoods = {name: random_likelihood(rng, each.states) for name, each in drawn.risk_factors.items()}
        known = {name: tuple(each[state] for state in drawn.states[name]) for name, each in likelihoods.items()}
        joints = Joints(prior)
        got = followed(joints, {name: np.array([each]) for name, each in known.items()})
        n = len(drawn.conditions)
        got = got.reshape((2,) * n).transpose(np.argsort(joints.order)).ravel()
        assert got.tolist() == pytest.approx(prior.joint(known).tolist(), rel=1e-11), f"seed {seed}"


def test_large_networks_are_left_to_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("LIMITS", "FORMS"):
        monkeypatch.setattr(random_networks, kind, False)
    drawn = random_network(Random(1), SIZE)
    tables = SubsetTables(drawn, drawn.default_setting)
    assert is_small_enough(tables)
    monkeypatch.setattr("bayesknee.inference.enumeration.compiled.risk_factors.MOST_ROWS", 1)
    assert not is_small_enough(tables)
