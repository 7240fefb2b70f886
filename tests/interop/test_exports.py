"""How files are written: whole or not at all, the same each time, and refused with a reason."""

from __future__ import annotations

import dataclasses
import errno
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from bayesknee import Network
from bayesknee.errors import ExportError, SettingError
from bayesknee.interop.exports import export
from bayesknee.interop.formats import EXPORT_FORMATS
from bayesknee.knowledge.model import COMPLAINT
from bayesknee.knowledge.opening import Opening
from tests.support.paths import NETWORKS, ROOT

WITH_REMARK: Final = ("bif", "xmlbif", "xdsl", "net")


def _text(network: Network, format_: str, setting: str | None = None) -> str:
    stream = io.StringIO()
    export(network, stream, format_, setting)
    return stream.getvalue()


@pytest.mark.parametrize("format_", WITH_REMARK)
def test_a_stream_gets_what_a_file_gets(format_: str, tiny: Network, tmp_path: Path) -> None:
    export(tiny, tmp_path / "network", format_)
    assert (tmp_path / "network").read_text(encoding="ascii") == _text(tiny, format_)


@pytest.mark.parametrize("format_", WITH_REMARK)
def test_a_file_tells_what_it_is(format_: str, tiny: Network) -> None:
    text = _text(tiny, format_, "emergency")
    assert f"tiny 0.0.1 in emergency, written by bayesknee. Condition every query on {COMPLAINT} = yes." in text
    assert f"sha256 of its source: {tiny.sha256}" in text


def test_what_a_file_tells_breaks_no_comment(tiny: Network) -> None:
    """An XML comment ends at two hyphens, the others at the end of the line; and not every reader takes UTF-8."""
    network = dataclasses.replace(tiny, version="1 --- \N{EM DASH}\n}")
    assert "tiny 1 - ? } in clinic" in _text(network, "bif").splitlines()[0]
    assert "tiny 1 - ? } in clinic" in _text(network, "xdsl")


def test_uai_goes_into_no_stream(tiny: Network) -> None:
    with pytest.raises(ExportError, match="uai holds no names, they go into a second file; expected a file to write"):
        export(tiny, io.StringIO(), "uai")


@pytest.mark.parametrize("format_", EXPORT_FORMATS)
def test_a_network_without_complaint_has_no_such_node(format_: str, tiny: Network, tmp_path: Path) -> None:
    screening = dataclasses.replace(tiny, complaint="", catch_all="")
    export(screening, tmp_path / "network", format_)
    assert all(COMPLAINT not in path.read_text(encoding="ascii") for path in tmp_path.iterdir())


def test_files_are_the_same_in_each_process(tiny: Network, tmp_path: Path) -> None:
    """Whatever the order in which Python holds its sets."""
    for format_ in EXPORT_FORMATS:
        export(tiny, tmp_path / format_, format_)
    folder = NETWORKS / "tiny"
    script = (
        "import bayesknee; from bayesknee.interop.exports import export\n"
        "from bayesknee.interop.formats import EXPORT_FORMATS\n"
        f"for each in EXPORT_FORMATS: export(bayesknee.load_network({str(folder)!r}), each, each)"
    )
    for seed in ("1", "2"):
        place = tmp_path / seed
        place.mkdir()
        root = str(ROOT)
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": root}
        subprocess.run([sys.executable, "-c", script], cwd=place, env=environment, check=True)
        assert {path.name: path.read_bytes() for path in place.iterdir()} == {
            path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()
        }


def test_nothing_heavy_is_imported() -> None:
    """Neither to diagnose nor to write: pgmpy alone takes seconds."""
    script = (
        "import io, sys, bayesknee; network = bayesknee.load_network(sys.argv[1])\n"
        "bayesknee.Engine(network).diagnose({'age': 70}); assert 'bayesknee.interop' not in sys.modules\n"
        "from bayesknee.interop.exports import export; export(network, io.StringIO(), 'bif')\n"
        "assert not {'pgmpy', 'pandas', 'scipy', 'networkx', 'pyagrum'} & set(sys.modules)"
    )
    folder = NETWORKS / "tiny"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", script, str(folder)], env=environment, check=True)


# --- refusals --------------------------------------------------------------------------------------------------------


def test_an_unknown_format_is_refused(tiny: Network) -> None:
    with pytest.raises(ExportError, match=r"unknown format 'xmlbiff'; did you mean xmlbif or bif\?"):
        export(tiny, io.StringIO(), "xmlbiff")
    with pytest.raises(ExportError, match="unknown format 'json'; known are bif, xmlbif, xdsl, net, uai"):
        export(tiny, io.StringIO(), "json")


