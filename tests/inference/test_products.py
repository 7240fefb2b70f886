"""Matrix products in parts, and that no capability makes BLAS start threads."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from bayesknee import BayeskneeError, Engine
from bayesknee.arrays import Vector
from bayesknee.inference import products
from bayesknee.inference.products import matrix_product, vector_product
from tests.support.blas import setters, shared_out
from tests.support.paths import ROOT


@pytest.fixture
def two_threads() -> Iterator[None]:
    """As numpy starts on a machine with two cores; the other tests have one thread."""
    with threadpool_limits(2):
        if not setters():
            pytest.skip("numpy's BLAS is not OpenBLAS")
        yield


# The oldest kernels start threads soonest: those of newer processors take small products otherwise.
OLDEST = {"OPENBLAS_CORETYPE": "Nehalem"} if platform.machine().lower() in {"x86_64", "amd64"} else {}

CAPABILITIES = """
import json, sys
from dataclasses import replace
from pathlib import Path
from random import Random
import numpy as np
from bayesknee import Engine
from bayesknee.authoring import report
from bayesknee.cohort import evaluate
from bayesknee.cohort.labelled import LabelledCase
from bayesknee.cohort.naive_bayes import NaiveBayes
from bayesknee.inference.elimination.strategy import Elimination
from bayesknee.patient.codes import encode, nothing_known
from bayesknee.patient.evidence import NOTHING_KNOWN
from tests.benchmarks.patients import draw_patients
from tests.support import small_networks as build
from tests.support.blas import shared_out
from tests.support import random_networks
from tests.support.random_networks import Size, random_network

size = Size(conditions=(15, 15), risk_factors=(8, 8), signs=(2, 2), findings=(12, 12))
random_networks.LIMITS = random_networks.FORMS = False  # limits that not all draws meet; forms make many sets of 18
network = random_network(Random(5), size)
patient = draw_patients(network, 1, 9)[0]
engine = Engine(network)
diagnosis = engine.diagnose(patient)
codes = np.repeat(nothing_known(network, 1), 100, axis=0)
case = LabelledCase("one", patient, engine.setting, (next(iter(network.conditions)),))
larger = Engine(random_network(Random(6), replace(size, conditions=(18, 18))))
diagnosis_18 = larger.diagnose(draw_patients(larger.network, 1, 9)[0])
codes_18 = encode(larger.network, [diagnosis_18.evidence] * 20)
causes = {f"c{i}": 0.1 for i in range(150)}
finding = build.finding("f", build.noisy_or(0.01, **causes))
crowded = Elimination(build.network(*(build.condition(c, 0.01) for c in causes), finding, complaint=""), "ward")
works = {
    "a product that is too large": lambda: np.ones((200, 200)) @ np.ones((200, 200)),
    "diagnose": lambda: Engine(network).diagnose(patient),
    "intervals": lambda: diagnosis.intervals(100),
    "rank_questions": lambda: diagnosis.rank_questions(),
    "stop": lambda: diagnosis.stop(samples=100),
    "ledger": lambda: diagnosis.ledger,
    "conflict": lambda: diagnosis.conflict,
    "sensitivity": lambda: diagnosis.sensitivity(),
    "plan": lambda: diagnosis.plan(1, patterns=4, patients=50),
    "simulate": lambda: engine.compiled.strategy.sample(patient, 100, np.random.default_rng(0)),
    "score": lambda: engine.compiled.posteriors(codes),
    "evaluate": lambda: evaluate(network, [case] * 20, rounds=1000),
    "check": lambda: report(network, samples=20),
    "ledger of 18 conditions": lambda: diagnosis_18.ledger,
    "sensitivity of 18 conditions": lambda: diagnosis_18.sensitivity(),
    "score of 18 conditions": lambda: larger.compiled.strategy.infer_many(codes_18, refused={}),
    "naive Bayes, as many as at once": lambda: NaiveBayes(network, engine.setting).posteriors([patient] * 5000),
    "simulate of 150 conditions": lambda: crowded.sample(NOTHING_KNOWN, 4096, np.random.default_rng(0)),
}
print(json.dumps({name: shared_out(work) for name, work in works.items()}))
"""


@pytest.mark.parametrize("shape", [(3, 4, 5), (400, 60, 17), (9, 70_000, 3), (2, 3, 90_001), (1, 600_000, 1)])
def test_a_product_in_parts_is_the_product(shape: tuple[int, int, int]) -> None:
    rows, terms, columns = shape
    rng = np.random.default_rng(1)
    first, second = rng.random((rows, terms)), rng.random((terms, columns))
    np.testing.assert_allclose(matrix_product(first, second), first @ second, rtol=1e-12)
    np.testing.assert_allclose(vector_product(first, second[:, 0]), first @ second[:, 0], rtol=1e-12)


@pytest.mark.parametrize("most", [1, 7, 64])
def test_parts_are_small(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(products, "MOST_AT_ONCE", most)
    first, second = np.arange(30.0).reshape(2, 3, 5), np.arange(20.0).reshape(5, 4)
    assert matrix_product(first, second).tolist() == (first @ second).tolist()
    assert matrix_product(first[:, :1], second[:, :1]).tolist() == (first[:, :1] @ second[:, :1]).tolist()
    assert matrix_product(first.swapaxes(1, 2)[0], np.ones((3, 0))).shape == (5, 0)


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("shape", [(300, 300, 300), (20, 2**14, 20), (1, 2**20, 1), (1, 2, 2**20)])
def test_parts_are_not_shared_out(shape: tuple[int, int, int]) -> None:
    rows, terms, columns = shape
    first, second = np.ones((rows, terms)), np.ones((terms, columns))
    assert shared_out(lambda: matrix_product(first, second)) == 0
    assert shared_out(lambda: vector_product(first, second[:, 0])) == 0
    assert shared_out(lambda: np.ones((300, 300)) @ np.ones((300, 300))) == 1


@pytest.mark.usefixtures("two_threads")
def test_no_capability_makes_blas_start_threads() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CAPABILITIES],
        cwd=ROOT,
        env={**os.environ, **OLDEST, "OPENBLAS_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=True,
    )
    times: dict[str, int] = json.loads(done.stdout)
    assert times.pop("a product that is too large") == 1  # or else nothing here would be told
    assert times == dict.fromkeys(times, 0)


def test_the_setting_of_the_caller_stays() -> None:
    """At any number of threads, in several of the caller's at once, and where a call is refused."""
    diagnosis = Engine("tests/networks/tiny").diagnose({"age": 60})
    barrier = threading.Barrier(4)

    def work(draws: int) -> bool:
        barrier.wait()
        try:
            diagnosis.intervals(draws)
        except BayeskneeError:
            return False
        return True

    for threads in (1, 2):
        with threadpool_limits(threads), ThreadPoolExecutor(4) as pool:
            before = threadpool_info()
            assert list(pool.map(work, [40, 1, 80, 0])) == [True, False, True, False]
            assert threadpool_info() == before


def test_the_same_numbers_with_one_thread() -> None:
    weights = np.random.default_rng(2).random((50, 2**13))
    masks: Vector = np.random.default_rng(3).random((2**13, 17))
    with threadpool_limits(2):
        many = matrix_product(weights, masks)
    with threadpool_limits(1):
        np.testing.assert_array_equal(matrix_product(weights, masks), many)
