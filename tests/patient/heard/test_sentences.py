"""How well what patients say is read with the synonyms of the shipped network."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from bayesknee import Network, load_network
from tests.support.sentences import read_sentences, score, wrong

HERE: Final = Path(__file__).parent
TUNED_ON: Final = read_sentences(HERE / "sentences_tuned_on.yaml")
KEPT_APART: Final = read_sentences(HERE / "sentences_kept_apart.yaml")


@pytest.fixture(scope="module")
def network() -> Network:
    found = load_network()
    if not any(question.state_synonyms for question in found.questions.values()):
        pytest.skip("the shipped network has no synonyms of states yet")
    return found


def test_sentences_that_the_rules_were_tuned_on_are_read_well(network: Network) -> None:
    assert score(network, TUNED_ON).f1 >= 0.93, "\n".join(wrong(network, TUNED_ON))


def test_sentences_that_were_kept_apart_are_read(network: Network) -> None:
    """Those that are not are told by nobody: whoever looks at them has tuned on them."""
    assert score(network, KEPT_APART).f1 >= 0.85


@pytest.mark.parametrize("sentences", [TUNED_ON, KEPT_APART], ids=["tuned_on", "kept_apart"])
def test_no_finding_of_a_red_flag_is_turned_round(network: Network, sentences: list[dict[str, object]]) -> None:
    assert score(network, sentences).turned == ()


def test_each_sentence_is_of_findings_of_the_network(network: Network) -> None:
    named = {name for each in (*TUNED_ON, *KEPT_APART) for name in (*each["heard"], *each.get("may", ()))}
    assert named <= network.questions.keys()
