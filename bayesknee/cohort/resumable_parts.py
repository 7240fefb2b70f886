"""A result that is written in parts beside its place, and appears there only when all of it is done.

The parts lie in a folder named after the result. Each is complete once its note is there, and the folder says what it
is for: another run goes on only with the same input, network and options. When the result is in its place, the folder
says that, too, and is removed: a run that is killed meanwhile has nothing left to do.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, TypeAlias

from bayesknee.cohort.extras import arrow_file
from bayesknee.errors import TableError
from bayesknee.files import is_unfinished, new_content, write_file
from bayesknee.lazy_types import Table

MANIFEST: Final = "manifest.json"
FORM: Final = "form"  # of the parts, in the manifest
HEADER_FIRST: Final = 2  # only the first part of a CSV file has the header; parts of other forms cannot be joined
RESULT: Final = "result"  # in the manifest, once the result is in its place
# At either end: a hash of all of a large file would take long. What changes between the ends shows in the time of
# change. Judged.
FINGERPRINT_BYTES: Final = 2**20
PYARROWS: Final = r".*Detail: \[errno \d+\] "  # what it was doing, before what happened


class RowCounts(NamedTuple):
    """The numbers of rows that were scored and rejected."""

    scored: int = 0
    rejected: int = 0

    def plus(self, other: RowCounts) -> RowCounts:
        """The sum of these counts and the other ones."""
        return RowCounts(self.scored + other.scored, self.rejected + other.rejected)


# Is told the share of the work that is done, inside [0, 1], and the rows so far.
Progress: TypeAlias = Callable[[float, RowCounts], None]


def fingerprint(path: Path) -> dict[str, object]:
    """What tells a file from another, or from itself before a change: its size, time, and a hash of either end."""
    status = path.stat()
    digest = hashlib.sha256()
    with path.open("rb") as file:
        digest.update(file.read(FINGERPRINT_BYTES))
        file.seek(max(0, status.st_size - FINGERPRINT_BYTES))
        digest.update(file.read())
    return {"size": status.st_size, "modified": status.st_mtime_ns, "sha256": digest.hexdigest()}


@contextmanager
def told(output: Path) -> Iterator[None]:
    """Turns errors of a disk that is full or cannot be written into errors of this package."""
    try:
        yield
    except OSError as error:
        raise TableError(f"{_unwritten(output, error)}; mend that, and run it again") from None


def _unwritten(output: Path, error: OSError) -> str:
    reason = error.strerror or " ".join(str(error).split())
    return f"cannot write {str(output)!r}: {re.sub(PYARROWS, '', reason)}"


@dataclass(frozen=True)
class ResumableParts:
    """The parts of a result.

    Attributes:
        output: where the result goes.
        rejects: where the rows go that could not be scored.
        folder: where the parts are.
    """

    output: Path
    rejects: Path
    folder: Path

    def start(self, what: Mapping[str, object], *, resume: bool) -> RowCounts | None:
        """Makes the folder, or goes on with the one that is there.

        Returns:
            The counts, where an earlier run had put the result in its place and was only stopped before it had removed
            the folder; there is nothing left to do then.

        Raises:
            TableError: there are parts of another run, or of other input, or something else is in that place.
        """
        manifest = self.folder / MANIFEST
        what = {**what, FORM: HEADER_FIRST}
        if not os.path.lexists(manifest):
            self._make()
            try:
                _write_json(manifest, what)
            except OSError:
                self.folder.rmdir()
                raise
            return None
        before = self._read_manifest()
        if RESULT in before:
            return self._after_the_end(before, what, resume=resume)
        if not resume:
            raise TableError(f"an earlier run was stopped; {self._kept}")
        if changed := _changed(what, before):
            raise TableError(
                f"cannot go on: {', '.join(changed)} changed since {str(self.folder)!r} was begun; "
                "remove that folder to start anew"
            )
        return None

    def _after_the_end(
        self, before: Mapping[str, object], what: Mapping[str, object], *, resume: bool
    ) -> RowCounts | None:
        """The counts of an earlier run that had ended but for cleaning up, where that is the run to go on with."""
        self.remove()
        result = before[RESULT]
        if resume and not _changed(what, before) and isinstance(result, dict) and self.output.is_file():
            counts = RowCounts(*(int(result[name]) for name in RowCounts._fields))
            if result.get("output") == fingerprint(self.output):
                return counts
        return self.start(what, resume=resume)

    def _make(self) -> None:
        """An empty folder; it is removed in the end, so what a stranger keeps there must not be in it."""
        if os.path.lexists(self.folder) and not _is_folder_of_user(self.folder):
            raise self._in_the_way
        self.folder.mkdir(mode=0o700, exist_ok=True)
        if not all(is_unfinished(path) for path in self.folder.iterdir()):
            raise self._in_the_way

    def _read_manifest(self) -> Mapping[str, object]:
        if not _is_folder_of_user(self.folder):
            raise self._in_the_way
        try:
            before = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
        except ValueError:
            raise self._in_the_way from None
        if not isinstance(before, dict):
            raise self._in_the_way
        return before

    @property
    def _in_the_way(self) -> TableError:
        return TableError(
            f"{str(self.folder)!r} is where parts of the result go, and holds something else; move that, or name "
            "another output"
        )

    @contextmanager
    def kept_if_any(self) -> Iterator[None]:
        """Removes the folder where the block fails before any part is done, and else says that there is one."""
        try:
            yield
        except BaseException as error:
            if not any(path.name != MANIFEST for path in self.folder.glob("*.json")):
                self.remove()
            elif isinstance(error, (TableError, OSError)):
                problem = _unwritten(self.output, error) if isinstance(error, OSError) else error
                raise TableError(f"{problem}; {self._kept}") from None
            elif isinstance(error, KeyboardInterrupt):
                error.add_note(self._kept)
            raise

    @property
    def _kept(self) -> str:
        return f"what is done lies in {str(self.folder)!r}: go on with --resume, or remove that folder"

    def part(self, number: int) -> Path:
        """The scores of a piece."""
        return self.folder / f"{number:06d}{self.output.suffix.lower()}"

    def _note(self, number: int) -> Path:
        return self.folder / f"{number:06d}.json"

    def done(self, number: int) -> RowCounts | None:
        """The counts of a piece that is done."""
        if not all(path.exists() for path in (self._note(number), self.part(number), self._rejects_of(number))):
            return None
        return RowCounts(**json.loads(self._note(number).read_text(encoding="utf-8")))

    def _rejects_of(self, number: int) -> Path:
        return self.part(number).with_suffix(".rejects.csv")

    def add(self, number: int, scores: Table, rejects: Table) -> RowCounts:
        """Writes a piece, its note last."""
        write_table(scores, self.part(number), header=number == 0)
        write_table(rejects, self._rejects_of(number), header=number == 0)
        counts = RowCounts(scores.num_rows, rejects.num_rows)
        _write_json(self._note(number), counts._asdict())
        return counts

    def finish(self, count: int) -> None:
        """Joins the parts and puts the results in their places; where nothing was rejected, no file says so.

        Each is written beside its place, which need not be on the disk that holds the parts.
        """
        total = RowCounts()
        for number in range(count):
            total = total.plus(self.done(number) or RowCounts())
        if total.rejected:
            join([self._rejects_of(number) for number in range(count)], self.rejects)
        else:
            self.rejects.unlink(missing_ok=True)
        join([self.part(number) for number in range(count)], self.output)
        result = {**total._asdict(), "output": fingerprint(self.output)}
        _write_json(self.folder / MANIFEST, {**self._read_manifest(), RESULT: result})
        self.remove()

    def finish_rejects(self, count: int) -> None:
        """Joins the rejects alone, for nothing was scored; the folder goes."""
        join([self._rejects_of(number) for number in range(count)], self.rejects)
        self.remove()

    def remove(self) -> None:
        """Removes the folder; what it says of itself goes last, so that one that is half removed is still known."""
        for path in self.folder.iterdir():
            if path.name != MANIFEST:
                path.unlink() if not path.is_dir() or path.is_symlink() else shutil.rmtree(path)
        (self.folder / MANIFEST).unlink(missing_ok=True)
        self.folder.rmdir()


def _changed(what: Mapping[str, object], before: Mapping[str, object]) -> list[str]:
    return [name for name in what if json.loads(json.dumps(what[name])) != before.get(name)]


def _is_folder_of_user(path: Path) -> bool:
    """Whether it is a folder, not a link to one, of the user who runs this: others would choose what is read there."""
    status = path.lstat()
    return stat.S_ISDIR(status.st_mode) and (not hasattr(os, "geteuid") or status.st_uid == os.geteuid())


def _write_json(path: Path, what: Mapping[str, object]) -> None:
    write_file(path, json.dumps(what, indent=2).encode(), private=True)


def write_table(table: Table, path: Path, *, header: bool = True) -> None:
    """Writes a table as CSV, with or without its header, or Parquet, by the name of the file."""
    import pyarrow.csv as pc
    import pyarrow.parquet as pq

    with new_content(path, private=True) as file:
        if path.suffix.lower() == ".csv":
            pc.write_csv(table, file, pc.WriteOptions(include_header=header, quoting_style="needed"))
        else:
            pq.write_table(table, file)


def join(parts: list[Path], joined: Path) -> None:
    """The parts one after the other as one table."""
    with new_content(joined, private=True) as out:
        (_join_text if joined.suffix.lower() == ".csv" else _join_tables)(parts, out)


def _join_text(parts: list[Path], out: BinaryIO) -> None:
    for part in parts:
        with part.open("rb") as file:
            shutil.copyfileobj(file, out)


def _join_tables(parts: list[Path], out: BinaryIO) -> None:
    import pyarrow.parquet as pq

    with arrow_file(parts[0]) as first:
        schema = pq.read_schema(first)
    with pq.ParquetWriter(out, schema) as writer:
        for part in parts:
            with arrow_file(part) as file:
                writer.write_table(pq.read_table(file))


def beside(output: Path, name: str) -> Path:
    """A path beside the output, named after it."""
    return output.with_name(f"{output.stem}{name}")
