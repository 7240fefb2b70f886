"""`bayesknee diagnose`: a patient's answers in, probabilities out. Must stay light: this is what starts cold, often."""

from __future__ import annotations

import click

from bayesknee.cases import Case, added, evidence_of_words, read_case
from bayesknee.cli.options import examples, json_option, network_option, print_json, print_text, setting_option
from bayesknee.display.formats import picture_format
from bayesknee.inference.diagnosis import Diagnosis
from bayesknee.inference.engine import Engine
from bayesknee.knowledge.library import DEFAULT_NETWORK, load_network


@click.command(
    "diagnose",
    epilog=examples(
        "bayesknee diagnose age=45 lump_noticed=yes",
        "bayesknee diagnose --case patient.yaml --setting emergency",
        "bayesknee diagnose --case - --json < patient.json",
        "bayesknee diagnose age=45 lump_noticed=yes --plot picture.png",
    ),
)
@click.argument("words", nargs=-1, metavar="[FINDING=STATE]...")
@click.option("--case", "case_file", metavar="FILE", help="YAML or JSON file with the answers; - is standard input.")
@setting_option
@network_option
@json_option
@click.option("--plot", "picture", metavar="FILE", help="Draw the bars into a file, too: .png, .svg or .pdf.")
def command(  # noqa: PLR0913, PLR0917 (how click calls)
    words: tuple[str, ...],
    case_file: str | None,
    setting: str | None,
    network: str | None,
    as_json: bool,  # noqa: FBT001 (how click calls)
    picture: str | None,
) -> None:
    """Tell how probable each condition is, given the findings.

    FINDING=STATE is one answer; `bayesknee findings` lists the findings and their states. A number is fine where
    states are bands (age=45), finding=unknown says that the answer is not known, and an unsure answer gives each state
    its likelihood (finding=yes:0.8,no:0.2). With no answers, the base rates are shown.

    A case file holds evidence, and if wanted setting and network, for which the options here take precedence; what
    --json prints can be read again as a case. Answers given here are added to those of the file.
    """
    if picture is not None:
        picture_format(picture)
    diagnosis = _diagnose(words, read_case(case_file) if case_file is not None else Case(), setting, network)
    if picture is not None:
        _draw(diagnosis, picture)
    if as_json:
        print_json(diagnosis.to_dict())
        return
    from bayesknee.display.text import diagnosis_text

    print_text(diagnosis_text(diagnosis))


def _diagnose(words: tuple[str, ...], case: Case, setting: str | None, network: str | None) -> Diagnosis:
    loaded = load_network(network if network is not None else case.network or DEFAULT_NETWORK)
    told = ("the case says", "the command line")
    evidence = added(case.evidence, evidence_of_words(words, loaded), loaded, told)
    return Engine(loaded, setting if setting is not None else case.setting or None).diagnose(evidence)


def _draw(diagnosis: Diagnosis, picture: str) -> None:
    """The picture may be looked at apart from the text, so it bears the network's caution itself."""
    from bayesknee.display.plots.canvas import caption, save

    ax = diagnosis.plot()
    caption(ax, diagnosis.network.caution)
    save(ax, picture)
