"""The helping nodes of a file that bayesknee wrote, turned back into what they stand for; see `chains`.

They are known by a capital letter in their names, which no id has. What they say is checked against what would be
written; a file that was changed there is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from immutabledict import immutabledict

from bayesknee.arrays import Vector
from bayesknee.interop.chains import (
    ABSENT,
    AS_FORM,
    FORM,
    MORE,
    NOTHING,
    SLOT,
    UP_TO,
    WHICH,
    count_node,
    counts,
    limited_complaint,
)
from bayesknee.interop.foreign_model import ForeignModel, OwnParts, TableMaker
from bayesknee.interop.rule_fits import fitted_mixture
from bayesknee.interop.table import AnyTable, NoisyMax, Table
from bayesknee.knowledge.model import COMPLAINT, OF_FORM, FindingModel, Mixture

_COUNT: Final = re.compile(r"Count_\d+")
CHANGED: Final = "copy the folder of the network instead"


def unchained(model: ForeignModel) -> ForeignModel:
    """A network of bayesknee's own without the nodes that help to write it.

    Args:
        model: as it stands in a file that bayesknee wrote.

    Raises:
        ImportFileError: helping nodes that are not as they were written.
    """
    return _Chains(model).unchained()


@dataclass(frozen=True)
class _Chains:
    """The nodes of such a file."""

    model: ForeignModel

    @cached_property
    def tables(self) -> Mapping[str, AnyTable]:
        """By node; helping nodes stand before other parents, as they were written."""
        return {table.node: _helpers_first(table) for table in self.model.tables}

    @cached_property
    def maker(self) -> TableMaker:
        return TableMaker(self.model.source)

    def unchained(self) -> ForeignModel:
        conditions = self.model.own.conditions if self.model.own else ()
        if not all(map(self.tables.__contains__, conditions)):
            raise self.maker.refusal("", "a remark that names other conditions", "nodes of the file", CHANGED)
        forms = {f"{name}{FORM}": name for name in conditions if f"{name}{FORM}" in self.tables}
        plain: list[AnyTable] = []
        rules: dict[str, FindingModel] = {}
        for table in self.tables.values():
            if table.node != table.node.lower() or (table.node == COMPLAINT and self.is_limited):
                continue
            if isinstance(table, Table) and any(map(_is_slot, table.parents)):
                if f"{table.node}{WHICH}" in self.tables or len(table.parents) == 1:
                    rules[table.node] = self.mixture(table)
                    plain.append(self.without_numbers(table, conditions))
                else:
                    plain.append(self.noisy_max(table))
            elif isinstance(table, Table) and any(UP_TO in parent for parent in table.parents):
                plain.append(self.noisy_max(table))
            else:
                plain.append(table)
        most, complaint = self.limit(conditions) if self.is_limited else (None, COMPLAINT in self.tables)
        parts = OwnParts(
            most,
            complaint,
            immutabledict({name: self.shares(node) for node, name in forms.items()}),
            immutabledict(forms),
            immutabledict(rules),
        )
        return replace(self.model, tables=tuple(plain), parts=parts)

    # --- how many conditions -----------------------------------------------------------------------------------------

    @cached_property
    def is_limited(self) -> bool:
        """Whether nodes count the conditions."""
        return any(_COUNT.fullmatch(name) for name in self.tables)

    def limit(self, conditions: tuple[str, ...]) -> tuple[int, bool]:
        """How many conditions may be present together, and whether one must be."""
        last = self.tables.get(count_node(len(conditions)))
        complaint = self.tables.get(COMPLAINT)
        if last is None or complaint is None:
            raise self.changed(COMPLAINT)
        order = tuple(table.parents[-1] for table in map(self.count, range(1, len(conditions) + 1)) if table.parents)
        most = len(last.states) - 1 - (last.states[-1] == MORE)
        fewest = int(complaint.values[0, 0] == 1.0)
        written = (*counts(order, most), limited_complaint(len(conditions), most, fewest))
        for table in written:
            self.check_same(table)
        if set(order) != set(conditions):
            raise self.changed(last.node)
        return most, bool(fewest)

    def count(self, number: int) -> AnyTable:
        """The node that counts so many conditions."""
        if (table := self.tables.get(count_node(number))) is None:
            raise self.changed(count_node(number))
        return table

    def check_same(self, written: Table) -> None:
        """Refuses a node that is not as it was written."""
        found = self.tables.get(written.node)
        is_same = found is not None and (found.states, found.parents) == (written.states, written.parents)
        if not is_same or not np.allclose(self.tables[written.node].values, written.values, rtol=0.0, atol=1e-6):
            raise self.changed(written.node)

    def changed(self, node: str) -> Exception:
        """An error about a helping node."""
        return self.maker.refusal(node, "another table than bayesknee wrote", "its own", CHANGED)

    # --- forms -------------------------------------------------------------------------------------------------------

    def shares(self, node: str) -> Mapping[str, float]:
        """The shares of the forms of a condition."""
        table = self.tables[node]
        if len(table.parents) != 1 or table.states[0] != ABSENT or not self.is_absent_or_form(table.values):
            raise self.changed(node)
        return immutabledict(zip(table.states[1:], table.values[1:, 1].tolist(), strict=True))

    @staticmethod
    def is_absent_or_form(values: Vector) -> bool:
        """Whether there is a form if, and only if, there is the condition."""
        return values.ndim == 2 and values[0, 0] == 1.0 and values[0, 1] == 0.0

    # --- what hangs on slots -----------------------------------------------------------------------------------------

    def noisy_max(self, table: AnyTable) -> NoisyMax:
        """A noisy-OR or noisy-MAX that goes from cause to cause: from slot to slot, then from sign to sign."""
        first, *others = list(self.chain(table))[::-1]
        at_most = np.cumsum(first.values, axis=0)
        if at_most[0, 0] <= 0.0:
            raise self.changed(table.node)
        # P(X <= k | cause) is what the first node says over P(leak <= k).
        of_first = np.maximum(np.diff(at_most / at_most[:, :1], axis=0, prepend=0.0), 0.0)
        causes = dict(self.by_condition(first.parents[0], of_first))
        causes |= {each.parents[1]: each.values[:, 0, :] for each in others if not _is_slot(each.parents[1])}
        return self.maker.noisy_max(table.node, table.states, causes, first.values[:, 0])

    def by_condition(self, node: str, effects: Vector) -> Iterator[tuple[str, Vector]]:
        """What the states of a slot lead to, by condition, or by the node that tells its form; of those that do."""
        columns = dict(zip(self.causes_of(node), effects[:, 1:].T, strict=True))
        for cause in columns:
            name = cause.partition(OF_FORM)[0]
            known = f"{name}{FORM}" if name != cause else name
            states = self.tables[known].states[1:] if known in self.tables else ()
            each = [cause] if name == cause else [f"{name}{OF_FORM}{form}" for form in states]
            if any(other not in columns for other in each) or not each:
                raise self.changed(node)
            values = np.stack([effects[:, 0], *(columns[other] for other in each)], axis=1)
            if cause == each[0] and np.any(values != effects[:, :1]):
                yield known, values

    def causes_of(self, node: str) -> tuple[str, ...]:
        """The causes that a slot may hold."""
        states = self.tables[node].states if node in self.tables else ()
        if states[:1] != (NOTHING,):
            raise self.changed(node)
        return tuple(each.replace(AS_FORM, OF_FORM) for each in states[1:])

    def chain(self, table: AnyTable) -> Iterator[AnyTable]:
        """The nodes of a chain, from the last to the first."""
        stem = table.node
        for _ in self.tables:
            if not 1 <= len(table.parents) <= 2 or not isinstance(table, Table):
                raise self.changed(stem)
            yield table
            if len(table.parents) == 1:
                return
            before = table.parents[0]
            if before not in self.tables or not before.startswith(stem) or self.tables[before].states != table.states:
                raise self.changed(stem)
            table = self.tables[before]
        raise self.changed(stem)

    def mixture(self, table: AnyTable) -> Mixture:
        """A mixture, from the last node of its chain, which has all distributions, and from which slot it takes."""
        slot = next(parent for parent in table.parents[::-1] if _is_slot(parent))
        causes = self.causes_of(slot)
        values = np.moveaxis(table.values, 1 + table.parents.index(slot), 1)
        if len(table.parents) > 1:
            which = self.tables[f"{table.node}{WHICH}"]
            if which.node not in table.parents:
                raise self.changed(table.node)
            others = [parent for parent in table.parents if parent != slot]
            values = np.take(values, -1, axis=2 + others.index(which.node))[:, :, 0]
        alone = dict(zip(causes, values[:, 1:].T, strict=True))
        rule = fitted_mixture(table.states, alone, values[:, 0], self.pairs(table, alone))
        if rule is None:
            raise self.changed(table.node)
        return rule

    def pairs(self, table: AnyTable, alone: Mapping[str, Vector]) -> Callable[[str, str], Vector | None]:
        """P(state | only these two causes) of a mixture, which the node tells that says which slot it takes."""
        which = self.tables.get(f"{table.node}{WHICH}")
        places = {name: place for place, name in enumerate(alone, start=1)}

        def pair(one: str, other: str) -> Vector | None:
            if which is None or one.partition(OF_FORM)[0] == other.partition(OF_FORM)[0]:
                return None
            first, second = sorted((one, other), key=places.__getitem__)
            rest = (0,) * (len(which.parents) - 2)
            share = 0.5 if len(which.parents) == 1 else float(which.values[(0, places[first], places[second], *rest)])
            return np.asarray(share * alone[first] + (1.0 - share) * alone[second])

        return pair

    @staticmethod
    def without_numbers(table: AnyTable, conditions: tuple[str, ...]) -> NoisyMax:
        """A finding of which only the rule matters, as a node that hangs on all conditions."""
        nothing = np.eye(len(table.states))[0]
        return NoisyMax(table.node, table.states, conditions, dict.fromkeys(conditions, nothing[:, None]), nothing)


def _helpers_first(table: AnyTable) -> AnyTable:
    if isinstance(table, NoisyMax):
        return table
    order = sorted(range(len(table.parents)), key=lambda place: _rank(table.parents[place]))
    parents = tuple(table.parents[place] for place in order)
    return Table(table.node, table.states, parents, np.transpose(table.values, [0, *(1 + place for place in order)]))


def _rank(name: str) -> int:
    """0 of a node that leads from one to the next, 1 of a slot, 2 of others."""
    if _is_slot(name):
        return 1
    return 0 if name != name.lower() and not name.endswith(FORM) else 2


def _is_slot(name: str) -> bool:
    return name.startswith(SLOT)
