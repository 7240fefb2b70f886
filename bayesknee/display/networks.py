"""The networks that ship, as text for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TextIO

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from bayesknee.diagnosis.wording import scope_line
from bayesknee.display.terminal import console_for, rendered
from bayesknee.knowledge.network import Network


def networks_text(networks: Mapping[str, Network], file: TextIO | None = None) -> str:
    """Each network by its name, with what it is for, its settings, and how much it asks and weighs."""
    return rendered(console_for(file), *_parts(networks))


def _parts(networks: Mapping[str, Network]) -> Iterator[RenderableType]:
    for name, network in networks.items():
        yield Text(f"{name} {network.version}: {network.title}", style="bold")
        counted = f"{len(network.conditions)} conditions, {len(network.questions)} questions"
        for line in filter(None, (scope_line(network), f"Settings: {', '.join(network.settings)}; {counted}.")):
            yield Padding(Text(line), (0, 0, 0, 2))
