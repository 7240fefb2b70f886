"""How often BLAS shares work out among threads: told by OpenBLAS itself, which lets others run its jobs."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from typing import Any

from threadpoolctl import threadpool_info

Job = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
Runner = ctypes.CFUNCTYPE(None, ctypes.c_int, Job, ctypes.c_int, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_int)
SETTERS = (
    "scipy_openblas_set_threads_callback_function64_",
    "scipy_openblas_set_threads_callback_function",
    "openblas_set_threads_callback_function64_",
    "openblas_set_threads_callback_function",
)


def setters() -> list[Callable[[Any], None]]:
    """What tells OpenBLAS who runs its jobs, of each copy that is loaded; scipy brings one as well.

    None where numpy has another library, or there is only one core.
    """
    every = []
    for library in threadpool_info():
        if library["internal_api"] == "openblas" and library["num_threads"] > 1:
            loaded = ctypes.CDLL(library["filepath"])
            for name in SETTERS:
                if hasattr(loaded, name):
                    found: Callable[[Any], None] = getattr(loaded, name)
                    found.argtypes, found.restype = [ctypes.c_void_p], None  # type: ignore[attr-defined]
                    every.append(found)
                    break
    return every


def shared_out(work: Callable[[], object]) -> int:
    """How often BLAS shared something out while this was done. Needs `setters`."""
    every = setters()
    assert every
    times = 0

    def run(_sync: int, job: Callable[..., None], jobs: int, size: int, first: int, data: int) -> None:
        nonlocal times
        times += 1
        threads = [threading.Thread(target=job, args=(n, first + n * size, data)) for n in range(jobs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    runner = Runner(run)
    for tell in every:
        tell(ctypes.cast(runner, ctypes.c_void_p))
    try:
        work()
    finally:
        for tell in every:
            tell(None)
    return times
