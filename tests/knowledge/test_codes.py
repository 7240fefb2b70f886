"""Codes of terminologies: read, checked, told with their place, and put besides from a file."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from immutabledict import immutabledict

from bayesknee import Engine, NetworkError, load_network
from bayesknee.errors import BayeskneeError
from bayesknee.interop.exports import export
from bayesknee.interop.folders import write_folder
from bayesknee.interop.from_foreign import import_file
from bayesknee.knowledge.coding.code_files import read_code_file, with_codes
from bayesknee.knowledge.coding.systems import SYSTEMS
from bayesknee.knowledge.differences import find_differences
from tests.support.paths import NETWORKS

CODED = NETWORKS / "coded"


def test_codes_are_read() -> None:
    coded = load_network(CODED)
    assert coded.icd10_edition == "2019"
    assert dict(coded.risk_factors["age"].codes) == {"loinc": ("30525-0", "21612-7")}
    assert coded.risk_factors["sex"].state_codes["male"]["loinc"] == ("LA2-8",)
    assert dict(coded.conditions["fracture"].codes) == {"icd10cm": ("S52.009A",), "hpo": ("HP:0020110",)}
    assert coded.conditions["fracture"].forms["neck"].codes["icd10"] == ("S52.1",)
    assert not load_network(NETWORKS / "tiny").findings["onset"].codes


@pytest.mark.parametrize(
    ("system", "code", "expected"),
    [
        ("loinc", "30525-0", True),
        ("loinc", "30525-1", False),  # the check digit
        ("loinc", "LA33-6", True),
        ("icd10", "M71.2", True),
        ("icd10", "71.2", False),
        ("icd10cm", "S52.009A", True),
        ("hpo", "HP:0002829", True),
        ("hpo", "0002829", False),
        ("snomed", "57676002", True),
        ("snomed", "HP:0002829", False),
    ],
)
def test_the_shape_of_a_code(system: str, code: str, expected: bool) -> None:
    assert SYSTEMS[system].has_shape(code) is expected


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("loinc: 76689-9", "loinc: 76689-8", ["network.yaml:", "sex.codes.loinc", "'76689-8'", "a code of LOINC"]),
        ("loinc: 76689-9", "lionc: 76689-9", ["'lionc'", "a system of codes", "did you mean loinc?"]),
        ("loinc: 76689-9", "loinc: 30525-0", ["sex.codes.loinc", "'30525-0'", "a code that age does not have"]),
        ("loinc: LA2-8", "loinc: LA3-6", ["state_codes.male.loinc", "a code that female does not have"]),
        (" male: {loinc", " mail: {loinc", ["'mail'", "a state of sex", "did you mean male"]),
        ("[M81.9, M81.0]", "[M81.9, M81.9]", ["M81.9, M81.9", "each code once", "drop the repeated one"]),
        ("hpo: HP:0001386", "hpo: HP:1386", ["swelling_noticed.codes.hpo", "such as HP:0002829"]),
        (
            "hpo: HP:0001386, icd10cm: M25.429",
            "snomed: 442672001",
            ["codes of SNOMED CT", "keep them in a file beside"],
        ),
        ("codes: {hpo: HP:0001386, icd10cm: M25.429}", "codes: [HP:0001386]", ["codes", "a mapping"]),
        ("{icd10: S52.1}", "{icd10: 52.1}", ["forms.neck.codes.icd10", "'52.1'", "such as M71.2"]),
        ("{icd10cm: S52.009A", "{icd10: S52.0", ["fracture.codes.icd10", "icd10 again", "drop it here"]),
        ("icd10_edition: 2019", "icd10_edition: tenth", ["network.icd10_edition", "'tenth'", "such as 2019"]),
    ],
)
def test_a_code_that_cannot_be_is_told_with_its_place(tmp_path: Path, old: str, new: str, told: list[str]) -> None:
    text = (CODED / "network.yaml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "network.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(NetworkError) as caught:
        load_network(tmp_path)
    assert len(caught.value.problems) == 1
    for part in ("got ", "expected ", *told):
        assert part in str(caught.value)


def test_a_change_of_codes_is_a_difference() -> None:
    old = load_network(CODED)
    sex = replace(old.risk_factors["sex"], codes=immutabledict(loinc=("46098-0",)))
    new = replace(old, risk_factors={**old.risk_factors, "sex": sex}, icd10_edition="2016")
    differences = find_differences(old, new)
    assert differences.reworded == (("network", "icd10_edition"), ("risk_factors", "sex", "codes", "loinc"))


def test_codes_are_kept_in_a_folder_that_is_written(tmp_path: Path) -> None:
    export(load_network(NETWORKS / "tiny"), tmp_path / "a.bif", "bif", "clinic")
    made = import_file(tmp_path / "a.bif").network
    ill, sore = next(iter(made.conditions.values())), next(iter(made.findings.values()))
    ill = replace(ill, codes={"hpo": ("HP:0002829",)})
    sore = replace(sore, codes={"loinc": ("8310-5",)}, state_codes={"yes": {"loinc": ("LA33-6",), "icd10": ("R52",)}})
    conditions, findings = {**made.conditions, ill.id: ill}, {**made.findings, sore.id: sore}
    write_folder(replace(made, conditions=conditions, findings=findings, icd10_edition="2019"), tmp_path / "made")
    read = load_network(tmp_path / "made")
    assert (read.icd10_edition, read.conditions[ill.id].codes) == ("2019", ill.codes)
    assert (read.findings[sore.id].codes, read.findings[sore.id].state_codes) == (sore.codes, sore.state_codes)


# --- a file beside the network ---------------------------------------------------------------------------------------

LINES = """node,state,system,code,display
swelling_noticed,,snomed,442672001,Swelling
swelling_noticed,,hpo,HP:0001386,Joint swelling
onset,fall,snomed,1912002,Fall
fracture,neck,icd10cm,S52.13,
infection,,snomed,396234004,Infective arthritis
"""


def coded_by(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "codes.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_codes_of_a_file_stand_besides_those_of_the_network(tmp_path: Path) -> None:
    plain = load_network(CODED)
    coded = with_codes(plain, read_code_file(coded_by(tmp_path, LINES)), "codes.csv")
    assert coded.findings["swelling_noticed"].codes == {
        "hpo": ("HP:0001386",),
        "icd10cm": ("M25.429",),
        "snomed": ("442672001",),
    }
    assert coded.findings["onset"].state_codes["fall"] == {"snomed": ("1912002",)}
    assert coded.conditions["fracture"].forms["neck"].codes == {"icd10": ("S52.1",), "icd10cm": ("S52.13",)}
    assert coded.conditions["infection"].codes == {"snomed": ("396234004",)}
    evidence = {"swelling_noticed": "yes", "age": 60}
    assert Engine(coded).diagnose(evidence).posterior == Engine(plain).diagnose(evidence).posterior
    assert coded.sha256 == plain.sha256


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("node,system,code\n", ["codes.csv: no column state", "add it to the first line"]),
        ("node,state,system,code\nswelling,,snomed,442672001\n", ["codes.csv:2", "unknown finding", "'swelling'"]),
        ("node,state,system,code\nonset,fell,snomed,442672001\n", ["codes.csv:2", "unknown state 'fell'", "of onset"]),
        ("node,state,system,code\nonset,,snomd,442672001\n", ["codes.csv:2", "did you mean snomed"]),
        ("node,state,system,code\nonset,,snomed,x\n", ["onset.codes.snomed", "'x'", "a code of SNOMED CT"]),
        ("node,state,system,code\nonset,,loinc,8310-5\n", ["'8310-5'", "a code that temperature does not have"]),
    ],
)  # fmt: skip
def test_a_file_that_does_not_fit_is_refused(tmp_path: Path, text: str, told: list[str]) -> None:
    with pytest.raises(BayeskneeError) as caught:
        with_codes(load_network(CODED), read_code_file(coded_by(tmp_path, text)), "codes.csv")
    for part in told:
        assert part in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BayeskneeError, match=r"cannot read the file of codes .*; name a CSV file"):
        read_code_file(tmp_path / "none.csv")


def test_a_network_without_codes_reads_as_before(tmp_path: Path) -> None:
    shutil.copytree(NETWORKS / "tiny", tmp_path / "tiny")
    assert load_network(tmp_path / "tiny") == load_network(NETWORKS / "tiny")
