"""Small patients of noisy-MAX findings, tables and tied signs, worked out by hand.

Conditions and their weights are those of `test_worked_examples`: a alone 0.3, b alone 0.4, both 0.3.
"""

from __future__ import annotations

import math
from typing import Final

import pytest

from bayesknee import Diagnosis, Engine
from bayesknee.errors import ImpossibleEvidenceError, InferenceError
from bayesknee.inference.elimination.strategy import Elimination
from bayesknee.knowledge.network import Network
from bayesknee.patient.evidence import check_evidence
from tests.support.exactly import exactly
from tests.support.small_networks import (
    Part,
    condition,
    distribution,
    finding,
    greatest,
    network,
    noisy_or,
    reading,
    sign,
    table,
)

A: Final = condition("a", 0.6)
B: Final = condition("b", 0.7)
SPELLS: Final = ("days", "weeks", "months")
# a cannot last for months; b may.
SPELL: Final = finding(
    "spell",
    greatest(
        None,
        a=distribution(days=0.5, weeks=0.5, months=0.0),
        b=distribution(days=0.2, weeks=0.3, months=0.5),
    ),
    SPELLS,
)
SWOLLEN: Final = sign("swollen", noisy_or(0.2, b=0.7))
LIMPS: Final = finding("limps", noisy_or(0.1, swollen=0.6, a=0.5))
SEEN: Final = finding("seen", reading("swollen", 0.9, 0.8))


def diagnose(*parts: Part, complaint: str = "A complaint", **answers: object) -> Diagnosis:
    return Engine(network(*parts, complaint=complaint)).diagnose(answers)


# --- the greatest ----------------------------------------------------------------------------------------------------


def test_the_greatest_of_two_causes() -> None:
    """P(at most days) is 0.5, 0.2, 0.1 with a, b, both; P(at most weeks) 1, 0.5, 0.5; so P(weeks) is 0.5, 0.3, 0.4."""
    weeks = diagnose(A, B, SPELL, spell="weeks")
    assert weeks.log_evidence == exactly(math.log(0.3 * 0.5 + 0.4 * 0.3 + 0.3 * 0.4))
    assert weeks.posterior["a"] == exactly(0.27 / 0.39)


def test_a_long_story_binds_every_cause_that_cannot_last_so_long() -> None:
    """Of months a is no cause, so it is there with b only, no likelier than b makes it: 0.15 / (0.2 + 0.15)."""
    months = diagnose(A, B, SPELL, spell="months")
    assert months.posterior["b"] == exactly(1.0)
    assert months.posterior["a"] == exactly(3 / 7)
    with pytest.raises(ImpossibleEvidenceError, match="spell=months, b=no"):
        diagnose(A, B, SPELL, spell="months", b="no")


def test_a_cause_that_the_rule_does_not_name_leads_to_the_lowest_state() -> None:
    spell = finding("spell", greatest(None, a=distribution(days=0.5, weeks=0.3, months=0.2)), SPELLS)
    assert diagnose(A, B, spell, spell="weeks").posterior["a"] == 1.0
    assert diagnose(A, B, spell, spell="days").posterior["a"] == exactly((0.15 + 0.15) / (0.15 + 0.4 + 0.15))


def test_the_stated_distribution_includes_the_leak() -> None:
    """Leak at most days 0.8, a alone 0.4, b alone 0.2: both 0.4 * 0.2 / 0.8 = 0.1."""
    rule = greatest(
        distribution(days=0.8, weeks=0.2),
        a=distribution(days=0.4, weeks=0.6),
        b=distribution(days=0.2, weeks=0.8),
    )
    found = diagnose(A, B, finding("spell", rule, ("days", "weeks")), spell="days")
    assert found.log_evidence == exactly(math.log(0.3 * 0.4 + 0.4 * 0.2 + 0.3 * 0.1))


def test_the_greatest_of_two_states_is_a_noisy_or() -> None:
    as_or = network(A, B, finding("f", noisy_or(0.2, a=0.6, b=0.9)))
    as_max = network(
        A,
        B,
        finding(
            "f",
            greatest(distribution(yes=0.2), a=distribution(yes=0.6), b=distribution(yes=0.9)),
        ),
    )
    for answer in ("yes", "no", {"yes": 0.7, "no": 0.4}):
        one, other = (dict(Engine(each).diagnose({"f": answer}).posterior) for each in (as_or, as_max))
        assert one == pytest.approx(other, abs=1e-15)


