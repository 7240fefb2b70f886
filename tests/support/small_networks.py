"""Networks made by hand in a few words, for worked examples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final, TypeAlias, TypeVar

from immutabledict import immutabledict

from bayesknee.knowledge.model import (
    ANY_SETTING,
    NO_YES,
    Condition,
    ConditionalTable,
    Distribution,
    Finding,
    FindingModel,
    Form,
    Greatest,
    Group,
    Mixture,
    NoisyOr,
    OddsRatio,
    Probability,
    Reading,
    RiskFactor,
    Setting,
    Sign,
    Weight,
)
from bayesknee.knowledge.network import Network

Part: TypeAlias = RiskFactor | Condition | Sign | Finding | Group
P = TypeVar("P", RiskFactor, Condition, Sign, Finding, Group)

TOPIC: Final = "talk"
TOPICS: Final[Mapping[str, str]] = immutabledict({TOPIC: "Talk"})


def probability(value: float) -> Probability:
    """A judged probability."""
    high = min(value * 1.3, (value + 1.0) / 2.0)
    return Probability(value=value, low=value * 0.7, high=high, grade="D", source="judged", note="a test")


def odds_ratio(value: float) -> OddsRatio:
    """A judged odds ratio."""
    return OddsRatio(value=value, low=value * 0.7, high=value * 1.4, grade="D", source="judged", note="a test")


def weight(value: float) -> Weight:
    """A judged weight."""
    return Weight(value=value, low=value * 0.7, high=value * 1.4, grade="D", source="judged", note="a test")


def distribution(**by_state: float) -> Distribution:
    """A distribution, in which 0 and 1 are certain."""
    return Distribution(
        {state: probability(value) if 0.0 < value < 1.0 else certain(value) for state, value in by_state.items()}
    )


def noisy_or(leak: float, **causes: float) -> NoisyOr:
    """A noisy-OR from its leak and P(yes | only that cause)."""
    return NoisyOr(probability(leak), {cause: probability(value) for cause, value in causes.items()})


def certain(value: float) -> Probability:
    """A 0 or 1 that holds by definition."""
    return Probability(value, value, value, "D", "judged", "a test", certain=True)


def greatest(leak: Distribution | None, **causes: Distribution) -> Greatest:
    """A noisy-MAX from the distributions of its leak and of each cause alone."""
    return Greatest(causes, leak)


def table(parents: Iterable[str], **rows: Distribution) -> ConditionalTable:
    """A table in full; a row is named by the states of the parents: `no_yes`."""
    return ConditionalTable(tuple(parents), {key.replace("_", ", "): row for key, row in rows.items()})


def mixture(
    otherwise: Distribution | None, weights: Mapping[str, float] | None = None, **distributions: Distribution
) -> Mixture:
    """A mixture from the conditions' distributions."""
    return Mixture(distributions, otherwise, {name: weight(value) for name, value in (weights or {}).items()})


def reading(sign: str, sensitivity: float, specificity: float) -> Reading:
    """A reading of a sign."""
    return Reading(sign, probability(sensitivity), probability(specificity))


def condition(
    name: str, base_rate: float | Mapping[str, float], odds_ratios: Mapping[str, Mapping[str, float]] | None = None
) -> Condition:
    """A condition; one base rate is that of any setting."""
    rates = base_rate if isinstance(base_rate, Mapping) else {ANY_SETTING: base_rate}
    return Condition(
        id=name,
        name=name.upper(),
        icd10="R52.0",
        description=name,
        what_helps=name,
        level="routine",
        limit=probability(0.1),
        base_rate=_probabilities(rates),
        odds_ratios={
            parent: {state: odds_ratio(value) for state, value in by_state.items()}
            for parent, by_state in (odds_ratios or {}).items()
        },
    )


def forms(shares: Mapping[str, float | Mapping[str, float]]) -> dict[str, Form]:
    """Forms of these shares, for all settings or by setting."""
    return {
        name: Form(name, name, probability(share) if isinstance(share, float) else _probabilities(share))
        for name, share in shares.items()
    }


def _probabilities(by_setting: Mapping[str, float]) -> dict[str, Probability]:
    return {setting: probability(value) for setting, value in by_setting.items()}


# An acute blockage is a twentieth of arterial disease in a practice, and two fifths in an emergency department.
BLOCKED: Final = immutabledict(
    {"blocked": {"practice": 0.05, "emergency": 0.4}, "narrow": {"practice": 0.95, "emergency": 0.6}}
)


def arteries(shares: Mapping[str, float | Mapping[str, float]] = BLOCKED) -> Network:
    """A condition c of a fifth of people in either setting, and a finding f that its blocked form shows alone."""
    ill = replace(condition("c", 0.2), forms=forms(shares))
    shown = finding("f", noisy_or(0.1, **{"c.blocked": 0.8}))
    return network(ill, shown, complaint="", settings=("practice", "emergency"))


def risk_factor(
    name: str, prior: Mapping[str, float], bands: Mapping[str, tuple[float, float]] | None = None
) -> RiskFactor:
    """A risk factor with one prior for any setting."""
    return RiskFactor(
        id=name,
        label=name,
        question=f"{name}?",
        topic=TOPIC,
        prior={ANY_SETTING: distribution(**prior)},
        states=tuple(prior),
        bands=bands or {},
        unit="years" if bands else "",
    )


def sign(name: str, rule: NoisyOr | ConditionalTable) -> Sign:
    """A sign."""
    return Sign(name, name, name, rule)


def finding(
    name: str,
    model: FindingModel,
    states: tuple[str, ...] = NO_YES,
    only_if: Mapping[str, tuple[str, ...]] | None = None,
) -> Finding:
    """A finding asked of the patient."""
    return Finding(name, "history", name, f"{name}?", TOPIC, model, states, only_if=only_if or {})


def group(name: str, *members: str) -> Group:
    """A group."""
    return Group(name, name, members)


def network(
    *parts: Part,
    complaint: str = "A complaint",
    settings: Iterable[str] = ("ward",),
    topics: Mapping[str, str] = TOPICS,
    most_causes: int | None = None,
) -> Network:
    """A network of these parts; with a complaint, the last condition is the catch-all."""
    conditions = _those(parts, Condition)
    return Network(
        id="small",
        version="0",
        title="Small",
        settings={name: Setting(name, name) for name in settings},
        topics=topics,
        references={},
        risk_factors=_those(parts, RiskFactor),
        conditions=conditions,
        signs=_those(parts, Sign),
        findings=_those(parts, Finding),
        groups=_those(parts, Group),
        complaint=complaint,
        catch_all=list(conditions)[-1] if complaint else "",
        most_causes=most_causes,
    )


def _those(parts: Iterable[Part], kind: type[P]) -> dict[str, P]:
    return {part.id: part for part in parts if isinstance(part, kind)}
