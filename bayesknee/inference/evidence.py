"""What is known of a patient, checked against a network."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Final, TypeAlias

from immutabledict import immutabledict

from bayesknee.errors import EvidenceError, did_you_mean, quoted
from bayesknee.knowledge.model import NO_YES, Network, RiskFactor

UNKNOWN: Final = "unknown"
Answer: TypeAlias = str | Mapping[str, float]
Likelihood: TypeAlias = tuple[float, ...]


@dataclass(frozen=True)
class Evidence:
    """A patient's answers.

    Attributes:
        answers: by finding, risk factor or condition id: a state, `unknown`, or a likelihood by state.
        likelihoods: the same as a likelihood for each state, in the network's order; answers `unknown` are left out.
    """

    answers: Mapping[str, Answer] = field(default_factory=immutabledict)
    likelihoods: Mapping[str, Likelihood] = field(default_factory=immutabledict)

    def only(self, names: Iterable[str]) -> Evidence:
        """The same evidence, cut down to `names`."""
        wanted = set(names)
        return Evidence(
            immutabledict({name: answer for name, answer in self.answers.items() if name in wanted}),
            immutabledict({name: each for name, each in self.likelihoods.items() if name in wanted}),
        )


NOTHING_KNOWN: Final = Evidence()


def check_evidence(network: Network, raw: Mapping[str, object] | Evidence) -> Evidence:
    """`raw` as `Evidence`.

    Args:
        network: what the evidence is about.
        raw: by id of a finding, risk factor or condition: a state; a truth value for no/yes; a number where the states
            are bands; `"unknown"`; or a likelihood for each state, such as ``{"yes": 0.8, "no": 0.2}``.

    Raises:
        EvidenceError: tells all that is wrong.
    """
    if isinstance(raw, Evidence):
        return raw
    if not isinstance(raw, Mapping):
        raise EvidenceError(f"evidence {quoted(raw)} is not a mapping; expected finding: answer pairs")
    answers: dict[str, Answer] = {}
    problems: list[str] = []
    for name, value in raw.items():
        try:
            answers[str(name)] = _answer(network, str(name), value)
        except EvidenceError as error:
            problems.append(str(error))
    problems += _broken_gates(network, answers)
    if problems:
        raise EvidenceError("; ".join(problems))
    likelihoods = {
        name: _likelihood(answer, _states(network, name)) for name, answer in answers.items() if answer != UNKNOWN
    }
    return Evidence(immutabledict(answers), immutabledict(likelihoods))


def _states(network: Network, name: str) -> tuple[str, ...]:
    if name in network.questions:
        return network.questions[name].states
    if name in network.conditions:
        return NO_YES
    known = [*network.questions, *network.conditions]
    hint = did_you_mean(name, known) or "`bayesknee findings` lists what is known"
    raise EvidenceError(f"unknown finding {quoted(name)}; {hint}")


def _answer(network: Network, name: str, value: object) -> Answer:
    states = _states(network, name)
    if isinstance(value, bool) or type(value).__name__ == "bool_":
        value = NO_YES[bool(value)]
    if isinstance(value, Mapping):
        return _soft_answer(name, value, states)
    if value == UNKNOWN or value in states:
        return str(value)
    factor = network.risk_factors.get(name)
    if factor is not None and factor.bands:
        return _band(factor, value)
    if isinstance(value, str):
        hint = did_you_mean(value, states)
        expected = f"expected {', '.join(states)} or {UNKNOWN}"
        raise EvidenceError(f"unknown state {quoted(value)} of {name}; {expected}{'; ' + hint if hint else ''}")
    raise EvidenceError(f"{name}: got {quoted(value)}; expected a state ({', '.join(states)}) or a likelihood by state")


def _band(factor: RiskFactor, value: object) -> str:
    number = _number(factor.id, value)
    for state, (low, high) in factor.bands.items():
        if low <= number < high:
            return state
    lowest = min(low for low, _ in factor.bands.values())
    highest = max(high for _, high in factor.bands.values())
    scope = f"expected {lowest:g} or more and below {highest:g} {factor.unit}".rstrip()
    reason = f"; {factor.out_of_scope}" if factor.out_of_scope else ""
    raise EvidenceError(f"{factor.id} {number:g} is outside this network's scope; {scope}{reason}")


def _number(name: str, value: object) -> float:
    if isinstance(value, Real) and not math.isnan(float(value)):
        return float(value)
    text = str(value).strip()
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d+(\.\d+)?", text):
        return float(text)
    hint = f"; write {text.replace(',', '.')}" if re.fullmatch(r"\d+,\d+", text) else ""
    raise EvidenceError(f"{name}: {quoted(value)} is neither a number nor a state{hint}")


def _soft_answer(name: str, value: Mapping[object, object], states: tuple[str, ...]) -> Answer:
    given = {NO_YES[state] if isinstance(state, bool) else str(state): weight for state, weight in value.items()}
    if unknown := [state for state in given if state not in states]:
        hint = did_you_mean(unknown[0], states)
        expected = f"expected {', '.join(states)}{'; ' + hint if hint else ''}"
        raise EvidenceError(f"unknown state {quoted(unknown[0])} of {name}; {expected}")
    if missing := [state for state in states if state not in given]:
        raise EvidenceError(f"{name}: no likelihood for {', '.join(missing)}; expected one for each state")
    weights = {state: _weight(name, state, given[state]) for state in states}
    if not any(weights.values()):
        raise EvidenceError(f"{name}: all likelihoods are zero; expected at least one above 0")
    return immutabledict(weights)


def _weight(name: str, state: str, value: object) -> float:
    number = float(value) if isinstance(value, Real) else math.nan
    if 0.0 <= number < math.inf and value is not True and value is not False:
        return number
    hint = f"; write {str(value).replace(',', '.')}" if re.fullmatch(r"\d+,\d+", str(value)) else ""
    raise EvidenceError(f"{name}: the likelihood of {state} is {value}; expected a number from 0 up{hint}")


def _likelihood(answer: Answer, states: tuple[str, ...]) -> Likelihood:
    if isinstance(answer, str):
        return tuple(float(state == answer) for state in states)
    return tuple(answer[state] for state in states)


def _broken_gates(network: Network, answers: Mapping[str, Answer]) -> Iterator[str]:
    """A gate that is not stated is let pass: who answers the question of a runner will be running."""
    for name, answer in answers.items():
        finding = network.findings.get(name)
        if finding is None or answer == UNKNOWN:
            continue
        for gate, wanted in finding.only_if.items():
            if not _allows(answers.get(gate, UNKNOWN), wanted):
                yield (
                    f"{name} is asked only if {gate} is {' or '.join(wanted)}, but {gate} is "
                    f"{_shown(answers[gate])}; change one of the two answers"
                )


def _allows(answer: Answer, wanted: tuple[str, ...]) -> bool:
    if isinstance(answer, str):
        return answer == UNKNOWN or answer in wanted
    return any(answer[state] > 0 for state in wanted)


def _shown(answer: Answer) -> str:
    return answer if isinstance(answer, str) else "only " + " or ".join(state for state, w in answer.items() if w > 0)
