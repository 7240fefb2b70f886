"""Answers that somebody is not sure of, as texts: `probably`, `probably not`, `probably STATE`, `yes:0.8,no:0.2`.

One reader for all doors: words of a command, cells, JSON, Python, an interview.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from immutabledict import immutabledict

from bayesknee.errors import EvidenceError, quoted, shown_word
from bayesknee.knowledge.model import NO_YES
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.reading.fields import DECIMAL
from bayesknee.patient.answer_reader import UNKNOWN, meant_state
from bayesknee.words import folded

PROBABLY: Final = "probably"
PROBABLY_NOT: Final = "probably not"
# Judged, not measured: a patient who says "probably" is right four times in five, so the likelihood ratio of the answer
# is 4. A larger figure trusts unsure answers more. A sure answer has the likelihood that the network gives it.
RIGHT_WHEN_UNSURE: Final = 0.8


def probably(network: Network, name: str, state: str) -> Mapping[str, float]:
    """The likelihoods of an unsure answer by state: `RIGHT_WHEN_UNSURE` for `state`, 1 minus that for the others."""
    return immutabledict(
        {option: RIGHT_WHEN_UNSURE if option == state else 1.0 - RIGHT_WHEN_UNSURE for option in network.states[name]}
    )


def read_unsure(network: Network, name: str, text: str) -> Mapping[str, object] | None:
    """The likelihoods by state that a text stands for; None if it is no unsure answer.

    Args:
        network: what the answer is about.
        name: an id of a finding, risk factor or condition.
        text: `probably` or `probably not` where the states are no and yes; `probably STATE`; or likelihoods, such as
            `yes:0.8,no:0.2`, whose names and weights are not checked here.

    Raises:
        EvidenceError: likelihoods of another shape.
    """
    word = folded(text)
    if word == PROBABLY or word.startswith(f"{PROBABLY} "):
        return _probable(network, name, word.removeprefix(PROBABLY).strip())
    return _weights(name, text) if ":" in text else None


def _probable(network: Network, name: str, rest: str) -> Mapping[str, object] | None:
    states = network.states[name]
    if rest in ("", "not"):
        return probably(network, name, NO_YES[not rest]) if set(states) == set(NO_YES) else None
    state = meant_state(network, name, rest.replace(" ", "_"))
    state = state if state in states else meant_state(network, name, rest)
    return probably(network, name, state) if state in states and state != UNKNOWN else None


def _weights(name: str, text: str) -> Mapping[str, object]:
    weights: dict[str, object] = {}
    for part in text.split(","):
        state, colon, weight = (piece.strip() for piece in part.partition(":"))
        if not (state and colon and weight):
            raise EvidenceError(
                f"{quoted(part.strip())} in {quoted(f'{name}={text}')} is not state:likelihood; write "
                f"{shown_word(name)}=yes:0.8,no:0.2, with a point in decimals"
            )
        if state in weights:
            raise EvidenceError(
                f"{quoted(f'{name}={text}')} gives {shown_word(state)} two likelihoods; keep one of them"
            )
        weights[state] = float(weight) if DECIMAL.fullmatch(weight) else weight
    return immutabledict(weights)
