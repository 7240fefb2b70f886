"""Numbers of one unit as numbers of another: lengths, masses, volumes, times, amounts, and degrees."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from immutabledict import immutabledict

from bayesknee.patient.measured import folded_unit

# The SI's prefixes (SI Brochure, 9th edition, table 7), as far as laboratories and wards use them.
_PREFIXES: Final[Mapping[str, float]] = immutabledict(
    {"k": 1e3, "": 1.0, "d": 1e-1, "c": 1e-2, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12}
)
_SI: Final = ("g", "l", "m", "mol", "s")
_DAY: Final = 86_400.0
# A year of the Julian calendar, as astronomers count (SI Brochure, 9th edition, section 4, by the IAU).
_TIMES: Final[Mapping[str, float]] = immutabledict(
    {
        "min": 60.0,
        "minute": 60.0,
        "h": 3600.0,
        "hour": 3600.0,
        "day": _DAY,
        "week": 7 * _DAY,
        "month": 365.25 / 12 * _DAY,
    }
    | {"year": 365.25 * _DAY}
)
_OTHERS: Final[Mapping[str, tuple[str, float]]] = immutabledict(
    {**dict.fromkeys(("inch", "inche", "in"), ("m", 0.0254)), "%": ("", 0.01), "": ("", 1.0)}
    | {name: ("s", seconds) for name, seconds in _TIMES.items()}
    | {f"{prefix}{base}": (base, factor) for prefix, factor in _PREFIXES.items() for base in _SI}
)


class Conversion(NamedTuple):
    """A number times `factor` plus `offset` is the number in the other unit."""

    factor: float
    offset: float = 0.0


SAME: Final = Conversion(1.0)
_DEGREES: Final[Mapping[tuple[str, str], Conversion]] = immutabledict(
    {
        ("f", "c"): Conversion(5 / 9, -160 / 9),
        ("c", "f"): Conversion(9 / 5, 32.0),
        ("k", "c"): Conversion(1.0, -273.15),
    }
)


def conversion(unit: str, other: str) -> Conversion | None:
    """How numbers of one unit become numbers of another; None where that is not known.

    Args:
        unit: such as ``mg/l``, ``weeks`` or ``F``.
        other: likewise.
    """
    one, two = folded_unit(unit), folded_unit(other)
    if one == two:
        return SAME
    if (one, two) in _DEGREES:
        return _DEGREES[one, two]
    from_parts, to_parts = _parts(one), _parts(two)
    if not from_parts or not to_parts or [base for base, _ in from_parts] != [base for base, _ in to_parts]:
        return None
    factors = [a / b for (_, a), (_, b) in zip(from_parts, to_parts, strict=True)]
    return Conversion(factors[0] / (factors[1] if len(factors) > 1 else 1.0))


def _parts(unit: str) -> list[tuple[str, float]]:
    """The bases and sizes of the two sides of a stroke; none where one is not known."""
    words = [word for word in re.split("/", unit) if word is not None]
    found = [_OTHERS[word] for word in words if word in _OTHERS]
    return found if len(found) == len(words) <= 2 else []
