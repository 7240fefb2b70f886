"""Interviews simulated with drawn patients: how many questions it takes, and what is lost by not asking all.

The patients are drawn from the network itself, or from networks whose every number was drawn anew in its range, while
the engine keeps its own numbers: the second is the honest test, for no network is right. Each policy asks the same
patients the same opening, and is stopped by the same rule; then, as in an interview, what could be a warning sign is
asked for. What is asked, and when to stop, is decided by the code that decides it in an interview, but that fewer
patients are drawn for the same-decision probability.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesknee.arrays import Vector
from bayesknee.diagnosis.asking.assessment import Assessment
from bayesknee.diagnosis.asking.candidates import Candidate, candidates, next_candidate, topic_of
from bayesknee.diagnosis.asking.objectives import information
from bayesknee.diagnosis.asking.same_decision import StopRule
from bayesknee.diagnosis.care_steps import CareSteps
from bayesknee.diagnosis.engine import Engine
from bayesknee.diagnosis.triage import levels
from bayesknee.errors import InferenceError, QuestionError, unknown_text
from bayesknee.inference.results import Sample
from bayesknee.knowledge.answer_lines import AnswerLine
from bayesknee.knowledge.guideline_scores import GuidelineScore
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.opening import SETTING, Opening
from bayesknee.knowledge.ranges import redrawn
from bayesknee.patient.askable import askable
from bayesknee.patient.codes import NOT_KNOWN, Codes, answers_of, only
from bayesknee.patient.evidence import NOTHING_KNOWN, check_evidence

# Patients drawn for a same-decision probability, which is estimated again and again in every interview. Fewer than an
# interview with a person has (400), so the standard error at the threshold is 0.03 in place of 0.01. Judged: the time
# is in proportion.
SAMPLES: Final = 60
# Patients for each redrawn network: more vary the network less for the same time, fewer make more engines; judged.
LOT: Final = 50
# With each must-not-miss condition: few of these are among 50 of the population. More take time; judged.
SOUGHT: Final = 4
AS_STATED, REDRAWN = "own", "redrawn"
SOURCES: Final = (AS_STATED, REDRAWN)
POLICIES: Final = ("fixed", "random", "one_by_one", "information", "ours", "look_ahead", "all_lists", "all")
AIMLESS: Final = ("fixed", "random")
COMPLETE: Final = ("all_lists", "all")
SHARES: Final[Mapping[str, float]] = {  # of the lots, for what is slow, or there to compare with
    "fixed": 0.125,
    "random": 0.125,
    "one_by_one": 0.25,
    "information": 0.25,
    "look_ahead": 0.025,
}
BETWEEN_CHECKS: Final = 5  # questions that the aimless are asked between two looks at the stop rule
WORDS: Final[Mapping[str, str]] = {
    "fixed": "in the order of the network",
    "random": "in random order",
    "one_by_one": "stakes, topic by topic, one question at a time",
    "information": "plain information, with lists",
    "ours": "stakes, topic by topic, with lists",
    "look_ahead": "the same, two questions ahead",
    "all_lists": "all questions, as lists",
    "all": "all questions, one at a time",
}


class DrawnPatients(NamedTuple):
    """Patients who are interviewed.

    Attributes:
        conditions: what they have, bool of shape (patients, conditions).
        codes: what they answer, see `bayesknee.patient.codes`.
        sought: for those drawn because they have a must-not-miss condition its number, else -1; shape (patients,).
    """

    conditions: NDArray[np.bool_]
    codes: Codes
    sought: NDArray[np.intp]


class Played(NamedTuple):
    """The results of the interviews of one policy.

    Attributes:
        asked: questions put, the opening included; a list counts once; shape (patients,).
        read: items read, each member of a list counted; shape (patients,).
        posterior: P(condition | answers) at the end, shape (patients, conditions).
        called: number of the level of triage at the end, shape (patients,).
    """

    asked: NDArray[np.intp]
    read: NDArray[np.intp]
    posterior: Vector
    called: NDArray[np.int8]


@dataclass(frozen=True)
class Simulation:
    """Who asks, who answers and when to stop, for interviews with any patients; see `Wanted` for how many.

    Attributes:
        engine: who asks.
        rule: when to stop; its `samples` are the patients drawn for each same-decision probability.
        asked_of: who answers.
        seed: of all chance.
    """

    engine: Engine
    rule: StopRule = field(default_factory=lambda: StopRule(samples=SAMPLES))
    asked_of: tuple[str, ...] = ("patient",)
    seed: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The questions that may be put."""
        questions = self.engine.network.questions
        return tuple(name for name, question in questions.items() if question.asked_of in self.asked_of)


