"""Answers in words: what people call a question, and each way of answering it."""

from __future__ import annotations

from bayesknee.knowledge.network import Network
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.patient.evidence import Answer
from bayesknee.patient.measured import Measured, with_unit


def label(network: Network, name: str) -> str:
    """What people call a finding, risk factor or condition."""
    return network.questions[name].label if name in network.questions else network.conditions[name].name


def answer_text(network: Network, name: str, answer: Answer) -> str:
    """An answer in words."""
    if answer == UNKNOWN:
        return "not known"
    if isinstance(answer, Measured):
        return _measured_text(network, name, answer)
    if isinstance(answer, str):
        return state_text(network, name, answer)
    return "unsure: " + ", ".join(f"{state_text(network, name, state)} {weight:g}" for state, weight in answer.items())


def _measured_text(network: Network, name: str, answer: Measured) -> str:
    """A number with its unit, and what it counts as where the bounds of its band do not say that."""
    told = with_unit(answer.number, answer.unit)
    if network.questions[name].is_named_by_bounds:
        return told
    return f"{told}: {state_text(network, name, answer)}{f' ({answer.cut_off})' if answer.cut_off else ''}"


def state_text(network: Network, name: str, state: str) -> str:
    """A state of a finding, risk factor or condition in words; a band by its bounds."""
    return network.questions[name].state_words(state) if name in network.questions else state
