"""Finds networks: by the name of one that ships, or by folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from bayesknee.errors import NetworkNotFoundError, name_hint, quoted
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.reading.reader import read_network

DEFAULT_NETWORK: Final = "posterior_knee"
_PACKAGE: Final = Path(__file__).resolve().parents[1]


def networks_folder() -> Path:
    """Where the networks that ship lie: inside the installed package, or beside it in a checkout."""
    installed = _PACKAGE / "networks"
    return installed if installed.is_dir() else _PACKAGE.parent / "networks"


def shipped_networks() -> list[str]:
    """The names of the networks that ship, sorted."""
    return sorted(path.parent.name for path in networks_folder().glob("*/network.yaml"))


def is_shipped(name_or_folder: str | os.PathLike[str]) -> bool:
    """Whether it names a network that ships."""
    return os.fspath(name_or_folder) in shipped_networks()


def load_network(name_or_folder: str | os.PathLike[str] = DEFAULT_NETWORK) -> Network:
    """The network of that name, or in that folder. A bare word is the name of a network that ships.

    Raises:
        NetworkNotFoundError: no such name or folder.
        NetworkError: the network breaks the rules of the format; tells every problem with file and line.
    """
    return read_network(find_network(name_or_folder))


def find_network(name_or_folder: str | os.PathLike[str]) -> Path:
    """The folder of a network given by name or folder.

    Raises:
        NetworkNotFoundError: no such name or folder.
    """
    name = os.fspath(name_or_folder)
    shipped = shipped_networks()
    if name in shipped:
        return networks_folder() / name
    if name and Path(name).is_dir():
        return Path(name)
    hint = name_hint(name, shipped, f"networks that ship: {', '.join(shipped) or 'none'}")
    got = "is a file" if Path(name).is_file() else "does not exist"
    raise NetworkNotFoundError(f"network {quoted(name)} {got}; expected a network's name or folder; {hint}")
