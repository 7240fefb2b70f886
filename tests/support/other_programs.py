"""The same patient asked of pgmpy and of pyAgrum; and the tables that they hold, with axes as in `Table`."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pgmpy.factors.discrete import DiscreteFactor, TabularCPD
from pgmpy.models import DiscreteBayesianNetwork, DiscreteMarkovNetwork

from bayesknee.interop.table import Table
from bayesknee.interop.tables import is_conditioned
from bayesknee.knowledge.model import COMPLAINT
from bayesknee.knowledge.network import Network
from tests.support.answers import Answers, known

# Both are imported here and nowhere else in the tests, where a warning is an error.
with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)  # pgmpy 1.1.2 imports a part of its own that it has deprecated
    from pgmpy.inference import VariableElimination
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # pyAgrum 3.3.1 (SWIG) dies of a warning that is an error
    import pyagrum
    import pyagrum.markov_random_field  # else it is loaded at the first use, where warnings are errors

gum: Any = pyagrum  # its types are half there

__all__ = ["VariableElimination", "ask_pgmpy", "ask_pgmpy_markov", "ask_pyagrum", "gum", "pgmpy_table", "pyagrum_table"]

Array: TypeAlias = NDArray[np.float64]


def likelihoods(network: Network, answers: Answers) -> dict[str, list[float]]:
    """A likelihood for each state, the complaint included; at most 1, since pgmpy takes it for a probability."""
    all_known = {name: list(each.values()) for name, each in known(network, answers).items()}
    if is_conditioned(network):
        all_known[COMPLAINT] = [0.0, 1.0]
    return {name: [value / max(each) for value in each] for name, each in all_known.items()}


# --- pgmpy -----------------------------------------------------------------------------------------------------------


def ask_pgmpy(model: DiscreteBayesianNetwork, network: Network, answers: Answers) -> dict[str, float]:
    """P(condition | answers) of each condition that is not answered itself."""
    evidence = likelihoods(network, answers)
    states = {name: model.get_cpds(name).state_names[name] for name in evidence}
    hard = {name: states[name][np.argmax(each)] for name, each in evidence.items() if np.count_nonzero(each) == 1}
    soft = [
        TabularCPD(name, len(each), [[value] for value in each], state_names={name: states[name]})
        for name, each in evidence.items()
        if name not in hard
    ]
    # A new engine for each query: one that was given virtual evidence keeps its nodes.
    return {
        name: _yes(VariableElimination(model).query([name], hard, soft or None, show_progress=False))
        for name in network.conditions
        if name not in hard
    }


def ask_pgmpy_markov(
    model: DiscreteMarkovNetwork, nodes: Mapping[str, str], network: Network, answers: Answers
) -> dict[str, float]:
    """The same of a Markov network, where answers are factors, since pgmpy leaves virtual evidence out there.

    `nodes` has the model's name of each node, by id.
    """
    model = model.copy()
    evidence = likelihoods(network, answers)
    model.add_factors(*(DiscreteFactor([nodes[name]], [len(each)], each) for name, each in evidence.items()))
    engine = VariableElimination(model)
    return {name: _yes(engine.query([nodes[name]], show_progress=False)) for name in network.conditions}


def _yes(factor: DiscreteFactor) -> float:
    """P(yes): what pgmpy gives for a Markov network does not sum to 1."""
    return float(factor.values[1] / factor.values.sum())


def pgmpy_table(model: DiscreteBayesianNetwork, table: Table) -> Array:
    """P(node | parents) as the model holds it; its states must be those of the table."""
    cpd = model.get_cpds(table.node)
    assert tuple(cpd.state_names[table.node]) == table.states
    return _in_order(cpd.values, cpd.variables, (table.node, *table.parents))


# --- pyAgrum ---------------------------------------------------------------------------------------------------------


def ask_pyagrum(model: Any, nodes: Mapping[str, str], network: Network, answers: Answers) -> dict[str, float]:  # noqa: ANN401
    """P(condition | answers) of each condition, from a Bayesian network or a Markov random field.

    `nodes` has the model's name of each node, by id.
    """
    engine = gum.LazyPropagation(model) if isinstance(model, gum.BayesNet) else gum.ShaferShenoyMRFInference(model)
    engine.setEvidence({nodes[name]: each for name, each in likelihoods(network, answers).items()})
    engine.makeInference()
    return {name: float(engine.posterior(nodes[name]).toarray()[1]) for name in network.conditions}


def pyagrum_table(model: Any, table: Table) -> Array:  # noqa: ANN401
    """P(node | parents) as the model holds it; its states must be those of the table."""
    assert model.variable(table.node).labels() == table.states
    tensor = model.cpt(table.node)
    return _in_order(tensor.toarray(), tensor.names[::-1], (table.node, *table.parents))


def _in_order(values: Array, names: tuple[str, ...] | list[str], wanted: tuple[str, ...]) -> Array:
    assert sorted(names) == sorted(wanted)
    return np.transpose(values, [list(names).index(name) for name in wanted])
