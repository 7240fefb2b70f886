"""A Bayesian network of another program, as it stands: tables, and what its file says of the nodes."""

from __future__ import annotations

import math
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from immutabledict import immutabledict

from bayesknee.arrays import Vector
from bayesknee.errors import ImportFileError, Problem, quoted
from bayesknee.interop.chains import CauseNode
from bayesknee.interop.exports import CATCH_ALL, CONDITIONS, WRITTEN_BY
from bayesknee.interop.table import TOLERANCE, AnyTable, NodeMarks, NoisyMax, Table
from bayesknee.interop.tables import MOST_NUMBERS
from bayesknee.knowledge.model import OF_FORM, FindingModel
from bayesknee.lazy_types import DiscreteBayesianNetwork

# What is off by more than this is no rounding: bnlearn's tables of six digits are off by 1e-6 a state. Judged
MOST_ROUNDING: Final = 1e-2
MOST_AXES: Final = 32  # of an array; numpy 1 has no more
_HEAD: Final = re.compile(rf"(?P<id>\w+) (?P<version>.+) in (?P<setting>\w+), {re.escape(WRITTEN_BY)}")


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
class OwnParts:
    """What the helping nodes of a file that bayesknee wrote say; see `bayesknee.interop.unchained`.

    Attributes:
        most_causes: how many conditions are present together at most; None for any number.
        complaint: whether some condition is present at least.
        forms: by condition, by form, its share.
        conditions: by node that tells the form of a condition, this condition.
        rules: by finding, its rule, where it is a mixture that was written as a chain.
    """

    most_causes: int | None = None
    complaint: bool = False
    forms: Mapping[str, Mapping[str, float]] = field(default_factory=immutabledict)
    conditions: Mapping[str, str] = field(default_factory=immutabledict)
    rules: Mapping[str, FindingModel] = field(default_factory=immutabledict)

    def cause_node(self, node: str, cause: str) -> CauseNode:
        """A parent of a finding or sign, with what each of its states but the first is here.

        Args:
            node: its name.
            cause: its id here, unless it tells the form of a condition.
        """
        if (name := self.conditions.get(node)) is None:
            return CauseNode(cause, (cause,))
        return CauseNode(node, tuple(f"{name}{OF_FORM}{form}" for form in self.forms[name]))

    def without_forms(self, table: AnyTable) -> AnyTable:
        """A node that hangs on conditions, where it hangs on their forms."""
        parents = tuple(self.conditions.get(parent, parent) for parent in table.parents)
        if isinstance(table, Table):
            return replace(table, parents=parents)
        causes = {self.conditions.get(parent, parent): values for parent, values in table.causes.items()}
        return replace(table, parents=parents, causes=causes)


@dataclass(frozen=True)
class ForeignModel:
    """A network of another program.

    Attributes:
        title: what it calls itself, or the name of its file.
        source: what errors name: a file, or a model.
        tables: of all nodes, in any order, with names and states as the program has them.
        marks: by node, where the file says something of it.
        marked_by: where the file says it, in a few words.
        own: what the remark says, if bayesknee wrote the file.
        parts: what its helping nodes say, likewise.
    """

    title: str
    source: str
    tables: tuple[AnyTable, ...]
    marks: Mapping[str, NodeMarks] = field(default_factory=immutabledict)
    marked_by: str = "diagtype"
    own: OwnHead | None = None
    parts: OwnParts = field(default_factory=OwnParts)


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
        if not node.strip():
            raise self.refusal("", "a node without a name", "a name for each node", "name it")
        if len({node, *parents}) <= len(parents):
            raise self.refusal(node, ", ".join(parents), "each parent once, and not itself", "drop the repeated one")
        self.check_size(node, values.shape)
        if len(set(states)) < len(states) or not all(map(str.strip, states)):
            raise self.refusal(node, f"the states {', '.join(map(quoted, states))}", "a name for each", "rename them")
        is_probability = (values >= 0.0) & (values <= 1.0 + TOLERANCE)
        if not np.all(is_probability):  # says no to NaN, too
            wrong = float(values.ravel()[int(np.argmin(is_probability))])
            raise self.refusal(node, f"{wrong:g}", "probabilities from 0 to 1", "correct the figure")
        sums = values.sum(axis=0)
        off = float(np.max(np.abs(sums - 1.0)))
        if off > (MOST_ROUNDING if self.renormalise else TOLERANCE):
            is_rounding = off <= MOST_ROUNDING
            remedy = "let it be divided by its sum (--renormalise)" if is_rounding else "correct the figures"
            worst = float(sums.ravel()[int(np.argmax(np.abs(sums - 1.0)))])
            raise self.refusal(node, f"a column that sums to {worst:.9g}", "1 within 1e-09", remedy)
        return Table(node, tuple(states), tuple(parents), values / sums if off > TOLERANCE else np.minimum(values, 1.0))

    def noisy_max(self, node: str, states: Sequence[str], causes: Mapping[str, Vector], leak: Vector) -> NoisyMax:
        """A noisy-MAX.

        Args:
            node: its name.
            states: from the lowest to the highest.
            causes: by parent, P(state | state of this parent, no leak), shape (states, states of the parent).
            leak: P(state | no cause), shape (states,).

        Raises:
            ImportFileError: these are no probabilities that sum to 1.
        """
        checked = {parent: self.table(node, states, (parent,), values).values for parent, values in causes.items()}
        own = self.table(node, states, (), leak)
        return NoisyMax(node, own.states, tuple(causes), checked, own.values)

    def shaped(self, node: str, values: Sequence[float], lengths: Sequence[int]) -> Vector:
        """A flat list of numbers as an array of this shape."""
        wanted = self.check_size(node, lengths)
        if len(values) != wanted:
            got = f"{len(values):,} numbers"
            raise self.refusal(node, got, f"{wanted:,}, one for each combination of states", "complete the table")
        return np.array(values, dtype=np.float64).reshape(tuple(lengths))

    def check_size(self, node: str, lengths: Sequence[int]) -> int:
        """How many numbers a table of this shape holds.

        Raises:
            ImportFileError: none, more than any program reads, or an axis more than arrays have.
        """
        size = math.prod(lengths)
        if not 1 <= size <= MOST_NUMBERS:
            raise self.refusal(node, f"{size:,} numbers", f"1 to {MOST_NUMBERS:,}", "use fewer parents")
        if len(lengths) > MOST_AXES:
            raise self.refusal(node, f"{len(lengths) - 1} parents", f"at most {MOST_AXES - 1}", "use fewer parents")
        return size

    def floats(self, node: str, words: Sequence[str]) -> list[float]:
        """Words as numbers.

        Raises:
            ImportFileError: one is none.
        """
        try:
            return [float(word.replace("_", "?")) for word in words]  # Python takes 1_0 for a number
        except ValueError as error:
            got = quoted(str(error).partition(": ")[2].strip("'"))
            raise self.refusal(node, got, "numbers", "correct the table") from None

    def check_parents(self, node: str, parents: Iterable[str], known: Container[str]) -> None:
        """Refuses a parent that is no node.

        Raises:
            ImportFileError: there is one.
        """
        for parent in parents:
            if parent not in known:
                raise self.refusal(node, f"the parent {quoted(parent)}", "a node of the file", "correct its parents")

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
