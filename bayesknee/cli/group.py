"""The group of commands, and what an error becomes: one line on standard error and an exit status."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final, NoReturn

import click
from immutabledict import immutabledict

from bayesknee.errors import INTERRUPTED, BayeskneeError, NetworkError, one_line, unknown_text
from bayesknee.version import __version__

BAD_INPUT: Final = 2
PIPE_CLOSED: Final = 141  # 128 + SIGPIPE, as the shell has it for a program that the signal ended
TERMINATED: Final = 143  # 128 + SIGTERM, likewise
SERVERS: Final = frozenset({"mcp", "serve"})
PROGRAM: Final = "bayesknee"
MOST_TOLD: Final = 3  # problems in one error line; `check` lists the rest; judged
NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)

# What each command is, told here so that the help of all need not import all; in groups, what most need first.
GROUPS: Final[Mapping[str, Mapping[str, str]]] = immutabledict(
    {
        "Start here": {
            "ask": "Ask the questions that tell most, until more would change nothing.",
        },
        "For a patient": {
            "diagnose": "Tell how probable each condition is, given the findings.",
            "findings": "List what can be asked and answered.",
            "parse": "Propose answers from somebody's own words, to be confirmed.",
            "questions": "Tell what is worth asking next, and what each answer would do.",
            "plan": "Print a form: the questions that tell most together.",
            "explain": "Tell what each answer did to a condition, and which numbers carried it.",
            "sensitivity": "Tell which numbers a probability hangs on, and which would change the first place.",
        },
        "For tables of patients": {
            "template": "Write an empty table to fill in, or draft the map of a foreign one.",
            "score": "Tell how probable each condition is in every patient of a table.",
            "evaluate": "Tell how good a network is on patients whose diagnosis is known.",
            "simulate": "Draw patients from a network, with their true causes.",
            "simulate-interviews": "Interview simulated patients: how many questions it takes, and what is lost.",
        },
        "For authors of networks": {
            "networks": "List the networks that ship and your own, and what each is for.",
            "new": "Write a small network that works, to go on from.",
            "check": "Check a network and report on what it rests on.",
            "diff": "Tell what differs between two networks, and which cases it changes.",
            "learn": "Update a network's numbers from patients whose diagnosis is known.",
            "import": "Turn a file with a noisy-OR network into a network folder.",
            "export": "Write a network in another program's format.",
        },
        "For other programs": {
            "mcp": "Serve tools to a language model, over standard input and output or HTTP.",
            "serve": "Serve diagnoses, questions, interviews and reports over HTTP (REST).",
        },
        "For the shell": {
            "completion": "Make the shell complete commands, findings, states, settings and networks.",
        },
    }
)
COMMANDS: Final = immutabledict({name: told for group in GROUPS.values() for name, told in group.items()})


class CommandGroup(click.Group):
    """Commands by name from modules of the same name in the folder `commands`; errors of the user become one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"bayesknee.cli.commands.{cmd_name.replace('-', '_')}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        for title, commands in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl(list(commands.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(unknown_text("command", args[0], COMMANDS), ctx)
        return super().resolve_command(ctx, args)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002 (click's signature)
        **extra: Any,  # noqa: ANN401 (click's signature)
    ) -> NoReturn:
        """Runs a command and exits.

        With 0; 2 for bad input; 130 for Ctrl-C, 141 for a pipe that was closed, 143 for SIGTERM.
        """
        del standalone_mode
        words = sys.argv[1:] if args is None else args
        try:
            with _terminated_tidily(words[:1]), _errors_told():
                super().main(args, prog_name or PROGRAM, complete_var, standalone_mode=False, **extra)
        except click.Abort:  # what was typed had ended
            sys.exit(INTERRUPTED)
        except click.ClickException as error:
            _tell(_usage_error(error))
            sys.exit(BAD_INPUT)
        sys.exit(0)

    def invoke(self, ctx: click.Context) -> object:
        """Runs the command. Errors are told from within, for click has ideas of its own about pipes and Ctrl-C."""
        with _errors_told():
            if sys.stdout is None:
                raise BayeskneeError("standard output is closed; there is nowhere to write to")
            return super().invoke(ctx)


@contextmanager
def _terminated_tidily(command: Sequence[str]) -> Iterator[None]:
    """SIGTERM ends the block as an error would, so that nothing half written stays; servers have a way of their own."""
    if set(command) & SERVERS or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminate(_number: int, _frame: object) -> NoReturn:
    sys.exit(TERMINATED)


@contextmanager
def _errors_told() -> Iterator[None]:
    """Tells errors that the user can mend, and exits; a bug keeps its traceback.

    Flushes standard output, for a full disk or a closed pipe may show only then.
    """
    try:
        yield
        if sys.stdout is not None:
            sys.stdout.flush()
    except KeyboardInterrupt as stopped:  # what can be done now, such as going on, stands in its notes
        _tell("; ".join(["stopped", *getattr(stopped, "__notes__", ())]))
        sys.exit(INTERRUPTED)
    except BayeskneeError as error:
        _tell(_bayesknee_error(error))
        sys.exit(BAD_INPUT)
    except OSError as error:
        _forget_output()
        if error.errno == errno.EPIPE:
            sys.exit(PIPE_CLOSED)
        _tell(_os_error(error))
        sys.exit(BAD_INPUT)


def _tell(text: str) -> None:
    """An error line. Nobody may be there to read it; the exit status then says it all."""
    try:
        click.echo(one_line(f"{PROGRAM}: {text}"), err=True)
    except OSError:
        _forget_output()


def _bayesknee_error(error: BayeskneeError) -> str:
    """One line, whatever the error; the many problems of a network are left to `check`."""
    told = str(error).splitlines() or [type(error).__name__]
    more = len(told) - MOST_TOLD
    lists = f", which `{PROGRAM} check` lists" if isinstance(error, NetworkError) else ""
    rest = [f"and {more:,} more{lists}"] if more > 0 else []
    return "; ".join([*told[:MOST_TOLD], *rest])


def _usage_error(error: click.ClickException) -> str:
    text = " ".join(error.format_message().split()).rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{text}; see `{context.command_path} --help`" if context else text


def _os_error(error: OSError) -> str:
    reason = error.strerror or str(error)
    if error.filename is None:
        return f"cannot write the output: {reason}"
    remedy = "make room there" if error.errno in NO_ROOM else "check the path and its permissions"
    return f"{error.filename!r}: {reason}; {remedy}"


def _forget_output() -> None:
    """Points standard output nowhere: what is still buffered would make Python complain again at its end."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):  # no real file behind it, as under a test runner
        return


@click.group(
    PROGRAM,
    cls=CommandGroup,
    invoke_without_command=True,
    epilog="Each command tells more with --help. An answer is written finding=state: bayesknee findings lists them.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name=PROGRAM, message="%(prog)s %(version)s")
@click.pass_context
def main(context: click.Context) -> None:
    """Bayesian differential diagnosis: exact probabilities from numbers that each carry a range, a source and a grade.

    For education, research and decision support that a clinician can check; not a medical device.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
