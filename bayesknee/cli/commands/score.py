"""`bayesknee score`: a table of patients in, a table of probabilities out."""

from __future__ import annotations

import click

from bayesknee.cli.options import examples, json_option, network_option, print_json, print_text, setting_option, warn
from bayesknee.cli.patient import base_rate_option
from bayesknee.cli.table_options import table_options
from bayesknee.cohort.tables.source import TableOptions
from bayesknee.diagnosis.engine import Engine
from bayesknee.diagnosis.explaining.patient_warnings import base_rate_warnings
from bayesknee.knowledge.library import DEFAULT_NETWORK, load_network
from bayesknee.patient.cases import base_rates_of_words


@click.command(
    "score",
    epilog=examples(
        "bayesknee score patients.csv -o scores.csv",
        "bayesknee score export.xlsx -o scores.csv --map map.yaml",
        "bayesknee score patients.parquet -o scores.parquet --setting emergency --resume",
        "bayesknee score patients.parquet -o scores.parquet --scheduler tcp://10.0.0.1:8786",
    ),
)
@click.argument("source", metavar="IN")
@click.option("-o", "--output", required=True, metavar="OUT", help="File for the scores, .csv or .parquet.")
@table_options
@click.option("--rejects", metavar="FILE", help="File for rows that cannot be scored.  [default: beside OUT]")
@click.option("--intervals", is_flag=True, help="Give each probability a 95 % interval; takes 1,000 times as long.")
@click.option("--warnings", is_flag=True, help="Warn of answers that contradict each other, too; 0.1 s a patient.")
@click.option("--resume", is_flag=True, help="Go on where an earlier run stopped.")
@click.option("--scheduler", metavar="ADDRESS", help="Share the work out on a Dask cluster.")
@setting_option
@base_rate_option
@network_option
@json_option
def command(  # noqa: PLR0913, PLR0917 (an argument for each option)
    source: str,
    output: str,
    table: TableOptions,
    rejects: str | None,
    intervals: bool,  # noqa: FBT001 (how click calls)
    warnings: bool,  # noqa: FBT001 (how click calls)
    resume: bool,  # noqa: FBT001 (how click calls)
    scheduler: str | None,
    setting: str | None,
    base_rates: tuple[str, ...],
    network: str | None,
    as_json: bool,  # noqa: FBT001 (how click calls)
) -> None:
    """Tell how probable each condition is in every patient of a table.

    IN is a .csv, .xlsx or .parquet file with a row per patient and a column per finding or risk factor; a blank, or
    unknown, is not known, and a number is fine where states are bands. The columns id, key and patient are taken over,
    label is not read. Other columns are refused, unless --key takes them over or --ignore leaves them out; --map tells
    what the columns of a foreign table mean. A key that is a finding or risk factor is read as well, unless it is
    ignored, too.

    OUT has the keys or else the number of the row, a column for each condition and group, the level of triage, and the
    log of P(answers). Rows with bad values go to a file of their own, with the reason. OUT appears only when it is
    complete; a run that was stopped can go on with --resume.
    """
    loaded = load_network(DEFAULT_NETWORK if network is None else network)
    engine = Engine(loaded, setting, base_rates=base_rates_of_words(base_rates))
    warn(each.message for each in base_rate_warnings(engine.compiled))
    from bayesknee.cohort.score_files import score_file
    from bayesknee.display.progress import progress_bar
    from bayesknee.display.scores import scores_text

    work = None
    if scheduler is not None:
        from bayesknee.cohort.cluster import work_on

        work = work_on(scheduler)
    with progress_bar("scored") as progress:
        result = score_file(
            engine,
            source,
            output,
            table=table,
            rejects=rejects,
            intervals=intervals,
            warnings=warnings,
            resume=resume,
            progress=progress,
            work=work,
        )
    warn(result.notes)
    if as_json:
        print_json(result.to_dict())
        return
    print_text(scores_text(result))
