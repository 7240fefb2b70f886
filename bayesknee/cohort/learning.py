"""A network's numbers, updated by labelled patients with missing answers.

The labels say which conditions each patient has, and that the others are absent; in which form each came, they do not.
Given conditions and forms, each sign with its readings and each finding is a problem of its own, solved by
expectation-maximisation (`bayesknee.cohort.expectation_maximisation`). What names forms is solved together, each form
with the probability that all answers give it (`bayesknee.cohort.form_counts`). Base rates are shares of patients. A
number's range low-high says how many patients it is worth, so a well-known number moves little. Answers that are
missing count nowhere: they must be missing for reasons that have nothing to do with what they would be.

Odds ratios and the shares of risk factors stay as they are. What is seen are patients with the complaint, and among
them causes compete: the odds ratio in such a table is not the one that the network states. So do limits and the weights
of mixtures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path as FilePath
from typing import Final, NamedTuple

import numpy as np
from immutabledict import immutabledict

from bayesknee.cohort.expectation_maximisation import Parameter, QuestionAnswers, Rows
from bayesknee.cohort.form_counts import (
    Cohort,
    FormCounts,
    LearnedPart,
    PossiblePatients,
    ShareCounts,
    stated_shares,
)
from bayesknee.cohort.labelled import LabelledCase
from bayesknee.cohort.moves import EDGE, Move, Mover, is_seen, keep_above, keep_below, lifted, rounded, summing_to_one
from bayesknee.cohort.rule_parts import Outline, RulePart, RuleParts, names_forms, outlines
from bayesknee.errors import BayeskneeError, NetworkError
from bayesknee.inference.cause_sets import limit_of
from bayesknee.knowledge.model import ANY_SETTING, Number, Path, Reference, with_numbers
from bayesknee.knowledge.network import Network, is_single
from bayesknee.knowledge.writer import Changes, write_changed
from bayesknee.patient.answer_reader import UNKNOWN

CHANGED: Final = ("conditions", "signs", "findings")
# Bounds the time where EM creeps, as it does where much is hidden; with fewer, numbers stop short of where patients
# would move them. Judged.
MOST_ROUNDS: Final = 500
# Largest move of a probability in a round: a hundredth of the last digit that is told, as EM may creep on.
STILL: Final = 1e-6
# Of base rates: more than 1 after rounding; nearer to 1, two causes together would be all but ruled out.
LEAST_SUM: Final = 1.02
ROOM_BELOW: Final = 0.02  # likewise below the most causes at once; nearer, all patients would have as many
BASE_RATES_BELOW: Final = "lowered so that base rates sum to less than most_causes"
BASE_RATES_SUM: Final = "lifted so that base rates sum to more than 1"


# Why numbers stay as they are.
NOT_ANSWERED: Final = "not_answered"
TOLD_LITTLE: Final = "told_little"
KEPT: Final = "kept"
LEFT: Final = "left"
CERTAIN: Final = "certain"
ODDS_RATIOS: Final = "odds_ratios"
RISK_FACTORS: Final = "risk_factors"
LIMITS: Final = "limits"
WEIGHTS: Final = "weights"
REASONS: Final[Mapping[str, str]] = immutabledict(
    {
        NOT_ANSWERED: "of signs and findings that no case has an answer to",
        TOLD_LITTLE: "that the cases tell less about than half a patient would",
        KEPT: "base rates and shares of forms, kept as asked",
        LEFT: "of what would break a rule of the format",
        CERTAIN: "that hold by definition",
        ODDS_RATIOS: "odds ratios, which are never updated",
        RISK_FACTORS: "shares of risk factors, never updated",
        LIMITS: "limits and thresholds, never updated",
        WEIGHTS: "weights of mixtures, never updated",
    }
)


@dataclass(frozen=True)
class Learned:
    """A network updated from labelled cases.

    Attributes:
        network: the updated one, made in memory.
        moves: the numbers that changed, in the order of the files.
        patients: how many there were.
        source: the id of the reference that stands for them.
        citation: its text.
        rounds: the most rounds that any part took to settle.
        left: what was left as it was, since the patients' numbers would break a rule of the format: place and rule.
        stay: how many other numbers stay as they are, by reason: the keys of `REASONS`, in their order. All numbers of
            the network either moved or stay.
    """

    network: Network
    moves: tuple[Move, ...]
    patients: int
    source: str
    citation: str
    rounds: int
    left: Mapping[str, str] = field(default_factory=immutabledict)
    stay: Mapping[str, int] = field(default_factory=immutabledict)


class _Forms(NamedTuple):
    """What was learned of forms.

    Attributes:
        shares: their shares.
        parts: all that names forms.
    """

    shares: ShareCounts
    parts: Mapping[Outline, RulePart]


def learn(
    network: Network,
    cases: Iterable[LabelledCase],
    *,
    source: str = "own_cases",
    citation: str = "Labelled cases",
    base_rates: bool = True,
) -> Learned:
    """Updates the network's numbers from labelled cases.

    Args:
        network: the prior.
        cases: at least one; their labels are all the conditions that they have.
        source: the id of a new reference for them.
        citation: its text.
        base_rates: whether to update base rates and shares of forms; only where the cases are those who came, one after
            the other.

    Raises:
        BayeskneeError: no cases, a source that the network has already, or a label that comes in too many forms.
    """
    given = tuple(cases)
    if not given:
        raise BayeskneeError("no cases; expected at least one labelled case")
    if source in network.references:
        raise BayeskneeError(f"the network has a reference {source} already; choose another name for the cases")
    learner = _Learner(network, given, source, keep=not base_rates)
    moves = [*(learner.base_rates() if base_rates else ()), *learner.shares(), *learner.rules()]
    references = {**network.references, source: Reference(source, citation)}
    head = replace(network, sha256="", version=_version(network, given), references=references)
    made, kept, left = _that_can_be(head, moves)
    stay = _stay(network, learner.looked_at, kept, left, keep=not base_rates)
    return Learned(made, kept, len(given), source, citation, learner.rounds, left, stay)


def _stay(
    network: Network, looked_at: Collection[str], moves: Sequence[Move], left: Collection[str], *, keep: bool
) -> Mapping[str, int]:
    """How many numbers stay as they are, by reason."""
    moved = {move.path for move in moves}
    reasons = Counter(
        LEFT if ".".join(path[:2]) in left else _reason(path, number, looked_at, keep=keep)
        for path, number in network.numbers()
        if path not in moved
    )
    return immutabledict({reason: reasons[reason] for reason in REASONS if reason in reasons})


def _reason(path: Path, number: Number, looked_at: Collection[str], *, keep: bool) -> str:
    """Why a number that patients have not moved stays as it is."""
    if path[0] == RISK_FACTORS:
        return RISK_FACTORS
    if path[0] == "conditions":
        return _reason_of_condition(path, keep=keep)
    if number.certain:
        return CERTAIN
    if path[2:4] == ("mixture", "weights"):
        return WEIGHTS
    return TOLD_LITTLE if path[1] in looked_at else NOT_ANSWERED


def _reason_of_condition(path: Path, *, keep: bool) -> str:
    if path[2] == ODDS_RATIOS:
        return ODDS_RATIOS
    if path[2] != "base_rate" and path[4:5] != ("share",):
        return LIMITS
    return KEPT if keep else TOLD_LITTLE


def _that_can_be(network: Network, moves: Sequence[Move]) -> tuple[Network, tuple[Move, ...], Mapping[str, str]]:
    """The network with these moves, except in parts where they would break a rule; and those parts with the rule."""
    left: dict[str, str] = {}
    while True:
        changed = {move.path: move.new for move in moves}
        parts = {section: with_numbers((section,), getattr(network, section), changed) for section in CHANGED}
        try:
            return replace(network, **parts), tuple(moves), immutabledict(left)
        except NetworkError as error:
            broken = {problem.path[:2]: problem for problem in error.problems}
            others = [move for move in moves if not any(move.path[: len(path)] == path for path in broken)]
            if len(others) == len(moves):
                raise
            left |= {".".join(path): f"got {fault.got}; expected {fault.expected}" for path, fault in broken.items()}
            moves = others


def _version(network: Network, cases: Sequence[LabelledCase]) -> str:
    """`0.3.0+312_cases`."""
    return f"{network.version}+{len(cases)}_case{'' if len(cases) == 1 else 's'}"


class _Learner:
    """Turns cases into counts, and counts into numbers."""

    def __init__(self, network: Network, cases: Sequence[LabelledCase], source: str, *, keep: bool) -> None:
        self._network = network
        self._cases = cases
        self._keep = keep
        self._mover = Mover(source)
        self._rules = RuleParts(network, self._mover)
        self._conditions = tuple(network.conditions)
        self._has = np.array([[float(name in case.label) for name in self._conditions] for case in cases])
        self._cohort = Cohort(self._conditions, self._has > 0.0, self._gather())
        self._outlines = tuple(outlines(network, self._cohort.answers))
        self.rounds = 0

    @property
    def looked_at(self) -> frozenset[str]:
        """The findings that anybody answered, and the signs that these hang on."""
        answered = frozenset(self._cohort.answers)
        models = (self._network.findings[name].model for name in answered)
        return answered.union(*map(self._network.signs_above, models))

    def _gather(self) -> Mapping[str, QuestionAnswers]:
        """The patients who answered and their likelihoods, by finding."""
        rows: dict[str, list[int]] = {}
        likelihoods: dict[str, list[Sequence[float]]] = {}
        for row, case in enumerate(self._cases):
            for name, likelihood in case.evidence.likelihoods.items():
                if name in self._network.findings and case.evidence.answers.get(name, UNKNOWN) != UNKNOWN:
                    rows.setdefault(name, []).append(row)
                    likelihoods.setdefault(name, []).append(likelihood)
        return {name: QuestionAnswers(np.array(rows[name]), np.array(likelihoods[name])) for name in rows}

    # --- base rates --------------------------------------------------------------------------------------------------

    def base_rates(self) -> Iterator[Move]:
        """The base rates: shares of the patients of a setting, or of all settings that state none of their own."""
        parameters = dict(self._base_rate_parameters())
        if is_single(self._network):
            yield from self._base_rates_of_one(parameters)
            return
        for setting in self._network.settings:
            used = [self._used_in(setting, name, parameters) for name in self._conditions]
            if self._network.complaint:
                keep_above(used, LEAST_SUM, BASE_RATES_SUM)
            if (most := limit_of(self._network)) is not None:
                keep_below(used, most - ROOM_BELOW, BASE_RATES_BELOW)
        for (name, setting), parameter in parameters.items():
            number = self._network.conditions[name].base_rate[setting]
            path = ("conditions", name, "base_rate", setting)
            if is_seen(parameter):
                yield from self._mover.moved(path, number, parameter)
            elif parameter.bound and abs(parameter.value - number.value) > EDGE:
                yield lifted(path, number, parameter, rounded(parameter.value), parameter.bound)

    def _base_rates_of_one(self, parameters: Mapping[tuple[str, str], Parameter]) -> Iterator[Move]:
        """All base rates of a setting or none, as they sum to 1 where each patient has one condition."""
        for setting in dict.fromkeys(setting for _, setting in parameters):
            used = [parameters[name, setting] for name in self._conditions]
            if any(map(is_seen, used)):
                total = sum(each.value for each in used)
                values = summing_to_one([each.value / total for each in used])
                for name, parameter, value in zip(self._conditions, used, values, strict=True):
                    number = self._network.conditions[name].base_rate[setting]
                    yield self._mover.move(("conditions", name, "base_rate", setting), number, parameter, value)

    def _used_in(self, setting: str, name: str, parameters: Mapping[tuple[str, str], Parameter]) -> Parameter:
        return parameters[name, setting if (name, setting) in parameters else ANY_SETTING]

    def _base_rate_parameters(self) -> Iterator[tuple[tuple[str, str], Parameter]]:
        settings = np.array([case.setting for case in self._cases])
        for column, (name, condition) in enumerate(self._network.conditions.items()):
            for setting, number in condition.base_rate.items():
                stated = [setting] if setting != ANY_SETTING else set(self._network.settings) - set(condition.base_rate)
                parameter = Parameter.of(number)
                parameter.successes = self._has[np.isin(settings, list(stated)), column]
                parameter.trials = np.ones(len(parameter.successes))
                parameter.update()
                yield (name, setting), parameter

    # --- signs and findings, forms -----------------------------------------------------------------------------------

    def shares(self) -> Iterator[Move]:
        """The shares of forms."""
        if self._forms is None:
            return
        for (name, place), parameters in self._forms.shares.shares.items():
            stated = stated_shares(self._network.conditions[name], place)
            paths = {("conditions", name, "forms", form, *place): number for form, number in stated.items()}
            yield from self._mover.distribution(paths, parameters)

    def rules(self) -> Iterator[Move]:
        """Signs with their readings, findings that depend on conditions directly, and clusters of signs."""
        hidden = self._forms.parts if self._forms else {}
        for outline in self._outlines:
            part = hidden[outline] if outline in hidden else self._part(outline)
            if part is not None:
                yield from part.moves()

    def _part(self, outline: Outline) -> RulePart | None:
        """A part that names no form, settled by itself."""
        part = self._rules.part(outline, self._cohort)
        if part is not None:
            self._settle(part.counts)
        return part

    @cached_property
    def _forms(self) -> _Forms | None:
        """All parts that name forms, settled together with the shares of forms."""
        outlined = [outline for outline in self._outlines if names_forms(self._network, outline)]
        if not outlined:
            return None
        possible = PossiblePatients.of(self._network, self._cases)
        settings = [case.setting for case in self._cases]
        shares = ShareCounts(self._network, settings, possible, kept=self._keep)
        counted: list[tuple[Rows, LearnedPart]] = [(np.arange(len(possible.has)), shares)]
        parts: dict[Outline, RulePart] = {}
        for outline in outlined:
            rows, cohort = possible.answering({name: self._cohort.answers[name] for name in outline.findings})
            if part := self._rules.part(outline, cohort):
                parts[outline] = part
                counted.append((rows, part.counts))
        self._settle(FormCounts(possible, counted))
        return _Forms(shares, parts)

    def _settle(self, counts: LearnedPart) -> None:
        parameters = counts.parameters
        for number in range(1, MOST_ROUNDS + 1):
            counts.step()
            moved = max(parameter.update() for parameter in parameters)
            self.rounds = max(self.rounds, number)
            if moved < STILL:
                break
        counts.step()


def write_learned(learned: Learned, source: FilePath, target: FilePath, texts: Mapping[str, str]) -> Network:
    """Writes the updated network as a new folder; comments and all that is not a number stay as they are.

    Args:
        learned: what was learned from the network in `source`.
        source: its folder.
        target: the new folder.
        texts: further files, by name.

    Returns:
        The new network, read back.

    Raises:
        BayeskneeError: `target` exists already or cannot be.
        OSError: it cannot be written.
    """
    cited = any(move.new.source == learned.source for move in learned.moves)
    changes = Changes(
        numbers={move.path: move.new for move in learned.moves},
        version=learned.network.version,
        references={learned.source: learned.network.references[learned.source]} if cited else {},
        texts=texts,
    )
    return write_changed(source, target, changes)
