"""Finds networks: by the name of one that ships or lies in the folders of `BAYESKNEE_NETWORKS`, or by folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from bayesknee.errors import NetworkNotFoundError, name_hint, quoted
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.reading.reader import MAIN_FILE, read_network

DEFAULT_NETWORK: Final = "posterior_knee"
FOLDERS_VARIABLE: Final = "BAYESKNEE_NETWORKS"  # folders of networks, one behind the other as in PATH
_PACKAGE: Final = Path(__file__).resolve().parents[1]


def networks_folder() -> Path:
    """Where the networks that ship lie: inside the installed package, or beside it in a checkout."""
    installed = _PACKAGE / "networks"
    return installed if installed.is_dir() else _PACKAGE.parent / "networks"


def shipped_networks() -> list[str]:
    """The names of the networks that ship, sorted."""
    return sorted(path.parent.name for path in networks_folder().glob(f"*/{MAIN_FILE}"))


def networks_of_user() -> dict[str, Path]:
    """The networks in the folders that `BAYESKNEE_NETWORKS` names, by the names of their folders, sorted.

    Of two of one name, that in the first folder is taken, as with PATH.
    """
    folders = filter(None, os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep))
    found = [path.parent for folder in folders for path in sorted(Path(folder).glob(f"*/{MAIN_FILE}"))]
    return dict(sorted({path.name: path for path in found[::-1]}.items()))


def known_networks() -> list[str]:
    """The names by which networks can be had: those that ship, then those of the user."""
    shipped = shipped_networks()
    return [*shipped, *(name for name in networks_of_user() if name not in shipped)]


def is_shipped(name_or_folder: str | os.PathLike[str]) -> bool:
    """Whether it names a network that ships."""
    return os.fspath(name_or_folder) in shipped_networks()


def load_network(name_or_folder: str | os.PathLike[str] = DEFAULT_NETWORK) -> Network:
    """The network of that name, or in that folder. A name is that of a network that ships, or of one of the user's.

    Raises:
        NetworkNotFoundError: no such name or folder.
        NetworkError: the network breaks the rules of the format; tells every problem with file and line.
    """
    return read_network(find_network(name_or_folder))


def find_network(name_or_folder: str | os.PathLike[str]) -> Path:
    """The folder of a network given by name or folder.

    Raises:
        NetworkNotFoundError: no such name or folder, or a name that two networks have.
    """
    name = os.fspath(name_or_folder)
    shipped, of_user = shipped_networks(), networks_of_user()
    if name in shipped and name in of_user:
        place = quoted(of_user[name].parent)
        raise NetworkNotFoundError(
            f"network {quoted(name)} ships, and lies in {place}; expected a name that one network has; rename the "
            "folder, or give it as a path"
        )
    if name in shipped:
        return networks_folder() / name
    if name and Path(name).is_dir():
        return Path(name)
    if name in of_user:
        return of_user[name]
    known = known_networks()
    hint = name_hint(name, known, f"networks that are known: {', '.join(known) or 'none'}")
    got = "is a file" if Path(name).is_file() else "does not exist"
    raise NetworkNotFoundError(f"network {quoted(name)} {got}; expected a network's name or folder; {hint}")
