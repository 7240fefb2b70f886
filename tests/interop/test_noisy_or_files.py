"""Published noisy-OR networks read from JSON, and written as a folder."""

from __future__ import annotations

import copy
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from bayesknee import Engine, NetworkError, load_network
from bayesknee.errors import ExportError, ImportFileError
from bayesknee.interop import file_text, folders
from bayesknee.interop.folders import write_folder
from bayesknee.interop.noisy_or_files import noisy_or_network, read_noisy_or
from bayesknee.interop.synthetic import synthetic_document, synthetic_evidence
from bayesknee.knowledge.reading.safe_names import safe_ids
from bayesknee.patient.cases import read_case

SMALL: dict[str, Any] = {
    "name": "Two causes",
    "conditions": [{"id": "a", "prior": 0.2}, {"id": "b", "prior": 1e-8}],
    "findings": [{"id": "f", "leak": 0.1, "links": {"a": 0.5, "b": 1.0}}, {"id": "g", "leak": 0, "links": {"a": 0.5}}],
    "evidence": {"f": "present", "g": "absent", "b": "unknown"},
    "reference_marginals": {"a": 0.3, "b": 0.0},
}


def test_what_is_read() -> None:
    read = noisy_or_network(SMALL, "two.json")
    assert read.network.id == "two_causes"
    assert read.network.complaint == ""
    assert read.network.conditions["b"].base_rate_in("as_published") == 1e-8
    rule: Any = read.network.findings["f"].model
    assert rule.leak.value == 0.1
    assert rule.causes["a"].value == pytest.approx(0.55)  # 1 - 0.9 * 0.5: the format's figures include the leak
    assert rule.causes["b"].value == 1.0 - 1e-15
    assert rule.causes["b"].note == "1 in the file, and the format takes neither 0 nor 1"
    assert (rule.causes["a"].grade, rule.causes["a"].source) == ("D", "source_file")
    assert read.network.references["source_file"].citation == "Noisy-OR network Two causes, read from two.json"
    assert dict(read.evidence) == {"f": "yes", "g": "no", "b": "unknown"}
    assert dict(read.reference) == {"a": 0.3, "b": 0.0}


def test_names_questions_and_codes_are_taken_and_ids_made_safe() -> None:
    document: dict[str, Any] = {
        "conditions": [
            {"id": "Morbus Bechterew", "prior": 0.2, "icd10": "M45.0"},
            {"id": "morbus_bechterew", "prior": 0.1, "name": "The same, once more"},
        ],
        "findings": [
            {"id": "3", "leak": 0.1, "links": {"Morbus Bechterew": 0.5}, "name": "Stiff", "question": "Stiff at dawn?"}
        ],
        "evidence": {"3": "present"},
        "reference_marginals": {"Morbus Bechterew": 0.4},
    }
    read = noisy_or_network(document, "names.json")
    first, second = read.network.conditions.values()
    assert (first.id, first.name, first.icd10) == ("morbus_bechterew_2", "Morbus Bechterew", "M45.0")
    assert (second.id, second.name, second.icd10) == ("morbus_bechterew", "The same, once more", "R69")
    (finding,) = read.network.findings.values()
    assert (finding.id, finding.label, finding.question) == ("node_3", "Stiff", "Stiff at dawn?")
    rule: Any = finding.model
    assert list(rule.causes) == ["morbus_bechterew_2"]
    assert dict(read.evidence) == {"node_3": "yes"}
    assert dict(read.reference) == {"morbus_bechterew_2": 0.4}


def test_what_it_says() -> None:
    # P(f, no g | a) = 0.55 * 0.5, P(f, no g | no a) = 0.1
    read = noisy_or_network(SMALL, "two.json")
    posterior = Engine(read.network).diagnose(read.evidence).posterior
    assert posterior["a"] == pytest.approx(0.2 * 0.55 * 0.5 / (0.2 * 0.55 * 0.5 + 0.8 * 0.1), rel=1e-6)


def changed(*path: str | int, to: Any) -> dict[str, Any]:  # noqa: ANN401
    document = copy.deepcopy(SMALL)
    place: Any = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to
    return document


