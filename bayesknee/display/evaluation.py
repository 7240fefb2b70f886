"""An evaluation as text for people."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Final, TextIO

from immutabledict import immutabledict
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bayesknee.cohort.evaluation import BASELINE, ENGINE, CaseResult, Evaluation, overall
from bayesknee.cohort.measures import Bin, Measure
from bayesknee.display.terminal import console_for, rendered, sticky
from bayesknee.knowledge.model import LEVELS, Condition
from bayesknee.knowledge.network import Network
from bayesknee.log_odds import DECIBANS
from bayesknee.words import level_name, percent

SHOWN: Final = 3
MOST_ROWS: Final = 30  # conditions of which all are shown, those without a case, too
NAMES: Final = immutabledict(
    top1="True condition first",
    top3="Among the first three",
    mean_rank="Mean rank",
    log_loss="Log loss",
    brier="Brier score",
    calibration_error="Calibration error",
    list_length="List length at 89 % inclusion",
    list_specificity="Its specificity",
    over_triage="Triage too high",
    under_triage="Triage too low",
)
CALLS_HEADING: Final = "How urgent: what the true conditions call for, and what was called"
SHARES: Final = frozenset({"top1", "top3", "list_specificity", "over_triage", "under_triage"})
FORECASTERS: Final = immutabledict({ENGINE: "bayesknee", BASELINE: "naive Bayes"})
_INDENT: Final = (0, 0, 0, 2)
_DEEPER: Final = (0, 0, 0, 4)


def evaluation_text(evaluation: Evaluation, most_failures: int, file: TextIO | None = None) -> str:
    """The evaluation as text that fits the terminal behind `file` (standard output where left out)."""
    return rendered(console_for(file), *_parts(evaluation, most_failures))


def figure(name: str, value: float) -> str:
    """A measure in figures: a share in per cent, others with as many digits as mean something."""
    if math.isnan(value):
        return "-"
    if name in SHARES or name in ("sensitivity", "specificity"):
        return f"{100 * value:.0f} %"
    return f"{value:.1f}" if name in ("list_length", "mean_rank") else f"{value:.3f}"


def with_interval(name: str, measure: Measure) -> str:
    """`64 % (53-76)`."""
    if math.isnan(measure.low):
        return figure(name, measure.value)
    low, high = (figure(name, each).removesuffix(" %") for each in (measure.low, measure.high))
    return f"{figure(name, measure.value)} ({low}-{high})"


def heading(evaluation: Evaluation) -> str:
    """What was evaluated on how many cases."""
    network, cases = evaluation.network, _cases(len(evaluation.results), "labelled ")
    return f"{network.title} ({network.id} {network.version}) on {cases}"


def about_intervals(evaluation: Evaluation) -> str:
    """Where the intervals come from; empty where there are none."""
    if not evaluation.rounds:
        return ""
    return f"95 % intervals from {evaluation.rounds} bootstrap samples, seed {evaluation.seed}"


def _cases(number: int, kind: str = "") -> str:
    return f"{number} {kind}case{'' if number == 1 else 's'}"


def beside_lines(evaluation: Evaluation) -> Iterator[str]:
    """By reader, in how many cases a true condition leads: with both, with one alone, with neither."""
    ours = Counter[tuple[str, bool, bool]]()
    for result in evaluation.results:
        ours.update((name, result.led, each.rank == 1) for name, each in result.beside.items() if result.rank)
    for name in evaluation.beside:
        both, engine, reader, neither = (ours[name, one, other] for one, other in product((True, False), repeat=2))
        yield (
            f"True condition first, bayesknee and {name}: both in {both}, bayesknee alone in {engine}, {name} alone in "
            f"{reader}, neither in {neither}."
        )


def unnamed_line(evaluation: Evaluation) -> str:
    """How the cases fared whose cause the network does not name; empty where there are none."""
    unnamed, network = evaluation.unnamed, evaluation.network
    if not unnamed.cases:
        return ""
    name = network.conditions[network.catch_all].name
    line = f'Cause not named by the network: {_cases(unnamed.cases)}; "{name}" leads in {unnamed.led}'
    if unnamed.flagged is None:
        return f"{line}."
    return f"{line}, the findings fit nothing well in {unnamed.flagged}, either in {unnamed.either}."


def _parts(evaluation: Evaluation, most_failures: int) -> Iterator[RenderableType]:
    yield Text(heading(evaluation), style="bold")
    yield Text(sticky(about_intervals(evaluation) or "Without intervals"))
    yield Text()
    yield Padding(_overall_table(evaluation), _INDENT)
    for line in beside_lines(evaluation):
        yield Text()
        yield Text(line)
    if line := unnamed_line(evaluation):
        yield Text()
        yield Text(line)
    yield Text(f"\n{CALLS_HEADING}", style="bold")
    yield Padding(_calls_table(evaluation), _INDENT)
    yield Text(sticky("\nEach condition at its limit"), style="bold")
    yield Padding(_condition_table(evaluation), _INDENT)
    counts = true_counts(evaluation)
    if hidden := len(counts) - len(_those_shown(evaluation.network, counts)):
        yield Padding(Text(f"and {hidden} more, without a case"), _INDENT)
    yield Text("\nCalibration of bayesknee", style="bold")
    yield Padding(_calibration_table(evaluation.calibration), _INDENT)
    yield from _failures(evaluation, most_failures)


def _table(*headers: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for number, header in enumerate(headers):
        table.add_column(header, justify="right" if number else "left", overflow="fold")
    return table


def _overall_table(evaluation: Evaluation) -> Table:
    table = _table("", *(forecaster_name(name) for name in evaluation.forecasters))
    figures = [overall(forecaster) for forecaster in evaluation.forecasters.values()]
    for name, label in NAMES.items():
        table.add_row(sticky(label), *(sticky(with_interval(name, each[name])) for each in figures))
    return table


def _calls_table(evaluation: Evaluation) -> Table:
    table = _table("", *(forecaster_name(name) for name in evaluation.calls))
    for row in call_rows(evaluation):
        table.add_row(*row)
    return table


def call_rows(evaluation: Evaluation) -> Iterator[tuple[str, ...]]:
    """A row for each level that true conditions call for, and below it one for each level that was called then."""
    for needed in LEVELS:
        by_forecaster = [calls.get(needed, {}) for calls in evaluation.calls.values()]
        if not any(by_forecaster):
            continue
        yield (level_name(needed), *("" for _ in by_forecaster))
        for called in LEVELS:
            if any(called in calls for calls in by_forecaster):
                counts = (str(calls.get(called, 0)) if calls else "-" for calls in by_forecaster)
                yield (f"  called {level_name(called)}", *counts)


def forecaster_name(name: str) -> str:
    """What people call a forecaster: a reader by the name of the ratings."""
    return FORECASTERS.get(name, name)


def _condition_table(evaluation: Evaluation) -> Table:
    table = _table("", "Cases", "Sensitivity", "Specificity")
    counts = true_counts(evaluation)
    for name, condition in _those_shown(evaluation.network, counts).items():
        sensitivity, specificity = evaluation.engine.sensitivity[name], evaluation.engine.specificity[name]
        shown = (with_interval("sensitivity", sensitivity), with_interval("specificity", specificity))
        table.add_row(condition.name, str(counts[name]), *map(sticky, shown))
    return table


def _those_shown(network: Network, counts: Mapping[str, int]) -> Mapping[str, Condition]:
    """All conditions; where they are many, those with cases."""
    if len(network.conditions) <= MOST_ROWS:
        return network.conditions
    return {name: condition for name, condition in network.conditions.items() if counts[name]}


def true_counts(evaluation: Evaluation) -> Mapping[str, int]:
    """In how many cases each condition is true."""
    labels = [name for result in evaluation.results for name in result.case.label]
    return {name: labels.count(name) for name in evaluation.network.conditions}


def _calibration_table(bins: tuple[Bin, ...]) -> Table:
    table = _table("Predicted", "Forecasts", "Mean", "Came true")
    for each in bins:
        table.add_row(*map(sticky, bin_cells(each)))
    return table


def bin_cells(each: Bin) -> tuple[str, ...]:
    """A row of the calibration table."""
    shares = (f"{100 * value:.1f} %" if each.count else "-" for value in (each.predicted, each.observed))
    return (f"{100 * each.low:.0f}-{100 * each.high:.0f} %", str(each.count), *shares)


def _failures(evaluation: Evaluation, most: int) -> Iterator[RenderableType]:
    failures = evaluation.failures
    if not failures or not most:
        return
    told = f"\nWhere another condition leads ({len(failures)} of {len(evaluation.results)})"
    yield Text(told, style="bold")
    for failure in failures[:most]:
        yield Padding(Text(sticky(failure_line(failure))), _INDENT)
        if line := reasons_line(failure):
            yield Padding(Text(sticky(line)), _DEEPER)
    if len(failures) > most:
        yield Padding(Text(f"and {len(failures) - most} more"), _INDENT)


def failure_line(result: CaseResult) -> str:
    """A case with what leads, and where its label stands."""
    posterior = result.posterior
    leaders = list(posterior)[:SHOWN]
    names = [*leaders, *(name for name in result.case.label if name not in leaders)]
    shown = ", ".join(f"{name} {percent(posterior[name])}" for name in names)
    told = [f"{result.case.id}: {' and '.join(result.case.label)} at rank {result.rank}: {shown}"]
    return "; ".join([*told, *(f"{name} has it at rank {each.rank}" for name, each in result.beside.items())])


def reasons_line(result: CaseResult) -> str:
    """The answers that put the leader before the best-placed true condition, in decibans; empty where one leads."""
    missed = result.missed
    if missed is None:
        return ""
    entries = [entry for entry in missed.entries if entry.share > 0.0][:SHOWN]
    shares = [f"{entry.finding} {entry.decibans:+.1f}" for entry in entries]
    start = f"before any answer {DECIBANS * missed.prior:+.1f}"
    return f"for {missed.subject} against {missed.against}, in decibans: {', '.join([start, *shares])}"
