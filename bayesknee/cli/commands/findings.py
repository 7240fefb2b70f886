"""`bayesknee findings`: what a network can be told."""

from __future__ import annotations

import click

from bayesknee.cli.options import examples, json_option, network_option, print_json, print_text
from bayesknee.documents import find_questions, question_document
from bayesknee.knowledge.library import DEFAULT_NETWORK, load_network
from bayesknee.knowledge.model import ANSWERED_BY, RiskFactor

KINDS = (*ANSWERED_BY, RiskFactor.kind)


@click.command(
    "findings",
    epilog=examples(
        "bayesknee findings",
        "bayesknee findings --search swelling --asked-of patient",
        "bayesknee findings --kind exam --json",
    ),
)
@click.option("--search", metavar="WORDS", help="Those that fit these words best.")
@click.option("--asked-of", type=click.Choice(list(ANSWERED_BY.values())), help="Only what is asked of these.")
@click.option("--topic", metavar="TOPIC", help="Only this topic, by id or name.")
@click.option("--kind", type=click.Choice(KINDS), help="Only this kind.")
@network_option
@json_option
def command(  # noqa: PLR0913, PLR0917 (an argument for each option)
    search: str | None,
    asked_of: str | None,
    topic: str | None,
    kind: str | None,
    network: str | None,
    as_json: bool,  # noqa: FBT001 (how click calls)
) -> None:
    """List what can be asked and answered: findings and risk factors, with their states."""
    loaded = load_network(DEFAULT_NETWORK if network is None else network)
    found = list(find_questions(loaded, search or "", asked_of=asked_of, topic=topic, kind=kind))
    if as_json:
        print_json([question_document(question) for question in found])
        return
    from bayesknee.display.questions import questions_text

    print_text(questions_text(loaded, found))
