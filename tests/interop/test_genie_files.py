"""XDSL: what GeNIe marks, and its noisy-MAX, which stays one on the way in and out."""

from __future__ import annotations

import re
from io import StringIO
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from bayesknee import Engine, load_network
from bayesknee.errors import ImportFileError
from bayesknee.interop.exports import export
from bayesknee.interop.foreign_files import read_foreign
from bayesknee.interop.from_foreign import import_file
from bayesknee.interop.table import NoisyMax
from bayesknee.knowledge.model import Greatest, NoisyOr
from tests.support.paths import NETWORKS

# As GeNIe writes a noisy-MAX: states from the highest to the lowest; by parent, a distribution for each state in the
# order of its strengths; then the leak.
FILE: Final = """<?xml version="1.0" encoding="UTF-8"?>
<smile version="1.0" id="Cold" numsamples="10000" discsamples="10000">
  <nodes>
    <cpt id="Flu" diagtype="target">
      <state id="Absent" /><state id="Present" fault="true" /><probabilities>0.9 0.1</probabilities>
    </cpt>
    <cpt id="Cold" diagtype="target">
      <state id="Present" fault="true" /><state id="Absent" /><probabilities>0.2 0.8</probabilities>
    </cpt>
    <noisymax id="Fever" diagtype="observation" ranked="true" mandatory="true">
      <state id="High" /><state id="Low" /><state id="None" />
      <cost>3</cost><question>How high is the fever?</question>
      <parents>Flu Cold</parents>
      <strengths>1 0 0 1</strengths>
      <parameters>0.5 0.3 0.2 0 0 1 0.1 0.2 0.7 0 0 1 0.01 0.04 0.95</parameters>
    </noisymax>
    <noisymax id="Cough" diagtype="observation" ranked="true">
      <state id="Yes" /><state id="No" />
      <parents>Flu Cold</parents>
      <strengths>1 0 0 1</strengths>
      <parameters>0.6 0.4 0 1 0.8 0.2 0 1 0.05 0.95</parameters>
    </noisymax>
  </nodes>
  <extensions><genie version="1.0" name="Cold"><node id="Fever"><name>Fever, measured</name></node></genie></extensions>
</smile>
"""


def written(folder: Path, text: str = FILE) -> Path:
    (folder / "cold.xdsl").write_text(text)
    return folder / "cold.xdsl"


def test_a_noisy_max_stays_one(tmp_path: Path) -> None:
    network = import_file(written(tmp_path)).network
    fever, cough = network.findings["fever"], network.findings["cough"]
    assert isinstance(fever.model, Greatest)
    assert fever.states == ("none", "low", "high")
    assert fever.model.leak is not None
    assert fever.model.leak.vector(fever.states) == pytest.approx((0.95, 0.04, 0.01))
    # none: 0.2 * 0.95; at most low: (0.2 + 0.3) * 0.99
    assert fever.model.causes["flu"].vector(fever.states) == pytest.approx((0.19, 0.495 - 0.19, 1 - 0.495), abs=1e-15)
    assert isinstance(cough.model, NoisyOr)
    stated = {name: number.value for name, number in cough.model.causes.items()}
    assert stated == pytest.approx({"flu": 1 - 0.95 * 0.4, "cold": 1 - 0.95 * 0.2})


def test_posteriors_are_those_of_the_definition(tmp_path: Path) -> None:
    """P(high | flu, cold): one less the chance that leak, flu and cold all stay below."""
    engine = Engine(import_file(written(tmp_path)).network)
    weights = {}
    for flu, cold in product((0, 1), repeat=2):
        below = 0.99 * 0.5**flu * 0.9**cold
        weights[flu, cold] = 0.1**flu * 0.9 ** (1 - flu) * 0.2**cold * 0.8 ** (1 - cold) * (1.0 - below)
    posterior = engine.diagnose({"fever": "High"}).posterior
    total = sum(weights.values())
    assert posterior["flu"] == pytest.approx((weights[1, 0] + weights[1, 1]) / total, abs=1e-13)
    assert posterior["cold"] == pytest.approx((weights[0, 1] + weights[1, 1]) / total, abs=1e-13)


def test_marks_are_kept(tmp_path: Path) -> None:
    read = import_file(written(tmp_path))
    assert (read.roles.conditions, read.roles.origin) == (("Flu", "Cold"), "as the file marks them (diagtype)")
    fever = read.network.findings["fever"]
    assert (fever.label, fever.question, fever.burden) == ("Fever, measured", "How high is the fever?", 3.0)
    assert read.network.opening.questions == ("fever",)


def test_a_hidden_node_on_which_nothing_hangs_is_left_out(tmp_path: Path) -> None:
    text = FILE.replace(
        '<noisymax id="Cough" diagtype="observation" ranked="true">', '<noisymax id="Cough" diagtype="auxiliary">'
    )
    read = import_file(written(tmp_path, text))
    assert read.left_out == ("Cough",)
    assert list(read.network.findings) == ["fever"]


