"""PGMX (ProbModelXML), the files of OpenMarkov, as a `ForeignModel`.

In a table the first variable, the node itself, changes fastest, then its first parent. A canonical model (`ICIModel`)
states what each parent leads to by itself, without leak, and the leak (Diez 1993). States stand from the lowest to the
highest.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from immutabledict import immutabledict

from bayesknee.arrays import Vector
from bayesknee.errors import quoted
from bayesknee.interop.file_text import xml_root
from bayesknee.interop.foreign_model import ForeignModel, TableMaker
from bayesknee.interop.table import AnyTable, Mark, NodeMarks
from bayesknee.knowledge.model import Kind

BAYESIAN: Final = "BayesianNetwork"
MODELS_OF_MAX: Final = frozenset({"OR / MAX", "GeneralizedMax"})
MODELS_OF_MIN: Final = frozenset({"AND / MIN", "GeneralizedMin"})
AS_TABLE: Final = "in OpenMarkov, change its relation to Table, and save"
# What OpenMarkov and Elvira, its forerunner, call the purpose of a node, without case and what is no letter.
PURPOSES: Final[Mapping[str, tuple[Mark, Kind | None]]] = immutabledict(
    {
        "disease": ("target", None),
        "enfermedad": ("target", None),
        "riskfactor": ("observation", None),
        "factorderiesgo": ("observation", None),
        "symptom": ("observation", "history"),
        "sintoma": ("observation", "history"),
        "sign": ("observation", "exam"),
        "signo": ("observation", "exam"),
        "test": ("observation", "test"),
        "prueba": ("observation", "test"),
        "auxiliary": ("auxiliary", None),
        "auxiliar": ("auxiliary", None),
    }
)


def read_pgmx(text: str, path: Path, maker: TableMaker) -> ForeignModel:
    """The network in a file of OpenMarkov, of the versions 0.2 and 1.0 of the format.

    Args:
        text: of the file.
        path: its name stands in for that of the network.
        maker: makes its tables.

    Raises:
        ImportFileError: no XML, a decision or utility, or a node that is none of a discrete Bayesian network.
    """
    net = xml_root(text, maker.source).find("ProbNet")
    variables = net.findall("Variables/Variable") if net is not None else []
    if net is None or not variables:
        raise maker.refusal("", "no node", "a network of OpenMarkov", "name the right file")
    if (kind := net.get("type", "")) != BAYESIAN:
        remedy = "in OpenMarkov, drop decisions and utilities, and save as a Bayesian network"
        raise maker.refusal("", f"a network of the type {quoted(kind)}", BAYESIAN, remedy)
    states = {_name(each): _states(each, maker) for each in variables}
    reader = _PotentialReader(states, maker)
    tables = tuple(map(reader.table, net.findall("Potentials/Potential")))
    turned = {table.node for table in tables if table.states != tuple(states[table.node])}  # an AND / MIN
    tables = tuple(table.with_turned(turned) for table in tables)
    if missing := states.keys() - {table.node for table in tables}:
        raise maker.refusal(min(missing), "no potential", "one for each node", "add it")
    marks = immutabledict({_name(each): _marks(each) for each in variables})
    return ForeignModel(path.stem, path.name, tables, marks, "Purpose")


def _name(variable: ET.Element) -> str:
    return variable.get("name", "")


def _states(variable: ET.Element, maker: TableMaker) -> list[str]:
    if variable.get("role", "chance").lower() != "chance" or variable.get("timeSlice") is not None:
        got = f"a node of the role {quoted(variable.get('role', 'chance'))}"
        got = got if variable.get("timeSlice") is None else "a node of a time slice"
        raise maker.refusal(_name(variable), got, "a chance node without time", "leave it out")
    if variable.get("type", "") not in ("finiteStates", "discretized", "FiniteState"):
        got = f"a node of the type {quoted(variable.get('type', ''))}"
        raise maker.refusal(_name(variable), got, "finiteStates or discretized", "make it discrete")
    return [each.get("name", "") for each in variable.findall("States/State")]


def _marks(variable: ET.Element) -> NodeMarks:
    properties = {each.get("name"): each.get("value", "") for each in variable.findall("AdditionalProperties/Property")}
    purpose = re.sub("[^a-z]", "", properties.get("Purpose", "").lower())
    role, kind = PURPOSES.get(purpose, (None, None))
    return NodeMarks(role=role, kind=kind or "")


class _PotentialReader:
    """Reads what a file says of P(node | parents).

    Args:
        states: by node.
        maker: makes tables, and refuses.
    """

    def __init__(self, states: Mapping[str, list[str]], maker: TableMaker) -> None:
        self._states = states
        self._maker = maker
        self._kinds: Mapping[str, Callable[[ET.Element, str, list[str]], AnyTable]] = immutabledict(
            Table=self._plain,
            ProbTable=self._plain,
            Uniform=self._uniform,
            Delta=self._delta,
            ICIModel=self._canonical,
        )

    def table(self, potential: ET.Element) -> AnyTable:
        """One potential."""
        names = self._names(potential)
        if not names:
            raise self._maker.refusal("", "a potential without variables", "a node and its parents", "name them")
        node, *parents = names
        self._maker.check_parents(node, names, self._states)
        kind = potential.get("type", "")
        if kind not in self._kinds:
            expected = f"one of {', '.join(self._kinds)}"
            raise self._maker.refusal(node, f"a potential of the type {quoted(kind)}", expected, AS_TABLE)
        return self._kinds[kind](potential, node, parents)

    @staticmethod
    def _names(potential: ET.Element) -> list[str]:
        return [_name(each) for each in potential.findall("Variables/Variable")]

    def _values(self, potential: ET.Element, node: str, names: Sequence[str]) -> Vector:
        """The numbers with an axis for each of these variables."""
        numbers = self._maker.floats(node, potential.findtext("Values", "").split())
        lengths = [len(self._states[name]) for name in names]
        return self._maker.shaped(node, numbers, lengths[::-1]).T

    def _plain(self, potential: ET.Element, node: str, parents: list[str]) -> AnyTable:
        return self._maker.table(node, self._states[node], parents, self._values(potential, node, [node, *parents]))

    def _uniform(self, _potential: ET.Element, node: str, parents: list[str]) -> AnyTable:
        return self._same_for_all(node, parents, [1.0 / max(1, len(self._states[node]))] * len(self._states[node]))

    def _delta(self, potential: ET.Element, node: str, parents: list[str]) -> AnyTable:
        states = self._states[node]
        state, place = potential.findtext("State"), potential.findtext("StateIndex", "").strip()
        if state is None and place.isdecimal() and len(place) < 4 and int(place) < len(states):
            state = states[int(place)]
        if state not in states:
            raise self._maker.refusal(node, f"the state {quoted(state)}", ", ".join(states), "name one of them")
        return self._same_for_all(node, parents, [float(each == state) for each in states])

    def _same_for_all(self, node: str, parents: list[str], column: list[float]) -> AnyTable:
        lengths = [len(self._states[parent]) for parent in parents]
        self._maker.check_size(node, [len(column), *lengths])
        filled = self._maker.shaped(node, column, [len(column), *(1 for _ in parents)])
        return self._maker.table(node, self._states[node], parents, np.broadcast_to(filled, (len(column), *lengths)))

    def _canonical(self, potential: ET.Element, node: str, parents: list[str]) -> AnyTable:
        model = potential.findtext("Model", "").strip()
        if model not in MODELS_OF_MAX | MODELS_OF_MIN:
            expected = "OR / MAX or AND / MIN"
            raise self._maker.refusal(node, f"the canonical model {quoted(model)}", expected, AS_TABLE)
        parts = {tuple(self._names(each)): each for each in potential.findall("Subpotentials/Potential")}
        wanted = {(node, parent) for parent in parents} | {(node,)}
        if parts.keys() - wanted or wanted - parts.keys() - {(node,)}:
            got = "; ".join(", ".join(names) for names in sorted(parts))
            raise self._maker.refusal(node, f"subpotentials of {got or 'nothing'}", "one for each parent", AS_TABLE)
        values = {names: self._values(part, node, names) for names, part in parts.items()}
        causes = {parent: values[node, parent] for parent in parents}
        lowest = np.eye(len(self._states[node]))[0 if model in MODELS_OF_MAX else -1]
        leak, states = values.get((node,), lowest), self._states[node]
        if model in MODELS_OF_MAX:
            return self._maker.noisy_max(node, states, causes, leak)
        return self._maker.noisy_max(
            node, states[::-1], {name: each[::-1] for name, each in causes.items()}, leak[::-1]
        )
