"""An exported network, as pyAgrum holds it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from pgmpy.models import DiscreteBayesianNetwork

from bayesknee.interop.table import AnyTable
from tests.support.other_programs import gum


def to_pyagrum(model: DiscreteBayesianNetwork) -> Any:  # noqa: ANN401
    """The `BayesNet` with the nodes, arcs and tables of a pgmpy model."""
    copy = gum.BayesNet()
    for node in model.nodes:
        copy.add(gum.LabelizedVariable(node, "", model.get_cpds(node).state_names[node]))
    for cpd in model.get_cpds():
        node, *parents = cpd.variables
        for parent in parents:
            copy.addArc(parent, node)
        # pgmpy has the node's axis first and the last parent fastest; pyAgrum has the node's axis last and the first
        # parent that was added fastest.
        copy.cpt(node)[:] = np.ascontiguousarray(np.transpose(cpd.values))
    return copy


def tables_to_pyagrum(tables: Sequence[AnyTable]) -> Any:  # noqa: ANN401
    """The `BayesNet` with these tables."""
    model = gum.BayesNet()
    for table in tables:
        model.add(gum.LabelizedVariable(table.node, "", list(table.states)))
    for table in tables:
        for parent in table.parents:
            model.addArc(parent, table.node)
        model.cpt(table.node)[:] = np.ascontiguousarray(np.transpose(table.values))
    return model
