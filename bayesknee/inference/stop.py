"""When to stop asking: when further answers would not change what is done.

What is done is the leading condition and the level of triage. The same-decision probability (Choi, Xue and Darwiche
2012) is that of both staying what they are, over the answers to all questions that could still be asked:

    SDP = sum over answers a of P(a | e) [ leader(e, a) = leader(e) and level(e, a) = level(e) ]

It is estimated from patients drawn given what is known: what would they have answered, and what would be done then? A
question whose gate does not hold in a patient stays unasked in that patient.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesknee.errors import QuestionError
from bayesknee.inference.askable import Filter, reachable
from bayesknee.inference.codes import NOT_KNOWN, Codes, nothing_known, only
from bayesknee.inference.evidence import UNKNOWN, check_evidence
from bayesknee.inference.objectives import DEFAULT_OBJECTIVE, by_question, find_objective
from bayesknee.inference.questions import Aim, Ranking, rank
from bayesknee.inference.triage import checked_limits, levels, percent
from bayesknee.knowledge.model import Network

if TYPE_CHECKING:
    from bayesknee.inference.diagnosis import Diagnosis

THRESHOLD: Final = 0.95
LEAST_VALUE: Final = 0.08  # bits, judged: asked of the patient alone, posterior_knee then takes about 15 questions
MOST_SAMPLES: Final = 400
AT_ONCE: Final = 100
PATIENTS_AHEAD: Final = 5
SURE: Final = 3.0  # standard errors


@dataclass(frozen=True)
class OpenDanger:
    """A must-not-miss condition at or over its limit that one more answer could bring under it.

    Attributes:
        condition: its id.
        probability: now.
        limit: the probability below which it may be left.
        finding: the question that is most likely to bring it under.
        chance: of an answer to it that does.
        lowest: the probability after the answer that takes it lowest.
    """

    condition: str
    probability: float
    limit: float
    finding: str
    chance: float
    lowest: float


@dataclass(frozen=True)
class StopAdvice:
    """Whether to stop asking, and why.

    Attributes:
        stop: the advice.
        same_decision: probability that leader and level of triage stay what they are, were all that is left answered.
        same_leader, same_level: the same of each alone.
        standard_error: of `same_decision`; 0 where nothing is left to ask.
        samples: patients drawn for it: as many as it takes to tell it from the threshold, up to a bound.
        threshold: of `same_decision`, from which on to stop.
        left: how many questions could still be asked, those included that an answer may open.
        foreseen: to how many of these `same_decision` looks ahead: all, or those worth most where they are more than
            the engine can follow.
        best: id of the question that is worth most; empty where nothing can be asked.
        best_value: what it is worth, in bits for a burden of 1.
        least_value: what a question must be worth to be asked.
        open_dangers: while there are any, asking goes on, whatever else; most probable first. Looked at exactly, but
            no further than one question ahead.
        reasons: all of it in words and figures; those that decide first.
    """

    stop: bool
    same_decision: float
    same_leader: float
    same_level: float
    standard_error: float
    samples: int
    threshold: float
    left: int
    foreseen: int
    best: str
    best_value: float
    least_value: float
    open_dangers: tuple[OpenDanger, ...]
    reasons: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON."""
        plain = {key: value for key, value in vars(self).items() if key not in ("open_dangers", "reasons")}
        return {**plain, "open_dangers": [vars(each) for each in self.open_dangers], "reasons": list(self.reasons)}


@dataclass(frozen=True)
class StopRule:
    """When to stop.

    Attributes:
        threshold: of the same-decision probability, inside (0, 1].
        least_value: what a question must be worth to be asked, in bits for a burden of 1; 0 or more.
        objective: by which it is worth that.
        limits: other limits than the network's, by condition.
        samples: the most patients to draw.
        seed: of the draws: the same answers get the same advice.

    Raises:
        QuestionError: a number out of range.
    """

    threshold: float = THRESHOLD
    least_value: float = LEAST_VALUE
    objective: str = DEFAULT_OBJECTIVE
    limits: Mapping[str, float] | None = None
    samples: int = MOST_SAMPLES
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0.0 < self.threshold <= 1.0:
            raise QuestionError(f"threshold {self.threshold:g}; expected a probability above 0; correct it")
        if not self.least_value >= 0.0:
            raise QuestionError(f"least value {self.least_value:g}; expected a number of bits, 0 or more; correct it")
        if self.samples < 1:
            raise QuestionError(f"{self.samples} samples; expected 1 or more; correct it")


