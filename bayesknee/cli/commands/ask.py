"""`bayesknee ask`: an interview at the terminal."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

from bayesknee.cli.options import (
    ExpertOption,
    GroupedCommand,
    examples,
    network_option,
    setting_option,
    warn,
    words_argument,
)
from bayesknee.cli.patient import (
    asked_of_option,
    base_rate_option,
    case_option,
    check_report,
    chosen_network,
    report_options,
)
from bayesknee.cli.talking.talk import Talk
from bayesknee.diagnosis.asking.objectives import DEFAULT_OBJECTIVE, OBJECTIVES
from bayesknee.diagnosis.asking.same_decision import LEAST_VALUE, MOST_MISSED, THRESHOLD
from bayesknee.diagnosis.engine import Engine
from bayesknee.errors import BayeskneeError, SessionError, one_line, shown_word
from bayesknee.interview import Interview, Policy
from bayesknee.interview.preliminaries import PATIENT
from bayesknee.interview.session import SessionFile, Stored
from bayesknee.knowledge.opening import SETTING
from bayesknee.patient.cases import Case, added, base_rates_of_words, evidence_of_words, outside_warnings, read_case
from bayesknee.patient.evidence import shown

MOST_LOST: Final = 20  # answers that do not fit any more, told one a line


@click.command(
    "ask",
    cls=GroupedCommand,
    epilog=examples(
        "bayesknee ask",
        "bayesknee ask --session patient.json",
        "bayesknee ask age=45 lump_noticed=yes --asked-of patient --asked-of clinician",
    ),
)
@words_argument()
@case_option
@click.option("--session", metavar="FILE", help="Keep the interview in this file, and take it up from there.")
@asked_of_option
@click.option("--objective", cls=ExpertOption, default=DEFAULT_OBJECTIVE, show_default=True, metavar="NAME",
              help=f"What to ask for: {', '.join(OBJECTIVES)}.")  # fmt: skip
@click.option(
    "--look-ahead", cls=ExpertOption, is_flag=True, help="Choose questions by what they are worth with what may follow."
)
@click.option("--threshold", cls=ExpertOption, type=float, default=THRESHOLD, show_default=True, metavar="SHARE",
              help="How sure it must be that more answers would change nothing, to stop.")  # fmt: skip
@click.option("--least-value", cls=ExpertOption, type=float, default=LEAST_VALUE, show_default=True, metavar="BITS",
              help="What a question must be worth to be asked.")  # fmt: skip
@click.option("--most-missed", cls=ExpertOption, type=float, default=MOST_MISSED, show_default=True, metavar="SHARE",
              help="How often, at most, to stop and miss what is dangerous and more answers would find.")  # fmt: skip
@click.option("--one-at-a-time", cls=ExpertOption, is_flag=True, help="Put no lists but those of the opening.")
@report_options
@click.option("--details", is_flag=True, help="Tell figures of the stop rule, ids and codes at the end, too.")
@setting_option
@base_rate_option
@network_option
def command(  # noqa: PLR0913, PLR0917 (an argument for each option)
    words: tuple[str, ...],
    case_file: str | None,
    session: str | None,
    asked_of: tuple[str, ...],
    objective: str,
    look_ahead: bool,  # noqa: FBT001 (how click calls)
    threshold: float,
    least_value: float,
    most_missed: float,
    one_at_a_time: bool,  # noqa: FBT001
    report: str | None,
    patient: str | None,
    details: bool,  # noqa: FBT001
    setting: str | None,
    base_rates: tuple[str, ...],
    network: str | None,
) -> None:
    """Ask the questions that tell most, one after the other, until more would change nothing.

    It begins with who answers, and whether the network is for this patient. Answers are yes, no, probably, probably
    not, don't know, or one of several; in a list, each line is yes, no or don't know, and what is not marked was not
    asked. Each question tells why it is asked, can be skipped, and earlier answers can be changed. What is urgent is
    told at once. A session file is written after every answer; it is a case file that `bayesknee diagnose --case`
    takes, too. Ctrl-C loses nothing.
    """
    check_report(report, patient)
    case = read_case(case_file) if case_file is not None else Case()
    chosen = setting if setting is not None else case.setting or None
    options = {
        "asked_of": asked_of or PATIENT,
        "objective": objective,
        "look_ahead": look_ahead,
        "threshold": threshold,
        "least_value": least_value,
        "most_missed": most_missed,
        "lists": not one_at_a_time,
    }
    with _opened(session) as file:
        stored = file.read() if file else None
        policy = _policy(options, chosen, stored)
        named = network if network is not None else case.network or (stored.network if stored else "")
        rates = {**(stored.base_rates if stored else {}), **case.base_rates, **base_rates_of_words(base_rates)}
        loaded = chosen_network(network, named, "case" if case.network else "session")
        engine = Engine(loaded, chosen, base_rates=rates)
        warn(case.warnings(engine.network))
        told = ("the case says", "the command line")
        evidence = added(case.evidence, evidence_of_words(words, engine.network), engine.network, told)
        if file and stored:
            interview = _taken_up(engine, policy, stored, file)
            more = {SETTING: chosen, **evidence} if chosen and chosen != interview.engine.setting else evidence
            for name, answer in more.items():
                interview.check(name, answer)  # before any of them counts
        else:
            interview, more = Interview(engine, evidence, policy), {}
        named = _lasting(named)
        if file and (stored is None or (stored.policy, stored.base_rates) != (policy, engine.base_rates)):
            file.write(interview, named)  # what the command line says is to be kept, too
        _run(interview, Keeper(interview, file, named), more, named, details=details)
        if report is not None:
            _write_report(interview, report, patient or "")


def _write_report(interview: Interview, report: str, patient: str) -> None:
    from bayesknee.display.patient_report import details_of_today, write_patient_report

    diagnosis = interview.diagnosis
    warnings = outside_warnings(diagnosis.network, interview.state.scope)
    details = details_of_today(diagnosis, patient, warnings=warnings)
    write_patient_report(diagnosis, report, details)
    click.echo(f"The report is in {one_line(report)}.")


def _policy(options: dict[str, Any], chosen: str | None, stored: Stored | None) -> Policy:
    """That of the command line; of a session's, what the command line says nothing of."""
    if stored is None:
        return Policy(**options, ask_setting=chosen is None, ask_who=not _asked_of_is_said())
    source = click.get_current_context().get_parameter_source
    parameters = {"lists": "one_at_a_time"}
    said = {
        name: value
        for name, value in options.items()
        if source(parameters.get(name, name)) is not ParameterSource.DEFAULT
    }
    if "asked_of" in said:
        said["ask_who"] = False
    return replace(stored.policy, **said)


