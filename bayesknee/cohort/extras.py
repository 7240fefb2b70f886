"""Libraries that are installed with an extra of the package."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bayesknee.errors import TableError


def require(module: str, extra: str) -> None:
    """Says how to get a library that is not there.

    Raises:
        TableError: it is not.
    """
    if find_spec(module) is None:
        raise TableError(f"{module} is not installed; pip install 'bayesknee[{extra}]' brings it")


def arrow_file(path: Path) -> Any:  # noqa: ANN401 (pyarrow is untyped)
    """A file for pyarrow to read, which by itself takes no names that are not UTF-8.

    Raises:
        OSError: it cannot be read.
    """
    import pyarrow as pa

    return pa.OSFile(os.fsencode(path) if os.name == "posix" else str(path))
