"""`python -m tests.benchmarks.sizes [--write]`: which way sizes go, in which time and memory; for docs/sizes.md.

Each size is diagnosed in a process of its own, whose memory is measured from when all is loaded to its peak. What does
not fit is refused, which is told as such. `--write` puts the table into the page.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from bayesknee import Diagnosis
from bayesknee.inference.results import DEFAULT_SECONDS
from tests.support.paths import ROOT
from tests.support.sized_networks import Size, sized_answers, sized_network

PAGE: Final = ROOT / "docs" / "sizes.md"
BEGIN, END = "<!-- sizes:begin -->\n", "<!-- sizes:end -->\n"
MEMORY: Final = 2**30  # the default budget
MARGIN: Final = 1.1  # what the peak may be of the budget
LOADED: Final = 24e6  # bytes of code, buffers and free lists beside the arrays that are estimated; judged
ENUMERATION, ELIMINATION, SAMPLING, REFUSED = "enumeration", "elimination", "sampling", "refused"


@dataclass(frozen=True)
class Measured:
    """What became of a patient.

    Attributes:
        way: how the posterior was computed, or that it was refused.
        seconds: of the engine, the posterior and the next questions.
        peak: bytes taken at most, beyond those in use before.
        refusal: the text of the error, empty if there is none.
        more: by kind of work, the seconds that it took, or why it was refused.
    """

    way: str
    seconds: float
    peak: float
    refusal: str
    more: Mapping[str, str]


@dataclass(frozen=True)
class Asked:
    """A patient of a network of some size, and what is allowed.

    Attributes:
        size: of the network.
        present: how many findings are present; as many are absent.
        mixtures: how many mixtures are answered.
        memory: of the budget, in bytes.
        works: further kinds of work, of `WORKS`.
    """

    size: Size
    present: int
    mixtures: int = 0
    memory: int = MEMORY
    works: tuple[str, ...] = ()


WORKS: Final[Mapping[str, Callable[[Diagnosis], object]]] = {
    "questions": lambda diagnosis: diagnosis.next_questions,
    "ledger": lambda diagnosis: diagnosis.ledger,
    "sensitivity": lambda diagnosis: diagnosis.sensitivity(),
    "intervals": lambda diagnosis: diagnosis.intervals(),
    "stop": lambda diagnosis: diagnosis.stop(),
    "plan": lambda diagnosis: diagnosis.plan(10),
    "warnings": lambda diagnosis: diagnosis.warnings,
}


def in_a_process(asked: Asked) -> Measured:
    """Measures a patient in a new process."""
    words = json.dumps({**asdict(asked), "size": asdict(asked.size)})
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.sizes", "--one", words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    if done.returncode:
        raise RuntimeError(f"{words}: {done.stderr}")
    return Measured(**json.loads(done.stdout))


def measure_here(asked: Asked) -> Measured:
    """Measures a patient in this process, which must not have done anything before."""
    from bayesknee import Engine
    from bayesknee.errors import InferenceError

    network, answers = sized_network(asked.size), sized_answers(asked.size, asked.present, asked.mixtures)
    _load_all()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak of what was loaded does not count
    before, start = _status("VmRSS"), time.process_time()
    more: dict[str, str] = {}
    try:
        diagnosis = Engine(network, memory=asked.memory).diagnose(answers)
        way = _way(diagnosis)
    except InferenceError as error:
        return Measured(REFUSED, time.process_time() - start, _peak() - before, str(error), more)
    seconds = time.process_time() - start
    for work in asked.works:
        start = time.process_time()
        try:
            WORKS[work](diagnosis)
            more[work] = f"{time.process_time() - start:.2g} s"
        except InferenceError:
            more[work] = REFUSED
    return Measured(way, seconds, _peak() - before, "", more)


def _load_all() -> None:
    """Loads what a diagnosis loads on use, so that code does not count as memory of the patient."""
    from bayesknee import Engine

    size = Size(14, findings=3)
    diagnosis = Engine(sized_network(size)).diagnose(sized_answers(size, 2))
    for work in WORKS.values():
        work(diagnosis)


def _peak() -> float:
    """The most memory since the peak was reset, in bytes; Linux tells it."""
    return _status("VmHWM")


def _status(name: str) -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return float(line.split()[1]) * 1024.0


def _way(diagnosis: Diagnosis) -> str:
    from bayesknee.inference.cheaper import Cheaper

    strategy = diagnosis.compiled.strategy
    if diagnosis.approximation:
        return SAMPLING
    chosen = strategy.way_to_infer(diagnosis.evidence) if isinstance(strategy, Cheaper) else strategy
    return type(chosen).__name__.lower()


ROWS: Final = (
    *(Asked(Size(n), 8) for n in (12, 16, 20, 200)),
    *(Asked(Size(n), 20) for n in (20, 40)),
    *(Asked(Size(n, causes=14), 14) for n in (16, 18, 20, 40)),
    Asked(Size(20, causes=14), 20),
    Asked(Size(20, causes=14, findings=200), 20),
    *(Asked(Size(n, factors=4), 8) for n in (16, 20, 40)),
    Asked(Size(20, causes=14, factors=4), 14),
    Asked(Size(25, factors=10, states=5), 8),
    *(Asked(Size(n, mixtures=mixtures), 4, mixtures) for n, mixtures in ((16, 1), (16, 5), (20, 2), (20, 5), (25, 1))),
    *(Asked(Size(25, mixtures=mixtures), 4, mixtures) for mixtures in (2, 5)),
    *(Asked(Size(n, factors=4, mixtures=3), 6, 3) for n in (18, 20)),
)


def lines(over: list[str], rows: tuple[Asked, ...] = ROWS) -> Iterator[str]:
    """The table, as Markdown; `over` takes the rows that took more than a tenth over their budget."""
    heads = ("conditions", "causes", "risk factors", "mixtures", "present", "way", "posterior", *WORKS, "memory")
    yield f"| {' | '.join(heads)} |"
    yield f"|--:|--:|--:|--:|--:|---|{'--:|' * (len(WORKS) + 2)}"
    for asked in rows:
        found = in_a_process(replace(asked, works=tuple(WORKS)))
        size = asked.size
        factors = f"{size.factors} of {size.states} states" if size.factors else "0"
        cells = [size.conditions, size.causes, factors, asked.mixtures, asked.present, found.way]
        cells += [f"{found.seconds:.2g} s", *(found.more.get(work, "") for work in WORKS), f"{found.peak / 1e6:.0f} MB"]
        line = f"| {' | '.join(map(str, cells))} |"
        longest = max([found.seconds, *map(_seconds, found.more.values())])
        if found.peak > MARGIN * asked.memory + LOADED or longest > MARGIN * DEFAULT_SECONDS:
            over.append(line)
        yield line


def _seconds(told: str) -> float:
    return 0.0 if told == REFUSED else float(told.removesuffix(" s"))


def main() -> None:
    """Measures, prints the table, and writes it where asked to."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.sizes", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into docs/sizes.md")
    parser.add_argument("--one", metavar="JSON", help="measure one patient in this process; tells JSON")
    arguments = parser.parse_args()
    if arguments.one:
        given = json.loads(arguments.one)
        asked = Asked(**{**given, "size": Size(**given["size"]), "works": tuple(given["works"])})
        sys.stdout.write(json.dumps(asdict(measure_here(asked))))
        return
    told: list[str] = []
    over: list[str] = []
    for line in lines(over):
        told.append(line)
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    table = "\n".join(told)
    if arguments.write:
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(f"{page.split(BEGIN)[0]}{BEGIN}{table}\n{END}{page.split(END)[1]}", encoding="utf-8")
    sys.exit("\n".join(["over the budget by more than a tenth:", *over]) if over else 0)


if __name__ == "__main__":
    main()
