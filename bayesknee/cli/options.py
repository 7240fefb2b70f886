"""Options and helps that several commands share."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

import click
from click.shell_completion import CompletionItem

from bayesknee.errors import BayeskneeError, PictureError, one_line
from bayesknee.knowledge.library import DEFAULT_NETWORK, known_networks, load_network
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.ranges import MOST_SEED
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.plain import json_text, with_warnings

# Control characters (C0 and C1), but ends of lines and tabs, and an escape that begins a colour or style (SGR).
_NO_TEXT: Final = re.compile(r"(?!\x1b\[[0-9;]*m)[\x00-\x08\x0b-\x1f\x7f-\x9f]")

F = TypeVar("F", bound=Callable[..., Any])

_WARNINGS: Final = "bayesknee.warnings"
NETWORK_HELP: Final = f"Name of a network that ships, or its folder.  [default: {DEFAULT_NETWORK}]"


def examples(*lines: str) -> str:
    """The end of a help text; the backspace tells click to keep the lines as they are."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


def network_option(function: F) -> F:
    """`--network`."""
    option = click.option(
        "--network", metavar="NAME|FOLDER", help=NETWORK_HELP, is_eager=True, shell_complete=complete_network
    )
    return option(function)


def setting_option(function: F) -> F:
    """`--setting`."""
    text = "Care setting, which selects the base rates.  [default: the network's first]"
    return click.option("--setting", metavar="NAME", help=text, shell_complete=complete_setting)(function)


def words_argument(metavar: str = "[FINDING=STATE]...") -> Callable[[F], F]:
    """The answers as words."""
    return click.argument("words", nargs=-1, metavar=metavar, shell_complete=complete_answer)


class ExpertOption(click.Option):
    """An option that few need; help tells it last."""


class GroupedCommand(click.Command):
    """A command whose help tells the options of experts apart, after all others."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the options, then those of experts."""
        options = [each for each in self.get_params(ctx) if isinstance(each, click.Option)]
        given = [(option, option.get_help_record(ctx)) for option in options]
        for title, expert in (("Options", False), ("For experts", True)):
            rows = [row for option, row in given if row and isinstance(option, ExpertOption) == expert]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


def seed_type() -> click.IntRange:
    """A seed as options take it."""
    return click.IntRange(0, MOST_SEED)


def json_option(function: F) -> F:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(function)


def warn(warnings: Iterable[str]) -> None:
    """Tells warnings, a line each on standard error, and again in the JSON that this command prints, if it does."""
    for warning in warnings:
        click.echo(one_line(f"bayesknee: warning: {warning}"), err=True)
        click.get_current_context().meta.setdefault(_WARNINGS, []).append(warning)


def print_json(document: object) -> None:
    """Prints JSON in plain ASCII, which comes through any terminal and pipe."""
    context = click.get_current_context(silent=True)
    if isinstance(document, dict) and context is not None and _WARNINGS in context.meta:
        document = with_warnings(document, context.meta[_WARNINGS])
    click.echo(json_text(document))


def print_text(text: str) -> None:
    """Prints text as it is; a terminal that lacks a character shows another in its place.

    Of control characters only ends of lines and colours come through, so that no file moves the cursor of a terminal,
    or clears it.
    """
    text = _NO_TEXT.sub(lambda found: repr(found[0])[1:-1], text)
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, errors="replace").decode(encoding))


def save_picture(ax: Any, path: str) -> None:  # noqa: ANN401 (matplotlib's axes, which are not loaded here)
    """Writes a picture.

    Raises:
        PictureError: it cannot be written.
    """
    from bayesknee import plots

    try:
        plots.save(ax, path)
    except Exception as error:
        # Of a full disk, matplotlib's writer of PDF stumbles while it closes the file, and hides what came before.
        if isinstance(error.__context__, OSError) and not isinstance(error, PictureError):
            reason = error.__context__.strerror or "it cannot be written"
            raise PictureError(f"cannot write {path}: {reason}; expected a place with room for it") from None
        raise


# --- what a shell offers at its TAB key for a word that is half typed ------------------------------------------------


def complete_network(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Networks that ship, those of the user, and folders."""
    names = [CompletionItem(name) for name in known_networks() if name.startswith(begun)]
    return [*names, CompletionItem(begun, type="dir")]


def complete_setting(context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """The settings of the network that is named."""
    network = _network(context)
    return [
        CompletionItem(setting.id, help=setting.name)
        for setting in (network.settings.values() if network else ())
        if setting.id.startswith(begun)
    ]


def complete_topic(context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """The topics of the network that is named."""
    network = _network(context)
    topics = network.topics.items() if network else ()
    return [CompletionItem(topic, help=name) for topic, name in topics if topic.startswith(begun)]


def complete_answer(context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """`finding=state`: the findings that begin so; of the only one, or after its `=`, its states.

    bash takes `=` for a word by itself, so that there the states alone are asked for.
    """
    network = _network(context)
    if network is None:
        return []
    if (finding := _before_equals()) is not None:
        return _states(network, finding, begun.removeprefix("="), "")
    name, equals, state = begun.partition("=")
    if equals:
        return _states(network, name, state, f"{name}=")
    found = [question for question in network.questions if question.startswith(begun)]
    if len(found) == 1:
        return _states(network, found[0], "", f"{found[0]}=")
    return [CompletionItem(f"{each}=", help=network.questions[each].label) for each in found]


def _states(network: Network, finding: str, begun: str, before: str) -> list[CompletionItem]:
    if finding not in network.questions:
        return []
    question = network.questions[finding]
    words = {state: question.state_words(state) for state in question.states} | {UNKNOWN: "not known"}
    return [CompletionItem(before + state, help=told) for state, told in words.items() if state.startswith(begun)]


def _before_equals() -> str | None:
    """The finding before the `=` at which bash has split the word; None where no word was split there."""
    words = os.environ.get("COMP_WORDS", "").split(" ")
    at = os.environ.get("COMP_CWORD", "")
    if not at.isdigit() or not 0 < int(at) < len(words):
        return None
    here = int(at)
    if words[here] == "=":
        return words[here - 1]
    return words[here - 2] if here > 1 and words[here - 1] == "=" else None


def _network(context: click.Context) -> Network | None:
    """The network that the command line names so far; None where it cannot be read."""
    try:
        return load_network(context.params.get("network") or DEFAULT_NETWORK)
    except BayeskneeError:
        return None
