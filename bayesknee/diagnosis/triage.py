"""How urgent a case is: a level of care and its reasons, from the posterior, limits, scores and red flags.

The level is the most urgent among those of the thresholds that conditions reach, of the leading condition, of the
scores of guidelines, and of the red flags that hold and that no stated exception sets aside. A red flag holds whatever
the posterior says. A limit is a threshold in the sense of Pauker and Kassirer (1980): the probability below which a
condition may be left alone; which thresholds count is told in `bayesknee.diagnosis.care_steps`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from immutabledict import immutabledict
from numpy.typing import NDArray

from bayesknee.arrays import Vector
from bayesknee.diagnosis.care_steps import NO_STEP, USUAL_LEVEL, AnswersTold, CareSteps
from bayesknee.diagnosis.guideline_scores import PatientsToScore, PointCount, count_points, score_levels
from bayesknee.knowledge.model import LEVELS, Exclusion, Level, RedFlag
from bayesknee.knowledge.network import Network
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.patient.codes import NOT_KNOWN, Codes
from bayesknee.patient.evidence import NOTHING_KNOWN, Evidence, gate_holds, shown
from bayesknee.patient.gates import implied_states
from bayesknee.plain import attributes
from bayesknee.words import ALARMING, LEVEL_WORDS, level_name, short_percent

ReasonKind: TypeAlias = Literal["red_flag", "score", "over_limit", "leader"]

NO_LEVEL: Final = -1  # no index into `LEVELS`, and what pandas codes a missing category by
# The share of an unsure answer's weight over which it leans to the alarming states: half is the balance. A larger one
# would miss flags that are more probable than not.
LEANING: Final = 0.5
_KINDS: Final[tuple[ReasonKind, ...]] = ("red_flag", "score", "over_limit", "leader")


@dataclass(frozen=True)
class Reason:
    """A reason for a level of care.

    Attributes:
        kind: a red flag, a score, a condition at or over its limit, or the leading condition.
        id: of the red flag, the score or the condition.
        level: the level that it calls for.
        text: in words and figures.
        answers: those that raise a red flag or count in a score, as `finding=state`.
        probability: of the condition, inside [0, 1]; None for a red flag or a score.
        limit: of the condition; None for a red flag or a score.
        source: of a red flag or a score: a key of the network's references, or `judged`.
        set_aside_by: of a red flag that an exception sets aside: the reason of that.
        form: of the condition, where the reason is that form of it.
    """

    kind: ReasonKind
    id: str
    level: Level
    text: str
    answers: tuple[str, ...] = ()
    probability: float | None = None
    limit: float | None = None
    source: str = ""
    set_aside_by: str = ""
    form: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As plain data: id, answers and source of a red flag or score; of others condition, probability and limit."""
        shared = attributes(self, ("kind", "level", "text"))
        if self.kind == "red_flag":
            flag = ("answers", "source", "set_aside_by") if self.set_aside_by else ("answers", "source")
            return {**shared, "red_flag": self.id, **attributes(self, flag)}
        if self.kind == "score":
            return {**shared, "score": self.id, **attributes(self, ("answers", "source"))}
        of_condition = ("form", "probability", "limit") if self.form else ("probability", "limit")
        return {**shared, "condition": self.id, **attributes(self, of_condition)}


