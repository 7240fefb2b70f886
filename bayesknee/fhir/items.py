"""Prompts as items of a Questionnaire.

A `linkId` is the id of the question, so that an answer says what it is about. Put for the second time, it is `age.2`. A
number has an item of its own beside it, `age.state`, for who knows no number.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeAlias

from immutabledict import immutabledict

from bayesknee.fhir.names import CORE, UCUM, Coding, network_coding, question_codings, state_coding
from bayesknee.interview.checklists import checklist
from bayesknee.interview.prompts import Option, Prompt, prompt_of
from bayesknee.knowledge.model import NO_YES
from bayesknee.knowledge.network import Network
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.patient.measured import folded_unit

Item: TypeAlias = dict[str, Any]

STATE: Final = ".state"
HELP: Final = ".help"
PROBABLY: Final = immutabledict({"probably": "Probably", "probably_not": "Probably not"})
UNKNOWN_WORDS: Final = "Not known"
# The codes of UCUM for units as networks write them, folded (https://ucum.org); others are told as text.
_UNITS: Final[Mapping[str, str]] = immutabledict(
    {"year": "a", "month": "mo", "week": "wk", "day": "d", "hour": "h", "min": "min", "c": "Cel", "f": "[degF]"}
    | {"%": "%", "cm": "cm", "mm": "mm", "kg": "kg", "g": "g", "ug/l": "ug/L", "mg/l": "mg/L", "g/l": "g/L"}
    | {"mmol/l": "mmol/L", "umol/l": "umol/L", "mm/h": "mm/h", "ml": "mL", "l": "L"}
)
_TIMES: Final = re.compile(r"\.(\d+)$")


def question_of(link: str) -> str:
    """The id of the question or list that a `linkId` stands for."""
    return _TIMES.sub("", link.removesuffix(HELP).removesuffix(STATE))


class Links:
    """Gives each question a `linkId` that no other item of the form has."""

    def __init__(self) -> None:
        self._times: Counter[str] = Counter()

    def link(self, name: str) -> str:
        """The link of a question that is put, perhaps again."""
        self._times[name] += 1
        return name if self._times[name] == 1 else f"{name}.{self._times[name]}"


def prompt_items(network: Network, prompt: Prompt, links: Links) -> list[Item]:
    """The items of a prompt: one; for a number two, for a list a group.

    Args:
        network: of the prompt.
        prompt: what is put.
        links: the links of the form, to which those of the prompt are added.
    """
    link = links.link(prompt.id)
    if prompt.kind == "tick_all":
        group = checklist(network, prompt.id)
        lines = [item for option in prompt.options for item in _line(network, option, links)]
        helped = _help(link, group.help) if group else []
        return [{"linkId": link, "text": prompt.question, "type": "group", "item": [*helped, *lines]}]
    if prompt.kind == "number":
        return _number_items(network, prompt, link)
    return [_choice(network, prompt.id, link, prompt.question, _options(network, prompt), prompt.help)]


def _line(network: Network, option: Option, links: Links) -> list[Item]:
    """A line of a list: yes, no or not known, or a number; without an answer it was not asked."""
    if network.questions[option.value].bands:
        return _number_items(network, replace(prompt_of(network, option.value), help=""), links.link(option.value))
    words = {state: network.questions[option.value].state_words(state) for state in reversed(NO_YES)}
    options = [*_states(network, option.value, words), _unknown(network)]
    return [_choice(network, option.value, links.link(option.value), option.question, options)]


def _choice(  # noqa: PLR0913, PLR0917 (the parts of an item)
    network: Network, name: str, link: str, text: str, options: Iterable[Coding], help_text: str = ""
) -> Item:
    helped = _help(link, help_text)
    return {
        "linkId": link,
        "extension": [_control("radio-button")],
        **_codes(network, name),
        "text": text,
        "type": "choice",
        "answerOption": [{"valueCoding": coding} for coding in options],
        **({"item": helped} if helped else {}),
    }


def _codes(network: Network, name: str) -> dict[str, Any]:
    question = network.questions.get(name)
    return {"code": question_codings(network, question)} if question else {}


def _options(network: Network, prompt: Prompt) -> list[Coding]:
    """The answers to choose from; of yes and no, yes first, and who is not sure may say so."""
    words = {option.value: option.label for option in prompt.options}
    if prompt.id not in network.questions:
        return [network_coding(network, value, label) for value, label in words.items()]
    if not prompt.is_yes_no:
        return [*_states(network, prompt.id, words), _unknown(network)]
    unsure = [network_coding(network, value, label) for value, label in PROBABLY.items()]
    yes, no = _states(network, prompt.id, {state: words[state] for state in reversed(NO_YES)})
    return [yes, unsure[0], unsure[1], no, _unknown(network)]


def _states(network: Network, name: str, words: Mapping[str, str]) -> list[Coding]:
    question = network.questions[name]
    return [state_coding(network, question, state, label) for state, label in words.items()]


def _unknown(network: Network) -> Coding:
    return network_coding(network, UNKNOWN, UNKNOWN_WORDS)


def _number_items(network: Network, prompt: Prompt, link: str) -> list[Item]:
    """A number, and beside it what can be said without one."""
    helped = _help(link, prompt.help)
    number = {
        "linkId": link,
        "extension": [
            *_unit(prompt.unit),
            {"url": f"{CORE}/minValue", "valueDecimal": prompt.lowest},
            {"url": f"{CORE}/maxValue", "valueDecimal": prompt.highest},
        ],
        **_codes(network, prompt.id),
        "text": f"{prompt.question} ({prompt.unit})" if prompt.unit else prompt.question,
        "type": "decimal",
        **({"item": helped} if helped else {}),
    }
    states = _states(network, prompt.id, {option.value: option.label for option in prompt.named})
    otherwise = {
        "linkId": f"{link}{STATE}",
        "extension": [_control("radio-button")],
        "text": "Or without a number",
        "type": "choice",
        "enableWhen": [{"question": link, "operator": "exists", "answerBoolean": False}],
        "answerOption": [{"valueCoding": coding} for coding in (*states, _unknown(network))],
    }
    return [number, otherwise]


def _unit(unit: str) -> list[Item]:
    if not unit:
        return []
    code = _UNITS.get(folded_unit(unit))
    coding = {"system": UCUM, "code": code, "display": unit} if code else {"display": unit}
    return [{"url": f"{CORE}/questionnaire-unit", "valueCoding": coding}]


def unit_words(code: str) -> str:
    """A unit of UCUM as networks write it; any other as it is."""
    return next((unit for unit, known in _UNITS.items() if known == code), code)


def _help(link: str, text: str) -> list[Item]:
    if not text:
        return []
    return [{"linkId": f"{link}{HELP}", "extension": [_control("help")], "text": text, "type": "display"}]


def _control(kind: str) -> Item:
    """How an item is shown, of HL7's code system of controls."""
    coding = {"system": "http://hl7.org/fhir/questionnaire-item-control", "code": kind}
    return {"url": f"{CORE}/questionnaire-itemControl", "valueCodeableConcept": {"coding": [coding]}}
