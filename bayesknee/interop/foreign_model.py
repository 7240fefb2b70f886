"""A Bayesian network of another program, as it stands: tables, and what its file says of the nodes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

import numpy as np
from immutabledict import immutabledict

from bayesknee.arrays import Vector
from bayesknee.errors import ImportFileError, Problem
from bayesknee.interop.exports import CATCH_ALL, CONDITIONS, WRITTEN_BY
from bayesknee.interop.table import TOLERANCE, Table
from bayesknee.interop.tables import MOST_NUMBERS
from bayesknee.lazy_types import DiscreteBayesianNetwork

# What is off by more than this is no rounding: bnlearn's tables of six digits are off by 1e-6 a state. Judged
MOST_ROUNDING: Final = 1e-2
_HEAD: Final = re.compile(rf"(?P<id>\w+) (?P<version>.+) in (?P<setting>\w+), {re.escape(WRITTEN_BY)}")

Mark: TypeAlias = Literal["target", "observation", "auxiliary"]


@dataclass(frozen=True)
class NodeMarks:
    """What a file says of a node, beside its table.

    Attributes:
        role: what a diagnosis does with it, in GeNIe's words; None where the file does not say.
        present: the state that counts as present; empty where the file does not say.
        label, question: what it is called, and how it is asked; empty where the file does not say.
        cost: of observing it; 0 where the file does not say.
    """

    role: Mark | None = None
    present: str = ""
    label: str = ""
    question: str = ""
    cost: float = 0.0


@dataclass(frozen=True)
class OwnHead:
    """What the remark in a file that bayesknee wrote says.

    Attributes:
        id, version, setting: of the network that was written.
        conditions: their ids.
        catch_all: the id of the condition that stands for none of the others; empty where there is none.
    """

    id: str
    version: str
    setting: str
    conditions: tuple[str, ...]
    catch_all: str


@dataclass(frozen=True)
class ForeignModel:
    """A network of another program.

    Attributes:
        title: what it calls itself, or the name of its file.
        source: what errors name: a file, or a model.
        tables: of all nodes, in any order, with names and states as the program has them.
        marks: by node, where the file says something of it.
        own: what the remark says, if bayesknee wrote the file.
    """

    title: str
    source: str
    tables: tuple[Table, ...]
    marks: Mapping[str, NodeMarks] = field(default_factory=immutabledict)
    own: OwnHead | None = None


def own_head(text: str) -> OwnHead | None:
    """What the remark in a file that bayesknee wrote says; None for any other file."""
    start = text.partition("\n<nodes")[0][:100_000]
    if not (head := _HEAD.search(start)):
        return None
    conditions = re.search(rf"{CONDITIONS} ([\w ]+)\.", start)
    catch_all = re.search(rf"{CATCH_ALL} (\w+)\.", start)
    return OwnHead(
        head["id"],
        head["version"],
        head["setting"],
        tuple(conditions[1].split()) if conditions else (),
        catch_all[1] if catch_all else "",
    )


@dataclass(frozen=True)
class TableMaker:
    """Makes tables of the numbers in a file, and refuses those that are none.

    Attributes:
        source: what errors name.
        renormalise: whether columns that are off by rounding are divided by their sums.
    """

    source: str
    renormalise: bool = False

    def table(self, node: str, states: Sequence[str], parents: Sequence[str], values: Vector) -> Table:
        """The table of a node.

        Args:
            node: its name.
            states: their names.
            parents: their names.
            values: an axis for the node's states, then one for each parent.

        Raises:
            ImportFileError: these are no probabilities that sum to 1.
        """
        if values.size == 0 or values.size > MOST_NUMBERS:
            raise self.refusal(node, f"{values.size:,} numbers", f"1 to {MOST_NUMBERS:,}", "use fewer parents")
        if len(set(states)) < len(states):
            raise self.refusal(node, ", ".join(states), "each state once", "rename one of them")
        if not np.all((values >= 0.0) & (values <= 1.0)):  # says no to NaN, too
            wrong = float(values.ravel()[int(np.argmin((values >= 0.0) & (values <= 1.0)))])
            raise self.refusal(node, f"{wrong:g}", "probabilities from 0 to 1", "correct the figure")
        sums = values.sum(axis=0)
        off = float(np.max(np.abs(sums - 1.0)))
        if off > (MOST_ROUNDING if self.renormalise else TOLERANCE):
            is_rounding = off <= MOST_ROUNDING
            remedy = "let it be divided by its sum (--renormalise)" if is_rounding else "correct the figures"
            worst = float(sums.ravel()[int(np.argmax(np.abs(sums - 1.0)))])
            raise self.refusal(node, f"a column that sums to {worst:.9g}", "1 within 1e-09", remedy)
        return Table(node, tuple(states), tuple(parents), values / sums if off > TOLERANCE else values)

    def shaped(self, node: str, values: Sequence[float], lengths: Sequence[int]) -> Vector:
        """A flat list of numbers as an array of this shape."""
        wanted = int(np.prod(lengths, dtype=object))
        if len(values) != wanted:
            got = f"{len(values):,} numbers"
            raise self.refusal(node, got, f"{wanted:,}, one for each combination of states", "complete the table")
        return np.array(values, dtype=np.float64).reshape(tuple(lengths))

    def refusal(self, node: str, got: str, expected: str, remedy: str) -> ImportFileError:
        """An error about a node."""
        return ImportFileError.of([Problem((node,) if node else (), got, expected, remedy, self.source)])


def pgmpy_tables(model: DiscreteBayesianNetwork, maker: TableMaker) -> tuple[Table, ...]:
    """The tables of a pgmpy model, checked here: pgmpy itself lets columns be off by 0.01.

    Raises:
        ImportFileError: a node without a table, or one that is not of probabilities.
    """
    return tuple(_pgmpy_table(model, node, maker) for node in model.nodes)


def _pgmpy_table(model: DiscreteBayesianNetwork, node: object, maker: TableMaker) -> Table:
    cpd = model.get_cpds(node)
    if cpd is None:
        raise maker.refusal(str(node), "no table", "probabilities of each node", "add its table")
    parents = [str(each) for each in cpd.variables[1:]]
    if set(cpd.variables[1:]) != set(model.predecessors(node)):
        expected = f"its parents {', '.join(map(str, model.predecessors(node))) or 'none'}"
        raise maker.refusal(str(node), f"a table for {', '.join(parents) or 'no parents'}", expected, "correct one")
    return maker.table(str(node), [str(state) for state in cpd.state_names[node]], parents, np.array(cpd.values))
