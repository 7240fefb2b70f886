"""Two networks on the same cases: whose leader or triage level changes, and which numbers moved it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from immutabledict import immutabledict

from bayesknee.arrays import TINY
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.engine import Engine
from bayesknee.errors import BayeskneeError
from bayesknee.knowledge.differences import Differences, NumberChange
from bayesknee.knowledge.model import Path
from bayesknee.knowledge.network import Network
from bayesknee.log_odds import DECIBANS
from bayesknee.patient.cases import Case

LEAST_PUSH: Final = 0.05  # decibans: less is told as 0.0
OLD: Final = "old"
NEW: Final = "new"
RISK_AND_CONDITIONS: Final = ("risk_factors", "conditions")


@dataclass(frozen=True)
class Push:
    """What the changed numbers of one part do by themselves, in the old network.

    Attributes:
        part: section and id, such as ``("findings", "d_dimer_raised")``.
        decibans: by how much they raise the odds of the new leader against the old one, in tenths of a power of ten;
            where the leader stays, the odds of that condition whose odds changed most.
        numbers: the changed numbers; of a distribution, only those of the state that was answered.
    """

    part: Path
    decibans: float
    numbers: tuple[NumberChange, ...]


@dataclass(frozen=True)
class CaseChange:
    """A case with another leader or triage level.

    Attributes:
        case: its id.
        old, new: the diagnoses.
        old_level, new_level: of triage.
        decibans: the change, by all changed numbers together, of what `Push.decibans` measures.
        pushes: the strongest first; they need not sum to `decibans`.
    """

    case: str
    old: Diagnosis
    new: Diagnosis
    old_level: str
    new_level: str
    decibans: float
    pushes: tuple[Push, ...]

    @property
    def leaders(self) -> tuple[str, str]:
        """The old leader and the new one."""
        return leader(self.old), leader(self.new)


@dataclass(frozen=True)
class Comparison:
    """The cases in which two networks differ in the leader or the triage level.

    Attributes:
        cases: how many cases both networks could take.
        changed: the cases with another leader or triage level.
        refused: by case, why one of the networks cannot take it.
    """

    cases: int
    changed: tuple[CaseChange, ...]
    refused: Mapping[str, str]


def leader(diagnosis: Diagnosis) -> str:
    """The most probable condition."""
    return next(iter(diagnosis.posterior))


def compare(differences: Differences, cases: Iterable[Case], setting: str | None = None) -> Comparison:
    """Diagnoses each case with both networks.

    Args:
        differences: between the two networks.
        cases: as read from files; labels play no part.
        setting: of every case; where left out, that of the case, or else each network's first.
    """
    comparer = _Comparer(differences)
    changed: list[CaseChange] = []
    refused: dict[str, str] = {}
    count = 0
    for case in cases:
        try:
            change = comparer.change(case, setting or case.setting or None)
        except BayeskneeError as error:
            refused[case.id] = str(error)
            continue
        count += 1
        changed += [change] if change else []
    return Comparison(count, tuple(changed), immutabledict(refused))


class _Comparer:
    """Keeps the engines of both networks, and of the old one with single parts of the new one."""

    def __init__(self, differences: Differences) -> None:
        self._differences = differences
        self._networks: dict[Path, Network | None] = {}
        self._engines: dict[tuple[object, str | None], Engine] = {}

    def change(self, case: Case, setting: str | None) -> CaseChange | None:
        old = self._diagnose(OLD, case, setting)
        new = self._diagnose(NEW, case, setting)
        levels = old.triage.level, new.triage.level
        if leader(old) == leader(new) and levels[0] == levels[1]:
            return None
        for_whom, against = self._contrast(old, new)
        before = _log_odds(old, for_whom, against)
        pushes = sorted(self._pushes(old, for_whom, against), key=lambda push: -abs(push.decibans))
        return CaseChange(case.id, old, new, *levels, _log_odds(new, for_whom, against) - before, tuple(pushes))

    def _diagnose(self, name: str, case: Case, setting: str | None) -> Diagnosis:
        network = getattr(self._differences, name)
        try:
            return self._engine(name, network, setting).diagnose(case.evidence)
        except BayeskneeError as error:
            raise BayeskneeError(f"the {name} network cannot take it: {error}") from None

    def _engine(self, key: object, network: Network, setting: str | None) -> Engine:
        if (key, setting) not in self._engines:
            self._engines[key, setting] = Engine(network, setting)
        return self._engines[key, setting]

    @staticmethod
    def _contrast(old: Diagnosis, new: Diagnosis) -> tuple[str, str | None]:
        if leader(old) != leader(new) and leader(new) in old.posterior and leader(old) in new.posterior:
            return leader(new), leader(old)
        shared = [name for name in old.posterior if name in new.posterior]
        if not shared:
            raise BayeskneeError("the networks have no condition in common, by which to compare what they say")
        return max(shared, key=lambda name: abs(_log_odds(new, name) - _log_odds(old, name))), None

    def _pushes(self, old: Diagnosis, for_whom: str, against: str | None) -> Iterator[Push]:
        before = _log_odds(old, for_whom, against)
        for part in dict.fromkeys(change.part for change in self._differences.moved):
            if not _matters(part, old):
                continue
            if (after := self._alone(part, old)) is None:
                continue
            decibans = _log_odds(after, for_whom, against) - before
            if abs(decibans) >= LEAST_PUSH:
                named = (for_whom, against or "")
                yield Push(part, decibans, _relevant(self._differences.moved, part, old, named))

    def _alone(self, part: Path, old: Diagnosis) -> Diagnosis | None:
        """The same patient's diagnosis by the old network with this part of the new one; None if that is not valid."""
        if part not in self._networks:
            self._networks[part] = self._with_part(part)
        network = self._networks[part]
        try:
            return self._engine(part, network, old.setting).diagnose(old.evidence) if network else None
        except BayeskneeError:  # base rates that cannot be met together, or answers that cannot
            return None

    def _with_part(self, part: Path) -> Network | None:
        """The old network with this part of the new one; None where the part does not fit in alone."""
        old, new = self._differences.old, self._differences.new
        section, name = part
        parts = {**getattr(old, section), name: getattr(new, section)[name]}
        changes: dict[str, Any] = {
            section: {**getattr(new, section), **getattr(old, section)} for section in ("references", "topics")
        }
        try:
            return replace(old, **changes | {section: parts})
        except BayeskneeError:
            return None


