"""An interview in a file: written after every answer, continued later, and open in one process at a time.

The file is a case file in JSON that `bayesknee diagnose --case` takes. Its key `session` has what belongs to the
interview alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from filelock import FileLock, Timeout
from immutabledict import immutabledict

from bayesknee.diagnosis.engine import Engine
from bayesknee.errors import (
    EvidenceError,
    InterviewError,
    QuestionError,
    SessionError,
    SettingError,
    few_hints,
    shown_word,
)
from bayesknee.files import clear_unfinished, let_go, write_file
from bayesknee.interview.answers import read_answer
from bayesknee.interview.checklists import checklists
from bayesknee.interview.interview import Interview
from bayesknee.interview.policy import Policy
from bayesknee.interview.preliminaries import SCOPE, check_preliminary, is_preliminary, preliminary_ids
from bayesknee.interview.state import State, Step
from bayesknee.knowledge.network import Network, check_setting
from bayesknee.knowledge.opening import SETTING
from bayesknee.patient.cases import BASE_RATES
from bayesknee.patient.evidence import Answer, shown
from bayesknee.plain import attributes, plain
from bayesknee.version import __version__

MOST_BYTES: Final = 1_000_000  # far more than a session needs; without a bound, a wrong file could fill the memory
MOST_COPIES: Final = 999  # names tried for a copy, far more than anybody keeps
_GARBLED: Final = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, QuestionError)


@dataclass(frozen=True)
class Stored:
    """An interview read from a file, not yet checked against a network.

    Attributes:
        network: name or folder of the network, as it was given; empty for the default.
        setting: the last care setting.
        made_with: id, version and sha256 of the network.
        evidence: the answers that count, by id.
        session: the values of steps, preliminaries, skipped, set_aside, pending, ended, beyond, beyond_scope and
            first_setting, by key.
        policy: how questions were chosen.
        base_rates: base rates in place of the network's, by condition.
    """

    network: str
    setting: str
    made_with: Mapping[str, str]
    evidence: Mapping[str, Any]
    session: Mapping[str, Any]
    policy: Policy
    base_rates: Mapping[str, float] = field(default_factory=immutabledict)

    def is_of(self, network: Network) -> bool:
        """Whether it was made with this network, by id, version and sha256."""
        return self.made_with == network.identity


def parse_session(tree: Mapping[str, Any]) -> Stored:
    """The interview in a case, as `to_case` gives it.

    Raises:
        SessionError: it is none.
    """
    try:
        return _stored(tree)
    except _GARBLED as error:
        told = f"the session of the case cannot be taken up: {_wrong_with(error)}"
        raise SessionError(f"{told}; send it as it was returned, or leave session out to begin anew") from None


def parse_policy(tree: Mapping[str, Any]) -> Policy:
    """How questions are chosen, from plain data with all fields.

    Raises:
        SessionError: a value of another kind.
        QuestionError: an unknown name, or a number out of range.
    """
    try:
        return _policy(tree)
    except QuestionError:
        raise
    except _GARBLED as error:
        raise SessionError(f"the policy is wrong: {_wrong_with(error)}; expected what a session has; mend it") from None


class SessionFile:
    """The file of an interview, locked while it is open.

    Raises:
        SessionError: another process has it open, its folder is missing, or the path is no regular file.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        try:
            self.path = Path(path).resolve()
        except RuntimeError:  # Python up to 3.12; later versions treat such a link as a free name
            raise SessionError(f"{str(path)!r} is a link that leads round in a circle; name another file") from None
        self._lock = FileLock(f"{self.path}.lock", mode=0o600)

    def __enter__(self) -> Self:
        if not self.path.parent.is_dir():
            raise SessionError(f"no folder {str(self.path.parent)!r} for the session; make it, or name another file")
        if self.path.exists() and not self.path.is_file():  # reading a pipe or a device might never end
            raise SessionError(f"{str(self.path)!r} is no file that a session can be kept in; name another one")
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            advice = "is open in another process; end that one, or name another file"
            raise SessionError(f"the session {self.path.name!r} {advice}") from None
        clear_unfinished(self.path)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        let_go(self._lock, Path(self._lock.lock_file))

    def read(self) -> Stored | None:
        """The session in the file; None if there is no file yet.

        Raises:
            SessionError: the file is too large or no complete session. The error names the copy that was kept.
        """
        if not self.path.exists():
            return None
        if self.path.stat().st_size > MOST_BYTES:
            raise SessionError(
                f"{self.path.name}: more than {MOST_BYTES:,} bytes; expected a session; name another file"
            )
        try:
            return _stored(json.loads(self.path.read_bytes()))
        except _GARBLED as error:
            kept = self.keep_copy()
            raise SessionError(
                f"the session {self.path.name!r} cannot be taken up: {_wrong_with(error)}; a copy was kept as "
                f"{kept.name!r}; mend it, or remove it to begin anew"
            ) from None

    def keep_copy(self) -> Path:
        """Copies the file beside itself under a free name; an identical copy is reused.

        Raises:
            SessionError: there are too many copies, or the copy cannot be written.
        """
        content = self.path.read_bytes()
        for number in range(1, MOST_COPIES + 1):
            copy = self.path.with_name(f"{self.path.name}.bak{number if number > 1 else ''}")
            if copy.exists() and copy.read_bytes() == content:
                return copy
            if not copy.exists():
                _write(copy, content)
                return copy
        raise SessionError(f"{self.path.name!r} has too many copies beside it; remove some")

    def write(self, interview: Interview, network: str = "") -> None:
        """Replaces the file by the interview.

        Args:
            interview: the interview to store.
            network: name or folder of its network; left out if empty.

        Raises:
            SessionError: the file cannot be written. Its content is unchanged.
        """
        _write(self.path, json.dumps(to_case(interview, network), indent=1).encode() + b"\n")


