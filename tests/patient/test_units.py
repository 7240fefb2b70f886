"""Numbers of one unit as numbers of another, against tables that everybody has."""

from __future__ import annotations

import pytest

from bayesknee.patient.units import conversion


@pytest.mark.parametrize(
    ("unit", "other", "number", "expected"),
    [
        ("F", "degrees C", 98.6, 37.0),
        ("°C", "C", 37.0, 37.0),
        ("C", "F", 40.0, 104.0),
        ("K", "C", 310.15, 37.0),
        ("mg/l", "ug/l", 0.5, 500.0),
        ("ng/ml", "µg/l", 500.0, 500.0),
        ("mg/dl", "g/l", 150.0, 1.5),
        ("mm", "cm", 31.0, 3.1),
        ("inches", "cm", 2.0, 5.08),
        ("weeks", "days", 6.0, 42.0),
        ("months", "years", 18.0, 1.5),
        ("%", "", 85.0, 0.85),
    ],
)
def test_conversions(unit: str, other: str, number: float, expected: float) -> None:
    found = conversion(unit, other)
    assert found is not None
    assert number * found.factor + found.offset == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("unit", "other"), [("kg", "cm"), ("mg/l", "ug"), ("stone", "kg"), ("cm", ""), ("g/l/h", "g/l")]
)
def test_units_that_do_not_tell_the_same(unit: str, other: str) -> None:
    assert conversion(unit, other) is None
