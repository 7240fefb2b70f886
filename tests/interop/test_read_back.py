"""What is written and read back, by pgmpy and by pyAgrum, gives the posteriors of the engine.

Left out are NET and UAI of the knee network in pgmpy, which had not read either after 13 minutes.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
import pytest
from pgmpy.readwrite import (
    BIFReader,
    NETReader,
    UAIReader,
    XDSLReader,
    XMLBIFReader,
)

from bayesknee import Engine, Network
from bayesknee.interop.exports import NAMES_SUFFIX, export
from bayesknee.interop.formats import EXPORT_FORMATS
from bayesknee.interop.table import Table
from bayesknee.interop.tables import network_tables
from bayesknee.interop.writers import Document, net, uai
from bayesknee.knowledge.model import NO_YES
from tests.support import random_networks
from tests.support.answers import RawAnswer
from tests.support.effort import each_seed
from tests.support.other_programs import (
    ask_pgmpy,
    ask_pgmpy_markov,
    ask_pyagrum,
    gum,
    pgmpy_table,
    pyagrum_table,
)
from tests.support.random_networks import SMALL, TINY, Patient, random_answers, seeded_patient
from tests.support.small_networks import arteries

READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "bif": BIFReader,
    "xmlbif": XMLBIFReader,
    "xdsl": XDSLReader,
    "net": NETReader,
    "uai": UAIReader,
}
ENDINGS: Final = {"xmlbif": "bifxml"}  # the one that pyAgrum knows it by
SINGLE: Final = 6e-8  # pyAgrum reads BIF, NET and UAI in single precision
WITHIN: Final = 1e-6
SEEDS: Final = range(6)
SHIPPED_SEEDS: Final = each_seed(3)


def _write(patient: Patient, format_: str, folder: Path) -> Path:
    path = folder / f"network.{ENDINGS.get(format_, format_)}"
    export(patient.network, path, format_, patient.setting, plain=format_ == "xdsl")
    return path


def _expected(patient: Patient) -> dict[str, float]:
    return dict(Engine(patient.network, patient.setting).diagnose(patient.answers).posterior)


def _same(got: Mapping[str, float], expected: Mapping[str, float]) -> bool:
    return bool(got) and all(abs(probability - expected[name]) < WITHIN for name, probability in got.items())


def _of_tiny(network: Network) -> Patient:
    answers: dict[str, RawAnswer] = {
        "age": 70,
        "onset": "fall",
        "swelling_noticed": "yes",
        "pain_on_grip": {"yes": 0.7, "no": 0.2},
    }
    return Patient(network, "emergency", answers)


def _of_shipped(network: Network, seed: int) -> Patient:
    """A patient who has answered about a tenth of all questions, in each care setting in turn."""
    settings = list(network.settings)
    answers = random_answers(Random(seed), network, share=0.1, conditions=False)
    return Patient(network, settings[seed % len(settings)], answers)


# --- by pgmpy --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format_", ["bif", "xmlbif", "xdsl", "net"])
def test_pgmpy_reads(format_: str, tiny: Network, tmp_path: Path) -> None:
    patient = _of_tiny(tiny)
    model = READERS[format_](str(_write(patient, format_, tmp_path))).get_model()
    assert model.check_model()
    assert set(model.nodes) == {table.node for table in network_tables(tiny)}
    for table in network_tables(tiny, patient.setting):
        assert np.array_equal(pgmpy_table(model, table), table.values), table.node
    assert _same(ask_pgmpy(model, tiny, patient.answers), _expected(patient))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("format_", ["xmlbif", "xdsl"])
def test_pgmpy_reads_random_networks(format_: str, seed: int, tmp_path: Path) -> None:
    patient = seeded_patient(seed, SMALL)
    model = READERS[format_](str(_write(patient, format_, tmp_path))).get_model()
    for table in network_tables(patient.network, patient.setting):
        assert np.array_equal(pgmpy_table(model, table), table.values), table.node
    assert _same(ask_pgmpy(model, patient.network, patient.answers), _expected(patient))


@pytest.mark.parametrize("format_", [pytest.param("bif", marks=pytest.mark.slow), "xmlbif", "xdsl"])
def test_pgmpy_reads_the_shipped_network(format_: str, knee: Network, tmp_path: Path) -> None:
    patient = _of_shipped(knee, seed=EXPORT_FORMATS.index(format_))
    model = READERS[format_](str(_write(patient, format_, tmp_path))).get_model()
    assert _same(ask_pgmpy(model, knee, patient.answers), _expected(patient))


@pytest.mark.parametrize("setting", ["practice", "emergency"])
def test_shares_of_forms_are_those_of_the_setting(setting: str, tmp_path: Path) -> None:
    """As worked out in tests/inference/enumeration/test_limited.py, for shares of 0.05 and 0.4."""
    network = arteries()
    patient = Patient(network, setting, {"f": "yes"})
    path = str(_write(patient, "xmlbif", tmp_path))
    ill = 0.2 * (0.1 + 0.7 * network.conditions["c"].forms["blocked"].share_in(setting))
    expected = {"c": pytest.approx(ill / (ill + 0.08), abs=1e-9)}
    assert _expected(patient) == expected
    assert ask_pgmpy(XMLBIFReader(path).get_model(), network, patient.answers) == expected
    model = gum.loadBN(path)
    assert ask_pyagrum(model, {name: name for name in model.names()}, network, patient.answers) == expected


@pytest.mark.parametrize("seed", SEEDS)
def test_both_read_findings_that_hang_on_slots(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with many conditions of which few may come together: here of four to six, at most two."""
    monkeypatch.setattr("bayesknee.interop.tables.MOST_AT_ONCE", 2)
    monkeypatch.setattr(random_networks, "MOST_CAUSES", [2])
    patient = seeded_patient(seed, SMALL)
    path = _write(patient, "xmlbif", tmp_path)
    assert "Cause_2_of_4" in path.read_text(encoding="ascii")
    assert _same(ask_pgmpy(XMLBIFReader(str(path)).get_model(), patient.network, patient.answers), _expected(patient))
    model = gum.loadBN(str(path))
    nodes = {name: name for name in model.names()}
    assert _same(ask_pyagrum(model, nodes, patient.network, patient.answers), _expected(patient))


