"""What a patient turned out to have, as condition ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from immutabledict import immutabledict

from bayesknee.errors import CaseFileError, unknown_text
from bayesknee.knowledge.network import Network
from bayesknee.patient.answer_reader import is_blank, meant_name
from bayesknee.words import folded

LABEL: Final = "label"
LABEL_SEPARATOR: Final = ";"
OTHER: Final = "other"
NONE: Final = "none"  # the label of who has none of the conditions; a blank would say that nobody knows


def label_of(given: Iterable[str], network: Network) -> tuple[str, ...]:
    """Labels as condition ids; `other` is the catch-all, and `none` alone no condition at all.

    Args:
        given: ids, or names as they are shown.
        network: whose conditions.

    Raises:
        CaseFileError: no label, one that is no condition, or more than come together.
    """
    names = [_condition(name, network) for name in given if name.strip()]
    if not names:
        healthy = "" if network.complaint else f", or [{NONE}] for one with none of the conditions"
        raise CaseFileError(
            f"no label; expected what the patient turned out to have; add label: [CONDITION]{healthy}, or leave it out"
        )
    if names == [NONE] and NONE not in network.conditions and not network.complaint:
        return ()
    for name in names:
        if name not in network.conditions:
            raise CaseFileError(unknown_text("condition", name, network.conditions, "as label"))
    label = tuple(dict.fromkeys(names))
    if network.most_causes is not None and len(label) > network.most_causes:
        raise CaseFileError(
            f"{len(label)} conditions as label; expected at most {network.most_causes}, as most_causes of the network "
            "says; name those that explain most, or raise most_causes"
        )
    return label


def _condition(name: str, network: Network) -> str:
    if name == OTHER and network.catch_all:
        return network.catch_all
    return meant_name(network, name.strip())


def label_in_cell(
    text: str, network: Network, separator: str = LABEL_SEPARATOR, values: Mapping[str, str] = immutabledict()
) -> tuple[str, ...]:
    """The label in a cell of a table.

    Args:
        text: conditions with the separator between them.
        network: whose conditions.
        separator: between several.
        values: what a cell, or a part of it, stands for, `folded`.

    Raises:
        CaseFileError: as `label_of`.
    """
    said = [text] if folded(text) in values else text.split(separator)
    parts = [part.strip() for part in said]
    known = [values.get(folded(part), part) for part in parts if folded(part) in values or _says(part, network)]
    return label_of(known, network)


def _says(part: str, network: Network) -> bool:
    """Whether a part of a cell says anything; `none` does, where that is a label."""
    if part.lower() == NONE:
        return not network.complaint or NONE in network.conditions
    return not is_blank(part)
