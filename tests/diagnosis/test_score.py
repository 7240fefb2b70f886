"""Many patients in a data frame."""

from __future__ import annotations

import math
import pickle
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayesknee import Engine, Network
from bayesknee.errors import TableError
from bayesknee.knowledge.model import LEVELS
from tests.support.effort import seeds
from tests.support.random_networks import SMALL, random_answers, random_network
from tests.support.small_networks import condition, finding, group, network, noisy_or, risk_factor


def frame_of(drawn: Network, rng: Random, rows: int, *, soft: bool = False) -> pd.DataFrame:
    """Patients who are possible, with whatever cells random answers have."""
    shares = [rng.choice([0.2, 0.8]) for _ in range(rows)]
    answers = [random_answers(rng, drawn, share=share, soft=soft, conditions=False) for share in shares]
    return pd.DataFrame(answers, index=[f"p{i}" for i in range(rows)], columns=list(drawn.questions), dtype=object)


@pytest.mark.parametrize("soft", [False, True], ids=["states", "unsure"])
@pytest.mark.parametrize("worth_compiling", [0, 10**9], ids=["compiled", "numpy"])
def test_a_row_is_scored_as_it_is_diagnosed(
    worth_compiling: int, monkeypatch: pytest.MonkeyPatch, *, soft: bool
) -> None:
    monkeypatch.setattr("bayesknee.inference.enumeration.strategy.WORTH_COMPILING", worth_compiling)
    for seed in seeds(10):
        rng = Random(seed)
        drawn = random_network(rng, SMALL)
        engine, frame = Engine(drawn), frame_of(drawn, rng, 10, soft=soft)
        scores = engine.score(frame)
        assert list(scores.index) == list(frame.index)
        assert list(scores) == [*drawn.conditions, *drawn.groups, "triage", "log_evidence"]
        for row, got in zip(frame.to_dict("records"), scores.to_dict("records"), strict=True):
            expected = engine.diagnose({str(name): cell for name, cell in row.items() if not pd.isna(cell)})
            assert {c: got[c] for c in drawn.conditions} == pytest.approx(dict(expected.posterior), rel=0, abs=1e-9)
            assert {g: got[g] for g in drawn.groups} == pytest.approx(dict(expected.groups), rel=0, abs=1e-9)
            assert got["log_evidence"] == pytest.approx(expected.log_evidence, abs=1e-9)
            assert got["triage"] == expected.triage.level


@pytest.fixture
def engine() -> Engine:
    return Engine(
        network(
            risk_factor("age", {"young": 0.5, "old": 0.5}, bands={"young": (18, 50), "old": (50, 90)}),
            condition("a", 0.6, {"age": {"old": 2.0}}),
            condition("b", 0.7),
            finding("limp", noisy_or(0.1, a=0.5)),
            finding("limp_worse", noisy_or(0.1, a=0.5), only_if={"limp": ("yes",)}),
            group("any", "a", "b"),
        )
    )


@pytest.mark.parametrize(
    "limp",
    [
        pd.Series(["yes", None, "no"], dtype="category"),
        pd.Series(["yes", None, "no"], dtype="str"),
        pd.Series(["yes", None, "no"], dtype="string"),
        pd.Series(["yes", math.nan, "no"], dtype=object),
        pd.Series([True, None, False], dtype="boolean"),
        pd.Series([True, None, "no"], dtype=object),
        pd.Series(["True", "", "false"], dtype=object),
        pd.Series(["yes", "unknown", "no"]),
        pd.Series(pd.Categorical(["yes", None, "no"], categories=["no", "yes", "never used"])),
    ],
    ids=lambda series: str(series.dtype),
)
def test_whatever_the_kind_of_column(engine: Engine, limp: Any) -> None:  # noqa: ANN401
    scores = engine.score(pd.DataFrame({"limp": limp}))
    expected = [engine.diagnose(each).posterior["a"] for each in ({"limp": "yes"}, {}, {"limp": "no"})]
    assert scores["a"].tolist() == pytest.approx(expected)


def test_unsure_answers_of_text(engine: Engine) -> None:
    """Rows with the same unsure answers, others, and those that break a gate, each as it is diagnosed alone."""
    cells = ["yes|no", "{yes: 0.5, no: 0.25}", "yes", None, "{yes: 0.5, no: 0.25}", "yes|no"]
    frame = pd.DataFrame({"limp": cells, "limp_worse": [None, None, None, "no", "no", None]})
    scores = engine.score(frame, intervals=True, warnings=True)
    evidence: list[dict[str, object]] = [
        {"limp": "yes|no"},
        {"limp": {"yes": 0.5, "no": 0.25}},
        {"limp": "yes"},
        {"limp_worse": "no"},
        {"limp": {"yes": 0.5, "no": 0.25}, "limp_worse": "no"},
        {"limp": "yes|no"},
    ]
    alone = [engine.diagnose(each) for each in evidence]
    assert scores["a"].tolist() == pytest.approx([each.posterior["a"] for each in alone], abs=1e-12)
    assert scores["log_evidence"].tolist() == pytest.approx([each.log_evidence for each in alone], abs=1e-12)
    assert (scores["a_low"] < scores["a"]).all()
    broken = engine.score(
        pd.DataFrame({"limp": ["{no: 1}", "yes"], "limp_worse": ["yes", "{yes: 1, no: 2}"]}), errors="collect"
    )
    assert broken["reason"][0].startswith("limp_worse is asked only if limp is yes, but limp is no")
    assert broken["reason"][1] == ""


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_frames_of_other_libraries(engine: Engine, library: str) -> None:
    module = pytest.importorskip(library)
    columns = {"limp": ["yes", None, "yes|no"], "age": [20, 70, None]}
    frame = module.DataFrame(columns) if library == "polars" else module.table(columns)
    scores = engine.score(frame)
    assert type(scores) is type(frame)
    expected = engine.score(pd.DataFrame(columns))
    found = scores.to_pandas()
    assert list(found) == list(expected)
    assert found["a"].tolist() == pytest.approx(expected["a"].tolist(), abs=1e-15)
    assert found["triage"].tolist() == expected["triage"].astype(str).tolist()


