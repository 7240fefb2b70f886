"""An evaluation as a report with plots: one HTML file, or Markdown with its pictures beside it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final
from urllib.parse import quote

from bayesknee.arrays import Vector
from bayesknee.cohort.evaluation import CaseResult, Evaluation, overall
from bayesknee.display.evaluation import (
    CALLS_HEADING,
    NAMES,
    about_intervals,
    beside_lines,
    bin_cells,
    call_rows,
    failure_line,
    forecaster_name,
    heading,
    true_counts,
    unnamed_line,
    with_interval,
)
from bayesknee.files import check_report_path, write_files
from bayesknee.lazy_types import Axes
from bayesknee.markup import render_report
from bayesknee.patient.answer_words import answer_text, label

SUFFIXES: Final = (".html", ".md")
# Per inch: 768 pixels wide, so small letters are sharp on a screen; more make the report larger. Judged.
DOTS: Final = 120
SIZE: Final = (6.4, 5.2)  # inches


@dataclass(frozen=True)
class TablePart:
    """A table of a report."""

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Plot:
    """A picture of a report: a link to it, or the picture itself as a data link."""

    title: str
    link: str


@dataclass(frozen=True)
class FailurePart:
    """A case of which another condition leads."""

    title: str
    line: str
    source: str
    ledger: TablePart


def write_report(evaluation: Evaluation, path: Path | str) -> None:
    """Writes the report; a file appears under its name only when it is complete.

    Args:
        evaluation: what to report.
        path: a .html file, which holds its plots, or a .md file, beside which they are put as PNG.

    Raises:
        BayeskneeError: as `check_report_path`.
        OSError: it cannot be written.
    """
    file = check_report_path(path, SUFFIXES)
    pictures = {name: _png(ax) for name, ax in _drawn(evaluation).items()}
    contents: dict[Path, bytes] = {}
    if file.suffix.lower() == ".html":
        plots = [Plot(_title(name), _data_link(picture)) for name, picture in pictures.items()]
    else:
        plots = [Plot(_title(name), quote(f"{file.stem}_{name}.png")) for name in pictures]
        contents = {file.with_name(f"{file.stem}_{name}.png"): picture for name, picture in pictures.items()}
    # Not for all to read, as the answers of patients of whom another condition leads are in it.
    write_files({**contents, file: evaluation_page(evaluation, file.suffix.lower(), plots).encode()}, private=True)


def _drawn(evaluation: Evaluation) -> Mapping[str, Axes]:
    """The pictures of a report by name, on figures that are no windows."""
    from matplotlib.figure import Figure

    from bayesknee import plots

    frames = {name: Figure(figsize=SIZE, layout="constrained").add_subplot() for name in ("calibration", "inclusion")}
    plots.calibration(*_forecasts(evaluation), frames["calibration"])
    plots.inclusion({forecaster_name(name): each for name, each in evaluation.inclusion.items()}, frames["inclusion"])
    return frames


def _forecasts(evaluation: Evaluation) -> tuple[list[Vector], list[list[bool]]]:
    """What was predicted and what came true, a forecast for each condition of each case."""
    conditions, results = list(evaluation.network.conditions), evaluation.results
    predicted = [result.marginals for result in results]
    return predicted, [[name in result.case.label for name in conditions] for result in results]


def evaluation_page(evaluation: Evaluation, suffix: str, plots: Sequence[Plot]) -> str:
    """The report in HTML or Markdown."""
    return render_report(
        f"evaluation{suffix}",
        heading=heading(evaluation),
        introduction=[_introduction(evaluation)],
        overall=_overall(evaluation),
        notes=[*beside_lines(evaluation), *(line for line in [unnamed_line(evaluation)] if line)],
        plots=plots,
        calls_heading=CALLS_HEADING,
        calls=TablePart(("", *map(forecaster_name, evaluation.calls)), [*call_rows(evaluation)]),
        conditions=_conditions(evaluation),
        calibration=TablePart(
            ("Predicted", "Forecasts", "Mean", "Came true"), [bin_cells(each) for each in evaluation.calibration]
        ),
        failures=[_failure(failure) for failure in evaluation.failures],
        caution=evaluation.network.caution,
    )


def _introduction(evaluation: Evaluation) -> str:
    intervals = about_intervals(evaluation)
    return (
        "A case counts as right where any of its true conditions leads. Log loss, Brier score and calibration take "
        f"each condition of each case as one forecast. {f'In brackets {intervals}. ' if intervals else ''}Beside the "
        "network stands naive Bayes on its numbers: one cause only, all answers independent."
        f"{_readers(evaluation)}"
    )


def _readers(evaluation: Evaluation) -> str:
    if not evaluation.beside:
        return ""
    names = ", ".join(evaluation.beside)
    return (
        f" Then come the ratings of readers ({names}); what a reader leaves of 1 is spread evenly over the conditions "
        "that are not named."
    )


def _overall(evaluation: Evaluation) -> TablePart:
    figures = [overall(forecaster) for forecaster in evaluation.forecasters.values()]
    rows = [(shown, *(with_interval(name, figure[name]) for figure in figures)) for name, shown in NAMES.items()]
    return TablePart(("Measure", *map(forecaster_name, evaluation.forecasters)), rows)


def _conditions(evaluation: Evaluation) -> TablePart:
    counts, measures = true_counts(evaluation), evaluation.engine
    rows = [
        (
            condition.name,
            str(counts[name]),
            f"{condition.limit.value:g}",
            with_interval("sensitivity", measures.sensitivity[name]),
            with_interval("specificity", measures.specificity[name]),
        )
        for name, condition in evaluation.network.conditions.items()
    ]
    return TablePart(("Condition", "Cases", "Limit", "Sensitivity", "Specificity"), rows)


def _failure(result: CaseResult) -> FailurePart:
    network, missed = result.diagnosis.network, result.missed
    rows = []
    for entry in missed.entries if missed else ():
        answer = "" if entry.answer is None else answer_text(network, entry.finding, entry.answer)
        rows.append((label(network, entry.finding), answer, f"{entry.decibans:+.1f}"))
    against = f"decibans for {missed.subject} against {missed.against}" if missed else "decibans"
    headers = ("Finding", "Answer", against)
    title = f"{result.case.id}: {result.case.title}".removesuffix(": ")
    return FailurePart(title, failure_line(result), result.case.source, TablePart(headers, rows))


def _title(name: str) -> str:
    return name.capitalize()


def _png(ax: Axes) -> bytes:
    made = BytesIO()
    ax.figure.canvas.figure.savefig(made, format="png", dpi=DOTS, metadata={"Software": None})
    return made.getvalue()


def _data_link(picture: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(picture).decode()}"
