"""A network in a setting as plain tables: all that a Bayesian-network file can hold. Needs numpy only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.errors import ExportError
from bayesknee.inference.cpds import mixture_table, noisy_or_table, reading_table
from bayesknee.inference.prior.joint import Prior
from bayesknee.inference.rule_tables import own_parents, rule_table, stated_numbers, states_of
from bayesknee.inference.strategy import MOST_CONDITIONS
from bayesknee.knowledge.model import COMPLAINT, NO_YES, Finding, Mixture, NoisyOr, Reading, RiskFactor, Sign
from bayesknee.knowledge.network import Network, check_setting

MOST_NUMBERS: Final = 2**22  # 32 MB here, and more as text: beyond, a file hardly serves other programs. Judged
TOLERANCE: Final = 1e-9  # as for distributions in a network: far above rounding, far below a wrong figure


@dataclass(frozen=True, eq=False)
class Table:
    """P(node | parents).

    Attributes:
        values: an axis for the node's states, then one for each parent, in the order of `parents`.

    Raises:
        ExportError: a value is no probability, or a column does not sum to 1 within 1e-9.
    """

    node: str
    states: tuple[str, ...]
    parents: tuple[str, ...]
    values: Vector

    def __post_init__(self) -> None:
        off = float(np.max(np.abs(self.values.sum(axis=0) - 1.0)))
        if not (np.all(self.values >= 0.0) and off <= TOLERANCE):
            raise ExportError(
                f"the table of {self.node} is off by {off:.2g}; expected columns of probabilities that sum to 1 within "
                f"{TOLERANCE:g}; correct the numbers of {self.node}"
            )

    @property
    def rows(self) -> Vector:
        """A row for each combination of parent states, the last parent changing fastest; a column for each state."""
        return np.moveaxis(self.values, 0, -1).reshape(-1, len(self.states))


def network_tables(network: Network, setting: str | None = None) -> tuple[Table, ...]:
    """One table for each node, parents before children: risk factors, conditions, the complaint, signs, findings.

    Args:
        network: any, as long as its tables do not grow too large.
        setting: selects base rates and the priors of risk factors; the network's first one where left out.

    Raises:
        SettingError: the network has no such setting.
        InferenceError: base rates that cannot be met.
        ExportError: more conditions, or larger tables, than plain tables can hold.
    """
    if (n := len(network.conditions)) > MOST_CONDITIONS:
        raise ExportError(f"network {network.id} has {n} conditions; as plain tables at most {MOST_CONDITIONS} will do")
    tables: list[Table] = []
    for table in _tables(network, check_setting(network, setting)):
        tables.append(table)
        if (size := sum(each.values.size for each in tables)) > MOST_NUMBERS:
            raise ExportError(
                f"the tables of network {network.id}, up to {table.node}, hold {size:,} numbers; expected at most "
                f"{MOST_NUMBERS:,}; use fewer conditions, or list fewer causes of a finding"
            )
    return tuple(tables)


def _tables(network: Network, setting: str) -> Iterator[Table]:
    yield from (_risk_factor(factor, setting) for factor in network.risk_factors.values())
    yield from _conditions(network, setting)
    if network.complaint:
        yield _complaint(tuple(network.conditions))
    for name in {
        each: None for sign in network.signs for each in (*network.signs_above(network.signs[sign].model), sign)
    }:
        yield _of_rule(network.signs[name], network)
    yield from (_finding(finding, network) for finding in network.findings.values())


def _risk_factor(factor: RiskFactor, setting: str) -> Table:
    return Table(factor.id, factor.states, (), np.array(factor.prior_in(setting)))


def _conditions(network: Network, setting: str) -> Iterator[Table]:
    prior = Prior(network, setting)
    tables = {name: Table(name, NO_YES, *prior.table(name)) for name in network.conditions}
    while tables:
        ready = [name for name, table in tables.items() if tables.keys().isdisjoint(table.parents)]
        yield from (tables.pop(name) for name in ready)


def _complaint(conditions: tuple[str, ...]) -> Table:
    """A deterministic OR: present if any condition is."""
    yes = np.ones((2,) * len(conditions))
    yes[(0,) * len(conditions)] = 0.0
    return Table(COMPLAINT, NO_YES, conditions, np.stack([1.0 - yes, yes]))


def _finding(finding: Finding, network: Network) -> Table:
    if isinstance(finding.model, Reading):
        return Table(finding.id, NO_YES, (finding.model.sign,), reading_table(finding.model))
    if not isinstance(finding.model, Mixture):
        return _of_rule(finding, network)
    conditions = tuple(network.conditions)
    table = mixture_table(finding.model, finding.states, conditions)
    return Table(finding.id, finding.states, conditions, table.reshape(-1, *(2,) * len(conditions)))


def _of_rule(part: Sign | Finding, network: Network) -> Table:
    """P(state | the parents that the rule names): conditions, then signs."""
    rule, states = part.model, states_of(part)
    causes, signs = own_parents(rule, network.conditions), own_parents(rule, network.signs)
    if isinstance(rule, NoisyOr) and not signs:
        return Table(part.id, NO_YES, causes, noisy_or_table(rule, causes).reshape(2, *(2,) * len(causes)))
    table = rule_table(rule, states, causes, signs, stated_numbers(rule))[0]
    values = np.moveaxis(table, -1, 1).reshape(len(states), *(2,) * (len(causes) + len(signs)))
    return Table(part.id, states, (*causes, *signs), values)
