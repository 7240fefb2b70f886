"""The cheaper of two ways: both tell the same, and the estimates go with what is counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from bayesknee import Engine
from bayesknee.arrays import Vector
from bayesknee.inference.cheaper import INFER, Cheaper
from bayesknee.inference.choose import ALWAYS_ENUMERATED, choose_strategy
from bayesknee.inference.elimination.patients import Patients, node_evidence, one_patient
from bayesknee.inference.elimination.steps import Absorb, Begin, EliminationStep, End, Explain, Join, Observe
from bayesknee.inference.elimination.strategy import Elimination
from bayesknee.inference.enumeration import subset_tables
from bayesknee.inference.enumeration.strategy import Enumeration
from bayesknee.inference.enumeration.subset_tables import SubsetRow
from bayesknee.inference.results import DEFAULT_MEMORY, Budget, Gradients
from bayesknee.inference.strategy import MOST_CONDITIONS, Strategy
from bayesknee.knowledge.network import Network
from bayesknee.patient.codes import encode
from bayesknee.patient.evidence import Evidence, check_evidence
from tests.support.sized_networks import Size, sized_answers, sized_network

FEW, MANY = 4, 24
SIZE = Size(14, causes=10)
WITH_MIXTURES = Size(14, mixtures=2, findings=20)
WITH_FACTORS = Size(14, factors=2, findings=40)


def cheaper(size: Size, memory: int = DEFAULT_MEMORY) -> tuple[Network, Cheaper]:
    network = sized_network(size)
    return network, Cheaper(network, network.default_setting, Budget(memory))


def known(network: Network, size: Size, present: int, mixtures: int = 0) -> Evidence:
    return check_evidence(network, sized_answers(size, present, mixtures))


@pytest.mark.parametrize(
    ("conditions", "way"),
    [(ALWAYS_ENUMERATED, Enumeration), (ALWAYS_ENUMERATED + 1, Cheaper), (MOST_CONDITIONS + 1, Elimination)],
)
def test_what_a_network_gets(conditions: int, way: type) -> None:
    network = sized_network(Size(conditions, findings=4))
    assert type(choose_strategy(network, network.default_setting, Budget())) is way


# --- which way -------------------------------------------------------------------------------------------------------


def test_few_present_findings_are_eliminated_and_many_that_share_conditions_enumerated() -> None:
    network, strategy = cheaper(Size(16, causes=14))
    few, many = (known(network, Size(16), present) for present in (FEW, MANY))
    assert isinstance(strategy.way_to_infer(few), Elimination)
    assert isinstance(strategy.way_to_infer(many), Enumeration)


def test_unlike_mixtures_are_enumerated() -> None:
    network, strategy = cheaper(WITH_MIXTURES)
    evidence = known(network, WITH_MIXTURES, FEW, mixtures=2)
    events = tuple(frozenset([c]) for c in range(14))
    assert isinstance(strategy.way_to_infer(evidence), Enumeration)
    assert isinstance(strategy.way_to_share(evidence, events), Enumeration)
    assert isinstance(strategy.way_to_rank(evidence, list(network.questions)), Enumeration)


def test_what_takes_too_much_memory_one_way_goes_the_other_way() -> None:
    network, strategy = cheaper(SIZE, memory=200_000)
    evidence = known(network, SIZE, FEW)
    events = tuple(frozenset([c]) for c in range(14))
    patient = strategy.work_of(evidence)
    assert strategy.enumeration_effort(patient, INFER).memory > 200_000
    ways = [strategy.way_to_infer(evidence), strategy.way_to_gradients(evidence, events)]
    assert all(isinstance(way, Elimination) for way in ways)


def test_a_prior_that_is_too_large_to_enumerate_is_eliminated() -> None:
    size = Size(MOST_CONDITIONS, factors=4, findings=10)  # 3**4 states of common risk factors, for 2**20 subsets
    diagnosis = Engine(sized_network(size)).diagnose(sized_answers(size, 3))
    assert diagnosis.exact
    assert sum(diagnosis.posterior.values()) > 1.0


# --- the same figures ------------------------------------------------------------------------------------------------

WORK: dict[str, Callable[[Strategy, Network, Evidence], object]] = {
    "a posterior": lambda way, _, e: [way.infer(e).log_evidence, *way.infer(e).marginals],
    "outcomes": lambda way, net, e: way.outcomes(e, [name for name in net.questions if name not in e.answers]).joint,
    "derivatives": lambda way, _, e: by_path(way.gradients(e, (frozenset([0]), frozenset([1, 2])))),
    "redrawn numbers": lambda way, _, e: way.redrawn(e, (frozenset([0]), frozenset([1, 2])), 5, 0),
    "shares": lambda way, _, e: way.shares(e, (frozenset([0]), frozenset([3]))).moves.sum(axis=0),
    "a table": lambda way, net, e: way.infer_many(encode(net, [e] * 2), groups=[frozenset([1, 2])]).groups,
}


def by_path(gradients: Gradients) -> Vector:
    order = sorted(range(len(gradients.paths)), key=lambda row: str(gradients.paths[row]))
    return gradients.derivatives[order]


@pytest.mark.parametrize("work", WORK)
@pytest.mark.parametrize("present", [FEW, 14])
def test_both_ways_tell_the_same(work: str, present: int) -> None:
    size = Size(14, factors=1, findings=30, causes=5)
    network, strategy = cheaper(size)
    evidence = known(network, size, present)
    got = WORK[work](strategy, network, evidence)
    for way in (Enumeration(network, "ward"), Elimination(network, "ward")):
        assert np.asarray(WORK[work](way, network, evidence)) == pytest.approx(np.asarray(got), rel=1e-8, abs=1e-11)


def test_what_is_shown_is_the_same_whichever_way(monkeypatch: pytest.MonkeyPatch) -> None:
    network = sized_network(SIZE)
    answers = sized_answers(SIZE, FEW)
    got = Engine(network).diagnose(answers)
    monkeypatch.setattr("bayesknee.inference.choose.ALWAYS_ENUMERATED", MOST_CONDITIONS)
    other = Engine(network).diagnose(answers)
    assert got.posterior == pytest.approx(other.posterior, rel=1e-10)
    assert [each.finding for each in got.next_questions] == [each.finding for each in other.next_questions]


# --- estimates and what is counted -----------------------------------------------------------------------------------


class Counted:
    """Numbers that are computed, counted where either way computes them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.eliminated = self.enumerated = 0
        for step in (Absorb, Begin, End, Explain, Join, Observe):
            monkeypatch.setattr(step, "forward", self._counting(step.forward))
        product = subset_tables.product_of_rows

        def counted_product(prior: Vector, rows: Sequence[SubsetRow]) -> tuple[Vector, float]:
            self.enumerated += prior.size * (1 + len(rows))
            return product(prior, rows)

        monkeypatch.setattr(subset_tables, "product_of_rows", counted_product)

    def _counting(self, forward: Callable[..., Vector]) -> Callable[..., Vector]:
        def counted_forward(step: EliminationStep, x: Vector, patients: Patients) -> Vector:
            made = forward(step, x, patients)
            self.eliminated += made.size
            return made

        return counted_forward


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(monkeypatch)


