"""Advice on stopping, in words and figures; `Assessment.is_enough` decides.

Asking stops once the same-decision probability reaches the threshold (`bayesknee.diagnosis.asking.same_decision`), or
once no question is worth its burden. It goes on while one answer could bring a must-not-miss condition under its limit.
Before it stops, questions that could raise a red flag are asked. It also goes on while stopping would miss dangerous
conditions too often (`bayesknee.diagnosis.asking.dangers`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from bayesknee.diagnosis.asking.assessment import Assessment
from bayesknee.diagnosis.asking.dangers import HiddenDanger, OpenDanger, OpenFlag
from bayesknee.diagnosis.asking.same_decision import StopRule
from bayesknee.diagnosis.belief import Belief
from bayesknee.errors import quoted
from bayesknee.knowledge.network import Network
from bayesknee.patient.askable import Filter
from bayesknee.plain import attributes
from bayesknee.words import short_percent

MOST_LISTED: Final = 3  # reasons of one kind; judged: more would hide the reasons that decide


@dataclass(frozen=True)
class StopAdvice:
    """Whether to stop asking, and why.

    Attributes:
        stop: the advice.
        same_decision: the probability that leader and level of triage would stay the same if all questions left were
            answered.
        same_leader, same_level: the same probability of the leader alone, and of the level alone.
        standard_error: of `same_decision`; 0 if nothing is left to ask.
        samples: patients drawn for `same_decision`: enough to tell it from the threshold, up to a bound.
        threshold: of `same_decision`, inside (0, 1]; at or over it asking stops.
        left: how many questions could still be asked, including those whose gate an answer may open.
        foreseen: to how many of these `same_decision` looks ahead: all, or those worth most if they are too many for
            the engine.
        worth_asking: how many questions and checklists are worth their burden now; a guide for progress.
        best: id of the question or checklist that is worth most; empty if nothing can be asked.
        best_value: the value of `best`, in bits per unit of burden.
        least_value: the least value at which a question is asked, in bits per unit of burden.
        open_dangers: while there are any, asking goes on; most probable first. They are exact, but look only one
            question ahead.
        last: id of the question or checklist to ask before stopping, because it could be a warning sign, or because
            it says most about the conditions that stopping now would miss; empty if there is none.
        open_flags: red flags, more urgent than the level now, that an answer to `last` would raise.
        missed: the probability that stopping now misses a must-not-miss condition that asking everything would find:
            the sum over `hidden_dangers`.
        most_missed: asking goes on while `missed` is over this.
        foreseen_of_hidden: to how many of the questions left `missed` looks ahead, as `foreseen`; 0 if no patient was
            drawn.
        hidden_dangers: the conditions of `missed` for which patients were drawn, largest part first. Empty, and
            `missed` 0, if asking goes on anyway, or if together they are no more probable than `most_missed`.
        reasons: the advice in words and figures; the reasons that decide come first.
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
        """As plain data, ready for JSON; lists come last."""
        return dict(sorted(attributes(self).items(), key=lambda item: isinstance(item[1], list)))


def stop_advice(belief: Belief, wanted: Filter, rule: StopRule) -> StopAdvice:
    """Whether to stop asking the questions that the filter lets through, with the figures; see `Assessment`."""
    return advice_of(Assessment(belief, wanted.wanted(belief.network), rule))


def advice_of(standing: Assessment) -> StopAdvice:
    """The advice in figures and in words."""
    advice = _figures(standing)
    return replace(advice, reasons=tuple(_reasons(standing.belief.network, advice)))


