"""Networks by name: those that ship, and those in the folders of `BAYESKNEE_NETWORKS`."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from bayesknee import load_network
from bayesknee.errors import NetworkNotFoundError
from bayesknee.knowledge.library import FOLDERS_VARIABLE, find_network, known_networks
from tests.support.paths import NETWORKS


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Two folders of networks; both have an `elbow`."""
    one, other = tmp_path / "one", tmp_path / "other"
    for place in (one / "elbow", other / "elbow", other / "wrist"):
        shutil.copytree(NETWORKS / "tiny", place)
    monkeypatch.setenv(FOLDERS_VARIABLE, os.pathsep.join(map(str, (one, "", tmp_path / "none", other))))
    return one, other


@pytest.mark.usefixtures("folders")
def test_a_network_of_the_user_is_found_by_its_name() -> None:
    assert load_network("wrist").id == "tiny"
    assert known_networks()[-2:] == ["elbow", "wrist"]


def test_the_first_folder_comes_first(folders: tuple[Path, Path]) -> None:
    assert find_network("elbow") == folders[0] / "elbow"


def test_a_path_means_what_lies_there(folders: tuple[Path, Path]) -> None:
    assert find_network(folders[1] / "elbow") == folders[1] / "elbow"


def test_a_name_that_ships_is_not_taken_by_another_network(folders: tuple[Path, Path]) -> None:
    """Nobody is diagnosed with another network than meant."""
    (folders[0] / "elbow").rename(folders[0] / "posterior_knee")
    told = r"network 'posterior_knee' ships, and lies in .*; expected a name that one network has; rename the folder"
    with pytest.raises(NetworkNotFoundError, match=told):
        find_network("posterior_knee")


@pytest.mark.usefixtures("folders")
def test_an_unknown_name_is_compared_with_all() -> None:
    with pytest.raises(NetworkNotFoundError, match=r"network 'wrists' does not exist; .*did you mean wrist\?"):
        find_network("wrists")


def test_without_the_variable_only_those_that_ship_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDERS_VARIABLE, raising=False)
    assert known_networks() == ["low_back_pain", "posterior_knee"]
