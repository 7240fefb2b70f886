"""What pgmpy 1.1.2 and pyAgrum 3.3.1 do that ours rests on, or works around. A test that fails tells what may change.

Not among them any more, against style notes on older versions: importing `pgmpy.models` leaves logging alone (see
test_pgmpy_model.py), and a negative probability is refused.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from pgmpy.factors.discrete import DiscreteFactor, TabularCPD
from pgmpy.models import DiscreteBayesianNetwork, DiscreteMarkovNetwork
from pgmpy.readwrite import BIFWriter, NETWriter, UAIReader, UAIWriter, XDSLWriter

from tests.support.other_programs import VariableElimination, gum

STATES: Final = ("no", "yes")
SMALL: Final = 1.23456789012345e-9
# P(child | first, second), the first parent changing slowest.
CHILD: Final = np.array([[[0.9, 0.8], [0.7, 1.0 - SMALL]], [[0.1, 0.2], [0.3, SMALL]]])


def _cpd(node: str, values: Any, *parents: str) -> TabularCPD:  # noqa: ANN401
    return TabularCPD(
        node,
        2,
        np.reshape(values, (2, -1)),
        list(parents),
        [2] * len(parents),
        state_names={name: list(STATES) for name in (node, *parents)},
    )


@pytest.fixture
def model() -> DiscreteBayesianNetwork:
    """Two roots and their child."""
    model = DiscreteBayesianNetwork([("first", "child"), ("second", "child")])
    model.add_cpds(_cpd("first", [0.6, 0.4]), _cpd("second", [0.3, 0.7]), _cpd("child", CHILD, "first", "second"))
    return model


# --- why the tables are checked, and other engines asked as they are -------------------------------------------------


def test_pgmpy_lets_columns_pass_that_do_not_sum_to_1() -> None:
    """Our own check can go once pgmpy's is as fine as 1e-9."""
    model = DiscreteBayesianNetwork()
    model.add_node("only")
    model.add_cpds(_cpd("only", [0.98, 0.011]))
    assert model.check_model()


def test_pgmpy_answers_impossible_evidence(model: DiscreteBayesianNetwork) -> None:
    """With NaN or with figures, but with no error; docs/interop.md warns of it until it raises one."""
    model.add_node("copy")
    model.add_edge("child", "copy")
    model.add_cpds(_cpd("copy", np.eye(2), "child"))
    with np.errstate(all="ignore"):
        answer = VariableElimination(model).query(["first"], {"child": "yes", "copy": "no"}, show_progress=False)
    assert answer.values.shape == (2,)


def test_pgmpy_keeps_virtual_evidence_in_the_engine(model: DiscreteBayesianNetwork) -> None:
    """Until it does not, a new engine for each patient."""
    engine = VariableElimination(model)
    engine.query(["first"], virtual_evidence=[_cpd("child", [0.2, 0.8])], show_progress=False)
    assert "__child" in engine.model.nodes


def test_pgmpy_leaves_virtual_evidence_out_of_markov_networks() -> None:
    """And gives what does not sum to 1; with `UAIReader`, answers are added as factors, as docs/interop.md shows."""
    model = DiscreteMarkovNetwork([("first", "second")])
    model.add_factors(DiscreteFactor(["first", "second"], [2, 2], [1.0, 2.0, 3.0, 4.0]))
    evidence = TabularCPD("second", 2, [[0.1], [0.9]])
    answer = VariableElimination(model).query(["first"], virtual_evidence=[evidence], show_progress=False)
    assert answer.values.tolist() == [3.0, 7.0]


