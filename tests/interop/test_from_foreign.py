"""Networks of other programs come in with the same joint distribution, or are refused with the node and the reason."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
import pytest
from pgmpy.factors.discrete import TabularCPD
from pgmpy.models import DiscreteBayesianNetwork

from bayesknee import Engine, Network, from_pgmpy, to_pgmpy
from bayesknee.errors import ImportFileError
from bayesknee.interop.from_foreign import ImportedNetwork, import_file
from bayesknee.knowledge.model import ConditionalTable, Greatest, NoisyOr
from tests.support.other_programs import VariableElimination, gum
from tests.support.pyagrum_model import to_pyagrum

WITHIN: Final = 1e-12


def node(name: str, values: Any, parents: tuple[str, ...] = (), **states: Any) -> TabularCPD:  # noqa: ANN401
    """A table of a node; states are no and yes unless they are given."""
    table = np.array(values, dtype=float)
    names = {each: states.get(each, ["no", "yes"]) for each in (name, *parents)}
    lengths = [len(names[parent]) for parent in parents]
    return TabularCPD(name, len(table), table.reshape(len(table), -1), parents or None, lengths or None, names)


def model(*nodes: TabularCPD) -> DiscreteBayesianNetwork:
    """A network of these nodes."""
    made = DiscreteBayesianNetwork()
    made.add_nodes_from(each.variable for each in nodes)
    made.add_edges_from((parent, each.variable) for each in nodes for parent in each.variables[1:])
    made.add_cpds(*nodes)
    return made


def small() -> DiscreteBayesianNetwork:
    """A risk factor of three states, two conditions, a deterministic sign, two findings."""
    ages = ["young", "old", "very old"]
    return model(
        node("Age", [[0.5], [0.3], [0.2]], Age=ages),
        node("gout", [[0.9, 0.8, 0.6], [0.1, 0.2, 0.4]], ("Age",), Age=ages),
        node("injury", [[0.7], [0.3]]),
        node("either", [[1, 0, 0, 0], [0, 1, 1, 1]], ("gout", "injury")),
        node("swollen", [[0.95, 0.2], [0.05, 0.8]], ("either",)),
        node("pain", [[0.9, 0.45, 0.36, 0.18], [0.1, 0.55, 0.64, 0.82]], ("gout", "injury")),
    )


# --- what becomes of what --------------------------------------------------------------------------------------------


def test_roles_follow_from_the_conditions() -> None:
    network = from_pgmpy(small(), ["gout", "injury"])
    assert list(network.conditions) == ["gout", "injury"]
    assert network.risk_factors["age"].states == ("young", "old", "very_old")
    assert network.risk_factors["age"].state_names == {"very_old": ("very old",)}
    assert list(network.signs) == ["either_state"]
    assert sorted(network.findings) == ["either", "pain", "swollen"]  # what the sign hides can be asked for, too


def test_numbers_are_those_of_the_format() -> None:
    network = from_pgmpy(small(), ["gout", "injury"])
    # 0.5 * 0.1 + 0.3 * 0.2 + 0.2 * 0.4 = 0.19; odds 1/9, 1/4 and 2/3
    assert network.conditions["gout"].base_rate_in("as_published") == pytest.approx(0.19, rel=1e-14)
    ratios = network.conditions["gout"].odds_ratios["age"]
    assert {state: ratio.value for state, ratio in ratios.items()} == pytest.approx({"old": 2.25, "very_old": 6.0})
    pain: Any = network.findings["pain"].model
    assert isinstance(pain, NoisyOr)  # 0.18 is 0.9 * (0.45 / 0.9) * (0.36 / 0.9)
    assert (pain.leak.value, pain.causes["gout"].value, pain.causes["injury"].value) == (0.1, 0.64, 0.55)
    assert isinstance(network.signs["either_state"].model, ConditionalTable)  # a leak of 0 is none of a noisy-OR


def test_what_comes_in_answers_as_pgmpy_does() -> None:
    asked = {"Age": "very old", "swollen": "yes", "pain": "no"}
    posterior = Engine(from_pgmpy(small(), ["gout", "injury"])).diagnose(
        {"age": "very old", "swollen": "yes", "pain": "no"}
    )
    for name in ("gout", "injury"):
        factor = VariableElimination(small()).query([name], asked, show_progress=False)
        assert posterior.posterior[name] == pytest.approx(factor.get_value(**{name: "yes"}), abs=WITHIN)


def test_a_root_on_which_findings_hang_is_proposed_as_a_condition() -> None:
    assert list(from_pgmpy(small()).conditions) == ["gout", "injury"]


def test_a_deterministic_or_of_a_finding_is_a_greatest_without_leak() -> None:
    either = node("either", [[1, 0, 0, 0], [0, 1, 1, 1]], ("a", "b"))
    network = from_pgmpy(model(node("a", [[0.9], [0.1]]), node("b", [[0.8], [0.2]]), either), ["a", "b"])
    rule: Any = network.findings["either"].model
    assert isinstance(rule, Greatest)
    assert rule.leak is None
    assert rule.causes["a"].numbers["yes"].certain


def test_states_of_other_names_tell_which_is_present() -> None:
    states: dict[str, Any] = {"lung": ["low", "high"], "cough": ["ja", "nein"]}
    cough = node("cough", [[0.1, 0.7], [0.9, 0.3]], ("lung",), **states)
    lung = model(node("lung", [[0.8], [0.2]], **states), cough)
    network = from_pgmpy(lung, {"lung": "high"})
    assert network.conditions["lung"].base_rate_in("as_published") == pytest.approx(0.2)
    assert network.findings["cough"].states == ("ja", "nein")
    with pytest.raises(
        ImportFileError, match="lung: got the states low, high; expected states of which one is plainly"
    ):
        from_pgmpy(lung, ["lung"])


def test_ids_are_made_safe() -> None:
    states: dict[str, Any] = {"Größe 1": ["no", "yes"], "größe-1": ["unknown", "3-5 cm", "5"]}
    table = node("größe-1", [[0.2, 0.1], [0.5, 0.1], [0.3, 0.8]], ("Größe 1",), **states)
    network = from_pgmpy(model(node("Größe 1", [[0.8], [0.2]], **states), table))
    assert list(network.conditions) == ["grosse_1"]
    (finding,) = network.findings.values()
    assert finding.states == ("unknown_state", "state_3_5_cm", "state_5")
    assert finding.state_names["state_3_5_cm"] == ("3-5 cm",)


# --- refusals --------------------------------------------------------------------------------------------------------

A: Final = node("a", [[0.9], [0.1]])
B: Final = node("b", [[0.8], [0.2]])
THREE: Final = ["mild", "bad", "worse"]
REFUSALS: Final[list[tuple[DiscreteBayesianNetwork, Any, str]]] = [
    (
        model(
            A,
            B,
            node("c", [[0.9, 0.5, 0.5, 0.4], [0.1, 0.5, 0.5, 0.6]], ("a", "b")),
            node("f", [[0.9, 0.2], [0.1, 0.8]], ("c",)),
        ),
        ["c"],
        r"c: got a table of a, b that is not logistic; expected one odds ratio .*; name its parents conditions instead",
    ),
    (
        model(
            node("a", [[0.5], [0.3], [0.2]], a=THREE), node("f", [[0.9, 0.2, 0.1], [0.1, 0.8, 0.9]], ("a",), a=THREE)
        ),
        ["a"],
        "a: got 3 states of a condition; expected two; merge its states",
    ),
    (
        model(A, node("f", [[0.9, 0.2], [0.1, 0.8]], ("a",)), B),
        ["b"],
        "a: got a root on which f hangs, which is no condition",
    ),
    (
        model(A, node("f", [[0.9, 0.2], [0.1, 0.8]], ("a",))),
        ["aa"],
        "got the condition 'aa'; expected a node of it; did you",
    ),
    (
        model(A, node("f", [[0.9, 0.2], [0.1, 0.8]], ("a",))),
        {"a": "maybe"},
        "a: got the state 'maybe'; expected no or yes",
    ),
    (
        model(node("a", [[0.9], [0.0999]]), node("f", [[0.9, 0.2], [0.1, 0.8]], ("a",))),
        None,
        r"a: got a column that sums to 0.9999; .*renormalise",
    ),
    (
        model(node("a", [[1.0], [0.0]]), node("f", [[0.9, 0.2], [0.1, 0.8]], ("a",))),
        ["a"],
        "a: got a probability of 0 or 1",
    ),
]


@pytest.mark.parametrize(("made", "conditions", "told"), REFUSALS, ids=range(len(REFUSALS)))
def test_what_cannot_be_said_is_refused(made: DiscreteBayesianNetwork, conditions: Any, told: str) -> None:  # noqa: ANN401
    with pytest.raises(ImportFileError, match=told):
        from_pgmpy(made, conditions)


def test_tables_off_by_rounding_are_divided_by_their_sums_when_told() -> None:
    off = model(node("a", [[0.9], [0.0999]]), node("f", [[0.9, 0.2], [0.1, 0.8]], ("a",)))
    rate = from_pgmpy(off, ["a"], renormalise=True).conditions["a"].base_rate_in("as_published")
    assert rate == pytest.approx(0.0999 / 0.9999, rel=1e-14)


def test_a_complaint_wants_a_catch_all(tiny: Network) -> None:
    with pytest.raises(ImportFileError, match=r"expected, beside a presenting complaint, one that stands for none"):
        from_pgmpy(to_pgmpy(tiny))


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.txt", "", r"got the ending '.txt'; expected one of .bif, .xmlbif"),
        ("a.bif", "network a {\n}\nvariable a {", "a.bif: got no node|what pgmpy cannot read"),
        ("a.xml", '<!DOCTYPE x [<!ENTITY a "b">]><BIF/>', r"got entities \(<!ENTITY\); expected plain XML"),
        ("a.xml", "<BIF><NETWORK>", "got what pgmpy cannot read"),
        ("a.xdsl", '<smile id="a"><nodes><cpt id="a">', "a.xdsl: got what is no XML"),
        ("a.xdsl", '<smile id="a"><nodes><equation id="b"/></nodes></smile>', "b: got a node of the type 'equation'"),
        ("a.net", 'net {} node a { states = ("no" "yes"); }', "a.net: a: got no table; expected a potential with data"),
        ("a.net", "decision d { }", "a.net: d: got a block 'decision'"),
        ("a.uai", "MARKOV 1 2 1 1 0 2 0.5 0.5", "got a network of the kind 'MARKOV'; expected BAYES"),
        ("a.uai", "BAYES 1 2 1 1 0 2 0.5", "a.uai: got numbers that break off"),
        (
            "a.uai",
            "BAYES 1 2 1 1 -1 2 0.5 0.5",
            "a.uai: got a scope of no variables, or of others; expected the numbers",
        ),
        ("a.uai", "BAYES 1 999999999 1 1 0 2 0.5 0.5", "a.uai: got a variable of 999,999,999 states; expected at most"),
        ("a.uai", "BAYES 1 2 1 1 0 2 0_5 0.5", "a.uai: got numbers that break off, or are none"),
        (
            "a.net",
            'net {} node a { states = ("" "yes"); } potential (a) { data = (0.5 0.5); }',
            "a: got the states '', 'yes'",
        ),
        (
            "a.net",
            'net {} node a { states = ("no" "yes"); } potential (a) { data = (0_5 0.5); }',
            "a: got '0[?]5'; expected",
        ),
    ],
)
def test_broken_files(name: str, text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ImportFileError, match=told):
        import_file(tmp_path / name)


# --- published networks ----------------------------------------------------------------------------------------------


def published(name: str, folder: Path, conditions: Mapping[str, str] | None) -> tuple[ImportedNetwork, Any]:
    """A network of the bnlearn repository that ships inside pgmpy, imported; and as pgmpy reads it."""
    from pgmpy.readwrite import BIFReader

    packed = files("pgmpy").joinpath("utils", "example_models", f"{name}.bif.gz").read_bytes()
    (folder / f"{name}.bif").write_bytes(gzip.decompress(packed))
    return import_file(folder / f"{name}.bif", conditions), BIFReader(str(folder / f"{name}.bif")).get_model()


@pytest.mark.parametrize("name", ["asia", "cancer", "earthquake"])
def test_published_networks_answer_as_in_pyagrum(name: str, tmp_path: Path) -> None:
    read, as_is = published(name, tmp_path, None)
    engine, agrum = Engine(read.network), to_pyagrum(as_is)
    rng = Random(name)
    nodes = [*read.roles.risk_factors, *read.roles.signs, *read.roles.findings]
    for _ in range(20):
        answers = {each: rng.choice(as_is.get_cpds(each).state_names[each]) for each in nodes if rng.random() < 0.4}
        other = gum.LazyPropagation(agrum)
        other.setEvidence(answers)
        posterior = engine.diagnose({read.ids[each]: state for each, state in answers.items()}).posterior
        for condition, present in read.roles.present.items():
            place = as_is.get_cpds(condition).state_names[condition].index(present)
            assert posterior[read.ids[condition]] == pytest.approx(other.posterior(condition)[place], abs=1e-9)
