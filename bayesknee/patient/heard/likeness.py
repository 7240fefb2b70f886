"""How near a few words are to what people say for a question: the words that they share with its nearest phrase.

The measure is Dice's coefficient (Dice 1945, Ecology 26:297-302) with each word weighted by its inverse document
frequency, so that a word that most questions have hardly counts.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache

from bayesknee.knowledge.network import Network
from bayesknee.patient.heard.mentions import phrases_said
from bayesknee.patient.heard.tokens import tokens_of


def likeness(network: Network, words: str) -> Mapping[str, float]:
    """How near words are to the nearest synonym of each question or of its states, from 0 to 1, where it is above 0.

    Args:
        network: whose questions.
        words: in any order.
    """
    said = tuple((sense.finding, phrase) for sense, phrase in phrases_said(network.questions.values()))
    phrases, having = _stemmed(said)
    wanted = _stems(words)
    worth = {stem: math.log1p(len(network.questions) / count) for stem, count in having.items()}
    unknown = math.log1p(len(network.questions))
    total = sum(worth.get(stem, unknown) for stem in wanted)
    best: dict[str, float] = defaultdict(float)
    for finding, stems in phrases:
        if shared := wanted & stems:
            both = total + sum(worth[stem] for stem in stems)
            best[finding] = max(best[finding], 2.0 * sum(worth[stem] for stem in shared) / both)
    return best


@lru_cache(maxsize=8)  # some networks: the words of 3,500 phrases take 0.2 s
def _stemmed(
    said: tuple[tuple[str, str], ...],
) -> tuple[tuple[tuple[str, frozenset[str]], ...], Mapping[str, int]]:
    """The phrases by the stems of their words, and how many questions have each stem."""
    phrases = tuple((finding, _stems(phrase)) for finding, phrase in said)
    having: dict[str, set[str]] = defaultdict(set)
    for finding, stems in phrases:
        for stem in stems:
            having[stem].add(finding)
    return phrases, {stem: len(findings) for stem, findings in having.items()}


def _stems(text: str) -> frozenset[str]:
    return frozenset(token.stem for token in tokens_of(text) if not token.is_light and not token.is_joining)
