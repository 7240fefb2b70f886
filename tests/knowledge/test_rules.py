"""Noisy-MAX findings, tables and causes that are signs: how files state them, what is refused, what ranges draw."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from bayesknee import NetworkError, load_network
from bayesknee.knowledge.chances import finding_chances
from bayesknee.knowledge.differences import find_differences
from bayesknee.knowledge.links import links
from bayesknee.knowledge.model import ConditionalTable, Greatest, Probability
from bayesknee.knowledge.number_words import allowed, find_number, number_words, with_number
from bayesknee.knowledge.ranges import Ranges, stated_ranges, stream
from bayesknee.knowledge.writer import Changes, write_changed
from tests.support.paths import NETWORKS
from tests.support.small_networks import (
    condition,
    distribution,
    finding,
    forms,
    greatest,
    network,
    noisy_or,
    reading,
    sign,
    table,
)

FILE: Final = """signs:
  warm:
    label: Warm joint
    description: Blood runs to it.
    basis: {grade: D, source: judged, note: for tests}
    noisy_or:
      leak: {value: 0.1, low: 0.05, high: 0.2}
      causes:
        joint_swelling: {value: 0.5, low: 0.4, high: 0.6}
        infection: {value: 0.9, low: 0.8, high: 0.95}
findings:
  duration:
    kind: history
    label: How long
    question: How long has it lasted?
    topic: pain
    states: [days, weeks, a_year]
    basis: {grade: D, source: judged, note: for tests}
    greatest:
      causes:
        fracture:
          days: {value: 0.8, low: 0.7, high: 0.9}
          weeks: {value: 0.2, low: 0.1, high: 0.3}
          a_year: {value: 0, certain: true}
        strain:
          days: {value: 0.2, low: 0.1, high: 0.3}
          weeks: {value: 0.5, low: 0.4, high: 0.6}
          a_year: {value: 0.3, low: 0.2, high: 0.4}
  bends:
    kind: exam
    label: Bends
    question: Does it bend?
    topic: exam
    basis: {grade: D, source: judged, note: for tests}
    table:
      parents: [warm, fracture]
      rows:
        no, no: {yes: {value: 0.9, low: 0.8, high: 0.95}}
        no, yes: {yes: {value: 0.2, low: 0.1, high: 0.3}}
        yes, no: {yes: {value: 0.6, low: 0.5, high: 0.7}}
        yes, yes: {yes: {value: 0, certain: true}, no: {value: 1, certain: true}}
