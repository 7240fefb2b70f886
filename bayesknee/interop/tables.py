"""A network in a setting as plain tables: all that a Bayesian-network file can hold. Needs numpy only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from bayesknee.errors import ExportError
from bayesknee.inference.cause_sets import limit_of, list_sets
from bayesknee.inference.cpds import mixture_table, noisy_or_table, reading_table
from bayesknee.inference.prior.joint import Prior
from bayesknee.inference.rule_tables import parents_among, rule_table, stated_numbers, states_of
from bayesknee.interop.chains import (
    CauseNode,
    cause_nodes,
    counts,
    form_node,
    greatest_chain,
    limited_complaint,
    mixture_of_slots,
    noisy_max,
    noisy_or_chain,
    slot_nodes,
    slots,
)
from bayesknee.interop.table import AnyTable, Table
from bayesknee.knowledge.model import (
    COMPLAINT,
    NO_YES,
    Finding,
    Greatest,
    Mixture,
    NoisyOr,
    Reading,
    RiskFactor,
    Sign,
    parents_of,
)
from bayesknee.knowledge.network import Network, check_setting

# Conditions up to which findings hang on them as they are, where causes are limited. With more, other programs take too
# long: where many answers tie conditions together, they sum over all sets of these at once. Judged
MOST_AT_ONCE: Final = 12
MOST_CONDITIONS: Final = 20  # a table over all of them would have a million columns
MOST_NUMBERS: Final = 2**22  # 32 MB here, and more as text: beyond, a file hardly serves other programs. Judged


def network_tables(network: Network, setting: str | None = None) -> tuple[Table, ...]:
    """The nodes of `network_nodes`, all of them as tables. Arguments as there."""
    return tuple(table for table in network_nodes(network, setting) if isinstance(table, Table))


def network_nodes(network: Network, setting: str | None = None, *, as_it_is: bool = False) -> tuple[AnyTable, ...]:
    """One table for each node, parents before children: risk factors, conditions, the complaint, signs, findings.

    Forms of a condition are one node below it. Where only so many causes may come together, chains of nodes count them;
    see `bayesknee.interop.chains`.

    Args:
        network: any, as long as its tables do not grow too large.
        setting: selects base rates and the priors of risk factors; the network's first one where left out.
        as_it_is: whether a noisy-OR and a noisy-MAX stay what they are, instead of a table or a chain of tables.

    Raises:
        SettingError: the network has no such setting.
        InferenceError: base rates that cannot be met.
        ExportError: more conditions, or larger tables, than plain tables can hold.
    """
    if (n := len(network.conditions)) > MOST_CONDITIONS and limit_of(network) is None:
        raise ExportError(f"network {network.id} has {n} conditions; as plain tables at most {MOST_CONDITIONS} will do")
    tables: list[AnyTable] = []
    size = 0
    for table in _tables(network, check_setting(network, setting), as_it_is=as_it_is):
        tables.append(table)
        size += table.size
        if size > MOST_NUMBERS:
            raise ExportError(
                f"the tables of network {network.id}, up to {table.node}, hold {size:,} numbers; expected at most "
                f"{MOST_NUMBERS:,}; use fewer conditions, or list fewer causes of a finding"
            )
    return tuple(tables)


def is_conditioned(network: Network) -> bool:
    """Whether queries are to be conditioned on the complaint; without one, it tells that causes are not too many."""
    return bool(network.complaint) or limit_of(network) is not None


def _tables(network: Network, setting: str, *, as_it_is: bool) -> Iterator[AnyTable]:
    yield from (_risk_factor(factor, setting) for factor in network.risk_factors.values())
    yield from _conditions(network, setting)
    yield from (form_node(condition, setting) for condition in network.conditions.values() if condition.forms)
    yield from _complaint(network)
    yield from _slots(network)
    for name in {
        each: None for sign in network.signs for each in (*network.signs_above(network.signs[sign].model), sign)
    }:
        yield from _of_rule(network.signs[name], network, as_it_is=as_it_is)
    for finding in network.findings.values():
        yield from _finding(finding, network, as_it_is=as_it_is)


def _risk_factor(factor: RiskFactor, setting: str) -> Table:
    return Table(factor.id, factor.states, (), np.array(factor.prior_in(setting)))


def _conditions(network: Network, setting: str) -> Iterator[Table]:
    prior = Prior(network, setting)
    tables = {name: Table(name, NO_YES, *prior.table(name)) for name in network.conditions}
    while tables:
        ready = [name for name, table in tables.items() if tables.keys().isdisjoint(table.parents)]
        yield from (tables.pop(name) for name in ready)


def _complaint(network: Network) -> Iterator[Table]:
    """A deterministic OR: present if any condition is; or, if there is a limit, as many as there may be."""
    conditions, most = tuple(network.conditions), limit_of(network)
    if most is not None:
        yield from counts(conditions, most)
        yield limited_complaint(len(conditions), most, fewest=int(bool(network.complaint)))
    elif network.complaint:
        yes = np.ones((2,) * len(conditions))
        yes[(0,) * len(conditions)] = 0.0
        yield Table(COMPLAINT, NO_YES, conditions, np.stack([1.0 - yes, yes]))


def _finding(finding: Finding, network: Network, *, as_it_is: bool) -> Iterator[AnyTable]:
    if isinstance(finding.model, Reading):
        yield Table(finding.id, NO_YES, (finding.model.sign,), reading_table(finding.model))
    elif isinstance(finding.model, Mixture):
        yield from _mixture(finding, finding.model, network)
    else:
        yield from _of_rule(finding, network, as_it_is=as_it_is)


def _of_rule(part: Sign | Finding, network: Network, *, as_it_is: bool) -> Iterator[AnyTable]:
    """P(state | the parents that the rule names): conditions or their forms, then signs."""
    rule, states = part.model, states_of(part)
    causes, signs = parents_among(rule, network.conditions), parents_among(rule, network.signs)
    nodes = cause_nodes([network.conditions[name] for name in causes], set(parents_of(rule)))
    every = (*nodes, *(CauseNode(name, (name,)) for name in signs))
    if as_it_is and isinstance(rule, NoisyOr | Greatest):
        yield noisy_max(part.id, rule, states, every)
        return
    if _has_slots(network) and len(nodes) > 1 and isinstance(rule, NoisyOr | Greatest):
        chain = noisy_or_chain if isinstance(rule, NoisyOr) else greatest_chain
        in_slots = slot_nodes(_all_nodes(network), limit_of(network) or 0)
        yield from chain(part.id, rule, states, (*in_slots, *every[len(nodes) :]))  # type: ignore[arg-type]
        return
    sets = list_sets(tuple(node.causes for node in nodes)) if nodes else None
    if isinstance(rule, NoisyOr) and not signs:
        values = noisy_or_table(rule, list_sets(tuple(node.causes for node in nodes)))
    else:
        values = np.moveaxis(rule_table(rule, states, sets, signs, stated_numbers(rule))[0], -1, 1)
    sizes = [1 + len(node.causes) for node in nodes]
    parents = (*(node.id for node in nodes), *signs)
    yield Table(part.id, states, parents, values.reshape(len(states), *sizes, *(2,) * len(signs)))


def _mixture(finding: Finding, rule: Mixture, network: Network) -> Iterator[Table]:
    if _has_slots(network):
        most = limit_of(network) or 0
        yield from mixture_of_slots(finding.id, rule, finding.states, _all_nodes(network), most)
        return
    nodes = cause_nodes(network.conditions.values(), {*rule.distributions, *rule.weights})
    table = mixture_table(rule, finding.states, list_sets(tuple(node.causes for node in nodes)))
    sizes = [1 + len(node.causes) for node in nodes]
    yield Table(finding.id, finding.states, tuple(node.id for node in nodes), table.reshape(-1, *sizes))


def _all_nodes(network: Network) -> tuple[CauseNode, ...]:
    """Nodes that tell of all forms."""
    return cause_nodes(network.conditions.values(), set(network.causes))


def _has_slots(network: Network) -> bool:
    """Whether nodes tell which causes are present, and all hangs on these that would hang on several conditions."""
    return limit_of(network) is not None and len(network.conditions) > MOST_AT_ONCE


def _slots(network: Network) -> Iterator[Table]:
    if _has_slots(network):
        yield from slots(_all_nodes(network), limit_of(network) or 0)
