"""A text as words with their places, in sentences and clauses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from bayesknee.patient.heard.english import (
    AND,
    CONTRAST,
    DENIALS,
    ENDINGS,
    FINITE,
    HAVE_IS,
    IRREGULAR,
    JOINING,
    LIGHT,
    NEW_SUBJECTS,
    NOT_BASES,
    OWNERS,
    RUN_TOGETHER,
)

NEAR: Final = 6  # words within which the verb of a new clause stands behind its subject; judged
_PIECE: Final = re.compile(r"\d+(?:[.,]\d+)?|[^\W\d_]+(?:['\N{RIGHT SINGLE QUOTATION MARK}][^\W\d_]+)*|[^\w\s]|\n")
_ENDS: Final = frozenset(".!?\n")
_BREAKS: Final = frozenset(";:()\N{EN DASH}\N{EM DASH}")


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text.

    Attributes:
        word: in small letters, with contractions opened: of "can't" there are `can` and `not`.
        stem: without its ending, the same for the forms of one word.
        start, end: where it stands in the text, in characters.
        sentence, clause: their numbers in the text. A clause is what a negation can reach.
        after_comma: whether a comma stands before it.
        is_asked: whether its sentence ends with a question mark.
    """

    word: str
    stem: str
    start: int
    end: int
    sentence: int
    clause: int
    after_comma: bool
    is_asked: bool

    @property
    def is_light(self) -> bool:
        """Whether it adds nothing to what is meant."""
        return self.word in LIGHT

    @property
    def is_joining(self) -> bool:
        """Whether it only joins other words."""
        return self.word in JOINING


@dataclass(frozen=True, slots=True)
class _Piece:
    """A word before it is known which clause it is in; `mark` is the last sign before it."""

    word: str
    start: int
    end: int
    mark: str


def tokens_of(text: str) -> tuple[Token, ...]:
    """The words of a text."""
    pieces = list(_pieces(text))
    asked = _asked_sentences(text)
    tokens, sentence, clause, start = list[Token](), 0, 0, 0
    for place, piece in enumerate(pieces):
        if place and piece.mark in _ENDS:
            sentence, clause, start = sentence + 1, clause + 1, place
        elif place and _begins_clause(pieces, start, place):
            clause, start = clause + 1, place
        is_asked = any(start <= piece.start < end for start, end in asked)
        tokens.append(
            Token(
                piece.word,
                stem_of(piece.word),
                piece.start,
                piece.end,
                sentence,
                clause,
                piece.mark == ",",
                is_asked,
            )
        )
    return tuple(tokens)


def stem_of(word: str) -> str:
    """A word without its ending, by Porter's second algorithm (Snowball); irregular forms as their base."""
    return _stemmed(IRREGULAR.get(word, word))


@lru_cache(maxsize=20_000)  # the words of a network's phrases and of some texts; a bound, as texts come from anybody
def _stemmed(word: str) -> str:
    stem = str(_stemmer().stemWord(word))
    return IRREGULAR.get(stem, stem)


@lru_cache(maxsize=1)
def _stemmer() -> Any:  # noqa: ANN401 (the library has no types)
    import snowballstemmer  # all its languages: only where words are read

    return snowballstemmer.stemmer("english")


def _pieces(text: str) -> Iterator[_Piece]:
    mark = ""
    for found in _PIECE.finditer(text):
        piece = found[0]
        if piece[0].isalnum():
            for word in _opened(piece.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")):
                yield _Piece(word, found.start(), found.end(), mark)
                mark = ""
        elif piece in _ENDS | _BREAKS or (piece == "," and not mark):
            mark = piece


def _opened(word: str) -> tuple[str, ...]:
    """A word, or the words that a contraction stands for."""
    if word in RUN_TOGETHER:
        return RUN_TOGETHER[word]
    base, apostrophe, ending = word.partition("'")
    if not apostrophe:
        return (word,)
    if ending == "t" and base.endswith("n"):
        return NOT_BASES.get(base[:-1], base[:-1]), "not"
    if ending == "s":
        return (base, "is") if base in HAVE_IS else (base,)
    return (base, ENDINGS[ending]) if ending in ENDINGS else (word.replace("'", ""),)


def _asked_sentences(text: str) -> list[tuple[int, int]]:
    """Where sentences stand that end with a question mark."""
    ends = [-1, *(found.start() for found in re.finditer(r"[.!?\n]", text))]
    return [(start + 1, end) for start, end in pairwise(ends) if text[end] == "?"]


def _begins_clause(pieces: Sequence[_Piece], start: int, place: int) -> bool:
    """Whether a new clause begins at a word, after one that began at `start`: a denial there does not reach here."""
    piece = pieces[place]
    if piece.mark in _BREAKS:
        return True
    if piece.word in CONTRAST:  # "hot but not red" goes on: the denial is of what follows it alone
        return place + 1 == len(pieces) or pieces[place + 1].word not in DENIALS
    if piece.word in AND and place + 1 < len(pieces):
        following = pieces[place + 1].word
        has_told = any(each.word in FINITE for each in pieces[start:place])
        has_verb = place + 2 < len(pieces) and pieces[place + 2].word in FINITE and following not in LIGHT
        return following in FINITE or (has_told and has_verb) or _is_subject(pieces, place + 1)
    return piece.mark == "," and (piece.word == "then" or _is_subject(pieces, place))


def _is_subject(pieces: Sequence[_Piece], place: int) -> bool:
    """Whether somebody or something begins here of which a verb tells something."""
    word = pieces[place].word
    if word in NEW_SUBJECTS:
        return True
    following = [piece.word for piece in pieces[place + 1 : place + 1 + NEAR] if piece.mark not in _ENDS]
    return word in OWNERS and any(each in FINITE for each in following)
