"""Interviews simulated with drawn patients: how many questions it takes, and what is lost by not asking all.

The patients are drawn from the network itself, or from networks whose every number was drawn anew in its range, while
the engine keeps its own numbers: the second is the honest test, for no network is right. Each policy asks the same
patients the same opening, and is stopped by the same rule. All patients of a policy go one question further at a time,
so that what the stop rule samples is worked out for all of them at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesknee.errors import QuestionError, did_you_mean, quoted
from bayesknee.inference.askable import askable, reachable
from bayesknee.inference.codes import NOT_KNOWN, Codes, nothing_known
from bayesknee.inference.engine import Engine
from bayesknee.inference.evidence import NOTHING_KNOWN, UNKNOWN, Evidence, check_evidence
from bayesknee.inference.look_ahead import AT_MOST, two_step_values
from bayesknee.inference.objectives import Objective, find_objective, information
from bayesknee.inference.questions import WORTH_LEAVING, Aim, Ranking, rank
from bayesknee.inference.sampling import Sample
from bayesknee.inference.stop import StopRule, open_dangers
from bayesknee.inference.subsets import Vector
from bayesknee.inference.triage import checked_limits, levels
from bayesknee.knowledge.model import LEVELS, Network
from bayesknee.knowledge.ranges import redrawn

SAMPLES: Final = 60
LOT: Final = 50
SOUGHT: Final = 4
OWN, REDRAWN = "own", "redrawn"
SOURCES: Final = (OWN, REDRAWN)
LIKELY_TO_CHANGE: Final = 0.15
POLICIES: Final = ("fixed", "random", "information", "ours", "look_ahead", "all")
AIMLESS: Final = ("fixed", "random")
BETWEEN_CHECKS: Final = 5  # questions that the aimless are asked between two looks at the stop rule
WORDS: Final[Mapping[str, str]] = {
    "fixed": "in the order of the network",
    "random": "in random order",
    "information": "plain information",
    "ours": "stakes, topic by topic",
    "look_ahead": "the same, two questions ahead",
    "all": "all questions",
}


class Patients(NamedTuple):
    """Patients who are interviewed.

    Attributes:
        conditions: what they have, bool of shape (patients, conditions).
        codes: what they answer, see `bayesknee.inference.codes`.
        sought: for those drawn because they have a must-not-miss condition its number, else -1; shape (patients,).
    """

    conditions: NDArray[np.bool_]
    codes: Codes
    sought: NDArray[np.intp]


class Played(NamedTuple):
    """What came of the interviews of one policy.

    Attributes:
        asked: questions put, the opening included; one to tick counts once; shape (patients,).
        posterior: P(condition | answers) at the end, shape (patients, conditions).
        called: number of the level of triage at the end, shape (patients,).
    """

    asked: NDArray[np.intp]
    posterior: Vector
    called: NDArray[np.int8]


@dataclass(frozen=True)
class Plan:
    """What to simulate.

    Attributes:
        engine: who asks.
        rule: when to stop; its `samples` are the patients drawn for each decision to stop.
        asked_of: who answers.
        worth_leaving: how much better another topic has to be; see `bayesknee.inference.questions.keep_to_topic`.
        objective: of the policies `ours` and `look_ahead`.
        seed: of all chance.
    """

    engine: Engine
    rule: StopRule = field(default_factory=lambda: StopRule(samples=SAMPLES))
    asked_of: tuple[str, ...] = ("patient",)
    worth_leaving: float = WORTH_LEAVING
    objective: str = "stakes"
    seed: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The questions that may be put."""
        questions = self.engine.network.questions
        return tuple(name for name, each in questions.items() if each.asked_of in self.asked_of)


def only_asked_of(network: Network, asked_of: Sequence[str]) -> Network:
    """The network without the findings that nobody is there to answer: the same posteriors, for less work."""
    findings = {name: each for name, each in network.findings.items() if each.asked_of in asked_of}
    known = findings.keys() | network.risk_factors.keys()
    flags = {}
    for flag in network.red_flags.values():
        when = tuple({name: states for name, states in line.items() if name in known} for line in flag.when)
        if all(when):
            flags[flag.id] = replace(flag, when=when)
    return replace(network, findings=findings, red_flags=flags)


# --- patients ---------------------------------------------------------------------------------------------------------


