"""The schema of a tool's arguments, cut to what a language model needs, with the names of the network as enums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from bayesknee.knowledge.network import Network
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.patient.askable import ASKED_OF
from bayesknee.tool_server.given import ENUM_OF

MOST_NAMES: Final = 200  # in an enum: a larger one fills the model's context with names that find_findings has; judged


def enums_of(network: Network) -> Mapping[str, Sequence[str]]:
    """The names that arguments may have, by what they are."""
    states = dict.fromkeys(state for question in network.questions.values() for state in question.states)
    return {
        "states": (*states, UNKNOWN),
        "settings": tuple(network.settings),
        "subjects": (*network.conditions, *network.groups),
        "asked_of": ASKED_OF,
    }


def short_schema(schema: Any, enums: Mapping[str, Sequence[str]]) -> Any:  # noqa: ANN401 (whatever JSON has)
    """The schema without titles, with enums filled in; what may be left out need not also be null."""
    if isinstance(schema, list):
        return [short_schema(part, enums) for part in schema]
    if not isinstance(schema, dict):
        return schema
    told = _without_null(schema)
    names = enums.get(told.pop(ENUM_OF, ""), ())
    short = {key: _part(key, part, enums) for key, part in told.items() if key != "title" or isinstance(part, dict)}
    return {**short, "enum": list(names)} if 0 < len(names) <= MOST_NAMES else short


def _part(key: str, part: Any, enums: Mapping[str, Sequence[str]]) -> Any:  # noqa: ANN401 (as above)
    """A part of a schema. Below `properties` and `$defs` stand names, one of which may be that of a keyword."""
    if key in ("properties", "$defs") and isinstance(part, dict):
        return {name: short_schema(each, enums) for name, each in part.items()}
    return short_schema(part, enums)


def _without_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) != 1:
        return dict(schema)
    return {**kinds[0], **{key: part for key, part in schema.items() if key not in ("anyOf", "default")}}
