"""One number that is another: how far it may go, what gives way, and what it says in words."""

from __future__ import annotations

from random import Random
from typing import Final

import pytest

from bayesknee import Network, NetworkError, load_network
from bayesknee.knowledge.model import Distribution, Probability
from bayesknee.knowledge.number_words import allowed, citation, find_number, number_words, with_number
from tests.support.paths import NETWORKS
from tests.support.random_networks import random_network
from tests.support.small_networks import (
    arteries,
    condition,
    distribution,
    finding,
    mixture,
    network,
    noisy_or,
    reading,
    sign,
)

TINY: Final = load_network(NETWORKS / "tiny")


def test_one_number_is_replaced_and_certain() -> None:
    path = ("conditions", "strain", "odds_ratios", "tennis", "yes")
    number = find_number(with_number(TINY, path, 5.0), path)
    assert (number.value, number.low, number.high, number.source) == (5.0, 5.0, 5.0, "smith_2015")
    changed = {p for p, n in with_number(TINY, path, 5.0).numbers() if n != find_number(TINY, p)}
    assert changed == {path}


def test_the_other_states_give_way_in_proportion() -> None:
    path = ("findings", "onset", "mixture", "otherwise", "gradual")  # fall 0.1, sudden 0.3, gradual 0.6
    changed = with_number(TINY, path, 0.2)
    values = {state: find_number(changed, (*path[:-1], state)).value for state in ("fall", "sudden", "gradual")}
    assert values == {"fall": pytest.approx(0.2), "sudden": pytest.approx(0.6), "gradual": 0.2}


def test_the_state_left_out_takes_the_remainder() -> None:
    path = ("risk_factors", "tennis", "prior", "any_setting", "yes")
    changed = with_number(TINY, path, 0.35)
    assert changed.risk_factors["tennis"].prior_in("clinic") == pytest.approx((0.65, 0.35))


@pytest.mark.parametrize("seed", range(6))
def test_what_is_allowed_is_taken_and_what_lies_beyond_is_not(seed: int) -> None:
    net: Network = random_network(Random(seed))
    for path, number in net.numbers():
        if "limit" in path or (path[2] == "base_rate" and (net.complaint or net.most_causes)) or number.certain:
            continue
        low, high = allowed(net, path)
        assert low <= number.value <= high
        for value in (low, high):
            changed = with_number(net, path, value)
            assert find_number(changed, path).value == value
        for value in (low - 2e-9 * max(low, 1.0), high + 2e-9 * max(high, 1.0)):
            with pytest.raises(NetworkError):
                with_number(net, path, value)


def test_base_rates_stay_above_a_sum_of_1() -> None:
    net = network(condition("a", 0.6), condition("b", {"ward": 0.7, "home": 0.9}), settings=("ward", "home"))
    assert allowed(net, ("conditions", "a", "base_rate", "any_setting"))[0] == pytest.approx(0.300001)
    assert allowed(net, ("conditions", "b", "base_rate", "home"))[0] == pytest.approx(0.400001)
    without = network(condition("a", 0.6), condition("b", 0.7), complaint="")
    assert allowed(without, ("conditions", "a", "base_rate", "any_setting"))[0] == pytest.approx(1e-9)


def test_base_rates_stay_below_the_number_of_causes() -> None:
    net = network(condition("a", 0.6), condition("b", 0.7), condition("c", 0.5), most_causes=2)
    low, high = allowed(net, ("conditions", "a", "base_rate", "any_setting"))
    assert low == pytest.approx(1e-9)
    assert high == pytest.approx(0.799998)
    assert with_number(net, ("conditions", "a", "base_rate", "any_setting"), high).most_causes == 2


def test_where_there_is_one_cause_the_other_base_rates_give_way() -> None:
    net = network(condition("a", 0.5), condition("b", 0.3), condition("c", 0.2), most_causes=1)
    changed = with_number(net, ("conditions", "a", "base_rate", "any_setting"), 0.75)
    rates = [each.base_rate["any_setting"].value for each in changed.conditions.values()]
    assert rates == pytest.approx([0.75, 0.15, 0.1])