def _document(*parents: str) -> Document:
    """Parents with states of odds 1e-9, and their child."""
    roots = [Table(parent, NO_YES, (), np.array([1.0 - 1e-9, 1e-9])) for parent in parents]
    yes = np.linspace(0.1, 0.9, 2 ** len(parents)).reshape((2,) * len(parents))
    return Document("small", "A remark", (*roots, Table("child", NO_YES, parents, np.stack([1.0 - yes, yes]))))


def test_pgmpy_reads_net_with_a_parent_whose_name_ends_in_node() -> None:
    """In one line with the next one it would be taken for the declaration of that."""
    document = _document("lymph_node", "age")
    assert set(NETReader(string=net(document)).get_model().nodes) == {"lymph_node", "age", "child"}
    with pytest.raises(IndexError, match="list index out of range"):
        NETReader(string=net(document).replace("\n  age)", " age)")).get_model()


def test_pgmpy_reads_small_numbers_of_uai() -> None:
    """Which it does not where they have an exponent."""
    model = UAIReader(string=uai(_document("age", "sex"))).get_model()
    factors = {tuple(factor.variables): factor.values for factor in model.get_factors()}
    assert factors[("var_1",)].tolist() == [1.0 - 1e-9, 1e-9]


def test_pgmpy_reads_uai_as_a_markov_network(tiny: Network, tmp_path: Path) -> None:
    patient = _of_tiny(tiny)
    path = _write(patient, "uai", tmp_path)
    nodes = {name: f"var_{number}" for name, number in _numbers(path).items()}
    model = UAIReader(str(path)).get_model()
    assert model.check_model()
    assert _same(ask_pgmpy_markov(model, nodes, tiny, patient.answers), _expected(patient))


