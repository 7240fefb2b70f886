"""A network's numbers, updated by labelled patients with missing answers.

The labels say which conditions each patient has, and that the others are absent. Given these, each sign with its
readings and each finding is a problem of its own, solved by expectation-maximisation
(`bayesknee.cohort.expectation_maximisation`); base rates are shares of patients. A number's range low-high says how
many patients it is worth, so a well-known number moves little. Answers that are missing count nowhere: they must be
missing for reasons that have nothing to do with what they would be.

Odds ratios and the shares of risk factors stay as they are. What is seen are patients with the complaint, and among
them causes compete: the odds ratio in such a table is not the one that the network states. So do limits and the weights
of mixtures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path as FilePath
from typing import Final, Protocol

import numpy as np
from immutabledict import immutabledict

from bayesknee.arrays import Vector
from bayesknee.cohort.expectation_maximisation import (
    DirectCounts,
    MixtureCounts,
    NoisyOrCounts,
    Parameter,
    QuestionAnswers,
    ReadingCounts,
    SignCounts,
)
from bayesknee.cohort.labelled import LabelledCase
from bayesknee.cohort.rule_counts import (
    JointCounts,
    OneGreatest,
    OneNoisyOr,
    OneReading,
    OneTable,
    RuleCounts,
    distribution_parameters,
    rule_counts,
)
from bayesknee.errors import BayeskneeError, NetworkError
from bayesknee.inference.cause_sets import limit_of
from bayesknee.inference.rule_tables import has_set_table, rule_key, states_of
from bayesknee.knowledge.model import (
    ANY_SETTING,
    JUDGED,
    OF_FORM,
    ConditionalTable,
    Distribution,
    Finding,
    FindingModel,
    Greatest,
    Mixture,
    NoisyOr,
    Number,
    Path,
    Probability,
    Reading,
    Reference,
    Sign,
    parents_of,
    with_numbers,
)
from bayesknee.knowledge.network import Network, is_single
from bayesknee.knowledge.writer import Changes, write_changed
from bayesknee.log_odds import expit, logit
from bayesknee.patient.answer_reader import UNKNOWN

CHANGED: Final = ("conditions", "signs", "findings")
OTHERWISE: Final = "otherwise"
# Bounds the time where EM creeps, as it does where much is hidden; with fewer, numbers stop short of where patients
# would move them. Judged.
MOST_ROUNDS: Final = 500
# Largest move of a probability in a round: a hundredth of the last digit that is told, as EM may creep on.
STILL: Final = 1e-6
# Of base rates: more than 1 after rounding; nearer to 1, two causes together would be all but ruled out.
LEAST_SUM: Final = 1.02
LEAST_OF_READING: Final = 1.001  # sensitivity and specificity: more than 1 after rounding, and hardly more than no test
ROOM_BELOW: Final = 0.02  # likewise below the most causes at once; nearer, all patients would have as many
BASE_RATES_BELOW: Final = "lowered so that base rates sum to less than most_causes"
BASE_RATES_SUM: Final = "lifted so that base rates sum to more than 1"
READING_SUM: Final = "lifted so that sensitivity and specificity sum to more than 1"
BISECTIONS: Final = 60  # a double holds 53 bits, so the bracket is as narrow as rounding; each halving is cheap
DIGITS: Final = 4  # judged: more than patients can tell, and few enough to read
LEAST_PATIENTS: Final = 0.5  # a number that patients tell less about than half a patient would stays as it is
EDGE: Final = 1e-4  # of what is told, to 0 and to 1: the format takes neither, and cohorts tell nothing nearer. Judged


@dataclass(frozen=True)
class Move:
    """A number that patients have moved.

    Attributes:
        path: in the network's files.
        old, new: before and after.
        patients: how many the number was seen in.
        effective: how many with nothing hidden would have told as much.
        weight: how many patients the old range was worth.
    """

    path: Path
    old: Number
    new: Number
    patients: int
    effective: float
    weight: float


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
    """

    network: Network
    moves: tuple[Move, ...]
    patients: int
    source: str
    citation: str
    rounds: int
    left: Mapping[str, str] = field(default_factory=immutabledict)


