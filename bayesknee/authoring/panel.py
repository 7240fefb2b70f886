"""Numbers that several readers state, each alone: P(answer | only this cause), pooled by the median in log odds.

A reader's table is a CSV file with a row for each answer and a column for each cause:

    finding,state,strain,fracture
    swelling,yes,0.2,0.8
    onset,sudden,0.3,0.95
    onset,gradual,0.7,0.05

A question with no and yes has one row, `yes`. The rows of any other question sum to 1 over its states.

Each reader's number counts the same, and the median does not follow one who is far off. Readers who state numbers alone
and are then pooled do better than most of them (Clemen and Winkler 1999), and the mean in log odds of forecasts is
better calibrated than that of probabilities (Satopaa and others 2014).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from bayesknee.errors import BayeskneeError, joined, quoted
from bayesknee.lazy_types import DataFrame, Series
from bayesknee.log_odds import expit, logit

KEYS: Final = ("finding", "state")
LEAST_READERS: Final = 3  # with two, the median is the mean, and nobody is known to be far off
# In log odds, either way of the value: the least that a pooled number may be off. Two physicians who stated 6,000 such
# numbers alone were within 0.55 of each other nine times in ten, so that three who happen to agree know no better.
LEAST_SPREAD: Final = 0.5
# In log odds, from the lowest to the highest reader: beyond it they have read the question differently, or one slipped.
# One pair of numbers in a hundred is that far apart.
FAR_APART: Final = 1.0
ROUNDED: Final = 0.02  # by how much stated shares may miss a sum of 1, as each is rounded to two digits


@dataclass(frozen=True)
class Pooled:
    """The numbers of a panel.

    Attributes:
        value: the median of the readers in log odds, a row by finding and state, a column by cause. The states of a
            question sum to 1.
        low, high: a 95 % range: as far as the readers go, and at least 0.5 in log odds either way.
        apart: from the lowest to the highest reader, in log odds.
    """

    value: DataFrame
    low: DataFrame
    high: DataFrame
    apart: DataFrame

    @property
    def disputed(self) -> DataFrame:
        """Where readers are more than 1.0 apart: finding, state, cause, apart; widest first."""
        rows = _by_cause(self.apart).rename("apart").reset_index()
        return rows[rows["apart"] > FAR_APART].sort_values("apart", ascending=False, kind="stable", ignore_index=True)

    def to_frame(self) -> DataFrame:
        """A row for each finding, state and cause: value, low, high, apart."""
        import pandas as pd

        parts = {"value": self.value, "low": self.low, "high": self.high, "apart": self.apart}
        return pd.DataFrame({name: _by_cause(each) for name, each in parts.items()})


def _by_cause(table: DataFrame) -> Series:
    """The same numbers in one column, by finding, state and cause."""
    import pandas as pd

    column = table.rename_axis(columns="cause").stack()  # noqa: PD013 (melt would lose the order of the rows)
    return pd.Series(column)


def read_table(path: Path | str) -> DataFrame:
    """A reader's table, by finding and state.

    Raises:
        BayeskneeError: it cannot be read, or a number in it is no probability; tells all such places.
    """
    import pandas as pd

    try:
        table = pd.read_csv(path, dtype=dict.fromkeys(KEYS, str))
    except (OSError, ValueError) as error:
        raise BayeskneeError(f"cannot read the table {quoted(path)}: {error}; expected a CSV file") from None
    if tuple(table.columns[:2]) != KEYS or table.shape[1] < 3:
        expected = "finding,state and a column for each cause"
        raise BayeskneeError(f"{quoted(path)}: columns {', '.join(table.columns[:3])} ...; expected {expected}")
    table = table.set_index(list(KEYS))
    _check(table, path)
    return table.astype(np.float64)


def _check(table: DataFrame, path: Path | str) -> None:
    if not table.index.is_unique:
        again = [f"{finding}={state}" for finding, state in table.index[table.index.duplicated()]]
        raise BayeskneeError(f"{quoted(path)}: {joined(again)} stand there twice; expected each answer once")
    import pandas as pd

    numbers = table.apply(pd.to_numeric, errors="coerce")
    wrong = ~((numbers > 0.0) & (numbers < 1.0)).to_numpy()
    if wrong.any():
        places = [
            f"{'='.join(table.index[row])} of {table.columns[column]}: {quoted(table.iloc[row, column])}"
            for row, column in np.argwhere(wrong)[:5]
        ]
        raise BayeskneeError(
            f"{quoted(path)}: {joined(places)}; expected a probability inside (0, 1); correct the table"
        )
    by_finding = numbers.groupby(level="finding", sort=False)
    sums = by_finding.sum()[by_finding.size() > 1]
    off = (sums - 1.0).abs() > ROUNDED
    if off.to_numpy().any():
        names = sums.index[off.any(axis=1)].tolist()
        raise BayeskneeError(f"{quoted(path)}: the states of {joined(names)} do not sum to 1; correct the table")


def pool(tables: Sequence[DataFrame]) -> Pooled:
    """The median of readers in log odds, with the spread as the range.

    Args:
        tables: from `read_table`, one a reader, at least three; with the same rows and columns in any order.

    Raises:
        BayeskneeError: too few readers, or tables of different questions or causes.
    """
    import pandas as pd

    if len(tables) < LEAST_READERS:
        raise BayeskneeError(f"{len(tables)} readers; expected at least {LEAST_READERS}; ask another reader")
    first = tables[0]
    for number, table in enumerate(tables[1:], start=2):
        _check_alike(first, table, number)
    stated = logit(np.stack([table.loc[first.index, first.columns].to_numpy() for table in tables]))
    apart = np.ptp(stated, axis=0)
    value = _summing_to_one(pd.DataFrame(expit(np.median(stated, axis=0)), first.index, first.columns))
    middle = logit(value.to_numpy())
    low = np.minimum(stated.min(axis=0), middle - LEAST_SPREAD)
    high = np.maximum(stated.max(axis=0), middle + LEAST_SPREAD)
    framed = (pd.DataFrame(each, first.index, first.columns) for each in (expit(low), expit(high), apart))
    return Pooled(value, *framed)


def _check_alike(first: DataFrame, table: DataFrame, number: int) -> None:
    for what, expected, other in (("answers", first.index, table.index), ("causes", first.columns, table.columns)):
        differing = [str(each) for each in expected.symmetric_difference(other)[:5]]
        if differing:
            other_than = f"table {number} has other {what} than the first: {joined(differing)}"
            raise BayeskneeError(f"{other_than}; expected the same; add what is missing")


def _summing_to_one(value: DataFrame) -> DataFrame:
    """The states of each question divided by their sum; a question with one row, `yes`, stays as it is."""
    grouped = value.groupby(level="finding", sort=False)
    several = grouped.transform("size").to_numpy() > 1
    sums = np.where(several[:, None], grouped.transform("sum").to_numpy(), 1.0)
    return value.div(sums)
