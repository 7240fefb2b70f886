"""Pictures: what they show, that they can be read, and that they need no display."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from bayesknee import BayeskneeError, Diagnosis, Engine, load_network, plots
from bayesknee.diagnosis.explaining.intervals import Interval, Intervals
from bayesknee.errors import ConditionError, PictureError
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.ranges import StatedRanges
from bayesknee.plots import canvas, save
from bayesknee.plots.boxed_words import LONGEST_LABEL
from bayesknee.plots.condition_styles import PALETTE, numbered_style, style_of
from bayesknee.plots.course_lines import posterior_course
from bayesknee.plots.frequency_dots import frequency_counts
from bayesknee.plots.layers import layers_around, layers_of
from bayesknee.plots.ledger_waterfall import MOST_ROWS
from bayesknee.words import percent
from tests.support.effort import each_seed
from tests.support.paths import KNEE_11, NETWORKS, ROOT
from tests.support.pictures import assert_legible, places, with_long_names, written
from tests.support.random_networks import REAL, SMALL, Size, seeded_patient

TINY = load_network(NETWORKS / "tiny")
KNEE = load_network(KNEE_11)
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


def wide(diagnosis: Diagnosis) -> Intervals:
    """The widest intervals there can be."""
    ends = Interval(0.0001, 0.9999)
    return Intervals(
        9, 0, dict.fromkeys(diagnosis.posterior, ends), dict.fromkeys(diagnosis.groups, ends), {}, StatedRanges(2, 0)
    )


# Longer names need all that shorter ones do, and more.
NAMES = [
    pytest.param(lambda network: network, id="own_names", marks=pytest.mark.slow),
    pytest.param(with_long_names, id="long_names"),
]
FIRST, *OTHERS = KNEE.settings
SETTINGS = [FIRST, *(pytest.param(setting, marks=pytest.mark.slow) for setting in OTHERS)]


# --- legibility ----------------------------------------------------------------------------------------------------


def ledger(diagnosis: Diagnosis, ax: Axes | None = None) -> Axes:
    return plots.ledger(diagnosis, next(iter(diagnosis.posterior)), ax)


def contrast(diagnosis: Diagnosis, ax: Axes | None = None) -> Axes:
    one, other, *_ = diagnosis.posterior
    return plots.ledger(diagnosis, one, ax, against=other)


@pytest.mark.parametrize("plot", [plots.posterior, plots.course, ledger, contrast, plots.questions])
@pytest.mark.parametrize("change", NAMES)
@pytest.mark.parametrize("setting", SETTINGS)
def test_pictures_of_a_patient_can_be_read(
    plot: Callable[[Diagnosis], Axes], change: Callable[[Network], Network], setting: str
) -> None:
    assert_legible(plot(Engine(change(KNEE), setting).diagnose(KNEE_ANSWERS)))


@pytest.mark.parametrize("seed", each_seed(4))
def test_pictures_of_any_patient_can_be_read(seed: int) -> None:
    for size in (SMALL, REAL):
        diagnosis = patient(seed, size)
        assert_legible(plots.posterior(diagnosis, intervals=wide(diagnosis)))
        assert_legible(plots.course(diagnosis))
        assert_legible(ledger(diagnosis))
        assert_legible(plots.questions(diagnosis))


def test_a_patient_without_answers_can_be_drawn() -> None:
    nobody = Engine(TINY).diagnose()
    assert_legible(plots.posterior(nobody))
    assert_legible(plots.course(nobody))
    assert_legible(ledger(nobody))
    assert_legible(plots.questions(nobody))
    assert_legible(plots.questions(nobody, questions=()))


@pytest.mark.parametrize("change", NAMES)
def test_the_whole_network_can_be_read(change: Callable[[Network], Network]) -> None:
    assert_legible(plots.network(change(KNEE)))


@pytest.mark.parametrize("condition", ["deep_vein_thrombosis", "knee_osteoarthritis", "other_cause"])
def test_the_network_around_a_condition_can_be_read(condition: str) -> None:
    assert_legible(plots.network(KNEE, around=condition))


@pytest.mark.parametrize("seed", each_seed(6))
def test_any_network_can_be_read(seed: int) -> None:
    network = with_long_names(seeded_patient(seed, SMALL).network)
    assert_legible(plots.network(network))
    assert_legible(plots.network(network, around=list(network.conditions)[-1]))


# --- what they show ------------------------------------------------------------------------------------------------


def test_bars_are_the_probabilities(diagnosis: Diagnosis) -> None:
    ax = plots.posterior(diagnosis)
    widths = [bar.get_width() for bar in ax.patches]  # type: ignore[attr-defined]
    assert widths == [*diagnosis.posterior.values(), *diagnosis.groups.values()]


def test_base_rates_limits_and_intervals_are_marked(diagnosis: Diagnosis) -> None:
    low, high = 0.125, 0.625
    ax = plots.posterior(
        diagnosis, intervals=Intervals(9, 0, {"strain": Interval(low, high)}, {}, {}, StatedRanges(2, 0))
    )
    assert [places(line)[0] for line in ax.lines if line.get_marker() == "D"] == list(diagnosis.prior.values())
    assert [low, high] in [places(line) for line in ax.lines]
    limits = {condition.limit.value for condition in TINY.conditions.values() if condition.must_not_miss}
    assert limits <= {places(line)[0] for line in ax.lines}


def test_intervals_without_ranges_are_not_drawn_and_it_says_why(diagnosis: Diagnosis) -> None:
    ends = {"strain": Interval(0.125, 0.625)}
    ax = plots.posterior(diagnosis, intervals=Intervals(9, 0, ends, {}, {}, StatedRanges(9, 9)))
    assert [0.125, 0.625] not in [places(line) for line in ax.lines]
    assert "None of the 9 numbers of this network has a range" in ax.get_title().replace("\n", " ")
    ax = plots.posterior(diagnosis, intervals=Intervals(9, 0, ends, {}, {}, StatedRanges(9, 8)))
    assert [0.125, 0.625] in [places(line) for line in ax.lines]
    assert "8 of the 9 numbers" in ax.get_title().replace("\n", " ")


def test_what_is_given_has_no_interval() -> None:
    given = Engine(TINY).diagnose({"fracture": "no"})
    texts = [each.text for each in written(plots.posterior(given, intervals=given.intervals(40)))]
    assert "given: no" in texts
    assert sum("[" in each for each in texts) == len(given.posterior) + len(given.groups) - 1


def test_what_is_not_ruled_out_is_hatched_and_said(diagnosis: Diagnosis) -> None:
    ax = plots.posterior(diagnosis)
    hatched = [bar.get_width() for bar in ax.patches if bar.get_hatch()]  # type: ignore[attr-defined]
    assert hatched == [each.probability for each in diagnosis.not_ruled_out] != []
    assert sum("not ruled out (limit" in each.text for each in written(ax)) == len(diagnosis.not_ruled_out)


def test_the_picture_says_how_urgent_it_is(diagnosis: Diagnosis) -> None:
    assert any("How urgent: emergency - be seen now" in each.text for each in written(plots.posterior(diagnosis)))


def test_nothing_reads_as_reassurance(diagnosis: Diagnosis) -> None:
    words = " ".join(each.text for each in written(plots.posterior(diagnosis))).lower()
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
    named = " ".join(each.text for each in written(plots.course(diagnosis)))
    assert all(KNEE.conditions[each.condition].name in named for each in diagnosis.not_ruled_out)


def test_the_waterfall_leads_from_the_prior_to_the_posterior(diagnosis: Diagnosis) -> None:
    account = diagnosis.ledger["fracture"]
    ax = plots.ledger(diagnosis, "fracture")
    bars = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in ax.patches]  # type: ignore[attr-defined]
    assert bars[0][0] == pytest.approx(account.prior)
    assert bars[-1][1] == pytest.approx(account.posterior)
    assert [end - start for start, end in bars] == pytest.approx([each.share for each in account.entries])
    assert all(start == pytest.approx(end) for (_, end), (start, _) in itertools.pairwise(bars))
    hatched = [bar.get_width() < 0.0 for bar in ax.patches if bar.get_hatch()]  # type: ignore[attr-defined]
    assert all(hatched)


def test_the_waterfall_tells_factors_and_guesses(diagnosis: Diagnosis) -> None:
    texts = [each.text for each in written(plots.ledger(diagnosis, "fracture"))]
    first = diagnosis.ledger["fracture"].entries[0]
    assert f"x {first.factor:.3g}  (judged)" in texts
    assert "Why Tendon strain rather than Broken bone" in [
        each.text for each in written(plots.ledger(diagnosis, "strain", against="fracture"))
    ]


def test_what_is_certain_has_a_bar_with_an_end() -> None:
    certain = Engine(TINY).diagnose({"fracture": "yes", "age": 30})
    ax = plots.ledger(certain, "fracture")
    assert "makes it certain" in [each.text for each in written(ax)]
    assert_legible(ax)


def test_dollars_in_names_are_shown_as_they_are() -> None:
    priced = replace(TINY, findings={name: replace(each, label="Costs $1$") for name, each in TINY.findings.items()})
    ax = plots.ledger(Engine(priced).diagnose({"pain_on_grip": "yes"}), "fracture")
    assert r"Costs \$1\$: yes" in [each.get_text() for each in ax.get_yticklabels()]


def test_very_long_names_are_cut_and_answers_kept() -> None:
    conditions = {
        name: replace(each, name=f"{each.name} {'of that kind ' * 9}") for name, each in TINY.conditions.items()
    }
    findings = {name: replace(each, label=f"{each.label} {'at length ' * 12}") for name, each in TINY.findings.items()}
    network = replace(TINY, conditions=conditions, findings=findings)
    diagnosis = Engine(network).diagnose(ANSWERS)
    for ax in (plots.course(diagnosis), plots.tornado(diagnosis)):
        assert_legible(ax)
        assert any("\N{HORIZONTAL ELLIPSIS}" in each.text for each in written(ax))
    rows = [each.get_text().replace("\n", " ") for each in plots.course(diagnosis).get_yticklabels()]
    swelling = next(row for row in rows if row.startswith("Swelling"))
    assert swelling.endswith("at length : yes")
    assert len(swelling) <= LONGEST_LABEL


def test_a_long_course_has_thirty_steps_and_says_what_is_in_between() -> None:
    engine = Engine(KNEE)
    answers: dict[str, object] = dict.fromkeys(list(KNEE.findings)[:40], "unknown")
    answers |= {"age": 52, "lump_noticed": "yes", "fever": "no"}
    diagnosis = engine.diagnose(answers)
    ax = plots.course(diagnosis)
    rows = [each.get_text().replace("\n", " ") for each in ax.get_yticklabels()]
    assert len(rows) == 31
    between = len(diagnosis.evidence.answers) - 29
    assert rows[16] == f"{between} answers in between, not drawn singly"
    whole = posterior_course(diagnosis)
    [line] = [line for line in ax.lines if str(line.get_label()).startswith("Another cause")]
    number = list(diagnosis.posterior).index("other_cause")
    shown = [*range(16), 15 + between, *range(16 + between, len(whole))]
    assert places(line) == whole[shown, number].tolist()
    assert_legible(ax)


def test_small_shares_are_put_together() -> None:
    diagnosis = patient(3, REAL)
    assert len(diagnosis.evidence.likelihoods) > MOST_ROWS
    texts = [each.text for each in written(ledger(diagnosis))]
    assert any(re.fullmatch(r"\d+ more answers", text) for text in texts)


def test_questions_say_where_each_answer_leads(diagnosis: Diagnosis) -> None:
    question = diagnosis.next_questions[0]
    texts = [each.text for each in written(plots.questions(diagnosis, most=1, condition="strain"))]
    assert any(text.replace("\n", " ") == f"{question.question} [Tendon strain]" for text in texts)
    now = percent(diagnosis.posterior["strain"])
    for outcome in question.outcomes:
        assert f"{now} to {percent(outcome.posterior['strain'])}" in texts


@pytest.mark.parametrize("change", NAMES)
def test_a_plan_is_drawn_with_its_accuracy(change: Callable[[Network], Network]) -> None:
    plan = Engine(change(TINY)).diagnose().plan(3)
    ax = plots.plan(plan)
    [line] = [line for line in ax.lines if line.get_marker() == "o"]
    assert places(line) == [plan.accuracy, *(each.accuracy for each in plan.questions)]
    assert_legible(ax)


@pytest.mark.parametrize("change", NAMES)
def test_a_tornado_has_exact_ends(change: Callable[[Network], Network]) -> None:
    diagnosis = Engine(change(TINY)).diagnose(ANSWERS)
    ax = plots.tornado(diagnosis, "strain", most=4)
    bars = diagnosis.sensitivity().tornado("strain", 4)
    ends = [bar.get_x() + bar.get_width() for bar in ax.patches]  # type: ignore[attr-defined]
    assert ends == pytest.approx([end for bar in bars for end in (bar.at_high, bar.at_low)])
    assert {bar.get_x() for bar in ax.patches} == {diagnosis.posterior["strain"]}  # type: ignore[attr-defined]
    assert_legible(ax)


def test_a_tornado_of_the_knee_can_be_read() -> None:
    diagnosis = Engine(with_long_names(KNEE)).diagnose(KNEE_ANSWERS)
    assert_legible(plots.tornado(diagnosis, most=6))
    assert_legible(plots.tornado(diagnosis, "clot_or_tumour", most=6))


def test_calibration_is_the_share_that_came_true_in_each_bin() -> None:
    ax = plots.calibration([0.05, 0.05, 0.05, 0.55, 0.55, 1.0], [0, 1, 0, 1, 0, 1], bins=2, label="ours")
    [line] = [line for line in ax.lines if line.get_marker() == "o"]
    assert places(line) == pytest.approx([0.05, 0.7])
    assert np.asarray(line.get_ydata(), dtype=float).tolist() == pytest.approx([1 / 3, 2 / 3])
    assert [bar.get_height() for bar in ax.patches] == [0.5, 0.5]  # type: ignore[attr-defined]
    assert_legible(ax)


@pytest.mark.parametrize(
    ("forecasts", "truths", "told"),
    [
        ([0.1, 0.2], [1], r"have the shapes \(2,\) and \(1,\); expected the same"),
        ([], [], "not empty"),
        ([1.5], [1], "forecasts from 0 to 1 and outcomes 0 or 1 are expected"),
        ([0.5], [0.5], "forecasts from 0 to 1 and outcomes 0 or 1 are expected"),
        ([float("nan")], [1], "leave out what is missing"),
    ],
)
def test_what_cannot_be_calibrated_is_refused(forecasts: list[float], truths: list[float], told: str) -> None:
    with pytest.raises(PictureError, match=told):
        plots.calibration(forecasts, truths)


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
        "age": "50 years or more: odds x 3",
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
    with pytest.raises(ConditionError, match=r"unknown condition 'fractur' of network tiny; did you mean fracture\?"):
        plots.network(TINY, around="fractur")
    with pytest.raises(ConditionError, match=r"unknown condition 'fractur' of network tiny; did you mean fracture\?"):
        plots.questions(Engine(TINY).diagnose(), condition="fractur")
    with pytest.raises(ConditionError, match="unknown condition 'strian' of network tiny; did you mean strain"):
        plots.ledger(Engine(TINY).diagnose(), "strian")


# --- colours -------------------------------------------------------------------------------------------------------


def colors_of_bars(diagnosis: Diagnosis) -> dict[str, str]:
    """By condition."""
    bars = plots.posterior(diagnosis).patches
    return {name: to_hex(bar.get_facecolor()) for name, bar in zip(diagnosis.posterior, bars, strict=False)}


def test_a_condition_has_the_same_colour_in_every_picture_and_for_every_patient() -> None:
    engine = Engine(KNEE)
    one, other = engine.diagnose(KNEE_ANSWERS), engine.diagnose({"age": 25, "locking": "yes"})
    assert list(one.posterior) != list(other.posterior)
    colors = {name: style_of(KNEE, name).color.lower() for name in KNEE.conditions}
    assert colors_of_bars(one) == colors_of_bars(other) == colors
    for diagnosis in (one, other):
        names = {KNEE.conditions[name].name: name for name in KNEE.conditions}
        for line in plots.course(diagnosis).lines:
            label = str(line.get_label()).rpartition(",")[0]
            assert label not in names or to_hex(line.get_color()) == colors[names[label]]
    boxes = [each for each in plots.network(KNEE).patches if each.get_linewidth() > 2.0]
    assert [to_hex(each.get_edgecolor()) for each in boxes] == list(colors.values())
    for account in ("bakers_cyst", "deep_vein_thrombosis"):
        for ax in (plots.ledger(one, account), plots.tornado(one, account)):
            filled = {to_hex(bar.get_facecolor()) for bar in ax.patches if not bar.get_hatch()}
            assert filled == {colors[account]}


def test_what_is_not_ruled_out_keeps_its_colour(diagnosis: Diagnosis) -> None:
    assert diagnosis.not_ruled_out
    assert colors_of_bars(diagnosis) == {name: style_of(TINY, name).color.lower() for name in diagnosis.posterior}


def test_conditions_are_told_apart_without_colours() -> None:
    """28 go by before two share both their marker and their dashes; the catch-all is grey."""
    styles = [numbered_style(number) for number in range(28)]
    assert len({(each.marker, each.dashes) for each in styles}) == 28
    assert len({each.color for each in styles[: len(PALETTE)]}) == len(PALETTE) == 18
    red, green, blue = to_rgb(style_of(KNEE, KNEE.catch_all).color)
    assert red == green == blue


def seen(color: str, deficiency: str) -> NDArray[np.float64]:
    """A colour as the colour-blind see it, linear red, green and blue (Machado, Oliveira and Fernandes 2009)."""
    shown = np.array(to_rgb(color))
    linear = np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
    matrices = {
        "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    }
    return np.array(matrices[deficiency]) @ linear


@pytest.mark.parametrize("deficiency", ["protan", "deutan"])
def test_neighbours_of_the_palette_look_different_to_the_colour_blind(deficiency: str) -> None:
    """The conditions of the shipped network, of which no two may look alike; 0.02 in linear light is seen in bars."""
    colors = [style_of(KNEE, name).color for name in KNEE.conditions]
    for one, other in itertools.combinations(colors, 2):
        assert np.linalg.norm(seen(one, deficiency) - seen(other, deficiency)) > 0.02, f"{one} and {other}"


def test_nothing_loads_matplotlib_before_a_picture_is_wanted() -> None:
    code = (
        "import importlib, pathlib, sys, bayesknee\n"
        "root = pathlib.Path(bayesknee.__file__).parent\n"
        "for path in root.rglob('*.py'):\n"
        "    name = '.'.join(('bayesknee', *path.relative_to(root).with_suffix('').parts))\n"
        "    if not name.startswith(('bayesknee.plots', 'bayesknee.__main__')):\n"
        "        importlib.import_module(name)\n"
        "assert 'matplotlib' not in sys.modules\n"
        "bayesknee.plots\n"
        "assert 'matplotlib' in sys.modules and 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_inclusion_is_the_share_by_the_length_of_the_list() -> None:
    shares = {"ours": (0.5, 0.8, 1.0), "theirs": (0.4, 0.7, 1.0)}
    ax = plots.inclusion(shares)
    assert [places(line) for line in ax.lines] == [[1.0, 2.0, 3.0]] * 2
    assert [tuple(np.asarray(line.get_ydata()).tolist()) for line in ax.lines] == list(shares.values())
    assert {"ours", "theirs", "Length of the list"} <= {each.text for each in written(ax)}
    assert_legible(ax)
    for wrong in ({}, {"ours": ()}, {"ours": (1.5,)}, {"ours": (float("nan"),)}):
        with pytest.raises(PictureError, match="expected"):
            plots.inclusion(wrong)


def shades_and_dots(ax: Axes) -> tuple[set[tuple[int, int]], dict[tuple[int, int], bool]]:
    """The places, as column and row, that are shaded; and of each dot whether it is full."""
    shaded = {
        (round(piece.get_x() + 0.5), round(piece.get_y() + 0.5) + row)  # type: ignore[attr-defined]
        for piece in ax.patches
        for row in range(round(piece.get_height()))  # type: ignore[attr-defined]
    }
    [dots] = ax.collections
    full = [to_hex(face) == canvas.BLACK for face in np.asarray(dots.get_facecolor())]
    offsets = np.asarray(dots.get_offsets()).astype(int).tolist()
    return shaded, {(column, row): each for (column, row), each in zip(offsets, full, strict=True)}


def test_frequencies_are_people_with_and_without_a_cause_and_a_finding() -> None:
    """Of 1,000, 100 have it: 80 of them and 180 of the 900 others have the finding (Gigerenzer's way to put it)."""
    ax = plots.frequencies(0.1, 0.8, 0.8, names=("a tear", "a click"))
    shaded, full = shades_and_dots(ax)
    assert len(full) == 1000
    assert sum(full.values()) == 100
    assert len(shaded) == 80 + 180
    assert sum(full[place] for place in shaded) == 80
    texts = {each.text for each in written(ax)}
    assert "1,000 people, with a tear: 100" in texts
    assert "Shaded, with a click: 260. Of them with a tear: 80." in texts
    assert {
        "a tear and a click: 80",
        "a tear without a click: 20",
        "a click without a tear: 180",
        "neither: 720",
    } <= texts
    assert_legible(ax)


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_frequencies_are_whole_people_as_near_as_can_be(prior: float, sensitivity: float, specificity: float) -> None:
    counts = frequency_counts(prior, sensitivity, specificity)
    assert counts.cause + counts.finding_only + counts.neither == 1000
    assert min(counts.cause_only, counts.both, counts.finding_only, counts.neither) >= 0
    assert abs(counts.cause - prior * 1000) <= 0.5
    assert abs(counts.both - sensitivity * counts.cause) <= 0.5
    assert abs(counts.neither - specificity * (1000 - counts.cause)) <= 0.5


@pytest.mark.parametrize("share", [0.0, 0.002, 0.3, 1.0])
def test_frequencies_draw_each_of_the_people_once(share: float) -> None:
    counts = frequency_counts(share, share, share)
    ax = plots.frequencies(share, share, share)
    shaded, full = shades_and_dots(ax)
    assert len(full) == 1000
    assert len(shaded) == counts.finding
    assert sum(full[place] for place in shaded) == counts.both
    assert_legible(ax)


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        ((10.0, 0.8, 0.8), "the prior is 10.0; expected a share from 0 to 1"),
        ((0.1, -0.1, 0.8), "the sensitivity is -0.1"),
        ((0.1, 0.8, float("nan")), "the specificity is nan"),
    ],
)
def test_what_cannot_be_counted_is_refused(shares: tuple[float, float, float], told: str) -> None:
    with pytest.raises(PictureError, match=re.escape(told)):
        plots.frequencies(*shares)


