"""Numbers that patients moved, as they are shown."""

from __future__ import annotations

import pytest

from bayesknee import load_network
from bayesknee.cohort import check_cases
from bayesknee.cohort.learning import learn
from bayesknee.display.learned import learned_data, learned_markdown, learned_text
from bayesknee.patient.cases import Case
from tests.support.paths import NETWORKS

TINY = load_network(NETWORKS / "tiny")


@pytest.mark.parametrize("patients", [1, 3000])
def test_no_probability_looks_certain(patients: int) -> None:
    cases = check_cases([Case(label=("strain",), evidence={"tennis": "yes", "pain_on_grip": "yes"})] * patients, TINY)
    rows = [line for line in learned_markdown(learn(TINY, cases)).splitlines() if line.startswith(("| find", "| cond"))]
    assert rows
    for row in rows:
        for cell in row.split(" | ")[1:3]:
            assert not {"0", "1", "1.0", "0.0"} & set(
                cell.replace("(", " ").replace(")", " ").replace("-", " ").split()
            )


def test_what_stays_is_counted_and_told_with_its_reason() -> None:
    """Nothing was answered and base rates are kept: no number moves, and each door says why."""
    learned = learn(TINY, check_cases([Case(label=("strain",))], TINY), base_rates=False)
    numbers = len(list(TINY.numbers()))
    told = " ".join(learned_text(learned).split())
    assert told.startswith(f"tiny 0.0.1+1_case: 0 numbers updated by 1 case, {numbers} stay These stay: ")
    assert f"{learned.stay['not_answered']} of signs and findings that no case has an answer to; " in told
    assert f"{learned.stay['kept']} base rates and shares of forms, kept as asked; " in told
    assert f"\n- {learned.stay['odds_ratios']} odds ratios, which are never updated\n" in learned_markdown(learned)
    assert learned_data(learned)["stay"] == dict(learned.stay)
    assert sum(learned.stay.values()) == numbers
    assert list(learned.stay) == ["not_answered", "kept", "odds_ratios", "risk_factors", "limits", "weights"]


def test_a_number_of_which_patients_tell_little_is_told_apart_from_one_that_nobody_was_asked() -> None:
    given = [Case(label=("strain",), evidence={"pain_on_grip": "yes"})]
    learned = learn(TINY, check_cases(given, TINY), base_rates=False)
    asked = [path for path, _ in TINY.numbers() if path[:2] == ("findings", "pain_on_grip")]
    assert learned.stay["told_little"] == len(asked) - len(learned.moves) > 0
