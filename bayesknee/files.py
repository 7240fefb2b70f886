"""Files and folders written so that nobody sees half of one, and nothing but the file that was named is touched.

What is new is written beside its place under a name that nobody can guess, opened exclusively, and renamed at the end:
a link or file that somebody planted there is refused and not written through. A link that is itself the place stays a
link, and what it leads to is replaced.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from bayesknee.errors import BayeskneeError, TableError, quoted

# Windows has no O_NOFOLLOW and tells text from bytes; POSIX has no O_BINARY. O_EXCL follows no link on either.
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_FOR_ALL: Final = 0o666  # less what the umask takes away
_PRIVATE: Final = 0o600
_PART: Final = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{16}\.part")


def cannot_replace(path: Path) -> str:
    """Why what is at this place cannot be replaced by a file; empty where it can, or where nothing is there."""
    if path.is_dir():
        return "it is a folder; name a file"
    return "it is a pipe or a device; name a file" if path.exists() and not path.is_file() else ""


def check_report_path(path: Path | str, suffixes: Sequence[str]) -> Path:
    """The path, if a report can be written there: so that a wrong name is told before the work.

    Endings count in small and in capital letters.

    Raises:
        BayeskneeError: another ending than these, a folder that does not exist, or something there that cannot be
            replaced.
    """
    file = Path(path)
    if file.suffix.lower() not in suffixes:
        endings = " or ".join(suffixes)
        raise BayeskneeError(f"cannot write the report {quoted(path)}; expected a name that ends in {endings}")
    if not file.parent.is_dir():
        raise BayeskneeError(f"cannot write the report {quoted(path)}: no folder {quoted(file.parent)}; make it first")
    if reason := cannot_replace(file):
        raise BayeskneeError(f"cannot write the report {quoted(path)}: {reason}")
    return file


@contextmanager
def new_content(path: Path | str, *, private: bool = False) -> Iterator[BinaryIO]:
    """A file to write to, which takes its place when the block ends well, and disappears when it does not.

    Args:
        path: the place. A file that is there keeps its mode.
        private: whether a file that is new is for its owner alone; else the umask decides.

    Raises:
        OSError: it cannot be written; the place holds what it held.
    """
    target = Path(os.path.realpath(path))
    part = _beside(target)
    try:
        with _new_part(part, target, private=private) as file:
            yield file
        part.replace(target)
    except BaseException as error:
        part.unlink(missing_ok=True)
        _name(error, target)
        raise
    _on_disk(target.parent)


@contextmanager
def _new_part(part: Path, target: Path, *, private: bool) -> Iterator[BinaryIO]:
    """A new file that is to replace the target; it is on the disk when the block ends."""
    handle = os.open(part, _NEW, _PRIVATE if private or target.exists() else _FOR_ALL)
    with os.fdopen(handle, "wb") as file:
        yield file
        file.flush()
        _keep_mode(file, target)
        os.fsync(file.fileno())  # a power cut must not leave the name without the content


def write_file(path: Path | str, content: bytes, *, private: bool = False) -> None:
    """Writes a file whole or not at all; see `new_content`."""
    with new_content(path, private=private) as file:
        file.write(content)


def write_files(contents: Mapping[Path, bytes], *, private: bool = False) -> None:
    """Writes several files, all or none: each appears only when all of them are written."""
    targets = [Path(os.path.realpath(path)) for path in contents]
    parts = [_beside(target) for target in targets]
    target = Path()
    try:
        for part, target, content in zip(parts, targets, contents.values(), strict=True):
            with _new_part(part, target, private=private) as file:
                file.write(content)
        for part, target in zip(parts, targets, strict=True):
            part.replace(target)
    except BaseException as error:
        for part in parts:
            part.unlink(missing_ok=True)
        _name(error, target)
        raise


@contextmanager
def new_folder(path: Path | str) -> Iterator[Path]:
    """A folder to fill, which takes its place when the block ends well, and disappears when it does not.

    Args:
        path: the place: nothing, or an empty folder.

    Raises:
        TableError: another process is writing there.
        OSError: it cannot be written, or something is in that place.
    """
    target = Path(os.path.realpath(path))
    with only_writer(target), _folder_beside(target) as part:
        yield part


@contextmanager
def _folder_beside(target: Path) -> Iterator[Path]:
    part = _beside(target)
    try:
        part.mkdir()
        yield part
        for each in part.rglob("*"):
            _on_disk(each)
        if target.is_dir():
            part.chmod(stat.S_IMODE(target.stat().st_mode))
            target.rmdir()  # Windows renames to a name that is free
        part.rename(target)
    except BaseException as error:
        shutil.rmtree(part, ignore_errors=True)
        _name(error, target)
        raise
    _on_disk(target.parent)


def _name(error: BaseException, target: Path) -> None:
    """Lets an error of writing name the place, and not what was beside it."""
    if isinstance(error, OSError) and error.errno is not None:
        error.filename, error.filename2 = str(target), None


@contextmanager
def only_writer(*paths: Path) -> Iterator[None]:
    """Holds these places, so that no other process writes there; they are free again when this process ends.

    What a process that was killed had not finished is removed.

    Raises:
        TableError: another process holds one of them.
        OSError: a place where no lock can be.
    """
    from filelock import FileLock, Timeout

    with ExitStack() as held:
        for target in sorted({Path(os.path.realpath(path)) for path in paths}):  # in one order: none waits for another
            place = target.with_name(f".{target.name}.lock")
            lock = FileLock(place, mode=_PRIVATE)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                _check_can_be(place)
                told = "is being written by another run; wait until that has ended, or name another file"
                raise TableError(f"{str(target)!r} {told}") from None
            held.callback(let_go, lock, place)
            clear_unfinished(target)
        yield


def _check_can_be(lock: Path) -> None:
    """Raises what is wrong with a folder in which no lock can be made, which filelock takes for a lock that is held."""
    if not os.path.lexists(lock):
        os.close(os.open(lock, _NEW, _PRIVATE))
        lock.unlink()


def let_go(lock: object, place: Path) -> None:
    """Removes the lock's file while it is held: who opened it meanwhile finds it without a name, and is refused."""
    with contextlib.suppress(OSError):  # Windows removes no file that is open; the next run takes it
        place.unlink()
    lock.release()  # type: ignore[attr-defined]  # filelock is not imported where nothing is locked


def clear_unfinished(target: Path) -> None:
    """Removes what processes that were killed left beside a place; only for who holds its lock."""
    for each in target.parent.iterdir():
        if (found := _PART.fullmatch(each.name)) and found["name"] == target.name:
            if each.is_dir() and not each.is_symlink():
                shutil.rmtree(each, ignore_errors=True)
            else:
                each.unlink(missing_ok=True)


def is_unfinished(path: Path) -> bool:
    """Whether a file is one that `new_content` had not finished when its process was killed."""
    return _PART.fullmatch(path.name) is not None and stat.S_ISREG(path.lstat().st_mode)


def _beside(target: Path) -> Path:
    return target.with_name(f".{target.name}.{secrets.token_hex(8)}.part")


def _keep_mode(file: BinaryIO, target: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        mode = stat.S_IMODE(target.stat().st_mode)
        os.fchmod(file.fileno(), mode) if hasattr(os, "fchmod") else os.chmod(file.name, mode)  # noqa: PTH101


def _on_disk(path: Path) -> None:
    """Waits until a file, or the names in a folder, are on the disk; not every system lets a folder be waited for."""
    with contextlib.suppress(*((OSError,) if path.is_dir() else ())):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
