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
from bayesknee.patient.near_names import after
from bayesknee.words import folded

STEM: Final = 6  # letters that are compared: enough to tell words apart, and "buckles" is "buckled"; judged
LEAST_SHARE: Final = 0.4  # of the worth of the best question: less has only words in common that say little; judged
SHORTEST: Final = (
    3  # letters of a word that counts: shorter ones, such as "my" and "in", say nothing of a finding; judged
)
IN_HELP: Final = 0.5  # the part of its worth that a word has which only the help of a question has; judged
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
    worth = {
        word: _worth(sum(word in own or word in helping for own, helping in texts.values()), len(texts))
        for word in wanted
    }
    whole, said = sum(worth.values()), folded(words)
    scores = {
        name: sum(worth[word] * (1.0 if word in own else IN_HELP) for word in wanted & (own | helping))
        + whole * _is_named(network.questions[name], said)
        for name, (own, helping) in texts.items()
    }
    best = max(scores.values())
    fitting = [network.questions[name] for name, score in scores.items() if score > 0.0 and score >= LEAST_SHARE * best]
    return tuple(sorted(fitting, key=lambda each: (-round(scores[each.id], TIE_DECIMALS), *after(each))))


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
    own = (question.id, question.label, question.question, topic, *question.synonyms, *states, *named)
    return _stems(" ".join(own)), _stems(question.help)
