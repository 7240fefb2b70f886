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


def setter() -> Callable[[Any], None] | None:
    """What tells OpenBLAS who runs its jobs; None where numpy has another library, or there is only one core."""
    for library in threadpool_info():
        if library["internal_api"] == "openblas" and library["num_threads"] > 1:
            loaded = ctypes.CDLL(library["filepath"])
            for name in SETTERS:
                if hasattr(loaded, name):
                    found: Callable[[Any], None] = getattr(loaded, name)
                    found.argtypes, found.restype = [ctypes.c_void_p], None  # type: ignore[attr-defined]
                    return found
    return None


def shared_out(work: Callable[[], object]) -> int:
    """How often BLAS shared something out while this was done. Needs `setter`."""
    tell = setter()
    assert tell is not None
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
    tell(ctypes.cast(runner, ctypes.c_void_p))
    try:
        work()
    finally:
        tell(None)
    return times
