"""Compiling by numba, which is loaded with the first module that has a function to compile, and not before."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.int64]  # of 64 bits on every machine, so that what is compiled has one signature

F = TypeVar("F", bound=Callable[..., Any])


def can_compile() -> bool:
    """Whether numba is installed. It is not loaded for that, as loading takes a second."""
    return find_spec("numba") is not None


def compiled(function: F) -> F:
    """The function, compiled when first called, without the global lock; kept on disk where that can be written."""
    import numba

    options: dict[str, Any] = {"nogil": True, "fastmath": {"reassoc", "contract", "nsz"}, "error_model": "numpy"}
    forget_outdated(Path(function.__code__.co_filename), function.__qualname__)
    try:
        return cast("F", numba.njit(cache=True, **options)(function))
    except RuntimeError:  # no place for its cache
        return cast("F", numba.njit(**options)(function))


def forget_outdated(file: Path, function: str) -> None:
    """Removes what numba kept of a function before any file of its folder was changed.

    Numba looks at the function's own file alone, and fails where a class of a neighbouring file has another name now.
    """
    with contextlib.suppress(OSError):  # what cannot be removed here is not kept here either
        changed = max((source.stat().st_mtime for source in file.parent.glob("*.py")), default=0.0)
        for index in (file.parent / "__pycache__").glob(f"{file.stem}.{function}-*.nbi"):
            if index.stat().st_mtime < changed:
                index.unlink(missing_ok=True)