@dataclass(frozen=True)
class Triage:
    """How urgent a case is.

    Attributes:
        level: `emergency` (now), `same_day`, `urgent` (within days), `routine` or `self_care`.
        reasons: all that calls for care, most urgent first; those of `level` set it.
        set_aside: red flags that hold, and whose exceptions hold as well: they call for nothing, and are told.
    """

    level: Level
    reasons: tuple[Reason, ...]
    set_aside: tuple[Reason, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON."""
        return attributes(self)

    @property
    def decisive(self) -> tuple[Reason, ...]:
        """The reasons that set the level."""
        return tuple(reason for reason in self.reasons if reason.level == self.level)

    @property
    def words(self) -> str:
        """The level in words."""
        return LEVEL_WORDS[self.level]

    @property
    def alarming(self) -> bool:
        """Whether the case cannot wait for an ordinary appointment."""
        return self.level in ALARMING

    @property
    def shown(self) -> tuple[Reason, ...]:
        """The reasons to show: those that set the level, then all other red flags."""
        return (*self.decisive, *(flag for flag in self.red_flags if flag.level != self.level))

    def told(self, reason: Reason) -> str:
        """A reason in words, with its level if that is not the level of the case; what is set aside, with why."""
        if reason.set_aside_by:
            return f"set aside: {reason.text} {reason.set_aside_by}"
        return reason.text if reason.level == self.level else f"{level_name(reason.level)}: {reason.text}"

    @property
    def red_flags(self) -> tuple[Reason, ...]:
        """The red flags that hold."""
        return tuple(reason for reason in self.reasons if reason.kind == "red_flag")


def triage(
    steps: CareSteps,
    evidence: Evidence,
    posterior: Mapping[str, float],
    forms: Mapping[str, Mapping[str, float]] = immutabledict(),
) -> Triage:
    """The level of care that a patient's posterior and answers call for, and why.

    What probabilities call for is worked out as for many patients; see `bayesknee.diagnosis.care_steps`.

    Args:
        steps: what probabilities call for.
        evidence: the answers, for the red flags.
        posterior: P(condition | evidence), most probable first.
        forms: P(form | evidence) by condition with forms, most probable first.
    """
    network = steps.network
    flags = list(red_flags(network, evidence))
    excluded = {flag.id: found for flag in flags if (found := _exclusion(network.red_flags[flag.id], evidence))}
    reasons = [
        *(flag for flag in flags if flag.id not in excluded),
        *_scores(network, evidence, posterior),
        *_conditions(steps, evidence, posterior, forms),
    ]
    ranked = sorted(reasons, key=lambda reason: (LEVELS.index(reason.level), _KINDS.index(reason.kind)))
    set_aside = (replace(flag, set_aside_by=excluded[flag.id].reason) for flag in flags if flag.id in excluded)
    return Triage(ranked[0].level, tuple(ranked), tuple(set_aside))


def is_complaint_known(network: Network, evidence: Evidence) -> bool:
    """Whether anything is known beside risk factors."""
    return bool(AnswersTold.of_one(network, evidence).of_complaint(network)[0])


def scores_of(network: Network, evidence: Evidence, posterior: Mapping[str, float]) -> tuple[PointCount, ...]:
    """The points of a patient in each score of the network, in its order.

    Args:
        network: with its scores.
        evidence: the answers.
        posterior: P(condition | evidence) by id.
    """
    return count_points(network, evidence, posterior, complaint_known=is_complaint_known(network, evidence))


def _scores(network: Network, evidence: Evidence, posterior: Mapping[str, float]) -> Iterator[Reason]:
    for count in scores_of(network, evidence, posterior):
        if count.level is not None:
            do = f": {count.step.do}" if count.step.do else ""
            text = f"{count.words}{do}"
            yield Reason("score", count.score.id, count.level, text, count.answers, source=count.score.source)


def _exclusion(flag: RedFlag, evidence: Evidence) -> Exclusion | None:
    """The first exception of a red flag of which all answers are stated."""
    for exclusion in flag.unless:
        if all(evidence.answers.get(name) in wanted for name, wanted in exclusion.when.items()):
            return exclusion
    return None


def _conditions(
    steps: CareSteps, evidence: Evidence, posterior: Mapping[str, float], forms: Mapping[str, Mapping[str, float]]
) -> Iterator[Reason]:
    """What the probabilities call for: those of conditions, and of their forms, the most probable condition first."""
    network = steps.network
    told, columns = AnswersTold.of_one(network, evidence), list(network.conditions)
    posteriors = np.array([[posterior[name] for name in columns]])
    numbers = steps.reached(posteriors, told)
    reached = dict(zip(columns, numbers[0].tolist(), strict=True))
    usual = dict(zip(columns, steps.is_only_usual(posteriors, numbers)[0].tolist(), strict=True))
    leader = next(iter(posterior))
    for name, probability in posterior.items():
        condition = network.conditions[name]
        figures = f"{condition.name} {short_percent(probability)}"
        if reached[name] != NO_STEP:
            at, level, do = list(steps.of(name))[reached[name]]
            yield Reason("over_limit", name, level, _over(figures, at, do), probability=probability, limit=at)
        elif usual[name]:
            limit = steps.limits[name]
            over = f"not below its limit of {short_percent(limit)} even without answers"
            text = f"{figures}, {over}; none that was given speaks for it"
            yield Reason("over_limit", name, USUAL_LEVEL, text, probability=probability, limit=limit)
        if name == leader and reached[name] == NO_STEP:
            text, limit = f"{figures}, the most probable cause", steps.limits[name]
            yield Reason("leader", name, condition.level, text, probability=probability, limit=limit)
    if forms:
        yield from _forms(steps, posteriors, told, forms)


def _forms(
    steps: CareSteps, posteriors: Vector, told: AnswersTold, forms: Mapping[str, Mapping[str, float]]
) -> Iterator[Reason]:
    """Forms at or over a threshold of their own, and the most probable form of the most probable cause."""
    conditions = steps.network.conditions
    those = [(condition, form) for condition in conditions.values() for form in condition.forms.values()]
    chances = np.array([[forms[condition.id][form.id] for condition, form in those]])
    reached = steps.reached_by_forms(posteriors, told, chances)[0].tolist()
    leading = steps.leading_forms(steps.leaders(posteriors), posteriors, chances)[0].tolist()
    for (condition, form), step, leads, probability in zip(those, reached, leading, chances[0].tolist(), strict=True):
        figures = f"{condition.name}, {form.name} {short_percent(probability)}"
        level, threshold = form.steps[max(step, 0)] if form.steps else (condition.level, None)
        if threshold is not None and step != NO_STEP:
            at = threshold.at.value
            text = _over(figures, at, threshold.do)
            yield Reason("over_limit", condition.id, level, text, probability=probability, limit=at, form=form.id)
        elif threshold is not None and leads:
            text, at = f"{figures}, the most probable form of the most probable cause", threshold.at.value
            yield Reason("leader", condition.id, level, text, probability=probability, limit=at, form=form.id)


def _over(figures: str, at: float, do: str) -> str:
    return f"{figures}, not below its limit of {short_percent(at)}{f': {do}' if do else ''}"


# --- red flags -----------------------------------------------------------------------------------------------------


def red_flags(network: Network, evidence: Evidence) -> Iterator[Reason]:
    """The red flags that hold, in the network's order.

    A state holds if it is stated, or implied by an answer to a gated question. An unsure answer counts if it leans to
    the alarming states: they have more than half of its weight, or the likeliest state is one of them. States that
    other answers rule out do not count. An answer that is unknown, or a question not asked, raises no flag.
    """
    known = {*evidence.answers, *evidence.implied}  # most flags are about questions that nobody answered
    for flag in network.red_flags.values():
        if any(known.isdisjoint(line) for line in flag.when):
            continue
        raised = [[name for name, wanted in line.items() if is_present(evidence, name, wanted)] for line in flag.when]
        if all(raised):
            names = dict.fromkeys(name for line in raised for name in line)
            answers = tuple(f"{name}={_answer_shown(evidence, name)}" for name in names)
            yield Reason("red_flag", flag.id, flag.level, flag.reason, answers=answers, source=flag.source)


def is_present(evidence: Evidence, name: str, wanted: tuple[str, ...]) -> bool:
    """Whether one of the wanted states of a question is stated, implied, or what an unsure answer leans to."""
    answer = evidence.answers.get(name)
    if isinstance(answer, Mapping):
        left = {state: answer[state] for state in evidence.implied.get(name, answer)}
        alarming = [weight for state, weight in left.items() if state in wanted]
        others = [weight for state, weight in left.items() if state not in wanted]
        return sum(alarming) > LEANING * sum(left.values()) or max(alarming, default=0.0) > max(others, default=0.0)
    if name in evidence.implied:
        return set(evidence.implied[name]) <= set(wanted)
    return answer in wanted


def unknown_flags(
    network: Network, evidence: Evidence, level: Level, unanswered: Collection[str] = ()
) -> Iterator[RedFlag]:
    """The red flags more urgent than `level` that answers of `unknown` leave open, in the network's order.

    Each line of such a flag holds, or has a question whose answer is not known, and one does not hold: what holds is
    known, even where an exception sets it aside. A question is also not known if it was not asked because its gate is
    unknown or unsure.

    Args:
        network: the network with the red flags.
        evidence: the answers.
        level: the level of the case now.
        unanswered: ids of further questions that count as not known.
    """
    unknown = {*unanswered, *(name for name, answer in evidence.answers.items() if answer == UNKNOWN)}
    for flag in network.red_flags.values():
        if LEVELS.index(flag.level) >= LEVELS.index(level):
            continue
        holds = [any(is_present(evidence, name, wanted) for name, wanted in line.items()) for line in flag.when]
        may_hold = (
            any(_may_be(network, evidence, name, wanted, unknown) for name, wanted in line.items())
            for line in flag.when
        )
        if not all(holds) and all(may_hold):
            yield flag


def _may_be(network: Network, evidence: Evidence, name: str, wanted: tuple[str, ...], unknown: Collection[str]) -> bool:
    """Whether a question may be in one of the wanted states: it is, it leans to one, or it or its gate is not known."""
    if name in unknown or is_present(evidence, name, wanted):
        return True
    gates = network.findings[name].only_if if name in network.findings else {}
    if name in evidence.answers or gate_holds(network, evidence, name):
        return False
    return all(_may_be(network, evidence, gate, allowed, unknown) for gate, allowed in gates.items())


def _answer_shown(evidence: Evidence, name: str) -> str:
    answer, left = evidence.answers.get(name), evidence.implied.get(name, ())
    if isinstance(answer, Mapping) and len(left) != 1:
        return f"probably {max(left or answer, key=answer.__getitem__)}"
    return " or ".join(left) if left or answer is None else shown(answer)


# --- many patients -------------------------------------------------------------------------------------------------


def levels(  # noqa: PLR0913 (all that the levels of rows rest on)
    steps: CareSteps,
    marginals: NDArray[np.floating],
    codes: Codes,
    evidence: Evidence = NOTHING_KNOWN,
    *,
    numbers: Mapping[str, Vector] = immutabledict(),
    forms: NDArray[np.floating] | None = None,
) -> NDArray[np.int8]:
    """The level of many patients, as an index into `LEVELS`, int8 of shape (rows,); 0 is the most urgent.

    Args:
        steps: what probabilities call for, of a network of n conditions and q questions.
        marginals: P(condition | evidence), shape (rows, n); a row with a NaN gets `NO_LEVEL`.
        codes: their answers, int8 of shape (rows, q), as in `bayesknee.patient.codes`.
        evidence: what is known of all of them besides; what it answers is not read from the codes.
        numbers: those that scores read beside the states, by question, shape (rows,); NaN where none was given.
        forms: P(form | evidence), shape (rows, forms of all conditions); as of `CareSteps.levels`.
    """
    network = steps.network
    told = AnswersTold(codes, evidence)
    known = told.of_complaint(network)
    found = steps.levels(marginals, told, forms)
    for flag in network.red_flags.values():
        raised = np.all([_line_holds(network, line, codes, evidence) for line in flag.when], axis=0)
        for exclusion in flag.unless:
            raised &= ~_is_stated(network, exclusion, codes, evidence)
        found[raised] = np.minimum(found[raised], LEVELS.index(flag.level))
    found = np.minimum(found, score_levels(network, marginals, PatientsToScore(codes, evidence, known, numbers)))
    return np.where(np.isnan(marginals).any(axis=1), NO_LEVEL, found).astype(np.int8)


def _is_stated(network: Network, exclusion: Exclusion, codes: Codes, evidence: Evidence) -> NDArray[np.bool_]:
    """Whether all answers of an exception are stated."""
    columns = {name: column for column, name in enumerate(network.questions)}
    stated = np.ones(len(codes), np.bool_)
    for name, wanted in exclusion.when.items():
        if name in evidence.answers:
            stated &= evidence.answers[name] in wanted
        else:
            is_wanted = np.array([*(state in wanted for state in network.states[name]), False])  # the last: not known
            stated &= is_wanted[codes[:, columns[name]]]
    return stated


def _line_holds(
    network: Network, line: Mapping[str, tuple[str, ...]], codes: Codes, evidence: Evidence
) -> NDArray[np.bool_]:
    columns = {name: column for column, name in enumerate(network.questions)}
    holds = np.zeros(len(codes), np.bool_)
    for name, wanted in line.items():
        if is_present(evidence, name, wanted):
            holds[:] = True
        elif name not in evidence.answers:
            is_wanted = np.array([*(state in wanted for state in network.states[name]), False])  # the last: not known
            holds |= is_wanted[codes[:, columns[name]]]
            holds |= _is_implied(network, name, wanted, codes, columns)
    return holds


def _is_implied(
    network: Network, gate: str, wanted: tuple[str, ...], codes: Codes, columns: Mapping[str, int]
) -> NDArray[np.bool_]:
    """Whether a gate without a stated answer is in a wanted state, by the answers to the questions that it gates.

    Shape (rows,).
    """
    if gate not in network.gated_by:
        return np.zeros(len(codes), np.bool_)
    states, left = network.states[gate], implied_states(network, gate, codes)
    possible = left & (codes[:, [columns[gate]]] == NOT_KNOWN)
    implied: NDArray[np.bool_] = possible.any(axis=1) & ~(left & ~np.isin(states, wanted)).any(axis=1)
    return implied
