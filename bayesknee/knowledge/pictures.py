"""Pictures to point at: regions of a drawing that stand for the answers to a question.

A picture is plain data, and not a file of a drawing program, so that whoever shows it draws only lines that were
checked: nothing in it can be markup or a script.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from immutabledict import immutabledict

from bayesknee.errors import Problem, quoted, unknown_name
from bayesknee.knowledge.bands import Banded

MOST_SIDE: Final = 10_000.0  # of a view; any unit will do, and more digits draw nothing finer
MOST_LENGTH: Final = 10_000  # characters of a path; judged: a region that is drawn by hand has some hundred
_STEP: Final = re.compile(r"\s*(\S)([\d.,\s]*)")  # whatever is written: a character, and what numbers may follow
_NUMBER: Final = re.compile(r"\d{1,6}(\.\d{1,6})?")
_COORDINATES: Final = {"M": 2, "L": 2, "Q": 4, "C": 6, "Z": 0}  # that follow each letter, or a multiple of them


@dataclass(frozen=True)
class View:
    """One side of what is drawn, in a box of `width` by `height` with (0, 0) at the upper left.

    Attributes:
        label: what it shows, such as `From behind`.
        outline: paths that are drawn, and cannot be pointed at.
        regions: paths by the state that pointing at one of them answers; the later ones lie on top.
    """

    id: str
    label: str
    width: float
    height: float
    outline: tuple[str, ...] = ()
    regions: Mapping[str, str] = field(default_factory=immutabledict)


@dataclass(frozen=True)
class Picture:
    """The views of a question that can be answered by pointing. Not each state needs a region.

    Attributes:
        id: of the question, a finding or risk factor.
        title: what is drawn, such as `A right leg`.
        views: by id, from left to right.
    """

    id: str
    title: str
    views: Mapping[str, View]


def path_points(path: str) -> tuple[tuple[float, float], ...]:
    """The points of a path, those that bend its curves among them.

    Raises:
        ValueError: it is no path of the letters M, L, Q, C and Z, each followed by as many coordinates as it takes. The
            text of the error is what cannot be read.
    """
    found: list[float] = []
    for step in _STEP.finditer(path):
        letter, numbers = step[1], step[2].replace(",", " ").split()
        wanted = _COORDINATES.get(letter, -1)
        counted = len(numbers) % wanted == 0 < len(numbers) if wanted > 0 else wanted == len(numbers)
        if not counted or not all(map(_NUMBER.fullmatch, numbers)) or (not found and letter != "M"):
            raise ValueError(step[0].strip())
        found += map(float, numbers)
    if not found:
        raise ValueError(path)
    return tuple(zip(found[::2], found[1::2], strict=True))


def middle(path: str) -> tuple[float, float]:
    """The middle of the box around the points of a path, where its number is written."""
    across, down = zip(*path_points(path), strict=True)
    return (min(across) + max(across)) / 2.0, (min(down) + max(down)) / 2.0


def picture_problems(
    pictures: Mapping[str, Picture], questions: Mapping[str, Banded], broken: Container[str]
) -> Iterator[Problem]:
    """All that is wrong with pictures.

    Args:
        pictures: by id of the question.
        questions: all risk factors and findings, by id.
        broken: ids that could not be read; to name one is no fault.
    """
    for name, picture in pictures.items():
        path = ("pictures", name)
        if name not in questions and name not in broken:
            yield unknown_name(path, name, questions, "a risk factor or finding")
        states = questions[name].states if name in questions else None
        for view in picture.views.values():
            yield from _view_problems((*path, "views", view.id), view, states)


def _view_problems(path: tuple[str, ...], view: View, states: tuple[str, ...] | None) -> Iterator[Problem]:
    for side in ("width", "height"):
        value = getattr(view, side)
        if not 0.0 < value <= MOST_SIDE and value == value:  # noqa: PLR0124 (a NaN was told of already)
            expected = f"a number above 0, at most {MOST_SIDE:g}"
            yield Problem((*path, side), f"{value:g}", expected, "correct it")
    for number, drawn in enumerate(view.outline, 1):
        yield from _path_problems((*path, "outline"), f"path {number}", drawn, view)
    for state, drawn in view.regions.items():
        if states is not None and state not in states:
            yield unknown_name((*path, "regions", state), state, states, "a state of the question")
        yield from _path_problems((*path, "regions", state), "the path", drawn, view)


def _path_problems(path: tuple[str, ...], what: str, drawn: str, view: View) -> Iterator[Problem]:
    expected = "M x y, then L x y, Q x y x y, C x y x y x y or Z, with numbers from 0"
    if len(drawn) > MOST_LENGTH:
        yield Problem(path, f"{what} of {len(drawn):,} characters", f"at most {MOST_LENGTH:,}", "draw it more simply")
        return
    try:
        points = path_points(drawn)
    except ValueError as error:
        yield Problem(path, f"{what} with {quoted(str(error))}", expected, "draw it with these alone")
        return
    if any(across > view.width or down > view.height for across, down in points):
        expected = f"points within {view.width:g} by {view.height:g}"
        yield Problem(path, f"{what} that leaves the view", expected, "move it, or make the view larger")