REFUSALS = [
    ([], "two.json: got '[]'; expected an object"),
    (changed("conditions", 0, "prior", to=-0.1), "two.json: conditions.a.prior: got '-0.1'; expected a probability"),
    (changed("conditions", 0, "prior", to=1), "conditions.a.prior: got 1; expected a prior inside (0, 1)"),
    (changed("conditions", 0, "prior", to="half"), "conditions.a.prior: got 'half'; expected a probability"),
    (changed("conditions", 0, "prior", to=True), "conditions.a.prior: got 'True'; expected a probability"),
    (changed("conditions", 0, "prior", to=10**400), "conditions.a.prior: got '1000"),
    (changed("conditions", 0, "prior", to=float("nan")), "conditions.a.prior: got 'nan'; expected a probability"),
    (changed("conditions", 0, to={"id": "a"}), "conditions.0.prior: got nothing; expected a key prior"),
    (
        changed("conditions", 0, "prio", to=1),
        "conditions.0.prio: got 'prio'; expected a known key; did you mean prior?",
    ),
    (changed("conditions", 0, "id", to="b"), "conditions.1.id: got 'b'; expected each id once"),
    (changed("conditions", 0, "id", to=7), "conditions.0.id: got '7'; expected a word"),
    (changed("conditions", 0, "id", to=" "), "conditions.0.id: got ' '; expected a word; write it in quotes"),
    (changed("conditions", 0, "name", to=" "), "conditions.a.name: got ' '; expected a text on one line; write it in"),
    (changed("conditions", 0, "icd10", to="gout"), "conditions.a.icd10: got 'gout'; expected an ICD-10 code such as"),
    (changed("findings", 0, "question", to=7), "findings.f.question: got '7'; expected a text on one line"),
    (changed("conditions", to={}), "conditions: got '{}'; expected a list"),
    ({"conditions": [], "findings": []}, "two.json: conditions: got none; expected at least one"),
    (changed("findings", 0, "leak", to=-1e-9), "findings.f.leak: got '-1e-09'; expected a probability"),
    (changed("findings", 0, "leak", to=1.0), "findings.f.leak: got 1; expected a leak below 1"),
    (changed("findings", 0, "links", to={"a": 2}), "findings.f.links.a: got '2'; expected a probability from 0 to 1"),
    (changed("findings", 0, "links", to={"a": 0}), "findings.f.links: got no link above 0; expected a cause of it"),
    (changed("findings", 0, "links", to={}), "findings.f.links: got no link above 0; expected a cause of it"),
    (changed("findings", 0, "links", to=[1]), "findings.f.links: got '[1]'; expected an object"),
    (changed("findings", 0, "links", to={"aa": 0.5}), "findings.f.links.aa: got 'aa'; expected the id of a condition"),
    (changed("findings", 0, "id", to="a"), "findings.0.id: got 'a'; expected each id once"),
    (changed("evidence", to={"h": "present"}), "evidence.h: got 'h'; expected the id of a finding or condition"),
    (changed("evidence", to={"f": "maybe"}), "evidence.f: got 'maybe'; expected present, absent or unknown"),
    (changed("reference_marginals", to={"a": 3}), "reference_marginals.a: got '3'; expected a probability"),
    (changed("reference_marginals", to={"z": 0.3}), "reference_marginals.z: got 'z'; expected the id of a condition"),
    (changed("name", to=3), "name: got '3'; expected a text"),
    (changed("name", to=None), "name: got 'None'; expected a text; write the network's name, or leave the key out"),
    (changed("name", to=" \n"), "name: got ''; expected a text; write the network's name, or leave the key out"),
    (changed("name", to="a\x1b[2J"), "name: got \"'a\\\\x1b[2J'\"; expected a text without control characters"),
    (changed("conditions", 0, "prior", to=None), "conditions.a.prior: got null; expected a probability from 0 to 1"),
    (changed("findings", 0, "leak", to=None), "findings.f.leak: got null; expected a probability from 0 to 1"),
    (changed("findings", 0, "links", to=None), "findings.f.links: got null; expected an object"),
    (changed("findings", 0, "links", "a", to=None), "findings.f.links.a: got null; expected a probability"),
    (changed("evidence", to=None), "evidence: got null; expected an object"),
    (changed("evidence", to={"f": None}), "evidence.f: got null; expected present, absent or unknown"),
    (changed("reference_marginals", to={"a": None}), "reference_marginals.a: got null; expected a probability"),
]


@pytest.mark.parametrize(("document", "told"), REFUSALS, ids=range(len(REFUSALS)))
def test_refusals_name_the_place(document: object, told: str) -> None:
    with pytest.raises(ImportFileError) as caught:
        noisy_or_network(document, "two.json")
    assert told in str(caught.value)


def test_everything_wrong_is_told_at_once() -> None:
    document = changed("findings", 0, "leak", to=-1)
    document["conditions"][0]["prior"] = 7
    with pytest.raises(ImportFileError) as caught:
        noisy_or_network(document, "two.json")
    places = [line.split(": ")[1] for line in str(caught.value).splitlines()]
    assert places == ["conditions.a.prior", "findings.f.leak"]  # and nothing that follows from these


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{", "broken.json: got text that is not JSON on line 1"),
        (
            gzip.compress(b"{}", mtime=0),
            "broken.json: got a file packed by gzip; expected a noisy-OR network as JSON; unpack",
        ),
        (b"[" + b"9" * 5000 + b"]", "broken.json: got a whole number of thousands of digits"),
        (b"\xff", "broken.json: got bytes that are not UTF-8"),
        (b"[" * 100_000, "broken.json: got lists or objects too deep in each other"),
        (b'{"name": "a", "name": "b"}', "broken.json: got the key 'name' twice in one object"),
        (b" " * 200, "broken.json: got more than 100 bytes"),
    ],
)
def test_broken_files(content: bytes, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if content == b" " * 200:
        monkeypatch.setattr(file_text, "MOST_BYTES", 100)
    file = tmp_path / "broken.json"
    file.write_bytes(content)
    with pytest.raises(ImportFileError) as caught:
        read_noisy_or(file)
    assert told in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ImportFileError, match=r"cannot read '.*none.json': No such file"):
        read_noisy_or(tmp_path / "none.json")