def test_numbers_for_bands(engine: Engine) -> None:
    scores = engine.score(pd.DataFrame({"age": [20, 70, math.nan]}))
    expected = [engine.diagnose(each).posterior["a"] for each in ({"age": "young"}, {"age": "old"}, {})]
    assert scores["a"].tolist() == pytest.approx(expected)


def test_a_column_of_mixed_types(engine: Engine) -> None:
    limp = pd.Series([True, 1, 1.0, "yes", 2, ["yes"]], dtype=object)
    scores = engine.score(pd.DataFrame({"limp": limp}), errors="collect")
    assert [bool(reason) for reason in scores["reason"]] == [False, False, False, False, True, True]
    assert len({*scores["a"][:4]}) == 1


def test_bad_rows_are_told_by_their_label(engine: Engine) -> None:
    frame = pd.DataFrame({"limp": ["yes", "bad", "no", "sad", "mad", "lad"]}, index=list("uvwxyz"))
    with pytest.raises(TableError) as caught:
        engine.score(frame)
    told = str(caught.value)
    assert told.startswith(
        "row v: unknown state 'bad' of limp; expected no, yes or unknown; row x: unknown state 'sad'"
    )
    assert told.endswith("and 1 more rows; correct them, or score the others with errors='collect'")


def test_bad_rows_are_collected_on_request(engine: Engine) -> None:
    frame = pd.DataFrame(
        {"limp": ["yes", "bad", "no"], "limp_worse": [None, None, "yes"], "age": [30, 40, 50]}, index=[7, 8, 9]
    )
    scores = engine.score(frame, errors="collect")
    assert scores["reason"].tolist() == [
        "",
        "unknown state 'bad' of limp; expected no, yes or unknown",
        "limp_worse is asked only if limp is yes, but limp is no; change one of the two answers",
    ]
    assert scores["a"].isna().tolist() == [False, True, True]
    assert scores["log_evidence"].isna().tolist() == [False, True, True]
    assert scores["triage"].isna().tolist() == [False, True, True]
    assert scores["triage"].cat.categories.tolist() == list(LEVELS)
    assert scores["triage"].cat.ordered


def test_columns_that_are_not_to_be_read(engine: Engine) -> None:
    frame = pd.DataFrame({"limp": ["yes"], "note": ["a limp"]})
    with pytest.raises(TableError, match="unknown column 'note'; make it a key, or ignore it"):
        engine.score(frame)
    assert len(engine.score(frame, ignore=["note"])) == 1
    with pytest.raises(TableError, match="column 'limp' comes more than once"):
        engine.score(pd.DataFrame([["yes", "no"]], columns=["limp", "limp"]))


def test_nobody(engine: Engine) -> None:
    scores = engine.score(pd.DataFrame({"limp": pd.Series(dtype="str")}))
    assert list(scores) == ["a", "b", "any", "triage", "log_evidence"]
    assert len(scores) == 0


def test_what_is_no_data_frame(engine: Engine) -> None:
    with pytest.raises(TableError, match="got a dict; expected a data frame of pandas, Dask, polars or Arrow"):
        engine.score({"limp": ["yes"]})
    with pytest.raises(TableError, match="got a Series; expected a data frame of pandas, Dask, polars or Arrow"):
        engine.score(pd.Series(["yes"], name="limp"))
    with pytest.raises(TableError, match="errors='ignore'; expected 'raise' or 'collect'"):
        engine.score(pd.DataFrame({"limp": ["yes"]}), errors="ignore")  # type: ignore[arg-type]


def test_an_engine_can_be_sent_to_another_process(engine: Engine) -> None:
    sent = pickle.loads(pickle.dumps(engine))  # noqa: S301
    frame = pd.DataFrame({"limp": ["yes", "no"]})
    assert sent.setting == engine.setting
    pd.testing.assert_frame_equal(sent.score(frame), engine.score(frame))


def test_posteriors_of_codes(engine: Engine) -> None:
    got = engine.compiled.posteriors(np.array([[-1, 1, -1]], np.int8))
    assert got.marginals[0].tolist() == pytest.approx([engine.diagnose({"limp": "yes"}).posterior[c] for c in "ab"])
    assert got.groups.tolist() == [[pytest.approx(1.0)]]
    with pytest.raises(ValueError, match="expected int8"):
        engine.compiled.posteriors(np.zeros((1, 3)))  # type: ignore[arg-type]
