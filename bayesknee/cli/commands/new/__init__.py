"""`bayesknee new`: a first draft of a network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import click

from bayesknee.cli.options import examples, print_text
from bayesknee.errors import BayeskneeError

QUESTIONS: Final = {
    "complaint": "What do people come with?",
    "setting": "Where are they seen?",
    "causes": "Which causes may it have, the most frequent first? (a, b, c)",
    "dangerous": "Which of them must not be missed? (a, b; empty for none)",
    "question": "Which question tells them apart, to be answered by yes or no?",
    "likely": "With which of them is a yes likely? (a, b)",
}


@click.command(
    "new",
    epilog=examples(
        "bayesknee new shoulder",
        "bayesknee new shoulder --complaint 'Shoulder pain' --setting 'General practice' --causes 'Frozen shoulder, "
        "Torn cuff, Infection' --dangerous Infection --question 'Do you have a fever?' --likely Infection",
    ),
)
@click.argument("name", metavar="NAME")
@click.option("--complaint", metavar="TEXT", help=QUESTIONS["complaint"])
@click.option("--setting", metavar="TEXT", help=QUESTIONS["setting"])
@click.option("--causes", metavar="A,B,...", help=QUESTIONS["causes"])
@click.option("--dangerous", metavar="A,B,...", help=QUESTIONS["dangerous"])
@click.option("--question", metavar="TEXT", help=QUESTIONS["question"])
@click.option("--likely", metavar="A,B,...", help=QUESTIONS["likely"])
def command(name: str, **given: str | None) -> None:
    """Write a small network that works, to go on from.

    NAME is a new folder. Six things are asked, or given by options; without a terminal all but --dangerous are needed.
    All figures of the draft are placeholders, and say so.
    """
    from bayesknee.authoring.new_network import Draft, write_draft

    said = _asked(given)
    draft = Draft(
        said["complaint"],
        said["setting"],
        _names(said["causes"]),
        _names(said["dangerous"]),
        said["question"],
        _names(said["likely"]),
    )
    try:
        network = write_draft(draft, Path(name))
    except OSError as error:
        raise BayeskneeError(f"cannot write {name!r}: {error.strerror or error}; check the path") from None
    print_text(
        f"{name}: {len(network.conditions)} conditions, {len(network.findings)} finding, in network.yaml; all figures "
        f"are placeholders\nTry it: bayesknee check {name}; bayesknee ask --network {name}\n"
    )


def _can_ask() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _asked(given: dict[str, str | None]) -> dict[str, str]:
    """What was given, and what is asked for the rest."""
    if not _can_ask():
        if missing := [f"--{key}" for key, value in given.items() if value is None and key != "dangerous"]:
            told = "expected a terminal to ask at, or all of it as options"
            raise BayeskneeError(f"got no {', '.join(missing)}; {told}; add {missing[0]}")
        return {key: value or "" for key, value in given.items()}
    return {
        key: click.prompt(QUESTIONS[key], default="" if key == "dangerous" else None, show_default=False)
        if value is None
        else value
        for key, value in given.items()
    }


def _names(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(",") if each.strip())
