"""Which questions are warning signs: to be asked whatever they are worth in bits, and denied only on reflection.

One list for all that shows them: a list to tick in the terminal and in a notebook, and a form.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bayesknee.knowledge.checks import NetworkParts
from bayesknee.knowledge.model import LEVELS, Condition, NoisyOr, Reading

# Judged: how many times likelier a must-not-miss condition must make a yes. A lower figure makes most questions warning
# signs (2 makes half of them), and a warning that is always given is read by nobody.
TIMES_LIKELIER: Final = 10.0


def find_warning_signs(parts: NetworkParts) -> tuple[str, ...]:
    """The ids of warning signs: what red flags read, then what points to a must-not-miss condition.

    What red flags read comes in the order of their urgency, the rest in that of how strongly it points there. A finding
    points to the condition that makes it likeliest, if that is `TIMES_LIKELIER` its leak or more; only a finding that
    is present or absent does. A risk factor points to each condition of which a state of it multiplies the odds by that
    or more.
    """
    flags = sorted(parts.red_flags.values(), key=lambda flag: LEVELS.index(flag.level))
    read = dict.fromkeys(name for flag in flags for name in flag.questions)
    times = {name: max(_times(parts, name), default=0.0) for name in (*parts.risk_factors, *parts.findings)}
    others = [name for name, ratio in times.items() if ratio >= TIMES_LIKELIER and name not in read]
    return (*read, *sorted(others, key=lambda name: -times[name]))


def _times(parts: NetworkParts, name: str) -> Iterator[float]:
    """How many times likelier a question's answers are made by must-not-miss conditions, or these by the answers."""
    dangers = {each.id: each for each in parts.conditions.values() if each.must_not_miss}
    if name in parts.risk_factors:
        yield from (_odds_ratio(condition, name) for condition in dangers.values())
        return
    model = parts.findings[name].model
    rule = parts.signs[model.sign].noisy_or if isinstance(model, Reading) else model
    if isinstance(rule, NoisyOr) and rule.causes:
        likeliest = max(rule.causes, key=lambda cause: rule.causes[cause].value)
        if likeliest in dangers:
            yield rule.causes[likeliest].value / rule.leak.value


def _odds_ratio(condition: Condition, factor: str) -> float:
    return max((ratio.value for ratio in condition.odds_ratios.get(factor, {}).values()), default=1.0)
