"""Lines of answers, of which rules such as red flags and scores are made."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import TypeAlias

from bayesknee.errors import Problem, unknown_name
from bayesknee.knowledge.bands import Banded

# States by question. A line holds if any of its questions has one of its states.
AnswerLine: TypeAlias = Mapping[str, tuple[str, ...]]


def line_problems(
    path: tuple[str, ...], line: AnswerLine, questions: Mapping[str, Banded], broken: Container[str]
) -> Iterator[Problem]:
    """What is wrong with a line.

    Args:
        path: of the rule, in the files.
        line: states by question.
        questions: all risk factors and findings, by id.
        broken: ids that could not be read; to name one is no fault.
    """
    if not line:
        yield Problem(path, "a line without a finding", "at least one finding with its states", "add it")
    for name, wanted in line.items():
        if name not in questions:
            if name not in broken:
                yield unknown_name((*path, name), name, questions, "a risk factor or finding")
            continue
        states = questions[name].states
        for state in wanted:
            if state not in states:
                yield unknown_name((*path, name), state, states, f"a state of {name}")
        if set(states) <= set(wanted):
            yield Problem((*path, name), "all states", "some of the states", "drop those that do not count")
