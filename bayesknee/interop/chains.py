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

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Final

import numpy as np

from bayesknee.inference.cpds import mixture_numbers, noisy_or_steps
from bayesknee.interop.table import Table
from bayesknee.knowledge.model import COMPLAINT, NO_YES, Mixture, NoisyOr

MORE: Final = "More"
NOTHING: Final = "Nothing"


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


def noisy_or_chain(name: str, rule: NoisyOr, causes: Sequence[str]) -> Iterator[Table]:
    """A noisy-OR, cause by cause; the last node is the noisy-OR itself."""
    log_no_leak, *steps = noisy_or_steps(rule, causes).tolist()
    before = ""
    for number, (cause, step) in enumerate(zip(causes, steps, strict=True), start=1):
        node = name if number == len(causes) else f"{name}_Up_to_{number}"
        stays_no = np.exp([0.0, step])
        if not before:
            no = stays_no * np.exp(log_no_leak)
            yield Table(node, NO_YES, (cause,), np.stack([no, 1.0 - no]))
        else:
            no = np.stack([stays_no, np.zeros(2)])
            yield Table(node, NO_YES, (before, cause), np.stack([no, 1.0 - no]))
        before = node


def mixture_chain(
    name: str, rule: Mixture, states: tuple[str, ...], conditions: Sequence[str], most: int
) -> Iterator[Table]:
    """A mixture of causes that all weigh the same: one of those present is picked; the last node is the mixture."""
    _, distributions, otherwise = mixture_numbers(rule, states, conditions)
    before: tuple[str, ...] = (NOTHING,)
    for number, condition in enumerate(conditions, start=1):
        after, counted = (*before, condition), count_states(number - 1, most)
        values = np.zeros((len(after), len(before), len(counted), 2))
        for picked, count in product(range(len(before)), range(len(counted))):
            share = 1.0 / (1 + count)
            values[picked, picked, count] = 1.0, 1.0 - share
            values[-1, picked, count, 1] = share
        parents = (_pick_node(name, number - 1), count_node(number - 1), condition)
        if number == 1:
            yield Table(_pick_node(name, 1), after, (condition,), values[:, 0, 0])
        else:
            yield Table(_pick_node(name, number), after, parents, values)
        before = after
    by_cause = np.concatenate([otherwise[None, :, 0], distributions[..., 0]])
    yield Table(name, states, (_pick_node(name, len(conditions)),), by_cause.T)


def _pick_node(name: str, number: int) -> str:
    return f"{name}_Picked_of_{number}"


def slots(conditions: Sequence[str], most: int) -> Iterator[Table]:
    """Nodes that tell which cause is the first that is present, the second, and so on."""
    for slot in range(most):
        before: tuple[str, ...] = (NOTHING,)
        for number, condition in enumerate(conditions, start=1):
            after, counted = (*before, condition), count_states(number - 1, most)
            values = np.zeros((len(after), len(before), len(counted), 2))
            for place, count, is_present in product(range(len(before)), range(len(counted)), range(2)):
                values[-1 if is_present and count == slot else place, place, count, is_present] = 1.0
            parents = (_slot_node(slot, number - 1), count_node(number - 1), condition)
            if number == 1:
                yield Table(_slot_node(slot, 1), after, (condition,), values[:, 0, 0])
            else:
                yield Table(_slot_node(slot, number), after, parents, values)
            before = after


def _slot_node(slot: int, number: int) -> str:
    return f"Cause_{slot + 1}_of_{number}"


def mixture_of_slots(name: str, rule: Mixture, states: tuple[str, ...], conditions: Sequence[str], most: int) -> Table:
    """A mixture, from the causes that are present."""
    weights, distributions, otherwise = (each[..., 0] for each in mixture_numbers(rule, states, conditions))
    weight = np.concatenate([[0.0], weights])
    share = np.concatenate([np.zeros((1, len(states))), weights[:, None] * distributions]).T
    total, values = np.zeros((1,) * most), np.zeros((len(states), *(1,) * most))
    for slot in range(most):
        shape = [1] * most
        shape[slot] = -1
        total = total + weight.reshape(shape)
        values = values + share.reshape(len(states), *shape)
    first = np.arange(values.ndim - 1) * 0
    values[(slice(None), *first)], total[tuple(first)] = otherwise, 1.0
    return Table(name, states, tuple(_slot_node(slot, len(conditions)) for slot in range(most)), values / total)
