"""Whether the findings fit together, and whether they fit the network at all.

Both measures compare findings that were answered with a state. They condition on the background: risk factors,
conditions, unsure answers, and gates of questions that were asked. An unusual age, for example, is no surprise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bayesknee.arrays import Vector
from bayesknee.diagnosis.belief import Belief
from bayesknee.errors import InferenceError
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.patient.codes import NOT_KNOWN, Codes, distinct_rows, nothing_known
from bayesknee.patient.evidence import Evidence, check_evidence
from bayesknee.patient.measured import as_state
from bayesknee.plain import attributes

DRAWS: Final = 1000  # patients; at a share of UNUSUAL, the standard error is then 0.003
UNUSUAL: Final = 0.01  # the share below which findings count as unusual; judged: one false alarm in 100 patients
LEAST_DRAWS: Final = math.ceil(1.0 / UNUSUAL)  # with fewer, no share is below `UNUSUAL`
SEED: Final = 0  # any fixed seed: the same answers get the same surprise
# Natural logs within which two probabilities of answers are equal. Rounding parts equal ones by less than this; a much
# larger tolerance would count more probable answers as equal.
TIE: Final = 1e-9
# Of the largest part that a finding has in a conflict, what another must have to be named beside it. Two findings that
# contradict each other have equal parts; a smaller share would name what merely goes along with one of them. Judged.
SHARE_OF_LARGEST: Final = 0.5
MOST_NAMED: Final = 4  # answers to look at again; judged: more would be no help


@dataclass(frozen=True)
class Conflict:
    """How badly the findings fit together.

        log of the product of P(finding | background), over P(all findings | background)

    Below 0, the findings support each other, as those of one cause do. Above 0, they are less probable together than if
    they were independent (Jensen, Chamberlain, Nordahl and Jensen 1990). A rare cause may explain that: a condition
    does if the findings raise the log of its probability by at least the conflict.

    Attributes:
        value: a natural logarithm; 0 for fewer than two findings.
        explained_by: ids of the conditions that explain a conflict above 0, the largest rise in probability first.
        answers: ids of the findings that the others make least likely, the worst first; none unless the conflict
            `matters`, or if to look for them would take too long. The part of a finding f in the conflict is
            log P(f | background) - log P(f | other findings, background).
    """

    value: float
    explained_by: tuple[str, ...]
    answers: tuple[str, ...] = ()

    @property
    def matters(self) -> bool:
        """Whether there is a conflict that no condition explains."""
        return self.value > 0.0 and not self.explained_by

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON."""
        return attributes(self)


@dataclass(frozen=True)
class Surprise:
    """How unusual the findings are among patients drawn from this network.

    `draws` patients are drawn given the background and asked the same questions. That is a test of the network on this
    patient (a prior predictive check: Box 1980). Patients who come from the network are called unusual no more often
    than the threshold says.

    Attributes:
        share: the share of these patients, including this one, whose answers are no more probable together than this
            patient's answers; inside (0, 1], and 1 if no finding is known.
        draws: how many patients were drawn.
    """

    share: float
    draws: int

    @property
    def as_rare(self) -> int:
        """How many of the patients drawn gave answers that are no more probable together."""
        return round(self.share * (self.draws + 1)) - 1

    @property
    def matters(self) -> bool:
        """Whether the findings fit nothing in this network well: fewer than 1 in 100 patients are as unusual."""
        return self.share < UNUSUAL

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON."""
        return attributes(self)


def conflict_of(belief: Belief) -> Conflict:
    """The conflict between a patient's findings."""
    background, row = split(belief)
    asked = np.flatnonzero(row != NOT_KNOWN)
    if len(asked) < 2:
        return Conflict(0.0, ())
    codes = nothing_known(belief.network, len(asked) + 2)  # each finding alone, then none, then all
    codes[np.arange(len(asked)), asked] = row[asked]
    codes[-1] = row
    posteriors = belief.compiled.strategy.infer_many(codes, background)
    *alone, none, together = posteriors.log_evidence.tolist()
    value = math.fsum(log - none for log in alone) - (together - none)
    if value <= 0.0:
        return Conflict(value, ())
    with np.errstate(divide="ignore", invalid="ignore"):
        gains = np.log(posteriors.marginals[-1] / posteriors.marginals[-2])
    names = np.array(list(belief.network.conditions))
    order = [number for number in np.argsort(-gains, kind="stable") if gains[number] >= value]
    if order:
        return Conflict(value, tuple(names[order].tolist()))
    parts = np.array(alone) - none - _given_the_others(belief, background, row)
    return Conflict(value, (), _worst(belief, asked, parts))


