"""What people say for a question and for its states: rules of one question, and phrases that mean several."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from bayesknee.errors import Problem, quoted, unknown_name
from bayesknee.knowledge.model import Path, Question
from bayesknee.words import folded

MOST_LETTERS: Final = 80  # of a phrase; judged: what is longer is a sentence, which nobody says in just these words


def synonym_problems(path: Path, question: Question) -> Iterator[Problem]:
    """Phrases that are empty or too long, or that a question has twice, so that they do not tell one state.

    Args:
        path: where the question stands.
        question: with its synonyms.
    """
    first: dict[str, str] = {}
    for place, phrase in _phrases(question):
        where = (*path, *place)
        if len(place) > 1 and place[1] not in question.states:
            yield unknown_name(where, place[1], question.states, f"a state of {question.id}")
            continue
        word, key = folded(phrase), ".".join(place)
        if not any(letter.isalnum() for letter in word) or len(word) > MOST_LETTERS:
            expected = f"a phrase with letters, of at most {MOST_LETTERS} characters"
            yield Problem(where, quoted(phrase), expected, "write what people say, or drop it")
        elif word in first:
            expected = "each phrase once in a question, so that it means one answer"
            yield Problem(where, f"{quoted(phrase)}, which is in {first[word]} already", expected, "drop one of them")
        first.setdefault(word, key)


def shared_synonyms(questions: Iterable[Question]) -> Mapping[str, tuple[str, ...]]:
    """The phrases that several questions have, with the ids of these: whoever says one is to be asked what is meant."""
    meant: dict[str, list[str]] = defaultdict(list)
    for question in questions:
        for word in dict.fromkeys(folded(phrase) for _, phrase in _phrases(question)):
            meant[word].append(question.id)
    return {word: tuple(ids) for word, ids in meant.items() if len(ids) > 1}


def _phrases(question: Question) -> Iterator[tuple[Path, str]]:
    """The phrases of a question with their places below it."""
    yield from ((("synonyms",), phrase) for phrase in question.synonyms)
    for state, phrases in question.state_synonyms.items():
        yield from ((("state_synonyms", state), phrase) for phrase in phrases)