def test_elimination_takes_ranges_of_states_and_refuses_what_is_no_range() -> None:
    model = network(A, B, SPELL)
    chosen = Elimination(model, "ward")
    unsure = {"days": 0.5, "weeks": 0.5, "months": 0.0}, {"days": 0.9, "weeks": 0.2, "months": 0.2}
    for answer in (*SPELLS, *unsure):
        evidence = check_evidence(model, {"spell": answer})
        expected = Engine(model).diagnose({"spell": answer})
        assert chosen.infer(evidence).log_evidence == pytest.approx(expected.log_evidence, abs=1e-12)
        assert chosen.infer(evidence).marginals == pytest.approx([expected.posterior[c] for c in "ab"], abs=1e-12)
    with pytest.raises(
        InferenceError, match=r"the unsure answer to spell has likelihoods 1, 0\.3, 0\.6; expected, with"
    ):
        chosen.infer(check_evidence(model, {"spell": {"days": 1.0, "weeks": 0.3, "months": 0.6}}))


# --- tables ----------------------------------------------------------------------------------------------------------


def test_a_cause_that_makes_a_finding_rarer_is_a_table() -> None:
    """Tender in 10 % with the disease and 30 % without: left out, it would stay at 0.12."""
    tender = finding("tender", table(["a"], no=distribution(yes=0.3), yes=distribution(yes=0.1)))
    found = diagnose(condition("a", 0.12), condition("b", 0.4), tender, complaint="", tender="yes")
    assert found.posterior["a"] == exactly(0.012 / 0.276)
    assert found.posterior["b"] == exactly(0.4)


def test_a_table_of_two_parents() -> None:
    """Dyspnoea of the chest clinic: 0.1, 0.8, 0.7, 0.9."""
    rows = {"no_no": 0.1, "no_yes": 0.8, "yes_no": 0.7, "yes_yes": 0.9}
    dyspnoea = finding("dyspnoea", table(["a", "b"], **{key: distribution(yes=p) for key, p in rows.items()}))
    found = diagnose(A, B, dyspnoea, dyspnoea="yes")
    assert found.log_evidence == exactly(math.log(0.3 * 0.7 + 0.4 * 0.8 + 0.3 * 0.9))
    assert found.posterior["b"] == exactly((0.32 + 0.27) / 0.8)


def test_a_sign_that_is_one_thing_or_the_other_for_certain() -> None:
    """`either` is a or b, so with the complaint it is always there; it can be read, too."""
    off, on = distribution(no=1.0, yes=0.0), distribution(no=0.0, yes=1.0)
    either = sign("either", table(["a", "b"], no_no=off, no_yes=on, yes_no=on, yes_yes=on))
    film = finding("film", reading("either", 0.98, 0.95))
    assert diagnose(A, B, either, film, film="yes").log_evidence == exactly(math.log(0.98))
    without = diagnose(condition("a", 0.5), condition("b", 0.5), either, film, complaint="", film="yes")
    assert without.log_evidence == exactly(math.log(0.75 * 0.98 + 0.25 * 0.05))


# --- causes that are signs -------------------------------------------------------------------------------------------


def test_a_finding_of_a_condition_and_a_sign() -> None:
    """P(no limp) is 0.8 * 0.5 + 0.2 * 2/9 with a, 0.3 * 0.9 + 0.7 * 0.4 with b, 0.3 * 0.5 + 0.7 * 2/9 with both."""
    yes = [1 - (0.4 + 0.4 / 9), 1 - 0.55, 1 - (0.15 + 1.4 / 9)]
    weights = [0.3 * yes[0], 0.4 * yes[1], 0.3 * yes[2]]
    found = diagnose(A, B, SWOLLEN, LIMPS, limps="yes")
    assert found.log_evidence == exactly(math.log(sum(weights)))
    assert found.posterior["a"] == exactly((weights[0] + weights[2]) / sum(weights))


def test_what_hangs_on_a_sign_is_handled_together_with_its_readings() -> None:
    """With a alone: 0.8 * 0.5 * 0.2 without the swelling, 0.2 * (1 - 2/9) * 0.9 with it."""
    alone = 0.8 * 0.5 * 0.2 + 0.2 * 7 / 9 * 0.9
    found = diagnose(A, B, SWOLLEN, LIMPS, SEEN, limps="yes", seen="yes", b="no")
    assert found.log_evidence == exactly(math.log(0.3 * alone))


