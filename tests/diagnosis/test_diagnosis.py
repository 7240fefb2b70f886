"""What a diagnosis says beside its numbers."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError

import pytest

from bayesknee import Diagnosis, Engine, Network, load_network
from tests.support.paths import NETWORKS

TINY: Network = load_network(NETWORKS / "tiny")
ANSWERS = {
    "age": 60,
    "swelling_noticed": "yes",
    "onset": {"fall": 0.9, "sudden": 0.1, "gradual": 0},
    "tennis": "unknown",
}


@pytest.fixture(scope="module")
def diagnosis() -> Diagnosis:
    return Engine(TINY, "emergency").diagnose(ANSWERS)


def test_it_can_be_read_and_not_written(diagnosis: Diagnosis) -> None:
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'setting'"):
        diagnosis.setting = "clinic"  # type: ignore[misc]
    with pytest.raises(TypeError, match="does not support item assignment"):
        diagnosis.posterior["strain"] = 1.0  # type: ignore[index]


def test_priors_are_the_base_rates_in_the_order_of_the_posterior(diagnosis: Diagnosis) -> None:
    assert list(diagnosis.prior) == list(diagnosis.posterior)
    assert dict(diagnosis.prior) == {"strain": 0.5, "fracture": 0.4, "infection": 0.02, "other": 0.5}


def test_not_ruled_out_lists_the_dangerous_ones_at_or_over_their_limit(diagnosis: Diagnosis) -> None:
    assert [(each.condition, each.limit) for each in diagnosis.not_ruled_out] == [
        ("fracture", 0.02),
        ("infection", 0.01),
    ]
    assert all(each.probability == diagnosis.posterior[each.condition] for each in diagnosis.not_ruled_out)
    calm = Engine(TINY).diagnose({"fracture": "no", "swelling_noticed": "no", "effusion_felt": "no"})
    assert [each.condition for each in calm.not_ruled_out] == []


def test_plain_data(diagnosis: Diagnosis) -> None:
    plain = diagnosis.to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["network"] == {"id": "tiny", "version": "0.0.1", "sha256": TINY.sha256}
    assert plain["setting"] == "emergency"
    assert plain["evidence"] == {
        "age": 60,
        "swelling_noticed": "yes",
        "onset": {"fall": 0.9, "sudden": 0.1, "gradual": 0.0},
        "tennis": "unknown",
    }
    assert [each["condition"] for each in plain["posterior"]] == list(diagnosis.posterior)
    assert plain["posterior"][0] == {
        "condition": "fracture",
        "name": "Broken bone",
        "prior": 0.4,
        "probability": diagnosis.posterior["fracture"],
    }
    (group,) = plain["groups"]
    assert group == {"group": "bad", "name": "Fracture or infection", "probability": diagnosis.groups["bad"]}
    assert plain["log_evidence"] == diagnosis.log_evidence


def test_the_evidence_of_a_diagnosis_gives_the_same_diagnosis(diagnosis: Diagnosis) -> None:
    again = Engine(TINY, "emergency").diagnose(diagnosis.to_dict()["evidence"])
    assert again.to_dict() == diagnosis.to_dict()


def test_table(diagnosis: Diagnosis) -> None:
    frame = diagnosis.to_frame()
    assert list(frame.index) == list(diagnosis.posterior)
    assert list(frame.columns) == ["name", "prior", "probability", "level"]
    assert frame.loc["infection", "level"] == "emergency"


def test_shown_in_one_line(diagnosis: Diagnosis) -> None:
    assert repr(diagnosis).startswith("<Diagnosis tiny, emergency, 4 answers: fracture ")
    assert "Broken bone" in diagnosis._repr_html_()
