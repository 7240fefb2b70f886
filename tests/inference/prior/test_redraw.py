"""Priors of redrawn networks: what is kept, and how many are searched for at a time."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from bayesknee.inference.cause_sets import list_sets
from bayesknee.inference.prior.joint import Prior
from bayesknee.inference.prior.redraw import RedrawnPrior
from tests.support import random_networks
from tests.support.random_networks import Size, random_network

SIZE = Size(conditions=(4, 4), risk_factors=(3, 3), signs=(0, 0), findings=(1, 1), states=3)


def redrawn_prior(most: int | None = None) -> RedrawnPrior:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(random_networks, "LIMITS", False)
        network = replace(random_network(Random(3), SIZE), most_causes=most)
    assert network.complaint
    prior = Prior(network, network.default_setting)
    return RedrawnPrior(network, prior.parents, prior.intercepts, prior.complaint, prior.order)


def test_draws_are_kept_by_their_number_and_seed() -> None:
    prior = redrawn_prior()
    first = prior.draw(20, 0, 8)
    assert prior.draw(20, 0, 8) is first
    other_seed = prior.draw(20, 1, 8)
    assert not np.array_equal(other_seed.intercepts, first.intercepts)
    assert prior.draw(12, 0, 8).intercepts.shape[1] == 12


def test_how_many_are_searched_for_at_a_time_shows_in_no_number() -> None:
    one_by_one, all_at_once = redrawn_prior().draw(20, 0, 1), redrawn_prior().draw(20, 0, 20)
    assert one_by_one.complaint == pytest.approx(all_at_once.complaint, rel=1e-11)
    assert one_by_one.intercepts == pytest.approx(all_at_once.intercepts, rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("most", [2, 3])
def test_limited_draws_meet_their_base_rates(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each draw by itself, or all at a time."""
    all_at_once = redrawn_prior(most).draw(20, 0, 20)
    monkeypatch.setattr("bayesknee.inference.prior.limited.NUMBERS_AT_ONCE", 1)
    prior = redrawn_prior(most)
    one_by_one = prior.draw(20, 0, 1)
    assert one_by_one.intercepts == pytest.approx(all_at_once.intercepts, rel=0, abs=1e-8)
    joint = prior.joint(one_by_one, {})
    sets = list_sets(tuple((name,) for name in "abcd"), most)
    assert joint[1:].sum(axis=0) == pytest.approx(np.ones(20), rel=1e-8)
    assert (sets.membership.T @ joint) == pytest.approx(one_by_one.numbers.base_rates, rel=0, abs=1e-9)
