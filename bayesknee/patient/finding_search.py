"""Which findings and risk factors fit a few words best, as a list to choose from. None is taken by itself.

A question is worth, for each of the words that it has, log(questions / questions with the word): the inverse document
frequency of Sparck Jones (1972), J Doc 28:11-21. A word that most questions have says next to nothing.
"""

from __future__ import annotations

import math
import re
from typing import Final

from bayesknee.arrays import TIE_DECIMALS
from bayesknee.knowledge.model import Question
from bayesknee.knowledge.network import Network
from bayesknee.patient.heard.likeness import likeness
from bayesknee.patient.near_names import after
from bayesknee.words import folded

STEM: Final = 6  # letters that are compared: enough to tell words apart, and "buckles" is "buckled"; judged
LEAST_SHARE: Final = 0.4  # of the worth of the best question: less has only words in common that say little; judged
# Of the worth of all words, those that no question has included: a question that has less than this in common has only
# words such as "knee", and does not ask what was said. Judged.
LEAST_KNOWN: Final = 0.2
SHORTEST: Final = (
    3  # letters of a word that counts: shorter ones, such as "my" and "in", say nothing of a finding; judged
)
IN_HELP: Final = 0.5  # the part of its worth that a word has which only the help of a question has; judged
# Of the worth of all words, what a question has for a phrase that is said in these very words: more than any words that
# stand apart in it, as the phrases are what people say. Likeness counts by its square, so that a word or two in common
# with a phrase count for little. Judged.
AS_SAID: Final = 2.0
_WORD: Final = re.compile(r"[^\W_]+")


def search(network: Network, words: str) -> tuple[Question, ...]:
    """The questions that fit the words, best first; all questions in the network's order where there are no words.

    Of those that fit alike, what a patient can be asked comes first, and what hangs on another answer last.

    Args:
        network: whose questions.
        words: in any order; some may be missing from a question.
    """
    wanted = _stems(words)
    if not wanted:
        return tuple(network.questions.values())
    texts = {name: _texts(network, question) for name, question in network.questions.items()}
    begun = {stem for own, helping in texts.values() for stem in (*own, *helping)}
    meant = {word: {stem for stem in begun if _fits(word, stem)} for word in wanted}
    having = {
        word: sum(not meant[word].isdisjoint(own | helping) for own, helping in texts.values()) for word in wanted
    }
    worth = {word: _worth(count, len(texts)) for word, count in having.items()}
    whole, said = sum(worth.values()), folded(words)
    near = likeness(network, words)
    scores = {
        name: sum(
            worth[word] * (IN_HELP if stems.isdisjoint(own) else 1.0)
            for word, stems in meant.items()
            if not stems.isdisjoint(own | helping)
        )
        + whole * max(float(_is_named(network.questions[name], said)), AS_SAID * near.get(name, 0.0) ** 2)
        for name, (own, helping) in texts.items()
    }
    best, unknown = max(scores.values()), sum(not count for count in having.values())
    if best < LEAST_KNOWN * (whole + unknown * _worth(1, len(texts))):
        return ()
    fitting = [network.questions[name] for name, score in scores.items() if score > 0.0 and score >= LEAST_SHARE * best]
    return tuple(sorted(fitting, key=lambda each: (-round(scores[each.id], TIE_DECIMALS), *after(each))))


def _fits(word: str, stem: str) -> bool:
    """Whether a stem is a word, or begins with it where that is long enough: "back" is in "backhand"."""
    return stem == word or (len(word) > SHORTEST and stem.startswith(word))


def _worth(having: int, questions: int) -> float:
    return math.log(questions / having) if having else 0.0


def _is_named(question: Question, said: str) -> bool:
    return said in {folded(each) for each in (question.id, question.label, *question.synonyms)}


def _stems(text: str) -> set[str]:
    words = _WORD.findall(folded(text))
    return {word.removesuffix("s")[:STEM] for word in words if len(word) >= SHORTEST}


def _texts(network: Network, question: Question) -> tuple[set[str], set[str]]:
    """The words of a question with its names and states, and those of its help."""
    states = (word for state in question.states for word in (state, question.state_words(state)))
    named = (word for names in question.state_names.values() for word in names)
    topic = network.topics[question.topic]
    said = (phrase for phrases in question.state_synonyms.values() for phrase in phrases)
    own = (question.id, question.label, question.question, topic, *question.synonyms, *states, *named, *said)
    return _stems(" ".join(own)), _stems(question.help)
