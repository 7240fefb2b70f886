"""The engine as an object: settings, refusals, threads, copies, and the same numbers under any hash seed."""

from __future__ import annotations

import itertools
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from bayesknee import Diagnosis, Engine, ImpossibleEvidenceError, load_network
from bayesknee.errors import InferenceError, SettingError
from bayesknee.inference.enumeration import strategy, subset_tables
from bayesknee.inference.prior import joint
from bayesknee.patient.evidence import check_evidence
from tests.support.effort import seeds
from tests.support.paths import ROOT
from tests.support.random_networks import SMALL, Size, random_answers, random_network, seeded_patient
from tests.support.small_networks import condition, finding, network, noisy_or

TINY = ROOT / "tests" / "networks" / "tiny"


# --- settings and refusals -------------------------------------------------------------------------------------------


def test_the_first_setting_is_the_default() -> None:
    assert Engine(TINY).setting == "clinic"
    assert repr(Engine(TINY, "emergency")) == "<Engine tiny in emergency>"


def test_settings_differ() -> None:
    clinic, emergency = Engine(TINY), Engine(TINY, "emergency")
    assert clinic.diagnose().posterior["fracture"] == pytest.approx(0.1)
    assert emergency.diagnose().posterior["fracture"] == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("setting", "hint"), [("clinc", "did you mean clinic?"), ("ward", "known are clinic, emergency")]
)
def test_unknown_setting(setting: str, hint: str) -> None:
    with pytest.raises(SettingError, match=f"unknown setting '{setting}' of network tiny; {hint.replace('?', '.')}"):
        Engine(TINY, setting)


def test_too_many_conditions_to_enumerate() -> None:
    drawn = network(*(condition(f"c{i}", 0.2) for i in range(21)))
    with pytest.raises(
        InferenceError, match=r"2,097,152 sets of causes; expected at most 1,048,576 to sum over; .*add"
    ):
        strategy.Enumeration(drawn, "ward")
    assert Engine(drawn).diagnose().posterior["c7"] == pytest.approx(0.2)


def test_impossible_evidence_leaves_out_what_does_not_clash() -> None:
    engine = Engine(network(condition("a", 0.6), condition("b", 0.7), finding("f", noisy_or(0.1, a=0.9))))
    with pytest.raises(
        ImpossibleEvidenceError, match=r"in this network: a=no, b=no; change or leave out one"
    ) as caught:
        engine.diagnose({"f": "yes", "a": {"yes": 0, "no": 0.5}, "b": "no"})
    assert caught.value.conflict == ("a=no", "b=no")


def test_very_unlikely_evidence_is_not_impossible() -> None:
    parts = [finding(f"f{i}", noisy_or(1e-12, a=2e-12)) for i in range(40)]
    engine = Engine(network(condition("a", 0.6), condition("b", 0.7), *parts))
    diagnosis = engine.diagnose({part.id: "yes" for part in parts})
    assert diagnosis.log_evidence < -1000
    assert diagnosis.posterior["a"] == pytest.approx(1.0)


def test_extreme_likelihoods_neither_overflow_nor_vanish() -> None:
    engine = Engine(network(condition("a", 0.6), condition("b", 0.7)))
    for scale in (5e-324, 1e-300, 1e300, 1.7e308):
        diagnosis = engine.diagnose({"a": {"yes": scale, "no": 0}, "b": {"yes": scale, "no": scale}})
        assert diagnosis.posterior["a"] == 1.0
        assert diagnosis.posterior["b"] == pytest.approx(0.5)  # 0.3 of 0.6, as in test_worked_examples.py
    tiny = engine.diagnose({"a": {"yes": 1e-320, "no": 1}, "b": {"yes": 1e-320, "no": 1}})
    assert tiny.posterior["a"] == pytest.approx(0.3 / 0.7)  # a alone against b alone; both is out of reach


# --- one engine for many ---------------------------------------------------------------------------------------------


