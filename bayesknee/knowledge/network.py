"""A whole network: its parts, checked against one another when it is made. An invalid one cannot exist."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from itertools import groupby
from typing import Final

from immutabledict import immutabledict

from bayesknee.errors import NetworkError, SettingError, unknown_text
from bayesknee.knowledge.general_advice import GeneralAdvice
from bayesknee.knowledge.guideline_scores import GuidelineScore
from bayesknee.knowledge.model import (
    ANSWERED_BY,
    NO_YES,
    NODES,
    OF_FORM,
    Condition,
    Finding,
    FindingModel,
    Group,
    Number,
    Path,
    Question,
    Reading,
    RedFlag,
    Reference,
    RiskFactor,
    Setting,
    Sign,
    gates_of,
    numbers_below,
    parents_of,
)
from bayesknee.knowledge.opening import Opening
from bayesknee.knowledge.pictures import Picture
from bayesknee.knowledge.scope import Scope
from bayesknee.markup import render
from bayesknee.plain import attributes
from bayesknee.words import folded

# What an answer is about, where that is no sign; with a blank, so that no sign can have the name.
RISK_FACTORS: Final = "risk factors"
CONDITIONS: Final = "the conditions"
DIRECT: Final = "direct findings"

MOST_SHOWN: Final = 40  # questions, in a notebook


@dataclass(frozen=True)
class SignCluster:
    """Signs that depend on one another given the conditions, so that inference sums over them jointly.

    They are tied by a sign that hangs on another one, or by a finding that hangs on several, or on one and on
    conditions besides. A sign with a table makes a cluster by itself, too.

    Attributes:
        id: what answers to its findings are about; with a blank, so that no sign can have the name.
        signs: their ids, parents before children.
        findings: the ids of all findings that hang on them, readings included.
    """

    id: str
    signs: tuple[str, ...]
    findings: tuple[str, ...]


class Questions(immutabledict[str, Question]):
    """Questions by id, which a notebook shows as a table."""

    def __repr__(self) -> str:
        return f"<{len(self)} questions>"

    def _repr_html_(self) -> str:
        first = list(self.values())[:MOST_SHOWN]
        by_topic = [(topic, list(group)) for topic, group in groupby(first, key=lambda each: each.topic)]
        return render("questions", by_topic=by_topic, more=max(len(self) - MOST_SHOWN, 0))


@dataclass(frozen=True)
class Network:
    """A whole network, checked. Mappings go from id to object and keep the order of the files.

    Attributes:
        pictures: to point at, by id of the question; see `bayesknee.knowledge.pictures`.
        complaint: what the patient presents with; empty for a network without a presenting complaint.
        catch_all: the condition that stands for "none of the named ones"; empty where there is none.
        most_causes: how many conditions are the cause together at most; None for any number.
        icd10_edition: the year of the edition of ICD-10 that its codes are of; empty where that is not stated.
        sha256: over the files it was read from; empty for one that was made in memory.

    Raises:
        NetworkError: with everything that is wrong.
    """

    id: str
    version: str
    title: str
    settings: Mapping[str, Setting]
    topics: Mapping[str, str]
    references: Mapping[str, Reference]
    risk_factors: Mapping[str, RiskFactor]
    conditions: Mapping[str, Condition]
    signs: Mapping[str, Sign]
    findings: Mapping[str, Finding]
    groups: Mapping[str, Group] = field(default_factory=immutabledict)
    red_flags: Mapping[str, RedFlag] = field(default_factory=immutabledict)
    scores: Mapping[str, GuidelineScore] = field(default_factory=immutabledict)
    general_advice: Mapping[str, GeneralAdvice] = field(default_factory=immutabledict)
    opening: Opening = field(default_factory=Opening)
    scope: Scope = field(default_factory=Scope)
    pictures: Mapping[str, Picture] = field(default_factory=immutabledict)
    description: str = ""
    complaint: str = ""
    catch_all: str = ""
    caution: str = ""
    most_causes: int | None = None
    icd10_edition: str = ""
    sha256: str = ""

    def __post_init__(self) -> None:
        from bayesknee.knowledge.checks import find_problems

        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, Mapping):
                object.__setattr__(self, each.name, immutabledict(value))
        if problems := find_problems(self):
            raise NetworkError(problems)

    @cached_property
    def questions(self) -> Questions:
        """All that can be asked: risk factors, then findings."""
        return Questions({**self.risk_factors, **self.findings})

    @cached_property
    def states(self) -> Mapping[str, tuple[str, ...]]:
        """The states of all that can be known of a patient, by id: risk factors, findings, conditions."""
        return immutabledict(self.states_by_id)

    @cached_property
    def states_by_id(self) -> dict[str, tuple[str, ...]]:
        """`states` as a plain dictionary, quicker to look up on a hot path. Not to be changed."""
        return {name: question.states for name, question in self.questions.items()} | dict.fromkeys(
            self.conditions, NO_YES
        )

    @cached_property
    def ids_by_label(self) -> Mapping[str, str]:
        """Ids of findings, risk factors and conditions by what they are called, `folded`; labels of one thing only."""
        labels = [(folded(question.label), question.id) for question in self.questions.values()]
        labels += [(folded(condition.name), condition.id) for condition in self.conditions.values()]
        counts = Counter(label for label, _ in labels)
        return immutabledict({label: name for label, name in labels if counts[label] == 1})

    @cached_property
    def causes(self) -> tuple[str, ...]:
        """How conditions can be causes: the ids of their forms, as `condition.form`, or their own."""
        return tuple(cause for condition in self.conditions.values() for cause in condition.causes)

    def cause_name(self, cause: str) -> str:
        """The name of a condition, or of a form with that of its condition."""
        condition, _, form = cause.partition(OF_FORM)
        name = self.conditions[condition].name
        return f"{name} ({self.conditions[condition].forms[form].name})" if form else name

    @cached_property
    def readings(self) -> dict[str, Reading]:
        """The readings by finding id, without findings that read no sign. A plain dictionary, not to be changed."""
        return {finding.id: finding.model for finding in self.findings.values() if isinstance(finding.model, Reading)}

    @cached_property
    def subjects(self) -> dict[str, str]:
        """What an answer is about, by id of risk factor, finding or condition. A plain dictionary, not to be changed.

        For a finding of a cluster of signs, it is the id of the cluster; for another one that reads a sign, the id of
        the sign; else `RISK_FACTORS`, `CONDITIONS` or `DIRECT`.
        """
        return {
            **dict.fromkeys(self.risk_factors, RISK_FACTORS),
            **dict.fromkeys(self.conditions, CONDITIONS),
            **dict.fromkeys(self.findings, DIRECT),
            **{name: reading.sign for name, reading in self.readings.items()},
            **{name: cluster.id for cluster in self.clusters.values() for name in cluster.findings},
        }

    @cached_property
    def clusters(self) -> Mapping[str, SignCluster]:
        """The clusters of signs by id; signs that are in none are noisy-ORs of conditions, and have readings only."""
        return immutabledict({cluster.id: cluster for cluster in _clusters(self)})

    @cached_property
    def clustered(self) -> Mapping[str, str]:
        """The id of its cluster for each sign that is in one, and for each finding that hangs on such a sign."""
        return immutabledict(
            {name: cluster.id for cluster in self.clusters.values() for name in (*cluster.signs, *cluster.findings)}
        )

    def signs_above(self, model: FindingModel) -> tuple[str, ...]:
        """The signs that a model hangs on, those that these hang on, and so on; parents before children."""
        found: dict[str, None] = {}
        for name in parents_of(model):
            if name in self.signs:
                found |= dict.fromkeys((*self.signs_above(self.signs[name].model), name))
        return tuple(found)

    @cached_property
    def gated(self) -> frozenset[str]:
        """The findings that are asked only if something else holds."""
        return frozenset(name for name, finding in self.findings.items() if finding.only_if)

    @cached_property
    def hanging(self) -> frozenset[str]:
        """The questions that may be answered by a number whose cut-offs hang on other answers."""
        return frozenset(name for name, question in self.questions.items() if question.cut_offs)

    @cached_property
    def numbers_read(self) -> frozenset[str]:
        """The questions of which a score reads the number, and not the state alone."""
        items = (item for score in self.scores.values() for item in score.items.values())
        return frozenset(name for item in items for name in item.number)

    @cached_property
    def asked_on_terms(self) -> frozenset[str]:
        """The questions that are asked only once, or not where, something else is known: `ask_once`, `ask_unless`."""
        return frozenset(name for name, question in self.questions.items() if question.ask_once or question.ask_unless)

    @cached_property
    def warning_signs(self) -> tuple[str, ...]:
        """The questions of which a yes may be alarming, first what red flags read; see `knowledge.warning_signs`."""
        from bayesknee.knowledge.warning_signs import find_warning_signs

        return find_warning_signs(self)

    @cached_property
    def gates(self) -> Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]]:
        """By gated finding, all that must hold for it to be asked: its gates, the gates of these, and so on.

        Each is the id of a finding or risk factor and the states that are allowed of it.
        """
        return immutabledict({name: tuple(dict.fromkeys(gates_of(name, self.findings))) for name in self.gated})

    @cached_property
    def gated_by(self) -> Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]]:
        """By gate, the findings that are asked only if it holds, each with the states that are allowed of the gate."""
        found: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
        for name, gates in self.gates.items():
            for gate, allowed in gates:
                found.setdefault(gate, []).append((name, allowed))
        return immutabledict({gate: tuple(each) for gate, each in found.items()})

    @cached_property
    def columns(self) -> dict[str, int]:
        """The number of each question, from 0, as in codes. A plain dictionary, not to be changed."""
        return {name: column for column, name in enumerate(self.questions)}

    @property
    def identity(self) -> dict[str, str]:
        """Id, version and SHA-256 as plain data: together they tell it from all other networks."""
        return attributes(self, ("id", "version", "sha256"))

    @property
    def default_setting(self) -> str:
        """The first setting of the network."""
        return next(iter(self.settings))

    def numbers(self) -> Iterator[tuple[Path, Number]]:
        """Every number with its path in the network's files."""
        for section in NODES:
            yield from numbers_below((section,), getattr(self, section))

    def __repr__(self) -> str:
        return (
            f"<Network {self.id} {self.version}: {len(self.conditions)} conditions, "
            f"{len(self.risk_factors)} risk factors, {len(self.signs)} signs, {len(self.findings)} findings>"
        )

    def _repr_html_(self) -> str:
        return render("network", network=self, kinds=tuple(ANSWERED_BY))