def test_a_sign_of_a_sign() -> None:
    """Swollen in 0.2 with a, in 0.7 with b or both; warm in 0.8 of those and 0.1 of others."""
    warm = sign("warm", noisy_or(0.1, swollen=0.8))
    felt = finding("felt", reading("warm", 0.9, 0.9))
    chances = [swollen * 0.8 + (1 - swollen) * 0.1 for swollen in (0.2, 0.7, 0.7)]
    seen = [warm_ * 0.9 + (1 - warm_) * 0.1 for warm_ in chances]
    expected = 0.3 * seen[0] + 0.4 * seen[1] + 0.3 * seen[2]
    assert diagnose(A, B, SWOLLEN, warm, felt, felt="yes").log_evidence == exactly(math.log(expected))


# --- all that follows ------------------------------------------------------------------------------------------------


def every_kind() -> Network:
    warm = sign("warm", noisy_or(0.1, swollen=0.8))
    rows = {"no_no": 0.1, "no_yes": 0.8, "yes_no": 0.7, "yes_yes": 0.9}
    odd = finding("odd", table(["warm", "a"], **{key: distribution(yes=p) for key, p in rows.items()}))
    return network(A, B, SWOLLEN, warm, SPELL, LIMPS, SEEN, odd, finding("felt", reading("warm", 0.9, 0.9)))


ANSWERS: Final = {"spell": "weeks", "limps": "yes", "seen": "no", "odd": "yes"}


def test_the_shares_of_answers_add_up_and_do_not_depend_on_their_order() -> None:
    orders = [dict(ANSWERS), dict(reversed(ANSWERS.items()))]
    ledgers = [Engine(every_kind()).diagnose(order).ledger["a"] for order in orders]
    for ledger in ledgers:
        assert sum(entry.share for entry in ledger.entries) == pytest.approx(ledger.posterior - ledger.prior, abs=1e-9)
    one, other = ({entry.finding: entry.share for entry in ledger.entries} for ledger in ledgers)
    assert one == pytest.approx(other, abs=1e-12)


def test_an_answer_that_rules_a_condition_in_takes_the_share_of_it() -> None:
    ledger = Engine(network(A, B, SPELL, LIMPS, SWOLLEN)).diagnose({"spell": "months", "limps": "yes"}).ledger["b"]
    shares = {entry.finding: entry.share for entry in ledger.entries}
    assert shares["spell"] == math.inf
    assert math.isfinite(shares["limps"])


def test_after_each_answer_to_a_question_stands_the_posterior_of_that_answer() -> None:
    engine = Engine(every_kind())
    evidence = check_evidence(engine.network, {"limps": "yes", "spell": {"days": 0.2, "weeks": 0.7, "months": 0.7}})
    names = ("spell", "seen", "odd", "felt")
    outcomes = engine.compiled.strategy.outcomes(evidence, names)
    before = engine.compiled.strategy.infer(evidence).log_evidence
    for name, start in zip(outcomes.names, outcomes.starts, strict=False):
        for place, state in enumerate(engine.network.states[name]):
            known = {"limps": "yes", "spell": {"days": 0.2, "weeks": 0.7, "months": 0.7}, name: state}
            scale = {"days": 0.2, "weeks": 0.7, "months": 0.7}[state] if name == "spell" else 1.0
            found = engine.diagnose(known)
            row = int(start) + place
            assert outcomes.probabilities[row] == pytest.approx(scale * math.exp(found.log_evidence - before), abs=1e-9)
            assert outcomes.posteriors[row] == pytest.approx([found.posterior["a"], found.posterior["b"]], abs=1e-12)


def test_signs_that_are_too_many_to_sum_over_are_refused_before_tables_are_made() -> None:
    signs = [sign("s0", noisy_or(0.2, a=0.7))]
    signs += [sign(f"s{i}", noisy_or(0.1, **{f"s{i - 1}": 0.8})) for i in range(1, 24)]
    with pytest.raises(InferenceError, match=r"24 signs that depend on one another .* take tables of 537 MB; at most"):
        Engine(network(A, B, *signs))


def test_elimination_refuses_tables_and_tied_signs() -> None:
    with pytest.raises(InferenceError, match="swollen has a table or is tied to signs; with 2 conditions, expected"):
        Elimination(network(A, B, SWOLLEN, LIMPS), "ward")