def only_asked_of(network: Network, asked_of: Sequence[str]) -> Network:
    """The network without the findings that nobody is there to answer: the same posteriors, for less work."""
    findings = {name: finding for name, finding in network.findings.items() if finding.asked_of in asked_of}
    known = findings.keys() | network.risk_factors.keys()
    for name, each in findings.items():  # drawn answers are states, which need no number
        if any(cut_off.per not in known for cut_off in each.cut_offs.values()):
            findings[name] = replace(each, bands={}, cut_offs={}, unit="", out_of_scope="")
    flags = {}
    for flag in network.red_flags.values():
        when = _lines_of(flag.when, known)
        if all(when):  # an exception counts if all of its answers are stated, so one that nobody can state never does
            unless = tuple(exclusion for exclusion in flag.unless if known.issuperset(exclusion.when))
            flags[flag.id] = replace(flag, when=when, unless=unless)
    scores = {score.id: _score_of(score, known) for score in network.scores.values()}
    left = {name: score for name, score in scores.items() if all(score.applies_if)}
    opening = _opening_of(network.opening, known)
    return replace(network, findings=findings, red_flags=flags, scores=left, opening=opening)


def _opening_of(opening: Opening, known: Collection[str]) -> Opening:
    """The opening without questions that nobody is there to answer; a list that has one line left is no list."""
    members = {name: tuple(filter(known.__contains__, group.members)) for name, group in opening.tick_all.items()}
    lists = {
        name: replace(group, members=members[name])
        for name, group in opening.tick_all.items()
        if len(members[name]) > 1
    }
    questions = (
        each for name in opening.questions for each in ((name,) if name in lists else members.get(name, (name,)))
    )
    return Opening(tuple(name for name in questions if name in {SETTING, *known, *lists}), lists)


def _lines_of(lines: Iterable[AnswerLine], known: Collection[str]) -> tuple[AnswerLine, ...]:
    """Lines without questions that nobody is there to answer."""
    return tuple({name: states for name, states in line.items() if name in known} for line in lines)


def _score_of(score: GuidelineScore, known: Collection[str]) -> GuidelineScore:
    """A score without these questions; an item of which a line is left without any is one that is not asked."""
    items = {}
    for name, item in score.items.items():
        when = _lines_of(item.when, known)
        items[name] = replace(item, when=when if all(when) else ())
    return replace(score, items=items, applies_if=_lines_of(score.applies_if, known))


# --- patients ---------------------------------------------------------------------------------------------------------


def draw_patients(engine: Engine, count: int, sought: int, rng: np.random.Generator) -> DrawnPatients:
    """Patients of the population, and besides for each must-not-miss condition some who have it.

    Args:
        engine: a network in a care setting.
        count: patients of the population.
        sought: patients for each must-not-miss condition.
        rng: source of chance.
    """
    drawn = [(engine.compiled.strategy.sample(NOTHING_KNOWN, count, rng), -1)]
    for number, condition in enumerate(engine.network.conditions.values()):
        if condition.must_not_miss and sought:
            given = check_evidence(engine.network, {condition.id: "yes"})
            drawn.append((engine.compiled.strategy.sample(given, sought, rng), number))
    return _together(drawn)


def _together(drawn: Sequence[tuple[Sample, int]]) -> DrawnPatients:
    return DrawnPatients(
        np.concatenate([sample.conditions for sample, _ in drawn]),
        np.concatenate([sample.codes for sample, _ in drawn]),
        np.concatenate([np.full(len(sample.codes), number) for sample, number in drawn]),
    )


