"""The look of a condition: the same colour, marker and dashes in every picture of its network.

It follows from the condition's place in the network, not from its rank in a diagnosis, so that pictures of two patients
can be compared. The condition that stands for all others is grey.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from bayesknee.knowledge.network import Network

# Okabe and Ito, Color Universal Design, 2008, without black, which is for marks, and yellow, which is lost on white;
# then the same six darker, and lighter. All are told apart by the colour-blind.
PALETTE: Final = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"),
    *("#00395A", "#7A3500", "#00503A", "#7B3E62", "#7D5700", "#1F6D99"),
    *("#7FB8D8", "#EAAE80", "#80CEB9", "#E6BCD3", "#F2CF80", "#ABDAF4"),
)
# Seven and four have no common divisor: 28 conditions go by before a marker comes again with the same dashes.
MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X")
DASHES: Final = ("-", "--", "-.", ":")
CATCH_ALL: Final = "#8C8C8C"
GROUP: Final = "#595959"  # of several conditions, which have no colour in common


@dataclass(frozen=True)
class ConditionStyle:
    """How a condition is drawn."""

    color: str
    marker: str
    dashes: str

    @property
    def line(self) -> dict[str, Any]:
        """As matplotlib's properties of a line."""
        return {"color": self.color, "marker": self.marker, "linestyle": self.dashes}


def numbered_style(number: int) -> ConditionStyle:
    """The style of the condition at this place, from 0; any number has one."""
    return ConditionStyle(
        PALETTE[number % len(PALETTE)], MARKERS[number % len(MARKERS)], DASHES[number % len(DASHES)]
    )  # fmt: skip


def style_of(network: Network, name: str) -> ConditionStyle:
    """The style of a condition, or the dark grey of a group, by id."""
    if name == network.catch_all:
        return ConditionStyle(CATCH_ALL, "*", "-")
    if name not in network.conditions:
        return ConditionStyle(GROUP, "h", "-")
    named = [name for name in network.conditions if name != network.catch_all]
    return numbered_style(named.index(name))
