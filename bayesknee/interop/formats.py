"""The formats of other programs that a network can be written in. Loads no writer, so that help is there at once."""

from __future__ import annotations

from typing import Final

EXPORT_FORMATS: Final = ("bif", "xmlbif", "xdsl", "net", "uai")
