"""The full ranking of questions, with what each answer would lead to: our engine and pyAgrum on the same patients."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bayesknee import Engine, Evidence, Network, to_pgmpy
from bayesknee.interop.tables import is_conditioned
from bayesknee.knowledge.model import COMPLAINT
from bayesknee.patient.askable import askable, make_filter
from tests.support.other_programs import gum
from tests.support.pyagrum_model import to_pyagrum

WhatIf: TypeAlias = Mapping[str, NDArray[np.float64]]
Rank: TypeAlias = Callable[[Evidence], WhatIf]

AGREEMENT = 1e-9


class RankingTimings(NamedTuple):
    """Seconds for one patient, the medians of a round, and how many questions and answers there were.

    Attributes:
        new: our engine, a patient whose risk factors it has not met.
        again: our engine, a patient whose risk factors it met lately, as in an interview.
        pyagrum: lazy propagation, its evidence changed answer by answer.
        questions: the median number ranked.
        answers: the median number of their answers.
    """

    new: float
    again: float
    pyagrum: float
    questions: int
    answers: int


def time_rankings(
    network: Network, rounds: Sequence[Sequence[Evidence]], for_pyagrum: int, asked_of: str | None = None
) -> list[RankingTimings]:
    """Each round has patients of its own; pyAgrum, being slow, gets the first few of each.

    Both give P(answer) and the posterior of all conditions after it, for each answer to each question that can be
    asked, of anybody or of one who answers. The first round is left out of the result.
    """
    engine = Engine(network)
    wanted = make_filter(network, asked_of=asked_of).wanted(network)
    ask_us, ask_pyagrum = ours(engine, asked_of), pyagrum(network, to_pyagrum(to_pgmpy(network)), wanted)
    timings: list[RankingTimings] = []
    for patients in rounds:
        new, seconds_new = _time(ask_us, patients)
        _, seconds_again = _time(ask_us, patients)
        theirs, seconds_pyagrum = _time(ask_pyagrum, patients[:for_pyagrum])
        for got, expected in zip(new, theirs, strict=False):
            _must_agree(got, expected)
        questions = int(median(map(len, new)))
        answers = int(median(sum(map(len, each.values())) for each in new))
        seconds = (median(seconds_new), median(seconds_again), median(seconds_pyagrum))
        timings.append(RankingTimings(*seconds, questions, answers))
    return timings[1:]


def _must_agree(got: WhatIf, expected: WhatIf) -> None:
    assert got.keys() == expected.keys()
    for name, rows in got.items():
        np.testing.assert_allclose(rows, expected[name], rtol=0.0, atol=AGREEMENT, err_msg=name)


def _time(ask: Rank, patients: Sequence[Evidence]) -> tuple[list[WhatIf], list[float]]:
    answers, seconds = [], []
    gc.collect()
    for patient in patients:
        start = time.perf_counter()
        answers.append(ask(patient))
        seconds.append(time.perf_counter() - start)
    return answers, seconds


def ours(engine: Engine, asked_of: str | None = None) -> Rank:
    """The ranking, best first, which for each answer holds P(answer) and the posterior."""

    def ask(patient: Evidence) -> WhatIf:
        ranked = engine.diagnose(patient).rank_questions(asked_of=asked_of)
        return {each.finding: each.table for each in ranked}

    return ask


def pyagrum(network: Network, model: Any, wanted: Sequence[str]) -> Rank:  # noqa: ANN401
    """One engine for the answers, one for the posteriors; the latter gets each answer in turn."""
    answers, posteriors = gum.LazyPropagation(model), gum.LazyPropagation(model)
    for name in wanted:
        answers.addTarget(name)
    for name in network.conditions:
        posteriors.addTarget(name)

    def after(name: str, state: str) -> list[float]:
        posteriors.chgEvidence(name, state)
        posteriors.makeInference()
        return [posteriors.posterior(each)[1] for each in network.conditions]

    def ask(patient: Evidence) -> WhatIf:
        known = {name: answer for name, answer in patient.answers.items() if isinstance(answer, str)}
        known |= {COMPLAINT: "yes"} if is_conditioned(network) else {}
        answers.setEvidence(known)
        answers.makeInference()
        posteriors.setEvidence(known)
        found: dict[str, NDArray[np.float64]] = {}
        for name in askable(network, patient, wanted):
            states = network.states[name]
            posteriors.addEvidence(name, states[0])
            rows = [after(name, state) for state in states]
            posteriors.eraseEvidence(name)
            found[name] = np.column_stack([answers.posterior(name).toarray(), rows])
        return found

    return ask
