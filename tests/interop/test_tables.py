"""The tables that all exports are made from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bayesknee import Network
from bayesknee.errors import ExportError, SettingError
from bayesknee.inference.prior.joint import Prior
from bayesknee.interop.table import Table
from bayesknee.interop.tables import is_conditioned, network_tables
from bayesknee.knowledge.model import COMPLAINT, NO_YES
from tests.support.brute_force import ABSENT, form_of, list_variables
from tests.support.random_networks import SMALL, seeded_patient


def _by_node(network: Network, setting: str | None = None) -> dict[str, Table]:
    return {table.node: table for table in network_tables(network, setting)}


def test_every_node_has_one_after_its_parents(tiny: Network) -> None:
    nodes = [table.node for table in network_tables(tiny)]
    assert sorted(nodes) == sorted([*tiny.questions, *tiny.conditions, *tiny.signs, COMPLAINT])
    for table in network_tables(tiny):
        assert all(nodes.index(parent) < nodes.index(table.node) for parent in table.parents)


def test_parents_are_no_more_than_needed(tiny: Network) -> None:
    parents = {name: set(table.parents) for name, table in _by_node(tiny).items()}
    assert parents["age"] == set()
    assert parents["strain"] == {"age", "tennis"}
    assert parents["infection"] == {"fracture"}
    assert parents["joint_swelling"] == {"fracture", "infection"}
    assert parents["swelling_noticed"] == {"joint_swelling"}
    assert parents["pain_on_grip"] == {"strain", "fracture"}
    assert parents["onset"] == parents[COMPLAINT] == set(tiny.conditions)


def test_a_setting_selects_priors_and_base_rates(tiny: Network) -> None:
    first, clinic, emergency = (_by_node(tiny, setting) for setting in (None, "clinic", "emergency"))
    assert all(np.array_equal(first[name].values, clinic[name].values) for name in first)
    changed = {name for name in first if not np.array_equal(clinic[name].values, emergency[name].values)}
    assert changed == {"age", *tiny.conditions}


def test_an_unknown_setting_is_refused(tiny: Network) -> None:
    with pytest.raises(SettingError, match=r"unknown setting 'clinik' of network tiny; did you mean clinic\?"):
        network_tables(tiny, "clinik")


def test_the_complaint_is_present_if_any_condition_is(tiny: Network) -> None:
    table = _by_node(tiny)[COMPLAINT]
    absent, present = table.values.reshape(2, -1)
    assert absent.tolist() == [1.0] + [0.0] * 15
    assert present.tolist() == [0.0] + [1.0] * 15


def test_a_limit_to_causes_is_a_chain_that_counts_them(tiny: Network) -> None:
    """Of four conditions, the nodes count to two, and then say that there are more."""
    tables = _by_node(replace(tiny, most_causes=2))
    assert [tables[f"Count_{number}"].states for number in (1, 2, 3)] == [
        ("N0", "N1"),
        ("N0", "N1", "N2"),
        ("N0", "N1", "N2", "More"),
    ]
    assert tables["Count_3"].parents == ("Count_2", list(tiny.conditions)[2])
    assert tables["Count_3"].values[:, :, 1].tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert tables[COMPLAINT].parents == ("Count_4",)
    assert tables[COMPLAINT].values[1].tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize("seed", range(30))
def test_entries_are_those_of_their_definitions(seed: int) -> None:
    """Against tests/support/brute_force.py, which fills tables one entry at a time and knows nothing of ours."""
    patient = seeded_patient(seed, SMALL)
    network = patient.network
    prior = Prior(network, patient.setting)
    intercepts = dict(zip(network.conditions, prior.intercepts.tolist(), strict=True))
    tables = _by_node(network, patient.setting)
    assert (COMPLAINT in tables) == is_conditioned(network)
    for variable in list_variables(network, patient.setting, intercepts):
        table = tables[variable.id]
        states = {name: tables[name].states for name in table.parents}
        assert set(table.parents) <= set(variable.parents)
        for place in np.ndindex(*table.values.shape[1:]):
            row = dict.fromkeys(network.conditions, "no")
            row |= {name: states[name][i] for name, i in zip(table.parents, place, strict=True)}
            _fill_forms(network, row)
            if network.complaint and "yes" not in {row[name] for name in network.conditions}:
                continue  # cannot be, and mixtures need not say what they give then
            assert table.values[(slice(None), *place)] == pytest.approx(list(variable.chance(row)), abs=1e-12)


def _fill_forms(network: Network, row: dict[str, str]) -> None:
    """A form where only the condition is told, and the other way round."""
    for name, condition in network.conditions.items():
        if condition.forms and form_of(name) in row:
            row[name] = "no" if row[form_of(name)] == ABSENT else "yes"
        elif condition.forms:
            row[form_of(name)] = next(iter(condition.forms)) if row[name] == "yes" else ABSENT


def test_columns_are_checked_before_anything_is_built() -> None:
    """pgmpy lets a column that sums to 0.99 pass; see test_pgmpy_contract.py."""
    Table("onset", NO_YES, (), np.array([0.4, 0.6 + 9e-10]))
    with pytest.raises(ExportError, match="the table of onset is off by 2e-09; expected columns"):
        Table("onset", NO_YES, (), np.array([0.4, 0.6 + 2e-9]))
    for wrong in ([1.1, -0.1], [float("nan"), 0.5]):
        with pytest.raises(ExportError, match="the table of onset"):
            Table("onset", NO_YES, (), np.array(wrong))


def test_too_many_conditions_are_refused(monkeypatch: pytest.MonkeyPatch, tiny: Network) -> None:
    monkeypatch.setattr("bayesknee.interop.tables.MOST_CONDITIONS", 3)
    with pytest.raises(ExportError, match="network tiny has 4 conditions; as plain tables at most 3 will do"):
        network_tables(tiny)


def test_too_many_numbers_are_refused(monkeypatch: pytest.MonkeyPatch, tiny: Network) -> None:
    monkeypatch.setattr("bayesknee.interop.tables.MOST_NUMBERS", 100)
    with pytest.raises(ExportError, match="up to onset, hold 130 numbers; expected at most 100; use fewer conditions"):
        network_tables(tiny)
