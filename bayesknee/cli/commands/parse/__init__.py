"""`bayesknee parse`: what somebody's own words may say of findings."""

from __future__ import annotations

import sys

import click

from bayesknee.cli.options import examples, json_option, network_option, print_json, print_text
from bayesknee.documents import proposals_document
from bayesknee.errors import CaseFileError
from bayesknee.knowledge.library import DEFAULT_NETWORK, load_network
from bayesknee.knowledge.model import ANSWERED_BY
from bayesknee.patient.cases import MOST_BYTES
from bayesknee.patient.heard.proposals import PATIENT, propose

STDIN = "-"


@click.command(
    "parse",
    epilog=examples(
        "bayesknee parse 'My calf has been swollen for two weeks, but I have no fever.'",
        "bayesknee parse --json - < told.txt",
    ),
)
@click.argument("text", nargs=-1, required=True)
@click.option(
    "--asked-of",
    type=click.Choice(list(ANSWERED_BY.values())),
    multiple=True,
    help="Only what is asked of these; repeatable.  [default: patient]",
)
@network_option
@json_option
def command(
    text: tuple[str, ...],
    asked_of: tuple[str, ...],
    network: str | None,
    as_json: bool,  # noqa: FBT001 (how click calls)
) -> None:
    """Propose answers from somebody's own words, TEXT or - for standard input.

    Each proposal has the words that it rests on, and the question that they may answer. Nothing is entered: read each
    question to the person, and enter what is confirmed. What is not found was not heard; it was not denied.
    """
    loaded = load_network(DEFAULT_NETWORK if network is None else network)
    said = _from_stdin() if text == (STDIN,) else " ".join(text)
    proposals = propose(loaded, said, asked_of or PATIENT)
    if as_json:
        print_json(proposals_document(loaded, said, proposals))
        return
    from bayesknee.display.proposals import proposals_text

    print_text(proposals_text(loaded, said, proposals))


def _from_stdin() -> str:
    """Standard input as text.

    Raises:
        CaseFileError: it is closed, too long, or no UTF-8.
    """
    if sys.stdin is None:
        raise CaseFileError("standard input is closed; expected a text there; give it as an argument")
    content = sys.stdin.buffer.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise CaseFileError(f"standard input: more than {MOST_BYTES:,} bytes; expected a text; shorten it")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CaseFileError("standard input: no text in UTF-8; expected one; save it as UTF-8") from None
