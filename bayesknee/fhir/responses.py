"""A QuestionnaireResponse as what is known of a patient: its network, its answers, and what was not understood."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from immutabledict import immutabledict

from bayesknee.errors import EvidenceError, InterviewError, SettingError, few_hints, name_hint, quoted, shown_word
from bayesknee.fhir.answers import question_with_code, read_value
from bayesknee.fhir.items import HELP, STATE, question_of
from bayesknee.fhir.names import Resource, network_id, version_of
from bayesknee.fhir.outcomes import Issue, ResourceError, at_item
from bayesknee.interview.checklists import checklists
from bayesknee.interview.preliminaries import check_preliminary, is_preliminary, preliminary_ids
from bayesknee.interview.state import PUT_AT_MOST, State, Step
from bayesknee.knowledge.network import Network
from bayesknee.patient.evidence import Answer, check_evidence, read_answer

MOST_ITEMS: Final = 10_000  # as many answers as a case may have keys
MOST_DEEP: Final = 20  # groups in groups; judged: forms have three or four
GENERATED: Final = ("result.", "warning.", "told.")  # what an adaptive form tells, and asks nothing
MOST_PUT: Final = 2 * PUT_AT_MOST  # times that a form may put a question, of which an interview takes half
Said = Mapping[str, list[Mapping[str, Any]]]


class Put(NamedTuple):
    """A question that an adaptive form put.

    Attributes:
        name: id of the question, list or preliminary.
        lines: what it asks, with the links of their items: of a list its lines, else itself.
    """

    name: str
    lines: Mapping[str, str]


@dataclass(frozen=True)
class Intake:
    """What a response says.

    Attributes:
        network: the one that its form is of.
        state: the answers, in the order of an interview where the form is adaptive.
        prompts: of an adaptive form: the questions put so far.
        told: what was not understood, and other warnings.
    """

    network: Network
    state: State
    prompts: tuple[Put, ...] = ()
    told: tuple[Issue, ...] = ()


@dataclass
class _Read:
    """What is found on the way through a response."""

    errors: list[Issue] = field(default_factory=list)
    told: list[Issue] = field(default_factory=list)


def read_response(find: Callable[[str], Network], resource: object, network: str = "") -> Intake:
    """What a QuestionnaireResponse says.

    Args:
        find: the network of an id, the first one for an empty id; raises where there is none.
        resource: the response.
        network: id of the network, where its form is of none. A contained form of another is read by its codes.

    Raises:
        ResourceError: it is of another shape, or has answers that the network cannot take.
        EvidenceError: answers that cannot be taken together.
        NetworkNotFoundError: no such network.
    """
    response = _checked(resource)
    form = _contained(response)
    address = next(iter(_derived_from(form)), response.get("questionnaire"))
    of_form = network_id(address) if isinstance(address, str) and not address.startswith("#") else ""
    if form and not of_form and not network:
        text = "the contained form is of no network by derivedFrom; expected one; add it, or say ?network="
        raise ResourceError([Issue(text, "QuestionnaireResponse.contained", kind="required")])
    found = find(network or of_form)
    if form and of_form != found.id:  # a form that others made: its codes say what its items are about
        return _intake(found, _by_code(found, form, _answers(response)), _Read())
    read = _Read()
    if (version := version_of(str(address or ""))) and version != found.version:
        text = f"the form is of {found.id} {version}, and this is {found.version}; figures and answers may differ"
        read.told.append(Issue(text, severity="warning", kind="business-rule"))
    prompts = tuple(_prompts(found, form.get("item", ()))) if form else ()
    return _intake(found, _answers(response), read, prompts)


def _checked(resource: object) -> Mapping[str, Any]:
    kind = resource.get("resourceType") if isinstance(resource, Mapping) else None
    if not isinstance(resource, Mapping) or kind != "QuestionnaireResponse":
        got = f"the resource {quoted(kind)}" if kind else "no resource"
        raise ResourceError([Issue(f"got {got}; expected a QuestionnaireResponse; send one", kind="structure")])
    return resource


def _contained(response: Mapping[str, Any]) -> Mapping[str, Any]:
    """The form within a response; empty where there is none."""
    contained = response.get("contained", [])
    forms = [each for each in contained if isinstance(each, Mapping)] if isinstance(contained, list) else []
    return next((each for each in forms if each.get("resourceType") == "Questionnaire"), {})


def _derived_from(form: Mapping[str, Any]) -> list[str]:
    named = form.get("derivedFrom", [])
    named = named if isinstance(named, list) else [named]
    return [each for each in (*named, form.get("url")) if isinstance(each, str)]


# --- items -----------------------------------------------------------------------------------------------------------


def items_of(tree: object, deep: int = 0) -> Iterator[Mapping[str, Any]]:
    """All items of a form or response, those in groups and below answers too, in their order.

    Raises:
        ResourceError: items of another shape, or too deep in each other.
    """
    if not isinstance(tree, list | tuple) or deep > MOST_DEEP:
        told = "items too deep in each other" if deep > MOST_DEEP else quoted(tree)
        raise ResourceError([Issue(f"got {told}; expected a list of items; send it so", kind="structure")])
    for item in tree:
        if not isinstance(item, Mapping) or not isinstance(item.get("linkId"), str):
            text = f"got {quoted(item)}; expected an item with a linkId; send it so"
            raise ResourceError([Issue(text, kind="structure")])
        yield item
        yield from items_of(item.get("item", ()), deep + 1)
        for answer in answers_of(item):
            yield from items_of(answer.get("item", ()), deep + 1)


def answers_of(item: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The answers of an item of a response that have a value.

    Raises:
        ResourceError: answers of another shape.
    """
    answers = item.get("answer", [])
    if not isinstance(answers, list) or not all(isinstance(each, Mapping) for each in answers):
        text = f"got {quoted(answers)} as the answer of {shown_word(item['linkId'])}; expected a list of answers"
        raise ResourceError([Issue(f"{text}; send it so", at_item(item["linkId"]), kind="structure")])
    return [answer for answer in answers if any(key.startswith("value") for key in answer)]


