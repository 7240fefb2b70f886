"""Where things stand in the checkout, from wherever a test looks."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
NETWORKS: Final = ROOT / "tests" / "networks"
KNEE_11: Final = NETWORKS / "posterior_knee_0_3"
"""Version 0.3.2 of the network that ships, with eleven conditions. Tests that hold on to figures hold on to these."""