def _relevant(
    moved: Iterable[NumberChange], part: Path, diagnosis: Diagnosis, named: tuple[str, str]
) -> tuple[NumberChange, ...]:
    """The changed numbers of a part, without states that were not answered; those of the named conditions first."""
    answer = diagnosis.evidence.answers.get(part[1])
    states = diagnosis.network.states.get(part[1], ()) if isinstance(answer, str) else ()
    others = set(states) - {answer}
    relevant = [change for change in moved if change.part == part and change.path[-1] not in others]
    return tuple(sorted(relevant, key=lambda change: named[0] not in change.path and named[1] not in change.path))


def _matters(part: Path, diagnosis: Diagnosis) -> bool:
    """Whether numbers of this part can move this diagnosis: findings that are not answered cannot."""
    section, name = part
    answered = diagnosis.evidence.likelihoods
    if section in RISK_AND_CONDITIONS:
        return True
    if section == "findings":
        return name in answered
    findings = diagnosis.network.findings
    models = (findings[answer].model for answer in answered if answer in findings)
    return any(name in diagnosis.network.signs_above(model) for model in models)


def _log_odds(diagnosis: Diagnosis, for_whom: str, against: str | None = None) -> float:
    """The log odds of a condition, or of it against another, in decibans."""
    yes = diagnosis.posterior[for_whom]
    no = diagnosis.posterior[against] if against else 1.0 - yes
    return DECIBANS * (_log(yes) - _log(no))


def _log(p: float) -> float:
    # The log odds of what is impossible stay finite, and so do differences.
    return math.log(max(p, TINY))