def _answers(response: Mapping[str, Any]) -> Said:
    """The answers by link; of one that stands twice, all."""
    said: dict[str, list[Mapping[str, Any]]] = {}
    for count, item in enumerate(items_of(response.get("item", ()))):
        if count >= MOST_ITEMS:
            text = f"more than {MOST_ITEMS:,} items; expected one patient's answers; send less"
            raise ResourceError([Issue(text, kind="too-long")])
        if answers := answers_of(item):
            said.setdefault(item["linkId"], []).extend(answers)
    return said


def _by_code(network: Network, form: Mapping[str, Any], said: Said) -> Said:
    """Answers to a form that others made, by the ids of the questions that have the codes of its items."""
    names: dict[str, str] = {}
    for item in items_of(form.get("item", ())):
        codes = item.get("code", [])
        for coding in codes if isinstance(codes, list) else []:
            if isinstance(coding, Mapping) and (
                name := question_with_code(network, coding.get("system"), coding.get("code"))
            ):
                names.setdefault(item["linkId"], name)
    found: dict[str, list[Mapping[str, Any]]] = {}
    for link, answers in said.items():
        found.setdefault(names.get(link, f"#{link}"), []).extend(answers)  # no id begins so: it is told
    return found


def _prompts(network: Network, items: object) -> Iterator[Put]:
    """The questions that an adaptive form has put, in order.

    Raises:
        ResourceError: it puts one more often than an interview does.
    """
    lists, single = checklists(network), {*network.questions, *preliminary_ids(network)}
    times: Counter[str] = Counter()
    for item in items if isinstance(items, list) else ():
        link = item.get("linkId") if isinstance(item, Mapping) else None
        if not isinstance(link, str) or link.startswith(GENERATED) or link.endswith((HELP, STATE)):
            continue
        name = question_of(link)
        times[name] += 1
        if times[name] > MOST_PUT:
            text = f"the form puts {shown_word(name)} more than {MOST_PUT} times; expected a form of this server"
            raise ResourceError([Issue(f"{text}; begin anew", "QuestionnaireResponse.contained")])
        if members := lists.get(name):
            links = [each["linkId"] for each in items_of(item.get("item", ()))]
            lines = {question_of(each): each.removesuffix(STATE) for each in links if not each.endswith(HELP)}
            known = {line: each for line, each in lines.items() if line in members.members}
            yield Put(name, immutabledict(known))
        elif name in single:
            yield Put(name, immutabledict({name: link}))


