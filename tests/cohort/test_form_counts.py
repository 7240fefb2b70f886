"""Learning where conditions come in forms that no label tells: worked numbers, the engine as oracle, recovery."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayesknee import Engine, Network
from bayesknee.cohort import check_cases
from bayesknee.cohort.expectation_maximisation import QuestionAnswers
from bayesknee.cohort.form_counts import FormCounts, PossiblePatients, ShareCounts
from bayesknee.cohort.labelled import LabelledCase
from bayesknee.cohort.learning import Learned, learn
from bayesknee.cohort.moves import Mover
from bayesknee.cohort.rule_parts import RuleParts, outlines
from bayesknee.cohort.simulate import draw
from bayesknee.errors import BayeskneeError
from bayesknee.inference.enumeration.subset_tables import SubsetTables
from bayesknee.knowledge.model import NoisyOr, Number, Path, Probability
from bayesknee.knowledge.ranges import redrawn
from bayesknee.patient.cases import Case
from bayesknee.patient.codes import decode
from tests.support.small_networks import (
    condition,
    distribution,
    finding,
    forms,
    greatest,
    mixture,
    network,
    noisy_or,
    reading,
    sign,
    table,
)

SPELLS: Final = ("days", "weeks", "months")


def exactly(value: float) -> Probability:
    return Probability(value=value, low=value, high=value, grade="D", source="judged", note="a test")


def two_forms(of_fast: float = 0.8, of_slow: float = 0.2) -> Network:
    """A condition in two forms, half of either; a finding that nothing else leads to, with numbers that stay."""
    rule = NoisyOr(exactly(1e-4), {"c.fast": exactly(of_fast), "c.slow": exactly(of_slow)})
    ill = replace(condition("c", 0.5), forms=forms({"fast": 0.5, "slow": 0.5}))
    return network(ill, condition("other", 0.8), finding("f", rule))


def every_rule() -> Network:
    """Two conditions with forms and one without, and each kind of rule, naming forms and conditions."""
    return network(
        replace(condition("a", 0.5), forms=forms({"x": 0.3, "y": 0.7})),
        replace(condition("b", 0.6), forms=forms({"u": {"ward": 0.2, "home": 0.6}, "v": {"ward": 0.8, "home": 0.4}})),
        condition("d", 0.5),
        sign("g", noisy_or(0.1, **{"a.x": 0.8, "b": 0.3})),
        sign("h", table(["g", "b"], no_no=distribution(no=0.9, yes=0.1), no_yes=distribution(no=0.4, yes=0.6),
                        yes_no=distribution(no=0.5, yes=0.5), yes_yes=distribution(no=0.1, yes=0.9))),
        sign("alone", noisy_or(0.05, **{"a.y": 0.6, "d": 0.4})),
        finding("sees_g", reading("g", 0.9, 0.85)),
        finding("sees_alone", reading("alone", 0.8, 0.9)),
        finding("either", noisy_or(0.1, **{"h": 0.7, "a.x": 0.4})),
        finding("plain", noisy_or(0.1, a=0.7, d=0.5)),
        finding("direct", noisy_or(0.05, **{"a.x": 0.7, "a.y": 0.2, "b.v": 0.5})),
        finding("age", mixture(distribution(no=0.4, yes=0.6), {"a.x": 2.0}, **{
            "a.x": distribution(no=0.9, yes=0.1), "b": distribution(no=0.2, yes=0.8)})),
        finding("spell", greatest(distribution(days=0.7, weeks=0.2, months=0.1), **{
            "a.y": distribution(days=0.3, weeks=0.4, months=0.3),
            "b.u": distribution(days=0.2, weeks=0.2, months=0.6)}), SPELLS),
        settings=("ward", "home"),
    )  # fmt: skip


EVERY: Final = every_rule()
ANSWERS: Final = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(each.states) for name, each in EVERY.findings.items()}
)
LABELS: Final = st.sets(st.sampled_from(["a", "b", "d"]), min_size=1).map(sorted)
CASES: Final = st.builds(
    lambda label, evidence, setting: Case(label=tuple(label), evidence=evidence, setting=setting),
    LABELS,
    ANSWERS,
    st.sampled_from(["ward", "home"]),
)


def counted(net: Network, cases: Sequence[LabelledCase]) -> tuple[ShareCounts, FormCounts]:
    """All parts of a network in which the cases answered anything, as if each named forms."""
    given_by: dict[str, list[tuple[int, Sequence[float]]]] = {}
    for row, case in enumerate(cases):
        for name, likelihood in case.evidence.likelihoods.items():
            given_by.setdefault(name, []).append((row, likelihood))
    answers = {
        name: QuestionAnswers(np.array([row for row, _ in each]), np.array([said for _, said in each]))
        for name, each in given_by.items()
    }
    possible = PossiblePatients.of(net, cases)
    shares = ShareCounts(net, [case.setting for case in cases], possible, kept=False)
    parts = RuleParts(net, Mover("cases"))
    made = [(np.arange(len(possible.has)), shares)]
    for outline in outlines(net, answers):
        rows, cohort = possible.answering({name: answers[name] for name in outline.findings})
        if part := parts.part(outline, cohort):
            made.append((rows, part.counts))  # type: ignore[arg-type]
    return shares, FormCounts(possible, made)


def moved(learned: Learned) -> dict[str, Number]:
    return {".".join(move.path): move.new for move in learned.moves}


# --- worked numbers --------------------------------------------------------------------------------------------------


def test_a_form_counts_with_the_probability_that_the_answers_give_it() -> None:
    """Yes in 0.8 of the fast and 0.2 of the slow, half of either: 0.8 to 0.2; and no the other way round."""
    net = two_forms()
    cases = check_cases([Case(label=("c",), evidence={"f": answer}) for answer in ("yes", "no")], net)
    shares, counts = counted(net, cases)
    logs = counts.step()
    fast, slow = shares.shares["c", ("share",)]
    assert fast.successes == pytest.approx([0.8, 0.2], abs=1e-3)
    assert slow.successes == pytest.approx([0.2, 0.8], abs=1e-3)
    assert fast.trials == pytest.approx([1.0, 1.0])
    assert np.exp(logs) == pytest.approx([0.5, 0.5], abs=1e-3)


def test_a_share_settles_where_counts_and_patients_agree() -> None:
    """Of 100, 70 say yes. With n as the prior's patients, p = (n/2 + 70 w + 30 v) / (n + 100) at the end.

    There, w = 0.8 p / (0.8 p + 0.2 (1 - p)) and v = 0.2 p / (0.2 p + 0.8 (1 - p)) are P(fast | yes) and P(fast | no).
    """
    net = two_forms()
    learned = learn(net, check_cases([Case(label=("c",), evidence={"f": "yes"})] * 70 +
                                     [Case(label=("c",), evidence={"f": "no"})] * 30, net))  # fmt: skip
    move = next(move for move in learned.moves if move.path == ("conditions", "c", "forms", "fast", "share"))
    p, n = move.new.value, move.weight
    fast_yes, fast_no = 0.8 * p / (0.8 * p + 0.2 * (1 - p)), 0.2 * p / (0.2 * p + 0.8 * (1 - p))
    assert p == pytest.approx((n / 2 + 70 * fast_yes + 30 * fast_no) / (n + 100), abs=2e-4)
    assert 0.6 < p < 0.85
    assert move.patients == 100
    assert move.effective < 100 * 0.5  # less than forms that were seen would tell


def test_where_a_finding_tells_the_form_its_numbers_are_those_of_its_patients() -> None:
    """A test gives the form away; limping is then counted in each form by itself: 24 of 30, and 6 of 30."""
    shown = NoisyOr(exactly(1e-5), {"c.fast": exactly(1 - 1e-5), "c.slow": exactly(1e-5)})
    ill = replace(condition("c", 0.5), forms=forms({"fast": 0.5, "slow": 0.5}))
    limp = finding("limp", noisy_or(0.0001, **{"c.fast": 0.5, "c.slow": 0.5}))
    net = network(ill, condition("other", 0.8), finding("shown", shown), limp)
    given_cases = [
        Case(label=("c",), evidence={"shown": form, "limp": answer})
        for form, answer, number in [("yes", "yes", 24), ("yes", "no", 6), ("no", "yes", 6), ("no", "no", 24)]
        for _ in range(number)
    ]
    learned = learn(net, check_cases(given_cases, net))
    weight = {move.path[-1]: move.weight for move in learned.moves}["c.fast"]
    found = moved(learned)
    wanted = (0.5 * weight + 24) / (weight + 30)
    assert found["findings.limp.noisy_or.causes.c.fast"].value == pytest.approx(wanted, abs=2e-3)
    assert found["findings.limp.noisy_or.causes.c.slow"].value == pytest.approx(1 - wanted, abs=2e-3)


def test_what_is_certain_rules_a_form_out() -> None:
    """The slow form never lasts a short time, so who is ill for a short time teaches the fast one alone."""
    ill = replace(condition("c", 0.5), forms=forms({"fast": 0.5, "slow": 0.5}))
    lasts = greatest(None, **{"c.slow": distribution(short=0.0, long=1.0), "c.fast": distribution(short=0.7, long=0.3)})
    net = network(
        ill,
        condition("other", 0.8),
        finding("lasts", lasts, ("short", "long")),
        finding("limp", noisy_or(0.01, **{"c.fast": 0.5, "c.slow": 0.5})),
    )
    cases = check_cases([Case(label=("c",), evidence={"lasts": "short", "limp": "yes"})] * 20, net)
    found = moved(learn(net, cases, base_rates=False))
    assert found["findings.limp.noisy_or.causes.c.fast"].value > 0.55
    assert "findings.limp.noisy_or.causes.c.slow" not in found


# --- the engine as oracle --------------------------------------------------------------------------------------------


@given(CASES)
def test_forms_and_answers_are_as_probable_as_the_engine_says(case: Case) -> None:
    """P(form | conditions, answers) and P(answers | conditions), from the sum over all sets with those conditions."""
    (checked,) = check_cases([case], EVERY)
    shares, counts = counted(EVERY, [checked])
    (log,) = counts.step()
    tables = SubsetTables(EVERY, checked.setting)
    posterior = tables.infer(checked.evidence)
    wanted = [name in checked.label for name in EVERY.conditions]
    matching = (tables.sets.membership == wanted).all(axis=1)
    before, after = tables.prior({})[matching], posterior.weights[matching]
    assert log == pytest.approx(math.log(after.sum() / before.sum()) + posterior.log_evidence, abs=1e-9)
    for (name, place), parameters in shares.shares.items():
        condition_forms = EVERY.conditions[name].forms
        if name not in checked.label or place not in {("share",), ("share", checked.setting)}:
            assert not any(len(parameter.trials) for parameter in parameters)
            continue
        for form, parameter in zip(condition_forms, parameters, strict=True):
            column = tables.sets.names.index(f"{name}.{form}")
            share = after[tables.sets.causes[matching, column]].sum() / after.sum()
            assert parameter.successes == pytest.approx([share], abs=1e-9)


@settings(max_examples=20)
@given(st.lists(CASES, min_size=1, max_size=12))
def test_no_round_makes_the_answers_less_probable(given_cases: list[Case]) -> None:
    """With priors that are worth next to nothing, EM climbs, whatever is hidden."""
    _, counts = counted(EVERY, check_cases(given_cases, EVERY))
    for parameter in counts.parameters:
        parameter.weight = 1e-9
    found = []
    for _ in range(12):
        found.append(float(counts.step().sum()))
        for parameter in counts.parameters:
            parameter.update()
    assert all(later >= earlier - 1e-4 for earlier, later in pairwise(found))


@settings(max_examples=30)
@given(st.lists(CASES, min_size=1, max_size=12), st.booleans())
def test_what_is_learned_is_a_network(given_cases: list[Case], base_rates: bool) -> None:
    """All stay inside (0, 1) and their ranges, shares sum to 1, and no number is lost from the count."""
    learned = learn(EVERY, check_cases(given_cases, EVERY), base_rates=base_rates)
    for _, number in learned.network.numbers():
        assert number.certain or 0.0 < number.low <= number.value <= number.high
    for each in learned.network.conditions.values():
        for setting in EVERY.settings:
            assert sum(each.shares_in(setting)) == pytest.approx(1.0, abs=1e-9)
    assert len(learned.moves) + sum(learned.stay.values()) == len(list(EVERY.numbers()))
    assert base_rates or not [move for move in learned.moves if move.path[0] == "conditions"]
    Engine(learned.network)


# --- beside conditions without forms ---------------------------------------------------------------------------------


def test_what_names_no_form_moves_as_if_there_were_none() -> None:
    """The same cases, with and without forms of a condition that a finding names as it is."""
    parts = condition("other", 0.8), finding("plain", noisy_or(0.1, c=0.6)), finding("f", noisy_or(0.1, other=0.5))
    ill = condition("c", 0.5)
    formed = replace(ill, forms=forms({"fast": 0.5, "slow": 0.5}))
    shown = finding("shown", noisy_or(0.1, **{"c.fast": 0.9, "c.slow": 0.1}))
    without, with_forms = network(ill, *parts), network(formed, *parts, shown)
    answers = [{"plain": "yes", "f": "no"}, {"plain": "no", "f": "yes"}, {"plain": "yes", "shown": "yes"}]
    given_cases = [Case(label=("c",), evidence=each) for each in answers * 5]
    known = [replace(each, evidence={k: v for k, v in each.evidence.items() if k != "shown"}) for each in given_cases]
    one, two = (
        moved(learn(without, check_cases(known, without))),
        moved(learn(with_forms, check_cases(given_cases, with_forms))),
    )
    assert one
    assert {name: two[name] for name in one} == one
    assert "findings.shown.noisy_or.causes.c.fast" in two


def test_forms_that_nothing_names_stay_and_it_is_told() -> None:
    ill = replace(condition("c", 0.5), forms=forms({"fast": 0.5, "slow": 0.5}))
    net = network(ill, condition("other", 0.8), finding("f", noisy_or(0.1, c=0.6)))
    learned = learn(net, check_cases([Case(label=("c",), evidence={"f": "yes"})] * 9, net))
    assert not [name for name in moved(learned) if ".forms." in name]
    assert learned.stay["told_little"] >= 2


def test_a_share_of_a_setting_is_learned_from_its_patients() -> None:
    given_cases = [Case(label=("b",), setting="home", evidence={"spell": "days", "direct": "yes"})] * 40
    found = moved(learn(EVERY, check_cases(given_cases, EVERY)))
    assert found["conditions.b.forms.v.share.home"].value > 0.45
    assert "conditions.b.forms.v.share.ward" not in found
    assert found["conditions.b.forms.v.share.home"].note.startswith(
        "prior 0.4 (0.28-0.52, grade D), updated by 40 cases"
    )


def test_shares_stay_with_the_base_rates() -> None:
    """Cases that were chosen for their condition were chosen for its form, too."""
    given_cases = check_cases([Case(label=("b",), evidence={"spell": "days", "direct": "yes"})] * 40, EVERY)
    learned = learn(EVERY, given_cases, base_rates=False)
    assert learned.moves
    assert not [move for move in learned.moves if move.path[0] == "conditions"]
    assert learned.stay["kept"] == 9  # three base rates, two shares and twice two by setting


def test_a_label_that_comes_in_too_many_ways_is_refused() -> None:
    names = [f"c{number}" for number in range(11)]
    ill = [replace(condition(name, 0.4), forms=forms({"x": 0.5, "y": 0.5})) for name in names]
    net = network(*ill, finding("f", noisy_or(0.1, **{"c0.x": 0.6})), complaint="")
    case = Case(id="much", label=tuple(names), evidence={"f": "yes"})
    with pytest.raises(BayeskneeError, match="case much: its conditions come in 2,048 combinations of forms; expected"):
        learn(net, check_cases([case], net))


# --- recovery --------------------------------------------------------------------------------------------------------


def drawn(truth: Network, number: int, seed: int) -> list[LabelledCase]:
    """Patients whose labels tell conditions, and hide the forms that they were drawn with; answers partly missing."""
    names = np.array(list(truth.conditions))
    setting = truth.default_setting
    return [
        LabelledCase(str(row), decode(truth, codes), setting, tuple(names[has].tolist()))
        for sample in draw(Engine(truth, setting), number, missing=0.1, seed=seed)
        for row, (codes, has) in enumerate(zip(sample.codes, sample.conditions, strict=True))
    ]


def distance(numbers: Mapping[Path, Number], truth: Mapping[Path, Number], paths: Sequence[Path]) -> float:
    """Root mean square in log odds."""
    errors = [
        math.log(each.value / (1 - each.value)) for table in (numbers, truth) for each in map(table.__getitem__, paths)
    ]
    before, after = np.array(errors).reshape(2, -1)
    return float(np.sqrt(np.mean((before - after) ** 2)))


def test_shifted_numbers_are_found_again_with_forms_hidden() -> None:
    """All that names forms, and their shares; the more patients, the nearer to the truth."""
    truth = redrawn(EVERY, np.random.default_rng(3))
    true, prior = dict(truth.numbers()), dict(EVERY.numbers())
    found = {number: learn(EVERY, drawn(truth, number, seed=4)) for number in (300, 6000)}
    paths = [
        move.path for move in found[6000].moves
        if any(cause in ".".join(move.path) for cause in ("a.x", "a.y", "b.u", "b.v", "forms"))
    ]  # fmt: skip
    assert len([path for path in paths if "share" in path]) == 4
    left = [distance(dict(each.network.numbers()), true, paths) for each in found.values()]
    assert left[1] < left[0]
    assert left[1] < 0.6 * distance(prior, true, paths)
