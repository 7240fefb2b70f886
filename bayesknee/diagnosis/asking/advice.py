"""When to stop asking: when further answers would not change what is done, in words and figures.

It stops where the same-decision probability is at the threshold (`bayesknee.diagnosis.asking.same_decision`), or where
nothing is worth what asking it burdens; not while an answer could bring a must-not-miss condition under its limit.
Before it ends, what could raise a red flag is asked; and it goes on as long as ending would miss too much that is
dangerous (`bayesknee.diagnosis.asking.dangers`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from bayesknee.diagnosis.asking.assessment import Assessment
from bayesknee.diagnosis.asking.dangers import HiddenDanger, OpenDanger, OpenFlag
from bayesknee.diagnosis.asking.same_decision import StopRule
from bayesknee.diagnosis.belief import Belief
from bayesknee.diagnosis.triage import percent
from bayesknee.errors import quoted
from bayesknee.knowledge.network import Network
from bayesknee.patient.askable import Filter

MOST_TOLD: Final = 3  # of the same kind of reason


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
        worth_asking: how many questions and lists are worth their burden by what is known now; a guide for progress.
        best: id of the question, or of the list to tick, that is worth most; empty where nothing can be asked.
        best_value: what it is worth, in bits for a burden of 1.
        least_value: what a question must be worth to be asked.
        open_dangers: while there are any, asking goes on, whatever else; most probable first. Looked at exactly, but
            no further than one question ahead.
        last: id of the question or list to put before it ends, since it could be a warning sign, or tells most of what
            ending now would miss; empty where none is.
        open_flags: red flags, more urgent than the level now, that an answer to that would raise.
        missed: the chance of missing, by ending now, a must-not-miss condition that asking all would find: their sum.
        most_missed: over which asking goes on.
        foreseen_of_hidden: to how many of what is left `missed` looks ahead, as `foreseen`; 0 where nobody was drawn.
        hidden_dangers: each of these conditions of which a patient was drawn, most of `missed` first; empty, and
            `missed` 0, where it does not end anyway, and where together they are no more probable than `most_missed`.
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
    worth_asking: int
    best: str
    best_value: float
    least_value: float
    open_dangers: tuple[OpenDanger, ...]
    last: str
    open_flags: tuple[OpenFlag, ...]
    missed: float
    most_missed: float
    foreseen_of_hidden: int
    hidden_dangers: tuple[HiddenDanger, ...]
    reasons: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON."""
        plain = {key: value for key, value in vars(self).items() if not isinstance(value, tuple)}
        return {
            **plain,
            "open_dangers": [vars(each) for each in self.open_dangers],
            "open_flags": [each.to_dict() for each in self.open_flags],
            "hidden_dangers": [vars(each) for each in self.hidden_dangers],
            "reasons": list(self.reasons),
        }


def stop_advice(belief: Belief, wanted: Filter, rule: StopRule) -> StopAdvice:
    """Whether to stop asking the wanted questions, with the figures; see `Assessment`."""
    return advice_of(Assessment(belief, wanted.wanted(belief.network), rule))


def advice_of(standing: Assessment) -> StopAdvice:
    """The advice, with its figures and in words."""
    agreement, rule = standing.agreement, standing.rule
    best = standing.candidates[0] if standing.candidates else None
    advice = StopAdvice(
        stop=standing.is_enough and standing.last is None,
        same_decision=agreement.share,
        same_leader=agreement.leader / agreement.patients,
        same_level=agreement.level / agreement.patients,
        standard_error=agreement.error if standing.left else 0.0,
        samples=agreement.patients if standing.left else 0,
        threshold=rule.threshold,
        left=len(standing.left),
        foreseen=len(standing.foreseen),
        worth_asking=standing.worth_asking,
        best=best.id if best else "",
        best_value=best.value if best else 0.0,
        least_value=rule.least_value,
        open_dangers=standing.open_dangers,
        last=standing.last.id if standing.last else "",
        open_flags=standing.open_flags,
        missed=standing.missed,
        most_missed=rule.most_missed,
        foreseen_of_hidden=len(standing.foreseen_of_hidden) if standing.hidden_dangers else 0,
        hidden_dangers=standing.hidden_dangers,
        reasons=(),
    )
    return replace(advice, reasons=tuple(_reasons(standing.belief.network, advice)))


