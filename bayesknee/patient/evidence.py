"""What is known of a patient, checked against a network."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from numbers import Real
from typing import Any, Final, NamedTuple, TypeAlias

from immutabledict import immutabledict

from bayesknee.errors import (
    MOST_JOINED,
    EvidenceError,
    did_you_mean,
    few_hints,
    joined,
    quoted,
    shown_word,
)
from bayesknee.knowledge.model import NO_YES
from bayesknee.knowledge.network import Network
from bayesknee.patient.answer_reader import EITHER, TRUTH_VALUES, UNKNOWN, is_blank, meant_name, meant_state, plain_text
from bayesknee.patient.measured import Measured, as_float, is_number, number_text, read_measured
from bayesknee.patient.near_names import finding_hint
from bayesknee.patient.unsure_answers import read_unsure

Answer: TypeAlias = str | Mapping[str, float]
Likelihood: TypeAlias = tuple[float, ...]


class Demand(NamedTuple):
    """A gate that an answer implies: a finding that is asked only if its gate holds was answered, so the gate holds.

    Attributes:
        finding: whose answer it is.
        gate: another finding, or a risk factor.
        allowed: the states of the gate in which the finding is asked.
        states: all states of the gate.
    """

    finding: str
    gate: str
    allowed: tuple[str, ...]
    states: tuple[str, ...]


@dataclass(frozen=True)
class Evidence:
    """A patient's answers, and what they imply.

    An answer, other than `unknown`, to a finding that is asked only if a gate holds implies that it holds: the gate
    gets likelihood 1 on the states that are allowed and 0 on the others, which narrows what is stated of it, if
    anything. So do the gates of the gate.

    Attributes:
        answers: what is stated, by finding, risk factor or condition id: a state, `unknown`, or a likelihood by state.
            A state that was given as a number is a `bayesknee.patient.measured.Measured`, which keeps it.
        likelihoods: all that is known as a likelihood for each state, the largest of them 1: what is stated and what
            that implies. Sorted by id, so that the order of the answers changes nothing; what is not known is left out.
        log_scale: log of the product of what the likelihoods were divided by.
        demands: what the answers say of gates.
    """

    answers: Mapping[str, Answer] = field(default_factory=immutabledict)
    likelihoods: Mapping[str, Likelihood] = field(default_factory=immutabledict)
    log_scale: float = 0.0
    demands: tuple[Demand, ...] = ()

    @cached_property
    def implied(self) -> Mapping[str, tuple[str, ...]]:
        """The states that are left of each gate of which the answers imply more than is stated of it, by id."""
        left = {
            demand.gate: tuple(
                s for s, weight in zip(demand.states, self.likelihoods[demand.gate], strict=True) if weight
            )
            for demand in self.demands
        }
        return immutabledict(
            {gate: states for gate, states in left.items() if states != _possible(self.answers.get(gate))}
        )

    @cached_property
    def taken_from(self) -> Mapping[str, tuple[str, ...]]:
        """The findings whose answers imply that, by gate."""
        return immutabledict(
            {gate: tuple(dict.fromkeys(d.finding for d in self.demands if d.gate == gate)) for gate in self.implied}
        )

    def only(self, names: Iterable[str]) -> Evidence:
        """The same evidence, cut down to the answers to `names` and what these imply."""
        wanted = set(names)
        answers = {name: answer for name, answer in self.answers.items() if name in wanted}
        states = {demand.gate: demand.states for demand in self.demands}
        stated = {
            name: likelihood_of(answer, states[name]) if name in states else self.likelihoods[name]
            for name, answer in answers.items()
            if answer != UNKNOWN
        }
        return _with_implied(answers, stated, tuple(demand for demand in self.demands if demand.finding in wanted))


def _possible(answer: Answer | None) -> tuple[str, ...]:
    """The states that an answer leaves possible; none where it says nothing."""
    if answer is None or answer == UNKNOWN:
        return ()
    return (answer,) if isinstance(answer, str) else tuple(state for state, weight in answer.items() if weight)


NOTHING_KNOWN: Final = Evidence()


def check_evidence(network: Network, raw: Mapping[str, object] | Evidence) -> Evidence:
    """`raw` as `Evidence`.

    Args:
        network: what the evidence is about.
        raw: by id or name of a finding, risk factor or condition: a state, by id or as it is shown; a truth value for
            no and yes; a number where the states are bands, alone or with its unit; `"unknown"`; a likelihood for each
            state that it may be, such as ``{"yes": 0.8, "no": 0.2}``; or such states alone, ``"elbow|forearm"``.
            An unsure answer may be a text, too: `probably`, `probably not`, `probably STATE`, `yes:0.8,no:0.2`. None,
            NaN and an empty text say that nobody was asked; see `bayesknee.patient.answer_reader`.

    Raises:
        EvidenceError: tells all that is wrong.
    """
    if isinstance(raw, Evidence):
        raw = raw.answers
    if not isinstance(raw, Mapping):
        raise EvidenceError(f"evidence {quoted(raw)} is not a mapping; expected finding: answer pairs")
    states = network.states_by_id
    if len(raw) > len(states):  # a service passes on what strangers send, and each unknown name costs time
        unknown = next(name for name in raw if name not in states)
        raise EvidenceError(
            f"{len(raw):,} answers; expected at most {len(states):,}, for so much can be known of a patient; leave out "
            f"what is unknown, such as {quoted(unknown)}"
        )
    with few_hints(MOST_JOINED):
        answers, problems = _read_answers(network, raw)
    demands = tuple(_demands(network, answers))
    problems += _broken_gates(answers, demands)
    if problems:
        raise EvidenceError(joined(problems))
    stated = {name: likelihood_of(answer, states[name]) for name, answer in answers.items() if answer != UNKNOWN}
    return _with_implied(answers, stated, demands)


def _read_answers(network: Network, raw: Mapping[str, object]) -> tuple[dict[str, Answer], list[str]]:
    """The answers that the network takes, in the order given, and what is wrong with the others."""
    answers: dict[str, Answer] = {}
    if not network.hanging:
        return answers, _take_answers(network, raw, answers)
    names = {name: meant_name(network, plain_text(name)) for name in raw}
    hang = {name: value for name, value in raw.items() if names[name] in network.hanging}
    first = {name: value for name, value in raw.items() if name not in hang}
    problems = [*_take_answers(network, first, answers), *_take_answers(network, hang, answers)]
    return {name: answers[name] for name in dict.fromkeys(names.values()) if name in answers}, problems


def _take_answers(network: Network, raw: Mapping[str, object], answers: dict[str, Answer]) -> list[str]:
    """Adds the answers that the network takes to those known, and returns what is wrong with the others."""
    problems: list[str] = []
    states = network.states_by_id
    for name, value in raw.items():
        if type(value) is str and name in states and value in states[name]:  # nearly all of them, so no detours
            answers[name] = value
            continue
        try:
            known = meant_name(network, plain_text(name))
            if (answer := _read_unless_blank(network, known, value, answers)) is None:
                continue
            if answers.setdefault(known, answer) != answer:
                problems.append(f"{known} has two answers; expected one; keep one of them")
        except EvidenceError as error:
            problems.append(str(error))
    return problems


def _read_unless_blank(network: Network, name: str, value: object, known: Mapping[str, Answer]) -> Answer | None:
    """What a value says; None where it says that nobody was asked."""
    states = _states(network, name)
    if is_blank(value) and plain_text(value).lower() not in states:
        return None
    return read_answer(network, name, value, known)


def gate_holds(network: Network, evidence: Evidence, name: str) -> bool:
    """Whether all gates of a finding are known to hold, stated or implied; true of whatever has no gate.

    Args:
        network: what the evidence is about.
        evidence: what is known of the patient.
        name: a finding, risk factor or condition.
    """
    only_if = network.findings[name].only_if if name in network.findings else {}
    return all(is_within(evidence.likelihoods.get(gate), network.states[gate], only_if[gate]) for gate in only_if)


def is_within(likelihood: Likelihood | None, states: tuple[str, ...], allowed: tuple[str, ...]) -> bool:
    """Whether what is known of a question leaves no other states than those allowed."""
    if likelihood is None:
        return False
    return all(state in allowed for state, weight in zip(states, likelihood, strict=True) if weight)


def _with_implied(
    answers: Mapping[str, Answer], stated: Mapping[str, Likelihood], demands: tuple[Demand, ...]
) -> Evidence:
    """Evidence of these answers, whose stated likelihoods the demands narrow."""
    likelihoods = dict(stated)
    for demand in demands:
        before = likelihoods.get(demand.gate) or (1.0,) * len(demand.states)
        likelihoods[demand.gate] = tuple(
            weight if state in demand.allowed else 0.0 for state, weight in zip(demand.states, before, strict=True)
        )
    scales = [max(answer.values()) for answer in answers.values() if not isinstance(answer, str)]
    for gate in {demand.gate for demand in demands if isinstance(answers.get(demand.gate), Mapping)}:
        scales.append(highest := max(likelihoods[gate]))
        likelihoods[gate] = tuple(weight / highest for weight in likelihoods[gate])
    return Evidence(
        immutabledict(answers),
        immutabledict(sorted(likelihoods.items())),
        math.fsum(map(math.log, scales)),
        demands,
    )


def read_answer(network: Network, name: str, value: object, known: Mapping[str, object] = immutabledict()) -> Answer:
    """What a value says of the finding, risk factor or condition of that name; see `check_evidence`.

    Args:
        network: what the answer is about.
        name: an id of it.
        value: what was answered.
        known: the patient's other answers, checked, by id: the cut-offs of a number may hang on them.

    Raises:
        EvidenceError: the network cannot take it.
    """
    states = _states(network, name)
    if isinstance(value, Mapping):
        return _soft_answer(network, name, value)
    if isinstance(value, str) and EITHER in value:
        return _either(network, name, value)
    if isinstance(value, str) and (weights := _read_unsure(network, name, value)) is not None:
        return _soft_answer(network, name, weights)
    question = network.questions.get(name)
    if question and question.bands and is_number(value):
        return read_measured(network, question, value, known)
    said = value
    if isinstance(value, TRUTH_VALUES):
        said = NO_YES[bool(value)]
    elif isinstance(value, Real) and math.isfinite(number := as_float(value)):
        said = number_text(number)
    if isinstance(said, str) and (state := meant_state(network, name, said)) in (*states, UNKNOWN):
        return state
    if question and question.bands:
        return read_measured(network, question, value, known)
    if isinstance(said, str):
        hint = did_you_mean(said, [*states, UNKNOWN])
        expected = f"expected {', '.join(states)} or {UNKNOWN}"
        raise EvidenceError(f"unknown state {quoted(said)} of {name}; {expected}{'; ' + hint if hint else ''}")
    raise EvidenceError(f"{name}: got {quoted(value)}; expected a state ({', '.join(states)}) or a likelihood by state")


def _states(network: Network, name: str) -> tuple[str, ...]:
    if name in network.states:
        return network.states[name]
    raise EvidenceError(f"unknown finding {quoted(name)}; {finding_hint(network, name)}")


def _read_unsure(network: Network, name: str, text: str) -> Mapping[str, object] | None:
    """The likelihoods of an unsure answer; None where the text is a state, whatever signs are in its name."""
    return None if meant_state(network, name, text) in network.states[name] else read_unsure(network, name, text)


def _either(network: Network, name: str, value: str) -> Answer:
    """The one state or the other: all that are named are as likely."""
    said = [part.strip() for part in value.split(EITHER)]
    return _soft_answer(network, name, dict.fromkeys(said, 1.0))


def _soft_answer(network: Network, name: str, value: Mapping[Any, object]) -> Answer:
    """A likelihood for each state that is named; those that are left out cannot be."""
    states, given = network.states_by_id[name], dict[str, object]()
    for key, weight in value.items():
        state = meant_state(network, name, key)
        if state in given:
            raise EvidenceError(
                f"{name}: two likelihoods for {shown_word(state)}; expected one for each state; keep one of them"
            )
        given[state] = weight
    if unknown := [state for state in given if state not in states]:
        hint = did_you_mean(unknown[0], states)
        expected = f"expected {', '.join(states)}{'; ' + hint if hint else ''}"
        raise EvidenceError(f"unknown state {quoted(unknown[0])} of {name}; {expected}")
    weights = {state: _weight(name, state, given.get(state, 0.0)) for state in states}
    if len(given) == 1 and 0.0 < (alone := max(weights.values())) != 1.0:  # {yes: 0.8} does not mean for certain
        others = ", ".join(state for state in states if state not in given)
        told = f"{alone:g} for {next(iter(given))} alone"
        raise EvidenceError(f"{name}: {told}; expected likelihoods of {others} as well")
    if not any(weights.values()):
        raise EvidenceError(f"{name}: all likelihoods are zero; expected at least one above 0")
    return immutabledict(weights)


def _weight(name: str, state: str, value: object) -> float:
    is_truth = value is True or value is False
    number = as_float(value) if isinstance(value, Real) and not is_truth else None
    if number is not None and 0.0 <= number < math.inf:
        return number
    told = quoted(value).strip("'") if number is None else f"{number:g}"
    hint = f"; write {told.replace(',', '.')}" if re.fullmatch(r"\d+,\d+", told) else ""
    raise EvidenceError(f"{name}: the likelihood of {state} is {told}; expected a number from 0 up{hint}")


def likelihood_of(answer: Answer, states: tuple[str, ...]) -> Likelihood:
    """The likelihood of each state by an answer other than `unknown`, the largest 1."""
    if isinstance(answer, str):
        return _certainty(answer, states)
    highest = max(answer.values())
    return tuple(answer[state] / highest for state in states)


@lru_cache(maxsize=1024)  # a network of hundreds of questions has about as many states
def _certainty(answer: str, states: tuple[str, ...]) -> Likelihood:
    return tuple(float(state == answer) for state in states)


def _demands(network: Network, answers: Mapping[str, Answer]) -> Iterator[Demand]:
    for name in sorted(network.gated.intersection(answers)):
        if answers[name] != UNKNOWN:
            for gate, allowed in network.gates[name]:
                yield Demand(name, gate, allowed, network.states[gate])


def _broken_gates(answers: Mapping[str, Answer], demands: Iterable[Demand]) -> Iterator[str]:
    """A gate of which nothing is left possible, by what is stated of it and by the answers that hang on it."""
    by_gate: dict[str, list[Demand]] = {}
    for demand in demands:
        by_gate.setdefault(demand.gate, []).append(demand)
    for gate, those in by_gate.items():
        possible = _possible(answers.get(gate)) or those[0].states
        if broken := [each for each in those if not set(possible).intersection(each.allowed)]:
            yield from (
                f"{_asked_only_if(each)}, but {gate} is {shown(answers[gate])}; change one of the two answers"
                for each in broken
            )
        elif not set(possible).intersection(*(each.allowed for each in those)):
            known = f", and {gate} is {shown(answers[gate])}" if _possible(answers.get(gate)) else ""
            yield f"{', '.join(map(_asked_only_if, those))}{known}; these clash: change or leave out one of the answers"


def _asked_only_if(demand: Demand) -> str:
    return f"{demand.finding} is asked only if {demand.gate} is {' or '.join(demand.allowed)}"


def shown(answer: Answer) -> str:
    """An answer in words, for a message."""
    if isinstance(answer, Measured):
        return str(answer.as_given)
    if isinstance(answer, str):
        return answer
    return " or ".join(state for state, weight in answer.items() if weight > 0)
