"""A small network that works, for an author to go on from. All its figures are placeholders, and say so."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bayesknee.errors import BayeskneeError, name_hint, quoted
from bayesknee.files import new_folder, write_file
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.reading.reader import MAIN_FILE, read_network
from bayesknee.knowledge.reading.safe_names import safe_id, safe_text
from bayesknee.knowledge.writer import check_new_folder

MOST_CAUSES: Final = 20  # that a first draft names; the format takes more
CATCH_ALL: Final = "other_cause"
# Placeholders. Base rates of conditions fall with their place in the list, and sum to 1.1 with the catch-all: some
# patients have two causes.
TOTAL_RATE: Final = 1.1
RATE_OF_OTHER: Final = 0.1
IF_LIKELY: Final = 0.7
OTHERWISE: Final = 0.1
BASIS: Final = "{grade: D, source: judged, note: a placeholder - put a figure and its source here}"


@dataclass(frozen=True)
class Draft:
    """What an author says of a network before there is one.

    Attributes:
        complaint: what people come with.
        setting: where they are seen.
        conditions: the names of its causes, the most frequent first.
        dangerous: those of them that must not be missed.
        question: one that can be answered by yes or no, and tells causes apart.
        likely: the causes of which a yes is likely.
    """

    complaint: str
    setting: str
    conditions: tuple[str, ...]
    dangerous: tuple[str, ...]
    question: str
    likely: tuple[str, ...]


def write_draft(draft: Draft, folder: Path) -> Network:
    """Writes a network of one file into a new folder, and reads it back.

    Raises:
        BayeskneeError: a folder that is there, or a draft of which no network can be made.
        OSError: it cannot be written.
    """
    _check(draft)
    check_new_folder(folder, Path(MAIN_FILE))
    with new_folder(folder) as beside:
        write_file(beside / MAIN_FILE, "\n".join(_lines(draft, folder.name)).encode() + b"\n")
        return read_network(beside)


def _check(draft: Draft) -> None:
    for what, text in (("complaint", draft.complaint), ("setting", draft.setting), ("question", draft.question)):
        if not safe_text(text):
            raise BayeskneeError(f"{what}: got {quoted(text)}; expected a few words; say what it is")
    names = [name.casefold() for name in draft.conditions]
    if not 2 <= len(names) <= MOST_CAUSES or len(set(names)) < len(names) or not all(map(safe_text, names)):
        got = ", ".join(draft.conditions) or "none"
        raise BayeskneeError(f"causes: got {got}; expected 2 to {MOST_CAUSES}, each once; name them anew")
    if not draft.likely:
        raise BayeskneeError(f"likely: got none; expected a cause of which a yes to {quoted(draft.question)} is likely")
    for name in (*draft.dangerous, *draft.likely):
        if name not in draft.conditions:
            hint = name_hint(name, draft.conditions, f"name one of {', '.join(draft.conditions)}")
            raise BayeskneeError(f"got {quoted(name)}; expected one of the causes; {hint}")


def base_rates(conditions: int) -> list[float]:
    """Placeholders that sum to 1.1 with the catch-all, each half as large again as the next.

    Args:
        conditions: how many.
    """
    shares = [1.5**-place for place in range(conditions)]
    return [(TOTAL_RATE - RATE_OF_OTHER) * share / sum(shares) for share in shares]


def _lines(draft: Draft, folder: str) -> Iterator[str]:
    ids = _ids(draft.conditions)
    yield "# Each figure is a placeholder. Replace it by one from a study: 0.6 (0.5-0.7) B smith_2015 is a value, its"
    yield "# range, a grade and a source. What has no grade and source takes those of the basis above it.\n"
    yield "network:"
    yield "  format: 1"
    yield f"  id: {safe_id(folder, 'network')}"
    yield "  version: 0.1.0"
    yield f"  title: {_text(draft.complaint)}"
    yield f"  complaint: {_text(draft.complaint)}"
    yield f"  catch_all: {CATCH_ALL}"
    yield "  caution: A draft whose figures are placeholders. Not for use with patients."
    yield f"settings:\n  {safe_id(draft.setting, 'setting')}: {{name: {_text(draft.setting)}}}"
    yield "topics:\n  story: The story"
    yield 'references: {}             # smith_2015: {citation: "Smith, A Journal, 2015", url: "https://..."}'
    yield "conditions:"
    for name, rate in zip(draft.conditions, base_rates(len(draft.conditions)), strict=True):
        yield from _condition(ids[name], name, rate, is_dangerous=name in draft.dangerous)
    yield from _condition(CATCH_ALL, "Another cause", RATE_OF_OTHER, is_dangerous=False)
    question = safe_id(draft.question, "question", (*ids.values(), CATCH_ALL))
    yield f"findings:\n  {question}:"
    yield f"    kind: history\n    label: {_text(draft.question.rstrip('?'))}\n    question: {_text(draft.question)}"
    yield f"    topic: story\n    basis: {BASIS}"
    yield "    noisy_or:                                    # of people with only this cause, how many say yes?"
    yield f"      leak: {_number(OTHERWISE)}"
    yield "      causes:"
    yield from (f"        {ids[name]}: {_number(IF_LIKELY)}" for name in draft.likely)


def _ids(names: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        found[name] = safe_id(name, "cause", (*found.values(), CATCH_ALL))
    return found


def _condition(condition: str, name: str, rate: float, *, is_dangerous: bool) -> Iterator[str]:
    yield f"  {condition}:"
    yield f"    name: {_text(name)}"
    yield "    icd10: R69                                   # illness, unspecified: put its code here"
    yield "    description: To be described."
    yield "    what_helps: To be described."
    yield f"    level: {'same_day' if is_dangerous else 'routine'}"
    if is_dangerous:
        yield "    must_not_miss: true"
    yield f"    basis: {BASIS}"
    yield f"    limit: {_number(0.02 if is_dangerous else 0.1)}              # below it, it may be left"
    yield f"    base_rate: {{any_setting: {_number(rate)}}}   # among those who come with this complaint"


def _number(value: float) -> str:
    """A placeholder with a wide range: half of it to twice as much."""
    return f"{value:.3g} ({value / 2.0:.3g}-{min(2.0 * value, (1.0 + value) / 2.0):.3g})"


def _text(text: str) -> str:
    return json.dumps(safe_text(text), ensure_ascii=False)
