"""The shares of answers where conditions are many: what any path must give, and what is known by hand."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from bayesknee import Engine
from bayesknee.inference.elimination.strategy import Elimination
from bayesknee.inference.results import Shares
from bayesknee.inference.shapley import gauss_legendre
from bayesknee.interop.noisy_or_files import noisy_or_network
from bayesknee.interop.synthetic import synthetic_document, synthetic_evidence
from bayesknee.knowledge.network import Network
from tests.support.effort import seeds
from tests.support.engines import oracle
from tests.support.random_networks import SMALL, TINY, seeded_patient
from tests.support.shares import log_odds
from tests.support.shares import shares as shares_of
from tests.support.small_networks import (
    condition,
    distribution,
    finding,
    mixture,
    network,
    noisy_or,
    reading,
    risk_factor,
    sign,
)
from tests.support.strategies import only


def shares(drawn: Network, answers: dict[str, object]) -> Shares:
    with only("noisy_or"):
        engine = Engine(drawn)
        assert isinstance(engine.compiled.strategy, Elimination)
        return shares_of(engine, answers)


def test_one_condition_and_independent_findings_have_the_classical_weights_of_evidence() -> None:
    parts = condition("c", 0.2), sign("s", noisy_or(0.1, c=0.7)), finding("seen", reading("s", 0.8, 0.9))
    drawn = network(*parts, finding("f", noisy_or(0.1, c=0.7)), finding("g", noisy_or(0.4, c=0.9)), complaint="")
    result = log_odds(shares(drawn, {"f": "yes", "g": "no", "seen": "yes"}))
    assert result == {
        "f": pytest.approx(math.log(0.7 / 0.1), abs=1e-9),
        "g": pytest.approx(math.log(0.1 / 0.6), abs=1e-9),
        "seen": pytest.approx(math.log((0.7 * 0.8 + 0.3 * 0.1) / (0.1 * 0.8 + 0.9 * 0.1)), abs=1e-9),
    }


@pytest.mark.parametrize(("size", "quick"), [(TINY, 40), pytest.param(SMALL, 10, marks=pytest.mark.slow)])
def test_shares_add_up_to_what_the_full_joint_says(size: object, quick: int) -> None:
    with only("noisy_or"):
        for seed in seeds(quick):
            patient = seeded_patient(seed, size)  # type: ignore[arg-type]
            engine = Engine(patient.network, patient.setting)
            result = engine.compiled.strategy.shares(engine.diagnose(patient.answers).evidence, engine.compiled.events)
            possible = np.isfinite(result.after)
            with np.errstate(invalid="ignore"):
                change = result.after - result.before
            assert result.moves.sum(axis=0)[possible] == pytest.approx(change[possible], abs=1e-9), f"seed {seed}"
            if size is TINY:
                posterior = oracle(patient.network, patient.setting).posterior(patient.answers)
                for number, name in enumerate(patient.network.conditions):
                    odds = math.exp(result.after[0, number] - np.logaddexp(*result.after[:, number]))
                    assert odds == pytest.approx(posterior[name], abs=1e-9), f"seed {seed}"


def test_answers_that_say_the_same_bring_the_same_and_one_that_says_nothing_brings_nothing() -> None:
    drawn = network(
        *(condition(name, 0.3) for name in "abcd"),
        risk_factor("idle", {"no": 0.7, "yes": 0.3}),
        *(finding(name, noisy_or(0.1, a=0.5, b=0.8)) for name in ("f", "g")),
        finding("h", noisy_or(0.2, c=0.6)),
    )
    result = shares(drawn, {"f": "yes", "g": "yes", "h": {"no": 0.4, "yes": 0.4}, "idle": "yes", "a": "no"})
    for event in range(4):
        odds = log_odds(result, event)
        if event:
            assert odds["f"] == pytest.approx(odds["g"], abs=1e-12)
            assert odds["h"] == pytest.approx(0.0, abs=1e-9)
            assert odds["idle"] == pytest.approx(0.0, abs=1e-9)


def test_a_condition_that_nothing_touches_does_not_move() -> None:
    document = synthetic_document(40, 60, seed=2, links=4)
    read = noisy_or_network(document | {"evidence": synthetic_evidence(document, 3, 4)}, "made up")
    diagnosis = Engine(read.network).diagnose(read.evidence)
    ledger = diagnosis.ledger
    moved = {name for name in ledger if abs(ledger[name].change) > 1e-12}
    assert 0 < len(moved) < 40
    for name in ledger:
        account = ledger[name]
        assert math.fsum(each.share for each in account.entries) == pytest.approx(account.change, abs=1e-9)
        p = diagnosis.posterior[name]
        assert account.posterior == pytest.approx(math.log(p) - math.log1p(-p), abs=1e-6)


def test_shares_by_a_sum_over_all_conditions_and_the_sign() -> None:
    """The ways in which answers come in, as the module tells them, gone along by brute force."""
    priors, links = {"a": 0.2, "b": 0.4, "c": 0.1}, {"f": {"a": 0.6, "b": 0.3}, "g": {"a": 0.5, "c": 0.7}}
    spots = {name: distribution(u=u, v=0.6 - u, w=0.4) for name, u in {"a": 0.5, "c": 0.1, "none": 0.3}.items()}
    drawn = network(
        *(condition(name, prior) for name, prior in priors.items()),
        sign("s", noisy_or(0.05, b=0.5, c=0.8)),
        finding("seen", reading("s", 0.9, 0.8)),
        finding("felt", reading("s", 0.7, 0.95)),
        *(finding(name, noisy_or(0.1, **own)) for name, own in links.items()),
        finding("m", mixture(spots["none"], {"c": 3.0}, a=spots["a"], c=spots["c"]), ("u", "v", "w")),
        complaint="",
    )
    states = [dict(zip((*priors, "s"), each, strict=True)) for each in itertools.product((0, 1), repeat=4)]

    def no_of(leak: float, own: dict[str, float], state: dict[str, int]) -> float:
        return (1.0 - leak) * math.prod((1.0 - own[c]) / (1.0 - leak) for c in own if state[c])

    def start(state: dict[str, int]) -> float:
        of_sign = no_of(0.05, {"b": 0.5, "c": 0.8}, state)
        own = [priors[c] if state[c] else 1.0 - priors[c] for c in priors]
        return math.prod(own) * (1.0 - of_sign if state["s"] else of_sign)

    def spot(state: dict[str, int]) -> float:
        """P(m is u): the mean over the present conditions with weights 1, 1 and 3; b has no distribution of its own."""
        own = [(weight, u) for c, weight, u in (("a", 1, 0.5), ("b", 1, 0.3), ("c", 3, 0.1)) if state[c]]
        return sum(weight * u for weight, u in own) / sum(weight for weight, _ in own) if own else 0.3

    def way(name: str, state: dict[str, int], t: float) -> tuple[float, float]:
        """The likelihood on the way, and how fast its logarithm grows; g and felt are no, m is u."""
        if name in {"f", "m"}:
            yes = 1.0 - no_of(0.1, links["f"], state) if name == "f" else spot(state)
            left = (1.0 - t) ** 3
            return left + (1.0 - left) * yes, -3.0 * (1.0 - t) ** 2 * (1.0 - yes) / (left + (1.0 - left) * yes)
        p = {
            "g": no_of(0.1, links["g"], state),
            "seen": 0.9 if state["s"] else 0.2,
            "felt": 0.3 if state["s"] else 0.95,
        }[name]
        return p**t, math.log(p)

    answers = {"f": "yes", "g": "no", "seen": "yes", "felt": "no", "m": "u"}
    result = shares(drawn, dict(answers))
    times, weights = gauss_legendre(48)
    for number, c in enumerate(priors):
        for side, value in enumerate((1, 0)):
            those = [state for state in states if state[c] == value]
            expected = dict.fromkeys(answers, 0.0)
            for t, weight in zip(times.tolist(), weights.tolist(), strict=True):
                p = [start(state) * math.prod(way(name, state, t)[0] for name in answers) for state in those]
                for name in answers:
                    growth = [way(name, state, t)[1] for state in those]
                    expected[name] += weight * math.fsum(map(math.prod, zip(p, growth, strict=True))) / math.fsum(p)
            got = dict(zip(result.answers, result.moves[:, side, number].tolist(), strict=True))
            assert got == pytest.approx(expected, abs=1e-9), (c, side)
