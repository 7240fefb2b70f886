"""`python -m tests.notebooks --write [NAME...]` runs the notebooks and puts the outputs of the run into them."""

from __future__ import annotations

import argparse
import logging

from tests.notebooks.running import NOTEBOOKS, write

LOG = logging.getLogger(__name__)


def main() -> None:
    """Writes all notebooks, or those whose names have one of these words."""
    parser = argparse.ArgumentParser(prog="python -m tests.notebooks", description=__doc__)
    parser.add_argument("--write", action="store_true", required=True, help="run, and keep what is shown")
    parser.add_argument("names", nargs="*", metavar="NAME", help="part of a file's name; all notebooks if left out")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for path in NOTEBOOKS:
        if not arguments.names or any(name in path.name for name in arguments.names):
            LOG.info("%s", path.name)
            write(path)


if __name__ == "__main__":
    main()
