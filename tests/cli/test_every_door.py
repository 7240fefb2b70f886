"""A value says the same at every door: Python, words of a command, a case, a row of a table, an interview, programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from bayesknee import BayeskneeError, Engine, Interview, load_network
from bayesknee.cli import main
from bayesknee.server.app import make_app
from bayesknee.server.limits import BUDGET
from bayesknee.server.networks import Networks
from bayesknee.tool_server.given import HeardAnswer, heard_of
from tests.support.paths import NETWORKS

TINY: Final = str(NETWORKS / "tiny")
ENGINE: Final = Engine(load_network(TINY))
CLIENT: Final = TestClient(make_app(Networks.load([TINY], BUDGET)), base_url="http://127.0.0.1")
BESIDE: Final = ("swelling_noticed", "no")  # an answer that all have, for a case cannot be empty
Given = Mapping[str, object]


def by_python(given: Given, _: Path) -> Mapping[str, float]:
    return ENGINE.diagnose(given).posterior


def by_interview(given: Given, _: Path) -> Mapping[str, float]:
    return Interview(ENGINE, given).diagnosis.posterior


def printed(*words: str) -> Mapping[str, float]:
    ran = CliRunner().invoke(main, ("diagnose", "--network", TINY, "--json", *words))
    if ran.exit_code:
        assert ran.exit_code == 2
        raise BayeskneeError(ran.stderr)
    return of_document(json.loads(ran.stdout))


def of_document(document: Mapping[str, Any]) -> Mapping[str, float]:
    return {each["condition"]: each["probability"] for each in document["posterior"]}


def by_words(given: Given, _: Path) -> Mapping[str, float]:
    return printed(*(f"{name}={value}" for name, value in given.items() if value is not None))


def by_json_case(given: Given, folder: Path) -> Mapping[str, float]:
    file = folder / "case.json"
    file.write_text(json.dumps({"evidence": given}), encoding="utf-8")
    return printed("--case", str(file))


def by_yaml_case(given: Given, folder: Path) -> Mapping[str, float]:
    file = folder / "case.yaml"
    lines = (f"  {name}: {'' if value is None else json.dumps(value)}\n" for name, value in given.items())
    file.write_text(f"evidence:\n{''.join(lines)}", encoding="utf-8")
    return printed("--case", str(file))


def by_row(given: Given, _: Path) -> Mapping[str, float]:
    return dict(ENGINE.score(pd.DataFrame([given])).iloc[0])


def by_csv(given: Given, folder: Path) -> Mapping[str, float]:
    pd.DataFrame([given]).to_csv(folder / "in.csv", index=False)
    ran = CliRunner().invoke(
        main, ("score", str(folder / "in.csv"), "-o", str(folder / "out.csv"), "--network", TINY, "--json")
    )
    rejects = folder / "out_rejects.csv"
    if ran.exit_code or rejects.exists():
        raise BayeskneeError(ran.stderr + (rejects.read_text(encoding="utf-8") if rejects.exists() else ""))
    return dict(pd.read_csv(folder / "out.csv").iloc[0])


def by_rest(given: Given, _: Path) -> Mapping[str, float]:
    answer = CLIENT.post("/v1/diagnose", json={"evidence": given})
    if answer.status_code != 200:
        raise BayeskneeError(answer.text)
    return of_document(answer.json())


def by_tool(given: Given, _: Path) -> Mapping[str, float]:
    kinds = {dict: "likelihoods", str: "state", bool: "state"}
    heard = [
        HeardAnswer.model_validate({"finding": name, kinds.get(type(value), "number"): value, "quote": "so"})
        for name, value in given.items()
        if value is not None
    ]
    return ENGINE.diagnose(heard_of(ENGINE.network, heard)).posterior


DOORS: Final[Mapping[str, Callable[[Given, Path], Mapping[str, float]]]] = {
    each.__name__: each
    for each in (
        by_python,
        by_interview,
        by_words,
        by_json_case,
        by_yaml_case,
        by_row,
        by_csv,
        by_rest,
        by_tool,
    )
}
LIKELY: Final = {"yes": 0.8, "no": 0.2}
VALUES: Final[Mapping[str, tuple[str, object, object]]] = {
    # name, value, and the plain answer that it is
    "a state": ("pain_on_grip", "yes", "yes"),
    "in capitals": ("pain_on_grip", "YES", "yes"),
    "a letter": ("pain_on_grip", "y", "yes"),
    "a name": ("age", "over 50", "over_50"),
    "a number": ("age", 45, "under_50"),
    "a number as text": ("age", "45", "under_50"),
    "with its unit": ("age", "45 years", "under_50"),
    "unknown": ("pain_on_grip", "unknown", None),
    "don't know": ("pain_on_grip", "don't know", None),
    "blank": ("pain_on_grip", None, None),
    "NA": ("pain_on_grip", "NA", None),
    "probably": ("pain_on_grip", "probably", LIKELY),
    "probably not": ("pain_on_grip", "Probably not", {"yes": 0.2, "no": 0.8}),
    "probably a state": ("onset", "probably fall", {"fall": 0.8, "sudden": 0.2, "gradual": 0.2}),
    "likelihoods as text": ("pain_on_grip", "yes:0.8,no:0.2", LIKELY),
    "either": ("onset", "fall|sudden", {"fall": 1.0, "sudden": 1.0, "gradual": 0.0}),
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("kind", VALUES)
def test_a_value_says_the_same_at_every_door(kind: str, door: str, tmp_path: Path) -> None:
    name, value, plain_answer = VALUES[kind]
    beside = dict([BESIDE])
    if door == "by_tool" and kind == "NA":  # a language model leaves out what was not said
        with pytest.raises(BayeskneeError, match="got no answer"):
            DOORS[door]({**beside, name: value}, tmp_path)
        return
    expected = ENGINE.diagnose({**beside, **({} if plain_answer is None else {name: plain_answer})}).posterior
    found = DOORS[door]({**beside, name: value}, tmp_path)
    assert {each: found[each] for each in expected} == pytest.approx(dict(expected), abs=1e-12)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("age", "4_5"),
        ("age", "1e1"),
        ("pain_on_grip", "perhaps"),
        ("pain_on_grip", "probably perhaps"),
        ("onset", "probably"),
        ("onset", "probably unknown"),
        ("pain_on_grip", "yes:0.8"),
        ("pain_on_grip", "yes:0.8,no"),
        ("pain_on_grip", "yes:0,8,no:0,2"),
    ],
)
def test_what_cannot_be_read_is_refused_at_every_door(name: str, value: str, door: str, tmp_path: Path) -> None:
    with pytest.raises(BayeskneeError, match=name):
        DOORS[door]({**dict([BESIDE]), name: value}, tmp_path)
