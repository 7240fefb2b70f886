"""Case files: what is read as a patient, and what is refused and how."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bayesknee import Engine, load_network
from bayesknee.errors import BaseRateError, CaseFileError, EvidenceError
from bayesknee.patient.cases import (
    MOST_BYTES,
    Case,
    added,
    base_rates_of_words,
    evidence_of_words,
    parse_case,
    read_case,
)
from bayesknee.patient.evidence import check_evidence
from tests.support.paths import NETWORKS
from tests.support.small_networks import condition, distribution, finding, mixture
from tests.support.small_networks import network as small_network

TINY = load_network(NETWORKS / "tiny")


def refusal(content: str | bytes, name: str = "case.yaml") -> str:
    with pytest.raises(CaseFileError) as caught:
        parse_case(content.encode() if isinstance(content, str) else content, name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def answers(content: bytes, name: str = "case.yaml") -> dict[str, object]:
    """What the tiny network takes a case for."""
    return dict(check_evidence(TINY, parse_case(content, name).evidence).answers)


# --- what is read --------------------------------------------------------------------------------------------------


def test_all_keys() -> None:
    text = """
        id: case-7
        title: "A fall: on the elbow"
        source: Smith 2015
        note: seen late
        label: [fracture, strain]
        network: tiny
        setting: emergency
        evidence: {onset: fall, age: 45}
    """
    assert parse_case(text.encode(), "case.yaml") == Case(
        evidence={"onset": "fall", "age": 45.0},
        setting="emergency",
        network="tiny",
        id="case-7",
        title="A fall: on the elbow",
        source="Smith 2015",
        note="seen late",
        label=("fracture", "strain"),
    )


def test_base_rates_are_read() -> None:
    case = parse_case(b"evidence: {onset: fall}\nbase_rates: {fracture: 0.25, infection: 5%, strain: 40 %}\n", "c.yaml")
    assert case.base_rates == {"fracture": 0.25, "infection": 0.05, "strain": 0.4}


@pytest.mark.parametrize("wrong", ["0.25", "{fracture: many}", "{fracture: [0.25]}", "{}", "{fracture: '0,25'}"])
def test_base_rates_that_are_none(wrong: str) -> None:
    told = refusal(f"evidence: {{onset: fall}}\nbase_rates: {wrong}\n")
    assert "as base_rates; expected probabilities by condition; write condition: 0.1, or condition: 10%" in told


def test_base_rates_as_words() -> None:
    assert base_rates_of_words(["fracture=0.25", "infection = 5 %"]) == {"fracture": 0.25, "infection": 0.05}


@pytest.mark.parametrize("word", ["fracture", "=0.1", "fracture=", "fracture=much", "fracture=0,1", "fracture=%"])
def test_words_that_are_no_base_rate(word: str) -> None:
    with pytest.raises(BaseRateError, match=f"'{word}' is no base rate; expected condition=0.1 or condition=10%"):
        base_rates_of_words([word])


def test_two_base_rates_of_one_condition() -> None:
    with pytest.raises(BaseRateError, match="two base rates are given for fracture; expected one; keep one of them"):
        base_rates_of_words(["fracture=0.1", "fracture=0.2"])


def test_a_bare_mapping_is_evidence() -> None:
    assert parse_case(b"onset: fall\nage: 45\n", "case.yaml") == Case({"onset": "fall", "age": 45.0})


def test_one_label_and_empty_parts() -> None:
    case = parse_case(b"label: strain\nsetting:\nnetwork: null\nevidence: {}\n", "case.yaml")
    assert case == Case(label=("strain",))


@pytest.mark.parametrize("written", ["yes", "Yes", "YES", "true", "True", "'yes'"])
def test_yes_is_a_state(written: str) -> None:
    assert answers(f"tennis: {written}".encode()) == {"tennis": "yes"}


@pytest.mark.parametrize("written", ["no", "No", "false", "FALSE", '"no"'])
def test_no_is_a_state(written: str) -> None:
    assert answers(f"tennis: {written}".encode()) == {"tennis": "no"}


@pytest.mark.parametrize("state", ["true", "false", "null", "yes"])
def test_a_state_may_be_named_like_a_truth_value_or_like_nothing(state: str) -> None:
    usual, a = (
        distribution(true=0.2, false=0.3, null=0.4, yes=0.1),
        distribution(true=0.1, false=0.4, null=0.4, yes=0.1),
    )
    heard = mixture(usual, a=a)
    network = small_network(
        condition("a", 0.6), condition("b", 0.6), finding("heard", heard, ("true", "false", "null", "yes"))
    )
    quoted = f'"{state}"' if state == "null" else state
    for raw in (
        evidence_of_words([f"heard={state}"], network),
        parse_case(f"heard: {quoted}".encode(), "case.yaml").evidence,
        parse_case(f'{{"heard": "{state}"}}'.encode(), "case.json").evidence,
        {"heard": state},
    ):
        assert dict(check_evidence(network, raw).answers) == {"heard": state}
    soft = evidence_of_words(["heard=true:1,false:0.5,null:0.25,yes:0"], network)
    assert check_evidence(network, soft).likelihoods["heard"] == (1.0, 0.5, 0.25, 0.0)


@pytest.mark.parametrize(
    ("written", "read"), [("45", 45.0), ("45.5", 45.5), ("-3", -3.0), ("1e1", 10.0), ("'45'", "45")]
)
def test_numbers(written: str, read: object) -> None:
    assert parse_case(f"age: {written}".encode(), "case.yaml").evidence == {"age": read}


def test_likelihoods() -> None:
    read = answers(b"tennis: {yes: 0.8, false: 0.2}\nonset: unknown")
    assert read == {"tennis": {"yes": 0.8, "no": 0.2}, "onset": "unknown"}


@pytest.mark.parametrize("name", ["case.json", "standard input", "case.txt"])
def test_json_with_tabs_and_a_byte_order_mark(name: str) -> None:
    content = (
        b'\xef\xbb\xbf{\n\t"evidence": {\n\t\t"tennis": true,\n\t\t"age": 45, '
        b'"onset": {"fall": 1, "sudden": 0.5, "gradual": 0}}}\n'
    )
    read = {"tennis": "yes", "age": "under_50", "onset": {"fall": 1.0, "sudden": 0.5, "gradual": 0.0}}
    assert answers(content, name) == read


def test_yaml_that_begins_like_json() -> None:
    assert parse_case(b"{setting: clinic, evidence: {tennis: yes}}", "-") == Case({"tennis": "yes"}, setting="clinic")


def test_windows_line_ends() -> None:
    assert parse_case(b"evidence:\r\n  tennis: yes\r\n", "case.yaml").evidence == {"tennis": "yes"}


@pytest.mark.parametrize("name", ["result.json", "result.yaml", "standard input"])
def test_a_printed_diagnosis_is_a_case(name: str) -> None:
    answers = {"age": 45, "tennis": {"yes": 0.8, "no": 0.2}, "onset": "unknown"}
    diagnosis = Engine(TINY, "emergency").diagnose(answers)
    case = parse_case(json.dumps({**diagnosis.to_dict(), "key_of_tomorrow": [1]}, indent=2).encode(), name)
    assert case.setting == "emergency"
    assert case.network == ""
    again = Engine(TINY, case.setting).diagnose(case.evidence)
    assert again.to_dict() == diagnosis.to_dict()


def test_a_path_is_read(tmp_path: Path) -> None:
    file = tmp_path / "patient.yaml"
    file.write_text("tennis: yes")
    assert read_case(file) == read_case(str(file)) == Case({"tennis": "yes"})


# --- what is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", ["", "\n\n", "# only a comment\n", "\ufeff"])
def test_empty(content: str) -> None:
    assert "got an empty file" in refusal(content)


@pytest.mark.parametrize("name", ["case.yaml", "case.json"])
def test_an_empty_mapping(name: str) -> None:
    assert refusal("{}", name).endswith(
        "got an empty mapping; expected findings and answers; write finding: answer lines"
    )


def test_empty_json() -> None:
    assert refusal("", "case.json").startswith("case.json:1: got text that is not JSON (Expecting value)")


@pytest.mark.parametrize("content", ["- tennis\n- onset\n", '["tennis"]', "[]"])
def test_a_list(content: str) -> None:
    assert "got a list; expected evidence: with findings and answers below" in refusal(content)


@pytest.mark.parametrize("content", ["tennis", "45", '"tennis: yes"'])
def test_a_word(content: str) -> None:
    assert "expected evidence: with findings and answers below" in refusal(content)


def test_binary() -> None:
    assert "expected" in refusal(bytes(range(256)))
    assert "expected" in refusal(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    assert "expected" in refusal(b"tennis: \x00yes")


def test_not_utf8() -> None:
    assert refusal("title: é\nevidence: {}".encode("latin-1")) == (
        "case.yaml:1: got the byte 0xe9; expected UTF-8 text; save the file as UTF-8"
    )
    assert "got the byte 0xe9" in refusal('{"title": "é"}'.encode("latin-1"), "case.json")
    assert "expected UTF-8 text" in refusal("evidence: {}".encode("utf-16"))


@pytest.mark.parametrize("size", [MOST_BYTES + 1, 10_000_000])
def test_too_large(tmp_path: Path, size: int) -> None:
    file = tmp_path / "large.yaml"
    file.write_bytes(b"#" * size)
    with pytest.raises(CaseFileError, match=r"large.yaml: more than 1,000,000 bytes; expected one patient"):
        read_case(file)


def test_missing_and_folder(tmp_path: Path) -> None:
    with pytest.raises(CaseFileError, match=r"cannot read the case file .*nowhere.*No such file"):
        read_case(tmp_path / "nowhere.yaml")
    with pytest.raises(CaseFileError, match=r"cannot read the case file .*Is a directory"):
        read_case(tmp_path)


@pytest.mark.parametrize("key", ["setings", "evidences", "titel"])
def test_unknown_key(key: str) -> None:
    assert f"got the key '{key}'; expected the keys of a case; did you mean" in refusal(f"evidence: {{}}\n{key}: x\n")


def test_unknown_key_far_from_all() -> None:
    assert "known are evidence, setting" in refusal("evidence: {}\nzzz: x\n")


@pytest.mark.parametrize("content", ["setting: clinic\n", "evidnce: {tennis: yes}\n", "id: 7\ntennis: yes\n"])
def test_no_evidence(content: str) -> None:
    assert "got no evidence; expected evidence: with findings and answers below" in refusal(content)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("evidence: {tennis: yes, tennis: no}", "case.yaml"),
        ("tennis: yes\ntennis: yes\n", "case.yaml"),
        ("evidence: {}\nevidence: {}\n", "case.yaml"),
        ('{"evidence": {"tennis": "yes", "tennis": "no"}}', "case.json"),
        ('{"evidence": {"tennis": "yes",\t"tennis": "no"}}', "standard input"),
    ],
)
def test_a_key_twice(content: str, name: str) -> None:
    assert "again" in refusal(content, name)
    assert "keep one of them" in refusal(content, name)


def test_a_state_twice_in_other_words() -> None:
    with pytest.raises(
        EvidenceError, match="tennis: two likelihoods for yes; expected one for each state; keep one of"
    ):
        answers(b"tennis: {yes: 0.5, true: 0.5, no: 0.1}")


@pytest.mark.parametrize("answer", ["[yes, no]", "{yes: [1], no: 0}", "{yes: {a: 1}, no: 0}", "[[[[]]]]"])
def test_nested_rubbish(answer: str) -> None:
    assert "write the answer alone" in refusal(f"evidence: {{tennis: {answer}}}")


@pytest.mark.parametrize("evidence", ["yes", "[tennis]", "", "~"])
def test_evidence_that_is_no_mapping(evidence: str) -> None:
    assert "as evidence; expected findings and answers" in refusal(f"evidence: {evidence}\n")


@pytest.mark.parametrize("answer", ["", "~", "null"])
def test_an_empty_answer_says_that_nobody_was_asked(answer: str) -> None:
    """As None does in Python, and an empty cell of a table."""
    case = parse_case(f"tennis: {answer}\nonset: fall\n".encode(), "case.yaml")
    assert check_evidence(TINY, case.evidence).answers == {"onset": "fall"}


def test_decimal_comma() -> None:
    assert parse_case(b"age: 45,5", "case.yaml").evidence == {"age": "45,5"}
    assert "got nothing for 5; expected an answer; write decimals with a point" in refusal("evidence: {age: 45,5}")
    assert "write decimals with a point" in refusal("tennis: {yes: 0,8, no: 0,2}")


def test_json_null_says_that_nobody_was_asked() -> None:
    case = parse_case(b'{"tennis": null}', "case.json")
    assert check_evidence(TINY, case.evidence).answers == {}
    assert "got nothing for tennis.yes" in refusal('{"tennis": {"yes": null, "no": 1}}', "case.json")


def test_aliases_anchors_and_tags() -> None:
    assert "the alias *a" in refusal("evidence: &a {tennis: *a}")
    assert "the tag" in refusal("evidence: {age: !!python/object/apply:os.getcwd []}")
    assert "the tag" in refusal("evidence: {age: !!int 4}")


def test_two_documents() -> None:
    assert "a second document" in refusal("tennis: yes\n---\ntennis: no\n")


@pytest.mark.parametrize(
    ("name", "unit"), [("case.yaml", "["), ("case.json", "["), ("case.json", '{"a":'), ("-", "{a: ")]
)
def test_very_deep(name: str, unit: str) -> None:
    assert "flatten it" in refusal(unit * 100_000, name)


def test_broken_syntax() -> None:
    assert refusal("evidence:\n  tennis: [yes\n").startswith("case.yaml:")
    assert refusal('{"tennis": yes}', "case.json").startswith("case.json:1: got text that is not JSON")
    assert "\n" not in refusal("evidence: {tennis: 'yes\n\n")


def test_of_very_many_problems_the_first_are_told_and_how_many_there_are() -> None:
    assert refusal("evidence: {" + ", ".join(f"f{number}: []" for number in range(20)) + "}").endswith("; and 12 more")


def test_several_problems_are_told_together() -> None:
    told = refusal("evidnce: {}\nsetting: [x]\nevidence: {tennis: [yes], onset: [fall]}\n")
    assert told.count("case.yaml:") == 4


def test_text_keys_take_text() -> None:
    assert "got several answers for title" not in refusal("evidence: {}\nnote: [a]\n")
    assert "got a list for note; expected text" in refusal("evidence: {}\nnote: [a]\n")


# --- values that only the network can judge ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("age: -3", "age -3 is outside this network's scope"),
        ("age: 300", "age 300 is outside this network's scope"),
        ("age: 8", "There are no figures for children"),
        ("age: '45,5'", "'45,5' is neither a number nor a state; write 45.5"),
        ("age: .nan", "neither a number nor a state"),
        ("age: 1e999", "age inf is outside"),
        (f"age: {10**400}", "age inf is outside"),
        ("tennis: 2", "unknown state '2' of tennis; expected no, yes or unknown"),
        ("tennis: maybe", "unknown state 'maybe' of tennis"),
        ("tennis: {yes: -0.1, no: 1}", "the likelihood of yes is -0.1"),
        ("tennis: {yes: 0, no: 0}", "all likelihoods are zero"),
        ("tennis: {yes: .nan, no: 1}", "the likelihood of yes is .nan"),
        ("tennis: {yes: 1e999, no: 1}", "the likelihood of yes is inf"),
        ("tennis: {yes: '0,8', no: 0.2}", "write 0.8"),
        ("tennis: {yes: 0.8}", "0.8 for yes alone; expected likelihoods of no as well"),
        ("tennis: {}", "all likelihoods are zero"),
        ("tennis: {yes: 1, no: 0, perhaps: 1}", "unknown state 'perhaps' of tennis"),
        ("{tennis: no, backhand_pain: yes}", "backhand_pain is asked only if tennis is yes"),
        ("tenis: yes", "unknown finding 'tenis'; did you mean tennis?"),
    ],
)
@pytest.mark.parametrize("keyed", [False, True])
def test_values(text: str, told: str, keyed: bool) -> None:
    case = parse_case(
        (f"evidence: {{{text.strip('{}') if text[0] == '{' else text}}}" if keyed else text).encode(), "c.yaml"
    )
    with pytest.raises(EvidenceError) as caught:
        Engine(TINY).diagnose(case.evidence)
    assert told in str(caught.value)


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_json_constants(constant: str) -> None:
    case = parse_case(f'{{"tennis": {{"yes": {constant}, "no": 1}}}}'.encode(), "case.json")
    with pytest.raises(EvidenceError, match=f"the likelihood of yes is {constant}"):
        Engine(TINY).diagnose(case.evidence)


# --- words ---------------------------------------------------------------------------------------------------------


def test_words() -> None:
    words = [
        "tennis=yes",
        "age=45",
        "onset=fall:0.8,sudden:0.1,gradual:0.1",
        "effusion_felt=true",
        "pain_on_grip=unknown",
    ]
    assert check_evidence(TINY, evidence_of_words(words, TINY)).answers == {
        "tennis": "yes",
        "age": "under_50",
        "onset": {"fall": 0.8, "sudden": 0.1, "gradual": 0.1},
        "effusion_felt": "yes",
        "pain_on_grip": "unknown",
    }


@pytest.mark.parametrize("word", ["tennis", "tennis=", "=yes", "", "tennis:yes"])
def test_words_of_another_shape(word: str) -> None:
    with pytest.raises(EvidenceError, match="is not finding=state"):
        evidence_of_words([word], TINY)


@pytest.mark.parametrize("word", ["tennis=yes:0,8,no:0,2", "tennis=yes:,no:1", "tennis=yes:1,", "tennis=:1,no:1"])
def test_likelihoods_of_another_shape(word: str) -> None:
    with pytest.raises(EvidenceError, match=r"is not state:likelihood; write tennis=yes:0.8,no:0.2"):
        check_evidence(TINY, evidence_of_words([word], TINY))


def test_a_likelihood_twice() -> None:
    with pytest.raises(EvidenceError, match="gives yes two likelihoods"):
        check_evidence(TINY, evidence_of_words(["tennis=yes:1,yes:0.5,no:1"], TINY))
    with pytest.raises(EvidenceError, match="tennis: two likelihoods for yes"):
        check_evidence(TINY, evidence_of_words(["tennis=yes:1,true:0.5,no:1"], TINY))


@pytest.mark.parametrize(
    "words", [["tennis=yes", "tennis=yes"], ["tennis=yes", "tennis=true"], ["age=45", "age=under_50"]]
)
def test_the_same_answer_twice(words: list[str]) -> None:
    assert len(evidence_of_words(words, TINY)) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["tennis=yes", "tennis=no"], "tennis is given twice: one word says yes, another says no"),
        (["age=45", "age=44"], "age is given twice: one word says 45, another says 44"),
        (["age=45", "age=over_50"], "one word says 45, another says over_50"),
        (["tennis=yes", "tennis=yes:0.8,no:0.2"], "one word says yes, another says yes:0.8,no:0.2"),
        (["nothing=yes", "nothing=no"], "nothing is given twice"),
    ],
)
def test_another_answer_to_one_question(words: list[str], told: str) -> None:
    with pytest.raises(EvidenceError, match=told):
        evidence_of_words(words, TINY)


def test_added_names_both_answers_of_every_clash() -> None:
    with pytest.raises(EvidenceError) as caught:
        added({"tennis": "yes", "onset": "fall"}, {"tennis": "no", "onset": "sudden"}, TINY, ("A says", "B"))
    assert str(caught.value) == (
        "tennis is given twice: A says yes, B says no; keep one of them; "
        "onset is given twice: A says fall, B says sudden; keep one of them"
    )
