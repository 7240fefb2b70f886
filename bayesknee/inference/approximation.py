"""What exact work may take, and what is told of a posterior that is not exact."""

from __future__ import annotations
