"""Patients as files and as words: a YAML or JSON case file, and `finding=state` as typed on a command line.

Knows the shape of a case and nothing of any network: whether a finding exists and takes the answer is for
`bayesknee.patient.evidence` to say.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final, NoReturn, TypeAlias

from immutabledict import immutabledict

from bayesknee.errors import (
    BaseRateError,
    CaseFileError,
    EvidenceError,
    did_you_mean,
    few_hints,
    joined,
    name_hint,
    printable,
    quoted,
    shown_word,
    unknown_text,
)
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.reading import yaml_tree
from bayesknee.knowledge.reading.fields import DECIMAL
from bayesknee.knowledge.reading.yaml_tree import Scalar, Sequence, Tree, TreeError
from bayesknee.patient.evidence import check_evidence

RawAnswer: TypeAlias = str | float | Mapping[str, str | float] | None  # None: nobody was asked
RawEvidence: TypeAlias = Mapping[str, RawAnswer]

MOST_BYTES: Final = 1_000_000  # 100 for each of the `MOST_KEYS` answers; a larger file is hardly one patient
MOST_KEYS: Final = 10_000  # more than the largest published networks have findings
STANDARD_INPUT: Final = "-"
TEXT_KEYS: Final = ("setting", "network", "id", "title", "source", "note")
SESSION: Final = "session"  # what belongs to an interview alone; only what it was made with is read here
SCOPE: Final = "scope"
SKIPPED: Final = "skipped"
BASE_RATES: Final = "base_rates"
CASE_KEYS: Final = ("evidence", *TEXT_KEYS, "label", SCOPE, SKIPPED, BASE_RATES, SESSION)
# Keys that, together, mark what `diagnose --json` prints; it may grow others.
_RESULT_KEYS: Final = frozenset({"evidence", "posterior", "log_evidence"})


@dataclass(frozen=True)
class Case:
    """A patient as written down, not yet checked against a network.

    Attributes:
        evidence: raw answers by id of a finding, risk factor or condition.
        setting, network: what to diagnose with; empty where the file leaves that open.
        id, title, source, note: who this is and where it was described.
        label: what the patient turned out to have, as condition ids.
        made_with: id, version and sha256 of the network that it was diagnosed with, where the file tells that.
        scope: what was answered to the questions of the network's scope, by id of the question.
        skipped: ids of questions that were put and not answered.
        base_rates: base rates in place of the network's, by condition.
    """

    evidence: RawEvidence = field(default_factory=immutabledict)
    setting: str = ""
    network: str = ""
    id: str = ""
    title: str = ""
    source: str = ""
    note: str = ""
    label: tuple[str, ...] = ()
    made_with: Mapping[str, str] = field(default_factory=immutabledict)
    scope: Mapping[str, str] = field(default_factory=immutabledict)
    skipped: tuple[str, ...] = ()
    base_rates: Mapping[str, float] = field(default_factory=immutabledict)

    def warnings(self, network: Network) -> list[str]:
        """What must be told before the case is diagnosed: whether the patient is outside, and `differences`.

        Raises:
            CaseFileError: an answer about the scope that the network does not know.
        """
        return [*outside_warnings(network, self.scope), *self.differences(network)]

    def differences(self, network: Network) -> list[str]:
        """Warnings where the case was diagnosed with another network, or another version of this one."""
        identity = network.identity
        if all(self.made_with.get(key, value) == value for key, value in identity.items()):
            return []
        made, used = (
            " ".join(map(shown_word, [each["id"], each["version"]]))
            for each in ({**identity, **self.made_with}, identity)
        )
        changed = "another network" if self.made_with.get("id", network.id) != network.id else "another version of it"
        changed = "another text of the same version" if made == used else changed
        return [f"the case was made with {made}, and this is {used}, {changed}; figures and answers may differ"]


def outside_warnings(network: Network, scope: Mapping[str, str]) -> list[str]:
    """Warnings of what puts a patient outside the network's scope, by the answers to its questions.

    Raises:
        CaseFileError: no such question, or no such answer to it.
    """
    for name, answer in scope.items():
        _check_scope(network, name, answer)
    return [
        f"the patient is outside what {network.id} is for: {answer.label}. {answer.reason} {answer.go_to}"
        for answer in network.scope.outside(scope)
    ]


def _check_scope(network: Network, name: str, answer: str) -> None:
    questions = network.scope.questions
    if name not in questions:
        known = f"known are {', '.join(questions)}" if questions else "it has none; leave it out"
        raise CaseFileError(unknown_text("question", name, questions, f"of the scope of {network.id}", known))
    if answer not in questions[name].answers:
        known = f"known are {', '.join(questions[name].answers)}"
        raise CaseFileError(unknown_text("answer", answer, questions[name].answers, f"to scope.{name}", known))


# --- words ---------------------------------------------------------------------------------------------------------


def evidence_of_words(words: Iterable[str], network: Network) -> RawEvidence:
    """Raw answers from words such as `lump=yes`, `age=45` and `locking=yes:0.8,no:0.2`.

    Raises:
        EvidenceError: a word of another shape, or two words with different answers to one question; tells all.
    """
    evidence: dict[str, RawAnswer] = {}
    problems: list[str] = []
    for word in words:
        try:
            name, answer = _answer_of_word(word)
            evidence |= added(evidence, {name: answer}, network, ("one word says", "another"))
        except EvidenceError as error:
            problems.append(str(error))
    if problems:
        raise EvidenceError(joined(problems))
    return immutabledict(evidence)


def added(first: RawEvidence, second: RawEvidence, network: Network, told: tuple[str, str]) -> RawEvidence:
    """Both patients' answers as one; the same answer twice is fine.

    Args:
        first: raw answers.
        second: more of them.
        network: says whether two answers that are written differently are the same.
        told: how an error introduces the answer of the first and of the second.

    Raises:
        EvidenceError: different answers to one question; names both.
    """
    clashes = [
        f"{shown_word(name)} is given twice: {told[0]} {_shown(first[name])}, {told[1]} says {_shown(answer)}; "
        "keep one of them"
        for name, answer in second.items()
        if name in first and not _same(name, first[name], answer, network, {**first, **second})
    ]
    if clashes:
        raise EvidenceError(joined(clashes))
    return immutabledict({**first, **second})


def _same(name: str, one: RawAnswer, other: RawAnswer, network: Network, known: RawEvidence) -> bool:
    """Whether the network takes both for the same: 45 is its age band. Two numbers are the same only if equal."""
    if one == other or (isinstance(one, float) and isinstance(other, float)):
        return one == other
    try:
        hangs_on = network.questions[name].hangs_on if name in network.questions else ()
        beside = {each: known[each] for each in hangs_on if each in known}
        checked = [check_evidence(network, {**beside, name: each}).answers[name] for each in (one, other)]
    except EvidenceError:
        return False
    return checked[0] == checked[1]


def _shown(answer: RawAnswer) -> str:
    if isinstance(answer, Mapping):
        return ",".join(f"{shown_word(state)}:{_shown(weight)}" for state, weight in answer.items())
    return f"{answer:g}" if isinstance(answer, float) else shown_word(answer)


def _answer_of_word(word: str) -> tuple[str, RawAnswer]:
    name, equals, text = (part.strip() for part in word.partition("="))
    if not (name and equals and text):
        raise EvidenceError(f"{quoted(word)} is not finding=state; write a finding, = and its state, without spaces")
    return name, plain_answer(text)


def plain_answer(text: str) -> str | float:
    """A bare word as an answer: a number where it is one, else a state or a truth value; the network says which."""
    return float(text) if DECIMAL.fullmatch(text) else text


def base_rates_of_words(words: Iterable[str]) -> Mapping[str, float]:
    """Base rates from words such as `gout=0.1` and `gout=10%`.

    Raises:
        BaseRateError: a word of another shape, or two for one condition.
    """
    rates: dict[str, float] = {}
    for word in words:
        name, _, text = (part.strip() for part in word.partition("="))
        rate = probability_of(text)
        if not name or rate is None:
            raise BaseRateError(f"{quoted(word)} is no base rate; expected condition=0.1 or condition=10%; write it so")
        if name in rates:
            raise BaseRateError(f"two base rates are given for {shown_word(name)}; expected one; keep one of them")
        rates[name] = rate
    return immutabledict(rates)


def probability_of(text: str) -> float | None:
    """`0.1`, or `10%`, as a number; None for other text."""
    figure = text.removesuffix("%").rstrip()
    if not DECIMAL.fullmatch(figure):
        return None
    return float(figure) / 100.0 if text.endswith("%") else float(figure)


def parse_cell(value: object, name: str) -> object:
    """A cell of a table as an answer: the text of ``{gradual: 0.5, sudden: 0.5}`` as likelihoods, another as it stands.

    Args:
        value: whatever a table holds.
        name: the question, for errors.

    Raises:
        EvidenceError: braces with something else between them.
    """
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not (text.startswith("{") and text.endswith("}")):
        return plain_answer(text)
    try:
        tree, problems = yaml_tree.parse_tree(text.encode(), name)
    except (TreeError, UnicodeEncodeError):
        tree, problems = Scalar("", 0, plain=True), []
    items = tree.items if isinstance(tree, yaml_tree.Mapping) and not problems else {}
    weights = {
        state: plain_answer(each.text) for state, each in items.items() if isinstance(each, Scalar) and each.text
    }
    if not weights or len(weights) < len(items):
        expected = "expected likelihoods by state, such as {yes: 0.8, no: 0.2}, with a point in decimals"
        raise EvidenceError(f"{name}: got {quoted(text)}; {expected}; write it so")
    return immutabledict(weights)


# --- files ---------------------------------------------------------------------------------------------------------


def read_case(path: Path | str) -> Case:
    """The patient in a YAML or JSON file; `-` reads standard input.

    The file holds `evidence` and what else `Case` has, or just findings and answers, or what `diagnose --json` printed.

    Raises:
        CaseFileError: a file that is not such; tells all that is wrong with its place.
    """
    if not str(path):
        raise CaseFileError("the name of the case file is empty; name a file, or - for standard input")
    if str(path) == STANDARD_INPUT:
        return parse_case(_standard_input(), "standard input")
    try:
        with Path(path).open("rb") as file:
            content = _limited(file, Path(path).name)
    except OSError as error:
        raise CaseFileError(f"cannot read the case file {str(path)!r}: {error.strerror or error}") from None
    return parse_case(content, Path(path).name)


def _standard_input() -> bytes:
    if sys.stdin is None:
        raise CaseFileError("cannot read the case from standard input: it is closed; name a file")
    return _limited(sys.stdin.buffer, "standard input")


def _limited(file: BinaryIO, name: str) -> bytes:
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise CaseFileError(f"{name}: more than {MOST_BYTES:,} bytes; expected one patient; name the right file")
    return content


def parse_case(content: bytes, name: str) -> Case:
    """The patient in the `content` of a case file; `name` is told in errors.

    Raises:
        CaseFileError: as `read_case`.
    """
    with few_hints():
        return _CaseReader(name).case(_tree(content, name))


def case_of_tree(tree: Tree, name: str) -> Case:
    """The case in a part of a file.

    Args:
        tree: the part.
        name: of the file, for errors.

    Raises:
        CaseFileError: it is no case; tells all that is wrong.
    """
    with few_hints():
        return _CaseReader(name).case(tree)


def _tree(content: bytes, name: str) -> Tree:
    """JSON is tried first wherever it may be: libyaml takes most of it, but stumbles over tabs."""
    is_json = name.lower().endswith(".json")
    if is_json or content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        try:
            return _json_tree(content, name)
        except json.JSONDecodeError as error:
            if is_json:
                got = f"{name}:{error.lineno}: got text that is not JSON ({error.msg})"
                raise CaseFileError(f"{got}; expected JSON; mend it there, or name the file .yaml") from None
    try:
        tree, problems = yaml_tree.parse_tree(content, name)
    except TreeError as error:
        raise CaseFileError(str(error)) from None
    if problems:
        raise CaseFileError(joined(problems))
    return tree


def _json_tree(content: bytes, name: str) -> Tree:
    try:
        text = content.decode("utf-8-sig")
        found = json.loads(
            text,
            object_pairs_hook=lambda pairs: _json_mapping(pairs, name),
            parse_float=_json_bare,
            parse_int=_json_bare,
            parse_constant=_json_bare,
        )
    except UnicodeDecodeError as error:
        got = f"{name}: got the byte 0x{content[error.start]:02x}"
        raise CaseFileError(f"{got}; expected UTF-8 text; save the file as UTF-8") from None
    except RecursionError:
        raise CaseFileError(
            f"{name}: got lists or objects too deep in each other; expected a case; flatten it"
        ) from None
    return _json_value(found)


def _json_bare(text: str) -> Scalar:
    return Scalar(text, 0, plain=True)


def _json_value(value: object) -> Tree:
    if isinstance(value, Scalar | yaml_tree.Mapping):
        return value
    if isinstance(value, list):
        return Sequence([_json_value(item) for item in value], 0)
    if isinstance(value, str):
        return Scalar(value, 0, plain=False)
    return _json_bare(json.dumps(value))


def _json_mapping(pairs: list[tuple[str, object]], name: str) -> yaml_tree.Mapping:
    items: dict[str, Tree] = {}
    for key, value in pairs:
        if key in items:
            raise CaseFileError(f"{name}: got {quoted(key)} again; expected each key once; keep one of them")
        items[key] = _json_value(value)
    return yaml_tree.Mapping(items, dict.fromkeys(items, 0), 0)


class _CaseReader:
    """Reads the tree of a case and collects what is wrong with it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._problems: list[str] = []

    def case(self, tree: Tree) -> Case:
        if not isinstance(tree, yaml_tree.Mapping):
            self._refuse(tree.line, _kind(tree), "evidence: with findings and answers below", "write it so")
        fields = self._fields(tree)
        case = Case(
            evidence=self._evidence(fields["evidence"]),
            label=self._texts("label", fields["label"]) if "label" in fields else (),
            skipped=self._texts(SKIPPED, fields[SKIPPED]) if SKIPPED in fields else (),
            made_with=self._made_with(fields.get("made_with")),
            scope=self._scope(fields[SCOPE]) if SCOPE in fields else immutabledict(),
            base_rates=self._base_rates(fields[BASE_RATES]) if BASE_RATES in fields else immutabledict(),
            **{key: self._text(key, fields[key]) for key in TEXT_KEYS if key in fields},
        )
        if self._problems:
            raise CaseFileError(joined(self._problems))
        return case

    def _fields(self, tree: yaml_tree.Mapping) -> Mapping[str, Tree]:
        """The parts of a case by key, whichever of the three shapes the file has."""
        if tree.items.keys() >= _RESULT_KEYS:
            kept = ("evidence", "setting", SKIPPED, BASE_RATES)
            parts = {key: tree.items[key] for key in kept if key in tree.items}
            return parts | ({"made_with": tree.items["network"]} if "network" in tree.items else {})
        if len(tree.items) > MOST_KEYS:
            got, expected = f"{len(tree.items):,} keys", f"one patient, of at most {MOST_KEYS:,} answers"
            self._refuse(tree.line, got, expected, "name the right file")
        if not tree.items:
            self._refuse(tree.line, "an empty mapping", "findings and answers", "write finding: answer lines")
        if "evidence" not in tree.items and not self._looks_keyed(tree):
            return {"evidence": tree}
        for key, line in tree.lines.items():
            if key not in CASE_KEYS:
                self._problem(line, f"the key {quoted(key)}", "the keys of a case", name_hint(key, CASE_KEYS))
        if "evidence" not in tree.items:
            self._refuse(tree.line, "no evidence", "evidence: with findings and answers below", "add it")
        session = tree.items.get(SESSION)
        made_with = session.items.get("made_with") if isinstance(session, yaml_tree.Mapping) else None
        return tree.items | ({"made_with": made_with} if made_with is not None else {})

    @staticmethod
    def _looks_keyed(tree: yaml_tree.Mapping) -> bool:
        slips = (key for key in islice(tree.items, len(CASE_KEYS)) if did_you_mean(key, ["evidence"]))
        return not tree.items.keys().isdisjoint(CASE_KEYS) or any(slips)

    @staticmethod
    def _made_with(tree: Tree | None) -> Mapping[str, str]:
        """What a result says of its network; it is no fault if that is of another shape."""
        items = tree.items if isinstance(tree, yaml_tree.Mapping) else {}
        known = ((key, items.get(key)) for key in ("id", "version", "sha256"))
        return immutabledict({key: each.text for key, each in known if isinstance(each, Scalar)})

    def _scope(self, tree: Tree) -> Mapping[str, str]:
        items = tree.items if isinstance(tree, yaml_tree.Mapping) else {}
        answers = {name: item.text for name, item in items.items() if isinstance(item, Scalar)}
        if not answers or len(answers) < len(items):
            self._problem(tree.line, f"{_kind(tree)} as scope", "answers by question", "write question: answer lines")
        return immutabledict(answers)

    def _base_rates(self, tree: Tree) -> Mapping[str, float]:
        items = tree.items if isinstance(tree, yaml_tree.Mapping) else {}
        rates = {name: probability_of(item.text) for name, item in items.items() if isinstance(item, Scalar)}
        found = {name: rate for name, rate in rates.items() if rate is not None}
        if not found or len(found) < len(items):
            expected, remedy = "probabilities by condition", "write condition: 0.1, or condition: 10%"
            self._problem(tree.line, f"{_kind(tree)} as base_rates", expected, remedy)
        return immutabledict(found)

    def _evidence(self, tree: Tree) -> RawEvidence:
        if not isinstance(tree, yaml_tree.Mapping):
            self._refuse(tree.line, f"{_kind(tree)} as evidence", "findings and answers", "write finding: answer lines")
        return immutabledict({name: self._answer(name, value) for name, value in tree.items.items()})

    def _answer(self, name: str, tree: Tree) -> RawAnswer | None:
        if isinstance(tree, yaml_tree.Mapping):
            weights = {state: self._bare(f"{name}.{state}", weight) for state, weight in tree.items.items()}
            known = {state: weight for state, weight in weights.items() if weight is not None}
            return immutabledict(known)
        if isinstance(tree, Scalar) and _is_null(tree) and not name.isdecimal():  # {age: 45,5} is 45 and a key 5
            return None
        return self._bare(name, tree)

    def _bare(self, place: str, tree: Tree) -> str | float | None:
        if not isinstance(tree, Scalar):
            expected = "a state, a number, or a likelihood for each state"
            self._problem(tree.line, f"{_kind(tree)} for {shown_word(place)}", expected, "write the answer alone")
            return None
        if _is_null(tree):
            # {age: 45,5} is age 45 and a key 5 without a value.
            is_comma = place.rpartition(".")[2].isdecimal()
            unknown = "write unknown if it is not known"
            remedy = (
                "write decimals with a point" if is_comma else f"{unknown}, or 'null' in quotes if a state is so named"
            )
            self._problem(tree.line, f"nothing for {shown_word(place)}", "an answer", remedy)
            return None
        return plain_answer(tree.text) if tree.plain else tree.text

    def _text(self, key: str, tree: Tree) -> str:
        if isinstance(tree, Scalar):
            text = "" if _is_null(tree) else tree.text
            return text if key == "network" else printable(" ".join(text.split()))  # which is a path as it is
        self._problem(tree.line, f"{_kind(tree)} for {key}", "text", "write it on one line")
        return ""

    def _texts(self, key: str, tree: Tree) -> tuple[str, ...]:
        items = tree.items if isinstance(tree, Sequence) else [tree]
        return tuple(self._text(key, item) for item in items)

    def _problem(self, line: int, got: str, expected: str, remedy: str) -> None:
        place = f"{self._name}:{line}" if line else self._name
        self._problems.append(f"{place}: got {got}; expected {expected}; {remedy}")

    def _refuse(self, line: int, got: str, expected: str, remedy: str) -> NoReturn:
        self._problem(line, got, expected, remedy)
        raise CaseFileError(joined(self._problems))


def _is_null(scalar: Scalar) -> bool:
    return scalar.plain and scalar.text in ("", "~", "null")


def _kind(tree: Tree) -> str:
    if isinstance(tree, Sequence):
        return "a list"
    return "several answers" if isinstance(tree, yaml_tree.Mapping) else quoted(tree.text)
