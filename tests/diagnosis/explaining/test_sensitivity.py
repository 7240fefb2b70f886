"""Ranges exact at their ends, changes of the first place, and refusals."""

from __future__ import annotations

import json
import math
from typing import Final

import numpy as np
import pytest

from bayesknee import Engine, Network
from bayesknee.diagnosis.explaining.sensitivity import Flip, Sensitivity
from bayesknee.errors import ConditionError, NetworkError
from bayesknee.knowledge.model import Path
from bayesknee.knowledge.number_words import allowed, find_number, with_number
from tests.support.effort import each_seed, seeds
from tests.support.paths import KNEE_11
from tests.support.random_networks import SMALL, seeded_patient
from tests.support.small_networks import condition, finding, group, network, noisy_or

A: Final = condition("a", 0.6)
B: Final = condition("b", 0.7)
F: Final = finding("f", noisy_or(0.1, a=0.9))

pytestmark = pytest.mark.usefixtures("strategy")


def anew(engine: Engine, answers: object, path: Path, value: float) -> dict[str, float]:
    assert isinstance(answers, dict)
    diagnosis = Engine(with_number(engine.network, path, value), engine.setting).diagnose(answers)
    return {**diagnosis.posterior, **diagnosis.groups}


def sensitivity(net: Network, **answers: object) -> Sensitivity:
    return Engine(net).diagnose(answers).sensitivity()


# --- by hand ---------------------------------------------------------------------------------------------------------


def test_the_number_that_would_change_the_first_place_by_hand() -> None:
    # Subsets a, b, both have 0.3, 0.4, 0.3. With f absent and P(f | only a) = x, P(no | s) is 0.9 without a and 1 - x
    # with it: a leads b where 0.6 (1 - x) >= 0.4 * 0.9 + 0.3 (1 - x), that is 0.3 (1 - x) >= 0.36: never. With f
    # present: 0.6 x >= 0.04 + 0.3 x, so x >= 0.4 / 3.
    (flip,) = [
        each for each in sensitivity(network(A, B, F), f="yes").flips() if each.path[-1] == "a" and "f" in each.path
    ]
    assert (flip.leader, flip.what) == ("b", "P(f | only A)")
    assert flip.value == pytest.approx(0.4 / 3.0)
    assert flip.probability == pytest.approx((0.04 + 0.3 * 0.4 / 3.0) / (0.04 + 0.6 * 0.4 / 3.0))
    assert not flip.inside
    assert flip.widths == pytest.approx((0.9 - 0.4 / 3.0) / (0.9 - 0.63))
    assert not [
        each for each in sensitivity(network(A, B, F), f="no").flips() if each.path[-1] == "a" and "f" in each.path
    ]


def test_base_rates_change_the_first_place_by_search() -> None:
    """While nothing is known, the first place changes where two base rates are the same."""
    flips = {each.path[1]: each for each in sensitivity(network(A, B)).flips()}
    assert flips["a"].value == pytest.approx(0.7)
    assert flips["b"].value == pytest.approx(0.6)
    assert (flips["a"].leader, flips["a"].inside) == ("a", True)
    assert flips["a"].probability == pytest.approx(0.7)


def test_swing_and_order_of_effects() -> None:
    effects = sensitivity(network(A, B, F), f="yes").effects("a")
    assert [each.swing for each in effects] == sorted((each.swing for each in effects), reverse=True)
    by_path = {".".join(each.path): each for each in effects}
    stated = by_path["findings.f.noisy_or.causes.a"]
    # P(a | f) = 0.6 x / (0.6 x + 0.04): derivative 0.6 * 0.04 / 0.58^2.
    assert stated.derivative == pytest.approx(0.024 / 0.58**2)
    assert stated.swing == pytest.approx(0.024 / 0.58**2 * (0.95 - 0.63))


# --- beside networks computed anew -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", each_seed(8))
def test_a_tornado_is_exact_at_both_ends(seed: int) -> None:
    patient = seeded_patient(seed, SMALL)
    engine = Engine(patient.network, patient.setting)
    diagnosis = engine.diagnose(patient.answers)
    for subject in (None, list(patient.network.conditions)[-1]):
        name = subject or next(iter(diagnosis.posterior))
        bars = diagnosis.sensitivity().tornado(subject, most=6)
        assert [bar.width for bar in bars] == sorted((bar.width for bar in bars), reverse=True)
        for bar in bars:
            low, high = allowed(patient.network, bar.path)
            for end, p in ((max(bar.number.low, low), bar.at_low), (min(bar.number.high, high), bar.at_high)):
                exact = anew(engine, dict(diagnosis.evidence.answers), bar.path, end)
                assert p == pytest.approx(exact[name], rel=0, abs=1e-9)


@pytest.mark.parametrize("seed", each_seed(10))
def test_the_first_place_changes_where_it_is_said_to(seed: int) -> None:
    patient = seeded_patient(seed, SMALL)
    engine = Engine(patient.network, patient.setting)
    diagnosis = engine.diagnose(patient.answers)
    answers = dict(diagnosis.evidence.answers)
    leader = next(iter(diagnosis.posterior))
    flips = diagnosis.sensitivity().flips(most_searched=2)
    assert [each.widths for each in flips] == sorted(each.widths for each in flips)
    for flip in flips:
        there = anew(engine, answers, flip.path, flip.value)
        others = {name: p for name, p in there.items() if name in patient.network.conditions and name != leader}
        assert there[flip.leader] == pytest.approx(there[leader], rel=0, abs=1e-8)
        assert there[flip.leader] == pytest.approx(max(others.values()), rel=0, abs=1e-8)
        assert flip.probability == pytest.approx(there[flip.leader], rel=0, abs=1e-8)


