"""Patients drawn from a network, as tables."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayesknee import Engine, ImpossibleEvidenceError
from bayesknee.cohort import evaluate, read_labelled, score_file
from bayesknee.cohort.simulate import draw, simulate, simulate_file
from bayesknee.errors import TableError
from bayesknee.patient.evidence import check_evidence
from tests.support.effort import PROFILE
from tests.support.processes import in_processes
from tests.support.small_networks import condition, finding, network, noisy_or, reading, risk_factor, sign


@pytest.fixture
def engine() -> Engine:
    return Engine(
        network(
            risk_factor("age", {"young": 0.5, "old": 0.5}),
            condition("a", 0.6, {"age": {"old": 2.0}}),
            condition("b", 0.7),
            sign("g", noisy_or(0.1, a=0.5)),
            finding("limp", reading("g", 0.8, 0.9)),
            finding("limp_worse", noisy_or(0.1, a=0.5), only_if={"limp": ("yes",)}),
        )
    )


def test_a_table_of_patients(engine: Engine) -> None:
    frame = simulate(engine, 500)
    assert list(frame) == ["id", "age", "limp", "limp_worse", "label"]
    assert frame["id"].tolist() == list(range(1, 501))
    assert set(frame["label"]) == {"a", "b", "a;b"}
    assert not frame[["age", "limp"]].isna().any().any()
    assert (frame["limp_worse"].isna() == (frame["limp"] == "no")).all()


def test_missing_answers(engine: Engine) -> None:
    frame = simulate(engine, 20_000, missing=0.3, seed=1)
    share = float(frame[["age", "limp"]].isna().to_numpy().mean())
    assert share == pytest.approx(0.3, abs=0.02)  # eight standard errors
    both = float((frame["age"].isna() & frame["limp"].isna()).mean())
    assert both == pytest.approx(0.09, abs=0.017)  # each by itself; eight standard errors
    assert simulate(engine, 10, missing=1.0)[["age", "limp", "limp_worse"]].isna().all().all()


@pytest.mark.parametrize(("name", "most"), [("BATCH", 64), ("MOST_ANSWERS", 200)])  # 200 are 66 patients here
def test_the_seed_and_longer_tables(engine: Engine, monkeypatch: pytest.MonkeyPatch, name: str, most: int) -> None:
    monkeypatch.setattr(f"bayesknee.cohort.simulate.{name}", most)
    one, longer, other = (
        simulate(engine, rows, missing=0.2, seed=seed) for rows, seed in ((100, 1), (150, 1), (100, 2))
    )
    pd.testing.assert_frame_equal(one, longer.head(100))
    assert not one.equals(other)
    assert not one.head(36).drop(columns="id").equals(one.tail(36).drop(columns="id").reset_index(drop=True))


def test_what_is_true_of_all(engine: Engine) -> None:
    frame = simulate(engine, 50, evidence=check_evidence(engine.network, {"limp": "yes", "b": "no"}))
    assert set(frame["limp"]) == {"yes"}
    assert set(frame["label"]) == {"a"}
    with pytest.raises(ImpossibleEvidenceError):
        simulate(engine, 5, evidence=check_evidence(engine.network, {"a": "no", "b": "no"}))


def test_the_share_with_a_condition_among_those_with_some_score_is_the_score(engine: Engine) -> None:
    frame = simulate(engine, 20_000, missing=0.3, seed=3)
    scores = engine.score(frame, ignore=["id", "label"])
    has_a = frame["label"].str.split(";").map(lambda names: "a" in names)
    for score, own in has_a.groupby(scores["a"].round(6)):
        assert own.mean() == pytest.approx(float(str(score)), abs=6.0 * 0.5 / np.sqrt(len(own)))


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_files_are_scored_and_evaluated(
    engine: Engine, tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bayesknee.cohort.simulate.BATCH", 64)
    path = tmp_path / f"patients{suffix}"
    simulate_file(engine, 150, path, missing=0.4, seed=5)
    frame = simulate(engine, 150, missing=0.4, seed=5)
    got = pd.read_csv(path) if suffix == ".csv" else pd.read_parquet(path)
    for name in frame:
        assert got[name].astype(object).where(got[name].notna(), None).tolist() == (
            frame[name].astype(object).where(frame[name].notna(), None).tolist()
        )
    result = score_file(engine, path, tmp_path / "scores.csv", key=["id"], ignore=["label"])
    assert (result.scored, result.rejected) == (150, 0)
    cases = read_labelled(path, engine.network)
    assert [";".join(case.label) for case in cases] == frame["label"].tolist()
    assert 0.0 < evaluate(engine.network, cases, rounds=0).engine.top1.value <= 1.0


def test_nobody(engine: Engine, tmp_path: Path) -> None:
    assert list(simulate(engine, 0)) == ["id", "age", "limp", "limp_worse", "label"]
    simulate_file(engine, 0, tmp_path / "nobody.csv")
    assert (tmp_path / "nobody.csv").read_text() == '"id","age","limp","limp_worse","label"\n'


def test_what_is_refused(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"a rate of missing answers of 1\.5; expected one from 0 to 1"):
        list(draw(engine, 5, missing=1.5))
    with pytest.raises(TableError, match="-1 patients; expected 0 or more"):
        list(draw(engine, -1))
    with pytest.raises(TableError, match=r"is neither \.csv nor \.parquet"):
        simulate_file(engine, 5, tmp_path / "patients.txt")
    with pytest.raises(TableError, match="no folder"):
        simulate_file(engine, 5, tmp_path / "none" / "patients.csv")
    with pytest.raises(TableError, match=r"cannot write '/proc/patients\.csv': "):
        simulate_file(engine, 5, "/proc/patients.csv")
    assert not list(tmp_path.iterdir())


def test_the_remedy_for_an_output_that_cannot_be_written_is_one_that_there_is(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "out.csv").mkdir()
    with pytest.raises(TableError, match=r"cannot write .*out\.csv'.*; name a file$"):
        simulate_file(engine, 2, tmp_path / "out.csv")


def test_a_second_run_on_one_output_is_refused_and_the_first_is_whole(engine: Engine, tmp_path: Path) -> None:
    told = []

    def second(_read: float, _counts: object) -> None:
        with pytest.raises(TableError) as caught:
            simulate_file(engine, 3, tmp_path / "out.csv", seed=2)
        told.append(str(caught.value))

    simulate_file(engine, 5, tmp_path / "out.csv", seed=1, progress=second)
    busy = "is being written by another run; wait until that has ended, or name another file"
    assert told == [f"{str(tmp_path / 'out.csv')!r} {busy}"]
    simulate_file(engine, 5, tmp_path / "alone.csv", seed=1)
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "alone.csv").read_bytes()
    assert {each.name for each in tmp_path.iterdir()} == {"out.csv", "alone.csv"}


def test_two_processes_at_once_never_make_a_wrong_file(engine: Engine, tmp_path: Path) -> None:
    """Six times; a hundred times with BAYESKNEE_TESTS=thorough."""
    out = tmp_path / "out.csv"
    works = [partial(simulate_file, engine, 2000, out, seed=seed) for seed in (1, 2)]
    right = []
    for work in works:
        work()
        right.append(out.read_bytes())
    for _ in range(100 if PROFILE == "thorough" else 6):
        out.unlink()
        assert sorted(in_processes(works)) in ([0, 0], [0, 2])
        assert out.read_bytes() in right
        assert [each.name for each in tmp_path.iterdir()] == ["out.csv"]


def test_what_a_killed_run_had_not_finished_is_removed_by_the_next(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / ".out.csv.0123456789abcdef.part").write_text("half")
    (tmp_path / ".other.csv.0123456789abcdef.part").write_text("another's")
    simulate_file(engine, 5, tmp_path / "out.csv")
    assert {each.name for each in tmp_path.iterdir()} == {"out.csv", ".other.csv.0123456789abcdef.part"}
