"""The benchmarks of large networks run, on a small scale and without a look at the clock."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bayesknee import Engine
from bayesknee.interop.noisy_or_files import NoisyOrFile, noisy_or_network
from bayesknee.interop.synthetic import synthetic_document, synthetic_evidence
from tests.benchmarks.growth import draw_growth
from tests.benchmarks.large import BEGIN, END, approximations_table, error_bars_table, other, published_table, write
from tests.benchmarks.other_ways import WAYS, plain_sum, with_pgmpy, with_pyagrum


def document() -> dict[str, Any]:
    made = synthetic_document(30, 40, seed=3, links=4)
    return made | {"evidence": synthetic_evidence(made, 4, 3)}


@pytest.fixture(scope="module")
def read() -> NoisyOrFile:
    return noisy_or_network(document(), "made up")


@pytest.fixture(scope="module")
def exact(read: NoisyOrFile) -> dict[str, float]:
    return dict(Engine(read.network).diagnose(read.evidence).posterior)


def test_the_plain_sum_agrees(read: NoisyOrFile, exact: dict[str, float]) -> None:
    names = list(exact)[:5]
    assert plain_sum(document(), read.evidence, names) == pytest.approx({name: exact[name] for name in names}, rel=1e-9)


def test_the_other_programs_agree_on_chains(exact: dict[str, float]) -> None:
    assert with_pyagrum(document()) == pytest.approx(exact, abs=1e-9)
    assert {name: pytest.approx(p, abs=1e-9) for name, p in with_pgmpy(document()).items()} == {"c1": exact["c1"]}


@pytest.mark.parametrize("way", WAYS)
def test_approximations_are_near(way: str, read: NoisyOrFile, exact: dict[str, float]) -> None:
    got = WAYS[way](read)
    assert got is not None
    off = [abs(got[name] - p) for name, p in exact.items()]
    assert sum(off) / len(off) < 0.05  # bounds alone are far off in single conditions
    assert "ours" not in way or max(off) < 0.05


@pytest.mark.slow
def test_tables(tmp_path: Path, exact: dict[str, float]) -> None:
    file = tmp_path / "promedas_0.json"
    file.write_text(json.dumps(document() | {"reference_marginals": exact}))
    row = published_table([file], others=False).splitlines()[2]
    assert row.startswith("| promedas_0 | 30 | 3 | ")
    assert "refused" in approximations_table([file]) or ", 0." in approximations_table([file])
    row = error_bars_table([file]).splitlines()[2]
    assert row.startswith("| promedas_0 | ")
    assert row.endswith(" of 30 |") or "refused" in row
    assert published_table([], others=False).startswith("The published networks are not here")
    assert other("pyagrum", file).endswith(" s")
    assert other("nobody", file) == "fails"


def test_write(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write(page, "| new |")
    assert page.read_text() == f"before\n{BEGIN}\n| new |\n{END}\nafter\n"


def test_the_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.benchmarks.growth._seconds", lambda n, m, k: (n + m) * k * 1e-6)
    monkeypatch.setattr("tests.benchmarks.growth._patients", lambda *_: [(1, 0.01), (10, 0.1)])
    file = tmp_path / "images" / "growth.png"
    draw_growth(file)
    assert file.read_bytes().startswith(b"\x89PNG")