def test_a_noisy_max_of_thirty_parents_needs_no_table(tmp_path: Path) -> None:
    """Which would have a thousand million columns."""
    states = '<state id="Yes" /><state id="No" />'
    roots = "".join(f'<cpt id="c{i}">{states}<probabilities>0.1 0.9</probabilities></cpt>' for i in range(30))
    parents, strengths = " ".join(f"c{i}" for i in range(30)), " ".join(["0 1"] * 30)
    parameters = " ".join(["0.5 0.5 0 1"] * 30)
    child = f'<noisymax id="f">{states}<parents>{parents}</parents><strengths>{strengths}</strengths>'
    text = (
        f'<smile id="n"><nodes>{roots}{child}<parameters>{parameters} 0.01 0.99</parameters></noisymax></nodes></smile>'
    )
    network = import_file(written(tmp_path, text)).network
    # P(no) = 0.99 * 0.95 ** 30; with c0 present, 0.99 * 0.5 * 0.95 ** 29
    no, no_with = 0.99 * 0.95**30, 0.99 * 0.5 * 0.95**29
    posterior = Engine(network).diagnose({"f": "yes"}).posterior["c0"]
    assert posterior == pytest.approx(0.1 * (1 - no_with) / (1 - no), abs=1e-9)


def test_a_state_of_a_parent_that_prevents_becomes_a_table(tmp_path: Path) -> None:
    """Here the absence of a cold raises the fever; the format's noisy-MAX has no such cause."""
    network = import_file(written(tmp_path, FILE.replace("1 0 0 1", "1 0 1 0"))).network
    table = network.findings["cough"].model
    assert table.parents == ("flu", "cold")  # type: ignore[union-attr]
    row = table.rows["yes, no"].vector(("no", "yes"))  # type: ignore[union-attr]
    assert row[0] == pytest.approx(0.95 * 0.4 * 0.2)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("<strengths>1 0 0 1<", "<strengths>1 0 0<", "Fever: got other strengths; expected the numbers of the states"),
        ("<strengths>1 0 0 1<", "<strengths>1 1 0 1<", "Fever: got other strengths"),
        ("0.01 0.04 0.95", "0.01 0.04", "Fever: got 14 numbers; expected 15"),
        ("0.5 0.3 0.2", "0.5 0.3 0.1", r"Fever: got a column that sums to 0.9; expected 1 within 1e-09"),
        ("0.5 0.3 0.2", "0.5 x 0.2", "Fever: got 'x'; expected numbers"),
        ("<parents>Flu Cold", "<parents>Flu Flu", "Fever: got Flu, Flu; expected each parent once"),
        ("<parents>Flu Cold", "<parents>Flu Gold", "Fever: got the parent 'Gold'; expected a node of the file"),
        ('id="Fever" diag', 'id="" diag', "got a node without a name; expected a name for each node; name it"),
    ],
)
def test_faults_are_told_with_the_node(old: str, new: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(ImportFileError, match=told):
        import_file(written(tmp_path, FILE.replace(old, new, 1)))


# --- out -------------------------------------------------------------------------------------------------------------


def test_what_is_written_has_the_marks_of_a_diagnosis() -> None:
    """Each condition is a target with its fault, each question a ranked observation with its text and its cost."""
    network, stream = load_network(NETWORKS / "tiny"), StringIO()
    export(network, stream, "xdsl", "clinic")
    text = stream.getvalue()
    for name in network.conditions:
        assert re.search(
            rf'<cpt id="{name}" diagtype="target">\s*<state id="no" />\s*<state id="yes" fault="true" />', text
        )
    for name, question in network.questions.items():
        (head, body) = re.findall(rf'<\w+ id="{name}" ([^>]*)>(.*?)</(?:cpt|noisymax)>', text, re.DOTALL)[0]
        assert 'diagtype="observation" ranked="true"' in head
        assert ('mandatory="true"' in head) == (name in network.opening.questions)
        assert f"<cost>{question.burden:g}</cost>" in body
        assert f"<question>{question.question}</question>" in body
    assert '<cpt id="presenting_complaint" diagtype="observation" mandatory="true">' in text
    for name in network.signs:
        assert re.search(rf'id="{name}" diagtype="auxiliary"', text)
    assert "<name>Tennis elbow</name>" in text or all(
        f"<name>{each.name}</name>" in text for each in network.conditions.values()
    )


def test_a_noisy_or_is_written_as_genie_has_it() -> None:
    """tiny's `pain_on_grip`: leak 0.1; 0.8 and 0.6 with the leak are 7/9 and 5/9 without. The lowest state is last."""
    stream = StringIO()
    export(load_network(NETWORKS / "tiny"), stream, "xdsl", "clinic")
    body = re.findall(r'<noisymax id="pain_on_grip".*?</noisymax>', stream.getvalue(), re.DOTALL)[0]
    assert re.findall(r'<state id="(\w+)"', body) == ["yes", "no"]
    assert "<parents>strain fracture</parents>" in body
    assert "<strengths>1 0 1 0</strengths>" in body
    (numbers,) = re.findall("<parameters>(.*?)</parameters>", body)
    assert list(map(float, numbers.split())) == pytest.approx([7 / 9, 2 / 9, 0, 1, 5 / 9, 4 / 9, 0, 1, 0.1, 0.9])


def test_a_noisy_max_is_read_as_it_was_written(tmp_path: Path) -> None:
    network = load_network(NETWORKS / "tiny")
    export(network, tmp_path / "a.xdsl", "xdsl", "clinic")
    kept = {table.node: table for table in read_foreign(tmp_path / "a.xdsl").tables if isinstance(table, NoisyMax)}
    signs = {name for name, each in network.signs.items() if isinstance(each.model, NoisyOr)}
    findings = {name for name, each in network.findings.items() if isinstance(each.model, NoisyOr | Greatest)}
    assert set(kept) == signs | findings
    assert np.allclose(kept["pain_on_grip"].values[1], [[0.1, 0.6], [0.8, 1.0 - 0.2 * 0.4 / 0.9]], atol=1e-15)
