"""Files of patients scored: CSV and Parquet, in pieces, and all that can be wrong with them."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import resource
import signal
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bayesknee import Engine
from bayesknee.cohort.resumable_parts import ResumableParts, RowCounts, write_table
from bayesknee.cohort.score_files import FileScores, Scored, Task, score_file, score_here
from bayesknee.cohort.tables.reading import Piece
from bayesknee.errors import TableError
from bayesknee.inference.compiled_network import CompiledNetwork
from tests.support.effort import PROFILE
from tests.support.processes import in_processes
from tests.support.small_networks import (
    condition,
    distribution,
    finding,
    group,
    mixture,
    network,
    noisy_or,
    risk_factor,
)

SUFFIXES = (".csv", ".parquet")


@pytest.fixture
def engine() -> Engine:
    spot = mixture(distribution(front=0.3, back=0.7), a=distribution(front=0.6, back=0.4))
    return Engine(
        network(
            risk_factor("age", {"young": 0.5, "old": 0.5}, bands={"young": (18, 50), "old": (50, 90)}),
            condition("a", 0.6, {"age": {"old": 2.0}}),
            condition("b", 0.7),
            finding("limp", noisy_or(0.1, a=0.5)),
            finding("limp_worse", noisy_or(0.1, a=0.5), only_if={"limp": ("yes",)}),
            finding("spot", spot, ("front", "back")),
            group("any", "a", "b"),
        )
    )


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bayesknee.cohort.tables.reading.PIECE", 10)
    monkeypatch.setattr("bayesknee.cohort.tables.reading.CSV_BLOCK", 120)


def patients(rows: int) -> pd.DataFrame:
    """A table of many kinds of cells, and none that is bad."""
    return pd.DataFrame(
        {
            "id": [f'"p", {i}' for i in range(rows)],
            "limp": [("yes", "no", None, "unknown")[i % 4] for i in range(rows)],
            "spot": [("front", None, "back")[i % 3] for i in range(rows)],
            "age": [(20, 70, None, 30.5, 50)[i % 5] for i in range(rows)],
        }
    )


def write(frame: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path, index=False, row_group_size=7)
    return path


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)


def left_behind(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("source", SUFFIXES)
@pytest.mark.parametrize("output", SUFFIXES)
@pytest.mark.usefixtures("small_pieces")
def test_a_file_is_scored_as_the_same_data_frame(engine: Engine, tmp_path: Path, source: str, output: str) -> None:
    frame = patients(95)
    path = write(frame, tmp_path / f"in{source}")
    result = score_file(engine, path, tmp_path / f"out{output}", key=["id"])
    assert result == FileScores(95, 0, tmp_path / f"out{output}", None)
    got = read(result.output)
    expected = engine.score(frame, ignore=["id"])
    assert list(got) == ["id", *expected.columns]
    assert got["id"].tolist() == frame["id"].tolist()
    assert got["triage"].tolist() == expected["triage"].astype(str).tolist()
    for name in ("a", "b", "any", "log_evidence"):
        assert got[name].tolist() == pytest.approx(expected[name].tolist(), rel=1e-12)
    assert left_behind(tmp_path) == {f"in{source}", f"out{output}"}


@pytest.mark.parametrize("source", SUFFIXES)
@pytest.mark.usefixtures("small_pieces")
def test_bad_rows_go_to_a_file_of_their_own(engine: Engine, tmp_path: Path, source: str) -> None:
    frame = patients(60).astype(object)
    frame.loc[3, "limp"] = "bad"
    frame.loc[31, "age"] = 17
    frame.loc[45, "spot"] = "nowhere"
    frame["limp_worse"] = None
    frame.loc[57, "limp_worse"] = "no"  # limp is no in that row
    frame["age"] = frame["age"].map(str, na_action="ignore") if source == ".parquet" else frame["age"]
    path = write(frame, tmp_path / f"in{source}")
    seen: list[tuple[float, RowCounts]] = []
    result = score_file(
        engine, path, tmp_path / "out.csv", key=["id"], progress=lambda read, counts: seen.append((read, counts))
    )
    assert (result.scored, result.rejected) == (56, 4)
    assert result.rejects == tmp_path / "out.rejects.csv"
    rejects = pd.read_csv(result.rejects)
    assert list(rejects) == ["row", "id", "reason"]
    assert rejects["row"].tolist() == [4, 32, 46, 58]
    assert rejects["id"].tolist() == frame["id"][[3, 31, 45, 57]].tolist()
    told = ["unknown state 'bad'", "age 17 is outside", "unknown state 'nowhere'", "limp_worse is asked only if limp"]
    for reason, start in zip(rejects["reason"], told, strict=True):
        assert reason.startswith(start)
    assert read(result.output)["id"].tolist() == frame["id"].drop([3, 31, 45, 57]).tolist()
    assert seen[-1] == (1.0, RowCounts(56, 4))
    assert [share for share, _ in seen] == sorted(share for share, _ in seen)


@pytest.mark.usefixtures("small_pieces")
def test_without_a_key_rows_have_their_number_in_the_file(engine: Engine, tmp_path: Path) -> None:
    lines = ["limp,spot", *["yes,front"] * 20, "no", "bad,back", "", "no,back,more", *["no,"] * 15, "yes"]
    (tmp_path / "in.csv").write_text("\n".join(lines))
    result = score_file(engine, tmp_path / "in.csv", tmp_path / "out.parquet")
    assert read(result.output)["row"].tolist() == [*range(1, 21), *range(24, 39)]
    assert result.rejects is not None
    assert pd.read_csv(result.rejects).to_dict("list") == {
        "row": [21, 22, 23, 39],
        "reason": [
            "1 field where the header has 2",
            "unknown state 'bad' of limp; expected no, yes or unknown",
            "3 fields where the header has 2",
            "1 field where the header has 2",
        ],
    }


@pytest.mark.parametrize("kind", ["bool", "category", "string", "large_string", "null"])
def test_kinds_of_parquet_columns(engine: Engine, tmp_path: Path, kind: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    text = ["yes", None, "no"]
    columns = {
        "bool": pa.array([True, None, False]),
        "category": pa.array(text).dictionary_encode(),
        "string": pa.array(text),
        "large_string": pa.array(text, pa.large_string()),
        "null": pa.nulls(3),
    }
    pq.write_table(pa.table({"limp": columns[kind], "id": [{"x": 1}] * 3}), tmp_path / "in.parquet")
    result = score_file(engine, tmp_path / "in.parquet", tmp_path / "out.csv", ignore=["id"])
    expected = [
        engine.diagnose({} if kind == "null" or each is None else {"limp": each}).posterior["a"] for each in text
    ]
    assert read(result.output)["a"].tolist() == pytest.approx(expected)


def test_the_output_replaces_an_earlier_one_and_its_rejects(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("before")
    (tmp_path / "out.rejects.csv").write_text("before")
    score_file(engine, write(patients(5), tmp_path / "in.csv"), tmp_path / "out.csv", key=["id"])
    assert left_behind(tmp_path) == {"in.csv", "out.csv"}
    assert len(read(tmp_path / "out.csv")) == 5


def test_intervals(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bayesknee.diagnosis.explaining.intervals_of_rows.DRAWS", 40)
    path = write(patients(9), tmp_path / "in.csv")
    got = read(score_file(engine, path, tmp_path / "out.csv", key=["id"], intervals=True).output)
    expected = engine.score(patients(9), ignore=["id"], intervals=True)
    assert list(got)[4:10] == ["a_low", "a_high", "b_low", "b_high", "any_low", "any_high"]
    for name in list(got)[1:10]:
        assert got[name].tolist() == pytest.approx(expected[name].tolist())


# --- a run that stops, and one that goes on --------------------------------------------------------------------------


class Stopped(Exception):  # noqa: N818 (no error, but an end)
    """The end of a run."""


def stopping_after(count: int) -> Callable[..., Iterator[Scored]]:
    """Work that is stopped after some pieces."""

    def work(compiled: CompiledNetwork, task: Task, pieces: Iterable[Piece]) -> Iterator[Scored]:
        for number, scored in enumerate(score_here(compiled, task, pieces)):
            if number == count:
                raise Stopped
            yield scored

    return work


def counting(scored: list[int]) -> Callable[..., Iterator[Scored]]:
    """Work that notes which pieces it scores."""

    def work(compiled: CompiledNetwork, task: Task, pieces: Iterable[Piece]) -> Iterator[Scored]:
        for each in score_here(compiled, task, pieces):
            scored.append(each.number)
            yield each

    return work


@pytest.mark.parametrize("source", SUFFIXES)
@pytest.mark.parametrize("output", SUFFIXES)
@pytest.mark.usefixtures("small_pieces")
def test_a_stopped_run_goes_on_and_scores_nothing_twice(
    engine: Engine, tmp_path: Path, source: str, output: str
) -> None:
    path = write(patients(95), tmp_path / f"in{source}")
    with pytest.raises(Stopped):
        score_file(engine, path, tmp_path / f"out{output}", key=["id"], work=stopping_after(3))
    assert left_behind(tmp_path) == {f"in{source}", f"out{output}.parts"}
    scored: list[int] = []
    result = score_file(engine, path, tmp_path / f"out{output}", key=["id"], resume=True, work=counting(scored))
    assert scored == list(range(3, 3 + len(scored)))
    assert scored
    whole = score_file(engine, path, tmp_path / f"whole{output}", key=["id"])
    assert (result.scored, result.rejected) == (whole.scored, whole.rejected)
    pd.testing.assert_frame_equal(read(result.output), read(whole.output))
    assert left_behind(tmp_path) == {f"in{source}", f"out{output}", f"whole{output}"}


@pytest.mark.usefixtures("small_pieces")
def test_a_part_that_was_half_written_is_written_again(engine: Engine, tmp_path: Path) -> None:
    path = write(patients(60), tmp_path / "in.csv")
    with pytest.raises(Stopped):
        score_file(engine, path, tmp_path / "out.csv", key=["id"], work=stopping_after(3))
    (tmp_path / "out.csv.parts" / "000002.json").unlink()
    (tmp_path / "out.csv.parts" / "000002.csv").write_text("half")
    result = score_file(engine, path, tmp_path / "out.csv", key=["id"], resume=True)
    assert read(result.output)["id"].tolist() == patients(60)["id"].tolist()


@pytest.mark.usefixtures("small_pieces")
def test_parts_of_another_run_are_not_mixed_in(engine: Engine, tmp_path: Path) -> None:
    path = write(patients(30), tmp_path / "in.csv")
    with pytest.raises(Stopped):
        score_file(engine, path, tmp_path / "out.csv", key=["id"], work=stopping_after(1))
    with pytest.raises(TableError, match=r"an earlier run was stopped; what is done lies in '.*out\.csv\.parts'"):
        score_file(engine, path, tmp_path / "out.csv", key=["id"])
    with pytest.raises(TableError, match="cannot go on: key, ignore changed since"):
        score_file(engine, path, tmp_path / "out.csv", ignore=["id"], resume=True)
    write(patients(31), path)
    with pytest.raises(TableError, match=r"cannot go on: input changed since .*remove that folder to start anew"):
        score_file(engine, path, tmp_path / "out.csv", key=["id"], resume=True)


@pytest.mark.usefixtures("small_pieces")
def test_a_killed_process_leaves_what_another_can_go_on_with(engine: Engine, tmp_path: Path) -> None:
    path = write(patients(95), tmp_path / "in.csv")
    child = os.fork()
    if child == 0:  # the process that is to be killed

        def kill(_read: float, counts: RowCounts) -> None:
            if counts.scored >= 40:
                os.kill(os.getpid(), signal.SIGKILL)

        score_file(engine, path, tmp_path / "out.csv", key=["id"], progress=kill)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    locks = {".out.csv.lock", ".out.rejects.csv.lock"}  # nobody holds them, and the next run takes them away
    assert left_behind(tmp_path) == {"in.csv", "out.csv.parts", *locks}
    result = score_file(engine, path, tmp_path / "out.csv", key=["id"], resume=True)
    assert read(result.output)["id"].tolist() == patients(95)["id"].tolist()
    assert left_behind(tmp_path) == {"in.csv", "out.csv"}


def test_resume_with_nothing_to_go_on_with_starts(engine: Engine, tmp_path: Path) -> None:
    path = write(patients(5), tmp_path / "in.csv")
    assert score_file(engine, path, tmp_path / "out.csv", key=["id"], resume=True).scored == 5


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("resume", [False, True])
def test_a_second_run_on_one_output_is_refused_while_the_first_is_at_work(
    engine: Engine, tmp_path: Path, *, resume: bool
) -> None:
    path = write(patients(60), tmp_path / "in.csv")
    told: list[str] = []

    def second(_read: float, _counts: RowCounts) -> None:
        for output in ("out.csv", "other.csv"):
            with pytest.raises(TableError) as caught:
                score_file(
                    engine, path, tmp_path / output, key=["id"], rejects=tmp_path / "out.rejects.csv", resume=resume
                )
            told.append(str(caught.value))

    result = score_file(engine, path, tmp_path / "out.csv", key=["id"], progress=second)
    busy = "is being written by another run; wait until that has ended, or name another file"
    assert told[:2] == [f"{str(tmp_path / name)!r} {busy}" for name in ("out.csv", "out.rejects.csv")]
    assert read(result.output)["id"].tolist() == patients(60)["id"].tolist()
    assert left_behind(tmp_path) == {"in.csv", "out.csv"}


@pytest.mark.usefixtures("small_pieces")
def test_two_processes_at_once_never_make_a_wrong_file(engine: Engine, tmp_path: Path) -> None:
    """Six times; a hundred times with BAYESKNEE_TESTS=thorough."""
    path = write(patients(95), tmp_path / "in.csv")
    right = score_file(engine, path, tmp_path / "right.csv", key=["id"]).output.read_bytes()
    for resume in (False, True) * (50 if PROFILE == "thorough" else 3):
        ended = in_processes([lambda: score_file(engine, path, tmp_path / "out.csv", key=["id"], resume=resume)] * 2)  # noqa: B023 (it runs at once)
        assert sorted(ended) in ([0, 0], [0, 2])
        assert (tmp_path / "out.csv").read_bytes() == right
        assert left_behind(tmp_path) == {"in.csv", "right.csv", "out.csv"}
        (tmp_path / "out.csv").unlink()


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("changed", [False, True])
def test_a_run_that_was_killed_while_it_cleaned_up_is_done(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, changed: bool
) -> None:
    path = write(patients(60), tmp_path / "in.csv")
    whole = score_file(engine, path, tmp_path / "out.csv", key=["id"])
    right = whole.output.read_bytes()

    def killed(parts: ResumableParts) -> None:
        (parts.folder / "000001.csv").unlink()
        raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(ResumableParts, "remove", killed)
        with pytest.raises(Stopped):
            score_file(engine, path, tmp_path / "out.csv", key=["id"])
    if changed:
        (tmp_path / "out.csv").write_text("somebody else's")
    scored: list[int] = []
    again = score_file(engine, path, tmp_path / "out.csv", key=["id"], resume=True, work=counting(scored))
    assert (again, whole.output.read_bytes()) == (whole, right)
    assert bool(scored) == changed  # what is not that result is made anew
    assert left_behind(tmp_path) == {"in.csv", "out.csv"}


@pytest.mark.usefixtures("small_pieces")
def test_a_part_that_is_missing_is_scored_again(engine: Engine, tmp_path: Path) -> None:
    path = write(patients(60), tmp_path / "in.csv")
    with pytest.raises(Stopped):
        score_file(engine, path, tmp_path / "out.csv", key=["id"], work=stopping_after(3))
    (tmp_path / "out.csv.parts" / "000001.csv").unlink()
    result = score_file(engine, path, tmp_path / "out.csv", key=["id"], resume=True)
    assert read(result.output)["id"].tolist() == patients(60)["id"].tolist()


@pytest.mark.usefixtures("small_pieces")
def test_the_rejects_may_lie_on_another_disk(engine: Engine, tmp_path: Path) -> None:
    elsewhere = Path("/dev/shm")  # noqa: S108 (the other disk; nothing is left there)
    if not elsewhere.is_dir() or elsewhere.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs a second file system")
    frame = patients(60)
    frame.loc[7, "limp"] = "bad"
    rejects = elsewhere / f"{tmp_path.name}-{os.getpid()}.csv"
    try:
        result = score_file(
            engine, write(frame, tmp_path / "in.csv"), tmp_path / "out.csv", key=["id"], rejects=rejects
        )
        assert (result.scored, pd.read_csv(rejects)["row"].tolist()) == (59, [8])
    finally:
        rejects.unlink(missing_ok=True)
    assert left_behind(tmp_path) == {"in.csv", "out.csv"}


# --- places, links and modes -----------------------------------------------------------------------------------------


def test_no_planted_link_is_written_through(engine: Engine, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    for name in (".out.csv.part", ".out.csv.lock"):
        (tmp_path / name).symlink_to(victim)
    path = write(patients(5), tmp_path / "in.csv")
    with pytest.raises(TableError, match=r"cannot write .*: "):
        score_file(engine, path, tmp_path / "out.csv", key=["id"])
    (tmp_path / ".out.csv.lock").unlink()
    parts = tmp_path / "out.csv.parts"
    parts.mkdir()
    (parts / ".manifest.json.part").symlink_to(victim)
    assert "holds something else" in refused(engine, path, tmp_path / "out.csv", key=["id"])
    (parts / ".manifest.json.part").unlink()
    parts.rmdir()
    parts.symlink_to(tmp_path)
    assert "holds something else" in refused(engine, path, tmp_path / "out.csv", key=["id"])
    parts.unlink()
    score_file(engine, path, tmp_path / "out.csv", key=["id"])
    assert victim.read_text() == "precious"


def test_scores_are_for_their_owner_alone_unless_they_replace_what_others_may_read(
    engine: Engine, tmp_path: Path
) -> None:
    frame = patients(5)
    frame.loc[1, "limp"] = "bad"
    path = write(frame, tmp_path / "in.csv")
    output, rejects = tmp_path / "out.csv", tmp_path / "out.rejects.csv"
    score_file(engine, path, output, key=["id"])
    assert [each.stat().st_mode & 0o777 for each in (output, rejects)] == [0o600, 0o600]
    output.chmod(0o640)
    score_file(engine, path, output, key=["id"])
    assert [each.stat().st_mode & 0o777 for each in (output, rejects)] == [0o640, 0o600]


def test_an_output_that_is_a_link_stays_one_and_a_pipe_is_refused(engine: Engine, tmp_path: Path) -> None:
    path = write(patients(5), tmp_path / "in.csv")
    (tmp_path / "far").mkdir()
    (tmp_path / "out.csv").symlink_to(tmp_path / "far" / "real.csv")
    score_file(engine, path, tmp_path / "out.csv", key=["id"])
    assert (tmp_path / "out.csv").is_symlink()
    assert len(read(tmp_path / "far" / "real.csv")) == 5
    os.mkfifo(tmp_path / "pipe.csv")
    assert "it is a pipe or a device; name a file" in refused(engine, path, tmp_path / "pipe.csv", key=["id"])


# --- what is refused -------------------------------------------------------------------------------------------------


def refused(engine: Engine, path: Path, output: Path, **options: Any) -> str:  # noqa: ANN401
    """The error, after a look at what must not have happened."""
    before = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    files = left_behind(output.parent) if output.parent.is_dir() else set()
    with pytest.raises(TableError) as caught:
        score_file(engine, path, output, **options)
    assert before == (hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "")
    assert files == (left_behind(output.parent) if output.parent.is_dir() else set())
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("in.csv", b"", "in.csv is empty; expected a header and a row for each patient"),
        ("in.parquet", b"", "in.parquet is empty; expected a header and a row for each patient"),
        ("in.csv", b"limp,spot\n", "in.csv has a header and no rows; expected one for each patient"),
        ("in.csv", b"\n\n", "in.csv is empty; expected a header and a row for each patient"),
        ("in.csv", "limp,spöt\nyes,back\n".encode("latin-1"), "unknown column 'spöt'; did you mean spot?"),
        (
            "in.csv",
            "limp,spöt\nyes,b".encode() + "\u00e4ck\n".encode("latin-1"),
            "in.csv is not in UTF-8 in line 2, though line 1 is; save it again in one encoding, or name that with",
        ),
        ("in.csv", b"limp,spot\nyes,b\0ack\n", "in.csv is no text in UTF-8, UTF-16 or Latin-1; save it again as CSV"),
        ("in.csv", b"limp,spot\nyes,b\x81ck\n", "in.csv is no text in UTF-8, UTF-16 or Latin-1; save it again as CSV"),
        ("in.csv", b"limp;a,spot\nyes;x,back\n", "commas and semicolons part its lines alike; expected one sign"),
        ("in.csv", b"limp,limp\nyes,no\n", "column 'limp' comes more than once; keep one of them"),
        ("in.csv", b"limp,lump\nyes,no\n", "unknown column 'lump'; did you mean limp?"),
        ("in.csv", b"limp,\nyes,no\n", "a column has no name; name it, or delete it"),
        (
            "in.csv",
            b'limp,spot\nyes,"back\nno,"front"\n',
            "in.csv, line 2: a quote opens a cell and is not closed at it",
        ),
        ("in.parquet", b"limp,spot\nyes,back\n", "cannot read in.parquet: Parquet magic bytes not found in footer"),
        ("in.txt", b"limp\nyes\n", "is neither .csv, .tsv, .xlsx nor .parquet; give it one of these names"),
    ],
)
def test_bad_input(engine: Engine, tmp_path: Path, name: str, content: bytes, told: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert told in refused(engine, tmp_path / name, tmp_path / "out.csv")


def test_a_byte_order_mark_is_no_part_of_a_name(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(b"\xef\xbb\xbflimp\r\nyes\r\n")
    assert score_file(engine, tmp_path / "in.csv", tmp_path / "out.csv").scored == 1


@pytest.mark.usefixtures("small_pieces")
def test_bytes_that_are_no_utf8_far_down_are_told_before_work_begins(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(b"limp\nj\xc3\xa4\n" + b"yes\n" * 500 + b"y\xe9s\n")
    told = refused(engine, tmp_path / "in.csv", tmp_path / "out.csv")
    assert told.startswith("in.csv is not in UTF-8 in line 503, though line 2 is; save it again in one encoding")


@pytest.mark.parametrize(
    ("content", "reasons"),
    [
        (b"limp\nbad\nsad\n", ["unknown state 'bad' of limp", "unknown state 'sad' of limp"]),
        (b"limp,spot\nyes\nno,back,no\n", ["1 field where the header has 2", "3 fields where the header has 2"]),
    ],
)
def test_where_no_row_is_scored_all_that_is_wrong_is_in_the_rejects(
    engine: Engine, tmp_path: Path, content: bytes, reasons: list[str]
) -> None:
    (tmp_path / "in.csv").write_bytes(content)
    told = rf"none of 2 rows could be scored; the first: {reasons[0]}.*; '.*out\.rejects\.csv' has all of them"
    with pytest.raises(TableError, match=told):
        score_file(engine, tmp_path / "in.csv", tmp_path / "out.csv")
    written = pd.read_csv(tmp_path / "out.rejects.csv")["reason"].tolist()
    assert [reason.partition(";")[0] for reason in written] == reasons
    assert left_behind(tmp_path) == {"in.csv", "out.rejects.csv"}


@pytest.mark.parametrize("keep", [0.2, 0.6, 0.99])
def test_a_truncated_parquet_file(engine: Engine, tmp_path: Path, keep: float) -> None:
    path = write(patients(200), tmp_path / "in.parquet")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    told = refused(engine, path, tmp_path / "out.csv", key=["id"])
    assert told.startswith("cannot read in.parquet: ")
    assert told.endswith("; check that the file is whole and of its kind")


def test_a_parquet_file_that_is_damaged_inside(engine: Engine, tmp_path: Path) -> None:
    path = write(patients(200), tmp_path / "in.parquet")
    content = bytearray(path.read_bytes())
    content[100:2000] = bytes(1900)
    path.write_bytes(bytes(content))
    with pytest.raises(TableError, match=r"cannot read in\.parquet: "):
        score_file(engine, path, tmp_path / "out.csv", key=["id"])
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.usefixtures("small_pieces")
def test_an_error_far_down_says_where_what_is_done_lies(engine: Engine, tmp_path: Path) -> None:
    path = write(patients(200), tmp_path / "in.parquet")
    output = tmp_path / "out.csv"

    def work(compiled: CompiledNetwork, task: Task, pieces: Iterable[Piece]) -> Iterator[Scored]:
        for number, scored in enumerate(score_here(compiled, task, pieces)):
            if number == 2:
                raise TableError("cannot read in.parquet: it broke")
            yield scored

    with pytest.raises(TableError) as caught:
        score_file(engine, path, output, key=["id"], work=work)
    lies = f"what is done lies in '{output}.parts': go on with --resume, or remove that folder"
    assert str(caught.value) == f"cannot read in.parquet: it broke; {lies}"
    assert score_file(engine, path, output, key=["id"], resume=True).scored == 200


def test_parquet_without_rows_and_with_columns_that_hold_something_else(engine: Engine, tmp_path: Path) -> None:
    write(patients(0), tmp_path / "in.parquet")
    told = refused(engine, tmp_path / "in.parquet", tmp_path / "out.csv", key=["id"])
    assert told == "in.parquet has no rows; expected one for each patient"
    pd.DataFrame({"limp": [["yes"], ["no"]]}).to_parquet(tmp_path / "lists.parquet")
    told = refused(engine, tmp_path / "lists.parquet", tmp_path / "out.csv")
    assert told == "column 'limp' holds list<element: string>; expected text, numbers or truth values"


@pytest.mark.parametrize("name", ["id", "limp"])
def test_text_of_a_parquet_file_that_is_no_utf8(engine: Engine, tmp_path: Path, name: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    bad = pa.array([b"yes", b"\xff"], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"id": ["1", "2"], "limp": ["yes", "no"]} | {name: bad}), tmp_path / "in.parquet")
    told = refused(engine, tmp_path / "in.parquet", tmp_path / "out.csv", key=["id"])
    assert told == "in.parquet is not in UTF-8; save it again in that encoding"


def test_files_that_must_not_be_the_same(engine: Engine, tmp_path: Path) -> None:
    path = write(patients(5), tmp_path / "in.csv")
    (tmp_path / "link.csv").symlink_to(path)
    (tmp_path / "hard.csv").hardlink_to(path)
    for same in ("in.csv", "link.csv", "hard.csv"):
        told = refused(engine, path, tmp_path / same, key=["id"])
        assert told == f"the output {str(tmp_path / same)!r} would replace {str(path)!r}; name another file"
    told = refused(engine, path, tmp_path / "out.csv", key=["id"], rejects=path)
    assert told == f"the rejects {str(path)!r} would replace {str(path)!r}; name another file"
    told = refused(engine, path, tmp_path / "out.csv", key=["id"], rejects=tmp_path / "out.csv")
    assert "would replace" in told


def test_outputs_that_cannot_be(engine: Engine, tmp_path: Path) -> None:
    path = write(patients(5), tmp_path / "in.csv")
    (tmp_path / "folder.csv").mkdir()
    assert "is a folder; name a file" in refused(engine, path, tmp_path / "folder.csv", key=["id"])
    assert "no folder" in refused(engine, path, tmp_path / "none" / "out.csv", key=["id"])
    assert "is neither .csv nor .parquet" in refused(engine, path, tmp_path / "out.txt", key=["id"])
    result = score_file(engine, path, tmp_path / "OUT.CSV", key=["id"], rejects=tmp_path / "BAD.CSV")
    assert result.output.exists()
    told = refused(engine, path, tmp_path / "out.csv", key=["id"], rejects="rejects.txt")
    assert told == "the rejects 'rejects.txt' are not named .csv; give the file that name"
    assert "no such file" in refused(engine, tmp_path / "none.csv", tmp_path / "out.csv").lower()


@pytest.mark.parametrize("resume", [False, True])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("out.csv.parts", ""),
        ("out.csv.parts/thesis.txt", "years of work"),
        ("out.csv.parts/manifest.json", '{"inp'),
        ("out.csv.parts/manifest.json", "[]"),
    ],
)
def test_what_others_keep_where_parts_go_is_left_alone(
    engine: Engine, tmp_path: Path, name: str, content: str, *, resume: bool
) -> None:
    path = write(patients(5), tmp_path / "in.csv")
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(content)
    told = refused(engine, path, tmp_path / "out.csv", key=["id"], resume=resume)
    assert "out.csv.parts' is where parts of the result go, and holds something else; move that, or name" in told
    assert (tmp_path / name).read_text() == content


def test_keys(engine: Engine, tmp_path: Path) -> None:
    path = write(patients(5).rename(columns={"id": "triage"}), tmp_path / "in.csv")
    told = refused(engine, path, tmp_path / "out.csv", key=["triage"])
    assert told == "column 'triage' cannot be a key: the scores have one of that name; rename it"
    assert refused(engine, path, tmp_path / "out.csv", key=["idd"]).startswith("no column 'idd'; ")


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("output", SUFFIXES)
def test_a_full_disk(engine: Engine, tmp_path: Path, output: str) -> None:
    path = write(patients(200), tmp_path / "in.csv")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # writing fails, then, instead of killing
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2500, hard))
        with pytest.raises(TableError, match=r"cannot write '.*out.*': .*; what is done lies in .*go on with --resume"):
            score_file(engine, path, tmp_path / f"out{output}", key=["id"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert left_behind(tmp_path) == {"in.csv", f"out{output}.parts"}
    assert len(read(path)) == 200
    result = score_file(engine, path, tmp_path / f"out{output}", key=["id"], resume=True)
    assert read(result.output)["id"].tolist() == patients(200)["id"].tolist()


def test_a_folder_that_cannot_be_written(engine: Engine, tmp_path: Path) -> None:
    path = write(patients(5), tmp_path / "in.csv")
    with pytest.raises(TableError, match=r"cannot write '/proc/out\.csv': "):
        score_file(engine, path, "/proc/out.csv", key=["id"])


def test_a_part_counts_once_its_note_is_there(tmp_path: Path) -> None:
    import pyarrow as pa

    parts = ResumableParts(tmp_path / "out.csv", tmp_path / "out.rejects.csv", tmp_path / "out.csv.parts")
    parts.start({"input": 1}, resume=False)
    table = pa.table({"x": [1, 2]})
    write_table(table, parts.part(0))
    assert parts.done(0) is None
    assert parts.add(0, table, table.slice(0, 1)) == RowCounts(2, 1) == parts.done(0)
    assert json.loads((tmp_path / "out.csv.parts" / "manifest.json").read_text()) == {"input": 1, "form": 2}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([[1, 2], [3]], r"key 'id' holds list<.*>; expected text, numbers or times; name another key"),
        ([b"\xff", b"x"], r"key 'id' holds binary; expected text, numbers or times; name another key"),
    ],
)
def test_keys_that_no_csv_file_can_hold_are_refused_at_once(
    engine: Engine, tmp_path: Path, values: list[Any], told: str
) -> None:
    frame = pd.DataFrame({"id": values, "limp": ["yes", "no"]})
    frame.to_parquet(tmp_path / "in.parquet")
    with pytest.raises(TableError, match=told):
        score_file(engine, tmp_path / "in.parquet", tmp_path / "out.csv", key=["id"])
    assert left_behind(tmp_path) == {"in.parquet"}


def test_keys_that_are_times(engine: Engine, tmp_path: Path) -> None:
    times = pd.to_datetime(["2020-01-01", "2021-02-03"])
    pd.DataFrame({"id": times, "limp": ["yes", "no"]}).to_parquet(tmp_path / "in.parquet")
    result = score_file(engine, tmp_path / "in.parquet", tmp_path / "out.csv", key=["id"])
    assert [value[:10] for value in read(result.output)["id"]] == ["2020-01-01", "2021-02-03"]


@pytest.mark.parametrize("source", SUFFIXES)
@pytest.mark.parametrize("output", SUFFIXES)
def test_a_key_that_is_a_question_is_read_as_well_as_kept(
    engine: Engine, tmp_path: Path, source: str, output: str
) -> None:
    frame = pd.DataFrame({"age": ["20", "70", None, "10"], "limp": ["yes", "yes", "no", "no"]})
    path = write(frame, tmp_path / f"in{source}")
    result = score_file(engine, path, tmp_path / f"out{output}", key=["age", "limp"])
    got = read(result.output)
    evidence: list[dict[str, object]] = [{"age": 20, "limp": "yes"}, {"age": 70, "limp": "yes"}, {"limp": "no"}]
    assert got["a"].tolist() == pytest.approx([engine.diagnose(each).posterior["a"] for each in evidence])
    assert pd.to_numeric(got["age"]).fillna(0).tolist() == [20, 70, 0]
    assert got["limp"].tolist() == ["yes", "yes", "no"]
    assert result.rejects is not None
    assert pd.read_csv(result.rejects)["age"].tolist() == [10]
    kept = read(score_file(engine, path, tmp_path / f"kept{output}", key=["age"], ignore=["age"]).output)
    unread = [engine.diagnose({"limp": each}).posterior["a"] for each in frame["limp"]]
    assert kept["a"].tolist() == pytest.approx(unread)


@pytest.mark.usefixtures("small_pieces")
def test_a_key_whose_name_has_a_line_break_has_one_header(engine: Engine, tmp_path: Path) -> None:
    path = write(patients(60).rename(columns={"id": "patient\nid"}), tmp_path / "in.csv")
    result = score_file(engine, path, tmp_path / "out.csv", key=["patient\nid"])
    got = read(result.output)
    assert got["patient\nid"].tolist() == patients(60)["id"].tolist()
    assert len(got) == result.scored == 60


def test_a_key_that_is_named_twice_is_one_column(engine: Engine, tmp_path: Path) -> None:
    path = write(patients(3), tmp_path / "in.csv")
    once = score_file(engine, path, tmp_path / "once.csv", key=["id"]).output.read_bytes()
    assert score_file(engine, path, tmp_path / "twice.csv", key=["id", "id"]).output.read_bytes() == once


def test_a_place_for_the_rejects_is_looked_at_before_work_begins(engine: Engine, tmp_path: Path) -> None:
    path = write(patients(3), tmp_path / "in.csv")
    assert "no folder" in refused(engine, path, tmp_path / "out.csv", key=["id"], rejects=tmp_path / "no" / "r.csv")
    (tmp_path / "r.csv").mkdir()
    assert "is a folder" in refused(engine, path, tmp_path / "out.csv", key=["id"], rejects=tmp_path / "r.csv")


def test_cells_longer_than_python_reads_by_itself(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(f"limp,note\nyes,{'x' * 200_000}\nno,\n")
    before = csv.field_size_limit()
    assert score_file(engine, tmp_path / "in.csv", tmp_path / "out.csv", ignore=["note"]).scored == 2
    assert csv.field_size_limit() == before


@pytest.mark.usefixtures("small_pieces")
def test_a_row_longer_than_a_block(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(f"limp,note\nyes,{'x' * 500}\nno,\n")
    told = refused(engine, tmp_path / "in.csv", tmp_path / "out.csv", ignore=["note"])
    assert told == "in.csv: a row is longer than 120 bytes; leave out what is so long"
    assert left_behind(tmp_path) == {"in.csv"}


def test_a_parquet_file_whose_rows_are_missing(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bayesknee.cohort.tables.reading.ParquetTable.pieces", lambda *_: iter(()))
    path = write(patients(5), tmp_path / "in.parquet")
    told = refused(engine, path, tmp_path / "out.csv", key=["id"])
    assert told == "in.parquet has no rows that can be read; check that the file is whole, or make it anew"


def test_a_first_line_of_blanks_is_no_header(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(" \nid,limp\n1,yes\n")
    told = refused(engine, tmp_path / "in.csv", tmp_path / "out.csv", key=["id"])
    assert told == "in.csv, line 1: got blanks; expected the header; remove that line"


def test_a_header_without_an_end_of_line(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,limp")
    assert "has a header and no rows" in refused(engine, tmp_path / "in.csv", tmp_path / "out.csv", key=["id"])


KEYS = ["=1+1", "+cmd", "-cmd", "@x", "-5", "+0.5", "plain", "a=b"]
SAFE = ["'=1+1", "'+cmd", "'-cmd", "'@x", "-5", "+0.5", "plain", "a=b"]


def test_no_key_becomes_a_formula_in_a_spreadsheet(engine: Engine, tmp_path: Path) -> None:
    """An apostrophe stands before it in CSV, in scores and rejects; Parquet, which has types, keeps it as it is."""
    frame = patients(len(KEYS)).assign(id=KEYS)
    question = next(str(name) for name in frame if name != "id")
    wrong = frame.copy()
    wrong[question] = "no such state"
    bad = pd.DataFrame(pd.concat([frame, wrong]))
    result = score_file(engine, write(bad, tmp_path / "in.csv"), tmp_path / "out.csv", key=["id"])
    assert pd.read_csv(result.output, dtype=str)["id"].tolist() == SAFE
    assert result.rejects is not None
    assert pd.read_csv(result.rejects, dtype=str)["id"].tolist() == SAFE
    kept = score_file(engine, write(frame, tmp_path / "in2.csv"), tmp_path / "out.parquet", key=["id"])
    assert pd.read_parquet(kept.output)["id"].tolist() == KEYS
