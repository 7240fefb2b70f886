"""Objects as plain data."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from immutabledict import immutabledict

from bayesknee.plain import attributes, plain


class Point(NamedTuple):
    """A named tuple."""

    x: float
    y: float


@dataclass(frozen=True)
class Line:
    """A dataclass that holds others."""

    name: str
    ends: tuple[Point, ...]
    width: float = math.nan

    @property
    def count(self) -> int:
        """How many ends there are."""
        return len(self.ends)


class Renamed:
    """An object that decides for itself."""

    def to_dict(self) -> dict[str, Any]:
        """Under another name."""
        return {"called": "otherwise"}


def test_fields_are_told_by_name_and_in_their_order() -> None:
    line = Line("a", (Point(1.0, 2.0), Point(3.0, math.inf)), 0.5)
    assert plain(line) == {"name": "a", "ends": [{"x": 1.0, "y": 2.0}, {"x": 3.0, "y": None}], "width": 0.5}
    assert list(plain(line)) == ["name", "ends", "width"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (math.nan, None),
        (-math.inf, None),
        (np.float64(0.25), 0.25),
        (np.int64(3), 3),
        (np.True_, True),
        (np.array([[1.0, math.nan]]), [[1.0, None]]),
        (Path("folder") / "file.csv", str(Path("folder") / "file.csv")),
        (immutabledict(a=(1, 2)), {"a": [1, 2]}),
        ([Renamed()], [{"called": "otherwise"}]),
        (False, False),
        ((), []),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_becomes_of_values(value: object, expected: object) -> None:
    assert plain(value) == expected
    assert type(plain(value)) is type(expected)


def test_attributes_may_be_properties_and_are_told_in_the_order_asked_for() -> None:
    told = attributes(Line("a", (Point(1.0, 2.0),)), ("count", "name"))
    assert list(told.items()) == [("count", 1), ("name", "a")]


def test_what_json_has_no_form_for_is_refused() -> None:
    with pytest.raises(TypeError, match="set is no plain data; expected what JSON can hold, or an object with fields"):
        plain({"a": {1, 2}})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
)


@given(JSON)
def test_what_is_plain_stays_what_it_is(value: object) -> None:
    assert plain(value) == value


@given(st.recursive(JSON | st.floats(), lambda each: st.tuples(each, each) | st.builds(Line, st.text(), st.just(()))))
def test_json_takes_all_of_it_without_numbers_that_are_not_finite(value: object) -> None:
    assert json.loads(json.dumps(plain(value), allow_nan=False)) == plain(value)
