"""What the engine says of one patient: an immutable value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bayesknee.inference.evidence import Evidence
from bayesknee.knowledge.model import Network

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from bayesknee.inference.engine import Engine
    from bayesknee.inference.ledger import Ledger


@dataclass(frozen=True)
class NotRuledOut:
    """A must-not-miss condition whose probability is not below its limit."""

    condition: str
    probability: float
    limit: float


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """Posterior of one patient.

    Attributes:
        network, setting: what it was computed with.
        evidence: the answers it rests on.
        posterior: P(condition | evidence) by condition id, most probable first. Conditions can be true together, so
            the probabilities do not sum to 1.
        groups: P(at least one member | evidence) by group id.
        log_evidence: natural log of P(evidence | complaint, setting). A likelihood counts as given, so it is a
            probability only where all answers are states.
        engine: what made it, and works out on first use what is costly.
    """

    network: Network
    setting: str
    evidence: Evidence
    posterior: Mapping[str, float]
    groups: Mapping[str, float]
    log_evidence: float
    engine: Engine = field(compare=False)

    @cached_property
    def prior(self) -> Mapping[str, float]:
        """The base rates in this setting, by condition id, in the order of `posterior`."""
        return {name: self.network.conditions[name].base_rate_in(self.setting) for name in self.posterior}

    @cached_property
    def not_ruled_out(self) -> tuple[NotRuledOut, ...]:
        """Must-not-miss conditions at or over their limit, most probable first."""
        dangerous = (
            NotRuledOut(name, probability, self.network.conditions[name].limit.value)
            for name, probability in self.posterior.items()
            if self.network.conditions[name].must_not_miss
        )
        return tuple(each for each in dangerous if each.probability >= each.limit)

    @cached_property
    def ledger(self) -> Ledger:
        """How much each answer moved each condition and group, and why; see `bayesknee.inference.ledger`."""
        from bayesknee.inference.ledger import ledger_of

        return ledger_of(self)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data, ready for JSON."""
        conditions = self.network.conditions
        return {
            "network": {"id": self.network.id, "version": self.network.version, "sha256": self.network.sha256},
            "setting": self.setting,
            "evidence": {
                name: answer if isinstance(answer, str) else dict(answer)
                for name, answer in self.evidence.answers.items()
            },
            "implied": [
                {"finding": gate, "states": list(states), "taken_from": list(self.evidence.taken_from[gate])}
                for gate, states in self.evidence.implied.items()
            ],
            "posterior": [
                {"condition": name, "name": conditions[name].name, "prior": self.prior[name], "probability": p}
                for name, p in self.posterior.items()
            ],
            "groups": [
                {"group": name, "name": self.network.groups[name].name, "probability": p}
                for name, p in self.groups.items()
            ],
            "log_evidence": self.log_evidence,
            "not_ruled_out": [
                {"condition": each.condition, "probability": each.probability, "limit": each.limit}
                for each in self.not_ruled_out
            ],
        }

    def to_frame(self) -> pd.DataFrame:
        """A row per condition, most probable first: name, prior, probability, level."""
        import pandas as pd

        rows = {
            name: {
                "name": self.network.conditions[name].name,
                "prior": self.prior[name],
                "probability": probability,
                "level": self.network.conditions[name].level,
            }
            for name, probability in self.posterior.items()
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("condition")

    def plot(self, ax: Axes | None = None) -> Axes:
        """The posterior as bars; see `bayesknee.display.plots.plot_posterior`."""
        from bayesknee.display.plots import plot_posterior

        return plot_posterior(self, ax)

    def plot_course(self, ax: Axes | None = None) -> Axes:
        """How the posterior moved answer by answer; see `bayesknee.display.plots.plot_course`."""
        from bayesknee.display.plots import plot_course

        return plot_course(self, ax)

    def __repr__(self) -> str:
        leaders = ", ".join(f"{name} {p:.1%}" for name, p in list(self.posterior.items())[:3])
        return f"<Diagnosis {self.network.id}, {self.setting}, {len(self.evidence.answers)} answers: {leaders}>"

    def _repr_html_(self) -> str:
        return self.to_frame().to_html(float_format="{:.1%}".format)