class Agreement(NamedTuple):
    """In how many of the patients drawn the decision stays."""

    patients: int
    leader: int
    level: int
    both: int

    @property
    def share(self) -> float:
        return self.both / self.patients

    @property
    def error(self) -> float:
        """The standard error of the share, by two patients more, one of each kind: never 0."""
        guess = (self.both + 1) / (self.patients + 2)
        return math.sqrt(guess * (1.0 - guess) / self.patients)

    def plus(self, other: Agreement) -> Agreement:
        return Agreement(*map(sum, zip(self, other, strict=True)))


def stop_advice(diagnosis: Diagnosis, wanted: Filter, rule: StopRule) -> StopAdvice:
    """Whether to stop asking the wanted questions.

    Asking goes on while it could bring a must-not-miss condition under its limit, one question ahead. Else it stops
    where the same-decision probability is at the threshold, or where no question is worth what asking it burdens.
    """
    names = wanted.wanted(diagnosis.network)
    ranking = diagnosis.ranking(names, rule.objective)
    left = reachable(diagnosis.network, diagnosis.evidence, names)
    dangers = open_dangers(diagnosis.network, ranking, checked_limits(diagnosis.network, rule.limits))
    ahead = _foreseen(diagnosis, names, left, rule)
    agreement = same_decision(diagnosis, ahead, rule)
    best = ranking.best
    advice = StopAdvice(
        stop=False,
        same_decision=agreement.share,
        same_leader=agreement.leader / agreement.patients,
        same_level=agreement.level / agreement.patients,
        standard_error=agreement.error if left else 0.0,
        samples=agreement.patients if left else 0,
        threshold=rule.threshold,
        left=len(left),
        foreseen=len(ahead),
        best="" if best is None else ranking.outcomes.names[best],
        best_value=0.0 if best is None else float(ranking.values[best]),
        least_value=rule.least_value,
        open_dangers=tuple(sorted(dangers, key=lambda each: -each.probability)),
        reasons=(),
    )
    return replace(advice, stop=_stops(advice), reasons=tuple(_reasons(diagnosis.network, advice)))


def _stops(advice: StopAdvice) -> bool:
    settled = advice.same_decision >= advice.threshold
    return not advice.open_dangers and (not advice.best or settled or advice.best_value < advice.least_value)


def _foreseen(diagnosis: Diagnosis, names: Sequence[str], left: Sequence[str], rule: StopRule) -> Sequence[str]:
    """Those of the questions left to look ahead to: all, or those worth most where all are too many."""
    ranking = diagnosis.ranking(names, rule.objective)
    order = np.argsort(-ranking.values, kind="stable").tolist()
    now = dict.fromkeys(ranking.outcomes.names[number] for number in order)
    ahead = diagnosis.engine.strategy.followed(diagnosis.evidence, [*now, *(each for each in left if each not in now)])
    return left if len(ahead) == len(left) else ahead


# --- the same decision ------------------------------------------------------------------------------------------------


def same_decision(diagnosis: Diagnosis, left: Collection[str], rule: StopRule) -> Agreement:
    """How often the decision stays, in as many patients as it takes to tell the share from the threshold."""
    if not left:
        return Agreement(1, 1, 1, 1)
    now = _decision(diagnosis, nothing_known(diagnosis.network, 1), rule)
    rng, total = np.random.default_rng(rule.seed), Agreement(0, 0, 0, 0)
    while total.patients < rule.samples:
        codes = _answers(diagnosis, left, min(AT_ONCE, rule.samples - total.patients), rng)
        total = total.plus(_agreement(now, _decision(diagnosis, codes, rule)))
        if abs(total.share - rule.threshold) > SURE * total.error:
            break
    return total


def _answers(diagnosis: Diagnosis, left: Collection[str], patients: int, rng: np.random.Generator) -> Codes:
    """What patients drawn given the evidence would answer to what is left."""
    codes = diagnosis.engine.strategy.sample(diagnosis.evidence, patients, rng, left).codes
    return only(diagnosis.network, codes, left)


class _Decisions(NamedTuple):
    leaders: NDArray[np.intp]
    levels: NDArray[np.int8]


def _decision(diagnosis: Diagnosis, codes: Codes, rule: StopRule) -> _Decisions:
    """What is done for patients who answer so, beside the evidence."""
    network, evidence = diagnosis.network, diagnosis.evidence
    marginals = diagnosis.engine.strategy.infer_many(codes, evidence).marginals
    return _Decisions(marginals.argmax(axis=1), levels(network, marginals, codes, evidence, rule.limits))


def _agreement(one: _Decisions, other: _Decisions) -> Agreement:
    leader, level = one.leaders == other.leaders, one.levels == other.levels
    return Agreement(len(leader), int(leader.sum()), int(level.sum()), int((leader & level).sum()))


