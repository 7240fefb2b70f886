"""Where only so many causes come together, and where conditions have forms: examples worked out by hand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from bayesknee import Engine, NetworkError
from bayesknee.diagnosis.care_steps import CareSteps
from bayesknee.diagnosis.triage import levels
from bayesknee.display.text import diagnosis_text
from bayesknee.errors import InferenceError
from bayesknee.knowledge.model import LEVELS, Condition
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.number_words import with_number
from bayesknee.knowledge.ranges import redrawn
from bayesknee.patient.codes import encode
from tests.support.small_networks import BLOCKED, arteries, condition, finding, forms, network, noisy_or, probability


def test_base_rates_of_one_cause_give_way_to_each_other() -> None:
    net = network(condition("a", 0.5), condition("b", 0.3), condition("c", 0.2), most_causes=1)
    engine = Engine(net)
    found = engine.compiled.strategy.gradients(engine.diagnose().evidence, engine.compiled.events).derivatives[:3, :3]
    assert found == pytest.approx(
        np.array([[1.0, -0.6, -0.4], [-5 / 7, 1.0, -2 / 7], [-5 / 8, -3 / 8, 1.0]]), abs=1e-12
    )


def test_with_one_cause_the_posterior_is_base_rate_times_likelihood() -> None:
    net = network(
        condition("a", 0.5),
        condition("b", 0.3),
        condition("c", 0.2),
        finding("f", noisy_or(0.1, a=0.4, b=0.9)),
        most_causes=1,
    )
    posterior = Engine(net).diagnose({"f": "yes"}).posterior
    weights = {"b": 0.3 * 0.9, "a": 0.5 * 0.4, "c": 0.2 * 0.1}
    assert dict(posterior) == pytest.approx({name: each / sum(weights.values()) for name, each in weights.items()})


def test_two_causes_at_most_rule_a_third_out() -> None:
    net = network(condition("a", 0.5), condition("b", 0.5), condition("c", 0.4), most_causes=2)
    assert Engine(net).diagnose({"a": "yes", "b": "yes"}).posterior["c"] == 0.0


# --- forms ---------------------------------------------------------------------------------------------------------


def with_forms(rate: float, **shares: float) -> Condition:
    """A condition c with forms of these shares."""
    return replace(condition("c", rate), forms=forms(shares))


def cyst() -> Network:
    """A condition in a fifth, of whom three quarters have it plain, and a finding that the burst form shows alone."""
    burst = noisy_or(0.1, **{"c.burst": 0.8})
    return network(with_forms(0.2, plain=0.75, burst=0.25), finding("f", burst), complaint="")


def test_a_form_worked_out() -> None:
    """P(f) = 0.8 * 0.1 + 0.2 * (0.75 * 0.1 + 0.25 * 0.8) = 0.135, of which c has 0.055 and its burst form 0.04."""
    diagnosis = Engine(cyst()).diagnose({"f": "yes"})
    assert diagnosis.posterior["c"] == pytest.approx(0.055 / 0.135)
    assert diagnosis.forms["c"] == {"burst": pytest.approx(0.04 / 0.135), "plain": pytest.approx(0.015 / 0.135)}


def test_a_form_that_is_not_named_has_what_is_stated_of_its_condition() -> None:
    rule = noisy_or(0.1, **{"c": 0.5, "c.burst": 0.8})
    net = network(with_forms(0.2, plain=0.75, burst=0.25), finding("f", rule), complaint="")
    yes = 0.2 * (0.75 * 0.5 + 0.25 * 0.8)
    assert Engine(net).diagnose({"f": "yes"}).posterior["c"] == pytest.approx(yes / (yes + 0.8 * 0.1))


def acute(level: str | None = "emergency") -> Network:
    """A routine condition, one form of which is an emergency from 3 % on."""
    net = cyst()
    limit = probability(0.03)
    each = {**net.conditions["c"].forms}
    each["burst"] = replace(each["burst"], level=level, limit=limit if level else None)  # type: ignore[arg-type]
    return replace(net, conditions={"c": replace(net.conditions["c"], forms=each)})


def test_a_form_sets_the_level_at_its_own_limit() -> None:
    """P(burst | f) is 0.296 and P(burst | no f) 0.2 * 0.25 * 0.2 / 0.865 = 0.0116."""
    engine = Engine(acute())
    over, below = engine.diagnose({"f": "yes"}), engine.diagnose({"f": "no"})
    assert [(reason.form, reason.level) for reason in over.triage.decisive] == [("burst", "emergency")]
    assert over.triage.decisive[0].text == "C, burst 29.6 %, not below its limit of 3 %"
    assert below.triage.level == "routine"
    assert over.triage.to_dict()["reasons"][0]["form"] == "burst"
    codes = encode(engine.network, [over.evidence, below.evidence])
    found = engine.compiled.posteriors(codes)
    called = levels(CareSteps(engine.compiled), found.marginals, codes, forms=found.groups)
    assert [LEVELS[level] for level in called] == ["emergency", "routine"]


def test_the_most_probable_form_of_the_leader_sets_a_level_below_its_limit() -> None:
    net = acute()
    each = {**net.conditions["c"].forms}
    each["plain"] = replace(each["plain"], level="urgent", limit=probability(0.7))
    engine = Engine(replace(net, conditions={"c": replace(net.conditions["c"], forms=each)}))
    triage = engine.diagnose({"f": "no"}).triage
    assert [(reason.kind, reason.form, reason.level) for reason in triage.decisive] == [("leader", "plain", "urgent")]


def test_forms_are_told_below_their_condition() -> None:
    diagnosis = Engine(acute()).diagnose({"f": "yes"})
    (entry,) = diagnosis.to_dict()["posterior"]
    assert entry["forms"] == [
        {"form": "burst", "name": "burst", "probability": pytest.approx(0.04 / 0.135)},
        {"form": "plain", "name": "plain", "probability": pytest.approx(0.015 / 0.135)},
    ]
    lines = [" ".join(line.split()) for line in diagnosis_text(diagnosis).splitlines()]
    place = next(number for number, line in enumerate(lines) if line.startswith("1 C"))
    assert lines[place + 1].startswith("burst 29.6 %")
    assert lines[place + 2].startswith("plain 11.1 %")
    assert "burst" in diagnosis._repr_html_()


def test_intervals_of_forms() -> None:
    found = Engine(acute()).diagnose({"f": "yes"}).intervals(draws=200)
    burst, plain = found.forms["c"]["burst"], found.forms["c"]["plain"]
    assert burst.low < 0.04 / 0.135 < burst.high
    assert plain.low < 0.015 / 0.135 < plain.high
    assert [form["form"] for form in found.to_dict()["conditions"][0]["forms"]] == ["burst", "plain"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"plain": 0.75, "burst": 0.2},
            "conditions.c.forms: got shares that sum to 0.95; expected shares that sum to 1",
        ),
        ({"plain": 0.9}, "conditions.c.forms: got one form; expected two or more forms"),
    ],
)
def test_refused(change: dict[str, float], told: str) -> None:
    with pytest.raises(NetworkError, match=re.escape(told)):
        network(with_forms(0.2, **change), finding("f", noisy_or(0.1, c=0.8)), complaint="")


def test_an_unknown_form_is_refused() -> None:
    rule = noisy_or(0.1, **{"c.brust": 0.8})
    with pytest.raises(NetworkError, match=r"got 'c.brust'; .* did you mean c.burst\?"):
        network(with_forms(0.2, plain=0.75, burst=0.25), finding("f", rule), complaint="")


def test_too_many_sets_of_forms_are_refused() -> None:
    quarters = forms(dict.fromkeys("uvwx", 0.25))
    many = [replace(condition(f"c{number}", 0.2), forms=quarters) for number in range(10)]
    with pytest.raises(InferenceError, match=r"9,765,625 sets of causes; .* \(add most_causes: 3\)"):
        Engine(network(*many))


def test_the_slope_of_a_share_worked_out() -> None:
    """P(c, f) = 0.2 * (0.1 + 0.7 x) with x the share of the burst form; P(f) is 0.08 more."""
    engine = Engine(cyst())
    found = engine.compiled.strategy.gradients(engine.diagnose({"f": "yes"}).evidence, engine.compiled.events)
    place = found.paths.index(("conditions", "c", "forms", "burst", "share"))
    assert found.derivatives[place, 0] == pytest.approx(0.14 * 0.08 / 0.135**2)


# --- shares by setting ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("setting", "share"), [("practice", 0.05), ("emergency", 0.4)])
def test_shares_of_a_setting_worked_out(setting: str, share: float) -> None:
    """P(f and blocked) = 0.2 x 0.8 with x the share, P(f and c) = 0.2 (0.8 x + 0.1 (1 - x)), P(f) is 0.08 more."""
    diagnosis = Engine(arteries(), setting).diagnose({"f": "yes"})
    ill = 0.2 * (0.8 * share + 0.1 * (1.0 - share))
    assert diagnosis.posterior["c"] == pytest.approx(ill / (ill + 0.08))
    assert diagnosis.forms["c"]["blocked"] == pytest.approx(0.2 * 0.8 * share / (ill + 0.08))
    before = Engine(arteries(), setting).diagnose().forms["c"]
    assert before == {"blocked": pytest.approx(0.2 * share), "narrow": pytest.approx(0.2 * (1.0 - share))}


def test_a_setting_without_shares_has_those_of_any_setting() -> None:
    net = arteries(
        {"blocked": {"any_setting": 0.05, "emergency": 0.4}, "narrow": {"any_setting": 0.95, "emergency": 0.6}}
    )
    assert net.conditions["c"].shares_in("practice") == (0.05, 0.95)
    for setting in ("practice", "emergency"):
        assert (
            Engine(net, setting).diagnose({"f": "yes"}).forms
            == Engine(arteries(), setting).diagnose({"f": "yes"}).forms
        )


def test_one_share_is_that_of_all_settings() -> None:
    net = arteries({"blocked": 0.4, "narrow": 0.6})
    assert net.conditions["c"].shares_in("practice") == net.conditions["c"].shares_in("emergency") == (0.4, 0.6)
    assert net.conditions["c"].forms["blocked"].share_in("practice") == 0.4


@pytest.mark.parametrize("setting", ["practice", "emergency"])
def test_only_the_shares_of_the_setting_bear_on_a_patient(setting: str) -> None:
    """As for one share, with x = 0.05 and 0.4: the slope is 0.14 * 0.08 / P(f)^2, and exact over the range."""
    diagnosis = Engine(arteries(), setting).diagnose({"f": "yes"})
    found = diagnosis.sensitivity()
    slopes = {effect.path: effect.derivative for effect in found.effects("c") if effect.path[2] == "forms"}
    place = ("conditions", "c", "forms", "blocked", "share", setting)
    chance = 0.08 + 0.2 * (0.1 + 0.7 * BLOCKED["blocked"][setting])
    assert slopes == {
        place: pytest.approx(0.14 * 0.08 / chance**2),
        (*place[:3], "narrow", "share", setting): pytest.approx(-0.14 * 0.08 / chance**2),
    }
    moved = 0.2 * (0.1 + 0.7 * 0.3)
    assert found.posterior_at(place, 0.3)["c"] == pytest.approx(moved / (moved + 0.08))
    whole = Engine(with_number(diagnosis.network, place, 0.3), setting).diagnose({"f": "yes"})
    assert whole.posterior["c"] == pytest.approx(moved / (moved + 0.08))


def test_draws_of_a_setting_are_those_of_the_networks_redrawn() -> None:
    """The intervals come from the very networks that `redrawn` gives, whose shares sum to 1 in each setting."""
    for setting in ("practice", "emergency"):
        engine = Engine(arteries(), setting)
        drawn = engine.compiled.strategy.redrawn(
            engine.diagnose({"f": "yes"}).evidence, engine.compiled.form_events, 1, 7
        )
        net = network_of_seed(engine.network, 7)
        assert [sum(net.conditions["c"].shares_in(each)) for each in net.settings] == pytest.approx([1.0, 1.0])
        chances = Engine(net, setting).diagnose({"f": "yes"}).forms["c"]
        assert drawn[0].tolist() == pytest.approx([chances["blocked"], chances["narrow"]], abs=1e-12)


def network_of_seed(net: Network, seed: int) -> Network:
    """The network that the first draw of a seed means."""

    class Fixed:
        def integers(self, *_args: object, **_kwargs: object) -> int:
            return seed

    return redrawn(net, Fixed())  # type: ignore[arg-type]  # chance that is none


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        (
            {"blocked": {"practice": 0.05, "emergency": 0.4}, "narrow": {"practice": 0.95, "emergency": 0.5}},
            "c.forms: got shares in emergency that sum to 0.9; expected shares that sum to 1 in each setting",
        ),
        (
            {"blocked": {"practice": 0.05, "emergency": 0.4}, "narrow": 0.95},
            "narrow.share: got a share without settings; expected one for emergency, practice, as of blocked",
        ),
        (
            {"blocked": {"any_setting": 0.05}, "narrow": {"any_setting": 0.95, "emergency": 0.6}},
            "narrow.share: got a share for any_setting, emergency; expected one for any_setting, as of blocked",
        ),
        (
            {"blocked": {"practice": 0.05}, "narrow": {"practice": 0.95}},
            "blocked.share: got nothing for emergency; expected a figure for each setting; add it, or any_setting",
        ),
        (
            {"blocked": {"any_setting": 0.05, "emergncy": 0.4}, "narrow": {"any_setting": 0.95, "emergncy": 0.6}},
            "blocked.share.emergncy: got 'emergncy'; expected a setting of the network; did you mean emergency?",
        ),
    ],
)
def test_shares_by_setting_refused(shares: Mapping[str, float | Mapping[str, float]], told: str) -> None:
    with pytest.raises(NetworkError, match=re.escape(told)):
        arteries(shares)
