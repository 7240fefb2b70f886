"""Files that are broken, hostile or odd: refused with file, place and remedy, or with names that are made safe."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final

import pytest

from bayesknee import load_network
from bayesknee.errors import BayeskneeError, ImportFileError
from bayesknee.interop.exports import export
from bayesknee.interop.folders import write_folder
from bayesknee.interop.from_foreign import import_file
from bayesknee.interop.noisy_or_files import read_noisy_or
from bayesknee.interop.synthetic import synthetic_document
from tests.interop.test_genie_files import FILE as GENIE
from tests.interop.test_openmarkov_files import TWO, document, potential, variable
from tests.support.paths import NETWORKS

FORMATS: Final = ("bif", "xmlbif", "xdsl", "pgmx", "net", "uai", "json")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """By format, a file that comes in, its remark left out, so that it is a file like any other."""
    folder, tiny = tmp_path_factory.mktemp("sound"), load_network(NETWORKS / "tiny")
    tiny = replace(tiny, complaint="", catch_all="")
    for format_ in ("bif", "xmlbif", "net", "uai"):
        export(tiny, folder / format_, format_)
    texts = {path.name: path.read_text().replace("written by bayesknee.", "") for path in folder.iterdir()}
    document_ = json.dumps(synthetic_document(5, 6, seed=1), indent=1)
    return {**texts, "uai": texts["uai"].replace("MARKOV", "BAYES"), "xdsl": GENIE, "pgmx": TWO, "json": document_}


def read(text: str, format_: str, folder: Path) -> None:
    """Reads a file and writes what comes of it."""
    path = folder / f"a.{format_}"
    path.write_bytes(text.encode(errors="surrogateescape"))
    if format_ == "json":
        write_folder(read_noisy_or(path).network, folder / "network")
    else:
        write_folder(import_file(path, renormalise=True).network, folder / "network")


# --- cut off, garbled, too large, in a circle ------------------------------------------------------------------------


@pytest.mark.parametrize("format_", FORMATS)
def test_files_that_are_cut_off_are_refused(format_: str, sound: Mapping[str, str], tmp_path: Path) -> None:
    """At eight places; what is left of a UAI file may end with a whole number, and that of BIF with a whole node."""
    text = sound[format_]
    for eighth in range(8):
        with pytest.raises(ImportFileError, match=rf"^a\.{format_}: "):
            read(text[: len(text) * eighth // 8], format_, tmp_path)


SIGNS: Final = tuple("01<>{}();|,=[]\"'&%\N{ARABIC-INDIC DIGIT THREE}\udcff\0")
GARBLE: Final = (*SIGNS, "-1", "1e309", "nan", "inf", "1_0", "//", "<!--", "null", "yes", "Count_1", "a_Form")


def garbled(text: str, rng: Random) -> str:
    """Some words or signs are dropped, doubled, or replaced by others of the file or by odd ones."""
    for _ in range(rng.choice([1, 1, 2, 5])):
        places = list(re.finditer(r"[\w.]+|[^\w\s]", text))
        one, other = rng.choice(places), rng.choice(places)
        new = rng.choice(["", one[0] * 2, other[0], rng.choice(GARBLE)])
        text = text[: one.start()] + new + text[one.end() :]
    return text


@pytest.mark.parametrize("format_", FORMATS)
def test_garbled_files_come_in_or_are_refused(format_: str, sound: Mapping[str, str], tmp_path: Path) -> None:
    told: list[str] = []
    for number in range(8 if format_ in ("bif", "xmlbif") else 60):  # pgmpy takes its time
        text = garbled(sound[format_], Random(f"{format_} {number}"))
        folder = tmp_path / str(number)
        folder.mkdir()
        try:
            read(text, format_, folder)
        except BayeskneeError as error:
            told.append(str(error))
    assert told
    assert all("expected" in each for each in told)


@pytest.mark.parametrize("format_", FORMATS)
def test_files_that_are_too_large_are_refused(
    format_: str, sound: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bayesknee.interop.file_text.MOST_BYTES", 100)
    with pytest.raises(ImportFileError, match=rf"a.{format_}: got more than 100 bytes; .*; name the right file"):
        read(sound[format_], format_, tmp_path)


@pytest.mark.parametrize("format_", ["xmlbif", "xdsl", "pgmx"])
def test_too_many_tags_are_refused(
    format_: str, sound: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bayesknee.interop.file_text.MOST_TAGS", 20)
    with pytest.raises(ImportFileError, match=rf"a.{format_}: got \d+ tags; expected at most 20; name the right file"):
        read(sound[format_], format_, tmp_path)


CIRCLES: Final = {
    "xdsl": '<smile id="n"><nodes>'
    + "".join(
        f'<cpt id="{one}"><state id="no" /><state id="yes" /><parents>{other}</parents>'
        "<probabilities>0.5 0.5 0.5 0.5</probabilities></cpt>"
        for one, other in ("ab", "ba")
    )
    + "</nodes></smile>",
    "pgmx": document(
        [variable("a"), variable("b")],
        [potential("a", "b", values="0.5 0.5 0.4 0.6"), potential("b", "a", values="0.5 0.5 0.4 0.6")],
    ),
    "net": 'net {} node a { states = ("no" "yes"); } node b { states = ("no" "yes"); } '
    "potential (a | b) { data = ((0.5 0.5)(0.5 0.5)); } potential (b | a) { data = ((0.5 0.5)(0.5 0.5)); }",
    "uai": "BAYES 2 2 2 2 2 0 1 2 1 0 4 0.5 0.5 0.5 0.5 4 0.5 0.5 0.5 0.5",
    "bif": "network n {\n}\nvariable a {\n type discrete [ 2 ] { no, yes };\n}\nvariable b {\n type discrete [ 2 ] "
    "{ no, yes };\n}\nprobability ( a | b ) {\n table 0.5, 0.5, 0.5, 0.5;\n}\nprobability ( b | a ) {\n "
    "table 0.5, 0.5, 0.5, 0.5;\n}\n",
}


@pytest.mark.parametrize("format_", CIRCLES)
def test_what_goes_round_in_a_circle_is_refused(format_: str, tmp_path: Path) -> None:
    with pytest.raises(ImportFileError, match=r"a graph without a cycle; drop one|pgmpy cannot read .*[Ll]oop"):
        read(CIRCLES[format_], format_, tmp_path)


# --- names -----------------------------------------------------------------------------------------------------------

NAMES: Final = ("Größe, klein", "3-5 cm & mehr")
STATES: Final = "".join(f'<state id="{name}" />' for name in (NAMES[0], "3-5 cm &amp; mehr"))
NO_YES: Final = '<state id="no" /><state id="yes" />'
ODD: Final = {
    "xdsl": (
        f'<smile id="n"><nodes><cpt id="a">{NO_YES}<probabilities>0.9 0.1</probabilities></cpt>'
        f'<cpt id="f">{STATES}<parents>a</parents><probabilities>0.8 0.2 0.3 0.7</probabilities></cpt></nodes></smile>'
    ),
    "pgmx": document(
        [variable("a"), variable("f", (NAMES[0], "3-5 cm &amp; mehr"))],
        [potential("a", values="0.9 0.1"), potential("f", "a", values="0.8 0.2 0.3 0.7")],
    ),
    "net": (
        'net {} node a { states = ("no" "yes"); } node f { states = ("Größe, klein" "3-5 cm & mehr"); } '
        "potential (a) { data = (0.9 0.1); } potential (f | a) { data = ((0.8 0.2)(0.3 0.7)); }"
    ),
    "xmlbif": (
        '<?xml version="1.0"?><BIF VERSION="0.3"><NETWORK><NAME>n</NAME><VARIABLE TYPE="nature"><NAME>a</NAME>'
        '<OUTCOME>no</OUTCOME><OUTCOME>yes</OUTCOME></VARIABLE><VARIABLE TYPE="nature"><NAME>f</NAME>'
        "<OUTCOME>Größe, klein</OUTCOME><OUTCOME>3-5 cm &amp; mehr</OUTCOME></VARIABLE><DEFINITION><FOR>a</FOR>"
        "<TABLE>0.9 0.1</TABLE></DEFINITION><DEFINITION><FOR>f</FOR><GIVEN>a</GIVEN><TABLE>0.8 0.2 0.3 0.7</TABLE>"
        "</DEFINITION></NETWORK></BIF>"
    ),
}


@pytest.mark.parametrize("format_", ODD)
def test_states_with_commas_spaces_and_umlauts_are_made_safe(format_: str, tmp_path: Path) -> None:
    """And can be answered by the names that they had."""
    read(ODD[format_], format_, tmp_path)
    network = load_network(tmp_path / "network")
    finding = network.findings["f"]
    assert finding.states == ("grosse_klein", "state_3_5_cm_mehr")
    assert tuple(finding.state_names[state][0] for state in finding.states) == NAMES


def test_a_comma_in_a_state_of_bif_is_told_with_its_node(tmp_path: Path) -> None:
    """pgmpy takes it for the end of a name, quotes or none."""
    text = CIRCLES["bif"].replace("{ no, yes }", '{ "no, not yet", yes }', 1)
    with pytest.raises(ImportFileError, match=r"a.bif: a: got 3 states where \[2\] are told; .*; rename the state"):
        read(text, "bif", tmp_path)