def _write(path: Path, content: bytes) -> None:
    try:
        write_file(path, content, private=True)
    except OSError as error:
        advice = "mend that, or name another file"
        raise SessionError(f"{path.name!r} cannot be written: {error.strerror or error}; {advice}") from None


# --- to and from plain data -------------------------------------------------------------------------------------------


def to_case(interview: Interview, network: str = "") -> dict[str, Any]:
    """The interview as a case, ready for JSON.

    Args:
        interview: the interview to store.
        network: name or folder of its network; left out if empty.
    """
    state = interview.state
    return {
        **({"network": network} if network else {}),
        "setting": interview.engine.setting,
        **({BASE_RATES: dict(rates)} if (rates := interview.engine.base_rates) else {}),
        **({"scope": plain(state.scope)} if state.scope else {}),
        "evidence": plain(state.answers),
        **({"skipped": list(interview.diagnosis.skipped)} if interview.diagnosis.skipped else {}),
        "session": {
            "program": __version__,
            "made_with": interview.engine.network.identity,
            "policy": plain(interview.policy),
            "first_setting": interview.first_setting,
            "preliminaries": plain(state.preliminaries),
            "steps": [
                {"question": step.question, "answers": list(step.answers), "shown": list(step.shown)}
                for step in state.steps
            ],
            **attributes(state, ("skipped", "set_aside", "pending", "ended", "beyond", "beyond_scope")),
        },
    }


def _wrong_with(error: Exception) -> str:
    if isinstance(error, QuestionError):
        return str(error)
    if isinstance(error, RecursionError):
        return "its lists and objects are too deep in each other"
    return f"it is not JSON: {error}" if isinstance(error, ValueError) else f"it lacks or garbles {error}"


def _stored(tree: Any) -> Stored:  # noqa: ANN401 (whatever the file holds)
    if not isinstance(tree, dict) or not isinstance(tree.get("session"), dict):
        raise TypeError("session (a case that has none is for --case)")
    session = tree["session"]
    wanted: dict[str, type] = {"steps": list, "skipped": list, "set_aside": dict, "pending": str, "first_setting": str}
    for key, kind in wanted.items():
        if not isinstance(session[key], kind):
            raise TypeError(f"session.{key}")
    if not _are_texts(session["skipped"]):
        raise TypeError("session.skipped")
    for step in session["steps"]:
        if not (
            isinstance(step["question"], str) and _are_texts(step["answers"]) and _are_texts(step.get("shown", []))
        ):
            raise TypeError("session.steps")
    if not isinstance(session.get("preliminaries", {}), dict):
        raise TypeError("session.preliminaries")
    preliminaries = session.get("preliminaries", {})
    recorded = {f"{SCOPE}{name}": answer for name, answer in tree.get("scope", {}).items()}
    if recorded != {name: answer for name, answer in preliminaries.items() if name.startswith(SCOPE)}:
        raise TypeError("scope (it is not what the interview recorded; change it in the interview)")
    made_with = {key: str(session["made_with"][key]) for key in ("id", "version", "sha256")}
    if not isinstance(tree["evidence"], dict):
        raise TypeError("evidence")
    policy = _policy(session.get("policy"))
    named, setting = str(tree.get("network", "")), str(tree["setting"])
    return Stored(named, setting, made_with, tree["evidence"], session, policy, _rates(tree.get(BASE_RATES, {})))


def _rates(tree: Any) -> Mapping[str, float]:  # noqa: ANN401 (whatever the file holds)
    if not isinstance(tree, dict) or not all(_is_alike(rate, 1.0) for rate in tree.values()):
        raise TypeError(BASE_RATES)
    return immutabledict(tree)