def _asked_of_is_said() -> bool:
    """Whether the command line says whom to ask; if not, it is asked."""
    return click.get_current_context().get_parameter_source("asked_of") is not ParameterSource.DEFAULT


def _opened(session: str | None) -> Any:  # noqa: ANN401 (a context of a file, or of none)
    if session is None:
        return nullcontext()
    from bayesknee.interview.session import SessionFile

    return SessionFile(session)


def _lasting(named: str) -> str:
    """The network's name or folder so that it can be found again from elsewhere."""
    return str(Path(named).resolve()) if named and Path(named).is_dir() else named


def _taken_up(engine: Engine, policy: Policy, stored: Stored, file: SessionFile) -> Interview:
    """The interview as it was left. Where not all of it fits the network any more, its file is copied first."""
    from bayesknee.interview.session import taken_up

    network = engine.network
    first, state, lost = taken_up(stored, network)
    if not stored.is_of(network):
        made = stored.made_with
        made_with = " ".join(map(shown_word, (made["id"], made["version"])))
        click.echo(
            f"The session is of {made_with} ({shown_word(made['sha256'][:8])}); this is {network.id} "
            f"{network.version} ({network.sha256[:8]})."
        )
    if lost or not stored.is_of(network):
        kept = file.keep_copy()
        click.echo(f"{len(state.answers)} answers still fit; the old file is kept as {kept.name}.")
    for each in lost[:MOST_LOST]:
        click.echo(one_line(f"  does not fit any more: {each}"))
    if (more := len(lost) - MOST_LOST) > 0:
        click.echo(f"  and {more:,} more, which are in {kept.name}")
    return Interview(engine.in_setting(first), policy=policy, state=state)


class Keeper:
    """Keeps an interview in its file, if it has one. Where that fails it says so, and the interview goes on.

    A red flag that the answer raised must be told all the same, and what was answered is told at the end.
    """

    def __init__(self, interview: Interview, file: SessionFile | None, named: str) -> None:
        self._interview, self._file, self._named = interview, file, named
        self._kept = interview.state
        self.failed: SessionError | None = None

    def save(self) -> None:
        """Writes the file where it lacks something, or tells why it cannot be written."""
        if self._file is None or self._interview.state is self._kept:
            return
        try:
            self._file.write(self._interview, self._named)
            self._kept, self.failed = self._interview.state, None
        except SessionError as error:
            self.failed = error
            click.echo(f"  Not saved: {error}. The interview goes on, and its end tells the answers.")


