"""`bayesknee completion`: names of findings, states, settings and networks at the TAB key of a shell."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import click
from click.shell_completion import get_completion_class

from bayesknee.cli.options import examples
from bayesknee.errors import BayeskneeError
from bayesknee.files import write_file

SHELLS: Final = ("bash", "zsh", "fish")
_VARIABLE: Final = "_BAYESKNEE_COMPLETE"
_PROGRAM: Final = "bayesknee"


@click.command(
    "completion",
    epilog=examples("bayesknee completion --install", "bayesknee completion zsh"),
)
@click.argument("shell", required=False, type=click.Choice(SHELLS))
@click.option("--install", is_flag=True, help="Write it where the shell looks for it.")
def command(shell: str | None, install: bool) -> None:  # noqa: FBT001 (how click calls)
    """Print what makes a shell complete commands, options, findings, states, settings and networks.

    SHELL is the one that runs now where it is left out. With --install it is written for bash and fish into the folder
    that they read by themselves, and for zsh as a line of .zshrc; a new shell then has it.
    """
    chosen = shell or Path(os.environ.get("SHELL", "")).name
    if chosen not in SHELLS:
        raise BayeskneeError(f"cannot tell the shell; expected one of {', '.join(SHELLS)}; name it: completion bash")
    script = _script(chosen)
    if not install:
        click.echo(script)
        return
    place = _place(chosen)
    _write(place, script, chosen)
    click.echo(f"Written to {place}; a new shell completes with TAB.")


def _script(shell: str) -> str:
    made = get_completion_class(shell)
    if made is None:
        raise BayeskneeError(f"click completes nothing in {shell}; expected one of {', '.join(SHELLS)}; name another")
    return made(click.Command(_PROGRAM), {}, _PROGRAM, _VARIABLE).source()


def _place(shell: str) -> Path:
    """Where a shell reads what is for it."""
    home = Path.home()
    if shell == "bash":
        return Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share") / "bash-completion/completions" / _PROGRAM
    if shell == "fish":
        return Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "fish/completions" / f"{_PROGRAM}.fish"
    return Path(os.environ.get("ZDOTDIR") or home) / ".zshrc"


def _write(place: Path, script: str, shell: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if shell != "zsh":
        write_file(place, script.encode())
        return
    line = f'eval "$({_VARIABLE}=zsh_source {_PROGRAM})"'
    before = place.read_text(encoding="utf-8") if place.exists() else ""
    if line not in before.splitlines():
        write_file(place, f"{before}{'' if before.endswith(chr(10)) or not before else chr(10)}{line}\n".encode())
