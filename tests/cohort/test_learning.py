"""Learning a network from labelled patients: what moves, how it is told, and that shifted numbers are found again."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from immutabledict import immutabledict

from bayesknee import Engine, Network, load_network
from bayesknee.cohort import check_cases
from bayesknee.cohort.expectation_maximisation import prior_weight
from bayesknee.cohort.labelled import LabelledCase
from bayesknee.cohort.learning import Learned, learn, write_learned
from bayesknee.display.learned import learned_data, learned_markdown, learned_text
from bayesknee.errors import BayeskneeError
from bayesknee.knowledge.model import NoisyOr, Probability, Reading
from bayesknee.knowledge.ranges import redrawn
from bayesknee.patient.cases import Case
from bayesknee.patient.codes import NOT_KNOWN, decode
from bayesknee.patient.evidence import NOTHING_KNOWN
from tests.support.paths import KNEE_11, NETWORKS
from tests.support.small_networks import condition, finding, network, noisy_or, sign

TINY_FOLDER = NETWORKS / "tiny"
TINY = load_network(TINY_FOLDER)


def patients(network: Network, number: int, seed: int, missing: float = 0.3) -> list[LabelledCase]:
    """Patients drawn from a network, answers missing at random."""
    rng = np.random.default_rng(seed)
    setting = network.default_setting
    sample = Engine(network, setting).compiled.strategy.sample(NOTHING_KNOWN, number, rng)
    codes = sample.codes.copy()
    codes[rng.random(codes.shape) < missing] = NOT_KNOWN
    for name in network.gated:  # a gate that got lost would be implied again
        for gate in network.findings[name].only_if:
            columns = list(network.questions)
            codes[codes[:, columns.index(gate)] == NOT_KNOWN, columns.index(name)] = NOT_KNOWN
    names = list(network.conditions)
    return [
        LabelledCase(str(row), decode(network, codes[row]), setting, tuple(np.array(names)[has].tolist()))
        for row, has in enumerate(sample.conditions)
    ]


def cases(*given: Case) -> tuple[LabelledCase, ...]:
    return check_cases(given, TINY)


def moved(learned: Learned) -> dict[str, float]:
    return {".".join(move.path): move.new.value for move in learned.moves}


def test_base_rates_are_shares_of_the_patients_of_a_setting() -> None:
    given = cases(*[Case(label=("fracture",), setting="emergency")] * 30, *[Case(label=("strain",))] * 70)
    found = moved(learn(TINY, given))
    assert found["conditions.fracture.base_rate.emergency"] > 0.5
    assert found["conditions.fracture.base_rate.clinic"] < 0.1
    given = cases(*[Case(label=("strain", "other"))] * 70, *[Case(label=("other",))] * 30)
    strain = next(m for m in learn(TINY, given).moves if m.path == ("conditions", "strain", "base_rate", "any_setting"))
    assert strain.new.value == pytest.approx((strain.weight * 0.5 + 70) / (strain.weight + 100), abs=1e-4)
    assert strain.patients == 100


def test_base_rates_keep_their_sum_above_one() -> None:
    """One cause each, and the one that all have lags behind, for its range is narrow."""
    network = learn(TINY, cases(*[Case(label=("fracture",), setting="clinic")] * 100)).network
    assert sum(each.base_rate_in("clinic") for each in network.conditions.values()) > 1.01
    Engine(network, "clinic")


def test_base_rates_stay_below_the_number_of_causes() -> None:
    parts = [condition(name, 0.4) for name in "abc"]
    net = network(*parts, finding("f", noisy_or(0.1, a=0.7)), most_causes=2)
    given = check_cases([Case(label=("a", "b"))] * 500 + [Case(label=("b", "c"))] * 500, net)
    learned = learn(net, given).network
    assert 1.9 < sum(each.base_rate_in("ward") for each in learned.conditions.values()) < 2.0
    Engine(learned)


def test_base_rates_of_one_cause_still_sum_to_one() -> None:
    parts = condition("a", 0.5), condition("b", 0.3), condition("c", 0.2)
    net = network(*parts, finding("f", noisy_or(0.1, a=0.7)), most_causes=1)
    learned = learn(net, check_cases([Case(label=("a",))] * 90 + [Case(label=("b",))] * 10, net)).network
    rates = [each.base_rate_in("ward") for each in learned.conditions.values()]
    assert sum(rates) == pytest.approx(1.0, abs=1e-12)
    assert rates[0] > 0.65


def test_base_rates_can_be_kept() -> None:
    given = cases(*[Case(label=("fracture",))] * 30)
    assert not learn(TINY, given, base_rates=False).moves


def test_a_number_tells_what_it_was() -> None:
    given = cases(*[Case(label=("strain",), evidence={"pain_on_grip": "no"})] * 40)
    move = next(m for m in learn(TINY, given).moves if m.path[-1] == "strain" and m.path[0] == "findings")
    assert move.new.value == pytest.approx(0.48, abs=0.01)
    assert move.new.note == "prior 0.8 (0.7-0.9, grade D), updated by 40 cases. for tests"
    assert move.new.low < move.new.value < move.new.high


def test_cases_become_the_source_where_they_outweigh_the_old_range() -> None:
    few, many = (cases(*[Case(label=("strain",), evidence={"pain_on_grip": "yes"})] * n) for n in (5, 500))
    path = ("findings", "pain_on_grip", "noisy_or", "causes", "strain")
    little = next(m for m in learn(TINY, few).moves if m.path == path)
    much = next(m for m in learn(TINY, many, source="our_clinic").moves if m.path == path)
    assert (little.new.grade, little.new.source) == ("D", "judged")
    assert (much.new.grade, much.new.source) == ("B", "our_clinic")
    assert learn(TINY, many, source="our_clinic").network.references["our_clinic"].citation


def test_what_nobody_was_asked_stays() -> None:
    found = moved(learn(TINY, cases(*[Case(label=("strain",), evidence={"pain_on_grip": "yes"})] * 50)))
    assert not [name for name in found if "onset" in name or "joint_swelling" in name]


def test_unknown_answers_count_nowhere() -> None:
    known = Case(label=("strain",), evidence={"pain_on_grip": "yes"})
    unknown = Case(label=("strain",), evidence={"pain_on_grip": "unknown"})
    one, two = (
        moved(learn(TINY, cases(*each), base_rates=False)) for each in ([known] * 20, [known] * 20 + [unknown] * 99)
    )
    assert one == two


def test_odds_ratios_risk_factors_and_limits_stay() -> None:
    given = patients(TINY, 300, seed=2)
    paths = {move.path for move in learn(TINY, given).moves}
    assert not [path for path in paths if path[0] == "risk_factors" or "odds_ratios" in path or "limit" in path]


def test_distributions_still_sum_to_one() -> None:
    network = learn(TINY, patients(TINY, 200, seed=4)).network
    for _, each in sorted(network.findings["onset"].model.distributions.items()):  # type: ignore[union-attr]
        assert math.isclose(sum(each.vector(network.findings["onset"].states)), 1.0, abs_tol=1e-9)


@pytest.mark.parametrize(
    ("given", "source", "told"),
    [([], "own_cases", "no cases"), ([Case(label=("strain",))], "smith_2015", "has a reference smith_2015 already")],
)
def test_refused(given: Iterable[Case], source: str, told: str) -> None:
    checked = [check_cases([case], TINY)[0] for case in given]
    with pytest.raises(BayeskneeError, match=told):
        learn(TINY, checked, source=source)


# --- what the format or a range does not allow -----------------------------------------------------------------------


def stated(value: float, low: float, high: float) -> Probability:
    return Probability(value=value, low=low, high=high, grade="D", source="judged", note="a test")


def taught(share: float, number: int, sensitivity: Probability, specificity: Probability, leak: Probability) -> Learned:
    """What so many patients without the only cause of a sign teach, in this share of whom its test is positive."""
    rule = NoisyOr(leak, immutabledict(a=stated(0.5, 0.3, 0.7)))
    prior = network(
        condition("a", 0.6),
        condition("b", 0.6),
        sign("swollen", rule),
        finding("scan", Reading("swollen", sensitivity, specificity)),
        finding("limp", noisy_or(0.1, a=0.5)),
    )
    positive = round(share * number)
    given = [Case(label=("b",), evidence={"scan": "yes", "limp": "no"})] * positive
    given += [Case(label=("b",), evidence={"scan": "no", "limp": "no"})] * (number - positive)
    return learn(prior, check_cases(given, prior), base_rates=False)


def test_a_test_that_looks_worse_than_none_is_bounded_and_the_rest_goes_on() -> None:
    learned = taught(0.9, 400, stated(0.6, 0.4, 0.8), stated(0.5, 0.3, 0.7), stated(0.1, 0.05, 0.2))
    moves = {move.path[-1]: move.new for move in learned.moves if move.path[1] == "scan"}
    assert 1.0 < moves["sensitivity"].value + moves["specificity"].value == pytest.approx(1.001, abs=2e-4)
    assert moves["specificity"].note.endswith("lifted so that sensitivity and specificity sum to more than 1. a test")
    limp = next(move.new.value for move in learned.moves if move.path[1] == "limp")
    assert limp == pytest.approx(0.1 * 1.0 / (1.0 + 400 / prior_weight(stated(0.1, 0.07, 0.13))), abs=1e-4)


def test_patients_who_contradict_a_narrow_range_move_it_and_it_says_so() -> None:
    """0.3 % expected and 5 % seen: more stays hidden than is seen, so the interval is as wide as the old range."""
    learned = taught(0.05, 400, stated(0.9, 0.8, 0.95), stated(0.9995, 0.999, 0.9997), stated(0.003, 0.002, 0.0045))
    leak = next(move for move in learned.moves if move.path[0] == "signs")
    assert 0.004 < leak.new.value < 0.01
    assert leak.new.low < leak.new.value < leak.new.high
    assert leak.effective == 0.0
    assert leak.new.note.startswith("prior 0.003 (0.002-0.0045, grade D), updated by 400 cases, which contradict that ")


def test_a_part_that_would_break_a_rule_is_left_as_it_was_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bayesknee.cohort.rule_parts.LEAST_OF_READING", 0.0)
    learned = taught(0.9, 400, stated(0.6, 0.4, 0.8), stated(0.5, 0.3, 0.7), stated(0.1, 0.05, 0.2))
    assert {move.path[1] for move in learned.moves} == {"swollen", "limp"}
    assert set(learned.left) == {"findings.scan"}
    assert "a sum above 1" in learned.left["findings.scan"]
    assert "findings.scan was left as it was: got sensitivity" in " ".join(learned_text(learned).split())
    assert "- `findings.scan` was left as it was: got sensitivity" in learned_markdown(learned)
    assert learned_data(learned)["left_as_they_were"] == dict(learned.left)


# --- recovery --------------------------------------------------------------------------------------------------------


def errors(prior: Network, truth: Network, learned: Learned) -> tuple[float, float]:
    """Root mean square of the error in log odds, before and after, over the numbers that moved."""
    before, true = dict(prior.numbers()), dict(truth.numbers())
    paths = [move.path for move in learned.moves if move.path[-1] != "emergency"]
    after = {move.path: move.new for move in learned.moves}
    return tuple(  # type: ignore[return-value]
        math.sqrt(np.mean([(logit(numbers[path].value) - logit(true[path].value)) ** 2 for path in paths]))
        for numbers in (before, after)
    )


def logit(p: float) -> float:
    return math.log(p / (1 - p))


def test_shifted_numbers_are_found_again_as_cases_grow() -> None:
    """The readings of a sign that only one or two of a hundred have stay unsure, so not all of the error goes."""
    truth = redrawn(TINY, np.random.default_rng(11))
    found = [errors(TINY, truth, learn(TINY, patients(truth, number, seed=5))) for number in (100, 1000, 8000)]
    before = found[-1][0]
    left = [after for _, after in found]
    assert left[0] > left[1] > left[2]
    assert left[2] < 0.6 * before


def test_ranges_hold_the_truth() -> None:
    truth = redrawn(TINY, np.random.default_rng(11))
    learned = learn(TINY, patients(truth, 2000, seed=6))
    true = dict(truth.numbers())
    held = [
        move.new.low <= true[move.path].value <= move.new.high for move in learned.moves if move.path[-1] != "emergency"
    ]
    assert np.mean(held) > 0.8


# --- files -----------------------------------------------------------------------------------------------------------


def test_the_written_network_is_the_learned_one(tmp_path: Path) -> None:
    learned = learn(TINY, patients(TINY, 200, seed=7))
    written = write_learned(learned, TINY_FOLDER, tmp_path / "new", {"LEARNED.md": "what moved"})
    assert dict(written.numbers()) == dict(learned.network.numbers())
    assert written.version == "0.0.1+200_cases"
    assert load_network(tmp_path / "new").sha256 == written.sha256
    assert [each.name for each in tmp_path.iterdir()] == ["new"]
    Engine(written, "emergency")


def test_the_shipped_network_keeps_its_comments_and_layout(tmp_path: Path) -> None:
    folder = KNEE_11
    network = load_network(folder)
    case = Case(label=("bakers_cyst",), evidence={"lump_noticed": "yes", "onset": "gradual", "pain_bending": "yes"})
    learned = learn(network, check_cases([case] * 30, network))
    written = write_learned(learned, folder, tmp_path / "new", {})
    assert dict(written.numbers()) == dict(learned.network.numbers())
    for file in folder.glob("*.yaml"):
        old, new = (place.read_text(encoding="utf-8").splitlines() for place in (file, tmp_path / "new" / file.name))
        comments = [line for line in old if line.lstrip().startswith("#")]
        assert comments == [line for line in new if line.lstrip().startswith("#")]
    untouched = "risk_factors.yaml"
    assert (tmp_path / "new" / untouched).read_bytes() == (folder / untouched).read_bytes()


def test_an_existing_folder_is_refused(tmp_path: Path) -> None:
    learned = learn(TINY, patients(TINY, 20, seed=8))
    with pytest.raises(BayeskneeError, match="it exists and is the network to learn from; name a new folder"):
        write_learned(learned, TINY_FOLDER, TINY_FOLDER, {})
    with pytest.raises(BayeskneeError, match="it exists; name a new folder"):
        write_learned(learned, TINY_FOLDER, tmp_path, {})
    with pytest.raises(BayeskneeError, match="make it first"):
        write_learned(learned, TINY_FOLDER, tmp_path / "no" / "new", {})
    assert not list(tmp_path.iterdir())
