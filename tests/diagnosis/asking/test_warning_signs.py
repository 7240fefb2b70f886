"""The questions that a form asks first: what red flags read, and what speaks for something dangerous."""

from __future__ import annotations

from bayesknee import Engine, load_network
from bayesknee.knowledge.model import ABSENT
from bayesknee.words import ALARMING
from tests.support.paths import NETWORKS

TINY = load_network(NETWORKS / "tiny")
KNEE = load_network("posterior_knee")


def test_by_hand() -> None:
    # The red flag of the network reads onset and swelling. Age over 50 multiplies the odds of a fracture by 3 beside
    # that of people under 50, and by less than 2 beside that of all. Tennis and pain on grip speak for the strain.
    assert Engine(TINY).diagnose().warning_signs == ("swelling_noticed", "onset")
    assert Engine(TINY).diagnose({"onset": "unknown", "age": 45}).warning_signs == ("swelling_noticed",)


def test_all_that_red_flags_read_of_the_patient_is_there() -> None:
    signs = Engine(KNEE).diagnose().warning_signs
    read = {name for flag in KNEE.red_flags.values() for line in flag.when for name in line}
    assert {name for name in read if KNEE.questions[name].asked_of == "patient"} <= set(signs)
    assert {KNEE.questions[name].asked_of for name in signs} == {"patient"}
    gates = {gate for name in signs for gate, _ in KNEE.gates.get(name, ())}
    assert gates <= set(signs)
    assert list(signs) == [name for name in KNEE.questions if name in signs]


def test_what_raises_something_alarming_most_is_there() -> None:
    """A swollen vein speaks for a clot more than for anything else, and no red flag reads it."""
    engine = Engine(KNEE)
    signs, nobody = engine.diagnose().warning_signs, engine.diagnose().posterior
    assert "new_surface_veins" in signs
    dangers = [each.id for each in KNEE.conditions.values() if each.must_not_miss and each.highest_level in ALARMING]
    for name in set(signs) - {name for flag in KNEE.red_flags.values() for line in flag.when for name in line}:
        if name in KNEE.findings and name not in {gate for each in KNEE.gated for gate, _ in KNEE.gates[each]}:
            raised = [
                engine.diagnose({name: state}).posterior[danger] / nobody[danger]
                for state in KNEE.states[name]
                if state not in ABSENT
                for danger in dangers
            ]
            assert max(raised) > 1.0
