"""A first draft of a network works as it is, and says that its figures are placeholders."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from bayesknee import Engine
from bayesknee.authoring.new_network import Draft, base_rates, write_draft
from bayesknee.errors import BayeskneeError

DRAFT: Final = Draft(
    "Shoulder pain",
    "General practice",
    ("Frozen shoulder", "Torn cuff", "Infection"),
    ("Infection",),
    "Do you have a fever?",
    ("Infection",),
)


def test_a_draft_answers(tmp_path: Path) -> None:
    network = write_draft(DRAFT, tmp_path / "shoulder")
    assert (network.id, network.title, network.complaint) == ("shoulder", "Shoulder pain", "Shoulder pain")
    assert list(network.conditions) == ["frozen_shoulder", "torn_cuff", "infection", "other_cause"]
    assert network.conditions["infection"].must_not_miss
    engine = Engine(network)
    before, after = engine.diagnose({}).posterior, engine.diagnose({"do_you_have_a_fever": "yes"}).posterior
    # 1, 1 / 1.5 and 1 / 2.25 of 19 / 9
    assert [before[name] for name in ("frozen_shoulder", "infection")] == pytest.approx([9 / 19, 4 / 19], abs=1e-3)
    assert after["infection"] > 2.0 * before["infection"]


def test_base_rates_fall_and_leave_a_tenth_for_other_causes_and_a_tenth_for_two_at_once() -> None:
    assert base_rates(2) == pytest.approx([0.6, 0.4])
    assert sum(base_rates(7)) == pytest.approx(1.0)


def test_each_figure_says_that_it_is_a_placeholder(tmp_path: Path) -> None:
    network = write_draft(DRAFT, tmp_path / "shoulder")
    numbers = dict(network.numbers())
    assert numbers
    assert all((each.grade, each.source) == ("D", "judged") and "placeholder" in each.note for each in numbers.values())
    assert "Not for use with patients" in network.caution


def test_names_of_any_kind_become_ids(tmp_path: Path) -> None:
    odd = replace(DRAFT, conditions=("Größe: x", '3 "a" #b', "setting"), dangerous=(), likely=("setting",))
    network = write_draft(odd, tmp_path / "Größe")
    assert network.id == "grosse"
    assert {name: each.name for name, each in network.conditions.items()} == {
        "grosse_x": "Größe: x",
        "cause_3_a_b": '3 "a" #b',
        "setting_cause": "setting",
        "other_cause": "Another cause",
    }


@pytest.mark.parametrize(
    ("draft", "told"),
    [
        (replace(DRAFT, complaint=" "), "complaint: got ' '; expected a few words"),
        (replace(DRAFT, conditions=("A",), dangerous=(), likely=("A",)), "causes: got A; expected 2 to 20, each once"),
        (replace(DRAFT, conditions=("A", "a"), dangerous=(), likely=("A",)), "causes: got A, a; expected 2 to 20"),
        (replace(DRAFT, likely=()), "likely: got none; expected a cause of which a yes to 'Do you have a fever"),
        (
            replace(DRAFT, likely=("Torn cufff",)),
            "got 'Torn cufff'; expected one of the causes; did you mean",
        ),
    ],
)
def test_what_makes_no_network_is_refused(draft: Draft, told: str, tmp_path: Path) -> None:
    with pytest.raises(BayeskneeError, match=told):
        write_draft(draft, tmp_path / "shoulder")
    assert not (tmp_path / "shoulder").exists()


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "shoulder").mkdir()
    with pytest.raises(BayeskneeError, match=r"cannot write the network .*: it exists; name a new folder"):
        write_draft(DRAFT, tmp_path / "shoulder")
