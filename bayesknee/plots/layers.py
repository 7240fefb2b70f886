"""A network as four layers of nodes - risk factors, conditions, signs, findings - and the links between them.

Findings that depend on conditions directly are bundled by topic: the bundle stands where a sign would, so that links go
from one layer to the next only. What is here is plain data; `bayesknee.plots.network_drawing` draws it.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

from immutabledict import immutabledict

from bayesknee.errors import ConditionError, unknown_text
from bayesknee.knowledge.chances import rule_chances
from bayesknee.knowledge.model import (
    NO_YES,
    Condition,
    Finding,
    FindingModel,
    NoisyOr,
    Reading,
    Sign,
    condition_of,
    parents_of,
)
from bayesknee.knowledge.network import Network
from bayesknee.patient.answer_words import state_text

NodeKind: TypeAlias = Literal["risk_factor", "condition", "sign", "bundle", "history", "exam", "test", "findings"]
GLYPHS: Final = immutabledict(
    history="\N{WHITE CIRCLE}", exam="\N{WHITE SQUARE}", test="\N{WHITE UP-POINTING TRIANGLE}"
)
RISKS, CONDITIONS, SIGNS, FINDINGS = range(4)
NAMES: Final = ("risk factors", "conditions", "signs and topics")
# Strength, from 0 to 1, of a link that no one probability stands for: seen, but not striking. Judged.
MIDDLING: Final = 0.4
LONGEST_UNBROKEN: Final = 42  # characters
REST: Final = "rest"


@dataclass(frozen=True)
class DrawnNode:
    """Something with a name in a layer; `note` is what the numbers say of it."""

    id: str
    label: str
    kind: NodeKind
    note: str = ""


@dataclass(frozen=True)
class DrawnLink:
    """From a node to one of the next layer, or from condition to condition; strength from 0 to 1."""

    source: str
    target: str
    strength: float
    condition: str


@dataclass(frozen=True)
class Layers:
    """What is drawn.

    Attributes:
        nodes: the four layers; each finding belongs to one node of the third, its owner.
        owners: by finding id.
        links: all of them.
    """

    nodes: tuple[list[DrawnNode], list[DrawnNode], list[DrawnNode], list[DrawnNode]] = field(
        default_factory=lambda: ([], [], [], [])
    )
    owners: dict[str, str] = field(default_factory=dict)
    links: list[DrawnLink] = field(default_factory=list)


def layers_of(network: Network) -> Layers:
    """The whole network."""
    layers = Layers()
    for condition in network.conditions.values():
        layers.nodes[CONDITIONS].append(DrawnNode(condition.id, condition.name, "condition"))
        layers.links.extend(_risk_links(condition))
    layers.nodes[RISKS].extend(
        DrawnNode(factor.id, factor.label, "risk_factor") for factor in network.risk_factors.values()
    )
    for sign in network.signs.values():
        layers.nodes[SIGNS].append(DrawnNode(sign.id, sign.label, "sign"))
        layers.links.extend(_cause_links(network, sign))
    _add_bundles(layers, network, network.findings.values())
    for finding in network.findings.values():
        _add_finding(layers, finding, "")
    return layers


def layers_around(network: Network, condition: str) -> Layers:
    """What bears on one condition: what makes it likelier, what it leads to - most telling first - with the numbers.

    Raises:
        ConditionError: the network has no such condition.
    """
    check_condition(network, condition)
    layers = Layers()
    centre = network.conditions[condition]
    layers.nodes[CONDITIONS].append(DrawnNode(condition, centre.name, "condition"))
    layers.nodes[RISKS].extend(_parents(network, centre))
    layers.links.extend(_risk_links(centre))
    layers.nodes[SIGNS].extend(_led_to(network, condition))
    bearing = [finding for finding in network.findings.values() if _bears_on(finding, condition, layers)]
    _add_bundles(layers, network, bearing)
    for node in layers.nodes[SIGNS]:
        layers.links.append(_link_around(network, condition, node))
    for finding in bearing:
        _add_finding(layers, finding, _finding_note(finding, condition))
    return layers


def gathered(layers: Layers) -> Layers:
    """The same with one node for all findings of an owner: their names, each behind the mark of its kind."""
    names: dict[str, list[str]] = {}
    for node in layers.nodes[FINDINGS]:
        names.setdefault(layers.owners[node.id], []).append(marked(node))
    nodes = [DrawnNode(f"findings of {owner}", "   ".join(labels), "findings") for owner, labels in names.items()]
    links = [link for link in layers.links if link.source not in layers.owners.values()]
    links += [DrawnLink(owner, f"findings of {owner}", MIDDLING, "") for owner in names]
    return Layers((*layers.nodes[:3], nodes), {f"findings of {owner}": owner for owner in names}, links)


def marked(node: DrawnNode) -> str:
    """The name of a finding behind the mark of its kind; a short one in one line, where there is room for that."""
    told = f"{GLYPHS[node.kind]} {node.label}"
    return (
        told.replace(" ", "\N{NO-BREAK SPACE}")
        if len(told) <= LONGEST_UNBROKEN
        else told.replace(" ", "\N{NO-BREAK SPACE}", 1)
    )


def counted(layers: Layers) -> Layers:
    """The same without notes and findings; each owner tells how many it has."""
    counts = Counter(layers.owners.values())
    for node in layers.nodes[FINDINGS]:
        if node.kind == "findings":
            counts[layers.owners[node.id]] = sum(node.label.count(glyph) for glyph in GLYPHS.values())
    risks, conditions, signs = (
        [
            replace(node, note="", label=f"{node.label} ({counts[node.id]})" if counts[node.id] else node.label)
            for node in nodes
        ]
        for nodes in layers.nodes[:FINDINGS]
    )
    return Layers((risks, conditions, signs, []), {}, layers.links)


def strongest(layers: Layers, most: int) -> Layers:
    """The same with at most so many nodes in each layer, those with the strongest links; the others become one."""
    for layer in (RISKS, CONDITIONS, SIGNS):
        if len(layers.nodes[layer]) > most:
            layers = _folded(layers, layer, most - 1)
    return layers


def _folded(layers: Layers, layer: int, kept: int) -> Layers:
    strength: Counter[str] = Counter()
    for link in layers.links:
        strength.update({link.source: link.strength, link.target: link.strength})
    names = {node.id for node in sorted(layers.nodes[layer], key=lambda node: -strength[node.id])[:kept]}
    rest = f"{REST} {layer}"  # no id has a blank
    others = {node.id: rest for node in layers.nodes[layer] if node.id not in names}
    nodes = list(layers.nodes)
    kind: NodeKind = "risk_factor" if layer == RISKS else "bundle"
    nodes[layer] = [node for node in nodes[layer] if node.id in names]
    nodes[layer].append(DrawnNode(rest, f"{len(others)} more {NAMES[layer]}", kind))
    links: dict[tuple[str, str, str], DrawnLink] = {}
    for link in layers.links:
        ends = others.get(link.source, link.source), others.get(link.target, link.target)
        one = replace(link, source=ends[0], target=ends[1])
        if ends[0] != ends[1] and link.strength >= links.get((*ends, link.condition), one).strength:
            links[*ends, link.condition] = one
    return Layers((nodes[0], nodes[1], nodes[2], nodes[3]), layers.owners, list(links.values()))


def check_condition(network: Network, name: str) -> None:
    """Raises where the network has no such condition.

    Raises:
        ConditionError: with a hint.
    """
    if name not in network.conditions:
        raise ConditionError(unknown_text("condition", name, network.conditions, f"of network {network.id}"))


# --- links ---------------------------------------------------------------------------------------------------------


def _risk_links(condition: Condition) -> Iterator[DrawnLink]:
    """Three times the odds count as middling, ten times as strong."""
    for parent, ratios in condition.odds_ratios.items():
        highest = max(abs(math.log(ratio.value)) for ratio in ratios.values())
        yield DrawnLink(parent, condition.id, min(highest / math.log(10.0), 1.0), condition.id)


def _cause_links(network: Network, sign: Sign) -> Iterator[DrawnLink]:
    """From the conditions that it names; signs that hang on one another stand side by side, without a line."""
    causes = (name for name in _named(sign.model) if name in network.conditions)
    return (DrawnLink(cause, sign.id, _chance(network, sign, cause), cause) for cause in causes)


def _named(model: FindingModel) -> tuple[str, ...]:
    """The conditions and signs that a model names, itself or by their forms."""
    return tuple(dict.fromkeys(map(condition_of, parents_of(model))))


def _chance(network: Network, sign: Sign, *conditions: str) -> float:
    """P(sign | exactly these conditions), each in the form in which it is highest."""
    forms = itertools.product(*(network.conditions[name].causes for name in conditions))
    return max(rule_chances(sign.model, NO_YES, causes)[1] for causes in forms)


def _direct_causes(finding: Finding) -> tuple[str, ...]:
    return () if isinstance(finding.model, Reading) else _named(finding.model)


def _add_bundles(layers: Layers, network: Network, findings: Iterable[Finding]) -> None:
    """A bundle for each topic that has direct findings, thick where many of them hang on one condition."""
    direct = [finding for finding in findings if not isinstance(finding.model, Reading)]
    for topic in (name for name in network.topics if any(finding.topic == name for finding in direct)):
        members = [finding for finding in direct if finding.topic == topic]
        layers.nodes[SIGNS].append(DrawnNode(_bundle(topic), network.topics[topic], "bundle"))
        shown = {node.id for node in layers.nodes[CONDITIONS]}
        for condition in (name for name in network.conditions if name in shown):
            if count := sum(condition in _direct_causes(finding) for finding in members):
                layers.links.append(DrawnLink(condition, _bundle(topic), count / len(members), condition))


def _bundle(topic: str) -> str:
    return f"topic {topic}"  # no id has a blank


def _add_finding(layers: Layers, finding: Finding, note: str) -> None:
    model = finding.model
    owner = model.sign if isinstance(model, Reading) else _bundle(finding.topic)
    strength = model.sensitivity.value if isinstance(model, Reading) else MIDDLING
    layers.nodes[FINDINGS].append(DrawnNode(finding.id, finding.label, finding.kind, note))
    layers.owners[finding.id] = owner
    layers.links.append(DrawnLink(owner, finding.id, strength, ""))


# --- around one condition ------------------------------------------------------------------------------------------


def _parents(network: Network, condition: Condition) -> Iterator[DrawnNode]:
    for parent, ratios in condition.odds_ratios.items():
        factor = network.risk_factors.get(parent)
        state, ratio = max(ratios.items(), key=lambda item: abs(math.log(item[1].value)))
        label = factor.label if factor else network.conditions[parent].name
        yield DrawnNode(
            parent,
            label,
            "risk_factor" if factor else "condition",
            f"{state_text(network, parent, state)}: odds x {ratio.value:.3g}",
        )


def _led_to(network: Network, condition: str) -> Iterator[DrawnNode]:
    for child in network.conditions.values():
        if condition in child.odds_ratios:
            ratios = child.odds_ratios[condition]
            note = ", ".join(f"{state}: odds x {ratio.value:.3g}" for state, ratio in ratios.items())
            yield DrawnNode(child.id, child.name, "condition", note)
    caused = [sign for sign in network.signs.values() if condition in _named(sign.model)]
    for sign in sorted(caused, key=lambda sign: _lift(network, sign, condition), reverse=True):
        note = _note(_chance(network, sign, condition), _chance(network, sign))
        yield DrawnNode(sign.id, sign.label, "sign", note)


def _lift(network: Network, sign: Sign, condition: str) -> float:
    """How much more often with the condition than without any cause."""
    without = _chance(network, sign)
    return _chance(network, sign, condition) / without if without else math.inf


def _note(with_cause: float, without: float) -> str:
    return f"{_percent(with_cause)} (without a cause {_percent(without)})"


def _percent(share: float) -> str:
    return f"{100.0 * share:.3g} %"


def _bears_on(finding: Finding, condition: str, layers: Layers) -> bool:
    if isinstance(finding.model, Reading):
        return any(node.id == finding.model.sign for node in layers.nodes[SIGNS])
    return condition in _direct_causes(finding)


def _link_around(network: Network, condition: str, node: DrawnNode) -> DrawnLink:
    if node.kind == "sign":
        return DrawnLink(condition, node.id, _chance(network, network.signs[node.id], condition), condition)
    return DrawnLink(condition, node.id, MIDDLING, condition)


def _finding_note(finding: Finding, condition: str) -> str:
    model = finding.model
    if isinstance(model, Reading):
        return f"sens. {_percent(model.sensitivity.value)}, spec. {_percent(model.specificity.value)}"
    if isinstance(model, NoisyOr):
        return _note(
            max(number.value for cause, number in model.causes.items() if condition_of(cause) == condition),
            model.leak.value,
        )
    stated = next(cause for cause in parents_of(model) if condition_of(cause) == condition)
    shares = zip(finding.states, rule_chances(model, finding.states, [stated]), strict=True)
    state, share = max(shares, key=lambda pair: pair[1])
    return f"most often {finding.state_words(state)}, {_percent(share)}"
