"""How urgent a case is: a level of care and its reasons, from the posterior, limits, scores and red flags.

The level is the most urgent among those of the thresholds that conditions reach, of the leading condition, of the
scores of guidelines, and of the red flags that hold and that no stated exception sets aside. A red flag holds whatever
the posterior says. With no finding or condition known, a threshold counts only where risk factors raised the condition
above its base rate. A limit is a threshold in the sense of Pauker and Kassirer (1980): the probability below which a
condition may be left alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from immutabledict import immutabledict
from numpy.typing import NDArray

from bayesknee.arrays import TIE_DECIMALS, Bools, Vector
from bayesknee.diagnosis.guideline_scores import PatientsToScore, PointCount, count_points, score_levels
from bayesknee.errors import BayeskneeError, unknown_text
from bayesknee.knowledge.model import LEVELS, Condition, Exclusion, Form, Level, RedFlag
from bayesknee.knowledge.network import Network
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.patient.codes import NOT_KNOWN, Codes
from bayesknee.patient.evidence import NOTHING_KNOWN, Evidence, gate_holds, shown
from bayesknee.patient.gates import implied_states
from bayesknee.plain import attributes
from bayesknee.words import ALARMING, LEVEL_WORDS, level_name, short_percent

ReasonKind: TypeAlias = Literal["red_flag", "score", "over_limit", "leader"]

NO_LEVEL: Final = -1  # no index into `LEVELS`, and what pandas codes a missing category by
# Relative, of a posterior that equals its base rate: base rates are met to 1e-12. A larger one would hide a small rise.
ROUNDING: Final = 1e-9
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

    With no finding or condition known, a condition counts as over its limit only if risk factors have raised it above
    its base rate: with no answers nobody is an emergency.

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


class CareSteps:
    """What probabilities call for: the thresholds of all conditions in one setting.

    Args:
        network: whose conditions.
        setting: a care setting of it.
        limits: other limits than the network's, by condition, inside (0, 1). A further threshold that lies below such a
            limit moves up to it.

    Raises:
        BayeskneeError: a limit of an unknown condition, or one out of range.
    """

    def __init__(self, network: Network, setting: str, limits: Mapping[str, float] | None = None) -> None:
        self.network = network
        self._setting = setting
        self.limits = checked_limits(network, limits)
        base_rates = [condition.base_rate_in(setting) for condition in network.conditions.values()]
        self.raised_from: Vector = np.array(base_rates) * (1.0 + ROUNDING)
        self._leading = np.array([LEVELS.index(condition.level) for condition in network.conditions.values()], np.int8)

    def of(self, name: str) -> Iterator[tuple[float, Level, str]]:
        """Each threshold of a condition: the probability, the level, and what is done, the lowest first."""
        limit = self.limits[name]
        for number, (level, threshold) in enumerate(self.network.conditions[name].steps):
            yield (max(threshold.at.value, limit) if number else limit), level, threshold.do

    def levels(
        self,
        posteriors: NDArray[np.floating],
        complaint_known: Bools,
        forms: NDArray[np.floating] | None = None,
    ) -> NDArray[np.int8]:
        """The level that each row of posteriors calls for, as an index into `LEVELS`; shape (rows,).

        Args:
            posteriors: P(condition | evidence), shape (rows, conditions).
            complaint_known: whether a finding or condition is known, shape (rows,).
            forms: P(form | evidence), shape (rows, forms of all conditions); their shares of the conditions, where left
                out.
        """
        found: NDArray[np.int8] = self._leading[np.round(posteriors, TIE_DECIMALS).argmax(axis=1)]
        for column, name in enumerate(self.network.conditions):
            probability = posteriors[:, column]
            for at, level, _ in self.of(name):
                reached = (probability >= at) & (complaint_known | (probability > self.raised_from[column]))
                found[reached] = np.minimum(found[reached], LEVELS.index(level))
        return self._with_forms(found, posteriors, complaint_known, forms)

    def _with_forms(
        self,
        found: NDArray[np.int8],
        posteriors: NDArray[np.floating],
        complaint_known: Bools,
        forms: NDArray[np.floating] | None,
    ) -> NDArray[np.int8]:
        """The levels, raised by forms with thresholds of their own."""
        number = 0
        leading = np.round(posteriors, TIE_DECIMALS).argmax(axis=1)
        for column, condition in enumerate(self.network.conditions.values()):
            columns = slice(number, number + len(condition.forms))
            number = columns.stop
            shares = condition.shares_in(self._setting)
            chances = posteriors[:, [column]] * np.array(shares) if forms is None else forms[:, columns]
            counts = complaint_known | (posteriors[:, column] > self.raised_from[column])
            for place, form in enumerate(condition.forms.values()):
                first = (leading == column) & (np.round(chances, TIE_DECIMALS).argmax(axis=1) == place)
                for step, (level, threshold) in enumerate(form.steps):
                    reached = counts & (chances[:, place] >= threshold.at.value) | (first & (step == 0))
                    found[reached] = np.minimum(found[reached], LEVELS.index(level))
        return found


def is_complaint_known(network: Network, evidence: Evidence) -> bool:
    """Whether anything is known beside risk factors."""
    return any(name not in network.risk_factors for name in evidence.likelihoods)


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


def checked_limits(network: Network, limits: Mapping[str, float] | None) -> Mapping[str, float]:
    """The limit of each condition by id, inside (0, 1): the one given, else the network's.

    Raises:
        BayeskneeError: a limit of an unknown condition, or one out of range.
    """
    for name, limit in (limits or {}).items():
        if name not in network.conditions:
            raise BayeskneeError(unknown_text("condition", name, network.conditions))
        if not 0.0 < limit < 1.0:
            raise BayeskneeError(f"limit {limit} of {name}; expected a probability inside (0, 1); correct it")
    stated = {name: condition.limit.value for name, condition in network.conditions.items()}
    return immutabledict(stated | dict(limits or {}))


def _conditions(
    steps: CareSteps, evidence: Evidence, posterior: Mapping[str, float], forms: Mapping[str, Mapping[str, float]]
) -> Iterator[Reason]:
    leader, known = next(iter(posterior)), is_complaint_known(steps.network, evidence)
    raised_from = dict(zip(steps.network.conditions, steps.raised_from.tolist(), strict=True))
    for name, probability in posterior.items():
        condition, limit = steps.network.conditions[name], steps.limits[name]
        figures = f"{condition.name} {short_percent(probability)}"
        counts = known or probability > raised_from[name]
        reached = [step for step in steps.of(name) if counts and probability >= step[0]]
        if reached:
            at, level, do = reached[-1]
            text = f"{figures}, not below its limit of {short_percent(at)}{f': {do}' if do else ''}"
            yield Reason("over_limit", name, level, text, probability=probability, limit=at)
        elif name == leader:
            text = f"{figures}, the most probable cause"
            yield Reason("leader", name, condition.level, text, probability=probability, limit=limit)
        for place, (form, chance) in enumerate(forms.get(name, {}).items()):
            is_leading = name == leader and not place
            yield from _form(condition, condition.forms[form], chance, counts=counts, is_leading=is_leading)


def _form(condition: Condition, form: Form, probability: float, *, counts: bool, is_leading: bool) -> Iterator[Reason]:
    """A form at or over a threshold of its own, or the most probable form of the most probable cause."""
    reached = [(level, threshold) for level, threshold in form.steps if counts and probability >= threshold.at.value]
    figures = f"{condition.name}, {form.name} {short_percent(probability)}"
    if reached:
        level, threshold = reached[-1]
        at, do = threshold.at.value, threshold.do
        text = f"{figures}, not below its limit of {short_percent(at)}{f': {do}' if do else ''}"
        yield Reason("over_limit", condition.id, level, text, probability=probability, limit=at, form=form.id)
    elif is_leading and form.steps:
        level, threshold = form.steps[0]
        text, at = f"{figures}, the most probable form of the most probable cause", threshold.at.value
        yield Reason("leader", condition.id, level, text, probability=probability, limit=at, form=form.id)


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
    known = (codes[:, len(network.risk_factors) :] != NOT_KNOWN).any(axis=1) | is_complaint_known(network, evidence)
    found = steps.levels(marginals, known, forms)
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
