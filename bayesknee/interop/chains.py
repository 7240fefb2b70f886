"""Chains of nodes with small tables, in place of one table over many conditions.

Where only so many causes may come together, a node for each condition counts those up to it, and the complaint is what
the last one says. A noisy-OR goes from cause to cause: it is no only if no cause so far has set it, and this one does
not. A mixture picks one of the present causes, each as often as its weight says. Where all weigh the same, each next
present cause takes the place of the one picked so far with probability 1 / (present causes so far), which makes them
equally likely (reservoir sampling: Vitter 1985). Where weights differ, nodes tell which cause is the first that is
present, which the second, and so on.

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
from bayesknee.interop.table import Table
from bayesknee.knowledge.model import COMPLAINT, NO_YES, OF_FORM, Condition, Greatest, Mixture, NoisyOr, of_cause
from bayesknee.knowledge.rule_checks import cumulative

MORE: Final = "More"
NOTHING: Final = "Nothing"
ABSENT: Final = "Absent"


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
    return f"{condition}_Form"


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


def _weights(rule: Mixture, states: tuple[str, ...], causes: Sequence[str]) -> tuple[Vector, Vector]:
    """By state of a node: the weight, 0 for the first, which is absence; and weight times distribution."""
    weights, distributions, _ = (each[..., 0] for each in mixture_numbers(rule, states, causes))
    share = np.vstack([np.zeros((1, len(states))), weights[:, None] * distributions])
    return np.concatenate([[0.0], weights]), share.T


def _mixture(name: str, states: tuple[str, ...], parents: Sequence[tuple[str, Vector, Vector]], rule: Mixture) -> Table:
    """P(v | parents) from what each parent weighs in each of its states."""
    total: Vector = np.zeros(())
    values: Vector = np.zeros(len(states))
    for _, weight, share in parents:
        total = total[..., None] + weight
        values = values[..., None] + share.reshape(len(states), *(1,) * (values.ndim - 1), -1)
    nothing: tuple[int, ...] = (0,) * total.ndim
    of_nothing: tuple[int | slice, ...] = (slice(None), *nothing)
    values[of_nothing] = mixture_numbers(rule, states, ()).otherwise[:, 0]
    total[nothing] = 1.0
    return Table(name, states, tuple(node for node, _, _ in parents), values / total)


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


def noisy_or_chain(name: str, rule: NoisyOr, _states: tuple[str, ...], nodes: Sequence[CauseNode]) -> Iterator[Table]:
    """A noisy-OR, cause by cause; the last node is the noisy-OR itself."""
    before = ""
    for number, cause in enumerate(nodes, start=1):
        node = name if number == len(nodes) else f"{name}_Up_to_{number}"
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
        node = name if number == len(nodes) else f"{name}_Up_to_{number}"
        at_most = np.array([np.ones(len(states)), *(_leads_to(rule, each, states) / leak for each in cause.causes)]).T
        if before:
            is_within = np.arange(len(states))[:, None] >= np.arange(len(states))
            yield Table(node, states, (before, cause.id), _differences(is_within[:, :, None] * at_most[:, None]))
        else:
            yield Table(node, states, (cause.id,), _differences(leak[:, None] * at_most))
        before = node


def _leads_to(rule: Greatest, cause: str, states: tuple[str, ...]) -> Vector:
    return np.array(cumulative(of_cause(rule.causes, cause) or rule.leak, states))


def _differences(at_most: Vector) -> Vector:
    return np.diff(at_most, axis=0, prepend=0.0)


def mixture_chain(
    name: str, rule: Mixture, states: tuple[str, ...], nodes: Sequence[CauseNode], most: int
) -> Iterator[Table]:
    """A mixture of causes that all weigh the same: one of those present is picked; the last node is the mixture."""
    picked: tuple[str, ...] = (NOTHING,)
    for number, node in enumerate(nodes, start=1):
        counted = count_states(number - 1, most)
        values = np.zeros((len(picked) + len(node.causes), len(picked), len(counted), 1 + len(node.causes)))
        for before, count in product(range(len(picked)), range(len(counted))):
            share = 1.0 / (1 + count)
            values[before, before, count] = 1.0 - share
            values[before, before, count, 0] = 1.0
            values[len(picked) :, before, count, 1:] = share * np.eye(len(node.causes))
        yield _next(_pick_node(name, number), _pick_node(name, number - 1), (picked, node), number, values)
        picked = (*picked, *map(_state, node.causes))
    causes = [cause for node in nodes for cause in node.causes]
    _, distributions, otherwise = mixture_numbers(rule, states, causes)
    by_cause = np.concatenate([otherwise[None, :, 0], distributions[..., 0]])
    yield Table(name, states, (_pick_node(name, len(nodes)),), by_cause.T)


def _next(id_: str, before: str, met: tuple[tuple[str, ...], CauseNode], number: int, values: Vector) -> Table:
    """The next node of a chain that gathers causes, from the last, the count so far, and a condition."""
    gathered, node = met
    states = (*gathered, *map(_state, node.causes))
    if number == 1:
        return Table(id_, states, (node.id,), values[:, 0, 0])
    return Table(id_, states, (before, count_node(number - 1), node.id), values)


def _state(cause: str) -> str:
    """A cause as the name of a state, where a dot would not do."""
    return cause.replace(OF_FORM, "_As_")


def _pick_node(name: str, number: int) -> str:
    return f"{name}_Picked_of_{number}"


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
    return f"Cause_{slot + 1}_of_{number}"


def mixture_of_slots(name: str, rule: Mixture, states: tuple[str, ...], nodes: Sequence[CauseNode], most: int) -> Table:
    """A mixture, from the causes that are present."""
    weights = _weights(rule, states, [cause for node in nodes for cause in node.causes])
    return _mixture(name, states, [(_slot_node(slot, len(nodes)), *weights) for slot in range(most)], rule)
