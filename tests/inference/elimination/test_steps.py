"""Steps of the elimination on small tables, by hand and one against another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from bayesknee.arrays import Vector
from bayesknee.inference.elimination.steps import Absorb, Alone, Crowd, Join

CROWD = 9  # its name


@dataclass(frozen=True)
class OneCrowd:
    """The numbers of conditions 0, 1, ... of one scope, which touch the effect 0 alone.

    Attributes:
        no, yes: P(absent, local evidence) and P(present, local evidence), shape (conditions, scope..., patients).
        q: P(brings the effect about | present), shape (conditions, 1).
    """

    no: Vector
    yes: Vector
    q: Vector

    def start(self, name: int) -> Vector:
        raise NotImplementedError(name)

    def pair(self, condition: int) -> Alone:
        return Alone(self.no[condition], self.yes[condition])

    def chance(self, condition: int, effect: int) -> Vector:
        assert effect == 0
        return np.asarray(self.q[condition])

    def crowd(self, name: int) -> Crowd:
        assert name == CROWD
        return Crowd.of(tuple(range(len(self.q))), self.no, self.yes, self.q)

    def weights(self, effect: int) -> Vector:
        raise NotImplementedError(effect)


def test_a_crowd_by_hand() -> None:
    # P(answers) = 0.9 * 0.9; none brings it about: (0.8 + 0.1 * 0.5) (0.5 + 0.4 * 0.8) = 0.85 * 0.82 = 0.697.
    crowd = OneCrowd(np.array([[0.8], [0.5]]), np.array([[0.1], [0.4]]), np.array([[0.5], [0.2]])).crowd(CROWD)
    scale = np.exp(crowd.log_scale)
    assert scale * crowd.nothing == pytest.approx([0.697], rel=1e-14)
    assert scale * crowd.something == pytest.approx([0.81 - 0.697], rel=1e-14)
    # The first is present and something is brought about: 0.1 (0.9 - 0.5 * 0.82) = 0.049.
    assert crowd.present(np.array([[0.0], [1.0]])) == pytest.approx(
        np.array([[0.049], [0.4 * 0.9 - 0.32 * 0.85]]) / 0.113
    )


@pytest.mark.parametrize("states", [(), (3,)], ids=["no scope", "a scope"])
def test_a_crowd_is_what_its_members_are_one_by_one(states: tuple[int, ...]) -> None:
    """Forward over a table with an axis of the effect, one of the scope if there is one, and four patients."""
    rng = np.random.default_rng(0)
    shape = (5, *states, 4)
    numbers = OneCrowd(rng.random(shape), rng.random(shape), rng.random((5, 1)))
    scope = (1,) if states else ()
    together = expected = rng.random((2, *states, 4))
    together = Join(CROWD, scope, 0).forward(together, numbers) * np.exp(numbers.crowd(CROWD).log_scale)
    for condition in range(5):
        expected = Absorb(condition, scope, ((0, 0),)).forward(expected, numbers)
    assert together == pytest.approx(expected, rel=1e-12)