# --- by pyAgrum ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("format_", ["bif", "xmlbif", "net"])
def test_pyagrum_reads_random_networks(format_: str, seed: int, tmp_path: Path) -> None:
    patient = seeded_patient(seed, SMALL)
    tables = network_tables(patient.network, patient.setting)
    model = gum.loadBN(str(_write(patient, format_, tmp_path)))
    assert model.names() == {table.node for table in tables}
    for table in tables:
        exact = format_ == "xmlbif"
        assert np.allclose(pyagrum_table(model, table), table.values, rtol=1e-15 if exact else SINGLE, atol=0.0)
    nodes = {name: name for name in model.names()}
    assert _same(ask_pyagrum(model, nodes, patient.network, patient.answers), _expected(patient))


@pytest.mark.parametrize("seed", SHIPPED_SEEDS)
@pytest.mark.parametrize("format_", ["bif", "xmlbif", "net"])
def test_pyagrum_reads_the_shipped_network(format_: str, seed: int, knee: Network, tmp_path: Path) -> None:
    patient = _of_shipped(knee, seed)
    model = gum.loadBN(str(_write(patient, format_, tmp_path)))
    nodes = {name: name for name in model.names()}
    assert _same(ask_pyagrum(model, nodes, knee, patient.answers), _expected(patient))


def _pyagrum_reads_uai(patient: Patient, folder: Path) -> bool:
    path = _write(patient, "uai", folder)
    nodes = {name: str(number) for name, number in _numbers(path).items()}
    model = gum.loadMRF(str(path))
    return _same(ask_pyagrum(model, nodes, patient.network, patient.answers), _expected(patient))


@pytest.mark.parametrize("seed", SEEDS)
def test_pyagrum_reads_uai_of_random_networks_as_markov_networks(seed: int, tmp_path: Path) -> None:
    assert _pyagrum_reads_uai(seeded_patient(seed, SMALL), tmp_path)


@pytest.mark.parametrize("seed", SHIPPED_SEEDS)
def test_pyagrum_reads_uai_of_the_shipped_network_as_a_markov_network(seed: int, knee: Network, tmp_path: Path) -> None:
    assert _pyagrum_reads_uai(_of_shipped(knee, seed), tmp_path)


@pytest.mark.parametrize("seed", SEEDS)
def test_pyagrum_takes_the_parents_of_xdsl_from_the_wrong_end(seed: int, tmp_path: Path) -> None:
    """The one format of the five that pyAgrum cannot read: a node with two parents or more comes out wrong, in silence.

    It takes the first parent for the one that changes fastest; see `test_xdsl_is_in_the_order_of_genie`. Turned round,
    all numbers are there. Once pyAgrum reads XDSL right, this fails: add it to the formats above, mend docs/interop.md.
    """
    patient = seeded_patient(seed, SMALL)
    tables = network_tables(patient.network, patient.setting)
    model = gum.loadBN(str(_write(patient, "xdsl", tmp_path)))
    assert not all(np.allclose(pyagrum_table(model, table), table.values) for table in tables)
    for table in tables:
        model.cpt(table.node).fillWith(_turned_round(model, table))
        assert np.allclose(pyagrum_table(model, table), table.values, rtol=1e-15, atol=0.0)
    nodes = {name: name for name in model.names()}
    assert _same(ask_pyagrum(model, nodes, patient.network, patient.answers), _expected(patient))


def _turned_round(model: Any, table: Table) -> list[float]:  # noqa: ANN401
    """The numbers of the table in the order in which pyAgrum holds them: its last variable slowest."""
    shape = [model.variable(name).domainSize() for name in model.cpt(table.node).names]
    rows = model.cpt(table.node).toarray().reshape(*shape[1:], shape[0])
    return list(np.transpose(rows, [*range(len(shape) - 1)[::-1], len(shape) - 1]).ravel())


# --- against the formats themselves ----------------------------------------------------------------------------------


def _numbers(path: Path) -> dict[str, int]:
    """The number of each node of a UAI file."""
    names = json.loads(Path(f"{path}{NAMES_SUFFIX}").read_text(encoding="utf-8"))
    return {variable["id"]: number for number, variable in enumerate(names["variables"])}


