"""An interview over HTTP: the case and an event in; the case after it, and the next question or the end, out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from bayesknee.errors import InterviewError, few_hints, quoted, unknown_text
from bayesknee.interview import Interview, Policy
from bayesknee.interview.interview import Reply
from bayesknee.interview.session import parse_policy, parse_session, taken_up, to_case
from bayesknee.patient.cases import SESSION, parse_case
from bayesknee.plain import attributes, plain
from bayesknee.server.networks import BODY, Networks
from bayesknee.server.problems import AtEvidenceError, RefusedError, faults_of
from bayesknee.version import __version__

EVENTS: Final = ("answer", "change", "skip", "back", "stop", "go_on")
KEYS: Final = ("case", "event", "policy")
_NOTHING: Final = Reply()


def interview_step(networks: Networks, body: bytes, network: str = "", setting: str = "") -> dict[str, Any]:
    """What comes after an event.

    Args:
        networks: those that are served.
        body: a case alone, or an object with `case`, `event` and `policy`, all but the first optional.
        network: id of a network; goes before what the case says.
        setting: in which a new interview begins; goes before what the case says.

    Raises:
        BayeskneeError: a body of another shape, or an answer that cannot be taken.
    """
    tree = _tree(body)
    case = tree.get("case", tree)
    with few_hints():
        policy = Policy() if SESSION in case else _policy(tree.get("policy"))
        interview, told = interview_of(networks, case, policy, network, setting)
        reply = _happened(interview, tree.get("event"))
    return _document(interview, reply, told)


def _tree(body: bytes) -> Mapping[str, Any]:
    try:
        tree = json.loads(body) if body.strip() else {}
    except (ValueError, RecursionError):
        raise RefusedError(422, "the body is no JSON in UTF-8; expected a case, or case and event; mend it") from None
    if not isinstance(tree, dict) or ("case" in tree and not isinstance(tree["case"], dict)):
        raise RefusedError(422, "the body is no JSON object with a case; expected case, event and policy; mend it")
    if "case" in tree and (others := [key for key in tree if key not in KEYS]):
        raise RefusedError(422, unknown_text("key", others[0], KEYS, "of the body"))
    return tree


def interview_of(
    networks: Networks, case: Mapping[str, Any], policy: Policy, network: str = "", setting: str = ""
) -> tuple[Interview, tuple[str, ...]]:
    """The interview that a case continues or begins, and what must be told of it.

    Args:
        networks: those that are served.
        case: as an interview returned it, or any case.
        policy: of an interview that begins.
        network: id of a network; goes before what the case says.
        setting: in which a new interview begins; goes before what the case says.

    Raises:
        BayeskneeError: a case that cannot be taken.
    """
    if SESSION not in case:
        return _begun(networks, case, policy, network, setting)
    stored = parse_session(case)
    found = networks.network(network or stored.network)
    first, state, lost = taken_up(stored, found)
    changed = () if stored.is_of(found) else (f"the case is of another network than {found.id} {found.version}",)
    engine = networks.engine(found, first, stored.base_rates)
    lost = tuple(f"does not fit any more: {each}" for each in lost)
    return Interview(engine, policy=stored.policy, state=state), (*changed, *lost)


def _begun(
    networks: Networks, case: Mapping[str, Any], policy: Policy, network: str, setting: str
) -> tuple[Interview, tuple[str, ...]]:
    empty = not case or (case.keys() <= {"evidence"} and not case.get("evidence"))
    read = parse_case(json.dumps({"evidence": {}} if empty else case).encode(), BODY)
    found = networks.network(network or read.network)
    engine = networks.engine(found, setting or read.setting or None, read.base_rates)
    if faults := tuple(faults_of(found, read.evidence)):
        raise AtEvidenceError(faults)
    return Interview(engine, read.evidence, policy), tuple(read.warnings(found))


def _policy(tree: object) -> Policy:
    usual = Policy()
    if tree is None:
        return usual
    known = attributes(usual)
    if not isinstance(tree, dict) or (others := [key for key in tree if key not in known]):
        unknown = (
            unknown_text("key", others[0], known, "of policy") if isinstance(tree, dict) else "policy is no object"
        )
        raise RefusedError(422, unknown)

    return parse_policy({**known, **tree})


def _happened(interview: Interview, event: object) -> Reply:
    """Does what the event says.

    Raises:
        InterviewError: there is no such event, or it cannot be now.
        EvidenceError, AnswerClashError: an answer that cannot be taken.
    """
    if event is None:
        return _NOTHING
    if not isinstance(event, dict) or event.get("do") not in EVENTS:
        got = quoted(event.get("do") if isinstance(event, dict) else event)
        raise InterviewError(f"event: got {got}; expected an object with do: {', '.join(EVENTS)}; write one of them")
    do, value, aside = event["do"], event.get("value"), event.get("set_aside") is True
    if do == "answer":
        check_asked(interview, event.get("question"))
        return interview.answer(value, set_aside=aside)
    if do == "change":
        return interview.change(str(event.get("question", "")), value, set_aside=aside)
    getattr(interview, do)()
    return _NOTHING


def check_asked(interview: Interview, question: object) -> None:
    """Refuses an answer to a question that is not the present one: of two requests, one may have come twice."""
    now = interview.question
    if question is not None and now is not None and question != now.id:
        told = f"got an answer to {quoted(question)}; the question now is {now.id}"
        raise InterviewError(f'{told}; send the case as it was returned last, or "do": "change"')


def _document(interview: Interview, reply: Reply, told: tuple[str, ...]) -> dict[str, Any]:
    prompt, diagnosis = interview.question, interview.diagnosis
    network = interview.engine.network
    inputs = [{"kind": "input", "message": message, "answers": []} for message in told]
    trust = diagnosis.trust_dict()
    return {
        "program": __version__,
        "network": network.identity,
        "setting": interview.engine.setting,
        "case": to_case(interview, network.id),
        "prompt": _prompt(interview),
        "end": None if prompt else {"why": list(interview.why_finished), "outside": plain(interview.outside)},
        **attributes(interview, ("asked", "expected_left", "red_flags", "unknown_flags")),
        "changes": plain(reply),
        "triage": plain(diagnosis.triage),
        **trust,
        "warnings": [*inputs, *trust["warnings"]],
    }


def _prompt(interview: Interview) -> Mapping[str, Any] | None:
    if interview.question is None:
        return None
    return {**attributes(interview.question), "reason": interview.reason(), "why": interview.why()}
