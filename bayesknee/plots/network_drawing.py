"""A network drawn in layers, whole or around one condition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import matplotlib as mpl
from immutabledict import immutabledict
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.patches import FancyBboxPatch
from matplotlib.path import Path
from matplotlib.transforms import Bbox

from bayesknee.knowledge.network import Network
from bayesknee.plots.axes_box import POINTS, AxesBox, box_size
from bayesknee.plots.boxed_words import LARGEST
from bayesknee.plots.canvas import BLACK, EDGE, GREY, axes_for
from bayesknee.plots.condition_styles import style_of
from bayesknee.plots.layers import (
    CONDITIONS,
    FINDINGS,
    RISKS,
    SIGNS,
    DrawnNode,
    gathered,
    layers_around,
    layers_of,
)
from bayesknee.plots.network_places import BESIDE_LINKS, Place, Sheet, placed, sheet_for, sheet_in
from bayesknee.plots.text_fitting import plain

_LINE_WIDTHS: Final = (0.4, 1.8)  # points, of the weakest link, and how much wider the strongest is
_EDGES: Final[Mapping[str, tuple[float, str]]] = immutabledict(
    condition=(2.2, BLACK), sign=(0.7, BLACK), bundle=(0.7, GREY)
)
_SHRUNK: Final = 0.97  # letters are that much smaller than the box is, for they do not become narrower in proportion


def network(network: Network, ax: Axes | None = None, *, around: str | None = None) -> Axes:
    """The network in layers: risk factors, conditions, signs, findings.

    Lines are thick where the link is strong, and have the colour of their condition. Findings that
    depend on conditions directly hang on the name of their topic, to which the lines of all of a condition's links are
    bundled. The findings of the whole network stand beside their sign; around one condition each has a line with its
    numbers. Where axes have too little room for that, signs tell how many findings they have, and at last only the
    nodes with the strongest links are drawn, and how many more there are.

    Args:
        network: what to draw.
        ax: axes to draw in, in whose box the whole picture stays; new ones, high enough for all names and 16 inches
            wide, where left out.
        around: id of a condition to which the picture keeps; the whole network where left out.

    Returns:
        The axes; their units are points, from the upper left corner of the box.

    Raises:
        ConditionError: no such condition.
        PictureError: a picture too high to be drawn.
    """
    layers = layers_around(network, around) if around is not None else gathered(layers_of(network))
    if ax is None:
        sheet = sheet_for(layers, mpl.rcParams["figure.dpi"])
        ax = axes_for(None, (sheet.width + EDGE) / POINTS, (sheet.height + EDGE) / POINTS)
    else:
        sheet = sheet_in(layers, *box_size(ax), ax.figure.dpi)
    _draw(ax, network, sheet)
    return ax


def _draw(ax: Axes, network: Network, sheet: Sheet) -> None:
    layers = sheet.layers
    ax.set_xlim(0.0, sheet.width)
    ax.set_ylim(sheet.height, 0.0)
    ax.axis("off")
    places = placed(sheet)
    _draw_links(ax, network, sheet, places)
    for layer, nodes in enumerate(layers.nodes):
        for node in nodes:
            if layer in (CONDITIONS, SIGNS):
                _draw_box(ax, network, node, places[node.id])
            _write_node(ax, sheet, node, places[node.id])
    for heading in sheet.headings():
        ax.text(heading.x, heading.y, heading.text, ha=heading.align, va="center", weight=heading.weight,
                fontsize=sheet.size)  # fmt: skip
    _ScaledLetters(ax, sheet)


class _ScaledLetters(AxesBox):
    """Makes the letters smaller where the box of the axes has become smaller than it was when they were drawn."""

    def __init__(self, ax: Axes, sheet: Sheet) -> None:
        super().__init__(ax)
        self.sheet, self.texts = sheet, list(ax.texts)

    def marks(self, width: float, height: float, dpi: float) -> Bbox:  # noqa: ARG002 (whatever the resolution)
        share = min(width / self.sheet.width, height / self.sheet.height)
        for text in self.texts:
            text.set_fontsize(self.sheet.size * (1.0 if share > _SHRUNK else _SHRUNK * share))
        return Bbox.from_bounds(0.0, 0.0, width, height)


# --- ink -----------------------------------------------------------------------------------------------------------


def _draw_links(ax: Axes, network: Network, sheet: Sheet, places: Mapping[str, Place]) -> None:
    links = [link for link in sheet.layers.links if link.source in places and link.target in places]
    links.sort(key=lambda link: link.strength)
    looks = {name: style_of(network, name) for name in network.conditions}
    thin, more = (width * sheet.size / LARGEST for width in _LINE_WIDTHS)
    ax.add_collection(
        PathCollection(
            [_curve(places[link.source], places[link.target]) for link in links],
            facecolors="none",
            edgecolors=[looks[link.condition].color if link.condition else GREY for link in links],
            linewidths=[thin + more * link.strength**2 for link in links],
            alpha=0.7,
            zorder=1,
        ),
        autolim=False,
    )


def _curve(source: Place, target: Place) -> Path:
    """Level at both ends; from condition to condition of one layer in a bow at its left."""
    if source.left == target.left:
        bow = source.left - min(source.bow, 14.0 + 0.04 * abs(source.middle - target.middle))
        ends = (source.left, bow, bow, target.left)
    else:
        bend = (target.left - source.right) / 2.0
        ends = (source.right, source.right + bend, target.left - bend, target.left)
    heights = (source.middle, source.middle, target.middle, target.middle)
    return Path(list(zip(ends, heights, strict=True)), [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])


def _write_node(ax: Axes, sheet: Sheet, node: DrawnNode, place: Place) -> None:
    """In its box; of risk factors and findings, which have none, beside the links."""
    x, align = {
        RISKS: (place.right - BESIDE_LINKS, "right"),
        FINDINGS: (place.left + BESIDE_LINKS, "left"),
    }.get(place.layer, ((place.left + place.right) / 2.0, "center"))
    ax.text(
        x,
        place.middle,
        plain("\n".join(sheet.lines(place.layer, node))),
        ha=align,
        va="center",
        fontsize=sheet.size,
        weight="bold" if node.kind == "condition" and place.layer == CONDITIONS else "normal",
        style="italic" if node.kind == "bundle" else "normal",
    )


def _draw_box(ax: Axes, network: Network, node: DrawnNode, place: Place) -> None:
    """Conditions have sharp corners and a thick edge of their colour, signs round ones, topics a dotted one."""
    width, edge = _EDGES[node.kind]
    height = place.height - 3.0
    box = FancyBboxPatch(
        (place.left, place.middle - height / 2.0),
        place.right - place.left,
        height,
        boxstyle=f"round,pad=0,rounding_size={1.0 if node.kind == 'condition' else 5.0}",
        facecolor="white",
        linewidth=width,
        edgecolor=style_of(network, node.id).color if node.kind == "condition" else edge,
        linestyle=":" if node.kind == "bundle" else "-",
        zorder=2,
    )
    ax.add_patch(box)
