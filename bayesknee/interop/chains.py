"""Chains of nodes with small tables, in place of one table over many conditions.

Where only so many causes may come together, a node for each condition counts those up to it, and the complaint is what
the last one says. Nodes tell which cause is the first that is present, which the second, and so on: the slots. On these
hangs what would hang on many conditions. A noisy-OR or noisy-MAX goes from slot to slot, and is the greatest so far. A
mixture takes the cause of one slot, each as often as its weight says; it goes from slot to slot, too, until it comes to
that one. So other programs keep the slots together, whatever is answered, and not a chain for each answer.

The names of these nodes have a capital letter, which no id of a network has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import product
from typing import Final, NamedTuple

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.cpds import mixture_numbers, noisy_or_steps
from bayesknee.interop.table import NoisyMax, Table
from bayesknee.knowledge.model import COMPLAINT, NO_YES, OF_FORM, Condition, Greatest, Mixture, NoisyOr, of_cause
from bayesknee.knowledge.rule_checks import cumulative

MORE: Final = "More"
NOTHING: Final = "Nothing"
ABSENT: Final = "Absent"
FORM: Final = "_Form"  # after the id of a condition: the node that tells its form
AS_FORM: Final = "_As_"  # in the name of a state, between a condition and a form
UP_TO: Final = "_Up_to_"
WHICH: Final = "_Which"  # after the id of a mixture: the node that tells which slot it takes
OF_SLOT: Final = "Of_"
SLOT: Final = "Cause_"


class CauseNode(NamedTuple):
    """A node that tells whether a condition is present, and in which of its forms, where that matters.

    Attributes:
        id: of the node.
        causes: the condition, or its forms as `condition.form`: one for each state after the first, which is absence.
    """

    id: str
    causes: tuple[str, ...]


def form_node(condition: Condition, setting: str) -> Table:
    """In which form a condition is present, if it is."""
    values = np.array([[1.0, 0.0], *([0.0, share] for share in condition.shares_in(setting))])
    return Table(_form_id(condition.id), (ABSENT, *condition.forms), (condition.id,), values)


def _form_id(condition: str) -> str:
    return f"{condition}{FORM}"


def cause_nodes(conditions: Iterable[Condition], named: AbstractSet[str]) -> tuple[CauseNode, ...]:
    """The node of each condition, for a rule that names these causes: that of its form, where it names one."""
    return tuple(
        CauseNode(_form_id(each.id), each.causes)
        if each.forms and not named.isdisjoint(each.causes)
        else CauseNode(each.id, (each.id,))
        for each in conditions
    )


def _stays_no(rule: NoisyOr, node: CauseNode) -> Vector:
    """By state of a node, the factor 1 - q of a noisy-OR."""
    return np.exp([0.0, *noisy_or_steps(rule, node.causes)[1:]])


def count_states(conditions: int, most: int) -> tuple[str, ...]:
    """How many of that many conditions are present, up to one more than there may be."""
    return tuple(f"N{number}" for number in range(min(conditions, most) + 1)) + ((MORE,) if conditions > most else ())


def count_node(number: int) -> str:
    """The node that counts the first so many conditions."""
    return f"Count_{number}"


def counts(conditions: Sequence[str], most: int) -> Iterator[Table]:
    """A node for each condition: how many are present, up to it."""
    for number, name in enumerate(conditions, start=1):
        before, after = count_states(number - 1, most), count_states(number, most)
        values = np.zeros((len(after), len(before), 2))
        for count, is_present in product(range(len(before)), range(2)):
            values[min(count + is_present, len(after) - 1), count, is_present] = 1.0
        if number == 1:
            yield Table(count_node(1), after, (name,), values[:, 0])
        else:
            yield Table(count_node(number), after, (count_node(number - 1), name), values)


def limited_complaint(conditions: int, most: int, fewest: int) -> Table:
    """Whether as many conditions are present as there may be."""
    states = count_states(conditions, most)
    yes = np.array([float(fewest <= count and state != MORE) for count, state in enumerate(states)])
    return Table(COMPLAINT, NO_YES, (count_node(conditions),), np.stack([1.0 - yes, yes]))


def noisy_max(name: str, rule: NoisyOr | Greatest, states: tuple[str, ...], nodes: Sequence[CauseNode]) -> NoisyMax:
    """A noisy-OR or noisy-MAX as one node that hangs on all its causes."""
    if isinstance(rule, NoisyOr):
        leak = np.array([1.0 - rule.leak.value, rule.leak.value])
        leads = {node.id: np.stack([no := _stays_no(rule, node), 1.0 - no]) for node in nodes}
        return NoisyMax(name, states, tuple(leads), leads, leak)
    below = np.array(cumulative(rule.leak, states))
    leads = {node.id: _differences(_at_most(rule, node, states, below)) for node in nodes}
    return NoisyMax(name, states, tuple(leads), leads, _differences(below))


def noisy_or_chain(name: str, rule: NoisyOr, _states: tuple[str, ...], nodes: Sequence[CauseNode]) -> Iterator[Table]:
    """A noisy-OR, cause by cause; the last node is the noisy-OR itself."""
    before = ""
    for number, cause in enumerate(nodes, start=1):
        node = name if number == len(nodes) else f"{name}{UP_TO}{number}"
        no = _stays_no(rule, cause)
        if not before:
            no = no * (1.0 - rule.leak.value)
            yield Table(node, NO_YES, (cause.id,), np.stack([no, 1.0 - no]))
        else:
            no = np.stack([no, np.zeros_like(no)])
            yield Table(node, NO_YES, (before, cause.id), np.stack([no, 1.0 - no]))
        before = node


def greatest_chain(name: str, rule: Greatest, states: tuple[str, ...], nodes: Sequence[CauseNode]) -> Iterator[Table]:
    """A noisy-MAX, cause by cause: each node is the greatest so far, of the last one and what this cause leads to.

    What a cause leads to is at most k with probability P(X <= k | only it) / P(leak <= k).
    """
    leak = np.array(cumulative(rule.leak, states))
    before = ""
    for number, cause in enumerate(nodes, start=1):
        node = name if number == len(nodes) else f"{name}{UP_TO}{number}"
        at_most = _at_most(rule, cause, states, leak)
        if before:
            is_within = np.arange(len(states))[:, None] >= np.arange(len(states))
            yield Table(node, states, (before, cause.id), _differences(is_within[:, :, None] * at_most[:, None]))
        else:
            yield Table(node, states, (cause.id,), _differences(leak[:, None] * at_most))
        before = node


def _at_most(rule: Greatest, node: CauseNode, states: tuple[str, ...], leak: Vector) -> Vector:
    """By state of a node, P(what it leads to <= k), shape (states, states of the node); rounding lifts some above 1."""
    ratios = (np.minimum(_leads_to(rule, each, states) / leak, 1.0) for each in node.causes)
    return np.array([np.ones(len(states)), *ratios]).T


def _leads_to(rule: Greatest, cause: str, states: tuple[str, ...]) -> Vector:
    return np.array(cumulative(of_cause(rule.causes, cause) or rule.leak, states))


def _differences(at_most: Vector) -> Vector:
    return np.diff(at_most, axis=0, prepend=0.0)


def _next(id_: str, before: str, met: tuple[tuple[str, ...], CauseNode], number: int, values: Vector) -> Table:
    """The next node of a chain that gathers causes, from the last, the count so far, and a condition."""
    gathered, node = met
    states = (*gathered, *map(_state, node.causes))
    if number == 1:
        return Table(id_, states, (node.id,), values[:, 0, 0])
    return Table(id_, states, (before, count_node(number - 1), node.id), values)


def _state(cause: str) -> str:
    """A cause as the name of a state, where a dot would not do."""
    return cause.replace(OF_FORM, AS_FORM)


def slots(nodes: Sequence[CauseNode], most: int) -> Iterator[Table]:
    """Nodes that tell which cause is the first that is present, the second, and so on."""
    for slot in range(most):
        held: tuple[str, ...] = (NOTHING,)
        for number, node in enumerate(nodes, start=1):
            counted = count_states(number - 1, most)
            values = np.zeros((len(held) + len(node.causes), len(held), len(counted), 1 + len(node.causes)))
            for before, count, state in product(*map(range, values.shape[1:])):
                after = len(held) - 1 + state if state and count == slot else before
                values[after, before, count, state] = 1.0
            yield _next(_slot_node(slot, number), _slot_node(slot, number - 1), (held, node), number, values)
            held = (*held, *map(_state, node.causes))


def _slot_node(slot: int, number: int) -> str:
    return f"{SLOT}{slot + 1}_of_{number}"


def slot_nodes(nodes: Sequence[CauseNode], most: int) -> tuple[CauseNode, ...]:
    """The slots, each with all causes of these conditions."""
    every = tuple(cause for node in nodes for cause in node.causes)
    return tuple(CauseNode(_slot_node(slot, len(nodes)), every) for slot in range(most))


def mixture_of_slots(
    name: str, rule: Mixture, states: tuple[str, ...], nodes: Sequence[CauseNode], most: int
) -> Iterator[Table]:
    """A mixture: a node that tells whose slot it takes, and a chain to that slot; the last node is the mixture."""
    chosen = slot_nodes(nodes, most)
    _, distributions, otherwise = mixture_numbers(rule, states, chosen[0].causes)
    by_cause = np.concatenate([otherwise[None, :, 0], distributions[..., 0]]).T
    if most == 1:
        yield Table(name, states, (chosen[0].id,), by_cause)
        return
    yield _which(name, rule, states, nodes, most)
    before = chosen[0].id
    for number, slot in enumerate(chosen[1:], start=2):
        so_far = by_cause if number == 2 else np.eye(len(states))
        values = np.broadcast_to(
            so_far[:, None, :, None], (len(states), most, so_far.shape[1], by_cause.shape[1])
        ).copy()
        values[:, number - 1] = by_cause[:, None]
        node = name if number == most else f"{name}{UP_TO}{number}"
        yield Table(node, states, (f"{name}{WHICH}", before, slot.id), values)
        before = node


def _which(name: str, rule: Mixture, states: tuple[str, ...], nodes: Sequence[CauseNode], most: int) -> Table:
    """Which slot a mixture takes: each that holds a cause, as often as this one's weight says; the first if none."""
    chosen = slot_nodes(nodes, most)
    choices = tuple(f"{OF_SLOT}{slot + 1}" for slot in range(most))
    weights = mixture_numbers(rule, states, chosen[0].causes).weights[:, 0]
    if np.all(weights == weights[0]):
        counted = len(count_states(len(nodes), most))
        filled = np.array([[float(slot < count) for count in range(counted)] for slot in range(most)])
        filled[0, 0] = 1.0
        return Table(f"{name}{WHICH}", choices, (count_node(len(nodes)),), filled / filled.sum(axis=0))
    held = np.concatenate([[0.0], weights])
    shape = (len(held),) * most
    each = np.stack(
        [
            np.broadcast_to(held.reshape([-1 if axis == slot else 1 for axis in range(most)]), shape)
            for slot in range(most)
        ]
    )
    total = each.sum(axis=0)
    shares = np.divide(each, total, where=total > 0.0, out=np.zeros_like(each))
    shares[0] += total == 0.0
    return Table(f"{name}{WHICH}", choices, tuple(slot.id for slot in chosen), shares)