def test_the_shares_of_the_other_forms_give_way_in_the_same_setting() -> None:
    """Of 0.05 and 0.95 in a practice; those of an emergency department stay."""
    net = arteries()
    path = ("conditions", "c", "forms", "blocked", "share", "practice")
    changed = with_number(net, path, 0.24).conditions["c"]
    assert changed.shares_in("practice") == pytest.approx((0.24, 0.76))
    assert changed.shares_in("emergency") == (0.4, 0.6)
    assert allowed(net, path) == pytest.approx((1e-9, 1.0 - 1e-9))
    assert number_words(net, path) == "share of blocked among C"


def test_numbers_in_words() -> None:
    words = {".".join(path): number_words(TINY, path) for path, _ in TINY.numbers()}
    assert words["conditions.strain.odds_ratios.tennis.yes"] == "odds ratio of Tendon strain with Tennis"
    assert (
        words["conditions.strain.odds_ratios.age.over_50"] == "odds ratio of Tendon strain with Age: 50 years or more"
    )
    assert words["conditions.infection.odds_ratios.fracture.yes"] == "odds ratio of Infected joint with Broken bone"
    assert words["conditions.fracture.base_rate.clinic"] == "base rate of Broken bone"
    assert words["conditions.fracture.limit"] == "limit of Broken bone"
    assert words["risk_factors.tennis.prior.any_setting.yes"] == "P(Tennis)"
    assert words["risk_factors.age.prior.any_setting.under_50"] == "P(Age: 18 to under 50 years)"
    assert words["signs.joint_swelling.noisy_or.leak"] == "P(Swollen joint | no listed cause)"
    assert words["signs.joint_swelling.noisy_or.causes.infection"] == "P(Swollen joint | only Infected joint)"
    assert words["findings.effusion_felt.reads.sensitivity"] == "P(Effusion | Swollen joint)"
    assert words["findings.effusion_felt.reads.specificity"] == "P(not Effusion | no Swollen joint)"
    assert words["findings.pain_on_grip.noisy_or.causes.strain"] == "P(Pain on grip | only Tendon strain)"
    assert words["findings.onset.mixture.distributions.fracture.fall"] == "P(Onset: fall | only Broken bone)"
    assert words["findings.onset.mixture.otherwise.sudden"] == "P(Onset: sudden | other conditions)"
    assert words["findings.onset.mixture.weights.fracture"] == "weight of Broken bone in Onset"


def test_no_is_said_as_not() -> None:
    rule = mixture(Distribution({"no": Probability(0.3, 0.2, 0.4, "D", "judged", "n")}), a=distribution(no=0.6))
    net = network(condition("a", 0.6), condition("b", 0.7), finding("f", rule))
    assert number_words(net, ("findings", "f", "mixture", "otherwise", "no")) == "P(not f | other conditions)"


def test_citations() -> None:
    assert (
        citation(TINY, find_number(TINY, ("conditions", "strain", "odds_ratios", "tennis", "yes")).source)
        == "Smith, 2015"
    )
    assert citation(TINY, find_number(TINY, ("signs", "joint_swelling", "noisy_or", "leak")).source) == "judged"


def test_a_reading_stays_informative() -> None:
    net = network(
        condition("a", 0.6), condition("b", 0.7), sign("g", noisy_or(0.1, a=0.9)), finding("o", reading("g", 0.8, 0.9))
    )
    assert allowed(net, ("findings", "o", "reads", "sensitivity"))[0] == pytest.approx(0.1)
    assert allowed(net, ("findings", "o", "reads", "specificity"))[0] == pytest.approx(0.2)
    assert allowed(net, ("signs", "g", "noisy_or", "leak"))[1] == pytest.approx(0.9)
    assert allowed(net, ("signs", "g", "noisy_or", "causes", "a"))[0] == pytest.approx(0.1)


def test_states_are_told_as_people_read_them() -> None:
    """As they are named, and as their bounds where they are bands without a name."""
    knee = load_network("posterior_knee")
    path = ("findings", "age", "mixture", "distributions", "bakers_cyst.bakers_cyst_plain", "age_45_59")
    assert number_words(knee, path).startswith("P(Age: 45 to under 60 years | only ")
    path = ("findings", "onset", "mixture", "distributions", "bakers_cyst.bakers_cyst_plain", "gradual")
    assert number_words(knee, path).startswith("P(How it began: little by little | only ")
