"""Options and helps that several commands share."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

import click

from bayesknee.knowledge.library import DEFAULT_NETWORK

F = TypeVar("F", bound=Callable[..., Any])

_WARNINGS: Final = "bayesknee.warnings"
NETWORK_HELP: Final = f"Name of a network that ships, or its folder.  [default: {DEFAULT_NETWORK}]"


def examples(*lines: str) -> str:
    """The end of a help text; the backspace tells click to keep the lines as they are."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


def network_option(function: F) -> F:
    """`--network`."""
    return click.option("--network", metavar="NAME|FOLDER", help=NETWORK_HELP)(function)


def setting_option(function: F) -> F:
    """`--setting`."""
    text = "Care setting, which selects the base rates.  [default: the network's first]"
    return click.option("--setting", metavar="NAME", help=text)(function)


def json_option(function: F) -> F:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(function)


def warn(warnings: Iterable[str]) -> None:
    """Tells warnings, a line each on standard error, and again in the JSON that this command prints, if it does."""
    for warning in warnings:
        click.echo(f"bayesknee: warning: {warning}", err=True)
        click.get_current_context().meta.setdefault(_WARNINGS, []).append(warning)


def print_json(document: object) -> None:
    """Prints JSON in plain ASCII, which comes through any terminal and pipe."""
    context = click.get_current_context(silent=True)
    if isinstance(document, dict) and context is not None and _WARNINGS in context.meta:
        document = {**document, "warnings": context.meta[_WARNINGS]}
    click.echo(json.dumps(document, indent=2, allow_nan=False))


def print_text(text: str) -> None:
    """Prints text as it is; a terminal that lacks a character shows another in its place."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, errors="replace").decode(encoding))
