"""What stands in a network for all that a file of probabilities does not tell: ids, names, questions, urgency."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bayesknee.errors import printable
from bayesknee.knowledge.model import ANY_SETTING, Condition, OddsRatio, Probability, Reference

NEAREST: Final = 1e-15  # to 0 and to 1: the format takes neither, and less would round to 1
SOURCE: Final = "source_file"
TOPIC: Final = "findings"
SETTING: Final = "as_published"
UNSPECIFIED: Final = "R69"  # ICD-10: illness, unspecified
UNKNOWN_LEVEL: Final = "urgent"  # what is not known must not reassure
NO_RANGE: Final = "the file states no range"
NOT_DESCRIBED: Final = "Not described in the file."
CAUTION: Final = (
    "Turned from a file of probabilities: names, urgency, limits and who is asked are placeholders (each condition "
    "counts as urgent, none as dangerous), and nobody has checked it for use with patients."
)


def number(value: float) -> Probability:
    """A figure of the file. Its range is the figure itself, for none is stated; 0 and 1 become what is next to them."""
    inside = min(max(value, NEAREST), 1.0 - NEAREST)
    note = "" if inside == value else f"{value:g} in the file, and the format takes neither 0 nor 1"
    return Probability(inside, inside, inside, "D", SOURCE, note)


def number_or_certain(value: float) -> Probability:
    """The same where the format takes 0 and 1, as of a table or a greatest."""
    if value in (0.0, 1.0):
        return Probability(value, value, value, "D", SOURCE, f"{value:g} in the file", certain=True)
    return number(value)


def odds_ratio(value: float) -> OddsRatio:
    """An odds ratio that follows from the file."""
    return OddsRatio(value, value, value, "D", SOURCE)


def source_reference(citation: str, file: str) -> Reference:
    """The only reference of a network that was read from a file."""
    return Reference(SOURCE, f"{citation}, read from {printable(' '.join(file.split()))}", note=NO_RANGE)


def condition(
    name: str,
    label: str,
    base_rate: float,
    odds_ratios: Mapping[str, Mapping[str, OddsRatio]] | None = None,
    icd10: str = UNSPECIFIED,
) -> Condition:
    """A condition of which a file tells how frequent it is, and perhaps what it is called."""
    placeholder = Probability(0.5, 0.1, 0.9, "D", "judged", "a placeholder: the file states no limit")
    return Condition(
        id=name,
        name=label,
        icd10=icd10,
        description=NOT_DESCRIBED,
        what_helps=NOT_DESCRIBED,
        level=UNKNOWN_LEVEL,
        limit=placeholder,
        base_rate={ANY_SETTING: number(base_rate)},
        odds_ratios=odds_ratios or {},
    )
