"""PGMX: purposes, canonical models, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from bayesknee import Engine
from bayesknee.errors import ImportFileError
from bayesknee.interop.from_foreign import ImportedNetwork, import_file
from bayesknee.knowledge.model import ConditionalTable, Greatest, NoisyOr


def variable(name: str, states: tuple[str, ...] = ("absent", "present"), purpose: str = "") -> str:
    shown = "".join(f'<State name="{state}" />' for state in states)
    said = f'<AdditionalProperties><Property name="Purpose" value="{purpose}" /></AdditionalProperties>' * bool(purpose)
    return f'<Variable name="{name}" type="finiteStates" role="chance">{said}<States>{shown}</States></Variable>'


def potential(*names: str, values: str = "", kind: str = "Table", more: str = "") -> str:
    listed = "".join(f'<Variable name="{name}" />' for name in names)
    shown = f"<Values>{values}</Values>" * bool(values)
    said = f'type="{kind}" role="conditionalProbability"'
    return f"<Potential {said}><Variables>{listed}</Variables>{more}{shown}</Potential>"


def canonical(node: str, model: str, parts: dict[str, str], leak: str = "") -> str:
    each = [potential(node, parent, values=values) for parent, values in parts.items()]
    each += [potential(node, values=leak)] * bool(leak)
    more = f"<Model>{model}</Model><Subpotentials>{''.join(each)}</Subpotentials>"
    return potential(node, *parts, kind="ICIModel", more=more)


def document(variables: list[str], potentials: list[str], kind: str = "BayesianNetwork") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ProbModelXML formatVersion="0.2.0"><ProbNet type="{kind}">'
        f"<Variables>{''.join(variables)}</Variables><Potentials>{''.join(potentials)}</Potentials>"
        "</ProbNet></ProbModelXML>"
    )


TWO: Final = document(
    [
        variable("Vaccination", ("no", "yes"), "Factor_de_riesgo"),
        variable("Disease 1", purpose="Disease"),
        variable("Disease 2", purpose="Disease"),
        variable("Anomaly"),
        variable("Symptom", purpose="Symptom"),
        variable("Sign", purpose="Sign"),
        variable("X-ray", ("negative", "positive"), "Test"),
    ],
    [
        potential("Vaccination", values="0.2 0.8"),
        potential("Disease 1", values="0.97 0.03"),
        potential("Disease 2", "Vaccination", values="0.95 0.05 0.99 0.01"),
        potential("Anomaly", "Disease 2", values="0.99 0.01 0.02 0.98"),
        canonical("Symptom", "OR / MAX", {"Disease 1": "1 0 0.04 0.96", "Disease 2": "1 0 0.07 0.93"}, "0.99 0.01"),
        potential("Sign", "Disease 1", values="0.99 0.01 0.3 0.7"),
        potential("X-ray", "Anomaly", values="0.98 0.02 0.2 0.8", kind="ProbTable"),
    ],
)


def imported(folder: Path, text: str = TWO, conditions: tuple[str, ...] = ()) -> ImportedNetwork:
    (folder / "two.pgmx").write_text(text)
    return import_file(folder / "two.pgmx", conditions or None)


def test_purposes_tell_roles_and_who_is_asked(tmp_path: Path) -> None:
    read = imported(tmp_path)
    assert read.roles.conditions == ("Disease 1", "Disease 2")
    assert read.roles.origin == "as the file marks them (Purpose)"
    assert read.roles.risk_factors == ("Vaccination",)
    assert list(read.network.signs) == ["anomaly"]  # hidden: it has no purpose, and others have
    assert {name: each.kind for name, each in read.network.findings.items()} == {
        "symptom": "history",
        "sign": "exam",
        "x_ray": "test",
    }
    assert read.network.findings["x_ray"].asked_of == "test"
    assert read.network.conditions["disease_1"].name == "Disease 1"


def test_a_noisy_or_stays_one(tmp_path: Path) -> None:
    symptom = imported(tmp_path).network.findings["symptom"].model
    assert isinstance(symptom, NoisyOr)
    assert symptom.leak.value == 0.01
    assert {name: each.value for name, each in symptom.causes.items()} == pytest.approx(
        {"disease_1": 1 - 0.99 * 0.04, "disease_2": 1 - 0.99 * 0.07}
    )


def test_posteriors_are_worked_out_by_hand(tmp_path: Path) -> None:
    """P(disease 2 | vaccinated) = 0.01; an X-ray is positive by way of the anomaly, or without it."""
    posterior = Engine(imported(tmp_path).network).diagnose({"vaccination": "yes", "x_ray": "positive"}).posterior
    with_it, without = 0.98 * 0.8 + 0.02 * 0.02, 0.01 * 0.8 + 0.99 * 0.02
    assert posterior["disease_2"] == pytest.approx(0.01 * with_it / (0.01 * with_it + 0.99 * without), abs=1e-13)
    assert posterior["disease_1"] == pytest.approx(0.03, abs=1e-13)


def test_the_first_parent_changes_before_the_second(tmp_path: Path) -> None:
    text = document(
        [variable("a"), variable("b"), variable("f", ("low", "middle", "high"))],
        [
            potential("a", values="0.9 0.1"),
            potential("b", values="0.8 0.2"),
            potential("f", "a", "b", values="0.1 0.2 0.7 0.2 0.2 0.6 0.3 0.3 0.4 0.6 0.3 0.1"),
        ],
    )
    table = imported(tmp_path, text, ("a", "b")).network.findings["f"].model
    assert isinstance(table, ConditionalTable)
    assert table.rows["yes, no"].vector(("low", "middle", "high")) == (0.2, 0.2, 0.6)
    assert table.rows["no, yes"].vector(("low", "middle", "high")) == (0.3, 0.3, 0.4)


def test_a_noisy_max_stays_one_and_a_noisy_and_is_a_table(tmp_path: Path) -> None:
    text = document(
        [variable("a"), variable("b"), variable("f", ("none", "some", "much")), variable("g")],
        [
            potential("a", values="0.9 0.1"),
            potential("b", values="0.8 0.2"),
            canonical("f", "OR / MAX", {"a": "1 0 0 0.2 0.3 0.5", "b": "1 0 0 0.5 0.5 0"}),
            canonical("g", "AND / MIN", {"a": "0.9 0.1 0 1", "b": "0.8 0.2 0 1"}, "0.05 0.95"),
        ],
    )
    network = imported(tmp_path, text, ("a", "b")).network
    greatest, least = network.findings["f"].model, network.findings["g"].model
    assert isinstance(greatest, Greatest)
    assert greatest.leak is None
    assert greatest.causes["a"].vector(("none", "some", "much")) == pytest.approx((0.2, 0.3, 0.5))
    assert isinstance(least, ConditionalTable)
    # P(present | a, not b): a lets it through, b's absence with 0.2, the leak with 0.95
    assert least.rows["yes, no"].vector(("no", "yes"))[1] == pytest.approx(0.2 * 0.95)


def test_uniform_and_certain_potentials(tmp_path: Path) -> None:
    text = document(
        [variable("a"), variable("f"), variable("g")],
        [
            potential("a", kind="Uniform"),
            potential("f", "a", values="0.9 0.1 0.2 0.8"),
            potential("g", kind="Delta", more="<State>present</State>"),
        ],
    )
    read = imported(tmp_path, text, ("a",))
    assert read.network.conditions["a"].base_rate_in("as_published") == 0.5
    assert read.left_out == ("g",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<ProbModelXML/>", "two.pgmx: got no node; expected a network of OpenMarkov; name the right file"),
        ("<ProbModelXML><ProbNet>", "two.pgmx: got what is no XML"),
        (
            '<!DOCTYPE x [<!ENTITY a "b">]><ProbModelXML/>',
            r"got entities \(<!ENTITY\); expected plain XML; remove them",
        ),
        (
            TWO.replace("BayesianNetwork", "InfluenceDiagram"),
            "got a network of the type 'InfluenceDiagram'; .*drop decis",
        ),
        (TWO.replace('role="chance"', 'role="decision"', 1), "Vaccination: got a node of the role 'decision'"),
        (
            TWO.replace('"finiteStates"', '"numeric"', 1),
            "Vaccination: got a node of the type 'numeric'; .*make it discrete",
        ),
        (
            TWO.replace('type="Table"', 'type="TreeADD"', 1),
            "Vaccination: got a potential of the type 'TreeADD'; .*Table",
        ),
        (
            TWO.replace("OR / MAX", "Tuning"),
            "Symptom: got the canonical model 'Tuning'; expected OR / MAX or AND / MIN",
        ),
        (TWO.replace("0.2 0.8<", "0.2 0.7<", 1), "Vaccination: got a column that sums to 0.9; expected 1"),
        (TWO.replace("0.2 0.8<", "0.2<", 1), "Vaccination: got 1 numbers; expected 2"),
        (TWO.replace("0.2 0.8<", "0.2 nan<", 1), "Vaccination: got nan; expected probabilities from 0 to 1"),
        (TWO.replace('<Variable name="Anomaly" />', '<Variable name="Anomalie" />'), "got the parent 'Anomalie'"),
    ],
)
def test_what_is_refused(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(ImportFileError, match=told):
        imported(tmp_path, text)


def test_a_disease_that_is_certain_is_refused_with_what_to_write(tmp_path: Path) -> None:
    text = TWO.replace("0.97 0.03", "1 0")
    told = (
        r"Disease 1: got a probability of 0 or 1; .*leave Disease 1 out of the conditions \(--conditions 'Disease 2'\)"
    )
    with pytest.raises(ImportFileError, match=told):
        imported(tmp_path, text)
