"""Pictures: what they show, that they can be read, and that they need no display."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesknee import BayeskneeError, Diagnosis, Engine, load_network
from bayesknee.display.plots import canvas, plot_course, plot_network, plot_posterior, save
from bayesknee.display.plots.course import posterior_course
from bayesknee.display.plots.layers import layers_around, layers_of
from bayesknee.errors import PictureError
from bayesknee.knowledge.model import Network
from tests.support.pictures import assert_legible, places, with_long_names, written
from tests.support.random_networks import REAL, SMALL, Size, seeded_patient

ROOT = Path(__file__).parents[3]
TINY = load_network(ROOT / "tests" / "networks" / "tiny")
KNEE = load_network("posterior_knee")
ANSWERS = {"age": 60, "tennis": "yes", "swelling_noticed": "yes", "onset": "unknown"}
KNEE_ANSWERS = {
    "age": 52,
    "onset": "gradual",
    "lump_noticed": "yes",
    "calf_swollen": "yes",
    "severe_pain": {"yes": 0.75, "no": 0.25},
    "exertional_calf_cramp": "unknown",
}


@pytest.fixture
def diagnosis() -> Diagnosis:
    return Engine(TINY).diagnose(ANSWERS)


def patient(seed: int, size: Size) -> Diagnosis:
    """A random patient of a network with long names."""
    drawn = seeded_patient(seed, size)
    return Engine(with_long_names(drawn.network), drawn.setting).diagnose(drawn.answers)


# --- legibility ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("plot", [plot_posterior, plot_course])
@pytest.mark.parametrize("change", [lambda each: each, with_long_names], ids=["own_names", "long_names"])
def test_pictures_of_a_patient_can_be_read(
    plot: Callable[[Diagnosis], Axes], change: Callable[[Network], Network]
) -> None:
    for setting in KNEE.settings:
        assert_legible(plot(Engine(change(KNEE), setting).diagnose(KNEE_ANSWERS)))


@pytest.mark.parametrize("seed", range(4))
def test_pictures_of_any_patient_can_be_read(seed: int) -> None:
    for size in (SMALL, REAL):
        diagnosis = patient(seed, size)
        assert_legible(plot_posterior(diagnosis, intervals=dict.fromkeys(diagnosis.posterior, (0.0001, 0.9999))))
        assert_legible(plot_course(diagnosis))


def test_a_patient_without_answers_can_be_drawn() -> None:
    nobody = Engine(TINY).diagnose()
    assert_legible(plot_posterior(nobody))
    assert_legible(plot_course(nobody))


@pytest.mark.parametrize("change", [lambda each: each, with_long_names], ids=["own_names", "long_names"])
def test_the_whole_network_can_be_read(change: Callable[[Network], Network]) -> None:
    assert_legible(plot_network(change(KNEE)))


@pytest.mark.parametrize("condition", ["deep_vein_thrombosis", "knee_osteoarthritis", "other_cause"])
def test_the_network_around_a_condition_can_be_read(condition: str) -> None:
    assert_legible(plot_network(KNEE, around=condition))


@pytest.mark.parametrize("seed", range(6))
def test_any_network_can_be_read(seed: int) -> None:
    network = with_long_names(seeded_patient(seed, SMALL).network)
    assert_legible(plot_network(network))
    assert_legible(plot_network(network, around=list(network.conditions)[-1]))


# --- what they show ------------------------------------------------------------------------------------------------


def test_bars_are_the_probabilities(diagnosis: Diagnosis) -> None:
    ax = plot_posterior(diagnosis)
    widths = [bar.get_width() for bar in ax.patches]  # type: ignore[attr-defined]
    assert widths == [*diagnosis.posterior.values(), *diagnosis.groups.values()]


def test_base_rates_limits_and_intervals_are_marked(diagnosis: Diagnosis) -> None:
    low, high = 0.125, 0.625
    ax = plot_posterior(diagnosis, intervals={"strain": (low, high)})
    assert [places(line)[0] for line in ax.lines if line.get_marker() == "D"] == list(diagnosis.prior.values())
    assert [low, high] in [places(line) for line in ax.lines]
    limits = {condition.limit.value for condition in TINY.conditions.values() if condition.must_not_miss}
    assert limits <= {places(line)[0] for line in ax.lines}


def test_what_is_not_ruled_out_is_hatched_and_said(diagnosis: Diagnosis) -> None:
    ax = plot_posterior(diagnosis)
    hatched = [bar.get_width() for bar in ax.patches if bar.get_hatch()]  # type: ignore[attr-defined]
    assert hatched == [each.probability for each in diagnosis.not_ruled_out] != []
    assert sum("not ruled out (limit" in each.text for each in written(ax)) == len(diagnosis.not_ruled_out)


def test_nothing_reads_as_reassurance(diagnosis: Diagnosis) -> None:
    words = " ".join(each.text for each in written(plot_posterior(diagnosis))).lower()
    assert words.count("ruled out") == words.count("not ruled out")
    assert not any(word in words for word in ("safe", "excluded", "unlikely", "harmless"))


def test_the_course_begins_with_the_base_rates_and_ends_with_the_posterior(diagnosis: Diagnosis) -> None:
    course = posterior_course(diagnosis)
    assert course.shape == (len(ANSWERS) + 1, len(TINY.conditions))
    assert course[0].tolist() == pytest.approx(list(diagnosis.prior.values()), abs=1e-9)
    assert course[-1].tolist() == list(diagnosis.posterior.values())
    assert course[-2].tolist() == course[-1].tolist(), "an answer that is not known moves nothing"


def test_the_course_names_what_is_not_ruled_out() -> None:
    diagnosis = Engine(KNEE).diagnose({"age": 30, "lump_noticed": "unknown", "fever": "yes"})
    named = " ".join(each.text for each in written(plot_course(diagnosis)))
    assert all(KNEE.conditions[each.condition].name in named for each in diagnosis.not_ruled_out)


def test_the_whole_network_is_all_there() -> None:
    layers = layers_of(KNEE)
    shown = {node.id for nodes in layers.nodes for node in nodes}
    assert shown >= {*KNEE.risk_factors, *KNEE.conditions, *KNEE.signs, *KNEE.findings}
    odds = {(parent, each.id) for each in KNEE.conditions.values() for parent in each.odds_ratios}
    causes = {(cause, sign.id) for sign in KNEE.signs.values() for cause in sign.noisy_or.causes}
    readings = {(name, owner) for name, owner in layers.owners.items() if owner in KNEE.signs}
    links = {(link.source, link.target) for link in layers.links}
    assert links >= odds | causes | {(owner, name) for name, owner in readings}


def test_around_a_condition_the_numbers_are_told() -> None:
    text = {node.id: node.note for nodes in layers_around(TINY, "fracture").nodes for node in nodes}
    assert text == {
        "age": "50 to under 121 years: odds x 3",
        "fracture": "",
        "infection": "yes: odds x 2",
        "joint_swelling": "70 % (without a cause 2 %)",
        "topic pain": "",
        "swelling_noticed": "sens. 80 %, spec. 90 %",
        "effusion_felt": "sens. 70 %, spec. 95 %",
        "pain_on_grip": "60 % (without a cause 10 %)",
        "onset": "most often fall, 90 %",
    }


def test_an_unknown_condition_gets_a_hint() -> None:
    with pytest.raises(PictureError, match=r"unknown condition 'fractur' of network tiny; did you mean fracture\?"):
        plot_network(TINY, around="fractur")


# --- axes and files ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("plot", [plot_posterior, plot_course, lambda each, ax: plot_network(each.network, ax)])
def test_given_axes_are_drawn_on_and_returned(diagnosis: Diagnosis, plot: Callable[[Diagnosis, Axes], Axes]) -> None:
    figure = Figure()
    ax = figure.add_subplot(1, 2, 2)
    assert plot(diagnosis, ax) is ax
    assert figure.axes == [ax]


def test_methods_draw_the_same(diagnosis: Diagnosis) -> None:
    drawn = {each.text for each in written(diagnosis.plot())}
    assert drawn == {each.text for each in written(plot_posterior(diagnosis))}
    assert {each.text for each in written(diagnosis.plot_course())} >= {"base rates"}
    assert {each.text for each in written(TINY.plot(around="strain"))} >= {"Tendon strain"}


def test_a_picture_too_high_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canvas, "HIGHEST_FIGURE", 2.0)
    with pytest.raises(PictureError, match="expected at most 2; draw a part of it"):
        plot_network(TINY)


@pytest.mark.parametrize(
    ("suffix", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF"), ("PNG", b"\x89")]
)
def test_files(diagnosis: Diagnosis, tmp_path: Path, suffix: str, magic: bytes) -> None:
    path = tmp_path / f"picture.{suffix}"
    path.write_text("older")
    save(plot_posterior(diagnosis), path)
    first = path.read_bytes()
    assert first.startswith(magic)
    save(plot_posterior(diagnosis), path)
    assert path.read_bytes() == first, "the same picture gives the same bytes"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["picture.jpg", "picture", ".png", "-"])
def test_other_endings_are_refused(diagnosis: Diagnosis, name: str) -> None:
    with pytest.raises(PictureError, match=r"does not end as a picture; expected \.png, \.svg, \.pdf; rename it"):
        save(plot_posterior(diagnosis), name)


def test_a_file_that_cannot_be_written_is_told(diagnosis: Diagnosis, tmp_path: Path) -> None:
    with pytest.raises(BayeskneeError, match="No such file or directory; expected a file in a folder that exists"):
        save(plot_posterior(diagnosis), tmp_path / "nowhere" / "a.png")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(BayeskneeError, match="is not a file and cannot be replaced"):
        save(plot_posterior(diagnosis), tmp_path / "folder.png")
    assert [each.name for each in tmp_path.iterdir()] == ["folder.png"]


@pytest.mark.parametrize("first", ["", "import matplotlib.pyplot\n"])
def test_no_display_is_needed(tmp_path: Path, first: str) -> None:
    """Even where the user's settings ask for windows."""
    code = first + (
        "import bayesknee, sys\n"
        "from bayesknee.display.plots import save\n"
        "save(bayesknee.Engine('tests/networks/tiny').diagnose().plot(), sys.argv[1])\n"
    )
    path = tmp_path / "a.png"
    command = [sys.executable, "-c", code, str(path)]
    subprocess.run(command, cwd=ROOT, check=True, env={"MPLBACKEND": "TkAgg", "MPLCONFIGDIR": str(tmp_path)})
    assert path.read_bytes().startswith(b"\x89PNG")


def test_pyplot_shows_a_picture_where_it_is_in_use(diagnosis: Diagnosis) -> None:
    import matplotlib.pyplot as plt

    plt.close("all")
    figure = plot_posterior(diagnosis).figure
    assert [plt.figure(number) for number in plt.get_fignums()] == [figure]
    plt.close("all")
