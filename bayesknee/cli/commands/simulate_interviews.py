"""`bayesknee simulate-interviews`: how many questions it takes, and what is lost by not asking all."""

from __future__ import annotations

import math
from typing import Final

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
)
from bayesknee.diagnosis.asking.same_decision import LEAST_VALUE, MOST_MISSED, THRESHOLD, StopRule
from bayesknee.knowledge.library import DEFAULT_NETWORK, load_network
from bayesknee.plain import plain

MOST_PATIENTS: Final = 1_000_000  # each is interviewed by all policies, which takes days


@click.command(
    "simulate-interviews",
    epilog=examples(
        "bayesknee simulate-interviews -n 200 --policy all --policy ours",
        "bayesknee simulate-interviews -n 2000 --plot interviews.svg --markdown",
    ),
)
@click.option(
    "-n",
    "--number",
    default=100,
    show_default=True,
    type=click.IntRange(1, MOST_PATIENTS),
    help="Patients, of each source; up to one more for each 50, so that lots are alike.",
)
@click.option("--policy", "policies", multiple=True, metavar="NAME", help="Only this policy; repeatable.")
@click.option("--threshold", type=float, default=THRESHOLD, show_default=True, help="Of the stop rule.")
@click.option("--least-value", type=float, default=LEAST_VALUE, show_default=True, help="Of the stop rule.")
@click.option("--most-missed", type=float, default=MOST_MISSED, show_default=True, help="Of the stop rule.")
@click.option("--seed", default=7, show_default=True, type=seed_type(), help="The same draws the same patients.")
@click.option("--plot", "picture", metavar="FILE", help="Draw a picture, too: .png, .svg or .pdf.")
@click.option("--markdown", is_flag=True, help="Print the tables in Markdown.")
@setting_option
@network_option
@json_option
def command(  # noqa: PLR0913, PLR0917 (an argument for each option)
    number: int,
    policies: tuple[str, ...],
    threshold: float,
    least_value: float,
    most_missed: float,
    seed: int,
    picture: str | None,
    markdown: bool,  # noqa: FBT001 (how click calls)
    setting: str | None,
    network: str | None,
    as_json: bool,  # noqa: FBT001 (how click calls)
) -> None:
    """Interview simulated patients, and tell what each way to ask finds, and how soon.

    Patients are drawn from the network, and again from networks whose every number is drawn in its range, while the
    engine keeps its own. All policies open alike and stop by the same rule: fixed (the network's order), random,
    one_by_one (stakes, topic by topic, no lists but those of the opening), information, ours (stakes, topic by topic,
    with lists), look_ahead (the same, two questions ahead), all_lists and all questions. Slow ones and those to compare
    with interview fewer patients, which the table tells. Besides, patients with each must-not-miss condition are drawn,
    to tell how many of them are found.
    """
    if picture is not None:
        from bayesknee.picture_formats import picture_format

        picture_format(picture)
    loaded = load_network(DEFAULT_NETWORK if network is None else network)
    from bayesknee.cohort.simulated_interviews import LOT, POLICIES, SAMPLES, Wanted, simulate_interviews
    from bayesknee.cohort.simulated_results import collected
    from bayesknee.display.progress import counted_bar
    from bayesknee.display.simulated_interviews import interviews_markdown, interviews_text

    rule = StopRule(threshold, least_value, samples=SAMPLES, most_missed=most_missed)
    lots = math.ceil(number / LOT)
    each_once = tuple(dict.fromkeys(policies)) or POLICIES
    wanted = Wanted(lots, math.ceil(number / lots), policies=each_once, rule=rule, seed=seed)
    with counted_bar("interviews", wanted.interviews) as progress:
        results = collected(loaded, simulate_interviews(loaded, setting, wanted, progress))
    if as_json:
        print_json(plain(results))
    else:
        print_text(interviews_markdown(loaded, results) if markdown else interviews_text(loaded, results))
    if picture is not None:
        from bayesknee import plots

        save_picture(plots.interviews(results), picture)
