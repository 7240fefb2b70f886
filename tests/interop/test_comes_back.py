"""What bayesknee writes for other programs comes back with equal posteriors."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest
from hypothesis import given, reject, settings

from bayesknee import Engine, Network, load_network
from bayesknee.errors import ImportFileError, InferenceError
from bayesknee.interop.exports import export
from bayesknee.interop.folders import write_folder
from bayesknee.interop.formats import EXPORT_FORMATS
from bayesknee.interop.from_foreign import import_file
from bayesknee.interop.model_evidence import model_evidence
from bayesknee.knowledge.model import COMPLAINT, Greatest, Mixture, NoisyOr
from tests.support import random_networks
from tests.support.paths import NETWORKS
from tests.support.random_networks import SMALL, Patient, Size, patients, random_answers, seeded_patient

SEEDS: Final = range(8)
WITHIN: Final = 1e-12
# So many that findings of a network with `most_causes` hang on the causes that are present, not on conditions.
MANY: Final = Size(conditions=(13, 14), risk_factors=(2, 3), signs=(1, 2), findings=(4, 6))


def back_again(network: Network, setting: str, format_: str, folder: Path) -> Network:
    """The network written for other programs, imported, written as a folder, and read."""
    export(network, folder / f"a.{format_}", format_, setting)
    read = import_file(folder / f"a.{format_}").network
    write_folder(read, folder / "network")
    return load_network(folder / "network")


def assert_same(patient: Patient, back: Network) -> None:
    diagnosis = Engine(patient.network, patient.setting).diagnose(patient.answers)
    known = model_evidence(diagnosis)
    answers: dict[str, Any] = {**known.states, **{name: dict(each) for name, each in known.likelihoods.items()}}
    answers.pop(COMPLAINT, None)
    again = Engine(back).diagnose(answers)
    assert dict(again.posterior) == pytest.approx(dict(diagnosis.posterior), abs=WITHIN)
    assert {name: dict(forms) for name, forms in again.forms.items()} == {
        name: pytest.approx(dict(forms), abs=WITHIN) for name, forms in diagnosis.forms.items()
    }


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("format_", EXPORT_FORMATS)
def test_all_that_a_network_may_have(format_: str, seed: int, tmp_path: Path) -> None:
    """Forms, limits to causes, readings, noisy-ORs and noisy-MAXes of conditions and signs, mixtures, tables."""
    patient = seeded_patient(seed, SMALL)
    back = back_again(patient.network, patient.setting, format_, tmp_path)
    assert {name: tuple(each.forms) for name, each in back.conditions.items()} == {
        name: tuple(each.forms) for name, each in patient.network.conditions.items()
    }
    assert_same(patient, back)


@settings(max_examples=40)
@given(patient=patients())
def test_any_network(patient: Patient) -> None:
    try:
        Engine(patient.network, patient.setting)
    except InferenceError:  # so few causes at once cannot meet such base rates
        reject()
    with tempfile.TemporaryDirectory() as folder:
        assert_same(patient, back_again(patient.network, patient.setting, "uai", Path(folder)))


@pytest.mark.parametrize("seed", [1, 6])
@pytest.mark.parametrize("format_", ["xdsl", "uai"])
def test_what_hangs_on_the_causes_that_are_present(
    format_: str, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random_networks, "MOST_CAUSES", [2, 3])
    patient = seeded_patient(seed, MANY)
    assert_same(patient, back_again(patient.network, patient.setting, format_, tmp_path))


@pytest.mark.parametrize("format_", ["xmlbif", "xdsl", "net", "uai"])
def test_the_shipped_network(format_: str, knee: Network, tmp_path: Path) -> None:
    back = back_again(knee, knee.default_setting, format_, tmp_path)
    assert (back.id, back.version, back.catch_all) == (knee.id, knee.version, knee.catch_all)
    for seed in range(3):
        answers = random_answers(Random(seed), knee, share=0.1, conditions=False)
        assert_same(Patient(knee, knee.default_setting, answers), back)


def test_xdsl_keeps_rules_questions_costs_and_what_is_asked_first(tmp_path: Path) -> None:
    tiny = load_network(NETWORKS / "tiny")
    back = back_again(tiny, "clinic", "xdsl", tmp_path)
    for name, finding in tiny.findings.items():
        again = back.findings[name]
        assert (again.label, again.question, again.burden) == (finding.label, finding.question, finding.burden)
        if isinstance(finding.model, NoisyOr | Greatest | Mixture):
            assert type(again.model) is type(finding.model)
    assert {each.id: each.name for each in back.conditions.values()} == {
        each.id: each.name for each in tiny.conditions.values()
    }
    assert back.opening.questions == tuple(name for name in tiny.opening.questions if name in tiny.questions)


def test_helping_nodes_that_were_changed_are_refused(tmp_path: Path) -> None:
    network = seeded_patient(0, SMALL).network
    assert network.most_causes is None
    limited = seeded_patient(next(seed for seed in range(40) if _is_limited(seed)), SMALL)
    export(limited.network, tmp_path / "a.net", "net", limited.setting)
    text = (tmp_path / "a.net").read_text(encoding="ascii")
    start = text.index("data = (", text.index("potential (Count_2 |"))
    changed = text[:start] + text[start:].replace("1.0 0.0", "0.4 0.6", 1)
    assert changed != text
    (tmp_path / "a.net").write_text(changed, encoding="ascii")
    with pytest.raises(
        ImportFileError, match=r"a.net: Count_2: got another table than bayesknee wrote; expected its own"
    ):
        import_file(tmp_path / "a.net")


def _is_limited(seed: int) -> bool:
    network = seeded_patient(seed, SMALL).network
    return network.most_causes is not None and network.most_causes < len(network.conditions)
