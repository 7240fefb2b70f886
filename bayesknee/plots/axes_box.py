"""The box of axes in which a picture stays: what matplotlib asks for the place of the axes whenever it draws them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from matplotlib.axes import Axes
from matplotlib.gridspec import SubplotSpec
from matplotlib.transforms import Bbox

POINTS: Final = 72.0  # in an inch


def box_size(ax: Axes) -> tuple[float, float]:
    """The width and height of the box that axes have by now, in points; a layout may change it when it is drawn."""
    locator: Callable[..., Bbox] | None = ax.get_axes_locator()
    box = locator(ax, None) if locator else ax.get_position(original=True)
    frame: Any = ax.get_figure(root=False)
    pixels, point = Bbox(frame.transSubfigure.transform(box)), frame.dpi / POINTS
    return pixels.width / point, pixels.height / point


class AxesBox:
    """The box that axes have from their figure's layout, or from the axes in which they are inset.

    Subclasses say in `marks` which part of it is the area of the marks, and write their words into the rest.
    """

    def __init__(self, ax: Axes) -> None:
        """Takes the axes over."""
        self.ax = ax
        self.former: Callable[..., Bbox] | None = ax.get_axes_locator()
        ax.set_axes_locator(cast("Callable[..., Bbox]", self))  # asked with these axes only

    def marks(self, width: float, height: float, dpi: float) -> Bbox:
        """The area of the marks, in points from the lower left corner of the box, which has this width and height."""
        raise NotImplementedError

    def get_subplotspec(self) -> SubplotSpec | None:
        """The place in a grid, for `tight_layout`."""
        return self.ax.get_subplotspec()

    def __call__(self, ax: Axes, renderer: Any) -> Bbox:  # noqa: ANN401 (matplotlib's protocol)
        """Where the marks are, in units of the figure."""
        box = self.former(ax, renderer) if self.former else ax.get_position(original=True)
        frame: Any = ax.get_figure(root=False)
        pixels = Bbox(frame.transSubfigure.transform(box))
        point = frame.dpi / POINTS
        marks = self.marks(pixels.width / point, pixels.height / point, frame.dpi)
        inner = Bbox([pixels.min + point * marks.min, pixels.min + point * marks.max])
        return Bbox(frame.transSubfigure.inverted().transform(inner))
