"""A result that is written in parts beside its place, and appears there only when all of it is done.

The parts lie in a folder named after the result. Each is complete once its note is there, and the folder says what it
is for: another run goes on only with the same input, network and options.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from bayesknee.errors import TableError
from bayesknee.lazy_types import Table

MANIFEST: Final = "manifest.json"
FINGERPRINT_BYTES: Final = 2**20
PYARROWS: Final = r".*Detail: \[errno \d+\] "  # what it was doing, before what happened


class RowCounts(NamedTuple):
    """How many rows were scored and rejected."""

    scored: int = 0
    rejected: int = 0

    def plus(self, other: RowCounts) -> RowCounts:
        """Both together."""
        return RowCounts(self.scored + other.scored, self.rejected + other.rejected)


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
    """A disk that is full, or cannot be written, in our words."""
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

    def start(self, what: Mapping[str, object], *, resume: bool) -> None:
        """Makes the folder, or goes on with the one that is there.

        Raises:
            TableError: there are parts of another run, or of other input, or something else is in that place.
        """
        manifest = self.folder / MANIFEST
        if not manifest.exists():
            self._make()
            _write_json(manifest, what)
            return
        before = self._read_manifest()
        if not resume:
            raise TableError(f"an earlier run was stopped; {self._kept}")
        if changed := [name for name in what if json.loads(json.dumps(what[name])) != before.get(name)]:
            raise TableError(
                f"cannot go on: {', '.join(changed)} changed since {str(self.folder)!r} was begun; "
                "remove that folder to start anew"
            )

    def _make(self) -> None:
        """An empty folder; it is removed in the end, so what a stranger keeps there must not be in it."""
        if self.folder.exists() and not self.folder.is_dir():
            raise self._in_the_way
        self.folder.mkdir(exist_ok=True)
        if any(path != _unfinished(self.folder / MANIFEST) for path in self.folder.iterdir()):
            raise self._in_the_way

    def _read_manifest(self) -> Mapping[str, object]:
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
        note = self._note(number)
        return RowCounts(**json.loads(note.read_text(encoding="utf-8"))) if note.exists() else None

    def add(self, number: int, scores: Table, rejects: Table) -> RowCounts:
        """Writes a piece, its note last."""
        write_table(scores, self.part(number))
        write_table(rejects, self.part(number).with_suffix(".rejects.csv"))
        counts = RowCounts(scores.num_rows, rejects.num_rows)
        _write_json(self._note(number), counts._asdict())
        return counts

    def finish(self, count: int) -> None:
        """Joins the parts and puts the results in their places; where nothing was rejected, no file says so."""
        whole, rejects = self.folder / f"whole{self.output.suffix.lower()}", self.folder / "whole.rejects.csv"
        join([self.part(number) for number in range(count)], whole)
        join([self.part(number).with_suffix(".rejects.csv") for number in range(count)], rejects)
        _on_disk(whole)
        _on_disk(rejects)
        rejected = sum((self.done(number) or RowCounts()).rejected for number in range(count))
        if rejected:
            rejects.replace(self.rejects)
        else:
            self.rejects.unlink(missing_ok=True)
        whole.replace(self.output)
        self.remove()

    def remove(self) -> None:
        """Removes the folder."""
        shutil.rmtree(self.folder)


def _write_json(path: Path, what: Mapping[str, object]) -> None:
    def write(place: Path) -> None:
        place.write_text(json.dumps(what, indent=2), encoding="utf-8")

    _whole(path, write)


def _whole(path: Path, write: Callable[[Path], None]) -> None:
    """Writes a file under another name, on disk to its end, and renames it."""
    place = _unfinished(path)
    write(place)
    _on_disk(place)
    place.replace(path)


def _unfinished(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


def _on_disk(path: Path) -> None:
    """Waits until a file is on the disk, so that a power cut cannot leave its name without its content."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def write_table(table: Table, path: Path) -> None:
    """Writes a table as CSV or Parquet, by the name of the file."""
    import pyarrow.csv as pc
    import pyarrow.parquet as pq

    def write(place: Path) -> None:
        if path.suffix == ".csv":
            pc.write_csv(table, place, pc.WriteOptions(quoting_style="needed"))
        else:
            pq.write_table(table, place)

    _whole(path, write)


def join(parts: list[Path], whole: Path) -> None:
    """The parts one after the other as one table."""
    if whole.suffix == ".csv":
        _join_text(parts, whole)
        return
    import pyarrow.parquet as pq

    with pq.ParquetWriter(whole, pq.read_schema(parts[0])) as writer:
        for part in parts:
            writer.write_table(pq.read_table(part))


def _join_text(parts: list[Path], whole: Path) -> None:
    with whole.open("wb") as out:
        for number, part in enumerate(parts):
            with part.open("rb") as file:
                if number:
                    file.readline()  # the header
                shutil.copyfileobj(file, out)


def beside(output: Path, name: str) -> Path:
    """A path in the folder of the output, named after it."""
    return output.with_name(f"{output.stem}{name}")