# --- axes and files ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "plot",
    [plots.posterior, plots.course, ledger, plots.questions, lambda each, ax: plots.network(each.network, ax)],
)
def test_given_axes_are_drawn_on_and_returned(diagnosis: Diagnosis, plot: Callable[[Diagnosis, Axes], Axes]) -> None:
    figure = Figure()
    ax = figure.add_subplot(1, 2, 2)
    assert plot(diagnosis, ax) is ax
    assert figure.axes == [ax]


def test_methods_draw_the_same(diagnosis: Diagnosis) -> None:
    drawn = {each.text for each in written(plots.posterior(diagnosis))}
    assert drawn == {each.text for each in written(plots.posterior(diagnosis))}
    assert {each.text for each in written(plots.course(diagnosis))} >= {"base rates"}
    assert {each.text for each in written(plots.network(TINY, around="strain"))} >= {"Tendon strain"}


def test_a_picture_too_high_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canvas, "HIGHEST_FIGURE", 1.0)
    with pytest.raises(PictureError, match="expected at most 1; draw a part of it"):
        plots.network(TINY)


@pytest.mark.parametrize(
    ("suffix", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF"), ("PNG", b"\x89")]
)
def test_files(diagnosis: Diagnosis, tmp_path: Path, suffix: str, magic: bytes) -> None:
    path = tmp_path / f"picture.{suffix}"
    path.write_text("older")
    save(plots.posterior(diagnosis), path)
    first = path.read_bytes()
    assert first.startswith(magic)
    save(plots.posterior(diagnosis), path)
    assert path.read_bytes() == first, "the same picture gives the same bytes"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["picture.jpg", "picture", ".png", "-"])
