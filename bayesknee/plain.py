"""Results as plain data: what JSON can hold, and programs in other languages can read."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import PurePath
from typing import Any

import numpy as np


def plain(value: object) -> Any:  # noqa: ANN401 (whatever JSON has)
    """The value as dictionaries, lists, texts, numbers, truth values and None, all the way down.

    Infinite and NaN values become None, as JSON has neither. An object with a method `to_dict` becomes what that
    returns, and a text with an attribute `as_given` becomes that. Any other dataclass or named tuple becomes its
    fields, by name and in their order.

    Args:
        value: an object as above, or a mapping, list, tuple, path, array or scalar of numpy, with such values.

    Raises:
        TypeError: anything else, such as a set, whose order would be chance.
    """
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if value is None or isinstance(value, str | int):
        return getattr(value, "as_given", value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value) if isinstance(value, PurePath) else _with_parts(value)


def _with_parts(value: object) -> Any:  # noqa: ANN401 (as above)
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if names := _fields(value):
        return attributes(value, names)
    if isinstance(value, Mapping):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    raise TypeError(f"{type(value).__name__} is no plain data; expected what JSON can hold, or an object with fields")


def attributes(thing: object, names: Iterable[str] | None = None) -> dict[str, Any]:
    """Attributes of an object as plain data, by name. It is for a `to_dict`, which `plain` would only call again.

    Args:
        thing: a dataclass or named tuple.
        names: of attributes, properties included; its fields if left out.
    """
    return {name: plain(getattr(thing, name)) for name in (_fields(thing) if names is None else names)}


def _fields(thing: object) -> tuple[str, ...]:
    if is_dataclass(thing):
        return tuple(field.name for field in fields(thing))
    return tuple(getattr(thing, "_fields", ()))


def json_text(document: object) -> str:
    """A document as JSON in plain ASCII, which comes through any terminal and pipe; without an end of line."""
    return json.dumps(document, indent=2, allow_nan=False)


def with_warnings(document: Mapping[str, Any], messages: Iterable[str]) -> dict[str, Any]:
    """A document that tells warnings about the input before those about the patient."""
    told = [{"kind": "input", "message": message, "answers": []} for message in messages]
    return {**document, "warnings": [*told, *document.get("warnings", ())]} if told else dict(document)
