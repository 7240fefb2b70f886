"""The small network with what people say for its questions, and with a few questions more."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, cast

from bayesknee import Network, load_network
from bayesknee.knowledge.bands import Band
from bayesknee.knowledge.model import Distribution, Finding, Mixture
from tests.support.paths import NETWORKS

TINY: Final = load_network(NETWORKS / "tiny")


def _asked(name: str, question: str, *synonyms: str) -> Finding:
    return replace(
        TINY.findings["pain_on_grip"], id=name, label=name.replace("_", " "), question=question, synonyms=synonyms
    )


def _duration() -> Finding:
    """How long it has lasted, with the numbers of how it began under other names."""
    names = {"fall": "days", "sudden": "weeks", "gradual": "months"}
    bands: dict[str, Band] = {"days": (0.0, 7.0), "weeks": (7.0, 43.0), "months": (43.0, 36500.0)}
    onset = TINY.findings["onset"]
    model = cast("Mixture", onset.model)

    def renamed(given: Distribution) -> Distribution:
        return Distribution({names[state]: number for state, number in given.numbers.items()})

    otherwise = None if model.otherwise is None else renamed(model.otherwise)
    distributions = {name: renamed(each) for name, each in model.distributions.items()}
    return replace(
        onset,
        id="duration",
        label="How long it has lasted",
        question="How many days, weeks or months ago did it begin?",
        states=tuple(bands),
        unit="days",
        bands=bands,
        model=replace(model, distributions=distributions, otherwise=otherwise),
    )


def telling_network() -> Network:
    """The network. A red flag reads the swelling, but not the fever, the clot or the smoking."""
    findings = {
        **TINY.findings,
        "swelling_noticed": replace(
            TINY.findings["swelling_noticed"], synonyms=("swollen elbow", "elbow has blown up", "puffy elbow")
        ),
        "onset": replace(
            TINY.findings["onset"],
            synonyms=("how it started",),
            state_synonyms={"sudden": ("out of the blue", "all of a sudden"), "gradual": ("crept up on me",)},
        ),
        "pain_on_grip": replace(TINY.findings["pain_on_grip"], synonyms=("gripping hurts", "can't grip without pain")),
        "duration": _duration(),
        "fever": _asked("fever", "Do you have a fever?", "fever", "temperature"),
        "chills": _asked("chills", "Do you have chills?", "chills", "shivering"),
        "earlier_clot": _asked("earlier_clot", "Have you ever had a blood clot?", "blood clot", "thrombosis"),
        "smoking": _asked("smoking", "Do you smoke?", "smoke", "smoker"),
        "family_clot": _asked("family_clot", "Has a parent or a brother had a clot?", "mother had a clot"),
        "weight_loss": _asked("weight_loss", "Have you lost weight?", "lost weight", "lost weight without trying"),
    }
    return replace(TINY, findings=findings)