def simulate_interviews(
    network: Network, setting: str | None, wanted: Wanted, progress: Callable[[int], None] = lambda _: None
) -> Iterator[tuple[str, str, DrawnPatients, Played]]:
    """Yields source, policy, patients and interview results, for each lot (batch of patients), source and policy.

    Each lot of the source `redrawn` is drawn from another network, whose numbers are drawn anew for it.

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
    plan = Simulation(engine, wanted.rule, wanted.asked_of, seed=wanted.seed)
    for lot in range(wanted.lots):
        for source in SOURCES:
            rng = np.random.default_rng([wanted.seed, lot])
            drawer = engine
            if source == REDRAWN:
                drawer = Engine(only_asked_of(redrawn(network, rng), wanted.asked_of), engine.setting)
            patients = draw_patients(drawer, wanted.lot_size, wanted.sought, rng)
            for policy in wanted.in_lot(lot):
                yield source, policy, patients, play(plan, policy, patients, progress)


@dataclass(frozen=True)
class Wanted:
    """The size of a simulation, its policies, and the options of its interviews.

    Attributes:
        lots: how many lots of patients; each lot of the source `redrawn` is drawn from another network.
        lot_size: patients of the population in a lot.
        sought: patients in a lot for each must-not-miss condition, who have it.
        policies: of `POLICIES`.
        rule: when to stop; its `samples` are the patients drawn for each same-decision probability.
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

    def in_lot(self, lot: int) -> list[str]:
        """The policies that play this lot, numbered from 0; some policies play only the first lots."""
        return [policy for policy in self.policies if lot < max(1, round(self.lots * SHARES.get(policy, 1.0)))]

    @property
    def interviews(self) -> int:
        """The number of interviews, without those of patients sought for a must-not-miss condition."""
        return sum(len(self.in_lot(lot)) for lot in range(self.lots)) * self.lot_size * len(SOURCES)


def check_policy(policy: str) -> None:
    """Refuses a policy that is not in `POLICIES`.

    Raises:
        QuestionError: with near names.
    """
    if policy not in POLICIES:
        raise QuestionError(unknown_text("policy", policy, POLICIES))


# --- interviews -------------------------------------------------------------------------------------------------------


class _Interviewed:
    """One patient in the course of an interview."""

    def __init__(self, plan: Simulation, number: int, row: Codes) -> None:
        self.number = number
        self._plan, self._row = plan, row
        self._answers: dict[str, str] = {}
        self.asked = 0
        self.topic = ""

    @property
    def read(self) -> int:
        """How many items were read, each member of a list counted."""
        return len(self._answers)

    @property
    def codes(self) -> Codes:
        """The codes of the answers so far, shape (1, questions)."""
        return only(self._plan.engine.network, self._row[None, :], self._answers)

    @property
    def standing(self) -> Assessment:
        """The assessment of the answers so far: what could be asked now."""
        return Assessment(self._plan.engine.diagnose(self._answers), self._plan.names, self._plan.rule)

    def put(self, name: str, members: Sequence[str]) -> None:
        """Puts a question, or a list of questions, and records the answers. What cannot be asked now is left out."""
        network = self._plan.engine.network
        members = askable(network, check_evidence(network, self._answers), members)
        if not members:
            return
        self._answers |= answers_of(network, self._row, members)
        self.asked += 1
        self.topic = topic_of(self._plan.engine.network, name) or self.topic


