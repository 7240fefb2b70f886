"""The authoring report: what a valid network rests on, and where it is weak."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from immutabledict import immutabledict

from bayesknee.arrays import Integers, Vector
from bayesknee.authoring.dangers import (
    OverLimit,
    asked_whatever_they_say,
    flags_in_no_list,
    over_limit_without_answers,
)
from bayesknee.inference.cause_sets import can_enumerate, network_sets
from bayesknee.inference.cpds import reading_table
from bayesknee.inference.drawn_states import draw_each
from bayesknee.inference.enumeration.clusters import ClusterTables
from bayesknee.inference.enumeration.subset_tables import SubsetTables
from bayesknee.inference.products import vector_product
from bayesknee.knowledge.model import ANSWERED_BY, GRADES, Finding, Number, Path, Probability, Reading
from bayesknee.knowledge.network import Network, check_setting
from bayesknee.knowledge.synonyms import shared_synonyms

SAMPLES: Final = 1000  # patients for each condition: the standard error of an overlap is then below 0.016
LISTED: Final = 10  # entries of a list; judged: an author mends the worst ones first


@dataclass(frozen=True)
class Overlap:
    """How badly all findings of one kind separate two conditions.

    Attributes:
        one, other: ids of the conditions.
        overlap: the overlapping coefficient of the two distributions over answers, the sum of
            min(P(e | only one), P(e | only other)). It is 1 if the answers never separate the conditions, and 0 if they
            always do. From even odds, half of it is the expected probability of choosing the wrong one.
    """

    one: str
    other: str
    overlap: float


@dataclass(frozen=True)
class Report:
    """The authoring report.

    Attributes:
        setting: the care setting of the priors.
        counts: the number of entries by part of the network; findings also by kind.
        grades: the number of numbers by grade.
        overlaps: the pairs of conditions that findings separate worst, by kind of finding, worst first.
        weak_findings: the findings with the least mutual information with the conditions, in bits, least first; without
            those that a red flag reads or another question hangs on, which are asked whatever they say.
        over_limit: must-not-miss conditions that are over their limit without answers, by setting.
        flags_in_no_list: ids of red flags of which no opening question and no list asks for anything.
        wide_numbers: path, number and width of the numbers with the widest ranges, widest first. Widths are in natural
            logs: of the odds of a probability, of any other number itself (odds ratios, weights).
        unused: ids of references that no number or red flag cites, of signs that no finding reads, and of topics
            without questions, by kind.
        shared_synonyms: the questions by a phrase that several of them have, so that whoever says it has to be asked
            which is meant.
    """

    setting: str
    counts: Mapping[str, int]
    grades: Mapping[str, int]
    overlaps: Mapping[str, Sequence[Overlap]]
    weak_findings: Sequence[tuple[str, float]]
    over_limit: Sequence[OverLimit]
    flags_in_no_list: Sequence[str]
    wide_numbers: Sequence[tuple[Path, Number, float]]
    unused: Mapping[str, Sequence[str]]
    shared_synonyms: Mapping[str, Sequence[str]]


def report(network: Network, setting: str | None = None, samples: int = SAMPLES, seed: int = 0) -> Report:
    """The authoring report of `network`.

    Args:
        network: a network. With more sets of causes than can be summed over, overlaps and weak findings are left out.
        setting: the care setting whose priors are used; the first one by default.
        samples: patients sampled for each condition, for the overlaps, 1 or more. The standard error of an overlap is
            below 0.5 / sqrt(samples).
        seed: of the sampling. The same seed gives the same report.

    Raises:
        SettingError: the network has no such setting.
        InferenceError: base rates that cannot be met.
    """
    chosen = check_setting(network, setting)
    enumeration = SubsetTables(network, chosen) if can_enumerate(network) else None
    return Report(
        setting=chosen,
        counts=immutabledict(_counts(network)),
        grades=immutabledict(_grades(network)),
        overlaps=immutabledict(
            {kind: _overlaps(enumeration, kind, samples, seed) for kind in ANSWERED_BY} if enumeration else {}
        ),
        weak_findings=_weak_findings(network, enumeration) if enumeration else (),
        over_limit=tuple(over_limit_without_answers(network)),
        flags_in_no_list=tuple(flags_in_no_list(network)),
        wide_numbers=_wide_numbers(network),
        unused=immutabledict(_unused(network)),
        shared_synonyms=immutabledict(shared_synonyms(network.questions.values())),
    )


def _counts(network: Network) -> dict[str, int]:
    parts = (
        "settings",
        "conditions",
        "groups",
        "risk_factors",
        "signs",
        "findings",
        "red_flags",
        "scores",
        "general_advice",
        "references",
    )
    kinds = Counter[str](finding.kind for finding in network.findings.values())
    return {part: len(getattr(network, part)) for part in parts} | {kind: kinds[kind] for kind in ANSWERED_BY}


def _grades(network: Network) -> dict[str, int]:
    found = Counter(number.grade for _, number in network.numbers())
    return {grade: found[grade] for grade in GRADES}


def _unused(network: Network) -> dict[str, list[str]]:
    cited = {number.source for _, number in network.numbers()}
    rules = (network.red_flags, network.scores, network.general_advice)
    cited |= {rule.source for section in rules for rule in section.values()}
    cited |= {exclusion.source for flag in network.red_flags.values() for exclusion in flag.unless}
    cited |= {cut_off.source for question in network.questions.values() for cut_off in question.cut_offs.values()}
    read = {sign for finding in network.findings.values() for sign in network.signs_above(finding.model)}
    topics = {question.topic for question in network.questions.values()}
    return {
        "references": [name for name in network.references if name not in cited],
        "signs": [name for name in network.signs if name not in read],
        "topics": [name for name in network.topics if name not in topics],
    }


def _wide_numbers(network: Network) -> list[tuple[Path, Number, float]]:
    widths = [(path, number, _width(number)) for path, number in network.numbers() if not number.certain]
    return sorted(widths, key=lambda width: -width[2])[:LISTED]


def _width(number: Number) -> float:
    if isinstance(number, Probability):
        return float(np.log(number.high / (1 - number.high)) - np.log(number.low / (1 - number.low)))
    return float(np.log(number.high / number.low))


def _weak_findings(network: Network, enumeration: SubsetTables) -> list[tuple[str, float]]:
    """The findings with the least mutual information between answer and set of conditions."""
    prior = enumeration.prior({})
    needed = asked_whatever_they_say(network)
    bits = {
        finding.id: _information(prior, _answer_table(network, finding, enumeration.table))
        for finding in network.findings.values()
        if finding.id not in needed
    }
    return sorted(bits.items(), key=lambda item: item[1])[:LISTED]


def _answer_table(network: Network, finding: Finding, table: Callable[[str], Vector]) -> Vector:
    """P(answer | s), shape (states, subsets), hidden signs summed out."""
    if isinstance(finding.model, Reading) and finding.id not in network.clustered:
        return reading_table(finding.model) @ table(finding.model.sign)
    return table(finding.id)


def _information(prior: Vector, table: Vector) -> float:
    """Mutual information in bits of an answer, shape (states, subsets), with the subset of conditions."""
    return _entropy(vector_product(table, prior)) - float(vector_product(_entropies(table), prior))


def _entropies(table: Vector) -> Vector:
    return np.asarray(-(table * np.log2(np.where(table > 0.0, table, 1.0))).sum(axis=0), dtype=np.float64)


def _entropy(distribution: Vector) -> float:
    return float(_entropies(distribution[:, None])[0])


# --- overlaps --------------------------------------------------------------------------------------------------------


def _overlaps(tables: SubsetTables, kind: str, samples: int, seed: int) -> list[Overlap]:
    """The pairs of conditions whose patients answer the findings of `kind` most alike, if all gates hold."""
    with np.errstate(divide="ignore"):  # answers that another condition cannot bring
        log_likelihoods = _sampled_log_likelihoods(tables, kind, samples, np.random.default_rng(seed))
        by_condition, condition_of, shares = _of_conditions(tables, log_likelihoods)
    under_truth = by_condition[np.arange(len(condition_of)), :, condition_of]
    of_forms = np.exp(np.minimum(0.0, by_condition - under_truth[:, :, None])).mean(axis=1)
    kept = np.zeros((by_condition.shape[2],) * 2)
    np.add.at(kept, condition_of, shares[:, None] * of_forms)
    pairs = [
        Overlap(one, other, float(kept[a, b] + kept[b, a]) / 2)
        for (a, one), (b, other) in combinations(enumerate(tables.network.conditions), 2)
    ]
    return sorted(pairs, key=lambda overlap: -overlap.overlap)[:LISTED]


def _of_conditions(tables: SubsetTables, log_likelihoods: Vector) -> tuple[Vector, Integers, Vector]:
    """log P(answers | only condition b), its forms at their shares, shape (causes, patient, conditions).

    And by cause, a condition or one of its forms, the number of its condition and its share there.
    """
    sets = tables.sets
    condition_of = np.array(sets.condition_of)
    shares = tables.shares[sets.singles] if sets.has_forms else np.ones(len(condition_of))
    by_condition = np.full((*log_likelihoods.shape[:2], len(tables.network.conditions)), -np.inf)
    for cause, condition in enumerate(condition_of):
        with_share = log_likelihoods[..., cause] + np.log(shares[cause])
        by_condition[..., condition] = np.logaddexp(by_condition[..., condition], with_share)
    return by_condition, condition_of, shares


def _sampled_log_likelihoods(tables: SubsetTables, kind: str, samples: int, rng: np.random.Generator) -> Vector:
    """log P(answers | only cause b) of patients sampled with only cause a; shape (a, patient, b).

    A cause is a condition, or one of its forms.
    """
    network, table = tables.network, tables.table
    singles = network_sets(network).singles
    n = len(singles)
    total = np.zeros((n, samples, n))
    by_sign: dict[str, list[Reading]] = {}
    for finding in network.findings.values():
        if finding.kind != kind or finding.id in network.clustered:
            continue
        if isinstance(finding.model, Reading):
            by_sign.setdefault(finding.model.sign, []).append(finding.model)
        else:
            total += _sampled_direct(table(finding.id)[:, singles], samples, rng)
    for sign, readings in by_sign.items():
        total += _sampled_readings(table(sign)[1, singles], readings, samples, rng)
    for cluster in network.clusters.values():
        names = [name for name in cluster.findings if network.findings[name].kind == kind]
        total += _sampled_cluster(tables.clusters[cluster.id], names, singles, samples, rng)
    return total


def _sampled_direct(probabilities: Vector, samples: int, rng: np.random.Generator) -> Vector:
    """As `_sampled_log_likelihoods`, of one finding with P(answer | only condition), shape (states, n)."""
    thresholds = probabilities.cumsum(axis=0)[:-1].T
    answers = (rng.random((len(thresholds), samples, 1)) > thresholds[:, None, :]).sum(axis=2)
    logs: Vector = np.take(np.log(probabilities), answers, axis=0)
    return logs


def _sampled_cluster(
    tables: ClusterTables, names: Sequence[str], singles: Integers, samples: int, rng: np.random.Generator
) -> Vector:
    """As `_sampled_log_likelihoods`, of these findings of one cluster of signs."""
    joint = tables.joint({})[:, singles]
    signs, n = joint.shape
    states = np.indices((2,) * (signs.bit_length() - 1)).reshape(-1, signs).repeat(n, axis=1)
    chances = [tables.given_signs(name, states, np.tile(singles, signs)).reshape(signs, n, -1) for name in names]
    total = np.empty((n, samples, n))
    for a in range(n):
        drawn = draw_each(np.broadcast_to(joint[:, a], (samples, signs)), rng)
        likelihood = joint.T[:, None]
        for chance in chances:
            answers = draw_each(chance[drawn, a], rng)
            likelihood = likelihood * chance[:, :, answers].transpose(1, 2, 0)
        total[a] = np.log(likelihood.sum(axis=2)).T
    return total


def _sampled_readings(present: Vector, readings: Sequence[Reading], samples: int, rng: np.random.Generator) -> Vector:
    """As `_sampled_log_likelihoods`, of all readings of one sign with P(sign | only condition), shape (n,)."""
    is_there = (rng.random((len(present), samples)) < present[:, None]).astype(np.intp)
    likelihood = np.ones((2, len(present), samples))
    for reading in readings:
        matrix = reading_table(reading)
        answers = (rng.random(is_there.shape) < matrix[1][is_there]).astype(np.intp)
        likelihood *= np.moveaxis(matrix[answers], -1, 0)
    absent_term: Vector = likelihood[0][:, :, None] * (1 - present)
    present_term: Vector = likelihood[1][:, :, None] * present
    return np.log(absent_term + present_term)