class LearnedPart(Protocol):
    """A part of the network that is learned by itself."""

    @property
    def parameters(self) -> list[Parameter]: ...
    def step(self) -> float: ...


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
        base_rates: whether to update base rates; only where the cases are those who came, one after the other.

    Raises:
        BayeskneeError: no cases, or a source that the network has already.
    """
    given = tuple(cases)
    if not given:
        raise BayeskneeError("no cases; expected at least one labelled case")
    if source in network.references:
        raise BayeskneeError(f"the network has a reference {source} already; choose another name for the cases")
    learner = _Learner(network, given, source)
    moves = [*(learner.base_rates() if base_rates else ()), *learner.rules()]
    references = {**network.references, source: Reference(source, citation)}
    head = replace(network, sha256="", version=_version(network, given), references=references)
    made, kept, left = _that_can_be(head, moves)
    return Learned(made, kept, len(given), source, citation, learner.rounds, left)


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

    def __init__(self, network: Network, cases: Sequence[LabelledCase], source: str) -> None:
        self._network = network
        self._cases = cases
        self._source = source
        self._conditions = tuple(network.conditions)
        self._has = np.array([[float(name in case.label) for name in self._conditions] for case in cases])
        self._answers = self._gather()
        self.rounds = 0

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
                _keep_above(used, LEAST_SUM, BASE_RATES_SUM)
            if (most := limit_of(self._network)) is not None:
                _keep_below(used, most - ROOM_BELOW, BASE_RATES_BELOW)
        for (name, setting), parameter in parameters.items():
            number = self._network.conditions[name].base_rate[setting]
            path = ("conditions", name, "base_rate", setting)
            if _is_seen(parameter):
                yield from self._moved(path, number, parameter)
            elif parameter.bound and abs(parameter.value - number.value) > EDGE:
                yield _lifted(path, number, parameter, _rounded(parameter.value), parameter.bound)

    def _base_rates_of_one(self, parameters: Mapping[tuple[str, str], Parameter]) -> Iterator[Move]:
        """All base rates of a setting or none, as they sum to 1 where each patient has one condition."""
        for setting in dict.fromkeys(setting for _, setting in parameters):
            used = [parameters[name, setting] for name in self._conditions]
            if any(map(_is_seen, used)):
                total = sum(each.value for each in used)
                values = _summing_to_one([each.value / total for each in used])
                for name, parameter, value in zip(self._conditions, used, values, strict=True):
                    number = self._network.conditions[name].base_rate[setting]
                    yield self._move(("conditions", name, "base_rate", setting), number, parameter, value)

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

    # --- signs and findings ------------------------------------------------------------------------------------------

    def rules(self) -> Iterator[Move]:
        """Signs with their readings, then findings that depend on conditions directly.

        What names forms of conditions stays as it is, for labels do not tell which form a patient had.
        """
        plain = {
            name: sign
            for name, sign in self._network.signs.items()
            if name not in self._network.clustered and not _names_forms(sign.model)
        }
        for name, sign in plain.items():
            readings = {
                finding.id: finding.model
                for finding in self._network.findings.values()
                if isinstance(finding.model, Reading) and finding.model.sign == name and finding.id in self._answers
            }
            if readings:
                yield from self._sign(name, sign.noisy_or, readings)
        direct = (each for name, each in self._network.findings.items() if name not in self._network.clustered)
        plainly = (each for each in direct if not _names_forms(each.model))
        for finding in (each for each in plainly if each.id in self._answers):
            if isinstance(finding.model, NoisyOr):
                yield from self._direct(finding.id, finding.model)
            elif isinstance(finding.model, Mixture):
                yield from self._mixture(finding, finding.model)
            elif has_set_table(finding):
                yield from self._joint((), (finding.id,))
        for cluster in self._network.clusters.values():
            rules: list[FindingModel] = [self._network.signs[name].model for name in cluster.signs]
            rules += [self._network.findings[name].model for name in cluster.findings]
            if any(map(_names_forms, rules)):
                continue
            if answered := tuple(name for name in cluster.findings if name in self._answers):
                yield from self._joint(cluster.signs, answered)

    def _joint(self, signs: Sequence[str], findings: Sequence[str]) -> Iterator[Move]:
        """Signs of a cluster with findings that hang on them, or a finding that hangs on conditions only."""
        states = np.array(list(product((0.0, 1.0), repeat=len(signs)))).reshape(2 ** len(signs), len(signs))
        patients = np.repeat(self._has, len(states), axis=0)
        has = np.column_stack([patients, np.tile(states, (len(self._has), 1))])
        names = (*self._conditions, *signs)
        parts = {name: self._network.signs[name] for name in signs} | {
            name: self._network.findings[name] for name in findings
        }
        nodes = {name: rule_counts(part, names, has) for name, part in parts.items()}
        counts = JointCounts(nodes, signs, {name: self._answers[name] for name in findings}, len(self._cases))
        self._settle(counts)
        for name, node in nodes.items():
            path: Path = ("signs" if name in signs else "findings", name, rule_key(parts[name]))
            yield from self._rule_moves(path, parts[name], node)

    def _rule_moves(self, path: Path, part: Sign | Finding, node: RuleCounts) -> Iterator[Move]:
        if isinstance(node, OneNoisyOr) and isinstance(part.model, NoisyOr):
            yield from self._noisy_or_moves(path, part.model, node.counts)
        elif isinstance(node, OneReading) and isinstance(part.model, Reading):
            yield from self._reading_moves(path, part.model, node.counts)
        elif isinstance(node, OneTable) and isinstance(part.model, ConditionalTable):
            for key, row in part.model.rows.items():
                yield from self._distribution_moves((*path, "rows", key), row, states_of(part), node.rows[key])
        elif isinstance(node, OneGreatest) and isinstance(part.model, Greatest):
            yield from self._greatest_moves(path, part.model, states_of(part), node)

    def _greatest_moves(
        self, path: Path, rule: Greatest, states: tuple[str, ...], counts: OneGreatest
    ) -> Iterator[Move]:
        """The distributions with the leak included; no rounding lets a cause lead lower than the leak."""
        stated_leak, causes = counts.stated()
        at_most = np.ones(len(states))
        if rule.leak:
            parameters = _with_values(counts.leak, stated_leak)
            yield from self._distribution_moves((*path, "leak"), rule.leak, states, parameters)
            at_most = np.cumsum(_moved_values(parameters))
        for name, values in causes.items():
            parameters = _with_values(counts.causes[name], values)
            cumulated = np.minimum(np.cumsum(_moved_values(parameters)), at_most)
            chosen = np.diff(np.append(cumulated[:-1], 1.0), prepend=0.0).tolist()
            yield from self._distribution_moves((*path, "causes", name), rule.causes[name], states, parameters, chosen)

    def _sign(self, name: str, rule: NoisyOr, readings: Mapping[str, Reading]) -> Iterator[Move]:
        counts = SignCounts(
            self._noisy_or(rule),
            {
                finding: ReadingCounts(model.sensitivity, model.specificity, self._answers[finding])
                for finding, model in readings.items()
            },
            len(self._cases),
        )
        self._settle(counts)
        yield from self._noisy_or_moves(("signs", name, "noisy_or"), rule, counts.rule)
        for finding, model in readings.items():
            yield from self._reading_moves(("findings", finding, "reads"), model, counts.readings[finding])

    def _reading_moves(self, path: Path, model: Reading, read: ReadingCounts) -> Iterator[Move]:
        _keep_above([read.sensitivity, read.specificity], LEAST_OF_READING, READING_SUM)
        for key, number, parameter in (
            ("sensitivity", model.sensitivity, read.sensitivity),
            ("specificity", model.specificity, read.specificity),
        ):
            yield from self._moved((*path, key), number, parameter)
            if parameter.bound and not _is_seen(parameter):
                yield _lifted((*path, key), number, parameter, _rounded(parameter.value), parameter.bound)

    def _direct(self, name: str, rule: NoisyOr) -> Iterator[Move]:
        counts = DirectCounts(self._noisy_or(rule), self._answers[name])
        self._settle(counts)
        yield from self._noisy_or_moves(("findings", name, "noisy_or"), rule, counts.rule)

    def _noisy_or(self, rule: NoisyOr) -> NoisyOrCounts:
        return NoisyOrCounts(rule.leak, rule.causes, self._conditions, self._has)

    def _noisy_or_moves(self, path: Path, rule: NoisyOr, counts: NoisyOrCounts) -> Iterator[Move]:
        """Leak and links; the format states P(yes | only that cause), which holds the leak."""
        leak = next(iter(self._moved((*path, "leak"), rule.leak, counts.leak)), None)
        new_leak = rule.leak.value if leak is None else leak.new.value
        if leak:
            yield leak
        for name, parameter in counts.links.items():
            old = rule.causes[name]
            yield from self._moved((*path, "causes", name), old, parameter, new_leak)
            if not _is_seen(parameter) and old.value < new_leak:
                value = max(_rounded(1.0 - (1.0 - new_leak) * (1.0 - parameter.value)), new_leak)
                yield _lifted((*path, "causes", name), old, parameter, value, "lifted with the leak")

    def _mixture(self, finding: Finding, rule: Mixture) -> Iterator[Move]:
        tables = {**rule.distributions, **({OTHERWISE: rule.otherwise} if rule.otherwise else {})}
        answers = self._answers[finding.id]
        known = self._has[answers.rows].any(axis=1)
        if not known.any():
            return
        counts = MixtureCounts(
            {
                name: distribution_parameters(distribution, finding.states, distribution.vector(finding.states))
                for name, distribution in tables.items()
            },
            np.array([rule.weights[name].value if name in rule.weights else 1.0 for name in self._conditions]),
            [name if name in rule.distributions else OTHERWISE for name in self._conditions],
            self._has,
            QuestionAnswers(answers.rows[known], answers.likelihoods[known]),
        )
        self._settle(counts)
        for name, distribution in tables.items():
            path: Path = ("findings", finding.id, "mixture")
            path = (*path, OTHERWISE) if name == OTHERWISE else (*path, "distributions", name)
            yield from self._distribution_moves(path, distribution, finding.states, counts.tables[name])

    def _distribution_moves(
        self,
        path: Path,
        distribution: Distribution,
        states: tuple[str, ...],
        parameters: Sequence[Parameter],
        values: Sequence[float] = (),
    ) -> Iterator[Move]:
        """All states or none, as they sum to 1. By default the values are those of the parameters, rounded."""
        if not any(_is_seen(parameter) for parameter in parameters if not parameter.fixed):
            return
        for state, parameter, value in zip(states, parameters, values or _moved_values(parameters), strict=True):
            if state in distribution.numbers and not parameter.fixed:
                yield self._move((*path, state), distribution.numbers[state], parameter, value)

    # --- numbers -----------------------------------------------------------------------------------------------------

    def _settle(self, counts: LearnedPart) -> None:
        for number in range(1, MOST_ROUNDS + 1):
            counts.step()
            moved = max(parameter.update() for parameter in counts.parameters)
            self.rounds = max(self.rounds, number)
            if moved < STILL:
                break
        counts.step()

    def _moved(self, path: Path, old: Number, parameter: Parameter, leak: float = 0.0) -> Iterator[Move]:
        """The move of a number, if patients tell anything of it."""
        if _is_seen(parameter):
            value = _rounded(1.0 - (1.0 - leak) * (1.0 - parameter.value))
            yield self._move(path, old, parameter, max(value, leak), leak)

    def _move(self, path: Path, old: Number, parameter: Parameter, value: float, leak: float = 0.0) -> Move:
        low, high = (_rounded(1.0 - (1.0 - leak) * (1.0 - end)) for end in parameter.interval)
        patients = int((parameter.trials > 0).sum())
        is_ours = parameter.effective >= parameter.weight
        note = f"{_before(old)}, updated by {patients} case{'' if patients == 1 else 's'}"
        note += ", which contradict that range" if parameter.curvature < 0.0 else ""
        note += f", {parameter.bound}" if parameter.bound else ""
        new = Probability(
            value=value,
            low=min(low, value),
            high=max(high, value),
            grade="B" if is_ours else old.grade,
            source=self._source if is_ours else old.source,
            note=_joined(note, old.note),
        )
        return Move(path, old, new, patients, parameter.effective, parameter.weight)


def _names_forms(model: FindingModel) -> bool:
    weights = model.weights if isinstance(model, Mixture) else ()
    return any(OF_FORM in cause for cause in (*parents_of(model), *weights))


def _is_seen(parameter: Parameter) -> bool:
    """Whether patients tell anything worth while of it, or move it against its range."""
    is_pulled = parameter.curvature < 0.0 and _rounded(parameter.value) != _rounded(parameter.prior)
    return parameter.effective >= LEAST_PATIENTS or is_pulled


def _lifted(path: Path, old: Number, parameter: Parameter, value: float, why: str) -> Move:
    """A number that no patient tells of, but that the others push up."""
    note = _joined(f"{_before(old)}, {why}", old.note)
    new = replace(old, value=value, low=min(old.low, value), high=max(old.high, value), note=note)
    return Move(path, old, new, 0, 0.0, parameter.weight)


def _keep_above(parameters: Sequence[Parameter], least: float, why: str) -> None:
    """Raises probabilities that would sum to less, each the more the less is known of it.

    Base rates: their ranges differ, so some follow the patients at once and others lag; each patient has one cause at
    least. A reading: in few patients, a weak one can come out as worse than none.
    """
    if sum(each.value for each in parameters) < least:
        _move_to_sum(parameters, least, 1.0, why)


def _keep_below(parameters: Sequence[Parameter], most: float, why: str) -> None:
    """Lowers probabilities that would sum to more, each the more the less is known of it."""
    if sum(each.value for each in parameters) > most:
        _move_to_sum(parameters, most, -1.0, why)


def _move_to_sum(parameters: Sequence[Parameter], wanted: float, sign: float, why: str) -> None:
    """Moves all log odds to one side, each by the variance of what is known, until probabilities reach a sum."""
    values = np.array([parameter.value for parameter in parameters])
    weights = [parameter.weight + float(parameter.trials.sum()) for parameter in parameters]
    variances = 1.0 / np.array(weights)  # of (dp)^2 / p(1-p)
    log_odds = logit(values)
    low, high = 0.0, 1.0

    def falls_short(shift: float) -> bool:
        return bool(sign * (expit(log_odds + sign * shift * variances).sum() - wanted) < 0.0)

    while falls_short(high):
        high *= 2.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if falls_short(middle) else (low, middle)
    for parameter, value in zip(parameters, expit(log_odds + sign * high * variances), strict=True):
        parameter.value, parameter.bound = float(value), why


def _with_values(parameters: Sequence[Parameter], values: Vector) -> list[Parameter]:
    """The same counts for other values: those that the format states."""
    stated = zip(parameters, values.tolist(), strict=True)
    return [each if each.fixed else replace(each, value=min(max(value, EDGE), 1.0 - EDGE)) for each, value in stated]


def _moved_values(parameters: Sequence[Parameter]) -> list[float]:
    """Their values, rounded such that they sum to 1; what is certain stays."""
    free = [parameter.value for parameter in parameters if not parameter.fixed]
    rounded = iter(_summing_to_one(free) if free else ())
    return [parameter.value if parameter.fixed else next(rounded) for parameter in parameters]


def _before(old: Number) -> str:
    source = "" if old.source == JUDGED else f", {old.source}"
    return f"prior {old.value:g} ({old.low:g}-{old.high:g}, grade {old.grade}{source})"


def _joined(note: str, older: str) -> str:
    return f"{note}. {older}".strip() if older else note


def _rounded(p: float) -> float:
    """To four digits, of what is nearer to 0 or 1, and inside both."""
    p = min(max(p, EDGE), 1.0 - EDGE)
    return float(f"{p:.{DIGITS}g}") if p < 0.5 else round(1.0 - float(f"{1.0 - p:.{DIGITS}g}"), 12)


def _summing_to_one(values: Sequence[float]) -> list[float]:
    """Rounded, the largest so that the sum is 1."""
    rounded = [_rounded(value) for value in values]
    largest = int(np.argmax(rounded))
    rounded[largest] = round(1.0 - sum(value for place, value in enumerate(rounded) if place != largest), 12)
    return rounded


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
