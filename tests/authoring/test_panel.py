"""Numbers of a panel, with medians worked out by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayesknee.authoring.panel import FAR_APART, LEAST_SPREAD, pool, read_table
from bayesknee.errors import BayeskneeError
from bayesknee.log_odds import expit, logit

HEAD = "finding,state,tear,cyst\n"
FIRST = HEAD + "locking,yes,0.2,0.05\nonset,sudden,0.5,0.2\nonset,gradual,0.5,0.8\n"
SECOND = HEAD + "locking,yes,0.5,0.05\nonset,sudden,0.6,0.1\nonset,gradual,0.4,0.9\n"
THIRD = HEAD + "locking,yes,0.4,0.06\nonset,sudden,0.8,0.2\nonset,gradual,0.2,0.8\n"


def row(table: pd.DataFrame, finding: str, state: str) -> list[float]:
    return [float(number) for number in table.xs((finding, state)).to_numpy()]


def tables(tmp_path: Path, *texts: str) -> list[pd.DataFrame]:
    paths = [tmp_path / f"reader_{number}.csv" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    return [read_table(path) for path in paths]


def test_value_is_the_median_reader(tmp_path: Path) -> None:
    pooled = pool(tables(tmp_path, FIRST, SECOND, THIRD))
    assert row(pooled.value, "locking", "yes") == pytest.approx([0.4, 0.05])


def test_states_of_a_question_sum_to_one(tmp_path: Path) -> None:
    pooled = pool(tables(tmp_path, FIRST, SECOND, THIRD))
    sudden, gradual = (row(pooled.value, "onset", state) for state in ("sudden", "gradual"))
    assert (sudden[0], gradual[0]) == pytest.approx((0.6, 0.4))
    assert np.add(sudden, gradual) == pytest.approx([1.0, 1.0])


def test_range_goes_as_far_as_the_readers_and_at_least_half_a_unit(tmp_path: Path) -> None:
    pooled = pool(tables(tmp_path, FIRST, SECOND, THIRD))
    low, high = row(pooled.low, "locking", "yes"), row(pooled.high, "locking", "yes")
    assert low[0] == pytest.approx(0.2)  # logit(0.4) - 0.5 is 0.288: the first reader goes further
    assert high[0] == pytest.approx(expit(logit(0.4) + LEAST_SPREAD))  # 0.524, and no reader is over 0.5
    assert low[1] == pytest.approx(expit(logit(0.05) - LEAST_SPREAD))  # they agree, and know no better for that


def test_where_readers_are_far_apart_is_told(tmp_path: Path) -> None:
    disputed = pool(tables(tmp_path, FIRST, SECOND, THIRD)).disputed
    # of 0.2 and 0.5 the log odds differ by ln 4 = 1.386, and so do those of 0.5 and 0.8
    assert sorted(disputed["finding"] + " " + disputed["cause"]) == ["locking tear", "onset tear", "onset tear"]
    assert disputed["apart"].tolist() == pytest.approx([np.log(4.0)] * 3)
    assert (disputed["apart"] > FAR_APART).all()


def test_order_of_rows_and_columns_means_nothing(tmp_path: Path) -> None:
    first, second, third = tables(tmp_path, FIRST, SECOND, THIRD)
    turned = second.iloc[::-1, ::-1]
    pd.testing.assert_frame_equal(pool([first, turned, third]).value, pool([first, second, third]).value)


def test_as_one_table(tmp_path: Path) -> None:
    frame = pool(tables(tmp_path, FIRST, SECOND, THIRD)).to_frame()
    assert list(frame.columns) == ["value", "low", "high", "apart"]
    assert frame.loc[("locking", "yes", "tear"), "value"] == pytest.approx(0.4)


@given(st.lists(st.floats(0.01, 0.99), min_size=3, max_size=7))
def test_value_lies_within_the_range_and_the_range_within_0_and_1(stated: list[float]) -> None:
    index = pd.MultiIndex.from_tuples([("locking", "yes")], names=["finding", "state"])
    pooled = pool([pd.DataFrame({"tear": [number]}, index) for number in stated])
    low, value, high = (each.to_numpy()[0, 0] for each in (pooled.low, pooled.value, pooled.high))
    assert 0.0 < low < value < high < 1.0
    assert low <= min(stated) * (1 + 1e-9)
    assert high >= max(stated) * (1 - 1e-9)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("finding,answer,tear\nlocking,yes,0.5\n", "expected finding,state and a column for each cause"),
        (HEAD + "locking,yes,0.2,1.0\n", "locking=yes of cyst: '1.0'; expected a probability inside"),
        (HEAD + "locking,yes,0.2,\n", "locking=yes of cyst: 'nan'; expected a probability inside"),
        (HEAD + "locking,yes,0.2,often\n", "locking=yes of cyst: 'often'; expected a probability inside"),
        (HEAD + "locking,yes,0.2,0.1\nlocking,yes,0.2,0.1\n", "locking=yes stand there twice"),
        (HEAD + "onset,sudden,0.5,0.2\nonset,gradual,0.5,0.7\n", "the states of onset do not sum to 1"),
        ("", "cannot read the table"),
    ],
)
def test_a_table_that_cannot_be_pooled_is_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(BayeskneeError, match=told):
        tables(tmp_path, text)


def test_a_panel_has_three_readers_of_the_same_questions(tmp_path: Path) -> None:
    first, second, third = tables(tmp_path, FIRST, SECOND, THIRD)
    with pytest.raises(BayeskneeError, match="2 readers; expected at least 3"):
        pool([first, second])
    with pytest.raises(
        BayeskneeError, match=r"table 3 has other answers than the first: .*locking.*add what is missing"
    ):
        pool([first, second, third.drop("locking", level="finding")])
    with pytest.raises(BayeskneeError, match="table 2 has other causes than the first: cyst"):
        pool([first, second[["tear"]], third])
