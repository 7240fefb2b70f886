"""Dictionaries as bounded caches that threads may share."""

from __future__ import annotations

from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


def keep(cache: dict[K, V], key: K, value: V, most: int) -> None:
    """Keeps a value. A full cache is emptied: safe between threads, where dropping the oldest entry is not."""
    if len(cache) >= most:
        cache.clear()
    cache[key] = value
