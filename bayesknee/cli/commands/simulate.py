"""`bayesknee simulate`: patients drawn from a network."""

from __future__ import annotations

from typing import Final

import click

from bayesknee.cli.options import examples, network_option, print_text, seed_type, setting_option, words_argument
from bayesknee.diagnosis.engine import Engine
from bayesknee.knowledge.library import DEFAULT_NETWORK, load_network
from bayesknee.patient.cases import evidence_of_words
from bayesknee.patient.evidence import check_evidence

MOST_PATIENTS: Final = 1_000_000_000  # hours of drawing, and more than any disk at hand takes


@click.command(
    "simulate",
    epilog=examples(
        "bayesknee simulate -n 1000 -o patients.csv --missing 0.8",
        "bayesknee simulate -n 1000000 -o patients.parquet --seed 7 --setting emergency",
        "bayesknee simulate -n 200 -o runners.csv sport=running sex=female",
    ),
)
@words_argument()
@click.option(
    "-n", "--number", required=True, type=click.IntRange(0, MOST_PATIENTS), metavar="N", help="How many patients."
)
@click.option("-o", "--output", required=True, metavar="OUT", help="File for them, .csv or .parquet.")
@click.option("--missing", default=0.0, show_default=True, metavar="RATE", help="Chance that an answer is missing.")
@click.option("--seed", default=0, show_default=True, type=seed_type(), help="The same draws the same patients.")
@setting_option
@network_option
def command(  # noqa: PLR0913, PLR0917 (an argument for each option)
    words: tuple[str, ...],
    number: int,
    output: str,
    missing: float,
    seed: int,
    setting: str | None,
    network: str | None,
) -> None:
    """Draw patients from a network, with their true causes.

    OUT has a row per patient: id, a column for each risk factor and finding, and label, the true causes joined by a
    semicolon. A finding that is asked only if a gate holds is blank where it does not. FINDING=STATE words are true of
    all patients. Score and evaluate read the table as it is.
    """
    loaded = load_network(DEFAULT_NETWORK if network is None else network)
    engine = Engine(loaded, setting)
    evidence = check_evidence(loaded, evidence_of_words(words, loaded))
    from bayesknee.cohort.simulate import simulate_file
    from bayesknee.display.progress import progress_bar

    with progress_bar("drawn") as progress:
        simulate_file(engine, number, output, missing=missing, seed=seed, evidence=evidence, progress=progress)
    print_text(f"{number:,} patients: {output}\n")
