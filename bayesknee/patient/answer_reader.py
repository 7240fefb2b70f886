"""What a value says, whichever door it came through: a cell of a table, a word, JSON, Python.

An id is taken as it is. Beside it counts what people and other programs write for the same: a name as it is shown, in
any case; yes, y, true and 1; a first letter that only one state has. Nothing is guessed: what could mean two things is
left as it is, and refused by whoever asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from immutabledict import immutabledict

from bayesknee.knowledge.model import NO_YES
from bayesknee.knowledge.network import Network
from bayesknee.words import folded

TRUTH_VALUES: Final = (bool, np.bool_)
UNKNOWN: Final = "unknown"
EITHER: Final = "|"  # elbow|forearm: the one or the other
# What spreadsheets, data frames and statistics programs write into an empty cell; nobody was asked.
BLANKS: Final = frozenset({"", "-", "\N{EN DASH}", ".", "na", "n/a", "nan", "nat", "<na>", "null", "none"})
UNKNOWN_WORDS: Final = frozenset({"?", "not known", "don't know", "dont know", "unsure"})
TRUTH_WORDS: Final[Mapping[str, str]] = immutabledict(
    {
        **dict.fromkeys(("y", "true", "t", "1", "1.0"), "yes"),  # 1.0: a spreadsheet's 1 in a column with blanks
        **dict.fromkeys(("n", "false", "f", "0", "0.0"), "no"),
    }
)


def plain_text(value: object) -> str:
    """A text as `str` itself: of a subclass, such as an `Enum` of texts, Python shows what it likes."""
    return str.__str__(value) if isinstance(value, str) else str(value)


def is_blank(value: object) -> bool:
    """Whether a value that is no state says that nothing was asked: None, NaN, an empty cell."""
    if value is None:
        return True
    if isinstance(value, str):
        return plain_text(value).strip().lower() in BLANKS
    # NaN, NaT and pandas' NA are the only scalars that do not equal themselves; NA does not even say whether it does.
    if isinstance(value, (Mapping, *TRUTH_VALUES)):
        return False
    same = value == value  # noqa: PLR0124 (that is how NaN is told)
    return type(value).__name__ == "NAType" or (isinstance(same, TRUTH_VALUES) and not same)


def meant_name(network: Network, name: str) -> str:
    """The finding, risk factor or condition that a name means: its id, or what it is called; else the name itself."""
    return name if name in network.states_by_id else network.ids_by_label.get(folded(name), name)


def meant_state(network: Network, name: str, value: object) -> str:
    """The state of a finding, risk factor or condition that a word, a truth value or a number means.

    Args:
        network: whose states.
        name: an id of the network.
        value: what was answered.

    Returns:
        A state, `unknown`, or the value as text where it means neither.
    """
    states = network.states_by_id[name]
    if isinstance(value, TRUTH_VALUES):
        return meant_state(network, name, NO_YES[bool(value)])
    text = plain_text(value)
    if text in states or text == UNKNOWN:
        return text
    word = folded(text)
    if word == UNKNOWN or word in UNKNOWN_WORDS:
        return UNKNOWN
    meant = {state for state in states if word in _names_of(network, name, state)}
    if len(word) == 1:  # M for male, where no other state begins so
        meant |= {state for state in states if state.startswith(word)} if not meant else set()
    return meant.pop() if len(meant) == 1 else text


def _names_of(network: Network, name: str, state: str) -> frozenset[str]:
    """What a state is called: its id, its words, and of yes and no, or of true and false, the usual signs."""
    question = network.questions.get(name)
    shown = {state} if question is None else {state, question.state_words(state), *question.state_names.get(state, ())}
    truth = TRUTH_WORDS.get(state, state)
    return frozenset({*map(folded, shown), truth, *(word for word, means in TRUTH_WORDS.items() if means == truth)})
