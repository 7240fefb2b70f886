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

from bayesknee.diagnosis.belief import Belief
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.patient.codes import NOT_KNOWN, Codes, nothing_known
from bayesknee.patient.evidence import Evidence, check_evidence
from bayesknee.patient.measured import as_state
from bayesknee.plain import attributes

DRAWS: Final = 1000  # patients; at a share of UNUSUAL, the standard error is then 0.003
SEED: Final = 0  # any fixed seed: the same answers get the same surprise
UNUSUAL: Final = 0.01  # the share below which findings count as unusual; judged: one false alarm in 100 patients
# Natural logs within which two probabilities of answers are equal. Rounding parts equal ones by less than this; a much
# larger tolerance would count more probable answers as equal.
TIE: Final = 1e-9


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
    """

    value: float
    explained_by: tuple[str, ...]

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
    with np.errstate(divide="ignore", invalid="ignore"):
        gains = np.log(posteriors.marginals[-1] / posteriors.marginals[-2])
    names = np.array(list(belief.network.conditions))
    order = [number for number in np.argsort(-gains, kind="stable") if gains[number] >= value]
    return Conflict(value, tuple(names[order].tolist()) if value > 0.0 else ())


def surprise_of(belief: Belief, draws: int = DRAWS, seed: int = SEED) -> Surprise:
    """How unusual a patient's findings are. The same seed gives the same result."""
    background, row = split(belief)
    asked = row != NOT_KNOWN
    if not asked.any():
        return Surprise(1.0, draws)
    strategy = belief.compiled.strategy
    codes = np.vstack([strategy.sample(background, draws, np.random.default_rng(seed)).codes, row])
    codes[:, ~asked] = NOT_KNOWN
    *drawn, observed = strategy.infer_many(codes, background).log_evidence.tolist()
    return Surprise((1 + sum(log <= observed + TIE for log in drawn)) / (draws + 1), draws)


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
