"""Files and folders that appear whole or not at all, under no name that can be guessed and through no link."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bayesknee.errors import TableError
from bayesknee.files import cannot_replace, new_content, new_folder, only_writer, write_file, write_files


def names(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    with new_content(tmp_path / "file") as file:
        file.write(b"half, ")
        assert "file" not in names(tmp_path)
        file.write(b"and whole")
    assert (tmp_path / "file").read_bytes() == b"half, and whole"
    assert names(tmp_path) == {"file"}


def test_what_fails_leaves_what_was_there(tmp_path: Path) -> None:
    write_file(tmp_path / "file", b"old")
    with pytest.raises(ZeroDivisionError), new_content(tmp_path / "file") as file:
        file.write(b"%d" % (1 // 0))
    assert (tmp_path / "file").read_bytes() == b"old"
    assert names(tmp_path) == {"file"}


def test_several_files_appear_together_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "two").mkdir()
    with pytest.raises(OSError, match="two"):
        write_files({tmp_path / "one": b"1", tmp_path / "two" / "no" / "file": b"2"})
    assert names(tmp_path) == {"two"}
    write_files({tmp_path / "one": b"1", tmp_path / "two" / "file": b"2"})
    assert ((tmp_path / "one").read_bytes(), (tmp_path / "two" / "file").read_bytes()) == (b"1", b"2")


def test_an_error_names_the_place_and_not_what_was_beside_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        write_file(tmp_path / "none" / "file", b"")
    assert caught.value.filename == str(tmp_path / "none" / "file")


def test_modes(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_file(tmp_path / "shared", b"")
        write_file(tmp_path / "private", b"", private=True)
        assert (mode(tmp_path / "shared"), mode(tmp_path / "private")) == (0o640, 0o600)
        (tmp_path / "private").chmod(0o604)
        write_file(tmp_path / "private", b"again", private=True)
        assert mode(tmp_path / "private") == 0o604  # what is replaced keeps its own
        with new_folder(tmp_path / "folder") as folder:
            write_file(folder / "file", b"")
        assert (mode(tmp_path / "folder"), mode(tmp_path / "folder" / "file")) == (0o750, 0o640)
    finally:
        os.umask(before)


def test_a_planted_file_is_not_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even a stranger who could guess the name that is taken next."""
    monkeypatch.setattr("secrets.token_hex", lambda length: "0" * 2 * length)
    (tmp_path / "victim").write_bytes(b"precious")
    (tmp_path / ".file.0000000000000000.part").symlink_to(tmp_path / "victim")
    with pytest.raises(FileExistsError):
        write_file(tmp_path / "file", b"new")
    assert (tmp_path / "victim").read_bytes() == b"precious"
    assert "file" not in names(tmp_path)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "far" / "file")
    write_file(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "far" / "file").read_bytes() == b"new"


def test_what_cannot_be_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    told = [cannot_replace(tmp_path / name) for name in (".", "pipe", "file", "none")]
    assert told == ["it is a folder; name a file", "it is a pipe or a device; name a file", "", ""]


def test_a_folder_appears_when_it_is_whole(tmp_path: Path) -> None:
    with new_folder(tmp_path / "folder") as folder:
        write_file(folder / "file", b"content")
        assert "folder" not in names(tmp_path)
    assert (tmp_path / "folder" / "file").read_bytes() == b"content"
    with pytest.raises(OSError, match="folder"), new_folder(tmp_path / "folder") as folder:  # it holds something
        write_file(folder / "other", b"")
    with pytest.raises(ZeroDivisionError), new_folder(tmp_path / "new") as folder:
        write_file(folder / "file", b"%d" % (1 // 0))
    assert names(tmp_path) == {"folder"}
    assert names(tmp_path / "folder") == {"file"}


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    with only_writer(tmp_path / "one"):
        with pytest.raises(TableError, match=r"one' is being written by another run"), only_writer(tmp_path / "one"):
            pass
        with only_writer(tmp_path / "two"):
            assert names(tmp_path) == {".one.lock", ".two.lock"}
    assert not names(tmp_path)


def test_what_a_writer_that_was_killed_left_goes_with_the_next_one(tmp_path: Path) -> None:
    part = f".one.{'0' * 16}.part"
    (tmp_path / part).mkdir()
    (tmp_path / part / "half").touch()
    kept = {f".one.json.{'0' * 16}.part", f".one.{'0' * 15}.part", "one.part"}
    for name in kept:
        (tmp_path / name).touch()
    with new_folder(tmp_path / "one"):
        with pytest.raises(TableError, match="another run"), new_folder(tmp_path / "one"):
            pass
        assert part not in names(tmp_path)
    assert names(tmp_path) == {"one", *kept}


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc, where not even root makes files")
def test_a_place_where_no_lock_can_be_is_told_as_what_it_is() -> None:
    with pytest.raises(FileNotFoundError), only_writer(Path("/proc/file")):
        pass
