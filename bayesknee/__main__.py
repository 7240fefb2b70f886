"""The program: `python -m bayesknee`, and what the command `bayesknee` calls."""

from __future__ import annotations

import sys
from typing import NoReturn

from bayesknee.errors import INTERRUPTED


def main() -> NoReturn:
    """Runs the command line. Ctrl-C is one line also while that is still being loaded, which takes longest."""
    try:
        from bayesknee.cli import main as command

        command()
    except KeyboardInterrupt:
        sys.stderr.write("bayesknee: stopped\n")
    sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
