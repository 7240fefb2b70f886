"""XDSL, the files of GeNIe and SMILE, as a `ForeignModel`.

Of two parents, the last changes fastest. In a noisy-MAX (`noisymax`) the states of a node stand from the highest to the
lowest, and the last, the lowest, is what nothing leads to. `strengths` has the numbers of the states of each parent,
the one with the strongest effect first; `parameters` a distribution for each of these, without leak (Diez 1993), then
that of the leak.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from immutabledict import immutabledict

from bayesknee.arrays import Vector
from bayesknee.errors import quoted
from bayesknee.interop.file_text import xml_root
from bayesknee.interop.foreign_model import ForeignModel, TableMaker, own_head
from bayesknee.interop.table import AnyTable, NodeMarks, NoisyMax

TRUE: Final = "true"
AS_GENERAL: Final = "in GeNIe, change the type of the node to General, and save"


def read_xdsl(text: str, path: Path, maker: TableMaker) -> ForeignModel:
    """The network in a file.

    Args:
        text: of the file.
        path: its name stands in for that of the network, where it has none.
        maker: makes its tables.

    Raises:
        ImportFileError: no XML, or a node that is none of a discrete Bayesian network.
    """
    root = xml_root(text, maker.source)
    nodes = root.find("nodes")
    if nodes is None or not len(nodes):
        raise maker.refusal("", "no node", "a network of GeNIe", "name the right file")
    states = {node.get("id", ""): [each.get("id", "") for each in node.findall("state")] for node in nodes}
    turned = {node.get("id", "") for node in nodes if node.tag == "noisymax"}  # told from the lowest state on, here
    shown = {each.get("id", ""): each.findtext("name", "") for each in root.iter("node")}
    return ForeignModel(
        root.get("id") or path.stem,
        path.name,
        tuple(_table(node, states, maker).with_turned(turned) for node in nodes),
        immutabledict({node.get("id", ""): _marks(node, shown) for node in nodes}),
        own=own_head(text),
    )


def _table(node: ET.Element, states: Mapping[str, list[str]], maker: TableMaker) -> AnyTable:
    name = node.get("id", "")
    parents = node.findtext("parents", "").split()
    maker.check_parents(name, parents, states)
    lengths = [*(len(states[parent]) for parent in parents), len(states[name])]
    if node.tag == "noisymax":
        return _noisy_max(node, parents, states, maker)
    if node.tag == "cpt":
        numbers = maker.floats(name, node.findtext("probabilities", "").split())
    elif node.tag == "deterministic":
        numbers = _certain(name, node.findtext("resultingstates", "").split(), states[name], maker)
    else:
        expected = "cpt, noisymax or deterministic"
        raise maker.refusal(name, f"a node of the type {quoted(node.tag)}", expected, AS_GENERAL)
    return maker.table(name, states[name], parents, np.moveaxis(maker.shaped(name, numbers, lengths), -1, 0))


def _certain(name: str, resulting: list[str], states: list[str], maker: TableMaker) -> list[float]:
    for state in resulting:
        if state not in states:
            raise maker.refusal(name, f"the state {quoted(state)}", ", ".join(states), "correct resultingstates")
    return [float(state == each) for state in resulting for each in states]


def _noisy_max(
    node: ET.Element, parents: Sequence[str], states: Mapping[str, list[str]], maker: TableMaker
) -> NoisyMax:
    name = node.get("id", "")
    lengths = [len(states[parent]) for parent in parents]
    numbers = maker.floats(name, node.findtext("parameters", "").split())
    columns = maker.shaped(name, numbers, [sum(lengths) + 1, len(states[name])])[:, ::-1].T  # lowest state first
    strengths = _strengths(node, lengths, maker)
    causes: dict[str, Vector] = {}
    start = 0
    for parent, order in zip(parents, strengths, strict=True):
        causes[parent] = columns[:, start : start + len(order)][:, np.argsort(order)]
        start += len(order)
    if len(causes) < len(parents):
        raise maker.refusal(name, ", ".join(parents), "each parent once", "drop the repeated one")
    return maker.noisy_max(name, states[name][::-1], causes, columns[:, -1])


def _strengths(node: ET.Element, lengths: Sequence[int], maker: TableMaker) -> list[list[int]]:
    """By parent the numbers of its states, the one with the strongest effect first; theirs where the file has none."""
    words = node.findtext("strengths", "").split()
    left = iter(map(int, words) if all(word.isdecimal() and len(word) < 4 for word in words) else ())
    found = [[next(left, -1) for _ in range(length)] for length in lengths] if words else list(map(range, lengths))
    if any(sorted(each) != list(range(len(each))) for each in found) or next(left, None) is not None:
        expected = "the numbers of the states of each parent, each once"
        raise maker.refusal(node.get("id", ""), "other strengths", expected, "correct strengths")
    return [list(each) for each in found]


def _marks(node: ET.Element, shown: Mapping[str, str]) -> NodeMarks:
    role = node.get("diagtype")
    faults = [each.get("id", "") for each in node.findall("state") if each.get("fault") == TRUE]
    cost = node.findtext("cost", "").split()
    return NodeMarks(
        role=role if role in ("target", "observation", "auxiliary") else None,  # type: ignore[arg-type]
        present=faults[0] if len(faults) == 1 else "",
        label=shown.get(node.get("id", ""), ""),
        question=" ".join(node.findtext("question", "").split()),
        cost=float(cost[0]) if len(cost) == 1 and re.fullmatch(r"\d{1,9}(\.\d+)?", cost[0]) else 0.0,
        mandatory=node.get("mandatory") == TRUE,
    )
