"""Pictures to point at: what is read, what is refused, and that nothing in them can be more than lines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from immutabledict import immutabledict

from bayesknee import NetworkError, load_network
from bayesknee.knowledge.differences import find_differences
from bayesknee.knowledge.pictures import Picture, View, middle, path_points
from tests.support.paths import KNEE_11, NETWORKS

TINY = load_network(NETWORKS / "tiny")
PICTURES = """
pictures:
  onset:
    title: An elbow
    views:
      side:
        label: From the side
        width: 20
        height: 10
        outline: [M0 0 L20 10]
        regions: {fall: "M1 2 L5 2 Q6,4 5 6 Z"}
"""


def drawn(tmp_path: Path, old: str = "", new: str = "") -> Path:
    """The tiny network with a picture, of which one text is replaced by another."""
    text = (NETWORKS / "tiny" / "network.yaml").read_text(encoding="utf-8") + PICTURES
    assert old in text
    (tmp_path / "network.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    return tmp_path


def test_a_picture_is_read(tmp_path: Path) -> None:
    regions = immutabledict({"fall": "M1 2 L5 2 Q6,4 5 6 Z"})
    view = View("side", "From the side", 20.0, 10.0, ("M0 0 L20 10",), regions)
    picture = Picture("onset", "An elbow", immutabledict({"side": view}))
    assert load_network(drawn(tmp_path)).pictures == {"onset": picture}
    assert not TINY.pictures


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("  onset:\n    title: An", "  onsett:\n    title: An", "did you mean onset?"),
        ("{fall:", "{fal:", "expected a state of the question; did you mean fall?"),
        ("    title: An elbow\n", "", "pictures.onset.title: got nothing"),
        ("width: 20", "width: 0", "pictures.onset.views.side.width: got 0; expected a number above 0"),
        ("width: 20", "width: wide", "got 'wide'; expected a number"),
        ("width: 20", "width: 5", "that leaves the view"),
        ("height: 10", "height: 10\n        depth: 3", "expected a known key"),
        ("M1 2 L5 2", "M1 2 A5 2", "the path with 'A5 2'"),
        ("M1 2 L5 2", "M1 2 L5", "the path with 'L5'"),
        ("M1 2 L5 2", "L1 2 L5 2", "the path with 'L1 2'"),
        ("M1 2 L5 2", "M1 2 L-5 2", "the path with 'L'"),
        ("M1 2 L5 2 Q6,4 5 6 Z", "<script>", "the path with '<'"),
        ("      side:", "      The side:", "expected a lower-case word"),
    ],
)
def test_a_picture_that_cannot_be_is_refused(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(NetworkError) as caught:
        load_network(drawn(tmp_path, old, new))
    assert told in str(caught.value)


def test_a_path_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match=r"the path of 10,0.. characters"):
        load_network(drawn(tmp_path, "L5 2 Q", "L5 2 " * 2_000 + "Q"))


def test_points_and_middle_of_a_path() -> None:
    assert path_points("M1 2 L5 2 C6,4 5 6 3.5 9 Z") == ((1, 2), (5, 2), (6, 4), (5, 6), (3.5, 9))
    assert middle("M1 2 L5 2 L5 6 L1 6 Z") == (3.0, 4.0)


def test_another_picture_is_another_wording(tmp_path: Path) -> None:
    network = load_network(drawn(tmp_path))
    assert find_differences(TINY, replace(network, title=TINY.title)).added == (("pictures", "onset"),)
    view = replace(network.pictures["onset"].views["side"], label="From above")
    other = replace(network.pictures["onset"], views=immutabledict({"side": view}))
    changed = replace(network, pictures={"onset": other})
    assert find_differences(network, changed).reworded == (("pictures", "onset", "views", "side", "label"),)


def test_the_knee_is_drawn_from_behind_and_from_the_front() -> None:
    views = load_network(KNEE_11).pictures["worst_spot"].views
    assert {"inner_back", "middle_back", "outer_back", "calf"} < views["behind"].regions.keys()
    left, right = (middle(views["behind"].regions[name])[0] for name in ("inner_back", "outer_back"))
    assert left < right  # of a right leg seen from behind, the inner side is on the left
    left, right = (middle(views["front"].regions[name])[0] for name in ("outer_side", "inner_side"))
    assert left < right
