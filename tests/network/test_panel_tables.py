"""The readers' tables of the knee network: complete, alike, and pooled without a fault."""

import csv

import pytest

from bayesknee.authoring.panel import Pooled, pool, read_table
from tests.support.paths import ROOT

PANEL = ROOT / "networks" / "posterior_knee" / "panel"


@pytest.fixture(scope="module")
def pooled() -> Pooled:
    return pool([read_table(PANEL / f"reader_{number}.csv") for number in (1, 2, 3)])


def test_each_answer_that_was_asked_has_a_number_of_each_reader(pooled: Pooled) -> None:
    with (PANEL / "questions.csv").open(encoding="utf-8", newline="") as file:
        asked = [(row["finding"], row["state"]) for row in csv.DictReader(file)]
    assert pooled.value.index.tolist() == asked
    assert pooled.value.shape == (408, 45)


def test_readers_agree_as_the_page_beside_them_says(pooled: Pooled) -> None:
    disputed = len(pooled.disputed) / pooled.value.size
    assert disputed == pytest.approx(0.08, abs=0.005)


def test_numbers_are_probabilities_within_their_ranges(pooled: Pooled) -> None:
    low, value, high = (table.to_numpy() for table in (pooled.low, pooled.value, pooled.high))
    assert (low > 0.0).all()
    assert (low < value).all()
    assert (value < high).all()
    assert (high < 1.0).all()