# --- answers ---------------------------------------------------------------------------------------------------------


def _intake(network: Network, said: Said, read: _Read, prompts: tuple[Put, ...] = ()) -> Intake:
    with few_hints():
        raw = _raw(network, said, read)
        raw = {name: value for name, value in raw.items() if _is_sound(network, name, raw, read)}
        if read.errors:
            raise ResourceError(read.errors)
    answers = check_evidence(network, {name: value for name, value in raw.items() if name in network.questions}).answers
    before = {name: check_preliminary(network, name, value) for name, value in raw.items() if is_preliminary(name)}
    state = _state({**before, **answers}, prompts, {link.removesuffix(STATE) for link in said})
    return Intake(network, state, prompts, tuple(read.told))


def _raw(network: Network, said: Said, read: _Read) -> Mapping[str, object]:
    """The value of each question. Put again, the last answer counts."""
    raw: dict[str, object] = {}
    places: dict[str, str] = {}
    for link, answers in said.items():
        name = question_of(link)
        if name not in network.questions and name not in preliminary_ids(network):
            read.told.append(_not_understood(network, link))
            continue
        try:
            value = read_value(network, name, answers)
        except EvidenceError as error:
            read.errors.append(Issue(str(error), at_item(link), kind="value"))
            continue
        if name in raw and places[name].removesuffix(STATE) == link.removesuffix(STATE):
            text = f"{name} has a number and an answer without one; expected one of them; leave one out"
            read.errors.append(Issue(text, at_item(link), kind="conflict"))
        raw.pop(name, None)
        raw[name], places[name] = value, link
    return raw


def _not_understood(network: Network, link: str) -> Issue:
    name = link.removeprefix("#")
    hint = name_hint(question_of(name), [*network.questions], "code the item, or leave it out")
    text = f"not understood, and not counted: the answer to the item {shown_word(name)}; {hint}"
    return Issue(text, at_item(name), severity="warning", kind="not-supported")


def _is_sound(network: Network, name: str, raw: Mapping[str, object], read: _Read) -> bool:
    """Whether an answer can be taken by itself; that it cannot is noted, so that all faults are told at once."""
    try:
        if is_preliminary(name):
            check_preliminary(network, name, raw[name])
        else:
            read_answer(network, name, raw[name], raw)
    except (EvidenceError, InterviewError, SettingError) as error:
        read.errors.append(Issue(str(error), at_item(name), kind="value"))
        return False
    return True


def _state(known: Mapping[str, Answer], prompts: Iterable[Put], answered: Container[str]) -> State:
    """The interview that put these prompts: what has no answer was skipped, and what was not put was known before.

    Args:
        known: the answers by id, those to preliminaries too.
        prompts: what was put, in order.
        answered: the links that have an answer.
    """
    steps = [(put, {line: known[line] for line, link in put.lines.items() if link in answered}) for put in prompts]
    in_steps = {name for _, found in steps for name in found}
    earlier = {name: answer for name, answer in known.items() if name not in in_steps}
    state = State(given=immutabledict({name: each for name, each in earlier.items() if not is_preliminary(name)}))
    for name in filter(is_preliminary, earlier):
        state = state.with_step(Step(name, immutabledict({name: earlier[name]})))
    for put, found in steps:
        shown = () if put.name in put.lines else tuple(put.lines)
        step = Step(put.name, immutabledict(found), shown)
        state = state.with_step(step, put=True) if found else state.with_skipped(put.name)
    return state


def subject_of(resource: Resource) -> Mapping[str, Any]:
    """Whom a response is about; FHIR wants somebody, so that a display stands where nobody is named."""
    subject = resource.get("subject")
    return subject if isinstance(subject, Mapping) and subject else {"display": "The patient who answered"}