@pytest.mark.slow
def test_pgmpy_warns_of_itself_when_inference_is_imported() -> None:
    """Once it does not, docs/interop.md need not silence it."""
    command = [sys.executable, "-W", "error", "-c", "import pgmpy.inference"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "FutureWarning: `pgmpy.estimators.StructureScore` is deprecated" in done.stderr


# --- why the files are not written by pgmpy: bayesknee/interop/writers.py --------------------------------------------


def test_pgmpy_rounds_net_to_8_decimals(model: DiscreteBayesianNetwork) -> None:
    """Its NET could be taken once it has all digits."""
    assert "1.23456789" not in str(NETWriter(model))


def test_pgmpy_rounds_xdsl_to_16_decimals_and_places_nodes_by_chance(
    model: DiscreteBayesianNetwork, tmp_path: Path
) -> None:
    """Its XDSL could be taken once it has all digits and is the same each time."""
    texts = []
    for name in ("one", "two"):
        XDSLWriter(model).write(str(tmp_path / name))
        texts.append((tmp_path / name).read_text(encoding="utf-8"))
    assert " 0.0000000012345679<" in texts[0]
    assert texts[0] != texts[1]


def test_pgmpy_writes_uai_against_the_format(model: DiscreteBayesianNetwork) -> None:
    """The scope ends with the node, which thus changes fastest; but the numbers have it slowest."""
    lines = str(UAIWriter(model)).splitlines()
    assert lines[4] == "3 2 1 0"  # the scope of `child`, which is 0
    assert [float(number) for number in lines[lines.index("8") + 1].split()] == CHILD.ravel().tolist()


def test_pgmpy_writes_bif_by_rows(model: DiscreteBayesianNetwork) -> None:
    """Right, but of the knee network pgmpy reads rows in 27 s, tables in 6 s; it takes 4 s to write, we 0.2 s."""
    assert "( no, yes ) 0.8, 0.2;" in str(BIFWriter(model))


# --- why UAI is a Markov network in falling scopes -------------------------------------------------------------------

# `child` is 0, and P(child=yes | 2=no, 1=yes) is 0.2.
UAI: Final = "{} 3 2 2 2 3 3 2 1 0 1 1 1 2\n8 0.9 0.1 0.8 0.2 0.7 0.3 0.6 0.4\n2 0.3 0.7\n2 0.6 0.4\n"


def test_pgmpy_reads_markov_networks_as_the_format_says() -> None:
    child, *_ = UAIReader(string=UAI.format("MARKOV")).get_model().get_factors()
    assert child.variables == ["var_2", "var_1", "var_0"]
    assert child.values[0, 1].tolist() == [0.8, 0.2]


def test_pgmpy_misreads_uai_of_bayesian_networks() -> None:
    """It takes the node for the slowest. Ours could be one once this is read right, by pyAgrum as well."""
    with pytest.raises(
        ValueError, match="Sum or integral of conditional probabilities for node var_0 is not equal to 1"
    ):
        UAIReader(string=UAI.format("BAYES")).get_model().check_model()


def test_pgmpy_reads_no_exponents_in_uai() -> None:
    """Once it does, numbers can be written as everywhere else."""
    with pytest.raises(Exception, match="Expected"):
        UAIReader(string=UAI.format("MARKOV").replace("0.9 0.1", "9e-1 0.1"))


def test_pgmpy_reads_no_uai_with_a_node_that_stands_alone() -> None:
    """As a risk factor of no condition does; told in docs/interop.md."""
    with pytest.raises(ValueError, match="Factors defined on variable not in the model"):
        UAIReader(string="MARKOV 1 2 1 1 0\n2 0.3 0.7\n").get_model()


def test_pyagrum_takes_the_lowest_number_for_the_fastest_in_markov_networks(tmp_path: Path) -> None:
    """Whatever the order of the scope; so a falling scope is what it and the format read alike."""
    for scope in ("2 1 0", "0 1 2", "1 2 0"):
        path = tmp_path / "network.uai"
        path.write_text(UAI.format("MARKOV").replace("3 2 1 0", f"3 {scope}"), encoding="ascii")
        model = gum.loadMRF(str(path))  # to be kept: what it gives dies with it
        child = model.factor({0, 1, 2})
        assert child.names == ("0", "1", "2")
        assert child.toarray().ravel().tolist() == pytest.approx([0.9, 0.1, 0.8, 0.2, 0.7, 0.3, 0.6, 0.4])


def test_pyagrum_misreads_uai_of_bayesian_networks(tmp_path: Path) -> None:
    """It takes the first parent for the fastest. See `test_pgmpy_misreads_uai_of_bayesian_networks`."""
    path = tmp_path / "network.uai"
    path.write_text(UAI.format("BAYES"), encoding="ascii")
    model = gum.loadBN(str(path))
    assert model.cpt("0")[{"2": 0, "1": 1}].tolist() == pytest.approx([0.7, 0.3])  # not 0.8, 0.2


# --- what docs/interop.md says of pyAgrum ----------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["bif", "net", "uai"])
def test_pyagrum_reads_in_single_precision(ending: str, tmp_path: Path) -> None:
    """Still within 1e-6 of our posteriors; XMLBIF and XDSL are read in double precision."""
    texts = {
        "bif": "network n {} variable a { type discrete [2] { no, yes }; } probability ( a ) { table 0.3, 0.7; }\n",
        "net": 'net {\n}\nnode a {\n states = ("no" "yes");\n}\npotential (a |) {\n data = (0.3 0.7);\n}\n',
        "uai": "BAYES 1 2 1 1 0\n2 0.3 0.7\n",
    }
    path = tmp_path / f"network.{ending}"
    path.write_text(texts[ending], encoding="ascii")
    model = gum.loadBN(str(path))
    first, _ = model.cpt(0).toarray().tolist()
    assert first == float(np.float32(0.3)) != 0.3


def test_pyagrum_takes_the_name_in_xdsl_for_the_id(tmp_path: Path) -> None:
    """Once it does not, labels can be written there, for GeNIe to show."""
    node = '<cpt id="a"><state id="no" /><state id="yes" /><probabilities>0.5 0.5</probabilities></cpt>'
    looks = '<genie version="1.0"><node id="a"><name>A label</name></node></genie>'
    path = tmp_path / "network.xdsl"
    path.write_text(
        f'<smile version="1.0" id="n"><nodes>{node}</nodes><extensions>{looks}</extensions></smile>', encoding="ascii"
    )
    assert gum.loadBN(str(path)).names() == {"A label"}