@pytest.mark.parametrize("seed", seeds(4))
def test_no_change_of_the_first_place_is_missed_where_there_is_a_closed_form(seed: int) -> None:
    """A scan of each such number over all that is allowed, each time computed anew."""
    patient = seeded_patient(seed + 40)
    engine = Engine(patient.network, patient.setting)
    diagnosis = engine.diagnose(patient.answers)
    found = diagnosis.sensitivity()
    flips = found.flips(most_searched=0)
    for place in np.flatnonzero(found.gradients.linear).tolist():
        path = found.gradients.paths[place]
        low, high = allowed(patient.network, path)
        value = find_number(patient.network, path).value
        for end in (low, high):
            scan = np.linspace(value, end, 12)[1:]
            lost = [
                v for v in scan if loses(engine, diagnosis.evidence.answers, path, v, next(iter(diagnosis.posterior)))
            ]
            own = [each for each in flips if each.path == path and (each.value - value) * (end - value) > 0.0]
            assert bool(lost) == bool(own) or near_end(own, end)
            if lost and own:
                assert abs(own[0].value - value) <= abs(lost[0] - value) + 1e-9


def loses(engine: Engine, answers: object, path: Path, value: float, leader: str) -> bool:
    assert hasattr(answers, "items")
    there = anew(engine, dict(answers.items()), path, float(value))
    return max(p for name, p in there.items() if name in engine.network.conditions) > there[leader] + 1e-12


def near_end(flips: list[Flip], end: float) -> bool:
    """A touch at the very end, which a scan may miss or see by rounding."""
    return all(abs(each.value - end) < 1e-6 for each in flips)


# --- the object ------------------------------------------------------------------------------------------------------


def test_a_posterior_with_another_value() -> None:
    net = network(A, B, F, group("ab", "a", "b"))
    found = sensitivity(net, f="yes")
    for path, value in (
        (("findings", "f", "noisy_or", "causes", "a"), 0.4),
        (("findings", "f", "noisy_or", "leak"), 0.3),
    ):
        assert dict(found.posterior_at(path, value)) == pytest.approx(anew(Engine(net), {"f": "yes"}, path, value))
    with pytest.raises(NetworkError, match=r"got 1\.5"):
        found.posterior_at(("findings", "f", "noisy_or", "leak"), 1.5)


def test_a_frame() -> None:
    frame = sensitivity(network(A, B, F), f="yes").to_frame()
    assert list(frame.columns) == ["value", "low", "high", "grade", "source", "a", "b"]
    assert frame.loc["findings.f.noisy_or.causes.a", "a"] == pytest.approx(0.024 / 0.58**2)


def test_plain_data() -> None:
    found = sensitivity(network(A, B, F), f="yes")
    bar, flip = found.tornado()[0].to_dict(), found.flips()[0].to_dict()
    json.dumps([bar, flip], allow_nan=False)
    assert {"what", "path", "value", "low", "high", "grade", "source", "citation", "at_low", "at_high"} == set(bar)
    assert {"needed", "inside_range", "leader", "probability"} < set(flip)


def test_nothing_can_take_the_first_place_from_what_is_certain() -> None:
    found = sensitivity(network(A, B, F), a="no", f="yes")
    assert found.leader == "b"
    assert found.flips() == ()
    assert found.tornado() == ()


def test_a_tornado_leaves_out_what_moves_by_rounding_only() -> None:
    found = Engine(KNEE_11).diagnose().sensitivity()
    assert [each.path for each in found.tornado("tumour")] == [("conditions", "tumour", "base_rate", "primary_care")]
    assert Engine(KNEE_11).diagnose({"tumour": "yes"}).sensitivity().tornado("tumour") == ()


def test_refusals() -> None:
    found = sensitivity(network(A, condition("cramp", 0.7), F), f="yes")
    with pytest.raises(ConditionError, match=r"unknown condition 'crmp' of network small; did you mean cramp\?"):
        found.tornado("crmp")
    with pytest.raises(ConditionError, match="known are a, cramp"):
        found.effects("zzz")
    assert repr(found) == f"<Sensitivity of 2 conditions and groups to {len(found.gradients.paths)} numbers>"


def test_a_range_of_no_width_is_infinitely_far() -> None:
    fixed = with_number(network(A, B, F), ("findings", "f", "noisy_or", "causes", "a"), 0.9)
    (flip,) = [each for each in sensitivity(fixed, f="yes").flips() if each.path[-1] == "a" and "f" in each.path]
    assert flip.widths == math.inf


def test_without_ranges_the_nearest_come_first() -> None:
    net = network(A, condition("b", 0.59), *(finding(f"f{i}", noisy_or(0.1, a=0.1 * i, b=0.15)) for i in (2, 3, 4)))
    for path, number in dict(net.numbers()).items():
        net = with_number(net, path, number.value)
    flips = sensitivity(net, f2="yes", f3="yes", f4="no").flips()
    distances = [each.distance for each in flips]
    assert {each.widths for each in flips} == {math.inf}
    assert len(distances) > 2
    assert distances == sorted(distances)
    assert [each.path for each in flips] != sorted(each.path for each in flips)
