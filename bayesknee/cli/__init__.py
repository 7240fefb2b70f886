"""The command line: `bayesknee COMMAND ...`. Each command is a module of `commands`, imported when it is called."""

from bayesknee.cli.group import main

__all__ = ["main"]
