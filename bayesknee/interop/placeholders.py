"""What stands in a network for all that a file of probabilities does not tell: ids, names, questions, urgency."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import count
from typing import Final

from bayesknee.errors import printable
from bayesknee.knowledge.checks import NAME, RESERVED
from bayesknee.knowledge.model import ANY_SETTING, Condition, OddsRatio, Probability, Reference

NEAREST: Final = 1e-15  # to 0 and to 1: the format takes neither, and less would round to 1
SOURCE: Final = "source_file"
TOPIC: Final = "findings"
SETTING: Final = "as_published"
UNSPECIFIED: Final = "R69"  # ICD-10: illness, unspecified
UNKNOWN_LEVEL: Final = "urgent"  # what is not known must not reassure
NO_RANGE: Final = "the file states no range"
NOT_DESCRIBED: Final = "Not described in the file."
CAUTION: Final = (
    "Turned from a file of probabilities: names, urgency, limits and who is asked are placeholders (each condition "
    "counts as urgent, none as dangerous), and nobody has checked it for use with patients."
)
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


def number(value: float) -> Probability:
    """A figure of the file. Its range is the figure itself, for none is stated; 0 and 1 become what is next to them."""
    inside = min(max(value, NEAREST), 1.0 - NEAREST)
    note = "" if inside == value else f"{value:g} in the file, and the format takes neither 0 nor 1"
    return Probability(inside, inside, inside, "D", SOURCE, note)


def number_or_certain(value: float) -> Probability:
    """The same where the format takes 0 and 1, as of a table or a greatest."""
    if value in (0.0, 1.0):
        return Probability(value, value, value, "D", SOURCE, f"{value:g} in the file", certain=True)
    return number(value)


def odds_ratio(value: float) -> OddsRatio:
    """An odds ratio that follows from the file."""
    return OddsRatio(value, value, value, "D", SOURCE)


def source_reference(citation: str, file: str) -> Reference:
    """The only reference of a network that was read from a file."""
    return Reference(SOURCE, f"{citation}, read from {printable(' '.join(file.split()))}", note=NO_RANGE)


def condition(
    name: str,
    label: str,
    base_rate: float,
    odds_ratios: Mapping[str, Mapping[str, OddsRatio]] | None = None,
    icd10: str = UNSPECIFIED,
) -> Condition:
    """A condition of which a file tells how frequent it is, and perhaps what it is called."""
    placeholder = Probability(0.5, 0.1, 0.9, "D", "judged", "a placeholder: the file states no limit")
    return Condition(
        id=name,
        name=label,
        icd10=icd10,
        description=NOT_DESCRIBED,
        what_helps=NOT_DESCRIBED,
        level=UNKNOWN_LEVEL,
        limit=placeholder,
        base_rate={ANY_SETTING: number(base_rate)},
        odds_ratios=odds_ratios or {},
    )
