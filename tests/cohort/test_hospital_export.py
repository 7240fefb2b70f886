"""The export and the map of the guide: each row is scored as the patient that a person reads in it."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from bayesknee import Engine
from bayesknee.cohort import TableOptions, evaluate, learn, read_labelled, score_file
from bayesknee.cohort.labelled import read_labelled_table
from bayesknee.cohort.learning import Learned
from bayesknee.knowledge.library import find_network
from bayesknee.knowledge.reading.reader import read_network
from tests.support.paths import ROOT

pytest.importorskip("pyarrow")
PAGE = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
FIRST = {
    "age": 67,
    "sex": "female",
    "calf_swollen": "yes",
    "lump_noticed": "no",
    "recent_operation": "yes",
    "temperature": 37.1,
    "d_dimer": 1250,
    "duration": 3.5,
    "onset": "sudden_no_injury",
    "obesity": "no",
}
SECOND = {
    "age": 26,
    "sex": "male",
    "calf_swollen": "no",
    "lump_noticed": "yes",
    "temperature": 36.8,
    "duration": 210,
    "onset": "gradual",
    "obesity": "no",
}
FIFTH = {
    "age": 59,
    "sex": "male",
    "calf_swollen": "no",
    "lump_noticed": "no",
    "duration": 700,
    "onset": "gradual",
    "obesity": "no",
}


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """The files of the guide, as it writes them."""
    text = re.search(r'export = """\\\n(.*?)"""', PAGE, re.DOTALL)
    mapped = re.search(r"```yaml\n# map\.yaml\n(.*?)```", PAGE, re.DOTALL)
    assert text is not None
    assert mapped is not None
    joined = text[1].replace("\\\n", "").replace("\n", "\r\n")
    (tmp_path / "export.csv").write_bytes(joined.encode("utf-8-sig"))
    (tmp_path / "map.yaml").write_text(mapped[1], encoding="utf-8")
    return tmp_path / "export.csv"


def as_workbook(export: Path) -> Path:
    frame = pd.read_csv(export, sep=";", decimal=",", encoding="utf-8-sig")
    frame.to_excel(export.with_suffix(".xlsx"), index=False)
    return export.with_suffix(".xlsx")


@pytest.mark.parametrize("door", [lambda export: export, as_workbook], ids=["csv", "xlsx"])
def test_scores(export: Path, door: object) -> None:
    engine = Engine("posterior_knee")
    table = TableOptions(map=export.with_name("map.yaml"))
    source = door(export)  # type: ignore[operator]
    result = score_file(engine, source, export.with_name("out.parquet"), table=table)
    scores = pd.read_parquet(result.output).set_index("Fallnummer")
    assert [*map(str, scores.index)] == ["4711", "4712", "4715"]
    for (_, row), patient in zip(scores.iterrows(), (FIRST, SECOND, FIFTH), strict=True):
        expected = engine.diagnose(patient)
        assert row[[*expected.posterior]].to_dict() == pytest.approx(dict(expected.posterior), abs=1e-12)
        assert row["triage"] == expected.triage.level
    assert result.rejects is not None
    assert pd.read_csv(result.rejects)["row"].tolist() == [3, 4]


def test_labels(export: Path) -> None:
    folder = find_network("posterior_knee")
    network = read_network(folder)
    table = TableOptions(map=export.with_name("map.yaml"))
    with pytest.raises(Exception, match="4713: age from 'Geburtsdatum' and 'Untersuchungsdatum': got the date"):
        read_labelled(export, network, table=table)
    found = read_labelled_table(export, network, table=table, rejects=export.with_name("left_out.csv"))
    labels = [case.label for case in found.cases]
    assert labels == [("deep_vein_thrombosis",), ("bakers_cyst",), ("knee_osteoarthritis",)]
    assert evaluate(network, found.cases, rounds=0).engine.top1.value > 0.0
    learned = learn(network, found.cases, source="own", citation="3 patients")
    assert isinstance(learned, Learned)
