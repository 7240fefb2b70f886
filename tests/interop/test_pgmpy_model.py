"""`Network.to_pgmpy`: the model as pgmpy knows it."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from bayesknee import Engine, Network, to_pgmpy
from bayesknee.errors import ExportError, SettingError
from bayesknee.interop.tables import network_tables
from bayesknee.knowledge.model import COMPLAINT
from tests.support.other_programs import VariableElimination, ask_pgmpy, pgmpy_table
from tests.support.paths import NETWORKS, ROOT
from tests.support.random_networks import SMALL, seeded_patient


def test_it_has_all_nodes_by_their_ids_with_their_states(tiny: Network) -> None:
    model = to_pgmpy(tiny)
    assert model.check_model()
    assert model.name == "tiny"
    assert set(model.nodes) == {*tiny.questions, *tiny.conditions, *tiny.signs, COMPLAINT}
    states = {name: tuple(cpd.state_names[name]) for name, cpd in ((cpd.variable, cpd) for cpd in model.get_cpds())}
    assert states["age"] == ("under_50", "over_50")
    assert states["onset"] == ("fall", "sudden", "gradual")
    for name in ("strain", "joint_swelling", "pain_on_grip", COMPLAINT):
        assert states[name] == ("no", "yes")


def test_its_tables_are_ours_and_so_are_its_edges(tiny: Network) -> None:
    model = to_pgmpy(tiny, "emergency")
    tables = network_tables(tiny, "emergency")
    for table in tables:
        assert np.array_equal(pgmpy_table(model, table), table.values)
    assert set(model.edges) == {(parent, table.node) for table in tables for parent in table.parents}


@pytest.mark.parametrize("seed", range(25))
def test_its_posteriors_are_those_of_the_engine(seed: int) -> None:
    patient = seeded_patient(seed, SMALL)
    model = to_pgmpy(patient.network, patient.setting)
    expected = Engine(patient.network, patient.setting).diagnose(patient.answers).posterior
    got = ask_pgmpy(model, patient.network, patient.answers)
    assert got == pytest.approx({name: expected[name] for name in got}, abs=1e-9)


def test_it_must_be_conditioned_on_the_complaint(tiny: Network) -> None:
    """Only then are the marginals the base rates of people who come with it."""
    engine = VariableElimination(to_pgmpy(tiny))
    given = engine.query(["strain"], {COMPLAINT: "yes"}, show_progress=False)
    assert given.get_value(strain="yes") == pytest.approx(0.5, abs=1e-9)
    alone = engine.query(["strain"], show_progress=False)
    assert alone.get_value(strain="yes") < 0.3


def test_without_a_complaint_there_is_no_such_node(tiny: Network) -> None:
    screening = dataclasses.replace(tiny, complaint="", catch_all="")
    model = to_pgmpy(screening)
    assert COMPLAINT not in model.nodes
    alone = VariableElimination(model).query(["strain"], show_progress=False)
    assert alone.get_value(strain="yes") == pytest.approx(0.5, abs=1e-9)


def test_each_call_makes_a_model_of_its_own(tiny: Network) -> None:
    """A model of pgmpy can be changed; the network cannot."""
    first = to_pgmpy(tiny)
    first.get_cpds("strain").values[:] = 0.5
    first.remove_node("onset")
    assert "onset" in to_pgmpy(tiny).nodes
    assert not np.all(to_pgmpy(tiny).get_cpds("strain").values == 0.5)


def test_it_refuses_what_it_cannot_do(tiny: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingError, match="unknown setting 'ward'"):
        to_pgmpy(tiny, "ward")
    monkeypatch.setattr("bayesknee.interop.tables.MOST_CONDITIONS", 3)
    with pytest.raises(ExportError, match="tiny has 4 conditions"):
        to_pgmpy(tiny)


def test_the_shipped_network_becomes_a_model(knee: Network) -> None:
    for setting in knee.settings:
        model = to_pgmpy(knee, setting)
        base_rates = ask_pgmpy(model, knee, {})
        assert base_rates == pytest.approx(
            {name: condition.base_rate_in(setting) for name, condition in knee.conditions.items()}, abs=1e-9
        )


def test_it_is_quiet() -> None:
    """Needs no guard since pgmpy 1.1: 1.0 set the root logger up. Guard the import again if this fails."""
    script = (
        "import logging, sys, warnings; warnings.simplefilter('error'); import bayesknee\n"
        "bayesknee.to_pgmpy(bayesknee.load_network(sys.argv[1]))\n"
        "assert (logging.getLogger().level, logging.getLogger().handlers) == (logging.WARNING, [])"
    )
    folder = NETWORKS / "tiny"
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
