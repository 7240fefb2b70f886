"""Which findings and risk factors a wrong name may have meant. They are suggested, and never taken."""

from __future__ import annotations

from typing import Final

from bayesknee.errors import SEE_FINDINGS, may_hint, name_hint
from bayesknee.knowledge.model import Question
from bayesknee.knowledge.network import Network
from bayesknee.words import folded

MOST: Final = 3  # names in a hint; judged: more are not read


def finding_hint(network: Network, name: object) -> str:
    """What to do about an unknown name: take one of the findings that it may have meant, or look them up."""
    if may_hint(name) and (near := _meant(network, str(name))):
        return f"did you mean {' or '.join(near)}?"
    return name_hint(name, network.states, SEE_FINDINGS)


def _meant(network: Network, name: str) -> list[str]:
    """The questions with this synonym, then those whose words contain all of its words.

    What a patient can be asked comes first, and what hangs on another answer last.
    """
    said = folded(name)
    words = set(said.split())
    if not words:
        return []
    called = [each for each in network.questions.values() if said in map(folded, each.synonyms)]
    holding = [each for each in network.questions.values() if words <= _words(each)]
    holding.sort(key=after)
    return list(dict.fromkeys(each.id for each in (*called, *holding)))[:MOST]


def after(question: Question) -> tuple[bool, bool]:
    """Orders questions that fit alike: what a patient can be asked first, what hangs on another answer last."""
    return question.asked_of != "patient", bool(question.only_if or question.ask_once)


def _words(question: Question) -> set[str]:
    return set(folded(" ".join((question.id, question.label, *question.synonyms))).replace(",", " ").split())