def _policy(tree: Any) -> Policy:  # noqa: ANN401 (whatever the file holds)
    """The policy of a session. Older sessions have none; their interviews asked for the care setting."""
    if tree is None:
        return Policy(ask_setting=True)
    if not _are_texts(tree["asked_of"]):
        raise TypeError("session.policy.asked_of")
    usual = Policy()
    for name in tree.keys() - {"asked_of"}:
        if not _is_alike(tree[name], getattr(usual, name)):
            raise TypeError(f"session.policy.{name}")
    return Policy(**{**tree, "asked_of": tuple(tree["asked_of"])})


def _is_alike(value: object, usual: object) -> bool:
    """Whether a value is of the kind of another: a truth value, a number or a text."""
    if isinstance(usual, bool) or isinstance(value, bool):
        return isinstance(usual, bool) and isinstance(value, bool)
    return isinstance(value, int | float) if isinstance(usual, float) else isinstance(value, type(usual))


def _are_texts(tree: Any) -> bool:  # noqa: ANN401 (whatever the file holds)
    return isinstance(tree, list) and all(isinstance(item, str) for item in tree)


def taken_up(stored: Stored, network: Network) -> tuple[str, State, tuple[str, ...]]:
    """A stored interview against a network that may have changed.

    Answers are kept, in their order, if the network takes them alone and together with the answers before them.

    Returns:
        The care setting in which the interview began, its state, and messages about answers that were dropped.
    """
    first = str(stored.session["first_setting"])
    first = first if first in network.settings else network.default_setting
    with few_hints():
        values, lost = _fitting(network, first, {**stored.evidence, **stored.session["set_aside"]}, stored)
    try:
        check_setting(network, stored.setting)
    except SettingError as error:
        lost.insert(0, f"setting={shown_word(stored.setting)}: {error}; {first} is taken instead")
    return first, _state(stored, network, values), tuple(lost)


def _state(stored: Stored, network: Network, values: Mapping[str, Answer]) -> State:
    """The state with those of its answers that the network takes."""
    known = {*preliminary_ids(network), *network.questions, *checklists(network)}
    steps = tuple(step for step in _steps(stored, network, values) if step.question in known)
    in_steps = {name for step in steps for name in step.answers}
    aside = {name: values[name] for name in stored.session["set_aside"] if name in values}
    return State(
        given=immutabledict({name: answer for name, answer in values.items() if name not in in_steps}),
        steps=steps,
        skipped=tuple(question for question in stored.session["skipped"] if question in known),
        set_aside=immutabledict(aside),
        pending=stored.session["pending"] if stored.session["pending"] in known else "",
        ended=bool(stored.session.get("ended")),
        beyond=bool(stored.session.get("beyond")),
        beyond_scope=bool(stored.session.get("beyond_scope")),
    )


def _steps(stored: Stored, network: Network, values: Mapping[str, Answer]) -> Iterator[Step]:
    for step in stored.session["steps"]:
        answers = {name: values[name] for name in step["answers"] if name in values}
        if is_preliminary(step["question"]):
            answers = dict(_preliminary(stored, network, step["question"]))
        shown = tuple(name for name in step.get("shown", ()) if name in network.questions)
        if answers or shown:
            yield Step(step["question"], immutabledict(answers), shown)


def _preliminary(stored: Stored, network: Network, name: str) -> Iterator[tuple[str, str]]:
    """The answer to a preliminary question, if the network still has it."""
    value = stored.setting if name == SETTING else stored.session.get("preliminaries", {}).get(name)
    if name in preliminary_ids(network):
        with suppress(SettingError, InterviewError):
            yield name, check_preliminary(network, name, value)


def _fitting(
    network: Network, setting: str, raw: Mapping[str, Any], stored: Stored
) -> tuple[dict[str, Answer], list[str]]:
    """The answers that the network takes, by id, and its messages about the other answers."""
    engine = Engine(network, setting)
    if (together := _taken_together(engine, raw, stored)) is not None:
        return together, []
    values: dict[str, Answer] = {}
    counting: dict[str, Answer] = {}
    lost = []
    for name, answer in raw.items():
        try:
            checked = read_answer(network, name, answer, raw)
            if name not in stored.session["set_aside"]:
                engine.diagnose({**counting, name: checked})
                counting[name] = checked
            values[name] = checked
        except EvidenceError as error:
            lost.append(f"{shown_word(name)}={shown_word(_shown(answer))}: {error}")
    return values, lost


def _taken_together(engine: Engine, raw: Mapping[str, Any], stored: Stored) -> dict[str, Answer] | None:
    """All answers, if the network takes them together; None if not.

    It then takes each of them with those before it, too, which need not be tried one by one: what is possible stays so
    with fewer answers.
    """
    aside = stored.session["set_aside"]
    try:
        values = {name: read_answer(engine.network, name, answer, raw) for name, answer in raw.items()}
        engine.diagnose({name: answer for name, answer in values.items() if name not in aside})
    except EvidenceError:
        return None
    return values


def _shown(answer: Any) -> str:  # noqa: ANN401 (whatever the file holds)
    return shown(answer) if isinstance(answer, str) else json.dumps(answer)
