"""`bayesknee explain`: why a condition is as probable as it is."""

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
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.documents import explanation_document, subject_id
from bayesknee.errors import BayeskneeError


@click.command(
    "explain",
    epilog=examples(
        "bayesknee explain tumour age=45 lump_noticed=yes",
        "bayesknee explain tumour --against other_cause --case patient.yaml",
    ),
)
@words_argument("[CONDITION] [FINDING=STATE]...")
@click.option("--against", metavar="CONDITION", help="Explain why rather than this other condition.")
@case_option
@setting_option
@base_rate_option
@network_option
@json_option
def command(  # noqa: PLR0913, PLR0917 (how click calls)
    words: tuple[str, ...],
    against: str | None,
    case_file: str | None,
    setting: str | None,
    base_rates: tuple[str, ...],
    network: str | None,
    as_json: bool,  # noqa: FBT001 (how click calls)
) -> None:
    """Tell what each answer did to a condition, and which numbers carried it.

    CONDITION is the id or name of a condition or group; the most probable one where left out. Each answer has a share:
    by how much it made the condition likelier or less likely. The shares multiply to the whole change and do not
    depend on the order of the answers. Below each stand the numbers of the network that carried most of it, with range,
    grade and source. Also told: which single answers hold the first place, and with --against, which single new answer
    would turn the two round.
    """
    named = [word for word in words if "=" not in word]
    diagnosis = diagnosed([word for word in words if "=" in word], case_file, setting, network, base_rates)
    subject = _subject(diagnosis, named)
    other = None if against is None else subject_id(diagnosis.network, against)
    if as_json:
        print_json(explanation_document(diagnosis, subject, other))
        return
    from bayesknee.display.explanation import explanation_text

    print_text(explanation_text(diagnosis, subject, other))


def _subject(diagnosis: Diagnosis, named: list[str]) -> str:
    """The condition that is named, or the most probable one.

    Raises:
        BayeskneeError: more than one is named.
    """
    if len(named) > 1:
        told = ", ".join(named)
        raise BayeskneeError(f"got {told}; expected one condition, and answers as finding=state; use --against for two")
    if not named:
        return next(iter(diagnosis.posterior))
    (given,) = named
    if given in diagnosis.network.questions:
        raise BayeskneeError(f"{given} is a finding, not a condition; write {given}=STATE to answer it")
    return subject_id(diagnosis.network, given)
