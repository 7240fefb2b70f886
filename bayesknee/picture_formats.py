"""The files that a picture can become. Loads no matplotlib, so that a wrong name is told at once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from bayesknee.errors import PictureError, quoted

PICTURE_FORMATS: Final = ("png", "svg", "pdf")


def picture_format(path: str | os.PathLike[str]) -> str:
    """One of `PICTURE_FORMATS`, by how the file's name ends.

    Raises:
        PictureError: the name ends in something else.
    """
    suffix = Path(path).suffix.lower().removeprefix(".")
    if suffix not in PICTURE_FORMATS:
        endings = ", ".join(f".{each}" for each in PICTURE_FORMATS)
        raise PictureError(f"{quoted(os.fspath(path))} does not end as a picture; expected {endings}; rename it")
    return suffix
