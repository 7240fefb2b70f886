"""Whether a picture can be read: what is written on it lies inside it and covers nothing else that is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar
from unittest.mock import patch

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from bayesknee.knowledge.network import Network

SLACK: Final = 1.5  # pixels by which boxes around words may touch
LONG: Final = "of the inner and the outer head, with or without a tear"
P = TypeVar("P")


@dataclass(frozen=True)
class Written:
    """A text of a picture, and its place in pixels."""

    text: str
    place: Bbox
    size: float = 0.0  # of its letters, in points


def written(ax: Axes) -> list[Written]:
    """All that is written on the picture that holds `ax`, as drawn without a display."""
    figure = settled(ax)
    drawn: list[Text] = []
    draw = Text.draw

    def noted(self: Text, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (matplotlib's own)
        drawn.append(self)
        draw(self, *args, **kwargs)

    with patch.object(Text, "draw", noted):
        figure.draw_without_rendering()
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    texts = [text for text in drawn if text.get_text().strip() and text.get_visible()]
    return [Written(text.get_text(), text.get_window_extent(renderer), float(text.get_fontsize())) for text in texts]


def settled(ax: Axes) -> Figure:
    """The figure that holds `ax`, its layout made; nothing is done where nothing has changed since it was drawn."""
    figure: Figure = ax.figure.canvas.figure
    if figure.stale:
        figure.draw_without_rendering()
    return figure


def assert_inside(ax: Axes, box: Bbox | None = None) -> None:
    """All of a picture - words and marks - lies within the box of the axes in which it was drawn.

    Args:
        ax: axes of the picture.
        box: the box in pixels, where it is not to be the one that the layout gave the axes.
    """
    figure = settled(ax)
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    frame: Any = ax.get_figure(root=False)
    box = box or Bbox(frame.transSubfigure.transform(ax.get_position(original=True)))
    idle = _idle(ax)
    for artist in [ax, *ax.findobj(Text)]:
        if isinstance(artist, Text) and not (artist.get_text().strip() and artist.get_visible()):
            continue
        if isinstance(artist, Text) and artist in idle:
            continue
        place = artist.get_tightbbox(renderer)
        assert place is not None
        told = artist.get_text() if isinstance(artist, Text) else "a mark"
        assert _within(place, box), f"outside of its axes: {told!r} at {place.extents}, the box is {box.extents}"


def _idle(ax: Axes) -> list[Text]:
    """Texts that matplotlib keeps and does not draw: of ticks beyond those that there are, of the axis switched off."""
    shown = [label for axis in (ax.xaxis, ax.yaxis) for label in axis.get_ticklabels() if ax.axison]
    kept = [text for axis in (ax.xaxis, ax.yaxis) for text in axis.findobj(Text) if text is not axis.label]
    return [text for text in kept if not any(text is each for each in shown)]


def box_of(ax: Axes) -> Bbox:
    """The box that a layout gives axes, in pixels."""
    frame: Any = ax.get_figure(root=False)
    return Bbox(frame.transSubfigure.transform(ax.get_position(original=True)))


def places(line: Line2D) -> list[float]:
    """Where the points of a line are, from left to right."""
    return [float(x) for x in np.asarray(line.get_xdata(), dtype=float)]


def assert_legible(ax: Axes, smallest: float = 0.0) -> None:
    """No text is cut off by the edge of the picture, no two lie upon each other, and none is smaller than `smallest`.

    Args:
        ax: axes of the picture.
        smallest: the size of letters in points.
    """
    texts = written(ax)
    assert texts
    edge = ax.figure.canvas.figure.get_window_extent()
    for text in texts:
        assert _within(text.place, edge), f"cut off: {text.text!r}"
        assert text.size >= smallest, f"too small to be read: {text.text!r}"
    assert _on_each_other(texts) == []


def _within(place: Bbox, edge: Bbox) -> bool:
    wider = edge.padded(SLACK)
    return bool(wider.x0 <= place.x0 and wider.y0 <= place.y0 and place.x1 <= wider.x1 and place.y1 <= wider.y1)


def _on_each_other(texts: Sequence[Written]) -> list[tuple[str, str]]:
    """The pairs of texts that lie upon each other: what their boxes share is wider and higher than `SLACK`."""
    boxes = np.array([text.place.extents for text in texts])
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    common = np.triu((high - low > SLACK).all(axis=2), 1)
    return [(texts[one].text, texts[other].text) for one, other in zip(*np.nonzero(common), strict=True)]


def with_long_names(network: Network) -> Network:
    """The same network with much longer names, and with characters that mean something to matplotlib or HTML."""
    changes: dict[str, Mapping[str, Any]] = {
        "conditions": _each(network.conditions, name=f"Tendonitis <b> & strain $x_1$ {LONG}"),
        "groups": _each(network.groups, name=f"A group {LONG}"),
        "risk_factors": _each(network.risk_factors, label=f"A risk {LONG}"),
        "signs": _each(network.signs, label=f"A swelling {LONG}"),
        "findings": _each(network.findings, label=f"Pain on bending {LONG}", question=f"Does it hurt {LONG}?"),
        "settings": _each(network.settings, name="The emergency department of a large hospital"),
        "topics": dict.fromkeys(network.topics, f"Examination {LONG}"),
    }
    return replace(network, **changes)  # type: ignore[arg-type]


def _each(parts: Mapping[str, P], **texts: str) -> dict[str, P]:
    return {
        name: replace(part, **{key: f"{text} {name}" for key, text in texts.items()})  # type: ignore[type-var]
        for name, part in parts.items()
    }
