"""Pictures in axes that somebody gives them: all of each stays in its box, whatever the layout, and can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from bayesknee import Diagnosis, Engine, load_network, plots
from bayesknee.cohort.simulated_interviews import AS_STATED, REDRAWN, WORDS
from bayesknee.cohort.simulated_results import Figure as Measured
from bayesknee.cohort.simulated_results import Result
from bayesknee.plots.boxed_words import SMALLEST
from tests.support.effort import each_seed
from tests.support.paths import KNEE_11, NETWORKS
from tests.support.pictures import assert_inside, assert_legible, box_of, with_long_names, written
from tests.support.random_networks import REAL, SMALL, seeded_patient

KNEE: Final = load_network(KNEE_11)
TINY: Final = load_network(NETWORKS / "tiny")
ONE: Final = {
    "age": 52,
    "sex": "male",
    "smoking_or_vascular_disease": "yes",
    "onset": "gradual",
    "duration": "six_weeks_to_a_year",
    "lump_noticed": "yes",
    "pain_bending": "yes",
    "pain_straightening": "yes",
    "calf_swollen": "yes",
    "severe_pain": {"yes": 0.75, "no": 0.25},
}
OTHER: Final = {"age": 30, "fever": "yes", "lump_noticed": "yes", "onset": "gradual"}
LAYOUTS: Final = ("constrained", *(pytest.param(layout, marks=pytest.mark.slow) for layout in (None, "tight")))
Draw = Callable[[Diagnosis, Axes], Axes]


def _leader(diagnosis: Diagnosis) -> str:
    return next(iter(diagnosis.posterior))


def _calibration(diagnosis: Diagnosis, ax: Axes) -> Axes:
    forecasts = np.array([*diagnosis.posterior.values()])
    return plots.calibration(forecasts, forecasts > 0.3, ax)


def _inclusion(diagnosis: Diagnosis, ax: Axes) -> Axes:
    shares = np.cumsum([*diagnosis.posterior.values()]) / sum(diagnosis.posterior.values())
    return plots.inclusion(
        {"bayesknee": shares.clip(0, 1).tolist(), "naive Bayes": (shares**2).clip(0, 1).tolist()}, ax
    )


def _interviews(_: Diagnosis, ax: Axes) -> Axes:
    share = Measured(0.9, 0.85, 0.95)
    lost = Measured(0.02, 0.01, 0.05)
    some = [
        Result(policy, 100, Measured(5.0 + 4 * number, 4, 6), 9, share, share, share, share, share, share, {}, lost)
        for number, policy in enumerate(WORDS)
    ]
    return plots.interviews({AS_STATED: some, REDRAWN: some[:2]}, ax)


def _frequencies(diagnosis: Diagnosis, ax: Axes) -> Axes:
    """Of the leading condition and a test."""
    leader = _leader(diagnosis)
    name = diagnosis.network.conditions[leader].name
    return plots.frequencies(diagnosis.posterior[leader], 0.76, 0.95, ax, (name, "a positive test"))


PICTURES: Final[dict[str, Draw]] = {
    "posterior": plots.posterior,
    "intervals": lambda each, ax: plots.posterior(each, ax, intervals=each.intervals(40)),
    "course": plots.course,
    "ledger": lambda each, ax: plots.ledger(each, _leader(each), ax),
    "contrast": lambda each, ax: plots.ledger(each, _leader(each), ax, against=list(each.posterior)[-1]),
    "questions": plots.questions,
    "tornado": lambda each, ax: plots.tornado(each, None, ax),
    "plan": lambda each, ax: plots.plan(each.plan(2), ax),
    "network": lambda each, ax: plots.network(each.network, ax),
    "around": lambda each, ax: plots.network(each.network, ax, around=_leader(each)),
    "calibration": _calibration,
    "inclusion": _inclusion,
    "frequencies": _frequencies,
    "interviews": _interviews,
}


# Longer names need all that shorter ones do, and more.
@pytest.fixture(scope="module", params=[pytest.param("own_names", marks=pytest.mark.slow), "long_names"])
def pair(request: pytest.FixtureRequest) -> tuple[Diagnosis, Diagnosis]:
    """Two patients of the shipped network."""
    network = KNEE if request.param == "own_names" else with_long_names(KNEE)
    engine = Engine(network)
    return engine.diagnose(ONE), engine.diagnose(OTHER)


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """No figure of pyplot outlives a test."""
    yield
    plt.close("all")


def grid(rows: int, columns: int, size: tuple[float, float], layout: Any) -> tuple[Figure, list[Axes]]:  # noqa: ANN401
    figure, axes = plt.subplots(rows, columns, figsize=size, layout=layout, squeeze=False)
    return figure, list(axes.ravel())


@cache
def boxes_without_pictures(rows: int, columns: int, size: tuple[float, float], layout: Any) -> list[Any]:  # noqa: ANN401
    """The boxes of the axes of such a figure that have nothing in them."""
    figure, axes = grid(rows, columns, size, layout)
    for ax in axes:
        ax.axis("off")
    figure.draw_without_rendering()
    return [box_of(ax).extents for ax in axes]


def assert_each_in_its_box(axes: list[Axes], boxes: list[Any]) -> None:
    for ax, box in zip(axes, boxes, strict=True):
        assert_inside(ax)
        given = box_of(ax)
        assert given.width >= box[2] - box[0] - 1.0, "the layout had to make room for the picture"
        assert given.height >= box[3] - box[1] - 1.0
    assert_legible(axes[0], SMALLEST)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", PICTURES)
def test_two_patients_side_by_side(name: str, layout: str | None, pair: tuple[Diagnosis, Diagnosis]) -> None:
    shape = (1, 2, (12.0, 5.0), layout)
    figure, axes = grid(*shape)
    for ax, diagnosis in zip(axes, pair, strict=True):
        assert PICTURES[name](diagnosis, ax) is ax
    assert figure.axes == axes
    assert_each_in_its_box(axes, boxes_without_pictures(*shape))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_four_pictures_of_a_patient(layout: str | None, pair: tuple[Diagnosis, Diagnosis]) -> None:
    shape = (2, 2, (14.0, 10.0), layout)
    for names in (("posterior", "ledger", "questions", "tornado"), ("course", "around", "calibration", "inclusion")):
        _, axes = grid(*shape)
        for ax, name in zip(axes, names, strict=True):
            PICTURES[name](pair[0], ax)
        assert_each_in_its_box(axes, boxes_without_pictures(*shape))


@pytest.mark.parametrize("layout", LAYOUTS[:2])
@pytest.mark.parametrize("name", PICTURES)
def test_one_picture_in_a_figure_of_the_usual_size(
    name: str, layout: str | None, pair: tuple[Diagnosis, Diagnosis]
) -> None:
    _, [ax] = grid(1, 1, (6.4, 4.8), layout)
    PICTURES[name](pair[0], ax)
    assert_inside(ax)
    assert_legible(ax)


@pytest.mark.parametrize("seed", each_seed(3))
@pytest.mark.parametrize("size", [SMALL, REAL], ids=["small", "real"])
def test_pictures_of_random_networks(seed: int, size: Any) -> None:  # noqa: ANN401
    drawn = seeded_patient(seed, size)
    diagnosis = Engine(with_long_names(drawn.network), drawn.setting).diagnose(drawn.answers)
    for one, other in (("posterior", "course"), ("ledger", "questions"), ("network", "around")):
        shape = (1, 2, (12.0, 5.0), "constrained")
        _, axes = grid(*shape)
        for ax, name in zip(axes, (one, other), strict=True):
            PICTURES[name](diagnosis, ax)
        assert_each_in_its_box(axes, boxes_without_pictures(*shape))


def test_a_picture_stays_in_its_box_when_the_figure_changes() -> None:
    """Its size, its resolution, and what stands above it."""
    figure, axes = grid(1, 2, (12.0, 5.0), "constrained")
    for ax in axes:
        plots.posterior(Engine(KNEE).diagnose(ONE), ax)
    figure.suptitle("Two patients")
    assert_inside(axes[0])
    for size, dpi in (((9.0, 5.0), 100), ((14.0, 6.0), 200), ((12.0, 5.0), 72)):
        figure.set_size_inches(size)
        figure.set_dpi(dpi)
        for ax in axes:
            assert_inside(ax)
        assert_legible(axes[0])


def test_axes_inset_in_others_and_of_a_part_of_a_figure_are_boxes_too() -> None:
    diagnosis = Engine(TINY).diagnose({"age": 60})
    figure = Figure(figsize=(10.0, 6.0))
    left, right = figure.subfigures(1, 2, squeeze=False)[0]
    outer = left.subplots()
    inset = outer.inset_axes((0.1, 0.1, 0.9, 0.8))
    box = Bbox(outer.transAxes.transform([[0.1, 0.1], [1.0, 0.9]]))
    plots.posterior(diagnosis, inset)
    assert_inside(inset, box)
    ax = right.subplots()
    plots.ledger(diagnosis, "strain", ax)
    assert_inside(ax)


def test_a_title_given_later_takes_the_place_of_the_pictures() -> None:
    _, axes = grid(1, 2, (12.0, 5.0), None)
    long = "Bert, of whom there is much more to be told than would find room in a line " * 2
    for ax, name in zip(axes, ("Anna", long), strict=True):
        plots.posterior(Engine(TINY).diagnose({"age": 60}), ax)
        ax.set_title(name)
        ax.set_xlabel("Probability")
        assert_inside(ax)
    texts = [each.text for each in written(axes[0])]
    assert "Anna" in texts
    assert not any("How urgent" in text for text in texts)
    assert_legible(axes[0])


def test_two_patients_have_the_same_scale() -> None:
    _, axes = grid(1, 2, (12.0, 5.0), None)
    for ax, answers in zip(axes, (ONE, OTHER), strict=True):
        plots.posterior(Engine(KNEE).diagnose(answers), ax)
    assert {ax.get_xlim() for ax in axes} == {(0.0, 1.0)}


def test_what_is_not_drawn_in_small_axes_is_told() -> None:
    """What is not ruled out comes before all."""
    drawn = seeded_patient(3, REAL)
    diagnosis = Engine(drawn.network, drawn.setting).diagnose(drawn.answers)
    _, [ax] = grid(1, 1, (4.0, 2.0), None)
    plots.posterior(diagnosis, ax)
    told = ax.get_title().replace("\n", " ")
    bars = len(ax.patches) - len(diagnosis.groups)
    assert f"Not drawn: {len(diagnosis.posterior) - bars} more conditions" in told
    notes = [each.text.replace("\n", " ") for each in written(ax)]
    over = sum("not ruled out" in note for note in notes if "%" in note)
    assert over == min(len(diagnosis.not_ruled_out), bars)


@pytest.mark.parametrize("width", [8.0, 12.0])
def test_a_warning_is_never_cut(width: float) -> None:
    """Beside another picture there is no room for the limit; that it is not ruled out is told all the same."""
    diagnosis = Engine(KNEE_11).diagnose({"age": 52, "lump_noticed": "yes", "calf_swollen": "yes"})
    figure = Figure(figsize=(width, 5.0))
    ax, _ = figure.subplots(1, 2)
    plots.posterior(diagnosis, ax)
    figure.canvas.draw()
    notes = [" ".join(each.text.split()) for each in written(ax)]
    assert sum("not ruled out" in note for note in notes if "%" in note) == len(diagnosis.not_ruled_out) > 0
