"""What columns and cells of a table say."""

from __future__ import annotations

import numpy as np
import pytest

from bayesknee import Network
from bayesknee.errors import TableError
from bayesknee.patient.columns import BLANK, BadCell, Column, check_columns, encode_columns
from tests.support.small_networks import condition, distribution, finding, mixture, network, noisy_or, risk_factor

STATES = ("mild", "severe")


@pytest.fixture
def drawn() -> Network:
    return network(
        risk_factor("age", {"young": 0.5, "old": 0.5}, bands={"young": (18, 50), "old": (50, 90)}),
        condition("a", 0.6, {"age": {"old": 2.0}}),
        condition("b", 0.7),
        finding("pain", mixture(distribution(mild=0.3, severe=0.7), a=distribution(mild=0.6, severe=0.4)), STATES),
        finding("limp", noisy_or(0.1, a=0.5)),
    )


def codes_of(drawn: Network, name: str, *cells: object) -> tuple[list[int], dict[int, str]]:
    """The codes of a column of these cells."""
    column = Column(name, cells, np.arange(len(cells)))
    encoded = encode_columns(drawn, [column], len(cells))
    assert (np.delete(encoded.codes, list(drawn.questions).index(name), axis=1) == -1).all()
    return encoded.codes[:, list(drawn.questions).index(name)].tolist(), encoded.reasons


@pytest.mark.parametrize(
    ("name", "cell", "code"),
    [
        ("pain", "severe", 1),
        ("pain", " mild ", 0),
        ("pain", "unknown", -1),
        ("pain", "", -1),
        ("pain", "  ", -1),
        ("pain", None, -1),
        ("pain", float("nan"), -1),
        ("limp", "yes", 1),
        ("limp", True, 1),
        ("limp", np.bool_(0), 0),
        ("limp", "False", 0),
        ("limp", "TRUE", 1),
        ("age", 49, 0),
        ("age", 50.0, 1),
        ("age", np.int64(18), 0),
        ("age", "63", 1),
        ("age", "old", 1),
    ],
)
def test_cells(drawn: Network, name: str, cell: object, code: int) -> None:
    assert codes_of(drawn, name, cell) == ([code], {})


@pytest.mark.parametrize(
    ("name", "cell", "reason"),
    [
        ("pain", "sever", "unknown state 'sever' of pain; expected mild, severe or unknown; did you mean severe?"),
        ("limp", "1.5", "unknown state '1.5' of limp; expected no, yes or unknown"),
        ("pain", 1, "unknown state '1' of pain; expected mild, severe or unknown"),
        ("limp", "Yes!", "unknown state 'Yes!' of limp; expected no, yes or unknown; did you mean yes?"),
        (
            "age",
            90,
            "age 90 is outside this network's scope; expected 18 or more and below 90 years; correct",
        ),
        ("age", "middle", "age: 'middle' is neither a number nor a state"),
        ("limp", "{yes: 0.5}", "limp: 0.5 for yes alone; expected likelihoods of no as well"),
        (
            "limp",
            "{yes}",
            "limp: got '{yes}'; expected likelihoods by state, such as {yes: 0.8, no: 0.2}, with a point",
        ),
        ("limp", BadCell("no such day"), "no such day"),
    ],
)
def test_bad_cells(drawn: Network, name: str, cell: object, reason: str) -> None:
    codes, reasons = codes_of(drawn, name, cell)
    assert codes == [-1]
    assert reasons[0].startswith(reason)


@pytest.mark.parametrize(
    ("name", "cell", "weights"),
    [
        ("pain", "mild|severe", {"mild": 1.0, "severe": 1.0}),
        ("pain", "{mild: 0.5, severe: 0.25}", {"mild": 0.5, "severe": 0.25}),
        ("limp", {"yes": 0.5, "no": 0.5}, {"no": 0.5, "yes": 0.5}),
    ],
)
def test_an_unsure_answer_is_beside_the_codes(
    drawn: Network, name: str, cell: object, weights: dict[str, float]
) -> None:
    encoded = encode_columns(drawn, [Column(name, [cell], np.array([0, BLANK]))], 2)
    assert (encoded.codes == -1).all()
    assert encoded.unsure == {0: {name: weights}}


def test_nothing_is_known_of_a_row_with_a_bad_value_and_all_reasons_are_told(drawn: Network) -> None:
    columns = [
        Column("pain", ["mild", "bad"], np.array([0, 1, 0, BLANK])),
        Column("limp", ["yes", "maybe"], np.array([0, 1, BLANK, 1])),
    ]
    encoded = encode_columns(drawn, columns, 4)
    assert encoded.codes.tolist() == [[-1, 0, 1], [-1, -1, -1], [-1, 0, -1], [-1, -1, -1]]
    assert sorted(encoded.reasons) == [1, 3]
    assert encoded.reasons[1].count("; ") > encoded.reasons[3].count("; ") > 0
    assert "'bad'" in encoded.reasons[1]
    assert "'maybe'" in encoded.reasons[1]


def test_columns(drawn: Network) -> None:
    columns = check_columns(drawn, ["id", "limp", "note", "age"], key=["id"], ignore=["note"])
    assert (dict(columns.questions), columns.key) == ({"limp": "limp", "age": "age"}, ("id",))


def test_a_column_may_bear_the_name_that_a_question_is_shown_by(drawn: Network) -> None:
    shown = drawn.questions["limp"].label.upper()
    assert dict(check_columns(drawn, [f" {shown} "]).questions) == {f" {shown} ": "limp"}


@pytest.mark.parametrize(
    ("names", "key", "told"),
    [
        (["limp", "age", "limp"], (), "column 'limp' comes more than once; keep one of them"),
        (["limp", "lump"], (), "unknown column 'lump'; did you mean limp?"),
        (["limp", "zzz"], (), "unknown column 'zzz'; make it a key, or ignore it"),
        (["limp", "a"], (), "column 'a' is a condition, which is told and not read; make it a key, or ignore it"),
        (["limp", ""], (), "a column has no name; name it, or delete it"),
        (["limp", "u", "v", "w", "x", "y"], (), "and 2 more columns"),
        (["limp", "id"], ("idd",), "no column 'idd'; did you mean id?"),
        (["limp", "id"], ("zzz",), "no column 'zzz'; the table has 'limp', 'id'"),
        (["id"], ("id",), "no column is a finding or risk factor of small; expected some, such as age, pain, limp"),
        ([], (), "no column is a finding or risk factor"),
    ],
)
def test_columns_that_are_refused(drawn: Network, names: list[str], key: tuple[str, ...], told: str) -> None:
    with pytest.raises(TableError) as caught:
        check_columns(drawn, names, key)
    assert told in str(caught.value)
