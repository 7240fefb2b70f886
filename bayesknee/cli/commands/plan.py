"""`bayesknee plan`: questions to ask together, as a form."""

from __future__ import annotations

import click

from bayesknee.cli.options import (
    examples,
    json_option,
    network_option,
    print_json,
    print_text,
    save_picture,
    seed_type,
    setting_option,
    words_argument,
)
from bayesknee.cli.patient import asked_of_option, base_rate_option, case_option, diagnosed, ranking_options
from bayesknee.diagnosis.asking.question_plan import QuestionPlan
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.documents import find_topic, plan_document, signs_first
from bayesknee.picture_formats import picture_format


@click.command(
    "plan",
    epilog=examples(
        "bayesknee plan --asked-of patient -k 12 --form form.html",
        "bayesknee plan --asked-of clinician -k 6 --case patient.yaml",
        "bayesknee plan --asked-of patient -k 10 --json",
    ),
)
@words_argument()
@case_option
@click.option("-k", "--questions", "count", type=click.IntRange(min=1), default=12, show_default=True, help="How many.")
@asked_of_option
@ranking_options
@click.option("--form", metavar="FILE", help="Write the form to be printed, too: .html or .pdf.")
@click.option("--details", is_flag=True, help="Tell below the form how sure the diagnosis gets with each question.")
@click.option("--plot", "picture", metavar="FILE", help="Draw how sure it gets into a file, too: .png, .svg or .pdf.")
@click.option("--seed", type=seed_type(), default=0, show_default=True, help="Of what is drawn.")
@setting_option
@base_rate_option
@network_option
@json_option
def command(  # noqa: PLR0913, PLR0917 (an argument for each option)
    words: tuple[str, ...],
    case_file: str | None,
    count: int,
    asked_of: tuple[str, ...],
    topics: tuple[str, ...],
    most_burden: float | None,
    objective: str,
    form: str | None,
    details: bool,  # noqa: FBT001 (how click calls)
    picture: str | None,
    seed: int,
    setting: str | None,
    base_rates: tuple[str, ...],
    network: str | None,
    as_json: bool,  # noqa: FBT001 (how click calls)
) -> None:
    """Print a form: the questions that tell most together, for somebody who answers them all at once.

    They are chosen one after the other, each for what it adds to those before it. Where the patient is asked, the
    warning signs come first, however rare they are. --form writes a page to be printed. --details tells below the
    form how sure the diagnosis gets with each question. Answers that are known already (words, or a case file) are
    taken into account.
    """
    if picture is not None:
        picture_format(picture)
    if form is not None:
        from bayesknee.display.patient_report import check_can_write

        check_can_write(form)
    diagnosis = diagnosed(words, case_file, setting, network, base_rates)
    from bayesknee.display.progress import counted_bar

    with counted_bar("questions chosen", count) as progress:
        plan = diagnosis.plan(
            count,
            objective=objective,
            seed=seed,
            progress=progress,
            asked_of=asked_of or None,
            topic=[find_topic(diagnosis.network, topic) for topic in topics] or None,
            most_burden=most_burden,
        )
    if picture is not None:
        _draw(diagnosis, plan, picture)
    if form is not None:
        from bayesknee.display.form_page import write_form

        write_form(diagnosis, plan, form, signs_first(diagnosis, asked_of))
    if as_json:
        print_json(plan_document(diagnosis, plan, asked_of))
        return
    from bayesknee.display.plan_form import plan_text

    print_text(plan_text(diagnosis, plan, warning_signs=signs_first(diagnosis, asked_of), details=details))


def _draw(diagnosis: Diagnosis, plan: QuestionPlan, picture: str) -> None:
    from bayesknee import plots
    from bayesknee.plots.canvas import caption

    ax = plots.plan(plan)
    caption(ax, diagnosis.network.caution)
    save_picture(ax, picture)