def test_an_unknown_setting_is_refused(tiny: Network) -> None:
    with pytest.raises(SettingError, match="unknown setting 'ward'"):
        export(tiny, io.StringIO(), "bif", "ward")


def _renamed(network: Network, old: str, new: str) -> Network:
    """The network with another id for one of its findings."""
    findings = {(new if name == old else name): each for name, each in network.findings.items()}
    findings[new] = dataclasses.replace(findings[new], id=new)
    return dataclasses.replace(network, findings=findings, opening=Opening())


@pytest.mark.parametrize(("format_", "word"), [("bif", "type"), ("bif", "table"), ("net", "node"), ("net", "data")])
def test_a_keyword_of_the_format_is_refused_as_an_id(format_: str, word: str, tiny: Network) -> None:
    network = _renamed(tiny, "pain_on_grip", word)
    with pytest.raises(ExportError, match=f"{format_} takes '{word}' for a word of its own; rename it"):
        _text(network, format_)
    for other in {*WITH_REMARK} - {"bif", "net"}:
        assert word in _text(network, other)


def test_a_keyword_of_bif_is_refused_as_a_state(tiny: Network) -> None:
    """The states of NET are in quotes."""
    tennis = dataclasses.replace(tiny.risk_factors["tennis"], states=("default", "yes"))
    network = dataclasses.replace(tiny, risk_factors={**tiny.risk_factors, "tennis": tennis})
    with pytest.raises(ExportError, match="bif takes 'default' for a word of its own; rename it"):
        _text(network, "bif")
    assert '"default"' in _text(network, "net")


# --- whole or not at all ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format_", EXPORT_FORMATS)
def test_a_file_is_replaced(format_: str, tiny: Network, tmp_path: Path) -> None:
    target = tmp_path / "network"
    target.write_text("what was there", encoding="ascii")
    export(tiny, str(target), format_)
    assert "what was there" not in target.read_text(encoding="ascii")
    names = {"network", "network.names.json"} if format_ == "uai" else {"network"}
    assert {path.name for path in tmp_path.iterdir()} == names


def test_a_failure_leaves_what_was_there(tiny: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full when the second of two files is written: neither is replaced, and no part of one is left."""
    for name in ("network", "network.names.json"):
        (tmp_path / name).write_text("old", encoding="ascii")

    def full(_file: object, target: Path) -> None:
        if target.name == "network.names.json":
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("bayesknee.files._keep_mode", full)
    with pytest.raises(ExportError, match=r"cannot write .*/network: No space left on device"):
        export(tiny, tmp_path / "network", "uai")
    assert {path.name: path.read_text(encoding="ascii") for path in tmp_path.iterdir()} == {
        "network": "old",
        "network.names.json": "old",
    }


def test_a_network_that_does_not_fit_leaves_what_was_there(
    tiny: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bayesknee.interop.tables.MOST_NUMBERS", 100)
    target = tmp_path / "network"
    target.write_text("old", encoding="ascii")
    with pytest.raises(ExportError, match="expected at most 100"):
        export(tiny, target, "bif")
    assert target.read_text(encoding="ascii") == "old"


def test_a_link_stays_a_link(tiny: Network, tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    target = tmp_path / "far" / "network"
    target.write_text("old", encoding="ascii")
    link = tmp_path / "link"
    link.symlink_to(target)
    export(tiny, link, "bif")
    assert link.is_symlink()
    assert target.read_text(encoding="ascii") == _text(tiny, "bif")


def test_a_pipe_is_not_replaced(tiny: Network, tmp_path: Path) -> None:
    """Nor is a device: as root one would otherwise end up with a /dev/null that is a file."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    end = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    export(tiny, pipe, "bif")
    assert pipe.is_fifo()
    assert os.read(end, 2**16).decode("ascii") == _text(tiny, "bif")
    os.close(end)


@pytest.mark.parametrize(
    ("place", "reason"), [("", "Is a directory"), ("none/network", "No such file"), ("file/network", "Not a directory")]
)
def test_a_place_that_cannot_be_written_is_refused(place: str, reason: str, tiny: Network, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="ascii")
    with pytest.raises(ExportError, match=f"cannot write .*: {reason}.*; expected a file in a folder that exists"):
        export(tiny, tmp_path / place, "bif")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
