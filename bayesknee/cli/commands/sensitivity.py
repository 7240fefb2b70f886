"""`bayesknee sensitivity`: which numbers of the network an answer hangs on."""

from __future__ import annotations

import click

from bayesknee.cli.options import (
    examples,
    json_option,
    network_option,
    print_json,
    print_text,
    setting_option,
    words_argument,
)
from bayesknee.cli.patient import base_rate_option, case_option, diagnosed
from bayesknee.diagnosis.explaining.sensitivity import MOST_BARS
from bayesknee.documents import sensitivity_document, subject_id


@click.command(
    "sensitivity",
    epilog=examples(
        "bayesknee sensitivity age=45 lump_noticed=yes",
        "bayesknee sensitivity --condition tumour --case patient.yaml -n 20",
    ),
)
@words_argument()
@click.option("--condition", metavar="CONDITION", help="Condition or group.  [default: the most probable condition]")
@click.option(
    "-n", "most", type=click.IntRange(min=1, max=1000), default=MOST_BARS, show_default=True, help="Most numbers told."
)
@case_option
@setting_option
@base_rate_option
@network_option
@json_option
def command(  # noqa: PLR0913, PLR0917 (how click calls)
    words: tuple[str, ...],
    condition: str | None,
    most: int,
    case_file: str | None,
    setting: str | None,
    base_rates: tuple[str, ...],
    network: str | None,
    as_json: bool,  # noqa: FBT001 (how click calls)
) -> None:
    """Tell which numbers of the network a probability hangs on, and which of them would change the first place.

    Each number is moved over its own range, low to high, with all else as it is; the probabilities at both ends are
    exact. Then come the numbers that, if they were wrong, would put another condition first, and what they would have
    to be.
    """
    diagnosis = diagnosed(words, case_file, setting, network, base_rates)
    subject = next(iter(diagnosis.posterior)) if condition is None else subject_id(diagnosis.network, condition)
    if as_json:
        print_json(sensitivity_document(diagnosis, subject, most))
        return
    from bayesknee.display.sensitivity import sensitivity_text

    print_text(sensitivity_text(diagnosis, subject, most))
