"""How far the scores of many patients may be off: the network drawn again and again from the ranges of its numbers.

Each drawn network scores all patients, and the 2.5 % and 97.5 % quantiles of a patient's scores are the interval. One
network serves many rows, so that an interval costs as many scores as there are draws, and not a search for each row.
Where making the drawn networks is most of the work, as with hundreds of conditions, each patient goes through all of
them at once instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesknee.arrays import Vector
from bayesknee.diagnosis.explaining.intervals import check_draws
from bayesknee.errors import InferenceError
from bayesknee.inference.compiled_network import CompiledNetwork
from bayesknee.knowledge.ranges import redrawn
from bayesknee.patient.codes import Codes, decode

DRAWS: Final = 200
SEED: Final = 0
QUANTILES: Final = (0.025, 0.975)
ROWS_AT_ONCE: Final = 2**13  # 8,192 rows, 12 columns, 200 draws: 80 MB
MOST_FAILURES: Final = 20


class Bounds(NamedTuple):
    """The ends of the intervals, conditions and then groups in the network's order, shape (rows, these)."""

    low: Vector
    high: Vector


def intervals(
    compiled: CompiledNetwork,
    codes: Codes,
    draws: int | None = None,
    seed: int = SEED,
    refused: dict[int, str] | None = None,
) -> Bounds:
    """95 % intervals of the posteriors of many patients.

    Args:
        compiled: what they are scored with.
        codes: their answers, see `bayesknee.patient.codes`.
        draws: how many networks to draw, at least 40; `DRAWS` where left out.
        seed: the same one draws the same networks.
        refused: where given, takes the rows that are too much for exact work in a drawn network, by number, and why;
            these have NaN throughout.

    Raises:
        InferenceError: base rates that cannot be met, over and over; a row that is too much for exact work, where
            `refused` was left out.
        BayeskneeError: too few draws for an interval.
    """
    draws = DRAWS if draws is None else draws
    check_draws(draws, seed)
    if compiled.strategy.redraws_by_patient:
        return _by_patient(compiled, codes, draws, seed, refused)
    width = _width(compiled)
    bounds = np.empty((2, len(codes), width))
    for start in range(0, len(codes), ROWS_AT_ONCE):
        some = slice(start, start + ROWS_AT_ONCE)
        scores = np.empty((draws, len(codes[some]), width), np.float32)
        for own, other in zip(scores, _drawn(compiled, draws, seed), strict=True):
            posteriors = other.posteriors(codes[some])
            own[:] = np.hstack([posteriors.marginals, posteriors.groups])
        bounds[:, some] = _quantiles(scores)
    return Bounds(*bounds)


def _width(compiled: CompiledNetwork) -> int:
    return len(compiled.network.conditions) + len(compiled.network.groups)


def _by_patient(
    compiled: CompiledNetwork, codes: Codes, draws: int, seed: int, refused: dict[int, str] | None
) -> Bounds:
    bounds = np.full((2, len(codes), _width(compiled)), np.nan)
    for row, own in enumerate(codes):
        try:
            bounds[:, row] = _quantiles(
                compiled.strategy.redrawn(decode(compiled.network, own), compiled.events, draws, seed)
            )
        except InferenceError as error:
            if refused is None:
                raise
            refused[row] = str(error)
    return Bounds(*bounds)


def _quantiles(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray(np.quantile(scores, QUANTILES, axis=0), np.float64)


def _drawn(compiled: CompiledNetwork, draws: int, seed: int) -> Iterator[CompiledNetwork]:
    """Engines of drawn networks; a network that no intercepts fit is drawn again."""
    rng = np.random.default_rng(seed)
    failures = 0
    while draws:
        try:
            made = compiled.for_network(redrawn(compiled.network, rng))
        except InferenceError:
            failures += 1
            if failures > MOST_FAILURES:
                raise
            continue
        draws -= 1
        yield made