@pytest.fixture
def small_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Caches that are emptied all the time."""
    monkeypatch.setattr(subset_tables, "MOST_CACHED_NUMBERS", 256)
    monkeypatch.setattr(subset_tables, "MOST_CACHED_PRIOR_NUMBERS", 128)
    monkeypatch.setattr(joint, "MOST_CACHED_WEIGHTS", 2)
    monkeypatch.setattr(joint, "MOST_CACHED_NUMBERS", 2)


def cohort(count: int) -> tuple[Engine, list[dict[str, object]]]:
    rng = Random(3)
    drawn = random_network(rng, SMALL)
    return Engine(drawn), [dict(random_answers(rng, drawn)) for _ in range(count)]


def numbers(diagnosis: Diagnosis) -> tuple[object, ...]:
    return dict(diagnosis.posterior), dict(diagnosis.groups), diagnosis.log_evidence


@pytest.fixture
def fast_switches() -> Iterator[None]:
    """Threads that take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("small_caches", "fast_switches")
def test_threads_share_an_engine() -> None:
    engine, evidence = cohort(150)
    expected = [numbers(Engine(engine.network).diagnose(each)) for each in evidence]
    with ThreadPoolExecutor(8) as pool:
        assert [numbers(each) for each in pool.map(engine.diagnose, evidence * 2)] == expected * 2


def test_what_an_engine_keeps_changes_nothing() -> None:
    # Few conditions and many risk factors, so that some of these are merged.
    size = Size(conditions=(2, 4), risk_factors=(5, 6), signs=(1, 2), findings=(3, 5))
    for seed in seeds(12):
        rng = Random(seed)
        drawn = random_network(rng, size)
        engine = Engine(drawn)
        for _ in range(12):
            evidence = random_answers(rng, drawn)
            assert numbers(engine.diagnose(evidence)) == numbers(Engine(drawn).diagnose(evidence)), f"seed {seed}"


def test_evidence_may_be_checked_beforehand() -> None:
    engine, (evidence, *_) = cohort(1)
    assert numbers(engine.diagnose(check_evidence(engine.network, evidence))) == numbers(engine.diagnose(evidence))


def test_an_engine_can_be_pickled() -> None:
    engine, (evidence, *_) = cohort(1)
    expected = numbers(engine.diagnose(evidence))
    copy = pickle.loads(pickle.dumps(engine))  # noqa: S301 (our own bytes)
    assert numbers(copy.diagnose(evidence)) == expected


# --- the same numbers everywhere -------------------------------------------------------------------------------------

PRINT_SOME = """
from bayesknee import Engine
from bayesknee.errors import EvidenceError
from bayesknee.patient.evidence import check_evidence
from tests.support.random_networks import SMALL, seeded_patient
for seed in range(8):
    patient = seeded_patient(seed, SMALL)
    diagnosis = Engine(patient.network, patient.setting).diagnose(patient.answers)
    print(list(diagnosis.posterior.items()), list(diagnosis.groups.items()), diagnosis.log_evidence)
    broken = {name: "no" for name in patient.network.questions if patient.network.states[name] == ("no", "yes")}
    try:
        check_evidence(patient.network, {**broken, "f_": 1, "r_": 2})
    except EvidenceError as error:
        print(error)
"""


def test_results_do_not_depend_on_the_hash_seed() -> None:
    printed = set()
    for seed in ("0", "1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", PRINT_SOME]
        printed.add(
            subprocess.run(command, env=environment, capture_output=True, check=True, cwd=ROOT, text=True).stdout
        )
    (text,) = printed
    assert len(text.splitlines()) == 16
    patient = seeded_patient(7, SMALL)
    assert str(Engine(patient.network, patient.setting).diagnose(patient.answers).log_evidence) in text


def test_a_network_may_be_given_by_folder_or_as_an_object() -> None:
    answers = {"swelling_noticed": "yes"}
    assert numbers(Engine(load_network(TINY)).diagnose(answers)) == numbers(Engine(str(TINY)).diagnose(answers))


def test_a_posterior_never_exceeds_one() -> None:
    engine = Engine(load_network(TINY))
    conditions = tuple(engine.network.conditions)
    for answers in itertools.product(("no", "yes"), repeat=len(conditions)):
        if "yes" in answers:
            diagnosis = engine.diagnose({**dict(zip(conditions, answers, strict=True)), "effusion_felt": "yes"})
            assert all(0.0 <= each <= 1.0 for each in (*diagnosis.posterior.values(), *diagnosis.groups.values()))
