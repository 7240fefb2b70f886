"""Where the nodes of a drawn network stand, in points, and how large their letters are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bayesknee.plots.boxed_words import SIZES, SMALLEST
from bayesknee.plots.layers import (
    CONDITIONS,
    FINDINGS,
    GLYPHS,
    REST,
    RISKS,
    SIGNS,
    DrawnLink,
    DrawnNode,
    Layers,
    counted,
    gathered,
    marked,
    strongest,
)
from bayesknee.plots.text_fitting import Letters

WIDTH: Final = 16.0 * 72.0 - 9.0  # points: 1,600 pixels at 100 dots per inch, with the edges of a figure
LETTERS: Final = 9.5  # points: 13 pixels at 100 dots per inch
# Shares of the width: the left and right edge of each layer, where links leave and arrive; without findings, and with.
_THREE: Final = ((0.0, 0.27), (0.36, 0.63), (0.73, 1.0))
_FOUR: Final = ((0.0, 0.17), (0.225, 0.355), (0.475, 0.615), (0.63, 1.0))
BESIDE_LINKS: Final = 3.0  # points between the end of a link and a name
_NARROWEST: Final = 9.0  # letters of a layer's width, or findings are only counted
_TIGHT: Final = 0.5  # letters of room around a name
_FREE: Final = 0.96  # of the height that is filled at most, so that a later layout may take some


@dataclass(frozen=True)
class Heading:
    """A word above a layer, or one of the key."""

    x: float
    y: float
    text: str
    align: str
    weight: str = "bold"


@dataclass(frozen=True)
class Place:
    """Where a node is: its layer, left and right edge, middle and height; how far a bow at its left may go."""

    layer: int
    left: float
    right: float
    middle: float
    height: float
    bow: float


@dataclass(frozen=True)
class Sheet:
    """What is drawn, on how large a sheet in points, and in letters of which size.

    Attributes:
        layers: the nodes and links.
        width: of the sheet.
        height: of the sheet; what is not needed parts the nodes.
        letters: in which names are written.
        most_lines: of a node of each of the first three layers; longer names are cut.
        tight: with little room around names.
    """

    layers: Layers
    width: float
    height: float
    letters: Letters
    most_lines: Sequence[int] = (99, 99, 99)
    tight: bool = False

    @property
    def size(self) -> float:
        """Of the letters, in points."""
        return self.letters.size

    @property
    def top(self) -> float:
        """The height of the headings."""
        return 2.4 * self.size

    @property
    def owner_gap(self) -> float:
        """Below each owner and its findings."""
        return 0.0 if self.tight else 0.7 * self.size

    @property
    def edges(self) -> Sequence[tuple[float, float]]:
        """Left and right edge of each layer that has nodes."""
        shares = _FOUR if self.layers.nodes[FINDINGS] else _THREE
        return [(left * self.width, right * self.width) for left, right in shares]

    def lines(self, layer: int, node: DrawnNode) -> list[str]:
        """What is written of a node."""
        left, right = self.edges[layer]
        label = marked(node) if node.kind in GLYPHS else node.label
        letters = self.letters.in_bold if node.kind == "condition" else self.letters
        width = right - left - 1.2 * self.size  # italics are a little wider
        if layer == FINDINGS:
            return letters.broken(f"{label}: {node.note}" if node.note else label, width)
        note = letters.broken(node.note, width) if node.note else []
        return letters.cut(label, width, self.most_lines[layer]) + note

    def height_of(self, layer: int, node: DrawnNode) -> float:
        """With the room around it."""
        padding = (_TIGHT if self.tight else 1.1) if layer in (CONDITIONS, SIGNS) else 0.25
        return self.letters.line * len(self.lines(layer, node)) + padding * self.size

    def headings(self) -> Iterator[Heading]:
        """Above each layer that has nodes; above the findings the key to their marks."""
        counted_only = not self.layers.nodes[FINDINGS]
        signs = "Signs (findings)" if counted_only else "Signs; topics (dotted)"
        y = 0.8 * self.size
        for layer, words in enumerate(("Risk factors", "Conditions", signs, "Findings")):
            if self.layers.nodes[layer]:
                left, right = self.edges[layer]
                text = self.letters.in_bold.cut(words, right - left + 2.0 * self.size, 1)[0]
                x, align = {RISKS: (right - BESIDE_LINKS, "right"), FINDINGS: (left + BESIDE_LINKS, "left")}.get(
                    layer, ((left + right) / 2.0, "center")
                )
                yield Heading(x, y, text, align)
                if layer == FINDINGS:
                    key = "     ".join(f"{GLYPHS[kind]} {word}" for kind, word in _KINDS.items())
                    yield Heading(right, y, key, "right", "normal")

    @property
    def needed(self) -> float:
        """The least height on which all nodes find room."""
        _, owners = _in_order(self.layers)
        stacked = _stack(self, owners, 0.0)[1]
        rooms = [sum(self.height_of(layer, node) for node in nodes) for layer, nodes in enumerate(self.layers.nodes)]
        return self.top + max([stacked, *rooms]) + 0.5 * self.size


_KINDS: Final[Mapping[str, str]] = {"history": "history", "exam": "examination", "test": "test"}


def sheet_for(layers: Layers, dpi: float) -> Sheet:
    """A sheet of the usual width and of the height that all names take."""
    sheet = Sheet(layers, WIDTH, 0.0, Letters(LETTERS, dpi))
    return replace(sheet, height=sheet.needed)


def sheet_in(layers: Layers, width: float, height: float, dpi: float) -> Sheet:
    """A sheet of a given size with as much of the network as finds room on it.

    Numbers go first, then the names of the findings, then names are cut, then nodes are put together.
    """
    for tried in (layers, gathered_again(layers)):
        for letters in (Letters(size, dpi) for size in SIZES):
            sheet = Sheet(tried, width, height, letters)
            narrowest = min(right - left for left, right in sheet.edges)
            if narrowest >= _NARROWEST * letters.size and sheet.needed <= _FREE * height:
                return sheet
    few = counted(layers)
    for letters in (Letters(size, dpi) for size in SIZES):
        sheet = Sheet(few, width, height, letters, (3, 3, 3), tight=True)
        if sheet.needed <= _FREE * height:
            return sheet
    letters = Letters(SMALLEST, dpi)
    most = max(2, int((_FREE * height - 3.0 * SMALLEST) / (letters.line + _TIGHT * SMALLEST)))
    return _cut_where_needed(Sheet(strongest(few, most), width, height, letters, tight=True))


def _cut_where_needed(sheet: Sheet) -> Sheet:
    """With as many lines for the nodes of each layer as its height allows."""
    room = _FREE * sheet.height - sheet.top - 0.5 * sheet.size
    lines: list[int] = []
    for layer, nodes in enumerate(sheet.layers.nodes[:FINDINGS]):
        tries = (replace(sheet, most_lines=(most,) * 3) for most in (3, 2))
        fitting = [tried for tried in tries if sum(tried.height_of(layer, node) for node in nodes) <= room]
        lines.append(fitting[0].most_lines[layer] if fitting else 1)
    return replace(sheet, most_lines=tuple(lines))


def gathered_again(layers: Layers) -> Layers:
    """With the findings of an owner together, unless they are."""
    return layers if any(node.kind == "findings" for node in layers.nodes[FINDINGS]) else gathered(layers)


def placed(sheet: Sheet) -> dict[str, Place]:
    """Findings one below the other, by owner; signs and risk factors beside the middle of what they lead to."""
    layers, height = sheet.layers, sheet.height - sheet.top - 0.5 * sheet.size
    conditions, owners = _in_order(layers)
    middles, _ = _stack(sheet, owners, max(0.0, sheet.height - sheet.needed) / max(len(owners), 1))
    for layer in (SIGNS, CONDITIONS, RISKS):
        wanted = {node.id: _mean_target(layers.links, node.id, middles, height / 2.0) for node in layers.nodes[layer]}
        if layer == CONDITIONS:  # evenly, or all of them would crowd in the middle
            wanted = {name: (rank + 0.5) * height / len(conditions) for rank, name in enumerate(conditions)}
        elif layer == SIGNS and not layers.nodes[FINDINGS]:
            wanted = {name: middles[name] for name in owners}
        middles |= _spread(sheet, layer, wanted, height)
    free = sheet.edges[CONDITIONS][0] - sheet.edges[RISKS][1]
    return {
        node.id: Place(
            layer, *sheet.edges[layer], sheet.top + middles[node.id], sheet.height_of(layer, node), 0.8 * free
        )
        for layer, nodes in enumerate(layers.nodes)
        for node in nodes
    }


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
    return conditions, sorted(signs, key=lambda name: name.startswith(f"{REST} "))  # what is put together comes last


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


def _stack(sheet: Sheet, owners: Sequence[str], more: float) -> tuple[dict[str, float], float]:
    """Middles of the findings, and the height of all of them; an owner without findings takes room, too.

    Between owners are so many points more than need be.
    """
    middles: dict[str, float] = {}
    top = 0.0
    by_owner: dict[str, list[DrawnNode]] = {owner: [] for owner in owners}
    for node in sheet.layers.nodes[FINDINGS]:
        by_owner[sheet.layers.owners[node.id]].append(node)
    boxes = {node.id: sheet.height_of(SIGNS, node) for node in sheet.layers.nodes[SIGNS]}
    for owner, findings in by_owner.items():
        heights = [sheet.height_of(FINDINGS, node) for node in findings]
        room = max(sum(heights), boxes[owner]) + sheet.owner_gap + more
        y = top + (room - sum(heights)) / 2.0
        for node, height in zip(findings, heights, strict=True):
            middles[node.id] = y + height / 2.0
            y += height
        if not findings:
            middles[owner] = top + room / 2.0
        top += room
    return middles, top


def _spread(sheet: Sheet, layer: int, wanted: Mapping[str, float], height: float) -> dict[str, float]:
    """Places near the wanted ones without overlap: pushed down where too close, then up from the lower end."""
    order = sorted(sheet.layers.nodes[layer], key=lambda node: wanted[node.id])
    halves = {node.id: sheet.height_of(layer, node) / 2.0 for node in order}
    middles: dict[str, float] = {}
    free = 0.0
    for node in order:
        middles[node.id] = max(wanted[node.id], free + halves[node.id])
        free = middles[node.id] + halves[node.id]
    free = height
    for node in reversed(order):
        middles[node.id] = min(middles[node.id], free - halves[node.id])
        free = middles[node.id] - halves[node.id]
    return middles
