"""What is known of a patient, checked against a network."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from numbers import Real
from typing import Final, TypeAlias

import numpy as np
from immutabledict import immutabledict

from bayesknee.errors import EvidenceError, did_you_mean, quoted
from bayesknee.knowledge.model import NO_YES, Network, RiskFactor

UNKNOWN: Final = "unknown"
TRUTH_VALUES: Final = (bool, np.bool_)
Answer: TypeAlias = str | Mapping[str, float]
Likelihood: TypeAlias = tuple[float, ...]


@dataclass(frozen=True)
class Evidence:
    """A patient's answers.

    Attributes:
        answers: by finding, risk factor or condition id: a state, `unknown`, or a likelihood by state.
        likelihoods: the same as a likelihood for each state, the largest of them 1; sorted by id, so that the order of
            the answers changes nothing; answers `unknown` are left out.
        log_scale: log of the product of what the likelihoods were divided by.
    """

    answers: Mapping[str, Answer] = field(default_factory=immutabledict)
    likelihoods: Mapping[str, Likelihood] = field(default_factory=immutabledict)
    log_scale: float = 0.0

    def only(self, names: Iterable[str]) -> Evidence:
        """The same evidence, cut down to `names`."""
        wanted = set(names)
        answers = {name: answer for name, answer in self.answers.items() if name in wanted}
        likelihoods = {name: each for name, each in self.likelihoods.items() if name in wanted}
        return Evidence(immutabledict(answers), immutabledict(likelihoods), _log_scale(answers))


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
        raw = raw.answers
    if not isinstance(raw, Mapping):
        raise EvidenceError(f"evidence {quoted(raw)} is not a mapping; expected finding: answer pairs")
    answers: dict[str, Answer] = {}
    problems: list[str] = []
    states = network.states
    for name, value in raw.items():
        if type(value) is str and name in states and value in states[name]:  # nearly all of them, so no detours
            answers[name] = value
            continue
        try:
            answers[str(name)] = _answer(network, str(name), value)
        except EvidenceError as error:
            problems.append(str(error))
    problems += _broken_gates(network, answers)
    if problems:
        raise EvidenceError("; ".join(problems))
    known = sorted(name for name, answer in answers.items() if answer != UNKNOWN)
    likelihoods = {name: _likelihood(answers[name], states[name]) for name in known}
    return Evidence(immutabledict(answers), immutabledict(likelihoods), _log_scale(answers))


def _log_scale(answers: Mapping[str, Answer]) -> float:
    soft = [answer for answer in answers.values() if not isinstance(answer, str)]
    return math.fsum(math.log(max(answer.values())) for answer in soft)


def _answer(network: Network, name: str, value: object) -> Answer:
    states = _states(network, name)
    if isinstance(value, str) and (value in states or value == UNKNOWN):
        return str(value)
    if isinstance(value, TRUTH_VALUES):
        return _answer(network, name, NO_YES[bool(value)])
    if isinstance(value, Mapping):
        return _soft_answer(name, value, states)
    if name in network.risk_factors and network.risk_factors[name].bands:
        return _band(network.risk_factors[name], value)
    if isinstance(value, str):
        hint = did_you_mean(value, states)
        expected = f"expected {', '.join(states)} or {UNKNOWN}"
        raise EvidenceError(f"unknown state {quoted(value)} of {name}; {expected}{'; ' + hint if hint else ''}")
    raise EvidenceError(f"{name}: got {quoted(value)}; expected a state ({', '.join(states)}) or a likelihood by state")


def _states(network: Network, name: str) -> tuple[str, ...]:
    if name in network.states:
        return network.states[name]
    hint = did_you_mean(name, network.states) or "`bayesknee findings` lists what is known"
    raise EvidenceError(f"unknown finding {quoted(name)}; {hint}")


def _band(factor: RiskFactor, value: object) -> str:
    number = _number(factor.id, value)
    for state, (low, high) in factor.bands.items():
        if low <= number < high:
            return state
    lowest = min(low for low, _ in factor.bands.values())
    highest = max(high for _, high in factor.bands.values())
    scope = f"expected {lowest:g} or more and below {highest:g} {factor.unit}".rstrip()
    reason = f"; {factor.out_of_scope}" if factor.out_of_scope and number < lowest else "; correct the number"
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
        return _certainty(answer, states)
    highest = max(answer.values())
    return tuple(answer[state] / highest for state in states)


@lru_cache(maxsize=1024)
def _certainty(answer: str, states: tuple[str, ...]) -> Likelihood:
    return tuple(float(state == answer) for state in states)


def _broken_gates(network: Network, answers: Mapping[str, Answer]) -> Iterator[str]:
    """A gate that is not stated is let pass: who answers the question of a runner will be running."""
    for name in (each for each in answers if each in network.gated):
        gates = network.findings[name].only_if if answers[name] != UNKNOWN else {}
        for gate, wanted in gates.items():
            if gate in answers and not _allows(answers[gate], wanted):
                yield (
                    f"{name} is asked only if {gate} is {' or '.join(wanted)}, but {gate} is "
                    f"{shown(answers[gate])}; change one of the two answers"
                )


def _allows(answer: Answer, wanted: tuple[str, ...]) -> bool:
    if isinstance(answer, str):
        return answer == UNKNOWN or answer in wanted
    return any(answer[state] > 0 for state in wanted)


def shown(answer: Answer) -> str:
    """An answer in words, for a message."""
    if isinstance(answer, str):
        return answer
    return " or ".join(state for state, weight in answer.items() if weight > 0)
