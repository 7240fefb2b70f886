"""How urgent it is: limits, the leader and red flags, worked by hand, and many patients as one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from bayesknee import BayeskneeError, Engine, EvidenceError, Network, load_network
from bayesknee.diagnosis.care_steps import CareSteps
from bayesknee.diagnosis.triage import NO_LEVEL, levels, red_flags, triage, unknown_flags
from bayesknee.knowledge.guideline_scores import GuidelineScore, ScoreItem, ScoreStep
from bayesknee.knowledge.model import LEVELS, NO_YES, Condition, Exclusion, Level, RedFlag, Threshold
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.patient.codes import NOT_KNOWN, encode, nothing_known
from bayesknee.patient.evidence import NOTHING_KNOWN, Evidence, check_evidence
from bayesknee.patient.unsure_answers import probably
from tests.support.paths import KNEE_11, NETWORKS
from tests.support.random_networks import SMALL, random_answers, random_network
from tests.support.small_networks import condition, distribution, finding, mixture, network, noisy_or, probability

TINY: Network = load_network(NETWORKS / "tiny")
# Levels: strain routine, fracture and infection emergency, other routine. Limits: 0.3, 0.02, 0.01, and so on.
STEPS = CareSteps(Engine(TINY).compiled)
SPEAKING = {"swelling_noticed": "yes"}  # for a broken bone, whose base rate is over its limit
CALM = {"strain": 0.2, "other": 0.1, "fracture": 0.01, "infection": 0.005}


def flags(answers: Mapping[str, object]) -> list[str]:
    return [each.id for each in red_flags(TINY, check_evidence(TINY, answers))]


def test_the_leader_sets_the_level_where_nothing_is_over_its_limit() -> None:
    found = triage(STEPS, NOTHING_KNOWN, CALM)
    (reason,) = found.reasons
    assert (found.level, reason.kind, reason.id) == ("routine", "leader", "strain")
    assert reason.text == "Tendon strain 20 %, the most probable cause"


def test_a_condition_at_its_limit_sets_the_level_whatever_leads() -> None:
    found = triage(STEPS, check_evidence(TINY, SPEAKING), {**CALM, "fracture": 0.02})
    assert found.level == "emergency"
    assert [(each.kind, each.id, each.level) for each in found.reasons] == [
        ("over_limit", "fracture", "emergency"),
        ("leader", "strain", "routine"),
    ]
    assert found.decisive == found.reasons[:1]
    assert found.reasons[0].text == "Broken bone 2 %, not below its limit of 2 %"
    assert (found.reasons[0].probability, found.reasons[0].limit) == (0.02, 0.02)


def test_with_no_answers_nobody_is_an_emergency() -> None:
    """A broken bone has a base rate of 10 % and a limit of 2 %; nothing speaks for one yet."""
    nobody = Engine(TINY).diagnose()
    assert nobody.triage.level == "routine"
    assert [each.condition for each in nobody.not_ruled_out] == ["fracture", "infection"]


def bone(limit: float, high: float) -> Network:
    """A broken bone calls for help now from this limit on, which may be as high as that; its base rate is 10 %."""
    stated = replace(TINY.conditions["fracture"], limit=replace(probability(limit), low=limit, high=high))
    return replace(TINY, conditions={**TINY.conditions, "fracture": stated})


@pytest.mark.parametrize(
    ("answers", "times", "level"),
    [
        # how many times the odds of a broken bone, and what it calls for
        ({}, 1.0, "routine"),
        ({"pain_on_grip": "yes"}, 1.3, "routine"),  # says little
        ({"swelling_noticed": "no"}, 0.5, "routine"),  # speaks against it
        ({"swelling_noticed": "yes"}, 4.1, "emergency"),
        ({"swelling_noticed": {"yes": 0.8, "no": 0.2}}, 2.1, "emergency"),
        ({"swelling_noticed": {"yes": 0.55, "no": 0.45}}, 1.1, "routine"),
        ({"swelling_noticed": UNKNOWN}, 1.0, "routine"),
        # One answer that speaks for it counts, whatever speaks against it
        ({"swelling_noticed": "yes", "effusion_felt": "no", "onset": "gradual"}, 0.3, "emergency"),
        ({"age": "over_50"}, 1.46, "routine"),
        ({"age": "over_50", "pain_on_grip": "yes"}, 1.8, "emergency"),  # together, though neither does alone
    ],
)
def test_a_limit_that_the_base_rate_is_over_counts_where_answers_speak_for_it(
    answers: dict[str, object], times: float, level: str
) -> None:
    found = Engine(bone(0.02, 0.3)).diagnose(answers)
    chance = found.posterior["fracture"]
    assert chance / (1.0 - chance) * 9.0 == pytest.approx(times, rel=0.15)
    assert "fracture" in [each.condition for each in found.not_ruled_out]  # which is told, whatever the level
    called = [each.level for each in found.triage.reasons if each.id == "fracture"]
    assert called == [level]
    assert found.triage.level == level


@pytest.mark.parametrize(("high", "called"), [(0.06, True), (0.08, False)])
def test_what_is_clearly_over_all_that_a_limit_may_be_counts_once_something_is_known(high: float, called: bool) -> None:
    """1.5 times the odds of 6 % are those of 8.7 %, and of 8 % those of 11.5 %; an empty answer leaves 10 %."""
    engine = Engine(bone(0.02, high))
    assert engine.diagnose().triage.level == "routine"
    found = engine.diagnose({"effusion_felt": {"yes": 0.4, "no": 0.4}})
    assert found.posterior["fracture"] == pytest.approx(0.1)
    assert (found.triage.level == "emergency") is called


def stepped() -> Network:
    """A broken bone calls for an X-ray today from 2 % on, and for a splint now from 30 %."""
    steps: dict[Level, Threshold] = {"emergency": Threshold(probability(0.3), "a splint now")}
    bone = replace(TINY.conditions["fracture"], level="same_day", do="an X-ray today", thresholds=steps)
    return replace(TINY, conditions={**TINY.conditions, "fracture": bone})


@pytest.mark.parametrize(
    ("chance", "level", "text"),
    [
        (0.019, "routine", None),
        (0.02, "same_day", "Broken bone 2 %, not below its limit of 2 %: an X-ray today"),
        (0.299, "same_day", "Broken bone 29.9 %, not below its limit of 2 %: an X-ray today"),
        (0.3, "emergency", "Broken bone 30 %, not below its limit of 30 %: a splint now"),
    ],
)
def test_the_level_rises_in_steps(chance: float, level: str, text: str | None) -> None:
    network = stepped()
    posterior = {"strain": 0.5, "other": 0.1, "fracture": chance, "infection": 0.005}
    found = triage(CareSteps(Engine(network).compiled), check_evidence(network, SPEAKING), posterior)
    assert found.level == level
    assert text is None or text in [reason.text for reason in found.reasons]
    codes = encode(network, [check_evidence(network, SPEAKING)])
    marginals = np.array([[posterior[name] for name in network.conditions]])
    assert LEVELS[levels(CareSteps(Engine(network).compiled), marginals, codes)[0]] == level


def test_a_higher_limit_moves_the_further_thresholds_up() -> None:
    steps = CareSteps(Engine(stepped()).compiled, {"fracture": 0.6})
    assert [(at, level) for at, level, _ in steps.of("fracture")] == [(0.6, "same_day"), (0.6, "emergency")]


# --- exceptions ------------------------------------------------------------------------------------------------------


def excepted() -> Network:
    """A hot elbow need not be seen within days where there was a fall and no pain on grip."""
    exclusion = Exclusion({"pain_on_grip": ("no",)}, "A grip without pain speaks against it.", "judged", "a test")
    return flagged(TINY, replace(TINY.red_flags["hot_elbow"], unless=(exclusion,)))


RAISED = {"onset": "sudden", "swelling_noticed": "yes"}


def test_an_exception_that_is_stated_sets_a_red_flag_aside_and_is_told() -> None:
    found = Engine(excepted()).diagnose({**RAISED, "pain_on_grip": "no"}).triage
    assert not found.red_flags
    (flag,) = found.set_aside
    assert (flag.id, flag.set_aside_by) == ("hot_elbow", "A grip without pain speaks against it.")
    assert found.to_dict()["set_aside"][0]["set_aside_by"] == "A grip without pain speaks against it."


@pytest.mark.parametrize("answer", [None, UNKNOWN, "yes", {"yes": 0.01, "no": 0.99}])
def test_what_is_unknown_unsure_or_not_asked_is_no_exception(answer: object) -> None:
    answers = RAISED if answer is None else {**RAISED, "pain_on_grip": answer}
    found = Engine(excepted()).diagnose(answers).triage
    assert [flag.id for flag in found.red_flags] == ["hot_elbow"]
    assert not found.set_aside


def test_a_red_flag_holds_whatever_the_posterior_says() -> None:
    evidence = check_evidence(TINY, {"onset": "sudden", "swelling_noticed": "yes"})
    found = triage(STEPS, evidence, CALM)
    assert found.level == "urgent"
    (flag,) = found.red_flags
    assert flag == found.reasons[0]
    assert flag.answers == ("onset=sudden", "swelling_noticed=yes")
    assert flag.text == TINY.red_flags["hot_elbow"].reason
    assert (flag.source, flag.probability, flag.limit) == ("smith_2015", None, None)


@pytest.mark.parametrize(
    ("answers", "raised"),
    [
        ({}, False),
        ({"onset": "fall"}, False),
        ({"onset": "fall", "effusion_felt": "yes"}, True),
        ({"onset": "fall", "effusion_felt": "no", "swelling_noticed": "no"}, False),
        ({"onset": "fall", "effusion_felt": "no", "swelling_noticed": "yes"}, True),
        ({"onset": UNKNOWN, "effusion_felt": "yes"}, False),
        ({"onset": "gradual", "effusion_felt": "yes"}, False),
        ({"onset": "fall", "effusion_felt": {"yes": 0.6, "no": 0.4}}, True),
        ({"onset": "fall", "effusion_felt": {"yes": 0.5, "no": 0.5}}, False),
        ({"onset": {"fall": 0.3, "sudden": 0.3, "gradual": 0.4}, "effusion_felt": "yes"}, True),
        ({"onset": {"fall": 0.25, "sudden": 0.25, "gradual": 0.5}, "effusion_felt": "yes"}, False),
    ],
)
def test_red_flags_read_what_is_present(answers: dict[str, object], raised: bool) -> None:
    assert flags(answers) == (["hot_elbow"] if raised else [])


def test_probably_raises_a_flag_however_many_states_there_are() -> None:
    """`probably` of six states: a likelihood of 0.8 for one and 0.2 for each other, so less than half of all."""
    rule = RedFlag("alarm", "Alarm", "urgent", "Why.", ({"age": ("age_12_17",)},), "judged", "x")
    young = flagged(load_network(KNEE_11), rule)
    for state, raised in [("age_12_17", True), ("age_18_29", False)]:
        evidence = check_evidence(young, {"age": probably(young, "age", state)})
        assert [each.answers for each in red_flags(young, evidence)] == (
            [("age=probably age_12_17",)] if raised else []
        )


@pytest.mark.parametrize(
    ("answers", "left_open"),
    [
        ({}, False),
        ({"onset": "fall"}, False),
        ({"onset": "fall", "effusion_felt": UNKNOWN}, True),
        ({"onset": UNKNOWN, "effusion_felt": UNKNOWN}, True),
        ({"onset": UNKNOWN, "effusion_felt": "no", "swelling_noticed": "no"}, False),
        ({"onset": "gradual", "effusion_felt": UNKNOWN}, False),
        ({"onset": "fall", "effusion_felt": UNKNOWN, "swelling_noticed": "yes"}, False),  # it holds, and is known
    ],
)
def test_red_flags_that_answers_not_known_leave_open(answers: dict[str, object], left_open: bool) -> None:
    evidence = check_evidence(TINY, answers)
    assert [each.id for each in unknown_flags(TINY, evidence, "routine")] == (["hot_elbow"] if left_open else [])
    assert list(unknown_flags(TINY, evidence, "urgent")) == []


def test_an_implied_gate_raises_a_flag() -> None:
    small = flagged(gated_network(), RedFlag("alarm", "Alarm", "urgent", "Why.", ({"lump": ("yes",)},), "judged", "x"))
    assert [each.answers for each in red_flags(small, check_evidence(small, {"lump_hard": "no"}))] == [("lump=yes",)]
    assert list(red_flags(small, check_evidence(small, {"lump_hard": UNKNOWN}))) == []


@pytest.mark.parametrize(
    ("onset", "shown"),
    [
        ({"fall": 0.8, "sudden": 0.2, "gradual": 0.2}, "onset=probably fall"),
        ({"fall": 0.4, "sudden": 0.2, "gradual": 0.8}, "onset=probably fall"),  # gradual is ruled out
        ({"fall": 0.2, "sudden": 0.8, "gradual": 0.2}, ""),
        ({"fall": 0.8, "sudden": 0.0, "gradual": 0.2}, "onset=fall"),  # the one that is left
        (UNKNOWN, ""),
    ],
)
def test_of_an_unsure_gate_what_is_left_of_it_counts(onset: object, shown: str) -> None:
    """A pop is asked about after a fall or a sudden start: an answer to that does not silence a probable fall."""
    alarm = RedFlag("alarm", "Alarm", "urgent", "Why.", ({"onset": ("fall",)},), "judged", "x")
    pop = finding("pop", noisy_or(0.1, a=0.5), only_if={"onset": ("fall", "sudden")})
    rule = mixture(distribution(fall=0.2, sudden=0.3, gradual=0.5), a=distribution(fall=0.5, sudden=0.2, gradual=0.3))
    small = flagged(
        network(condition("a", 0.5), finding("onset", rule, states=("fall", "sudden", "gradual")), pop, complaint=""),
        alarm,
    )
    evidence = check_evidence(small, {"onset": onset, "pop": "no"})
    assert [each.answers for each in red_flags(small, evidence)] == ([(shown,)] if shown else [])


@pytest.mark.parametrize(
    ("lump", "left_open"),
    [
        ({}, False),  # not asked yet
        ({"lump": "yes"}, False),  # likewise: now it can be
        ({"lump": "no"}, False),
        ({"lump": UNKNOWN}, True),
        ({"lump": {"yes": 0.8, "no": 0.2}}, True),
        ({"lump": {"yes": 0.2, "no": 0.8}}, False),
        ({"lump": "yes", "lump_hard": UNKNOWN}, True),
        ({"lump": "yes", "lump_hard": "no"}, False),
    ],
)
def test_what_was_not_asked_for_an_unsure_gate_leaves_a_flag_open(lump: dict[str, object], left_open: bool) -> None:
    alarm = RedFlag("alarm", "Alarm", "urgent", "Why.", ({"lump_hard": ("yes",)},), "judged", "x")
    small = flagged(gated_network(), alarm)
    found = [each.id for each in unknown_flags(small, check_evidence(small, lump), "routine")]
    assert found == (["alarm"] if left_open else [])


def gated_network() -> Network:
    rule = noisy_or(0.1, a=0.7)
    return network(
        condition("a", 0.7),
        condition("b", 0.6),
        finding("lump", rule),
        finding("lump_hard", noisy_or(0.2, b=0.6), only_if={"lump": ("yes",)}),
    )


def flagged(plain: Network, *rules: RedFlag) -> Network:
    return replace(plain, red_flags={rule.id: rule for rule in rules})


def test_limits_can_be_given() -> None:
    diagnosis = Engine(TINY).diagnose({"fracture": "no", "infection": "no"})
    assert diagnosis.triage.level == "routine"
    assert diagnosis.triage_with({"infection": 0.5}).level == "routine"
    some = Engine(TINY).diagnose({"tennis": "no", "pain_on_grip": "yes"})
    assert some.triage.level == "emergency"
    assert some.triage_with({"fracture": 0.9, "infection": 0.9}).level == "routine"


def test_limits_that_cannot_be() -> None:
    diagnosis = Engine(TINY).diagnose()
    with pytest.raises(BayeskneeError, match="unknown condition 'fractur'; did you mean fracture"):
        diagnosis.triage_with({"fractur": 0.1})
    with pytest.raises(BayeskneeError, match=r"limit 1.5 of fracture; expected a probability inside \(0, 1\)"):
        diagnosis.triage_with({"fracture": 1.5})


def test_as_plain_data() -> None:
    plain = Engine(TINY).diagnose({"onset": "fall", "effusion_felt": "yes"}).to_dict()["triage"]
    assert plain["level"] == "emergency"
    assert {each["kind"] for each in plain["reasons"]} >= {"over_limit", "red_flag"}
    (flag,) = [each for each in plain["reasons"] if each["kind"] == "red_flag"]
    assert flag == {
        "kind": "red_flag",
        "level": "urgent",
        "text": "A swelling that came suddenly should be seen within days.",
        "red_flag": "hot_elbow",
        "answers": ["onset=fall", "effusion_felt=yes"],
        "source": "smith_2015",
    }


# --- many patients -------------------------------------------------------------------------------------------------


def test_usual_thresholds_count_alike_for_one_and_for_many() -> None:
    """Limits below the base rates; beside what is in the rows, answers that all share, unsure ones too."""
    counted = []
    for seed in range(60):
        rng = Random(seed)
        plain = random_network(rng, SMALL)
        drawn = replace(plain, conditions={each.id: usual(rng, each, plain) for each in plain.conditions.values()})
        engine = Engine(drawn)
        for given in (NOTHING_KNOWN, check_evidence(drawn, random_answers(rng, drawn, share=0.2))):
            rows = [patient for _ in range(4) if (patient := beside(drawn, rng, given)) is not None]
            diagnoses = [engine.diagnose({**row.answers, **given.answers}) for row in rows]
            marginals = np.array([[found.posterior[name] for name in drawn.conditions] for found in diagnoses])
            forms = np.array(
                [[found.forms[n][f] for n in found.forms for f in forms_of(drawn, n)] for found in diagnoses]
            )
            if rows:
                got = levels(CareSteps(engine.compiled), marginals, encode(drawn, rows), given, forms=forms)
                assert [LEVELS[level] for level in got] == [found.triage.level for found in diagnoses]
            counted += [
                any(reason.kind == "over_limit" and reason.id == danger for reason in found.triage.reasons)
                for found in diagnoses
                for danger, chance in found.posterior.items()
                if chance >= drawn.conditions[danger].limit.value
            ]
    assert 0.1 < sum(counted) / len(counted) < 0.9  # both happen


def beside(drawn: Network, rng: Random, given: Evidence) -> Evidence | None:
    """Answers that codes can hold beside those given; None where the two clash."""
    own = {name: answer for name, answer in certain(drawn, rng).items() if name not in given.answers}
    try:
        Engine(drawn).diagnose({**own, **given.answers})
    except EvidenceError:
        return None
    return check_evidence(drawn, own)


def usual(rng: Random, condition: Condition, drawn: Network) -> Condition:
    """The condition with a limit below its base rate, in two of three."""
    if rng.random() < 1 / 3:
        return condition
    base = condition.base_rate_in(drawn.default_setting)
    limit = rng.uniform(0.3, 1.0) * base
    stated = replace(probability(limit), low=limit, high=min(0.99, 3.0 * base))
    return replace(condition, limit=stated, thresholds={})


def test_many_are_as_one_by_one() -> None:
    found = set()
    for seed in range(60):
        rng = Random(seed)
        plain = random_network(rng, SMALL)
        drawn = flagged(plain, *(random_flag(rng, plain, number) for number in range(3)))
        drawn = replace(drawn, conditions={each.id: with_steps(rng, each) for each in drawn.conditions.values()})
        drawn = replace(drawn, scores={"points": random_score(rng, drawn)})
        engine = Engine(drawn)
        patients = [check_evidence(drawn, certain(drawn, rng)) for _ in range(8)]
        diagnoses = [engine.diagnose(each) for each in patients]
        marginals = np.array([[each.posterior[name] for name in drawn.conditions] for each in diagnoses])
        forms = np.array(
            [[each.forms[name][form] for name in each.forms for form in forms_of(drawn, name)] for each in diagnoses]
        )
        got = levels(CareSteps(engine.compiled), marginals, encode(drawn, patients), forms=forms)
        assert [LEVELS[level] for level in got] == [each.triage.level for each in diagnoses]
        found |= {LEVELS[level] for level in got}
    assert len(found) > 2


def forms_of(drawn: Network, condition: str) -> Iterable[str]:
    return drawn.conditions[condition].forms


def with_steps(rng: Random, condition: Condition) -> Condition:
    """The condition with a further threshold, in two of three."""
    if rng.random() < 1 / 3 or condition.level == "emergency":
        return condition
    at = rng.uniform(condition.limit.value, 1.0)
    return replace(condition, thresholds={"emergency": Threshold(probability(at))})


def random_flag(rng: Random, drawn: Network, number: int) -> RedFlag:
    """A rule on one or two questions, with an exception in half of them; level emergency or urgent."""
    names = rng.sample(list(drawn.questions), 2)
    lines = []
    for name in names[: rng.randint(1, 2)]:
        states = drawn.states[name]
        lines.append({name: ("yes",) if states == NO_YES else tuple(rng.sample(states, 1))})
    level = rng.choice(["emergency", "urgent"])
    other = rng.choice([name for name in drawn.questions if name not in names])
    exclusion = Exclusion({other: (rng.choice(drawn.states[other]),)}, "Not so.", "judged", "a test")
    unless = (exclusion,) if rng.random() < 1 / 2 else ()
    return RedFlag(f"flag_{number}", "Flag", level, "Why.", tuple(lines), "judged", "a test", unless)  # type: ignore[arg-type]


def random_score(rng: Random, drawn: Network) -> GuidelineScore:
    """A point for an answer to each of three questions, and one less where another condition is as likely."""
    items = {
        name: ScoreItem(name, "Item", 1.0, when=({name: (rng.choice(drawn.states[name]),)},))
        for name in rng.sample(list(drawn.questions), min(3, len(drawn.questions)))
    }
    items["other"] = ScoreItem("other", "Other", -1.0, at_least_as_likely_as=rng.choice(list(drawn.conditions)))
    steps = (ScoreStep(-1, "no"), ScoreStep(1, "perhaps", "same_day"), ScoreStep(2, "yes", "emergency"))
    return GuidelineScore("points", "Points", items, steps, "judged", "a test")


def certain(drawn: Network, rng: Random) -> dict[str, object]:
    """Answers that codes can hold and that no gate forbids."""
    answers = random_answers(rng, drawn, share=0.6)
    kept: dict[str, object] = {
        name: each for name, each in answers.items() if isinstance(each, str) and name in drawn.questions
    }
    try:
        Engine(drawn).diagnose(kept)
    except EvidenceError:
        return {}
    return kept


def test_evidence_that_all_share_counts_and_hides_their_codes() -> None:
    codes = nothing_known(TINY, 3)
    columns = {name: column for column, name in enumerate(TINY.questions)}
    codes[1, columns["effusion_felt"]] = codes[2, columns["effusion_felt"]] = 1
    codes[2, columns["onset"]] = TINY.states["onset"].index("gradual")
    marginals = np.array([list(CALM.values())] * 3)[:, [list(CALM).index(name) for name in TINY.conditions]]
    shared = check_evidence(TINY, {"onset": "fall"})
    assert [LEVELS[each] for each in levels(STEPS, marginals, codes, shared)] == ["routine", "urgent", "urgent"]
    assert [LEVELS[each] for each in levels(STEPS, marginals, codes)] == ["routine", "routine", "routine"]


def test_a_row_that_cannot_be_has_no_level() -> None:
    codes = nothing_known(TINY, 1)
    assert codes.min() == NOT_KNOWN
    assert levels(STEPS, np.full((1, len(TINY.conditions)), np.nan), codes).tolist() == [NO_LEVEL]
