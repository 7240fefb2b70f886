"""`python -m tests.benchmarks.large [--write] [--quick]`: networks of hundreds of conditions.

The published Promedas networks against their reference marginals, beside pyAgrum and pgmpy on the same networks;
made-up ones of the shape of QMR-DT; how cost grows; and ways to approximate. `--write` puts the tables into
docs/large_networks.md and the picture into docs/images; `--quick` leaves the other programs out.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from bayesknee import Diagnosis, Engine, Evidence
from bayesknee.errors import InferenceError
from bayesknee.inference.elimination.strategy import Elimination
from bayesknee.interop.noisy_or_files import ANSWERS, NoisyOrFile, noisy_or_network, read_noisy_or
from bayesknee.interop.synthetic import synthetic_document, synthetic_evidence
from bayesknee.patient.codes import Codes, encode
from bayesknee.patient.evidence import check_evidence
from tests.benchmarks.other_ways import SMALL_BUDGET, WAYS, plain_sum
from tests.benchmarks.processes import peak_memory
from tests.support.paths import ROOT
from tests.support.promedas import promedas_files

PAGE = ROOT / "docs" / "large_networks.md"
PICTURE = ROOT / "docs" / "images" / "large_networks.png"
BEGIN, END = "<!-- benchmarks:begin -->", "<!-- benchmarks:end -->"
SECONDS_FOR_OTHERS = 10  # of work, once they are loaded and have read the file
SECONDS_TO_START = 60
BYTES_FOR_OTHERS = 6_000_000_000
ABSENT = 40
MANY = 400
OTHERS = ("pyagrum", "pgmpy")


def main() -> None:
    """Measures, prints the tables, and writes them where asked to."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.large", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the tables and the picture into docs")
    parser.add_argument("--quick", action="store_true", help="leave the other programs out")
    arguments = parser.parse_args()
    files = promedas_files()
    parts = [published_table(files, others=not arguments.quick), error_bars_table(files), approximations_table(files)]
    text = "\n\n".join(filter(None, [*parts, made_up_table()]))
    sys.stdout.write(text + "\n")
    if arguments.write:
        write(PAGE, text)
        from tests.benchmarks.growth import draw_growth

        draw_growth(PICTURE)


def write(page: Path, text: str) -> None:
    """Puts the text between the two marks."""
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}", encoding="utf-8")


def timed(work: Callable[[], Any], rounds: int = 7) -> float:
    """The median seconds of some work, the first time not counted."""
    work()
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return median(seconds)


def new_patient(engine: Engine, evidence: Mapping[str, Any] | Evidence) -> Diagnosis:
    """The diagnosis of somebody of whom the engine keeps nothing from an earlier round."""
    assert isinstance(engine.compiled.strategy, Elimination)
    engine.compiled.strategy.core._plans.clear()  # noqa: SLF001
    engine.compiled.strategy.core._kept.clear()  # noqa: SLF001
    return engine.diagnose(evidence)


# --- published networks --------------------------------------------------------------------------------------------


