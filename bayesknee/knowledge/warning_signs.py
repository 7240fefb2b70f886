"""Which yes-or-no questions are warning signs, whose denial should be a considered one."""

from __future__ import annotations

from typing import Final

from bayesknee.knowledge.checks import NetworkParts
from bayesknee.knowledge.model import Condition, NoisyOr, Reading

# Judged: how many times likelier a must-not-miss condition must make a yes. A lower figure makes most questions warning
# signs, and a warning that is always given is read by nobody.
TIMES_LIKELIER: Final = 10.0


def find_warning_signs(parts: NetworkParts) -> frozenset[str]:
    """The ids of warning signs: what red flags read, and what points to a must-not-miss condition.

    A finding points to the condition that makes it likeliest, if that is `TIMES_LIKELIER` its leak or more. A risk
    factor points to each condition of which a state of it multiplies the odds by that or more.
    """
    flagged = {name for flag in parts.red_flags.values() for line in flag.when for name in line}
    return frozenset(
        flagged.union(name for name in (*parts.risk_factors, *parts.findings) if _points_to_danger(parts, name))
    )


def _points_to_danger(parts: NetworkParts, name: str) -> bool:
    dangers = [condition for condition in parts.conditions.values() if condition.must_not_miss]
    if name in parts.risk_factors:
        return any(_odds_ratio(condition, name) >= TIMES_LIKELIER for condition in dangers)
    model = parts.findings[name].model
    rule = parts.signs[model.sign].noisy_or if isinstance(model, Reading) else model
    if not isinstance(rule, NoisyOr) or not rule.causes:
        return False
    likeliest = max(rule.causes, key=lambda cause: rule.causes[cause].value)
    is_likelier = rule.causes[likeliest].value >= TIMES_LIKELIER * rule.leak.value
    return is_likelier and likeliest in {condition.id for condition in dangers}


def _odds_ratio(condition: Condition, factor: str) -> float:
    return max((ratio.value for ratio in condition.odds_ratios.get(factor, {}).values()), default=1.0)