def least_expected(belief: Belief) -> tuple[str, ...]:
    """Ids of the findings with the smallest P(f | other findings, background), the least expected first; a few.

    None if to look for them would take too long.
    """
    background, row = split(belief)
    return _worst(belief, np.flatnonzero(row != NOT_KNOWN), -_given_the_others(belief, background, row))


def _given_the_others(belief: Belief, background: Evidence, row: Codes) -> Vector:
    """log P(f | other findings, background) of each finding that is known, shape (known findings,).

    They are 0 where a strategy does not follow that many answers of one patient, for each takes a posterior of all
    others.
    """
    asked = np.flatnonzero(row != NOT_KNOWN)
    names = _ids(belief, asked)
    if len(belief.compiled.strategy.followed(background, names)) < len(names):
        return np.zeros(len(asked))
    codes = np.repeat(row[None], len(asked) + 1, axis=0)  # each finding left out, then none left out
    codes[np.arange(len(asked)), asked] = NOT_KNOWN
    *without, together = belief.compiled.strategy.infer_many(codes, background).log_evidence.tolist()
    return np.asarray(together - np.array(without))


def _worst(belief: Belief, columns: NDArray[np.intp], figures: Vector) -> tuple[str, ...]:
    """Ids of the few questions in these columns with the largest figures above 0, the largest first."""
    figures = (
        np.round(figures / TIE) * TIE
    )  # two findings that contradict each other have equal parts, but for rounding
    order = np.argsort(-figures, kind="stable")[:MOST_NAMED]
    least = SHARE_OF_LARGEST * figures.max(initial=0.0)
    return _ids(belief, columns[order[(figures[order] > 0.0) & (figures[order] >= least)]])


def _ids(belief: Belief, columns: NDArray[np.intp]) -> tuple[str, ...]:
    names = list(belief.network.questions)
    return tuple(names[column] for column in columns.tolist())


def surprise_of(belief: Belief, draws: int = DRAWS, seed: int = SEED) -> Surprise:
    """How unusual a patient's findings are. The same seed gives the same result.

    Raises:
        BudgetError: the budget does not allow the draws that it takes to call a patient unusual.
        InferenceError: so many draws would take more than its seconds.
    """
    belief.compiled.budget.check("draws", LEAST_DRAWS, "surprise takes at least as many")
    draws = belief.compiled.budget.draws_of(draws, DRAWS)
    background, row = split(belief)
    asked = row != NOT_KNOWN
    if not asked.any():
        return Surprise(1.0, draws)
    strategy, names = belief.compiled.strategy, _ids(belief, np.flatnonzero(asked))
    in_time = strategy.patients_in_time(background, names)
    if in_time < min(draws, LEAST_DRAWS):
        raise InferenceError(
            f"to tell how unusual {len(names)} answers are takes at least {LEAST_DRAWS} draws, and about {in_time} fit "
            f"into {belief.compiled.budget.seconds:,.2g} s; leave some out, or allow more (seconds= of Engine)"
        )
    draws = min(draws, in_time)
    drawn = strategy.sample(background, draws, np.random.default_rng(seed), names).codes
    distinct, which = distinct_rows(np.vstack([drawn, row])[:, asked])  # where few were asked, many are alike
    codes = nothing_known(belief.network, len(distinct))
    codes[:, asked] = distinct
    logs = strategy.infer_many(codes, background).log_evidence[which]
    return Surprise(int((logs <= logs[-1] + TIE).sum()) / (draws + 1), draws)


def split(belief: Belief) -> tuple[Evidence, Codes]:
    """The background, and the states of the findings outside it as codes, shape (questions,)."""
    network, evidence = belief.network, belief.evidence
    gates = {demand.gate for demand in evidence.demands}
    row = nothing_known(network, 1)[0]
    background: dict[str, object] = {}
    for name, answer in evidence.answers.items():
        if name in network.findings and isinstance(answer, str) and name not in gates:
            if answer != UNKNOWN:
                row[list(network.questions).index(name)] = network.states[name].index(answer)
        elif name not in gates:
            background[name] = dict(answer) if isinstance(answer, Mapping) else as_state(answer)
    for name in gates:
        background[name] = dict(zip(network.states[name], evidence.likelihoods[name], strict=True))
    return check_evidence(network, background), row
