"""A network as a Questionnaire: all its questions, or the shell of a form that grows with the answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from bayesknee.diagnosis.wording import scope_lines
from bayesknee.fhir.items import STATE, Item, Links, prompt_items
from bayesknee.fhir.names import (
    ADAPTIVE,
    ADAPTIVE_EXTENSION,
    SDC,
    Addresses,
    resource_id,
    state_coding,
)
from bayesknee.interview.preliminaries import WHO, preliminary_ids, preliminary_prompt
from bayesknee.interview.prompts import prompt_of
from bayesknee.knowledge.model import Finding
from bayesknee.knowledge.network import Network

# Groups are named with a dot, which no id of a network has.
PRELIMINARY: Final = "group.preliminaries"
TOPIC: Final = "topic."
VERSION_ALGORITHM: Final = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Questionnaire.versionAlgorithm[x]"


def base_form(network: Network, addresses: Addresses) -> dict[str, Any]:
    """The Questionnaire with all questions of a network, by topic."""
    return {
        "resourceType": "Questionnaire",
        "id": resource_id(network),
        "extension": [_version_algorithm(network)],
        "url": addresses.questionnaire(network),
        **_head(network),
        "item": [*_groups(network)],
    }


def adaptive_shell(network: Network, addresses: Addresses, today: date) -> dict[str, Any]:
    """The Questionnaire that says where the questions of an adaptive form come from; it has none itself.

    Args:
        network: of the form.
        addresses: of the server.
        today: the profile wants a date of publication, which networks do not have.
    """
    return {
        "resourceType": "Questionnaire",
        "id": f"{resource_id(network)}{ADAPTIVE}",
        "meta": {"profile": [f"{SDC}/StructureDefinition/sdc-questionnaire-adapt-srch"]},
        "extension": [_version_algorithm(network), _adaptive(addresses)],
        "url": f"{addresses.questionnaire(network)}{ADAPTIVE}",
        **_head(network),
        "date": today.isoformat(),
        "derivedFrom": [canonical(network, addresses)],
    }


def contained_form(network: Network, addresses: Addresses, items: list[Item]) -> dict[str, Any]:
    """The Questionnaire within the response of an adaptive form, with the items so far."""
    head = {key: value for key, value in _head(network).items() if key != "version"}
    return {
        "resourceType": "Questionnaire",
        "id": "q",
        "meta": {"profile": [f"{SDC}/StructureDefinition/sdc-questionnaire-adapt"]},
        "extension": [_adaptive(addresses)],
        **head,
        "derivedFrom": [canonical(network, addresses)],
        **({"item": items} if items else {}),
    }


def canonical(network: Network, addresses: Addresses) -> str:
    """The canonical name of the form of this version of a network."""
    return f"{addresses.questionnaire(network)}|{network.version}"


def _adaptive(addresses: Addresses) -> dict[str, Any]:
    return {"url": ADAPTIVE_EXTENSION, "valueUrl": addresses.next_question}


def _version_algorithm(network: Network) -> dict[str, Any]:
    """How versions are compared, which SDC wants of a form that has one."""
    code = "semver" if re.fullmatch(r"\d+\.\d+\.\d+", network.version) else "natural"
    return {"url": VERSION_ALGORITHM, "valueCoding": {"system": "http://hl7.org/fhir/version-algorithm", "code": code}}


def _head(network: Network) -> dict[str, Any]:
    about = "\n\n".join(filter(None, (network.description, *scope_lines(network), network.caution)))
    return {
        "version": network.version,
        "name": "".join(word.capitalize() for word in network.id.split("_")),
        "title": network.title,
        "status": "active",
        "experimental": True,
        "subjectType": ["Patient"],
        **({"description": about} if about else {}),
    }


def _groups(network: Network) -> Iterator[Item]:
    """What is asked first, then the lists without a topic, then a group for each topic."""
    links = Links()
    names = [name for name in preliminary_ids(network) if name != WHO]
    first = [item for name in names for item in prompt_items(network, preliminary_prompt(network, name), links)]
    yield {"linkId": PRELIMINARY, "text": "Before all else", "type": "group", "item": first}
    taken: set[str] = set()
    lists: dict[str, list[Item]] = {}
    for name, group in network.opening.tick_all.items():
        members = [member for member in group.members if member not in taken]
        taken |= set(members)
        items = prompt_items(network, prompt_of(network, name, members), links) if members else []
        lists.setdefault(group.topic, []).extend(items)
    yield from lists.pop("", ())
    for topic, label in network.topics.items():
        asked = [name for name, each in network.questions.items() if each.topic == topic and name not in taken]
        single = (item for name in asked for item in prompt_items(network, prompt_of(network, name), links))
        if items := [*lists.get(topic, ()), *single]:
            gated = [_gated(network, item) for item in items]
            yield {"linkId": f"{TOPIC}{topic}", "text": label, "type": "group", "item": gated}


def _gated(network: Network, item: Item) -> Item:
    """An item, and those below it, asked only where its gate holds."""
    below = {"item": [_gated(network, each) for each in item["item"]]} if "item" in item else {}
    question = network.findings.get(item["linkId"].removesuffix(STATE))
    when = list(_conditions(network, question)) if question else []
    if not when:
        return {**item, **below}
    needed = {"enableWhen": [*when, *item.get("enableWhen", ())]}
    behavior = {"enableBehavior": _behavior(needed["enableWhen"], question)} if len(needed["enableWhen"]) > 1 else {}
    return {**{key: value for key, value in item.items() if key != "item"}, **needed, **behavior, **below}


def _behavior(when: list[Mapping[str, Any]], question: Finding | None) -> str:
    """`any` where one gate allows several states, else `all`."""
    gates = question.only_if if question else {}
    return "any" if len(gates) == 1 and len(when) == len(next(iter(gates.values()))) else "all"


def _conditions(network: Network, question: Finding) -> Iterator[Item]:
    """The gates of a finding as far as `enableWhen` can say them.

    Several gates must all hold, and each may allow several states. All states but these are then excluded one by one. A
    gate that is given as a number is left to the text: its bands may hang on other answers.
    """
    gates = {name: states for name, states in question.only_if.items() if not network.questions[name].bands}
    is_number = bool(question.bands)
    if len(gates) == 1 and not is_number and len(question.only_if) == 1:
        (name, states) = next(iter(gates.items()))
        yield from (_compared(network, name, state, "=") for state in states)
        return
    for name, states in gates.items():
        yield {"question": name, "operator": "exists", "answerBoolean": True}
        for state in (state for state in network.questions[name].states if state not in states):
            yield _compared(network, name, state, "!=")


def _compared(network: Network, name: str, state: str, operator: str) -> Item:
    gate = network.questions[name]
    coding = state_coding(network, gate, state, gate.state_words(state))
    return {"question": name, "operator": operator, "answerCoding": coding}
