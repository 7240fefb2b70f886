"""`bayesknee findings`: what a network can be told."""

from __future__ import annotations

from typing import Any

import click

from bayesknee.cli.options import examples, json_option, network_option, print_json, print_text
from bayesknee.errors import BayeskneeError, unknown_text
from bayesknee.knowledge.library import DEFAULT_NETWORK, load_network
from bayesknee.knowledge.model import ANSWERED_BY, Question, RiskFactor
from bayesknee.knowledge.network import Network

KINDS = (*ANSWERED_BY, RiskFactor.kind)


@click.command(
    "findings",
    epilog=examples(
        "bayesknee findings",
        "bayesknee findings --search swelling --asked-of patient",
        "bayesknee findings --kind exam --json",
    ),
)
@click.option("--search", metavar="WORDS", help="Only those that contain all these words.")
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
    wanted = None if topic is None else find_topic(loaded, topic)
    found = [
        question
        for question in loaded.questions.values()
        if asked_of in (None, question.asked_of)
        and wanted in (None, question.topic)
        and kind in (None, question.kind)
        and _contains(loaded, question, search or "")
    ]
    if as_json:
        print_json([described(question) for question in found])
        return
    from bayesknee.display.questions import questions_text

    print_text(questions_text(loaded, found))


def find_topic(network: Network, given: str) -> str:
    """The id of a topic given by id or name.

    Raises:
        BayeskneeError: the network has no such topic.
    """
    ids = {name.lower(): topic for topic, name in network.topics.items()} | {topic: topic for topic in network.topics}
    if given.lower() in ids:
        return ids[given.lower()]
    known = f"known are {', '.join(network.topics)}"
    raise BayeskneeError(unknown_text("topic", given, ids, f"of network {network.id}", known))


def _contains(network: Network, question: Question, words: str) -> bool:
    parts = (question.id, question.label, question.question, question.help, network.topics[question.topic])
    words_for_states = (word for named in question.state_names.values() for word in named)
    text = " ".join((*parts, *question.states, *question.synonyms, *words_for_states)).lower()
    return all(word in text for word in words.lower().split())


def described(question: Question) -> dict[str, Any]:
    """A finding or risk factor as plain data; keys that would be empty are left out."""
    extras = {
        "help": question.help,
        **{
            key: {gate: list(states) for gate, states in getattr(question, key).items()}
            for key in ("only_if", "ask_once", "ask_unless", "state_names")
        },
        "synonyms": list(question.synonyms),
        "bands": {s: list(band) for s, band in question.bands.items()},
        "cut_offs": {name: cut_off.words for name, cut_off in question.cut_offs.items()},
        "unit": question.unit,
    }
    return {
        "finding": question.id,
        "label": question.label,
        "question": question.question,
        "asked_of": question.asked_of,
        "states": list(question.states),
        "topic": question.topic,
        "burden": question.burden,
        "kind": question.kind,
        **{key: value for key, value in extras.items() if value},
    }
