"""What somebody's own words may say, as a list to confirm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TextIO

from immutabledict import immutabledict
from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from bayesknee.display.terminal import console_for, rendered
from bayesknee.errors import printable
from bayesknee.knowledge.network import Network
from bayesknee.patient.answer_words import state_text
from bayesknee.patient.heard.meant import Assertion
from bayesknee.patient.heard.proposals import Proposal
from bayesknee.patient.measured import with_unit

MEANT: Final[Mapping[Assertion, str]] = immutabledict(
    {
        "present": "said",
        "absent": "denied",
        "past": "said of the past",
        "unsure": "not sure",
        "someone_else": "said of somebody else",
    }
)
TO_CONFIRM: Final = (
    "Nothing is entered. Ask each question, and enter what is confirmed. What is not listed was not denied."
)


def proposals_text(network: Network, text: str, proposals: Sequence[Proposal], file: TextIO | None = None) -> str:
    """The proposals, each with the words that it rests on."""
    return rendered(console_for(file), *_parts(network, text, proposals))


def answer_told(network: Network, proposal: Proposal) -> str:
    """How something is meant, and the answer that it would be, if it is one: `denied: no`."""
    question = network.questions[proposal.finding]
    told = MEANT[proposal.assertion]
    if proposal.number is not None:
        return f"{told}: {with_unit(proposal.number, question.unit)}"
    return f"{told}: {state_text(network, proposal.finding, proposal.state)}" if proposal.state else told


def _parts(network: Network, text: str, proposals: Sequence[Proposal]) -> Iterator[RenderableType]:
    if not proposals:
        yield Text(f"Nothing of it is in the words that {network.id} knows.")
        return
    for each in proposals:
        question = network.questions[each.finding]
        quote = printable(" ".join(text[each.start : each.end].split()))
        yield Text.assemble((each.finding, "cyan"), f"  {answer_told(network, each)}", f'  "{quote}"')
        yield Padding(Text(question.question), (0, 0, 0, 6))
    yield Text(f"\n{TO_CONFIRM}")