def _read_uai(text: str) -> list[tuple[list[int], np.ndarray[Any, Any]]]:
    """Scope and table of each function, by the book: "the last variable in the scope" is "the least significant"."""
    words = iter(text.split()[1:])
    sizes = [int(next(words)) for _ in range(int(next(words)))]
    scopes = [[int(next(words)) for _ in range(int(next(words)))] for _ in range(int(next(words)))]
    tables = [
        np.array([float(next(words)) for _ in range(int(next(words)))]).reshape([sizes[i] for i in scope])
        for scope in scopes
    ]
    assert not list(words)
    return list(zip(scopes, tables, strict=True))


@pytest.mark.parametrize("seed", SEEDS)
def test_uai_is_in_the_order_of_the_format(seed: int, tmp_path: Path) -> None:
    """And a Bayesian network, once its first word is `BAYES`: a function for each node, the node itself the last."""
    patient = seeded_patient(seed, TINY)
    path = _write(patient, "uai", tmp_path)
    numbers = _numbers(path)
    functions = _read_uai(path.read_text(encoding="ascii"))
    tables = {numbers[table.node]: table for table in network_tables(patient.network, patient.setting)}
    assert [scope[-1] for scope, _ in functions] == sorted(tables)
    for scope, values in functions:
        table = tables[scope[-1]]
        order = [scope.index(numbers[name]) for name in (table.node, *table.parents)]
        assert np.array_equal(np.transpose(values, order), table.values)


def test_uai_names_tell_the_states(tiny: Network, tmp_path: Path) -> None:
    path = _write(Patient(tiny, "clinic", {}), "uai", tmp_path)
    names = json.loads((tmp_path / "network.uai.names.json").read_text(encoding="utf-8"))
    assert "Condition every query on presenting_complaint = yes." in names["network"]
    assert {each["id"]: tuple(each["states"]) for each in names["variables"]} == {
        table.node: table.states for table in network_tables(tiny)
    }
    sizes = path.read_text(encoding="ascii").splitlines()[2].split()
    assert [int(size) for size in sizes] == [len(each["states"]) for each in names["variables"]]


def test_xdsl_places_children_below_parents_and_nothing_on_top_of_another(tiny: Network) -> None:
    stream = io.StringIO()
    export(tiny, stream, "xdsl", plain=True)
    found = re.findall(r'<node id="(\w+)">\s*<name>\1</name>\s*<position>(.*?)</position>', stream.getvalue())
    places = {name: [int(number) for number in place.split()] for name, place in found}
    assert len(set(map(tuple, places.values()))) == len(network_tables(tiny))
    assert all(left < right and top < bottom for left, top, right, bottom in places.values())
    for table in network_tables(tiny):
        assert all(places[parent][3] < places[table.node][1] for parent in table.parents)


def test_xdsl_is_in_the_order_of_genie() -> None:
    """The node `dysp` as GeNIe writes it in its own Asia network: of two parents, the last changes fastest.

    P(dyspnoea | bronchitis, neither tuberculosis nor cancer) is 0.8, and it is 0.7 the other way round (Lauritzen and
    Spiegelhalter 1988). So pgmpy reads the format right, and ours, which it reads back, is right, too.
    """
    states = '<state id="no" /><state id="yes" />'
    roots = "".join(
        f'<cpt id="{name}">{states}<probabilities>0.5 0.5</probabilities></cpt>' for name in ("either", "bronc")
    )
    numbers = "0.9 0.1 0.2 0.8 0.3 0.7 0.1 0.9"
    child = f'<cpt id="dysp">{states}<parents>either bronc</parents><probabilities>{numbers}</probabilities></cpt>'
    reader = XDSLReader(string=f'<smile version="1.0" id="asia"><nodes>{roots}{child}</nodes></smile>')
    dyspnoea = reader.get_model().get_cpds("dysp")
    assert dyspnoea.get_value(dysp="yes", either="no", bronc="yes") == 0.8
    assert dyspnoea.get_value(dysp="yes", either="yes", bronc="no") == 0.7
