"""What somebody said, as a request sends it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from bayesknee.errors import few_hints, quoted, unknown_text
from bayesknee.patient.askable import ASKED_OF
from bayesknee.patient.heard.proposals import LONGEST, PATIENT
from bayesknee.server.problems import RefusedError

KEYS: Final = ("text", "asked_of")
_EXPECTED: Final = 'expected {"text": "..."}, and asked_of if not the patient'


def read_told(body: bytes) -> tuple[str, Sequence[str]]:
    """The text in a body, and whose questions it may answer.

    Raises:
        RefusedError: 422 for a body of another shape, 413 for a text that is too long.
    """
    tree = _tree(body)
    text, asked_of = tree.get("text"), tree.get("asked_of", list(PATIENT))
    if not isinstance(text, str):
        raise RefusedError(422, f"text is {_kind(text)}; {_EXPECTED}; mend it")
    if len(text) > LONGEST:
        raise RefusedError(413, f"a text of {len(text):,} characters; expected at most {LONGEST:,}; shorten it")
    if not isinstance(asked_of, list) or not asked_of:
        raise RefusedError(422, f"asked_of is no list with names; expected some of {', '.join(ASKED_OF)}; mend it")
    for name in asked_of:
        if name not in ASKED_OF:
            raise RefusedError(422, f"asked_of has {quoted(name)}; expected some of {', '.join(ASKED_OF)}; mend it")
    return text, asked_of


def _tree(body: bytes) -> dict[str, Any]:
    try:
        tree = json.loads(body)
    except (ValueError, RecursionError):
        raise RefusedError(422, f"the body is no JSON in UTF-8; {_EXPECTED}; mend it") from None
    if not isinstance(tree, dict):
        raise RefusedError(422, f"the body is no JSON object; {_EXPECTED}; mend it")
    with few_hints():
        if others := [key for key in tree if key not in KEYS]:
            raise RefusedError(422, unknown_text("key", others[0], KEYS, "of the body"))
    return tree


def _kind(value: object) -> str:
    return "missing" if value is None else "no text"
