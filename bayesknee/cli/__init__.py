"""The command line: `bayesknee COMMAND ...`. Each command is a module of this package, imported when it is called."""

from bayesknee.cli.commands import main

__all__ = ["main"]
