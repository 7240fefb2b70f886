"""A network as a pgmpy model. The only place that imports pgmpy, which takes seconds, so only when called."""

from __future__ import annotations

from collections.abc import Mapping

from bayesknee.interop.table import Table
from bayesknee.interop.tables import network_tables
from bayesknee.knowledge.network import Network
from bayesknee.lazy_types import DiscreteBayesianNetwork, TabularCPD


def to_pgmpy(network: Network, setting: str | None = None) -> DiscreteBayesianNetwork:
    """A network in one care setting as a checked `DiscreteBayesianNetwork`.

    Its nodes are the risk factors, conditions, signs and findings, by their ids and with their states, and, where the
    network has a complaint, `presenting_complaint`, on which every query must be conditioned. The model knows of no
    gates: what an answer implies of its gate must be given, too. `pgmpy_evidence` turns a diagnosis into evidence with
    both.

    Args:
        network: a network of at most 20 conditions.
        setting: selects base rates and the priors of risk factors; the network's first one where left out.

    Raises:
        ExportError: more conditions, or larger tables, than plain tables can hold.
        SettingError: the network has no such setting.
        InferenceError: base rates that cannot be met.
    """
    tables = network_tables(network, setting)
    from pgmpy.models import DiscreteBayesianNetwork

    states = {table.node: table.states for table in tables}
    model = DiscreteBayesianNetwork()
    model.name = network.id
    model.add_nodes_from(states)
    model.add_edges_from((parent, table.node) for table in tables for parent in table.parents)
    model.add_cpds(*(_cpd(table, states) for table in tables))
    model.check_model()
    return model


def _cpd(table: Table, states: Mapping[str, tuple[str, ...]]) -> TabularCPD:
    from pgmpy.factors.discrete import TabularCPD

    return TabularCPD(
        table.node,
        len(table.states),
        table.values.reshape(len(table.states), -1),
        evidence=list(table.parents),
        evidence_card=[len(states[parent]) for parent in table.parents],
        state_names={node: list(states[node]) for node in (table.node, *table.parents)},
    )