def draw_patients(engine: Engine, count: int, sought: int, rng: np.random.Generator) -> Patients:
    """Patients of the population, and besides for each must-not-miss condition some who have it.

    Args:
        engine: a network in a care setting.
        count: patients of the population.
        sought: patients for each must-not-miss condition.
        rng: source of chance.
    """
    drawn = [(engine.strategy.sample(NOTHING_KNOWN, count, rng), -1)]
    for number, condition in enumerate(engine.network.conditions.values()):
        if condition.must_not_miss and sought:
            given = check_evidence(engine.network, {condition.id: "yes"})
            drawn.append((engine.strategy.sample(given, sought, rng), number))
    return _together(drawn)


def _together(drawn: Sequence[tuple[Sample, int]]) -> Patients:
    return Patients(
        np.concatenate([sample.conditions for sample, _ in drawn]),
        np.concatenate([sample.codes for sample, _ in drawn]),
        np.concatenate([np.full(len(sample.codes), number) for sample, number in drawn]),
    )


def put_together(parts: Sequence[Patients]) -> Patients:
    """Patients of several networks with the same questions and conditions as one lot."""
    return Patients(*map(np.concatenate, zip(*parts, strict=True)))


def simulate(
    network: Network, setting: str | None, wanted: Wanted, progress: Callable[[int], None] = lambda _: None
) -> Iterator[tuple[str, str, Patients, Played]]:
    """The interviews of lot after lot, each lot of patients from a network of its own: source, policy, who, what came.

    Args:
        network: what the engine knows.
        setting: a care setting of it; its first one where left out.
        wanted: how many, and by which policies.
        progress: is told how many more interviews are over.

    Raises:
        QuestionError: there is no such policy.
    """
    small = only_asked_of(network, wanted.asked_of)
    engine = Engine(small, setting)
    plan = Plan(engine, wanted.rule, wanted.asked_of, seed=wanted.seed)
    for lot in range(wanted.lots):
        for source in SOURCES:
            rng = np.random.default_rng([wanted.seed, lot])
            drawer = engine
            if source == REDRAWN:
                drawer = Engine(only_asked_of(redrawn(network, rng), wanted.asked_of), engine.setting)
            patients = draw_patients(drawer, wanted.lot_size, wanted.sought, rng)
            for policy in wanted.policies:
                yield source, policy, patients, play(plan, policy, patients, progress)


@dataclass(frozen=True)
class Wanted:
    """What to simulate.

    Attributes:
        lots: how many lots of patients; each lot of the source `redrawn` has a network of its own.
        lot_size: patients of the population in a lot.
        sought: patients in a lot for each must-not-miss condition, who have it.
        policies: of `POLICIES`.
        rule: when to stop; its `samples` are the patients drawn for each decision to stop.
        asked_of: who answers.
        seed: of all chance.
    """

    lots: int
    lot_size: int = LOT
    sought: int = SOUGHT
    policies: tuple[str, ...] = POLICIES
    rule: StopRule = field(default_factory=lambda: StopRule(samples=SAMPLES))
    asked_of: tuple[str, ...] = ("patient",)
    seed: int = 7

    def __post_init__(self) -> None:
        for policy in self.policies:
            check_policy(policy)

    @property
    def interviews(self) -> int:
        """How many there will be, but for must-not-miss conditions that a network may not have."""
        return self.lots * self.lot_size * len(self.policies) * len(SOURCES)


def check_policy(policy: str) -> None:
    """Refuses a policy that there is not.

    Raises:
        QuestionError: with near names.
    """
    if policy not in POLICIES:
        hint = did_you_mean(policy, POLICIES) or f"known are {', '.join(POLICIES)}"
        raise QuestionError(f"unknown policy {quoted(policy)}; {hint}")


# --- interviews -------------------------------------------------------------------------------------------------------


