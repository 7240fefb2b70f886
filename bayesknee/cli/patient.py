"""A patient given on the command line: words, and perhaps a case file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import click

from bayesknee.cli.options import complete_topic, warn
from bayesknee.diagnosis.asking.objectives import DEFAULT_OBJECTIVE, OBJECTIVES
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.engine import Engine
from bayesknee.errors import quoted
from bayesknee.knowledge.library import DEFAULT_NETWORK, is_shipped, load_network
from bayesknee.knowledge.network import Network
from bayesknee.patient.askable import ASKED_OF
from bayesknee.patient.cases import Case, added, base_rates_of_words, evidence_of_words, read_case

F = TypeVar("F", bound=Callable[..., Any])

SHOWN_DIGITS: Final = 12  # of a sha256: enough to tell one network from another by eye
_TOPIC_HELP: Final = "Only this topic, by id or name; repeatable."
_OBJECTIVE_HELP: Final = f"What to ask for: {', '.join(OBJECTIVES)}."


def case_option(function: F) -> F:
    """`--case`."""
    text = "YAML or JSON file with the answers; - is standard input."
    return click.option("--case", "case_file", metavar="FILE", help=text)(function)


def asked_of_option(function: F) -> F:
    """`--asked-of`, repeatable."""
    text = "Only what is asked of these; repeatable."
    return click.option("--asked-of", type=click.Choice(ASKED_OF), multiple=True, help=text)(function)


def ranking_options(function: F) -> F:
    """`--topic`, repeatable, `--most-burden` and `--objective`: which questions are ranked, and by what."""
    options = (
        click.option(
            "--topic", "topics", multiple=True, metavar="TOPIC", help=_TOPIC_HELP, shell_complete=complete_topic
        ),
        click.option("--most-burden", type=float, metavar="BURDEN", help="Only what burdens no more than this."),
        click.option("--objective", default=DEFAULT_OBJECTIVE, show_default=True, metavar="NAME", help=_OBJECTIVE_HELP),
    )
    for option in reversed(options):
        function = option(function)
    return function


def base_rate_option(function: F) -> F:
    """`--base-rate`, repeatable: base rates in place of the network's, by condition id."""
    option = click.option(
        "--base-rate",
        "base_rates",
        multiple=True,
        metavar="CONDITION=RATE",
        help="Base rate in place of the network's, such as 0.1 or 10%; repeatable.",
    )
    return option(function)


def diagnosed(
    words: Sequence[str],
    case_file: str | None,
    setting: str | None,
    network: str | None,
    base_rates: Sequence[str] = (),
) -> Diagnosis:
    """The diagnosis of the patient; options go before what the case file says.

    Raises:
        BayeskneeError: anything that is wrong with words, file, setting, network or base rates.
    """
    return diagnosed_with_warnings(words, case_file, setting, network, base_rates)[0]


def chosen_network(network: str | None, of_file: str, what: str) -> Network:
    """The network of the command line, or the one that a file chooses, which is told where it is none that ships.

    Args:
        network: of the command line; None where it names none.
        of_file: of the file; empty where it names none.
        what: what the file is, such as case.

    Raises:
        BayeskneeError: no such network, or one that cannot be read.
    """
    loaded = load_network(network if network is not None else of_file or DEFAULT_NETWORK)
    if network is None and of_file and not is_shipped(of_file):
        told = f"{loaded.id} {loaded.version}, sha256 {loaded.sha256[:SHOWN_DIGITS]}"
        warn([f"the {what} brings a network of its own, {quoted(of_file)} ({told}): check whose figures these are"])
    return loaded


def diagnosed_with_warnings(
    words: Sequence[str],
    case_file: str | None,
    setting: str | None,
    network: str | None,
    base_rates: Sequence[str] = (),
) -> tuple[Diagnosis, list[str]]:
    """`diagnosed`, and what was warned of: that the patient is outside the network's scope, or the network is another.

    Raises:
        BayeskneeError: anything that is wrong with words, file, setting, network or base rates.
    """
    case = read_case(case_file) if case_file is not None else Case()
    loaded = chosen_network(network, case.network, "case")
    warnings = case.warnings(loaded)
    warn(warnings)
    told = ("the case says", "the command line")
    evidence = added(case.evidence, evidence_of_words(tuple(words), loaded), loaded, told)
    engine = Engine(
        loaded,
        setting if setting is not None else case.setting or None,
        base_rates={**case.base_rates, **base_rates_of_words(base_rates)},
    )
    return engine.diagnose(evidence, skipped=case.skipped), warnings


def report_options(function: F) -> F:
    """`--report` and `--patient`."""
    options = (
        click.option("--report", metavar="FILE", help="Write a page to hand on, too: .html or .pdf."),
        click.option(
            "--patient", metavar="TEXT", help="Initials or a number for the head of the report; kept nowhere else."
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


def check_report(report: str | None, patient: str | None) -> None:
    """Refuses options of a report that cannot be, before the work.

    Raises:
        BayeskneeError: a report that cannot be written, or a patient without one or that cannot be printed.
    """
    if report is None:
        if patient is not None:
            raise click.UsageError("--patient goes with --report; add it, or leave it out")
        return
    from bayesknee.display.patient_report import ReportDetails, check_can_write

    check_can_write(report)
    ReportDetails("", patient or "")
