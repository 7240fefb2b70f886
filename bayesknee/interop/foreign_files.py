"""Files of other programs as a `ForeignModel`: BIF, XMLBIF, XDSL, PGMX, NET and UAI.

pgmpy 1.1.2 reads BIF and XMLBIF. The others are read here and in the files beside this one: its reader of XDSL leaves
out nodes that are no plain table, that of UAI puts the parents of a node in the order of a set, and those of NET and
UAI take over 13 minutes for a network of 260 nodes. It has none for PGMX.
"""

from __future__ import annotations

import json
import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, takewhile
from pathlib import Path
from typing import Final

import numpy as np
from immutabledict import immutabledict

from bayesknee.errors import ImportFileError, quoted
from bayesknee.interop.exports import NAMES_SUFFIX
from bayesknee.interop.file_text import file_text, refuse_entities
from bayesknee.interop.foreign_model import ForeignModel, OwnHead, TableMaker, own_head, pgmpy_tables
from bayesknee.interop.genie_files import read_xdsl
from bayesknee.interop.openmarkov_files import read_pgmx
from bayesknee.interop.table import NodeMarks, Table

MOST_STATES: Final = 10_000  # of a variable of UAI, which states a mere number: far more than any network has. Judged
_NO_NAMES: Final = (None, "", "unknown", "unknown_network")  # as bnlearn writes them
ENDINGS: Final[Mapping[str, str]] = immutabledict(
    {
        ".bif": "bif",
        ".xmlbif": "xmlbif",
        ".bifxml": "xmlbif",
        ".xml": "xmlbif",
        ".xdsl": "xdsl",
        ".pgmx": "pgmx",
        ".net": "net",
        ".hugin": "net",
        ".uai": "uai",
    }
)


def read_foreign(file: Path | str, *, renormalise: bool = False) -> ForeignModel:
    """The network in a file, by the ending of its name.

    Args:
        file: one of `ENDINGS`.
        renormalise: divide columns that are off by rounding, 0.01 at most, by their sums.

    Raises:
        ImportFileError: a file that cannot be read, or a node that is none of a discrete Bayesian network.
    """
    path = Path(file)
    if (form := ENDINGS.get(path.suffix.lower())) is None:
        expected = ", ".join((*ENDINGS, ".json"))
        raise ImportFileError(
            f"{path.name}: got the ending {quoted(path.suffix)}; expected one of {expected}; rename the file, or save "
            "the network in one of these formats"
        )
    text = file_text(path, f"a Bayesian network as {form}")
    return _READERS[form](text, path, TableMaker(path.name, renormalise))


# --- BIF and XMLBIF, by pgmpy ----------------------------------------------------------------------------------------


_BIF_STATES: Final = re.compile(r"variable\s+(\S+)\s*\{[^{}]*?\[\s*(\d{1,9})\s*\]\s*\{([^{}]*)\}")


def _bif(text: str, path: Path, maker: TableMaker) -> ForeignModel:
    from pgmpy.readwrite import BIFReader

    for name, number, listed in _BIF_STATES.findall(text):
        if (found := len(listed.split(","))) != int(number):  # as pgmpy reads them, quotes or none
            got = f"{found} states where [{number}] are told"
            raise maker.refusal(name, got, "as many, none of them with a comma in its name", "rename the state")
    return _by_pgmpy(BIFReader, text if text.endswith("\n") else f"{text}\n", path, maker)


def _xmlbif(text: str, path: Path, maker: TableMaker) -> ForeignModel:
    from pgmpy.readwrite import XMLBIFReader

    refuse_entities(text, maker.source)
    return _by_pgmpy(XMLBIFReader, re.sub(r"^\s*<\?xml[^>]*\?>", "", text), path, maker)


def _by_pgmpy(reader: Callable[..., object], text: str, path: Path, maker: TableMaker) -> ForeignModel:
    from pyparsing import ParseException

    try:
        read = reader(string=text)
        model = read.get_model()  # type: ignore[attr-defined]
    except (ValueError, LookupError, AttributeError, TypeError, ParseException, ET.ParseError, RecursionError) as error:
        told = " ".join(str(error).split())[:200] or type(error).__name__
        raise maker.refusal("", f"what pgmpy cannot read ({told})", "a complete file", "mend it there") from None
    tables = pgmpy_tables(model, maker)
    if not tables:
        raise maker.refusal("", "no node", "a Bayesian network", "name the right file")
    return ForeignModel(
        path.stem if model.name in _NO_NAMES else str(model.name), path.name, tables, own=own_head(text)
    )


# --- NET: Hugin ------------------------------------------------------------------------------------------------------

