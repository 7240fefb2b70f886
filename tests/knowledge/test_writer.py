"""A network written anew: whatever the files look like, the numbers land where they belong, and that is checked."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bayesknee import NetworkError, load_network
from bayesknee.errors import BayeskneeError
from bayesknee.knowledge import writer
from bayesknee.knowledge.model import Number, Reference
from bayesknee.knowledge.reading import reader
from bayesknee.knowledge.writer import Changes, not_copied, write_changed
from tests.support.paths import NETWORKS

PATH: tuple[str, ...] = ("findings", "pain_on_grip", "noisy_or", "causes", "strain")
BASIS_OF_PANEL = "basis: {grade: D, source: judged, method: panel}"
LAST: tuple[str, ...] = ("conditions", "other", "base_rate", "any_setting")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(NETWORKS / "tiny", tmp_path / "old"))


def changes(folder: Path, value: float = 0.75) -> Changes:
    numbers = dict(load_network(folder).numbers())
    moved: dict[tuple[str, ...], Number] = {
        path: replace(numbers[path], value=value, low=0.6, high=0.9, note="a note  of two\nlines")
        for path in (PATH, LAST)
    }
    return Changes(moved, "0.0.2", {"cases": Reference("cases", "Some cases")})


def edited(folder: Path, edit: Callable[[str], str]) -> None:
    for file in folder.glob("*.yaml"):
        file.write_bytes(edit(file.read_bytes().decode()).encode())


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        *(lambda text, sign=sign: f"# one{sign}# two{sign}{text}" for sign in ("\u2028", "\u2029", "\x85")),
        lambda text: text.replace("Smith, 2015", "Smith,\u2028 2015 😀"),
        lambda text: text.replace("\n", " # 😀\u2028\n", 1),
    ],
    ids=["as it is", "CRLF", "byte order mark", "U+2028", "U+2029", "U+0085", "in a text", "after"],
)
def test_numbers_land_where_they_belong(folder: Path, tmp_path: Path, edit: Callable[[str], str]) -> None:
    edited(folder, edit)
    before, wanted = dict(load_network(folder).numbers()), changes(folder)
    network = write_changed(folder, tmp_path / "new", wanted)
    for path, number in load_network(tmp_path / "new").numbers():
        if path in wanted.numbers:
            assert (number.value, number.note) == (0.75, "a note of two lines")
        else:
            assert number == before[path]
    assert (network.version, network.references["cases"].citation) == ("0.0.2", "Some cases")


def test_line_ends_stay_what_they_were(folder: Path, tmp_path: Path) -> None:
    edited(folder, lambda text: text.replace("\n", "\r\n"))
    write_changed(folder, tmp_path / "new", changes(folder))
    for file in folder.glob("*.yaml"):
        content = (tmp_path / "new" / file.name).read_bytes()
        assert content.count(b"\n") == content.count(b"\r\n") > 0


def test_what_does_not_read_back_is_not_kept(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = changes(folder)
    monkeypatch.setattr(writer, "_number", lambda *_: "{value: 0.7, low: 0.6, high: 0.8, grade: D, source: cases}")
    with pytest.raises(BayeskneeError, match=r"conditions\.other\.base_rate\.any_setting would not read back from the"):
        write_changed(folder, tmp_path / "new", wanted)
    assert {each.name for each in tmp_path.iterdir()} == {"old"}


@pytest.mark.parametrize(
    "head", [None, "files: [network.yaml]", "files:\n  - network.yaml", "files:\n    - network.yaml\n    # all"]
)
def test_a_new_network_lists_its_files(folder: Path, tmp_path: Path, head: str | None) -> None:
    if head:
        edited(folder, lambda text: text.replace("  version: ", f"  {head}\n  version: ", 1))
    write_changed(folder, tmp_path / "new", changes(folder))
    (tmp_path / "new" / "learned.yaml").unlink()
    with pytest.raises(NetworkError, match=r"network\.files: got no file 'learned\.yaml'; expected all files of the"):
        load_network(tmp_path / "new")


def test_a_head_in_braces(folder: Path, tmp_path: Path) -> None:
    main = folder / "network.yaml"
    text = main.read_text(encoding="utf-8")
    head, rest = text.split("\nsettings:", 1)
    lines = [line.strip() for line in head.splitlines() if ": " in line and not line.lstrip().startswith("#")]
    main.write_text(f"network: {{{', '.join(lines)}}}\nsettings:{rest}", encoding="utf-8")
    assert write_changed(folder, tmp_path / "new", changes(folder)).version == "0.0.2"
    assert 'files: ["learned.yaml"]' in (tmp_path / "new" / "network.yaml").read_text(encoding="utf-8")


def test_links_that_are_no_part_of_the_network_are_not_copied(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (folder / "notes.txt").symlink_to(tmp_path / "secret")
    os.mkfifo(folder / "pipe")
    (folder / "README.md").write_text("a card")
    write_changed(folder, tmp_path / "new", changes(folder))
    assert {each.name for each in (tmp_path / "new").iterdir()} == {"network.yaml", "learned.yaml", "README.md"}
    assert not_copied(folder) == ("notes.txt", "pipe")


# --- what a folder may hold ------------------------------------------------------------------------------------------


def told(folder: Path) -> str:
    with pytest.raises(NetworkError) as caught:
        load_network(folder)
    return str(caught.value)


@pytest.mark.parametrize("name", ["red_flags.yml", "red_flags.YAML", "red_flags.YML"])
def test_a_file_with_the_wrong_ending_is_told(folder: Path, name: str) -> None:
    (folder / name).write_text("red_flags: {}\n")
    assert told(folder) == (
        f"{name}: got the ending {name[9:]!r}, which is not read; expected files that end in .yaml; "
        "rename it to 'red_flags.yaml', or move it out of the folder"
    )


def test_a_pipe_is_told_and_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "zz.yaml")
    assert told(folder).startswith("zz.yaml: got a folder, pipe or device; expected a regular file; remove it")


def test_files_that_are_too_large_together(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = (folder / "network.yaml").stat().st_size
    monkeypatch.setattr(reader, "MOST_TOGETHER", size)
    load_network(folder)
    (folder / "more.yaml").write_text("#\n")
    assert told(folder).startswith(f"old: got files of {size + 2:,} bytes together; expected at most {size:,}; leave")


def test_a_number_of_a_panel_is_written_as_such(folder: Path, tmp_path: Path) -> None:
    pooled = replace(dict(load_network(folder).numbers())[PATH], grade="D", source="judged", note="", method="panel")
    write_changed(folder, tmp_path / "new", Changes({PATH: pooled}, "0.0.2"))
    assert dict(load_network(tmp_path / "new").numbers())[PATH].method == "panel"


def test_numbers_take_the_method_of_their_entry(folder: Path) -> None:
    edited(folder, lambda text: text.replace("basis: {grade: D, source: judged, note: for tests}", BASIS_OF_PANEL))
    methods = {number.method for path, number in load_network(folder).numbers() if path[:2] == ("conditions", "strain")}
    assert methods == {"panel", ""}
