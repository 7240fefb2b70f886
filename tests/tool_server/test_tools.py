"""What each tool gives back, and what it refuses, through a client in memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from bayesknee import Engine, load_network
from bayesknee.patient.cases import read_case
from bayesknee.patient.unsure_answers import probably
from bayesknee.plain import plain
from bayesknee.tool_server.given import LONGEST_QUOTE, HeardAnswer
from bayesknee.tool_server.tools import Tools
from tests.support.paths import KNEE_11, NETWORKS
from tests.tool_server.calling import TINY, asked, call, heard

PATIENT: Final = {"age": 45, "pain_on_grip": "yes", "swelling_noticed": "no"}
CASES: Final = sorted((KNEE_11 / "cases").glob("case-*.yaml"))
EVERY: Final = ("diagnose", "next_question", "explain", "what_if")
ENGINE: Final = Engine(NETWORKS / "tiny")
KNEE_ENGINE: Final = Engine(KNEE_11)
KNEE: Final = Tools(KNEE_ENGINE.network, KNEE_ENGINE.setting)


def ask(tool: str, **more: Any) -> Any:  # noqa: ANN401 (whatever JSON has)
    """Calls a tool with what it cannot do without."""
    needed: dict[str, dict[str, object]] = {
        "explain": {"condition": "strain"},
        "what_if": {"changes": [{"finding": "onset", "state": "fall"}]},
        "find_findings": {"words": "pain"},
    }
    without = {} if tool == "find_findings" else {"evidence": heard(**PATIENT)}
    return call(tool, **{**without, **needed.get(tool, {}), **more})


# --- all that tell of a patient -------------------------------------------------------------------------------------


@pytest.mark.parametrize("tool", EVERY)
def test_urgency_comes_first_and_warnings_and_dangers_next(tool: str) -> None:
    result = ask(tool).result
    diagnosis = ENGINE.diagnose(PATIENT)
    assert list(result)[:3] == ["urgency", "warnings", "not_ruled_out"]
    assert result["urgency"]["level"] == diagnosis.triage.level
    assert result["urgency"]["reasons"] == [diagnosis.triage.told(each) for each in diagnosis.triage.shown]
    assert [(each["condition"], each["probability"], each["limit"]) for each in result["not_ruled_out"]] == [
        (each.condition, each.probability, each.limit) for each in diagnosis.not_ruled_out
    ]


@pytest.mark.parametrize("tool", EVERY)
def test_a_warning_is_told_by_each(tool: str) -> None:
    contradicting = heard(pain_on_grip="no", backhand_pain="yes")
    assert ask(tool, evidence=contradicting).result["warnings"] == [
        {
            "kind": "conflict",
            "message": (
                "The answers contradict each other, and no condition explains it; above all: Pain on grip: no; "
                "Backhand pain: yes. Check them."
            ),
            "answers": ["pain_on_grip=no", "backhand_pain=yes"],
        }
    ]


@pytest.mark.parametrize("tool", EVERY)
def test_each_answer_comes_back_with_its_quote_and_nothing_else_does(tool: str) -> None:
    result = ask(tool).result
    assert [(each["finding"], each["answer"], each["quote"]) for each in result["heard"]] == [
        ("age", "45 years", "age 45"),
        ("pain_on_grip", "yes", "pain_on_grip yes"),
        ("swelling_noticed", "no", "swelling_noticed no"),
    ]


@pytest.mark.parametrize("tool", EVERY)
def test_the_basis_tells_network_program_and_caution(tool: str) -> None:
    network = load_network(TINY)
    basis = ask(tool, setting="emergency").result["basis"]
    assert (basis["network"], basis["version"], basis["sha256"]) == ("tiny", "0.0.1", network.sha256)
    assert (basis["setting"], basis["exact"], basis["caution"]) == ("emergency", True, "For tests only.")


def test_a_name_in_place_of_an_id_keeps_its_quote() -> None:
    result = call("diagnose", evidence=[{"finding": "Pain on grip", "state": "yes", "quote": "it hurts"}]).result
    assert [(each["finding"], each["quote"]) for each in result["heard"]] == [("pain_on_grip", "it hurts")]


def test_an_unsure_answer_counts_as_in_an_interview() -> None:
    said = [{"finding": "pain_on_grip", "state": "yes", "unsure": True, "quote": "I think so"}]
    result = call("diagnose", evidence=said).result
    expected = ENGINE.diagnose({"pain_on_grip": probably(ENGINE.network, "pain_on_grip", "yes")}).posterior
    assert {each["condition"]: each["probability"] for each in result["conditions"]} == dict(expected)


def test_what_answers_imply_is_told() -> None:
    assert call("diagnose", evidence=heard(backhand_pain="yes")).result["implied"] == [
        "Tennis: yes (taken from: Backhand pain)"
    ]


# --- refusals -------------------------------------------------------------------------------------------------------

REFUSED: Final = {
    "near_name": (heard(tenis="yes"), "unknown finding 'tenis'; did you mean tennis?"),
    "no_near_name": (heard(zzz="yes"), "unknown finding 'zzz'; find_findings tells what is known"),
    "near_state": (
        heard(onset="fell"),
        "unknown state 'fell' of onset; expected fall, sudden, gradual or unknown; did you mean fall?",
    ),
    "twice": (
        [*heard(tennis="yes"), *heard(Tennis="no")],
        "tennis has two answers; expected one; keep the one that was said last",
    ),
    "no_answer": (
        [{"finding": "tennis", "quote": "well"}],
        "tennis: got no answer; expected one of state, number and likelihoods; what was not said is left out",
    ),
    "blank": (
        heard(tennis=" "),
        "tennis: got no answer; expected one of state, number and likelihoods; what was not said is left out",
    ),
    "two_at_once": (
        [{"finding": "age", "number": 45, "state": "over_50", "quote": "45"}],
        "age: got several answers; expected one of state, number and likelihoods; what was not said is left out",
    ),
    "unsure_of_nothing": (
        [{"finding": "age", "number": 45, "unsure": True, "quote": "45 or so"}],
        "age: unsure goes with a state other than unknown; leave one of them out",
    ),
    "condition": (
        heard(fracture="yes"),
        "fracture is a condition; expected findings; enter what was said or found, or use what_if",
    ),
    "gate": (
        heard(tennis="no", backhand_pain="yes"),
        "backhand_pain is asked only if tennis is yes, but tennis is no; change one of the two answers",
    ),
    "no_quote": (
        [{"finding": "tennis", "state": "no"}],
        "evidence.0.quote: Field required; see the schema of the tool",
    ),
    "empty_quote": (
        [{"finding": "tennis", "state": "no", "quote": ""}],
        "evidence.0.quote: String should have at least 1 character; see the schema of the tool",
    ),
    "other_key": (
        [{"finding": "tennis", "value": "no", "quote": "no"}],
        "evidence.0.value: Extra inputs are not permitted; see the schema of the tool",
    ),
    "not_a_number": (
        [{"finding": "age", "number": "nan", "quote": "?"}],
        "evidence.0.number: Input should be a finite number; see the schema of the tool",
    ),
}


@pytest.mark.parametrize("tool", EVERY)
@pytest.mark.parametrize("kind", sorted(REFUSED))
def test_a_refusal_reaches_the_model_with_its_reason(kind: str, tool: str) -> None:
    evidence, text = REFUSED[kind]
    answered = ask(tool, evidence=evidence)
    assert (answered.refusal, answered.result) == (text, None)


def test_a_setting_and_a_condition_are_refused_with_near_names() -> None:
    assert ask("diagnose", setting="emergencies").refusal == (
        "unknown setting 'emergencies' of network tiny; did you mean emergency?"
    )
    assert (
        ask("explain", condition="strian").refusal == "unknown condition 'strian' of network tiny; did you mean strain?"
    )
    assert ask("explain", condition="strain", against="strain").refusal == (
        "strain cannot be weighed against itself; name two different conditions"
    )


@pytest.mark.parametrize("tool", [*EVERY, "find_findings"])
def test_an_argument_that_is_not_known_is_not_passed_over(tool: str) -> None:
    assert ask(tool, answers={}).refusal == "answers: Extra inputs are not permitted; see the schema of the tool"


def test_evidence_must_be_given_though_it_may_be_empty() -> None:
    assert call("diagnose").refusal == "evidence: Field required; see the schema of the tool"
    assert call("diagnose", evidence=[]).result["heard"] == []


def test_a_quote_has_a_length_that_is_read() -> None:
    said = {"finding": "tennis", "state": "no", "quote": "x" * (LONGEST_QUOTE + 1)}
    assert "should have at most 500 characters" in call("diagnose", evidence=[said]).refusal


# --- find_findings --------------------------------------------------------------------------------------------------


def test_findings_are_told_with_states_and_gates() -> None:
    found = call("find_findings", words="backhand").result
    assert found == {
        "findings": [
            {
                "finding": "backhand_pain",
                "label": "Backhand pain",
                "question": "Does the backhand hurt?",
                "help": "",
                "asked_of": "patient",
                "states": [{"state": "no", "words": "no"}, {"state": "yes", "words": "yes"}],
                "unit": "",
                "takes_number": False,
                "only_if": [{"finding": "tennis", "states": ["yes"]}],
            }
        ],
        "more": 0,
    }


def test_findings_are_counted_beyond_the_limit_and_cut_to_who_is_asked() -> None:
    assert [each["finding"] for each in call("find_findings", words="effusion").result["findings"]] == ["effusion_felt"]
    assert call("find_findings", words="effusion", asked_of="patient").result == {"findings": [], "more": 0}
    every = call("find_findings", words="", limit=2).result
    assert (len(every["findings"]), every["more"]) == (2, len(load_network(TINY).questions) - 2)
    assert call("find_findings", words="x", limit=0).refusal.startswith("limit: Input should be greater than")


def test_a_number_tells_its_unit() -> None:
    (age,) = call("find_findings", words="how old").result["findings"]
    assert (age["finding"], age["unit"], age["takes_number"]) == ("age", "years", True)


# --- diagnose -------------------------------------------------------------------------------------------------------


def test_all_conditions_are_told_with_base_rates_and_what_speaks_for_the_first() -> None:
    result = ask("diagnose").result
    diagnosis = ENGINE.diagnose(PATIENT)
    assert [(each["condition"], each["probability"], each["base_rate"]) for each in result["conditions"]] == [
        (name, probability, diagnosis.prior[name]) for name, probability in diagnosis.posterior.items()
    ]
    assert "Pain on grip" in result["conditions"][0]["speaks_for"]
    assert [each["finding"] for each in result["ask_next"]] == [each.finding for each in diagnosis.rank_questions()[:3]]


def test_a_result_is_small() -> None:
    """A language model reads it at each turn; for programs there is `diagnose --json`."""
    case = read_case(str(CASES[0]))
    full = KNEE_ENGINE.diagnose(case.evidence).to_dict(questions=3)
    small = KNEE.diagnose(heard_from(case.evidence)).model_dump(mode="json")
    assert 2 * len(json.dumps(small)) < len(json.dumps(full))


def heard_from(evidence: Mapping[str, object]) -> list[HeardAnswer]:
    """The evidence of a case as a language model would pass it on."""
    return [HeardAnswer.model_validate(each) for each in heard(**plain(evidence))]


@pytest.mark.parametrize("path", CASES[::6], ids=lambda path: path.stem)
def test_published_cases_get_the_figures_of_the_engine_to_the_bit(path: Path) -> None:
    case = read_case(str(path))
    result = KNEE.diagnose(heard_from(case.evidence), case.setting or None)
    diagnosis = Engine(KNEE.network, case.setting or None).diagnose(case.evidence)
    told = json.loads(result.model_dump_json())
    assert {each["condition"]: each["probability"] for each in told["conditions"]} == dict(diagnosis.posterior)
    assert told["urgency"]["level"] == diagnosis.triage.level
    assert [each["message"] for each in told["warnings"]] == [each.message for each in diagnosis.warnings]


# --- next_question --------------------------------------------------------------------------------------------------


def test_an_interview_by_next_question_ends_as_one_in_python() -> None:
    """A stand-in for a model answers what it is asked: no to each choice, the first option elsewhere."""
    known: dict[str, object] = {}
    for _ in range(20):
        result = call("next_question", evidence=heard(**known)).result
        if result["finished"]:
            break
        put = result["question"]
        if put["kind"] == "tick_all":
            known |= {line["finding"]: "no" for line in put["lines"]}
        elif put["kind"] == "number":
            known[put["id"]] = 45
        else:
            known[put["id"]] = put["options"][0]["state"]
    assert result["finished"]
    assert result["question"] is None
    assert result["why_finished"]
    assert list(known)[:3] == ["age", "pain_on_grip", "swelling_noticed"]


def test_a_list_gives_its_lines_as_findings() -> None:
    put = call("next_question", evidence=heard(age=45)).result["question"]
    assert (put["id"], put["kind"], put["options"]) == ("complaints", "tick_all", [])
    assert [line["finding"] for line in put["lines"]] == ["pain_on_grip", "swelling_noticed"]


def test_what_was_skipped_gives_way_and_is_no_denial() -> None:
    first = call("next_question", evidence=heard(age=45)).result["question"]["id"]
    then = call("next_question", evidence=heard(age=45), skipped=[first]).result
    assert then["question"]["id"] != first
    assert [each["finding"] for each in then["heard"]] == ["age"]


def test_only_the_patient_is_asked_unless_others_are_there() -> None:
    known = {"age": 45, "pain_on_grip": "yes", "swelling_noticed": "yes", "onset": "fall", "tennis": "no"}
    assert call("next_question", evidence=heard(**known)).result["finished"]
    both = call("next_question", evidence=heard(**known), asked_of=["patient", "clinician"]).result
    assert both["finished"] or both["question"]["id"] == "effusion_felt"


def test_names_that_are_not_known_are_refused() -> None:
    assert (
        call("next_question", evidence=[], skipped=["onsett"]).refusal
        == "unknown question 'onsett'; did you mean onset or setting?"
    )
    assert call("next_question", evidence=[], scope={"onset": "fall"}).refusal == (
        "scope: got 'onset'; expected an id that begins with scope.; see evidence"
    )
    assert "unknown asked_of 'doctor'" in call("next_question", evidence=[], asked_of=["doctor"]).refusal


# --- explain --------------------------------------------------------------------------------------------------------


def test_the_factors_multiply_to_the_whole_change_of_the_odds() -> None:
    result = ask("explain", condition="fracture").result
    product = 1.0
    for each in result["effects"]:
        product *= each["factor"]
    before, now = result["base_rate"], result["probability"]
    assert product == pytest.approx(now / (1 - now) / (before / (1 - before)), rel=1e-9)
    assert {each["finding"]: each["quote"] for each in result["effects"]} == {
        "age": "age 45",
        "pain_on_grip": "pain_on_grip yes",
        "swelling_noticed": "swelling_noticed no",
    }


def test_the_numbers_behind_an_effect_have_range_grade_and_source() -> None:
    effects = call("explain", condition="strain", evidence=heard(tennis="yes")).result["effects"]
    assert effects[0]["numbers"][0] == {
        "what": "odds ratio of Tendon strain with Tennis",
        "value": 4.0,
        "low": 2.0,
        "high": 8.0,
        "grade": "B",
        "source": "Smith, 2015",
    }


def test_a_group_can_be_explained() -> None:
    result = ask("explain", condition="bad").result
    assert result["name"] == "Fracture or infection"
    assert result["probability"] == ENGINE.diagnose(PATIENT).groups["bad"]


# --- what_if --------------------------------------------------------------------------------------------------------


def test_what_is_assumed_is_told_apart_from_what_was_heard() -> None:
    result = call(
        "what_if",
        evidence=heard(**PATIENT),
        changes=[{"finding": "swelling_noticed", "state": "yes"}, {"finding": "onset", "state": "fall"}],
        take_back=["pain_on_grip"],
    ).result
    then = ENGINE.diagnose({"age": 45, "swelling_noticed": "yes", "onset": "fall"})
    now = ENGINE.diagnose(PATIENT)
    assert result["assumed"] == ["Swelling: yes", "Onset: fall", "Pain on grip: taken back"]
    assert "onset" not in [each["finding"] for each in result["heard"]]
    assert {each["condition"]: (each["now"], each["then"]) for each in result["changes"]} == {
        name: (now.posterior[name], then.posterior[name]) for name in now.posterior
    }
    moved = [abs(each["then"] - each["now"]) for each in result["changes"]]
    assert moved == sorted(moved, reverse=True)
    assert (result["urgency"]["level"], result["urgency_then"]["level"]) == (now.triage.level, then.triage.level)


def test_a_condition_can_be_assumed() -> None:
    result = ask("what_if", changes=[{"finding": "fracture", "state": "no"}]).result
    assert [each["then"] for each in result["changes"] if each["condition"] == "fracture"] == [0.0]


def test_something_must_be_assumed_and_only_answers_can_be_taken_back() -> None:
    assert call("what_if", evidence=heard(**PATIENT)).refusal == (
        "nothing is assumed; expected changes, take_back or both; for a case as it is, diagnose"
    )
    assert call("what_if", evidence=heard(**PATIENT), take_back=["onset"]).refusal.startswith(
        "unknown answer to take back 'onset' among the evidence"
    )


# --- what the model is told -----------------------------------------------------------------------------------------


def test_the_tools_say_that_they_only_read_and_take_states_of_the_network_alone() -> None:
    tools = {tool.name: tool for tool in asked(lambda client: client.list_tools()).tools}
    assert set(tools) == {*EVERY, "find_findings"}
    for tool in tools.values():
        hints = tool.annotations
        assert hints is not None
        assert (hints.read_only_hint, hints.idempotent_hint, hints.destructive_hint, hints.open_world_hint) == (
            True,
            True,
            False,
            False,
        )
        assert tool.output_schema is not None
        assert tool.input_schema["additionalProperties"] is False
    answer = tools["diagnose"].input_schema["$defs"]["HeardAnswer"]
    assert answer["properties"]["state"]["enum"] == [
        "under_50",
        "over_50",
        "no",
        "yes",
        "fall",
        "sudden",
        "gradual",
        "unknown",
    ]
    assert answer["required"] == ["finding", "quote"]
    assert "quote" not in tools["what_if"].input_schema["$defs"]["AssumedAnswer"]["properties"]
    assert tools["diagnose"].input_schema["properties"]["setting"]["enum"] == ["clinic", "emergency"]
    assert tools["explain"].input_schema["properties"]["condition"]["enum"] == [
        "strain",
        "fracture",
        "infection",
        "other",
        "bad",
    ]


def test_the_schemas_are_short() -> None:
    """They lie in the context of a model all the time; without cutting titles and nulls they are half as long again."""
    tools = asked(lambda client: client.list_tools()).tools
    assert sum(len(json.dumps(tool.input_schema)) for tool in tools) < 12_000
    assert not any(
        '"title"' in json.dumps(tool.input_schema) or '"null"' in json.dumps(tool.input_schema) for tool in tools
    )
