"""95 % intervals of the scores of many patients, from networks drawn from the ranges of their numbers.

Each drawn network scores all patients. The 2.5 % and 97.5 % quantiles of a patient's scores are the interval. A drawn
network serves many rows, so an interval costs as many scores as there are draws. With hundreds of conditions, building
the drawn networks is most of the work. Each patient is then computed with all drawn numbers at once instead.
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
from bayesknee.interval_95 import ENDS
from bayesknee.knowledge.ranges import redrawn
from bayesknee.patient.codes import Codes, decode
from bayesknee.patient.evidence import NOTHING_KNOWN, Evidence

DRAWS: Final = 200  # the time of a score grows with it; five draws lie beyond either end of the interval. Judged
SEED: Final = 0  # any fixed seed: the same rows get the same intervals
ROWS_AT_ONCE: Final = 2**13  # 8,192 rows, 12 columns, 200 draws: 80 MB
MOST_FAILURES: Final = 20  # drawn networks without a fit before the error is raised; without a cap it might never end


class Bounds(NamedTuple):
    """The ends of the intervals, shape (rows, conditions + groups), in the network's order."""

    low: Vector
    high: Vector


def intervals(  # noqa: PLR0913, PLR0917 (what the draws hang on)
    compiled: CompiledNetwork,
    codes: Codes,
    draws: int | None = None,
    seed: int = SEED,
    evidence: Evidence = NOTHING_KNOWN,
    refused: dict[int, str] | None = None,
) -> Bounds:
    """95 % intervals of the posteriors of many patients.

    Args:
        compiled: the network and its strategy.
        codes: the answers, shape (rows, questions); see `bayesknee.patient.codes`.
        draws: how many networks to draw, 40 to 100,000; `DRAWS` by default.
        seed: of the draws, 0 or more. The same seed draws the same networks.
        evidence: what is known of all patients besides; codes of questions that it answers are not read.
        refused: if given, it takes the rows that are beyond the budget in a drawn network: the reason by number of the
            row. These rows are NaN.

    Raises:
        InferenceError: base rates cannot be met in too many drawn networks, or a row is beyond the budget and
            `refused` is None.
        BayeskneeError: draws or seed out of range.
        BudgetError: more draws than the budget allows.
    """
    draws = compiled.budget.draws_of(DRAWS if draws is None else draws, DRAWS)
    check_draws(draws, seed)
    if compiled.strategy.redraws_by_patient:
        return _by_patient(compiled, codes, draws, seed, evidence, refused)
    width = _width(compiled)
    bounds = np.empty((2, len(codes), width))
    for start in range(0, len(codes), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        scores = np.empty((draws, len(codes[rows]), width), np.float32)
        for draw_scores, drawn in zip(scores, _drawn(compiled, draws, seed), strict=True):
            posteriors = drawn.posteriors(codes[rows], evidence)
            draw_scores[:] = np.hstack([posteriors.marginals, posteriors.groups[:, : len(compiled.groups)]])
        bounds[:, rows] = _quantiles(scores)
    return Bounds(*bounds)


def _width(compiled: CompiledNetwork) -> int:
    return len(compiled.network.conditions) + len(compiled.network.groups)


def _by_patient(  # noqa: PLR0913, PLR0917 (likewise)
    compiled: CompiledNetwork,
    codes: Codes,
    draws: int,
    seed: int,
    evidence: Evidence,
    refused: dict[int, str] | None,
) -> Bounds:
    bounds = np.full((2, len(codes), _width(compiled)), np.nan)
    for row, row_codes in enumerate(codes):
        try:
            bounds[:, row] = _quantiles(
                compiled.strategy.redrawn(decode(compiled.network, row_codes, evidence), compiled.events, draws, seed)
            )
        except InferenceError as error:
            if refused is None:
                raise
            refused[row] = str(error)
    return Bounds(*bounds)


def _quantiles(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray(np.quantile(scores, ENDS, axis=0), np.float64)


def _drawn(compiled: CompiledNetwork, draws: int, seed: int) -> Iterator[CompiledNetwork]:
    """Compiled drawn networks. A network whose base rates cannot be met is drawn again."""
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
