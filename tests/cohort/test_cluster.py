"""Scores on a real cluster of processes on this machine."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bayesknee import Engine
from bayesknee.cohort.cluster import work_on
from bayesknee.cohort.resumable_parts import RowCounts
from bayesknee.cohort.score_files import score_file
from bayesknee.cohort.simulate import simulate, simulate_file
from bayesknee.errors import TableError
from tests.support.small_networks import condition, finding, network, noisy_or, risk_factor

pytestmark = pytest.mark.filterwarnings("default")  # what Dask warns of is its own affair

ROWS = 4000


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(
        network(
            risk_factor("age", {"young": 0.5, "old": 0.5}),
            condition("a", 0.6, {"age": {"old": 2.0}}),
            condition("b", 0.7),
            finding("limp", noisy_or(0.1, a=0.5)),
            finding("ache", noisy_or(0.2, b=0.4)),
        )
    )


@pytest.fixture
def cluster() -> Iterator[Any]:
    """Two workers, each a process of its own, that come back when they are lost."""
    from distributed import LocalCluster

    options = {"dashboard_address": None, "silence_logs": 60, "worker_dashboard_address": None}
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, **options) as made:  # type: ignore[no-untyped-call]
        yield made


def lazily(frame: pd.DataFrame, npartitions: int) -> Any:  # noqa: ANN401
    """The frame as one of Dask."""
    import dask.dataframe as dd

    return dd.from_pandas(frame, npartitions=npartitions)  # type: ignore[no-untyped-call]


def kill_a_worker(cluster: Any) -> None:  # noqa: ANN401
    os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)


def test_a_lazy_data_frame(engine: Engine) -> None:
    frame = simulate(engine, 300, missing=0.3)
    lazy = engine.score(lazily(frame, npartitions=4), ignore=["id", "label"])
    expected = engine.score(frame, ignore=["id", "label"])
    assert type(lazy).__module__.startswith("dask")
    assert lazy.npartitions == 4
    assert lazy.dtypes.astype(str).to_dict() == expected.dtypes.astype(str).to_dict()
    pd.testing.assert_frame_equal(lazy.compute(scheduler="synchronous"), expected)


def test_columns_are_checked_at_once_and_rows_when_it_is_computed(engine: Engine) -> None:
    with pytest.raises(TableError, match=r"unknown column 'lmp'; did you mean limp\?"):
        engine.score(lazily(pd.DataFrame({"lmp": ["yes"]}), npartitions=1))
    frame = lazily(pd.DataFrame({"limp": ["yes", "bad"]}), npartitions=2)
    lazy = engine.score(frame)
    with pytest.raises(TableError, match="row 1: unknown state 'bad' of limp"):
        lazy.compute(scheduler="synchronous")
    collected = engine.score(frame, errors="collect").compute(scheduler="synchronous")
    assert [bool(reason) for reason in collected["reason"]] == [False, True]


@pytest.mark.slow
def test_a_lazy_data_frame_while_a_worker_is_killed(engine: Engine, cluster: Any) -> None:  # noqa: ANN401
    from distributed import Client, Event

    frame = simulate(engine, ROWS, missing=0.3)
    lazy = lazily(frame.drop(columns=["id", "label"]), npartitions=8).map_partitions(
        held_up, meta=frame.drop(columns=["id", "label"])
    )
    with Client(cluster) as client:  # type: ignore[no-untyped-call]
        future = client.compute(engine.score(lazy))
        Event("begun").wait()  # type: ignore[no-untyped-call]
        assert not future.done()
        kill_a_worker(cluster)
        Event("killed").set()  # type: ignore[no-untyped-call]
        got = future.result()
    pd.testing.assert_frame_equal(got, engine.score(frame, ignore=["id", "label"]))


def held_up(frame: pd.DataFrame) -> pd.DataFrame:
    """The same, on a worker, once a worker has been killed."""
    from distributed import Event

    Event("begun").set()  # type: ignore[no-untyped-call]
    Event("killed").wait()  # type: ignore[no-untyped-call]
    return frame


@pytest.mark.parametrize("source", [pytest.param(".csv", marks=pytest.mark.slow), ".parquet"])
def test_a_file_while_a_worker_is_killed(
    engine: Engine,
    cluster: Any,  # noqa: ANN401
    tmp_path: Path,
    source: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bayesknee.cohort.tables.reading.PIECE", 100)
    monkeypatch.setattr("bayesknee.cohort.tables.reading.CSV_BLOCK", 2000)
    path = tmp_path / f"in{source}"
    simulate_file(engine, ROWS, path, missing=0.3)
    if source == ".parquet":
        pd.read_parquet(path).to_parquet(path, row_group_size=100)
    killed: list[int] = []

    def kill(_read: float, counts: RowCounts) -> None:
        if counts.scored >= ROWS // 8 and not killed:
            killed.append(counts.scored)
            kill_a_worker(cluster)

    options: dict[str, Any] = {"key": ["id"], "ignore": ["label"]}
    here = score_file(engine, path, tmp_path / "here.csv", **options)
    there = score_file(
        engine, path, tmp_path / "there.csv", work=work_on(cluster.scheduler_address), progress=kill, **options
    )
    assert killed
    assert killed[0] < ROWS
    assert there.scored == here.scored == ROWS
    assert there.output.read_bytes() == here.output.read_bytes()


def test_no_scheduler_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bayesknee.cohort.cluster.PATIENCE", "0s")  # nobody answers, however long one waits
    with pytest.raises(
        TableError, match=r"no scheduler at 'tcp://127\.0\.0\.1:9': .*; start one, or check the address"
    ):
        work_on("tcp://127.0.0.1:9")