def published_table(files: list[Path], *, others: bool) -> str:
    """A row for each network: its size, the error, our time for a new patient, and that of the others."""
    if not files:
        return "The published networks are not here; BAYESKNEE_LARGE names their folder."
    head = [
        "| Network | conditions | present | largest error | bayesknee | pyAgrum | pgmpy, one condition |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    return "\n".join([*head, *(published_row(file, others=others) for file in files)])


def published_row(file: Path, *, others: bool) -> str:
    """The row of one network."""
    read = read_noisy_or(file)
    engine, evidence = Engine(read.network), check_evidence(read.network, read.evidence)
    error = max(abs(engine.diagnose(evidence).posterior[name] - p) for name, p in read.reference.items())
    seconds = timed(lambda: new_patient(engine, evidence))
    told = [other(program, file) for program in OTHERS] if others else ["", ""]
    present = sum(answer == "yes" for answer in read.evidence.values())
    sizes = f"{len(read.network.conditions)} | {present}"
    return f"| {file.stem} | {sizes} | {error:.0e} | {1e3 * seconds:.1f} ms | {told[0]} | {told[1]} |"


def other(program: str, file: Path) -> str:
    """What another program takes for it, in a process with limits."""
    command = [sys.executable, "-m", "tests.benchmarks.other_ways", program, str(file)]
    command += [str(BYTES_FOR_OTHERS), str(SECONDS_FOR_OTHERS)]
    limit = SECONDS_TO_START + SECONDS_FOR_OTHERS + 5
    try:
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return f"over {SECONDS_FOR_OTHERS} s"
    lines = ran.stdout.splitlines()
    if ran.returncode == -signal.SIGALRM:
        return f"over {SECONDS_FOR_OTHERS} s"
    if ran.returncode or not lines:
        of_memory = any(word in ran.stderr for word in ("emory", "bad_alloc")) or ran.returncode < 0
        return f"over {BYTES_FOR_OTHERS / 1e9:g} GB" if of_memory else "fails"
    told = json.loads(lines[-1])
    return f"{told['seconds']:.2f} s" if told["error"] < 1e-5 else f"wrong by {told['error']:.0e}"


# --- approximations ------------------------------------------------------------------------------------------------


def error_bars_table(files: list[Path]) -> str:
    """A row for each network: how good our approximation is, and whether its error bars hold."""
    if not files:
        return ""
    head = [
        "| Network | bounded | draws are worth | largest error | its error bar | outside their bars |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    return "\n".join([*head, *(error_bars_row(file) for file in files)])


def error_bars_row(file: Path) -> str:
    """The row of one network, with a budget of next to nothing."""
    read = read_noisy_or(file)
    present = sum(read.evidence.get(name) == "yes" for name in read.network.findings)
    try:
        diagnosis = Engine(read.network, memory=SMALL_BUDGET).diagnose(read.evidence)
    except InferenceError:
        return f"| {file.stem} | of {present}: refused | | | | |"
    if (told := diagnosis.approximation) is None:
        return f"| {file.stem} | none of {present} | | | | |"
    off = {name: abs(diagnosis.posterior[name] - p) for name, p in read.reference.items()}
    worst = max(off, key=lambda name: off[name])
    outside = sum(off[name] > told.errors[name] for name in off)
    bounded, errors = f"{told.bounded} of {present}", f"{off[worst]:.0e} | {told.errors[worst]:.0e}"
    return f"| {file.stem} | {bounded} | {told.effective:,.0f} | {errors} | {outside} of {len(off)} |"


def approximations_table(files: list[Path]) -> str:
    """The largest error of each way over the networks, sorted from the best, and its median time."""
    if not files:
        return ""
    names = list(WAYS)
    rows = ["| Network | " + " | ".join(names) + " |", "|---|" + "--:|" * len(names)]
    for file in files:
        read = read_noisy_or(file)
        told = [told_of(WAYS[name], read) for name in names]
        rows.append(f"| {file.stem} | " + " | ".join(told) + " |")
    return "\n".join(rows)


def told_of(way: Callable[[NoisyOrFile], Mapping[str, float] | None], read: NoisyOrFile) -> str:
    """The largest error of a way, and its time."""
    start = time.perf_counter()
    got = way(read)
    seconds = time.perf_counter() - start
    if got is None:
        return "refused"
    return f"{max(abs(got[name] - p) for name, p in read.reference.items()):.0e}, {seconds:.1f} s"


# --- made-up networks ----------------------------------------------------------------------------------------------


def made_up_table() -> str:
    """600 conditions and 4,000 findings, 5 to 20 present: time, memory, error against the plain sum."""
    document = synthetic_document(600, 4000)
    rows = [
        "| present, absent | a new patient | patients a second | next questions | ledger | memory | largest error |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    rows += [made_up_row(document, present) for present in (5, 10, 15, 20)]
    return "\n".join(rows)


def made_up_row(document: dict[str, Any], present: int) -> str:
    """The medians over patients."""
    patients = [synthetic_evidence(document, present, ABSENT, seed) for seed in range(5)]
    reads = [noisy_or_network(document | {"evidence": each}, "made up") for each in patients]
    engine = Engine(reads[0].network)
    seconds = [timed(partial(new_patient, engine, read.evidence), 3) for read in reads]
    asked = timed(lambda: new_patient(engine, reads[0].evidence).rank_questions(), 1)
    ledger = timed(lambda: new_patient(engine, reads[0].evidence).ledger, 1)
    together = MANY / timed(partial(engine.compiled.posteriors, codes_of(engine, document, present)), 1)
    error = error_against_the_plain_sum(engine, reads[0], document)
    memory = peak_memory(["-c", PROCESS.format(present=present, absent=ABSENT)])
    times = f"{1e3 * median(seconds):.0f} ms | {together:,.0f} | {asked:.1f} s | {ledger:.1f} s"
    return f"| {present}, {ABSENT} | {times} | {memory / 1e6:.0f} MB | {error:.0e} |"


def codes_of(engine: Engine, document: dict[str, Any], present: int) -> Codes:
    """Many patients, each with findings of their own."""
    drawn = (synthetic_evidence(document, present, ABSENT, seed) for seed in range(MANY))
    answers = [{name: ANSWERS[answer] for name, answer in each.items()} for each in drawn]
    return encode(engine.network, [check_evidence(engine.network, each) for each in answers])


PROCESS = """
from bayesknee import Engine
from bayesknee.interop.noisy_or_files import noisy_or_network
from bayesknee.interop.synthetic import synthetic_document, synthetic_evidence
document = synthetic_document(600, 4000)
document["evidence"] = synthetic_evidence(document, {present}, {absent})
read = noisy_or_network(document, "made up")
Engine(read.network).diagnose(read.evidence)
"""


def error_against_the_plain_sum(engine: Engine, read: NoisyOrFile, document: dict[str, Any]) -> float:
    """Of the three most probable conditions that are not certain, by the sum without any of our short cuts."""
    posterior = engine.diagnose(read.evidence).posterior
    leading = [name for name, p in posterior.items() if p < 0.999][:3]
    return max(abs(posterior[name] - p) for name, p in plain_sum(document, read.evidence, leading).items())


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
