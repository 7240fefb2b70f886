"""Work in processes of its own, all at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from bayesknee.errors import TableError


def in_processes(works: Iterable[Callable[[], object]]) -> list[int]:
    """The exit status of each, in a process of its own: 0, or 2 for an error of the table."""
    children = []
    for work in works:
        if not (child := os.fork()):
            try:
                work()
            except TableError:
                os._exit(2)
            os._exit(0)
        children.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
