"""`bayesknee check`: is a network in order, and what does it rest on?"""

from __future__ import annotations

import sys

import click

from bayesknee.cli.options import examples, print_text, setting_option
from bayesknee.diagnosis.engine import Engine
from bayesknee.errors import NetworkError, one_line
from bayesknee.knowledge.library import DEFAULT_NETWORK, find_network, load_network
from bayesknee.knowledge.network import Network, check_setting


@click.command(
    "check",
    epilog=examples(
        "bayesknee check", "bayesknee check my_networks/shoulder", "bayesknee check my_networks/shoulder --tests"
    ),
)
@click.argument("network", default=DEFAULT_NETWORK, metavar="[NETWORK]")
@click.option("--tests", is_flag=True, help="Run the expected results in the folder (tests.yaml) instead of a report.")
@setting_option
def command(network: str, setting: str | None, *, tests: bool) -> None:
    """Check a network and report on what it rests on.

    NETWORK is the name of one that ships, or a folder. Every problem is told, one a line, with file, line and remedy;
    the exit status is then 2. A network in order gets a report: counts, grades of its numbers, which conditions are
    hard to tell apart, findings that say little, numbers with wide ranges, and what nothing uses.

    With --tests, each test that comes out otherwise is told, one a line; the exit status is then 2.
    """
    try:
        loaded = load_network(network)
    except NetworkError as error:
        for problem in error.problems:
            click.echo(one_line(str(problem)), err=True)
        sys.exit(2)
    if tests:
        _run_tests(network, loaded)
        return
    chosen = check_setting(loaded, setting)
    for each in loaded.settings:
        Engine(loaded, each)  # raises where the base rates of a setting cannot be met
    from bayesknee.authoring import report
    from bayesknee.display.report import report_text

    print_text(report_text(loaded, report(loaded, chosen)))


def _run_tests(name: str, network: Network) -> None:
    from bayesknee.diagnosis.expected_results import failed_tests, read_expected_results

    tests = read_expected_results(find_network(name), network)
    failed = list(failed_tests(network, tests))
    for line in failed:
        click.echo(one_line(line), err=True)
    print_text(f"{len(tests) - len(failed)} of {len(tests)} tests as expected\n")
    if failed:
        sys.exit(2)