class _Interviewed:
    """One patient in the course of an interview."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.answers: dict[str, str] = {}
        self.evidence: Evidence = NOTHING_KNOWN
        self.asked = 0
        self.topic = ""

    def answer(self, plan: Plan, names: Sequence[str], codes: Codes) -> None:
        """Puts a question, or several at once."""
        network = plan.engine.network
        for name in names:
            code = int(codes[self.number, list(network.questions).index(name)])
            self.answers[name] = UNKNOWN if code == NOT_KNOWN else network.states[name][code]
        self.evidence = check_evidence(network, self.answers)
        self.asked += 1
        if len(names) == 1:
            self.topic = network.questions[names[0]].topic


def play(plan: Plan, policy: str, patients: Patients, progress: Callable[[int], None] = lambda _: None) -> Played:
    """The interviews of one policy.

    Args:
        plan: what to simulate.
        policy: one of `POLICIES`.
        patients: who is asked.
        progress: is told how many more interviews are over.

    Raises:
        QuestionError: there is no such policy.
    """
    check_policy(policy)
    if policy == "all":
        progress(len(patients.codes))
        return _all_asked(plan, patients)
    every = [_Interviewed(number) for number in range(len(patients.codes))]
    for one in every:
        for names in _opening(plan):
            one.answer(plan, names, patients.codes)
    active = every
    while active:
        going_on = _step(plan, policy, active, patients.codes)
        progress(len(active) - len(going_on))
        active = going_on
    codes = nothing_known(plan.engine.network, len(every))
    for one in every:
        _fill(plan.engine.network, codes[one.number], one.answers)
    return _ended(plan, codes, np.array([one.asked for one in every]))


def _step(plan: Plan, policy: str, active: Sequence[_Interviewed], codes: Codes) -> list[_Interviewed]:
    """One more question, or some, for each patient whom the rule does not stop; those who were asked."""
    rankings = {one.number: _ranked(plan, one) for one in active}
    going_on = [one for one in active if not _is_over(plan, rankings[one.number])]
    settled = _settled(plan, [one for one in going_on if not _may_change(plan, rankings[one.number])], rankings)
    going_on = [one for one in going_on if one.number not in settled]
    choose = _Chooser(plan, policy)
    for one in going_on:
        if policy in AIMLESS:
            for _ in range(BETWEEN_CHECKS):
                if left := askable(plan.engine.network, one.evidence, plan.names):
                    one.answer(plan, [choose.aimless(one, left)], codes)
        else:
            one.answer(plan, [choose.next(one, rankings[one.number])], codes)
    return going_on


def _fill(network: Network, row: Codes, answers: Mapping[str, str]) -> None:
    columns = {name: column for column, name in enumerate(network.questions)}
    for name, answer in answers.items():
        if answer != UNKNOWN:
            row[columns[name]] = network.states[name].index(answer)


def _opening(plan: Plan) -> Iterator[tuple[str, ...]]:
    network = plan.engine.network
    for name in network.opening.questions:
        if name in network.questions:
            yield (name,)
        elif name in network.opening.tick_all:
            yield network.opening.tick_all[name].members


def _all_asked(plan: Plan, patients: Patients) -> Played:
    names = set(plan.names)
    others = [column for column, name in enumerate(plan.engine.network.questions) if name not in names]
    codes = patients.codes.copy()
    codes[:, others] = NOT_KNOWN
    return _ended(plan, codes, (codes != NOT_KNOWN).sum(axis=1))


def _ended(plan: Plan, codes: Codes, asked: NDArray[np.intp]) -> Played:
    marginals = np.asarray(plan.engine.strategy.infer_many(codes).marginals, np.float64)
    return Played(asked, marginals, levels(plan.engine.network, marginals, codes, limits=plan.rule.limits))


# --- the next question ------------------------------------------------------------------------------------------------


def _ranked(plan: Plan, one: _Interviewed) -> Ranking:
    return rank(plan.engine, one.evidence, Aim(plan.names, find_objective(plan.rule.objective)))


class _Chooser:
    """Chooses the next question by a policy."""

    def __init__(self, plan: Plan, policy: str) -> None:
        self._plan = plan
        self._policy = policy
        topics = {topic: place for place, topic in enumerate(plan.engine.network.topics)}
        self._topics = {name: topics[each.topic] for name, each in plan.engine.network.questions.items()}

    def aimless(self, one: _Interviewed, names: Sequence[str]) -> str:
        """By the network's order, or by chance, which for each patient and question is always the same."""
        if self._policy == "fixed":
            return min(names, key=lambda name: self._topics[name])
        return str(np.random.default_rng([self._plan.seed, one.number, one.asked]).choice(names))

    def next(self, one: _Interviewed, ranking: Ranking) -> str:
        names = ranking.outcomes.names
        if self._policy == "information":
            return names[int(self._values(information, ranking).argmax())]
        return self._by_topic(one, names, self._our_values(one, ranking))

    def _values(self, objective: Objective, ranking: Ranking) -> Vector:
        gains = objective(self._plan.engine.network, ranking.outcomes, ranking.marginals)
        return np.asarray(gains.sum(axis=1) / ranking.burdens)

    def _our_values(self, one: _Interviewed, ranking: Ranking) -> Vector:
        objective = find_objective(self._plan.objective)
        values = self._values(objective, ranking)
        if self._policy == "look_ahead":
            best = np.argsort(-values, kind="stable")[:AT_MOST].tolist()
            aim = Aim(self._plan.names, objective)
            own = ranking._replace(gains=objective(self._plan.engine.network, ranking.outcomes, ranking.marginals))
            ahead = np.full(len(values), -np.inf)
            ahead[best] = two_step_values(self._plan.engine, one.evidence, aim, own, best)
            return ahead
        return values

    def _by_topic(self, one: _Interviewed, names: Sequence[str], values: Vector) -> str:
        """As `keep_to_topic` has it."""
        here = [
            number for number, name in enumerate(names) if self._plan.engine.network.questions[name].topic == one.topic
        ]
        best = int(values.argmax())
        if here:
            own = max(here, key=lambda number: values[number])
            if values[own] * self._plan.worth_leaving >= values[best]:
                return names[own]
        return names[best]