def test_other_endings_are_refused(diagnosis: Diagnosis, name: str) -> None:
    with pytest.raises(PictureError, match=r"does not end as a picture; expected \.png, \.svg, \.pdf; rename it"):
        save(plots.posterior(diagnosis), name)


def test_a_picture_is_for_its_owner_alone_unless_it_was_not(diagnosis: Diagnosis, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    for mode in (0o600, 0o640):
        save(plots.posterior(diagnosis), path)
        assert path.stat().st_mode & 0o777 == mode
        path.chmod(0o640)


def test_a_file_that_cannot_be_written_is_told(diagnosis: Diagnosis, tmp_path: Path) -> None:
    with pytest.raises(BayeskneeError, match="No such file or directory; expected a file in a folder that exists"):
        save(plots.posterior(diagnosis), tmp_path / "nowhere" / "a.png")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(BayeskneeError, match="is not a file and cannot be replaced"):
        save(plots.posterior(diagnosis), tmp_path / "folder.png")
    assert [each.name for each in tmp_path.iterdir()] == ["folder.png"]


@pytest.mark.parametrize("first", ["", pytest.param("import matplotlib.pyplot\n", marks=pytest.mark.slow)])
def test_no_display_is_needed(tmp_path: Path, first: str) -> None:
    """Even where the user's settings ask for windows."""
    code = first + (
        "import bayesknee, sys\n"
        "from bayesknee import plots\n"
        "plots.save(plots.posterior(bayesknee.Engine('tests/networks/tiny').diagnose()), sys.argv[1])\n"
    )
    path = tmp_path / "a.png"
    command = [sys.executable, "-c", code, str(path)]
    subprocess.run(command, cwd=ROOT, check=True, env={"MPLBACKEND": "TkAgg", "MPLCONFIGDIR": str(tmp_path)})
    assert path.read_bytes().startswith(b"\x89PNG")


def test_pyplot_shows_a_picture_where_it_is_in_use(diagnosis: Diagnosis) -> None:
    import matplotlib.pyplot as plt

    plt.close("all")
    figure = plots.posterior(diagnosis).figure
    assert [plt.figure(number) for number in plt.get_fignums()] == [figure]
    plt.close("all")
