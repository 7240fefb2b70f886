"""Scores on a cluster of Dask: pieces of a file shared out among workers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from bayesknee.cohort.extras import require
from bayesknee.cohort.score_files import Scored, Task, Work, score_piece
from bayesknee.cohort.tables.reading import Piece
from bayesknee.diagnosis.score import packed, unpacked
from bayesknee.errors import TableError
from bayesknee.inference.compiled_network import CompiledNetwork

PATIENCE: Final = "10s"  # with a scheduler that does not answer
PIECES_A_WORKER: Final = 2  # under way at once: one being scored, one on its way


def work_on(address: str) -> Work:
    """A way to score pieces on the workers of a cluster.

    This process reads the file and sends the rows. Lost workers do not matter: what they had under way is done again by
    others.

    Args:
        address: of its scheduler, such as `tcp://10.0.0.1:8786`.

    Raises:
        TableError: no scheduler there.
    """
    require("distributed", "cluster")
    from distributed import Client

    try:
        client = Client(address, timeout=PATIENCE)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise TableError(f"no scheduler at {address!r}: {reason}; start one, or check the address") from None

    def work(compiled: CompiledNetwork, task: Task, pieces: Iterable[Piece]) -> Iterator[Scored]:
        with client:
            yield from _shared_out(client, packed(compiled), task, pieces)

    return work


def _shared_out(client: Any, compiled: bytes, task: Task, pieces: Iterable[Piece]) -> Iterator[Scored]:  # noqa: ANN401
    """Keeps every worker busy, and no more pieces on the way than that takes."""
    from distributed import as_completed

    # A task, not scattered data: what was scattered is lost with the last worker that holds it, a task is done again.
    network_there = client.submit(bytes, compiled, pure=False)
    waiting = iter(pieces)
    running: Any = as_completed()  # type: ignore[no-untyped-call]

    def submit() -> bool:
        if (piece := next(waiting, None)) is None:
            return False
        running.add(client.submit(_score_there, network_there, task, piece, pure=False))
        return True

    workers = max(1, len(client.scheduler_info(n_workers=-1)["workers"]))
    for _ in range(PIECES_A_WORKER * workers):
        submit()
    for future in running:
        yield future.result()
        submit()


def _score_there(compiled: bytes, task: Task, piece: Piece) -> Scored:
    return score_piece(unpacked(compiled), task, piece)