@pytest.mark.parametrize("present", [2, 6, 10, 14])
@pytest.mark.parametrize(
    "size", [SIZE, WITH_MIXTURES, Size(14, factors=2, findings=40)], ids=["plain", "mixed", "risk"]
)
def test_an_order_holds_as_many_numbers_as_its_run_computes(size: Size, present: int, counted: Counted) -> None:
    network, strategy = cheaper(size)
    evidence = known(network, size, present, mixtures=size.mixtures and 1)
    plan = strategy.core.plan(strategy.work_of(evidence).structure.shape)
    strategy.core.posteriors(one_patient(strategy.core.model, node_evidence(strategy.core.model, evidence)))
    passes = counted.eliminated / sum(plan.sizes)
    assert 1.0 <= passes <= 3.5  # forward, again for the complaint, and once more where the tables are made again


@pytest.mark.parametrize("present", [2, 6, 14])
def test_enumeration_goes_through_all_subsets_once_for_each_answer(present: int, counted: Counted) -> None:
    network, strategy = cheaper(SIZE)
    evidence = known(network, SIZE, present)
    Enumeration(network, "ward").infer(evidence)
    patient = strategy.work_of(evidence)
    assert counted.enumerated == patient.answers * 2**14


@pytest.mark.parametrize(
    ("size", "present", "mixtures", "less"),
    [
        (Size(16, causes=14), 4, 0, Elimination),
        (Size(14, findings=20), 3, 0, Elimination),
        (WITH_MIXTURES, 6, 2, Enumeration),
        (Size(15, mixtures=2, causes=10), 4, 2, Enumeration),
    ],
    ids=["two", "three", "mixtures", "others"],
)
def test_the_cheaper_way_computes_less(size: Size, present: int, mixtures: int, less: type, counted: Counted) -> None:
    """Of sizes where one way computes at least five times as much: what a number costs is not the same in both."""
    network, strategy = cheaper(size)
    evidence = known(network, size, present, mixtures)
    for way in (Elimination(network, "ward"), Enumeration(network, "ward")):
        way.infer(evidence)
    more = counted.enumerated / counted.eliminated
    assert more > 5.0 if less is Elimination else more < 0.2
    assert isinstance(strategy.way_to_infer(evidence), less)
