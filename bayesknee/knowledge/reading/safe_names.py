"""Names that people gave, as ids and texts that the format takes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from itertools import count
from typing import Final

from bayesknee.knowledge.checks import NAME, RESERVED

LONGEST_ID: Final = 60  # what the format takes
_NO_LETTER: Final = re.compile(r"[^a-z0-9]+")
_ASCII_LETTERS: Final = str.maketrans({"ß": "ss", "æ": "ae", "ø": "o", "ł": "l", "đ": "d"})


def safe_id(text: str, kind: str, taken: Collection[str] = ()) -> str:
    """A name as an id: `Morbus Bechterew` as `morbus_bechterew`, and `3` as `state_3` where the kind is `state`.

    What is an id already stays as it is.

    Args:
        text: any text.
        kind: what stands before a name that begins with no letter, and behind one that is reserved.
        taken: ids that it must differ from; it gets a number where it does not.
    """
    if _is_id(text) and text not in taken:
        return text
    word = _word(text, kind)
    return next(found for found in _numbered(word) if found not in taken)


def safe_ids(names: Iterable[str], kind: str) -> dict[str, str]:
    """By name its id, each another one: the same where it is an id. Names that are alike take no longer."""
    names = dict.fromkeys(names)
    found = {name: name for name in names if _is_id(name)}
    taken, by_word = set(found), dict[str, Iterator[str]]()
    for name in names:
        if name not in found:
            word = _word(name, kind)
            candidates = by_word.setdefault(word, _numbered(word))
            found[name] = next(each for each in candidates if each not in taken)
            taken.add(found[name])
    return found


def _is_id(text: str) -> bool:
    return NAME.fullmatch(text) is not None and text not in RESERVED


def _word(text: str, kind: str) -> str:
    plain = unicodedata.normalize("NFKD", text.lower().translate(_ASCII_LETTERS)).encode("ascii", "ignore").decode()
    word = _NO_LETTER.sub("_", plain).strip("_")
    if not word[:1].isalpha():
        word = f"{kind}_{word}".rstrip("_")
    word = f"{word}_{kind}" if word in RESERVED else word
    return word[:LONGEST_ID].rstrip("_")


def _numbered(word: str) -> Iterator[str]:
    yield word
    for number in count(2):
        yield f"{word[: LONGEST_ID - len(f'_{number}')]}_{number}"


def safe_text(text: str) -> str:
    """A text of a file on one line, without control characters."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
