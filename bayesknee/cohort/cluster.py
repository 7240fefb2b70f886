"""Scores on a cluster of Dask: data frames that stay lazy, and pieces of a file shared out among workers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final

from bayesknee.cohort.extras import require
from bayesknee.cohort.reading import Piece
from bayesknee.cohort.score_files import Scored, Task, Work, score_piece
from bayesknee.diagnosis.engine import Engine
from bayesknee.diagnosis.score import Options, empty_scores, score
from bayesknee.errors import TableError
from bayesknee.patient.columns import check_columns

PATIENCE: Final = "10s"  # with a scheduler that does not answer
PIECES_A_WORKER: Final = 2  # under way at once: one being scored, one on its way


def score_lazily(engine: Engine, frame: Any, options: Options) -> Any:  # noqa: ANN401 (Dask is untyped)
    """A lazy data frame of the scores of a lazy one; its columns are checked now, its rows when it is computed."""
    check_columns(engine.network, frame.columns, ignore=options.ignore)
    meta = empty_scores(engine.network, options)
    meta.index = frame._meta.index[:0]  # noqa: SLF001 (Dask's own way to tell the kind of index)
    return frame.map_partitions(_score_partition, packed(engine), options, meta=meta)


def _score_partition(frame: Any, engine: bytes, options: Options) -> Any:  # noqa: ANN401
    return score(unpacked(engine), frame, options)


def packed(engine: Engine) -> bytes:
    """The engine for another process."""
    import pickle

    return pickle.dumps(engine)


@lru_cache(maxsize=4)
def unpacked(engine: bytes) -> Engine:
    """The engine again, made once for all that a process has to do with it."""
    import pickle

    made = pickle.loads(engine)  # noqa: S301 (packed by us)
    assert isinstance(made, Engine)  # noqa: S101
    return made


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

    def work(engine: Engine, task: Task, pieces: Iterable[Piece]) -> Iterator[Scored]:
        with client:
            yield from _shared_out(client, packed(engine), task, pieces)

    return work


def _shared_out(client: Any, engine: bytes, task: Task, pieces: Iterable[Piece]) -> Iterator[Scored]:  # noqa: ANN401
    """Keeps every worker busy, and no more pieces on the way than that takes."""
    from distributed import as_completed

    [engine_there] = client.scatter([engine], broadcast=True)
    waiting = iter(pieces)
    running: Any = as_completed()  # type: ignore[no-untyped-call]

    def submit() -> bool:
        if (piece := next(waiting, None)) is None:
            return False
        running.add(client.submit(_score_there, engine_there, task, piece, pure=False))
        return True

    workers = max(1, len(client.scheduler_info(n_workers=-1)["workers"]))
    for _ in range(PIECES_A_WORKER * workers):
        submit()
    for future in running:
        yield future.result()
        submit()


def _score_there(engine: bytes, task: Task, piece: Piece) -> Scored:
    return score_piece(unpacked(engine), task, piece)
