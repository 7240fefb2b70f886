"""A network drawn in layers, whole or around one condition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from immutabledict import immutabledict
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch
from matplotlib.path import Path

from bayesknee.knowledge.network import Network
from bayesknee.plots.canvas import BLACK, GREY, STYLES, axes_for, wrapped
from bayesknee.plots.layers import (
    CONDITIONS,
    FINDINGS,
    RISKS,
    SIGNS,
    DrawnLink,
    DrawnNode,
    Layers,
    NodeKind,
    layers_around,
    layers_of,
)

# Inches. Each layer has its left and right edge, where links leave and arrive.
EDGES: Final = ((0.0, 3.0), (4.2, 6.2), (8.2, 10.4), (11.6, 15.8))
LINE: Final = 0.135
GAP: Final = 0.07
OWNER_GAP: Final = 0.14
TOP: Final = 0.55
_WRAP: Final = (44, 28, 30, 64)
_BOXED: Final[frozenset[NodeKind]] = frozenset({"condition", "sign", "bundle"})
_MARKERS: Final[Mapping[str, str]] = immutabledict(risk_factor=">", history="o", exam="s", test="^")
_FONT: Final = 7.5


def network(network: Network, ax: Axes | None = None, *, around: str | None = None) -> Axes:
    """The network in layers: risk factors, conditions, signs, findings.

    Lines are thick where the link is strong. Findings that depend on conditions directly hang on the name of their
    topic, to which the lines of all of a condition's links are bundled. Around one condition, the numbers are told.

    Args:
        network: what to draw.
        ax: axes to draw on; new ones, high enough for all names, where left out.
        around: id of a condition to which the picture keeps; the whole network where left out.

    Returns:
        The axes; its data units are inches of a picture of the size that it would have had by itself.

    Raises:
        ConditionError: no such condition.
        PictureError: a picture too high to be drawn.
    """
    layers = layers_around(network, around) if around is not None else layers_of(network)
    places, height = _placed(layers)
    ax = axes_for(ax, EDGES[-1][1] + 0.3, height + TOP + 0.5)
    ax.set_xlim(EDGES[0][0] - 0.1, EDGES[-1][1] + 0.1)
    ax.set_ylim(height + 0.1, -TOP)
    ax.axis("off")
    _draw_links(ax, layers, places)
    for layer, nodes in enumerate(layers.nodes):
        for node in nodes:
            _draw_node(ax, layer, node, places[node.id])
    _draw_headings(ax, layers)
    return ax


# --- places --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Place:
    """Where a node is: its left and right edge and its middle, its height."""

    left: float
    right: float
    middle: float
    height: float


def _placed(layers: Layers) -> tuple[dict[str, _Place], float]:
    """Findings one below the other, by owner; signs and risk factors beside the middle of what they lead to."""
    conditions, owners = _in_order(layers)
    middles, height = _stack(layers, owners)
    height = max([height, *(_room(layer, nodes) for layer, nodes in enumerate(layers.nodes))])
    for layer in (SIGNS, CONDITIONS, RISKS):
        wanted = {node.id: _mean_target(layers.links, node.id, middles, height / 2.0) for node in layers.nodes[layer]}
        if layer == CONDITIONS:  # evenly, or all of them would crowd in the middle
            wanted = {name: (rank + 0.5) * height / len(conditions) for rank, name in enumerate(conditions)}
        middles |= _spread(layer, layers.nodes[layer], wanted, height)
    places = {
        node.id: _Place(*EDGES[layer], middles[node.id], _height(layer, node))
        for layer, nodes in enumerate(layers.nodes)
        for node in nodes
    }
    return places, height


def _in_order(layers: Layers) -> tuple[list[str], list[str]]:
    """Conditions, and signs and bundles, in an order in which the links between them cross little.

    They take turns to be sorted by the mean place of the others (Sugiyama, Tagawa and Toda 1981).
    """
    conditions = [node.id for node in layers.nodes[CONDITIONS]]
    signs = [node.id for node in layers.nodes[SIGNS]]
    pairs = [link for link in layers.links if link.source in set(conditions) and link.target in set(signs)]
    backwards = [DrawnLink(link.target, link.source, link.strength, "") for link in pairs]
    for _ in range(4):
        signs = _by_mean(signs, backwards, conditions)
        conditions = _by_mean(conditions, pairs, signs)
    return conditions, signs


def _by_mean(names: Sequence[str], links: Iterable[DrawnLink], others: Sequence[str]) -> list[str]:
    rank = {name: float(place) for place, name in enumerate(others)}
    links = list(links)
    means = {name: _mean_target(links, name, rank, len(others) / 2.0) for name in names}
    return sorted(names, key=means.__getitem__)


def _mean_target(links: Iterable[DrawnLink], source: str, middles: Mapping[str, float], default: float) -> float:
    """The mean place of what `source` leads to, strong links counting more."""
    found = [
        (link.strength, middles[link.target]) for link in links if link.source == source and link.target in middles
    ]
    total = sum(strength for strength, _ in found)
    return sum(strength * middle for strength, middle in found) / total if total else default


def _stack(layers: Layers, owners: Sequence[str]) -> tuple[dict[str, float], float]:
    """Middles of the findings, and the height of all of them; an owner without findings takes room, too."""
    middles: dict[str, float] = {}
    top = 0.0
    own: dict[str, list[DrawnNode]] = {owner: [] for owner in owners}
    for node in layers.nodes[FINDINGS]:
        own[layers.owners[node.id]].append(node)
    boxes = {node.id: _height(SIGNS, node) for node in layers.nodes[SIGNS]}
    for owner, findings in own.items():
        heights = [_height(FINDINGS, node) for node in findings]
        room = max(sum(heights), boxes[owner]) + OWNER_GAP
        y = top + (room - sum(heights)) / 2.0
        for node, height in zip(findings, heights, strict=True):
            middles[node.id] = y + height / 2.0
            y += height
        if not findings:
            middles[owner] = top + room / 2.0
        top += room
    return middles, top


def _spread(layer: int, nodes: Sequence[DrawnNode], wanted: Mapping[str, float], height: float) -> dict[str, float]:
    """Places near the wanted ones without overlap: pushed down where too close, then up from the lower end."""
    order = sorted(nodes, key=lambda node: wanted[node.id])
    middles: dict[str, float] = {}
    free = 0.0
    for node in order:
        half = _height(layer, node) / 2.0
        middles[node.id] = max(wanted[node.id], free + half)
        free = middles[node.id] + half
    free = height
    for node in reversed(order):
        half = _height(layer, node) / 2.0
        middles[node.id] = min(middles[node.id], free - half)
        free = middles[node.id] - half
    return middles


def _room(layer: int, nodes: Iterable[DrawnNode]) -> float:
    return sum(_height(layer, node) for node in nodes)


def _height(layer: int, node: DrawnNode) -> float:
    padding = 0.12 if node.kind in _BOXED else 0.0
    return LINE * (_text(layer, node).count("\n") + 1) + GAP + padding


def _text(layer: int, node: DrawnNode) -> str:
    if layer == FINDINGS:
        return wrapped(f"{node.label}: {node.note}" if node.note else node.label, _WRAP[layer])
    label = wrapped(node.label, _WRAP[layer])
    return f"{label}\n{wrapped(node.note, _WRAP[layer])}" if node.note else label


# --- ink -----------------------------------------------------------------------------------------------------------


def _draw_links(ax: Axes, layers: Layers, places: Mapping[str, _Place]) -> None:
    colors = {node.id: STYLES[i % len(STYLES)]["color"] for i, node in enumerate(layers.nodes[CONDITIONS])}
    links = sorted(layers.links, key=lambda link: link.strength)
    ax.add_collection(
        PathCollection(
            [_curve(places[link.source], places[link.target]) for link in links],
            facecolors="none",
            edgecolors=[colors.get(link.condition, GREY) for link in links],
            linewidths=[0.4 + 1.8 * link.strength**2 for link in links],
            alpha=0.65,
            zorder=1,
        ),
        autolim=False,
    )


def _curve(source: _Place, target: _Place) -> Path:
    """Level at both ends; from condition to condition of one layer in a bow at its left."""
    if source.left == target.left:
        bow = source.left - 0.25 - 0.04 * abs(source.middle - target.middle)
        ends = (source.left, bow, bow, target.left)
    else:
        bend = (target.left - source.right) / 2.0
        ends = (source.right, source.right + bend, target.left - bend, target.left)
    heights = (source.middle, source.middle, target.middle, target.middle)
    return Path(list(zip(ends, heights, strict=True)), [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])


def _draw_node(ax: Axes, layer: int, node: DrawnNode, place: _Place) -> None:
    text = _text(layer, node)
    if node.kind in _BOXED:
        _draw_box(ax, node, place)
        middle = (place.left + place.right) / 2.0
        weight = "bold" if node.kind == "condition" else "normal"
        style = "italic" if node.kind == "bundle" else "normal"
        ax.text(middle, place.middle, text, ha="center", va="center", fontsize=_FONT, weight=weight, style=style)
    elif layer == RISKS:
        ax.plot(place.right, place.middle, marker=_MARKERS[node.kind], color=BLACK, markersize=4)
        ax.text(place.right - 0.1, place.middle, text, ha="right", va="center", fontsize=_FONT)
    else:
        ax.plot(
            place.left, place.middle, color=BLACK, markersize=4, markerfacecolor="white", marker=_MARKERS[node.kind]
        )
        ax.text(place.left + 0.12, place.middle, text, ha="left", va="center", fontsize=_FONT)


def _draw_box(ax: Axes, node: DrawnNode, place: _Place) -> None:
    """Conditions have sharp corners and a thick edge, signs round ones, topics none."""
    corner = (place.left, place.middle - place.height / 2.0 + GAP / 2.0)
    style = f"round,pad=0,rounding_size={0.02 if node.kind == 'condition' else 0.1}"
    edge = {"condition": (1.4, BLACK), "sign": (0.7, BLACK), "bundle": (0.7, GREY)}[node.kind]
    box = FancyBboxPatch(
        corner,
        place.right - place.left,
        place.height - GAP,
        boxstyle=style,
        facecolor="white",
        linewidth=edge[0],
        edgecolor=edge[1],
        linestyle=":" if node.kind == "bundle" else "-",
        zorder=2,
    )
    ax.add_patch(box)


def _draw_headings(ax: Axes, layers: Layers) -> None:
    headings = ("Risk factors", "Conditions", "Hidden signs; topics (dotted)", "Findings")
    for (left, right), heading, nodes in zip(EDGES, headings, layers.nodes, strict=True):
        if nodes:
            place = {"Risk factors": (right, "right"), "Findings": (left, "left")}
            x, align = place.get(heading, ((left + right) / 2.0, "center"))
            ax.text(x, -0.3, heading, ha=align, va="center", weight="bold", fontsize=9)
    kinds = {"history": "history", "exam": "examination", "test": "test"}
    handles = [
        Line2D([], [], color=BLACK, markerfacecolor="white", marker=_MARKERS[kind], linestyle="", label=label)
        for kind, label in kinds.items()
    ]
    ax.legend(handles=handles, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, frameon=False, fontsize="small")
