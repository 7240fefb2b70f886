"""`bayesknee diagnose`: a patient's answers in, probabilities out. Must stay light: this is what starts cold, often."""

from __future__ import annotations

from typing import Final

import click

from bayesknee.cli.options import (
    ExpertOption,
    GroupedCommand,
    examples,
    json_option,
    network_option,
    print_json,
    print_text,
    save_picture,
    setting_option,
    words_argument,
)
from bayesknee.cli.patient import (
    asked_of_option,
    base_rate_option,
    case_option,
    check_report,
    diagnosed_with_warnings,
    report_options,
)
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.explaining.intervals import Intervals
from bayesknee.documents import diagnosis_document
from bayesknee.picture_formats import picture_format

TOLD_IN_TEXT: Final = 3
TOLD_IN_JSON: Final = 10
DRAWS_HELP: Final = (
    "From how many networks, drawn from the ranges of all numbers.  [default: 1000, or fewer on a large network]"
)
QUESTIONS_HELP: Final = f"How many next questions to tell.  [default: {TOLD_IN_TEXT}; in JSON {TOLD_IN_JSON}]"


@click.command(
    "diagnose",
    cls=GroupedCommand,
    epilog=examples(
        "bayesknee diagnose age=45 lump_noticed=yes",
        "bayesknee diagnose --case patient.yaml --setting emergency",
        "bayesknee diagnose --case - --json < patient.json",
        "bayesknee diagnose age=45 lump_noticed=yes --intervals",
        "bayesknee diagnose age=45 lump_noticed=yes --plot picture.png",
        "bayesknee diagnose --case patient.yaml --report patient.html --patient AB",
    ),
)
@words_argument()
@case_option
@setting_option
@base_rate_option
@network_option
@json_option
@click.option("--all", "all_conditions", is_flag=True, help="List all conditions, and not only the first few.")
@click.option("--details", is_flag=True, help="Tell base rates, ids, ICD codes, groups and states, too.")
@click.option("--plot", "picture", metavar="FILE", help="Draw the bars into a file, too: .png, .svg or .pdf.")
@click.option("--intervals", is_flag=True, help="Tell how far each probability may be off.")
@click.option("--draws", cls=ExpertOption, type=int, metavar="N", help=DRAWS_HELP)
@click.option("--seed", cls=ExpertOption, type=int, metavar="N", help="Seed of these draws.  [default: 0]")
@click.option("--questions", type=click.IntRange(min=0), metavar="N", help=QUESTIONS_HELP)
@asked_of_option
@report_options
def command(  # noqa: PLR0913, PLR0917 (how click calls)
    words: tuple[str, ...],
    case_file: str | None,
    setting: str | None,
    base_rates: tuple[str, ...],
    network: str | None,
    as_json: bool,  # noqa: FBT001 (how click calls)
    all_conditions: bool,  # noqa: FBT001 (how click calls)
    details: bool,  # noqa: FBT001 (how click calls)
    picture: str | None,
    intervals: bool,  # noqa: FBT001 (how click calls)
    draws: int | None,
    seed: int | None,
    questions: int | None,
    asked_of: tuple[str, ...],
    report: str | None,
    patient: str | None,
) -> None:
    """Tell how probable each condition is, given the findings.

    FINDING=STATE is one answer; `bayesknee findings` lists the findings and their states. A number is fine where
    states are bands (age=45), finding=unknown says that the answer is not known, and an unsure answer gives each state
    its likelihood (finding=yes:0.8,no:0.2). With no answers, the base rates are shown.

    A case file holds evidence, and if wanted setting and network, for which the options here take precedence; what
    --json prints can be read again as a case. Answers given here are added to those of the file.
    """
    if picture is not None:
        picture_format(picture)
    check_report(report, patient)
    drawn = _draws_and_seed(draws, seed, wanted=intervals)
    diagnosis, warnings = diagnosed_with_warnings(words, case_file, setting, network, base_rates)
    found = diagnosis.intervals(*drawn) if intervals else None
    if picture is not None:
        _draw(diagnosis, picture, found)
    if report is not None:
        from bayesknee.display.patient_report import details_of_today, write_patient_report

        page = details_of_today(diagnosis, patient or "", found, warnings=warnings)
        write_patient_report(diagnosis, report, page)
    if as_json:
        told = TOLD_IN_JSON if questions is None else questions
        print_json(diagnosis_document(diagnosis, told, asked_of, found))
        return
    from bayesknee.display.text import TextOptions, diagnosis_text

    told = TOLD_IN_TEXT if questions is None else questions
    ranked = diagnosis.rank_questions(asked_of=asked_of or None).first(told) if told and diagnosis.exact else ()
    options = TextOptions(all_conditions, details, found)
    print_text(diagnosis_text(diagnosis, questions=ranked, options=options))


def _draws_and_seed(draws: int | None, seed: int | None, *, wanted: bool) -> tuple[int | None, int]:
    if not wanted and (draws is not None or seed is not None):
        raise click.UsageError("--draws and --seed go with --intervals; add it, or leave them out")
    from bayesknee.diagnosis.explaining.intervals import check_draws

    chosen = draws, 0 if seed is None else seed
    check_draws(*chosen)
    return chosen


def _draw(diagnosis: Diagnosis, picture: str, intervals: Intervals | None) -> None:
    """The picture may be looked at apart from the text, so it bears the network's caution itself."""
    from bayesknee import plots
    from bayesknee.plots.canvas import caption

    ax = plots.posterior(diagnosis, intervals=intervals)
    caption(ax, diagnosis.network.caution)
    save_picture(ax, picture)
