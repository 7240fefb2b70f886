"""`bayesknee evaluate`: how good a network is, on patients whose diagnosis is known."""

from __future__ import annotations

from typing import Final

import click

from bayesknee.cli.options import (
    examples,
    json_option,
    network_option,
    print_json,
    print_text,
    seed_type,
    setting_option,
    warn,
)
from bayesknee.cli.table_options import label_option, rejects_option, rows_left_out, table_options
from bayesknee.cohort.tables.source import TableOptions
from bayesknee.knowledge.library import DEFAULT_NETWORK, find_network, load_network

MOST_ROUNDS: Final = (
    100_000  # an interval from 1,000 is off by a tenth of its width; these take minutes for 10,000 cases
)

BESIDE_HELP: Final = "Ratings of a reader to stand beside, .csv; repeatable."


@click.command(
    "evaluate",
    epilog=examples(
        "bayesknee evaluate",
        "bayesknee evaluate patients.csv --setting emergency --report evaluation.html",
        "bayesknee evaluate cases.jsonl --beside reader_1.csv --beside reader_2.csv",
        "bayesknee evaluate export.xlsx --map map.yaml --rejects left_out.csv",
        "bayesknee evaluate cases.jsonl --json",
    ),
)
@click.argument("cases", required=False, metavar="[CASES]")
@table_options
@label_option
@rejects_option
@setting_option
@network_option
@click.option("--beside", multiple=True, metavar="FILE", help=BESIDE_HELP)
@click.option("--report", metavar="FILE", help="Write a report with plots, .html or .md.")
@click.option("--failures", default=50, show_default=True, type=click.IntRange(0), help="List at most so many.")
@click.option(
    "--rounds",
    default=1000,
    show_default=True,
    type=click.IntRange(0, MOST_ROUNDS),
    help="Rounds of the bootstrap, 40 or more; 0 for no intervals.",
)
@click.option("--seed", default=0, show_default=True, type=seed_type(), help="Seed of the bootstrap.")
@json_option
def command(  # noqa: PLR0913, PLR0917 (an argument for each option)
    cases: str | None,
    table: TableOptions,
    rejects: str | None,
    setting: str | None,
    network: str | None,
    beside: tuple[str, ...],
    report: str | None,
    failures: int,
    rounds: int,
    seed: int,
    as_json: bool,  # noqa: FBT001 (how click calls)
) -> None:
    """Tell how good a network is on patients whose diagnosis is known.

    CASES is a folder of case files, a .jsonl file with a case on each line, or a .csv, .xlsx or .parquet table with a
    column for each question and a column label with the true conditions, joined by a semicolon; left out, it is the
    folder cases of the network. --map tells what the columns of a foreign table mean. The label other stands for the
    network's catch-all, and, in a network without a complaint, none for a patient with none of its conditions. A case
    counts as right where any of its labels leads.

    Beside the network stands naive Bayes on the same numbers; every figure has a bootstrap interval.

    --beside adds a column for a reader who rated the same cases: a .csv with a row for each patient and condition that
    the reader thinks of (id, condition, probability and, if wanted, level). The probabilities of a patient sum to 1 at
    most; what is left is spread evenly over the conditions that are not named.
    """
    folder = find_network(DEFAULT_NETWORK if network is None else network)
    loaded = load_network(folder)
    from bayesknee.cohort import evaluate
    from bayesknee.cohort.labelled import read_labelled_table
    from bayesknee.cohort.ratings import read_ratings, told_left_out
    from bayesknee.display.evaluation import evaluation_text

    if report is not None:
        from bayesknee.display.evaluation_report import SUFFIXES
        from bayesknee.files import check_report_path

        check_report_path(report, SUFFIXES)
    place = cases if cases is not None else folder / "cases"
    given = read_labelled_table(place, loaded, setting, packed=True, table=table, rejects=rejects)
    readers = [read_ratings(each, loaded, [case.id for case in given.cases]) for each in beside]
    warn((*given.notes, *rows_left_out(given.left_out, rejects)))
    evaluation = evaluate(loaded, given.cases, rounds=rounds, seed=seed, beside=readers)
    warn(told_left_out(readers))
    if report is not None:
        from bayesknee.display.evaluation_report import write_report

        write_report(evaluation, report)
    if as_json:
        print_json(evaluation.to_dict())
        return
    print_text(evaluation_text(evaluation, failures))