def questions_left(diagnosis: Diagnosis, wanted: Filter, rule: StopRule) -> float:
    """About how many questions are left to ask, for showing progress: the mean over a few interviews played ahead.

    The patients are drawn given what is known, and are asked the best question again and again, until none is worth its
    burden and no danger is open. The same-decision probability has no part in it, so it is rather on the high side;
    where there are more questions than the engine can look ahead to, it is no more than these.
    """
    network, names = diagnosis.network, wanted.wanted(diagnosis.network)
    left = reachable(network, diagnosis.evidence, names)
    ahead = _foreseen(diagnosis, names, left, rule)
    aim = Aim(names if ahead is left else ahead, find_objective(rule.objective))
    codes = _answers(diagnosis, ahead, rule.samples, np.random.default_rng(rule.seed))
    return sum(_played(diagnosis, aim, rule, row) for row in codes) / rule.samples


def _played(diagnosis: Diagnosis, aim: Aim, rule: StopRule, row: Codes) -> int:
    """How many questions a patient with these answers is asked from now on."""
    network, evidence = diagnosis.network, diagnosis.evidence
    columns = {name: column for column, name in enumerate(network.questions)}
    limits = checked_limits(network, rule.limits)
    for count in range(len(aim.wanted)):
        ranking = rank(diagnosis.engine, evidence, aim)
        best = ranking.best
        if best is None or not (
            ranking.values[best] >= rule.least_value or any(open_dangers(network, ranking, limits))
        ):
            return count
        name = ranking.outcomes.names[best]
        code = int(row[columns[name]])
        answer = UNKNOWN if code == NOT_KNOWN else network.states[name][code]
        evidence = check_evidence(network, {**evidence.answers, name: answer})
    return len(aim.wanted)


# --- dangers ----------------------------------------------------------------------------------------------------------


def open_dangers(network: Network, ranking: Ranking, limits: Mapping[str, float]) -> Iterator[OpenDanger]:
    """The must-not-miss conditions over their limit that an answer to a ranked question would take under it."""
    outcomes = ranking.outcomes
    for column, (name, condition) in enumerate(network.conditions.items()):
        limit, now = limits[name], float(ranking.marginals[column])
        if not condition.must_not_miss or now < limit or not outcomes.names:
            continue
        after = np.where(outcomes.probabilities > 0.0, outcomes.posteriors[:, column], 1.0)
        chances = by_question(outcomes, outcomes.probabilities * (after < limit))
        best = int(chances.argmax())
        if chances[best] > 0.0:
            lowest = float(after[outcomes.starts[best] : outcomes.starts[best + 1]].min())
            yield OpenDanger(name, now, limit, outcomes.names[best], float(chances[best]), lowest)


# --- in words ---------------------------------------------------------------------------------------------------------


def _reasons(network: Network, advice: StopAdvice) -> Iterator[str]:
    for each in advice.open_dangers:
        yield (
            f"{network.conditions[each.condition].name} {percent(each.probability)} is not below its limit of "
            f"{percent(each.limit)}; an answer to {each.finding} would take it below, to {percent(each.lowest)} at the "
            f"lowest, with a chance of {percent(each.chance)} (one question ahead)"
        )
    if not advice.left:
        yield "nothing is left to ask"
        return
    told = [_agreement_told(advice), *_worth_told(advice)]
    settled, worthless = advice.same_decision >= advice.threshold, advice.best_value < advice.least_value
    yield from reversed(told) if worthless and not settled else told


def _worth_told(advice: StopAdvice) -> Iterator[str]:
    if advice.best:
        than = "below" if advice.best_value < advice.least_value else "not below"
        yield (
            f"the best question left, {advice.best}, is worth {advice.best_value:.4f} bits, {than} "
            f"{advice.least_value:g}"
        )
    else:
        yield "nothing can be asked now"


def _agreement_told(advice: StopAdvice) -> str:
    than = "at or over" if advice.same_decision >= advice.threshold else "below"
    return (
        f"were {_ahead_told(advice)} left answered, leader and level of urgency would stay what they are in "
        f"{percent(advice.same_decision)} (standard error {percent(advice.standard_error)}), {than} the threshold of "
        f"{percent(advice.threshold)}"
    )


def _ahead_told(advice: StopAdvice) -> str:
    if advice.foreseen < advice.left:
        return f"the best {advice.foreseen} of {_counted(advice.left)}"
    return f"all of {_counted(advice.left)}"


def _counted(count: int) -> str:
    return f"{count} question{'' if count == 1 else 's'}"