def play(
    plan: Simulation, policy: str, patients: DrawnPatients, progress: Callable[[int], None] = lambda _: None
) -> Played:
    """Simulates the interviews of one policy.

    Args:
        plan: who asks, who answers and when to stop.
        policy: one of `POLICIES`.
        patients: who is asked.
        progress: is told how many more interviews are over.

    Raises:
        QuestionError: there is no such policy.
        InferenceError: patients who answered all questions are too much for exact work.
    """
    check_policy(policy)
    if policy in COMPLETE:
        progress(len(patients.codes))
        try:
            return _all_asked(plan, patients, lists=policy == "all_lists")
        except InferenceError as error:
            raise InferenceError(f"policy {policy}, all questions answered: {error}; or name other policies") from None
    if policy == "one_by_one":
        plan = replace(plan, rule=replace(plan.rule, lists=False))
    interviews = [_Interviewed(plan, number, row) for number, row in enumerate(patients.codes)]
    for interview in interviews:
        _carry_through(plan, policy, interview)
        progress(1)
    codes = np.concatenate([interview.codes for interview in interviews])
    asked, read = (np.array([getattr(interview, name) for interview in interviews]) for name in ("asked", "read"))
    return _ended(plan, codes, asked, read)


def _carry_through(plan: Simulation, policy: str, one: _Interviewed) -> None:
    """As an interview goes: the opening, what is worth asking until enough is known, what could be a warning sign."""
    for name, members in _opening(plan.engine.network):
        one.put(name, members)
    while True:
        standing = one.standing
        if standing.is_enough and (one.asked or not standing.candidates):
            if (ask := standing.last) is None:
                return
            one.put(ask.id, ask.members)
        elif policy in AIMLESS:
            _put_single_questions(plan, policy, one, standing.ranking.outcomes.names)
        else:
            ask = _chosen(policy, one, standing)
            one.put(ask.id, ask.members)


def _opening(network: Network) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name in network.opening.questions:
        if name in network.questions:
            yield name, (name,)
        elif name in network.opening.tick_all:
            yield name, network.opening.tick_all[name].members


def _put_single_questions(plan: Simulation, policy: str, one: _Interviewed, left: Sequence[str]) -> None:
    """Some single questions, by the network's order, or by chance, which for each patient is always the same."""
    network = plan.engine.network
    topics = list(network.topics)
    order = sorted(left, key=lambda name: topics.index(network.questions[name].topic))
    if policy == "random":
        np.random.default_rng([plan.seed, one.number, one.asked]).shuffle(order)
    for name in order[:BETWEEN_CHECKS]:
        one.put(name, [name])


def _chosen(policy: str, one: _Interviewed, standing: Assessment) -> Candidate:
    if policy == "information":
        return _by_information(standing)
    found = standing.asks_within(standing.names, ahead=policy == "look_ahead")
    return next_candidate(standing.belief.network, found, one.topic, standing.rule.least_value)


def _by_information(standing: Assessment) -> Candidate:
    network, ranking = standing.belief.network, standing.ranking
    ranking = ranking._replace(gains=information(network, ranking.outcomes))
    return candidates(network, ranking, ranking.values, frozenset(standing.names), lists=standing.rule.lists)[0]


def _all_asked(plan: Simulation, patients: DrawnPatients, *, lists: bool) -> Played:
    network = plan.engine.network
    codes = only(network, patients.codes, plan.names)
    read = (codes != NOT_KNOWN).sum(axis=1)
    return _ended(plan, codes, _prompts(network, codes) if lists else read, read)


def _prompts(network: Network, codes: Codes) -> NDArray[np.intp]:
    """How many questions it takes to ask all that has an answer here, with every list put."""
    columns = {name: column for column, name in enumerate(network.questions)}
    lists = [group.members for group in network.opening.tick_all.values()]
    single = columns.keys() - {name for members in lists for name in members}
    groups = [*lists, *([name] for name in single)]
    asked = [
        (codes[:, [columns[name] for name in members if name in columns]] != NOT_KNOWN).any(axis=1)
        for members in groups
    ]
    return np.asarray(np.array(asked, np.bool_).reshape(-1, len(codes)).sum(axis=0))


def _ended(plan: Simulation, codes: Codes, asked: NDArray[np.intp], read: NDArray[np.intp]) -> Played:
    compiled = plan.engine.compiled
    found, forms, _ = compiled.strategy.infer_many(codes, groups=compiled.form_events)
    marginals = np.asarray(found, np.float64)
    return Played(
        asked,
        read,
        marginals,
        levels(CareSteps(compiled, plan.rule.limits), marginals, codes, forms=forms),
    )
