"""`bayesknee questions`: what is worth asking next."""

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
from bayesknee.cli.patient import asked_of_option, base_rate_option, case_option, diagnosed, ranking_options
from bayesknee.documents import find_topic, questions_document


@click.command(
    "questions",
    epilog=examples(
        "bayesknee questions age=45 lump_noticed=yes --asked-of patient",
        "bayesknee questions --case patient.yaml --objective danger --look-ahead",
        "bayesknee questions --case patient.yaml --topic nerve --topic exam_special --most-burden 3 -n 5",
    ),
)
@words_argument()
@case_option
@asked_of_option
@ranking_options
@click.option("--look-ahead", is_flag=True, help="Rank the best few by what they are worth with what may follow.")
@click.option("-n", "--number", type=click.IntRange(min=1), default=10, show_default=True, help="How many to tell.")
@setting_option
@base_rate_option
@network_option
@json_option
def command(  # noqa: PLR0913, PLR0917 (an argument for each option)
    words: tuple[str, ...],
    case_file: str | None,
    asked_of: tuple[str, ...],
    topics: tuple[str, ...],
    most_burden: float | None,
    objective: str,
    look_ahead: bool,  # noqa: FBT001 (how click calls)
    number: int,
    setting: str | None,
    base_rates: tuple[str, ...],
    network: str | None,
    as_json: bool,  # noqa: FBT001 (how click calls)
) -> None:
    """Tell which questions are worth asking next, and what each answer would do.

    A question is worth what its answer tells of the conditions, for each unit of what asking burdens: by stakes (what
    missing a condition weighs counts), by plain information, by how well it separates the leader from the runner-up, or
    by what it tells of dangerous conditions alone. Told is what has not been asked yet and whose gate is known to hold.
    """
    diagnosis = diagnosed(words, case_file, setting, network, base_rates)
    ranked = diagnosis.rank_questions(
        asked_of=asked_of or None,
        topic=[find_topic(diagnosis.network, topic) for topic in topics] or None,
        most_burden=most_burden,
        objective=objective,
        look_ahead=look_ahead,
    ).first(number)
    if as_json:
        print_json(questions_document(diagnosis, ranked, objective, look_ahead=look_ahead))
        return
    from bayesknee.display.next_questions import next_questions_text

    print_text(next_questions_text(diagnosis, ranked, objective))