def _run(interview: Interview, keeper: Keeper, more: Mapping[str, object], named: str, *, details: bool) -> None:
    from bayesknee.cli.talking.talk import TalkEndedError, talk

    try:
        _talk(interview, talk(), keeper, more, named, details=details)
    except TalkEndedError:
        click.echo("The input has ended, so there is nobody to ask.")
        _how_to_go_on(interview, keeper, named)
    except BayeskneeError:  # such as an answer after which a large network is too much to compute with
        _how_to_go_on(interview, keeper, named)
        raise
    except KeyboardInterrupt:
        click.echo()
        keeper.save()  # it may have come between an answer and its saving
        _how_to_go_on(interview, keeper, named)
        raise


def _talk(  # noqa: PLR0913 (what an interview needs)
    interview: Interview, way: Talk, keeper: Keeper, more: Mapping[str, object], named: str, *, details: bool
) -> None:
    """Asks until the person quits, and knows what becomes of the answers."""
    from bayesknee.cli.talking.asking import Asking, QuitError
    from bayesknee.cli.talking.talk import Screens

    asking = Asking(interview, way, keeper.save, details=details)
    while True:
        try:
            asking.run(more)
        except QuitError:
            if _session() or not interview.state.steps or not isinstance(way, Screens):
                _how_to_go_on(interview, keeper, named)
                return
            if _is_kept_or_left(interview, way, named):
                return
            more = {}


def _session() -> str:
    return click.get_current_context().params.get("session") or ""


def _is_kept_or_left(interview: Interview, way: Talk, named: str) -> bool:
    """What becomes of the answers: they are of a patient, so they are written only where somebody says so."""
    from bayesknee.cli.talking.choices import Choice
    from bayesknee.interview.session import SessionFile

    path = _free_name()
    choices = [
        Choice("keep", f"keep the answers in {path.name}, to go on later", "k"),
        Choice("leave", "leave without keeping them", "x"),
        Choice("back", "back to the interview", "b"),
    ]
    chosen = way.choose("And the answers?", choices, escape="back")
    if chosen == "keep":
        with SessionFile(path) as file:
            file.write(interview, named)
        click.echo(f"Go on with: bayesknee ask --session {shlex.quote(path.name)}")
    return chosen != "back"


def _free_name() -> Path:
    today = datetime.now(tz=UTC).astimezone().strftime("interview-%Y-%m-%d")
    names = (f"{today}{f'-{number}' if number > 1 else ''}.json" for number in count(1))
    return next(path for name in names if not os.path.lexists(path := Path(name)))


def _how_to_go_on(interview: Interview, keeper: Keeper, named: str) -> None:
    """Nothing is lost without a session file either: the answers as words."""
    context = click.get_current_context()
    if _session() and not keeper.failed:
        click.echo(f"All answers are kept; go on with: bayesknee ask --session {shlex.quote(_session())}")
        return
    words = [shlex.quote(f"{name}={_word(answer)}") for name, answer in interview.state.answers.items()]
    if words:
        options = [f"--network {shlex.quote(named)}"] if named else []
        options += [f"--asked-of {who}" for who in interview.state.asked_of]
        options += [*_options_told(context), f"--setting {interview.engine.setting}"]
        click.echo(f"To go on from here: bayesknee ask {' '.join([*options, *words])}")
    if keeper.failed:
        raise keeper.failed


def _options_told(context: click.Context) -> Iterator[str]:
    """The options that were given, but for those that are told otherwise."""
    elsewhere = ("session", "case_file", "network", "setting", "patient")  # the last is for the report alone
    for option in context.command.params:
        name = option.name or ""
        given = context.get_parameter_source(name) is not ParameterSource.DEFAULT
        if isinstance(option, click.Option) and given and name not in elsewhere:
            values = context.params[name] if option.multiple else [context.params[name]]
            yield from (
                option.opts[0] if option.is_flag else f"{option.opts[0]} {shlex.quote(str(value))}" for value in values
            )


def _word(answer: object) -> str:
    if isinstance(answer, str):
        return shown(answer)
    return ",".join(f"{state}:{weight:g}" for state, weight in dict(answer).items())  # type: ignore[call-overload]