def _figures(standing: Assessment) -> StopAdvice:
    agreement, rule = standing.agreement, standing.rule
    best = standing.candidates[0] if standing.candidates else None
    return StopAdvice(
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


# --- in words ---------------------------------------------------------------------------------------------------------


def _reasons(network: Network, advice: StopAdvice) -> Iterator[str]:
    for danger in advice.open_dangers:
        yield (
            f"{network.conditions[danger.condition].name} {short_percent(danger.probability)} is not below its limit "
            f"of {short_percent(danger.limit)}; an answer to {_label(network, danger.finding)} would take it below, to "
            f"{short_percent(danger.lowest)} at the lowest, with a chance of {short_percent(danger.chance)} "
            "(one question ahead)"
        )
    for flag in advice.open_flags[:MOST_LISTED]:
        yield (
            f"an answer to {_label(network, flag.finding)} could be a warning sign, with a chance of "
            f"{short_percent(flag.chance)}: {flag.flag.label}"
        )
    if not advice.left:
        yield "nothing is left to ask"
        return
    hidden, goes_on = list(_hidden_reasons(network, advice)), advice.missed > advice.most_missed
    figures = [_agreement_reason(advice), *_worth_reasons(network, advice)]
    settled, worthless = advice.same_decision >= advice.threshold, advice.best_value < advice.least_value
    ending = reversed(figures) if worthless and not settled else figures
    yield from (*hidden, *ending) if goes_on else (*ending, *hidden)


def _hidden_reasons(network: Network, advice: StopAdvice) -> Iterator[str]:
    if not advice.hidden_dangers:
        return
    ahead = _ahead_words(advice.foreseen_of_hidden, advice.left)
    found = [danger for danger in advice.hidden_dangers if danger.missed > 0.0]
    if not found:  # "missed in 0 of 10,000" would claim more than the patients drawn can show
        drawn = sum(danger.drawn for danger in advice.hidden_dangers)
        yield (
            f"of {drawn} patients drawn who have what is dangerous and below its limit now, asking {ahead} left would "
            "find none"
        )
        return
    yield from (_hidden_reason(network, danger, ahead) for danger in found[:MOST_LISTED])
    than = "over" if advice.missed > advice.most_missed else "not over"
    yield (
        f"ending now would miss, and asking {ahead} left would find, what is dangerous in "
        f"{_of_10_000(advice.missed)} of 10,000 such patients (estimated), {than} {_of_10_000(advice.most_missed)}"
    )


def _hidden_reason(network: Network, danger: HiddenDanger, ahead: str) -> str:
    return (
        f"{network.conditions[danger.condition].name} {short_percent(danger.probability)} is below its limit of "
        f"{short_percent(danger.limit)}; in {danger.found} of {danger.drawn} patients drawn who have it, asking "
        f"{ahead} left would bring it over"
    )


def _of_10_000(chance: float) -> str:
    return f"{10_000 * chance:.2g}" if chance < 0.001 else f"{10_000 * chance:,.0f}"


def _label(network: Network, name: str) -> str:
    """The label of a question or a checklist, in quotation marks."""
    group = network.opening.tick_all.get(name)
    return quoted("".join(group.question.partition("?")[:2]) if group else network.questions[name].label)


def _worth_reasons(network: Network, advice: StopAdvice) -> Iterator[str]:
    if advice.best:
        than = "below" if advice.best_value < advice.least_value else "not below"
        yield (
            f"the best question left, {_label(network, advice.best)}, is worth {advice.best_value:.4f} bits, {than} "
            f"{advice.least_value:g}"
        )
    else:
        yield "nothing can be asked now"


def _agreement_reason(advice: StopAdvice) -> str:
    than = "at or over" if advice.same_decision >= advice.threshold else "below"
    return (
        f"were {_ahead_words(advice.foreseen, advice.left)} left answered, leader and level of urgency would stay what "
        f"they are in {short_percent(advice.same_decision)} (standard error {short_percent(advice.standard_error)}), "
        f"{than} the threshold of {short_percent(advice.threshold)}"
    )


def _ahead_words(foreseen: int, left: int) -> str:
    return f"the best {foreseen} of {_counted(left)}" if foreseen < left else f"all of {_counted(left)}"


def _counted(count: int) -> str:
    return f"{count} question{'' if count == 1 else 's'}"
