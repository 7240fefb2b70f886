"""`bayesknee learn`: a network's numbers, updated by patients whose diagnosis is known."""

from __future__ import annotations

from pathlib import Path

import click

from bayesknee.cli.options import examples, json_option, network_option, print_json, print_text, setting_option, warn
from bayesknee.cli.table_options import label_option, rejects_option, rows_left_out, table_options
from bayesknee.cohort.tables.source import TableOptions
from bayesknee.errors import shown_word
from bayesknee.knowledge.library import DEFAULT_NETWORK, find_network
from bayesknee.knowledge.reading.reader import read_network


@click.command(
    "learn",
    epilog=examples(
        "bayesknee learn patients.csv -o networks/our_clinic",
        "bayesknee learn cases.jsonl -o networks/our_clinic --setting emergency --source our_clinic_2026",
        "bayesknee learn published_cases -o networks/from_reports --keep-base-rates",
    ),
)
@click.argument("cases", metavar="CASES")
@table_options
@label_option
@rejects_option
@click.option("-o", "--output", metavar="FOLDER", required=True, help="Folder of the new network; must not exist.")
@click.option(
    "--keep-base-rates", is_flag=True, help="Keep base rates and shares of forms: for cases that were chosen."
)
@click.option("--source", default="own_cases", show_default=True, help="Id of the new reference that the cases become.")
@setting_option
@network_option
@json_option
def command(  # noqa: PLR0913, PLR0917 (an argument for each option)
    cases: str,
    table: TableOptions,
    rejects: str | None,
    output: str,
    keep_base_rates: bool,  # noqa: FBT001 (how click calls)
    source: str,
    setting: str | None,
    network: str | None,
    as_json: bool,  # noqa: FBT001 (how click calls)
) -> None:
    """Update a network's numbers from patients whose diagnosis is known.

    CASES is a folder of case files, a .jsonl file or a table, as for `evaluate`; a label names all the conditions that
    a patient has. Each number's range says how many patients it is worth; base rates, shares of forms, links,
    sensitivities, specificities and the distributions of mixtures are updated, signs that nobody saw, forms that no
    label tells and answers that are missing being allowed for. Odds ratios, limits and weights stay. The new folder
    holds the old files with the numbers changed, and LEARNED.md, which says what moved, and what stays and why.
    """
    from bayesknee.cohort.labelled import read_labelled_table
    from bayesknee.cohort.learning import learn, write_learned
    from bayesknee.display.learned import learned_data, learned_markdown, learned_text
    from bayesknee.knowledge.writer import check_new_folder, not_copied

    folder = find_network(DEFAULT_NETWORK if network is None else network)
    target = check_new_folder(output, folder)
    loaded = read_network(folder)
    given, left_out, notes = read_labelled_table(cases, loaded, setting, table=table, rejects=rejects)
    warn((*notes, *rows_left_out(left_out, rejects)))
    citation = f"{len(given)} labelled cases from {shown_word(Path(cases).name)}"
    learned = learn(loaded, given, source=source, citation=citation, base_rates=not keep_base_rates)
    write_learned(learned, folder, target, {"LEARNED.md": learned_markdown(learned)})
    warn(f"{name} is a link or no regular file, and was not copied" for name in not_copied(folder))
    if as_json:
        print_json(learned_data(learned))
        return
    print_text(learned_text(learned))