def is_single(network: Network) -> bool:
    """Whether each patient has just one of several conditions, so that base rates sum to 1."""
    return bool(network.complaint) and network.most_causes == 1 < len(network.conditions)


def _clusters(network: Network) -> Iterator[SignCluster]:
    """The connected parts of the signs, of which at least one link is not a plain reading."""
    above = {name: network.signs_above(sign.model) for name, sign in network.signs.items()}
    signs_of = {name: network.signs_above(finding.model) for name, finding in network.findings.items()}
    ties = [(*parents, name) for name, parents in above.items() if parents or network.signs[name].has_table]
    ties += [signs for name, signs in signs_of.items() if signs and name not in network.readings]
    while ties:
        part = set(ties.pop())
        while touching := [tie for tie in ties if part.intersection(tie)]:
            part.update(*touching)
            ties = [tie for tie in ties if tie not in touching]
        ordered = dict.fromkeys(each for name in network.signs if name in part for each in (*above[name], name))
        findings = tuple(name for name, signs in signs_of.items() if part.intersection(signs))
        yield SignCluster(f"the signs {', '.join(ordered)}", tuple(ordered), findings)


def check_setting(network: Network, setting: str | None) -> str:
    """`setting`, or the network's first one where it is None.

    Raises:
        SettingError: the network has no such setting.
    """
    if setting is None:
        return network.default_setting
    if setting in network.settings:
        return str.__str__(setting)  # an Enum of texts would be shown as something else
    meant = [each.id for each in network.settings.values() if folded(setting) in {folded(each.id), folded(each.name)}]
    if len(meant) == 1:
        return meant[0]
    raise SettingError(unknown_text("setting", setting, network.settings, f"of network {network.id}"))
