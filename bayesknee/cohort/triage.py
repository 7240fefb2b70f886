"""The triage level that a diagnosis calls for."""

from __future__ import annotations

from bayesknee.inference.diagnosis import Diagnosis
from bayesknee.knowledge.model import LEVELS


def level_of(diagnosis: Diagnosis) -> str:
    """The most urgent level among conditions at or over their limit and the leading one."""
    conditions = diagnosis.network.conditions
    leader = next(iter(diagnosis.posterior))
    over = [name for name, p in diagnosis.posterior.items() if p >= conditions[name].limit.value]
    return min((conditions[name].level for name in [leader, *over]), key=LEVELS.index)
