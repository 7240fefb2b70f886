"""Libraries that come with an extra of the package."""

from __future__ import annotations

from importlib.util import find_spec

from bayesknee.errors import TableError


def require(module: str, extra: str) -> None:
    """Says how to get a library that is not there.

    Raises:
        TableError: it is not.
    """
    if find_spec(module) is None:
        raise TableError(f"{module} is not installed; pip install 'bayesknee[{extra}]' brings it")
