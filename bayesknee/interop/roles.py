"""What each node of a foreign network is here: a condition, a risk factor, a sign or a finding.

Conditions are named by whoever imports, marked in the file, or proposed from the graph; the rest follows from them. A
root on which only conditions hang is a risk factor, a node with children a sign, and one without a finding.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Final

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.errors import ImportFileError, Problem, name_hint, quoted
from bayesknee.interop.foreign_model import ForeignModel
from bayesknee.interop.table import AnyTable
from bayesknee.interop.tables import MOST_NUMBERS
from bayesknee.knowledge.checks import MOST_STATES, find_cycle
from bayesknee.knowledge.model import COMPLAINT, LARGEST_RATIO, SMALLEST_RATIO

MOST_NAMED: Final = 8  # conditions that a remedy names; judged
SAME_LOG_ODDS: Final = 1e-9  # as near as odds ratios must come to a table: probabilities differ by less than that
# What programs and papers call the two states of a thing that is there or not. What stands in neither is left as it is.
YES: Final = frozenset({"yes", "y", "true", "t", "present", "1", "on", "positive", "pos", "abnormal", "state1", "s1"})
NO: Final = frozenset(
    {"no", "n", "false", "f", "absent", "0", "off", "negative", "neg", "normal", "none", "nothing", "state0", "s0"}
)
STATED: Final = "as named"
WRITTEN: Final = "as the remark in the file says"
MARKED: Final = "as the file marks them"
PROPOSED: Final = "as proposed from the graph; name others by --conditions"


@dataclass(frozen=True)
class Roles:
    """The names of the nodes of a foreign network, by what they are here.

    Attributes:
        conditions, risk_factors, signs, findings: in the order of the file.
        present: by condition, the state that counts as present, where it was named.
        complaint: whether the network has a node that says that there is some condition.
        origin: where the conditions come from, in a few words.
    """

    conditions: tuple[str, ...]
    risk_factors: tuple[str, ...]
    signs: tuple[str, ...]
    findings: tuple[str, ...]
    present: Mapping[str, str]
    complaint: bool
    origin: str


def find_roles(model: ForeignModel, conditions: Mapping[str, str] | None = None) -> Roles:
    """The roles of all nodes.

    Args:
        model: the network.
        conditions: by node that is a condition, the state that counts as present, or nothing where that is plain.

    Raises:
        ImportFileError: roles that the format cannot hold; tells every node.
    """
    tables = _parents_first(model)
    complaint = tables.pop(COMPLAINT, None)
    present, origin = _conditions(model, tables, complaint, conditions)
    graph = _Graph(tables, frozenset(present))
    problems = [
        Problem(path=(name,), got=got, expected=expected, remedy=remedy, file=model.source)
        for name in tables
        for got, expected, remedy in graph.faults(name)
    ]
    if complaint is not None and not _is_any_of(complaint, present):
        expected = "the node that says that some condition is present"
        problems.append(Problem((COMPLAINT,), "another table", expected, "rename it", model.source))
    if not present:
        remedy = "name some (--conditions a,b)"
        problems.append(Problem((), "no node that could be a condition", "conditions", remedy, model.source))
    if problems:
        raise ImportFileError.of(problems)
    in_file = [table.node for table in model.tables if table.node in tables]
    by_role = {role: tuple(name for name in in_file if graph.role(name) == role) for role in _Graph.ROLES}
    return Roles(
        by_role["condition"],
        by_role["risk factor"],
        by_role["sign"],
        by_role["finding"],
        present,
        complaint is not None or model.parts.complaint,
        origin,
    )


def _parents_first(model: ForeignModel) -> dict[str, AnyTable]:
    tables = {table.node: model.parts.without_forms(table) for table in model.tables}
    parents = {name: table.parents for name, table in tables.items()}
    if len(tables) < len(model.tables):
        raise ImportFileError(f"{model.source}: got two tables of one node; expected one of each; leave one out")
    if cycle := find_cycle(parents):
        got = " <- ".join(cycle)
        raise ImportFileError(f"{model.source}: got {got}; expected a graph without a cycle; drop one of these arcs")
    return {name: tables[name] for name in TopologicalSorter(parents).static_order()}


def _conditions(
    model: ForeignModel, tables: Mapping[str, AnyTable], complaint: AnyTable | None, named: Mapping[str, str] | None
) -> tuple[dict[str, str], str]:
    """The conditions, each with the state that counts as present where it was named, and where they come from."""
    if named:
        return _checked(model, tables, named), STATED
    if model.own and (written := model.own.conditions or (complaint.parents if complaint else ())):
        return _checked(model, tables, dict.fromkeys(written, "")), WRITTEN
    if marked := {name: each.present for name, each in model.marks.items() if each.role == "target"}:
        return _checked(model, tables, marked), f"{MARKED} ({model.marked_by})"
    if complaint is not None:
        return _checked(model, tables, dict.fromkeys(complaint.parents, "")), WRITTEN
    return {name: plain_or_rarer(tables[name]) for name in _proposed(tables)}, PROPOSED


def plainly_present(states: Sequence[str]) -> int | None:
    """Which of two states says by its name that the thing is there; None where neither does."""
    if len(states) == 2:
        for place, state in enumerate(states):
            if state.lower() in YES or states[1 - place].lower() in NO:
                return place
    return None


def plain_or_rarer(table: AnyTable) -> str:
    """The state of a proposed condition that counts as present: where its name does not say, the rarer one."""
    place = plainly_present(table.states)
    means = table.values.reshape(2, -1).mean(axis=1)
    return table.states[int(np.argmin(means)) if place is None else place]


def _checked(model: ForeignModel, tables: Mapping[str, AnyTable], named: Mapping[str, str]) -> dict[str, str]:
    """The conditions in the order of the tables."""
    for name, state in named.items():
        if name not in tables:
            told = name_hint(name, tables, "name one of its nodes")
            raise ImportFileError(f"{model.source}: got the condition {quoted(name)}; expected a node of it; {told}")
        if state and state not in tables[name].states:
            told = f"expected {' or '.join(tables[name].states)}; name one of them"
            raise ImportFileError(f"{model.source}: {name}: got the state {quoted(state)}; {told}")
    return {name: named[name] for name in tables if name in named}


def _is_any_of(complaint: AnyTable, conditions: Collection[str]) -> bool:
    """Whether it is present exactly if one of its parents is, and these are the conditions."""
    wanted = np.ones((2,) * len(complaint.parents))
    wanted[(0,) * wanted.ndim] = 0.0
    return (
        set(complaint.parents) == set(conditions)
        and complaint.values.shape == (2, *wanted.shape)
        and np.array_equal(complaint.values[1], wanted)
    )


def _proposed(tables: Mapping[str, AnyTable]) -> list[str]:
    """Nodes with children that hang on their parents by odds ratios; and roots on which others than these hang."""
    children = _children(tables)
    found: set[str] = set()
    for name, table in tables.items():
        if table.parents and children[name] and len(table.states) == 2:
            can_hang = all(not tables[parent].parents or parent in found for parent in table.parents)
            if can_hang and table.expanded <= MOST_NUMBERS and log_odds_ratios(table.values) is not None:
                found.add(name)
    roots = (name for name, table in tables.items() if not table.parents and len(table.states) == 2)
    found.update(name for name in roots if children[name] and not found.issuperset(children[name]))
    return [name for name in tables if name in found]


def _children(tables: Mapping[str, AnyTable]) -> dict[str, list[str]]:
    children: dict[str, list[str]] = {name: [] for name in tables}
    for name, table in tables.items():
        for parent in table.parents:
            if parent in children:
                children[parent].append(name)
    return children


def log_odds_ratios(values: Vector) -> tuple[Vector, ...] | None:
    """By parent, the log odds ratio of each of its states; None where these and a constant do not make the table.

    Args:
        values: P(state | parents), shape (2, states of each parent).

    Returns:
        Against the first state, or, where that makes ratios out of bounds, against the middle of the largest and the
        smallest. None where one is out of bounds all the same.
    """
    if np.any(values <= 0.0) or (lines := _lines(values)) is None:
        return None
    lines = [line if _is_in_bounds(line) else line - (line.max() + line.min()) / 2.0 for line in lines]
    return tuple(lines) if all(map(_is_in_bounds, lines)) else None


def _lines(values: Vector) -> list[Vector] | None:
    """By parent, the log odds of each state less those of the first; None where their sum does not make the table."""
    log_odds = np.log(values[1]) - np.log(values[0])
    axes = range(log_odds.ndim)
    base = log_odds[(0,) * log_odds.ndim]
    lines = [log_odds[tuple(slice(None) if axis == other else 0 for other in axes)] - base for axis in axes]
    total = base
    for axis, line in enumerate(lines):
        total = total + line.reshape([-1 if axis == other else 1 for other in axes])
    return lines if np.max(np.abs(total - log_odds)) <= SAME_LOG_ODDS else None


def _is_in_bounds(line: Vector) -> bool:
    return bool(np.all((np.exp(line) > SMALLEST_RATIO) & (np.exp(line) < LARGEST_RATIO)))


@dataclass(frozen=True)
class _Graph:
    """A foreign network and which of its nodes are conditions."""

    tables: Mapping[str, AnyTable]
    conditions: frozenset[str]

    ROLES = ("condition", "risk factor", "sign", "finding")

    @cached_property
    def children(self) -> Mapping[str, list[str]]:
        """By node, the nodes that hang on it."""
        return _children(self.tables)

    def role(self, name: str) -> str:
        """What a node is here."""
        if name in self.conditions:
            return "condition"
        children = self.children[name]
        if len(self.tables[name].parents) == 0 and self.conditions.issuperset(children):
            return "risk factor"
        return "sign" if children else "finding"

    def faults(self, name: str) -> Iterator[tuple[str, str, str]]:
        """What the format cannot say of a node: got, expected, remedy."""
        table, role = self.tables[name], self.role(name)
        if role in ("condition", "sign") and len(table.states) != 2:
            reason = "of a condition" if role == "condition" else f"of what {self._some_child(name)} hangs on"
            yield f"{len(table.states)} states {reason}", "two", "merge its states, or make a node of each"
        elif len(table.states) < 2 or len(table.states) > MOST_STATES:
            yield f"{len(table.states)} states", f"2 to {MOST_STATES}", "merge its states"
        elif role == "sign" and not table.parents:
            got = f"a root on which {self._some_child(name)} hangs, which is no condition"
            yield got, "a condition: signs and findings hang on conditions", f"name {name} among the conditions"
        elif role == "condition":
            yield from self._condition_faults(name, table)

    def _some_child(self, name: str) -> str:
        """A child, one that is no condition if there is one."""
        children = self.children[name]
        return next((child for child in children if child not in self.conditions), children[0])

    def _without(self, name: str) -> str:
        """How to leave a node out of the conditions, in so many words where these are few."""
        others = [each for each in self.tables if each in self.conditions and each != name]
        told = f" (--conditions {quoted(','.join(others))})" if 1 <= len(others) <= MOST_NAMED else ""
        return f"leave {name} out of the conditions{told}"

    def _condition_faults(self, name: str, table: AnyTable) -> Iterator[tuple[str, str, str]]:
        wrong = [parent for parent in table.parents if self.role(parent) not in ("condition", "risk factor")]
        if wrong:
            got = f"a condition that hangs on the {self.role(wrong[0])} {wrong[0]}"
            expected = "conditions that hang on risk factors and conditions"
            yield got, expected, f"name {wrong[0]} among the conditions, too, or {name} not"
        elif table.expanded > MOST_NUMBERS:
            yield f"a noisy-MAX of {len(table.parents)} parents", "odds ratios", self._without(name)
        elif np.any(table.values <= 0.0):
            yield "a probability of 0 or 1", "conditions that are never certain", self._without(name)
        elif log_odds_ratios(table.values) is None:
            got = f"a table of {', '.join(table.parents)} that is not logistic"
            if _lines(table.values) is not None:
                got = f"odds ratios of {', '.join(table.parents)} beyond {SMALLEST_RATIO:g} to {LARGEST_RATIO:g}"
            expected = "one odds ratio for each state of each parent"
            others = ", ".join(parent for parent in table.parents if len(self.tables[parent].states) == 2)
            remedy = f"name its parents conditions instead ({others})" if others else f"drop parents of {name}"
            yield got, expected, remedy
