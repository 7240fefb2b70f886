"""Odd values, and files that were good before something happened to them. They hang on the random numbers alone."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, Final

from bayesknee.knowledge.network import Network

ESCAPE: Final = "\x1b]0;x\x07\x1b[2J"
# What people, programs and strangers write where something else is expected. Lone surrogates stand for bytes that are
# no UTF-8.
TEXTS: Final = (
    "",
    " ",
    "yes",
    "no",
    "unknown",
    "NaN",
    "-inf",
    "null",
    "true",
    "0",
    "1e308",
    "1e-400",
    "-1",
    "None",
    "45 years",
    "yes:0.5,no:0.5",
    "yes|no",
    "../../etc/passwd",
    "=1+1",
    "\0",
    ESCAPE,
    "a\nb",
    "\u2028",
    "\ud800",
    "ﬁ",
    "İ",
    "a" * 5_000,
    "{{7*7}}",
    "%s%n",
    "<script>",
    "&a",
    "*a",
    "!!python/object:os.system",
    "- ",
    ": ",
)
NUMBERS: Final = (
    0,
    1,
    -1,
    2,
    0.5,
    -0.0,
    1e308,
    -1e308,
    5e-324,
    1e-9,
    1.0000001,
    2**63,
    10**400,
    45,
    float("nan"),
    float("inf"),
)
SYNTAX: Final = (*"{}[]()\"',:;|&*#!%@`-=<>\\\n\t\r \0", "\ufeff", "---", "<<: ", "\x85")


def odd(rng: random.Random, depth: int = 0) -> Any:  # noqa: ANN401 (whatever JSON holds)
    """A value of any kind."""
    kind = rng.randrange(8)
    if kind < 3:
        return rng.choice(TEXTS)
    if kind < 5:
        return rng.choice(NUMBERS)
    if kind == 5 or depth > 2:
        return rng.choice((None, True, False))
    if kind == 6:
        return [odd(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {rng.choice(TEXTS): odd(rng, depth + 1) for _ in range(rng.randrange(4))}


def answers(rng: random.Random, network: Network) -> dict[str, Any]:
    """Answers, most of them good."""
    given: dict[str, Any] = {}
    strange = rng.random() < 0.5
    for name in rng.sample(list(network.questions), rng.randrange(min(25, len(network.questions)))):
        given[name] = _answer(rng, network.questions[name], strange=strange)
    if strange and rng.random() < 0.3:
        given[rng.choice((*network.conditions, *network.groups, *TEXTS))] = odd(rng)
    return given


def _answer(rng: random.Random, question: Any, *, strange: bool) -> Any:  # noqa: ANN401 (a question; an answer)
    states = question.states
    if strange and rng.random() < 0.2:
        return odd(rng)
    if question.bands and rng.random() < 0.5:
        return rng.choice((45, 0, 7.5, 120, -3, 1e9)) if strange else 45
    if rng.random() < 0.1:
        return {state: rng.choice((1.0, 0.5, 0.0, 1e-9)) for state in states}
    return rng.choice((*states, "unknown"))


def mutated_tree(rng: random.Random, tree: Any, times: int = 3) -> Any:  # noqa: ANN401
    """Plain data in which some places hold something else, are gone, or stand elsewhere."""
    for _ in range(rng.randrange(times + 1)):
        places = list(_places(tree))
        if not places:
            return odd(rng)
        holder, key = rng.choice(places)
        what = rng.randrange(5)
        if what == 0:
            holder.pop(key)
        elif what == 1 and isinstance(holder, dict):
            holder[rng.choice((*TEXTS, key + "x", key.upper()))] = holder.pop(key)
        elif what == 2:
            other, place = rng.choice(places)
            if key in holder if isinstance(holder, dict) else key < len(holder):
                holder[key] = _copied(other[place]) if place in _keys(other) else None
        else:
            holder[key] = odd(rng)
    return tree


def _keys(holder: Any) -> Any:  # noqa: ANN401
    return holder if isinstance(holder, dict) else range(len(holder))


def _copied(tree: Any) -> Any:  # noqa: ANN401
    if isinstance(tree, dict):
        return {name: _copied(each) for name, each in tree.items()}
    return [_copied(each) for each in tree] if isinstance(tree, list) else tree


def _places(tree: Any) -> Any:  # noqa: ANN401
    if isinstance(tree, dict | list):
        for key in _keys(tree):
            yield tree, key
            yield from _places(tree[key])


def mutated_text(rng: random.Random, text: str, times: int = 4) -> str:
    """A text in which some spans are gone, doubled, moved or replaced."""
    for _ in range(rng.randrange(times + 1)):
        at, length = rng.randrange(len(text) + 1), rng.choice((1, 1, 3, 10, 60))
        span = text[at : at + length]
        words = {
            0: "",
            1: span * 2,
            2: rng.choice(SYNTAX),
            3: rng.choice(TEXTS),
            4: str(rng.choice(NUMBERS)),
            5: span + rng.choice(SYNTAX),
            6: _elsewhere(rng, text, length),
        }
        text = text[:at] + words[rng.randrange(len(words))] + text[at + length :]
    return text


def _elsewhere(rng: random.Random, text: str, length: int) -> str:
    start = rng.randrange(len(text) + 1)
    return text[start : start + length]


def as_bytes(rng: random.Random, text: str) -> bytes:
    """The text as a file has it: seldom in another encoding, or with a byte of no encoding."""
    content = text.encode("utf-8", "surrogatepass")
    if rng.random() < 0.03:
        at = rng.randrange(len(content) + 1)
        content = content[:at] + rng.choice((b"\xff", b"\x80", b"\0", b"\xc3")) + content[at:]
    return (
        rng.choice((b"\xef\xbb\xbf", b"\xff\xfe", b"\x1f\x8b", b"PAR1")) + content if rng.random() < 0.02 else content
    )


def words_of(given: Mapping[str, Any]) -> Sequence[str]:
    """Answers as the command line takes them."""
    return [
        f"{name}={','.join(f'{s}:{q}' for s, q in value.items()) if isinstance(value, dict) else value}"
        for name, value in given.items()
    ]