"""


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str, str], Path]:
    """The tiny network with one file more, in which a text is replaced by another."""

    def write(old: str, new: str) -> Path:
        folder = Path(shutil.copytree(NETWORKS / "tiny", tmp_path / "tiny"))
        assert old in FILE
        (folder / "rules.yaml").write_text(FILE.replace(old, new, 1), encoding="utf-8")
        return folder

    return write


def test_files_state_all_rules(written: Callable[[str, str], Path]) -> None:
    net = load_network(written("", ""))
    spell, bends = net.findings["duration"].model, net.findings["bends"].model
    assert isinstance(spell, Greatest)
    assert spell.leak is None
    assert spell.causes["fracture"].vector(("days", "weeks", "a_year")) == (0.8, 0.2, 0.0)
    never = spell.causes["fracture"].numbers["a_year"]
    assert (never.certain, never.low, never.high, never.grade) == (True, 0.0, 0.0, "D")
    assert isinstance(bends, ConditionalTable)
    assert bends.row({"fracture"}).vector(("no", "yes")) == pytest.approx((0.8, 0.2))
    (cluster,) = net.clusters.values()
    assert cluster.signs == ("joint_swelling", "warm")
    assert set(cluster.findings) == {"swelling_noticed", "effusion_felt", "bends"}
    assert net.signs_above(bends) == ("joint_swelling", "warm")


def test_numbers_of_all_rules_are_written_anew(written: Callable[[str, str], Path], tmp_path: Path) -> None:
    source = written("", "")
    before = load_network(source)
    paths = [
        ("findings", "duration", "greatest", "causes", "strain", "days"),
        ("findings", "duration", "greatest", "causes", "strain", "a_year"),
        ("findings", "bends", "table", "rows", "no, yes", "yes"),
        ("signs", "warm", "noisy_or", "causes", "joint_swelling"),
    ]
    moved = dict(zip(paths, (0.25, 0.25, 0.3, 0.55), strict=True))
    numbers = {path: replace(find_number(before, path), value=value) for path, value in moved.items()}
    never = ("findings", "duration", "greatest", "causes", "fracture", "a_year")
    numbers[never] = replace(find_number(before, never), note="bone heals")
    after = write_changed(source, tmp_path / "new", Changes(numbers, "0.0.2"))
    assert find_number(after, never) == numbers[never]
    assert {path: find_number(after, path).value for path in paths} == moved
    assert {change.path for change in find_differences(before, after).moved} == set(paths)


LATE: Final = "weeks: {value: 0.4, low: 0.3, high: 0.5}, a_year: {value: %s, low: 0.05, high: 0.7}"
LEAK: Final = f"{{days: {{value: 0.5, low: 0.4, high: 0.6}}, {LATE % 0.1}}}"
NEVER_LOWEST: Final = f"{{days: {{value: 0, certain: true}}, {LATE % 0.6}}}"
REFUSED: Final = {
    "a range of what is certain": (
        "{value: 0, certain: true}\n        strain",
        "{value: 0, low: 0, high: 0.1, certain: true}\n        strain",
        "a_year.certain: got certain, with value 0.0, low 0.0, high 0.1; expected a value of 0 or 1 that has no range",
    ),
    "0 that is not certain": (
        "{value: 0, certain: true}\n        strain",
        "{value: 0, low: 0, high: 0.1}\n        strain",
        "got 0.0; expected a probability inside (0, 1)",
    ),
    "certain in a noisy-OR": (
        "infection: {value: 0.9, low: 0.8, high: 0.95}",
        "infection: {value: 1, certain: true}",
        "got certain 1; expected a figure with a range; only the numbers of a greatest or a table may be certain",
    ),
    "a cause below the leak": (
        "joint_swelling: {value: 0.5, low: 0.4",
        "joint_swelling: {value: 0.05, low: 0.04",
        "raise it or lower the leak; what makes it rarer takes a mixture or a table, since leaving it out would say",
    ),
    "an unknown cause": (
        "        infection: {value: 0.9",
        "        infecton: {value: 0.9",
        "got 'infecton'; expected a condition or sign of the network; did you mean infection?",
    ),
    "a sign of itself": (
        "        joint_swelling: {value: 0.5",
        "        warm: {value: 0.5",
        "got warm <- warm; expected signs without a cycle; drop one of these causes",
    ),
    "a cause that leads lower than the leak": (
        "    greatest:\n",
        f"    greatest:\n      leak: {LEAK}\n",
        "causes.fracture: got P(at most days) 0.8 above the 0.5 of the leak; expected the distribution if only this",
    ),
    "a leak that is never lowest": (
        "    greatest:\n",
        f"    greatest:\n      leak: {NEVER_LOWEST}\n",
        "got P(days) 0; expected a lowest state that is possible",
    ),
    "a sum that is not 1": (
        "a_year: {value: 0.3,",
        "a_year: {value: 0.4,",
        "causes.strain: got a sum of 1.1; expected probabilities that sum to 1",
    ),
    "a row too few": (
        "        no, yes: {yes: {value: 0.2, low: 0.1, high: 0.3}}\n",
        "",
        "got no row for no, yes; expected a row for each combination of the parents",
    ),
    "a row of unknown states": (
        "        no, yes: {yes",
        "        yes no: {yes",
        "got 'yes no'; expected no or yes for warm, fracture, such as 'no, no'",
    ),
    "a parent twice": ("[warm, fracture]", "[warm, warm]", "got warm, warm; expected each parent once"),
    "too many parents": (
        "[warm, fracture]",
        "[warm, fracture, strain, infection, other, joint_swelling]",
        "got 6 parents; expected 1 to 5; use a noisy_or, a greatest or a mixture",
    ),
    "states of a noisy-OR": (
        "    table:\n      parents: [warm, fracture]\n",
        "    states: [no, a_bit]\n    reads:\n      sign: warm\n",
        "expected no, yes; use a greatest, a mixture or a table for other states",
    ),
}


@pytest.mark.parametrize(("old", "new", "told"), REFUSED.values(), ids=REFUSED.keys())
def test_a_fault_is_told_with_its_remedy(written: Callable[[str, str], Path], old: str, new: str, told: str) -> None:
    with pytest.raises(NetworkError) as caught:
        load_network(written(old, new))
    assert told in str(caught.value)
    assert all(line.startswith("rules.yaml:") for line in str(caught.value).splitlines())


# --- ranges ----------------------------------------------------------------------------------------------------------

STATES: Final = ("days", "weeks", "months")
AT_THE_LEAK: Final = finding(
    "f",
    greatest(
        distribution(days=0.5, weeks=0.3, months=0.2),
        a=distribution(days=0.49, weeks=0.3, months=0.21),
        b=distribution(days=0.2, weeks=0.3, months=0.5),
    ),
    STATES,
)


def test_no_drawn_cause_leads_lower_than_the_drawn_leak() -> None:
    ranges = Ranges(AT_THE_LEAK)
    drawn = dict(zip(ranges.paths, ranges.draw(stream(0, "f"), 2000), strict=True))
    below = {
        place: np.cumsum([drawn["greatest", *place, state] for state in STATES], axis=0)
        for place in (("leak",), ("causes", "a"), ("causes", "b"))
    }
    for place in (("causes", "a"), ("causes", "b")):
        assert below[place][-1] == pytest.approx(1.0)
        assert (below[place] <= below["leak",] + 1e-12).all()
    assert (below["causes", "a"][0] == below["leak",][0]).mean() > 0.2  # often moved up to it


def test_what_is_certain_is_not_drawn_and_is_no_number_without_a_range() -> None:
    rule = finding("f", greatest(None, a=distribution(days=0.6, weeks=0.4, months=0.0)), STATES)
    ranges = Ranges(rule)
    drawn = dict(zip(ranges.paths, ranges.draw(stream(0, "f"), 500), strict=True))
    path = ("greatest", "causes", "a")
    assert set(drawn[*path, "months"]) == {0.0}
    assert drawn[*path, "days"] + drawn[*path, "weeks"] == pytest.approx(1.0)
    assert np.std(drawn[*path, "days"]) > 0.05
    assert stated_ranges(network(condition("a", 0.5), condition("b", 0.6), rule)).missing == 0


def test_a_number_may_move_as_far_as_no_cause_leads_lower_than_the_leak() -> None:
    """b days can rise to 0.5, where the leak is; with them, P(at most weeks) stays below 0.8 of its own accord."""
    net = network(condition("a", 0.5), condition("b", 0.6), AT_THE_LEAK)
    path = ("findings", "f", "greatest", "causes", "b", "days")
    low, high = allowed(net, path)
    assert high == pytest.approx(0.5, abs=1e-6)
    with_number(net, path, high)
    with_number(net, path, low)
    with pytest.raises(NetworkError, match=r"P\(at most days\) 0\.501 above the 0\.5 of the leak"):
        with_number(net, path, 0.501)


# --- words and links -------------------------------------------------------------------------------------------------


def test_numbers_of_all_rules_have_words(written: Callable[[str, str], Path]) -> None:
    net = load_network(written("", ""))
    words = {
        ("findings", "duration", "greatest", "causes", "strain", "a_year"): "P(How long: a year | only Tendon strain)",
        ("findings", "bends", "table", "rows", "no, yes", "yes"): "P(Bends | not Warm joint, Broken bone)",
        ("signs", "warm", "noisy_or", "causes", "joint_swelling"): "P(Warm joint | only Swollen joint)",
    }
    assert {path: number_words(net, path) for path in words} == words


def test_a_link_tells_how_much_likelier_an_answer_is_with_a_condition_alone() -> None:
    """The limp by way of the swelling alone: no in 0.8 * 0.9 + 0.2 * 0.4, and 0.3 * 0.9 + 0.7 * 0.4 with b."""
    net = network(
        condition("a", 0.5),
        condition("b", 0.6),
        sign("swollen", noisy_or(0.2, b=0.7)),
        finding("limps", noisy_or(0.1, swollen=0.6)),
        finding("seen", reading("swollen", 0.9, 0.8)),
        finding("spell", greatest(None, a=distribution(days=0.5, weeks=0.5, months=0.0)), STATES),
        finding("rarer", table(["a"], no=distribution(yes=0.3), yes=distribution(yes=0.1))),
    )
    found = links(net, "ward", "limps", (0.0, 1.0))
    assert found["b"].effect == pytest.approx(np.log((1 - 0.55) / (1 - 0.8)))
    assert found["b"].numbers[0].path == ("signs", "swollen", "noisy_or", "causes", "b")
    assert links(net, "ward", "rarer", (0.0, 1.0))["a"].effect == pytest.approx(np.log(0.1 / 0.3))
    assert links(net, "ward", "spell", (1.0, 0.0, 0.0))["a"].effect == pytest.approx(np.log(0.5))
    assert finding_chances(net, net.findings["limps"], frozenset("b")) == pytest.approx((0.55, 0.45))


def test_a_certain_number_is_0_or_1() -> None:
    with pytest.raises(NetworkError, match="expected a value of 0 or 1 that has no range"):
        Probability(0.5, 0.5, 0.5, "D", "judged", "a test", certain=True)


def test_a_condition_whose_forms_all_have_lines_of_their_own_is_no_cause_above_the_leak() -> None:
    in_forms = replace(condition("a", 0.6), forms=forms({"plain": 0.7, "burst": 0.3}))
    pop = finding("pop", noisy_or(0.1, **{"a": 0.8, "a.plain": 0.1, "a.burst": 0.1}))
    with pytest.raises(NetworkError, match="no cause above the leak"):
        network(in_forms, condition("b", 0.6), pop)
    assert network(in_forms, condition("b", 0.6), finding("pop", noisy_or(0.1, **{"a": 0.8, "a.plain": 0.1})))