# --- folders -------------------------------------------------------------------------------------------------------


def test_a_folder_reads_back_as_the_same_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_CHARACTERS", 3_000)  # so that sections are spread over files
    document = synthetic_document(25, 40, seed=3)
    document["evidence"] = synthetic_evidence(document, 3, 4)
    file = tmp_path / "made_up.json"
    file.write_text(json.dumps(document))
    read = read_noisy_or(file)
    files = write_folder(read.network, tmp_path / "made_up", read.evidence)
    assert len(files) > 5
    again = load_network(tmp_path / "made_up")
    assert again.conditions == read.network.conditions
    assert again.findings == read.network.findings
    assert again.references == read.network.references
    assert dict(read_case(files[-1]).evidence) == dict(read.evidence)
    assert again.sha256


def test_folders_that_are_refused(tmp_path: Path) -> None:
    read = noisy_or_network(SMALL, "two.json")
    write_folder(read.network, tmp_path / "two")
    with pytest.raises(ExportError, match="has files in it; expected a new or empty folder"):
        write_folder(read.network, tmp_path / "two")
    with pytest.raises(ExportError, match="is a file; expected a new or empty folder"):
        write_folder(read.network, tmp_path / "two" / "network.yaml")
    with pytest.raises(ExportError, match="tiny has more than other programs know of"):
        write_folder(load_network("tests/networks/tiny"), tmp_path / "tiny")


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> None:
        if "findings" in path.name:
            raise OSError(28, "No space left on device")
        path.write_bytes(content)

    read = noisy_or_network(SMALL, "two.json")
    with monkeypatch.context() as patch:
        patch.setattr(folders, "write_file", full)
        with pytest.raises(ExportError, match=r"cannot write '.*two': No space left on device"):
            write_folder(read.network, tmp_path / "two", read.evidence)
    assert not list(tmp_path.iterdir())
    (tmp_path / "two").mkdir()  # an empty one is taken
    write_folder(read.network, tmp_path / "two", read.evidence)
    assert [each.name for each in tmp_path.iterdir()] == ["two"]
    assert load_network(tmp_path / "two").title == "Two causes"


def test_a_findings_file_that_is_missing_is_noticed(tmp_path: Path) -> None:
    write_folder(noisy_or_network(SMALL, "two.json").network, tmp_path / "two")
    (tmp_path / "two" / "findings.yaml").unlink()
    with pytest.raises(NetworkError, match=r"network\.files: got no file 'findings\.yaml'; expected all files of the"):
        load_network(tmp_path / "two")


def test_what_the_format_cannot_hold_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "_text", lambda text: f'"{text[:3]}"')
    with pytest.raises(ExportError, match=r"two_causes cannot be written as a folder: .* would not read back"):
        write_folder(noisy_or_network(SMALL, "two.json").network, tmp_path / "two")
    assert not list(tmp_path.iterdir())


# --- made-up networks ----------------------------------------------------------------------------------------------


def test_made_up_networks_have_the_shape_asked_for() -> None:
    document = synthetic_document(200, 1000, seed=1)
    links = [len(each["links"]) for each in document["findings"]]
    assert (len(document["conditions"]), len(links)) == (200, 1000)
    assert 4 < sum(links) / len(links) < 12
    assert max(links) > 40
    assert document == synthetic_document(200, 1000, seed=1) != synthetic_document(200, 1000, seed=2)
    evidence = synthetic_evidence(document, 5, 7, seed=2)
    assert sorted(evidence.values()) == ["absent"] * 7 + ["present"] * 5
    with pytest.raises(ValueError, match="got 0 conditions and 3 findings; expected at least one of each"):
        synthetic_document(0, 3)


def test_names_become_ids_each_another_one() -> None:
    names = ("a", "A", "a_2", "!", "?", "Ä", "a")
    found = safe_ids(names, "node")
    assert found == {"a": "a", "a_2": "a_2", "A": "a_3", "!": "node", "?": "node_2", "Ä": "a_4"}
    alike = safe_ids((f"{'!' * number}" for number in range(1, 20_001)), "node")
    assert len(set(alike.values())) == 20_000
