"""What a language model passes on: answers with the words that they were taken from, and changes to try."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from bayesknee.errors import EvidenceError, shown_word
from bayesknee.interview.answers import read_answers
from bayesknee.knowledge.network import Network
from bayesknee.patient.answer_reader import UNKNOWN, is_blank, meant_name
from bayesknee.patient.evidence import Answer

LONGEST_QUOTE: Final = 500  # characters: a few sentences, which show where an answer comes from; judged
# The key of a schema that stands for names of the network; `bayesknee.tool_server.schemas` puts them in its place. The
# names are not checked against the schema here: the engine refuses wrong ones itself, with the nearest that there are.
ENUM_OF: Final = "enum_of"

Id = Annotated[str, Field(min_length=1, max_length=100)]
FiniteNumber = Annotated[float, Field(allow_inf_nan=False)]


class AssumedAnswer(BaseModel):
    """An answer to try: one of `state`, `number` and `likelihoods`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    finding: Id = Field(description="Id of a finding or risk factor, as find_findings has it.")
    state: str | None = Field(
        None,
        description="The answer, one of the finding's states; `unknown` if the person was asked and does not know.",
        json_schema_extra={ENUM_OF: "states"},
    )
    number: FiniteNumber | None = Field(None, description="The number as measured or told, in the unit of the finding.")
    unsure: bool = Field(default=False, description="True if the person said `probably` of this state.")
    likelihoods: dict[str, FiniteNumber] | None = Field(
        None, description="Only if somebody stated numbers: the likelihood of each state, from 0 up."
    )

    @property
    def value(self) -> object:
        """What an interview takes as the answer.

        Raises:
            EvidenceError: it has none, a blank one, or more than one.
        """
        stated = [each for each in (self.state, self.number, self.likelihoods) if not is_blank(each)]
        if len(stated) != 1:
            got = "several answers" if stated else "no answer"
            expected = "one of state, number and likelihoods"
            raise EvidenceError(f"{self.finding}: got {got}; expected {expected}; what was not said is left out")
        if not self.unsure:
            return stated[0]
        if self.state is None or self.state == UNKNOWN:
            raise EvidenceError(f"{self.finding}: unsure goes with a state other than {UNKNOWN}; leave one of them out")
        return f"probably {self.state}"


class HeardAnswer(AssumedAnswer):
    """An answer that somebody gave, with the words that say so."""

    quote: str = Field(
        min_length=1,
        max_length=LONGEST_QUOTE,
        description=(
            "The very words of the person, or of the record, that this answer was taken from. "
            "No words, no answer: leave out what nobody said, and never record silence as `no`."
        ),
    )


def evidence_of(network: Network, given: Iterable[AssumedAnswer]) -> Mapping[str, Answer]:
    """The answers by id, checked against the network.

    Raises:
        EvidenceError: two answers to one finding, or answers that the network cannot take, alone or together.
    """
    return read_answers(network, values_of(network, given))


def values_of(network: Network, given: Iterable[AssumedAnswer]) -> Mapping[str, object]:
    """The answers by id, as an interview takes them; whether they fit together is seen with all others.

    Raises:
        EvidenceError: two answers to one finding, or one that says nothing or too much.
    """
    values: dict[str, object] = {}
    for answer in given:
        name = meant_name(network, answer.finding)
        if name in values:
            raise EvidenceError(f"{shown_word(name)} has two answers; expected one; keep the one that was said last")
        values[name] = answer.value
    return values


def heard_of(network: Network, given: Iterable[HeardAnswer]) -> Mapping[str, Answer]:
    """The answers of a patient by id, checked against the network.

    Raises:
        EvidenceError: as `evidence_of`; also a condition, which would enter a guess as if it were certain.
    """
    answers = evidence_of(network, given)
    for name in answers:
        if name in network.conditions:
            raise EvidenceError(
                f"{name} is a condition; expected findings; enter what was said or found, or use what_if"
            )
    return answers


def quotes_of(network: Network, given: Iterable[HeardAnswer]) -> Mapping[str, str]:
    """The words that each answer was taken from, by id."""
    return {meant_name(network, answer.finding): answer.quote for answer in given}