_NET_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[(){}=;|]|[^\s(){}=;|"]+')


def _net(text: str, path: Path, maker: TableMaker) -> ForeignModel:
    tokens = iter(_NET_TOKEN.findall(re.sub(r'("(?:[^"\\\n]|\\.)*")|%[^\n]*', lambda found: found[1] or "", text)))
    title, nodes, potentials = path.stem, {}, {}
    for kind, head, body in _net_blocks(tokens):
        if kind in ("net", "class"):
            title = _quoteless((body.get("name") or [title])[0])
        elif kind == "node" and len(head) == 1:
            nodes[head[0]] = body
        elif kind == "potential" and head[:1] == ["("] and head[-1:] == [")"]:
            child, *parents = (each for each in head[1:-1] if each != "|")
            potentials[child] = parents, body
        else:
            raise maker.refusal(" ".join(head), f"a block {quoted(kind)}", "net, node or potential", "leave it out")
    states = {name: _net_states(body) for name, body in nodes.items()}
    labels = {name: NodeMarks(label=_quoteless(body["label"][0])) for name, body in nodes.items() if body.get("label")}
    tables = tuple(_net_table(name, states, potentials, maker) for name in nodes)
    if not tables:
        raise maker.refusal("", "no node", "a Bayesian network", "name the right file")
    return ForeignModel(title, path.name, tables, immutabledict(labels), own=own_head(text))


def _net_states(body: Mapping[str, Sequence[str]]) -> list[str]:
    return [_quoteless(each) for each in body.get("states", ()) if each not in {"(", ")"}]


def _net_blocks(words: Iterator[str]) -> Iterator[tuple[str, list[str], dict[str, list[str]]]]:
    """Kind, head and assignments of each block."""
    for kind in words:
        head = list(takewhile(lambda word: word != "{", words))
        yield kind, head, dict(_assignments(takewhile(lambda word: word != "}", words)))


def _assignments(body: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Name and words of each `name = words;`."""
    for is_end, words in groupby(body, key=lambda word: word == ";"):
        statement = list(words)
        if not is_end and statement[1:2] == ["="]:
            yield statement[0], statement[2:]


def _net_table(
    name: str,
    states: Mapping[str, list[str]],
    potentials: Mapping[str, tuple[list[str], dict[str, list[str]]]],
    maker: TableMaker,
) -> Table:
    parents, body = potentials.get(name, ([], {}))
    if "data" not in body:
        raise maker.refusal(name, "no table", "a potential with data", "add it; no model_data is read")
    maker.check_parents(name, parents, states)
    numbers = maker.floats(name, [each for each in body["data"] if each not in {"(", ")"}])
    lengths = [*(len(states[parent]) for parent in parents), len(states[name])]
    return maker.table(name, states[name], parents, np.moveaxis(maker.shaped(name, numbers, lengths), -1, 0))


def _quoteless(token: str) -> str:
    return token[1:-1] if token[:1] == '"' else token


# --- UAI: the inference competitions ---------------------------------------------------------------------------------


def _uai(text: str, path: Path, maker: TableMaker) -> ForeignModel:
    """A Bayesian network: the last variable of a scope is the child, and changes fastest."""
    own, names = _uai_names(Path(os.fspath(path) + NAMES_SUFFIX), maker)
    words = iter(re.sub(r"#[^\n]*", "", text).replace("_", "?").split())  # Python takes 1_0 for a number
    try:
        kind = next(words).upper()
        if kind != "BAYES" and own is None:
            raise maker.refusal("", f"a network of the kind {quoted(kind)}", "BAYES", "save it as a Bayesian network")
        lengths = [int(next(words)) for _ in range(int(next(words)))]
        scopes = [[int(next(words)) for _ in range(int(next(words)))] for _ in range(int(next(words)))]
        values = [[float(next(words)) for _ in range(int(next(words)))] for _ in scopes]
    except (StopIteration, ValueError, RuntimeError):
        raise maker.refusal("", "numbers that break off, or are none", "a complete file", "mend it there") from None
    if max(lengths, default=0) > MOST_STATES:
        got = f"a variable of {max(lengths):,} states"
        raise maker.refusal("", got, f"at most {MOST_STATES:,}", "name the right file")
    if any(not scope or not all(0 <= place < len(lengths) for place in scope) for scope in scopes):
        expected = f"the numbers of its {len(lengths)} variables"
        raise maker.refusal("", "a scope of no variables, or of others", expected, "correct the scopes")
    names = names or {f"var_{place}": list(map(str, range(length))) for place, length in enumerate(lengths)}
    if [len(each) for each in names.values()] != lengths:
        raise maker.refusal("", "variables that are not those of its names", "the file of names", "write both anew")
    ids = list(names)
    tables = tuple(
        maker.table(
            ids[scope[-1]],
            names[ids[scope[-1]]],
            [ids[place] for place in scope[:-1]],
            np.moveaxis(maker.shaped(ids[scope[-1]], each, [lengths[place] for place in scope]), -1, 0),
        )
        for scope, each in zip(scopes, values, strict=True)
    )
    return ForeignModel(path.stem, path.name, tables, own=own)


def _uai_names(path: Path, maker: TableMaker) -> tuple[OwnHead | None, dict[str, list[str]]]:
    """The remark and the states by variable in the file of names beside it, if there is one."""
    if not path.is_file():
        return None, {}
    try:
        document = json.loads(file_text(path, "names as JSON"))
        names = {str(each["id"]): [str(state) for state in each["states"]] for each in document["variables"]}
        return own_head(str(document["network"])), names
    except (ValueError, LookupError, TypeError):
        raise maker.refusal(
            "", f"a file of names {path.name} that is none", "what export writes", "remove it"
        ) from None


_READERS: Final[Mapping[str, Callable[[str, Path, TableMaker], ForeignModel]]] = immutabledict(
    bif=_bif, xmlbif=_xmlbif, xdsl=read_xdsl, pgmx=read_pgmx, net=_net, uai=_uai
)
