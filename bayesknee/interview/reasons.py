"""Why a question of an interview is asked, and why the interview is over, in words."""

from __future__ import annotations

from typing import Final

from bayesknee.diagnosis.asking.dangers import LEAST_CHANCE
from bayesknee.diagnosis.asking.next_questions import NextQuestions
from bayesknee.diagnosis.wording import reason, why
from bayesknee.interview.consequences import Consequences
from bayesknee.interview.preliminaries import WHY, WHY_SCOPE, is_preliminary
from bayesknee.interview.prompts import Prompt

MOST_EXPLAINED: Final = 3  # lines of a checklist that are explained; judged: the answer is read during an interview


def why_finished(now: Consequences) -> tuple[str, ...]:
    """Why the interview is over, in words and figures; empty if it is not."""
    if now.prompt is not None:
        return ()
    if now.is_stopped_outside:
        return tuple(f"{answer.label}: {answer.reason} {answer.go_to}" for answer in now.outside)
    if not now.state.ended:
        return now.advice.reasons
    unasked = dict.fromkeys(flag.flag.label for flag in now.standing.flags if flag.chance >= LEAST_CHANCE)
    return (
        "ended by choice; what was not asked could change the result",
        *((f"among it warning signs: {', '.join(unasked)}",) if unasked else ()),
    )


def short_reason(now: Consequences, prompt: Prompt) -> str:
    """Why the present question is asked, in a few words; empty where that needs none."""
    if is_preliminary(prompt.id):
        return ""
    # What such a list tells of common causes is not why it is asked.
    if prompt.options and len(prompt.warnings) == len(prompt.options):
        return "Each of these is a warning sign."
    ranked = _ranked(now, prompt)
    return reason(now.diagnosis, ranked[0]) if ranked and ranked[0].value >= now.policy.least_value else ""


def full_reason(now: Consequences, prompt: Prompt) -> str:
    """Why the present question is asked, in words and figures."""
    if is_preliminary(prompt.id):
        return WHY.get(prompt.id, WHY_SCOPE)
    missed = now.would_be_missed
    hidden = [f"ending now could miss {', '.join(missed)}"] if missed else []
    return "; ".join([*_worth(now, prompt), *_flags(now, prompt), *hidden]) or "What is known settles it already."


def _worth(now: Consequences, prompt: Prompt) -> list[str]:
    """What the answers would do; of a checklist, for the lines that tell most."""
    ranked = _ranked(now, prompt)[:MOST_EXPLAINED]
    reasons = [why(now.diagnosis, question) for question in ranked]
    if prompt.kind != "tick_all":
        return reasons
    labels = [now.engine.network.questions[question.finding].label for question in ranked]
    return [f"{label}: {reason}" for label, reason in zip(labels, reasons, strict=True)]


def _flags(now: Consequences, prompt: Prompt) -> list[str]:
    """The warning signs that an answer could bring out."""
    likely = (flag for flag in now.standing.flags if flag.chance >= LEAST_CHANCE)
    labels = {flag.flag.label for flag in likely if flag.finding in _names(prompt)}
    return [f"it could be a warning sign: {label}" for label in sorted(labels)]


def _ranked(now: Consequences, prompt: Prompt) -> NextQuestions:
    """The questions of a prompt, best first."""
    return now.diagnosis.rank_questions(within=_names(prompt), objective=now.policy.objective)


def _names(prompt: Prompt) -> list[str]:
    return [option.value for option in prompt.options] if prompt.kind == "tick_all" else [prompt.id]
