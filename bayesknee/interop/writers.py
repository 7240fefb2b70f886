"""Tables as text in the formats of other programs: all digits of each number, the same bytes for the same network.

Written here and not by pgmpy, of whose five writers four are not fit (1.1.2; tests/interop/test_contracts.py tells
when that changes): its NET has 8 decimals, which puts a probability of 2e-7 off by per cents; its XDSL has 16, and
places nodes by chance; its UAI orders the tables against the format; its BIF takes pgmpy half a minute to read where
tables have eleven parents. Its XMLBIF alone is not worth the seconds that importing pgmpy takes.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from immutabledict import immutabledict

from bayesknee.arrays import Vector
from bayesknee.interop.table import AnyTable, NodeMarks, NoisyMax, Table


@dataclass(frozen=True)
class Document:
    """What goes into a file.

    Attributes:
        name: the network's id.
        remark: one line on what this is, for formats with comments; ASCII, without "--".
        tables: parents before children; those of any format but XDSL are plain.
        marks: by node, what is said of it in formats that can.
    """

    name: str
    remark: str
    tables: tuple[AnyTable, ...]
    marks: Mapping[str, NodeMarks] = field(default_factory=immutabledict)

    @property
    def plain(self) -> tuple[Table, ...]:
        """The tables, none of which is a noisy-MAX."""
        return tuple(table for table in self.tables if isinstance(table, Table))


def _numbers(values: Vector, separator: str = " ") -> str:
    return separator.join(map(repr, values.ravel().tolist()))


# --- BIF and XMLBIF: the Interchange Format (Cozman), 0.15 and 0.3 ---------------------------------------------------


def bif(document: Document) -> str:
    """One `table` a node, its own state changing slowest. By rows, one a combination, pgmpy reads five times slower."""
    blocks = [f"// {document.remark}", f"network {document.name} {{\n}}"]
    blocks += [_bif_variable(table) for table in document.plain]
    blocks += [_bif_probability(table) for table in document.plain]
    return "\n".join(blocks) + "\n"


def _bif_variable(table: Table) -> str:
    return f"variable {table.node} {{\n  type discrete [ {len(table.states)} ] {{ {', '.join(table.states)} }};\n}}"


def _bif_probability(table: Table) -> str:
    given = f" | {', '.join(table.parents)}" if table.parents else ""
    return f"probability ( {table.node}{given} ) {{\n  table {_numbers(table.values, ', ')};\n}}"


def xmlbif(document: Document) -> str:
    """A row for each combination of parents, the last parent changing fastest."""
    root = ET.Element("BIF", VERSION="0.3")
    root.append(ET.Comment(document.remark))
    network = ET.SubElement(root, "NETWORK")
    _add(network, "NAME", document.name)
    for table in document.plain:
        variable = ET.SubElement(network, "VARIABLE", TYPE="nature")
        _add(variable, "NAME", table.node)
        _add(variable, "OUTCOME", *table.states)
    for table in document.plain:
        definition = ET.SubElement(network, "DEFINITION")
        _add(definition, "FOR", table.node)
        _add(definition, "GIVEN", *table.parents)
        _add(definition, "TABLE", _numbers(table.rows))
    return _xml(root)


def _add(parent: ET.Element, tag: str, *texts: str) -> None:
    for text in texts:
        ET.SubElement(parent, tag).text = text


def _xml(root: ET.Element) -> str:
    ET.indent(root)
    text = ET.tostring(root, encoding="us-ascii").decode("ascii")
    return f'<?xml version="1.0" encoding="us-ascii"?>\n{text}\n'


# --- XDSL: GeNIe and SMILE -------------------------------------------------------------------------------------------


def xdsl(document: Document) -> str:
    """A row for each combination of parents, the last parent changing fastest, and a layout.

    The marks are those of GeNIe's diagnosis: targets with the state that is a fault, ranked observations with their
    questions and costs. Where nodes have no label, the names that GeNIe shows are the ids: pyAgrum would take a label
    for the id.
    """
    root = ET.Element("smile", version="1.0", id=document.name, numsamples="10000", discsamples="10000")
    root.append(ET.Comment(document.remark))
    nodes = ET.SubElement(root, "nodes")
    genie = ET.SubElement(ET.SubElement(root, "extensions"), "genie", version="1.0", name=document.name)
    falling = {table.node for table in document.tables if isinstance(table, NoisyMax)}
    for table, place in zip(document.tables, _places(document.tables), strict=True):
        marks = document.marks.get(table.node, NodeMarks())
        if isinstance(table, NoisyMax):
            _add_noisy_max(nodes, table, falling, marks)
        else:
            _add_cpt(nodes, table, falling, marks)
        looks = ET.SubElement(genie, "node", id=table.node)
        _add(looks, "name", marks.label or table.node)
        _add(looks, "position", place)
    return _xml(root)


def _add_node(nodes: ET.Element, tag: str, table: AnyTable, marks: NodeMarks) -> ET.Element:
    """What a node has in common with others, its parents last; its states as they stand, or from the highest on."""
    node = ET.SubElement(nodes, tag, id=table.node)
    if marks.role:
        node.set("diagtype", marks.role)
    if marks.role == "observation" and marks.cost:
        node.set("ranked", "true")
    if marks.mandatory:
        node.set("mandatory", "true")
    for state in table.states[::-1] if isinstance(table, NoisyMax) else table.states:
        each = ET.SubElement(node, "state", id=state)
        if state == marks.present:
            each.set("fault", "true")
    if marks.cost:
        _add(node, "cost", f"{marks.cost:.12g}")
    if marks.question:
        _add(node, "question", marks.question)
    if table.parents:
        _add(node, "parents", " ".join(table.parents))
    return node


def _add_cpt(nodes: ET.Element, table: Table, falling: Container[str], marks: NodeMarks) -> None:
    """A plain table; the states of parents that are a noisy-MAX stand from the highest on."""
    _add(_add_node(nodes, "cpt", table, marks), "probabilities", _numbers(table.with_turned(falling).rows))


def _add_noisy_max(nodes: ET.Element, table: NoisyMax, falling: Container[str], marks: NodeMarks) -> None:
    """A distribution for each state of each parent, that of its first state, which leads to nothing, last."""
    node = _add_node(nodes, "noisymax", table, marks)
    strengths: list[int] = []
    columns: list[Vector] = []
    for parent in table.parents:
        values = table.causes[parent]
        order = [*range(1, values.shape[1]), 0]
        strengths += [values.shape[1] - 1 - place for place in order] if parent in falling else order
        columns += [values[::-1, place] for place in order]
    _add(node, "strengths", " ".join(map(str, strengths)))
    _add(node, "parameters", _numbers(np.concatenate([*columns, table.leak[::-1]])))


def _places(tables: Iterable[AnyTable]) -> Iterator[str]:
    """Left, top, right and bottom of each node: children in a row below all their parents."""
    rows: dict[str, int] = {}
    for table in tables:
        row = rows[table.node] = 1 + max((rows[parent] for parent in table.parents), default=-1)
        column = sum(other == row for other in rows.values()) - 1
        left, top = 20 + 140 * column, 20 + 160 * row
        yield f"{left} {top} {left + 120} {top + 60}"


# --- NET: Hugin ------------------------------------------------------------------------------------------------------


def net(document: Document) -> str:
    """Rows in nested brackets, one level a parent."""
    blocks = [f"% {document.remark}", f'net {{\n  name = "{document.name}";\n}}']
    blocks += [_net_node(table) for table in document.plain]
    blocks += [_net_potential(table) for table in document.plain]
    return "\n".join(blocks) + "\n"


def _net_node(table: Table) -> str:
    states = " ".join(f'"{state}"' for state in table.states)
    return f"node {table.node} {{\n  states = ({states});\n}}"


def _net_potential(table: Table) -> str:
    """A parent a line: pgmpy would take the parents "lymph_node age" for a declaration of `age`."""
    scope = "\n  ".join([f"{table.node} |", *table.parents])
    return f"potential ({scope}) {{\n  data = {_nested(np.moveaxis(table.values, 0, -1))};\n}}"


def _nested(values: Vector) -> str:
    if values.ndim == 1:
        return f"({_numbers(values)})"
    return "(" + "\n".join(map(_nested, values)) + ")"


# --- UAI: the inference competitions ---------------------------------------------------------------------------------


def uai(document: Document) -> str:
    """A Markov network, children numbered before their parents, each scope in falling order of number.

    In this format the last variable of a scope changes fastest. pyAgrum 3.3.1 lets the one with the lowest number do
    so, wherever it stands; a falling scope is thus what both mean. As a Bayesian network (`BAYES`) neither pyAgrum nor
    pgmpy reads a node with two parents right. As the node's own number is the lowest of its scope, and so the last, the
    file is a Bayesian network as well, once its first word is made `BAYES`.
    """
    tables = document.plain[::-1]
    numbers = {table.node: number for number, table in enumerate(tables)}
    scopes = [sorted((numbers[node] for node in (table.node, *table.parents)), reverse=True) for table in tables]
    lines = ["MARKOV", str(len(tables)), " ".join(str(len(table.states)) for table in tables), str(len(tables))]
    lines += [" ".join(map(str, (len(scope), *scope))) for scope in scopes]
    lines += [_uai_table(table, numbers) for table in tables]
    return "\n".join(lines) + "\n"


def _uai_table(table: Table, numbers: Mapping[str, int]) -> str:
    """Without exponents, which pgmpy cannot read here."""
    scope = [numbers[node] for node in (table.node, *table.parents)]
    values = np.transpose(table.values, np.argsort(scope)[::-1])
    digits = " ".join(np.format_float_positional(value, trim="0") for value in values.ravel())
    return f"\n{table.values.size}\n{digits}"


def uai_names(document: Document) -> str:
    """JSON: id and states of each variable of `uai`, in the order of their numbers."""
    variables = [{"id": table.node, "states": table.states} for table in document.plain[::-1]]
    return json.dumps({"network": document.remark, "variables": variables}, indent=1) + "\n"