# --- in words ---------------------------------------------------------------------------------------------------------


def _reasons(network: Network, advice: StopAdvice) -> Iterator[str]:
    for each in advice.open_dangers:
        yield (
            f"{network.conditions[each.condition].name} {percent(each.probability)} is not below its limit of "
            f"{percent(each.limit)}; an answer to {_label(network, each.finding)} would take it below, to "
            f"{percent(each.lowest)} at the lowest, with a chance of {percent(each.chance)} (one question ahead)"
        )
    for flag in advice.open_flags[:MOST_TOLD]:
        yield (
            f"an answer to {_label(network, flag.finding)} could be a warning sign, with a chance of "
            f"{percent(flag.chance)}: {flag.flag.label}"
        )
    if not advice.left:
        yield "nothing is left to ask"
        return
    hidden, goes_on = list(_hidden_told(network, advice)), advice.missed > advice.most_missed
    told = [_agreement_told(advice), *_worth_told(network, advice)]
    settled, worthless = advice.same_decision >= advice.threshold, advice.best_value < advice.least_value
    ending = reversed(told) if worthless and not settled else told
    yield from (*hidden, *ending) if goes_on else (*ending, *hidden)


def _hidden_told(network: Network, advice: StopAdvice) -> Iterator[str]:
    if not advice.hidden_dangers:
        return
    ahead = _ahead_told(advice.foreseen_of_hidden, advice.left)
    told = [each for each in advice.hidden_dangers if each.missed > 0.0]
    if not told:  # an estimate of 0 would say more than so many patients can
        drawn = sum(each.drawn for each in advice.hidden_dangers)
        yield (
            f"of {drawn} patients drawn who have what is dangerous and below its limit now, asking {ahead} left would "
            "find none"
        )
        return
    for each in told[:MOST_TOLD]:
        yield (
            f"{network.conditions[each.condition].name} {percent(each.probability)} is below its limit of "
            f"{percent(each.limit)}; in {each.found} of {each.drawn} patients drawn who have it, asking {ahead} "
            f"left would bring it over"
        )
    than = "over" if advice.missed > advice.most_missed else "not over"
    yield (
        f"ending now would miss, and asking {ahead} left would find, what is dangerous in "
        f"{_of_10_000(advice.missed)} of 10,000 such patients (estimated), {than} {_of_10_000(advice.most_missed)}"
    )


def _of_10_000(chance: float) -> str:
    return f"{10_000 * chance:.2g}" if chance < 0.001 else f"{10_000 * chance:,.0f}"


def _label(network: Network, name: str) -> str:
    """What people call a question or a list, in quotation marks."""
    group = network.opening.tick_all.get(name)
    return quoted("".join(group.question.partition("?")[:2]) if group else network.questions[name].label)


def _worth_told(network: Network, advice: StopAdvice) -> Iterator[str]:
    if advice.best:
        than = "below" if advice.best_value < advice.least_value else "not below"
        yield (
            f"the best question left, {_label(network, advice.best)}, is worth {advice.best_value:.4f} bits, {than} "
            f"{advice.least_value:g}"
        )
    else:
        yield "nothing can be asked now"


def _agreement_told(advice: StopAdvice) -> str:
    than = "at or over" if advice.same_decision >= advice.threshold else "below"
    return (
        f"were {_ahead_told(advice.foreseen, advice.left)} left answered, leader and level of urgency would stay what "
        f"they are in {percent(advice.same_decision)} (standard error {percent(advice.standard_error)}), {than} the "
        f"threshold of {percent(advice.threshold)}"
    )


def _ahead_told(foreseen: int, left: int) -> str:
    return f"the best {foreseen} of {_counted(left)}" if foreseen < left else f"all of {_counted(left)}"


def _counted(count: int) -> str:
    return f"{count} question{'' if count == 1 else 's'}"