# --- when to stop -----------------------------------------------------------------------------------------------------


def _is_over(plan: Plan, ranking: Ranking) -> bool:
    """Whether nothing is left, or nothing is worth its burden; not while a danger is open."""
    if not ranking.outcomes.names:
        return True
    limits = checked_limits(plan.engine.network, plan.rule.limits)
    return ranking.values.max() < plan.rule.least_value and not _in_danger(plan, ranking, limits)


def _in_danger(plan: Plan, ranking: Ranking, limits: Mapping[str, float]) -> bool:
    return any(open_dangers(plan.engine.network, ranking, limits))


def _may_change(plan: Plan, ranking: Ranking) -> bool:
    """Whether the decision is surely not settled: a danger is open, or one answer alone is likely to change it.

    To sample is dear, and such patients are most of them. In 133 states of 24 patients none that is passed over here
    was at the threshold.
    """
    network = plan.engine.network
    limits = checked_limits(network, plan.rule.limits)
    if _in_danger(plan, ranking, limits):
        return True
    outcomes = ranking.outcomes
    bounds = np.array(list(limits.values()))
    urgency = np.array([LEVELS.index(each.level) for each in network.conditions.values()])

    def decided(marginals: Vector) -> tuple[Vector, Vector]:
        leaders = marginals.argmax(axis=1)
        over = np.where(marginals >= bounds, urgency, len(LEVELS) - 1).min(axis=1)
        return leaders, np.minimum(over, urgency[leaders])

    leader, level = decided(ranking.marginals[None, :])
    leaders, called = decided(outcomes.posteriors)
    changes = outcomes.probabilities * ((leaders != leader) | (called != level))
    return bool(np.add.reduceat(changes, outcomes.starts[:-1]).max() > LIKELY_TO_CHANGE)


def _settled(plan: Plan, some: Sequence[_Interviewed], rankings: Mapping[int, Ranking]) -> set[int]:
    """Those whose same-decision probability is at the threshold; see `bayesknee.inference.stop`."""
    if not some or plan.rule.threshold >= 1.0:
        return set()
    network, samples = plan.engine.network, plan.rule.samples
    known = nothing_known(network, len(some))
    for row, one in zip(known, some, strict=True):
        _fill(network, row, one.answers)
    marginals = np.array([rankings[one.number].marginals for one in some])
    level = levels(network, marginals, known, limits=plan.rule.limits).repeat(samples)
    ended = _ended(plan, np.concatenate([_completed(plan, one) for one in some]), np.empty(0, np.intp))
    same = (ended.posterior.argmax(axis=1) == marginals.argmax(axis=1).repeat(samples)) & (ended.called == level)
    shares = same.reshape(len(some), samples).mean(axis=1)
    return {one.number for one, share in zip(some, shares, strict=True) if share >= plan.rule.threshold}


def _completed(plan: Plan, one: _Interviewed) -> Codes:
    """What patients drawn given these answers would answer to all that is left."""
    network = plan.engine.network
    left = set(reachable(network, one.evidence, plan.names)) | one.answers.keys()
    rng = np.random.default_rng([plan.seed, one.number, one.asked])
    codes = plan.engine.strategy.sample(one.evidence, plan.rule.samples, rng).codes.copy()
    codes[:, [column for column, name in enumerate(network.questions) if name not in left]] = NOT_KNOWN
    return codes
