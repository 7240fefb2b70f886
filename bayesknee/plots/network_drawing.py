"""A network drawn in layers, whole or around one condition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import matplotlib as mpl
from immutabledict import immutabledict
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.patches import FancyBboxPatch
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from bayesknee.knowledge.network import Network
from bayesknee.plots.boxed_words import LARGEST
from bayesknee.plots.canvas import BLACK, EDGE, GREY, POINTS, axes_for
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
from bayesknee.plots.network_places import Place, Sheet, placed, sheet_for, sheet_in
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
        point = ax.figure.dpi / POINTS
        sheet = sheet_in(layers, ax.bbox.width / point, ax.bbox.height / point, ax.figure.dpi)
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
            if node.id in places:
                _draw_node(ax, network, sheet, layer, node, places[node.id])
    for heading in sheet.headings():
        ax.text(heading.x, heading.y, heading.text, ha=heading.align, va="center", weight=heading.weight,
                fontsize=sheet.size)  # fmt: skip
    ax.set_axes_locator(_ScaledLetters(ax, sheet))


class _ScaledLetters:
    """Makes the letters smaller where the box of the axes has become smaller than it was when they were drawn."""

    def __init__(self, ax: Axes, sheet: Sheet) -> None:
        self.ax, self.sheet, self.box_of = ax, sheet, ax.get_axes_locator()
        self.texts: list[Text] = list(ax.texts)

    def get_subplotspec(self) -> Any:  # noqa: ANN401 (matplotlib's protocol)
        """The place in a grid, for `tight_layout`."""
        return self.ax.get_subplotspec()

    def __call__(self, ax: Axes, renderer: Any) -> Bbox:  # noqa: ANN401 (matplotlib's protocol)
        box = self.box_of(ax, renderer) if self.box_of else ax.get_position(original=True)
        frame: Any = ax.get_figure(root=False)
        pixels = Bbox(frame.transSubfigure.transform(box))
        point = frame.dpi / POINTS
        share = min(pixels.width / point / self.sheet.width, pixels.height / point / self.sheet.height)
        for text in self.texts:
            text.set_fontsize(self.sheet.size * (1.0 if share > _SHRUNK else _SHRUNK * share))
        return box


# --- ink -----------------------------------------------------------------------------------------------------------


def _draw_links(ax: Axes, network: Network, sheet: Sheet, places: Mapping[str, Place]) -> None:
    links = [each for each in sheet.layers.links if each.source in places and each.target in places]
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


def _draw_node(ax: Axes, network: Network, sheet: Sheet, layer: int, node: DrawnNode, place: Place) -> None:
    text = plain("\n".join(sheet.lines(layer, node)))
    style: dict[str, Any] = {"fontsize": sheet.size, "va": "center"}
    if layer in (CONDITIONS, SIGNS):
        _draw_box(ax, network, node, place)
        style |= {"weight": "bold" if node.kind == "condition" else "normal"}
        style |= {"style": "italic" if node.kind == "bundle" else "normal"}
        ax.text((place.left + place.right) / 2.0, place.middle, text, ha="center", **style)
    elif layer == RISKS:
        ax.text(place.right - 3.0, place.middle, text, ha="right", **style)
    elif layer == FINDINGS:
        ax.text(place.left + 3.0, place.middle, text, ha="left", **style)


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
