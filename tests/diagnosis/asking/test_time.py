"""Rankings keep to the seconds of the budget, and say what they left out."""

from __future__ import annotations

import pytest

from bayesknee import Engine
from bayesknee.display.next_questions import next_questions_text
from bayesknee.inference.elimination.outcomes import RankingCosts
from bayesknee.inference.elimination.strategy import Elimination
from bayesknee.interop.noisy_or_files import ANSWERS, noisy_or_network
from bayesknee.interop.synthetic import synthetic_document, synthetic_evidence
from bayesknee.knowledge.network import Network

DOCUMENT = synthetic_document(100, 250, seed=3)
ANSWERED = {name: ANSWERS[answer] for name, answer in synthetic_evidence(DOCUMENT, 16, 20, 1).items()}


@pytest.fixture(scope="module")
def network() -> Network:
    return noisy_or_network(DOCUMENT, "made up").network


def seconds_for(network: Network, share: float) -> float:
    """A budget for that share of a ranking of all questions, by estimate."""
    diagnosis = Engine(network).diagnose(ANSWERED)
    strategy = Elimination(network, network.default_setting)
    costs = RankingCosts(strategy.core, diagnosis.evidence)
    return share * sum(costs.of(each.finding) for each in diagnosis.next_questions)


def test_with_time_enough_all_are_ranked(network: Network) -> None:
    diagnosis = Engine(network).diagnose(ANSWERED)
    assert len(diagnosis.next_questions) == len(network.questions) - len(ANSWERED)
    assert diagnosis.next_questions.left_out == ()
    assert "not_ranked" not in diagnosis.to_dict()


def test_as_many_are_ranked_as_the_seconds_allow_the_best_ones_among_them(network: Network) -> None:
    whole = Engine(network).diagnose(ANSWERED).next_questions
    got = Engine(network, seconds=seconds_for(network, 0.5)).diagnose(ANSWERED)
    assert got.exact
    ranked = got.next_questions
    assert len(ranked) == pytest.approx(len(whole) / 2, abs=2)
    assert len(ranked) + len(ranked.left_out) == len(whole)
    assert {each.finding for each in ranked}.isdisjoint(ranked.left_out)
    best = [each.finding for each in whole[:10]]
    assert len({each.finding for each in ranked[:15]}.intersection(best)) >= 8


def test_text_json_and_notebook_say_so(network: Network) -> None:
    diagnosis = Engine(network, seconds=seconds_for(network, 0.5)).diagnose(ANSWERED)
    ranked = diagnosis.next_questions
    told = f"{len(ranked.left_out)} more questions were not ranked, as that would take too long"
    assert told in " ".join(next_questions_text(diagnosis, ranked.first(3), "stakes").split())
    assert told in ranked._repr_html_()
    assert diagnosis.to_dict()["not_ranked"] == list(ranked.left_out)
    assert ranked.first(3).left_out == ranked.left_out
