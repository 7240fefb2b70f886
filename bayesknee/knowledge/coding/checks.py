"""The rules for codes: of a known system, in its shape, each once, and of one question only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from bayesknee.errors import Problem, quoted, unknown_name
from bayesknee.knowledge.coding.systems import ICD10, SYSTEMS
from bayesknee.knowledge.model import CodesBySystem, Condition, Path, Question


def edition_problems(edition: str) -> Iterator[Problem]:
    """An edition of ICD-10 is a year, as the WHO counts them."""
    if edition and not re.fullmatch(r"(19|20)\d\d", edition):
        remedy = "write the year, or leave it out"
        yield Problem(("network", "icd10_edition"), quoted(edition), "the year of an edition, such as 2019", remedy)


def question_code_problems(questions: Mapping[str, tuple[str, Question]]) -> Iterator[Problem]:
    """All that is wrong with the codes of risk factors and findings.

    Args:
        questions: by id, with the section in which they stand.
    """
    taken: dict[tuple[str, str], str] = {}
    for name, (section, question) in questions.items():
        path: Path = (section, name, "codes")
        yield from code_problems(path, question.codes)
        yield from _taken_problems(path, question.codes, taken, name)
        yield from _state_problems((section, name, "state_codes"), question)


def condition_code_problems(path: Path, condition: Condition) -> Iterator[Problem]:
    """All that is wrong with the codes of a condition and of its forms."""
    if not SYSTEMS[ICD10].has_shape(condition.icd10):
        yield Problem((*path, "icd10"), quoted(condition.icd10), "an ICD-10 code such as M71.2", "look it up")
    if ICD10 in condition.codes:
        yield Problem(
            (*path, "codes", ICD10), "icd10 again", "the code in icd10 of the condition alone", "drop it here"
        )
    yield from code_problems((*path, "codes"), condition.codes)
    for name, form in condition.forms.items():
        yield from code_problems((*path, "forms", name, "codes"), form.codes)


def code_problems(path: Path, codes: CodesBySystem) -> Iterator[Problem]:
    """Codes of unknown systems, of another shape, or named twice."""
    for name, listed in codes.items():
        if name not in SYSTEMS:
            yield unknown_name((*path, name), name, SYSTEMS, "a system of codes")
            continue
        system = SYSTEMS[name]
        for code in (code for code in listed if not system.has_shape(code)):
            expected = f"a code of {system.name} such as {system.example}"
            yield Problem((*path, name), quoted(code), expected, "look it up; its last digit checks the others")
        if len(set(listed)) < len(listed):
            yield Problem((*path, name), ", ".join(listed), "each code once", "drop the repeated one")


def _taken_problems(
    path: Path, codes: CodesBySystem, taken: dict[tuple[str, str], str], name: str
) -> Iterator[Problem]:
    """An answer that comes with a code must be to one question."""
    for system, code in ((system, code) for system, listed in codes.items() for code in listed):
        if (other := taken.setdefault((system, code), name)) != name:
            expected = f"a code that {other} does not have"
            yield Problem((*path, system), quoted(code), expected, "keep it where it fits exactly")


def _state_problems(path: Path, question: Question) -> Iterator[Problem]:
    taken: dict[tuple[str, str], str] = {}
    for state, codes in question.state_codes.items():
        if state not in question.states:
            yield unknown_name((*path, state), state, question.states, f"a state of {question.id}")
            continue
        yield from code_problems((*path, state), codes)
        yield from _taken_problems((*path, state), codes, taken, state)
