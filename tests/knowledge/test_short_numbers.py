"""Numbers in short say the same as in full, and their faults are told alike."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from bayesknee.errors import NetworkError
from bayesknee.knowledge.model import NoisyOr, Number
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.reading.reader import read_network
from bayesknee.knowledge.writer import Changes, write_changed
from tests.support.paths import NETWORKS

TEXT: Final = (NETWORKS / "tiny" / "network.yaml").read_text(encoding="utf-8")
LEAK: Final = next(line for line in TEXT.splitlines() if "leak" in line and "{" in line)
WRITTEN: Final = LEAK[LEAK.index("{value") : LEAK.index("}", LEAK.index("{value")) + 1]


def tiny_with(number: str, folder: Path) -> Network:
    """The network with this in place of a leak, the first one."""
    folder.mkdir(exist_ok=True)
    (folder / "network.yaml").write_text(TEXT.replace(LEAK, LEAK.replace(WRITTEN, number, 1)), encoding="utf-8")
    return read_network(folder)


def leak_of(network: Network) -> Number:
    """That leak."""
    leaks = [sign.model.leak for sign in network.signs.values() if isinstance(sign.model, NoisyOr)]
    return leaks[0]


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("0.02 (0.01-0.04) B smith_2015", (0.02, 0.01, 0.04, "B", "smith_2015")),
        ("2 % (1-4 %) B smith_2015", (0.02, 0.01, 0.04, "B", "smith_2015")),
        ("0.7% (0.5% to 0.9%) B smith_2015", (0.007, 0.005, 0.009, "B", "smith_2015")),
        ("2e-2 (1e-2 - .04) B smith_2015", (0.02, 0.01, 0.04, "B", "smith_2015")),
        ("0.02 (0.01\N{EN DASH}0.04)", (0.02, 0.01, 0.04, "D", "judged")),
    ],
)
def test_short_is_as_good_as_full(short: str, full: tuple[object, ...], tmp_path: Path) -> None:
    leak = leak_of(tiny_with(short, tmp_path))
    assert (leak.value, leak.low, leak.high, leak.grade, leak.source) == full


@pytest.mark.parametrize(
    ("short", "told"),
    [
        ("0.02", "got '0.02'; expected a number with source and grade"),
        ("0.02 B smith_2015", "got '0.02 B smith_2015'; expected a number with source and grade"),
        ("2 % (0.01-0.04) B smith_2015", "got '2 % [(]0.01-0.04[)] B smith_2015'; expected a number with source"),
        ("0.02 (0.01-0.04) B", "got '0.02 [(]0.01-0.04[)] B'; expected a number"),
        ("0.02 (0.03-0.04) B smith_2015", "got low 0.03, value 0.02, high 0.04; expected low <= value <= high"),
        ("0,02 (0.01-0.04) B smith_2015", "value: got '0,02'; expected a number; write 0.02"),
        ("0.02 (0.01-0.04) E smith_2015", "grade: got 'E'; expected A, B, C or D"),
        (
            "0.02 (0.01-0.04) B smith_2016",
            "got 'smith_2016'; expected a key of references",
        ),
        ("1e999999999 % (1-3 %) B smith_2015", "value: got '1e999999999 %'; expected a number"),
        ("200 % (1-300 %) B smith_2015", "value: got 2.0; expected a probability inside"),
    ],
)
def test_faults_are_told_with_the_line(short: str, told: str, tmp_path: Path) -> None:
    line = TEXT.splitlines().index(LEAK) + 1
    with pytest.raises(NetworkError, match=rf"network.yaml:{line}: .*{told}"):
        tiny_with(short, tmp_path)


def test_what_is_written_in_its_place_reads_back(tmp_path: Path) -> None:
    network = tiny_with("2 % (1-4 %) B smith_2015", tmp_path / "before")
    path = next(path for path, number in network.numbers() if number is leak_of(network) or number == leak_of(network))
    number = leak_of(network)
    changed = write_changed(tmp_path / "before", tmp_path / "after", Changes({path: number}, "0.0.2"))
    assert leak_of(changed) == number
