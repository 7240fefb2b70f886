"""What exact work may take, and what is told of a posterior that is not exact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from immutabledict import immutabledict

DEFAULT_MEMORY: Final = 2**30
DEFAULT_SECONDS: Final = 20.0


@dataclass(frozen=True)
class Budget:
    """What the exact work for one patient may take, by estimate, before an approximation takes its place.

    Attributes:
        memory: bytes.
        seconds: of one core.
    """

    memory: int = DEFAULT_MEMORY
    seconds: float = DEFAULT_SECONDS


@dataclass(frozen=True)
class Approximation:
    """How a posterior came about that is not exact: weighted draws; see `bayesknee.inference.noisy_or.approximate`.

    Attributes:
        draws: how many sets of conditions were drawn.
        effective: how many equally weighted ones they are worth.
        bounded: how many findings and signs were bounded in what was drawn from; the weights put that right.
        errors: half the width of the 95 % interval of each posterior, by condition id.
        log_evidence_error: the same of log P(evidence).
    """

    draws: int
    effective: float
    bounded: int
    errors: Mapping[str, float] = immutabledict()
    log_evidence_error: float = 0.0

    @property
    def largest_error(self) -> float:
        """The largest of the errors."""
        return max(self.errors.values(), default=0.0)

    def to_dict(self) -> dict[str, Any]:
        """All but the errors of single conditions as plain data, ready for JSON."""
        return {
            "method": "importance sampling",
            "draws": self.draws,
            "effective_draws": self.effective,
            "bounded_findings": self.bounded,
            "largest_error": self.largest_error,
            "log_evidence_error": self.log_evidence_error,
        }
