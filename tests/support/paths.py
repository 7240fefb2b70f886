"""Where things stand in the checkout, from wherever a test looks."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
NETWORKS: Final = ROOT / "tests" / "networks"
