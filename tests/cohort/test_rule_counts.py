"""Learning of tables, noisy-MAX findings, and signs that are tied together."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
import pytest

from bayesknee import Engine
from bayesknee.cohort.expectation_maximisation import QuestionAnswers
from bayesknee.cohort.labelled import LabelledCase
from bayesknee.cohort.learning import learn
from bayesknee.cohort.rule_counts import JointCounts, OneGreatest, OneTable, rule_counts
from bayesknee.cohort.simulate import draw
from bayesknee.knowledge.model import Finding, Sign
from bayesknee.knowledge.network import Network
from bayesknee.patient.codes import decode
from tests.support.small_networks import (
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

STATES: Final = ("days", "weeks", "months")
SPELLS: Final = greatest(
    distribution(days=0.7, weeks=0.2, months=0.1),
    a=distribution(days=0.3, weeks=0.4, months=0.3),
    g=distribution(days=0.1, weeks=0.2, months=0.7),
)


def tied(leak: float = 0.2, sees: float = 0.9) -> Network:
    """Two conditions; a sign of one, a sign of that sign, and findings that hang on both."""
    return network(
        condition("a", 0.6),
        condition("b", 0.7),
        sign("g", noisy_or(leak, a=0.8)),
        sign("h", table(["g", "b"], no_no=distribution(no=0.9, yes=0.1), no_yes=distribution(no=0.4, yes=0.6),
                        yes_no=distribution(no=0.5, yes=0.5), yes_yes=distribution(no=0.1, yes=0.9))),
        finding("sees_g", reading("g", sees, 0.85)),
        finding("either", noisy_or(0.1, h=0.7, a=0.4)),
        finding("spell", SPELLS, STATES),
        finding("both", table(["g", "h"], no_no=distribution(no=0.9, yes=0.1), no_yes=distribution(no=0.6, yes=0.4),
                              yes_no=distribution(no=0.5, yes=0.5), yes_yes=distribution(no=0.2, yes=0.8))),
    )  # fmt: skip


def settle(counts: JointCounts, rounds: int) -> list[float]:
    found = []
    for _ in range(rounds):
        found.append(float(counts.step().sum()))
        for parameter in counts.parameters:
            parameter.update()
    return found


@pytest.mark.parametrize("seed", range(5))
def test_the_likelihood_rises_with_every_round(seed: int) -> None:
    rng = np.random.default_rng(seed)
    patients, model = 50, tied()
    states = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)
    conditions = (rng.random((patients, 2)) < 0.6).astype(float)
    has = np.column_stack([np.repeat(conditions, 4, axis=0), np.tile(states, (patients, 1))])
    names = ("a", "b", "g", "h")
    parts: list[Sign | Finding] = [
        *model.signs.values(),
        *(model.findings[name] for name in ("sees_g", "either", "spell")),
    ]
    nodes = {part.id: rule_counts(part, names, has) for part in parts}
    answers = {
        name: QuestionAnswers(np.flatnonzero(rng.random(patients) < 0.8), np.empty(0))
        for name in nodes
        if len(name) > 1
    }
    answers = {
        name: QuestionAnswers(rows, rng.random((len(rows), len(model.states[name]))) + 0.01)
        for name, (rows, _) in answers.items()
    }
    counts = JointCounts(nodes, ("g", "h"), answers, patients)
    for parameter in counts.parameters:
        parameter.weight = 1e-9
    found = settle(counts, rounds=25)
    assert found[-1] > found[0] + 0.1
    assert all(later >= earlier - 1e-6 for earlier, later in pairwise(found))


def test_of_a_noisy_max_the_hidden_values_are_counted_given_the_greatest() -> None:
    """Leak and cause are each high or low evenly; the answer is high: either of three equally likely ways."""
    even = distribution(low=0.5, high=0.5)
    rule = greatest(even, a=distribution(low=0.25, high=0.75))
    node = OneGreatest(rule, ("low", "high"), ["a"], np.ones((1, 1)))
    assert node.chances() == pytest.approx(np.array([[0.25, 0.75]]))
    node.count(np.array([[0.0, 1.0]]))
    assert [parameter.successes[0] for parameter in node.leak] == pytest.approx([1 / 3, 2 / 3])
    assert [parameter.successes[0] for parameter in node.causes["a"]] == pytest.approx([1 / 3, 2 / 3])
    leak, causes = node.stated()
    assert leak == pytest.approx(np.array([0.5, 0.5]))
    assert causes["a"] == pytest.approx(np.array([0.25, 0.75]))


def test_what_is_certain_stays() -> None:
    rule = table(["a"], no=distribution(no=1.0, yes=0.0), yes=distribution(no=0.5, yes=0.5))
    node = OneTable(rule, ("no", "yes"), ["a"], np.array([[0.0], [1.0], [1.0]]))
    counts = JointCounts({"f": node}, (), {"f": QuestionAnswers(np.arange(3), np.eye(2)[[0, 1, 1]])}, 3)
    settle(counts, 3)
    assert [parameter.value for parameter in node.rows["no"]] == [1.0, 0.0]
    assert node.rows["yes"][1].value > 0.5


def test_numbers_are_learned_from_many_patients() -> None:
    """Patients of a network in which two numbers of a cluster are others: these come out, and the others stay near."""
    truth, prior = tied(leak=0.4, sees=0.75), tied()
    sample = next(draw(Engine(truth), 4000, seed=1))
    cases = [
        LabelledCase(str(row), decode(truth, codes), "ward", tuple(np.array(["a", "b"])[has].tolist()))
        for row, (codes, has) in enumerate(zip(sample.codes, sample.conditions, strict=True))
    ]
    moved = {path: number.value for path, number in learn(prior, cases, base_rates=False).network.numbers()}
    assert moved["signs", "g", "noisy_or", "leak"] == pytest.approx(0.4, abs=0.05)
    assert moved["findings", "sees_g", "reads", "sensitivity"] == pytest.approx(0.75, abs=0.05)
    rules = {path: number.value for path, number in truth.numbers() if path[0] in {"signs", "findings"}}
    assert max(abs(moved[path] - value) for path, value in rules.items()) < 0.1
