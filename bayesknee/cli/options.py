"""Options and helps that several commands share."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

import click

from bayesknee.errors import PictureError, one_line
from bayesknee.knowledge.library import DEFAULT_NETWORK
from bayesknee.knowledge.ranges import MOST_SEED

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
    return click.option("--network", metavar="NAME|FOLDER", help=NETWORK_HELP)(function)


def setting_option(function: F) -> F:
    """`--setting`."""
    text = "Care setting, which selects the base rates.  [default: the network's first]"
    return click.option("--setting", metavar="NAME", help=text)(function)


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
        told = [{"kind": "input", "message": message, "answers": []} for message in context.meta[_WARNINGS]]
        document = {**document, "warnings": [*told, *document.get("warnings", ())]}
    click.echo(json.dumps(document, indent=2, allow_nan=False))


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
